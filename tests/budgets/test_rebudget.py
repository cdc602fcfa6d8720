"""预算调整 and 收回: an approved class gets more from its fund, or gives back to it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from budgets.models import Account, Entry, Fund, Project
from budgets.selectors import first_fault, fund_totals, project_totals
from office.refusals import Refused
from tests.budgets.cast import Cast, adjust, give

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


def free(project: Project) -> dict[str, Decimal]:
    accounts = Account.objects.filter(line__project=project, kind="line").order_by("id")
    return dict(accounts.values_list("line__item", "balance"))


def test_more_comes_from_the_fund_and_less_goes_back_in_one_batch(binhai: Cast, project: Project) -> None:
    entries = adjust(binhai, project, {"item-1": D("-5000.00"), "item-2": D("1200.50"), "item-3": D("0.00")})
    assert [(e.kind, e.amount) for e in entries] == [("recall", D("5000.00")), ("adjust", D("1200.50"))]
    assert free(project) == {"item-1": D("15000.00"), "item-2": D("11200.50")}
    assert fund_totals([project.fund_id])[project.fund_id].available == D("73799.50")
    assert project_totals([project.pk])[project.pk].appropriated == D("26200.50")
    kept = list(Entry.objects.filter(pk__in=[e.pk for e in entries]))
    assert {(e.batch, e.actor, e.post, e.reason, e.reference, e.project) for e in kept} == {
        (
            entries[0].batch,
            binhai.people["jiceng"],
            binhai.posts["jiceng"],
            "变更申请批准",
            "P2027-0001-1",
            project,
        )
    }
    assert first_fault() is None


def test_an_item_without_a_line_gets_one(binhai: Cast, project: Project) -> None:
    adjust(binhai, project, {"item-4": D("300.00")})
    line = project.lines.get(item="item-4")
    assert (line.title, line.ordinal) == ("费用4", 3)
    assert sorted(line.accounts.values_list("kind", "balance")) == [
        ("committed", D("0.00")),
        ("line", D("300.00")),
        ("paid", D("0.00")),
    ]


def test_what_is_given_back_pays_for_what_is_asked_for(binhai: Cast, fund: Fund, project: Project) -> None:
    give(binhai, fund, "70000.00")
    adjust(binhai, project, {"item-1": D("-500.00"), "item-2": D("500.00")})
    assert free(project) == {"item-1": D("19500.00"), "item-2": D("10500.00")}
    assert fund_totals([fund.pk])[fund.pk].available == D("0.00")


def test_a_short_fund_refuses_with_the_figures_and_nothing_changes(
    binhai: Cast, fund: Fund, project: Project
) -> None:
    before = Entry.objects.count()
    with pytest.raises(Refused) as refused:
        adjust(binhai, project, {"item-1": D("-1.00"), "item-2": D("70001.01"), "item-5": D("1.00")})
    assert str(refused.value) == (
        "年度专项预算可安排 70,000.00 元，本次须增加 70,001.01 元，差 1.01 元"
        "（2027年度 工会干部教育培训经费）。"
    )
    assert Entry.objects.count() == before
    assert project.lines.count() == 2


def test_a_line_gives_back_what_it_has_free_and_not_a_cent_more(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused) as refused:
        adjust(binhai, project, {"item-2": D("-10000.01")})
    assert str(refused.value) == "“费用2”可用 10,000.00 元，不能收回 10,000.01 元（已预占和支出 0.00 元）。"
    adjust(binhai, project, {"item-2": D("-10000.00")})
    assert free(project)["item-2"] == D("0.00")


def test_a_line_that_never_was_gives_nothing_back(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused, match=r"“费用3”可用 0\.00 元，不能收回 1\.00 元"):
        adjust(binhai, project, {"item-3": D("-1.00")})
    assert not project.lines.filter(item="item-3").exists()


@pytest.mark.parametrize("delta", ["10.005", "NaN", "-10.005", "1000000000000.00"])
def test_what_is_no_money_is_refused(binhai: Cast, project: Project, delta: str) -> None:
    with pytest.raises(Refused, match="费用2的金额"):
        adjust(binhai, project, {"item-2": D(delta)})


def test_a_closed_year_adjusts_nothing(binhai: Cast, fund: Fund, project: Project) -> None:
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match=r"已于2028年1月10日结账"):
        adjust(binhai, project, {"item-1": D("-1.00")})


def test_it_falls_with_the_transaction_of_its_caller(binhai: Cast, project: Project) -> None:
    with transaction.atomic():
        adjust(binhai, project, {"item-1": D("-1.00"), "item-6": D("2.00")})
        transaction.set_rollback(True)
    assert free(project) == {"item-1": D("20000.00"), "item-2": D("10000.00")}


def test_the_number_of_statements_is_fixed(
    binhai: Cast, project: Project, django_assert_num_queries: Any
) -> None:
    """Savepoint, fund account, line accounts, entries, release."""
    adjust(binhai, project, {"item-1": D("1.00")})
    with django_assert_num_queries(5):
        adjust(binhai, project, {"item-1": D("1.00"), "item-2": D("-1.00")})
