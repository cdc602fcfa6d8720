"""The 考勤表 read back: each cell a half-day of a trainee, or a fault that names its row and column."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from openpyxl.utils import get_column_letter

from office import sealing
from office.refusals import Refused
from org.excel.headers import ATTENDANCE, HALF_DAY
from org.excel.problems import Status
from org.excel.roster import read_roster
from workflow.rules.half_days import column_title, half_day_text
from workflow.states import Half, Presence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from org.excel.roster import Roster, RosterRow
    from workflow.models import ClassRun, Seat

#: (seat, day, half) → presence and note: what ``services.attendance.enter`` takes.
Marks = dict[tuple[int, "date", int], tuple[str, str]]

#: What :func:`org.excel.values.read_attendance` makes of a cell.
_PRESENCE: Final[Mapping[str, str]] = {
    "present": Presence.PRESENT,
    "late": Presence.LATE,
    "leave": Presence.LEAVE,
    "absent": Presence.ABSENT,
}
_DAY: Final = re.compile(r"(?:(\d{4})[年./-])?(\d{1,2})[月./-](\d{1,2})日?")
_HALVES: Final = (("上午", Half.MORNING), ("下午", Half.AFTERNOON))
MOST_NOTE: Final = 100


class Fault(NamedTuple):
    """Why nothing was taken from the sheet: where (``F7``, ``F 列``, ``第 7 行``), why, how to mend it."""

    place: str
    problem: str
    mend: str


@dataclass(frozen=True)
class AttendanceSheet:
    """What a sheet says. With any fault none of ``marks`` is to be entered."""

    marks: Marks = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    people: int = 0


def read_attendance(
    content: bytes, name: str, *, run: ClassRun, seats: Sequence[Seat], today: date
) -> AttendanceSheet:
    """Read a sheet for the half-days of ``run`` and its ``seats`` (each with its cadre).

    A row is found by 学号 (the seat's number in our own sheets) or by identity number, never by name; its
    name has to agree. An empty cell says nothing. Raises ``Refused`` for a file that can't be read at all.
    """
    roster = read_roster(content, name, layout=ATTENDANCE, today=today)
    reading = _Reading(run, seats, roster)
    reading.columns()
    if not reading.faults:
        for row in roster.rows:
            reading.row(row)
    return AttendanceSheet(
        marks={} if reading.faults else reading.marks,
        faults=tuple(reading.faults),
        notes=roster.notes,
        people=len(reading.seen),
    )


class _Reading:
    def __init__(self, run: ClassRun, seats: Sequence[Seat], roster: Roster) -> None:
        self.half_days = run.half_days
        self.roster = roster
        self.by_number = {str(seat.pk): seat for seat in seats}
        self.by_digest = {seat.cadre.identity_digest: seat for seat in seats}
        self.faults: list[Fault] = []
        self.marks: Marks = {}
        self.seen: dict[int, int] = {}
        self.titles: dict[str, tuple[date, int]] = {}

    def columns(self) -> None:
        """Which half-day each column is."""
        header = self.roster.header
        if header.missing:
            raise Refused(
                f"考勤表缺少栏目：{'、'.join(header.missing)}。请下载本班的考勤表，在上面填写后上传。"
            )
        taken: dict[tuple[date, int], str] = {}
        for column, index in header.columns.items():
            if not column.startswith(HALF_DAY):
                continue
            title, place = column.removeprefix(HALF_DAY), f"{get_column_letter(index + 1)} 列"
            found = self._half_day(title)
            if found is None:
                expected = "、".join(column_title(*half_day) for half_day in self.half_days)
                self.faults.append(
                    Fault(place, f"“{title}”不是本班的上课时间。", f"本班的半天有：{expected}。")
                )
            elif found in taken:
                self.faults.append(Fault(place, f"“{title}”与 {taken[found]}是同一个半天。", "请只留一列。"))
            else:
                taken[found] = place
                self.titles[column] = found
        if not taken and not self.faults:
            raise Refused("考勤表里没有“6月21日上午”这样的半天栏目。请下载本班的考勤表，在上面填写后上传。")

    def _half_day(self, title: str) -> tuple[date, int] | None:
        plain = unicodedata.normalize("NFKC", title).replace(" ", "")
        day = _DAY.search(plain)
        half = next((half for word, half in _HALVES if word in plain), None)
        if day is None or half is None:
            return None
        year, month, number = (int(part) if part else None for part in day.groups())
        return next(
            (
                (known, known_half)
                for known, known_half in self.half_days
                if (known.month, known.day) == (month, number)
                and known_half == half
                and year in (None, known.year)
            ),
            None,
        )

    def row(self, row: RosterRow) -> None:
        place = f"第 {row.number} 行"
        seat = self._seat(row, place)
        if seat is None:
            return
        if seat.pk in self.seen:
            self.faults.append(
                Fault(place, f"{seat.name}在第 {self.seen[seat.pk]} 行已经有了。", "请只留一行。")
            )
            return
        self.seen[seat.pk] = row.number
        note = str(row.values.get("remark") or "")
        if len(note) > MOST_NOTE:
            self.faults.append(Fault(place, f"备注有 {len(note)} 个字。", f"请精简到 {MOST_NOTE} 个字以内。"))
        self.faults += self._cells(row)
        for column, (day, half) in self.titles.items():
            word = row.values.get(column)
            if word is not None:
                presence = _PRESENCE[word]
                told = note if presence != Presence.PRESENT else ""
                self.marks[seat.pk, day, half] = (presence, told)

    def _cells(self, row: RosterRow) -> Iterator[Fault]:
        for problem in row.problems:
            if problem.field in self.titles:
                day, half = self.titles[problem.field]
                cell = f"{get_column_letter(self.roster.header.columns[problem.field] + 1)}{row.number}"
                text = row.raw[problem.field]
                yield Fault(
                    cell,
                    f"{half_day_text(day, half)}的“{text}”看不懂。",
                    "请填写 到、迟到、请假、缺席，或留空。",
                )

    def _seat(self, row: RosterRow, place: str) -> Seat | None:
        name = str(row.values.get("name") or "")
        number = str(row.values.get("seat") or "")
        seat = self.by_number.get(number.removesuffix(".0"))
        if seat is None and not number:
            seat = self._by_identity(row)
        if seat is None:
            said = f"学号“{number}”" if number else "证件号码" if self._identity(row) else "学号"
            problem = f"{said}不在本班的学员名册里。" if number or self._identity(row) else f"{said}是空的。"
            self.faults.append(
                Fault(place, f"{name or '（没有姓名）'}：{problem}", "请按系统导出的考勤表核对。")
            )
            return None
        if name and name != seat.name:
            self.faults.append(
                Fault(
                    place,
                    f"学号 {seat.pk} 是{seat.name}，表里写的是{name}。",
                    "请核对是否填错了行。",
                )
            )
            return None
        return seat

    def _identity(self, row: RosterRow) -> str:
        bad = any(p.field == "identity_number" and p.status == Status.REJECTED for p in row.problems)
        return "" if bad else str(row.values.get("identity_number") or "")

    def _by_identity(self, row: RosterRow) -> Seat | None:
        number = self._identity(row)
        if not number:
            return None
        digests = sealing.digests(number, about=str(row.values["identity_kind"]))
        return next((self.by_digest[digest] for digest in digests if digest in self.by_digest), None)
