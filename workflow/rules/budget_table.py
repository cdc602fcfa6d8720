"""A plan's money beside the standard it is held against: the table every page and print shows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from office.wording import days_text, yuan
from rulebook import rates
from workflow.costs import LECTURE, cost_titles, in_card_order
from workflow.rules.money import lecture_ceiling, rate_ceilings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rulebook.schema import Book
    from workflow.models import ClassPlan, PlanCost

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class BudgetRow:
    """One item, yuan for all 期. ``ceiling`` is None where no standard applies; ``before`` what was
    declared where the meeting changed it."""

    title: str
    standard: Decimal | None
    quantity: str
    ceiling: Decimal | None
    amount: Decimal
    note: str = ""
    before: Decimal | None = None

    @property
    def over(self) -> Decimal:
        """Yuan beyond the standard."""
        return max(self.amount - self.ceiling, ZERO) if self.ceiling is not None else ZERO

    @property
    def changed(self) -> bool:
        return self.before is not None and self.before != self.amount


@dataclass(frozen=True)
class BudgetTable:
    """``quota``: the lines of the comprehensive quota with their subtotal; ``apart``: lecture fees,
    lecturers' travel and what else stands beside it. ``enabled``: whether the book's rate card is used."""

    enabled: bool
    title: str
    quota: tuple[BudgetRow, ...]
    apart: tuple[BudgetRow, ...]
    changed: bool

    @property
    def ceiling(self) -> Decimal:
        return sum((row.ceiling or ZERO for row in self.quota), ZERO)

    @property
    def subtotal(self) -> Decimal:
        return sum((row.amount for row in self.quota), ZERO)

    @property
    def subtotal_before(self) -> Decimal:
        return sum((row.before or ZERO for row in self.quota), ZERO)

    @property
    def left(self) -> Decimal:
        """Of the quota; negative where it is exceeded: its items may make up for each other."""
        return self.ceiling - self.subtotal

    @property
    def remark(self) -> str:
        """余 8,000.00 / 超 4,400.00."""
        return f"余 {yuan(self.left)}" if self.left >= 0 else f"超 {yuan(-self.left)}"

    @property
    def total(self) -> Decimal:
        return self.subtotal + sum((row.amount for row in self.apart), ZERO)

    @property
    def total_before(self) -> Decimal:
        return self.subtotal_before + sum((row.before or ZERO for row in self.apart), ZERO)


def budget_table(
    plan: ClassPlan, costs: Iterable[PlanCost], book: Book, *, before: Mapping[str, Decimal] | None = None
) -> BudgetTable:
    """The plan's cost lines in the card's order; items without money and without a standard are left out.

    ``before``: amounts by item as the department declared them, where the meeting changed the plan.
    """
    given = {cost.item: cost for cost in costs}
    card = book.rate_card
    ceilings = {line.item: line for line in rate_ceilings(plan, book)}

    def row(
        item: str, title: str, standard: Decimal | None, quantity: str, most: Decimal | None
    ) -> BudgetRow:
        cost = given.get(item)
        return BudgetRow(
            title=title,
            standard=standard,
            quantity=quantity,
            ceiling=most,
            amount=cost.amount if cost is not None else ZERO,
            note=cost.note if cost is not None else "",
            before=None if before is None else before.get(item, ZERO),
        )

    quota = []
    for item in card.items:
        line = ceilings.get(item.code)
        if line is not None:
            quota.append(row(item.code, item.title, line.standard, quantity_text(line), line.amount))
        elif item.code in given or (before and item.code in before):
            nothing = ZERO if card.enabled else None  # 走读 has no lodging
            quota.append(row(item.code, item.title, None, "走读" if card.enabled else "", nothing))
    apart = []
    titles = cost_titles(book)
    for code in in_card_order({*given, *(before or ())} - {item.code for item in card.items}, book):
        title = titles.get(code, code)
        if code == LECTURE and card.enabled:
            most = lecture_ceiling(plan, book)
            rate = next((r for r in card.lecture if r.code == plan.lecturer_title), None)
            hours = f"{plan.lecture_hours.normalize():f} 学时{_sessions(plan.sessions)}" if rate else ""
            apart.append(row(code, title, rate.before_tax if rate else None, hours, most))
        else:
            apart.append(row(code, title, None, "", None))
    return BudgetTable(
        enabled=card.enabled,
        title=card.title,
        quota=tuple(quota),
        apart=tuple(apart),
        changed=before is not None,
    )


def quantity_text(line: rates.CeilingLine) -> str:
    """``83 人 × 2 天``, with the days beyond the full ones and the 期 where there are any."""
    text = f"{line.people} 人 × {days_text(int(line.days * 2))} 天"
    if line.beyond_days:
        beyond = days_text(int(line.beyond_days * 2))
        text += f"（{beyond} 天按 {(line.beyond_rate * 100).normalize():f}%）"
    return text + _sessions(line.sessions)


def _sessions(sessions: int) -> str:
    return f" × {sessions} 期" if sessions > 1 else ""
