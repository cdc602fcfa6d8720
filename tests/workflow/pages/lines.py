"""Plans brought as far as a page needs them, by the people who would do it."""

from __future__ import annotations

from typing import Any

from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Meeting
from workflow.services import decisions, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

#: Who signs in the world's book, in order; the training authority and finance have their own heads.
CHAIN = ("head", "jiceng-head", "caiwu-head")


def submitted(world: World, department: str = "xuanchuan", **fields: Any) -> ClassPlan:
    """A plan its department has handed in, at its own head's desk."""
    plan = world.draft(department, **fields)
    submission.submit(plan_id=plan.pk, actor=world.people[f"{department}-staff"], at=at(1, 11))
    return fresh(plan)


def agree(
    world: World, plan: ClassPlan, action: DecisionAction = DecisionAction.AGREE, opinion: str = "同意"
):
    """Whoever's turn it is decides."""
    task = world.task(plan)
    actor = next(world.people[code] for code, post in world.posts.items() if post.pk == task.post_id)
    return decisions.decide(
        plan_id=plan.pk, task_id=task.pk, action=action, actor=actor, at=at(1, 12), opinion=opinion
    )


def review(world: World, plan: ClassPlan, *, advise: str = "") -> ClassPlan:
    """Agreed at every step up to the meeting; ``advise``: the training authority would rather not have it."""
    while (plan := fresh(plan)).state == "reviewing":
        if advise and world.task(plan).step == "review":
            agree(world, plan, DecisionAction.ADVISE_EXCLUSION, advise)
        else:
            agree(world, plan)
    return plan


def awaiting(world: World, department: str = "xuanchuan", *, advise: str = "", **fields: Any) -> ClassPlan:
    """A plan that waits for a meeting."""
    return review(world, submitted(world, department, **fields), advise=advise)


def approved(world: World, department: str = "xuanchuan", **fields: Any) -> ClassPlan:
    """A plan the meeting has passed; each in a meeting of its own."""
    plan = awaiting(world, department, **fields)
    meeting = called(world, plan)
    item = AgendaItem.objects.get(meeting=meeting)
    meetings.settle(
        item_id=item.pk, outcome=MeetingOutcome.PASSED, actor=world.people["secretary"], at=at(1, 20)
    )
    return fresh(plan)


def called(world: World, *plans: ClassPlan, number: str = "") -> Meeting:
    """A meeting of 20 January with these plans on its agenda."""
    return meetings.call_meeting(
        union=world.union,
        year=2027,
        number=number or f"2027年第{Meeting.objects.count() + 1}次",
        held_on=at(1, 20).date(),
        actor=world.people["secretary"],
        at=at(1, 15),
        plan_ids=[plan.pk for plan in plans],
    )


def fresh(plan: ClassPlan) -> ClassPlan:
    """As the database has it now."""
    return ClassPlan.objects.select_related("department", "union", "version__book").get(pk=plan.pk)
