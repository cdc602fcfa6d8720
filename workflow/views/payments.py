"""A payment as a page: its rows and papers, 退款 and 红字冲销; files of papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from budgets.models import Entry, Fund, Payment, Project, SupportingPaper
from budgets.states import EntryKind
from office.refusals import Conflict, Refused
from office.wording import capital_yuan, chinese_date, moment, yuan
from workflow.forms.spending import ReasonForm, RefundForm, Source, VoucherForm
from workflow.models import ClassRun
from workflow.rules import spending as rules
from workflow.rules.findings import stored
from workflow.selectors import spending as select
from workflow.services import spending as services
from workflow.views.common import DeskRequest, attachment, standing_of
from workflow.views.drafting import answers_refusals, no
from workflow.views.paper_box import add_paper, paper_box
from workflow.views.spending_desk import refusal, shown

if TYPE_CHECKING:
    from decimal import Decimal

    from django.urls import URLPattern

    from rulebook.money import PaymentKind
    from rulebook.schema import Book
    from workflow.rules.spending import SpendingCase

LOADED = ("project__fund__union", "project__union", "project__department", "created_by")


def seen_payment(request: DeskRequest, pk: int) -> Payment:
    """The payment with its project; 404 for whoever may not see it."""
    visible = Payment.objects.visible_to(standing_of(request)).with_reversed()
    found = visible.select_related(*LOADED, "refunds").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def kind_title(book: Book | None, code: str) -> str:
    """预付款（定金）; the code itself where a later edition dropped it."""
    kind = book.money.kind(code) if book is not None else None
    return kind.title if kind is not None else code


def run_facts(case: SpendingCase | None, session_no: int | None) -> list[tuple[str, ...]]:
    """期次 with its page, for ``parts/facts.html``; nothing where a class has one 期 and no money by 期."""
    run: ClassRun | None = case.run(session_no) if case is not None else None
    if run is not None:
        return [("期次", run.title, reverse("workflow:run", args=[run.pk]))]
    return [("期次", "全班共用")] if case is not None and case.plan.sessions > 1 else []


@require_safe
def payment(request: DeskRequest, pk: int) -> HttpResponse:
    """One payment with everything behind it."""
    return _payment_page(request, seen_payment(request, pk))


def _payment_page(
    request: DeskRequest,
    found: Payment,
    *,
    voucher: VoucherForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    at, case = timezone.now(), rules.case_of(found.project_id)
    book = case.book if case is not None else None
    kind = book.money.kind(found.kind) if book is not None else None
    undone = found.entries.filter(kind=EntryKind.REVERSE).select_related("actor", "post__department").first()
    may = refusal(request, found.project, at) is None and case is not None
    settled = _settled(found, case)
    refunds = list(found.refunded_by.with_reversed().order_by("id"))
    papers = found.papers.select_related("file").order_by("id")
    back = select.refunded_by_line(found)
    returned = sum(back.values(), select.ZERO)
    refundable = any(amount > back.get(line, select.ZERO) for line, _, amount in select.paid_by_line(found))
    context = {
        "payment": found,
        "project": found.project,
        "book": book,
        "kind": kind,
        "kind_title": kind_title(book, found.kind),
        "facts": _payment_facts(found, case, book, returned),
        "movements": select.read(select.of_payment(found)),
        "odd": shown(stored(found.findings)),
        "back": returned,
        "single": not refunds,
        "papers": papers,
        "adding": {
            "action": reverse("workflow:payment_paper_add", args=[found.pk]),
            "choices": book.money.papers_of(kind) if book is not None and kind is not None else (),
            "error": error,
        },
        "invoices": found.invoices.order_by("id"),
        "fees": _fees(found, book),
        "refunds": refunds,
        "undone": undone,
        "may": may,
        "settled": settled,
        "may_refund": may and not settled and undone is None and found.refunds_id is None and refundable,
        "may_reverse": may and not settled and undone is None and not returned,
        "voucher": voucher or VoucherForm(initial={"voucher": found.voucher}),
        "may_pay": may and case is not None and not rules.obstacles(case, found.session_no),
    }
    return render(request, "workflow/money/payment.html", context, status=status)


def _settled(found: Payment, case: SpendingCase | None) -> str | None:
    return rules.settled_refusal(case, found.session_no) if case is not None else None


def _fees(found: Payment, book: Book | None) -> list[dict[str, Any]]:
    titles = {rate.code: rate.title for rate in book.rate_card.lecture} if book is not None else {}
    return [{"fee": fee, "title": titles.get(fee.title, fee.title)} for fee in found.lecture_fees.all()]


def _payment_facts(
    found: Payment, case: SpendingCase | None, book: Book | None, back: Decimal
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("项目", str(found.project), reverse("workflow:project", args=[found.project_id])),
        *run_facts(case, found.session_no),
        ("支付类型", kind_title(book, found.kind)),
        ("收款单位", found.payee),
        ("金额", f"{yuan(found.amount)} 元（{capital_yuan(found.amount)}）"),
        ("支付方式", found.get_method_display()),
        ("到账日期" if found.refunds_id else "支付日期", chinese_date(found.paid_on)),
        ("预算科目", found.get_subject_display()),
        ("经办人", found.handler),
        ("附件张数", f"{found.attachments} 张" if found.attachments else "—"),
        ("登记", f"{found.created_by.name}，{moment(found.at)}"),
    ]
    if found.refunds is not None:
        rows.insert(1, ("原支付", str(found.refunds), reverse("workflow:payment", args=[found.refunds.pk])))
    if back:
        place = next(number for number, row in enumerate(rows) if row[0] == "金额") + 1
        rows.insert(place, ("净支付", f"{yuan(found.amount - back)} 元（已退款 {yuan(back)} 元）"))
    if found.note:
        rows.append(("备注", found.note, "", "all"))
    return rows


@require_POST
@answers_refusals
def payment_voucher(request: DeskRequest, pk: int) -> HttpResponse:
    """The 凭证号, given or corrected."""
    found, form = seen_payment(request, pk), VoucherForm(request.POST)
    if not form.is_valid():
        return _payment_page(request, found, voucher=form, status=422)
    services.set_voucher(
        payment_id=pk, voucher=form.cleaned_data["voucher"], actor=request.user, at=timezone.now()
    )
    messages.success(request, f"{found.number} 的凭证号已保存。")
    return redirect("workflow:payment", pk=pk)


@require_POST
@answers_refusals
def payment_paper_add(request: DeskRequest, pk: int) -> HttpResponse:
    """A paper that came after the payment was booked."""
    found = seen_payment(request, pk)
    if error := add_paper(request, found):
        return _payment_page(request, found, error=error, status=422)
    return redirect("workflow:payment", pk=pk)


@answers_refusals
def payment_refund(request: DeskRequest, pk: int) -> HttpResponse:
    """退款: money of this payment came back."""
    found, at = seen_payment(request, pk), timezone.now()
    case = rules.case_of(found.project_id)
    if reason := refusal(request, found.project, at) or _settled(found, case):
        return no(request, reason)
    kind = _refund_kind(case)
    back = select.refunded_by_line(found)
    sources = [
        Source(line, title, amount - back.get(line, select.ZERO))
        for line, title, amount in select.paid_by_line(found)
    ]
    posted = request.POST if request.method == "POST" else None
    initial = {"paid_on": timezone.localdate(at), "handler": found.handler}
    form = RefundForm(posted, sources=sources, initial=initial)
    box = paper_box(request, kind.papers, at)
    status = 200
    if posted is not None:
        status = 422
        if form.is_valid() and not box.errors:
            data = form.cleaned_data
            given = {
                name: data[name] for name in ("title", "paid_on", "handler", "voucher", "attachments", "note")
            }
            try:
                made = services.refund(
                    payment_id=pk,
                    rows=form.rows(),
                    key=data["key"],
                    files=box.files,
                    actor=request.user,
                    at=at,
                    **given,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
                status = 409 if isinstance(refused, Conflict) else 422
            else:
                on = case is not None and rules.sends_back(case, found.project)
                where = "退回年度专项预算" if on else "回到预算行"
                messages.success(request, f"已登记退款 {made.number}，{yuan(made.amount)} 元{where}。")
                return redirect("workflow:payment", pk=made.pk)
    titles = (
        {paper.code: paper.title for paper in case.book.money.papers_of(kind)} if case is not None else {}
    )
    context = {
        "payment": found,
        "project": found.project,
        "form": form,
        "kind": kind,
        "papers": box.rows(titles.items()),
    }
    return render(request, "workflow/money/refund.html", context, status=status)


def _refund_kind(case: SpendingCase | None) -> PaymentKind:
    kind = next((kind for kind in case.book.money.kinds if kind.refund), None) if case is not None else None
    if kind is None:
        raise Refused("这个项目适用的制度没有“退款”这一类，请联系系统管理员。")
    return kind


@answers_refusals
def payment_reverse(request: DeskRequest, pk: int) -> HttpResponse:
    """红字冲销 of a payment or a refund, whole, with a reason."""
    found, at = seen_payment(request, pk), timezone.now()
    case = rules.case_of(found.project_id)
    reason = refusal(request, found.project, at) or _settled(found, case) or rules.refunded_refusal(found)
    if reason:
        return no(request, reason)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reverse_payment(
                payment_id=pk, reason=form.cleaned_data["reason"], actor=request.user, at=at
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{found.number} 已红字冲销，{yuan(found.amount)} 元。")
            return redirect("workflow:payment", pk=pk)
    where = "回到支付前的预算行和预占" if found.refunds_id is None else "重新计入支出"
    ask = {
        "title": f"红字冲销 {found.number}",
        "text": f"{found.title}，{found.payee}，{yuan(found.amount)} 元。\n"
        f"整笔冲销，{where}；原记录保留并标明已冲销，发票号可以再用。正确的支付请另行登记。",
        "action": request.path,
        "label": "确定冲销",
        "form": form,
        "cancel_url": reverse("workflow:payment", args=[pk]),
    }
    return render(request, "workflow/ask.html", {"ask": ask}, status=200 if not form.errors else 422)


@require_safe
def paper_file(request: DeskRequest, pk: int) -> HttpResponse:
    """A paper's file, to be kept; never shown in the browser."""
    paper = (
        SupportingPaper.objects.select_related("file", "payment", "commitment", "entry").filter(pk=pk).first()
    )
    if paper is None or paper.file is None or not _sees(request, paper):
        raise Http404
    try:
        with paper.file.file.open("rb") as stored:
            body = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    return attachment(body, paper.file.name, paper.file.mime)


def _sees(request: DeskRequest, paper: SupportingPaper) -> bool:
    standing = standing_of(request)
    if paper.entry_id is not None:
        funds = Entry.objects.filter(pk=paper.entry_id, credit__fund__in=Fund.objects.visible_to(standing))
        return funds.exists()
    of = paper.payment if paper.payment is not None else paper.commitment
    return of is not None and Project.objects.visible_to(standing).filter(pk=of.project_id).exists()


urlpatterns: list[URLPattern] = [
    path("payments/<int:pk>/", payment, name="payment"),
    path("payments/<int:pk>/voucher/", payment_voucher, name="payment_voucher"),
    path("payments/<int:pk>/papers/add/", payment_paper_add, name="payment_paper_add"),
    path("payments/<int:pk>/refund/", payment_refund, name="payment_refund"),
    path("payments/<int:pk>/reverse/", payment_reverse, name="payment_reverse"),
    path("papers/<int:pk>/file/", paper_file, name="paper_file"),
]
