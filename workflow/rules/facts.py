"""What the checks of a plan look at, and how they say what they found."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rulebook.schema import UnknownCode
from rulebook.severity import Severity
from workflow.rules.findings import PASS, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rulebook.schema import Book, Category
    from workflow.models import ClassPlan, PlanCost
    from workflow.rules.duplicates import Duplicate

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Facts:
    """What the checks look at. ``duties``: the duty codes of the plan's department; ``has_survey_file``:
    whether a needs survey is attached; ``handed_in``: when it was (first) submitted, or now."""

    plan: ClassPlan
    costs: Sequence[PlanCost]
    book: Book
    department_code: str
    duties: frozenset[str]
    has_survey_file: bool
    handed_in: datetime
    duplicates: Sequence[Duplicate] = ()

    @property
    def category(self) -> Category | None:
        try:
            return self.book.category(self.plan.category)
        except UnknownCode:
            return None

    def amount(self, item: str) -> Decimal:
        return next((cost.amount for cost in self.costs if cost.item == item), ZERO)


def fault(facts: Facts, code: str, message: str, mend: str, **more: Any) -> Finding:
    rule = facts.book.rule(code)
    return Finding(
        code,
        str(rule.severity.value),
        rule.title,
        message,
        rule.clause,
        mend,
        **more,
    )


def fine(facts: Facts, code: str, message: str, **more: Any) -> Finding:
    rule = facts.book.rule(code)
    severity = Severity.OFF.value if rule.severity == Severity.OFF else PASS
    return Finding(code, severity, rule.title, message, rule.clause, **more)


def plain(hours: Decimal) -> str:
    """``16.0`` → ``16``, as people write hours."""
    return f"{Decimal(hours).normalize():f}"
