"""预占: an amount of a line is promised to somebody and free for nobody else."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from budgets.models import BudgetLine, Commitment, Entry, Fund, Project, SupportingPaper
from budgets.selectors import first_fault, project_totals
from budgets.services import GivenPaper, commit
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import commit_to, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


def test_it_leaves_the_free_amount_and_stands_as_committed(binhai: Cast, project: Project) -> None:
    found = commit_to(
        binhai,
        project,
        "12000.50",
        title=" 住宿合同 ",
        payee=" 海河宾馆",
        session_no=2,
        contract_number=" HT-7 ",
        contract_on=dt.date(2027, 1, 18),
        papers=[GivenPaper("contract", "合同或协议", evidence="合同台账第 7 号")],
    )
    assert stands(project) == {
        "item-1": ("7999.50", "12000.50", "0.00"),
        "item-2": ("10000.00", "0.00", "0.00"),
    }
    kept = Commitment.objects.get()
    assert (kept, found.outstanding, kept.outstanding) == (found, D("12000.50"), D("12000.50"))
    assert (kept.title, kept.payee, kept.session_no, kept.contract_number, kept.contract_on) == (
        "住宿合同",
        "海河宾馆",
        2,
        "HT-7",
        dt.date(2027, 1, 18),
    )
    assert kept.number == "P2027-0013-YZ01"
    entry = Entry.objects.get(commitment=kept)
    assert (entry.kind, entry.amount, entry.project, entry.batch, entry.reason, entry.reference) == (
        "commit",
        D("12000.50"),
        project,
        kept.key,
        "住宿合同",
        "HT-7",
    )
    assert (entry.actor, entry.post, entry.at) == (binhai.finance, binhai.posts["caiwu"], NOW)
    assert SupportingPaper.objects.values_list("commitment", "code", "evidence").get() == (
        kept.pk,
        "contract",
        "合同台账第 7 号",
    )
    assert first_fault() is None


def test_a_line_is_committed_to_its_last_cent_and_not_beyond(binhai: Cast, project: Project) -> None:
    commit_to(binhai, project, "9999.99", number=2)
    with pytest.raises(Refused) as refused:
        commit_to(binhai, project, "0.02", number=2)
    assert str(refused.value) == (
        "“费用2”可用 0.01 元，本次预占 0.02 元，差 0.01 元。"
        "专款专用，不得超预算行开支；确需增加的，请先办理调剂或预算调整。"
    )
    commit_to(binhai, project, "0.01", number=2)
    assert stands(project)["item-2"] == ("0.00", "10000.00", "0.00")
    assert project_totals([project.pk])[project.pk].committed == D("10000.00")


@pytest.mark.parametrize("who", ["jiceng", "bangongshi", "xuanchuan"])
def test_only_finance_commits(binhai: Cast, project: Project, who: str) -> None:
    actor = binhai.people[who]
    with pytest.raises(Refused) as refused:
        commit_to(binhai, project, "1.00", actor=actor)
    assert str(refused.value) == f"登记预占和支付由承担财务职责的部门办理，{actor.name}不在该部门任职。"


def test_another_unions_finance_doesnt(binhai: Cast, mianyang: Cast, project: Project) -> None:
    with pytest.raises(Refused, match="不在该部门任职"):
        commit_to(binhai, project, "1.00", actor=mianyang.finance)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "预占的金额应当大于 0 元。"),
        ("-1.00", "预占的金额应当大于 0 元。"),
        ("NaN", "预占的金额应当大于 0 元。"),
        ("0.005", "预占的金额 0.005 元不正确：最多两位小数，且小于 1,000,000,000,000.00 元。"),
        ("1000000000000.00", "最多两位小数，且小于 1,000,000,000,000.00 元。"),
    ],
)
def test_what_is_no_money_is_refused(binhai: Cast, project: Project, amount: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        commit_to(binhai, project, amount)
    assert str(refused.value).endswith(words)


@pytest.mark.parametrize("change", [{"title": "  "}, {"payee": ""}])
def test_it_says_for_what_and_to_whom(binhai: Cast, project: Project, change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="请填写预占的事由和收款单位（人）。"):
        commit_to(binhai, project, "1.00", **change)


def test_a_closed_year_commits_nothing_and_says_since_when(binhai: Cast, project: Project) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused) as refused:
        commit_to(binhai, project, "1.00")
    assert str(refused.value) == ("2027年度 工会干部教育培训经费已于2028年1月10日结账，不能再下达或入账。")


def test_a_moment_has_its_zone(binhai: Cast, project: Project) -> None:
    with pytest.raises(ValueError, match="aware"):
        commit_to(binhai, project, "1.00", at=dt.datetime(2027, 1, 20, 9, 0))  # noqa: DTZ001


def test_the_same_form_sent_twice_is_one_commitment(binhai: Cast, project: Project) -> None:
    """Also when the first one took all there was."""
    key = uuid.uuid4()
    first = commit_to(binhai, project, "20000.00", key=key)
    assert commit_to(binhai, project, "20000.00", key=key) == first
    assert Entry.objects.filter(kind="commit").count() == 1


@pytest.mark.parametrize(
    "change",
    [{"amount": "5.01"}, {"title": "会场合同"}, {"payee": "别家"}, {"session_no": 1}, {"number": 2}],
)
def test_a_form_filled_in_anew_isnt_taken_for_the_old_one(
    binhai: Cast, project: Project, change: dict[str, Any]
) -> None:
    key = uuid.uuid4()
    first = commit_to(binhai, project, "5.00", key=key)
    with pytest.raises(Conflict) as refused:
        commit_to(binhai, project, change.pop("amount", "5.00"), key=key, **change)
    assert str(refused.value) == (
        f"这张表单已登记为 {first.number}“住宿合同”，与这次填写的内容不同，本次未作任何改动；"
        "要另办一笔，请重新打开表单填写。"
    )


def test_it_falls_with_the_transaction_of_its_caller(binhai: Cast, project: Project) -> None:
    with transaction.atomic():
        commit_to(binhai, project, "5.00")
        transaction.set_rollback(True)
    assert not Commitment.objects.exists()
    assert stands(project)["item-1"] == ("20000.00", "0.00", "0.00")


def test_the_number_of_statements_is_fixed(
    binhai: Cast, project: Project, django_assert_num_queries: Any
) -> None:
    """Right to act, key, accounts, savepoint, number, commitment, entry, release."""
    of = BudgetLine.objects.select_related("project__union").get(project=project, item="item-1")
    with django_assert_num_queries(8):
        commit(
            line=of,
            amount=D("5.00"),
            title="住宿合同",
            payee="海河宾馆",
            key=uuid.uuid4(),
            actor=binhai.finance,
            at=NOW,
        )
