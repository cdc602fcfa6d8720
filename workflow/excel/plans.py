"""A department's plans in the form they are handed in on: edited and uploaded, they change those plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workflow.excel.columns import written
from workflow.excel.form import columns
from workflow.excel.template import Heading, filled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rulebook.schema import Book
    from workflow.models import ClassPlan


def plan_workbook(book: Book, heading: Heading, plans: Iterable[ClassPlan]) -> bytes:
    """``plans`` (costs prefetched) as .xlsx, one a row, with 系统编号 and room for new ones."""
    return filled(book, heading, [cells(book, plan) for plan in plans], room=20, identities=True)


def cells(book: Book, plan: ClassPlan) -> dict[str, Any]:
    """What stands in each cell of the plan's row, by column key."""
    costs = {cost.item: cost.amount for cost in plan.costs.all()}
    return {column.key: written(column, plan, costs) for column in columns(book)}
