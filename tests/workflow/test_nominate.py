"""Nominations: 正式 and 候补, what is turned away, who is offered a place, who comes instead (S7)."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from office.refusals import Refused
from org.states import CadreStatus, Leadership
from tests.workflow import called
from tests.workflow.world import World, at
from workflow.models import ClassRun, Seat
from workflow.services import seats
from workflow.states import SeatSource

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world, trainees=50)


def states(run: ClassRun, unit: called.Unit) -> list[tuple[str, str]]:
    """(rank, state) in the unit's order."""
    mine = Seat.objects.filter(run=run, unit=unit.union).order_by("position", "pk")
    return list(mine.values_list("rank", "state"))


def leave(world: World, run: ClassRun, who, actor=None, reason: str = "工作安排") -> Seat:
    return seats.withdraw(
        seat_id=called.seat(run, who).pk,
        reason=reason,
        actor=actor or called.organiser(world, run),
        at=world.now(),
    )


def test_twelve_names_for_ten_seats(world: World, run: ClassRun) -> None:
    """S7 whole: 10 正式, 2 候补; one leaves, the first 候补 is offered, and takes it or not."""
    a, b = called.unit(world, people=12), called.unit(world)
    called.call_up(world, run, [(a, 10), (b, 40)])
    sent = called.nominate(world, run, a, source=SeatSource.ROSTER)
    assert [result.seat.rank for result in sent.results] == ["formal"] * 10 + ["reserve"] * 2
    assert [finding.code for finding in sent.results[10].findings] == ["over_quota"]
    assert [result.findings for result in sent.results[:10]] == [[]] * 10
    leave(world, run, a.cadres[3], a.contact)
    eleventh, twelfth = (called.seat(run, who) for who in a.cadres[10:])
    assert (eleventh.rank, eleventh.state, twelfth.state) == ("reserve", "offered", "nominated")
    assert called.acts_of(eleventh)[-1] == ("通知递补", a.contact.name)
    seats.accept(seat_id=eleventh.pk, actor=a.contact, at=world.now())
    eleventh = called.seat(run, a.cadres[10])
    assert (eleventh.rank, eleventh.state) == ("formal", "nominated")
    leave(world, run, a.cadres[0])
    seats.decline(seat_id=twelfth.pk, reason="出差", actor=a.contact, at=world.now())
    assert called.acts_of(twelfth)[-1] == ("不接受递补", a.contact.name)
    assert states(run, a).count(("formal", "nominated")) == 9


def test_a_place_is_offered_once(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=4)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    one, two, three, four = unit.cadres
    leave(world, run, one)
    assert [called.seat(run, who).state for who in (three, four)] == ["offered", "nominated"]
    leave(world, run, four)
    leave(world, run, three)
    assert [called.seat(run, who).state for who in (two, three, four)] == [
        "nominated",
        "withdrawn",
        "withdrawn",
    ]


def test_new_names_take_free_seats_and_those_offered_arent_free(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit, unit.cadres[:2])
    leave(world, run, unit.cadres[0])
    called.nominate(world, run, unit, unit.cadres[2:])
    assert states(run, unit) == [("formal", "withdrawn"), ("reserve", "offered"), ("reserve", "nominated")]


def test_who_is_turned_away_has_no_seat_and_takes_none(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=2)
    gone = called.cadre(unit.union, status=CadreStatus.TRANSFERRED, status_on=date(2027, 1, 1))
    called.call_up(world, run, [(unit, 2)])
    first, second, third = called.nominate(world, run, unit, [gone, *unit.cadres]).results
    assert first.seat is None
    assert first.reason.startswith("自2027年1月1日起已“调离”")
    assert [second.seat.rank, third.seat.rank] == ["formal", "formal"]
    assert Seat.objects.count() == 2


def test_a_warning_asks_for_the_units_word_and_keeps_it(world: World) -> None:
    run = called.opened(world, trainees=50, audience_posts=["chair"])
    unit = called.unit(world, people=1)
    chair = called.cadre(unit.union, leadership=Leadership.CHAIR)
    called.call_up(world, run, [(unit, 2)])
    [turned_away] = called.nominate(world, run, unit, unit.cadres).results
    assert turned_away.seat is None
    assert turned_away.reason.startswith("须填写说明：本班的对象是")
    called.nominate(world, run, unit, unit.cadres, explanation="主持工会工作")
    taken = called.seat(run, unit.cadres[0])
    assert (taken.explanation, [row["code"] for row in taken.findings]) == (
        "主持工会工作",
        ["audience_mismatch"],
    )
    assert called.nominate(world, run, unit, [chair]).results[0].seat is not None


def test_who_is_held_has_a_seat(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    called.trained(unit.cadres[0], date(2026, 9, 1))
    [result] = called.nominate(world, run, unit).results
    assert result.seat is not None
    assert [(row["code"], row["severity"]) for row in called.seat(run, unit.cadres[0]).findings] == [
        ("repeat_call_up", "hold")
    ]


def test_name_unit_and_post_stand_as_they_were(world: World, run: ClassRun) -> None:
    unit = called.unit(world, "甲街道", people=1)
    called.call_up(world, run, [(unit, 1)])
    who = unit.cadres[0]
    called.nominate(world, run, unit)
    type(who).objects.filter(pk=who.pk).update(name="改了名", post_title="主席")
    taken = called.seat(run, who)
    assert (taken.name, taken.unit_name, taken.post_title) == (who.name, "甲街道", "干事")


def test_late_is_taken_when_the_unit_says_so(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    late = at(5, 31, 17, 1)
    with pytest.raises(Refused, match="报名已于 5月31日 17:00 截止。确需补报的"):
        called.nominate(world, run, unit, when=late)
    [turned_away] = called.nominate(world, run, unit, when=late, late_ok=True).results
    assert turned_away.reason == "须填写说明：报名已于 5月31日 17:00 截止。"
    called.nominate(world, run, unit, when=late, late_ok=True, explanation="名册送签延误")
    assert called.seat(run, unit.cadres[0]).late is True


def test_only_the_units_people_and_the_organiser_nominate(world: World, run: ClassRun) -> None:
    one, two = called.unit(world, "甲街道", people=2), called.unit(world)
    called.call_up(world, run, [(one, 2), (two, 2)])
    with pytest.raises(Refused, match="只有甲街道的人员和主办部门可以办理"):
        called.nominate(world, run, one, actor=two.contact)
    with pytest.raises(Refused, match="只有宣传网络部和归口管理部门的人员可以办理"):
        called.nominate(world, run, one, actor=one.contact, source=SeatSource.ENTERED)
    entered = called.nominate(
        world, run, one, one.cadres[:1], actor=called.organiser(world, run), source=SeatSource.ENTERED
    )
    assert called.acts_of(entered.seats[0]) == [("代为录入", "林晓峰")]


def test_the_same_person_isnt_nominated_twice(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 3)])
    first, second = called.nominate(world, run, unit, unit.cadres * 2).results
    assert (first.seat is None, second.reason) == (False, "与第 1 行是同一个证件号码。请删去多余的一行。")
    [third] = called.nominate(world, run, unit).results
    assert third.reason == "已在本班名单中（已报名）。无须再报。"


@pytest.mark.parametrize("people", [2, 30])
def test_a_list_costs_the_same_number_of_queries_however_long(
    world: World, run: ClassRun, people: int
) -> None:
    unit = called.unit(world, people=people)
    called.call_up(world, run, [(unit, 20)])
    called.nominate(world, run, unit, [called.cadre(unit.union)])
    with CaptureQueriesContext(connection) as asked:
        called.nominate(world, run, unit)
    assert len(asked) <= 22


# ---- 点名调训, 机动名额


def test_the_organiser_names_people_out_of_the_quota_then_out_of_what_it_kept_back(
    world: World, run: ClassRun
) -> None:
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 1), (called.unit(world), 48)])
    who = called.organiser(world, run)

    def name(cadre, reason: str = "业务骨干"):
        return seats.name(
            run_id=run.pk,
            unit_id=unit.union.pk,
            people=[called.nominee(cadre)],
            reason=reason,
            actor=who,
            at=world.now(),
        ).results[0]

    with pytest.raises(Refused, match="须写明理由"):
        name(unit.cadres[0], " ")
    assert [name(cadre).seat.rank for cadre in unit.cadres] == ["formal", "formal", "reserve"]
    named = called.seat(run, unit.cadres[0])
    assert (named.source, called.acts_of(named)) == ("named", [("点名调训", "林晓峰")])
    with pytest.raises(Refused, match="只有宣传网络部"):
        seats.name(
            run_id=run.pk,
            unit_id=unit.union.pk,
            people=[called.nominee(unit.cadres[2])],
            reason="骨干",
            actor=unit.contact,
            at=world.now(),
        )


def test_a_place_kept_back_is_offered_by_hand_and_once(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 1), (called.unit(world), 48)])
    called.nominate(world, run, unit)
    who = called.organiser(world, run)
    second, third = (called.seat(run, cadre).pk for cadre in unit.cadres[1:])
    with pytest.raises(seats.SpareNeeded, match="递补须用机动名额（还有 1 个）"):
        seats.offer(seat_id=second, actor=who, at=world.now())
    assert called.seat(run, unit.cadres[1]).state == "nominated"
    seats.offer(seat_id=second, actor=who, at=world.now(), spare=True)
    with pytest.raises(Refused, match="没有空出的名额，也没有机动名额"):
        seats.offer(seat_id=third, actor=who, at=world.now())
    with pytest.raises(Refused, match="只有宣传网络部"):
        seats.offer(seat_id=third, actor=unit.contact, at=world.now())
    with pytest.raises(Refused, match="已是正式学员"):
        seats.offer(seat_id=called.seat(run, unit.cadres[0]).pk, actor=who, at=world.now())


# ---- 调换, 不予录取


def test_another_of_the_unit_comes_instead_with_rank_and_turn(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    called.confirm(world, run, unit.cadres[0])
    newcomer = called.cadre(unit.union)
    new = seats.replace(
        seat_id=called.seat(run, unit.cadres[0]).pk,
        by=called.nominee(newcomer),
        reason="生病",
        actor=unit.contact,
        at=world.now(),
    )
    old = called.seat(run, unit.cadres[0])
    assert (old.state, new.state, new.rank, new.position, new.replaces) == (
        "replaced",
        "nominated",
        "formal",
        1,
        old,
    )
    assert states(run, unit)[2:] == [("formal", "nominated"), ("reserve", "nominated")]
    assert old.acts.last().reason == f"{newcomer.name}：生病"


def test_who_may_not_come_doesnt_come_instead_and_nothing_changes(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=2)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    first = called.seat(run, unit.cadres[0])
    for by, reason, why in (
        (called.cadre(unit.union, status=CadreStatus.RETIRED), "生病", "退休"),
        (unit.cadres[1], "生病", "已在本班名单中"),
        (called.cadre(unit.union), "", "须写明原因"),
    ):
        with pytest.raises(Refused, match=why):
            seats.replace(
                seat_id=first.pk, by=called.nominee(by), reason=reason, actor=unit.contact, at=world.now()
            )
    assert called.seat(run, unit.cadres[0]).state == "nominated"


def test_not_taken_with_a_reason_the_next_is_offered(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=2)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    first = called.seat(run, unit.cadres[0])
    who = called.organiser(world, run)
    with pytest.raises(Refused, match="请写明原因"):
        seats.reject(seat_id=first.pk, reason=" ", actor=who, at=world.now())
    with pytest.raises(Refused, match="只有宣传网络部"):
        seats.reject(seat_id=first.pk, reason="不合适", actor=unit.contact, at=world.now())
    seats.reject(seat_id=first.pk, reason="不属于业务对口人员", actor=who, at=world.now())
    assert states(run, unit) == [("formal", "rejected"), ("reserve", "offered")]


# ---- whom the unit passed over


def test_a_list_is_told_whom_it_passed_over(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    never, long_ago, lately = (called.cadre(unit.union, name) for name in ("从未训", "多年前", "去年训"))
    called.trained(long_ago, date(2023, 5, 1), subject="YW-08")
    called.trained(lately, date(2026, 5, 1), subject="YW-08")
    chair = called.cadre(
        unit.union, "新主席", leadership=Leadership.CHAIR, appointed_on=date(2026, 8, 1), post_title="主席"
    )
    called.trained(chair, date(2026, 7, 1), subject="YW-08")
    called.call_up(world, run, [(unit, 5)])
    forgotten, new_chair = called.nominate(world, run, unit, unit.cadres).notices
    assert forgotten.code == "passed_over"
    assert "从未训（从未参训）、多年前（2023年5月1日）" in forgotten.message
    assert [link["cadre"] for link in forgotten.links] == [never.pk, long_ago.pk]
    assert new_chair.code == "new_chair"
    assert "新主席（2026年8月1日任职，应在2027年8月1日前参训）" in new_chair.message
    assert called.nominate(world, run, unit, [never, long_ago, chair]).notices == []


def test_who_is_thought_of_elsewhere_this_year_isnt_passed_over(world: World, run: ClassRun) -> None:
    """Who has left that other list is told again."""
    unit = called.unit(world, people=3)
    asked, elsewhere, left = unit.cadres
    called.call_up(world, run, [(unit, 5)])
    other = called.opened(world, department="quanyi", name="法律班", subject="YW-08")
    called.call_up(world, other, [(unit, 2)])
    called.nominate(world, other, unit, [elsewhere, left], explanation="业务骨干")
    leave(world, other, left)
    [notice] = called.nominate(world, run, unit, [called.cadre(unit.union)]).notices
    assert [link["cadre"] for link in notice.links] == [asked.pk, left.pk]
