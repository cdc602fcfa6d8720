"""红字冲销: a corrected mistake is an entry that undoes another, with a reason; nothing is ever erased."""

from __future__ import annotations

import uuid
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Account, Commitment, Entry, Invoice, Payment
from budgets.services.posting import check_moment, posting
from budgets.states import REVERSIBLE, AccountKind, EntryKind
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from org.models import Post, Union, User


def reverse_entry(*, entry: Entry, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """Undo what finance entered: a grant, a supplement, a commitment, a release. A payment or a refund is
    undone as a whole, however many lines it has.

    Raises `Refused` if `actor` isn't finance, the reason is missing, the entry was decided elsewhere (then
    it is changed there), the money has moved on meanwhile (with the figures), or the year is closed;
    `Conflict` if it was reversed already.
    """
    if entry.payment is not None:
        return reverse_payment(payment=entry.payment, reason=reason, actor=actor, at=at)
    post = _allowed(entry.credit.fund.union, reason, actor, at)
    return _reverse(Entry.objects.filter(pk=entry.pk), reason=reason.strip(), actor=actor, post=post, at=at)


def reverse_payment(*, payment: Payment, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """Undo a payment or a refund on all its lines; its invoices may be used again. Raises as
    :func:`reverse_entry` does, and for a payment of which something was refunded."""
    post = _allowed(payment.project.union, reason, actor, at)
    with posting():
        # Refunds of this payment wait here, and are seen when they are done.
        Payment.objects.select_for_update(of=("self",), no_key=True).get(pk=payment.pk)
        if payment.refunded_by.filter(entries__kind=EntryKind.REFUND, entries__reversal=None).exists():
            raise Refused(f"{payment.number} 已有退款，请先冲销退款再冲销这笔支付。")
        entries = Entry.objects.filter(payment=payment).exclude(kind=EntryKind.REVERSE)
        undone = _reverse(entries, reason=reason.strip(), actor=actor, post=post, at=at)
        Invoice.objects.filter(payment=payment, active=True).update(active=False)
    return undone


def _allowed(union: Union, reason: str, actor: User, at: datetime.datetime) -> Post | None:
    check_moment(at)
    post = rules.finance_post(union, actor, at)
    if refused := rules.refusal_at("spend", post, actor):
        raise Refused(refused)
    if not reason.strip():
        raise Refused("请填写冲销的理由。")
    return post


def _reverse(
    found: QuerySet[Entry], *, reason: str, actor: User, post: Post | None, at: datetime.datetime
) -> list[Entry]:
    entries = list(found.select_related("credit__fund", "reversal").order_by("id"))
    for entry in entries:
        if entry.kind == EntryKind.REVERSE:
            raise Refused("红字冲销本身不能再冲销；冲销错了的，请按原内容重新登记。")
        if entry.kind not in REVERSIBLE:
            raise Refused(
                f"“{entry.get_kind_display()}”由审批决定，不能直接冲销；需要改变的请办理调剂或预算调整。"
            )
        if closed := rules.closed(entry.credit.fund):
            raise Refused(closed)
        if hasattr(entry, "reversal"):
            raise Conflict(f"这笔{entry.get_kind_display()} {yuan(entry.amount)} 元已被冲销。")
    _check_still_there(entries)
    batch = uuid.uuid4()
    with posting(again=lambda: _check_still_there(entries)):
        return Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.REVERSE,
                debit_id=entry.credit_id,
                credit_id=entry.debit_id,
                amount=entry.amount,
                batch=batch,
                project_id=entry.project_id,
                commitment_id=entry.commitment_id,
                payment_id=entry.payment_id,
                reverses=entry,
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=entry.reference,
            )
            for entry in entries
        )


def _check_still_there(entries: Sequence[Entry]) -> None:
    """Refuse with the figures where the money an entry brought has moved on."""
    needed: defaultdict[int, Decimal] = defaultdict(Decimal)
    for entry in entries:
        needed[entry.credit_id] += entry.amount
    committed = {entry.commitment_id: entry.amount for entry in entries if entry.kind == EntryKind.COMMIT}
    for commitment in Commitment.objects.filter(entries__in=entries).distinct():
        amount = committed.get(commitment.pk, Decimal(0))
        if commitment.outstanding < amount:
            raise Refused(
                f"预占 {commitment.number}“{commitment.title}”{yuan(amount)} 元中"
                f"已支付或释放 {yuan(amount - commitment.outstanding)} 元，不能整笔冲销；"
                f"剩余 {yuan(commitment.outstanding)} 元请办理释放。"
            )
    for account in Account.objects.filter(pk__in=needed).select_related("fund", "line").order_by("id"):
        amount, free = needed[account.pk], account.balance
        if free >= amount:
            continue
        short = f"{yuan(free)} 元，不能冲销 {yuan(amount)} 元，差 {yuan(amount - free)} 元"
        if account.kind == AccountKind.FUND:
            raise Refused(f"{account.fund}可安排 {short}（已下达的请先办理预算调整收回）。")
        raise Refused(f"“{account.line}”可用 {short}（已预占和支出的请先释放或冲销）。")
