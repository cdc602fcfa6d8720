"""A year's fund: opened by finance, approved by a paper, added to by another."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Account, Entry, Fund
from budgets.selectors import grant_of
from budgets.services.papers import attach
from budgets.services.posting import check_amount, check_moment, posting
from budgets.states import FUND_ACCOUNTS, AccountKind, EntryKind, FundStatus
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence
    from decimal import Decimal

    from budgets.services.papers import GivenPaper
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
    papers: Sequence[GivenPaper] = (),
) -> Fund:
    """Set up a year's fund from one source and book its first amount (yuan) by the paper `basis`, whose
    scans are `papers`.

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
        entry = _book_grant(
            EntryKind.GRANT,
            accounts,
            amount=amount,
            basis=basis,
            actor=actor,
            post=rules.finance_post(union, actor, at),
            at=at,
        )
        attach(papers, entry=entry)
    return fund


def restate(
    *,
    fund: Fund,
    amount: Decimal,
    basis: str,
    actor: User,
    at: datetime.datetime,
    reason: str = "",
    papers: Sequence[GivenPaper] = (),
) -> Entry:
    """批复: what a fund was set up with, anew by the paper `basis`; a control figure is approved by it.

    What was booked is reversed and booked anew in one statement, so that what the fund has handed out is
    covered throughout; supplements stay. Raises `Refused`, nothing changed, if `actor` isn't finance, the
    amount isn't positive money or less than what is handed out needs (with the figures), the basis is
    missing, the year is closed, or a figure approved before is changed without a `reason`.
    """
    check_moment(at)
    if refused := rules.refusal("restate", fund.union, actor, at):
        raise Refused(refused)
    check_amount(amount, "批复")
    if not basis.strip():
        raise Refused("请填写批复文号或预算文件。")
    with posting():
        locked = (
            Fund.objects.select_for_update(of=("self",), no_key=True).select_related("union").get(pk=fund.pk)
        )
        if closed := rules.closed(locked):
            raise Refused(closed)
        control = locked.status == FundStatus.CONTROL
        if not control and not reason.strip():
            raise Refused(f"{locked}已批复，更正设立金额须填写原因。")
        # Appropriations wait for these; what is free after them is all there is. Both, in the order in which
        # entries take them.
        held = Account.objects.select_for_update(of=("self",), no_key=True).filter(fund=locked, line=None)
        money = {account.kind: account for account in held.order_by("id")}[AccountKind.FUND]
        began = grant_of(locked)
        if began is None:
            raise Conflict(f"{locked}的设立金额已红字冲销，请办理追加。")
        if money.balance + amount < began.amount:
            floor = began.amount - money.balance
            raise Refused(
                f"{locked}设立 {yuan(began.amount)} 元中已下达 {yuan(floor)} 元，不能改为 {yuan(amount)} 元，"
                f"差 {yuan(floor - amount)} 元；请先办理预算调整收回。"
            )
        common = {
            "batch": uuid.uuid4(),
            "actor": actor,
            "post": rules.finance_post(locked.union, actor, at),
            "at": at,
            "reason": reason.strip() or "按批复数",
            "reference": basis.strip(),
        }
        *_, entry = Entry.objects.bulk_create(
            [
                Entry(
                    kind=EntryKind.REVERSE,
                    debit_id=began.credit_id,
                    credit_id=began.debit_id,
                    amount=began.amount,
                    reverses=began,
                    **common,
                ),
                Entry(
                    kind=EntryKind.GRANT,
                    debit_id=began.debit_id,
                    credit_id=began.credit_id,
                    amount=amount,
                    **common,
                ),
            ]
        )
        attach(papers, entry=entry)
        locked.basis = basis.strip()
        if control:
            locked.status = FundStatus.APPROVED
        locked.save(update_fields=["basis", "status"])
    return entry


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
