"""A year's money set up beside the year before (B-29): more each year, or a reason that is recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from budgets import rules
from budgets import services as ledger
from office.refusals import Refused
from workflow.models import GrowthReason
from workflow.rules.growth import growth_finding, growth_refusal
from workflow.selectors.growth import Growth, growth_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from budgets.models import Fund
    from budgets.services import GivenPaper
    from budgets.states import FundStatus
    from org.models import Union, User
    from rulebook.schema import Book


@transaction.atomic
def set_up_fund(
    *,
    union: Union,
    year: int,
    source: str,
    title: str,
    amount: Decimal,
    status: FundStatus,
    basis: str,
    book: Book,
    actor: User,
    at: datetime,
    reason: str = "",
    papers: Sequence[GivenPaper] = (),
) -> Fund:
    """Sets up a year's fund (:func:`budgets.services.open_fund`) and records ``reason`` where with it the
    year's money still isn't more than the year's before and the book asks.

    Raises :class:`Refused` where it isn't and the book wants a reason that isn't given, or more money, with
    both figures; and as ``open_fund``.
    """
    fund = ledger.open_fund(
        union=union,
        year=year,
        source=source,
        title=title,
        amount=amount,
        status=status,
        basis=basis,
        actor=actor,
        at=at,
        papers=papers,
    )
    growth = growth_of(union.pk, year)
    found = growth_finding(book, growth)
    if refused := growth_refusal(found, reason=reason):
        raise Refused(refused)
    if found is not None and reason.strip():
        _record(union, growth, reason, actor, at)
    return fund


@transaction.atomic
def restate_fund(
    *,
    fund: Fund,
    amount: Decimal,
    basis: str,
    book: Book,
    actor: User,
    at: datetime,
    reason: str = "",
    growth_reason: str = "",
    papers: Sequence[GivenPaper] = (),
) -> None:
    """Books what a fund was approved with, in place of what it was set up with
    (:func:`budgets.services.restate`), and records ``growth_reason`` where the year's money is then not more
    than the year's before and the book asks.

    Raises :class:`Refused` where it isn't and the book wants a reason that is neither given nor recorded, or
    more money; and as ``restate``.
    """
    ledger.restate(fund=fund, amount=amount, basis=basis, reason=reason, papers=papers, actor=actor, at=at)
    growth = growth_of(fund.union_id, fund.year)
    found = growth_finding(book, growth)
    recorded = growth.reason.reason if growth.reason is not None else ""
    if refused := growth_refusal(found, reason=growth_reason or recorded):
        raise Refused(refused)
    if found is not None and growth_reason.strip():
        _record(fund.union, growth, growth_reason, actor, at)


@transaction.atomic
def explain_growth(
    *, union: Union, year: int, reason: str, book: Book, actor: User, at: datetime
) -> GrowthReason:
    """Records why a year's money isn't more than the year's before; the last one written holds.

    Raises :class:`Refused` if ``actor`` isn't of the union's finance, no reason is given, it is more, or the
    book doesn't ask for it.
    """
    if refused := rules.refusal("open_fund", union, actor, at):
        raise Refused(refused)
    growth = growth_of(union.pk, year)
    if growth.grows:
        raise Refused(f"{year} 年培训经费比上年增加，不需要说明原因。")
    if growth_finding(book, growth) is None:
        raise Refused(f"{book.short_title}没有要求经费逐年增加，不需要说明原因。")
    if not reason.strip():
        raise Refused("请填写经费未增加的原因。")
    return _record(union, growth, reason, actor, at)


def _record(union: Union, growth: Growth, reason: str, actor: User, at: datetime) -> GrowthReason:
    return GrowthReason.objects.create(
        union=union,
        year=growth.year,
        amount=growth.now,
        before=growth.before or Decimal(0),
        reason=reason.strip(),
        actor=actor,
        post=rules.finance_post(union, actor, at),
        at=at,
    )
