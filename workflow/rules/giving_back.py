"""What a 期 that won't be held gives back to its fund, line by line, and what stays as cost (S20).

Budget lines are the project's, and all its 期 live on them: back goes what this 期 was approved for, never
more than is free on the line. What was promised for it is released, what was paid for it stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Sum

from budgets.models import Commitment
from budgets.selectors import class_totals, line_totals
from office.wording import yuan
from workflow.costs import cost_titles, in_card_order
from workflow.models import ClassRun
from workflow.rules.settling import actual_by_item
from workflow.states import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rulebook.schema import Book
    from workflow.models import ClassPlan

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Back:
    """One cost line, in yuan. ``share``: what this 期 was approved for; ``paid``: what was paid for it;
    ``free``: what the project's line has, with ``released``, the commitments that end with this 期."""

    item: str
    title: str
    share: Decimal
    free: Decimal
    paid: Decimal
    released: Decimal

    @property
    def back(self) -> Decimal:
        return min(max(self.share - self.paid, ZERO), self.free)

    @property
    def stays(self) -> Decimal:
        return self.share - self.back

    @property
    def why(self) -> str:
        """Why some of it stays; the empty string where all goes back."""
        if not self.stays:
            return ""
        parts = [f"本期已支出 {yuan(self.paid)} 元"] if self.paid else []
        if self.back < self.share - self.paid:
            parts.append(f"项目该项可用 {yuan(self.free)} 元")
        return "，".join(parts)


def giving_back(run: ClassRun, costs: Mapping[str, Decimal], book: Book) -> list[Back]:
    """What a 期 approved for ``costs`` gives back as the ledger stands now, its commitments released.

    With the class's last 期 go its commitments and payments for the class as a whole. A class of one 期 has
    what its projects have, 调剂 and 预算调整 included, as in its 决算.
    """
    plan = run.plan
    if plan.sessions == 1 and plan.project_now is not None:
        held_in_all = class_totals(project.pk for project in plan.projects)
        costs = {item: of_item.appropriated for item, of_item in held_in_all.items()}
    others = ClassRun.objects.filter(plan=plan).exclude(pk=run.pk).exclude(state=RunState.CANCELLED)
    last = not others.exists()
    held = line_totals(plan.project_now.pk) if plan.project_now is not None else {}
    paid, released = actual_by_item(run, last=last), _released(run, last=last)
    titles = cost_titles(book)
    lines = []
    for item in in_card_order((item for item, amount in costs.items() if amount), book):
        coming = released.get(item, ZERO)
        free = held[item].available if item in held else ZERO
        lines.append(
            Back(
                item,
                titles.get(item, item),
                share=costs[item],
                free=free + coming,
                paid=paid.get(item, ZERO),
                released=coming,
            )
        )
    return lines


def _released(run: ClassRun, *, last: bool) -> dict[str, Decimal]:
    waiting = Commitment.objects.open().filter(project=run.plan.project_now)
    if not last:
        waiting = waiting.filter(session_no=run.session_no)
    return dict(waiting.order_by().values_list("line__item").annotate(Sum("outstanding")))


def back_text(lines: Sequence[Back], plan: ClassPlan) -> str:
    """What goes back and what stays, in sentences."""
    if not lines:
        return "本期不列经费。"
    back = sum((line.back for line in lines), ZERO)
    released = sum((line.released for line in lines), ZERO)
    stays = sum((line.stays for line in lines), ZERO)
    freed = f"预占 {yuan(released)} 元释放。" if released else ""
    shared = f"项目经费由 {plan.sessions} 期共用，只收回本期的份额。" if plan.sessions > 1 else ""
    if not stays:
        return f"本期经费 {yuan(back)} 元全部收回年度专项预算。{freed}{shared}"
    spent = min(sum((line.paid for line in lines), ZERO), stays)
    kept = f"{yuan(spent)} 元已支出，不能收回，留作本班费用"
    if spent < stays:
        kept += f"，另有 {yuan(stays - spent)} 元已由其他期使用"
    return f"本期经费收回年度专项预算 {yuan(back)} 元；{kept}。{freed}{shared}"
