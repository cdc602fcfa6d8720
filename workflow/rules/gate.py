"""The one gate: may this person do this to this plan now, and if not, why not.

Buttons, services and bulk actions all ask :func:`refusal` or, for a list, :func:`refusals`, which
costs a constant number of queries. Who may act follows from duty and tenure alone; guardian's grants
let people look. An outsider never gets here: he is given 404 by ``visible_to``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from org.selectors import holders_of, standing
from workflow.models import Decision, WorkTask
from workflow.states import EDITABLE, DecisionAction, PlanState, StepKind

if TYPE_CHECKING:
    from datetime import date, datetime

    from org.models import User
    from org.selectors import Standing
    from workflow.models import ClassPlan


class Act(StrEnum):
    """What the gate is asked about."""

    EDIT = "edit"
    SUBMIT = "submit"
    DELETE = "delete"
    WITHDRAW = "withdraw"
    AGREE = "agree"
    RETURN = "return"
    ADVISE_EXCLUSION = "advise_exclusion"
    PUT_ON_AGENDA = "put_on_agenda"
    SETTLE = "settle"


@dataclass(frozen=True)
class Case:
    """One plan as the gate sees it: its open task, who holds that, and who has acted on its version.

    The last two are read for the whole list at once, and only when an answer turns on them.
    """

    plan: ClassPlan
    task: WorkTask | None
    standing: Standing
    file: _File

    @property
    def holder(self) -> User | None:
        """Who holds the open task's post today."""
        return self.file.holders.get(self.task.post_id) if self.task and self.task.post_id else None

    @property
    def acted(self) -> Decision | None:
        """The first decision on the version under review, its own submission aside."""
        return self.file.acted.get(self.plan.version_id) if self.plan.version_id else None


class _File:
    """What several cases share, each answer one query for all of them."""

    def __init__(self, plans: Sequence[ClassPlan], tasks: Iterable[WorkTask], day: date) -> None:
        self._versions = [plan.version_id for plan in plans if plan.version_id]
        self._posts = {task.post_id for task in tasks if task.post_id}
        self._day = day

    @cached_property
    def holders(self) -> dict[int, User]:
        return holders_of(self._posts, self._day)

    @cached_property
    def acted(self) -> dict[int, Decision]:
        first: dict[int, Decision] = {}
        done = Decision.objects.filter(version__in=self._versions, request=None)
        done = done.exclude(action=DecisionAction.SUBMIT)
        for decision in done:
            if decision.version_id is not None:
                first.setdefault(decision.version_id, decision)
        return first


def refusal(act: Act, plan: ClassPlan, *, actor: User, at: datetime) -> str | None:
    """Why ``actor`` may not do ``act`` to ``plan`` at ``at``, in Chinese fit to show; None if he may."""
    return refusals(act, [plan], actor=actor, at=at)[0]


def refusals(act: Act, plans: Sequence[ClassPlan], *, actor: User, at: datetime) -> list[str | None]:
    """:func:`refusal` for each plan, in the order given. ``version`` and its ``book`` should be loaded."""
    return [judge(act, case) for case in cases(plans, actor=actor, at=at)]


def judge(act: Act, case: Case) -> str | None:
    """:func:`refusal` where the case is at hand already."""
    return _RULES[act](case)


def allowed(plan: ClassPlan, *, actor: User, at: datetime) -> dict[Act, str | None]:
    """Every act with its refusal or None: what the buttons of a page are made from."""
    case = cases([plan], actor=actor, at=at)[0]
    return {act: rule(case) for act, rule in _RULES.items()}


def cases(
    plans: Sequence[ClassPlan], *, actor: User, at: datetime, tasks: Iterable[WorkTask] | None = None
) -> list[Case]:
    """What the rules need to know of each plan, in five queries at most.

    ``tasks``: the open tasks of these plans where they are at hand already, posts loaded.
    """
    day = timezone.localdate(at)
    place = standing(actor, day, to_act=True)
    if tasks is None:
        tasks = WorkTask.objects.filter(
            plan__in=[plan.pk for plan in plans], request=None, is_open=True
        ).select_related("post", "post__department", "post__union")
    by_plan = {task.plan_id: task for task in tasks}
    file = _File(plans, by_plan.values(), day)
    return [Case(plan, by_plan.get(plan.pk), place, file) for plan in plans]


def _state_is(case: Case, *states: PlanState) -> str | None:
    if case.plan.state in states:
        return None
    return f"《{case.plan.name}》现为“{case.plan.get_state_display()}”，不能办理这一操作。"


def _is_ours(case: Case) -> str | None:
    if not case.standing.user.is_active:
        return "账号已停用。"
    if case.plan.department_id in case.standing.department_ids:
        return None
    return f"只有{case.plan.department.name}的人员可以办理。"


def _edit(case: Case) -> str | None:
    return _state_is(case, *EDITABLE) or _is_ours(case)


def _delete(case: Case) -> str | None:
    return _state_is(case, PlanState.DRAFT) or _is_ours(case)


def _withdraw(case: Case) -> str | None:
    if reason := _state_is(case, PlanState.REVIEWING) or _is_ours(case):
        return reason
    if case.acted is not None:
        done = case.acted
        return f"{done.post_title} {done.actor_name} 已办理（{done.get_action_display()}），不能撤回。"
    return None


def _turn(case: Case, kind: StepKind) -> str | None:
    task = case.task
    if task is None or task.kind != kind or task.post is None:
        return _state_is(case) or "现在没有等待办理的环节。"
    if task.post_id not in case.standing.post_ids:
        who = f"{task.post.full_title}（{case.holder.name if case.holder else '现无人任职'}）"
        return f"“{task.step_title}”由 {who} 办理。"
    return None


def _review(case: Case) -> str | None:
    if reason := _state_is(case, PlanState.REVIEWING) or _turn(case, StepKind.REVIEW):
        return reason
    plan = case.plan
    if plan.version is not None and plan.version.submitted_by_id == case.standing.user.pk:
        return "不能审批本人报送的计划，请由本环节的其他负责人办理。"
    return None


def _advise_exclusion(case: Case) -> str | None:
    if reason := _review(case):
        return reason
    if case.task is None or case.plan.version is None:
        return "现在没有等待办理的环节。"
    step = case.plan.version.book.book.step(case.task.step)
    return None if step.may_exclude else f"“{step.title}”不能建议不列入，可以退回。"


def _put_on_agenda(case: Case) -> str | None:
    place, union = case.standing, case.plan.union_id
    if reason := _state_is(case, PlanState.AWAITING_MEETING, PlanState.DEFERRED):
        return reason
    if union in place.secretary_union_ids or union in place.authority_union_ids:
        return None
    return "只有归口管理部门和会议秘书可以安排议题。"


def _settle(case: Case) -> str | None:
    # The secretary records what the meeting decided, so his own department's plans are no exception.
    return _state_is(case, PlanState.AWAITING_MEETING) or _turn(case, StepKind.DECIDE)


_RULES: dict[Act, Callable[[Case], str | None]] = {
    Act.EDIT: _edit,
    Act.SUBMIT: _edit,
    Act.DELETE: _delete,
    Act.WITHDRAW: _withdraw,
    Act.AGREE: _review,
    Act.RETURN: _review,
    Act.ADVISE_EXCLUSION: _advise_exclusion,
    Act.PUT_ON_AGENDA: _put_on_agenda,
    Act.SETTLE: _settle,
}
