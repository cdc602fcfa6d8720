"""Confirmations: whose half-days are taken from then on, and what stands before it."""

from __future__ import annotations

from datetime import date

import pytest

from office.refusals import Conflict, Refused
from org.states import CadreStatus
from tests.workflow import called
from tests.workflow.world import World, at
from workflow.models import ClassRun, Seat, SeatSpan
from workflow.services import seats

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world)


@pytest.fixture
def other(world: World) -> ClassRun:
    return called.opened(world, department="quanyi", name="劳动法律监督员培训班", subject="YW-08")


def spans(who) -> list[tuple[int, bool]]:
    return list(SeatSpan.objects.filter(cadre=who).order_by("run").values_list("run", "firm"))


def test_a_confirmed_persons_half_days_are_taken(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=2)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    one, two = unit.cadres
    [seat] = called.confirm(world, run, one)
    assert (seat.state, spans(one), spans(two)) == ("confirmed", [(run.pk, True)], [(run.pk, False)])
    assert called.acts_of(seat) == [("报名", unit.contact.name), ("确认", "林晓峰")]
    assert seat.acts.last().post_title == "宣传网络部 干事"


def test_the_second_organiser_reads_who_has_the_person_and_since_when(
    world: World, run: ClassRun, other: ClassRun
) -> None:
    unit = called.unit(world, people=2)
    for held in (run, other):
        called.call_up(world, held, [(unit, 2)])
        called.nominate(world, held, unit, explanation="两边都需要")
    who, free = unit.cadres
    called.confirm(world, other, who, when=at(6, 1, 10, 20))
    with pytest.raises(Conflict) as conflict:
        called.confirm(world, run, who, free, when=at(6, 1, 11))
    assert str(conflict.value) == (
        f"{who.name}已由 冯雪（权益保障部 干事）于 6月1日 10:20 确认参加滨海新区总工会权益保障部"
        "《劳动法律监督员培训班》（2027年6月8日上午至2027年6月9日下午），与本班时间冲突，不能同时参加。"
    )
    assert called.seat(run, free).state == "nominated"
    seats.withdraw(seat_id=called.seat(other, who).pk, reason="改派", actor=unit.contact, at=at(6, 1, 12))
    assert len(called.confirm(world, run, who, free, when=at(6, 1, 13))) == 2


def test_confirmed_already_is_told_with_the_name(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    called.confirm(world, run, *unit.cadres, when=at(6, 1, 10, 20))
    with pytest.raises(Conflict, match="已由 林晓峰（宣传网络部 干事）于 6月1日 10:20 确认。"):
        called.confirm(world, run, *unit.cadres, when=at(6, 1, 11))


def test_each_guard_of_a_confirmation_alone_refuses(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=4)
    called.call_up(world, run, [(unit, 3)])
    called.nominate(world, run, unit)
    first, second, third, reserve = unit.cadres
    with pytest.raises(Refused, match="是候补，有空缺时先通知递补"):
        called.confirm(world, run, reserve)
    who = called.organiser(world, run)
    for actor in (unit.contact, world.people["quanyi-staff"]):
        with pytest.raises(Refused, match="只有宣传网络部和归口管理部门"):
            seats.confirm(seat_ids=[called.seat(run, first).pk], actor=actor, at=world.now())
    seats.withdraw(seat_id=called.seat(run, second).pk, reason="出差", actor=who, at=world.now())
    with pytest.raises(Refused, match="现为“已退出”，不能确认"):
        called.confirm(world, run, second)
    type(first).objects.filter(pk=first.pk).update(status=CadreStatus.LEFT, status_on=date(2027, 6, 1))
    with pytest.raises(Refused, match="自2027年6月1日起已“不再从事工会工作”"):
        called.confirm(world, run, third, first)
    with pytest.raises(Refused, match="没有选择学员"):
        seats.confirm(seat_ids=[], actor=who, at=world.now())
    assert not Seat.objects.filter(run=run, state="confirmed").exists()


def test_no_more_than_the_class_was_approved_for(world: World) -> None:
    run = called.opened(world, trainees=10, staff=1, costs={"meals": "1000.00"})
    unit = called.unit(world, people=11)
    called.call_up(world, run, [(unit, 10)])
    called.nominate(world, run, unit)
    called.confirm(world, run, *unit.cadres[:10])
    # By a road the services don't have: the number is held against once more when confirming.
    Seat.objects.filter(pk=called.seat(run, unit.cadres[10]).pk).update(rank="formal")
    with pytest.raises(Refused, match="批准学员 10 人，已确认 10 人，不能再确认 1 人"):
        called.confirm(world, run, unit.cadres[10])


def test_many_are_confirmed_each_by_itself(world: World, run: ClassRun, other: ClassRun) -> None:
    unit = called.unit(world, people=3)
    for held in (run, other):
        called.call_up(world, held, [(unit, 3)])
    called.nominate(world, run, unit)
    taken = unit.cadres[1]
    called.nominate(world, other, unit, [taken], explanation="需要")
    called.confirm(world, other, taken)
    results = seats.confirm_many(
        seat_ids=[called.seat(run, who).pk for who in unit.cadres],
        actor=called.organiser(world, run),
        at=world.now(),
    )
    assert [result.name for result in results] == [who.name for who in unit.cadres]
    assert [result.seat is not None for result in results] == [True, False, True]
    assert "与本班时间冲突" in results[1].reason


# ---- the database's own word


def test_a_clash_nothing_looked_for_is_stopped_by_the_database(
    world: World, run: ClassRun, other: ClassRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if somebody's class had been moved between the check and the change."""
    from workflow.services import confirmations

    unit = called.unit(world, people=1)
    for held in (run, other):
        called.call_up(world, held, [(unit, 1)])
        called.nominate(world, held, unit, explanation="需要")
    called.confirm(world, other, *unit.cadres, when=at(6, 1, 10))
    monkeypatch.setattr(confirmations, "_demand_clean", lambda *_: None)
    with pytest.raises(Conflict, match="于 6月1日 10:00 确认参加滨海新区总工会权益保障部《劳动法律监督员"):
        called.confirm(world, run, *unit.cadres, when=at(6, 1, 11))
    assert called.seat(run, unit.cadres[0]).state == "nominated"
    assert spans(unit.cadres[0]) == [(run.pk, False), (other.pk, True)]
