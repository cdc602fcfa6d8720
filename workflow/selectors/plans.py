"""Lists and sums of plans."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Count, DecimalField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from workflow.models import ClassPlan, PlanCost
from workflow.states import PlanState

if TYPE_CHECKING:
    from org.selectors import Standing

#: Handed in, and not taken back, struck, merged into another or cancelled.
ASIDE: Final = (
    PlanState.DRAFT,
    PlanState.WITHDRAWN,
    PlanState.EXCLUDED,
    PlanState.MERGED,
    PlanState.CANCELLED,
)


def total_of(plan: str) -> Coalesce:
    """Yuan of all cost lines of the plan at this path (``"pk"`` of plans, ``"plan"`` of tasks)."""
    sums = PlanCost.objects.filter(plan=OuterRef(plan)).order_by().values("plan")
    money: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=2)
    return Coalesce(
        Subquery(sums.annotate(all=Sum("amount")).values("all")), Value(Decimal(0)), output_field=money
    )


@dataclass(frozen=True)
class YearSum:
    """A department's year: classes declared and their cost lines in yuan."""

    classes: int
    total: Decimal


def department_year(plan: ClassPlan) -> YearSum:
    """What the plan's department declares in the plan's year in all, in one query."""
    row = (
        ClassPlan.objects.filter(department=plan.department_id, year=plan.year, version__isnull=False)
        .exclude(state__in=ASIDE)
        .aggregate(classes=Count("pk", distinct=True), total=Coalesce(Sum("costs__amount"), Decimal(0)))
    )
    return YearSum(row["classes"], row["total"])


@dataclass(frozen=True)
class LastYear:
    """Last year's class of the same business: people of one 期, and yuan for all its 期."""

    people: int
    total: Decimal


def held_last_year(plan: ClassPlan, standing: Standing) -> LastYear | None:
    """The same department's approved class of the year before with the same business."""
    if not plan.subject:
        return None
    row = (
        ClassPlan.objects.visible_to(standing)
        .filter(
            department=plan.department_id, year=plan.year - 1, subject=plan.subject, state=PlanState.APPROVED
        )
        .annotate(total=total_of("pk"))
        .order_by("-serial")
        .values("trainees", "staff", "total")
        .first()
    )
    return LastYear(row["trainees"] + row["staff"], row["total"]) if row is not None else None
