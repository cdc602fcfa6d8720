"""Where a plan goes when it is handed in: asked by the page before, and by the service when it is done.

A plan handed in for the first time, or taken back, goes through the whole chain. A returned one goes
straight back to whoever returned it, unless people, money, days or category changed, or the book did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from office.refusals import Refused
from workflow.models import Decision
from workflow.rules import content
from workflow.states import AUTHOR, DecisionAction, PlanState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rulebook.models import RuleBook
    from workflow.models import ClassPlan


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
        return Route(0, "类别、对象、人数、天数、期数或经费有改动，从第一个环节重新办理。")
    returned = (
        Decision.objects.filter(
            version=plan.version, request=None, action=DecisionAction.RETURN, return_to=AUTHOR
        )
        .order_by("at", "id")
        .last()
    )
    keys = [step.key for step in steps]
    if returned is None or returned.step not in keys:
        return Route(0, "从第一个环节办理。")
    index = keys.index(returned.step)
    return Route(
        index, f"类别、对象、人数、天数、期数和经费都没有改动，直接送回退回的环节“{steps[index].title}”。"
    )
