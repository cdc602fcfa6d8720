"""A department's class from draft to money, by the people who would do it (B-17)."""

from __future__ import annotations

from decimal import Decimal

from budgets.selectors import fund_totals, project_totals
from tests.workflow.world import World, at
from workflow.models import AgendaItem, Decision
from workflow.services import decisions, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome


def agree(world: World, plan, who: str, when) -> Decision:
    return decisions.decide(
        plan_id=plan.pk,
        task_id=world.task(plan).pk,
        action=DecisionAction.AGREE,
        actor=world.people[who],
        at=when,
    )


def test_a_class_is_approved_and_its_money_stands_on_its_own_project(world: World) -> None:
    plan = world.draft()
    submission.submit(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    agree(world, plan, "xuanchuan-head", at(1, 12))
    agree(world, plan, "jiceng-head", at(1, 13))
    agree(world, plan, "caiwu-head", at(1, 14))
    plan = type(plan).objects.get(pk=plan.pk)
    assert plan.state == "awaiting_meeting"
    meeting = meetings.call_meeting(
        union=world.union,
        year=2027,
        number="2027年第1次",
        held_on=at(1, 20).date(),
        actor=world.people["secretary"],
        at=at(1, 15),
        plan_ids=[plan.pk],
    )
    item = AgendaItem.objects.get(meeting=meeting)
    meetings.settle(
        item_id=item.pk, outcome=MeetingOutcome.PASSED, actor=world.people["secretary"], at=at(1, 20, 16)
    )
    plan = type(plan).objects.get(pk=plan.pk)
    assert plan.state == "approved"
    assert plan.plan_number == "P2027-0001"
    assert project_totals([plan.project_id])[plan.project_id].appropriated == Decimal("10000.00")
    assert fund_totals([world.fund.pk])[world.fund.pk].available == Decimal("990000.00")
    assert [d.action for d in plan.decisions.all()] == ["submit", "agree", "agree", "agree", "approve"]
    assert not plan.tasks.filter(is_open=True).exists()
    assert not plan.processes.filter(is_open=True).exists()
    assert plan.processes.get().status == "DONE"
