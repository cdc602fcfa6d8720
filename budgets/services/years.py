"""Closing a year, opening it again, carrying money over to the next (S21)."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from budgets import rules
from budgets.models import Account, Commitment, Entry, Fund, FundAct
from budgets.services.posting import check_amount, check_moment, posting
from budgets.states import AccountKind, EntryKind, YearAct
from office.refusals import Conflict, Refused
from office.wording import chinese_date, yuan

ZERO: Final = Decimal("0.00")

if TYPE_CHECKING:
    import datetime

    from org.models import Post, User


def close_year(*, fund: Fund, actor: User, at: datetime.datetime, reason: str = "") -> FundAct:
    """结账: from now on the database takes no entry of this fund.

    Raises `Refused` if `actor` isn't finance, commitments are open (their number and sum: pay, release or
    carry them over first), or it is closed already.
    """
    check_moment(at)
    if refused := rules.refusal("close", fund.union, actor, at):
        raise Refused(refused)
    with posting():
        locked = _locked(fund)
        if closed := rules.closed(locked):
            raise Conflict(closed)
        locked.closed_on = timezone.localdate(at)
        # The database waits here for every entry under way; what is open afterwards is all there is.
        locked.save(update_fields=["closed_on"])
        waiting = list(
            Commitment.objects.open()
            .filter(project__fund=locked)
            .order_by()
            .values_list("outstanding", flat=True)
        )
        if waiting:
            raise Refused(
                f"{locked}还有 {len(waiting)} 笔预占未了，共 {yuan(sum(waiting, ZERO))} 元，"
                "请先支付、释放或结转后再结账。"
            )
        return _act(locked, YearAct.CLOSE, reason, actor, at)


def reopen_year(*, fund: Fund, reason: str, actor: User, at: datetime.datetime) -> FundAct:
    """反结账 by the head of finance, with a reason; the year has to be closed again afterwards (S21)."""
    check_moment(at)
    if refused := rules.refusal("reopen", fund.union, actor, at):
        raise Refused(refused)
    if not reason.strip():
        raise Refused("请填写反结账的理由。")
    with posting():
        locked = _locked(fund)
        if locked.closed_on is None:
            raise Conflict(f"{locked}没有结账，不需要反结账。")
        locked.closed_on = None
        locked.save(update_fields=["closed_on"])
        return _act(locked, YearAct.REOPEN, reason.strip(), actor, at)


def _locked(fund: Fund) -> Fund:
    return Fund.objects.select_for_update(of=("self",), no_key=True).select_related("union").get(pk=fund.pk)


def _act(fund: Fund, kind: YearAct, reason: str, actor: User, at: datetime.datetime) -> FundAct:
    post = rules.finance_post(fund.union, actor, at)
    return FundAct.objects.create(fund=fund, kind=kind, actor=actor, post=post, at=at, reason=reason)


def carry_over(
    *,
    fund: Fund,
    to: Fund,
    amount: Decimal,
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str,
    reference: str,
) -> list[Entry]:
    """结转 `amount` yuan of what a fund has free to the next year's fund of the same union and source.

    Joins the caller's transaction, whose approval it rests on. Two entries, one batch: it leaves one year
    and comes to the other. Raises `Refused` if less is free, a year is closed, or `to` isn't the next year's.
    """
    check_moment(at)
    check_amount(amount, "结转")
    if (to.union_id, to.source, to.year) != (fund.union_id, fund.source, fund.year + 1):
        raise Refused(f"只能结转到下一年同一渠道的专项预算：{fund} → {fund.year + 1} 年。")
    with posting():
        # All four at once in the order of ids, in which entries and the closing of a year take them too.
        accounts = {
            (account.fund_id, account.kind): account
            for account in Account.objects.select_for_update(of=("self",), no_key=True)
            .select_related("fund")
            .filter(fund__in=[fund, to], line=None)
            .order_by("id")
        }
        leaving, coming = (accounts[each.pk, AccountKind.FUND] for each in (fund, to))
        for account in (leaving, coming):
            if account.fund.closed_on is not None:
                day = chinese_date(account.fund.closed_on)
                raise Refused(f"{account.fund}已于{day}结账，不能结转；须先由财务负责人反结账。")
        if leaving.balance < amount:
            raise Refused(
                f"{fund}可安排 {yuan(leaving.balance)} 元，不能结转 {yuan(amount)} 元，"
                f"差 {yuan(amount - leaving.balance)} 元；项目上的余额请先收回。"
            )
        outside, inside = (accounts[each.pk, AccountKind.SOURCE] for each in (fund, to))
        common = {
            "amount": amount,
            "batch": uuid.uuid4(),
            "actor": actor,
            "post": post,
            "at": at,
            "reason": reason,
            "reference": reference,
        }
        return Entry.objects.bulk_create(
            [
                Entry(kind=EntryKind.CARRY_OUT, debit=leaving, credit=outside, **common),
                Entry(kind=EntryKind.CARRY_IN, debit=inside, credit=coming, **common),
            ]
        )
