"""What rows of one file say of one another (DOMAIN §4 rows 16, 17, 47)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from org.excel.problems import Problem, Status
from org.unit_names import unit_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from org.excel.entries import RosterRow
    from org.excel.layouts import Layout

#: As many other rows as a message names: in a hostile file every row has the same name.
MOST_NAMED: Final = 5


def compare(rows: list[RosterRow], layout: Layout) -> None:
    """Say where two rows are one person, or may be."""
    if layout.code == "units":
        _units(rows)
        return
    for same in _together(rows, _person):
        _same_identity(same, many=layout.code == "records")
    if layout.code in {"cadres", "roster"}:
        for group in _together(rows, _named):
            _same_name(group)


def _person(values: dict[str, Any]) -> str:
    number = values.get("identity_number")
    return f"{values['identity_kind']} {number}" if number else ""


def _named(values: dict[str, Any]) -> str:
    name, unit = values.get("name"), values.get("unit")
    return f"{name}\n{unit}" if name and unit else ""


def _together(rows: list[RosterRow], key: Callable[[dict[str, Any]], str]) -> Iterable[list[RosterRow]]:
    """The rows that share a key, where there are several."""
    first: dict[str, RosterRow] = {}
    groups: dict[str, list[RosterRow]] = {}
    for row in rows:
        if said := key(row.values):
            other = first.setdefault(said, row)
            if other is not row:
                groups.setdefault(said, [other]).append(row)
    return groups.values()


def _numbers(rows: Iterable[RosterRow]) -> str:
    return "、".join(str(row.number) for row in rows)


def _content(row: RosterRow) -> Hashable:
    """What a row says, but for its running number."""
    return tuple((name, _frozen(value)) for name, value in row.values.items() if name != "number")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _same_identity(same: list[RosterRow], *, many: bool) -> None:
    """Rows with one identity. ``many``: a person may stand in several rows (one for each class)."""
    names = {str(name) for row in same if (name := row.values.get("name"))}
    if len(names) > 1:
        for row in same:
            others = _numbers([other for other in same[: MOST_NAMED + 1] if other is not row][:MOST_NAMED])
            message = f"和第 {others} 行的证件号码相同，姓名不同（{'、'.join(sorted(names))}）。"
            row.add(
                Problem(
                    "identity_two_names",
                    Status.HELD,
                    "identity_number",
                    message,
                    "请核对是哪一行的号码或姓名写错了。",
                )
            )
        return
    seen: dict[Hashable, RosterRow] = {}
    for row in same:
        content = _content(row)
        if content in seen:
            row.duplicate_of = seen[content].number
        elif not many and seen:
            first = same[0]
            row.duplicate_of = first.number
            _repeated(first, row)
        seen.setdefault(content, row)


def _repeated(first: RosterRow, row: RosterRow) -> None:
    units = [unit_key(str(r.values.get("unit") or "")) for r in (first, row)]
    two = units[0] != units[1]
    code = "identity_two_units" if two else "identity_repeated"
    what = "在两个单位的名单里" if two else "内容不全相同"
    for here, there in ((row, first), (first, row)):
        message = f"和第 {there.number} 行是同一个人，{what}，只算一次。"
        mend = "名额算在正式推荐他的单位，请核对。" if two else "请核对后只留一行。"
        here.add(Problem(code, Status.WARNED, "identity_number", message, mend))


def _same_name(group: list[RosterRow]) -> None:
    """One name in one unit with different numbers: legitimate, to be looked at."""
    if len({row.values.get("identity_number") for row in group} - {None}) < 2:
        return
    shown = group[: MOST_NAMED + 1]
    for row in group:
        others = _numbers([other for other in shown if other is not row][:MOST_NAMED])
        more = "等" if len(group) > MOST_NAMED + 1 else ""
        message = f"和第 {others} 行{more}同单位、同姓名，证件号码不同，按不同的人读取。"
        row.add(Problem("same_name_in_unit", Status.WARNED, "name", message, "请确认不是同一个人。"))


def _units(rows: list[RosterRow]) -> None:
    """A unit twice. The same name below another superior is another unit: 大桥街道总工会 of two districts."""
    seen: dict[tuple[str, str], RosterRow] = {}
    for row in rows:
        key = unit_key(row.values.get("name") or ""), unit_key(row.values.get("parent") or "")
        if not key[0]:
            continue
        first = seen.setdefault(key, row)
        if first is row:
            continue
        row.duplicate_of = first.number
        if _content(first) != _content(row):
            message = f"和第 {first.number} 行的单位全称和上级单位相同，其他内容不同。"
            row.add(Problem("unit_repeated", Status.HELD, "name", message, "请核对后只留一行。"))
