"""结转 of a class: its project goes on in the next year's fund, and the old one has nothing left (S21)."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from budgets.models import Commitment, Entry, Fund, Project, SupportingPaper
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import GivenPaper, carry_class, close_year, reopen_year, reverse_entry
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, fund_of, give
from tests.budgets.rows import refused
from tests.budgets.spend import commit_to, line, pay_out, row, stands

D = Decimal
YEAR_END = dt.datetime(2028, 1, 5, 9, tzinfo=NOW.tzinfo)


@pytest.fixture
def following(binhai: Cast, fund: Fund) -> Fund:
    return fund_of(binhai, "300.00", year=2028)


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 with 5,000 paid and 8,000 promised, 10,000 untouched."""
    made = give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")
    paper = GivenPaper("contract", "合同", evidence="合同原件")
    held = commit_to(
        binhai,
        made,
        "9000.00",
        contract_number="HT-1",
        contract_on=dt.date(2027, 1, 4),
        session_no=2,
        papers=[paper],
    )
    pay_out(binhai, made, row(made, "1000.00", commitment=held), "4000.00", session_no=2)
    return made


def carry(cast: Cast, project: Project, to: Fund, **changes: Any) -> Project:
    """All that is left, item-1 15,000 and item-2 10,000, by default."""
    values: dict[str, Any] = {
        "project": project,
        "to": to,
        "number": "P2028-0001",
        "amounts": {"item-1": D("15000.00"), "item-2": D("10000.00")},
        "actor": cast.people["jiceng"],
        "post": cast.posts["jiceng"],
        "at": YEAR_END,
        "reason": "尾款未付",
        "reference": "JF000001",
    }
    return carry_class(**(values | changes))


def test_what_is_left_goes_on_in_the_next_year_and_the_old_one_closes(
    binhai: Cast, fund: Fund, following: Fund, project: Project
) -> None:
    old = Commitment.objects.get()
    later = carry(binhai, project, following)
    assert (later.continues, later.origin, later.fund, later.number) == (
        project,
        project,
        following,
        "P2028-0001",
    )
    assert (later.name, later.department) == (project.name, project.department)
    assert stands(project) == {
        "item-1": ("0.00", "0.00", "5000.00"),
        "item-2": ("0.00", "0.00", "0.00"),
    }
    assert stands(later) == {
        "item-1": ("7000.00", "8000.00", "0.00"),
        "item-2": ("10000.00", "0.00", "0.00"),
    }
    totals = fund_totals([fund.pk, following.pk])
    assert (totals[fund.pk].granted, totals[fund.pk].available) == (D("75000.00"), D("70000.00"))
    assert (totals[following.pk].granted, totals[following.pk].available) == (D("25300.00"), D("300.00"))
    old.refresh_from_db()
    new = Commitment.objects.get(project=later)
    assert (old.outstanding, new.outstanding, new.continues) == (D("0.00"), D("8000.00"), old)
    for name in ("title", "payee", "session_no", "contract_number", "contract_on"):
        assert getattr(new, name) == getattr(old, name)
    assert new.line == line(later)
    paper = SupportingPaper.objects.get(commitment=new)
    assert (paper.code, paper.evidence) == ("contract", "合同原件")
    close_year(fund=fund, actor=binhai.finance, at=YEAR_END)
    assert all(sums.holds for sums in conservation().values())
    assert first_fault() is None


def test_all_of_it_is_one_batch_and_rests_on_one_paper(
    binhai: Cast, fund: Fund, following: Fund, project: Project
) -> None:
    last = Entry.objects.order_by("id").values_list("pk", flat=True).last() or 0
    later = carry(binhai, project, following)
    entries = Entry.objects.filter(pk__gt=last).order_by("id")
    assert [(e.kind, str(e.amount), e.project) for e in entries] == [
        ("release", "8000.00", project),
        ("recall", "15000.00", project),
        ("recall", "10000.00", project),
        ("carry_out", "25000.00", None),
        ("carry_in", "25000.00", None),
        ("appropriate", "15000.00", later),
        ("appropriate", "10000.00", later),
        ("commit", "8000.00", later),
    ]
    assert {(e.reference, e.reason, e.actor, e.post, e.at) for e in entries} == {
        ("JF000001", "尾款未付", binhai.people["jiceng"], binhai.posts["jiceng"], YEAR_END)
    }
    assert len({e.batch for e in entries}) == 1


def test_what_is_not_carried_stays_with_the_old_fund(
    binhai: Cast, fund: Fund, following: Fund, project: Project
) -> None:
    later = carry(binhai, project, following, amounts={"item-1": D("8000.00"), "item-2": D("0.00")})
    assert stands(later) == {"item-1": ("0.00", "8000.00", "0.00")}
    assert stands(project) == {"item-1": ("0.00", "0.00", "5000.00"), "item-2": ("0.00", "0.00", "0.00")}
    assert fund_totals([fund.pk])[fund.pk].available == D("87000.00")
    assert first_fault() is None


def test_it_may_go_on_for_another_year(binhai: Cast, fund: Fund, following: Fund, project: Project) -> None:
    later = carry(binhai, project, following)
    third = fund_of(binhai, "1.00", year=2029)
    last = carry(binhai, later, third, number="P2029-0001")
    assert (last.continues, last.origin, last.first_id) == (later, project, project.pk)
    assert [each.pk for each in Project.objects.of_class(later.first_id)] == [project.pk, later.pk, last.pk]
    assert Commitment.objects.get(project=last).continues == Commitment.objects.get(project=later)
    assert first_fault() is None


class TestRefusals:
    def test_more_than_is_free_and_promised(self, binhai: Cast, following: Fund, project: Project) -> None:
        with pytest.raises(Refused) as said:
            carry(binhai, project, following, amounts={"item-1": D("15000.01")})
        assert str(said.value) == (
            "P2027-0013“费用1”可用 7,000.00 元、预占 8,000.00 元，合计 15,000.00 元，"
            "不能结转 15,000.01 元，差 0.01 元。"
        )

    def test_less_than_is_promised(self, binhai: Cast, following: Fund, project: Project) -> None:
        with pytest.raises(Refused) as said:
            carry(binhai, project, following, amounts={"item-2": D("1.00")})
        assert str(said.value) == (
            "P2027-0013“费用1”可用 7,000.00 元、预占 8,000.00 元，结转 0.00 元不够随班转入的预占，"
            "差 8,000.00 元；不再需要的预占请先释放。"
        )

    def test_nothing(self, binhai: Cast, fund: Fund, following: Fund) -> None:
        empty = give(binhai, fund, "100.00", number="P2027-0014")
        with pytest.raises(Refused, match="P2027-0014 没有可结转的金额"):
            carry(binhai, empty, following, amounts={"item-1": D("0.00")})

    def test_a_line_it_does_not_have(self, binhai: Cast, following: Fund, project: Project) -> None:
        amounts = {"item-1": D("8000.00"), "item-9": D("1.00")}
        with pytest.raises(Refused, match="没有预算行“item-9”"):
            carry(binhai, project, following, amounts=amounts)

    def test_once_only(self, binhai: Cast, following: Fund, project: Project) -> None:
        carry(binhai, project, following)
        with pytest.raises(Conflict) as said:
            carry(binhai, project, following, number="P2028-0002")
        assert str(said.value) == "项目 P2027-0013 的结余已结转到 P2028-0001，不能再次结转。"

    def test_another_fund(self, binhai: Cast, mianyang: Cast, fund: Fund, project: Project) -> None:
        for wrong in (
            fund,
            fund_of(binhai, "1.00", year=2029),
            fund_of(binhai, "1.00", year=2028, source="fiscal"),
            fund_of(mianyang, "1.00", year=2028),
        ):
            with pytest.raises(Refused, match="只能结转到下一年同一渠道的专项预算"):
                carry(binhai, project, wrong)

    @pytest.mark.parametrize("year", [2027, 2028])
    def test_a_closed_year(self, binhai: Cast, following: Fund, project: Project, year: int) -> None:
        Fund.objects.filter(year=year).update(closed_on=dt.date(2029, 1, 10))
        project.refresh_from_db()
        with pytest.raises(Refused, match=f"{year}年度 .*已于2029年1月10日结账，不能结转"):
            carry(binhai, project, following)

    def test_nothing_of_it_stays_after_a_refusal(
        self, binhai: Cast, fund: Fund, following: Fund, project: Project
    ) -> None:
        before = stands(project), Entry.objects.count()
        give(binhai, following, "1.00", number="P2028-0001")
        with pytest.raises(Conflict, match="项目编号已被占用"):
            carry(binhai, project, following)
        assert (stands(project), Entry.objects.count()) == (before[0], before[1] + 1)
        assert not Project.objects.exclude(continues=None).exists()

    def test_what_was_released_cannot_come_back_by_a_reversal(
        self, binhai: Cast, fund: Fund, following: Fund, project: Project
    ) -> None:
        """The money is in the other year."""
        carry(binhai, project, following)
        with pytest.raises(Refused):
            reverse_entry(
                entry=Entry.objects.get(kind="release"), reason="误", actor=binhai.finance, at=YEAR_END
            )
        assert first_fault() is None


class TestTheDatabase:
    """Whoever speaks to it."""

    def make(self, cast: Cast, fund: Fund, **more: Any) -> Project:
        return Project.objects.create(
            union=cast.union,
            fund=fund,
            number="P2028-0009",
            name="续",
            department=cast.departments["xuanchuan"],
            **more,
        )

    def test_a_project_continues_one_of_the_year_before(
        self, binhai: Cast, fund: Fund, following: Fund, project: Project
    ) -> None:
        of = {"continues": project, "origin": project}
        for wrong in (
            fund,
            fund_of(binhai, "1.00", year=2029),
            fund_of(binhai, "1.00", year=2028, source="fiscal"),
        ):
            refused("budgets_project_continues", partial(self.make, binhai, wrong, **of))
        self.make(binhai, following, **of)

    def test_of_the_same_union(self, mianyang: Cast, project: Project) -> None:
        theirs = fund_of(mianyang, "1.00", year=2028)
        of = {"continues": project, "origin": project}
        refused("budgets_project_continues", partial(self.make, mianyang, theirs, **of))

    def test_its_origin_is_the_first_of_them(
        self, binhai: Cast, fund: Fund, following: Fund, project: Project
    ) -> None:
        other = give(binhai, fund, "1.00", number="P2027-0014")
        for more in ({"continues": project}, {"origin": project}, {"continues": project, "origin": other}):
            refused("budgets_project_continues", partial(self.make, binhai, following, **more))

    def test_one_continuation_at_most(self, binhai: Cast, following: Fund, project: Project) -> None:
        carry(binhai, project, following)
        of = {"continues": project, "origin": project}
        refused("budgets_project_continues_id_key", partial(self.make, binhai, following, **of))

    @pytest.mark.parametrize("column", ["continues_id", "origin_id"])
    def test_it_is_said_once(self, binhai: Cast, following: Fund, project: Project, column: str) -> None:
        later = carry(binhai, project, following)
        for pk, value in ((later.pk, "NULL"), (project.pk, later.pk)):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE budgets_project SET {column} = {value} WHERE id = {pk}")

    def test_a_promise_continues_one_of_the_project_before(
        self, binhai: Cast, fund: Fund, following: Fund, project: Project
    ) -> None:
        other = give(binhai, fund, "500.00", number="P2027-0014")
        stranger = commit_to(binhai, other, "100.00", session_no=2)
        later = carry(binhai, project, following)
        taken = Commitment.objects.get(project=later)
        own = commit_to(binhai, later, "10.00", session_no=2)

        def make(**changes: Any) -> None:
            values = {name: getattr(own, name) for name in ("project", "line", "title", "payee", "at")}
            values |= {"number": "YZ-1", "session_no": 2, "created_by": binhai.finance, "key": uuid.uuid4()}
            Commitment.objects.create(**(values | changes))

        refused("budgets_commitment_continues", partial(make, continues=stranger))
        refused("budgets_commitment_continues", partial(make, continues=own))
        refused("budgets_commitment_continues", partial(make, continues=taken.continues, session_no=1))
        refused("budgets_commitment_continues_id_key", partial(make, continues=taken.continues))


class TestAudit:
    def bend(self, *statements: str) -> tuple[str, str] | None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("budgets_project", "budgets_entry"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for statement in statements:
                cursor.execute(statement)
        fault = first_fault()
        return None if fault is None else (fault.table, fault.rule)

    def test_a_chain_that_jumps(self, binhai: Cast, fund: Fund, following: Fund, project: Project) -> None:
        later = carry(binhai, project, following)
        other = give(binhai, fund, "1.00", number="P2027-0014")
        sql = f"UPDATE budgets_project SET origin_id = {other.pk} WHERE id = {later.pk}"
        assert self.bend(sql) == ("project", "budgets_project_continues")

    def test_a_project_given_more_than_was_carried(
        self, binhai: Cast, following: Fund, project: Project
    ) -> None:
        later = carry(binhai, project, following)
        assert first_fault() is None
        other = give(binhai, following, "1.00", number="P2028-0002")
        elsewhere = Entry.objects.get(project=other).batch
        # The second line's money comes from a batch that carried nothing.
        first = Entry.objects.filter(project=later, kind="appropriate").order_by("id")[1].pk
        sql = f"UPDATE budgets_entry SET batch = '{elsewhere}' WHERE id = {first}"
        assert self.bend(sql) == ("project", "budgets_project_carried")


def test_after_reopening_what_is_paid_back_stays_where_it_was_paid(
    binhai: Cast, fund: Fund, following: Fund, project: Project
) -> None:
    """A carried class's old year may be opened again; nothing moves by itself."""
    carry(binhai, project, following)
    close_year(fund=fund, actor=binhai.finance, at=YEAR_END)
    reopen_year(fund=fund, reason="更正", actor=binhai.finance, at=YEAR_END)
    project.fund.refresh_from_db()
    with pytest.raises(Refused, match=r"“费用1”可用 0\.00 元"):
        pay_out(binhai, project, "0.01")
