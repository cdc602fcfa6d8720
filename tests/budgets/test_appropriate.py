from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from budgets.models import Account, BudgetLine, Entry, Fund, Project
from budgets.selectors import fund_totals, project_totals
from budgets.services import LineAmount, appropriate, posting
from budgets.states import EntryKind
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, fund_of, give, lines_of


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Project, BudgetLine, Account, Entry))


def test_money_moves_from_the_fund_to_the_lines(binhai: Cast, fund: Fund) -> None:
    project = give(binhai, fund, "20000.00", "14860.00", number="P2027-0013")
    assert (project.number, project.department) == ("P2027-0013", binhai.departments["xuanchuan"])
    totals = fund_totals([fund.pk])[fund.pk]
    assert (totals.granted, totals.appropriated, totals.available) == (
        Decimal("100000.00"),
        Decimal("34860.00"),
        Decimal("65140.00"),
    )
    assert project_totals([project.pk])[project.pk].available == Decimal("34860.00")
    assert list(project.lines.values_list("ordinal", "item", "title")) == [
        (1, "item-1", "费用1"),
        (2, "item-2", "费用2"),
    ]
    entries = Entry.objects.filter(project=project)
    assert {(e.kind, e.batch) for e in entries} == {(EntryKind.APPROPRIATE, entries[0].batch)}
    entry = entries[0]
    assert (entry.actor, entry.post, entry.at) == (binhai.secretary, binhai.posts["bangongshi"], NOW)
    assert (entry.reason, entry.reference) == ("主席办公会审定通过", "会议纪要〔2027〕3号")


def test_every_line_comes_with_its_three_accounts(binhai: Cast, fund: Fund) -> None:
    project = give(binhai, fund, "1.00")
    kinds = Account.objects.filter(line__project=project).values_list("kind", "balance")
    assert sorted(kinds) == [
        ("committed", Decimal("0.00")),
        ("line", Decimal("1.00")),
        ("paid", Decimal("0.00")),
    ]


def test_a_short_fund_refuses_with_the_figures_and_nothing_changes(binhai: Cast, fund: Fund) -> None:
    give(binhai, fund, "80000.00")
    before = counts()
    with pytest.raises(Refused) as refused:
        give(binhai, fund, "20000.00", "14860.55")
    assert str(refused.value) == (
        "年度专项预算可安排 20,000.00 元，本班需 34,860.55 元，差 14,860.55 元"
        "（2027年度 工会干部教育培训经费）。"
    )
    assert counts() == before
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("20000.00")


def test_the_last_cent_can_be_given_and_not_one_more(binhai: Cast, fund: Fund) -> None:
    give(binhai, fund, "99999.99", "0.01")
    with pytest.raises(Refused, match=r"可安排 0\.00 元，本班需 0\.01 元，差 0\.01 元"):
        give(binhai, fund, "0.01")
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("0.00")


def test_a_closed_year_appropriates_nothing(binhai: Cast, fund: Fund) -> None:
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match=r"已于2028年1月10日结账"):
        give(binhai, fund, "1.00")
    assert not Project.objects.exists()


def test_a_class_without_cost_has_a_project_without_entries(binhai: Cast, fund: Fund) -> None:
    bare, empty_line = give(binhai, fund), give(binhai, fund, "0.00", "5.00")
    assert not bare.lines.exists()
    assert not bare.entries.exists()
    assert empty_line.lines.count() == 2
    assert [entry.amount for entry in empty_line.entries.all()] == [Decimal("5.00")]


@pytest.mark.parametrize("amount", ["-0.01", "10.005", "NaN", "1000000000000.00"])
def test_a_line_that_is_no_money_is_refused(binhai: Cast, fund: Fund, amount: str) -> None:
    with pytest.raises(Refused, match="费用2的金额"):
        give(binhai, fund, "1.00", amount)
    assert not Project.objects.exists()


def test_a_cost_item_twice_is_refused(binhai: Cast, fund: Fund) -> None:
    lines = [LineAmount("meals", "伙食费", Decimal("1.00"))] * 2
    with pytest.raises(Refused, match="“伙食费”重复"):
        appropriate(
            fund=fund,
            number="P1",
            name="班",
            department=binhai.departments["xuanchuan"],
            lines=lines,
            actor=binhai.secretary,
            post=None,
            at=NOW,
            reason="",
            reference="",
        )


def test_a_department_of_another_union_is_refused(binhai: Cast, mianyang: Cast, fund: Fund) -> None:
    with pytest.raises(Refused, match="不属于同一工会"):
        give(mianyang, fund, "1.00")


def test_a_taken_number_is_a_conflict_and_the_callers_transaction_lives(binhai: Cast, fund: Fund) -> None:
    give(binhai, fund, "1.00", number="P2027-0001")
    before = counts()
    with pytest.raises(Conflict, match="项目编号已被占用"):
        give(binhai, fund, "1.00", number="P2027-0001")
    assert counts() == before


def test_numbers_are_counted_by_union(binhai: Cast, mianyang: Cast, fund: Fund) -> None:
    give(binhai, fund, "1.00", number="P2027-0001")
    give(mianyang, fund_of(mianyang, "1.00"), "1.00", number="P2027-0001")
    with pytest.raises(Conflict, match="项目编号已被占用"):
        give(binhai, fund_of(binhai, "1.00", source="fiscal"), "1.00", number="P2027-0001")


def test_it_falls_with_the_transaction_of_its_caller(binhai: Cast, fund: Fund) -> None:
    @transaction.atomic
    def decide() -> None:
        give(binhai, fund, "1.00")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        decide()
    assert not Project.objects.exists()
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("100000.00")


def test_seven_statements_however_many_lines(binhai: Cast, fund: Fund) -> None:
    for amounts in (["1.00"], ["1.00"] * 40):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            give(binhai, fund, *amounts)
        assert len(queries) == 7, [query["sql"][:80] for query in queries]


def test_the_check_in_the_database_speaks_as_a_refusal(binhai: Cast, fund: Fund) -> None:
    """Somebody who passed the service's own check on an old figure is refused by the balance itself."""
    project = give(binhai, fund, "1.00")
    entry = Entry.objects.get(project=project)
    with pytest.raises(Conflict, match="可用余额不足"), posting():
        Entry.objects.create(
            kind=entry.kind,
            debit=entry.debit,
            credit=entry.credit,
            amount=Decimal("100000.00"),
            batch=entry.batch,
            project=project,
            actor=entry.actor,
            at=NOW,
        )
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("99999.00")


def test_the_closing_date_in_the_database_speaks_as_a_refusal(binhai: Cast, fund: Fund) -> None:
    project = give(binhai, fund, "1.00")
    entry = Entry.objects.get(project=project)
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    entry.pk = None
    with pytest.raises(Conflict, match="刚刚结账"), posting():
        Entry.objects.bulk_create([entry])


def test_a_fault_of_the_program_is_no_refusal(binhai: Cast, fund: Fund) -> None:
    """A line that names no project isn't anybody's slip: it must not be shown as one."""
    entry = Entry.objects.get(project=give(binhai, fund, "1.00"))
    entry.pk, entry.project = None, None
    with pytest.raises(IntegrityError, match="budgets_entry_project"), posting():
        entry.save()


def test_two_unions_money_stays_apart(binhai: Cast, mianyang: Cast, fund: Fund) -> None:
    other = fund_of(mianyang, "50.00")
    give(mianyang, other, "50.00")
    totals = fund_totals([fund.pk, other.pk])
    assert (totals[fund.pk].available, totals[other.pk].available) == (Decimal("100000.00"), Decimal("0.00"))


def test_amounts_are_exact(binhai: Cast, fund: Fund) -> None:
    project = give(binhai, fund, *["0.10"] * 3)
    assert project_totals([project.pk])[project.pk].appropriated == Decimal("0.30")
    assert sum(line.amount for line in lines_of(*["0.10"] * 3)) == Decimal("0.30")
