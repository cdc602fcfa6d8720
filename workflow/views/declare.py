"""年度申报: the own department's lines of a year, and the way to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode

from office.refusals import Refused
from office.wording import chinese_date, yuan
from rulebook.selectors import book_for
from workflow.rules import gate
from workflow.rules.evaluate import findings_of_many
from workflow.rules.gate import Act
from workflow.selectors import declared, years
from workflow.states import PlanState
from workflow.views import drafting, handing_in
from workflow.views.common import page_of, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from org.models import Department, User
    from rulebook.schema import Book
    from workflow.models import ClassPlan

ACTS = (Act.EDIT, Act.SUBMIT, Act.WITHDRAW, Act.DELETE)


def declare(request: HttpRequest) -> HttpResponse:
    """The lines of one department and year: ``?year=&department=&tab=&q=&page=``."""
    at = timezone.now()
    departments = declared.departments_of(standing_of(request))
    year, current = years.asked_year(request.GET, at), years.current_year(at)
    context: dict[str, Any] = {"year": year, "current": current, "departments": departments}
    if not departments:
        return render(request, "workflow/declare/list.html", context)
    asked = request.GET.get("department", "")
    department = next((d for d in departments if str(d.pk) == asked), departments[0])
    tab = request.GET.get("tab", "")
    words = request.GET.get("q", "").strip()[:100]
    by_state = declared.figures(department, year)
    page = page_of(request, declared.lines(department, year, tab=tab, words=words))
    book, fault = _book(department, at)
    plans = list(page)
    query = {"year": year, "department": department.pk}
    context |= {
        "department": department,
        "tab": tab,
        "words": words,
        "page": page,
        "rows": _rows(plans, book, request, at),
        "tabs": [
            {
                "title": title,
                "url": f"?{urlencode(query | ({'tab': key} if key else {}))}",
                "count": declared.of_states(by_state, states).plans,
                "hot": key == "todo",
                "current": key == tab,
            }
            for key, title, states in declared.TABS
        ],
        "sums": _sums(by_state),
        "anything": bool(by_state),
        "last_year": year - 1 if not by_state and declared.figures(department, year - 1) else None,
        "window": _window(book, year, at) if book else "",
        "fault": fault,
        "years": [current - 1, current, current + 1]
        if year in range(current - 1, current + 2)
        else [year, current],
        "query": urlencode(query),
        "here": request.get_full_path(),
        "target": current if year < current else year,
    }
    return render(request, "workflow/declare/list.html", context)


def _book(department: Department, at: datetime) -> tuple[Book | None, str]:
    try:
        return book_for(department.union, timezone.localdate(at)).book, ""
    except Refused as refused:
        return None, str(refused)


def _rows(
    plans: Sequence[ClassPlan], book: Book | None, request: HttpRequest, at: datetime
) -> list[dict[str, Any]]:
    """A row a plan, in a constant number of queries: what may be done, where it lies, what is wrong."""
    cases = gate.cases(plans, actor=cast("User", request.user), at=at)
    returns = declared.returns(plans)
    open_plans = [plan for plan in plans if plan.is_editable]
    found = findings_of_many(open_plans, book, at=at) if book else []
    findings = {plan.pk: rows for plan, rows in zip(open_plans, found, strict=False)}
    rows = []
    for plan, case in zip(plans, cases, strict=True):
        ours = findings.get(plan.pk, [])
        category = next((c.title for c in book.categories if c.code == plan.category), "") if book else ""
        rows.append(
            {
                "plan": plan,
                "category": category,
                "may": {str(act): gate.judge(act, case) is None for act in ACTS},
                "task": case.task,
                "holder": case.holder,
                "returned": returns.get(plan.pk),
                "stops": [finding for finding in ours if finding.stops],
                "asks": [finding for finding in ours if finding.asks],
            }
        )
    return rows


def _sums(by_state: dict[str, declared.Figures]) -> list[dict[str, str]]:
    whole = declared.of_states(by_state, PlanState)
    approved = declared.of_states(by_state, [PlanState.APPROVED])
    todo = declared.of_states(by_state, declared.TABS[1][2])
    way = declared.of_states(by_state, [PlanState.REVIEWING, PlanState.AWAITING_MEETING, PlanState.DEFERRED])
    return [
        {"label": label, "value": yuan(figures.total), "note": _note(figures)}
        for label, figures in (
            ("编制合计（元）", whole),
            ("待报送", todo),
            ("审核、上会中", way),
            ("已审定", approved),
        )
    ]


def _note(figures: declared.Figures) -> str:
    return f"{figures.plans} 班 {figures.sessions} 期 {figures.people:,} 人次"


def _window(book: Book, year: int, at: datetime) -> str:
    opens, closes = book.window.bounds(year)
    day = timezone.localdate(at)
    span = f"申报期 {chinese_date(opens)}至{chinese_date(closes)}"
    if day < opens:
        return f"{span}，尚未开始"
    if day > closes:
        return f"{span}，已截止：现在报送属计划外，须写明理由、列支渠道和主要负责同志审批意见"
    left = (closes - day).days
    return f"{span}，{'今日截止' if not left else f'还有 {left} 天'}"


urlpatterns: list[URLPattern] = [
    path("plans/", declare, name="declare"),
    path("plans/new/", drafting.plan_new, name="plan_new"),
    path("plans/budget/", drafting.plan_budget, name="plan_budget"),
    path("plans/submit-many/", handing_in.submit_many, name="submit_many"),
    path("plans/<int:pk>/edit/", drafting.plan_edit, name="plan_edit"),
    path("plans/<int:pk>/submit/", handing_in.plan_submit, name="plan_submit"),
    path("plans/<int:pk>/withdraw/", handing_in.withdraw, name="withdraw"),
    path("plans/<int:pk>/delete/", drafting.plan_delete, name="plan_delete"),
    path("plans/<int:pk>/files/add/", drafting.file_add, name="file_add"),
    path("files/<int:pk>/delete/", drafting.file_delete, name="file_delete"),
]
