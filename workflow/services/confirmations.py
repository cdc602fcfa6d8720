"""The organiser confirms: from then on the person's half-days are taken, and nobody else can have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, OperationalError, connection, transaction

from budgets.services import constraint_name
from office.refusals import Conflict, Refused
from office.wording import moment
from workflow.models import Seat, SeatAct
from workflow.rules.exemptions import why_held
from workflow.rules.people import Candidate, examine
from workflow.rules.person_findings import stretch_text
from workflow.rules.run_gate import RunAct
from workflow.services.runs import locked_run
from workflow.services.seating import Desk, desk, lock_people, locked_seats, move
from workflow.states import SeatRank, SeatSource, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from org.models import User
    from workflow.models import ClassRun
    from workflow.rules.findings import Finding

_DEADLOCK = "40P01"


@dataclass(frozen=True)
class Confirmed:
    """What became of one seat of a list: ``seat``, or the ``reason`` it was left as it was."""

    seat_id: int
    name: str
    seat: Seat | None
    reason: str


def confirm(*, seat_ids: Iterable[int], actor: User, at: datetime) -> list[Seat]:
    """Confirms these seats of one 期, all or none.

    Raises :class:`Conflict` naming who was faster where somebody sits elsewhere on those half-days by now,
    :class:`Refused` where a rule, a missing exemption or the number of the class stands against it.
    """
    try:
        with transaction.atomic():
            return _confirm(sorted(set(seat_ids)), actor=actor, at=at)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != _DEADLOCK:
            raise
        raise Conflict("同时有人在改动这些人员的其他班次，这次没有办成。请刷新后再试一次。") from error


def confirm_many(*, seat_ids: Sequence[int], actor: User, at: datetime) -> list[Confirmed]:
    """Confirms each seat in a transaction of its own, in the order given."""
    names = dict(Seat.objects.filter(pk__in=seat_ids).values_list("pk", "name"))
    results = []
    for seat_id in dict.fromkeys(seat_ids):
        if seat_id not in names:
            continue
        try:
            [seat] = confirm(seat_ids=[seat_id], actor=actor, at=at)
            results.append(Confirmed(seat_id, names[seat_id], seat, ""))
        except Refused as refused:
            results.append(Confirmed(seat_id, names[seat_id], None, str(refused)))
    return results


def _confirm(seat_ids: Sequence[int], *, actor: User, at: datetime) -> list[Seat]:
    wanted = Seat.objects.filter(pk__in=seat_ids).values_list("cadre", "run")
    runs = {run for _, run in wanted}
    if len(wanted) != len(seat_ids) or len(runs) != 1:
        raise Refused("请选择同一期班的学员。" if runs else "没有选择学员。")
    lock_people(cadre for cadre, _ in wanted)
    run = locked_run(runs.pop())
    seats = locked_seats(seat_ids)
    place = desk(RunAct.CONFIRM, run, actor=actor, at=at)
    for seat in seats:
        _demand_waiting(seat, at)
    return confirm_locked(place, seats)


def _demand_waiting(seat: Seat, now: datetime) -> None:
    if seat.state == SeatState.CONFIRMED:
        raise Conflict(f"{seat.name}{_confirmed_by(seat, now)}。")
    if seat.state != SeatState.NOMINATED:
        raise Refused(f"{seat.name}现为“{seat.get_state_display()}”，不能确认。")
    if seat.rank != SeatRank.FORMAL:
        raise Refused(f"{seat.name}是候补，有空缺时先通知递补，同意后再确认。")


def confirm_locked(place: Desk, seats: list[Seat]) -> list[Seat]:
    """Confirms nominated seats whose persons, run and rows the caller has locked; checks them once more."""
    _demand_room(place.run, seats)
    _demand_clean(place, seats)
    try:
        with transaction.atomic():
            move(place, seats, "confirm")
    except IntegrityError as error:
        if constraint_name(error) != "seat_one_class_at_a_time":
            raise
        # Somebody's class was moved onto these half-days: that takes no lock of persons.
        raise Conflict(_clash(place, seats) or "有学员在这段时间已确认参加其他班，请刷新后再办。") from error
    return seats


def _demand_room(run: ClassRun, seats: Sequence[Seat]) -> None:
    """No more than the class was approved for; 计划外学员 are beyond it by their nature (S25)."""
    more = sum(seat.source != SeatSource.ON_SITE for seat in seats)
    confirmed = Seat.objects.filter(run=run, state=SeatState.CONFIRMED)
    there = confirmed.exclude(source=SeatSource.ON_SITE).count()
    if more and there + more > run.trainees:
        raise Refused(
            f"本期批准学员 {run.trainees} 人，已确认 {there} 人，不能再确认 {more} 人。"
            "确需增加的，请先报变更申请。"
        )


def _demand_clean(place: Desk, seats: Sequence[Seat]) -> None:
    people = [Candidate(row=seat.pk, cadre_id=seat.cadre_id) for seat in seats]
    checked = examine(place.run, people, at=place.at, book=place.book, seated=True)
    for seat, findings in zip(seats, checked.findings, strict=True):
        stops = [finding for finding in findings if finding.stops]
        if any(finding.code == "overlap" for finding in stops):
            raise Conflict(_clash(place, [seat]) or _words(seat, stops))
        if stops:
            raise Refused(_words(seat, stops))
        if why := why_held(seat, findings):
            raise Refused(why)


def _words(seat: Seat, findings: Iterable[Finding]) -> str:
    return f"{seat.name}：" + "".join(f"{finding.message}{finding.mend}" for finding in findings)


_CLASH = """
    SELECT mine.cadre_id, other.seat_id FROM workflow_seat mine
    JOIN workflow_classrun r ON r.id = mine.run_id CROSS JOIN LATERAL unnest(r.stretches) AS part
    JOIN workflow_seatspan other ON other.cadre_id = mine.cadre_id AND other.firm
     AND other.span && part AND other.run_id <> mine.run_id
    WHERE mine.id = ANY(%(seats)s) ORDER BY mine.id, other.id LIMIT 1
"""


def _clash(place: Desk, seats: Sequence[Seat]) -> str:
    """Who of them sits elsewhere, since when and by whom; the empty string where nobody does by now."""
    with connection.cursor() as cursor:
        cursor.execute(_CLASH, {"seats": [seat.pk for seat in seats]})
        row: Any = cursor.fetchone()
    if row is None:
        return ""
    found = Seat.objects.select_related("run__plan__department", "run__plan__union")
    other = found.get(pk=row[1])
    held = "、".join(stretch_text(part.lower, part.upper) for part in other.run.stretches)
    return (
        f"{other.name}{_confirmed_by(other, place.at)}参加{other.run.plan.union.name}"
        f"{other.run.plan.department.name}《{other.run.title}》"
        f"（{held}），与本班时间冲突，不能同时参加。"
    )


def _confirmed_by(seat: Seat, now: datetime) -> str:
    """``已由 孙莉（宣传网络部 部长）于 6月3日 10:20 确认``."""
    act = SeatAct.objects.filter(seat=seat, action="confirm").order_by("at", "id").last()
    if act is None:
        return "已确认"
    who = f"{act.actor_name}（{act.post_title}）" if act.post_title else act.actor_name
    return f"已由 {who}于 {moment(act.at, now=now)} 确认"
