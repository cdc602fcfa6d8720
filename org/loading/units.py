"""``import_units``: the tree of unions from a list in any order."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from org.excel.grid import shown
from org.excel.layouts import UNITS
from org.loading.run import Bad, held
from org.services.tree_intake import NewUnit, RefusedUnit, TreeIntake
from org.states import UnionLevel
from org.unit_names import unit_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from org.excel.roster import RosterRow
    from org.loading.run import Progress
    from org.unit_names import UnitMatch

#: What a name says of the level where the column is empty; 市总工会 may be 省级 or 市级 and says nothing.
_LEVELS: Final = (
    (re.compile(r"(街道|镇|乡|园区|开发区)(总工会|工会联合会|工会委员会|工会)$"), UnionLevel.TOWN),
    (re.compile(r"(区|县|旗)(总工会)$"), UnionLevel.DISTRICT),
    (re.compile(r"(?<!总)工会(委员会|联合会)?$"), UnionLevel.GRASSROOTS),
)
_WHY: Final = {
    "top": ("上级单位是空的。", "请填写上级单位全称；只有最上一级可以不填，而且只能有一个。"),
    "superior": ("上级单位“{parent}”那一行没有导入。", "请先改好上级单位那一行，再一起导入。"),
    "unknown": ("上级单位“{parent}”不在系统里，也不在本文件里。", "请写上级单位全称，或在文件里加上它。"),
    "several": ("上级单位“{parent}”有几个同名的。", "请在前面写上它的上级，如“某某区某某街道总工会”。"),
    "circle": ("上级单位互相循环，找不到最上一级。", "请从“{parent}”起逐级核对上级单位。"),
}


class UnitLoader:
    """Takes units in: all lines are put aside first, then the tree grows."""

    layout = UNITS
    units: Callable[[str], UnitMatch] | None = None
    choices: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def __init__(self) -> None:
        self._intake = TreeIntake()

    def take(self, rows: Sequence[RosterRow]) -> int:
        """Put lines aside; none is new yet."""
        self._intake.stage([unit for row in rows if (unit := self._checked(row)) is not None])
        return 0

    def finish(self, progress: Progress) -> tuple[int, Iterable[Bad]]:
        """Let the tree grow."""
        total = self._intake.staged
        added = self._intake.grow(lambda done: progress(done, total, "正在写入单位"))
        return added, (Bad(line.number, line.cells, [_problem(line)]) for line in self._intake.refused())

    def _checked(self, row: RosterRow) -> NewUnit | None:
        values = row.values
        name, short_name = str(values["name"]), str(values.get("short_name") or "")
        aliases = [alias for alias in values.get("aliases") or () if unit_key(alias)]
        level = values.get("level") or level_of(name)
        longest: dict[str, tuple[int, Iterable[str]]] = {
            "name": (100, [name]),
            "short_name": (40, [short_name]),
            "aliases": (100, aliases),
        }
        for field, (most, texts) in longest.items():
            if any(len(text) > most for text in texts):
                row.add(held("too_long", field, f"“{row.raw[field][:20]}…”超过 {most} 个字。", "请改短。"))
                return None
        if not unit_key(name):
            row.add(held("unit_name", "name", f"单位全称“{name}”不是名称。", "请填写单位全称。"))
            return None
        if not level:
            row.add(held("level_missing", "level", f"“{name}”没有写级别。", f"可填：{_all_levels()}。"))
            return None
        return NewUnit(
            number=row.number,
            name=name,
            level=level,
            parent=str(values.get("parent") or ""),
            short_name=short_name,
            aliases=aliases,
            cells=[shown(cell) for cell in row.cells],
        )


def level_of(name: str) -> str:
    """The level a name says without doubt; else empty."""
    return next((level.value for pattern, level in _LEVELS if pattern.search(name)), "")


def _all_levels() -> str:
    return "、".join(label for _, label in UnionLevel.choices)


def _problem(line: RefusedUnit) -> Any:
    message, mend = (text.format(parent=line.parent) for text in _WHY[line.why])
    return held(f"unit_{line.why}", "parent", message, mend)
