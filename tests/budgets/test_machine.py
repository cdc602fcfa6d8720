"""Random people do everything that can be done to the ledger; the database's rows are what must fit.

What the machine's arithmetic says will be refused is refused, what it says goes through goes through; after
each step all is added up again in SQL.
"""

from __future__ import annotations

import inspect
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from budgets import services
from budgets.states import REVERSIBLE, EntryKind
from tests.budgets.machine.base import casts
from tests.budgets.machine.classes import Classes
from tests.budgets.machine.years import Years

#: What helps the services and writes nothing.
HELPERS = {"check_payment", "constraint_name", "hold_years", "posting"}
#: What only finance does; the rest rests on an approval.
FINANCE_ONLY = {
    "open_fund",
    "commit",
    "release",
    "pay",
    "refund",
    "reverse_entry",
    "reverse_payment",
    "set_voucher",
    "settle",
    "close_year",
    "reopen_year",
    "restate",
}
ACTS = (*Years.year_acts, *Classes.class_acts)


class Ledger(Years, Classes):
    """Each act once in any order, then any of them: hypothesis leaves out half of a run's rules, acts it
    doesn't."""

    @initialize(data=st.data(), acts=st.permutations(ACTS))
    def all_of_them(self, data: st.DataObject, acts: list[str]) -> None:
        self.begin()
        self.added(next(iter(self.years)), Decimal(300), "caiwu", approved=False)
        for act in acts:
            self.act(data, act)
            self.check()

    @rule(data=st.data(), act=st.sampled_from(ACTS))
    def act(self, data: st.DataObject, act: str) -> None:
        getattr(self, act)(data)


@pytest.mark.django_db
def test_random_acts_keep_every_yuan() -> None:
    Ledger.casts = casts()
    for counted in ("done", "refused", "moved", "undone"):
        setattr(Ledger, counted, Counter())
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    # Nothing was left out: each kind of entry came about, each reversal, each service, its refusals too.
    verbs = {name for name in services.__all__ if inspect.isfunction(getattr(services, name))} - HELPERS
    assert set(Ledger.done) == verbs
    assert set(Ledger.refused) >= FINANCE_ONLY
    assert set(Ledger.moved) == set(EntryKind.values)
    assert set(Ledger.undone) == {kind.value for kind in REVERSIBLE}
