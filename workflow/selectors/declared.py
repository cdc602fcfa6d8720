"""A department's own lines of a year: 年度申报."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When

from org.models import Department, Duty
from workflow.models import ClassPlan, Decision, PlanCost
from workflow.states import EDITABLE, DecisionAction, PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from org.selectors import Standing
    from workflow.models.plan import PlanQuerySet

_S = PlanState

#: Views of the list: key, words, the states in it.
TABS: Final[tuple[tuple[str, str, frozenset[PlanState]], ...]] = (
    ("", "全部", frozenset(PlanState)),
    ("todo", "待报送", EDITABLE),
    ("reviewing", "审核中", frozenset({_S.REVIEWING})),
    ("meeting", "待上会", frozenset({_S.AWAITING_MEETING, _S.DEFERRED})),
    ("approved", "已审定", frozenset({_S.APPROVED})),
    ("off", "未列入", frozenset({_S.EXCLUDED, _S.MERGED, _S.CANCELLED})),
)


def departments_of(standing: Standing) -> list[Department]:
    """The departments whose lines he writes, in the organisation's order; union loaded."""
    return list(
        Department.objects.filter(pk__in=standing.department_ids)
        .select_related("union")
        .order_by("union__ordinal", "union", "ordinal", "id")
    )


def duties_of_department(department: Department, on: date) -> frozenset[str]:
    """Codes of the duties a department has on a day."""
    return frozenset(
        Duty.objects.on(on).filter(department=department).order_by().values_list("code", flat=True)
    )


def lines(department: Department, year: int, *, tab: str = "", words: str = "") -> PlanQuerySet:
    """The department's lines of a year: what it has to do something about first, then by 申报号."""
    states = next((states for key, _, states in TABS if key == tab), frozenset(PlanState))
    found = ClassPlan.objects.filter(department=department, year=year, state__in=states)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(plan_number__icontains=words))
    urgency = Case(
        When(state=_S.RETURNED, then=Value(0)),
        When(state__in=[_S.DRAFT, _S.WITHDRAWN], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return (
        found.with_total()
        .select_related("union", "department", "version", "version__book")
        .defer("version__content", "version__book__content", "version__book__source_text")
        .order_by(urgency, F("serial").asc(nulls_last=True), "id")
    )


@dataclass(frozen=True)
class Figures:
    """What a department has declared for a year, in some of its states."""

    plans: int = 0
    sessions: int = 0
    people: int = 0
    total: Decimal = Decimal("0.00")

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.plans + other.plans,
            self.sessions + other.sessions,
            self.people + other.people,
            self.total + other.total,
        )


def figures(department: Department, year: int) -> dict[str, Figures]:
    """Figures by state, in two queries; people are trainees × 期, yuan those of all 期."""
    plans = ClassPlan.objects.filter(department=department, year=year).order_by()
    money: Mapping[str, Decimal] = dict(
        PlanCost.objects.filter(plan__in=plans)
        .order_by()
        .values_list("plan__state")
        .annotate(Sum("amount"))
        .values_list("plan__state", "amount__sum")
    )
    rows = plans.values("state").annotate(
        plans=Count("pk"), sittings=Sum("sessions"), heads=Sum(F("trainees") * F("sessions"))
    )
    return {
        row["state"]: Figures(
            row["plans"], row["sittings"], row["heads"], money.get(row["state"]) or Decimal("0.00")
        )
        for row in rows
    }


def of_states(by_state: Mapping[str, Figures], states: Iterable[PlanState]) -> Figures:
    """The figures of some states together."""
    return sum((by_state[state] for state in states if state in by_state), Figures())


def returns(plans: Sequence[ClassPlan]) -> dict[int, Decision]:
    """Why plans were returned, by plan key: the last return of the version that was, one query."""
    versions = [plan.version_id for plan in plans if plan.state == _S.RETURNED]
    found: dict[int, Decision] = {}
    if versions:
        for decision in Decision.objects.filter(
            version__in=versions, request=None, action=DecisionAction.RETURN
        ).order_by("at", "id"):
            if decision.plan_id is not None:
                found[decision.plan_id] = decision
    return found
