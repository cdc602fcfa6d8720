"""Feedback by unit, clashes seen from both sides, one's own classes, and how loaded a unit is."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.workflow import called
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.selectors.callup import called_to, clashes, feedback, feedback_total, most_called, weeks_away
from workflow.services import attendance, seats
from workflow.states import SeatState

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world)


@pytest.fixture
def other(world: World) -> ClassRun:
    return called.opened(world, department="quanyi", name="劳动法律监督员培训班", subject="YW-08")


def test_each_side_sees_the_clash_whoever_came_first(world: World, run: ClassRun, other: ClassRun) -> None:
    one, two = called.unit(world, people=2), called.unit(world, people=1)
    for held in (run, other):
        called.call_up(world, held, [(one, 2), (two, 1)])
    called.nominate(world, run, one)
    called.nominate(world, run, two)
    assert clashes(run) == clashes(other) == {}
    called.nominate(world, other, one, one.cadres[:1], explanation="业务需要")
    mine, theirs = called.seat(run, one.cadres[0]), called.seat(other, one.cadres[0])
    [here] = clashes(run)[mine.pk]
    [there] = clashes(other)[theirs.pk]
    assert (here.run, here.state, here.firm) == (other, SeatState.NOMINATED, False)
    assert there.message == "也在滨海新区总工会宣传网络部《工会信息员培训班》的名单中（已报名）"
    assert clashes(run, [two.union.pk]) == {}
    assert list(clashes(run, [one.union.pk])) == [mine.pk]
    called.confirm(world, run, one.cadres[0])
    assert clashes(other)[theirs.pk][0].firm is True
    seats.withdraw(seat_id=mine.pk, reason="改派", actor=called.organiser(world, run), at=world.now())
    assert clashes(run) == clashes(other) == {}


def test_feedback_counts_what_became_of_each_unit(world: World, run: ClassRun) -> None:
    one, two = called.unit(world, "甲街道", people=4), called.unit(world, "乙街道")
    called.call_up(world, run, [(one, 3), (two, 2)])
    called.nominate(world, run, one)
    a, b, c, d = one.cadres
    seats.withdraw(seat_id=called.seat(run, a).pk, reason="出差", actor=one.contact, at=world.now())
    seats.accept(seat_id=called.seat(run, d).pk, actor=one.contact, at=world.now())
    newcomer = called.cadre(one.union)
    seats.replace(
        seat_id=called.seat(run, b).pk,
        by=called.nominee(newcomer),
        reason="生病",
        actor=one.contact,
        at=world.now(),
    )
    called.confirm(world, run, c, d, newcomer)
    who = called.organiser(world, run)
    attendance.begin(run_id=run.pk, actor=who, at=at(6, 8))
    extra = called.cadre(two.union)
    seats.add_on_site(
        run_id=run.pk,
        unit_id=two.union.pk,
        nominee=called.nominee(extra),
        confirmation="乙街道电话同意",
        actor=who,
        at=at(6, 8, 9),
    )
    marks = {(called.seat(run, p).pk, date(2027, 6, 8), 0): ("present", "") for p in (c, extra)}
    marks[called.seat(run, d).pk, date(2027, 6, 8), 0] = ("late", "")
    marks[called.seat(run, newcomer).pk, date(2027, 6, 8), 0] = ("absent", "")
    attendance.enter(run_id=run.pk, marks=marks, actor=who, at=at(6, 8, 12))
    lines = feedback(ClassRun.objects.get(pk=run.pk))
    shown = [
        (x.unit, x.quota, x.nominated, x.confirmed, x.came, x.absent, x.replaced, x.withdrawn, x.on_site)
        for x in [*lines, feedback_total(lines)]
    ]
    assert shown == [
        ("甲街道", 3, 4, 3, 2, 1, 1, 1, 0),
        ("乙街道", 2, 0, 1, 1, 0, 0, 0, 1),
        ("", 5, 4, 4, 3, 1, 1, 1, 1),
    ]
    assert [line.rate for line in lines] == [66.7, 0.0]
    with CaptureQueriesContext(connection) as asked:
        feedback(run)
    assert len(asked) == 2


def test_one_sees_what_one_is_called_to(world: World, run: ClassRun, other: ClassRun) -> None:
    unit = called.unit(world, people=1)
    who = unit.cadres[0]
    who.user = unit.contact
    who.save()
    for held in (run, other):
        called.call_up(world, held, [(unit, 1)])
        called.nominate(world, held, unit, explanation="业务需要")
    mine = called.seat(other, who)
    seats.withdraw(seat_id=mine.pk, reason="冲突", actor=unit.contact, at=world.now())
    assert [seat.run for seat in called_to(unit.contact)] == [run]
    assert list(called_to(called.organiser(world, run))) == []


def test_the_load_of_a_unit_week_by_week_and_who_is_called_too_often(world: World) -> None:
    unit, elsewhere = called.unit(world, people=3), called.unit(world, people=1)
    below = called.unit(world, parent=unit.union, people=1)
    first = called.opened(world)
    second = called.opened(
        world, department="quanyi", name="法律班", subject="YW-08", first=date(2027, 6, 15)
    )
    for held in (first, second):
        called.call_up(world, held, [(unit, 3), (below, 1), (elsewhere, 1)])
    called.nominate(world, first, unit)
    called.nominate(world, first, elsewhere)
    called.nominate(world, second, below)
    called.nominate(world, second, unit, unit.cadres[:1])
    weeks = weeks_away(unit.union, date(2027, 6, 9), 3)
    assert [(week.monday, week.away, week.share) for week in weeks] == [
        (date(2027, 6, 7), 3, 75.0),
        (date(2027, 6, 14), 2, 50.0),
        (date(2027, 6, 21), 0, 0.0),
    ]
    [load] = most_called(unit.union, date(2027, 6, 1), date(2027, 6, 15))
    assert (load.cadre_id, load.unit, load.classes, load.half_days) == (
        unit.cadres[0].pk,
        unit.union.name,
        2,
        6,
    )
    assert len(most_called(unit.union, date(2027, 6, 1), date(2027, 6, 30), least=1)) == 4
