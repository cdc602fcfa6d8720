"""历次报送, 比较两班, the printed 审批单: what was said of a plan, and beside what."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from office.wording import yuan
from workflow.models import ClassPlan, Decision, PlanAttachment, PlanCost, PlanVersion
from workflow.rules import content, route
from workflow.rules.duplicates import overlap
from workflow.rules.findings import PASS, stored
from workflow.states import DecisionAction, PlanState
from workflow.views.common import DeskRequest, standing_of, visible_plan
from workflow.views.plan_page import declared, facts, money, plan_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.urls import URLPattern

    from rulebook.schema import Book


@require_safe
def versions(request: DeskRequest, pk: int) -> HttpResponse:
    """Every submission with its findings and decisions; any two side by side."""
    plan, at = visible_plan(request, pk), timezone.now()
    rows = list(
        PlanVersion.objects.filter(plan=plan)
        .select_related("book", "submitted_by")
        .defer("book__content", "book__source_text")
        .order_by("-number")
    )
    if not rows:
        raise Http404
    decisions = list(
        Decision.objects.filter(plan=plan, request=None)
        .select_related("version__book", "meeting")
        .defer("version__content", "version__book__content", "version__book__source_text")
        .order_by("at", "id")
    )
    stages = dict(zip((decision.pk for decision in decisions), route.done(decisions, at=at), strict=True))
    left, right = _pair(request, rows)
    context = {
        "plan": plan,
        "versions": [_version(row, decisions, stages) for row in rows],
        "left": left,
        "right": right,
        "choices": [(row.number, _title(row)) for row in rows],
        "changes": content.differences(left.content, right.content, right.book.book) if left else [],
        "left_title": _title(left) if left else "",
        "right_title": _title(right),
    }
    return render(request, "workflow/versions.html", context)


def _pair(request: DeskRequest, rows: Sequence[PlanVersion]) -> tuple[PlanVersion | None, PlanVersion]:
    """The two to compare: those asked for, the older left; else the last two."""
    by_number = {str(row.number): row for row in rows}
    one, other = by_number.get(request.GET.get("a", "")), by_number.get(request.GET.get("b", ""))
    if one is None or other is None or one == other:
        return (rows[1] if len(rows) > 1 else None), rows[0]
    return (one, other) if one.number < other.number else (other, one)


def _title(version: PlanVersion) -> str:
    return f"第 {version.number} 次{'（会议修改）' if version.by_meeting else '报送'}"


def _version(
    version: PlanVersion, decisions: Sequence[Decision], stages: dict[int, route.Stage]
) -> dict[str, Any]:
    own = [decision for decision in decisions if decision.version_id == version.pk]
    seen: list[dict[str, Any]] = next(
        (decision.findings for decision in reversed(own) if decision.findings), []
    )
    return {
        "row": version,
        "title": _title(version),
        "total": content.total(version.content),
        "stages": [stages[decision.pk] for decision in own],
        "findings": [finding for finding in stored(seen) if finding.severity != PASS],
        "returned": next((d for d in reversed(own) if d.action == DecisionAction.RETURN), None),
        "book": version.book,
    }


@require_safe
def compare(request: DeskRequest, pk: int, other: int) -> HttpResponse:
    """Two classes suspected of being the same, side by side; for whoever may see both."""
    one, two = visible_plan(request, pk), visible_plan(request, other)
    if one.pk == two.pk:
        raise Http404
    # A draft is compared by the book its counterpart was handed in under.
    book = _book_of(one) or _book_of(two)
    if book is None:
        raise Http404
    sides = [(plan, _book_of(plan) or book, list(PlanCost.objects.filter(plan=plan))) for plan in (one, two)]
    share, units = overlap(one, two, book)
    lines = []
    for label, left, right in _beside(sides):
        lines.append({"label": label, "left": left, "right": right, "same": left == right and left != ""})
    context = {
        "one": one,
        "two": two,
        "lines": lines,
        "same_subject": one.subject == two.subject and bool(one.subject),
        "subject": " ".join([one.subject, *book.titles([one.subject])]) if one.subject else "",
        "share": f"{share:.0%}",
        "units": "、".join(book.titles(units)),
        "threshold": f"{book.duplicate_share:.0%}",
        "clause": book.rule("duplicate_plan").clause,
    }
    return render(request, "workflow/compare.html", context)


def _book_of(plan: ClassPlan) -> Book | None:
    return plan.version.book.book if plan.version is not None else None


def _beside(sides: Sequence[tuple[ClassPlan, Book, list[PlanCost]]]) -> list[tuple[str, str, str]]:
    columns = []
    for plan, book, costs in sides:
        total = sum((cost.amount for cost in costs), Decimal("0.00"))
        listed = {label: text for label, text, *_ in facts(plan, book, phone=False)}
        columns.append(
            {
                "主办部门": plan.department.name,
                "申报号": plan.declaration_number,
                "状态": str(PlanState(plan.state).label),
                "类别": "、".join(book.titles([plan.category])) if plan.category else "",
                **{
                    label: listed[label]
                    for label in ("业务", "目的", "对象", "内容", "时间", "学时", "地点", "承办")
                },
                "住宿": "住宿" if plan.residential else "走读",
                "工作人员": f"{plan.staff} 人",
                "经费合计": f"{yuan(total)} 元",
                "列支渠道": listed["列支渠道"],
                "收费": listed["收费"],
                "部门说明": plan.explanation,
            }
        )
    return [(label, columns[0][label], columns[1][label]) for label in columns[0]]


@require_safe
def plan_print(request: DeskRequest, pk: int) -> HttpResponse:
    """审批单 on A4: the plan, its money and every signer with opinion and date."""
    plan, at = visible_plan(request, pk), timezone.now()
    if plan.version is None:
        raise Http404
    book = plan.version.book.book
    costs = list(PlanCost.objects.filter(plan=plan))
    decisions = route.record(plan)
    findings = plan_findings(plan, book, decisions, costs, at=at)
    signed = _signed(decisions)
    before = declared(plan)
    said = facts(plan, book, phone=plan.department_id in standing_of(request).department_ids)
    short = [fact for fact in said if len(fact) < 4]
    context = {
        "plan": plan,
        "book": book,
        "back_url": reverse("workflow:plan", args=[plan.pk]),
        "category": "、".join(book.titles([plan.category])),
        "facts": [fact for fact in said if len(fact) == 4],
        "pairs": list(zip(short[::2], [*short[1::2], ("", "")], strict=False)),
        "money": money(plan, costs, book, before),
        "changes": content.differences(before.content, plan.version.content, book) if before else [],
        "findings": [finding for finding in findings if finding.severity != PASS],
        "steps": [
            {"title": step.title, "rows": [d for d in signed if d.step == step.key]} for step in book.steps
        ],
        "submitted": next((d for d in reversed(decisions) if d.action == DecisionAction.SUBMIT), None),
        "files": list(PlanAttachment.objects.filter(plan=plan).select_related("file")),
        "unsure": route.unconfirmed(decisions),
        "settled": plan.is_settled,
    }
    return render(request, "workflow/plan_print.html", context)


def _signed(decisions: Sequence[Decision]) -> list[Decision]:
    """Decisions of the steps in the last run: what was returned before stays in 历次报送."""
    start = 0
    for index, decision in enumerate(decisions):
        version = decision.version
        if decision.action == DecisionAction.SUBMIT and version is not None and version.restarted:
            start = index
    return [d for d in decisions[start:] if d.action not in (DecisionAction.SUBMIT, DecisionAction.RESUME)]


urlpatterns: list[URLPattern] = [
    path("plans/<int:pk>/versions/", versions, name="versions"),
    path("plans/<int:pk>/compare/<int:other>/", compare, name="compare"),
    path("plans/<int:pk>/print/", plan_print, name="plan_print"),
]
