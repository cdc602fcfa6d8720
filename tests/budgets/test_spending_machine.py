"""Random people commit, pay, refund, reverse, move, close and carry; the database's rows are what must fit.

The model is a few lines of arithmetic a line: free, committed, paid. What it says will be refused is refused,
what it says goes through goes through; after each step all is added up again in SQL.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from io import StringIO
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from budgets.models import Account, BudgetLine, Commitment, Entry, Fund, Payment, Project
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import (
    GivenInvoice,
    PaidRow,
    Shift,
    carry_over,
    close_year,
    give_back_remainder,
    release,
    release_all,
    reopen_year,
    reverse_entry,
    reverse_payment,
    transfer,
)
from office.refusals import Refused
from org.models import User
from tests.budgets.cast import NOW, Cast, adjust, found, fund_of, give
from tests.budgets.spend import commit_to, pay_out, refund_of

ZERO = Decimal("0.00")
money = st.decimals(Decimal("0.01"), Decimal("60.00"), places=2) | st.decimals(1, 700, places=2)
people = st.sampled_from(["caiwu"] * 9 + ["jiceng", "xuanchuan"])
sessions = st.sampled_from([None, None, 1, 2])
GIVEN = ("900.00", "450.50", "300.00", "0.00", "700.25", "1200.00")

MISFITS = """
    SELECT 'fund', fund_id FROM budgets_account GROUP BY fund_id HAVING SUM(balance) <> 0
    UNION ALL SELECT 'below nought', id FROM budgets_account WHERE balance < 0 AND kind <> 'source'
    UNION ALL SELECT 'committed', a.id
      FROM budgets_account a LEFT JOIN budgets_commitment m ON m.line_id = a.line_id
     WHERE a.kind = 'committed' GROUP BY a.id HAVING a.balance <> COALESCE(SUM(m.outstanding), 0)
    UNION ALL SELECT 'paid', b.project_id
      FROM budgets_budgetline b JOIN budgets_account a ON a.line_id = b.id AND a.kind = 'paid'
     GROUP BY b.project_id HAVING SUM(a.balance) <> (
        SELECT COALESCE(SUM(CASE WHEN y.refunds_id IS NULL THEN y.amount ELSE -y.amount END), 0)
          FROM budgets_payment y
         WHERE y.project_id = b.project_id AND NOT EXISTS (
            SELECT 1 FROM budgets_entry e WHERE e.payment_id = y.id AND e.kind = 'reverse'))
    UNION ALL SELECT 'reversed twice', reverses_id
      FROM budgets_entry WHERE reverses_id IS NOT NULL GROUP BY reverses_id HAVING COUNT(*) > 1
    UNION ALL SELECT 'invoice', MIN(id)
      FROM budgets_invoice WHERE active AND shared = '' GROUP BY union_id, number HAVING COUNT(*) > 1
"""


@dataclass
class Promise:
    """A commitment: of which line, what was promised, what is left."""

    line: int
    whole: Decimal
    left: Decimal
    session: int | None
    reversed: bool = False
    releases: list[tuple[int, Decimal]] = field(default_factory=list)


@dataclass
class Paid:
    """A payment: its rows as (line, commitment, amount), and what came back by line."""

    rows: list[tuple[int, int | None, Decimal]]
    back: dict[int, Decimal] = field(default_factory=dict)
    refunds: int | None = None
    reversed: bool = False
    invoice: str = ""


@dataclass
class Stand:
    """Where the yuan of a line are."""

    free: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO


class Spending(RuleBasedStateMachine):
    """Two years of one fund, three classes with two lines each: money that comes and goes."""

    commitments = Bundle("commitments")
    payments = Bundle("payments")
    cast: ClassVar[Cast]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.year = fund_of(self.cast, "5000.00")
        self.next = fund_of(self.cast, "100.00", year=2028)
        self.projects = [give(self.cast, self.year, *GIVEN[2 * n : 2 * n + 2]) for n in range(3)]
        self.lines: dict[int, BudgetLine] = {
            line.pk: line for project in self.projects for line in project.lines.order_by("ordinal")
        }
        self.stand = {pk: Stand(Decimal(amount)) for pk, amount in zip(self.lines, GIVEN, strict=True)}
        self.fund = Decimal("5000.00") - sum(map(Decimal, GIVEN))
        self.carried = ZERO
        self.promises: dict[int, Promise] = {}
        self.paid: dict[int, Paid] = {}
        self.closed = False

    def teardown(self) -> None:
        # What is only checked at the end of a transaction is checked before this one is undone.
        connection.check_constraints()
        call_command("audit_ledger", stdout=StringIO())
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def person(self, who: str) -> User:
        return self.cast.people[who]

    def may(self, who: str) -> bool:
        return who == "caiwu" and not self.closed

    def project_of(self, line: int) -> Project:
        return next(project for project in self.projects if project.pk == self.lines[line].project_id)

    def one_line(self, data: st.DataObject) -> int:
        pk: int = data.draw(st.sampled_from(list(self.lines)))
        return pk

    # What people do

    @initialize(target=commitments, session=sessions)
    def begin_with_promises(self, session: int | None) -> object:
        first, *_, last = self.lines
        return multiple(*[self.promised(line, Decimal(150), session) for line in (first, last)])

    @rule(target=commitments, data=st.data(), amount=money, who=people, session=sessions)
    def promise(self, data: st.DataObject, amount: Decimal, who: str, session: int | None) -> object:
        line = self.one_line(data)
        if self.may(who) and amount <= self.stand[line].free:
            return self.promised(line, amount, session)
        with pytest.raises(Refused):
            commit_to(
                self.cast,
                self.project_of(line),
                str(amount),
                line=self.lines[line],
                session_no=session,
                actor=self.person(who),
            )
        return multiple()

    def promised(self, line: int, amount: Decimal, session: int | None) -> int:
        """A commitment that goes through."""
        made = commit_to(
            self.cast, self.project_of(line), str(amount), line=self.lines[line], session_no=session
        )
        self.stand[line].free -= amount
        self.stand[line].committed += amount
        self.promises[made.pk] = Promise(line, amount, amount, session)
        return made.pk

    @rule(pk=commitments, part=st.none() | money, who=people)
    def release(self, pk: int, part: Decimal | None, who: str) -> None:
        promise = self.promises[pk]
        amount = promise.left if part is None else part
        given = Commitment.objects.get(pk=pk)

        def act() -> Entry:
            return release(commitment=given, amount=part, reason="减", actor=self.person(who), at=NOW)

        if not self.may(who) or not ZERO < amount <= promise.left:
            with pytest.raises(Refused):
                act()
            return
        promise.releases.append((act().pk, amount))
        self.let_go(promise, amount)

    def let_go(self, promise: Promise, amount: Decimal) -> None:
        promise.left -= amount
        self.stand[promise.line].committed -= amount
        self.stand[promise.line].free += amount

    def cancel(self, data: st.DataObject) -> None:
        """A class or a 期 of it won't be held: nobody's right is asked for here."""
        project = data.draw(st.sampled_from(self.projects))
        session = data.draw(sessions)

        def act() -> list[Entry]:
            return release_all(
                project=project, session_no=session, reason="取消", actor=self.cast.finance, post=None, at=NOW
            )

        if self.closed:
            with pytest.raises(Refused):
                act()
            return
        released = {entry.commitment_id: entry for entry in act()}
        for pk, promise in self.promises.items():
            if (
                promise.left
                and self.project_of(promise.line) == project
                and session in (None, promise.session)
            ):
                promise.releases.append((released.pop(pk).pk, promise.left))
                self.let_go(promise, promise.left)
        assert released == {}

    @initialize(target=payments, session=sessions)
    def begin_with_payments(self, session: int | None) -> object:
        first, *_, last = self.lines
        return multiple(
            *[self.record([(line, None, Decimal(90))], session=session) for line in (first, last)]
        )

    @rule(
        target=payments,
        data=st.data(),
        amounts=st.lists(money, min_size=1, max_size=3),
        who=people,
        invoice=st.sampled_from(["", "", "11111111", "22222222"]),
        session=sessions,
    )
    def pay(
        self, data: st.DataObject, amounts: list[Decimal], who: str, invoice: str, session: int | None
    ) -> object:
        """Free and promised money of one project together."""
        project = self.projects[data.draw(st.integers(0, 2))]
        own = [pk for pk in self.lines if self.project_of(pk) == project]
        sources: list[tuple[int, int | None]] = [(line, None) for line in own]
        sources += [(p.line, pk) for pk, p in self.promises.items() if p.line in own and p.left]
        chosen = data.draw(
            st.lists(st.sampled_from(sources), min_size=len(amounts), max_size=len(amounts), unique=True)
            if len(sources) >= len(amounts)
            else st.just(sources[:1])
        )
        rows = [(line, pk, amount) for (line, pk), amount in zip(chosen, amounts, strict=False)]
        enough = all(
            amount <= (self.stand[line].free if pk is None else self.promises[pk].left)
            for line, pk, amount in rows
        )
        fits = all(pk is None or self.promises[pk].session in (None, session) for _, pk, _ in rows)
        used = invoice and any(p.invoice == invoice and not p.reversed for p in self.paid.values())

        def act() -> Payment:
            return pay_out(
                self.cast,
                project,
                *[PaidRow(line, amount, pk) for line, pk, amount in rows],
                actor=self.person(who),
                session_no=session,
                invoices=[GivenInvoice(invoice)] if invoice else [],
            )

        if not self.may(who) or not enough or not fits or used:
            with pytest.raises(Refused):
                act()
            return multiple()
        made = act()
        for row in rows:
            self.move_paid(row, 1)
        self.paid[made.pk] = Paid(rows, invoice=invoice)
        return made.pk

    @rule(target=payments, pk=commitments, part=st.none() | money)
    def pay_what_was_promised(self, pk: int, part: Decimal | None) -> object:
        promise = self.promises[pk]
        if not promise.left or self.closed:
            return multiple()
        row = (promise.line, pk, promise.left if part is None else min(part, promise.left))
        return self.record([row], session=promise.session)

    def record(self, rows: list[tuple[int, int | None, Decimal]], *, session: int | None) -> int:
        """A payment that goes through."""
        made = pay_out(
            self.cast,
            self.project_of(rows[0][0]),
            *[PaidRow(line, amount, promise) for line, promise, amount in rows],
            session_no=session,
        )
        for row in rows:
            self.move_paid(row, 1)
        self.paid[made.pk] = Paid(rows)
        return made.pk

    def move_paid(self, row: tuple[int, int | None, Decimal], way: int) -> None:
        line, promise, amount = row
        self.stand[line].paid += way * amount
        if promise is None:
            self.stand[line].free -= way * amount
        else:
            self.stand[line].committed -= way * amount
            self.promises[promise].left -= way * amount

    @rule(pk=payments, again=st.uuids())
    def pay_twice_by_one_form(self, pk: int, again: uuid.UUID) -> None:
        """The same key with the same content is the same payment, whatever happened since."""
        done = Payment.objects.get(pk=pk)
        if done.refunds_id is None:
            rows = [PaidRow(line, amount, promise) for line, promise, amount in self.paid[pk].rows]
            sent = {"key": done.key, "session_no": done.session_no}
            assert pay_out(self.cast, done.project, *rows, **sent) == done
        assert not Payment.objects.filter(key=again).exists()

    @rule(target=payments, pk=payments, data=st.data(), amount=money, who=people)
    def refund(self, pk: int, data: st.DataObject, amount: Decimal, who: str) -> object:
        paid = self.paid[pk]
        line = data.draw(st.sampled_from(sorted({row[0] for row in paid.rows})))
        left = sum((row[2] for row in paid.rows if row[0] == line), ZERO) - paid.back.get(line, ZERO)
        amount = data.draw(st.sampled_from([amount, left or amount]))

        def act() -> Payment:
            return refund_of(
                self.cast, Payment.objects.get(pk=pk), PaidRow(line, amount), actor=self.person(who)
            )

        if not self.may(who) or paid.reversed or paid.refunds is not None or amount > left:
            with pytest.raises(Refused):
                act()
            return multiple()
        made = act()
        paid.back[line] = paid.back.get(line, ZERO) + amount
        self.stand[line].paid -= amount
        self.stand[line].free += amount
        self.paid[made.pk] = Paid([(line, None, amount)], refunds=pk)
        return made.pk

    @rule(pk=payments, who=people, by_entry=st.booleans())
    def reverse(self, pk: int, who: str, by_entry: bool) -> None:
        """A payment or a refund, whole."""
        paid, kept = self.paid[pk], Payment.objects.get(pk=pk)

        def act() -> list[Entry]:
            given: dict[str, Any] = {"reason": "填错", "actor": self.person(who), "at": NOW}
            if by_entry:
                return reverse_entry(entry=kept.entries.order_by("id")[0], **given)
            return reverse_payment(payment=kept, **given)

        short = paid.refunds is not None and paid.rows[0][2] > self.stand[paid.rows[0][0]].free
        if not self.may(who) or paid.reversed or any(paid.back.values()) or short:
            with pytest.raises(Refused):
                act()
            return
        assert len(act()) == len(paid.rows)
        paid.reversed = True
        if paid.refunds is None:
            for row in paid.rows:
                self.move_paid(row, -1)
            return
        line, _, amount = paid.rows[0]
        self.paid[paid.refunds].back[line] -= amount
        self.stand[line].paid += amount
        self.stand[line].free -= amount

    @rule(pk=commitments, who=people, data=st.data())
    def reverse_promise(self, pk: int, who: str, data: st.DataObject) -> None:
        """The commitment itself, or one of its releases."""
        promise = self.promises[pk]
        release_, amount = data.draw(st.sampled_from([(0, promise.whole), *promise.releases]))
        entries = Commitment.objects.get(pk=pk).entries
        entry = entries.get(pk=release_) if release_ else entries.get(kind="commit")

        def act() -> list[Entry]:
            return reverse_entry(entry=entry, reason="填错", actor=self.person(who), at=NOW)

        short = amount > self.stand[promise.line].free if release_ else promise.left < promise.whole
        if not self.may(who) or short or (promise.reversed and not release_):
            with pytest.raises(Refused):
                act()
            return
        act()
        if release_:
            promise.releases.remove((release_, amount))
            self.let_go(promise, -amount)
        else:
            promise.reversed = True
            self.let_go(promise, amount)

    @rule(data=st.data(), amount=money)
    def transfer(self, data: st.DataObject, amount: Decimal) -> None:
        source, target = self.one_line(data), self.one_line(data)

        def act() -> None:
            transfer(
                shifts=[Shift(source, target, amount)],
                actor=self.cast.people["jiceng"],
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            )

        if self.closed or source == target or amount > self.stand[source].free:
            with pytest.raises(Refused):
                act()
            return
        act()
        self.stand[source].free -= amount
        self.stand[target].free += amount

    @rule(data=st.data(), change=st.decimals(-900, 900, places=2))
    def rebudget(self, data: st.DataObject, change: Decimal) -> None:
        line = self.one_line(data)
        project, item = self.project_of(line), self.lines[line].item
        if self.closed or change > self.fund or self.stand[line].free + change < 0:
            with pytest.raises(Refused):
                adjust(self.cast, project, {item: change})
            return
        adjust(self.cast, project, {item: change})
        self.stand[line].free += change
        self.fund -= change

    def give_back(self, data: st.DataObject) -> None:
        project = Project.objects.get(pk=data.draw(st.sampled_from(self.projects)).pk)
        own = [self.stand[pk] for pk in self.lines if self.project_of(pk) == project]

        def act() -> list[Entry]:
            return give_back_remainder(
                project=project, actor=self.cast.finance, post=None, at=NOW, reason="x", reference="y"
            )

        if self.closed and any(stand.free for stand in own):
            with pytest.raises(Refused):
                act()
            return
        act()
        for stand in own:
            self.fund += stand.free
            stand.free = ZERO

    def carry(self, data: st.DataObject) -> None:
        amount = data.draw(money)

        def act() -> None:
            carry_over(
                fund=self.year,
                to=self.next,
                amount=amount,
                actor=self.cast.people["jiceng"],
                post=None,
                at=NOW,
                reason="x",
                reference="y",
            )

        if self.closed or amount > self.fund:
            with pytest.raises(Refused):
                act()
            return
        act()
        self.fund -= amount
        self.carried += amount

    @rule(data=st.data(), what=st.sampled_from(["cancel", "give_back", "carry", "carry", "close", "close"]))
    def seldom(self, data: st.DataObject, what: str) -> None:
        """What happens a few times in a year."""
        getattr(self, what)(data)

    def close(self, data: st.DataObject) -> None:
        who = data.draw(people)
        fund = Fund.objects.get(pk=self.year.pk)
        if not self.may(who) or any(promise.left for promise in self.promises.values()):
            with pytest.raises(Refused):
                close_year(fund=fund, actor=self.person(who), at=NOW)
            return
        close_year(fund=fund, actor=self.person(who), at=NOW)
        self.shut(closed=True)

    @precondition(lambda self: self.closed)
    @rule(who=people, reason=st.sampled_from(["漏记一笔", ""]))
    def reopen(self, who: str, reason: str) -> None:
        fund = Fund.objects.get(pk=self.year.pk)
        if not self.closed or who != "caiwu" or not reason:
            with pytest.raises(Refused):
                reopen_year(fund=fund, reason=reason, actor=self.person(who), at=NOW)
            return
        reopen_year(fund=fund, reason=reason, actor=self.person(who), at=NOW)
        self.shut(closed=False)

    def shut(self, *, closed: bool) -> None:
        """What a page would read anew before the next act."""
        self.closed = closed
        self.year = Fund.objects.get(pk=self.year.pk)
        assert self.year.closed_on == (dt.date(2027, 1, 20) if closed else None)

    @rule(data=st.data(), amount=money, who=people)
    def change_ones_mind(self, data: st.DataObject, amount: Decimal, who: str) -> None:
        """The caller's transaction fails after the money moved."""
        line = self.one_line(data)
        if not self.may(who) or amount > self.stand[line].free:
            return
        with transaction.atomic():
            pay_out(self.cast, self.project_of(line), PaidRow(line, amount))
            transaction.set_rollback(True)

    # What must fit

    @invariant()
    def each_line_is_where_the_arithmetic_has_it(self) -> None:
        found: dict[int, dict[str, Decimal]] = {}
        accounts = Account.objects.filter(line__in=self.lines).values_list("line", "kind", "balance")
        for line, kind, balance in accounts:
            found.setdefault(line, {})[kind] = balance
        assert {line: (of["line"], of["committed"], of["paid"]) for line, of in found.items()} == {
            line: (stand.free, stand.committed, stand.paid) for line, stand in self.stand.items()
        }
        outstanding = dict(Commitment.objects.values_list("pk", "outstanding"))
        assert outstanding == {pk: promise.left for pk, promise in self.promises.items()}
        totals = fund_totals([self.year.pk, self.next.pk])
        assert (totals[self.year.pk].available, totals[self.next.pk].available) == (
            self.fund,
            100 + self.carried,
        )
        assert Payment.objects.count() == len(self.paid)

    @invariant()
    def the_rows_prove_it_again(self) -> None:
        assert first_fault() is None
        assert all(sums.holds for sums in conservation().values())
        with connection.cursor() as cursor:
            cursor.execute(MISFITS)
            assert cursor.fetchall() == []


@pytest.mark.django_db
def test_random_acts_keep_every_yuan() -> None:
    Spending.cast = found("binhai", "滨海新区总工会")
    run_state_machine_as_test(
        Spending,
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
