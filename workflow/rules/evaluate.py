"""Runs the checks on plans in the database, or not yet in it, with a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.utils import timezone

from org.models import Duty
from workflow.models import PlanAttachment, PlanCost, PlanVersion
from workflow.rules.duplicates import suspected
from workflow.rules.plan import Facts, check
from workflow.states import AttachmentKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rulebook.schema import Book
    from workflow.models import ClassPlan
    from workflow.rules.findings import Finding


def findings_of(
    plan: ClassPlan, book: Book, *, at: datetime, costs: Sequence[PlanCost] | None = None
) -> list[Finding]:
    """All findings of one plan, worst first. ``costs`` where they aren't in the database (a form, a row)."""
    return findings_of_many([plan], book, at=at, costs=None if costs is None else [costs])[0]


def _first_submissions(plans: Sequence[ClassPlan]) -> dict[int, datetime]:
    """When each plan was first handed in; no query while all are at their first version."""
    known = {
        plan.pk: plan.version.submitted_at
        for plan in plans
        if plan.version is not None and plan.version.number == 1
    }
    later = [plan.pk for plan in plans if plan.version_id and plan.pk not in known]
    if later:
        first = PlanVersion.objects.filter(plan__in=later, number=1)
        known.update(first.values_list("plan", "submitted_at"))
    return known


def findings_of_many(
    plans: Sequence[ClassPlan],
    book: Book,
    *,
    at: datetime,
    costs: Sequence[Sequence[PlanCost]] | None = None,
) -> list[list[Finding]]:
    """The findings of each plan, in the order given; all of one union and year, department loaded.

    Five queries however many plans: costs, survey files, first submissions, duties, duplicates.
    """
    if not plans:
        return []
    keys = [plan.pk for plan in plans if plan.pk]
    if costs is None:
        by_plan: Mapping[int, list[PlanCost]] = defaultdict(list)
        for cost in PlanCost.objects.filter(plan__in=keys):
            by_plan[cost.plan_id].append(cost)
        costs = [by_plan[plan.pk] for plan in plans]
    surveyed = set(
        PlanAttachment.objects.filter(plan__in=keys, kind=AttachmentKind.SURVEY).values_list(
            "plan", flat=True
        )
    )
    handed_in = _first_submissions(plans)
    day = timezone.localdate(at)
    duties: Mapping[int | None, set[str]] = defaultdict(set)
    for code, department in Duty.objects.filter(
        department__in={plan.department_id for plan in plans}, period__contains=day
    ).values_list("code", "department"):
        duties[department].add(code)
    duplicates = suspected(plans, book)
    return [
        check(
            Facts(
                plan=plan,
                costs=plan_costs,
                book=book,
                department_code=plan.department.code,
                duties=frozenset(duties[plan.department_id]),
                has_survey_file=plan.pk in surveyed,
                handed_in=handed_in.get(plan.pk, at),
                duplicates=duplicates.get(index, ()),
            )
        )
        for index, (plan, plan_costs) in enumerate(zip(plans, costs, strict=True))
    ]
