"""释放: what was promised and isn't needed is free again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Commitment, Entry, Fund, Project
from budgets.selectors import first_fault
from budgets.services import release, release_all
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import commit_to, pay_out, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


@pytest.fixture
def commitment(binhai: Cast, project: Project) -> Commitment:
    """5,000 of the first line."""
    return commit_to(binhai, project, "5000.00")


def let_go(cast: Cast, commitment: Commitment, amount: str | None, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "commitment": commitment,
        "amount": None if amount is None else D(amount),
        "reason": "合同减少",
        "actor": cast.finance,
        "at": NOW,
    }
    return release(**(values | changes))


def let_all_go(cast: Cast, project: Project, session_no: int | None = None) -> list[Entry]:
    return release_all(
        project=project,
        session_no=session_no,
        reason="取消办班",
        actor=cast.people["jiceng"],
        post=cast.posts["jiceng"],
        at=NOW,
    )


def test_a_part_goes_back_and_the_rest_stays(binhai: Cast, project: Project, commitment: Commitment) -> None:
    entry = let_go(binhai, commitment, "1200.50", reason=" 合同减少 ")
    commitment.refresh_from_db()
    assert commitment.outstanding == D("3799.50")
    assert stands(project)["item-1"] == ("16200.50", "3799.50", "0.00")
    assert (entry.kind, entry.reason, entry.reference, entry.post) == (
        "release",
        "合同减少",
        commitment.number,
        binhai.posts["caiwu"],
    )
    assert first_fault() is None


def test_without_an_amount_all_that_is_still_promised_goes(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    pay_out(binhai, project, row(project, "1500.00", commitment=commitment))
    assert let_go(binhai, commitment, None).amount == D("3500.00")
    assert stands(project)["item-1"] == ("18500.00", "0.00", "1500.00")
    with pytest.raises(Refused) as refused:
        let_go(binhai, commitment, None)
    assert str(refused.value) == (f"预占 {commitment.number}“住宿合同”已全部支付或释放，没有可释放的余额。")


def test_not_more_than_is_still_promised_whatever_else_the_line_has(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    commit_to(binhai, project, "5000.00")
    with pytest.raises(Refused) as refused:
        let_go(binhai, commitment, "5000.01")
    assert str(refused.value) == (
        f"预占 {commitment.number}“住宿合同”未支付余额 5,000.00 元，不能释放 5,000.01 元，多出 0.01 元。"
    )


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "1.005", "NaN"])
def test_what_is_no_money_is_refused(binhai: Cast, commitment: Commitment, amount: str) -> None:
    with pytest.raises(Refused, match=f"释放预占 {commitment.number} 的金额"):
        let_go(binhai, commitment, amount)


def test_it_has_a_reason(binhai: Cast, commitment: Commitment) -> None:
    with pytest.raises(Refused, match="请填写释放预占的事由。"):
        let_go(binhai, commitment, "1.00", reason="　 ")


def test_only_finance_releases(binhai: Cast, commitment: Commitment) -> None:
    with pytest.raises(Refused, match="登记预占和支付由承担财务职责的部门办理"):
        let_go(binhai, commitment, "1.00", actor=binhai.people["jiceng"])


def test_a_closed_year_releases_nothing(binhai: Cast, commitment: Commitment) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        let_go(binhai, commitment, "1.00")


def test_a_cancelled_class_gives_free_what_was_promised_and_keeps_what_was_paid(
    binhai: Cast, project: Project
) -> None:
    """S20: 30,000 obligated, 5,000 of it paid: 25,000 come free, 5,000 stay as cost."""
    venue = commit_to(binhai, project, "20000.00")
    material = commit_to(binhai, project, "10000.00", number=2)
    pay_out(binhai, project, row(project, "5000.00", number=2, commitment=material))
    entries = let_all_go(binhai, project)
    assert [(e.commitment, e.amount) for e in entries] == [(venue, D("20000.00")), (material, D("5000.00"))]
    assert len({e.batch for e in entries}) == 1
    assert {(e.actor, e.post, e.reason) for e in entries} == {
        (binhai.people["jiceng"], binhai.posts["jiceng"], "取消办班")
    }
    assert stands(project) == {
        "item-1": ("20000.00", "0.00", "0.00"),
        "item-2": ("5000.00", "0.00", "5000.00"),
    }
    assert let_all_go(binhai, project) == []
    assert first_fault() is None


def test_a_cancelled_session_leaves_the_others_and_the_class_as_a_whole(
    binhai: Cast, fund: Fund, project: Project
) -> None:
    other = give(binhai, fund, "100.00")
    commit_to(binhai, other, "100.00", session_no=2)
    second = commit_to(binhai, project, "30.00", session_no=2)
    for session in (1, None):
        commit_to(binhai, project, "40.00", session_no=session)
    assert [e.commitment for e in let_all_go(binhai, project, 2)] == [second]
    assert stands(project)["item-1"] == ("19920.00", "80.00", "0.00")
    assert stands(other)["item-1"] == ("0.00", "100.00", "0.00")


def test_a_cancellation_after_the_year_closed_is_refused(binhai: Cast, commitment: Commitment) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        let_all_go(binhai, commitment.project)


def test_many_commitments_take_no_more_statements(
    binhai: Cast, project: Project, django_assert_num_queries: Any
) -> None:
    """Savepoint, accounts locked, lines, accounts, commitments, entries, release."""
    for _ in range(7):
        commit_to(binhai, project, "1.00")
    with django_assert_num_queries(7):
        assert len(let_all_go(binhai, project)) == 7
