"""设立 a year's fund from a source, and 批复: what it is when the paper comes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from budgets import rules
from budgets.models import Fund
from budgets.selectors import grant_of
from budgets.services import GivenPaper
from budgets.states import FundStatus
from office.refusals import Refused
from office.wording import capital_yuan, yuan
from rulebook.selectors import book_for
from rulebook.severity import Severity
from workflow.forms.money import FundForm, RestateForm
from workflow.rules.growth import CODE as GROWTH
from workflow.rules.growth import growth_finding, growth_refusal
from workflow.selectors.growth import growth_of
from workflow.selectors.years import asked_year
from workflow.services.funds import restate_fund, set_up_fund
from workflow.views.common import DeskRequest
from workflow.views.fund_frame import seen_fund
from workflow.views.overseen import forbidden, overseen_union, overseen_unions
from workflow.views.paper_box import paper_box

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.urls import URLPattern

    from rulebook.schema import Book
    from workflow.selectors.growth import Growth
    from workflow.views.paper_box import PaperBox

_PAPER: Final = ("fund-basis", "依据文件")


@require_http_methods(["GET", "POST"])
def fund_new(request: DeskRequest) -> HttpResponse:
    """A year's fund of a source that has none yet."""
    at = timezone.now()
    union, year = overseen_union(request, overseen_unions(request)), asked_year(request.GET, at)
    if reason := rules.refusal("open_fund", union, request.user, at):
        return forbidden(request, reason)
    try:
        book = book_for(union, timezone.localdate(at)).book
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:funds")
    begun = {fund.source: fund for fund in Fund.objects.filter(union=union, year=year)}
    sources = [source for source in book.sources if source.code not in begun]
    if request.method == "POST" and (there := begun.get(request.POST.get("source", ""))):
        # Sent twice, or somebody was faster.
        messages.info(request, f"{there}已经设立，没有重复入账；需要增加金额的请申请追加。")
        return redirect("workflow:fund", there.pk)
    form = FundForm(
        request.POST if request.method == "POST" else None,
        sources=sources,
        initial={"title": sources[0].title if sources else ""},
    )
    box = paper_box(request, [_PAPER[0]], at)
    growth = growth_of(union.pk, year)
    action = f"{reverse('workflow:fund_new')}?union={union.code}&year={year}"

    def book_it(given: dict[str, Any]) -> tuple[Fund, str]:
        fund = set_up_fund(
            union=union,
            year=year,
            source=given["source"],
            title=given["title"],
            amount=given["amount"],
            status=FundStatus(given["status"]),
            basis=given["basis"],
            book=book,
            reason=given["reason"],
            papers=_papers(box),
            actor=request.user,
            at=at,
        )
        return fund, f"已设立 {fund}，金额 {yuan(given['amount'])} 元。"

    if request.method == "POST":
        text = ""
        if form.is_valid():
            given = form.cleaned_data
            text = f"设立 {year} 年{given['title']}，{FundStatus(given['status']).label}\n{_words(given)}"
            text += "\n入账后，增减须按批复数或追加办理。"
            _judge(form, book, growth.with_fund(given["source"], given["amount"]))
        if done := _enter(request, form, box, action=action, text=text, book_it=book_it):
            return done
    context = {
        "form": form,
        "union": union,
        "year": year,
        "action": action,
        "sources": sources,
        **_compared(book, growth),
        "papers": box.rows([_PAPER]),
    }
    return render(request, "workflow/money/fund_new.html", context)


@require_http_methods(["GET", "POST"])
def fund_restate(request: DeskRequest, pk: int) -> HttpResponse:
    """批复: the approved figure in place of the control figure; a slip in an approved one is mended too."""
    fund, at = seen_fund(request, pk), timezone.now()
    if reason := rules.refusal("restate", fund.union, request.user, at) or rules.closed(fund):
        return forbidden(request, reason)
    try:
        book = book_for(fund.union, timezone.localdate(at)).book
    except Refused as refused:
        return forbidden(request, str(refused))
    approved = fund.status != FundStatus.CONTROL
    began = grant_of(fund)
    form = RestateForm(request.POST if request.method == "POST" else None, approved=approved)
    box = paper_box(request, [_PAPER[0]], at)
    growth = growth_of(fund.union_id, fund.year)

    def book_it(given: dict[str, Any]) -> tuple[Fund, str]:
        restate_fund(
            fund=fund,
            amount=given["amount"],
            basis=given["basis"],
            book=book,
            reason=given.get("why", ""),
            growth_reason=given["reason"],
            papers=_papers(box),
            actor=request.user,
            at=at,
        )
        return fund, f"{fund}已按批复数 {yuan(given['amount'])} 元入账。"

    if request.method == "POST":
        text = ""
        if form.is_valid():
            given = form.cleaned_data
            before = began.amount if began is not None else Decimal(0)
            recorded = growth.reason.reason if growth.reason is not None else ""
            text = f"{fund}批复（原设立 {yuan(before)} 元）\n{_words(given)}\n原金额红字冲销，按批复数入账。"
            _judge(form, book, growth.with_fund(fund.source, given["amount"] - before), recorded=recorded)
        if done := _enter(request, form, box, action=request.path, text=text, book_it=book_it):
            return done
    context = {
        "fund": fund,
        "form": form,
        "approved": approved,
        "began": began,
        **_compared(book, growth),
        "papers": box.rows([_PAPER]),
    }
    return render(request, "workflow/money/fund_restate.html", context)


def _enter(
    request: DeskRequest,
    form: forms.Form,
    box: PaperBox,
    *,
    action: str,
    text: str,
    book_it: Callable[[dict[str, Any]], tuple[Fund, str]],
) -> HttpResponse | None:
    """Asked once more with ``text``, then booked and said; None where the form has to be shown (again)."""
    if not form.is_valid() or box.errors or "revise" in request.POST:
        return None
    if request.POST.get("confirmed") != "1":
        return _ask(request, form, box, text, action)
    try:
        fund, said = book_it(form.cleaned_data)
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(request, said)
    return redirect("workflow:fund", fund.pk)


def _judge(form: forms.Form, book: Book, growth: Growth, *, recorded: str = "") -> None:
    """The rule of growth at its field: the reason that is asked for, the amount that is too little.

    ``recorded``: a reason written before, which holds on."""
    found = growth_finding(book, growth)
    if refused := growth_refusal(found, reason=form.cleaned_data["reason"] or recorded):
        form.add_error("reason" if found and found.asks else "amount", refused)


def _compared(book: Book, growth: Growth) -> dict[str, Any]:
    """What a form says of growth: the rule, both years, and whether they are compared at all."""
    rule = book.rule(GROWTH)
    compared = growth.before is not None and rule.severity != Severity.OFF
    return {"growth": growth, "rule": rule, "compared": compared}


def _papers(box: PaperBox) -> list[GivenPaper]:
    code, title = _PAPER
    return [GivenPaper(code, title, file=file) for file in box.files.get(code, ())]


def _words(given: dict[str, Any]) -> str:
    amount, basis = given["amount"], given["basis"]
    return f"金额：{yuan(amount)} 元（{capital_yuan(amount)}）\n依据：{basis}"


def _ask(request: DeskRequest, form: forms.Form, box: PaperBox, text: str, action: str) -> HttpResponse:
    """Everything once more, the amount in words, before it stands in the ledger."""
    files = [kept for row in box.rows([_PAPER]) for kept in row["files"]]
    if files:
        text += "\n附件：" + "、".join(name for name, _ in files)
    hidden = [(name, request.POST[name]) for name in form.fields if name in request.POST]
    hidden += [(f"kept_{_PAPER[0]}", token) for _, token in files]
    ask = {
        "title": "确定入账吗",
        "text": text,
        "action": action,
        "label": "确定入账",
        "hidden": hidden,
        "revise": "返回修改",
    }
    return render(request, "workflow/ask.html", {"ask": ask})


urlpatterns: list[URLPattern] = [
    path("funds/new/", fund_new, name="fund_new"),
    path("funds/<int:pk>/restate/", fund_restate, name="fund_restate"),
]
