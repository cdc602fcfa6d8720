"""What a fund's year still waits for, and what was done to it: for closing it, opening it again, asking."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Sum

from budgets.models import Commitment, FundAct
from workflow.models import MoneyRequest
from workflow.selectors.worklist import money_rows
from workflow.states import RequestState

if TYPE_CHECKING:
    from budgets.models import Fund, Project
    from org.selectors import Standing

ZERO: Final = Decimal("0.00")

#: As many as a page names; the number says how many there are.
NAMED: Final = 20


@dataclass(frozen=True)
class Waiting:
    """What keeps a year from being closed: open commitments, the first of them named, their sum in yuan; and
    what a closing would strand: requests about its money under way."""

    commitments: list[Commitment]
    count: int
    amount: Decimal
    requests: list[MoneyRequest]


def waiting_of(fund: Fund) -> Waiting:
    """What the fund's year still waits for; three queries."""
    waiting = Commitment.objects.open().filter(project__fund=fund)
    sums = waiting.order_by().aggregate(count=Count("pk"), amount=Sum("outstanding"))
    named = list(waiting.select_related("project", "line").order_by("project__number", "id")[:NAMED])
    pending = MoneyRequest.objects.filter(
        fund=fund, state__in=(RequestState.REVIEWING, RequestState.RETURNED)
    ).select_related("project", "fund")
    return Waiting(named, sums["count"], sums["amount"] or ZERO, list(pending.order_by("id")))


def acts_of(fund: Fund) -> list[FundAct]:
    """When the year was closed and opened again, by whom and why; one query."""
    return list(FundAct.objects.filter(fund=fund).select_related("actor", "post__department").order_by("-id"))


def requests_about(standing: Standing, fund: Fund, project: Project | None = None) -> list[MoneyRequest]:
    """The requests about a project's budget, or about the fund itself, that he sees, the latest first; one
    query."""
    rows = MoneyRequest.objects.visible_to(standing).filter(fund=fund, project=project)
    return list(money_rows(rows).order_by("-created_at", "-id")[:NAMED])
