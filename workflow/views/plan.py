"""The decision page, deciding, old versions, comparing two classes, the printed 审批单, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from office.refusals import Conflict, Refused
from workflow.models import ClassPlan, PlanAttachment, WorkTask
from workflow.services.decisions import decide as decide_one
from workflow.states import AUTHOR, DecisionAction, StepKind
from workflow.views import plan_history
from workflow.views.common import DeskRequest, attachment, standing_of, visible_plan
from workflow.views.plan_bar import Typed
from workflow.views.plan_page import plan_page

if TYPE_CHECKING:
    from django.urls import URLPattern

#: What the decision bar posts as ``action``.
ACTIONS = {
    action.value: action
    for action in (DecisionAction.AGREE, DecisionAction.RETURN, DecisionAction.ADVISE_EXCLUSION)
}


@require_safe
def plan(request: DeskRequest, pk: int) -> HttpResponse:
    """One plan with everything needed to decide on it."""
    return _page(request, visible_plan(request, pk))


def _page(
    request: DeskRequest, plan: ClassPlan, typed: Typed | None = None, status: int = 200
) -> HttpResponse:
    context = plan_page(
        plan, actor=request.user, standing=standing_of(request), at=timezone.now(), typed=typed
    )
    return render(request, "workflow/plan.html", context, status=status)


@require_POST
def decide(request: DeskRequest, pk: int) -> HttpResponse:
    """同意, 退回 or 建议不列入 by the task the page showed; what was typed stays where it is refused."""
    plan = visible_plan(request, pk)
    opinion = request.POST.get("opinion", "").strip()[:500]
    target = request.POST.get("target", AUTHOR)
    action = ACTIONS.get(request.POST.get("action", ""))
    task_id = _number(request.POST.get("task", ""))
    if action is None or task_id is None:
        typed = Typed(opinion, target, error="请选择同意、退回或建议不列入。")
        return _page(request, plan, typed, status=422)
    try:
        decision = decide_one(
            plan_id=plan.pk,
            task_id=task_id,
            action=action,
            actor=request.user,
            at=timezone.now(),
            opinion=opinion,
            return_to=target,
        )
    except Conflict as conflict:
        typed = Typed(opinion, target, conflict=str(conflict))
        return _page(request, visible_plan(request, pk), typed, status=409)
    except Refused as refused:
        typed = Typed(opinion, target, error=str(refused))
        return _page(request, visible_plan(request, pk), typed, status=422)
    messages.success(request, f"《{plan.name}》已办理：{decision.get_action_display()}{_whither(plan)}。")
    return redirect("workflow:inbox")


def _whither(plan: ClassPlan) -> str:
    task = WorkTask.objects.filter(plan=plan, request=None, is_open=True).only("kind", "step_title").first()
    if task is None:
        return ""
    return "，待经办人修改" if task.kind == StepKind.REVISE else f"，送“{task.step_title}”"


@require_safe
def file(request: DeskRequest, pk: int) -> HttpResponse:
    """A plan's file, to be kept: for whoever sees the plan. Never shown in the browser."""
    found = (
        PlanAttachment.objects.filter(pk=pk, plan__in=ClassPlan.objects.visible_to(standing_of(request)))
        .select_related("file")
        .first()
    )
    if found is None:
        raise Http404
    try:
        with found.file.file.open("rb") as stored:
            body = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    return attachment(body, found.file.name, found.file.mime)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


urlpatterns: list[URLPattern] = [
    path("plans/<int:pk>/", plan, name="plan"),
    path("plans/<int:pk>/decide/", decide, name="decide"),
    path("files/<int:pk>/", file, name="file"),
    *plan_history.urlpatterns,
]
