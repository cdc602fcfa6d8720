"""核对: a payment on one page before it is booked, with what is odd about it and what may come later."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from django.shortcuts import render

from budgets.states import PayMethod, Subject
from office.wording import capital_yuan, chinese_date
from workflow.rules import spending as rules
from workflow.selectors import spending as select
from workflow.views.spending_desk import shown

if TYPE_CHECKING:
    from django.http import HttpResponse

    from budgets.services import GivenInvoice
    from workflow.forms.spending import PaymentForm
    from workflow.rules.findings import Finding
    from workflow.views.common import DeskRequest
    from workflow.views.paper_box import PaperBox
    from workflow.views.spending_desk import Desk

#: The code of a paper the book doesn't ask for.
OTHER: Final = "other"
#: What isn't handed on from page to page as it was typed: buttons, the box this page has itself.
_UNTYPED: Final = frozenset({"csrfmiddlewaretoken", "action", "confirmed", "note"})


def confirm(
    request: DeskRequest,
    on: Desk,
    form: PaymentForm,
    box: PaperBox,
    odd: list[Finding],
    *,
    error: str,
) -> HttpResponse:
    """核对: what is about to be booked, on one page; 返回修改 brings everything back as it was typed."""
    data, total = form.cleaned_data, form.total()
    titles = {(source.line, source.commitment): source.title for source in form.sources}
    needed = rules.needed_papers(on.case, form.kind, data["session"])
    kept = box.rows([*((each.paper.code, each.paper.title) for each in needed), (OTHER, "其他材料")])
    grades = {rate.code: rate.title for rate in on.case.book.rate_card.lecture}
    invoices = form.given_invoices()
    context = {
        "project": on.project,
        "kind": form.kind,
        "facts": [
            *([("期次", rules.session_title(on.case, data["session"]))] if on.case.plan.sessions > 1 else []),
            ("支付类型", form.kind.title),
            ("事由", data["title"]),
            ("支付日期", chinese_date(data["paid_on"])),
            ("支付方式", PayMethod(data["method"]).label),
            ("预算科目", Subject(data["subject"]).label),
            ("经办人", data["handler"]),
            *([("凭证号", data["voucher"])] if data["voucher"] else []),
            *([("附件张数", f"{data['attachments']} 张")] if data["attachments"] else []),
            *([("备注", data["note"], "", "all")] if data["note"] else []),
        ],
        "total": total,
        "words": capital_yuan(total),
        "rows": [(titles[row.line, row.commitment], row.amount) for row in form.rows()],
        "fees": [(fee, grades.get(fee.title, fee.title)) for fee in form.given_fees()],
        "invoices": invoices,
        "billed": sum((each.amount for each in invoices if each.amount), select.ZERO),
        "papers": _papers(form, needed, kept),
        "lacking": _lacking(form, invoices),
        "odd": shown(odd),
        "asked": any(one.asks for one in odd),
        "form": form,
        "error": error,
        "hidden": _hidden(request, kept),
    }
    return render(request, "workflow/money/pay_check.html", context, status=422 if error else 200)


def _lacking(form: PaymentForm, invoices: list[GivenInvoice]) -> list[str]:
    """What may come later or not at all, and is easily forgotten."""
    data = form.cleaned_data
    return [
        text
        for missing, text in (
            (not data["voucher"], "凭证号：记账后在支付页补录"),
            (not data["attachments"], "附件张数：没有填写"),
            (not invoices and not data["unnumbered"] and not form.kind.lecture, "发票号：没有填写"),
        )
        if missing
    ]


def _papers(
    form: PaymentForm, needed: list[rules.NeededPaper], kept: list[dict[str, Any]]
) -> list[tuple[str, list[str]]]:
    """The title of each paper with where it is: in the system, with a commitment, in a file."""
    lying = lying_with(form)
    found = []
    for row, each in zip_longest(kept, needed):
        known = each.known.text if each is not None and each.known is not None else ""
        texts = [known] if known else lying.get(row["code"], [])
        texts = [*texts, *(name for name, _ in row["files"])]
        if texts:
            found.append((row["title"], texts))
    return found


def _hidden(request: DeskRequest, kept: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """All that was typed, as it was typed, and the tokens of the files."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _UNTYPED and not name.startswith("kept_")
        for value in values
    ]
    return typed + [(f"kept_{row['code']}", token) for row in kept for _, token in row["files"]]


def lying_with(form: PaymentForm) -> dict[str, list[str]]:
    """Papers that lie with the commitments chosen, by code."""
    if form.is_bound:
        chosen = {row.commitment for row in form.rows()}
    else:
        chosen = {source.commitment for source in form.sources if form.initial.get(source.name)}
    return select.commitment_papers(chosen - {None})
