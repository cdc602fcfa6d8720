"""The 决算表 of a 期: the same table whether it is being worked on or was settled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from budgets.models import Payment
from office.wording import days_text
from workflow.selectors.fund_lists import items_text, with_items

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import Q

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
    def outside(self) -> bool:
        """预算外: spent on what the budget hadn't."""
        return not self.budget and self.actual > 0

    @property
    def differs(self) -> bool:
        return bool(self.left)


@dataclass(frozen=True)
class Together:
    """Some rows added up, in yuan."""

    budget: Decimal
    adjusted: Decimal
    actual: Decimal

    @property
    def left(self) -> Decimal:
        return self.adjusted - self.actual


def together(rows: Iterable[SheetRow]) -> Together:
    """These rows added up."""
    rows = tuple(rows)
    return Together(
        sum((row.budget for row in rows), ZERO),
        sum((row.adjusted for row in rows), ZERO),
        sum((row.actual for row in rows), ZERO),
    )


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
    def within(self) -> tuple[SheetRow, ...]:
        """What the quota is for; with ``quota`` below it."""
        return tuple(row for row in self.rows if row.ceiling is not None)

    @property
    def beyond(self) -> tuple[SheetRow, ...]:
        """What is outside the quota (师资费, 师资差旅费), or all there is where there is none."""
        return tuple(row for row in self.rows if row.ceiling is None)

    @property
    def ordered(self) -> tuple[SheetRow, ...]:
        """What the quota is for first, so that its sum can stand below it."""
        return (*self.within, *self.beyond)

    @property
    def quota(self) -> Together | None:
        """What is inside the quota added up, to stand beside ``ceiling``; None where nothing is."""
        return together(self.within) if self.within else None

    @property
    def outside(self) -> tuple[SheetRow, ...]:
        """预算外事项."""
        return tuple(row for row in self.rows if row.outside)

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


@dataclass(frozen=True)
class BookedPayment:
    """A payment as the 报销附件清单 names it; ``amount`` below nought for a refund."""

    payment: Payment
    amount: Decimal
    items: str
    invoices: tuple[str, ...]
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Attached:
    """报销附件清单 of a 期: its payments that count, with 票据份数 (``bills``) and 附件张数 (``sheets``)."""

    payments: tuple[BookedPayment, ...]
    bills: int
    sheets: int

    @property
    def amount(self) -> Decimal:
        return sum((one.amount for one in self.payments), ZERO)


def attached(which: Q) -> Attached:
    """The papers of the payments of that condition that stand, oldest first; three queries."""
    found = with_items(Payment.objects.filter(which).standing()).order_by("paid_on", "id")
    rows, bills = [], 0
    for payment in found.prefetch_related("invoices", "papers"):
        numbers = tuple(invoice.number for invoice in payment.invoices.all() if invoice.active)
        bills += len(numbers)
        rows.append(
            BookedPayment(
                payment=payment,
                amount=payment.amount if payment.refunds_id is None else -payment.amount,
                items=items_text(payment.items),  # type: ignore[attr-defined]
                invoices=numbers,
                papers=tuple(dict.fromkeys(paper.title for paper in payment.papers.all())),
            )
        )
    return Attached(tuple(rows), bills, sum(row.payment.attachments for row in rows))
