"""Two organisers, two servers, one person: exactly one has him, and the other reads who (§5, S29)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest
from django.db import IntegrityError

from office.refusals import Conflict, Refused
from tests.workflow import acts, called, runs
from tests.workflow.called import Unit
from tests.workflow.seat_process import Server
from tests.workflow.test_seat_states import astray
from tests.workflow.world import World, at
from workflow.models import ClassRun, Seat, SeatAct, SeatSpan
from workflow.services import seats
from workflow.services.seats import Nominated
from workflow.states import SeatState

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5


@pytest.fixture
def servers(transactional_db: None) -> Iterator[tuple[Server, Server]]:
    pair = Server(), Server()
    yield pair
    for server in pair:
        server.close()


def two_classes(world: World, people: int) -> tuple[ClassRun, ClassRun, Unit]:
    """Two classes of two departments on the same days, the same people nominated for both."""
    one = called.opened(world)
    two = called.opened(world, department="quanyi", name="法律班", subject="YW-08")
    unit = called.unit(world, people=people)
    for held in (one, two):
        called.call_up(world, held, [(unit, people)])
        called.nominate(world, held, unit, explanation="两边都需要")
    return one, two, unit


def overlaps() -> int:
    """Pairs of firm half-days of one person that overlap."""
    firm = list(SeatSpan.objects.filter(firm=True).order_by("cadre", "span"))
    return sum(a.cadre_id == b.cadre_id and b.span.lower < a.span.upper for a, b in pairwise(firm))


def test_two_servers_confirm_one_person_and_one_of_them_has_him(
    world: World, servers: tuple[Server, Server]
) -> None:
    one, two, unit = two_classes(world, ROUNDS)
    who = {run: called.organiser(world, run) for run in (one, two)}
    for cadre in unit.cadres:
        start = time.time() + 0.3
        for server, run in zip(servers, (one, two), strict=True):
            server.send(
                "confirm",
                start=start,
                seat_ids=[called.seat(run, cadre).pk],
                actor=who[run].pk,
                at=at(6, 1, 10, 20).isoformat(),
            )
        answers = [server.answer() for server in servers]
        assert sorted(str(answer.get("refused")) for answer in answers) == ["Conflict", "None"]
        won = one if "done" in answers[0] else two
        [text] = [answer["text"] for answer in answers if "text" in answer]
        assert text == (
            f"{cadre.name}已由 {who[won].name}（{won.plan.department.name} 干事）于 6月1日 10:20 确认参加"
            f"滨海新区总工会{won.plan.department.name}《{won.title}》"
            "（2027年6月8日上午至2027年6月9日下午），与本班时间冲突，不能同时参加。"
        )
        states = [called.seat(run, cadre).state for run in (one, two)]
        assert sorted(states) == ["confirmed", "nominated"]
    assert (overlaps(), astray()) == (0, [])
    assert SeatAct.objects.filter(action="confirm").count() == ROUNDS


def test_whole_lists_confirmed_at_once_cross_without_deadlock(world: World) -> None:
    one, two, unit = two_classes(world, 8)

    def many(run: ClassRun, *, backwards: bool) -> list[seats.Confirmed]:
        ids = [called.seat(run, who).pk for who in unit.cadres]
        return seats.confirm_many(
            seat_ids=ids[::-1] if backwards else ids, actor=called.organiser(world, run), at=at(6, 1)
        )

    results = acts.race(lambda: many(one, backwards=False), lambda: many(two, backwards=True))
    done = [line for result in results for line in result]  # type: ignore[attr-defined]
    assert Counter(line.seat is not None for line in done) == {True: 8, False: 8}
    assert all("确认参加" in line.reason for line in done if line.seat is None)
    assert (overlaps(), astray()) == (0, [])


def test_lists_taken_whole_one_of_them_is_taken(world: World) -> None:
    one, two, unit = two_classes(world, 6)

    def whole(run: ClassRun) -> list[Seat]:
        return called.confirm(world, run, *unit.cadres, when=at(6, 1))

    results = acts.race(*[lambda run=run: whole(run) for run in (one, two, two, one)])
    kinds = Counter(type(result).__name__ for result in results)
    assert kinds == {"list": 1, "Conflict": 3}, results
    assert Seat.objects.filter(state=SeatState.CONFIRMED).count() == 6
    assert overlaps() == 0


def test_confirming_against_moving_the_other_class_onto_the_days(world: World) -> None:
    one = called.opened(world)
    unit = called.unit(world, people=4)
    called.call_up(world, one, [(unit, 4)])
    called.nominate(world, one, unit)
    days = called.on(one, runs.FIRST_DAY).stretches
    for number, cadre in enumerate(unit.cadres):
        two = called.opened(
            world,
            department="quanyi",
            name=f"法律班{number}",
            subject="YW-08",
            first=at(6, 22).date(),
            time_slots=["06L"],
        )
        called.call_up(world, two, [(unit, 1)])
        called.nominate(world, two, unit, [cadre])
        called.confirm(world, two, cadre)

        def move(two=two) -> str:
            run = ClassRun.objects.get(pk=two.pk)
            run.stretches = days
            run.save()
            return "moved"

        moved, confirmed = acts.race(move, partial(called.confirm, world, one, cadre, when=at(6, 1)))
        assert (moved == "moved") is not isinstance(confirmed, list), (moved, confirmed)
        assert moved == "moved" or isinstance(moved, IntegrityError)
        assert isinstance(confirmed, list | Conflict)
        assert (overlaps(), astray()) == (0, [])


def test_confirming_against_withdrawing(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=5)
    called.call_up(world, run, [(unit, 5)])
    called.nominate(world, run, unit)
    for cadre in unit.cadres:
        seat = called.seat(run, cadre).pk

        def leave(seat=seat) -> Seat:
            return seats.withdraw(seat_id=seat, reason="出差", actor=unit.contact, at=at(6, 1))

        confirmed, left = acts.race(partial(called.confirm, world, run, cadre, when=at(6, 1)), leave)
        assert isinstance(left, Seat)
        assert isinstance(confirmed, list | Refused)
        assert called.seat(run, cadre).state == "withdrawn"
    assert astray() == []


def test_the_same_names_sent_twice_at_once_are_taken_once(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=6)
    called.call_up(world, run, [(unit, 4)])
    results = acts.race(*[lambda: called.nominate(world, run, unit, when=at(5, 20))] * 4)
    taken = [len(result.seats) for result in results if isinstance(result, Nominated)]
    assert sorted(taken) == [0, 0, 0, 6], results
    assert Counter(Seat.objects.values_list("rank", flat=True)) == {"formal": 4, "reserve": 2}
    assert sorted(Seat.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_two_lists_of_one_unit_share_its_quota(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=8)
    called.call_up(world, run, [(unit, 5)])
    acts.race(
        *[
            lambda part=part: called.nominate(world, run, unit, part, when=at(5, 20))
            for part in (unit.cadres[:4], unit.cadres[4:])
        ]
    )
    assert Counter(Seat.objects.values_list("rank", flat=True)) == {"formal": 5, "reserve": 3}


def test_two_places_given_up_at_once_are_offered_to_two(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=6)
    called.call_up(world, run, [(unit, 3)])
    called.nominate(world, run, unit)
    leaving = [called.seat(run, who).pk for who in unit.cadres[:2]]
    acts.race(
        *[
            lambda seat=seat: seats.withdraw(seat_id=seat, reason="出差", actor=unit.contact, at=at(5, 21))
            for seat in leaving
        ]
    )
    assert [called.seat(run, who).state for who in unit.cadres[3:]] == ["offered", "offered", "nominated"]


def test_one_place_kept_back_is_offered_to_one(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=4)
    called.call_up(world, run, [(unit, 1), (called.unit(world), run.trainees - 2)])
    called.nominate(world, run, unit)
    waiting = [called.seat(run, who).pk for who in unit.cadres[1:]]
    who = called.organiser(world, run)
    results = acts.race(
        *[
            lambda seat=seat: seats.offer(seat_id=seat, actor=who, at=at(5, 21), spare=True)
            for seat in waiting
        ]
    )
    assert Counter(type(result).__name__ for result in results) == {"Seat": 1, "Refused": 2}


def test_one_seat_confirmed_by_four_is_confirmed_once(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    results = acts.race(*[lambda: called.confirm(world, run, *unit.cadres, when=at(6, 1, 10, 40))] * 4)
    assert Counter(type(result).__name__ for result in results) == {"list": 1, "Conflict": 3}
    assert {str(result) for result in results if isinstance(result, Conflict)} == {
        f"{unit.cadres[0].name}已由 林晓峰（宣传网络部 干事）于 6月1日 10:40 确认。"
    }
