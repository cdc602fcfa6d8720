"""What a fund's year still waits for, and what was done to it: for closing it, opening it again, asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, Sum
from django.db.models.functions import JSONObject

from budgets.models import Commitment, Entry, Fund, FundAct, SupportingPaper
from budgets.states import AccountKind, YearAct
from workflow.models import MoneyRequest
from workflow.selectors.worklist import money_rows
from workflow.states import MoneyKind, RequestState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from budgets.models import Project
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


@dataclass(frozen=True)
class Origin:
    """A movement between the fund and the outside: yuan more or less, and its scans (key, name)."""

    entry: Entry
    signed: Decimal
    papers: list[tuple[int, str]]


def origins_of(fund: Fund) -> list[Origin]:
    """What the fund's amount is made of, oldest first: set up, added, carried over, reversed; one query.

    Their sum is what the fund was granted.
    """
    papers = SupportingPaper.objects.filter(entry=OuterRef("pk"), file__isnull=False).order_by("id")
    entries = (
        Entry.objects.filter(Q(debit__kind=AccountKind.SOURCE) | Q(credit__kind=AccountKind.SOURCE))
        .filter(credit__fund=fund)
        .select_related("actor", "post__department", "credit")
        .annotate(scans=ArraySubquery(papers.values(line=JSONObject(pk="pk", name="file__name"))))
        .order_by("id")
    )
    return [
        Origin(
            entry,
            -entry.amount if entry.credit.kind == AccountKind.SOURCE else entry.amount,
            [(row["pk"], row["name"]) for row in entry.scans],
        )
        for entry in entries
    ]


@dataclass(frozen=True)
class Act:
    """A closing or a reopening of a fund's year: when, what, why, by whom and as what."""

    at: datetime
    title: str
    reason: str
    person: str
    post: str


def with_acts(funds: QuerySet[Fund]) -> QuerySet[Fund]:
    """The funds with what :func:`acts_in` reads: a page that reads a fund anyway needs no query for it."""
    acts = FundAct.objects.filter(fund=OuterRef("pk")).order_by("-id")
    line = JSONObject(
        at="at",
        kind="kind",
        reason="reason",
        person="actor__name",
        department="post__department__name",
        post="post__title",
    )
    return funds.annotate(acts_done=ArraySubquery(acts.values(line=line)))


def acts_in(fund: Fund) -> list[Act]:
    """When the year was closed and opened again, the latest first; of a fund of :func:`with_acts`."""
    rows: list[dict[str, Any]] = fund.acts_done  # type: ignore[attr-defined]
    return [
        Act(
            at=datetime.fromisoformat(row["at"]),
            title=str(YearAct(row["kind"]).label),
            reason=row["reason"],
            person=row["person"],
            post=" ".join(part for part in (row["department"], row["post"]) if part),
        )
        for row in rows
    ]


def acts_of(fund: Fund) -> list[Act]:
    """:func:`acts_in` of any fund, in one query."""
    return acts_in(with_acts(Fund.objects.filter(pk=fund.pk)).get())


def requests_about(standing: Standing, project: Project, lines: Iterable[int]) -> list[MoneyRequest]:
    """The requests about a project's budget that he sees, those of other projects that gave one of its
    ``lines`` money (调剂) among them, the latest first; one query."""
    about = Q(project=project)
    for line in lines:
        gives = Q(content__shifts__contains=[{"target": line}])
        about |= Q(fund=project.fund_id, kind=MoneyKind.TRANSFER) & gives
    rows = MoneyRequest.objects.visible_to(standing).filter(about)
    return list(money_rows(rows).order_by("-created_at", "-id")[:NAMED])


def requests_of(standing: Standing, fund: Fund) -> QuerySet[MoneyRequest]:
    """The requests about the fund and all its projects that he sees, the latest first."""
    rows = MoneyRequest.objects.visible_to(standing).filter(fund=fund)
    return money_rows(rows).order_by("-created_at", "-id")
