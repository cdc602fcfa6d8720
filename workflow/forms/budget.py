"""The cost lines of the plan form: what is typed beside what the rate card allows, line by line.

Pages that only show a plan's money read :mod:`workflow.rules.budget_table`; this one has a line for every
amount that can be typed. Money is yuan for all 期 together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from rulebook.schema import UnknownCode
from workflow.costs import COST_TITLES, LECTURE, LECTURER_TRAVEL, TRAVEL_HINT
from workflow.rules.budget_table import quantity_text
from workflow.rules.money import lecture_ceiling, rate_ceilings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rulebook.schema import Book, LectureRate
    from workflow.models import ClassPlan, PlanCost

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class CostLine:
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
class CostSheet:
    """The whole table: the card's items, their subtotal, lecture fees and lecturers' travel apart, whatever
    else is asked."""

    quota: list[CostLine]
    lecture: CostLine
    travel: CostLine
    others: list[CostLine] = field(default_factory=list)
    subtotal: CostLine | None = None
    person_days: Decimal = ZERO

    @property
    def rows(self) -> list[CostLine]:
        """Every line that can hold an amount, in the order of the table."""
        return [*self.quota, self.lecture, self.travel, *self.others]

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


def cost_sheet(plan: ClassPlan, costs: Iterable[PlanCost], book: Book) -> CostSheet:
    """The budget of a plan, saved or not, by the rate card of ``book``."""
    asked = {cost.item: cost for cost in costs}
    card = book.rate_card
    allowed = {line.item: line for line in rate_ceilings(plan, book)}
    quota = []
    for item in card.items:
        line, cost = allowed.get(item.code), asked.pop(item.code, None)
        barred = item.lodging and not plan.residential
        quota.append(
            CostLine(
                item.code,
                item.title,
                asked=cost.amount if cost else ZERO,
                note=cost.note if cost else "",
                standard=line.standard if line else None,
                quantity=quantity_text(line) if line else "走读不列" if barred else "",
                most=line.amount if line else ZERO if barred and card.enabled else None,
                lodging=item.lodging,
                applies=not barred,
                hint=item.note,
            )
        )
    lecture = _lecture(plan, asked.pop(LECTURE, None), book)
    travel = _travel(asked.pop(LECTURER_TRAVEL, None))
    others = [CostLine(item, item, asked=cost.amount, note=cost.note) for item, cost in asked.items()]
    subtotal = None
    if card.enabled:
        subtotal = CostLine(
            "quota",
            "综合定额小计",
            asked=sum((row.asked for row in quota), ZERO),
            most=sum((line.amount for line in allowed.values()), ZERO),
        )
    return CostSheet(quota, lecture, travel, others, subtotal, plan.people * plan.days * plan.sessions)


def _lecture(plan: ClassPlan, cost: PlanCost | None, book: Book) -> CostLine:
    rate = lecture_rate(plan, book)
    hours = f"{Decimal(plan.lecture_hours).normalize():f} 学时" if plan.lecture_hours else ""
    return CostLine(
        LECTURE,
        COST_TITLES[LECTURE],
        asked=cost.amount if cost else ZERO,
        note=cost.note if cost else "",
        standard=rate.before_tax if rate else None,
        quantity=f"{hours}{f' × {plan.sessions} 期' if plan.sessions > 1 else ''}" if rate and hours else "",
        most=lecture_ceiling(plan, book) if book.rate_card.enabled else None,
    )


def _travel(cost: PlanCost | None) -> CostLine:
    return CostLine(
        LECTURER_TRAVEL,
        COST_TITLES[LECTURER_TRAVEL],
        asked=cost.amount if cost else ZERO,
        note=cost.note if cost else "",
        hint=TRAVEL_HINT,
    )


def lecture_rate(plan: ClassPlan, book: Book) -> LectureRate | None:
    """The fee of the plan's lecturers by title; None where none is chosen or no card is used."""
    if not book.rate_card.enabled or not plan.lecturer_title:
        return None
    try:
        return book.rate_card.lecture_rate(plan.lecturer_title)
    except UnknownCode:
        return None
