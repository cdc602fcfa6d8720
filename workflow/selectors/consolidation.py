"""The year's lines of a union side by side, as declared and as approved, and what they add up to.

申报 is what the department itself last handed in; 核定 is the approved plan. A line takes its name, people,
days and time from what was handed in, not from what its department may be editing since.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F

from budgets.models import Fund
from budgets.selectors import FundTotals, fund_totals
from office.wording import days_text
from org.models import Department
from workflow import timing
from workflow.models import AgendaItem, ClassPlan, Decision, PlanVersion
from workflow.states import PENDING, DecisionAction, PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from org.models import Union
    from rulebook.schema import Book
    from workflow.models.plan import PlanQuerySet

ZERO: Final = Decimal("0.00")

#: A line taken back by its department is no declaration; a draft never was one.
NOT_DECLARED: Final = (PlanState.DRAFT, PlanState.WITHDRAWN)


@dataclass(frozen=True)
class Figures:
    """People and days of one 期, and yuan for all 期 together."""

    trainees: int = 0
    staff: int = 0
    half_days: int = 0
    sessions: int = 1
    costs: Mapping[str, Decimal] = field(default_factory=dict)
    amount: Decimal = ZERO

    @property
    def people(self) -> int:
        """Trainees of all 期."""
        return self.trainees * self.sessions

    @property
    def days(self) -> str:
        """Days of one 期: "2", "0.5"."""
        return days_text(self.half_days)


@dataclass
class Line:
    """One row of the 汇总表. ``approved`` is None until the meeting has passed it."""

    plan: ClassPlan
    ordinal: int
    name: str
    category: str
    category_title: str
    time_text: str
    place: str
    off_plan: bool
    source: str
    remark: str
    book: Book
    declared: Figures
    approved: Figures | None

    @property
    def pending(self) -> bool:
        """Whether a decision is still to come."""
        return self.plan.state in PENDING

    @property
    def figures(self) -> Figures:
        """核定 where there is one, else 申报."""
        return self.approved or self.declared

    @property
    def cut(self) -> Decimal:
        """Yuan the meeting took off; negative where it gave more."""
        return self.declared.amount - self.approved.amount if self.approved is not None else ZERO


def figures_of(content: Mapping[str, Any]) -> Figures:
    """The figures of a version's content."""
    costs = {item: Decimal(row["amount"]) for item, row in content.get("costs", {}).items()}
    return Figures(
        trainees=content["trainees"],
        staff=content["staff"],
        half_days=content["half_days"],
        sessions=content["sessions"],
        costs=costs,
        amount=sum(costs.values(), ZERO),
    )


def declared_versions(plan_ids: Iterable[int]) -> dict[int, PlanVersion]:
    """Of each plan what its department last handed in, by plan; one query."""
    versions = (
        PlanVersion.objects.filter(plan__in=tuple(plan_ids), by_meeting=False)
        .order_by("plan", "-number")
        .distinct("plan")
        .select_related("book")
        .defer("book__content", "book__source_text")
    )
    return {version.plan_id: version for version in versions}


def lines_of(plans: PlanQuerySet) -> list[Line]:
    """The submitted plans of ``plans`` as lines, in the order of the queryset; two queries."""
    rows = list(plans.filter(version__isnull=False).select_related("department", "union").with_total())
    declared = declared_versions(plan.pk for plan in rows)
    return [_line(plan, declared[plan.pk], ordinal) for ordinal, plan in enumerate(rows, 1)]


def year_lines(union: Union, year: int) -> list[Line]:
    """All lines a union's departments have declared for a year, in the order of the 汇总表."""
    plans = ClassPlan.objects.filter(union=union, year=year)
    return lines_of(plans.exclude(state__in=NOT_DECLARED).in_plan_order())


def _line(plan: ClassPlan, version: PlanVersion, ordinal: int) -> Line:
    book = version.book.book
    approved = None
    content = version.content
    if plan.state in (PlanState.APPROVED, PlanState.CANCELLED):
        approved = Figures(
            trainees=plan.trainees,
            staff=plan.staff,
            half_days=plan.half_days,
            sessions=plan.sessions,
            amount=plan.total,  # type: ignore[attr-defined]
        )
    place = content["place"]
    return Line(
        plan=plan,
        ordinal=ordinal,
        name=content["name"],
        category=content["category"],
        category_title="".join(book.titles([content["category"]])),
        time_text=timing.time_text(content["time_slots"]),
        place=f"{place}（拟）" if place and content["place_tentative"] else place,
        off_plan=bool(content["off_plan_reason"]),
        source=content["source"],
        remark=content["remark"],
        book=book,
        declared=figures_of(content),
        approved=approved,
    )


@dataclass
class Totals:
    """Lines added up. ``people`` are trainees of all 期; amounts are yuan.

    ``declared = approved + pending + cut``: what isn't approved or still to be decided was cut or struck.
    """

    title: str = ""
    classes: int = 0
    sessions: int = 0
    people: int = 0
    declared: Decimal = ZERO
    approved_classes: int = 0
    approved_sessions: int = 0
    approved_people: int = 0
    approved: Decimal = ZERO
    pending_classes: int = 0
    pending: Decimal = ZERO

    @property
    def cut(self) -> Decimal:
        return self.declared - self.approved - self.pending

    def add(self, line: Line) -> None:
        """Counts a line in."""
        self.classes += 1
        self.sessions += line.declared.sessions
        self.people += line.declared.people
        self.declared += line.declared.amount
        if line.approved is not None:
            self.approved_classes += 1
            self.approved_sessions += line.approved.sessions
            self.approved_people += line.approved.people
            self.approved += line.approved.amount
        elif line.pending:
            self.pending_classes += 1
            self.pending += line.declared.amount


def add_up(lines: Iterable[Line], title: str = "合计") -> Totals:
    """All of them together."""
    totals = Totals(title)
    for line in lines:
        totals.add(line)
    return totals


def by_category(lines: Sequence[Line]) -> list[tuple[Totals, list[Line]]]:
    """Lines under their category, categories in the order of the book."""
    order: dict[str, int] = {}
    for line in lines:
        for category in line.book.categories:
            order.setdefault(category.title, len(order))
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.category_title or "未填类别"].append(line)
    titles = sorted(groups, key=lambda title: order.get(title, len(order)))
    return [(add_up(groups[title], title), groups[title]) for title in titles]


def by_department(lines: Sequence[Line]) -> list[tuple[Totals, list[Line]]]:
    """Lines under their department, in the organisation's own order (that of the lines)."""
    groups: dict[int, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.plan.department_id, []).append(line)
    return [(add_up(found, found[0].plan.department.name), found) for found in groups.values()]


def silent_departments(union: Union, lines: Iterable[Line], on: date) -> list[Department]:
    """Departments that have declared nothing, in the organisation's own order; one query."""
    heard = {line.plan.department_id for line in lines}
    return [
        department
        for department in Department.objects.filter(union=union).order_by("ordinal", "id")
        if department.pk not in heard and not department.is_closed(on)
    ]


@dataclass(frozen=True)
class FundLine:
    """A fund of the year with what it holds."""

    fund: Fund
    totals: FundTotals


def funds_of(union_id: int, year: int) -> list[FundLine]:
    """The funds of a union's year with their totals, in two queries."""
    funds = list(Fund.objects.filter(union=union_id, year=year).order_by("id"))
    totals = fund_totals(fund.pk for fund in funds)
    return [FundLine(fund, totals[fund.pk]) for fund in funds]


def all_funds_of(union_id: int) -> list[FundLine]:
    """The funds of every year of a union with their totals, the latest year first, in two queries."""
    funds = list(Fund.objects.filter(union=union_id).order_by("-year", "id"))
    totals = fund_totals(fund.pk for fund in funds)
    return [FundLine(fund, totals[fund.pk]) for fund in funds]


def latest_words(plan_ids: Iterable[int]) -> dict[int, Decision]:
    """Of each plan the last decision that spoke against it (退回、缓议、不列入); one query."""
    against = (DecisionAction.RETURN, DecisionAction.DEFER, DecisionAction.EXCLUDE)
    decisions = (
        Decision.objects.filter(plan__in=tuple(plan_ids), request=None, action__in=against)
        .order_by("plan", "-at", "-id")
        .distinct("plan")
        .defer("findings")
    )
    return {decision.plan_id: decision for decision in decisions if decision.plan_id is not None}


def exclusion_advice(plan_ids: Iterable[int]) -> dict[int, list[Decision]]:
    """建议不列入 given on what the department last handed in, by plan; one query."""
    advice = Decision.objects.filter(
        plan__in=tuple(plan_ids),
        action=DecisionAction.ADVISE_EXCLUSION,
        version__by_meeting=False,
    )
    # On an older version it is history: the department has handed in something else since.
    current = advice.exclude(
        version__number__lt=F("plan__version__number"), plan__version__by_meeting=False
    ).order_by("plan", "at")
    found: dict[int, list[Decision]] = defaultdict(list)
    for decision in current.defer("findings"):
        if decision.plan_id is not None:
            found[decision.plan_id].append(decision)
    return found


def open_agendas(plan_ids: Iterable[int]) -> dict[int, AgendaItem]:
    """The agenda each plan waits on, by plan; one query."""
    items = AgendaItem.objects.filter(plan__in=tuple(plan_ids), outcome="").select_related("meeting__body")
    return {item.plan_id: item for item in items}
