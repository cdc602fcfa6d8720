"""Runs the checks on plans in the database, or not yet in it, with a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone

from office.prepared import Prepared
from org.models import Duty
from workflow.models import ClassPlan, PlanAttachment, PlanCost, PlanVersion
from workflow.rules.duplicates import suspected
from workflow.rules.facts import Facts
from workflow.rules.plan import check
from workflow.states import AttachmentKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rulebook.schema import Book
    from workflow.rules.findings import Finding


def findings_of(
    plan: ClassPlan, book: Book, *, at: datetime, costs: Sequence[PlanCost] | None = None
) -> list[Finding]:
    """All findings of one plan, worst first. ``costs`` where they aren't in the database (a form, a row)."""
    return findings_of_many([plan], book, at=at, costs=None if costs is None else [costs])[0]


@dataclass(frozen=True)
class _Kept:
    """What the database keeps beside a plan's own row."""

    duties: frozenset[str]
    surveyed: bool = False
    first_submitted: datetime | None = None
    costs: tuple[PlanCost, ...] = ()


def _beside(plans: QuerySet[ClassPlan], day: date, *, with_costs: bool) -> QuerySet[ClassPlan, Any]:
    """(key, duty codes, whether surveyed, first submission, costs or None) of each plan."""
    duties = Duty.objects.on(day).filter(department=OuterRef("department")).order_by().values("code")
    first = PlanVersion.objects.filter(plan=OuterRef("pk"), number=1).order_by().values("submitted_at")
    surveys = PlanAttachment.objects.filter(plan=OuterRef("pk"), kind=AttachmentKind.SURVEY)
    costs = PlanCost.objects.filter(plan=OuterRef("pk")).order_by("id")
    # As text: a number of JSON would come back as a float.
    line = JSONObject(item="item", amount=Cast("amount", TextField()), note="note")
    nothing = Value(None, output_field=TextField())
    lines = ArraySubquery(costs.values(line=line)) if with_costs else nothing
    return plans.order_by().values_list("pk", ArraySubquery(duties), Exists(surveys), Subquery(first), lines)


_ONE: Prepared[Any] = Prepared(
    lambda plan, day: _beside(ClassPlan.objects.filter(pk=plan), day, with_costs=False), plan=int, day=date
)
_ONE_WITH_COSTS: Prepared[Any] = Prepared(
    lambda plan, day: _beside(ClassPlan.objects.filter(pk=plan), day, with_costs=True), plan=int, day=date
)


def _kept(plans: Sequence[ClassPlan], day: date, *, with_costs: bool) -> dict[int, _Kept]:
    """By the index of the plan in ``plans``. One statement for saved plans, one for those that aren't."""
    kept: dict[int, _Kept] = {}
    if saved := {plan.pk: index for index, plan in enumerate(plans) if plan.pk}:
        if len(saved) == 1:
            rows = (_ONE_WITH_COSTS if with_costs else _ONE)(plan=next(iter(saved)), day=day)
        else:
            rows = list(_beside(ClassPlan.objects.filter(pk__in=saved), day, with_costs=with_costs))
        for pk, codes, surveyed, submitted, spent in rows:
            costs = tuple(_cost(pk, row) for row in spent or ())
            kept[saved[pk]] = _Kept(frozenset(codes), surveyed, submitted, costs)
    if new := {index: plan.department_id for index, plan in enumerate(plans) if not plan.pk}:
        held: defaultdict[int | None, set[str]] = defaultdict(set)
        terms = Duty.objects.on(day).filter(department__in=set(new.values())).order_by()
        for code, department in terms.values_list("code", "department"):
            held[department].add(code)
        kept.update({index: _Kept(frozenset(held[department])) for index, department in new.items()})
    return kept


def _cost(plan_id: int, row: dict[str, str]) -> PlanCost:
    return PlanCost(plan_id=plan_id, item=row["item"], amount=Decimal(row["amount"]), note=row["note"])


def findings_of_many(
    plans: Sequence[ClassPlan],
    book: Book,
    *,
    at: datetime,
    costs: Sequence[Sequence[PlanCost]] | None = None,
) -> list[list[Finding]]:
    """The findings of each plan, in the order given; all of one union and year, department loaded.

    Two queries however many plans, three where some aren't saved: what is kept beside them, duplicates.
    """
    if not plans:
        return []
    kept = _kept(plans, timezone.localdate(at), with_costs=costs is None)
    duplicates = suspected(plans, book)
    return [
        check(
            Facts(
                plan=plan,
                costs=kept[index].costs if costs is None else costs[index],
                book=book,
                department_code=plan.department.code,
                duties=kept[index].duties,
                has_survey_file=kept[index].surveyed,
                handed_in=kept[index].first_submitted or at,
                duplicates=duplicates.get(index, ()),
            )
        )
        for index, plan in enumerate(plans)
    ]
