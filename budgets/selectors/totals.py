"""Reads that add up: what a fund and its projects hold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Q, Sum

from budgets.models import Account, Entry, Project
from budgets.states import LINE_ACCOUNTS, AccountKind, EntryKind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from budgets.models import Fund


ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class FundTotals:
    """A fund in yuan: granted = available + appropriated; appropriated holds committed and paid."""

    granted: Decimal = ZERO
    appropriated: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO


@dataclass(frozen=True)
class ProjectTotals:
    """A project in yuan: appropriated = available + committed + paid."""

    appropriated: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO


def fund_totals(fund_ids: Iterable[int]) -> dict[int, FundTotals]:
    """The totals of each fund asked for, in one query; an unknown fund has noughts."""
    asked = tuple(fund_ids)
    sums = _sums(Q(fund_id__in=asked), "fund_id")
    return {pk: _fund_totals(sums[pk]) for pk in asked}


def project_totals(project_ids: Iterable[int]) -> dict[int, ProjectTotals]:
    """The totals of each project asked for, in one query; an unknown project has noughts."""
    asked = tuple(project_ids)
    sums = _sums(Q(line__project_id__in=asked), "line__project_id")
    return {pk: _project_totals(sums[pk]) for pk in asked}


def line_totals(project_id: int) -> dict[str, ProjectTotals]:
    """The totals of each budget line of a project, by cost item; one query."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    accounts = Account.objects.filter(line__project=project_id).order_by()
    for item, kind, balance in accounts.values_list("line__item", "kind", "balance"):
        sums[item][kind] = balance
    return {item: _project_totals(of_line) for item, of_line in sums.items()}


def class_totals(project_ids: Iterable[int]) -> dict[str, ProjectTotals]:
    """The same of all projects of one class together: an item's lines of every year add up; one query."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    accounts = Account.objects.filter(line__project__in=list(project_ids)).order_by()
    for item, kind, balance in accounts.values_list("line__item", "kind").annotate(Sum("balance")):
        sums[item][kind] = balance
    return {item: _project_totals(of_item) for item, of_item in sums.items()}


def recalled(first: int, at: datetime.datetime) -> Decimal:
    """What was taken back from a class to its fund (收回) by the decision of that moment, in yuan; `first`
    is the project it was approved with."""
    projects = Project.objects.of_class(first).order_by().values("pk")
    entries = Entry.objects.filter(project__in=projects, kind=EntryKind.RECALL, at=at).order_by()
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def grant_of(fund: Fund) -> Entry | None:
    """What a fund was set up with, as it stands now: by its control figure, or by what was approved since."""
    grants = Entry.objects.filter(credit__fund=fund, kind=EntryKind.GRANT, reversal=None)
    return grants.order_by("id").last()


def _sums(accounts: Q, owner: str) -> defaultdict[int, defaultdict[str, Decimal]]:
    sums: defaultdict[int, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    found = Account.objects.filter(accounts).order_by().values_list(owner, "kind").annotate(Sum("balance"))
    for pk, kind, balance in found:
        sums[pk][kind] = balance
    return sums


def _fund_totals(sums: defaultdict[str, Decimal]) -> FundTotals:
    return FundTotals(
        granted=ZERO - sums[AccountKind.SOURCE],
        appropriated=sum((sums[kind] for kind in LINE_ACCOUNTS), ZERO),
        committed=sums[AccountKind.COMMITTED],
        paid=sums[AccountKind.PAID],
        available=sums[AccountKind.FUND],
    )


def _project_totals(sums: defaultdict[str, Decimal]) -> ProjectTotals:
    return ProjectTotals(
        appropriated=sum((sums[kind] for kind in LINE_ACCOUNTS), ZERO),
        committed=sums[AccountKind.COMMITTED],
        paid=sums[AccountKind.PAID],
        available=sums[AccountKind.LINE],
    )
