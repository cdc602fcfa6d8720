"""疑似重复办班: another department's plan of the year with the same business and an overlapping audience.

Names don't matter (S9). An audience is units × levels; what a plan leaves open it means all of.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from office.prepared import Prepared
from workflow.models.plan import ClassPlan
from workflow.states import PlanState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rulebook.schema import Book

#: Plans nobody means to hold don't duplicate anything; a draft is its department's own business.
_ASIDE = (
    PlanState.DRAFT,
    PlanState.WITHDRAWN,
    PlanState.EXCLUDED,
    PlanState.MERGED,
    PlanState.CANCELLED,
)


@dataclass(frozen=True)
class Duplicate:
    """Another plan much like this one. ``share``: of the smaller audience, 0…1.

    Of ``plan`` only what a finding names is loaded.
    """

    plan: ClassPlan
    share: Decimal
    units: list[str]


def overlap(one: ClassPlan, other: ClassPlan, book: Book) -> tuple[Decimal, list[str]]:
    """The share of the smaller audience that both call, and the codes of the units in both."""
    sides = []
    for plan in (one, other):
        units = set(plan.audience_units) or {entry.code for entry in book.audience_units}
        levels = set(plan.audience_levels) or {entry.code for entry in book.audience_levels} or {""}
        sides.append((units, levels))
    (units_a, levels_a), (units_b, levels_b) = sides
    both = len(units_a & units_b) * len(levels_a & levels_b)
    smaller = min(len(units_a) * len(levels_a), len(units_b) * len(levels_b))
    common = [entry.code for entry in book.audience_units if entry.code in units_a & units_b]
    return (Decimal(both) / smaller if smaller else Decimal(0)), common


def _alike(which: Q) -> QuerySet[ClassPlan]:
    return (
        ClassPlan.objects.filter(which, version__isnull=False)
        .exclude(state__in=_ASIDE)
        .select_related("department")
        .only(
            "name",
            "year",
            "serial",
            "subject",
            "state",
            "audience_units",
            "audience_levels",
            "department__name",
        )
        .order_by("serial")
    )


_ALIKE: Prepared[ClassPlan] = Prepared(
    lambda union, year, subject: _alike(Q(union=union, year=year, subject=subject)),
    union=int,
    year=int,
    subject=str,
)


def suspected(plans: Sequence[ClassPlan], book: Book) -> dict[int, list[Duplicate]]:
    """Duplicates by the index of the plan in ``plans`` (unsaved plans have no key), in one query.

    All ``plans`` are of one union and year.
    """
    comparable = {subject.code for subject in book.subjects if not subject.catch_all}
    subjects = {plan.subject for plan in plans} & comparable
    if not subjects:
        return {}
    first = plans[0]
    if len(subjects) == 1:
        rows = _ALIKE(union=first.union_id, year=first.year, subject=next(iter(subjects)))
    else:
        rows = list(_alike(Q(union=first.union_id, year=first.year, subject__in=subjects)))
    by_subject: dict[str, list[ClassPlan]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    found: dict[int, list[Duplicate]] = {}
    for index, plan in enumerate(plans):
        for other in by_subject.get(plan.subject, []):
            if other.department_id == plan.department_id or other.pk == plan.pk:
                continue
            share, units = overlap(plan, other, book)
            if share >= book.duplicate_share:
                found.setdefault(index, []).append(Duplicate(other, share, units))
    return found
