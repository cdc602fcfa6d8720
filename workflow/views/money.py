"""培训经费: the year's funds, each class's project, and the ledger behind them."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from budgets import rules
from budgets.models import Fund
from budgets.selectors import FundTotals, fund_totals
from office.wording import percent_text
from rulebook.selectors import book_or_none
from workflow.excel.funds import funds_book
from workflow.excel.money import fund_sheet
from workflow.rules.growth import growth_finding
from workflow.rules.money_gate import may_ask_about
from workflow.selectors import fund_lists as lists
from workflow.selectors import money as selectors
from workflow.selectors.consolidation import all_funds_of, funds_of
from workflow.selectors.fund_years import acts_in, origins_of, with_acts
from workflow.selectors.growth import growth_of
from workflow.selectors.years import asked_year
from workflow.states import MoneyKind
from workflow.templatetags.amounts import money
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.fund_frame import scope_of, seen_fund
from workflow.views.overseen import overseen_union, overseen_unions


@require_GET
def funds(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at, spending=True)
    rows = [(row, selectors.held_of(row.totals)) for row in funds_of(union.pk, year)]
    growth, book = growth_of(union.pk, year), book_or_none(union, timezone.localdate(at))
    unit = request.GET.get("unit", "")
    may_open = rules.refusal("open_fund", union, request.user, at) is None
    context = {
        "rows": rows,
        "union": union,
        "unions": unions,
        "year": year,
        "years": range(year - 2, year + 2),
        "unit": unit,
        "sums": _sums(selectors.together(row.totals for row, _ in rows), unit, f"{len(rows)} 个渠道"),
        "may_open": may_open,
        "growth": growth,
        "finding": growth_finding(book, growth) if book is not None else None,
        "growth_url": f"{reverse('workflow:fund_growth')}?union={union.code}&year={year}" if may_open else "",
    }
    return render(request, "workflow/money/funds.html", context)


def _sums(totals: FundTotals, unit: str, note: str) -> list[dict[str, Any]]:
    held = selectors.held_of(totals)
    share = f"占预算 {percent_text(totals.appropriated, totals.granted)}" if totals.granted else ""
    spent = f"占已下达 {percent_text(totals.paid, totals.appropriated)}" if totals.appropriated else ""
    return [
        {
            "label": f"年度专项预算（{'万元' if unit == 'wan' else '元'}）",
            "value": money(totals.granted, unit),
            "note": note,
        },
        {
            "label": "已下达",
            "value": money(totals.appropriated, unit),
            "note": share,
            "figure": "appropriated",
        },
        {
            "label": "预占",
            "value": money(totals.committed, unit),
            "note": "已承诺未支付",
            "figure": "committed",
        },
        {"label": "已支出", "value": money(totals.paid, unit), "note": spent, "figure": "paid"},
        {
            "label": "项目可用",
            "value": money(held.available, unit),
            "note": "下达－预占－支出",
            "figure": "available",
        },
        {
            "label": "可安排余额",
            "value": money(totals.available, unit),
            "note": "尚未下达",
            "bad": bool(totals.granted) and not totals.available,
            "figure": "free",
        },
    ]


def _linked(sums: list[dict[str, Any]], fund: Fund) -> list[dict[str, Any]]:
    """Each figure of the fund with the rows it is made of; the whole amount's stand on the page itself."""
    rows = reverse("workflow:fund_rows", args=[fund.pk])
    return [
        each | {"url": f"{rows}?figure={each['figure']}" if "figure" in each else "#origins"} for each in sums
    ]


@require_GET
def fund(request: DeskRequest, pk: int) -> HttpResponse:
    standing = standing_of(request)
    # The fund and the others of its year and union, at once.
    same_year = Fund.objects.visible_to(standing).filter(union__funds=pk, union__funds__year=F("year"))
    siblings = list(with_acts(same_year.select_related("union").order_by("id")))
    found = next((one for one in siblings if one.pk == pk), None)
    if found is None:
        raise Http404
    projects, department, departments = scope_of(request, found)
    unit = request.GET.get("unit", "")
    totals = fund_totals([found.pk])[found.pk]
    counted = sum(one.funded for one in ([department] if department else departments))  # type: ignore[attr-defined]
    page = page_of(request, projects, count=counted)
    page.object_list = lists.funded(list(page))  # type: ignore[assignment]  # the same rows with their money
    context = {
        "fund": found,
        "unit": unit,
        "sums": _linked(_sums(totals, unit, found.get_status_display()), found),
        "page": page,
        "totals": lists.held_together(projects) if department else selectors.held_of(totals),
        "departments": departments,
        "department": department,
        "origins": origins_of(found),
        "granted": totals.granted,
        "may_ask": may_ask_about(MoneyKind.SUPPLEMENT, found, None, standing),
        "may_close": found.union_id in standing.finance_union_ids,
        "may_reopen": rules.refusal_at("reopen", rules.finance_post_in(standing, found.union), standing.user)
        is None,
        "acts": acts_in(found),
        "siblings": siblings,
    }
    return render(request, "workflow/money/fund.html", context)


@require_GET
def funds_export(request: DeskRequest) -> HttpResponse:
    """A union's funds, of the year asked for and of every year."""
    union = overseen_union(request, overseen_unions(request))
    year = asked_year(request.GET, timezone.now(), spending=True)
    book = funds_book(union, year, all_funds_of(union.pk), on=timezone.localdate())
    return workbook_file(book, f"{union.name}{year}年培训经费")


@require_GET
def fund_export(request: DeskRequest, pk: int) -> HttpResponse:
    found = seen_fund(request, pk)
    projects, department, _ = scope_of(request, found)
    book = fund_sheet(
        fund=found,
        totals=fund_totals([found.pk])[found.pk],
        classes=lists.funded(list(projects)),
        on=timezone.localdate(),
        scope=department.name if department else "",
    )
    return workbook_file(book, f"{found.year}年{found.title}")


urlpatterns = [
    path("funds/", funds, name="funds"),
    path("funds/export/", funds_export, name="funds_export"),
    path("funds/<int:pk>/", fund, name="fund"),
    path("funds/<int:pk>/export/", fund_export, name="fund_export"),
]
