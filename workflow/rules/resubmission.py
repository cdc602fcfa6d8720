"""Where a plan goes when it is handed in: asked by the page before, and by the service when it is done.

A plan handed in for the first time, or taken back, goes through the whole chain. A returned one goes
straight back to whoever returned it, unless people, money, days or category changed, or the book did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from office.refusals import Refused
from org.selectors import holder_of
from workflow.models import Decision
from workflow.rules import chain, content
from workflow.states import AUTHOR, DecisionAction, PlanState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from org.models import User
    from rulebook.models import RuleBook
    from workflow.models import ClassPlan
    from workflow.rules.chain import Turn


@dataclass(frozen=True)
class Route:
    """``index``: the step of the book a submission goes to; ``why`` says so in a sentence."""

    index: int
    why: str


def where_to(plan: ClassPlan, now: Mapping[str, Any], book: RuleBook) -> Route:
    """The step a submission of ``plan``, saying ``now``, goes to.

    Raises :class:`Refused` where it says nothing that the last submission didn't.
    """
    steps = book.book.steps
    if plan.version is None:
        return Route(0, "首次报送，按审批环节逐级办理。")
    if plan.state != PlanState.RETURNED:
        return Route(0, "撤回后重新报送，从第一个环节办理。")
    changed = content.changed_fields(plan.version.content, now)
    if not changed:
        raise Refused(f"与第 {plan.version.number} 次报送完全相同。请按退回意见修改后再报送。")
    if plan.version.book_id != book.pk:
        return Route(0, f"上次报送后{book.book.short_title}已更新，从第一个环节重新办理。")
    if changed & content.WEIGHTY:
        return Route(0, "人数、天数、经费或类别有改动，从第一个环节重新办理。")
    returned = (
        Decision.objects.filter(version=plan.version, action=DecisionAction.RETURN, return_to=AUTHOR)
        .order_by("at", "id")
        .last()
    )
    keys = [step.key for step in steps]
    if returned is None or returned.step not in keys:
        return Route(0, "从第一个环节办理。")
    index = keys.index(returned.step)
    return Route(index, f"人数、天数、经费和类别没有改动，直接送回退回的环节“{steps[index].title}”。")


@dataclass(frozen=True)
class Stop:
    """A step to come: whose turn it will be, or why nobody can take it."""

    title: str
    turn: Turn | None
    holder: User | None
    fault: str = ""


def stops(plan: ClassPlan, book: RuleBook, index: int, on: date, *, author: User) -> list[Stop]:
    """The steps from ``index`` on with the people who would act today."""
    found = []
    for number in range(index, len(book.book.steps)):
        title = book.book.steps[number].title
        try:
            turn = chain.turn(plan, book.book, number, on, author_id=author.pk)
        except Refused as refused:
            found.append(Stop(title, None, None, str(refused)))
        else:
            found.append(Stop(title, turn, holder_of(turn.post, on)))
    return found
