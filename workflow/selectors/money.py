"""The year's money as the fund and project pages show it: balances beside the plans they pay for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from budgets.models import BudgetLine
from budgets.selectors import FundTotals, ProjectTotals, line_totals
from office.wording import percent, percent_text
from workflow.models import ClassPlan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from budgets.models import Project

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class Held:
    """Money appropriated to something: a project, or one of its budget lines. Yuan."""

    appropriated: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO

    @property
    def paid_percent(self) -> int:
        """Whole percent of what was appropriated."""
        return percent(self.paid, self.appropriated)

    @property
    def held_percent(self) -> int:
        """Whole percent that is spoken for and not yet paid."""
        return percent(self.committed, self.appropriated)

    @property
    def paid_share(self) -> Decimal | None:
        """The same percent as a fraction for a workbook; None where nothing was appropriated."""
        return Decimal(self.paid_percent) / 100 if self.appropriated else None

    @property
    def progress(self) -> str:
        """支出 18% · 预占 33%; 未启动 where nothing has moved."""
        parts = []
        if self.paid:
            parts.append(f"支出 {percent_text(self.paid, self.appropriated)}")
        if self.committed:
            parts.append(f"预占 {percent_text(self.committed, self.appropriated)}")
        return " · ".join(parts) or "未启动"


@dataclass(frozen=True)
class FundedClass:
    """A project of the fund with the plan it was made for; None for a project without one."""

    project: Project
    plan: ClassPlan | None
    held: Held


def plans_of(projects: Iterable[Project]) -> dict[int, ClassPlan]:
    """The plan of each project, by project; that of the first for one its class was carried over to. One
    query."""
    first = {project.pk: project.first_id for project in projects}
    plans = ClassPlan.objects.filter(project__in=set(first.values())).select_related("department")
    by_first = {plan.project_id: plan for plan in plans}
    return {pk: by_first[own] for pk, own in first.items() if own in by_first}


def add_up(rows: Iterable[Held]) -> Held:
    """All of them together."""
    rows = list(rows)
    return Held(
        sum((row.appropriated for row in rows), ZERO),
        sum((row.committed for row in rows), ZERO),
        sum((row.paid for row in rows), ZERO),
        sum((row.available for row in rows), ZERO),
    )


@dataclass(frozen=True)
class BudgetRow:
    """One budget line of a project."""

    line: BudgetLine
    held: Held


def budget_rows(project: Project) -> list[BudgetRow]:
    """The project's budget lines in their order, in two queries."""
    held = line_totals(project.pk)
    return [
        BudgetRow(line, held_by(held[line.item]))
        for line in BudgetLine.objects.filter(project=project).order_by("ordinal")
    ]


def held_by(totals: ProjectTotals) -> Held:
    """What a project or one of its lines holds."""
    return Held(totals.appropriated, totals.committed, totals.paid, totals.available)


def together(totals: Iterable[FundTotals]) -> FundTotals:
    """All of these funds together."""
    rows = list(totals)
    names = ("granted", "appropriated", "committed", "paid", "available")
    return FundTotals(*(sum((getattr(row, name) for row in rows), ZERO) for name in names))


def held_of(totals: FundTotals) -> Held:
    """What a fund has handed on, as its projects hold it."""
    left = totals.appropriated - totals.committed - totals.paid
    return Held(totals.appropriated, totals.committed, totals.paid, left)
