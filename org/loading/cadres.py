"""``import_cadres``: people a union already has, into the books; nobody twice, nobody guessed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from org.excel.layouts import CADRES
from org.loading.run import held
from org.models import Union
from org.services.intake import NewCadre, Registered, find_many, take_in_cadres

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from org.excel.roster import RosterRow
    from org.loading.run import Bad, Progress
    from org.selectors import Reach
    from org.unit_names import UnitMatch

#: Texts of a row that go into the books as they were read.
_TEXTS: Final = ("former_name", "gender", "kind", "post_title", "rank", "leadership", "phone", "remark")


class CadreLoader:
    """Takes cadres in. Whoever is registered already is left as he is: a list overwrites nobody's data.

    ``reach``: only units whose data the person keeps; None for the command line, which may write all.
    """

    layout = CADRES
    units: Callable[[str], UnitMatch] | None
    choices: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def __init__(
        self, units: Callable[[str], UnitMatch], *, today: datetime.date, reach: Reach | None = None
    ) -> None:
        self.units = units
        self._today = today
        self._reach = reach
        self._paths: dict[int, str] = {}

    def take(self, rows: Sequence[RosterRow]) -> int:
        """One transaction. A name that isn't the registered one's is held (DOMAIN §4, case 16)."""
        able = [row for row in rows if self._may_write(row)]
        documents = {row.number: (row.values["identity_kind"], row.values["identity_number"]) for row in able}
        registered = find_many(documents.values())
        fresh = []
        for row in able:
            known = registered.get(documents[row.number])
            if known is None:
                fresh.append(self._new(row))
            elif not same_name(row.values["name"], known):
                row.add(other_name(row.values["name"], known, self._reach))
        return take_in_cadres(fresh)

    def finish(self, progress: Progress) -> tuple[int, Iterable[Bad]]:
        """Everybody is in."""
        return 0, ()

    def _may_write(self, row: RosterRow) -> bool:
        unit = row.values.get("unit_id")
        if unit is None:
            row.add(held("unit_missing", "unit", "没有写单位。", "请补填单位全称。"))
            return False
        if self._reach is None:
            return True
        if unit not in self._paths:
            self._paths[unit] = Union.objects.values_list("path", flat=True).get(pk=unit)
        if self._reach.keeps(self._paths[unit]):
            return True
        message = f"“{row.values['unit']}”的干部信息由该单位或上级工会归口管理部门维护。"
        row.add(held("unit_not_kept", "unit", message, "请由该单位或上级工会归口管理部门导入。"))
        return False

    def _new(self, row: RosterRow) -> NewCadre:
        values = row.values
        appointed = values.get("appointed_on")
        texts: dict[str, Any] = {name: values.get(name) or "" for name in _TEXTS}
        return NewCadre(
            identity_kind=values["identity_kind"],
            number=values["identity_number"],
            name=values["name"],
            unit_id=values["unit_id"],
            # Whoever was appointed there that day was there that day; before it nothing is known.
            since=min(appointed, self._today) if appointed else self._today,
            born_on=values.get("born_on"),
            appointed_on=appointed,
            appointed_precision=values.get("appointed_precision") or "day",
            committees=tuple(values.get("committees") or ()),
            **texts,
        )


def same_name(name: str, known: Registered) -> bool:
    """Whether the list calls him as the books do, or as they once did."""
    return name in (known.name, known.former_name)


def other_name(name: str, known: Registered, reach: Reach | None) -> Any:
    """What to tell of a document that the books know under another name, to whom may know it."""
    seen = reach is None or reach.sees(known.unit_path)
    told = f"登记的姓名是“{known.name}”" if seen else "已由其他单位登记为另一姓名"
    return held(
        "registered_name",
        "name",
        f"这个证件号码{told}，表中是“{name}”。",
        "请核对号码和姓名；确已改名的，先在干部信息里改姓名或填曾用名。",
    )
