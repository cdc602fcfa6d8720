"""支出进度 and what is behind each figure: a fund by pace, risk, month, department; its rows and tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from budgets.models import BudgetLine, Fund, Project
from office.refusals import Refused
from office.wording import chinese_date, percent
from rulebook.selectors import book_for
from workflow.excel.fund_all import kind_titles
from workflow.excel.money_reports import payments_book, report_book
from workflow.prints.charts import stacked
from workflow.rules.risks import risks
from workflow.selectors import fund_lists as lists
from workflow.selectors.fund_lists import FIGURE_TITLES, FIGURES, Behind, MonthOfSpending
from workflow.selectors.money import Held, add_up
from workflow.selectors.money_reports import REPORT_TITLES, REPORTS, Report, heading
from workflow.templatetags.amounts import money
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.fund_frame import asked_number, scope_of, seen_fund

if TYPE_CHECKING:
    from django.urls import URLPattern


#: Colours of what has the same one everywhere on the page, bars included: 支出, 预占; what was handed out.
TONES = {"paid": 0, "committed": 1, "plan": 7}
#: Those of the cost items, the largest first; what comes after them is drawn as the last.
ITEM_TONES = (2, 4, 5, 3, 6)

#: A share of the money by which a fund may be late before its page says so.
BEHIND = Decimal("0.1")

#: Rows of a workbook of payments; more than anybody prints.
MOST = 20_000


@require_safe
def fund_progress(request: DeskRequest, pk: int) -> HttpResponse:
    """支出进度: beside the pace expected today, projects at risk first, by month and by department."""
    fund, at = seen_fund(request, pk), timezone.now()
    unit = request.GET.get("unit", "")
    projects, chosen, departments = scope_of(request, fund)
    months, titles = lists.spending_by_month(fund, projects)
    by_department = lists.spending_by_department(projects)
    held = add_up(row.held for row in by_department)
    tones = {item: ITEM_TONES[min(place, len(ITEM_TONES) - 1)] for place, item in enumerate(titles)}
    chart = stacked([(f"{one.month}月", one.by_item) for one in months], titles, unit=unit, tones=tones)
    compared = stacked(
        [
            part
            for row in by_department
            for part in (
                (row.department.name[:8], {"plan": row.held.appropriated}),
                (row.department.name[:8], {"paid": row.held.paid, "committed": row.held.committed}),
            )
        ],
        {"plan": "下达", "paid": "支出", "committed": "预占"},
        unit=unit,
        together=2,
        tones=TONES,
    )
    context = {
        "fund": fund,
        "unit": unit,
        "department": chosen,
        "departments": departments,
        "held": held,
        "pace": _pace(fund, held),
        "months": [
            {
                "month": one.month,
                "parts": [(title, one.by_item.get(item, lists.ZERO)) for item, title in titles.items()],
                "total": one.total,
            }
            for one in months
            if any(one.by_item.values())
        ],
        "titles": titles,
        "legend": [(title, tones[item]) for item, title in titles.items()],
        "item_totals": [(title, _together(months, item)) for item, title in titles.items()],
        "chart": chart,
        "by_department": by_department,
        "compared": compared,
        "risks": risks(projects, at=at),
        "untouched": lists.untouched(projects),
        "reports": REPORT_TITLES.items(),
    }
    return render(request, "workflow/money/progress.html", context)


def _together(months: list[MonthOfSpending], item: str) -> Decimal:
    return sum((one.by_item.get(item, lists.ZERO) for one in months), lists.ZERO)


def _pace(fund: Fund, held: Held) -> dict[str, Any]:
    """Spent beside expected, in whole percent of what was handed out; None of either where nothing was."""
    today = timezone.localdate()
    try:
        book = book_for(fund.union, today).book
    except Refused:
        book = None
    expected: Decimal | None = None
    if book is not None:
        if today.year == fund.year:
            expected = book.money.expected(today)
        else:
            expected = Decimal(1) if today.year > fund.year else Decimal(0)
    spent = held.paid / held.appropriated if held.appropriated else None
    behind = spent is not None and expected is not None and spent < expected - BEHIND
    shown = None if expected is None else percent(expected, Decimal(1))
    return {
        "today": chinese_date(today),
        "expected": shown,
        "expected_amount": None if expected is None else (held.appropriated * expected).quantize(lists.ZERO),
        "spent": None if spent is None else held.paid_percent,
        # Of the two as they are shown, so that they add up.
        "gap": None if spent is None or shown is None else held.paid_percent - shown,
        "behind": behind,
        "clause": book.money.pace_clause if book is not None else "",
        "steps": [
            (int(pace.until[:2]), int(pace.until[3:]), percent(pace.share, Decimal(1)))
            for pace in (book.money.pace if book is not None else ())
        ],
    }


@require_safe
def fund_rows(request: DeskRequest, pk: int) -> HttpResponse:
    """The entries a figure is made of, newest first, with the figure they come to."""
    standing = standing_of(request)
    figure = request.GET.get("figure", "paid")
    if figure not in FIGURES:
        raise Http404
    project = line = None
    if (wanted := asked_number(request, "line")) is not None:
        line = get_object_or_404(BudgetLine.objects.select_related("project"), pk=wanted)
        project = get_object_or_404(Project.objects.visible_to(standing), pk=line.project_id, fund=pk)
    elif (wanted := asked_number(request, "project")) is not None:
        project = get_object_or_404(Project.objects.visible_to(standing), pk=wanted, fund=pk)
    # Who sees a project may look behind its figures; behind the fund's only who sees the fund.
    fund = Fund.objects.select_related("union").get(pk=pk) if project is not None else seen_fund(request, pk)
    wanted = asked_number(request, "department")
    departments = lists.departments_of(fund, standing) if wanted is not None else []
    department = next((one for one in departments if one.pk == wanted), None)
    behind = Behind(
        figure,
        department=department.pk if department is not None and project is None else None,
        project=project.pk if project is not None else None,
        line=line.pk if line is not None else None,
    )
    what = (
        f"{project.number} {project.name}{f' · {line.title}' if line is not None else ''}"
        if project is not None
        else (department.name if department is not None else str(fund))
    )
    context = {
        "fund": fund,
        "sees_fund": Fund.objects.visible_to(standing).filter(pk=fund.pk).exists(),
        "project": project,
        "what": what,
        "title": FIGURE_TITLES[figure],
        "total": behind.total(fund),
        "page": page_of(request, behind.entries(fund), per=50),
        "unit": request.GET.get("unit", ""),
    }
    return render(request, "workflow/money/rows.html", context)


@require_safe
def fund_payments(request: DeskRequest, pk: int) -> HttpResponse:
    """支付明细 of a fund: by month, cost item, words; as a page or a workbook."""
    fund = seen_fund(request, pk)
    projects, chosen, departments = scope_of(request, fund)
    month = asked_number(request, "month")
    month = month if month is not None and 1 <= month <= 12 else None
    q = request.GET.get("q", "").strip()[:60]
    item = request.GET.get("item", "")[:40]
    found = lists.payments_of(
        projects,
        month=month,
        year=fund.year,
        item=item,
        q=q,
        without_voucher=request.GET.get("voucher") == "none",
    )
    scope = "，".join(
        part for part in (chosen.name if chosen else "", f"{month}月" if month else "", q) if part
    )
    if request.GET.get("format") == "xlsx":
        rows = list(lists.with_items(found).prefetch_related("invoices")[: MOST + 1])
        if len(rows) > MOST:
            scope = f"{scope}（共 {found.count():,} 笔，这里是最近的 {MOST:,} 笔，其余请按月导出）"
        book = payments_book(fund, rows[:MOST], kinds=kind_titles(fund), on=timezone.localdate(), scope=scope)
        return workbook_file(book, f"{fund.year}年{fund.title}支付明细")
    context = {
        "fund": fund,
        "page": page_of(request, found, per=50),
        "total": lists.sum_of(found),
        "department": chosen,
        "departments": departments,
        "months": range(1, 13),
        "month": month,
        "q": q,
        "voucher": request.GET.get("voucher", ""),
        "narrowed": bool(chosen or month or q or item or request.GET.get("voucher")),
        "unit": request.GET.get("unit", ""),
    }
    return render(request, "workflow/money/payments.html", context)


@require_safe
def fund_report(request: DeskRequest, pk: int, kind: str) -> HttpResponse:
    """经费预算表, 执行情况表 or 经费决算表: on paper, or as a workbook."""
    fund = seen_fund(request, pk)
    make = REPORTS.get(kind)
    if make is None:
        raise Http404
    projects, chosen, departments = scope_of(request, fund)
    report = make(projects)
    today, scope = timezone.localdate(), chosen.name if chosen else ""
    if request.GET.get("format") == "xlsx":
        return workbook_file(report_book(fund, report, on=today, scope=scope), heading(fund, report.title))
    unit = request.GET.get("unit", "")
    context = {
        "fund": fund,
        "report": report,
        "heading": heading(fund, report.title),
        "rows": [_cells(row, report, unit) for row in report.rows],
        "total": _cells(report.total, report, unit),
        "unit": unit,
        "scope": scope,
        "today": today,
        "department": chosen,
        "departments": departments,
        "back_url": reverse("workflow:fund_progress", args=[fund.pk]),
    }
    return render(request, "workflow/money/report.html", context)


def _cells(row: tuple[Any, ...], report: Report, unit: str) -> list[tuple[str, str]]:
    return [_cell(value, column.kind, unit) for value, column in zip(row, report.columns, strict=True)]


def _cell(value: Any, kind: str, unit: str) -> tuple[str, str]:
    """The text of a cell and its css class."""
    if kind == "money":
        return money(value, unit) if isinstance(value, Decimal) else "", "num"
    if kind == "percent":
        return "" if value is None else f"{value:.0%}", "num"
    if kind == "number":
        return "" if value is None else f"{value:g}" if isinstance(value, Decimal) else f"{value:,}", "num"
    return "" if value is None else str(value), "mid nowrap" if kind == "center" else ""


urlpatterns: list[URLPattern] = [
    path("funds/<int:pk>/progress/", fund_progress, name="fund_progress"),
    path("funds/<int:pk>/rows/", fund_rows, name="fund_rows"),
    path("funds/<int:pk>/payments/", fund_payments, name="fund_payments"),
    path("funds/<int:pk>/report/<slug:kind>/", fund_report, name="fund_report"),
]
