"""A project's money: its lines, what is committed, what was paid, and the ledger behind each figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from budgets import rules as ledger_rules
from budgets.models import Project
from office.refusals import Refused
from office.wording import percent_text, yuan
from workflow.forms.spending import IncomeForm
from workflow.rules import spending as rules
from workflow.rules.half_days import when_text
from workflow.rules.listing import amount_asked
from workflow.rules.money_gate import may_ask_about
from workflow.selectors import money as selectors
from workflow.selectors import spending as select
from workflow.selectors.fund_years import requests_about
from workflow.services import spending as services
from workflow.states import MoneyKind
from workflow.templatetags.amounts import money
from workflow.views.common import DeskRequest, page_of, standing_of
from workflow.views.drafting import answers_refusals, no
from workflow.views.paper_box import paper_box
from workflow.views.payments import kind_title
from workflow.views.spending_desk import refusal, seen_project, shown

if TYPE_CHECKING:
    from decimal import Decimal

    from django.core.paginator import Page
    from django.urls import URLPattern

    from budgets.models import Payment
    from rulebook.schema import Book
    from workflow.rules.spending import SpendingCase
    from workflow.selectors.money import BudgetRow, Held

#: Lines of the ledger on one page.
ENTRIES = 50


@require_safe
def project(request: DeskRequest, pk: int) -> HttpResponse:
    """The project; ``?line=`` narrows what stands below the budget to one line of it."""
    found, at, standing = seen_project(request, pk), timezone.now(), standing_of(request)
    case = rules.case_of(found.pk)
    rows = selectors.budget_rows(found)
    held = selectors.add_up(row.held for row in rows)
    unit = request.GET.get("unit", "")
    line = _line(request, rows)
    key = line.line.pk if line is not None else None
    may = refusal(request, found, at) is None and case is not None
    waiting = list(select.commitments(found, key)) if rows else []
    granting = request.GET.get("rows") == "granted"
    page: Page[Any] = page_of(
        request, select.granted(found, key) if granting else select.of_project(found, key), ENTRIES
    )
    ended = rules.ended(case) if case is not None else ""
    carried = rules.carried_to(found, found.later_number) if found.later_number else ""
    others = _others(found) if carried or found.origin_id is not None else []
    whole = standing.sees_union(found.union_id)
    context: dict[str, Any] = {
        "project": found,
        "plan": case.plan if case is not None else None,
        "unit": unit,
        "rows": rows,
        "held": held,
        "line": line,
        "facts": _facts(found, case, sees_fund=whole),
        "sums": _sums(held, unit, carried_in=found.origin_id is not None),
        "commitments": [_committed(case, each) for each in waiting],
        "payments": _payments(found, key, case),
        "page": page,
        "movements": list(page) if granting else select.read(page),
        "granted": _granted(line, held) if granting else None,
        "may": may,
        "may_charge": may and case is not None and rules.income_refusal(case) is None,
        "closed": ledger_rules.closed(found.fund),
        "carried": carried,
        "others": others,
        "ended": ended,
        "stops": _stops(case) if case is not None and rows and not (ended or carried) else [],
        "runs": case.scope(None) if case is not None else [],
        "whole": whole,
        "asking": [
            (row, amount_asked(row)) for row in requests_about(standing, found, (row.line.pk for row in rows))
        ],
        "may_ask": may_ask_about(MoneyKind.BUDGET, found.fund, found, standing),
    }
    context["sums_below"] = {
        "outstanding": sum((each["row"].outstanding for each in context["commitments"]), selectors.ZERO),
        "paid": sum((each["amount"] for each in context["payments"] if not each["undone"]), selectors.ZERO),
    }
    context["may_use"] = may and bool(rows) and not (ended or carried) and not context["stops"]
    return render(request, "workflow/money/project.html", context)


def _others(found: Project) -> list[dict[str, Any]]:
    """The class's money of other years, with whether it is an earlier one."""
    projects = Project.objects.of_class(found.first_id).select_related("fund")
    return [
        {"project": each, "earlier": each.fund.year < found.fund.year}
        for each in projects
        if each.pk != found.pk
    ]


def _line(request: DeskRequest, rows: list[BudgetRow]) -> BudgetRow | None:
    wanted = request.GET.get("line", "")
    return next((row for row in rows if str(row.line.pk) == wanted), None)


def _granted(line: BudgetRow | None, held: Held) -> Decimal:
    return (line.held if line is not None else held).appropriated


def _stops(case: SpendingCase) -> list[dict[str, Any]]:
    """Why nothing at all can be used yet; empty as soon as one 期, or the class as a whole, may."""
    if case.plan.sessions == 1:
        return shown(rules.obstacles(case, 1))
    return shown(rules.obstacles(case, None))


def _committed(case: SpendingCase | None, each: Any) -> dict[str, Any]:
    session = rules.session_title(case, each.session_no) if case is not None else ""
    return {"row": each, "session": session, "undone": each.outstanding == 0}


def _payments(found: Project, line: int | None, case: SpendingCase | None) -> list[dict[str, Any]]:
    book: Book | None = case.book if case is not None else None
    rows: list[dict[str, Any]] = []
    payment: Payment
    for payment in select.payments(found, line):
        refund = payment.refunds_id is not None
        rows.append(
            {
                "row": payment,
                "amount": -payment.part if refund else payment.part,  # type: ignore[attr-defined]
                "kind": kind_title(book, payment.kind),
                "session": rules.session_title(case, payment.session_no) if case is not None else "",
                "undone": payment.is_reversed,  # type: ignore[attr-defined]
                "refund": refund,
            }
        )
    return rows


def _facts(found: Project, case: SpendingCase | None, *, sees_fund: bool) -> list[tuple[str, ...]]:
    fund_url = reverse("workflow:fund", args=[found.fund_id]) if sees_fund else ""
    facts: list[tuple[str, ...]] = [
        ("项目编号", found.number),
        ("主办部门", found.department.name),
        ("列支", str(found.fund), fund_url),
    ]
    if case is None:
        return facts
    plan, meeting = case.plan, case.meeting
    facts += [
        ("计划", f"申报 {plan.declaration_number}", reverse("workflow:plan", args=[plan.pk])),
        ("类别", "".join(case.book.titles([plan.category]))),
        ("时间", plan.time_text),
        ("规模", f"{plan.trainees}＋{plan.staff} 人 × {plan.sessions} 期"),
    ]
    if meeting is not None:
        url = reverse("workflow:meeting", args=[meeting.pk]) if sees_fund else ""
        facts.append(("审定", f"{meeting} {_outcome(case)}".strip(), url))
        facts.append(("纪要编号", meeting.minutes_number or "待补"))
    for run in case.runs:
        title = f"第 {run.session_no} 期" if plan.sessions > 1 else "班次"
        text = f"{run.get_state_display()}，{when_text(run)}" if run.starts_on else run.get_state_display()
        facts.append((title, text, reverse("workflow:run", args=[run.pk])))
    return facts


def _outcome(case: SpendingCase) -> str:
    """What the meeting decided: 通过, 修改后通过."""
    decision = case.approval
    return decision.get_action_display() if decision is not None else ""


def _sums(held: Held, unit: str, *, carried_in: bool) -> list[dict[str, Any]]:
    rest = held.appropriated - held.paid
    share = f"占下达 {percent_text(held.paid, held.appropriated)}" if held.appropriated else ""
    return [
        {
            "label": "下达",
            "value": money(held.appropriated, unit),
            "note": "上年结转" if carried_in else "审定下达，含调剂、调整",
            "url": "?rows=granted#entries",
        },
        {
            "label": "预占",
            "value": money(held.committed, unit),
            "note": "已承诺未支付",
            "url": "#commitments",
        },
        {"label": "支出", "value": money(held.paid, unit), "note": share, "url": "#payments"},
        {
            "label": "可用",
            "value": money(held.available, unit),
            "note": "下达－预占－支出",
            "url": "#lines",
            "bad": bool(held.appropriated) and not held.available and bool(rest),
        },
    ]


@answers_refusals
def project_income(request: DeskRequest, pk: int) -> HttpResponse:
    """收费 of a class: refused for every class that takes none (B-32), with the clause (S22)."""
    found, at = seen_project(request, pk), timezone.now()
    if reason := refusal(request, found, at):
        return no(request, reason)
    form = IncomeForm(request.POST if request.method == "POST" else None)
    box = paper_box(request, [services.INCOME_BASIS], at)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and not box.errors:
            files = box.files.get(services.INCOME_BASIS, [])
            try:
                entry = services.book_income(
                    project_id=pk,
                    amount=form.cleaned_data["amount"],
                    basis=form.cleaned_data["basis"],
                    file=files[0] if files else None,
                    actor=request.user,
                    at=at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"已登记收费 {yuan(entry.amount)} 元，计入{found.fund}。")
                return redirect("workflow:project", pk=pk)
    case = rules.case_of(found.pk)
    context = {
        "project": found,
        "form": form,
        "refused": rules.income_refusal(case) if case is not None else "",
        "papers": box.rows([(services.INCOME_BASIS, "收费依据文件")]),
    }
    return render(request, "workflow/money/income.html", context, status=status)


urlpatterns: list[URLPattern] = [
    path("projects/<int:pk>/", project, name="project"),
    path("projects/<int:pk>/income/", project_income, name="project_income"),
]
