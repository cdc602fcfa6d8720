"""报到与签到: the class begins, half-days are entered, attendance is closed and becomes training records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from office.refusals import Refused
from office.wording import chinese_date
from org.models import Membership
from rulebook.severity import Severity
from training.services import NewRecord, record_key, record_many
from workflow.models import Attendance, Seat
from workflow.models.callup import seat_key
from workflow.rules.attending import leave_finding, tallies, unmarked_text
from workflow.rules.exemptions import covered
from workflow.rules.half_days import half_day_text
from workflow.rules.run_gate import RunAct
from workflow.services.runs import locked_run
from workflow.services.seating import Desk, desk, lock_people, move
from workflow.states import Half, Presence, SeatState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from org.models import User
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.attending import Tally


@dataclass(frozen=True)
class Closed:
    """What attendance came to: who finished, and who didn't."""

    finished: list[Seat]
    unfinished: list[Seat]


@transaction.atomic
def begin(*, run_id: int, actor: User, at: datetime) -> ClassRun:
    """开班: from the first day on, with at least one confirmed trainee."""
    run = locked_run(run_id)
    desk(RunAct.BEGIN, run, actor=actor, at=at)
    if run.starts_on is not None and timezone.localdate(at) < run.starts_on:
        raise Refused(f"《{run.title}》{chinese_date(run.starts_on)}开班，今天还不能办理。")
    if not Seat.objects.filter(run=run, state=SeatState.CONFIRMED).exists():
        raise Refused(f"《{run.title}》还没有确认学员，不能开班。")
    run.begin()
    run.save(update_fields=["state"])
    return run


@transaction.atomic
def enter(
    *,
    run_id: int,
    marks: Mapping[tuple[int, date, int], tuple[str, str]] | Mapping[tuple[int, date, Half], tuple[str, str]],
    actor: User,
    at: datetime,
) -> int:
    """Enters or corrects half-days of confirmed trainees; how many changed.

    ``marks``: (seat, day, half) → presence and note; an empty presence takes a mark back. All or none:
    raises :class:`Refused` naming whose and which half-day can't be entered.
    """
    run = locked_run(run_id)
    desk(RunAct.ATTEND, run, actor=actor, at=at)
    seats = {seat.pk: seat for seat in Seat.objects.filter(run=run, state=SeatState.CONFIRMED)}
    there = {
        (row.seat_id, row.day, row.half): row for row in Attendance.objects.filter(seat__in=seats.keys())
    }
    halves = set(run.half_days)
    changed: list[Attendance] = []
    gone: list[int] = []
    for key, (presence, note) in marks.items():
        _demand_mark(run, seats, halves, key, presence, timezone.localdate(at))
        row = there.get(key)
        if not presence:
            gone += [row.pk] if row is not None else []
        elif row is None or (row.presence, row.note) != (presence, note):
            seat_id, day, half = key
            changed.append(
                Attendance(
                    seat_id=seat_id,
                    day=day,
                    half=half,
                    presence=presence,
                    note=note[:100],
                    entered_by=actor,
                    entered_at=at,
                )
            )
    Attendance.objects.filter(pk__in=gone).delete()
    Attendance.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["seat", "day", "half"],
        update_fields=["presence", "note", "entered_by", "entered_at"],
    )
    return len(changed) + len(gone)


def _demand_mark(
    run: ClassRun,
    seats: Mapping[int, Seat],
    halves: set[tuple[date, Half]],
    key: tuple[int, date, int],
    presence: str,
    today: date,
) -> None:
    seat_id, day, half = key
    seat = seats.get(seat_id)
    if seat is None:
        raise Refused(f"名单中有人不是《{run.title}》的已确认学员，请刷新后再录。")
    if (day, half) not in halves:
        raise Refused(f"{seat.name}：{half_day_text(day, half)}不在本班时间内。")
    if day > today:
        raise Refused(f"{seat.name}：{half_day_text(day, half)}还没有到，不能先录。")
    if presence and presence not in Presence.values:
        raise Refused(f"{seat.name}：{half_day_text(day, half)}的考勤“{presence}”不是规定的写法。")


@transaction.atomic
def close(*, run_id: int, actor: User, at: datetime) -> Closed:
    """结束考勤: every confirmed trainee has every half-day; who finished gets his training record with it.

    Any absence leaves somebody 未结业, and so does leave beyond the book's share unless it was excused; his
    record isn't written. Who was never confirmed is let go. Raises :class:`Refused` naming what is missing.
    """
    lock_people(Seat.objects.filter(run=run_id, state=SeatState.CONFIRMED).values_list("cadre", flat=True))
    run = locked_run(run_id)
    place = desk(RunAct.CLOSE, run, actor=actor, at=at)
    if run.ends_on is not None and timezone.localdate(at) < run.ends_on:
        raise Refused(f"《{run.title}》{chinese_date(run.ends_on)}结束，今天还不能结束考勤。")
    confirmed = Seat.objects.select_for_update(of=("self",)).filter(run=run, state=SeatState.CONFIRMED)
    seats = list(confirmed.select_related("exemption", "unit").order_by("unit__ordinal", "position", "pk"))
    by_seat = tallies(run, seats)
    if missing := unmarked_text(seats, by_seat):
        raise Refused(f"考勤还没有录完：{missing}。")
    finished: list[Seat] = []
    unfinished: list[Seat] = []
    for seat in seats:
        seat.result_note = _fault(seat, by_seat[seat.pk], place.book)
        (unfinished if seat.result_note else finished).append(seat)
    Seat.objects.bulk_update(seats, ["result_note"])
    move(place, finished, "complete")
    for seat in unfinished:
        move(place, [seat], "leave_unfinished", seat.result_note)
    _let_go(place, run)
    record_many(_records(run, finished, by_seat), at=at)
    run.close_attendance()
    run.closed_at = at
    run.save(update_fields=["state", "closed_at"])
    return Closed(finished, unfinished)


def _fault(seat: Seat, tally: Tally, book: Book) -> str:
    """Why somebody didn't finish; the empty string where he did."""
    if tally.absences:
        return f"缺席 {tally.absences} 个半天"
    finding = leave_finding(tally, book)
    if finding is None or finding.severity == Severity.WARN:
        return ""
    if finding.severity == Severity.HOLD and finding.code in covered(seat):
        return ""
    return finding.message.rstrip("。")


def _let_go(place: Desk, run: ClassRun) -> None:
    waiting = Seat.objects.select_for_update().filter(
        run=run, state__in=(SeatState.NOMINATED, SeatState.OFFERED)
    )
    seats = list(waiting.order_by("pk"))
    move(place, seats, "reject", "结束考勤时没有确认参加")


def _records(run: ClassRun, seats: Sequence[Seat], by_seat: Mapping[int, Tally]) -> list[NewRecord]:
    plan = run.plan
    members = Membership.objects.on(run.start()[0]).filter(
        cadre__in=[seat.cadre_id for seat in seats], is_primary=True
    )
    units = {row.cadre_id: row.union for row in members.select_related("union").order_by()}
    rows = []
    for seat in seats:
        unit = units.get(seat.cadre_id, seat.unit)
        first_day, last_day = run.start()[0], run.end()[0]
        rows.append(
            NewRecord(
                key=record_key(seat_key(seat)),
                cadre_id=seat.cadre_id,
                unit_id=unit.pk,
                class_name=run.title,
                starts_on=first_day,
                ends_on=last_day,
                hours=by_seat[seat.pk].hours,
                subject=plan.subject,
                organizer_id=plan.union_id,
                organizer_name=f"{plan.union.name}{plan.department.name}",
                by_superior=unit.path != plan.union.path and unit.path.startswith(plan.union.path),
                reference=run.reference,
            )
        )
    return rows
