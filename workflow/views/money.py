"""培训经费: the year's funds, each class's project, and the ledger behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from budgets import rules
from budgets import services as ledger
from budgets.models import Fund
from budgets.selectors import FundTotals, fund_totals
from budgets.states import FundStatus
from office.refusals import Refused
from office.wording import capital_yuan, yuan
from rulebook.selectors import book_for
from workflow.excel.money import fund_sheet
from workflow.forms.money import FundForm, SupplementForm
from workflow.selectors import money as selectors
from workflow.selectors.consolidation import funds_of
from workflow.selectors.years import asked_year
from workflow.templatetags.amounts import money
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.overseen import forbidden, overseen_union, overseen_unions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from django import forms

    from workflow.selectors.money import FundedClass


def _fund(request: DeskRequest, pk: int) -> Fund:
    visible = Fund.objects.visible_to(standing_of(request)).select_related("union")
    return get_object_or_404(visible, pk=pk)


@require_GET
def funds(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at)
    rows = [(row, selectors.held_of(row.totals)) for row in funds_of(union.pk, year)]
    unit = request.GET.get("unit", "")
    context = {
        "rows": rows,
        "union": union,
        "unions": unions,
        "year": year,
        "years": range(year - 2, year + 2),
        "unit": unit,
        "sums": _sums(_together([row.totals for row, _ in rows]), unit, f"{len(rows)} 个渠道"),
        "may_open": rules.refusal("open_fund", union, request.user, at) is None,
    }
    return render(request, "workflow/money/funds.html", context)


def _together(totals: Sequence[FundTotals]) -> FundTotals:
    names = ("granted", "appropriated", "committed", "paid", "available")
    return FundTotals(*(sum((getattr(row, name) for row in totals), selectors.ZERO) for name in names))


def _sums(totals: FundTotals, unit: str, note: str) -> list[dict[str, Any]]:
    held = selectors.held_of(totals)
    share = f"占预算 {totals.appropriated * 100 / totals.granted:.1f}%" if totals.granted else ""
    return [
        {"label": "年度专项预算", "value": money(totals.granted, unit), "note": note},
        {"label": "已下达", "value": money(totals.appropriated, unit), "note": share},
        {"label": "预占", "value": money(totals.committed, unit), "note": "已承诺未支付"},
        {
            "label": "已支出",
            "value": money(totals.paid, unit),
            "note": f"占已下达 {totals.paid * 100 / totals.appropriated:.1f}%" if totals.appropriated else "",
        },
        {"label": "项目可用", "value": money(held.available, unit), "note": "下达－预占－支出"},
        {
            "label": "可安排余额",
            "value": money(totals.available, unit),
            "note": "尚未下达",
            "bad": bool(totals.granted) and not totals.available,
        },
    ]


@require_http_methods(["GET", "POST"])
def fund_new(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at)
    if reason := rules.refusal("open_fund", union, request.user, at):
        return forbidden(request, reason)
    taken = set(Fund.objects.filter(union=union, year=year).values_list("source", flat=True))
    try:
        book = book_for(union, timezone.localdate(at)).book
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:funds")
    sources = [source for source in book.sources if source.code not in taken]
    action = f"{reverse('workflow:fund_new')}?union={union.code}&year={year}"
    if request.method == "POST":
        form = FundForm(request.POST, sources=sources)
        if form.is_valid():
            given = form.cleaned_data
            if request.POST.get("confirmed") != "1":
                ask = f"设立 {year} 年{given['title']}：{_words(given['amount'])}"
                return _ask(request, form, ask, action)
            try:
                fund = ledger.open_fund(
                    union=union,
                    year=year,
                    source=given["source"],
                    title=given["title"],
                    amount=given["amount"],
                    status=FundStatus(given["status"]),
                    basis=given["basis"],
                    actor=request.user,
                    at=at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"已设立 {fund}，金额 {yuan(given['amount'])} 元。")
                return redirect("workflow:fund", fund.pk)
    else:
        title = sources[0].title if sources else ""
        form = FundForm(sources=sources, initial={"title": title})
    context = {"form": form, "union": union, "year": year, "action": action, "sources": sources}
    return render(request, "workflow/money/fund_new.html", context)


def _words(amount: Decimal) -> str:
    return f"{yuan(amount)} 元（{capital_yuan(amount)}）"


def _ask(request: DeskRequest, form: forms.Form, text: str, action: str) -> HttpResponse:
    """Without javascript: the amount once more in words, before it stands in the ledger."""
    hidden = [(name, request.POST[name]) for name in form.fields if name in request.POST]
    ask = {
        "title": "请核对金额",
        "text": f"{text}\n入账后不能修改，增减须另行办理。",
        "action": action,
        "label": "确定入账",
        "name": "confirmed",
        "value": "1",
        "hidden": hidden,
        "cancel_url": action,
    }
    return render(request, "workflow/money/ask.html", {"ask": ask})


@require_http_methods(["GET", "POST"])
def fund_supplement(request: DeskRequest, pk: int) -> HttpResponse:
    fund, at = _fund(request, pk), timezone.now()
    if reason := rules.refusal("supplement", fund.union, request.user, at) or rules.closed(fund):
        return forbidden(request, reason)
    form = SupplementForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if request.POST.get("confirmed") != "1":
            ask = f"追加 {fund}：{_words(given['amount'])}"
            return _ask(request, form, ask, request.path)
        try:
            ledger.supplement(fund=fund, **given, actor=request.user, at=at)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已追加 {yuan(given['amount'])} 元。")
            return redirect("workflow:fund", fund.pk)
    context = {"form": form, "fund": fund, "totals": fund_totals([fund.pk])[fund.pk]}
    return render(request, "workflow/money/supplement.html", context)


def _classes(request: DeskRequest, fund: Fund) -> tuple[list[FundedClass], list[FundedClass], str]:
    """All the fund's classes, those of the department asked for, and that department's name."""
    everything = selectors.funded_classes(fund, standing_of(request))
    department = request.GET.get("department", "")
    chosen = [row for row in everything if str(row.project.department_id) == department]
    return everything, chosen or everything, chosen[0].project.department.name if chosen else ""


@require_GET
def fund(request: DeskRequest, pk: int) -> HttpResponse:
    found, at = _fund(request, pk), timezone.now()
    everything, rows, department = _classes(request, found)
    unit = request.GET.get("unit", "")
    totals = fund_totals([found.pk])[found.pk]
    departments = {
        row.project.department_id: row.project.department
        for row in sorted(everything, key=lambda row: row.project.department.ordinal)
    }
    context = {
        "fund": found,
        "unit": unit,
        "sums": _sums(totals, unit, found.get_status_display()),
        "everything": everything,
        "page": page_of(request, rows),
        "totals": selectors.add_up(row.held for row in rows),
        "rows": rows,
        "departments": departments.values(),
        "department": department,
        "entries": selectors.fund_entries(found),
        "may_supplement": rules.refusal("supplement", found.union, request.user, at) is None
        and rules.closed(found) is None,
        "siblings": Fund.objects.filter(union=found.union_id, year=found.year).order_by("id"),
    }
    return render(request, "workflow/money/fund.html", context)


@require_GET
def fund_export(request: DeskRequest, pk: int) -> HttpResponse:
    found = _fund(request, pk)
    _, rows, department = _classes(request, found)
    book = fund_sheet(
        fund=found,
        totals=fund_totals([found.pk])[found.pk],
        classes=rows,
        on=timezone.localdate(),
        scope=department,
    )
    return workbook_file(book, f"{found.year}年{found.title}")


urlpatterns = [
    path("funds/", funds, name="funds"),
    path("funds/new/", fund_new, name="fund_new"),
    path("funds/<int:pk>/", fund, name="fund"),
    path("funds/<int:pk>/supplement/", fund_supplement, name="fund_supplement"),
    path("funds/<int:pk>/export/", fund_export, name="fund_export"),
]
