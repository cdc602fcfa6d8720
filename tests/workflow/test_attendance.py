"""开班, 签到, 结束考勤: who finished and what is recorded of him (S25; X3; DOMAIN §8 no. 26)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from office.refusals import Refused
from org.models import Cadre
from tests.workflow import called, runs
from tests.workflow.called import Unit
from tests.workflow.world import World, at
from training.models import TrainingRecord
from workflow.models import Attendance, ClassRun, Seat
from workflow.services import attendance, seats
from workflow.states import DecisionAction, Half

pytestmark = pytest.mark.django_db

FIRST = date(2027, 6, 8)
#: The class of the tests ends on 9 June.
LAST_HOUR = at(6, 9, 18)


def held(world: World, people: int = 2, **fields: Any) -> tuple[ClassRun, Unit]:
    """A class that has begun, with this unit's people confirmed."""
    run = called.opened(world, **fields)
    unit = called.unit(world, "甲街道", people=people)
    called.call_up(world, run, [(unit, people)])
    called.nominate(world, run, unit)
    called.confirm(world, run, *unit.cadres)
    attendance.begin(run_id=run.pk, actor=called.organiser(world, run), at=at(6, 8))
    return runs.fresh_run(run), unit


def mark(world: World, run: ClassRun, who: Cadre, when=LAST_HOUR, other: dict[int, str] | None = None) -> int:
    """Every half-day of somebody: present, but for those in ``other`` by their number from 0."""
    other = other or {}
    seat = called.seat(run, who)
    marks = {
        (seat.pk, day, int(half)): (other.get(number, "present"), "")
        for number, (day, half) in enumerate(run.half_days)
    }
    return attendance.enter(run_id=run.pk, marks=marks, actor=called.organiser(world, run), at=when)


def close(world: World, run: ClassRun, when=LAST_HOUR) -> attendance.Closed:
    return attendance.close(run_id=run.pk, actor=called.organiser(world, run), at=when)


def ended(run: ClassRun, who: Cadre) -> tuple[str, str]:
    seat = called.seat(run, who)
    return seat.state, seat.result_note


# ---- begin


def test_a_class_begins_on_its_first_day_with_somebody_in_it(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    who = called.organiser(world, run)
    with pytest.raises(Refused, match="还没有确认学员"):
        attendance.begin(run_id=run.pk, actor=who, at=at(6, 8))
    called.confirm(world, run, *unit.cadres)
    with pytest.raises(Refused, match="2027年6月8日开班，今天还不能办理"):
        attendance.begin(run_id=run.pk, actor=who, at=at(6, 7))
    with pytest.raises(Refused, match="只有宣传网络部"):
        attendance.begin(run_id=run.pk, actor=unit.contact, at=at(6, 8))
    assert attendance.begin(run_id=run.pk, actor=who, at=at(6, 8)).state == "running"


# ---- enter


def test_half_days_are_entered_corrected_and_taken_back(world: World) -> None:
    run, unit = held(world)
    seat = called.seat(run, unit.cadres[0])
    who = called.organiser(world, run)

    def enter(*presences: str) -> int:
        marks = {(seat.pk, FIRST, half): (presence, "") for half, presence in enumerate(presences)}
        return attendance.enter(run_id=run.pk, marks=marks, actor=who, at=at(6, 8, 17))

    assert enter("present", "leave") == 2
    assert enter("present", "late") == 1
    assert enter("present", "late") == 0
    assert enter("", "late") == 1
    rows = Attendance.objects.filter(seat=seat).values_list("day", "half", "presence")
    assert list(rows) == [(FIRST, Half.AFTERNOON, "late")]


def test_what_cant_be_entered_is_named_and_nothing_is(world: World) -> None:
    run, unit = held(world)
    seat = called.seat(run, unit.cadres[0])
    who = called.organiser(world, run)
    good = (seat.pk, FIRST, 0)
    for key, presence, why in (
        ((0, FIRST, 0), "present", "不是《工会信息员培训班》的已确认学员"),
        ((seat.pk, date(2027, 6, 10), 0), "present", "6月10日（星期四）上午不在本班时间内"),
        ((seat.pk, date(2027, 6, 9), 0), "present", "6月9日（星期三）上午还没有到"),
        ((seat.pk, FIRST, 1), "here", "考勤“here”不是规定的写法"),
    ):
        with pytest.raises(Refused, match=why):
            attendance.enter(
                run_id=run.pk, marks={good: ("present", ""), key: (presence, "")}, actor=who, at=at(6, 8, 17)
            )
    with pytest.raises(Refused, match="只有宣传网络部"):
        attendance.enter(run_id=run.pk, marks={good: ("present", "")}, actor=unit.contact, at=at(6, 8, 17))
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("people", [2, 12])
def test_a_sheet_costs_the_same_number_of_queries_however_many_people(world: World, people: int) -> None:
    run, unit = held(world, people)
    marks = {(called.seat(run, who).pk, FIRST, 0): ("present", "") for who in unit.cadres}
    with CaptureQueriesContext(connection) as asked:
        attendance.enter(run_id=run.pk, marks=marks, actor=called.organiser(world, run), at=at(6, 8, 17))
    assert len(asked) <= 11


# ---- close


def test_attendance_closes_when_everybody_has_every_half_day_and_the_class_is_over(world: World) -> None:
    run, unit = held(world)
    one, two = unit.cadres
    mark(world, run, one)
    with pytest.raises(Refused) as refused:
        close(world, run)
    assert str(refused.value) == (
        f"考勤还没有录完：{two.name} 6月8日（星期二）上午、{two.name} 6月8日（星期二）下午、"
        f"{two.name} 6月9日（星期三）上午、{two.name} 6月9日（星期三）下午。"
    )
    mark(world, run, two)
    with pytest.raises(Refused, match="2027年6月9日结束，今天还不能结束考勤"):
        close(world, run, at(6, 8, 18))
    closed = close(world, run)
    assert [seat.name for seat in closed.finished] == [one.name, two.name]
    run = runs.fresh_run(run)
    assert (run.state, run.closed_at) == ("settling", LAST_HOUR)
    with pytest.raises(Refused, match="现为“待结算”"):
        mark(world, run, one)


def test_who_finished_has_his_record_with_it(world: World) -> None:
    run, unit = held(world)
    one, two = unit.cadres
    mark(world, run, one)
    mark(world, run, two, other={0: "absent"})
    close(world, run)
    record = TrainingRecord.objects.get()
    assert (record.cadre, record.unit, record.class_name, record.subject) == (
        one,
        unit.union,
        "工会信息员培训班",
        "YW-03",
    )
    assert (record.starts_on, record.ends_on, record.hours) == (FIRST, date(2027, 6, 9), Decimal("16.0"))
    assert (record.organizer, record.organizer_name) == (world.union, "滨海新区总工会宣传网络部")
    assert (record.by_superior, record.result, record.source) == (True, "completed", "class_run")
    assert (record.reference, record.recorded_at) == (f"{run.code}#{run.pk}", LAST_HOUR)
    assert Cadre.objects.get(pk=one.pk).last_trained == date(2027, 6, 9)
    assert Cadre.objects.get(pk=two.pk).last_trained is None
    assert (ended(run, one), ended(run, two)) == (("completed", ""), ("unfinished", "缺席 1 个半天"))


def test_the_organisers_own_people_arent_called_up_by_a_superior(world: World) -> None:
    run = called.opened(world)
    own = Unit(world.union, called.organiser(world, run), [called.cadre(world.union)])
    called.call_up(world, run, [(own, 1)])
    called.nominate(world, run, own)
    called.confirm(world, run, *own.cadres)
    attendance.begin(run_id=run.pk, actor=own.contact, at=at(6, 8))
    mark(world, run, own.cadres[0])
    close(world, run)
    assert TrainingRecord.objects.get().by_superior is False


def test_a_finished_class_counts_for_the_one_year_rule(world: World) -> None:
    run, unit = held(world)
    for who in unit.cadres:
        mark(world, run, who)
    close(world, run)
    again = called.opened(
        world, department="quanyi", name="再办一班", first=date(2027, 6, 22), time_slots=["06L"]
    )
    called.call_up(world, again, [(unit, 2)], deadline=at(6, 18))
    [one, _] = called.nominate(world, again, unit, when=at(6, 12)).results
    assert [(f.code, f.links[0]["run_id"], f.links[0]["url_name"]) for f in one.findings] == [
        ("repeat_call_up", run.pk, "run")
    ]


def test_who_was_never_confirmed_is_let_go(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    called.confirm(world, run, unit.cadres[0])
    attendance.begin(run_id=run.pk, actor=called.organiser(world, run), at=at(6, 8))
    mark(world, run, unit.cadres[0])
    close(world, run)
    assert [called.seat(run, who).state for who in unit.cadres] == ["completed", "rejected", "rejected"]
    assert called.seat(run, unit.cadres[1]).acts.last().reason == "结束考勤时没有确认参加"


# ---- leave


@pytest.mark.parametrize(
    ("half_days", "leave", "state"),
    [
        (7, 1, "completed"),  # exactly a seventh isn't over it
        (7, 2, "unfinished"),
        (6, 1, "unfinished"),  # a sixth is
        (8, 1, "completed"),  # S11: 4 h ≤ 4.57
        (8, 2, "unfinished"),  # S11: 8 h > 4.57
        (14, 2, "completed"),
    ],
)
def test_leave_up_to_a_seventh_of_the_hours(world: World, half_days: int, leave: int, state: str) -> None:
    run, unit = held(world, 1, half_days=half_days, hours=Decimal(4 * half_days), costs={"meals": "1000.00"})
    when = at(6, 8) + timedelta(days=7, hours=9)
    mark(world, run, unit.cadres[0], when, dict.fromkeys(range(leave), "leave"))
    close(world, run, when)
    assert called.seat(run, unit.cadres[0]).state == state
    if state == "completed":
        assert TrainingRecord.objects.get().hours == Decimal(4 * (half_days - leave))
    else:
        assert "请假" in called.seat(run, unit.cadres[0]).result_note


def test_leave_is_counted_in_hours_of_the_timetable(world: World) -> None:
    """Eight hours, one of them on the last half-day: that one is no more than a seventh."""
    run, unit = held(world, 2, half_days=3, hours=Decimal(8), costs={"meals": "1000.00"})
    for half, hours in zip(run.half_days, ("4.0", "3.0", "1.0"), strict=True):
        run.lessons.filter(day=half[0], half=half[1]).update(hours=hours)
    one, two = unit.cadres
    mark(world, run, one, other={2: "leave"})
    mark(world, run, two, other={1: "leave"})
    close(world, run)
    assert ended(run, one) == ("completed", "")
    assert ended(run, two) == ("unfinished", "请假 3.0 学时，超过总学时 8.0 的 1/7（1.1 学时）")


def test_late_is_present_and_absence_isnt_leave(world: World) -> None:
    run, unit = held(world, 2, half_days=8, hours=Decimal(32), costs={"meals": "1000.00"})
    one, two = unit.cadres
    when = at(6, 12)
    mark(world, run, one, when, dict.fromkeys(range(8), "late"))
    mark(world, run, two, when, {7: "absent"})
    close(world, run, when)
    assert [ended(run, who)[0] for who in unit.cadres] == ["completed", "unfinished"]


def test_too_much_leave_may_be_excused_before_attendance_is_closed(world: World) -> None:
    run, unit = held(world)
    one, two = unit.cadres
    for who in unit.cadres:
        mark(world, run, who, other={0: "leave"})
    request = seats.ask_exemption(
        seat_ids=[called.seat(run, one).pk],
        reason="参加市里会议",
        actor=unit.contact,
        at=LAST_HOUR,
    )
    assert [row["code"] for row in request.content["seats"][0]["findings"]] == ["leave_over"]
    runs.decide(world, request, action=DecisionAction.AGREE, opinion="同意保留", when=LAST_HOUR)
    close(world, run)
    assert [ended(run, who)[0] for who in (one, two)] == ["completed", "unfinished"]
    assert TrainingRecord.objects.get().hours == Decimal("12.0")


# ---- S25: 计划外学员


def on_site(world: World, run: ClassRun, unit: Unit, who: Cadre, confirmation: str = "甲街道王主席电话同意"):
    return seats.add_on_site(
        run_id=run.pk,
        unit_id=unit.union.pk,
        nominee=called.nominee(who),
        confirmation=confirmation,
        actor=called.organiser(world, run),
        at=at(6, 8, 10),
    )


def test_more_arrive_than_were_planned(world: World) -> None:
    """S25: 编外 with the unit's confirmation, the money gone over again, over-quota flagged."""
    run, unit = held(world, 10, trainees=10, staff=1, costs={"meals": "1100.00"})
    extra = called.cadre(unit.union)
    with pytest.raises(Refused, match="计划外学员须经选送单位同意"):
        on_site(world, run, unit, extra, " ")
    result = on_site(world, run, unit, extra)
    seat = called.seat(run, extra)
    assert (seat.state, seat.source, seat.explanation) == ("confirmed", "on_site", "甲街道王主席电话同意")
    assert [title for title, _ in called.acts_of(seat)] == ["列为计划外学员", "确认"]
    money, people = result.findings
    assert people.message == "批准学员 10 人，现为 11 人，超 1 人。"
    # 1,100.00 for 11 heads and 2 days; 12 heads cost 1,200.00.
    assert (people.code, money.code) == ("over_quota", "over_ceiling_total")
    assert money.figures["计算"] == "12 人 × 2 天"
    assert (money.figures["需要"], money.figures["超出"]) == ("1,200.00", "100.00")
    # That goes with a change of the class: it is nothing he could be exempted of.
    assert (seat.findings, "请主办部门办理变更申请" in money.mend) == ([], True)
    for who in [*unit.cadres, extra]:
        mark(world, run, who)
    assert len(close(world, run).finished) == 11
    assert TrainingRecord.objects.count() == 11


def test_up_to_the_approved_number_nothing_is_said_of_money(world: World) -> None:
    run, unit = held(world)
    assert on_site(world, run, unit, called.cadre(unit.union)).findings == []


def test_on_site_the_rules_of_people_hold(world: World) -> None:
    run, unit = held(world)
    other = called.opened(world, department="quanyi", name="法律班", subject="YW-08")
    called.call_up(world, other, [(unit, 1)])
    busy, trained = called.cadre(unit.union), called.cadre(unit.union)
    called.nominate(world, other, unit, [busy])
    called.confirm(world, other, busy)
    refused = on_site(world, run, unit, busy)
    assert (refused.seat, "时间冲突" in refused.reason) == (None, True)
    assert "已在本班名单中" in on_site(world, run, unit, unit.cadres[0]).reason
    called.trained(trained, date(2026, 9, 1))
    waiting = on_site(world, run, unit, trained)
    assert called.seat(run, trained).state == "nominated"
    request = seats.ask_exemption(
        seat_ids=[waiting.seat.pk], reason="业务骨干", actor=unit.contact, at=at(6, 8, 11)
    )
    runs.decide(world, request, action=DecisionAction.AGREE, opinion="同意", when=at(6, 8, 12))
    called.confirm(world, run, trained, when=at(6, 8, 13))
    assert Seat.objects.filter(run=run, state="confirmed").count() == 3
