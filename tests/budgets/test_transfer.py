"""调剂: free money goes from one budget line to another of the same fund."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from budgets.models import Entry, Fund, Project
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import Shift, transfer
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, fund_of, give
from tests.budgets.spend import commit_to, line, pay_out, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


@pytest.fixture
def other(binhai: Cast, fund: Fund) -> Project:
    """5,000 of the same fund, of another department."""
    return give(binhai, fund, "5000.00", number="P2027-0014", department="quanyi")


def shift(source: Project, target: Project, amount: str, *, of: tuple[int, int] = (1, 1)) -> Shift:
    return Shift(line(source, of[0]).pk, line(target, of[1]).pk, D(amount))


def move(cast: Cast, *shifts: Shift, **changes: Any) -> list[Entry]:
    values: dict[str, Any] = {
        "shifts": shifts,
        "actor": cast.people["jiceng"],
        "post": cast.posts["jiceng"],
        "at": NOW,
        "reason": "住宿减少",
        "reference": "调剂申请 3",
    }
    return transfer(**(values | changes))


def test_between_lines_and_projects_in_one_batch(
    binhai: Cast, fund: Fund, project: Project, other: Project
) -> None:
    before = fund_totals([fund.pk])[fund.pk]
    entries = move(
        binhai, shift(project, project, "3000.50", of=(1, 2)), shift(project, other, "500.00", of=(2, 1))
    )
    assert (stands(project), stands(other)) == (
        {"item-1": ("16999.50", "0.00", "0.00"), "item-2": ("12500.50", "0.00", "0.00")},
        {"item-1": ("5500.00", "0.00", "0.00")},
    )
    assert [(e.kind, e.amount, e.project) for e in entries] == [
        ("transfer", D("3000.50"), project),
        ("transfer", D("500.00"), project),
    ]
    assert {(e.batch, e.actor, e.post, e.reason, e.reference) for e in entries} == {
        (entries[0].batch, binhai.people["jiceng"], binhai.posts["jiceng"], "住宿减少", "调剂申请 3")
    }
    assert fund_totals([fund.pk])[fund.pk] == before
    assert conservation()[fund.pk].holds
    assert first_fault() is None


def test_what_is_committed_or_paid_stays(binhai: Cast, project: Project, other: Project) -> None:
    """S19: 100 of 10,000 are left when 6,200 are paid and 3,700 committed."""
    commit_to(binhai, project, "3700.00", number=2)
    pay_out(binhai, project, row(project, "6200.00", number=2))
    with pytest.raises(Refused) as refused:
        move(binhai, shift(project, other, "100.01", of=(2, 1)))
    assert str(refused.value) == (
        "P2027-0013“费用2”可用 100.00 元，不能调出 100.01 元，差 0.01 元（已预占和支出的不能调剂）。"
    )
    move(binhai, shift(project, other, "100.00", of=(2, 1)))
    assert stands(project)["item-2"] == ("0.00", "3700.00", "6200.00")


def test_several_shifts_from_one_line_count_together(binhai: Cast, project: Project, other: Project) -> None:
    half = [shift(project, project, "10000.00", of=(1, 2)), shift(project, other, "10000.01")]
    with pytest.raises(Refused, match=r"可用 20,000\.00 元，不能调出 20,000\.01 元，差 0\.01 元"):
        move(binhai, *half)
    assert stands(project)["item-2"] == ("10000.00", "0.00", "0.00")


def test_only_inside_one_fund(binhai: Cast, mianyang: Cast, project: Project) -> None:
    elsewhere = [
        give(binhai, fund_of(binhai, "9.00", source="fiscal"), "9.00"),
        give(binhai, fund_of(binhai, "9.00", year=2028), "9.00"),
        give(mianyang, fund_of(mianyang, "9.00"), "9.00"),
    ]
    for there in elsewhere:
        with pytest.raises(Refused, match="只能在同一年度专项预算的预算行之间调剂。"):
            move(binhai, shift(project, there, "1.00"))


def test_lines_are_two_and_known(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused, match="调出和调入是同一预算行，请重新选择。"):
        move(binhai, shift(project, project, "1.00"))
    unknown = Shift(line(project).pk, line(project, 2).pk + 1000, D("1.00"))
    with pytest.raises(Refused, match="调剂的预算行不存在，请重新选择。"):
        move(binhai, unknown)


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005", "NaN", "1000000000000.00"])
def test_what_is_no_money_is_refused(binhai: Cast, project: Project, amount: str) -> None:
    with pytest.raises(Refused, match="调剂的金额"):
        move(binhai, shift(project, project, amount, of=(1, 2)))


def test_a_closed_year_moves_nothing(binhai: Cast, project: Project) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        move(binhai, shift(project, project, "1.00", of=(1, 2)))


def test_it_falls_with_the_transaction_of_its_caller(binhai: Cast, project: Project) -> None:
    with transaction.atomic():
        move(binhai, shift(project, project, "1.00", of=(1, 2)))
        transaction.set_rollback(True)
    assert not Entry.objects.filter(kind="transfer").exists()
    assert stands(project)["item-1"] == ("20000.00", "0.00", "0.00")


def test_the_number_of_statements_is_fixed(
    binhai: Cast, project: Project, other: Project, django_assert_num_queries: Any
) -> None:
    """Savepoint, accounts, entries, release."""
    shifts = [shift(project, project, "1.00", of=(1, 2)), shift(project, other, "1.00")]
    with django_assert_num_queries(4):
        move(binhai, *shifts)
