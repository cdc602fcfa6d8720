"""支出 and 退款: money that left a project's lines, and money that came back.

What the reads before the entries saw serves the message only: nothing is locked until the entries go in, so
that the lines' accounts are held for as short as can be. Who wants several payments in one transaction makes
deadlocks possible: a transaction each.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Entry, Invoice, LectureFee, Payment
from budgets.services.papers import GivenPaper, attach
from budgets.services.posting import paper_number, posting
from budgets.services.spending_checks import (
    ZERO,
    GivenFee,
    GivenInvoice,
    PaidRow,
    accounts_of,
    check_day,
    check_fees,
    check_free,
    check_paper_work,
    check_rows,
    check_same_form,
    commitments_of,
    kind_of,
    line_of,
    numbered,
    post_for,
)
from budgets.states import AccountKind, EntryKind, PayMethod, Subject
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence
    from decimal import Decimal
    from typing import Any

    from budgets.models import Account, Project
    from org.models import User
    from rulebook.schema import Book


def pay(
    *,
    project: Project,
    kind: str,
    title: str,
    payee: str,
    rows: Sequence[PaidRow],
    method: PayMethod,
    paid_on: datetime.date,
    subject: Subject,
    handler: str,
    key: uuid.UUID,
    book: Book,
    actor: User,
    at: datetime.datetime,
    session_no: int | None = None,
    voucher: str = "",
    attachments: int = 0,
    note: str = "",
    invoices: Sequence[GivenInvoice] = (),
    papers: Sequence[GivenPaper] = (),
    fees: Sequence[GivenFee] = (),
    papers_later: bool = False,
    findings: Sequence[dict[str, Any]] = (),
) -> Payment:
    """支出: one payment from the project's lines, with the papers its kind takes by the rule book.

    `papers_later`: it is taken over from the finance software; what is missing is named at settlement.
    `findings`: what is odd about it and is explained in `note`, kept with it.

    The same `key` again is the same payment, nothing new. Raises `Refused`, nothing changed, if `actor`
    isn't finance, the year is closed, a paper is missing (named), a line or a commitment has less (with the
    figures), a commitment was promised for another 期, a fee is over its ceiling (X1 art. 10), the day is to
    come, or an invoice was used before and nobody says why it is used again (the earlier payment is named);
    `Conflict` if the same form was sent before with something else in it.
    """
    post = post_for("spend", project, actor=actor, at=at)
    if done := Payment.objects.filter(key=key).first():
        wanted = (project.pk, session_no, kind, title.strip(), payee.strip(), check_rows(rows))
        found = (done.project_id, done.session_no, done.kind, done.title, done.payee, done.amount)
        check_same_form(same=found == wanted, number=done.number, title=done.title)
        return done
    look = partial(
        check_payment,
        project=project,
        kind=kind,
        title=title,
        payee=payee,
        rows=rows,
        paid_on=paid_on,
        handler=handler,
        book=book,
        at=at,
        session_no=session_no,
        explained=bool(note.strip()),
        invoices=invoices,
        papers=papers,
        fees=fees,
        papers_later=papers_later,
    )
    total, accounts, kept = look()
    with posting(again=look):
        payment = Payment.objects.create(
            project=project,
            number=paper_number(project, "ZF"),
            session_no=session_no,
            kind=kind,
            title=title.strip(),
            payee=payee.strip(),
            amount=total,
            method=method,
            paid_on=paid_on,
            voucher=voucher.strip(),
            subject=subject,
            handler=handler.strip(),
            attachments=attachments,
            note=note.strip(),
            findings=list(findings),
            key=key,
            created_by=actor,
            at=at,
        )
        _keep_papers(payment, papers, kept, fees)
        Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.PAY,
                debit=accounts[row.line][
                    AccountKind.LINE if row.commitment is None else AccountKind.COMMITTED
                ],
                credit=accounts[row.line][AccountKind.PAID],
                amount=row.amount,
                batch=key,
                project=project,
                commitment_id=row.commitment,
                payment=payment,
                actor=actor,
                post=post,
                at=at,
                reason=payment.title,
                reference=payment.voucher or payment.number,
            )
            for row in rows
        )
    return payment


def check_payment(
    *,
    project: Project,
    kind: str,
    title: str,
    payee: str,
    rows: Sequence[PaidRow],
    paid_on: datetime.date,
    handler: str,
    book: Book,
    at: datetime.datetime,
    session_no: int | None = None,
    explained: bool = False,
    invoices: Sequence[GivenInvoice] = (),
    papers: Sequence[GivenPaper] = (),
    fees: Sequence[GivenFee] = (),
    papers_later: bool = False,
) -> tuple[Decimal, dict[int, dict[str, Account]], list[Invoice]]:
    """What it comes to, the accounts of its lines, its invoices as they would be kept; nothing is written.

    `explained`: whether its note says why a fee is over its ceiling, where the book only holds or warns.
    Raises `Refused` as :func:`pay` does, but for who acts.
    """
    of_kind = kind_of(book, kind, refund=False)
    check_paper_work(book, of_kind, papers, title=title, payee=payee, handler=handler, later=papers_later)
    check_day(paid_on, at)
    total = check_rows(rows)
    if of_kind.lecture:
        check_fees(book, fees, total, explained=explained)
    accounts = accounts_of(project, {row.line for row in rows})
    check_free(rows, accounts, commitments_of(project, rows, session_no))
    return total, accounts, numbered(project, invoices)


def refund(
    *,
    payment: Payment,
    rows: Sequence[PaidRow],
    title: str,
    paid_on: datetime.date,
    handler: str,
    key: uuid.UUID,
    book: Book,
    actor: User,
    at: datetime.datetime,
    kind: str = "refund",
    voucher: str = "",
    attachments: int = 0,
    note: str = "",
    papers: Sequence[GivenPaper] = (),
) -> Payment:
    """退款: money of an earlier payment comes back to the lines it came from, as free money.

    Raises `Refused` as :func:`pay` does, and if a line would get back more than this payment took from it
    and hasn't got back yet, or before it was paid.
    """
    project = payment.project
    post = post_for("spend", project, actor=actor, at=at)
    if done := Payment.objects.filter(key=key).first():
        wanted = (payment.pk, kind, title.strip(), check_rows(rows))
        found = (done.refunds_id, done.kind, done.title, done.amount)
        check_same_form(same=found == wanted, number=done.number, title=done.title)
        return done
    of_kind = kind_of(book, kind, refund=True)
    check_paper_work(book, of_kind, papers, title=title, payee=payment.payee, handler=handler)
    check_day(paid_on, at)
    if paid_on < payment.paid_on:
        raise Refused(f"退款日期不能早于原支付日期 {payment.paid_on:%Y-%m-%d}。")
    total = check_rows(rows)
    if any(row.commitment is not None for row in rows):
        raise Refused("退款回到预算行，不回到预占；请逐预算行填写退款金额。")
    accounts = accounts_of(project, {row.line for row in rows})
    with posting():
        # Refunds and the reversal of one payment follow one another here.
        Payment.objects.select_for_update(of=("self",), no_key=True).get(pk=payment.pk)
        left = _refundable(payment)
        for row in rows:
            if row.amount > left.get(row.line, ZERO):
                raise Refused(
                    f"“{line_of(accounts[row.line]).title}”在 {payment.number} 中可退 "
                    f"{yuan(left.get(row.line, ZERO))} 元，不能退 {yuan(row.amount)} 元。"
                )
        back = Payment.objects.create(
            project=project,
            number=paper_number(project, "ZF"),
            session_no=payment.session_no,
            kind=kind,
            title=title.strip(),
            payee=payment.payee,
            amount=total,
            method=payment.method,
            paid_on=paid_on,
            voucher=voucher.strip(),
            subject=payment.subject,
            handler=handler.strip(),
            attachments=attachments,
            note=note.strip(),
            refunds=payment,
            key=key,
            created_by=actor,
            at=at,
        )
        attach(papers, payment=back)
        Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.REFUND,
                debit=accounts[row.line][AccountKind.PAID],
                credit=accounts[row.line][AccountKind.LINE],
                amount=row.amount,
                batch=key,
                project=project,
                payment=back,
                actor=actor,
                post=post,
                at=at,
                reason=back.title,
                reference=back.voucher or payment.number,
            )
            for row in rows
        )
    return back


def set_voucher(*, payment: Payment, voucher: str, actor: User, at: datetime.datetime) -> None:
    """The 凭证号 the finance software gave the payment; it may be corrected until the year is closed."""
    post_for("spend", payment.project, actor=actor, at=at)
    if closed := rules.closed(payment.project.fund):
        raise Refused(closed)
    payment.voucher = voucher.strip()
    payment.save(update_fields=["voucher"])


def _keep_papers(
    payment: Payment,
    papers: Sequence[GivenPaper],
    invoices: Sequence[Invoice],
    fees: Sequence[GivenFee],
) -> None:
    if papers:
        attach(papers, payment=payment)
    for invoice in invoices:
        invoice.payment = payment
    if invoices:
        Invoice.objects.bulk_create(invoices)
    if fees:
        LectureFee.objects.bulk_create(
            LectureFee(
                payment=payment,
                lecturer=fee.lecturer.strip(),
                title=fee.title,
                hours=fee.hours,
                after_tax=fee.after_tax,
                before_tax=fee.before_tax,
                topics=fee.topics.strip(),
            )
            for fee in fees
        )


def _refundable(payment: Payment) -> dict[int, Decimal]:
    """What each line still can get back of a payment: paid from it, less what was refunded or reversed."""
    if Entry.objects.filter(payment=payment, kind=EntryKind.REVERSE).exists():
        raise Conflict(f"{payment.number} 已红字冲销，不能再办退款。")
    left: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    paid = Entry.objects.filter(payment=payment, kind=EntryKind.PAY).order_by()
    for line, amount in paid.values_list("credit__line", "amount"):
        left[line] += amount
    back = Entry.objects.filter(payment__refunds=payment, kind=EntryKind.REFUND, reversal=None).order_by()
    for line, amount in back.values_list("debit__line", "amount"):
        left[line] -= amount
    return dict(left)
