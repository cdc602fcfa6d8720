"""What a meeting's services keep to: the order, the paper trail of the money, days and numbers, threads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from budgets.models import Entry, Project
from office.numbering import next_number
from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting, PlanVersion
from workflow.services import meetings
from workflow.states import MeetingOutcome


def waiting(world: World, *names: str, department: str = "xuanchuan") -> list[ClassPlan]:
    return [acts.to_meeting(world, world.draft(department, name=name)) for name in names]


def results(*plans, **more):
    return [{"item_id": acts.item_of(plan).pk, "outcome": MeetingOutcome.PASSED} | more for plan in plans]


def test_the_money_names_the_secretary_and_the_meetings_paper(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    meeting = acts.call(world, plan, number="2027年第3次")
    acts.settle(world, plan)
    for entry in Entry.objects.filter(project__isnull=False):
        assert entry.actor == world.people["secretary"]
        assert entry.post == world.posts["secretary"]
        assert entry.reference == "主席办公会（2027年第3次）"
        assert entry.reason == f"{meeting}审定，申报 2027-0001"


def test_minutes_known_beforehand_are_the_moneys_paper(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    meeting = acts.call(world, plan)
    meetings.record_minutes(
        meeting_id=meeting.pk,
        minutes_number="办纪〔2027〕2号",
        chair="赵启明",
        attendees="",
        actor=world.people["secretary"],
        at=world.now(),
    )
    acts.settle(world, plan)
    assert set(Entry.objects.exclude(project=None).values_list("reference", flat=True)) == {"办纪〔2027〕2号"}


def test_an_agenda_stands_in_the_order_of_the_organisation(world: World) -> None:
    (late,) = waiting(world, "权益班", department="quanyi")
    (early,) = waiting(world, "宣传班", department="xuanchuan")
    meeting = acts.call(world, late, early)
    assert [(item.ordinal, item.plan) for item in meeting.items.all()] == [(1, early), (2, late)]


def test_results_are_recorded_in_the_order_of_the_agenda(db: None) -> None:
    world = worlds.build(granted="15000.00")
    one, two = waiting(world, "甲班", "乙班")
    acts.call(world, one, two)
    AgendaItem.objects.filter(plan=one).update(ordinal=9)
    done = meetings.settle_many(results=results(one, two), actor=world.people["secretary"], at=world.now())
    assert [(row.name, bool(row.reason)) for row in done] == [("乙班", False), ("甲班", True)]


def test_a_rehearsal_says_the_same_and_keeps_nothing(db: None) -> None:
    world = worlds.build(granted="15000.00")
    one, two = waiting(world, "甲班", "乙班")
    acts.call(world, one, two)
    rows, secretary = results(one, two), world.people["secretary"]
    before = Decision.objects.count(), PlanVersion.objects.count(), Entry.objects.count()
    tried = meetings.rehearse(results=rows, actor=secretary, at=world.now())
    assert (Decision.objects.count(), PlanVersion.objects.count(), Entry.objects.count()) == before
    assert not Project.objects.exists()
    assert AgendaItem.objects.filter(outcome="").count() == 2
    done = meetings.settle_many(results=rows, actor=secretary, at=world.now())
    assert [(row.plan_id, row.reason) for row in tried] == [(row.plan_id, row.reason) for row in done]
    assert acts.fresh(one).plan_number == "P2027-0001"
    assert next_number(f"plan:{world.union.pk}:2027") == 2


def test_an_item_that_is_gone_is_a_conflict(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    acts.call(world, plan)
    item, secretary = acts.item_of(plan), world.people["secretary"]
    meetings.take_off_agenda(item_id=item.pk, actor=secretary, at=world.now())
    with pytest.raises(Conflict, match="已被撤下"):
        meetings.settle(item_id=item.pk, outcome=MeetingOutcome.PASSED, actor=secretary, at=world.now())
    with pytest.raises(Conflict, match="已被撤下"):
        meetings.take_off_agenda(item_id=item.pk, actor=secretary, at=world.now())
    (left,) = meetings.settle_many(
        results=[{"item_id": item.pk, "outcome": MeetingOutcome.PASSED}], actor=secretary, at=world.now()
    )
    assert "已被撤下" in left.reason
    assert acts.fresh(plan).state == "awaiting_meeting"


def test_a_settled_item_stays_on_its_agenda(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    acts.call(world, plan)
    item, secretary = acts.item_of(plan), world.people["secretary"]
    acts.settle(world, plan, MeetingOutcome.DEFERRED)
    with pytest.raises(Conflict, match="不能撤下"):
        meetings.take_off_agenda(item_id=item.pk, actor=secretary, at=world.now())
    with pytest.raises(Conflict, match="已记录为“缓议”"):
        meetings.settle(item_id=item.pk, outcome=MeetingOutcome.PASSED, actor=secretary, at=world.now())


def test_a_plan_waits_on_one_agenda(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    first = acts.call(world, plan)
    second = acts.call(world)
    (row,) = meetings.put_on_agenda(
        meeting_id=second.pk, plan_ids=[plan.pk], actor=world.people["jiceng-head"], at=world.now()
    )
    assert row.reason == f"《甲班》已在 {first} 的议题中。"


def test_a_deferred_plan_goes_to_another_meeting_not_the_same(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    meeting = acts.call(world, plan)
    acts.settle(world, plan, MeetingOutcome.DEFERRED)
    (row,) = meetings.put_on_agenda(
        meeting_id=meeting.pk, plan_ids=[plan.pk], actor=world.people["secretary"], at=world.now()
    )
    assert "请列入下一次会议" in row.reason
    assert acts.fresh(plan).state == "deferred"
    acts.call(world, plan)
    assert acts.fresh(plan).state == "awaiting_meeting"
    assert world.task(plan).kind == "decide"


@pytest.mark.parametrize("who", ["caiwu-head", "xuanchuan-head", "leader"])
def test_only_the_office_calls_and_changes_meetings(world: World, who: str) -> None:
    meeting = acts.call(world)
    for act in (
        lambda: acts.call(world, who=who),
        lambda: minutes(world, meeting, who),
    ):
        with pytest.raises(Refused, match="只有归口管理部门和会议秘书可以安排会议"):
            act()


def minutes(world: World, meeting: Meeting, who: str, **more) -> Meeting:
    return meetings.record_minutes(
        meeting_id=meeting.pk,
        minutes_number="办纪〔2027〕2号",
        chair="",
        attendees="",
        actor=world.people[who],
        at=world.now(),
        **more,
    )


def test_day_and_number_change_until_a_result_stands(world: World) -> None:
    (plan,) = waiting(world, "甲班")
    meeting, other = acts.call(world, plan), acts.call(world)
    with pytest.raises(Refused, match="已经建立"):
        minutes(world, meeting, "secretary", number=other.number)
    changed = minutes(world, meeting, "jiceng-head", number="2027年第8次", held_on=date(2027, 1, 10))
    assert (changed.number, changed.held_on) == ("2027年第8次", date(2027, 1, 10))
    acts.settle(world, plan)
    with pytest.raises(Refused, match="已经记录审定结果"):
        minutes(world, meeting, "secretary", held_on=date(2027, 1, 9))
    assert minutes(world, meeting, "secretary", number="2027年第8次").minutes_number == "办纪〔2027〕2号"


def test_changed_figures_need_a_fund_too(db: None) -> None:
    world = worlds.build(granted="9000.00")
    (plan,) = waiting(world, "甲班")
    acts.call(world, plan)
    with pytest.raises(Refused, match=r"差 500\.00 元"):
        acts.settle(
            world, plan, MeetingOutcome.PASSED_CHANGED, costs={"meals": Decimal("7500.00")}, figures={}
        )
    plan = acts.fresh(plan)
    assert (plan.trainees, world.costs(plan)["meals"]) == (60, Decimal("8000.00"))
    assert not PlanVersion.objects.filter(by_meeting=True).exists()
    acts.settle(world, plan, MeetingOutcome.PASSED_CHANGED, costs={"meals": Decimal("7000.00")})
    assert acts.fresh(plan).state == "approved"


@pytest.mark.django_db(transaction=True)
def test_taking_off_and_settling_at_once_is_one_or_the_other() -> None:
    world = worlds.build()
    (plan,) = waiting(world, "甲班")
    acts.call(world, plan)
    item, secretary, when = acts.item_of(plan), world.people["secretary"], at(1, 20)
    done = acts.race(
        lambda: meetings.settle(item_id=item.pk, outcome=MeetingOutcome.PASSED, actor=secretary, at=when),
        lambda: meetings.take_off_agenda(item_id=item.pk, actor=secretary, at=when),
    )
    assert sum(isinstance(result, Refused) for result in done) == 1, done
    plan = acts.fresh(plan)
    if plan.state == "approved":
        assert AgendaItem.objects.get().outcome == "passed"
    else:
        assert not AgendaItem.objects.exists()
        assert plan.project_id is None
