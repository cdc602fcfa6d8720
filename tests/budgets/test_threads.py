"""16 people at once: a fund is given out to its last cent and not beyond."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connections, transaction

from budgets.models import Entry, Project
from budgets.selectors import first_fault, fund_totals, project_totals
from budgets.services import supplement
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, found, fund_of, give

THREADS = 16

pytestmark = pytest.mark.django_db(transaction=True)


def race(*works) -> list[object]:
    """Each work in its own thread and connection, let go together; what each returned or was refused with."""
    barrier = threading.Barrier(len(works))
    results: list[object] = []

    def run(work) -> None:
        try:
            barrier.wait(timeout=60)
            results.append(work())
        except Refused as refused:
            results.append(refused)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(results) == len(works)
    return results


def binhai() -> Cast:
    return found("binhai", "滨海新区总工会")


def test_sixteen_appropriations_of_a_fund_for_ten() -> None:
    cast = binhai()
    fund = fund_of(cast, "100000.00")
    results = race(*[lambda: give(cast, fund, "6000.00", "4000.00")] * THREADS)
    projects = [result for result in results if isinstance(result, Project)]
    refusals = [str(result) for result in results if isinstance(result, Refused)]
    assert (len(projects), len(refusals)) == (10, 6)
    assert set(refusals) == {
        "年度专项预算可安排 0.00 元，本班需 10,000.00 元，差 10,000.00 元（2027年度 工会干部教育培训经费）。"
    }
    totals = fund_totals([fund.pk])[fund.pk]
    assert (totals.available, totals.appropriated) == (Decimal("0.00"), Decimal("100000.00"))
    assert Project.objects.count() == 10
    assert {t.appropriated for t in project_totals(p.pk for p in projects).values()} == {Decimal("10000.00")}
    assert first_fault() is None


def test_amounts_that_dont_divide_never_overdraw() -> None:
    cast = binhai()
    fund = fund_of(cast, "1000.00")
    wanted = ["333.33", "250.01", "99.99", "400.00"] * 4
    results = race(*[lambda amount=amount: give(cast, fund, amount) for amount in wanted])
    given = sum(entry.amount for entry in Entry.objects.filter(project__isnull=False))
    totals = fund_totals([fund.pk])[fund.pk]
    assert given == totals.appropriated == Decimal("1000.00") - totals.available
    assert totals.available >= 0
    if any(isinstance(result, Refused) for result in results):
        assert totals.available < Decimal("400.00")
    assert first_fault() is None


def test_a_decision_undone_by_its_caller_leaves_the_money_to_the_next() -> None:
    """The lock is held until the caller's transaction ends: the others wait for its fate."""
    cast = binhai()
    fund = fund_of(cast, "100.00")

    def undone() -> None:
        with transaction.atomic():
            give(cast, fund, "100.00")
            transaction.set_rollback(True)

    results = race(undone, undone, undone, lambda: give(cast, fund, "100.00"))
    assert sum(isinstance(result, Project) for result in results) == 1
    assert Project.objects.count() == 1
    assert first_fault() is None


def test_supplements_and_appropriations_at_once_lose_nothing() -> None:
    cast = binhai()
    fund = fund_of(cast, "1000.00")

    def add():
        return supplement(fund=fund, amount=Decimal("10.01"), basis="追加", actor=cast.finance, at=NOW)

    results = race(*[add, lambda: give(cast, fund, "100.00")] * 8)
    assert not [result for result in results if isinstance(result, Refused)]
    totals = fund_totals([fund.pk])[fund.pk]
    assert (totals.granted, totals.appropriated, totals.available) == (
        Decimal("1080.08"),
        Decimal("800.00"),
        Decimal("280.08"),
    )
    assert first_fault() is None
