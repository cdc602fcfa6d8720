"""Meetings with what is on their agendas, and what each item would leave in the fund."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from workflow.models import AgendaItem, ClassPlan, Decision
from workflow.selectors.consolidation import (
    Figures,
    Line,
    Totals,
    add_up,
    exclusion_advice,
    funds_of,
    lines_of,
)
from workflow.states import MeetingOutcome, PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from org.models import Body, Union
    from workflow.models import Meeting
    from workflow.models.meeting import MeetingQuerySet
    from workflow.models.plan import PlanQuerySet
    from workflow.selectors.consolidation import FundLine

PASSING = (MeetingOutcome.PASSED, MeetingOutcome.PASSED_CHANGED)

#: What a meeting may be asked about.
DECIDABLE = (PlanState.AWAITING_MEETING, PlanState.DEFERRED)


@dataclass
class AgendaLine:
    """One item: the plan's line, what reviewers advised, and the balance its passing would leave.

    ``balance`` is None where no fund pays for it or its money has moved already.
    """

    item: AgendaItem
    line: Line
    advice: list[Decision] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    balance: Decimal | None = None
    fund: FundLine | None = None

    @property
    def settled(self) -> bool:
        return bool(self.item.outcome)

    @property
    def approved(self) -> Figures | None:
        """核定 figures where this very meeting passed it."""
        return self.line.approved if self.item.outcome in PASSING else None

    @property
    def changed(self) -> bool:
        return self.item.outcome == MeetingOutcome.PASSED_CHANGED

    @property
    def short(self) -> bool:
        """Whether the fund wouldn't reach as far as this item."""
        return self.balance is not None and self.balance < 0


@dataclass
class Agenda:
    """A meeting's items with the funds that pay for them."""

    meeting: Meeting
    lines: list[AgendaLine]
    funds: list[FundLine]

    @property
    def open(self) -> list[AgendaLine]:
        return [line for line in self.lines if not line.settled]

    @property
    def settled(self) -> list[AgendaLine]:
        return [line for line in self.lines if line.settled]

    @property
    def totals(self) -> Totals:
        """What stands on the agenda; 核定 is what this meeting passed."""
        totals = add_up(line.line for line in self.lines)
        passed = [line.line for line in self.lines if line.approved is not None]
        totals.approved = sum((line.figures.amount for line in passed), Decimal("0.00"))
        totals.approved_classes = len(passed)
        totals.approved_people = sum(line.figures.people for line in passed)
        return totals

    @property
    def available(self) -> Decimal:
        return sum((fund.totals.available for fund in self.funds), Decimal("0.00"))


def agenda_of(meeting: Meeting) -> Agenda:
    """The agenda in its order, in seven queries however long it is."""
    items = AgendaItem.objects.filter(meeting=meeting).order_by("ordinal", "id")
    by_plan = {item.plan_id: item for item in items}
    plans = ClassPlan.objects.filter(pk__in=by_plan)
    found = {line.plan.pk: line for line in lines_of(plans)}
    advice = exclusion_advice(by_plan)
    hints = _hints(by_plan)
    funds = funds_of(meeting.union_id, meeting.year)
    lines = [
        AgendaLine(item, found[pk], advice.get(pk, []), hints.get(pk, [])) for pk, item in by_plan.items()
    ]
    agenda = Agenda(meeting, lines, funds)
    run_down(agenda)
    return agenda


def run_down(agenda: Agenda, asked: dict[int, Decimal] | None = None) -> None:
    """Fills in the balances item by item. ``asked``: yuan by item id where they aren't the declared ones."""
    by_source = {fund.fund.source: fund for fund in agenda.funds}
    left = {fund.fund.pk: fund.totals.available for fund in agenda.funds}
    for line in agenda.lines:
        line.fund = by_source.get(line.line.plan.source)
        if line.fund is None or line.settled:
            continue
        amount = (asked or {}).get(line.item.pk, line.line.declared.amount)
        left[line.fund.fund.pk] -= amount
        line.balance = left[line.fund.fund.pk]


def _hints(plan_ids: Iterable[int]) -> dict[int, list[str]]:
    """What the last review of each plan found wrong, in words, by plan; one query."""
    decisions = (
        Decision.objects.filter(plan__in=tuple(plan_ids), request=None, meeting__isnull=True)
        .order_by("plan", "-at", "-id")
        .distinct("plan")
        .values_list("plan", "findings")
    )
    return {
        plan: [f"{row['title']}：{row['message']}" for row in findings if row["severity"] != "pass"]
        for plan, findings in decisions
    }


def with_counts(meetings: MeetingQuerySet) -> MeetingQuerySet:
    """Annotates ``size`` and ``open_size``: items, and those without a result. The latest meeting first."""
    counted = meetings.annotate(size=Count("items"), open_size=Count("items", filter=Q(items__outcome="")))
    return counted.select_related("body", "union").order_by("-held_on", "-id")


def candidates(union_id: int, year: int) -> PlanQuerySet:
    """Plans that wait for a meeting or were 缓议, and stand on no agenda."""
    waiting = ClassPlan.objects.filter(union=union_id, year=year, state__in=DECIDABLE)
    taken = AgendaItem.objects.filter(outcome="").values("plan")
    return waiting.exclude(pk__in=taken).in_plan_order()


def upcoming(union: Union, year: int) -> list[Meeting]:
    """Meetings of the union whose agenda is still open, the next one first."""
    meetings = with_counts(union.meetings.filter(year=year)).order_by("held_on", "id")
    return [meeting for meeting in meetings if meeting.open_size or not meeting.size]  # type: ignore[attr-defined]


def next_number(body: Body, day: date) -> str:
    """The number a new meeting would have: 2027年第3次."""
    held = body.meetings.filter(held_on__year=day.year).count()
    return f"{day.year}年第{held + 1}次"


def outcome_counts(lines: Sequence[AgendaLine]) -> list[tuple[str, int]]:
    """How often each result was recorded, in the order of the results."""
    counts = [
        (str(outcome.label), sum(line.item.outcome == outcome for line in lines))
        for outcome in MeetingOutcome
    ]
    return [(label, count) for label, count in counts if count]
