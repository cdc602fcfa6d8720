"""报送 and 撤回: what the book says first, then one press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from office.refusals import Refused
from rulebook.selectors import book_for
from rulebook.severity import Severity
from workflow.forms.budget import cost_sheet
from workflow.forms.plan import field_of
from workflow.models import ClassPlan, PlanAttachment, PlanCost
from workflow.rules import content, gate, resubmission, route
from workflow.rules.evaluate import findings_of
from workflow.rules.gate import Act
from workflow.selectors import declared
from workflow.services import submission
from workflow.views.common import standing_of, visible_plan
from workflow.views.drafting import actor_of, answers_refusals, ask, no

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import User


@answers_refusals
def plan_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: findings, differences and where it will go; POST hands the plan in."""
    at, plan = timezone.now(), visible_plan(request, pk)
    actor = actor_of(request)
    if reason := gate.refusal(Act.SUBMIT, plan, actor=actor, at=at):
        return no(request, reason, plan)
    if request.method != "POST":
        return _before(request, plan, actor, at, explanation=plan.explanation)
    explanation = request.POST.get("explanation", "").replace("\r\n", "\n").strip()
    if len(explanation) > 500:
        error = f"说明最多 500 个字，现有 {len(explanation)} 个，请精简。"
        return _before(request, plan, actor, at, explanation=explanation, error=error, status=422)
    revision = request.POST.get("revision", "")
    try:
        submission.submit(
            plan_id=pk,
            actor=actor,
            at=at,
            revision=int(revision) if revision.isdigit() else None,
            explanation=explanation,
        )
    except Refused as refused:
        return _before(request, plan, actor, at, explanation=explanation, error=str(refused), status=409)
    plan.refresh_from_db(fields=["serial"])
    number = plan.declaration_number
    messages.success(request, f"《{plan.name}》已报送，申报号 {number}。")
    return redirect(_list_of(plan))


def _before(
    request: HttpRequest,
    plan: ClassPlan,
    actor: User,
    at: datetime,
    *,
    explanation: str,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    day = timezone.localdate(at)
    book = book_for(plan.union, day)
    costs = list(PlanCost.objects.filter(plan=plan))
    files = list(PlanAttachment.objects.filter(plan=plan).select_related("file"))
    findings = findings_of(plan, book.book, at=at, costs=costs)
    plan.explanation, stored = explanation, plan.explanation
    now = content.snapshot(plan, costs, files)
    plan.explanation = stored
    changes, unchanged, going, steps = [], "", None, []
    if plan.version is not None:
        changes = content.differences(plan.version.content, now, book.book)
    try:
        going = resubmission.where_to(plan, now, book)
        steps = route.ahead(plan, book.book.steps, going.index, author_id=actor.pk, on=day)
    except Refused as refused:
        unchanged = str(refused)
    edit = reverse("workflow:plan_edit", args=[plan.pk])
    context = {
        "plan": plan,
        "book": book.book,
        "findings": [(finding, f"{edit}#{field_of(finding, plan, book.book)}") for finding in findings],
        "stops": [finding for finding in findings if finding.stops],
        "held": [finding for finding in findings if finding.severity == Severity.HOLD],
        "asks": [finding for finding in findings if finding.asks],
        "budget": cost_sheet(plan, costs, book.book),
        "changes": changes,
        "unchanged": unchanged,
        "going": going,
        "steps": route.to_come(steps),
        "nobody": [step for step in steps if step.problem],
        "explanation": explanation,
        "error": error,
        "files": files,
        "reason": declared.returns([plan]).get(plan.pk),
    }
    return render(request, "workflow/declare/submit.html", context, status=status)


@require_POST
@answers_refusals
def submit_many(request: HttpRequest) -> HttpResponse:
    """报送 of the ticked lines, each by itself, with a result for each."""
    at, actor = timezone.now(), actor_of(request)
    picked = [int(key) for key in request.POST.getlist("pick") if key.isdigit()]
    plans = ClassPlan.objects.visible_to(standing_of(request)).filter(pk__in=picked).in_bulk()
    if not plans:
        messages.error(request, "请先勾选要报送的班次。")
        return redirect(_back(request))
    if request.POST.get("confirmed") != "1":
        names = "、".join(plan.name for plan in plans.values())
        return ask(
            request,
            title="批量报送",
            text=f"报送 {len(plans)} 个班次：{names}。报送后内容即锁定，有人办理前可以撤回。",
            label="报送",
            cancel=_back(request),
            hidden=[("pick", pk) for pk in plans] + [("back", _back(request))],
        )
    results = submission.submit_many(plan_ids=plans, actor=actor, at=at)
    rows = [{"plan": plans[pk], "decision": decision, "reason": reason} for pk, decision, reason in results]
    done = sum(1 for row in rows if row["decision"])
    return render(
        request,
        "workflow/declare/results.html",
        {"rows": rows, "done": done, "left": len(rows) - done, "back_url": _back(request)},
    )


@answers_refusals
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a plan back, after asking, until somebody has acted on it."""
    at, plan = timezone.now(), visible_plan(request, pk)
    actor = actor_of(request)
    if reason := gate.refusal(Act.WITHDRAW, plan, actor=actor, at=at):
        return no(request, reason, plan)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="撤回",
            text=f"《{plan.name}》（申报 {plan.declaration_number}）撤回后可以修改，"
            "再次报送时从第一个环节办理。",
            label="撤回",
            cancel=_list_of(plan),
        )
    try:
        submission.withdraw(plan_id=pk, actor=actor, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(_list_of(plan))
    messages.success(request, f"《{plan.name}》已撤回，可以修改后重新报送。")
    return redirect("workflow:plan_edit", pk=pk)


def _list_of(plan: ClassPlan) -> str:
    return f"{reverse('workflow:declare')}?year={plan.year}&department={plan.department_id}"


def _back(request: HttpRequest) -> str:
    """The list one came from; never another site."""
    back = request.POST.get("back", "")
    home = reverse("workflow:declare")
    return back if back.startswith(f"{home}?") or back == home else home
