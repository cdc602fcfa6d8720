"""What the people of the world do, one line each; the clock of the world gives the moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

from django.db import connections

from office.refusals import Refused
from org.models import User
from tests.workflow.world import World
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting
from workflow.services import decisions, drafts, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome, PlanState


def fresh(plan: ClassPlan) -> ClassPlan:
    """The plan as it stands in the database now."""
    return ClassPlan.objects.select_related("union", "department", "version__book").get(pk=plan.pk)


def costs_of(world: World, plan: ClassPlan) -> dict[str, tuple[Decimal, str]]:
    return {item: (amount, "") for item, amount in world.costs(plan).items()}


def edit(world: World, plan: ClassPlan, who: str | User | None = None, **fields: Any) -> ClassPlan:
    """Changes a draft by its latest revision; ``costs`` as item → text."""
    costs = fields.pop("costs", None)
    return drafts.edit_draft(
        plan_id=plan.pk,
        revision=fields.pop("revision", fresh(plan).revision),
        fields=fields,
        costs=costs_of(world, plan)
        if costs is None
        else {item: (Decimal(amount), "") for item, amount in costs.items()},
        actor=person(world, who) or author_of(world, plan),
        at=fields.pop("when", None) or world.now(),
    )


def submit(
    world: World, plan: ClassPlan, who: str | User | None = None, when: datetime | None = None, **more: Any
) -> Decision:
    return submission.submit(
        plan_id=plan.pk, actor=person(world, who) or author_of(world, plan), at=when or world.now(), **more
    )


def withdraw(
    world: World, plan: ClassPlan, who: str | User | None = None, when: datetime | None = None
) -> Decision:
    return submission.withdraw(
        plan_id=plan.pk, actor=person(world, who) or author_of(world, plan), at=when or world.now()
    )


def decide(
    world: World,
    plan: ClassPlan,
    who: str | User | None = None,
    action: DecisionAction = DecisionAction.AGREE,
    when: datetime | None = None,
    **more: Any,
) -> Decision:
    """The holder of the open task's post decides, or ``who``."""
    when = when or world.now()
    return decisions.decide(
        plan_id=plan.pk,
        task_id=more.pop("task_id", None) or world.task(plan).pk,
        action=action,
        actor=person(world, who) or world.holder(plan, when),
        at=when,
        **more,
    )


def give_back(
    world: World, plan: ClassPlan, to: str = "author", who: str | User | None = None, opinion: str = "请修改"
) -> Decision:
    return decide(world, plan, who, DecisionAction.RETURN, opinion=opinion, return_to=to)


def pass_to(world: World, plan: ClassPlan, step: str) -> ClassPlan:
    """Submits the plan if it must be, and lets each holder agree until it lies at ``step``."""
    if fresh(plan).state in (PlanState.DRAFT, PlanState.RETURNED, PlanState.WITHDRAWN):
        submit(world, plan)
    for _ in range(9):
        if world.task(plan).step == step:
            return fresh(plan)
        decide(world, plan)
    raise AssertionError(f"{step} was never reached")


def to_meeting(world: World, plan: ClassPlan) -> ClassPlan:
    return pass_to(world, plan, "decide")


def call(
    world: World, *plans: ClassPlan, number: str = "", who: str = "secretary", held: datetime | None = None
) -> Meeting:
    """A sitting of this very day with these plans on its agenda."""
    when = world.now()
    return meetings.call_meeting(
        union=world.union,
        year=2027,
        number=number or f"2027年第{Meeting.objects.count() + 1}次",
        held_on=(held or when).date(),
        actor=world.people[who],
        at=when,
        plan_ids=[plan.pk for plan in plans],
    )


def item_of(plan: ClassPlan) -> AgendaItem:
    """The agenda item that waits for the meeting's word."""
    return AgendaItem.objects.get(plan=plan, outcome="")


def settle(
    world: World,
    plan: ClassPlan,
    outcome: MeetingOutcome = MeetingOutcome.PASSED,
    who: str | User = "secretary",
    when: datetime | None = None,
    **more: Any,
) -> Decision:
    """Records the outcome for the plan's open agenda item, calling a meeting if there is none."""
    if not AgendaItem.objects.filter(plan=plan, outcome="").exists():
        call(world, plan)
    return meetings.settle(
        item_id=item_of(plan).pk,
        outcome=outcome,
        actor=person(world, who),
        at=when or world.now(),
        **more,
    )


def approve(world: World, plan: ClassPlan) -> ClassPlan:
    """From wherever it is to its money."""
    to_meeting(world, plan)
    settle(world, plan)
    return fresh(plan)


def person(world: World, who: str | User | None) -> User | None:
    return world.people[who] if isinstance(who, str) else who


def author_of(world: World, plan: ClassPlan) -> User:
    return world.people[f"{plan.department.code}-staff"]


def race(*works: Callable[[], object]) -> list[object]:
    """Each work in a thread and connection of its own, let go together: what each returned or was refused
    with, in the order of the works."""
    barrier = Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(index: int, work: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=60)
            results[index] = work()
        except Refused as refused:
            results[index] = refused
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[index] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


__all__ = [
    "approve",
    "author_of",
    "call",
    "costs_of",
    "decide",
    "edit",
    "fresh",
    "give_back",
    "item_of",
    "pass_to",
    "person",
    "race",
    "settle",
    "submit",
    "to_meeting",
    "withdraw",
]
