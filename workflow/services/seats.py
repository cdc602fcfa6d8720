"""Seats of a 期: one verb a function. Nominations, confirmations and exemptions have rooms of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from office.refusals import Refused
from workflow.models import Seat
from workflow.rules.run_gate import RunAct
from workflow.services.confirmations import Confirmed, confirm, confirm_many
from workflow.services.exempting import ask_exemption
from workflow.services.nominations import add_on_site, name, nominate, replace
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
    from datetime import datetime

    from org.models import User

__all__ = (
    "Confirmed",
    "Nominated",
    "Nominee",
    "Result",
    "accept",
    "add_on_site",
    "ask_exemption",
    "confirm",
    "confirm_many",
    "decline",
    "lock_people",
    "name",
    "nominate",
    "offer",
    "reject",
    "release_all",
    "replace",
    "withdraw",
)


def _open(seat_id: int, act: RunAct, *, actor: User, at: datetime, of_unit: bool) -> tuple[Desk, Seat]:
    """The seat and its run locked, the gate passed. Raises ``Seat.DoesNotExist``."""
    run = locked_run(Seat.objects.values_list("run", flat=True).get(pk=seat_id))
    [seat] = locked_seats([seat_id])
    return desk(act, run, actor=actor, at=at, unit=seat.unit if of_unit else None), seat


def _demand_state(seat: Seat, what: str, *states: SeatState) -> None:
    if seat.state not in states:
        raise Refused(f"{seat.name}现为“{seat.get_state_display()}”，不能{what}。")


@transaction.atomic
def offer(*, seat_id: int, actor: User, at: datetime) -> Seat:
    """通知递补: a place that is free, the unit's own or a 机动名额, is offered to this 候补."""
    place, seat = _open(seat_id, RunAct.CONFIRM, actor=actor, at=at, of_unit=False)
    _demand_state(seat, "通知递补", SeatState.NOMINATED)
    if seat.rank != SeatRank.RESERVE:
        raise Refused(f"{seat.name}已是正式学员。")
    there = places(place.run)
    if not there.free(seat.unit_id) and there.spare <= 0:
        raise Refused(f"{seat.unit.name}没有空出的名额，也没有机动名额。")
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
