"""A year's money set up beside the year before (B-29): more each year, or a reason that is recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from budgets import rules
from budgets import services as ledger
from office.refusals import Refused
from office.wording import yuan
from workflow.models import GrowthReason
from workflow.selectors.growth import Growth, growth_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from budgets.models import Fund
    from budgets.services import GivenPaper
    from budgets.states import FundStatus
    from org.models import Union, User


def not_more(growth: Growth) -> str:
    """That the year's money isn't more than the one's before, with both figures."""
    return (
        f"{growth.year} 年培训经费合计 {yuan(growth.now)} 元，"
        f"{growth.year - 1} 年 {yuan(growth.before or Decimal(0))} 元，没有增加"
    )


def missing_reason(growth: Growth, amount: Decimal) -> str:
    """Why a reason has to be written before ``amount`` yuan more are granted; empty where it hasn't."""
    after = Growth(growth.year, growth.now + amount, growth.before)
    return "" if after.grows else f"{not_more(after)}。经费应当逐年增加，请填写未增加的原因。"


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
    actor: User,
    at: datetime,
    reason: str = "",
    papers: Sequence[GivenPaper] = (),
) -> Fund:
    """Sets up a year's fund (:func:`budgets.services.open_fund`) and records ``reason`` where with it the
    year's money still isn't more than the year's before.

    Raises :class:`Refused` where it isn't and no reason is given, with both figures; and as ``open_fund``.
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
    if not growth.grows:
        _record(union, growth, reason, actor, at)
    return fund


@transaction.atomic
def restate_fund(
    *,
    fund: Fund,
    amount: Decimal,
    basis: str,
    actor: User,
    at: datetime,
    reason: str = "",
    growth_reason: str = "",
    papers: Sequence[GivenPaper] = (),
) -> None:
    """Books what a fund was approved with, in place of what it was set up with
    (:func:`budgets.services.restate`), and records ``growth_reason`` where the year's money is then not more
    than the year's before.

    Raises :class:`Refused` where it isn't and no reason is given or recorded, and as ``restate``.
    """
    ledger.restate(fund=fund, amount=amount, basis=basis, reason=reason, papers=papers, actor=actor, at=at)
    growth = growth_of(fund.union_id, fund.year)
    if not growth.grows and (growth_reason.strip() or growth.reason is None):
        _record(fund.union, growth, growth_reason, actor, at)


@transaction.atomic
def explain_growth(*, union: Union, year: int, reason: str, actor: User, at: datetime) -> GrowthReason:
    """Records why a year's money isn't more than the year's before; the last one written holds.

    Raises :class:`Refused` if ``actor`` isn't of the union's finance, no reason is given, or it is more.
    """
    if refused := rules.refusal("open_fund", union, actor, at):
        raise Refused(refused)
    growth = growth_of(union.pk, year)
    if growth.grows:
        raise Refused(f"{year} 年培训经费比上年增加，不需要说明原因。")
    return _record(union, growth, reason, actor, at)


def _record(union: Union, growth: Growth, reason: str, actor: User, at: datetime) -> GrowthReason:
    if not reason.strip():
        raise Refused(missing_reason(growth, Decimal(0)))
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
