"""7: sixteen people paying from one budget line, beside one statement and beside ``select_for_update``."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from bench import clock
from bench.fund import HOT, ONE_STATEMENT, together
from bench.load import BOOK, YEAR, at
from budgets.models import Account, Entry, Fund, Payment, Project
from budgets.selectors import first_fault
from budgets.services import GivenPaper, LineAmount, PaidRow, appropriate, commit, pay, supplement
from budgets.states import AccountKind, EntryKind, PayMethod, Subject
from org.models import Department
from rulebook.loader import read

if TYPE_CHECKING:
    from bench.load import World

YUAN = Decimal("1.00")
PLENTY = Decimal(10) ** 7
_ENTRY = (
    "INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, commitment_id,"
    " actor_id, post_id, at, reason, reference) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', '测速')"
)


class Hot(models.Model):
    """The hot row of the one statement, for those who lock it by the ORM."""

    amount = models.DecimalField(max_digits=14, decimal_places=2)
    spent = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        app_label = "bench"
        db_table = "bench_hot"
        managed = False

    def __str__(self) -> str:
        return f"{self.spent} / {self.amount}"


class Expense(models.Model):
    """What was spent of it."""

    hot = models.ForeignKey(Hot, models.DO_NOTHING)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()

    class Meta:
        app_label = "bench"
        db_table = "bench_expense"
        managed = False

    def __str__(self) -> str:
        return f"{self.value}"


def _lock_and_write() -> None:
    with transaction.atomic():
        hot = Hot.objects.select_for_update().get(pk=1)
        if hot.spent + 1 > hot.amount:
            raise RuntimeError("over")
        Expense.objects.create(hot=hot, value=1, at=timezone.now())
        hot.spent += 1
        hot.save(update_fields=["spent"])


def _write_and_update() -> None:
    with transaction.atomic():
        Expense.objects.create(hot_id=1, value=1, at=timezone.now())
        if Hot.objects.filter(pk=1, spent__lte=F("amount") - 1).update(spent=F("spent") + 1) != 1:
            raise RuntimeError("over")


def _one_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ONE_STATEMENT)
        if cursor.rowcount != 1:
            raise RuntimeError("over")


class Line:
    """A budget line of ten million yuan, and the ways one yuan leaves it."""

    def __init__(self, world: World) -> None:
        fund = Fund.objects.select_related("union").get(union__code="u0", year=YEAR)
        self.actor, self.post = world.person(0, "caiwu-head"), world.post(0, "caiwu-head")
        self.at = at(1, 20)
        supplement(fund=fund, amount=PLENTY, basis="测速", actor=self.actor, at=self.at)
        made = appropriate(
            fund=fund,
            number=f"PAY-{uuid.uuid4().hex[:8]}",
            name="测速",
            department=Department.objects.get(union=fund.union, code="xuanchuan"),
            lines=[LineAmount("meals", "伙食费", PLENTY)],
            actor=self.actor,
            post=self.post,
            at=self.at,
            reason="测速",
            reference="测速",
        )
        self.project = Project.objects.select_related("union").get(pk=made.pk)
        self.line = made.lines.get()
        self.accounts = {account.kind: account for account in Account.objects.filter(line=self.line)}
        self.book = read(BOOK)
        kind = next(one for one in self.book.money.kinds if not one.lecture and not one.refund)
        self.kind = kind.code
        self.papers = [
            GivenPaper(paper.code, paper.title, evidence="测速") for paper in self.book.money.papers_of(kind)
        ]
        self.promise = commit(
            line=self.line,
            amount=YUAN,
            title="测速",
            payee="测速",
            key=uuid.uuid4(),
            actor=self.actor,
            at=self.at,
        )

    def service(self) -> None:
        """Everything: right, papers, amounts, payment, papers kept, entry."""
        pay(
            project=self.project,
            kind=self.kind,
            title="测速",
            payee="测速",
            rows=[PaidRow(self.line.pk, YUAN)],
            method=PayMethod.TRANSFER,
            paid_on=self.at.date(),
            subject=Subject.CADRES,
            handler="测速",
            key=uuid.uuid4(),
            book=self.book,
            actor=self.actor,
            at=self.at,
            papers=self.papers,
        )

    def rows(self) -> None:
        """A payment and its entry, without a check before."""
        with transaction.atomic():
            payment = Payment.objects.create(
                project=self.project,
                number=uuid.uuid4().hex,
                kind=self.kind,
                title="测速",
                payee="测速",
                amount=YUAN,
                method=PayMethod.TRANSFER,
                paid_on=self.at.date(),
                subject=Subject.CADRES,
                handler="测速",
                key=uuid.uuid4(),
                created_by=self.actor,
                at=self.at,
            )
            Entry.objects.create(
                kind=EntryKind.PAY,
                debit=self.accounts[AccountKind.LINE],
                credit=self.accounts[AccountKind.PAID],
                amount=YUAN,
                batch=payment.key,
                project=self.project,
                payment=payment,
                actor=self.actor,
                post=self.post,
                at=self.at,
                reference="测速",
            )

    def entry(self) -> None:
        """One INSERT of an entry, as the one statement is written: the trigger checks and moves the money."""
        with connection.cursor() as cursor:
            cursor.execute(
                _ENTRY,
                [
                    EntryKind.COMMIT.value,
                    self.accounts[AccountKind.LINE].pk,
                    self.accounts[AccountKind.COMMITTED].pk,
                    YUAN,
                    uuid.uuid4(),
                    self.project.pk,
                    self.promise.pk,
                    self.actor.pk,
                    self.post.pk,
                    self.at,
                ],
            )

    def check(self) -> None:
        """What left the line is what its entries say, and the whole ledger still proves itself."""
        free = Account.objects.get(pk=self.accounts[AccountKind.LINE].pk).balance
        moved = Entry.objects.filter(project=self.project, debit=self.accounts[AccountKind.LINE]).count()
        if PLENTY - free != moved:
            raise RuntimeError(f"{moved} yuan were moved, but {PLENTY - free} left the line")
        if fault := first_fault():
            raise RuntimeError(str(fault))


def paying(world: World, *, rounds: int, seconds: float) -> dict[str, clock.Series]:
    """Seconds of one yuan leaving the line, all threads together, each on a connection that is warm.

    ``pay``: the service. ``rows``: a payment and its entry by the ORM. ``entry``: one INSERT of an entry.
    ``limit``: one UPDATE and INSERT in one statement; ``conditional``: INSERT, then UPDATE with the check in
    its WHERE; ``locked``: ``select_for_update``, INSERT, UPDATE.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOT)
    line = Line(world)
    ways = {
        "pay": line.service,
        "rows": line.rows,
        "entry": line.entry,
        "limit": _one_statement,
        "conditional": _write_and_update,
        "locked": _lock_and_write,
    }
    series = clock.in_turns(
        {name: lambda act=act: together(act, seconds, warm=3) for name, act in ways.items()}, rounds
    )
    line.check()
    return series
