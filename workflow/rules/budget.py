"""A plan's budget as a table: each item's standard and quantity, what the card allows, what is asked.

The form draws it as one types, the decision page as it was handed in; both from the figures that
:mod:`workflow.rules.plan` judges. Reads only; money is yuan for all 期 together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from office.wording import days_text
from rulebook.schema import UnknownCode
from workflow.rules.content import COST_TITLES, LECTURE
from workflow.rules.plan import lecture_ceiling, rate_ceilings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rulebook.rates import CeilingLine
    from rulebook.schema import Book, LectureRate
    from workflow.models import ClassPlan, PlanCost

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class BudgetRow:
    """One line. ``most`` is None where no standard limits it; ``applies`` is False for lodging of 走读."""

    item: str
    title: str
    asked: Decimal = ZERO
    note: str = ""
    standard: Decimal | None = None
    quantity: str = ""
    most: Decimal | None = None
    lodging: bool = False
    applies: bool = True
    hint: str = ""

    @property
    def gap(self) -> Decimal | None:
        """What is left under the standard; negative where it is exceeded."""
        return None if self.most is None else self.most - self.asked

    @property
    def over(self) -> bool:
        return self.gap is not None and self.gap < 0

    @property
    def excess(self) -> Decimal:
        """Yuan above the standard, never negative."""
        return max(-(self.gap or ZERO), ZERO)


@dataclass(frozen=True)
class Budget:
    """The whole table: the card's items, their subtotal, lecture fees apart, whatever else is asked."""

    quota: list[BudgetRow]
    lecture: BudgetRow
    others: list[BudgetRow] = field(default_factory=list)
    subtotal: BudgetRow | None = None
    person_days: Decimal = ZERO

    @property
    def rows(self) -> list[BudgetRow]:
        """Every line that can hold an amount, in the order of the table."""
        return [*self.quota, self.lecture, *self.others]

    @property
    def total(self) -> Decimal:
        """申报合计."""
        return sum((row.asked for row in self.rows), ZERO)

    @property
    def average(self) -> Decimal | None:
        """Yuan per person and day, all lines; None while people or days are missing."""
        if not self.person_days:
            return None
        return (self.total / self.person_days).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def standards(self) -> dict[str, Decimal]:
        """What 按标准填入 writes: item → yuan, zero where nothing may be spent."""
        return {row.item: row.most for row in self.rows if row.most is not None}


def budget_of(plan: ClassPlan, costs: Iterable[PlanCost], book: Book) -> Budget:
    """The budget of a plan, saved or not, by the rate card of ``book``."""
    asked = {cost.item: cost for cost in costs}
    card = book.rate_card
    allowed = {line.item: line for line in rate_ceilings(plan, book)}
    quota = []
    for item in card.items:
        line, cost = allowed.get(item.code), asked.pop(item.code, None)
        barred = item.lodging and not plan.residential
        quota.append(
            BudgetRow(
                item.code,
                item.title,
                asked=cost.amount if cost else ZERO,
                note=cost.note if cost else "",
                standard=line.standard if line else None,
                quantity=_quantity(line) if line else "走读不列" if barred else "",
                most=line.amount if line else ZERO if barred and card.enabled else None,
                lodging=item.lodging,
                applies=not barred,
                hint=item.note,
            )
        )
    lecture = _lecture(plan, asked.pop(LECTURE, None), book)
    others = [BudgetRow(item, item, asked=cost.amount, note=cost.note) for item, cost in asked.items()]
    subtotal = None
    if card.enabled:
        subtotal = BudgetRow(
            "quota",
            "综合定额小计",
            asked=sum((row.asked for row in quota), ZERO),
            most=sum((line.amount for line in allowed.values()), ZERO),
        )
    return Budget(quota, lecture, others, subtotal, plan.people * plan.days * plan.sessions)


def _lecture(plan: ClassPlan, cost: PlanCost | None, book: Book) -> BudgetRow:
    rate = lecture_rate(plan, book)
    hours = f"{Decimal(plan.lecture_hours).normalize():f} 学时" if plan.lecture_hours else ""
    return BudgetRow(
        LECTURE,
        COST_TITLES[LECTURE],
        asked=cost.amount if cost else ZERO,
        note=cost.note if cost else "",
        standard=rate.before_tax if rate else None,
        quantity=hours + _sessions(plan.sessions) if rate and hours else "",
        most=lecture_ceiling(plan, book) if book.rate_card.enabled else None,
    )


def lecture_rate(plan: ClassPlan, book: Book) -> LectureRate | None:
    """The fee of the plan's lecturers by title; None where none is chosen or no card is used."""
    if not book.rate_card.enabled or not plan.lecturer_title:
        return None
    try:
        return book.rate_card.lecture_rate(plan.lecturer_title)
    except UnknownCode:
        return None


def _quantity(line: CeilingLine) -> str:
    text = f"{line.people} 人 × {_plain(line.days)} 天"
    if line.beyond_days:
        within, percent = _plain(line.days - line.beyond_days), _plain(line.beyond_rate * 100)
        text += f"（{within} 天，另 {_plain(line.beyond_days)} 天按 {percent}%）"
    return text + _sessions(line.sessions)


def _sessions(number: int) -> str:
    return f" × {number} 期" if number > 1 else ""


def _plain(value: Decimal) -> str:
    return days_text(int(value * 2))
