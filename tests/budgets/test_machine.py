"""Random people open, add to and give out funds; a few lines of arithmetic say what must come of it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from io import StringIO
from typing import ClassVar

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from budgets.models import Account, Entry, Fund, Project
from budgets.selectors import first_fault, fund_totals, project_totals
from budgets.services import supplement
from budgets.states import EntryKind
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, adjust, found, fund_of, give

money = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("5000.00"), places=2)
unions = st.sampled_from(["binhai", "mianyang"])


class Ledger(RuleBasedStateMachine):
    """The model: what was granted by fund, what each project got; nothing else exists."""

    funds = Bundle("funds")
    casts: ClassVar[dict[str, Cast]]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.granted: dict[Fund, Decimal] = {}
        self.given: dict[Fund, dict[Project, Decimal]] = {}
        self.closed: set[Fund] = set()
        self.entries = 0

    def teardown(self) -> None:
        # What is only checked at the end of a transaction is checked before this one is undone.
        connection.check_constraints()
        call_command("audit_ledger", stdout=StringIO())
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def cast_of(self, fund: Fund) -> Cast:
        return self.casts[fund.union.code]

    def available(self, fund: Fund) -> Decimal:
        return self.granted[fund] - sum(self.given[fund].values(), Decimal("0.00"))

    @rule(target=funds, code=unions, year=st.integers(2027, 2029), amount=money)
    def open(self, code: str, year: int, amount: Decimal) -> Fund:
        cast = self.casts[code]
        known = next((f for f in self.granted if f.union_id == cast.union.pk and f.year == year), None)
        if known is not None:
            with pytest.raises(Refused, match="已设立"):
                fund_of(cast, str(amount), year=year)
            return known
        fund = fund_of(cast, str(amount), year=year)
        self.granted[fund], self.given[fund] = amount, {}
        self.entries += 1
        return fund

    @rule(fund=funds, amount=money, who=st.sampled_from(["caiwu", "caiwu", "jiceng", "xuanchuan"]))
    def add(self, fund: Fund, amount: Decimal, who: str) -> None:
        actor = self.cast_of(fund).people[who]
        if who != "caiwu" or fund in self.closed:
            with pytest.raises(Refused):
                supplement(fund=fund, amount=amount, basis="追加", actor=actor, at=NOW)
            return
        supplement(fund=fund, amount=amount, basis="追加", actor=actor, at=NOW)
        self.granted[fund] += amount
        self.entries += 1

    @rule(
        fund=funds,
        amounts=st.lists(money | st.just(Decimal("0.00")), max_size=4),
        department=st.sampled_from(["xuanchuan", "quanyi"]),
    )
    def appropriate(self, fund: Fund, amounts: list[Decimal], department: str) -> None:
        needed = sum(amounts, Decimal("0.00"))
        values = [str(amount) for amount in amounts]
        if fund in self.closed:
            with pytest.raises(Refused, match="结账"):
                give(self.cast_of(fund), fund, *values, department=department)
        elif needed > self.available(fund):
            short = needed - self.available(fund)
            with pytest.raises(Refused, match=f"差 {short:,.2f} 元"):
                give(self.cast_of(fund), fund, *values, department=department)
        else:
            project = give(self.cast_of(fund), fund, *values, department=department)
            self.given[fund][project] = needed
            self.entries += sum(1 for amount in amounts if amount)

    @rule(fund=funds)
    def appropriate_the_rest(self, fund: Fund) -> None:
        self.appropriate(fund, [self.available(fund)], "quanyi")

    @rule(fund=funds, change=st.decimals(-3000, 3000, places=2), data=st.data())
    def rebudget(self, fund: Fund, change: Decimal, data: st.DataObject) -> None:
        """One line of a class gets more, or gives back."""
        if not self.given[fund]:
            return
        project = data.draw(st.sampled_from(sorted(self.given[fund], key=lambda one: one.pk)))
        if fund in self.closed:
            with pytest.raises(Refused, match="结账"):
                adjust(self.cast_of(fund), project, {"item-1": change})
            return
        line = Account.objects.filter(line__project=project, line__item="item-1", kind="line").first()
        free = line.balance if line is not None else Decimal("0.00")
        if change > self.available(fund) or free + change < 0:
            with pytest.raises(Refused, match=r"差|不能收回"):
                adjust(self.cast_of(fund), project, {"item-1": change})
            return
        adjust(self.cast_of(fund), project, {"item-1": change})
        self.given[fund][project] += change
        self.entries += bool(change)

    @rule(fund=funds, amount=money)
    def change_ones_mind(self, fund: Fund, amount: Decimal) -> None:
        """The caller's transaction fails after the money moved."""
        if fund in self.closed or amount > self.available(fund):
            return
        with transaction.atomic():
            give(self.cast_of(fund), fund, str(amount))
            transaction.set_rollback(True)

    @rule(fund=funds, closed=st.booleans())
    def close_or_reopen(self, fund: Fund, closed: bool) -> None:
        Fund.objects.filter(pk=fund.pk).update(closed_on=NOW.date() if closed else None)
        (self.closed.add if closed else self.closed.discard)(fund)

    @rule(fund=funds, beyond=money)
    def overdraw_by_hand(self, fund: Fund, beyond: Decimal) -> None:
        """Rows that pass by the services: the database refuses them whole."""
        line = Account.objects.filter(fund=fund, kind="line").order_by("id").select_related("line").first()
        if line is None or line.line is None:
            return
        row = Entry(
            kind=EntryKind.APPROPRIATE,
            debit=Account.objects.get(fund=fund, kind="fund"),
            credit=line,
            amount=self.available(fund) + beyond,
            batch=uuid.uuid4(),
            project_id=line.line.project_id,
            actor=self.cast_of(fund).finance,
            at=NOW,
        )
        expected = "budgets_entry_closed" if fund in self.closed else "budgets_account_balance"
        with pytest.raises(IntegrityError, match=expected), transaction.atomic():
            Entry.objects.bulk_create([row])

    @invariant()
    def ledger_and_arithmetic_agree(self) -> None:
        totals = fund_totals(fund.pk for fund in self.granted)
        for fund, granted in self.granted.items():
            t = totals[fund.pk]
            assert (t.granted, t.available) == (granted, self.available(fund))
            assert t.appropriated == sum(self.given[fund].values(), Decimal("0.00"))
            shares = project_totals(project.pk for project in self.given[fund])
            assert {pk: s.appropriated for pk, s in shares.items()} == {
                project.pk: amount for project, amount in self.given[fund].items()
            }
        assert Entry.objects.count() == self.entries
        assert Project.objects.count() == sum(len(projects) for projects in self.given.values())
        assert first_fault() is None

    @invariant()
    def every_fund_adds_up_to_nothing(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT fund_id, SUM(balance) FROM budgets_account GROUP BY fund_id HAVING SUM(balance) <> 0"
            )
            assert cursor.fetchall() == []
        assert not Account.objects.exclude(kind="source").filter(balance__lt=0).exists()


@pytest.mark.django_db
def test_random_acts_keep_every_yuan() -> None:
    Ledger.casts = {code: found(code, code) for code in ("binhai", "mianyang")}
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
