"""What the sign-in sheets of a class come to: hours attended, leave and its limit (X3, DOMAIN §8 no. 26)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rulebook.people import leave_share
from workflow.models import Attendance, Lesson
from workflow.rules import person_findings as say
from workflow.rules.half_days import half_day_text
from workflow.states import Half, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rulebook.schema import Book
    from workflow.models import ClassRun, Seat
    from workflow.rules.findings import Finding

TENTH: Final = Decimal("0.1")


@dataclass
class Tally:
    """One trainee's sheets. Hours are shares of the class's; ``unmarked`` are half-days nobody entered."""

    total: Fraction
    attended: Fraction = Fraction(0)
    leave: Fraction = Fraction(0)
    absences: int = 0
    came: bool = False
    marked: bool = False
    unmarked: list[tuple[date, Half]] = field(default_factory=list)

    @property
    def hours(self) -> Decimal:
        """Hours attended so far, to a tenth: half-days nobody entered count for nothing yet."""
        return _tenths(self.attended)

    @property
    def leave_hours(self) -> Decimal:
        return _tenths(self.leave)


def _tenths(hours: Fraction) -> Decimal:
    return (Decimal(hours.numerator) / Decimal(hours.denominator)).quantize(TENTH)


def hours_by_half_day(run: ClassRun) -> dict[tuple[date, Half], Fraction]:
    """The class's hours on each of its half-days: by the timetable where it fills them all, else evenly."""
    halves = run.half_days
    weights: defaultdict[tuple[date, Half], Fraction] = defaultdict(Fraction)
    for day, half, hours in Lesson.objects.filter(run=run).order_by().values_list("day", "half", "hours"):
        weights[day, Half(half)] += Fraction(hours)
    if not all(weights.get(key) for key in halves):
        weights = defaultdict(Fraction, dict.fromkeys(halves, Fraction(1)))
    whole = sum((weights[key] for key in halves), Fraction(0))
    return {key: Fraction(run.hours) * weights[key] / whole for key in halves}


def tallies(run: ClassRun, seats: Sequence[Seat]) -> dict[int, Tally]:
    """The tally of each seat by key, in two queries."""
    hours = hours_by_half_day(run)
    total = sum(hours.values(), Fraction(0))
    marks: defaultdict[int, dict[tuple[date, Half], str]] = defaultdict(dict)
    entered = Attendance.objects.filter(seat__in=[seat.pk for seat in seats]).order_by()
    for seat_id, day, half, presence in entered.values_list("seat", "day", "half", "presence"):
        marks[seat_id][day, Half(half)] = presence
    return {seat.pk: _tally(hours, total, marks[seat.pk]) for seat in seats}


def _tally(
    hours: dict[tuple[date, Half], Fraction], total: Fraction, marks: dict[tuple[date, Half], str]
) -> Tally:
    tally = Tally(total)
    tally.marked = any(key in marks for key in hours)
    for key, share in hours.items():
        match marks.get(key):
            case None:
                tally.unmarked.append(key)
            case Presence.LEAVE:
                tally.leave += share
            case Presence.ABSENT:
                tally.absences += 1
            case _:
                tally.attended += share
                tally.came = True
    return tally


def leave_finding(tally: Tally, book: Book) -> Finding | None:
    """What is said of leave beyond the book's share of the class's hours; exactly the share isn't beyond."""
    rule = say.rule_of(book, "leave_over")
    share = leave_share(book)
    if rule is None or tally.leave <= share * tally.total:
        return None
    most = _tenths(share * tally.total)
    return say.finding(
        rule,
        f"请假 {tally.leave_hours} 学时，超过总学时 {_tenths(tally.total)} 的 {share}（{most} 学时）。",
        "按退学处理；确需保留的，写明理由报批。",
        figures={"请假学时": str(tally.leave_hours), "总学时": str(_tenths(tally.total)), "限度": str(share)},
    )


def leave_findings(run: ClassRun, seats: Sequence[Seat], book: Book) -> dict[int, list[Finding]]:
    """By seat, those whose leave is beyond the limit so far."""
    found = {key: leave_finding(tally, book) for key, tally in tallies(run, seats).items()}
    return {key: [finding] for key, finding in found.items() if finding is not None}


def unmarked_text(seats: Iterable[Seat], by_seat: dict[int, Tally], named: int = 5) -> str:
    """``张三 6月8日（星期二）上午、…等，共 12 个半天``; empty where everything is entered."""
    lines = [
        f"{seat.name} {half_day_text(day, half)}" for seat in seats for day, half in by_seat[seat.pk].unmarked
    ]
    if not lines:
        return ""
    return "、".join(lines[:named]) + (f"等，共 {len(lines)} 个半天" if len(lines) > named else "")
