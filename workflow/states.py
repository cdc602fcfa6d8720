"""What a class plan can be and what can happen to it: the ONE table.

django-fsm's transitions, the database's update trigger and its insert trigger are all made from
:data:`TRANSITIONS`; nothing else in the product lists states or moves. A 期, a request about it and a
person's seat in it have tables of the same kind below.
"""

from __future__ import annotations

from collections.abc import Mapping
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


# ---- 期: what a run of an approved class is


class RunState(models.TextChoices):
    """What one 期 of an approved class is."""

    PLANNED = "planned", "未启动"
    OPENING = "opening", "开班审批"
    ENROLLING = "enrolling", "报名中"
    RUNNING = "running", "办班中"
    SETTLING = "settling", "待结算"
    SETTLED = "settled", "已结算"
    ARCHIVED = "archived", "已归档"
    CANCELLED = "cancelled", "已取消"


class RunMove(NamedTuple):
    """One action of the run's table: from any of ``sources`` to ``target``."""

    title: str
    sources: tuple[RunState, ...]
    target: RunState


_R = RunState

#: action → where it starts and where it leads. The key is the name of the method on ``ClassRun``.
RUN_TRANSITIONS: Final[dict[str, RunMove]] = {
    "apply": RunMove("申请开班", (_R.PLANNED,), _R.OPENING),
    "hand_back": RunMove("开班申请退回或撤回", (_R.OPENING,), _R.PLANNED),
    "open": RunMove("批准开班", (_R.OPENING,), _R.ENROLLING),
    "begin": RunMove("开班", (_R.ENROLLING,), _R.RUNNING),
    "close_attendance": RunMove("结束考勤", (_R.RUNNING,), _R.SETTLING),
    "settle": RunMove("办结结算", (_R.SETTLING,), _R.SETTLED),
    "archive": RunMove("归档", (_R.SETTLED,), _R.ARCHIVED),
    "cancel": RunMove("取消办班", (_R.PLANNED, _R.ENROLLING, _R.RUNNING), _R.CANCELLED),
}

FIRST_RUN_STATE: Final = RunState.PLANNED

#: The second gate is behind it: people may be called up, money committed.
OPENED: Final = frozenset({_R.ENROLLING, _R.RUNNING, _R.SETTLING, _R.SETTLED, _R.ARCHIVED})

#: Seats may be given and taken back.
CALLING: Final = frozenset({_R.ENROLLING, _R.RUNNING})


# ---- 申请: what is asked about a run, and approved through the inbox


class RequestKind(models.TextChoices):
    """What a request about a 期 asks for."""

    OPEN = "open", "开班申请"
    CHANGE = "change", "变更申请"
    POSTPONE = "postpone", "延期申请"
    CANCEL = "cancel", "取消办班申请"
    EXEMPT = "exempt", "重复调训审批"


class RequestState(models.TextChoices):
    """What a request is."""

    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    RETURNED = "returned", "退回修改"
    APPROVED = "approved", "已批准"
    REFUSED = "refused", "不同意"
    WITHDRAWN = "withdrawn", "已撤回"


class RequestMove(NamedTuple):
    """One action of the request's table."""

    title: str
    sources: tuple[RequestState, ...]
    target: RequestState


_Q = RequestState

#: The key is the name of the method on ``Request``: requests about a 期 and about money move alike.
REQUEST_TRANSITIONS: Final[dict[str, RequestMove]] = {
    "submit": RequestMove("报送", (_Q.DRAFT, _Q.RETURNED), _Q.REVIEWING),
    "pass_on": RequestMove("同意", (_Q.REVIEWING,), _Q.REVIEWING),
    "approve": RequestMove("批准", (_Q.REVIEWING,), _Q.APPROVED),
    "send_back": RequestMove("退回", (_Q.REVIEWING,), _Q.RETURNED),
    "refuse": RequestMove("不同意", (_Q.REVIEWING,), _Q.REFUSED),
    "withdraw": RequestMove("撤回", (_Q.REVIEWING, _Q.RETURNED), _Q.WITHDRAWN),
}

FIRST_REQUEST_STATE: Final = RequestState.DRAFT


class MoneyKind(models.TextChoices):
    """What a request about money asks for; the value names the chain of the book (codes.MONEY_CHAINS)."""

    TRANSFER = "transfer", "调剂申请"
    BUDGET = "budget", "预算调整申请"
    CARRY_OVER = "carry_over", "结转申请"
    SUPPLEMENT = "supplement", "追加申请"


#: Asked about a project's budget lines; the others about a fund.
OF_PROJECT: Final = frozenset({MoneyKind.TRANSFER, MoneyKind.BUDGET})


# ---- 名额里的人: a person's seat in a run


class SeatState(models.TextChoices):
    """What has become of a person's nomination."""

    NOMINATED = "nominated", "已报名"
    OFFERED = "offered", "递补待答复"
    CONFIRMED = "confirmed", "已确认"
    COMPLETED = "completed", "已结业"
    UNFINISHED = "unfinished", "未结业"
    WITHDRAWN = "withdrawn", "已退出"
    REPLACED = "replaced", "已调换"
    REJECTED = "rejected", "未录取"
    RELEASED = "released", "班次取消"


class SeatMove(NamedTuple):
    """One action of the seat's table."""

    title: str
    sources: tuple[SeatState, ...]
    target: SeatState


_P = SeatState

#: The key is the name of the method on ``Seat``.
SEAT_TRANSITIONS: Final[dict[str, SeatMove]] = {
    "offer": SeatMove("通知递补", (_P.NOMINATED,), _P.OFFERED),
    "accept": SeatMove("同意递补", (_P.OFFERED,), _P.NOMINATED),
    "confirm": SeatMove("确认", (_P.NOMINATED,), _P.CONFIRMED),
    "reject": SeatMove("不予录取", (_P.NOMINATED, _P.OFFERED), _P.REJECTED),
    "withdraw": SeatMove("退出", (_P.NOMINATED, _P.OFFERED, _P.CONFIRMED), _P.WITHDRAWN),
    "replace": SeatMove("调换", (_P.NOMINATED, _P.OFFERED, _P.CONFIRMED), _P.REPLACED),
    "release": SeatMove("班次取消", (_P.NOMINATED, _P.OFFERED, _P.CONFIRMED), _P.RELEASED),
    "complete": SeatMove("结业", (_P.CONFIRMED,), _P.COMPLETED),
    "leave_unfinished": SeatMove("未结业", (_P.CONFIRMED,), _P.UNFINISHED),
}

FIRST_SEAT_STATE: Final = SeatState.NOMINATED

#: A person with a seat in one of these states counts for the class and for clashes.
LIVE_SEATS: Final = frozenset({_P.NOMINATED, _P.OFFERED, _P.CONFIRMED})

#: These hold their half-days for good: nobody sits in two classes at once.
FIRM_SEATS: Final = frozenset({_P.CONFIRMED, _P.COMPLETED})


class SeatRank(models.TextChoices):
    """正式 within the unit's quota, 候补 beyond it (S7)."""

    FORMAL = "formal", "正式"
    RESERVE = "reserve", "候补"


class SeatSource(models.TextChoices):
    """By which way a person came in."""

    PAGE = "page", "网上报名"
    ROSTER = "roster", "名册报名"
    ENTERED = "entered", "代为录入"
    NAMED = "named", "点名调训"
    ON_SITE = "on_site", "计划外学员"


class Presence(models.TextChoices):
    """One half-day of one person on the sign-in sheet."""

    PRESENT = "present", "到"
    LATE = "late", "迟到早退"
    LEAVE = "leave", "请假"
    ABSENT = "absent", "缺席"


class Half(models.IntegerChoices):
    """The halves of a day a class is counted in."""

    MORNING = 0, "上午"
    AFTERNOON = 1, "下午"


_AnyMove = Move | RunMove | RequestMove | SeatMove


class TransitionArguments(TypedDict):
    """The keyword arguments of ``django_fsm.transition`` that this table decides."""

    source: list[str]
    target: str


def _arguments(table: Mapping[str, _AnyMove]) -> dict[str, TransitionArguments]:
    return {
        action: {"source": [str(s.value) for s in move.sources], "target": str(move.target.value)}
        for action, move in table.items()
    }


#: The same table as keyword arguments: ``@transition(field=state, **T["submit"])``.
T: Final = _arguments(TRANSITIONS)
RUN: Final = _arguments(RUN_TRANSITIONS)
REQUEST: Final = _arguments(REQUEST_TRANSITIONS)
SEAT: Final = _arguments(SEAT_TRANSITIONS)


def moves(table: Mapping[str, _AnyMove] = TRANSITIONS) -> list[tuple[str, str]]:
    """Every (from, to) pair a table admits, sorted, moves that stay in a state left out."""
    return sorted(
        {
            (str(source.value), str(move.target.value))
            for move in table.values()
            for source in move.sources
            if source != move.target
        }
    )


class StepKind(models.TextChoices):
    """What an open task asks for; the name of its node in ``flows``."""

    REVIEW = "review", "计划审核"
    DECIDE = "decide", "提请审定"
    REVISE = "revise", "退回修改"
    HOLD = "hold", "缓议待上会"
    REQUEST = "request", "班次申请审批"
    AMEND = "amend", "申请退回修改"
    MONEY = "money", "经费申请审批"


#: The desks a plan lies on, those of a request about a run, and those of one about money.
PLAN_DESKS: Final = (StepKind.REVIEW, StepKind.DECIDE, StepKind.REVISE, StepKind.HOLD)
REQUEST_DESKS: Final = (StepKind.REQUEST, StepKind.AMEND)
MONEY_DESKS: Final = (StepKind.MONEY, StepKind.AMEND)

#: Which task a pending plan waits at. Both the flow's routing and the consistency check read it.
TASK_OF_STATE: Final[dict[str, StepKind]] = {
    _S.REVIEWING: StepKind.REVIEW,
    _S.AWAITING_MEETING: StepKind.DECIDE,
    _S.RETURNED: StepKind.REVISE,
    _S.DEFERRED: StepKind.HOLD,
}


#: The same for a request about a run.
TASK_OF_REQUEST: Final[dict[str, StepKind]] = {
    _Q.REVIEWING: StepKind.REQUEST,
    _Q.RETURNED: StepKind.AMEND,
}

#: And for a request about money.
TASK_OF_MONEY: Final[dict[str, StepKind]] = {
    _Q.REVIEWING: StepKind.MONEY,
    _Q.RETURNED: StepKind.AMEND,
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
    REFUSE = "refuse", "不同意"


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
