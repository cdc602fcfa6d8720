"""Lists of the people of a class: 学员名册, 签到表 and 席卡 as pages to print, and workbooks to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from office.cells import Column, OfficeSheet, new_book
from workflow.rules.half_days import column_title, half_day_text, length_text, when_text
from workflow.states import Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from openpyxl import Workbook

    from workflow.models import ClassRun, Seat

#: Cards on a sheet of A4: two folded tents would waste half the paper, four flat ones fit a holder.
CARDS_A_PAGE: Final = 4
#: What one types for a half-day; :mod:`workflow.excel.attendance` reads more words than these.
WORDS: Final[dict[str, str]] = {
    Presence.PRESENT: "到",
    Presence.LATE: "迟到",
    Presence.LEAVE: "请假",
    Presence.ABSENT: "缺席",
}
_COLUMN_WIDTH: Final = 7.5
_FAINT: Final = PatternFill("solid", start_color="FFFDF1F0", end_color="FFFDF1F0")


class Attendee(NamedTuple):
    """A line of the roster; ``ordinal`` from 1 in the order of units."""

    ordinal: int
    seat_id: int
    name: str
    gender: str
    unit: str
    post: str
    phone: str
    lodging: str
    needs: str
    arrival: str


class SignIn(NamedTuple):
    """One 签到表: a half-day and everybody who should sign it."""

    day: date
    half: int
    title: str
    people: tuple[Attendee, ...]


def attendees(seats: Iterable[Seat]) -> tuple[Attendee, ...]:
    """The roster's lines; each seat with its cadre, in the order given."""
    return tuple(
        Attendee(
            ordinal=ordinal,
            seat_id=seat.pk,
            name=seat.name,
            gender=seat.cadre.get_gender_display(),
            unit=seat.unit_name,
            post=seat.post_title,
            phone=seat.phone,
            lodging={True: "是", False: "否", None: ""}[seat.lodging],
            needs=seat.needs,
            arrival=seat.arrival,
        )
        for ordinal, seat in enumerate(seats, 1)
    )


def sign_ins(run: ClassRun, people: Sequence[Attendee]) -> list[SignIn]:
    """A sheet for each half-day of the class, in order (X1 art. 17: the voucher of the claim)."""
    return [SignIn(day, half, half_day_text(day, half), tuple(people)) for day, half in run.half_days]


def cards(people: Sequence[Attendee]) -> list[tuple[Attendee, ...]]:
    """The roster in pages of :data:`CARDS_A_PAGE`."""
    return [tuple(people[start : start + CARDS_A_PAGE]) for start in range(0, len(people), CARDS_A_PAGE)]


def spaced(name: str) -> str:
    """A name of two characters set as wide as one of three, as cards have it: 张　三."""
    return f"{name[0]}　{name[1]}" if len(name) == 2 else name


def roster_book(run: ClassRun, people: Sequence[Attendee]) -> Workbook:
    """学员名册 as an office prints it."""
    book, sheet = new_book("学员名册")
    table = OfficeSheet(
        sheet,
        title=f"{run.title}学员名册",
        note=f"{run.code}　{when_text(run)}　{run.venue}　共 {len(people)} 人",
        columns=(
            Column("序号", 6, "center"),
            Column("姓名", 11, "center"),
            Column("性别", 6, "center"),
            Column("单位", 30),
            Column("职务", 24),
            Column("手机", 15, "center"),
            Column("住宿", 7, "center"),
            Column("食宿需求", 14),
            Column("到达时间", 16),
            Column("备注", 12),
        ),
    )
    for one in people:
        table.add(
            [
                one.ordinal,
                one.name,
                one.gender,
                one.unit,
                one.post,
                one.phone,
                one.lodging,
                one.needs,
                one.arrival,
                "",
            ]
        )
    table.finish(freeze_columns=2)
    return book


def attendance_book(
    run: ClassRun, people: Sequence[Attendee], marks: Mapping[tuple[int, date, int], tuple[str, str]]
) -> Workbook:
    """考勤表: a line a person, a column a half-day, filled with what is entered already; read back whole.

    ``marks`` by seat, day and half: presence and note. 学号 tells the rows apart and must stay.
    """
    half_days = run.half_days
    book, sheet = new_book("考勤表")
    table = OfficeSheet(
        sheet,
        title=f"{run.title}考勤表",
        note=(
            f"{run.code}　{when_text(run)}，{length_text(run)}　"
            "填写：到、迟到、请假、缺席；空格表示尚未登记。“学号”用来对应学员，请勿改动。"
        ),
        columns=(
            Column("序号", 6, "center"),
            Column("学号", 9, "center"),
            Column("姓名", 11, "center"),
            Column("单位", 26),
            Column("职务", 18),
            *(Column(column_title(day, half), _COLUMN_WIDTH, "center") for day, half in half_days),
            Column("备注", 18),
        ),
    )
    for one in people:
        found = [marks.get((one.seat_id, day, half), ("", "")) for day, half in half_days]
        notes = dict.fromkeys(note for _, note in found if note)
        words = [WORDS.get(presence, "") for presence, _ in found]
        table.add([one.ordinal, one.seat_id, one.name, one.unit, one.post, *words, "；".join(notes)])
    table.finish(freeze_columns=3)
    if people and half_days:
        first = get_column_letter(6)
        last = get_column_letter(5 + len(half_days))
        area = f"{first}{table.header_row + 1}:{last}{table.next_row - 1}"
        choice = DataValidation(type="list", formula1=f'"{",".join(WORDS.values())}"', allow_blank=True)
        choice.error, choice.errorTitle = "请填写 到、迟到、请假、缺席，或留空。", "考勤"
        sheet.add_data_validation(choice)
        choice.add(area)
        for word in ("请假", "缺席"):
            rule = CellIsRule("equal", [f'"{word}"'], fill=_FAINT, font=Font(color="FFAB2B26"))
            sheet.conditional_formatting.add(area, rule)
    return book
