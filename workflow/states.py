"""What a class plan can be and what can happen to it: the ONE table.

django-fsm's transitions, the database's update trigger and its insert trigger are all made from
:data:`TRANSITIONS`; nothing else in the product lists states or moves.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypedDict

from django.db import models


class PlanState(models.TextChoices):
    """What a plan line is, in the words offices use."""

    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    AWAITING_MEETING = "awaiting_meeting", "待上会"
    APPROVED = "approved", "已审定"
    RETURNED = "returned", "退回修改"
    DEFERRED = "deferred", "缓议"
    EXCLUDED = "excluded", "不列入计划"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并入"
    CANCELLED = "cancelled", "取消办班"


class Move(NamedTuple):
    """One action of the table: from any of ``sources`` to ``target``."""

    title: str
    sources: tuple[PlanState, ...]
    target: PlanState


_S = PlanState

#: action → where it starts and where it leads. The key is the name of the method on ``ClassPlan``.
TRANSITIONS: Final[dict[str, Move]] = {
    "submit": Move("报送", (_S.DRAFT, _S.RETURNED, _S.WITHDRAWN), _S.REVIEWING),
    "resubmit_to_meeting": Move("修改后报送上会", (_S.RETURNED,), _S.AWAITING_MEETING),
    "pass_on": Move("同意", (_S.REVIEWING,), _S.REVIEWING),
    "send_to_meeting": Move("同意并提交上会", (_S.REVIEWING,), _S.AWAITING_MEETING),
    "send_back": Move("退回经办人", (_S.REVIEWING, _S.AWAITING_MEETING), _S.RETURNED),
    "send_back_to_step": Move("退回前序环节", (_S.REVIEWING, _S.AWAITING_MEETING), _S.REVIEWING),
    "withdraw": Move("撤回", (_S.REVIEWING,), _S.WITHDRAWN),
    "approve": Move("通过", (_S.AWAITING_MEETING,), _S.APPROVED),
    "defer": Move("缓议", (_S.AWAITING_MEETING,), _S.DEFERRED),
    "resume": Move("重新上会", (_S.DEFERRED,), _S.AWAITING_MEETING),
    "exclude": Move("不列入计划", (_S.AWAITING_MEETING,), _S.EXCLUDED),
    "merge": Move("并入其他班次", (_S.REVIEWING, _S.AWAITING_MEETING), _S.MERGED),
    "cancel": Move("取消办班", (_S.APPROVED,), _S.CANCELLED),
}

#: Only this state may be inserted, by whatever road.
FIRST_STATE: Final = PlanState.DRAFT

#: A plan's content may be changed by its department in these states only.
EDITABLE: Final = frozenset({_S.DRAFT, _S.RETURNED, _S.WITHDRAWN})

#: Somebody has to act on a plan in these states: it has exactly one open task.
PENDING: Final = frozenset({_S.REVIEWING, _S.AWAITING_MEETING, _S.RETURNED, _S.DEFERRED})

#: Nothing leads on from here within the year's planning.
SETTLED: Final = frozenset(set(PlanState) - PENDING - {_S.DRAFT, _S.WITHDRAWN})


class TransitionArguments(TypedDict):
    """The keyword arguments of ``django_fsm.transition`` that this table decides."""

    source: list[str]
    target: str


#: The same table as keyword arguments: ``@transition(field=state, **T["submit"])``.
T: Final[dict[str, TransitionArguments]] = {
    action: {"source": [str(s.value) for s in move.sources], "target": str(move.target.value)}
    for action, move in TRANSITIONS.items()
}


def moves() -> list[tuple[str, str]]:
    """Every (from, to) pair the table admits, sorted, moves that stay in a state left out."""
    return sorted(
        {
            (str(source.value), str(move.target.value))
            for move in TRANSITIONS.values()
            for source in move.sources
            if source != move.target
        }
    )


class StepKind(models.TextChoices):
    """What the open task of a plan asks for; the name of the node in ``flows.PlanFlow``."""

    REVIEW = "review", "计划审核"
    DECIDE = "decide", "提请审定"
    REVISE = "revise", "退回修改"
    HOLD = "hold", "缓议待上会"


#: Which task a pending plan waits at. Both the flow's routing and the consistency check read it.
TASK_OF_STATE: Final[dict[str, StepKind]] = {
    _S.REVIEWING: StepKind.REVIEW,
    _S.AWAITING_MEETING: StepKind.DECIDE,
    _S.RETURNED: StepKind.REVISE,
    _S.DEFERRED: StepKind.HOLD,
}


class DecisionAction(models.TextChoices):
    """What a line of the approval record says was done."""

    SUBMIT = "submit", "报送"
    AGREE = "agree", "同意"
    RETURN = "return", "退回"
    ADVISE_EXCLUSION = "advise_exclusion", "建议不列入"
    WITHDRAW = "withdraw", "撤回"
    APPROVE = "approve", "通过"
    APPROVE_CHANGED = "approve_changed", "修改后通过"
    DEFER = "defer", "缓议"
    EXCLUDE = "exclude", "不列入计划"
    RESUME = "resume", "重新上会"


class MeetingOutcome(models.TextChoices):
    """A meeting's result for one item of its agenda (S3)."""

    PASSED = "passed", "通过"
    PASSED_CHANGED = "passed_changed", "修改后通过"
    RETURNED = "returned", "退回"
    DEFERRED = "deferred", "缓议"
    EXCLUDED = "excluded", "不列入计划"


class TrainingMode(models.TextChoices):
    """方式."""

    OFF_THE_JOB = "off_the_job", "脱产"
    ONLINE = "online", "网络"
    BLENDED = "blended", "混合"


class AttachmentKind(models.TextChoices):
    """What a file attached to a plan is."""

    SURVEY = "survey", "需求调研"
    COURSES = "courses", "课程安排"
    BASIS = "basis", "依据文件"
    OTHER = "other", "其他"


#: 退回 to the person who drew the plan up, beside the keys of the book's earlier steps.
AUTHOR: Final = "author"
