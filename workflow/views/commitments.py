"""A commitment as a page: what was paid of it, and what gives the rest free again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from budgets.models import Commitment
from budgets.states import EntryKind
from office.refusals import Refused
from office.wording import chinese_date, moment, yuan
from workflow.forms.spending import ReasonForm, ReleaseForm
from workflow.rules import spending as rules
from workflow.selectors import spending as select
from workflow.services import spending as services
from workflow.views.common import DeskRequest, standing_of
from workflow.views.drafting import answers_refusals, no
from workflow.views.paper_box import add_paper
from workflow.views.payments import LOADED, run_facts
from workflow.views.spending_desk import refusal

if TYPE_CHECKING:
    from django.urls import URLPattern


def seen_commitment(request: DeskRequest, pk: int) -> Commitment:
    """The commitment with its project and line; 404 for whoever may not see it."""
    visible = Commitment.objects.visible_to(standing_of(request))
    found = visible.select_related(*LOADED, "line").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_safe
def commitment(request: DeskRequest, pk: int) -> HttpResponse:
    """One commitment: what was paid and released of it."""
    return _commitment_page(request, seen_commitment(request, pk))


def _other_years(found: Commitment) -> list[tuple[str, ...]]:
    """Where the promise was carried over from and to with its class (S21)."""
    promises = Commitment.objects.filter(Q(continued_by=found.pk) | Q(continues=found.pk)).order_by("id")
    return [
        (
            "结转自" if each.pk == found.continues_id else "已结转到",
            str(each),
            reverse("workflow:commitment", args=[each.pk]),
        )
        for each in promises
    ]


def _commitment_page(
    request: DeskRequest, found: Commitment, *, error: str = "", status: int = 200
) -> HttpResponse:
    at = timezone.now()
    case = rules.case_of(found.project_id)
    movements = select.read(select.movements(found.entries.all()).order_by("id"))
    may = refusal(request, found.project, at) is None and case is not None
    untouched = (
        len([each for each in movements if each.entry.kind != EntryKind.REVERSE and not each.undone]) == 1
    )
    first = movements[0].entry.amount if movements else select.ZERO
    facts: list[tuple[str, ...]] = [
        ("项目", str(found.project), reverse("workflow:project", args=[found.project_id])),
        *run_facts(case, found.session_no),
        ("预算行", found.line.title),
        ("收款单位", found.payee),
        ("合同编号", found.contract_number),
        ("签订日期", chinese_date(found.contract_on) if found.contract_on is not None else ""),
        ("登记", f"{found.created_by.name}，{moment(found.at)}"),
        *_other_years(found),
    ]
    contract = case.book.money.paper(services.CONTRACT) if case is not None else None
    context = {
        "commitment": found,
        "project": found.project,
        "facts": facts,
        "sums": [
            {"label": "预占", "value": yuan(first), "note": ""},
            {"label": "已支付或释放", "value": yuan(first - found.outstanding), "note": ""},
            {"label": "未支付余额", "value": yuan(found.outstanding), "note": ""},
        ],
        "movements": movements,
        "papers": found.papers.select_related("file").order_by("id"),
        "may": may,
        "adding": {
            "action": reverse("workflow:commitment_paper_add", args=[found.pk]),
            "choices": [each for each in (contract,) if each is not None],
            "error": error,
        },
        "may_release": may and found.outstanding > 0,
        "may_reverse": may and untouched and found.outstanding > 0,
        "may_pay": may
        and found.outstanding > 0
        and case is not None
        and not rules.obstacles(case, found.session_no),
    }
    return render(request, "workflow/money/commitment.html", context, status=status)


@require_POST
@answers_refusals
def commitment_paper_add(request: DeskRequest, pk: int) -> HttpResponse:
    """A contract that was signed after its money was committed."""
    found = seen_commitment(request, pk)
    if error := add_paper(request, found):
        return _commitment_page(request, found, error=error, status=422)
    return redirect("workflow:commitment", pk=pk)


@answers_refusals
def commitment_release(request: DeskRequest, pk: int) -> HttpResponse:
    """释放: what won't be paid goes back to its budget line."""
    found, at = seen_commitment(request, pk), timezone.now()
    if reason := refusal(request, found.project, at):
        return no(request, reason)
    posted = request.POST if request.method == "POST" else None
    form = ReleaseForm(posted, outstanding=found.outstanding, initial={"amount": found.outstanding})
    if posted is not None and form.is_valid():
        try:
            entry = services.release(commitment_id=pk, **form.cleaned_data, actor=request.user, at=at)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request, f"{found.number} 已释放 {yuan(entry.amount)} 元，回到“{found.line.title}”。"
            )
            return redirect("workflow:commitment", pk=pk)
    ask = {
        "title": f"释放预占 {found.number}",
        "text": f"{found.title}，{found.payee}。未支付余额 {yuan(found.outstanding)} 元，"
        f"释放后回到“{found.line.title}”。",
        "action": request.path,
        "label": "释放",
        "form": form,
        "cancel_url": reverse("workflow:commitment", args=[pk]),
    }
    return render(request, "workflow/ask.html", {"ask": ask}, status=200 if not form.errors else 422)


@answers_refusals
def commitment_reverse(request: DeskRequest, pk: int) -> HttpResponse:
    """红字冲销 of a commitment entered by mistake."""
    found, at = seen_commitment(request, pk), timezone.now()
    if reason := refusal(request, found.project, at):
        return no(request, reason)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reverse_commitment(
                commitment_id=pk, reason=form.cleaned_data["reason"], actor=request.user, at=at
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{found.number} 已红字冲销。")
            return redirect("workflow:commitment", pk=pk)
    ask = {
        "title": f"红字冲销 {found.number}",
        "text": f"{found.title}，{found.payee}，{yuan(found.outstanding)} 元。\n"
        "登记有误时用冲销；不再需要的预占请办理释放。",
        "action": request.path,
        "label": "确定冲销",
        "form": form,
        "cancel_url": reverse("workflow:commitment", args=[pk]),
    }
    return render(request, "workflow/ask.html", {"ask": ask}, status=200 if not form.errors else 422)


urlpatterns: list[URLPattern] = [
    path("commitments/<int:pk>/", commitment, name="commitment"),
    path("commitments/<int:pk>/papers/add/", commitment_paper_add, name="commitment_paper_add"),
    path("commitments/<int:pk>/release/", commitment_release, name="commitment_release"),
    path("commitments/<int:pk>/reverse/", commitment_reverse, name="commitment_reverse"),
]
