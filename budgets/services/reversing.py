"""红字冲销: a corrected mistake is an entry that undoes another, with a reason; nothing is ever erased."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Entry, Invoice, Payment
from budgets.services.posting import check_moment, posting
from budgets.states import REVERSIBLE, EntryKind
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from org.models import Union, User


def reverse_entry(*, entry: Entry, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """Undo what finance entered: a grant, a supplement, a commitment, a release. A payment or a refund is
    undone as a whole, however many lines it has.

    Raises `Refused` if `actor` isn't finance, the reason is missing, the entry was decided elsewhere (then
    it is changed there), the money has moved on meanwhile, or the year is closed; `Conflict` if it was
    reversed already.
    """
    if entry.payment is not None:
        return reverse_payment(payment=entry.payment, reason=reason, actor=actor, at=at)
    return _reverse([entry], union=entry.credit.fund.union, reason=reason, actor=actor, at=at)


def reverse_payment(*, payment: Payment, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """Undo a payment or a refund on all its lines; its invoices may be used again. Raises as
    :func:`reverse_entry` does, and for a payment of which something was refunded."""
    if payment.refunded_by.filter(entries__kind=EntryKind.REFUND, entries__reversal=None).exists():
        raise Refused(f"{payment.number} 已有退款，请先冲销退款再冲销这笔支付。")
    entries = list(payment.entries.exclude(kind=EntryKind.REVERSE).order_by("id"))
    return _reverse(entries, union=payment.project.union, reason=reason, actor=actor, at=at)


def _reverse(
    entries: Sequence[Entry], *, union: Union, reason: str, actor: User, at: datetime.datetime
) -> list[Entry]:
    check_moment(at)
    if refused := rules.refusal("spend", union, actor, at):
        raise Refused(refused)
    reason = reason.strip()
    if not reason:
        raise Refused("请填写冲销的理由。")
    for entry in entries:
        if entry.kind not in REVERSIBLE:
            raise Refused(
                f"“{entry.get_kind_display()}”由审批决定，不能直接冲销；需要改变的请办理调剂或预算调整。"
            )
        if Entry.objects.filter(reverses=entry).exists():
            raise Conflict(f"这笔{entry.get_kind_display()} {yuan(entry.amount)} 元已被冲销。")
    batch, post = uuid.uuid4(), rules.finance_post(union, actor, at)
    with posting():
        undone = Entry.objects.bulk_create(
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
        payments = {entry.payment_id for entry in entries if entry.payment_id is not None}
        if payments:
            Invoice.objects.filter(payment__in=payments, active=True).update(active=False)
    return undone
