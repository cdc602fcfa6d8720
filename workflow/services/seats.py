"""Seats of a 期: one verb a function. Nominations, confirmations and exemptions have rooms of their own."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import transaction

from office.refusals import Refused
from workflow.models import Seat
from workflow.rules.run_gate import RunAct
from workflow.services.confirmations import Confirmed, confirm, confirm_many
from workflow.services.exempting import ask_exemption
from workflow.services.nominations import LACKS_A_WORD, add_on_site, name, nominate, replace
from workflow.services.releasing import release_all
from workflow.services.runs import locked_run
from workflow.services.seating import (
    Desk,
    Nominated,
    Nominee,
    Result,
    desk,
    lock_people,
    locked_seats,
    move,
    offer_vacancies,
    places,
)
from workflow.states import SeatRank, SeatState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from org.models import User
    from workflow.models import ClassRun

__all__ = (
    "LACKS_A_WORD",
    "Confirmed",
    "Nominated",
    "Nominee",
    "Result",
    "SpareNeeded",
    "accept",
    "add_on_site",
    "ask_exemption",
    "confirm",
    "confirm_many",
    "decline",
    "lock_people",
    "name",
    "needs_spare",
    "nominate",
    "offer",
    "reject",
    "release_all",
    "replace",
    "withdraw",
)


class SpareNeeded(Refused):
    """The unit's own quota is full: the organiser has to say that one of the 机动名额 is meant."""


def _open(seat_id: int, act: RunAct, *, actor: User, at: datetime, of_unit: bool) -> tuple[Desk, Seat]:
    """The seat and its run locked, the gate passed. Raises ``Seat.DoesNotExist``."""
    run = locked_run(Seat.objects.values_list("run", flat=True).get(pk=seat_id))
    [seat] = locked_seats([seat_id])
    return desk(act, run, actor=actor, at=at, unit=seat.unit if of_unit else None), seat


def _demand_state(seat: Seat, what: str, *states: SeatState) -> None:
    if seat.state not in states:
        raise Refused(f"{seat.name}现为“{seat.get_state_display()}”，不能{what}。")


def needs_spare(run: ClassRun, seat_ids: Collection[int]) -> str:
    """What offering places to these 候补 takes out of the 机动名额, in words; empty where units have room.

    Empty, too, where there is none to take: :func:`offer` says so of each. Four queries.
    """
    there = places(run)
    if there.spare <= 0:
        return ""
    left: dict[int, int] = {}
    beyond: defaultdict[str, list[str]] = defaultdict(list)
    waiting = Seat.objects.filter(
        run=run, pk__in=seat_ids, state=SeatState.NOMINATED, rank=SeatRank.RESERVE
    ).select_related("unit")
    for seat in waiting.order_by("unit__ordinal", "unit", "position", "pk"):
        left[seat.unit_id] = left.get(seat.unit_id, there.free(seat.unit_id)) - 1
        if left[seat.unit_id] < 0:
            beyond[seat.unit.name].append(seat.name)
    lines = [f"{unit}的名额已满，{'、'.join(names)}递补须用机动名额。" for unit, names in beyond.items()]
    return "".join(lines) + (f"机动名额还有 {there.spare} 个。" if lines else "")


@transaction.atomic
def offer(*, seat_id: int, actor: User, at: datetime, spare: bool = False) -> Seat:
    """通知递补: a place of the unit that is free is offered to this 候补.

    ``spare``: where the unit has none, one of the 机动名额; without it :class:`SpareNeeded`.
    """
    place, seat = _open(seat_id, RunAct.CONFIRM, actor=actor, at=at, of_unit=False)
    _demand_state(seat, "通知递补", SeatState.NOMINATED)
    if seat.rank != SeatRank.RESERVE:
        raise Refused(f"{seat.name}已是正式学员。")
    there = places(place.run)
    if not there.free(seat.unit_id):
        if there.spare <= 0:
            raise Refused(f"{seat.unit.name}没有空出的名额，也没有机动名额。")
        if not spare:
            raise SpareNeeded(
                f"{seat.unit.name}的名额已满，{seat.name}递补须用机动名额（还有 {there.spare} 个）。"
            )
    move(place, [seat], "offer")
    return seat


@transaction.atomic
def accept(*, seat_id: int, actor: User, at: datetime) -> Seat:
    """同意递补: he becomes 正式 and waits for his confirmation."""
    place, seat = _open(seat_id, RunAct.NOMINATE, actor=actor, at=at, of_unit=True)
    _demand_state(seat, "同意递补", SeatState.OFFERED)
    move(place, [seat], "accept")
    return seat


@transaction.atomic
def decline(*, seat_id: int, reason: str, actor: User, at: datetime) -> Seat:
    """不接受递补: he withdraws, and the next 候补 is offered the place."""
    place, seat = _open(seat_id, RunAct.NOMINATE, actor=actor, at=at, of_unit=True)
    _demand_state(seat, "答复递补", SeatState.OFFERED)
    return _leave(place, seat, "withdraw", reason, line="decline")


@transaction.atomic
def withdraw(*, seat_id: int, reason: str, actor: User, at: datetime) -> Seat:
    """退出, by the unit or the organiser; the person is free, the first 候补 is offered his place."""
    place, seat = _open(seat_id, RunAct.WITHDRAW_SEAT, actor=actor, at=at, of_unit=True)
    _demand_state(seat, "退出", SeatState.NOMINATED, SeatState.OFFERED, SeatState.CONFIRMED)
    return _leave(place, seat, "withdraw", reason)


@transaction.atomic
def reject(*, seat_id: int, reason: str, actor: User, at: datetime) -> Seat:
    """不予录取, by the organiser, with a reason the unit reads."""
    place, seat = _open(seat_id, RunAct.CONFIRM, actor=actor, at=at, of_unit=False)
    _demand_state(seat, "作不予录取处理", SeatState.NOMINATED, SeatState.OFFERED)
    return _leave(place, seat, "reject", reason)


def _leave(place: Desk, seat: Seat, action: str, reason: str, line: str = "") -> Seat:
    if not reason.strip():
        raise Refused("请写明原因。")
    move(place, [seat], action, reason.strip(), line)
    offer_vacancies(place, seat.unit_id)
    return seat
