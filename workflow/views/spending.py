"""预占 and 支出 as forms: amounts beside what is free, what stands in the way, the papers one by one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from budgets.models import Commitment, Payment
from budgets.states import PayMethod, Subject
from office.refusals import Conflict, Refused
from office.wording import capital_yuan, yuan
from rulebook.money import PaperSource
from workflow.forms.runs import with_blank
from workflow.forms.spending import SPARE, CommitForm, PaymentForm
from workflow.rules import paying
from workflow.rules import spending as rules
from workflow.rules.claims import Claim
from workflow.selectors import spending as select
from workflow.services import spending as services
from workflow.services.spending import CONTRACT, Paying
from workflow.views.common import DeskRequest
from workflow.views.drafting import answers_refusals
from workflow.views.paper_box import PaperBox, paper_box
from workflow.views.payment_check import OTHER, confirm, lying_with
from workflow.views.spending_desk import Desk, desk, short, shown

if TYPE_CHECKING:
    from decimal import Decimal

    from django.http import QueryDict
    from django.urls import URLPattern

    from rulebook.money import PaymentKind
    from workflow.rules.findings import Finding

#: Presses that only look, or rewrite the form.
_LOOKS: Final = ("", "check", "add_invoice", "add_fee", "fill_fees", "revise")


@answers_refusals
def commitment_new(request: DeskRequest, pk: int) -> HttpResponse:
    """预占 of one budget line."""
    on = desk(request, pk)
    asked = on.asked_session(request.GET.get("session", ""))
    line = request.GET.get("line", "")
    initial = {"session": asked, "line": line if line.isdigit() else None}
    posted = request.POST if request.method == "POST" else None
    if posted is not None and (made := _booked(request, on, Commitment)) is not None:
        messages.info(
            request, f"这张表单已登记为 {made.number}，没有重复登记；要另办一笔，请重新打开“登记预占”。"
        )
        return redirect("workflow:project", pk=pk)
    form = CommitForm(posted, sources=on.lines, sessions=on.sessions, initial=initial)
    box = paper_box(request, [CONTRACT], on.at)
    status = 200
    if posted is not None:
        status = 422
        if form.is_valid() and not box.errors:
            given = form.cleaned_data
            try:
                made = services.commit(
                    project_id=pk,
                    line_id=int(given["line"]),
                    amount=given["amount"],
                    title=given["title"],
                    payee=given["payee"],
                    key=given["key"],
                    session_no=given["session"],
                    contract_number=given["contract_number"],
                    contract_on=given["contract_on"],
                    files=box.files.get(CONTRACT, ()),
                    actor=request.user,
                    at=on.at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
                status = 409 if isinstance(refused, Conflict) else 422
            else:
                return _committed(request, on, made)
    session = form.cleaned_data.get("session") if posted is not None and form.is_bound else asked
    context = {
        "project": on.project,
        "plan": on.case.plan,
        "form": form,
        "lines": on.lines,
        "many": on.case.plan.sessions > 1,
        "obstacles": shown([*rules.obstacles(on.case, session), *short(on, form.beyond)]),
        "papers": box.rows([(CONTRACT, _contract_title(on))]),
    }
    return render(request, "workflow/money/commit.html", context, status=status)


Booked = TypeVar("Booked", Commitment, Payment)


def _booked(request: DeskRequest, on: Desk, model: type[Booked]) -> Booked | None:
    """What this very form made before; a press too many changes nothing."""
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return None
    return model._default_manager.filter(project=on.project, key=key).first()


def _contract_title(on: Desk) -> str:
    paper = on.case.book.money.paper(CONTRACT)
    return paper.title if paper is not None else "合同或协议"


def _committed(request: DeskRequest, on: Desk, made: Commitment) -> HttpResponse:
    messages.success(request, f"已登记预占 {made.number}“{made.title}”{yuan(made.outstanding)} 元。")
    if request.POST.get("action") == "again":
        return redirect("workflow:commitment_new", pk=on.project.pk)
    return redirect("workflow:project", pk=on.project.pk)


@answers_refusals
def payment_new(request: DeskRequest, pk: int) -> HttpResponse:
    """支出: the form changes with its kind; typed text and uploaded papers stay when it is refused."""
    on = desk(request, pk)
    kinds = [kind for kind in on.case.book.money.kinds if not kind.refund]
    action = request.POST.get("action", "")
    asked = action.removeprefix("kind:") if action.startswith("kind:") else ""
    asked = asked or request.POST.get("kind", "") or request.GET.get("kind", "")
    kind = next((kind for kind in kinds if kind.code == asked), None) or _usual_kind(request, on, kinds)
    if request.method != "POST":
        return _page(request, on, kinds, _first_form(request, on, kind), paper_box(request, (), on.at))
    if action == "pay" and (made := _booked(request, on, Payment)) is not None:
        messages.info(
            request, f"这张表单已登记为 {made.number}，没有重复登记；要另办一笔，请重新打开“登记支付”。"
        )
        return redirect("workflow:payment", pk=made.pk)
    box = paper_box(request, [*kind.papers, OTHER], on.at)
    looks = bool(request.htmx) or action in _LOOKS or action.startswith("kind:")
    form = _form(on, kind, _rewritten(request.POST, on, kind, action) if looks else request.POST)
    if looks:
        form.is_valid()
        _forgive(form)
        return _page(request, on, kinds, form, box, looking=True)
    valid = form.is_valid()
    _say_used(on, form)
    if not valid or form.faults() or form.errors or box.errors:
        return _page(request, on, kinds, form, box, status=422)
    given, confirmed = _given(form, box), request.POST.get("confirmed") == "1"
    try:
        odd = services.check(project_id=pk, given=given, actor=request.user, at=on.at)
        silent = paying.unexplained(odd, given.note)
        if silent or not confirmed:
            return confirm(request, on, form, box, odd, error=silent if confirmed else "")
        made = services.pay(
            project_id=pk, given=given, key=form.cleaned_data["key"], actor=request.user, at=on.at
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, on, kinds, form, box, status=409 if isinstance(refused, Conflict) else 422)
    messages.success(request, f"已登记支付 {made.number}“{made.title}”{yuan(made.amount)} 元。")
    return redirect("workflow:payment", pk=made.pk)


def _usual_kind(request: DeskRequest, on: Desk, kinds: list[PaymentKind]) -> PaymentKind:
    """What is paid now as a rule: 尾款 once the attendance is closed, the book's first kind before."""
    wanted = next((each for each in on.commitments if str(each.pk) == request.GET.get("commitment")), None)
    session = wanted.session_no if wanted is not None else on.asked_session(request.GET.get("session", ""))
    known = rules.known_of(on.case, PaperSource.ATTENDANCE, session)
    money = on.case.book.money
    final = (
        kind
        for kind in kinds
        if any(paper.source == PaperSource.ATTENDANCE for paper in money.papers_of(kind))
    )
    return next(final, kinds[0]) if known is not None and known.text else kinds[0]


def _form(on: Desk, kind: PaymentKind, data: Any = None, **more: Any) -> PaymentForm:
    return PaymentForm(data, kind=kind, book=on.case.book, sources=on.sources, sessions=on.sessions, **more)


def _first_form(request: DeskRequest, on: Desk, kind: PaymentKind) -> PaymentForm:
    """Filled with what is known: of the commitment that is to be paid, of the timetable, of the class."""
    wanted = request.GET.get("commitment", "")
    paid = next((each for each in on.commitments if str(each.pk) == wanted), None)
    session = on.asked_session(request.GET.get("session", ""))
    plan = on.case.plan
    initial: dict[str, Any] = {
        "method": PayMethod.TRANSFER,
        "subject": Subject.CADRES,
        "paid_on": timezone.localdate(on.at),
        "handler": plan.owner_name,
    }
    if paid is not None:
        session = on.case.session(paid.session_no)
        initial |= {"title": paid.title, "payee": paid.payee, f"commitment_{paid.pk}": paid.outstanding}
    initial["session"] = session
    run = on.case.run(session)
    if run is not None and run.owner_name:
        initial["handler"] = run.owner_name
    fees = _fee_rows(on, session) if kind.lecture else []
    return _form(on, kind, initial=initial, fees=fees)


def _fee_rows(on: Desk, session: int | None) -> list[dict[str, Any]]:
    """A row for each lecturer of the timetable who wasn't paid yet."""
    runs = on.case.scope(on.case.session(session))
    done = select.paid_lecturers(on.case.plan.project_id, on.case.session(session))
    return [
        {"lecturer": one.name, "title": one.title, "hours": one.hours, "topics": one.topics[:300]}
        for one in select.lecturers(run.pk for run in runs)
        if one.name not in done
    ]


def _rewritten(data: QueryDict, on: Desk, kind: PaymentKind, action: str) -> QueryDict:
    """What was posted, with the rows the pressed button asks for."""
    if action == "add_invoice":
        return with_blank(data, "invoice", SPARE)
    if action == "add_fee":
        return with_blank(data, "fee", SPARE)
    if kind.lecture and (action == "fill_fees" or "fee-TOTAL_FORMS" not in data):
        rows = _fee_rows(on, on.asked_session(data.get("session", ""))) or [{}] * SPARE
        copied = data.copy()
        for name in [name for name in copied if name.startswith("fee-")]:
            del copied[name]
        for number, row in enumerate(rows):
            for name, value in row.items():
                copied[f"fee-{number}-{name}"] = str(value)
        copied["fee-TOTAL_FORMS"], copied["fee-INITIAL_FORMS"] = str(len(rows)), "0"
        return copied
    return data


def _forgive(form: PaymentForm) -> None:
    """A form somebody is still filling isn't blamed for what is empty."""
    for name, errors in form.errors.as_data().items():
        if all(error.code == "required" for error in errors):
            del form.errors[name]
    form.errors.pop(NON_FIELD_ERRORS, None)


def _say_used(on: Desk, form: PaymentForm) -> None:
    """Says at its box where an invoice was used before, unless it is said why it is used again."""
    uses = select.invoice_uses(on.project.union_id, [row.typed for row in form.invoices])
    for row in form.invoices:
        before = uses.get(row.typed)
        if before is not None and not row.cleaned_data.get("shared", "").strip():
            row.add_error("number", _used(before.payment))


def _used(paid: Payment) -> str:
    return (
        f"已用于 {paid.number}“{paid.title}”（{paid.project.number}，{paid.paid_on:%Y-%m-%d}，"
        f"{yuan(paid.amount)} 元）；同一发票分次列支的，请填写重复使用说明。"
    )


def _given(form: PaymentForm, box: PaperBox) -> Paying:
    data = form.cleaned_data
    return Paying(
        kind=form.kind.code,
        title=data["title"],
        payee=data["payee"],
        rows=form.rows(),
        method=PayMethod(data["method"]),
        paid_on=data["paid_on"],
        subject=Subject(data["subject"]),
        handler=data["handler"],
        session_no=data["session"],
        voucher=data["voucher"],
        attachments=data["attachments"],
        note=data["note"],
        invoices=form.given_invoices(),
        unnumbered=data["unnumbered"],
        fees=form.given_fees(),
        files=box.files,
    )


def _page(
    request: DeskRequest,
    on: Desk,
    kinds: list[PaymentKind],
    form: PaymentForm,
    box: PaperBox,
    *,
    looking: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The form with what stands in the way. ``looking``: nothing was handed in yet, so nothing is blamed."""
    session = on.asked_session(str(form["session"].value() or ""))
    needed = rules.needed_papers(on.case, form.kind, session)
    lying = lying_with(form)
    papers = box.rows(
        [(each.paper.code, each.paper.title) for each in needed] + [(OTHER, "其他材料（可不附）")]
    )
    for row, each in zip(papers, needed, strict=False):
        row |= {"needed": each, "lying": lying.get(each.paper.code, []), "url": _address(each.known)}
    context = {
        "project": on.project,
        "plan": on.case.plan,
        "form": form,
        "kind": form.kind,
        "kinds": kinds,
        "many": on.case.plan.sessions > 1,
        "papers": papers,
        "faults": [] if looking else form.faults(),
        "looking": looking,
        "obstacles": shown(rules.obstacles(on.case, session, opened=form.kind.opened)),
        "live": _live(on, form, session)
        | {
            "odd": shown(_odd(on, form, box, session)),
            "short": shown(short(on, form.amounts)),
            "lacking": [] if looking or not form.is_bound else [row for row in papers if _lacks(row)],
        },
        "numbered": paying.INVOICE in form.kind.papers,
        "cells": ",".join(["#pay-total", *(f"#known-{each.paper.code}" for each in needed)]),
        "unsent": ",".join(["action", *(f"file_{row['code']}" for row in papers)]),
        "card": on.case.book.rate_card,
    }
    return render(request, "workflow/money/pay.html", context, status=status)


def _lacks(row: dict[str, Any]) -> bool:
    """Whether a paper is needed and nobody has it."""
    needed = row.get("needed")
    return needed is not None and not (needed.at_hand or row["lying"] or row["files"])


def _address(known: rules.Known | None) -> str:
    return reverse(f"workflow:{known.page}", args=[known.pk]) if known is not None and known.page else ""


def _live(on: Desk, form: PaymentForm, session: int | None) -> dict[str, Any]:
    """What the figures come to, and what they collide with."""
    fees = form.given_fees() if form.is_bound else []
    together: Decimal = sum((fee.before_tax for fee in fees), select.ZERO)
    total = form.total() if form.is_bound else _initial_total(form)
    numbers = [row.typed for row in form.invoices] if form.is_bound else []
    uses = select.invoice_uses(on.project.union_id, numbers)
    first = on.case.plan.project_id if form.kind.lecture else None
    paid = select.paid_lecturers(first, on.case.session(session))
    return {
        "total": total,
        "words": capital_yuan(total) if total else "",
        "fees": together,
        "differs": bool(fees) and together != total,
        "wrong": [
            (source.title, error)
            for source, box in form.boxes()
            if form.amounts.get(source.name, select.ZERO) <= source.free
            for error in box.errors
        ],
        "uses": [(number, before.payment) for number, before in uses.items()],
        "paid": list(paid.values()),
    }


def _odd(on: Desk, form: PaymentForm, box: PaperBox, session: int | None) -> list[Finding]:
    """What is odd about what was typed so far."""
    if not form.is_bound:
        return []
    data = form.cleaned_data
    claim = Claim(
        project=on.project,
        kind=form.kind,
        session_no=session,
        total=form.total(),
        lines=frozenset(row.line for row in form.rows()),
        paid_on=data.get("paid_on"),
        invoices=form.given_invoices(),
        fees=form.given_fees(),
        uploaded=frozenset(box.files),
        unnumbered=data.get("unnumbered", ""),
    )
    return paying.findings_of(on.case, claim)


def _initial_total(form: PaymentForm) -> Decimal:
    amounts = (form.initial.get(source.name) for source, _ in form.boxes())
    return sum((amount for amount in amounts if amount), select.ZERO)


urlpatterns: list[URLPattern] = [
    path("projects/<int:pk>/commit/", commitment_new, name="commitment_new"),
    path("projects/<int:pk>/pay/", payment_new, name="payment_new"),
]
