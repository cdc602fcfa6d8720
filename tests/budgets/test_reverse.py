"""红字冲销: a corrected mistake is an entry that undoes another, whole, once, with a reason."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Account, Commitment, Entry, Fund, Payment, Project
from budgets.selectors import first_fault, fund_totals
from budgets.services import (
    GivenInvoice,
    Shift,
    carry_over,
    release,
    reverse_entry,
    reverse_payment,
    supplement,
    transfer,
)
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, adjust, fund_of, give
from tests.budgets.spend import commit_to, line, pay_out, refund_of, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


@pytest.fixture
def payment(binhai: Cast, project: Project) -> Payment:
    """500 of a commitment over 600 and 300 free of the first line, 200 of the second."""
    commitment = commit_to(binhai, project, "600.00")
    return pay_out(
        binhai,
        project,
        row(project, "500.00", commitment=commitment),
        row(project, "300.00"),
        row(project, "200.00", number=2),
        invoices=[GivenInvoice("12345678")],
    )


def undo(cast: Cast, entry: Entry, **changes: Any) -> list[Entry]:
    values: dict[str, Any] = {"entry": entry, "reason": "填错", "actor": cast.finance, "at": NOW}
    return reverse_entry(**(values | changes))


def undo_payment(cast: Cast, payment: Payment, **changes: Any) -> list[Entry]:
    values: dict[str, Any] = {"payment": payment, "reason": "填错", "actor": cast.finance, "at": NOW}
    return reverse_payment(**(values | changes))


def last(kind: str) -> Entry:
    return Entry.objects.filter(kind=kind).latest("id")


def test_a_payment_is_undone_on_all_its_lines_and_its_commitment_lives_again(
    binhai: Cast, project: Project, payment: Payment
) -> None:
    undone = undo_payment(binhai, payment, reason=" 收款人写错 ")
    assert stands(project) == {
        "item-1": ("19400.00", "600.00", "0.00"),
        "item-2": ("10000.00", "0.00", "0.00"),
    }
    assert Commitment.objects.get().outstanding == D("600.00")
    assert [(e.reverses, e.amount, e.debit, e.credit, e.commitment) for e in undone] == [
        (e, e.amount, e.credit, e.debit, e.commitment)
        for e in payment.entries.filter(kind="pay").order_by("id")
    ]
    assert {(e.kind, e.reason, e.payment, e.project, e.actor, e.post) for e in undone} == {
        ("reverse", "收款人写错", payment, project, binhai.finance, binhai.posts["caiwu"])
    }
    assert len({e.batch for e in undone}) == 1
    assert not payment.invoices.filter(active=True).exists()
    assert not Payment.objects.standing().exists()
    assert first_fault() is None


def test_one_entry_of_a_payment_stands_for_all_of_it(binhai: Cast, payment: Payment) -> None:
    entry = payment.entries.order_by("id")[1]
    assert len(undo(binhai, entry)) == 3


def test_nothing_is_undone_twice(binhai: Cast, payment: Payment) -> None:
    undone = undo_payment(binhai, payment)
    with pytest.raises(Conflict, match=r"这笔支出 500\.00 元已被冲销。"):
        undo_payment(binhai, payment)
    with pytest.raises(Conflict, match="已被冲销"):
        undo(binhai, undone[0])
    assert Entry.objects.filter(kind="reverse").count() == 3


def test_a_refunded_payment_stands_until_the_refund_is_undone(
    binhai: Cast, project: Project, payment: Payment
) -> None:
    pay_out(binhai, project, "3000.00")
    back = refund_of(binhai, payment, "800.00")
    with pytest.raises(Refused) as refused:
        undo_payment(binhai, payment)
    assert str(refused.value) == f"{payment.number} 已有退款，请先冲销退款再冲销这笔支付。"
    undo_payment(binhai, back)
    undo_payment(binhai, payment)
    assert stands(project)["item-1"] == ("16400.00", "600.00", "3000.00")
    assert first_fault() is None


def test_a_refund_whose_money_has_moved_on_stands(binhai: Cast, project: Project, payment: Payment) -> None:
    back = refund_of(binhai, payment, "800.00")
    commit_to(binhai, project, "19800.00")
    with pytest.raises(Refused) as refused:
        undo_payment(binhai, back)
    assert str(refused.value) == (
        "“费用1”可用 100.00 元，不能冲销 800.00 元，差 700.00 元（已预占和支出的请先释放或冲销）。"
    )


def test_a_commitment_is_undone_while_nothing_of_it_was_used(binhai: Cast, project: Project) -> None:
    commitment = commit_to(binhai, project, "600.00")
    undo(binhai, last("commit"))
    commitment.refresh_from_db()
    assert commitment.outstanding == D("0.00")
    assert stands(project)["item-1"] == ("20000.00", "0.00", "0.00")
    with pytest.raises(Conflict, match=r"这笔预占 600\.00 元已被冲销。"):
        undo(binhai, last("commit"))


def test_a_commitment_partly_paid_is_released_not_undone(
    binhai: Cast, project: Project, payment: Payment
) -> None:
    """Another commitment of the line would have the money: it isn't touched."""
    first = Commitment.objects.get()
    commit_to(binhai, project, "5000.00")
    with pytest.raises(Refused) as refused:
        undo(binhai, first.entries.get(kind="commit"))
    assert str(refused.value) == (
        f"预占 {first.number}“住宿合同”600.00 元中已支付或释放 500.00 元，不能整笔冲销；"
        "剩余 100.00 元请办理释放。"
    )


def test_a_release_is_undone_while_the_money_is_still_there(binhai: Cast, project: Project) -> None:
    commitment = commit_to(binhai, project, "600.00", number=2)
    release(commitment=commitment, amount=D("250.00"), reason="减", actor=binhai.finance, at=NOW)
    pay_out(binhai, project, row(project, "9400.00", number=2))
    pay_out(binhai, project, row(project, "1.00", number=2))
    with pytest.raises(Refused) as refused:
        undo(binhai, last("release"))
    assert str(refused.value) == (
        "“费用2”可用 249.00 元，不能冲销 250.00 元，差 1.00 元（已预占和支出的请先释放或冲销）。"
    )
    undo_payment(binhai, Payment.objects.latest("id"))
    undo(binhai, last("release"))
    commitment.refresh_from_db()
    assert commitment.outstanding == D("600.00")
    assert stands(project)["item-2"] == ("0.00", "600.00", "9400.00")
    assert first_fault() is None


def test_a_supplement_is_undone_while_the_fund_has_it(binhai: Cast, fund: Fund, project: Project) -> None:
    supplement(fund=fund, amount=D("500.00"), basis="追加通知", actor=binhai.finance, at=NOW)
    undo(binhai, last("supplement"))
    assert fund_totals([fund.pk])[fund.pk].granted == D("100000.00")
    with pytest.raises(Refused) as refused:
        undo(binhai, last("grant"))
    assert str(refused.value) == (
        "2027年度 工会干部教育培训经费可安排 70,000.00 元，不能冲销 100,000.00 元，差 30,000.00 元"
        "（已下达的请先办理预算调整收回）。"
    )


def test_what_was_decided_elsewhere_isnt_undone_here(binhai: Cast, fund: Fund, project: Project) -> None:
    later = fund_of(binhai, "1.00", year=2028)
    by: dict[str, Any] = {
        "actor": binhai.finance,
        "post": binhai.posts["caiwu"],
        "at": NOW,
        "reason": "x",
        "reference": "y",
    }
    adjust(binhai, project, {"item-1": D("1.00"), "item-2": D("-1.00")})
    transfer(shifts=[Shift(line(project).pk, line(project, 2).pk, D("1.00"))], **by)
    carry_over(fund=fund, to=later, amount=D("1.00"), **by)
    for kind, name in (
        ("appropriate", "下达"),
        ("adjust", "预算调整"),
        ("recall", "收回"),
        ("transfer", "调剂"),
        ("carry_out", "结转下年"),
        ("carry_in", "上年结转"),
    ):
        with pytest.raises(Refused) as refused:
            undo(binhai, last(kind))
        assert str(refused.value) == (f"“{name}”由审批决定，不能直接冲销；需要改变的请办理调剂或预算调整。")


def test_a_reversal_isnt_undone(binhai: Cast, project: Project) -> None:
    commit_to(binhai, project, "600.00")
    undo(binhai, last("commit"))
    with pytest.raises(Refused, match="红字冲销本身不能再冲销；冲销错了的，请按原内容重新登记。"):
        undo(binhai, last("reverse"))


def test_it_has_a_reason(binhai: Cast, payment: Payment) -> None:
    for act in (
        lambda: undo_payment(binhai, payment, reason=" 　"),
        lambda: undo(binhai, last("commit"), reason=""),
    ):
        with pytest.raises(Refused, match="请填写冲销的理由。"):
            act()


@pytest.mark.parametrize("who", ["jiceng", "bangongshi"])
def test_only_finance_undoes(binhai: Cast, mianyang: Cast, payment: Payment, who: str) -> None:
    for actor in (binhai.people[who], mianyang.finance):
        for act in (
            lambda actor=actor: undo_payment(binhai, payment, actor=actor),
            lambda actor=actor: undo(binhai, last("commit"), actor=actor),
        ):
            with pytest.raises(Refused, match="由承担财务职责的部门办理"):
                act()


def test_a_closed_year_undoes_nothing_and_says_since_when(binhai: Cast, payment: Payment) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    for act in (lambda: undo_payment(binhai, payment), lambda: undo(binhai, last("grant"))):
        with pytest.raises(Refused) as refused:
            act()
        assert str(refused.value) == (
            "2027年度 工会干部教育培训经费已于2028年1月10日结账，不能再下达或入账。"
        )
    assert not Account.objects.exclude(kind="source").filter(balance__lt=0).exists()
