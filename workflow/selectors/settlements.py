"""The 决算表 of a 期: the same table whether it is being worked on or was settled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from office.wording import days_text

if TYPE_CHECKING:
    from datetime import datetime

    from budgets.models import Settlement
    from workflow.models import ClassRun

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class SheetRow:
    """One budget line, in yuan; ``ceiling`` None where no standard applies."""

    line_id: int
    item: str
    title: str
    budget: Decimal
    adjusted: Decimal
    actual: Decimal
    ceiling: Decimal | None
    working: str
    explanation: str = ""

    @property
    def left(self) -> Decimal:
        """结余; negative where more was spent."""
        return self.adjusted - self.actual

    @property
    def differs(self) -> bool:
        return bool(self.left)


@dataclass(frozen=True)
class SettlementSheet:
    """``settled``: whether it stands for good. ``ceiling``: of the whole quota, on actual attendance."""

    rows: tuple[SheetRow, ...]
    confirmed: int
    trainees: int
    planned: int
    staff: int
    days: Decimal
    ceiling: Decimal | None
    note: str = ""
    settled: bool = False
    actor: str = ""
    post: str = ""
    at: datetime | None = None

    @property
    def budget(self) -> Decimal:
        return sum((row.budget for row in self.rows), ZERO)

    @property
    def adjusted(self) -> Decimal:
        return sum((row.adjusted for row in self.rows), ZERO)

    @property
    def actual(self) -> Decimal:
        return sum((row.actual for row in self.rows), ZERO)

    @property
    def left(self) -> Decimal:
        return self.adjusted - self.actual

    @property
    def days_text(self) -> str:
        """3; 2.5."""
        return days_text(int(self.days * 2))

    @property
    def a_day(self) -> Decimal:
        """人均日均: yuan a person (trainees and staff) and day; 0.00 for nobody."""
        heads = (self.trainees + self.staff) * self.days
        return (self.actual / heads).quantize(Decimal("0.01")) if heads else ZERO


def kept_sheet(run: ClassRun, done: Settlement) -> SettlementSheet:
    """As it was settled; the settlement with its lines, actor and post loaded."""
    ceilings = done.facts.get("lines", {})
    limit = done.facts.get("ceiling")
    return SettlementSheet(
        rows=tuple(
            SheetRow(
                line_id=line.line_id,
                item=line.line.item,
                title=line.line.title,
                budget=line.budget,
                adjusted=line.adjusted,
                actual=line.actual,
                ceiling=_figure(ceilings.get(str(line.line_id), {}).get("ceiling")),
                working=ceilings.get(str(line.line_id), {}).get("working", ""),
                explanation=line.explanation,
            )
            for line in sorted(done.lines.all(), key=lambda line: line.line.ordinal)
        ),
        confirmed=done.facts.get("confirmed", 0),
        trainees=done.trainees,
        planned=done.facts.get("planned_trainees", run.trainees),
        staff=done.staff,
        days=done.days,
        ceiling=_figure(limit),
        note=done.note,
        settled=True,
        actor=done.actor.name,
        post=done.post.full_title if done.post is not None else "",
        at=done.at,
    )


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
