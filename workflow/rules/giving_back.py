"""What a 期 that won't be held gives back to its fund, line by line, and what stays as cost (S20).

Budget lines are the project's, and all its 期 live on them: back goes what this 期 was approved for, never
more than is free on the line. What is paid or committed there stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from budgets.selectors import ProjectTotals, line_totals
from office.wording import yuan
from workflow.rules.differences import cost_titles, in_card_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rulebook.schema import Book
    from workflow.models import ClassPlan

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Back:
    """One cost line. ``share``: what this 期 was approved for; ``paid``, ``committed``, ``free``: what the
    whole project's line holds, in yuan."""

    item: str
    title: str
    share: Decimal
    free: Decimal
    paid: Decimal
    committed: Decimal

    @property
    def back(self) -> Decimal:
        return min(self.share, self.free)

    @property
    def stays(self) -> Decimal:
        return self.share - self.back

    @property
    def why(self) -> str:
        """Why some of it stays; the empty string where all goes back."""
        if not self.stays:
            return ""
        parts = [
            f"{word} {yuan(held)} 元"
            for word, held in (("已支出", self.paid), ("已预占", self.committed))
            if held
        ]
        return f"项目该项{'，'.join([*parts, f'可用 {yuan(self.free)} 元'])}"


def giving_back(plan: ClassPlan, costs: Mapping[str, Decimal], book: Book) -> list[Back]:
    """What a 期 of ``plan`` approved for ``costs`` gives back as the ledger stands now; one query."""
    held = line_totals(plan.project_id) if plan.project_id is not None else {}
    titles, nothing = cost_titles(book), ProjectTotals()
    lines = []
    for item in in_card_order((item for item, amount in costs.items() if amount), book):
        totals = held.get(item, nothing)
        lines.append(
            Back(item, titles.get(item, item), costs[item], totals.available, totals.paid, totals.committed)
        )
    return lines


def back_text(lines: Sequence[Back], plan: ClassPlan) -> str:
    """What goes back and what stays, in sentences."""
    if not lines:
        return "本期不列经费。"
    back = sum((line.back for line in lines), ZERO)
    stays = sum((line.stays for line in lines), ZERO)
    shared = f"项目经费由 {plan.sessions} 期共用，只收回本期的份额。" if plan.sessions > 1 else ""
    if not stays:
        return f"本期经费 {yuan(back)} 元全部收回年度专项预算。{shared}"
    kept = f"{yuan(stays)} 元已支出或预占，不能收回，留作本班费用"
    return f"本期经费收回年度专项预算 {yuan(back)} 元；{kept}。{shared}"
