"""退款: money of an earlier payment comes back to the lines it came from."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, Fund, Payment, Project
from budgets.selectors import first_fault
from budgets.services import reverse_payment
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import TODAY, commit_to, line, papers, pay_out, refund_of, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000; others have paid 3,000 from the first line."""
    made = give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")
    pay_out(binhai, made, "3000.00")
    return made


@pytest.fixture
def payment(binhai: Cast, project: Project) -> Payment:
    """500 of a commitment and 300 free of the first line, 200 of the second."""
    commitment = commit_to(binhai, project, "600.00")
    return pay_out(
        binhai,
        project,
        row(project, "500.00", commitment=commitment),
        row(project, "300.00"),
        row(project, "200.00", number=2),
        session_no=1,
    )


def test_it_comes_back_as_free_money_of_its_lines(binhai: Cast, project: Project, payment: Payment) -> None:
    back = refund_of(
        binhai, payment, "600.50", row(project, "200.00", number=2), voucher=" 记-9 ", attachments=1
    )
    assert stands(project) == {
        "item-1": ("16700.50", "100.00", "3199.50"),
        "item-2": ("10000.00", "0.00", "0.00"),
    }
    back.refresh_from_db()
    assert (back.refunds, back.amount, back.session_no, back.kind) == (payment, D("800.50"), 1, "refund")
    assert (back.payee, back.method, back.subject, back.voucher, back.attachments) == (
        payment.payee,
        payment.method,
        payment.subject,
        "记-9",
        1,
    )
    assert {(e.kind, e.amount, e.commitment, e.batch) for e in back.entries.all()} == {
        ("refund", D("600.50"), None, back.key),
        ("refund", D("200.00"), None, back.key),
    }
    assert list(back.papers.values_list("code", flat=True)) == ["refund_slip"]
    assert first_fault() is None


def test_not_more_than_the_payment_took_from_the_line_whatever_else_was_paid_there(
    binhai: Cast, project: Project, payment: Payment
) -> None:
    for rows, title, left, wanted in (
        (["800.01"], "费用1", "800.00", "800.01"),
        ([row(project, "200.01", number=2)], "费用2", "200.00", "200.01"),
    ):
        with pytest.raises(Refused) as refused:
            refund_of(binhai, payment, *rows)
        assert str(refused.value) == (f"“{title}”在 {payment.number} 中可退 {left} 元，不能退 {wanted} 元。")
    refund_of(binhai, payment, "800.00")
    with pytest.raises(Refused, match=r"可退 0\.00 元，不能退 0\.01 元"):
        refund_of(binhai, payment, "0.01")


def test_several_refunds_count_together(binhai: Cast, payment: Payment) -> None:
    refund_of(binhai, payment, "500.00")
    with pytest.raises(Refused, match=r"可退 300\.00 元，不能退 300\.01 元"):
        refund_of(binhai, payment, "300.01")
    assert refund_of(binhai, payment, "300.00").amount == D("300.00")


def test_a_reversed_refund_can_be_refunded_again(binhai: Cast, payment: Payment) -> None:
    back = refund_of(binhai, payment, "800.00")
    reverse_payment(payment=back, reason="退错", actor=binhai.finance, at=NOW)
    assert refund_of(binhai, payment, "800.00").amount == D("800.00")
    assert first_fault() is None


def test_a_line_is_written_once(binhai: Cast, project: Project, payment: Payment) -> None:
    """Neither twice nor once more under a commitment's name: each alone would fit, both wouldn't."""
    commitment = project.commitments.get()
    with pytest.raises(Refused, match="同一预算行写了 2 行，请合并为一行。"):
        refund_of(binhai, payment, "500.00", "500.00")
    with pytest.raises(Refused, match="退款回到预算行，不回到预占；请逐预算行填写退款金额。"):
        refund_of(binhai, payment, "500.00", row(project, "500.00", commitment=commitment))


def test_a_reversed_payment_gives_nothing_back_a_second_time(binhai: Cast, payment: Payment) -> None:
    reverse_payment(payment=payment, reason="填错", actor=binhai.finance, at=NOW)
    with pytest.raises(Conflict) as refused:
        refund_of(binhai, payment, "1.00")
    assert str(refused.value) == f"{payment.number} 已红字冲销，不能再办退款。"


def test_a_refund_isnt_refunded(binhai: Cast, payment: Payment) -> None:
    back = refund_of(binhai, payment, "100.00")
    with pytest.raises(Refused, match=rf"在 {back.number} 中可退 0\.00 元"):
        refund_of(binhai, back, "100.00")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"papers": ()}, "办理退款还缺“退款凭证”（自定），请补齐后再办。"),
        ({"kind": "other"}, "没有“other”这一类退款，请重新选择。"),
        ({"title": " "}, "请填写事由。"),
        ({"handler": " "}, "请填写经办人。"),
        ({"paid_on": dt.date(2027, 1, 21)}, "支付日期不能晚于今天。"),
        ({"paid_on": dt.date(2027, 1, 19)}, "退款日期不能早于原支付日期 2027-01-20。"),
        ({"rows": []}, "请至少填写一行金额。"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    binhai: Cast, payment: Payment, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        refund_of(binhai, payment, "1.00", **change)


def test_a_line_of_another_project_gets_nothing(binhai: Cast, fund: Fund, payment: Payment) -> None:
    other = give(binhai, fund, "10.00")
    with pytest.raises(Refused, match="预算行不属于项目 P2027-0013"):
        refund_of(binhai, payment, row(other, "1.00"))


@pytest.mark.parametrize("who", ["jiceng", "xuanchuan"])
def test_only_finance_refunds(binhai: Cast, payment: Payment, who: str) -> None:
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        refund_of(binhai, payment, "1.00", actor=binhai.people[who])


def test_a_closed_year_takes_nothing_back(binhai: Cast, payment: Payment) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        refund_of(binhai, payment, "1.00")


def test_the_same_form_sent_twice_is_one_refund(binhai: Cast, project: Project, payment: Payment) -> None:
    key = uuid.uuid4()
    first = refund_of(binhai, payment, "800.00", key=key)
    assert refund_of(binhai, payment, "800.00", key=key) == first
    assert Entry.objects.filter(kind="refund").count() == 1
    with pytest.raises(Conflict, match="这张表单已登记为"):
        refund_of(binhai, payment, row(project, "200.00", number=2), key=key)
    with pytest.raises(Conflict, match="这张表单已登记为"):
        refund_of(binhai, payment, "1.00", key=payment.key)


def test_the_number_of_statements_is_fixed(
    binhai: Cast, project: Project, payment: Payment, django_assert_num_queries: Any
) -> None:
    """Right to act, key, accounts, savepoint, the payment locked, reversed?, paid, refunded before, its
    number, payment, papers, entries, release."""
    of = Payment.objects.select_related("project__union").get(pk=payment.pk)
    rows = [row(project, "1.00"), row(project, "2.00", number=2)]
    assert line(project).project_id == of.project_id
    given = papers("refund")
    with django_assert_num_queries(13):
        refund_of(binhai, of, *rows, papers=given, paid_on=TODAY)
