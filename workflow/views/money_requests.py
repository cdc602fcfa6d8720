"""调剂, 预算调整, 结转 and 追加: drawn up, handed in, decided, taken back, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from budgets.models import Fund, Project
from budgets.selectors import fund_totals
from office.refusals import Refused
from rulebook.selectors import book_for
from workflow.costs import cost_titles, in_card_order
from workflow.forms.money_requests import ROWS, AmountForm, BudgetForm, CarryOverForm, TransferForm
from workflow.models import MoneyRequest
from workflow.rules.carrying import open_classes
from workflow.rules.money_gate import MoneyAct, may_ask, refusal
from workflow.rules.money_terms import MoneyTerms, lines_of, next_year
from workflow.services import money_requests as services
from workflow.states import MoneyKind, RequestState
from workflow.views.asked import basis_file, decided, number_of, returned, revision_of, whither
from workflow.views.common import DeskRequest, standing_of
from workflow.views.drafting import answers_refusals, ask, no
from workflow.views.money_request_page import money_request_page, money_request_print
from workflow.views.plan_bar import Typed

if TYPE_CHECKING:
    from datetime import datetime

    from django.urls import URLPattern

    from workflow.forms.money_requests import KindForm
    from workflow.rules.money_terms import Line


@answers_refusals
def money_transfer(request: DeskRequest, pk: int) -> HttpResponse:
    """调剂 out of a project."""
    return _of_project(request, pk, MoneyKind.TRANSFER)


@answers_refusals
def money_budget(request: DeskRequest, pk: int) -> HttpResponse:
    """预算调整 of a project."""
    return _of_project(request, pk, MoneyKind.BUDGET)


@answers_refusals
def money_carry_over(request: DeskRequest, pk: int) -> HttpResponse:
    """结转 of a fund to the next year."""
    return _of_fund(request, pk, MoneyKind.CARRY_OVER)


@answers_refusals
def fund_supplement(request: DeskRequest, pk: int) -> HttpResponse:
    """追加 of a fund."""
    return _of_fund(request, pk, MoneyKind.SUPPLEMENT)


def _of_project(request: DeskRequest, pk: int, kind: MoneyKind) -> HttpResponse:
    visible = Project.objects.visible_to(standing_of(request)).select_related("fund__union", "department")
    project = get_object_or_404(visible, pk=pk)
    return _new(request, kind, project.fund, project)


def _of_fund(request: DeskRequest, pk: int, kind: MoneyKind) -> HttpResponse:
    visible = Fund.objects.visible_to(standing_of(request)).select_related("union")
    return _new(request, kind, get_object_or_404(visible, pk=pk), None)


def _new(request: DeskRequest, kind: MoneyKind, fund: Fund, project: Project | None) -> HttpResponse:
    at = timezone.now()
    if reason := may_ask(kind, fund, project, actor=request.user, at=at):
        return no(request, reason)
    if request.method != "POST":
        own = {"fund": fund, "project": project, "kind": kind, "created_by": request.user}
        draft = MoneyRequest.objects.filter(state=RequestState.DRAFT, **own).first()
        if draft is not None:
            return redirect("workflow:money_request_edit", pk=draft.pk)
    return _form(request, kind, fund, project, at)


def seen_money_request(request: DeskRequest, pk: int) -> MoneyRequest:
    """The request with what it is about and its book; 404 for whoever may not see it."""
    found = (
        MoneyRequest.objects.visible_to(standing_of(request))
        .select_related(
            "union", "department", "fund__union", "project__department", "book", "basis", "created_by"
        )
        .defer("book__content", "book__source_text")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


@answers_refusals
def money_request_edit(request: DeskRequest, pk: int) -> HttpResponse:
    """A request that is a draft or was returned, to be changed and handed in."""
    at, found = timezone.now(), seen_money_request(request, pk)
    if reason := refusal(MoneyAct.EDIT, found, actor=request.user, at=at):
        return no(request, reason)
    return _form(request, MoneyKind(found.kind), found.fund, found.project, at, found)


def _form(
    request: DeskRequest,
    kind: MoneyKind,
    fund: Fund,
    project: Project | None,
    at: datetime,
    stored: MoneyRequest | None = None,
) -> HttpResponse:
    terms = MoneyTerms.from_json(stored.content) if stored is not None else MoneyTerms()
    reason = stored.reason if stored is not None else ""
    more, form = _sheet(request, kind, fund, project, terms, reason, at)
    refused, status = "", 200
    action = request.POST.get("action", "")
    if request.method == "POST" and action in ("save", "submit"):
        if form.is_valid():
            try:
                saved = services.save_draft(
                    kind=kind,
                    fund=fund,
                    project=project,
                    terms=form.terms(),
                    reason=form.cleaned_data["reason"],
                    actor=request.user,
                    at=at,
                    request_id=stored.pk if stored is not None else None,
                    revision=revision_of(request) if stored is not None else None,
                    basis=request.FILES.get("basis"),
                )
            except Refused as conflict:
                refused, status = str(conflict), 409
            else:
                return _saved(request, saved, at)
        else:
            status = 422
    context = {
        "kind": kind,
        "fund": fund,
        "project": project,
        "request_": stored,
        "form": form,
        "refused": refused,
        "returned": returned(stored),
        "cancel_url": reverse("workflow:project", args=[project.pk])
        if project is not None
        else reverse("workflow:fund", args=[fund.pk]),
        **more,
    }
    return render(request, "workflow/money/request_form.html", context, status=status)


def _sheet(
    request: DeskRequest,
    kind: MoneyKind,
    fund: Fund,
    project: Project | None,
    terms: MoneyTerms,
    reason: str,
    at: datetime,
) -> tuple[dict[str, Any], KindForm]:
    """The form of the kind, and what its page shows beside it."""
    data = request.POST if request.method == "POST" else None
    files = request.FILES if request.method == "POST" else None
    if kind == MoneyKind.TRANSFER and project is not None:
        return _transfer_sheet(request, project, terms, reason)
    if kind == MoneyKind.BUDGET and project is not None:
        lines = lines_of([project.pk])
        book = book_for(fund.union, timezone.localdate(at)).book
        titles = cost_titles(book)
        there = {line.item for line in lines}
        others = {item: titles[item] for item in in_card_order(titles, book) if item not in there}
        form = BudgetForm(data, files, lines=lines, others=others, asked=terms.lines, reason=reason)
        return {"lines": lines, "totals": fund_totals([fund.pk])[fund.pk]}, form
    if kind == MoneyKind.CARRY_OVER:
        return _carry_over_sheet(request, fund, terms, reason)
    more = {"totals": fund_totals([fund.pk])[fund.pk]}
    return more, AmountForm(data, files, terms=terms, by_document=True, reason=reason)


def _carry_over_sheet(
    request: DeskRequest, fund: Fund, terms: MoneyTerms, reason: str
) -> tuple[dict[str, Any], CarryOverForm]:
    """The fund's own money and the classes that aren't settled. Choosing classes comes back with the lines
    of those, and everything typed."""
    to = next_year(fund)
    totals = fund_totals([fund.pk] if to is None else [fund.pk, to.pk])
    sent = request.POST if request.method == "POST" else None
    judged = request.POST.get("action") in ("save", "submit")
    typed = {**sent.dict(), "classes": sent.getlist("classes")} if sent is not None else None
    form = CarryOverForm(
        sent if judged else None,
        request.FILES if judged else None,
        open_classes=open_classes(fund),
        terms=terms,
        reason=reason,
        typed=typed,
    )
    more = {"totals": totals[fund.pk], "to": to, "to_totals": totals[to.pk] if to is not None else None}
    return more, form


def _transfer_sheet(
    request: DeskRequest, project: Project, terms: MoneyTerms, reason: str
) -> tuple[dict[str, Any], TransferForm]:
    """``to``: the number of the project that gets the money, typed; the project itself where it is empty.

    Only projects of the same fund that he sees may get it. Choosing another, like asking for more rows,
    comes back with everything typed.
    """
    sent = request.POST if request.method == "POST" else None
    rows = number_of(request.POST.get("rows", "")) or ROWS
    if request.POST.get("action") == "more":
        rows += ROWS
    same_fund = Project.objects.visible_to(standing_of(request)).filter(fund=project.fund_id)
    to, fault = project, ""
    number = request.POST.get("to", "").strip() if sent is not None else _target_of(project, terms)
    if number and number != project.number:
        other = same_fund.filter(number__iexact=number).first()
        if other is None:
            fault = f"没有找到同一专项预算的项目“{number[:40]}”，请核对项目编号。"
        else:
            to = other
    lines: list[Line] = lines_of({project.pk, to.pk})
    judged = request.POST.get("action") in ("save", "submit")
    form = TransferForm(
        sent if judged else None,
        request.FILES if judged else None,
        sources=[line for line in lines if line.project == project.pk],
        targets=[line for line in lines if line.project == to.pk],
        shifts=terms.shifts if sent is None else (),
        rows=rows,
        reason=reason,
        typed=sent.dict() if sent is not None else None,
    )
    if fault and judged:
        form.add_error(None, fault)
    more = {
        "to_number": number if number != project.number else "",
        "to": to,
        "to_fault": fault,
        "rows": form.count,
    }
    return more | {"lines": [line for line in lines if line.project == project.pk]}, form


def _target_of(project: Project, terms: MoneyTerms) -> str:
    """The number of the project a stored 调剂 goes to."""
    targets = [shift.target for shift in terms.shifts]
    if not targets:
        return ""
    found = Project.objects.filter(lines__in=targets).exclude(pk=project.pk).first()
    return found.number if found is not None else ""


def _saved(request: DeskRequest, saved: MoneyRequest, at: datetime) -> HttpResponse:
    """After saving: on to its page where it was handed in, back to the form where that isn't possible."""
    if saved.state == RequestState.REVIEWING:  # the same form sent twice
        messages.info(request, f"{saved.words}已经报送。")
        return redirect("workflow:money_request", pk=saved.pk)
    if request.POST.get("action") != "submit":
        messages.success(request, f"{saved.words}已保存。")
        return redirect("workflow:money_request_edit", pk=saved.pk)
    try:
        services.submit(request_id=saved.pk, actor=request.user, at=at, revision=saved.revision)
    except Refused as refused:
        messages.error(request, f"内容已保存，还没有报送。{refused}")
        return redirect("workflow:money_request_edit", pk=saved.pk)
    messages.success(request, f"{saved.words}已报送，{whither(saved)}。")
    return redirect("workflow:money_request", pk=saved.pk)


@require_safe
def money_request(request: DeskRequest, pk: int) -> HttpResponse:
    """One request with everything needed to decide on it."""
    return _page(request, seen_money_request(request, pk))


def _page(
    request: DeskRequest, found: MoneyRequest, typed: Typed | None = None, status: int = 200
) -> HttpResponse:
    context = money_request_page(found, actor=request.user, at=timezone.now(), typed=typed)
    return render(request, "workflow/money/request.html", context, status=status)


@require_POST
def money_request_decide(request: DeskRequest, pk: int) -> HttpResponse:
    """同意, 退回 or 不同意, at the desk it lies on."""
    found = seen_money_request(request, pk)
    return decided(
        request,
        pk,
        decide=services.decide,
        page=lambda typed, status: _page(request, seen_money_request(request, pk), typed, status),
        of=found,
    )


@answers_refusals
def money_request_withdraw(request: DeskRequest, pk: int) -> HttpResponse:
    """Takes a request back, after asking."""
    at, found = timezone.now(), seen_money_request(request, pk)
    if reason := refusal(MoneyAct.WITHDRAW, found, actor=request.user, at=at):
        return no(request, reason)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="撤回申请",
            text=f"撤回{found.words}？撤回后这份申请即终止，可以沿用它的内容另行申请。",
            label="撤回",
            cancel=reverse("workflow:money_request", args=[pk]),
        )
    try:
        services.withdraw(request_id=pk, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{found.words}已撤回。")
    return redirect("workflow:money_request", pk=pk)


@require_POST
def money_request_again(request: DeskRequest, pk: int) -> HttpResponse:
    """A draft with what a withdrawn or refused request asked."""
    found = seen_money_request(request, pk)
    try:
        draft = services.ask_again(request_id=pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:money_request", pk=pk)
    messages.success(request, f"已沿用 {found.code} 的内容，修改后报送。")
    return redirect("workflow:money_request_edit", pk=draft.pk)


@answers_refusals
def money_request_discard(request: DeskRequest, pk: int) -> HttpResponse:
    """Throws a draft away, after asking."""
    at, found = timezone.now(), seen_money_request(request, pk)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="删除草稿",
            text=f"{found.words}还没有报送过，删除后不能恢复。",
            label="删除",
            cancel=reverse("workflow:money_request_edit", args=[pk]),
        )
    try:
        services.discard(request_id=pk, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:money_request", pk=pk)
    messages.success(request, "草稿已删除。")
    if found.project_id is not None:
        return redirect("workflow:project", pk=found.project_id)
    return redirect("workflow:fund", pk=found.fund_id)


@require_safe
def money_request_print_page(request: DeskRequest, pk: int) -> HttpResponse:
    """经费申请审批单, A4 portrait."""
    found = seen_money_request(request, pk)
    context = money_request_print(found, at=timezone.now())
    return render(request, "workflow/money/request_print.html", context)


@require_safe
def money_request_file(request: DeskRequest, pk: int) -> HttpResponse:
    """The paper a request rests on, to be kept; never shown in the browser."""
    return basis_file(seen_money_request(request, pk))


urlpatterns: list[URLPattern] = [
    path("projects/<int:pk>/transfer/", money_transfer, name="money_transfer"),
    path("projects/<int:pk>/rebudget/", money_budget, name="money_budget"),
    path("funds/<int:pk>/carry-over/", money_carry_over, name="money_carry_over"),
    path("funds/<int:pk>/supplement/", fund_supplement, name="fund_supplement"),
    path("money-requests/<int:pk>/", money_request, name="money_request"),
    path("money-requests/<int:pk>/edit/", money_request_edit, name="money_request_edit"),
    path("money-requests/<int:pk>/decide/", money_request_decide, name="money_request_decide"),
    path("money-requests/<int:pk>/withdraw/", money_request_withdraw, name="money_request_withdraw"),
    path("money-requests/<int:pk>/again/", money_request_again, name="money_request_again"),
    path("money-requests/<int:pk>/discard/", money_request_discard, name="money_request_discard"),
    path("money-requests/<int:pk>/print/", money_request_print_page, name="money_request_print"),
    path("money-requests/<int:pk>/file/", money_request_file, name="money_request_file"),
]
