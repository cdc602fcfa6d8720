"""支出: one payment from a project's lines, with the papers its kind takes."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from budgets.models import Commitment, Entry, Fund, Invoice, LectureFee, Payment, Project, SupportingPaper
from budgets.rules import invoice_number
from budgets.selectors import first_fault
from budgets.services import (
    GivenFee,
    GivenInvoice,
    GivenPaper,
    PaidRow,
    pay,
    release,
    reverse_payment,
    set_voucher,
)
from budgets.states import PayMethod, Subject
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, fund_of, give
from tests.budgets.spend import BOOK, TODAY, commit_to, line, papers, pay_out, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


@pytest.fixture
def commitment(binhai: Cast, project: Project) -> Commitment:
    """5,000 of the first line."""
    return commit_to(binhai, project, "5000.00")


def fee(**changes: Any) -> GivenFee:
    values: dict[str, Any] = {
        "lecturer": "授课人甲",
        "title": "associate",
        "hours": D("4.0"),
        "after_tax": D("2000.00"),
        "before_tax": D("2300.00"),
    }
    return GivenFee(**(values | changes))


def lecture(cast: Cast, project: Project, *fees: GivenFee, **changes: Any) -> Payment:
    total = changes.pop("total", None) or str(sum(one.before_tax for one in fees))
    return pay_out(cast, project, total, kind="lecture", title="讲课费", fees=fees, **changes)


def test_free_and_promised_money_of_several_lines_in_one_payment(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    paid = pay_out(
        binhai,
        project,
        row(project, "4000.00", commitment=commitment),
        row(project, "300.50"),
        row(project, "700.00", number=2),
        title=" 食宿费 ",
        session_no=1,
        voucher=" 记-12 ",
        attachments=3,
        note="含会场",
        method=PayMethod.CARD,
    )
    assert stands(project) == {
        "item-1": ("14699.50", "1000.00", "4300.50"),
        "item-2": ("9300.00", "0.00", "700.00"),
    }
    commitment.refresh_from_db()
    assert commitment.outstanding == D("1000.00")
    kept = Payment.objects.get()
    assert (kept, kept.number, kept.amount) == (paid, "P2027-0013-ZF01", D("5000.50"))
    assert (kept.title, kept.payee, kept.session_no, kept.voucher, kept.attachments, kept.note) == (
        "食宿费",
        "新华书店",
        1,
        "记-12",
        3,
        "含会场",
    )
    assert (kept.method, kept.paid_on, kept.subject, kept.handler) == ("card", TODAY, "cadres", "经办人甲")
    entries = list(kept.entries.order_by("id"))
    assert [(e.kind, e.amount, e.commitment) for e in entries] == [
        ("pay", D("4000.00"), commitment),
        ("pay", D("300.50"), None),
        ("pay", D("700.00"), None),
    ]
    assert {(e.batch, e.project, e.actor, e.post, e.reference) for e in entries} == {
        (kept.key, project, binhai.finance, binhai.posts["caiwu"], "记-12")
    }
    assert set(SupportingPaper.objects.values_list("payment", "code")) == {
        (kept.pk, code) for code in ("approval", "invoice", "cost_list")
    }
    assert first_fault() is None


def test_a_line_is_paid_out_to_its_last_cent_and_not_beyond(binhai: Cast, project: Project) -> None:
    pay_out(binhai, project, row(project, "9999.99", number=2))
    with pytest.raises(Refused) as refused:
        pay_out(binhai, project, row(project, "0.02", number=2))
    assert str(refused.value) == (
        "“费用2”可用 0.01 元，本次支付 0.02 元，差 0.01 元。"
        "专款专用，不得超预算行开支；确需增加的，请先办理调剂或预算调整。"
    )
    pay_out(binhai, project, row(project, "0.01", number=2))
    assert stands(project)["item-2"] == ("0.00", "0.00", "10000.00")


def test_what_is_promised_to_another_isnt_free(binhai: Cast, project: Project) -> None:
    commit_to(binhai, project, "19000.00")
    with pytest.raises(Refused, match=r"“费用1”可用 1,000\.00 元，本次支付 1,000\.01 元，差 0\.01 元"):
        pay_out(binhai, project, "1000.01")


def test_a_commitment_pays_what_is_promised_and_not_a_cent_more(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    with pytest.raises(Refused) as refused:
        pay_out(binhai, project, row(project, "5000.01", commitment=commitment))
    assert str(refused.value) == (
        f"预占 {commitment.number}“住宿合同”未支付余额 5,000.00 元，本次支付 5,000.01 元，差 0.01 元。"
        "多出部分请另列一行，从预算行直接支付。"
    )
    pay_out(binhai, project, row(project, "5000.00", commitment=commitment))
    assert not Commitment.objects.open().exists()


def test_one_bad_row_and_nothing_is_paid(binhai: Cast, project: Project, commitment: Commitment) -> None:
    with pytest.raises(Refused):
        pay_out(
            binhai,
            project,
            row(project, "1.00", commitment=commitment),
            row(project, "10000.01", number=2),
        )
    assert not Payment.objects.exists()
    assert stands(project)["item-1"] == ("15000.00", "5000.00", "0.00")


def test_a_commitment_is_for_its_line_and_its_project(
    binhai: Cast, fund: Fund, project: Project, commitment: Commitment
) -> None:
    other = give(binhai, fund, "9000.00")
    for of, wrong in (
        (project, PaidRow(line(project, 2).pk, D("1.00"), commitment.pk)),
        (other, PaidRow(line(other).pk, D("1.00"), commitment.pk)),
        (project, PaidRow(line(project).pk, D("1.00"), commitment.pk + 1)),
    ):
        with pytest.raises(Refused, match="所选预占不属于这个项目的这一预算行，请重新选择。"):
            pay_out(binhai, of, wrong)


def test_a_line_of_another_project_is_refused(binhai: Cast, fund: Fund, project: Project) -> None:
    other = give(binhai, fund, "9000.00")
    with pytest.raises(Refused, match="预算行不属于项目 P2027-0013，请从本项目的预算行中选。"):
        pay_out(binhai, project, row(other, "1.00"))


@pytest.mark.parametrize(
    ("promised", "paid", "written"), [(1, 2, "第 2 期"), (1, None, "全班"), (None, 2, ""), (2, 2, "")]
)
def test_a_commitment_of_one_session_doesnt_pay_for_another(
    binhai: Cast, project: Project, promised: int | None, paid: int | None, written: str
) -> None:
    commitment = commit_to(binhai, project, "10.00", session_no=promised)
    out = {"session_no": paid}
    if not written:
        pay_out(binhai, project, row(project, "10.00", commitment=commitment), **out)
        return
    with pytest.raises(Refused) as refused:
        pay_out(binhai, project, row(project, "10.00", commitment=commitment), **out)
    assert str(refused.value) == (
        f"预占 {commitment.number}“住宿合同”是第 1 期的，本次支付写的是{written}；"
        "请改期次，或先释放这笔预占。"
    )


def test_rows_of_the_same_source_are_one_row(binhai: Cast, project: Project, commitment: Commitment) -> None:
    with pytest.raises(Refused, match="同一预算行写了 2 行，请合并为一行。"):
        pay_out(binhai, project, "10000.00", "10000.00")
    twice = row(project, "3000.00", commitment=commitment)
    with pytest.raises(Refused, match="同一预占写了 2 行，请合并为一行。"):
        pay_out(binhai, project, twice, twice)


def test_two_commitments_of_one_line_are_two_rows(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    second = commit_to(binhai, project, "15000.00")
    pay_out(
        binhai,
        project,
        row(project, "5000.00", commitment=commitment),
        row(project, "15000.00", commitment=second),
    )
    assert stands(project)["item-1"] == ("0.00", "0.00", "20000.00")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "请至少填写一行金额。"),
        (["0.00"], "本次的金额应当大于 0 元。"),
        (["NaN"], "本次的金额应当大于 0 元。"),
        (["1.001"], "本次的金额 1.001 元不正确"),
    ],
)
def test_rows_are_money(binhai: Cast, project: Project, rows: list[str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        pay_out(binhai, project, *rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": " "}, "请填写事由。"),
        ({"payee": ""}, "请填写收款单位（人）。"),
        ({"handler": ""}, "请填写经办人。"),
        ({"paid_on": dt.date(2027, 1, 21)}, "支付日期不能晚于今天。"),
        ({"kind": "refund"}, "没有“refund”这一类支付，请重新选择。"),
        ({"kind": "unheard"}, "没有“unheard”这一类支付，请重新选择。"),
    ],
)
def test_what_is_missing_or_wrong_is_named(
    binhai: Cast, project: Project, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        pay_out(binhai, project, "1.00", **change)


def test_the_day_is_that_of_shanghai(binhai: Cast, project: Project) -> None:
    """23:30 UTC of the 19th is the 20th here."""
    late = dt.datetime(2027, 1, 19, 23, 30, tzinfo=dt.UTC)
    assert pay_out(binhai, project, "1.00", at=late, paid_on=dt.date(2027, 1, 20)).amount == D("1.00")


@pytest.mark.parametrize("kind", ["advance", "lecture", "balance", "other"])
def test_each_paper_of_a_kind_is_asked_for_by_its_name(binhai: Cast, project: Project, kind: str) -> None:
    """S24, X1 art. 17: every paper alone stops the payment."""
    of_kind = BOOK.money.kind(kind)
    assert of_kind is not None
    for code in of_kind.papers:
        paper = BOOK.money.paper(code)
        assert paper is not None
        with pytest.raises(Refused) as refused:
            pay_out(binhai, project, "2300.00", kind=kind, fees=[fee()], papers=papers(kind, code))
        assert str(refused.value) == (
            f"办理{of_kind.title}还缺“{paper.title}”（{of_kind.clause}），请补齐后再办。"
        )
    assert pay_out(binhai, project, "2300.00", kind=kind, fees=[fee()]).kind == kind


def test_all_that_is_missing_is_named_at_once(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused, match="还缺“审定纪要”、“调训通知”、“实际签到表”、“发票”、“费用明细清单”"):
        pay_out(binhai, project, "1.00", kind="balance", papers=[GivenPaper("slip", "x", evidence="x")])


def test_what_the_finance_software_paid_brings_its_papers_later(binhai: Cast, project: Project) -> None:
    """Papers only: all else is asked as ever."""
    late: dict[str, Any] = {"papers": (), "papers_later": True}
    with pytest.raises(Refused, match="请填写经办人。"):
        pay_out(binhai, project, "1.00", handler="", **late)
    with pytest.raises(Refused, match=r"差 0\.01 元"):
        pay_out(binhai, project, "20000.01", **late)
    assert not pay_out(binhai, project, "1.00", **late).papers.exists()


@pytest.mark.parametrize("who", ["jiceng", "xuanchuan"])
def test_only_finance_pays(binhai: Cast, mianyang: Cast, project: Project, who: str) -> None:
    for actor in (binhai.people[who], mianyang.finance):
        with pytest.raises(Refused, match="登记预占和支付由承担财务职责的部门办理"):
            pay_out(binhai, project, "1.00", actor=actor)


def test_a_closed_year_pays_nothing_and_says_since_when(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    for each in (row(project, "1.00"), row(project, "1.00", commitment=commitment)):
        with pytest.raises(Refused, match="已于2028年1月10日结账，不能再下达或入账。"):
            pay_out(binhai, project, each)


def test_the_same_form_sent_twice_is_one_payment(binhai: Cast, project: Project) -> None:
    key = uuid.uuid4()
    out = {"key": key, "invoices": [GivenInvoice("12345678")]}
    first = pay_out(binhai, project, "20000.00", **out)
    assert pay_out(binhai, project, "20000.00", **out) == first
    assert (Payment.objects.count(), Entry.objects.filter(kind="pay").count()) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [{"amount": "5.01"}, {"title": "别的"}, {"payee": "别家"}, {"session_no": 1}, {"kind": "advance"}],
)
def test_a_form_filled_in_anew_isnt_taken_for_the_old_one(
    binhai: Cast, project: Project, change: dict[str, Any]
) -> None:
    key = uuid.uuid4()
    first = pay_out(binhai, project, "5.00", key=key)
    with pytest.raises(Conflict) as refused:
        pay_out(binhai, project, change.pop("amount", "5.00"), key=key, **change)
    assert str(refused.value).startswith(f"这张表单已登记为 {first.number}“教材费”，与这次填写的内容不同")


def test_a_key_of_another_project_isnt_its_payment(binhai: Cast, fund: Fund, project: Project) -> None:
    key, other = uuid.uuid4(), give(binhai, fund, "100.00")
    pay_out(binhai, other, "5.00", key=key)
    with pytest.raises(Conflict, match="这张表单已登记为"):
        pay_out(binhai, project, "5.00", key=key)


# Invoices


@pytest.mark.parametrize("typed", ["No.1234 5678", "１２３４５６７８", "1234-5678", "№12345678"])
def test_an_invoice_used_before_is_found_however_it_is_typed(
    binhai: Cast, fund: Fund, project: Project, typed: str
) -> None:
    other = give(binhai, fund, "9000.00", number="P2027-0077")
    first = pay_out(binhai, other, "100.00", invoices=[GivenInvoice("12345678", D("100.00"))])
    with pytest.raises(Refused) as refused:
        pay_out(binhai, project, "5.00", invoices=[GivenInvoice(typed)])
    assert str(refused.value) == (
        f"发票 12345678 已用于 {first.number}“教材费”（P2027-0077，2027-01-20，100.00 元），"
        "不能重复报销；确属同一发票分次列支的，请填写重复使用说明。"
    )


def test_an_invoice_in_parts_needs_its_reason_each_time_but_the_first(binhai: Cast, project: Project) -> None:
    pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678", shared="分次")])
    pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678", shared=" 分次列支 ")])
    with pytest.raises(Refused, match="发票 12345678 已用于"):
        pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678")])
    assert list(Invoice.objects.order_by("id").values_list("shared", flat=True)) == ["", "分次列支"]


def test_a_reversed_payment_gives_its_invoice_free(binhai: Cast, project: Project) -> None:
    first = pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678")])
    reverse_payment(payment=first, reason="填错", actor=binhai.finance, at=NOW)
    second = pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678")])
    assert list(Invoice.objects.order_by("id").values_list("payment", "active")) == [
        (first.pk, False),
        (second.pk, True),
    ]


def test_another_union_has_invoices_of_its_own(binhai: Cast, mianyang: Cast, project: Project) -> None:
    there = give(mianyang, fund_of(mianyang, "100.00"), "50.00")
    pay_out(mianyang, there, "5.00", invoices=[GivenInvoice("12345678")])
    pay_out(binhai, project, "5.00", invoices=[GivenInvoice("12345678")])
    assert Invoice.objects.filter(active=True).count() == 2


@pytest.mark.parametrize(
    ("invoices", "words"),
    [
        ([GivenInvoice("No. -")], "有一张发票未填发票号。"),
        ([GivenInvoice("A1"), GivenInvoice(" a1")], "发票 A1 在本次支付中写了 2 遍。"),
        ([GivenInvoice("7", D("NaN"))], "发票 7 票面的金额应当大于 0 元。"),
        ([GivenInvoice("7", D("1.005"))], "发票 7 票面的金额 1.005 元不正确"),
    ],
)
def test_an_invoice_has_a_number_once_and_an_amount_in_cents(
    binhai: Cast, project: Project, invoices: list[GivenInvoice], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        pay_out(binhai, project, "5.00", invoices=invoices)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("  ｎｏ．24932000000012-345 6 ", "249320000000123456"),
        ("№ 00123", "00123"),
        ("an-7n", "AN7N"),
        ("No", ""),
    ],
)
def test_the_number_as_it_is_compared(typed: str, number: str) -> None:
    assert invoice_number(typed) == number


# Lecturers' fees


def test_fees_are_kept_with_what_the_slip_says(binhai: Cast, project: Project) -> None:
    paid = lecture(
        binhai,
        project,
        fee(topics=" 1月18日 工会法 "),
        fee(lecturer="授课人乙", title="senior", hours=D("2")),
    )
    assert paid.amount == D("4600.00")
    kept = LectureFee.objects.order_by("id").values_list(
        "payment", "lecturer", "title", "hours", "after_tax", "before_tax", "topics"
    )
    assert list(kept) == [
        (paid.pk, "授课人甲", "associate", D("4.0"), D("2000.00"), D("2300.00"), "1月18日 工会法"),
        (paid.pk, "授课人乙", "senior", D("2.0"), D("2000.00"), D("2300.00"), ""),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lecturer": " "}, "讲课费有一行未填授课人。"),
        ({"after_tax": D("0.00")}, "授课人甲税后的金额应当大于 0 元。"),
        ({"before_tax": D("1999.99")}, "授课人甲的税前金额小于税后金额，请核对。"),
        ({"before_tax": D("100000000.00")}, "授课人甲的讲课费 100,000,000.00 元不正确，请核对。"),
        ({"hours": D("0")}, "授课人甲的学时应当大于 0、小于 10000。"),
        ({"hours": D("NaN")}, "授课人甲的学时应当大于 0、小于 10000。"),
        ({"hours": D("10000")}, "授课人甲的学时应当大于 0、小于 10000。"),
        ({"hours": D("4.25")}, "授课人甲的学时 4.25 最多写一位小数。"),
        ({"title": "unheard"}, "授课人甲的职称不在讲课费标准中，请从列表中选。"),
    ],
)
def test_a_fee_is_written_out(binhai: Cast, project: Project, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        lecture(binhai, project, fee(**change), total="2300.00")


def test_a_fee_over_its_ceiling_names_both_and_the_clause(binhai: Cast, project: Project) -> None:
    """S23, X1 art. 10: 500 after tax for 副高级 and 学时, 575 before."""
    with pytest.raises(Refused) as refused:
        lecture(binhai, project, fee(after_tax=D("2000.01")))
    assert str(refused.value) == (
        "授课人甲（副高级技术职称，4 学时）税后 2,000.01 元，上限 2,000.00 元，超 0.01 元"
        "（参照财行〔2016〕540号 第九条、第十条（本单位已启用））。"
    )
    with pytest.raises(Refused, match=r"税前 2,300\.01 元，上限 2,300\.00 元，超 0\.01 元"):
        lecture(binhai, project, fee(before_tax=D("2300.01")))
    assert lecture(binhai, project, fee(after_tax=D("2000.01")), note="远道聘请，主席办公会批准").pk


def test_a_half_hour_has_half_its_ceiling(binhai: Cast, project: Project) -> None:
    half: dict[str, Any] = {"title": "senior", "hours": D("0.5")}
    lecture(binhai, project, fee(**half, after_tax=D("500.00"), before_tax=D("595.24")))
    with pytest.raises(Refused, match=r"0\.5 学时）税前 595\.25 元，上限 595\.24 元，超 0\.01 元"):
        lecture(binhai, project, fee(**half, after_tax=D("500.00"), before_tax=D("595.25")))


def test_the_fees_are_what_is_paid(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused) as refused:
        lecture(binhai, project, fee(), total="2300.01")
    assert str(refused.value) == "各位授课人税前合计 2,300.00 元，与本次支付 2,300.01 元不一致。"
    with pytest.raises(Refused, match="讲课费请逐人填写授课人、职称、学时和金额。"):
        lecture(binhai, project, total="2300.00")


# Vouchers


def test_the_voucher_comes_later_and_may_be_corrected(binhai: Cast, project: Project) -> None:
    paid = pay_out(binhai, project, "5.00")
    for voucher in ("记-1", " 记-2 "):
        set_voucher(payment=paid, voucher=voucher, actor=binhai.finance, at=NOW)
    paid.refresh_from_db()
    assert paid.voucher == "记-2"
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        set_voucher(payment=paid, voucher="x", actor=binhai.people["jiceng"], at=NOW)


def test_not_after_the_year_was_closed(binhai: Cast, project: Project) -> None:
    paid = pay_out(binhai, project, "5.00")
    Fund.objects.update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        set_voucher(payment=Payment.objects.get(pk=paid.pk), voucher="x", actor=binhai.finance, at=NOW)


# One transaction


def test_it_falls_with_the_transaction_of_its_caller(
    binhai: Cast, project: Project, commitment: Commitment
) -> None:
    with transaction.atomic():
        pay_out(
            binhai,
            project,
            row(project, "5.00", commitment=commitment),
            invoices=[GivenInvoice("7")],
        )
        transaction.set_rollback(True)
    assert not Payment.objects.exists()
    assert not Invoice.objects.exists()
    release(commitment=commitment, amount=D("5000.00"), reason="x", actor=binhai.finance, at=NOW)


def test_the_number_of_statements_is_fixed(
    binhai: Cast, project: Project, commitment: Commitment, django_assert_num_queries: Any
) -> None:
    """Right to act, key, accounts, commitments, used invoices, savepoint, number, payment, papers, invoices,
    entries, release: whatever the number of rows."""
    of = Project.objects.select_related("union").get(pk=project.pk)
    rows = [
        row(project, "1.00"),
        row(project, "2.00", number=2),
        row(project, "3.00", commitment=commitment),
    ]
    with django_assert_num_queries(12):
        pay(
            project=of,
            kind="other",
            title="教材费",
            payee="新华书店",
            rows=rows,
            method=PayMethod.CASH,
            paid_on=TODAY,
            subject=Subject.WORKERS,
            handler="经办人甲",
            key=uuid.uuid4(),
            book=BOOK,
            actor=binhai.finance,
            at=NOW,
            papers=papers("other"),
            invoices=[GivenInvoice("1"), GivenInvoice("2")],
        )
