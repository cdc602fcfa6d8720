from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from budgets.models import Account, Entry, Fund
from budgets.selectors import first_fault, fund_totals
from budgets.services import open_fund, restate, supplement
from budgets.states import EntryKind, FundStatus
from office.refusals import Refused
from tests.budgets.cast import NOW, Cast, fund_of, give


def opening(cast: Cast, **changes):
    values: dict[str, Any] = {
        "union": cast.union,
        "year": 2027,
        "source": "union-funds",
        "title": "工会干部教育培训经费",
        "amount": Decimal("100000.00"),
        "status": FundStatus.APPROVED,
        "basis": "预算〔2027〕1号",
        "actor": cast.finance,
        "at": NOW,
    }
    return open_fund(**(values | changes))


def test_a_fund_begins_with_its_grant(binhai: Cast) -> None:
    fund = opening(binhai)
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("100000.00")
    entry = Entry.objects.get()
    assert (entry.kind, entry.amount, entry.reference) == (
        EntryKind.GRANT,
        Decimal("100000.00"),
        "预算〔2027〕1号",
    )
    assert (entry.actor, entry.post, entry.at) == (binhai.finance, binhai.posts["caiwu"], NOW)
    assert sorted(Account.objects.values_list("kind", "balance")) == [
        ("fund", Decimal("100000.00")),
        ("source", Decimal("-100000.00")),
    ]


def test_what_begins_as_a_control_figure_is_not_called_approved(binhai: Cast) -> None:
    opening(binhai, status=FundStatus.CONTROL)
    assert Entry.objects.get().get_kind_display() == "设立"


def test_a_second_fund_of_year_and_source_is_refused_and_changes_nothing(binhai: Cast) -> None:
    opening(binhai)
    with pytest.raises(Refused, match="已设立同一渠道的专项预算"):
        opening(binhai, amount=Decimal("5.00"))
    assert Fund.objects.count() == Entry.objects.count() == 1


def test_another_source_or_year_is_another_fund(binhai: Cast) -> None:
    opening(binhai)
    opening(binhai, source="fiscal")
    opening(binhai, year=2028)
    assert Fund.objects.count() == 3


@pytest.mark.parametrize("amount", ["0", "-1.00", "0.001", "NaN", "Infinity", "1000000000000.00"])
def test_what_is_no_money_is_refused(binhai: Cast, amount: str) -> None:
    with pytest.raises(Refused, match="金额"):
        opening(binhai, amount=Decimal(amount))
    assert not Fund.objects.exists()


def test_the_basis_is_needed(binhai: Cast) -> None:
    with pytest.raises(Refused, match="依据"):
        opening(binhai, basis=" ")


@pytest.mark.parametrize("who", ["jiceng", "bangongshi", "xuanchuan"])
def test_only_finance_opens_a_fund(binhai: Cast, who: str) -> None:
    with pytest.raises(Refused, match=r"设立年度专项预算由承担财务职责的部门办理"):
        opening(binhai, actor=binhai.people[who])
    assert not Fund.objects.exists()


def test_another_unions_finance_opens_none_here(binhai: Cast, mianyang: Cast) -> None:
    with pytest.raises(Refused, match="不在该部门任职"):
        opening(binhai, actor=mianyang.finance)


def test_finance_before_its_tenure_opens_none(binhai: Cast) -> None:
    with pytest.raises(Refused, match="不在该部门任职"):
        opening(binhai, at=NOW - dt.timedelta(days=600))


def test_a_naive_moment_is_a_fault_of_the_program(binhai: Cast) -> None:
    with pytest.raises(ValueError, match="aware"):
        opening(binhai, at=NOW.replace(tzinfo=None))


def test_a_supplement_adds_and_marks_the_fund_adjusted(binhai: Cast, fund: Fund) -> None:
    entry = supplement(
        fund=fund, amount=Decimal("2500.50"), basis="追加批复〔2027〕9号", actor=binhai.finance, at=NOW
    )
    assert (entry.kind, entry.reference) == (EntryKind.SUPPLEMENT, "追加批复〔2027〕9号")
    totals = fund_totals([fund.pk])[fund.pk]
    assert totals.granted == totals.available == Decimal("102500.50")
    fund.refresh_from_db()
    assert fund.status == FundStatus.ADJUSTED


def test_a_supplemented_control_figure_stays_one(binhai: Cast) -> None:
    fund = opening(binhai, status=FundStatus.CONTROL)
    supplement(fund=fund, amount=Decimal("1.00"), basis="通知", actor=binhai.finance, at=NOW)
    fund.refresh_from_db()
    assert fund.status == FundStatus.CONTROL


def test_a_supplement_by_others_or_without_basis_or_money_is_refused(binhai: Cast, fund: Fund) -> None:
    with pytest.raises(Refused, match="追加年度专项预算由承担财务职责的部门办理"):
        supplement(fund=fund, amount=Decimal("1.00"), basis="通知", actor=binhai.people["jiceng"], at=NOW)
    with pytest.raises(Refused, match="追加的依据"):
        supplement(fund=fund, amount=Decimal("1.00"), basis="", actor=binhai.finance, at=NOW)
    with pytest.raises(Refused, match="金额"):
        supplement(fund=fund, amount=Decimal("0.00"), basis="通知", actor=binhai.finance, at=NOW)
    assert fund_totals([fund.pk])[fund.pk].granted == Decimal("100000.00")


def test_a_closed_year_takes_no_supplement(binhai: Cast, fund: Fund) -> None:
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match=r"已于2028年1月10日结账"):
        supplement(fund=fund, amount=Decimal("1.00"), basis="通知", actor=binhai.finance, at=NOW)


def test_union_year_and_source_of_a_fund_stay(binhai: Cast, mianyang: Cast) -> None:
    fund = fund_of(binhai, "1.00")
    for change in ({"year": 2028}, {"source": "other"}, {"union": mianyang.union}):
        with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
            Fund.objects.filter(pk=fund.pk).update(**change)


def test_the_database_knows_years_and_states_of_a_fund(binhai: Cast) -> None:
    for change in ({"status": "lost"}, {"year": 27}):
        values = {"union": binhai.union, "year": 2027, "source": "x", "status": "control"} | change
        with pytest.raises(IntegrityError), transaction.atomic():
            Fund.objects.create(**values)


def test_the_history_of_a_fund_is_kept(fund: Fund) -> None:
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    events = apps.get_model("budgets", "FundEvent").objects.filter(pgh_obj=fund)
    labels = list(events.order_by("pgh_id").values_list("pgh_label", "closed_on"))
    assert labels == [("insert", None), ("update", dt.date(2028, 1, 10))]


def restating(cast: Cast, fund: Fund, amount: str, **changes):
    values: dict[str, Any] = {
        "fund": fund,
        "amount": Decimal(amount),
        "basis": "批复〔2027〕8号",
        "actor": cast.finance,
        "at": NOW,
    }
    return restate(**(values | changes))


@pytest.mark.parametrize("amount", ["90000.00", "100000.00", "120000.50"])
def test_a_control_figure_becomes_what_was_approved(binhai: Cast, amount: str) -> None:
    fund = opening(binhai, status=FundStatus.CONTROL)
    supplement(fund=fund, amount=Decimal("500.00"), basis="通知", actor=binhai.finance, at=NOW)
    entry = restating(binhai, fund, amount)
    fund.refresh_from_db()
    assert (fund.status, fund.basis) == (FundStatus.APPROVED, "批复〔2027〕8号")
    assert fund_totals([fund.pk])[fund.pk].granted == Decimal(amount) + 500
    kinds = Entry.objects.order_by("id").values_list("kind", "amount", "reference")
    assert list(kinds)[2:] == [
        (EntryKind.REVERSE, Decimal("100000.00"), "批复〔2027〕8号"),
        (EntryKind.GRANT, Decimal(amount), "批复〔2027〕8号"),
    ]
    assert entry.batch == Entry.objects.get(kind=EntryKind.REVERSE).batch
    assert first_fault() is None


def test_what_was_handed_out_is_covered_throughout(binhai: Cast) -> None:
    fund = opening(binhai, status=FundStatus.CONTROL)
    give(binhai, fund, "70000.00")
    with pytest.raises(Refused, match=r"已下达 70,000\.00 元，不能改为 69,999\.99 元，差 0\.01 元"):
        restating(binhai, fund, "69999.99")
    assert Entry.objects.count() == 2
    restating(binhai, fund, "70000.00")
    assert fund_totals([fund.pk])[fund.pk].available == 0
    assert first_fault() is None


def test_an_approved_figure_changes_with_a_reason_only_and_again(binhai: Cast, fund: Fund) -> None:
    with pytest.raises(Refused, match="更正设立金额须填写原因"):
        restating(binhai, fund, "5.00")
    restating(binhai, fund, "5.00", reason="多写了四个零")
    restating(binhai, fund, "6.00", reason="少写一元")
    fund.refresh_from_db()
    assert fund.status == FundStatus.APPROVED
    assert fund_totals([fund.pk])[fund.pk].granted == Decimal("6.00")
    assert [entry.reason for entry in Entry.objects.filter(kind=EntryKind.REVERSE)] == [
        "多写了四个零",
        "少写一元",
    ]


def test_who_is_not_finance_or_has_no_paper_restates_nothing(binhai: Cast, fund: Fund) -> None:
    with pytest.raises(Refused, match="录入年度专项预算的批复数由承担财务职责的部门办理"):
        restating(binhai, fund, "5.00", reason="x", actor=binhai.people["jiceng"])
    with pytest.raises(Refused, match="批复文号"):
        restating(binhai, fund, "5.00", reason="x", basis=" ")
    with pytest.raises(Refused, match="批复的金额应当大于 0 元"):
        restating(binhai, fund, "0", reason="x")
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="结账"):
        restating(binhai, fund, "5.00", reason="x")
    assert Entry.objects.count() == 1
