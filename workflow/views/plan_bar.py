"""The decision bar: the buttons the gate lets through, or the reason instead of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q
from django.db.models.functions import Length
from django.urls import reverse

from workflow.models import AgendaItem, ClassRun, Decision
from workflow.rules import route
from workflow.rules.gate import Act
from workflow.states import AUTHOR, DecisionAction, PlanState, RequestKind, RunState

if TYPE_CHECKING:
    from org.models import User
    from rulebook.schema import Book
    from workflow.models import ClassPlan
    from workflow.rules import gate

#: 常用意见 offered before a reviewer has any of his own.
PHRASES = ("同意。", "请核减人数后再报。", "请补充需求调研后再报。")
#: Of requests about a 期, by kind; the others have the first of the above.
REQUEST_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    RequestKind.EXEMPT: ("情况属实，同意例外参训。", "请另选人员。", "请补充说明理由。"),
    RequestKind.OPEN: ("同意开班。", "请核实时间地点后再报。"),
}


@dataclass(frozen=True)
class Typed:
    """What a reviewer had typed when his act was refused, and why it was."""

    opinion: str = ""
    target: str = ""
    error: str = ""
    conflict: str = ""


def decision_bar(
    plan: ClassPlan,
    book: Book | None,
    case: gate.Case,
    reasons: dict[Act, str | None],
    typed: Typed,
    actor: User,
) -> dict[str, Any]:
    """The decision bar; ``why`` alone for whoever may look but not act."""
    if reasons[Act.AGREE] is None and book is not None and case.task is not None:
        return _review_bar(plan, book, case, reasons, typed, actor)
    if reasons[Act.EDIT] is None:
        draft = plan.state == PlanState.DRAFT
        links = [
            {"label": "修改", "url": reverse("workflow:plan_edit", args=[plan.pk]), "primary": False},
            {"label": "报送…", "url": reverse("workflow:plan_submit", args=[plan.pk]), "primary": True},
        ]
        if reasons[Act.DELETE] is None:
            url = reverse("workflow:plan_delete", args=[plan.pk])
            links.insert(0, {"label": "删除…", "url": url, "primary": False})
        return {"links": links, "why": "核对无误后报送。" if draft else "修改后重新报送。"}
    if reasons[Act.WITHDRAW] is None:
        return {"why": f"{reasons[Act.AGREE] or ''}办理前可以撤回。", "withdraw": True}
    if plan.state in (PlanState.AWAITING_MEETING, PlanState.DEFERRED) and (
        reasons[Act.SETTLE] is None or reasons[Act.PUT_ON_AGENDA] is None
    ):
        return _meeting_bar(plan, reasons)
    if plan.state == PlanState.APPROVED and plan.department_id in case.standing.department_ids:
        return _opening_bar(plan, reasons)
    return {"why": _why_not(plan, reasons)}


def _opening_bar(plan: ClassPlan, reasons: dict[Act, str | None]) -> dict[str, Any]:
    """After the approval its department goes on here: each 期 asks to open."""
    waiting = ClassRun.objects.filter(plan=plan, state=RunState.PLANNED).order_by("session_no").first()
    if waiting is None:
        return {"why": _why_not(plan, reasons)}
    which = f"第 {waiting.session_no} 期" if plan.sessions > 1 else ""
    link = {
        "label": f"申请{which}开班",
        "url": reverse("workflow:run_open", args=[waiting.pk]),
        "primary": True,
    }
    return {"why": f"已审定，计划号 {plan.plan_number}。办班前请申请开班。", "links": [link]}


def withdraw_question(plan: ClassPlan) -> str:
    return f"撤回《{plan.name}》？撤回后可以修改，再重新报送。"


def _review_bar(
    plan: ClassPlan,
    book: Book,
    case: gate.Case,
    reasons: dict[Act, str | None],
    typed: Typed,
    actor: User,
) -> dict[str, Any]:
    task, version = case.task, plan.version
    if task is None or version is None:
        raise AssertionError("the gate lets nobody agree to a plan without a task")
    index = route.step_index(task, book)
    targets = [(AUTHOR, f"经办人（{version.submitted_by.name}）")]
    targets += [(step.key, step.title) for step in book.steps[:index]]
    targets.sort(key=lambda target: target[0] != typed.target)  # what was chosen stands first, and checked
    buttons: list[dict[str, Any]] = [{"value": DecisionAction.AGREE.value, "label": "同意", "primary": True}]
    if reasons[Act.ADVISE_EXCLUSION] is None:
        buttons.append({"value": DecisionAction.ADVISE_EXCLUSION.value, "label": "建议不列入"})
    return {
        "form": {
            "action": reverse("workflow:decide", args=[plan.pk]),
            "hidden": [("task", task.pk)],
            "phrases": phrases(actor),
            "opinion": typed.opinion,
            "error": typed.error,
            "placeholder": "意见（退回、建议不列入必填）" if len(buttons) > 1 else "意见（退回必填）",
            "buttons": buttons,
            "back": {"value": DecisionAction.RETURN.value, "label": "退回…", "targets": targets},
        }
    }


def _meeting_bar(plan: ClassPlan, reasons: dict[Act, str | None]) -> dict[str, Any]:
    item = AgendaItem.objects.filter(plan=plan, outcome="").select_related("meeting__body").first()
    if item is None:
        link: dict[str, Any] = {"label": "上会议题", "url": reverse("workflow:meetings"), "primary": True}
        return {"why": "尚未列入会议议题。", "links": [link]}
    link = {
        "label": "到会议中记录结果",
        "url": reverse("workflow:meeting", args=[item.meeting_id]),
        "primary": True,
    }
    if reasons[Act.SETTLE] is not None:
        link = {"label": "查看议题", "url": reverse("workflow:meeting", args=[item.meeting_id])}
    day = item.meeting.held_on
    return {"why": f"已列入 {item.meeting}，{day.month}月{day.day}日召开。", "links": [link]}


def _why_not(plan: ClassPlan, reasons: dict[Act, str | None]) -> str:
    match plan.state:
        case PlanState.DRAFT | PlanState.RETURNED | PlanState.WITHDRAWN:
            return reasons[Act.EDIT] or ""
        case PlanState.REVIEWING:
            return reasons[Act.AGREE] or ""
        case PlanState.AWAITING_MEETING:
            return reasons[Act.SETTLE] or ""
        case PlanState.DEFERRED:
            return reasons[Act.PUT_ON_AGENDA] or ""
    number = f"，计划号 {plan.plan_number}" if plan.plan_number else ""
    return f"现为“{PlanState(plan.state).label}”{number}，年度计划办理已结束。"


def phrases(actor: User, *, agreeing: bool = False, request: str = "") -> list[str]:
    """常用意见: what this person wrote most often, then the usual ones; five at most.

    ``agreeing``: only what was said with a 同意. ``request``: the kind of the request (RequestKind) it is to
    be said of, and was; empty for plans.
    """
    usual = REQUEST_PHRASES.get(request, PHRASES[:1]) if request else PHRASES
    acts = [DecisionAction.AGREE]
    if not agreeing:
        acts += [DecisionAction.RETURN, DecisionAction.ADVISE_EXCLUSION]
    own = (
        Decision.objects.filter(actor=actor, action__in=acts)
        .filter(Q(request__kind=request) if request else Q(request=None))
        .annotate(length=Length("opinion"))
        .filter(length__lte=20)
        .exclude(opinion__in=[str(act.label) for act in acts])
        .values("opinion")
        .annotate(times=Count("pk"))
        .filter(times__gte=2)
        .order_by("-times", "opinion")
        .values_list("opinion", flat=True)[:3]
    )
    return list(dict.fromkeys([*own, *(usual[:1] if agreeing else usual)]))[:5]
