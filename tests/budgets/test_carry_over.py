"""结转: what a year has left goes to the next one's fund, as two entries of one batch."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Account, Entry, Fund
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import carry_over
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, fund_of, give

D = Decimal


@pytest.fixture
def following(binhai: Cast, fund: Fund) -> Fund:
    return fund_of(binhai, "300.00", year=2028)


def carry(cast: Cast, fund: Fund, to: Fund, amount: str, **changes: Any) -> list[Entry]:
    values: dict[str, Any] = {
        "fund": fund,
        "to": to,
        "amount": D(amount),
        "actor": cast.people["jiceng"],
        "post": cast.posts["jiceng"],
        "at": NOW,
        "reason": "班次跨年",
        "reference": "结转申请 1",
    }
    return carry_over(**(values | changes))


def test_it_leaves_one_year_and_comes_to_the_next(binhai: Cast, fund: Fund, following: Fund) -> None:
    give(binhai, fund, "60000.00")
    out, came = carry(binhai, fund, following, "40000.00")
    totals = fund_totals([fund.pk, following.pk])
    assert (totals[fund.pk].available, totals[fund.pk].granted) == (D("0.00"), D("60000.00"))
    assert (totals[following.pk].available, totals[following.pk].granted) == (D("40300.00"), D("40300.00"))
    assert [(e.kind, e.amount, e.project) for e in (out, came)] == [
        ("carry_out", D("40000.00"), None),
        ("carry_in", D("40000.00"), None),
    ]
    assert out.batch == came.batch
    assert {(e.actor, e.post, e.reason, e.reference) for e in (out, came)} == {
        (binhai.people["jiceng"], binhai.posts["jiceng"], "班次跨年", "结转申请 1")
    }
    assert all(sums.holds for sums in conservation().values())
    assert first_fault() is None


def test_only_what_the_fund_itself_has(binhai: Cast, fund: Fund, following: Fund) -> None:
    give(binhai, fund, "60000.00")
    with pytest.raises(Refused) as refused:
        carry(binhai, fund, following, "40000.01")
    assert str(refused.value) == (
        "2027年度 工会干部教育培训经费可安排 40,000.00 元，不能结转 40,000.01 元，差 0.01 元；"
        "项目上的余额请先收回。"
    )
    assert not Entry.objects.filter(kind__startswith="carry").exists()


def test_only_to_the_next_year_of_the_same_source_and_union(
    binhai: Cast, mianyang: Cast, fund: Fund, following: Fund
) -> None:
    wrong = [
        fund,
        fund_of(binhai, "1.00", year=2029),
        fund_of(binhai, "1.00", year=2026),
        fund_of(binhai, "1.00", year=2028, source="fiscal"),
        fund_of(mianyang, "1.00", year=2028),
    ]
    for to in wrong:
        with pytest.raises(Refused) as refused:
            carry(binhai, fund, to, "1.00")
        assert str(refused.value) == (
            "只能结转到下一年同一渠道的专项预算：2027年度 工会干部教育培训经费 → 2028 年。"
        )


@pytest.mark.parametrize("which", [2027, 2028])
def test_neither_year_may_be_closed(binhai: Cast, fund: Fund, following: Fund, which: int) -> None:
    Fund.objects.filter(year=which).update(closed_on=dt.date(2029, 1, 10))
    with pytest.raises(Refused) as refused:
        carry(binhai, fund, following, "1.00")
    assert str(refused.value) == (
        f"{which}年度 工会干部教育培训经费已于2029年1月10日结账，不能结转；须先由财务负责人反结账。"
    )


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005", "NaN"])
def test_what_is_no_money_is_refused(binhai: Cast, fund: Fund, following: Fund, amount: str) -> None:
    with pytest.raises(Refused, match="结转的金额"):
        carry(binhai, fund, following, amount)


def test_years_set_up_the_other_way_round(binhai: Cast) -> None:
    """The later year's accounts were made first."""
    later = fund_of(binhai, "1.00", year=2031)
    earlier = fund_of(binhai, "10.00", year=2030)
    carry(binhai, earlier, later, "10.00")
    assert Account.objects.get(fund=later, kind="fund").balance == D("11.00")
    assert first_fault() is None


def test_the_number_of_statements_is_fixed(
    binhai: Cast, fund: Fund, following: Fund, django_assert_num_queries: Any
) -> None:
    """Savepoint, four accounts, two entries, release."""
    with django_assert_num_queries(4):
        carry(binhai, fund, following, "1.00")
