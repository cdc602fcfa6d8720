"""Random people open, add to and give out funds; a few lines of arithmetic say what must come of it."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from budgets.models import Account, Entry, Fund, Project
from budgets.selectors import first_fault, fund_totals, project_totals
from budgets.services import supplement
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, found, fund_of, give

money = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("5000.00"), places=2)
unions = st.sampled_from(["binhai", "mianyang"])


class Ledger(RuleBasedStateMachine):
    """The model: what was granted by fund, what each project got; nothing else exists."""

    funds = Bundle("funds")

    def __init__(self, casts: dict[str, Cast]) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.casts = casts
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

    @rule(fund=funds, amount=money)
    def change_ones_mind(self, fund: Fund, amount: Decimal) -> None:
        """The caller's transaction fails after the money moved."""
        if fund in self.closed or amount > self.available(fund):
            return
        with transaction.atomic():
            give(self.cast_of(fund), fund, str(amount))
            transaction.set_rollback(True)

    @rule(fund=consumes(funds))
    def close(self, fund: Fund) -> None:
        Fund.objects.filter(pk=fund.pk).update(closed_on=NOW.date())
        self.closed.add(fund)

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
    casts = {code: found(code, code) for code in ("binhai", "mianyang")}
    run_state_machine_as_test(
        lambda: Ledger(casts),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
