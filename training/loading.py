"""``import_records``: trainings people had before, or elsewhere; each once, nobody by name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import connection

from org.excel.layouts import RECORDS
from org.loading.cadres import other_name, same_name
from org.loading.run import held
from org.models import Union
from org.services.intake import Registered, find_many
from training.services import NewRecord, imported_key, record_many
from training.states import RecordResult, RecordSource

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from org.excel.roster import RosterRow
    from org.loading.run import Bad, Progress
    from org.selectors import Reach
    from org.unit_names import UnitMatch

_RESULTS: Final = {
    RecordResult.COMPLETED.value: "结业 已结业 合格 通过 考试合格 考核合格 优秀 良好 及格 完成 已完成 是",
    RecordResult.ATTENDED.value: "参训 已参训 参加 已参加 参学 出勤",
    RecordResult.FAILED.value: "未结业 不合格 未通过 考试不合格 未完成 不及格 缺席 缺勤 否",
}
#: What the texts of a record may measure.
_LONGEST: Final = {"class_name": 120, "subject": 30, "organizer": 120}
_UNIT_OF_THE_DAY: Final = """
    SELECT x.place, m.union_id FROM unnest(%s::int[], %s::bigint[], %s::date[]) AS x(place, cadre_id, day)
    JOIN org_membership m ON m.cadre_id = x.cadre_id AND m.is_primary AND m.period @> x.day
"""


class _Days(NamedTuple):
    first: date
    last: date


class RecordLoader:
    """Takes training records in; the person must be in the books, the unit is that of the first day.

    ``organizers`` tells which unit an organiser's name means: set down when it is sure, kept as text else.
    ``reach``: only people whose unit's data the person keeps; None for the command line.
    """

    layout = RECORDS
    units: Callable[[str], UnitMatch] | None = None
    choices: Mapping[str, Mapping[str, str]] = MappingProxyType(
        {"result": {word: code for code, words in _RESULTS.items() for word in words.split()}}
    )

    def __init__(
        self,
        organizers: Callable[[str], UnitMatch],
        *,
        today: datetime.date,
        at: datetime.datetime,
        reach: Reach | None = None,
    ) -> None:
        self._organizers = organizers
        self._today = today
        self._at = at
        self._reach = reach
        self._paths: dict[int, str] = {}

    def take(self, rows: Sequence[RosterRow]) -> int:
        """One transaction."""
        able = [(row, days) for row in rows if (days := self._days(row)) is not None]
        registered = find_many(_document(row) for row, _ in able)
        known: list[tuple[RosterRow, _Days, Registered]] = []
        for row, days in able:
            person = registered.get(_document(row))
            if self._may_write(row, person):
                assert person is not None  # noqa: S101 - asked just now
                known.append((row, days, person))
        units = self._units(known)
        return record_many(
            [
                self._new(row, days, person, unit)
                for (row, days, person), unit in zip(known, units, strict=True)
            ],
            at=self._at,
        )

    def finish(self, progress: Progress) -> tuple[int, Iterable[Bad]]:
        """Everything is in."""
        return 0, ()

    def _days(self, row: RosterRow) -> _Days | None:
        """First and last day; None with a problem where there is something wrong with the row itself."""
        values = row.values
        period = values.get("period")
        first = values.get("starts_on") or (period.start if period else None)
        last = values.get("ends_on") or (period.end if period else None)
        if first is None or last is None:
            row.add(held("days_missing", "starts_on", "没有写全开始日期和结束日期。", "请补填。"))
        elif last < first:
            row.add(held("days_order", "ends_on", "结束日期早于开始日期。", "请核对两个日期。"))
        elif last > self._today:
            row.add(held("days_to_come", "ends_on", f"结束日期 {last} 还没有到。", "培训结束后再导入。"))
        elif long := next((f for f, most in _LONGEST.items() if len(str(values.get(f) or "")) > most), None):
            row.add(
                held("too_long", long, f"“{row.raw[long][:20]}…”超过 {_LONGEST[long]} 个字。", "请改短。")
            )
        else:
            return _Days(first, last)
        return None

    def _may_write(self, row: RosterRow, person: Registered | None) -> bool:
        if person is None:
            row.add(
                held(
                    "unknown_person",
                    "identity_number",
                    "这个证件号码还没有登记。",
                    "请先在干部名册中登记，或先导入干部。",
                )
            )
            return False
        if self._reach is not None and not self._reach.keeps(person.unit_path):
            row.add(
                held(
                    "unit_not_kept",
                    "identity_number",
                    "这名干部的信息由所在单位或上级工会归口管理部门维护。",
                    "请由该单位或上级工会归口管理部门导入。",
                )
            )
            return False
        name = row.values.get("name")
        if name and not same_name(name, person):
            row.add(other_name(name, person, self._reach))
            return False
        return True

    def _units(self, known: Sequence[tuple[RosterRow, _Days, Registered]]) -> list[int | None]:
        """Each person's unit on the first day, by his memberships; else the one the list names for sure."""
        with connection.cursor() as cursor:
            cursor.execute(
                _UNIT_OF_THE_DAY,
                [
                    list(range(len(known))),
                    [person.pk for *_, person in known],
                    [days.first for _, days, _ in known],
                ],
            )
            by_place: dict[int, int] = dict(cursor.fetchall())
        units: list[int | None] = []
        for place, (row, *_) in enumerate(known):
            named = row.values.get("unit")
            meant = self._organizers(named).sure if named and place not in by_place else None
            units.append(by_place.get(place, meant.pk if meant else None))
        return units

    def _new(self, row: RosterRow, days: _Days, person: Registered, unit: int | None) -> NewRecord:
        values = row.values
        class_name, organizer = str(values["class_name"]), str(values.get("organizer") or "")
        meant = self._organizers(organizer).sure if organizer else None
        # An old name still means the unit; it is only told to whoever reads the list.
        organizer_id = meant.pk if meant else None
        return NewRecord(
            key=imported_key(person.pk, class_name, days.first, days.last, organizer),
            cadre_id=person.pk,
            unit_id=unit,
            class_name=class_name,
            subject=str(values.get("subject") or ""),
            organizer_id=organizer_id,
            organizer_name=organizer,
            by_superior=self._superior(organizer_id, unit, person),
            starts_on=days.first,
            ends_on=days.last,
            hours=values.get("hours") or Decimal(0),
            # An empty cell says he was there, not that he finished.
            result=values.get("result") or RecordResult.ATTENDED.value,
            source=RecordSource.IMPORTED.value,
        )

    def _superior(self, organizer: int | None, unit: int | None, person: Registered) -> bool:
        """Whether a union above his unit held it: only its call-ups count for the one-year rule (E-18)."""
        if organizer is None:
            return False
        mine = self._path(unit) if unit is not None else person.unit_path
        above = self._path(organizer)
        return mine != above and mine.startswith(above)

    def _path(self, unit: int) -> str:
        if unit not in self._paths:
            self._paths[unit] = Union.objects.values_list("path", flat=True).get(pk=unit)
        return self._paths[unit]


def _document(row: RosterRow) -> tuple[str, str]:
    values: dict[str, Any] = row.values
    return values["identity_kind"], values["identity_number"]
