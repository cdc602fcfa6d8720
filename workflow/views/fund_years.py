"""结账 and 反结账 of a fund's year, and why a year's money isn't more than the one's before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from budgets import rules
from budgets import services as ledger
from budgets.selectors import fund_totals
from office.refusals import Refused
from office.wording import chinese_date, yuan
from rulebook.selectors import book_or_none
from workflow.forms.fields import Text
from workflow.rules.carrying import open_classes
from workflow.rules.growth import growth_finding
from workflow.rules.listing import amount_asked
from workflow.selectors.fund_years import NAMED, ZERO, acts_of, requests_of, waiting_of
from workflow.selectors.growth import growth_of
from workflow.selectors.years import asked_year
from workflow.services import funds as services
from workflow.views.common import DeskRequest, page_of, standing_of
from workflow.views.fund_frame import seen_fund
from workflow.views.overseen import forbidden, overseen_union, overseen_unions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.urls import URLPattern

    from budgets.models import Fund
    from workflow.rules.carrying import OpenClass


class ReasonForm(forms.Form):
    """Why: ``must`` where it can't be left out."""

    def __init__(self, data: Any = None, *, label: str, hint: str = "", must: bool) -> None:
        super().__init__(data)
        self.fields["reason"] = Text(most=300, rows=3, label=label, required=must, help_text=hint)


@require_safe
def fund_requests(request: DeskRequest, pk: int) -> HttpResponse:
    """What was asked about the fund and its projects."""
    fund = seen_fund(request, pk)
    page = page_of(request, requests_of(standing_of(request), fund))
    context = {"fund": fund, "page": page, "money": [(row, amount_asked(row)) for row in page]}
    return render(request, "workflow/money/fund_requests.html", context)


@require_http_methods(["GET", "POST"])
def fund_close(request: DeskRequest, pk: int) -> HttpResponse:
    """结账: what still waits is named before anything is closed."""
    fund, at = seen_fund(request, pk), timezone.now()
    if reason := rules.refusal("close", fund.union, request.user, at) or rules.closed(fund):
        return forbidden(request, reason)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="结账说明",
        hint="可不填",
        must=False,
    )
    classes = open_classes(fund)
    if request.method == "POST" and form.is_valid() and "revise" not in request.POST:
        waiting = waiting_of(fund)
        if request.POST.get("confirmed") != "1" and not waiting.count:
            return _ask_to_close(request, fund, classes, form.cleaned_data["reason"])
        try:
            ledger.close_year(fund=fund, actor=request.user, at=at, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{fund}已结账，{chinese_date(timezone.localdate(at))}起不能再入账。")
            return redirect("workflow:fund", fund.pk)
    context = {
        "fund": fund,
        "form": form,
        "waiting": waiting_of(fund),
        "classes": classes[:NAMED],
        "count": len(classes),
        "left": sum((each.has for each in classes), ZERO),
        "totals": fund_totals([fund.pk])[fund.pk],
        "acts": acts_of(fund),
    }
    status = 409 if form.is_bound and form.errors else 200
    return render(request, "workflow/money/fund_close.html", context, status=status)


def _ask_to_close(
    request: DeskRequest, fund: Fund, classes: Sequence[OpenClass], reason: str
) -> HttpResponse:
    """Once more, with what is unusual: the year under way, classes that still have money."""
    today = timezone.localdate()
    said = ["结账后不能再下达、预占、支付或调整，反结账只能由财务部门负责人办理。"]
    if today.year <= fund.year:
        said.insert(0, f"今天是{chinese_date(today)}，{fund.year} 年度还没有结束。")
    if classes:
        left = sum((each.has for each in classes), ZERO)
        said.insert(
            0, f"还有 {len(classes)} 个班次没有办结决算，尚有 {yuan(left)} 元，结账后这些班次不能再支付。"
        )
    ask = {
        "title": f"{fund}：确定结账吗",
        "text": "\n".join(said),
        "action": request.path,
        "label": "确定结账",
        "hidden": [("reason", reason)],
        "revise": "返回",
    }
    return render(request, "workflow/ask.html", {"ask": ask})


@require_http_methods(["GET", "POST"])
def fund_reopen(request: DeskRequest, pk: int) -> HttpResponse:
    """反结账 by the head of finance, with a reason (S21)."""
    fund, at = seen_fund(request, pk), timezone.now()
    if reason := rules.refusal("reopen", fund.union, request.user, at):
        return forbidden(request, reason)
    if fund.closed_on is None:
        messages.info(request, f"{fund}没有结账，不需要反结账。")
        return redirect("workflow:fund", fund.pk)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="反结账理由",
        hint="办完后须再次结账",
        must=True,
    )
    if request.method == "POST" and form.is_valid():
        try:
            ledger.reopen_year(fund=fund, reason=form.cleaned_data["reason"], actor=request.user, at=at)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{fund}已反结账，办完后请再次结账。")
            return redirect("workflow:fund", fund.pk)
    context = {"fund": fund, "form": form, "acts": acts_of(fund)}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/money/fund_reopen.html", context, status=status)


@require_http_methods(["GET", "POST"])
def fund_growth(request: DeskRequest) -> HttpResponse:
    """Why the year's money isn't more than last year's (B-29)."""
    at, union = timezone.now(), overseen_union(request, overseen_unions(request))
    year = asked_year(request.GET, at)
    if reason := rules.refusal("open_fund", union, request.user, at):
        return forbidden(request, reason)
    back = f"{reverse('workflow:funds')}?union={union.code}&year={year}"
    growth, book = growth_of(union.pk, year), book_or_none(union, timezone.localdate(at))
    finding = growth_finding(book, growth) if book is not None else None
    if book is None or finding is None:
        return redirect(back)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="未增加的原因",
        hint="最近一次填写的为准，以前填写的保留备查",
        must=True,
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.explain_growth(
                union=union,
                year=year,
                reason=form.cleaned_data["reason"],
                book=book,
                actor=request.user,
                at=at,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已记录经费未增加的原因。")
            return redirect(back)
    context = {
        "union": union,
        "year": year,
        "growth": growth,
        "finding": finding,
        "form": form,
        "back": back,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/money/fund_growth.html", context, status=status)


urlpatterns: list[URLPattern] = [
    path("funds/<int:pk>/requests/", fund_requests, name="fund_requests"),
    path("funds/growth/", fund_growth, name="fund_growth"),
    path("funds/<int:pk>/close/", fund_close, name="fund_close"),
    path("funds/<int:pk>/reopen/", fund_reopen, name="fund_reopen"),
]
