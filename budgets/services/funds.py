"""A year's fund: opened by finance, added to by a paper."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Account, Entry, Fund
from budgets.services.posting import check_amount, check_moment, posting
from budgets.states import FUND_ACCOUNTS, EntryKind, FundStatus
from office.refusals import Refused

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence
    from decimal import Decimal

    from org.models import Post, Union, User


def open_fund(
    *,
    union: Union,
    year: int,
    source: str,
    title: str,
    amount: Decimal,
    status: FundStatus,
    basis: str,
    actor: User,
    at: datetime.datetime,
) -> Fund:
    """Set up a year's fund from one source and book its first amount (yuan) by the paper `basis`.

    Raises `Refused` if `actor` doesn't act for the union's finance, the amount isn't positive money, the
    basis is missing, or the union already has a fund of that year and source.
    """
    check_moment(at)
    if reason := rules.refusal("open_fund", union, actor, at):
        raise Refused(reason)
    check_amount(amount, title)
    if not basis.strip():
        raise Refused("请填写年度专项预算的依据（批复文号或预算文件）。")
    with posting():
        fund = Fund.objects.create(
            union=union, year=year, source=source, title=title, status=status, basis=basis
        )
        accounts = Account.objects.bulk_create(Account(fund=fund, kind=kind) for kind in FUND_ACCOUNTS)
        _book_grant(
            EntryKind.GRANT,
            accounts,
            amount=amount,
            basis=basis,
            actor=actor,
            post=rules.finance_post(union, actor, at),
            at=at,
        )
    return fund


def supplement(
    *,
    fund: Fund,
    amount: Decimal,
    basis: str,
    actor: User,
    at: datetime.datetime,
    approved_as: Post | None = None,
    reason: str = "",
) -> Entry:
    """Add `amount` yuan to a fund by the paper `basis`; an approved fund is an adjusted one from then on.

    ``approved_as``: the post by which `actor` gave the last agreement of an approval, whose transaction this
    joins. Without one it is finance's own act: raises `Refused` if `actor` doesn't act for it. Raises it too
    if the amount isn't positive money, the basis is missing, or the year is closed.
    """
    check_moment(at)
    if approved_as is None and (refused := rules.refusal("supplement", fund.union, actor, at)):
        raise Refused(refused)
    check_amount(amount, "追加")
    if not basis.strip():
        raise Refused("请填写追加的依据（批复文号或会议纪要）。")
    with posting():
        locked = (
            Fund.objects.select_for_update(of=("self",), no_key=True).select_related("union").get(pk=fund.pk)
        )
        if closed := rules.closed(locked):
            raise Refused(closed)
        by_kind = {account.kind: account for account in Account.objects.filter(fund=locked, line=None)}
        accounts = [by_kind[kind] for kind in FUND_ACCOUNTS]
        entry = _book_grant(
            EntryKind.SUPPLEMENT,
            accounts,
            amount=amount,
            basis=basis,
            actor=actor,
            post=approved_as or rules.finance_post(locked.union, actor, at),
            at=at,
            reason=reason,
        )
        if locked.status == FundStatus.APPROVED:
            locked.status = FundStatus.ADJUSTED
            locked.save(update_fields=["status"])
    return entry


def _book_grant(
    kind: EntryKind,
    accounts: Sequence[Account],
    *,
    amount: Decimal,
    basis: str,
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str = "",
) -> Entry:
    source, fund = accounts
    return Entry.objects.create(
        kind=kind,
        debit=source,
        credit=fund,
        amount=amount,
        batch=uuid.uuid4(),
        actor=actor,
        post=post,
        at=at,
        reason=reason,
        reference=basis,
    )
