"""Finance spends on the demo's classes: commitments, an advance, lecturers, the rest; some still open."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from itertools import count
from typing import TYPE_CHECKING, Final

from django.core.files.base import ContentFile
from django.utils import timezone

from budgets.models import BudgetLine
from budgets.selectors import ProjectTotals, line_totals
from budgets.services import GivenFee, GivenInvoice, PaidRow
from budgets.states import PayMethod, Subject
from workflow.costs import LECTURE, LECTURER_TRAVEL
from workflow.demo.clock import at_work
from workflow.demo.houses import acting
from workflow.models import Lesson
from workflow.services import spending
from workflow.services.spending import Paying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from budgets.models import Commitment, Project
    from office.models import StoredFile
    from org.models import User
    from workflow.demo.callups import Call
    from workflow.models import ClassRun

#: One empty page: what stands in for a scan.
_PAGE: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
_TENS: Final = Decimal(10)


@dataclass
class Purse:
    """The money of one 期 as finance handles it. ``day`` counts working days from the day of loading."""

    call: Call
    _vouchers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def run(self) -> ClassRun:
        return self.call.run

    @property
    def project(self) -> Project:
        project = self.run.plan.project
        if project is None:
            raise RuntimeError(f"{self.run} has no project")
        return project

    @property
    def clerk(self) -> User:
        return self.call.built.people[f"{self.call.built.house.finance}-staff"]

    def when(self, day: int, hour: int = 15) -> datetime:
        return at_work(self.call.today, day, hour)

    def share(self, item: str, part: str) -> Decimal:
        """A part of what is free on a line, in whole tens of yuan."""
        free = line_totals(self.project.pk).get(item, ProjectTotals()).available / self.run.plan.sessions
        return (free * Decimal(part) / _TENS).to_integral_value(ROUND_DOWN) * _TENS

    def line(self, item: str) -> BudgetLine | None:
        return BudgetLine.objects.filter(project=self.project, item=item).first()

    def scan(self, name: str, at: datetime) -> StoredFile:
        return spending.keep(ContentFile(_PAGE, name=f"{name}.pdf"), at=at)  # type: ignore[arg-type]

    def commit(self, item: str, part: str, title: str, payee: str, *, day: int) -> Commitment | None:
        """预占 a part of a line by a contract; None where the line has nothing."""
        line, amount = self.line(item), self.share(item, part)
        if line is None or not amount:
            return None
        at = self.when(day)
        with acting(self.clerk) as clerk:
            return spending.commit(
                project_id=self.project.pk,
                line_id=line.pk,
                amount=amount,
                title=title,
                payee=payee,
                key=uuid.uuid4(),
                actor=clerk,
                at=at,
                session_no=self.run.session_no,
                contract_number=f"{self.run.code}-合同1",
                contract_on=timezone.localdate(at),
                files=[self.scan("合同", at)],
            )

    def pay(
        self,
        kind: str,
        title: str,
        payee: str,
        rows: list[PaidRow],
        *papers: str,
        day: int,
        hour: int = 16,
        fees: tuple[GivenFee, ...] = (),
        invoices: int = 0,
    ) -> None:
        """支出 with a scan of each of ``papers``."""
        rows = [row for row in rows if row.amount]
        if not rows:
            return
        at, number = self.when(day, hour), 20 * self.project.pk + next(self._vouchers)
        with acting(self.clerk) as clerk:
            spending.pay(
                project_id=self.project.pk,
                given=Paying(
                    kind=kind,
                    title=title,
                    payee=payee,
                    rows=rows,
                    method=PayMethod.TRANSFER,
                    paid_on=timezone.localdate(at),
                    subject=Subject.CADRES,
                    handler=clerk.name,
                    session_no=self.run.session_no,
                    voucher=f"记-{number}",
                    attachments=len(papers) + invoices,
                    invoices=[
                        GivenInvoice(f"{self.project.pk:04}{number:04}{one:04}", part)
                        for one, part in enumerate(_parts(rows, invoices))
                    ],
                    fees=fees,
                    files={code: [self.scan(code, at)] for code in papers},
                ),
                key=uuid.uuid4(),
                actor=clerk,
                at=at,
            )


def spend_on_finished(call: Call) -> None:
    """Held and over: all is paid but for what was saved; finance only has to settle it."""
    purse = Purse(call)
    host = call.run.implementer or call.run.venue
    hall = purse.commit("venue", "0.9", "场地和资料", host, day=-28)
    if hall is not None:
        deposit = (hall.outstanding * Decimal("0.3") / _TENS).to_integral_value(ROUND_DOWN) * _TENS
        purse.pay("advance", "场地定金", host, [PaidRow(hall.line_id, deposit, hall.pk)], day=-26)
        rest = PaidRow(hall.line_id, hall.outstanding - deposit, hall.pk)
        purse.pay(
            "balance", "场地和资料尾款", host, [rest], "invoice", "cost_list", day=-1, hour=19, invoices=1
        )
    _lecturers(purse, day=-1)
    travel = purse.line(LECTURER_TRAVEL)
    if travel is not None:
        fares = [PaidRow(travel.pk, purse.share(LECTURER_TRAVEL, "0.9"))]
        purse.pay(
            "lecturer_travel", "授课教师往返交通", "授课教师", fares, "travel_vouchers", day=-1, hour=18
        )
    for item, title, part in (("meals", "学员和工作人员餐费", "0.85"), ("lodging", "住宿费", "0.9")):
        line = purse.line(item)
        if line is not None:
            row = PaidRow(line.pk, purse.share(item, part))
            purse.pay("balance", title, host, [row], "invoice", "cost_list", day=-1, hour=20, invoices=2)


def spend_on_under_way(call: Call) -> None:
    """Being held: the place is committed and its deposit paid."""
    purse = Purse(call)
    host = call.run.implementer or call.run.venue
    hall = purse.commit("venue", "0.95", "场地和资料", host, day=-6)
    purse.commit("meals", "0.8", "学员和工作人员用餐", host, day=-6)
    if hall is not None:
        deposit = (hall.outstanding * Decimal("0.3") / _TENS).to_integral_value(ROUND_DOWN) * _TENS
        purse.pay("advance", "场地定金", host, [PaidRow(hall.line_id, deposit, hall.pk)], day=-5)


def _parts(rows: list[PaidRow], count: int) -> list[Decimal]:
    """What each of so many invoices is over: whole yuan, the last one the rest."""
    total = sum((row.amount for row in rows), Decimal(0))
    parts = [(total / count).to_integral_value(ROUND_DOWN) for _ in range(count - 1)]
    return [*parts, total - sum(parts)] if count else []


def _lecturers(purse: Purse, *, day: int) -> None:
    """What the timetable says, at the card's rates, as far as the line goes."""
    line, book = purse.line(LECTURE), purse.call.built.book
    rates = {rate.code: rate for rate in book.rate_card.lecture}
    if line is None:
        return
    hours: defaultdict[tuple[str, str], Decimal] = defaultdict(lambda: Decimal(0))
    topics: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for lesson in Lesson.objects.filter(run=purse.run).order_by("day", "half", "id"):
        if lesson.lecturer and lesson.lecturer_title in rates:
            hours[lesson.lecturer, lesson.lecturer_title] += lesson.hours
            topics[lesson.lecturer, lesson.lecturer_title].append(lesson.topic)
    left = purse.share(LECTURE, "1")
    fees = []
    for (name, title), taught in hours.items():
        after, before = rates[title].after_tax * taught, rates[title].before_tax * taught
        if before <= left:
            left -= before
            fees.append(GivenFee(name, title, taught, after, before, "、".join(topics[name, title])[:300]))
    total = sum((fee.before_tax for fee in fees), Decimal("0.00"))
    purse.pay(
        "lecture",
        "讲课费",
        "授课教师",
        [PaidRow(line.pk, total)],
        "slip",
        day=day,
        hour=19,
        fees=tuple(fees),
    )
