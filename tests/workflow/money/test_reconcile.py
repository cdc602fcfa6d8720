"""对账: the finance software's rows beside our payments, vouchers written, payments taken over once."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from budgets import services as ledger
from budgets.models import Entry, Payment
from budgets.services import PaidRow
from office.models import StoredFile
from office.refusals import Refused
from org.models import LongTask
from rulebook.money import PaperSource
from tests.org.excel.books import xlsx
from tests.workflow import runs
from tests.workflow.money import booked
from tests.workflow.money import spending as acts
from tests.workflow.money.booked import compared, fits, line, receive, take_over
from tests.workflow.money.spending import NOW
from tests.workflow.world import World, at
from workflow.excel.vouchers import read_vouchers
from workflow.models import ClassRun
from workflow.rules.reconciling import DIFFERENT, BookedRow, Fit, Reconciled, reconcile
from workflow.rules.settling import figures_of, findings_of
from workflow.selectors.reconciling import Ours, voucher_key
from workflow.services import reconciling, spending

D = Decimal


@pytest.fixture
def run(world: World) -> ClassRun:
    return acts.ready(world)


# ---- reading


def test_headers_and_amounts_are_read_as_softwares_write_them() -> None:
    head = ("序号", "凭证编号", "支付日期", "项目编号", "事由", "往来单位", "支出金额", "科目", "发票号码")
    sheet = read_vouchers(
        booked.content(
            [1, "记12", date(2027, 6, 3), " P1 ", "餐费", "食堂", "￥1,234.50元", "伙食费", "111、222"],
            [2, 13, "2027.6.4", "P1", "场地", "党校", 0.1 + 0.2, "", ""],
            [3, "记14", "2027年6月5日", "P1", "退餐费", "食堂", "(200.00)", "", ""],
            ["", "", "", "", "本月合计", "", 1534.8, "", ""],
            head=head,
        ),
        "账.xlsx",
        today=date(2027, 7, 1),
        year=2027,
    )
    assert [(row.number, row.voucher, row.on, row.code, row.amount) for row in sheet.rows] == [
        (2, "记12", date(2027, 6, 3), "P1", D("1234.50")),
        (3, "13", date(2027, 6, 4), "P1", D("0.30")),
        (4, "记14", date(2027, 6, 5), "P1", D("-200.00")),
    ]
    assert sheet.rows[0].invoices == ("111", "222")
    assert sheet.notes == ()
    assert [one.number for one in sheet.skipped] == [5]


@pytest.mark.parametrize(
    ("changes", "cell", "message"),
    [
        ({"借方金额": "五百"}, "F2", "金额“五百”不是金额。"),
        ({"借方金额": "1.2万"}, "F2", "金额“1.2万”不是金额。"),
        ({"借方金额": "12.345"}, "F2", "金额“12.345”多于两位小数。"),
        ({"借方金额": 0}, "F2", "金额是 0。"),
        ({"借方金额": ""}, "F2", "金额是空的。"),
        ({"记账日期": "2027-06-31"}, "B2", "日期“2027-06-31”这一天不存在。"),
        ({"记账日期": "2027年6月"}, "B2", "日期“2027-06”没有写到日。"),
        ({"记账日期": ""}, "B2", "日期是空的。"),
    ],
)
def test_what_cannot_be_read_names_its_cell(changes: dict[str, Any], cell: str, message: str) -> None:
    sheet = read_vouchers(booked.content(line("P1", **changes)), "账.xlsx", today=date(2027, 7, 1), year=2027)
    assert [(fault.cell, fault.message) for fault in sheet.rows[0].faults] == [(cell, message)]
    assert sheet.rows[0].faults[0].mend


def test_a_credit_with_a_project_is_money_back_and_the_banks_side_is_no_payment() -> None:
    head = ("凭证号", "日期", "项目编号", "摘要", "借方金额", "贷方金额")
    sheet = read_vouchers(
        booked.content(
            ["记1", "2027-06-03", "P1", "退餐费", "", 200],
            ["记2", "2027-06-04", "", "付餐费", "", 500],
            ["记3", "2027-06-05", "P1", "两边", 5, 5],
            head=head,
        ),
        "账.xlsx",
        today=date(2027, 7, 1),
        year=2027,
    )
    assert [(row.number, row.amount, len(row.faults)) for row in sheet.rows] == [
        (2, D("-200.00"), 0),
        (4, D("5.00"), 1),
    ]
    assert [(one.number, one.reason) for one in sheet.skipped] == [
        (3, "贷方金额，没有项目编号，不是项目支出")
    ]


def test_a_ledger_of_month_and_day_is_read_too() -> None:
    book: list[list[Any]] = [
        ["明细账", "", "", "", "", "", ""],
        ["2027年", "", "凭证号数", "摘要", "借方", "贷方", "余额"],
        ["月", "日", "", "", "", "", ""],
        ["", "", "", "期初余额", "", "", 100],
        ["06", "03", "记-12", "P2027-0001 场地费", 500, "", 600],
        [6, 31, "记-13", "餐费", 20, "", 620],
        ["", "", "", "本月合计", 520, "", 620],
    ]

    def merged(opened: Workbook) -> None:
        sheet = opened.worksheets[0]
        for cells in ("A2:B2", "C2:C3", "D2:D3", "E2:E3", "F2:F3", "G2:G3"):
            sheet.merge_cells(cells)

    sheet = read_vouchers(xlsx(book, merged), "账.xlsx", today=date(2027, 7, 1), year=2026)
    assert [(row.number, row.voucher, row.on, row.amount) for row in sheet.rows] == [
        (5, "记-12", date(2027, 6, 3), D("500.00")),
        (6, "记-13", None, D("20.00")),
    ]
    assert [(fault.cell, fault.message) for row in sheet.rows for fault in row.faults] == [
        ("B6", "“6月31日”不是日期。")
    ]
    assert {one.number for one in sheet.skipped} == {1, 4, 7}


def test_a_credit_below_columns_of_month_and_day_is_money_back() -> None:
    sheet = read_vouchers(
        booked.content(
            [11, 22, "记-70", "P1", "付住宿", 160, None],
            [11, 22, "记-80", "P1", "退住宿费", None, 60],
            head=("月", "日", "凭证号", "项目编号", "摘要", "借方金额", "贷方金额"),
        ),
        "账.xlsx",
        today=date(2027, 12, 1),
        year=2027,
    )
    assert [(row.number, row.on, row.amount, row.faults) for row in sheet.rows] == [
        (2, date(2027, 11, 22), D("160.00"), ()),
        (3, date(2027, 11, 22), D("-60.00"), ()),
    ]
    assert sheet.skipped == ()


def test_a_project_named_in_the_words_is_found(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    paid = acts.pay(world, run, "500.00", paid_on=date(2027, 6, 9))
    task = receive(
        world,
        line("", 摘要=f"付{project.number}场地费"),
        line("", 摘要=f"{project.number}、{project.number}9 两项", 借方金额=30),
        line("P0", 摘要=project.number, 借方金额=40),
    )
    assert fits(compared(world, task)) == [
        ("matched", [2], [paid.pk]),
        ("theirs", [3], []),
        ("unknown", [4], []),
    ]


def test_vouchers_are_compared_without_their_noughts_and_words() -> None:
    assert {voucher_key(text) for text in ("记-0012", "记字第12号", "记　１２", "记0012")} == {"记12"}
    assert voucher_key("记-0102") == "记102"
    assert voucher_key("无") == ""


# ---- comparing


def test_another_voucher_for_the_same_money_is_a_difference(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    paid = acts.pay(world, run, "500.00", voucher="记24", paid_on=date(2027, 6, 9))
    found = compared(world, receive(world, line(project, 凭证字号="记-21")))
    assert fits(found) == [("voucher", [2], [paid.pk])]
    (pair,) = found.of(*DIFFERENT)
    assert pair.note == "财务账 记-21，本系统 记24，金额相同，请核对凭证号。"
    assert (pair.difference, found.theirs - found.ours) == (D(0), D(0))


def test_a_code_nobody_has_is_named_from_the_words(world: World, run: ClassRun) -> None:
    (pair,) = compared(world, receive(world, line("", 摘要="付P2026-9999 不知道"))).pairs
    assert (pair.fit.value, pair.note) == ("unknown", "本专项没有项目编号“P2026-9999”。")


def test_each_row_and_payment_stands_where_it_belongs(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    same = acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 6, 9))
    other = acts.pay(world, run, "310.00", voucher="记13", paid_on=date(2027, 6, 9))
    ours = acts.pay(world, run, "77.00", paid_on=date(2027, 6, 9))
    task = receive(
        world,
        line(project),
        line(project, 凭证字号="记-0013", 借方金额="301.00"),
        line(project, 凭证字号="记-0014", 借方金额="88.00"),
        line("P2027-9999", 凭证字号="记-0015"),
        line(project, 借方金额="五百"),
        line(project, 记账日期="2027-05-10"),
        line(project, 记账日期="2026-06-10"),
    )
    found = compared(world, task)
    assert fits(found) == [
        ("matched", [2], [same.pk]),
        ("amount", [3], [other.pk]),
        ("theirs", [4], []),
        ("unknown", [5], []),
        ("unreadable", [6], []),
        ("outside", [7], []),
        ("outside", [8], []),
        ("ours", [], [ours.pk]),
    ]
    notes = {pair.rows[0].number: pair.note for pair in found.pairs if pair.rows}
    assert notes[3] == "财务账 301.00 元，本系统 310.00 元，差 -9.00 元。"
    assert notes[5] == "本专项没有项目编号“P2027-9999”。"
    assert notes[7] == "2027-05-10 不在 6 月。"
    assert notes[8] == "2026-06-10 不属于 2027 年度，请在该年度的专项预算对账。"
    assert [(row.project, row.theirs, row.ours) for row in found.sums] == [
        (project.pk, D("889.00"), D("887.00")),
        (None, D("500.00"), D("0.00")),
    ]


def test_two_rows_of_one_amount_match_two_payments_each_once(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    first = acts.pay(world, run, "500.00", paid_on=date(2027, 6, 10))
    second = acts.pay(world, run, "500.00", paid_on=date(2027, 6, 11))
    rows = [line(project, 凭证字号=f"记-{number}", 记账日期=f"2027-06-{number}") for number in (11, 10, 12)]
    found = compared(world, receive(world, *rows))
    assert fits(found) == [
        ("matched", [2], [second.pk]),
        ("matched", [3], [first.pk]),
        ("theirs", [4], []),
    ]


def test_one_voucher_in_parts_comes_to_one_payment(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    whole = acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 6, 9))
    found = compared(
        world, receive(world, line(project, 借方金额=200), line(project, 借方金额=300, 明细科目="资料费"))
    )
    assert fits(found) == [("matched", [2, 3], [whole.pk])]
    assert found.pairs[0].note == "同一凭证：财务账 2 行，本系统 1 笔，合计相符。"


def test_a_voucher_alone_tells_which_payment_a_row_without_project_is(world: World, run: ClassRun) -> None:
    paid = acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 6, 9))
    found = compared(world, receive(world, line("")))
    assert fits(found) == [("matched", [2], [paid.pk])]
    assert "项目编号是“空”" in found.pairs[0].note


def test_a_payment_of_the_neighbouring_month_is_named(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    may = acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 5, 31))
    near = acts.pay(world, run, "66.00", paid_on=date(2027, 5, 30))
    found = compared(world, receive(world, line(project), line(project, 凭证字号="记-0099", 借方金额=66)))
    assert fits(found) == [("cross", [2], [may.pk]), ("theirs", [3], [])]
    assert found.pairs[0].note == "本系统的支付日期是 2027-05-31，不在本月。"
    assert found.pairs[1].note == f"请先核对：{near.number} 同项目、同金额，2027-05-30 支付。"
    assert (found.theirs, found.ours) == (D("566.00"), D("0.00"))


def test_refunds_and_reversals_count_below_nought(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    paid = acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 6, 9))
    back = spending.refund(
        payment_id=paid.pk,
        rows=[PaidRow(acts.line(run).pk, D("100.00"))],
        title="多收退回",
        paid_on=date(2027, 6, 15),
        handler="林晓峰",
        key=uuid.uuid4(),
        actor=world.people["caiwu-staff"],
        at=NOW,
        files={"refund_slip": [acts.file("退款.pdf")]},
    )
    wrong = acts.pay(world, run, "40.00", paid_on=date(2027, 6, 9))
    spending.reverse_payment(
        payment_id=wrong.pk, reason="重复登记", actor=world.people["caiwu-staff"], at=NOW
    )
    found = compared(world, receive(world, line(project), line(project, 凭证字号="记-0031", 借方金额=-100)))
    assert fits(found) == [
        ("matched", [2], [paid.pk]),
        ("matched", [3], [back.pk]),
        ("reversed", [], [wrong.pk, wrong.pk]),
    ]
    assert (found.theirs, found.ours) == (D("400.00"), D("400.00"))


def test_what_both_sides_took_back_agrees(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    wrong = acts.pay(world, run, "40.00", paid_on=date(2027, 6, 9))
    spending.reverse_payment(
        payment_id=wrong.pk, reason="重复登记", actor=world.people["caiwu-staff"], at=NOW
    )
    rows = [line(project, 凭证字号=f"记-{-amount}", 借方金额=amount) for amount in (-40, 40)]
    assert fits(compared(world, receive(world, *rows))) == [("matched", [2, 3], [wrong.pk, wrong.pk])]
    assert fits(compared(world, receive(world, rows[1]))) == [
        ("theirs", [2], []),
        ("reversed", [], [wrong.pk, wrong.pk]),
    ]


# ---- vouchers


def test_vouchers_are_written_where_there_is_none(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    bare = acts.pay(world, run, "500.00", paid_on=date(2027, 6, 10))
    named = acts.pay(world, run, "60.00", voucher="付7", paid_on=date(2027, 6, 10))
    task = receive(world, line(project), line(project, 凭证字号="记-0013", 借方金额=60))
    outcomes = reconciling.write_vouchers(
        task_id=task.pk,
        fund=booked.fund_of(world),
        read=booked.read,
        actor=world.people["caiwu-staff"],
        at=NOW,
    )
    assert [(one.row, one.done, one.text) for one in outcomes] == [
        (2, True, f"{bare.number} 补记凭证号 记-0012。")
    ]
    assert set(Payment.objects.values_list("pk", "voucher")) == {(bare.pk, "记-0012"), (named.pk, "付7")}
    acts_kept = LongTask.objects.get(pk=task.pk).result["acts"]
    assert [(act["what"], act["who"], act["done"]) for act in acts_kept] == [("补记凭证号", "陈晨", 1)]


# ---- taking over


def test_a_row_becomes_a_payment_without_its_papers(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    task = receive(world, line(project, 发票号="26120000000012345678"))
    told = take_over(world, task, 2)
    paid = Payment.objects.get()
    assert told == [(2, True, f"导入为 {paid.number}“场地租用费”500.00 元。")]
    assert (paid.voucher, paid.paid_on, paid.amount, paid.payee) == (
        "记-0012",
        date(2027, 6, 10),
        D("500.00"),
        "区委党校",
    )
    assert (paid.handler, paid.note) == ("陈晨", "由财务账导入（第 2 行）")
    assert [invoice.number for invoice in paid.invoices.all()] == ["26120000000012345678"]
    assert acts.balances(run) == (D("1500.00"), D("0.00"), D("500.00"))
    # What the system knows itself is there; what it can't know is asked for at settlement.
    book = run.plan.version.book.book
    known = {paper.code for paper in book.money.papers if paper.source != PaperSource.FILE}
    assert {paper.code for paper in paid.papers.all()} <= known
    findings = findings_of(figures_of(run))
    missing = [found for found in findings if found.code == "papers_missing"]
    assert ["缺“发票”" in found.message for found in missing] == [True]
    assert fits(compared(world, task)) == [("matched", [2], [paid.pk])]


def test_the_same_file_twice_doubles_nothing(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    rows = [line(project), line(project), line(project, 凭证字号="", 借方金额=20)]
    task = receive(world, *rows)
    assert [done for _, done, _ in take_over(world, task, 2, 3, 4)] == [True, True, True]
    again = [(row, done) for row, done, _ in take_over(world, task, 2, 3, 4)]
    assert again == [(2, False), (3, False), (4, False)]
    later = receive(world, line(project, 凭证字号="记-0011", 借方金额=7), *rows)
    assert [fit for fit, _, _ in fits(compared(world, later))] == ["theirs", "matched", "matched", "matched"]
    assert Payment.objects.count() == 3


def test_a_reversed_takeover_may_be_taken_over_again(world: World, run: ClassRun) -> None:
    task = receive(world, line(acts.project_of(run)))
    take_over(world, task, 2)
    actor = world.people["caiwu-staff"]
    spending.reverse_payment(payment_id=Payment.objects.get().pk, reason="预算行选错", actor=actor, at=NOW)
    # Reversed in the month it was paid: the row stands alone again.
    ledger_before = Payment.objects.count()
    found = compared(world, task)
    assert [pair.fit for pair in found.pairs] == [Fit.THEIRS, Fit.REVERSED]
    assert [done for _, done, _ in take_over(world, task, 2)] == [True]
    assert Payment.objects.count() == ledger_before + 1


def test_one_bad_row_loses_nothing_and_each_is_named(world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    used = acts.pay(world, run, "10.00", paid_on=date(2027, 6, 1), invoices=[ledger.GivenInvoice("777")])
    task = receive(
        world,
        line(project, 凭证字号="记1"),
        line(project, 凭证字号="记2", 借方金额="1800.00"),
        line(project, 凭证字号="记3", 借方金额=-30),
        line(project, 凭证字号="记4", 对方单位=""),
        line(project, 凭证字号="记5", 明细科目="差旅费"),
        line(project, 凭证字号="记6", 发票号="777"),
        line(project, 凭证字号="记7", 记账日期="2027-06-25"),
        line(project, 凭证字号="记8", 借方金额="90.00"),
    )
    told = take_over(world, task, 2, 3, 4, 5, 6, 7, 8, 9, 99)
    assert [row for row, done, _ in told if done] == [2, 9]
    assert [row for row, done, _ in told if not done] == [3, 4, 5, 6, 7, 8, 99]
    texts = {row: text for row, _, text in told}
    # With the figures after the row before it.
    assert texts[3].startswith(
        "“场地、资料、交通费”可用 1,990.00 元，表中第 2 行先用 500.00 元，本笔 1,800.00 元，差 310.00 元。"
    )
    assert texts[4].startswith("-30.00 元是退款或红字，不能导入。")
    assert texts[5] == "没有收款单位。请在表中补填后重新上传。"
    assert texts[6] == "请选择列支的预算行。"
    assert texts[7].startswith(f"发票 777 已用于 {used.number}“场地定金”")
    assert texts[8].startswith("2027-06-25 还没有到，支付日期不能晚于今天。")
    assert texts[99] == "表里没有这一行。"
    assert acts.balances(run) == (D("1400.00"), D("0.00"), D("600.00"))
    act = LongTask.objects.get(pk=task.pk).result["acts"][0]
    assert (act["done"], len(act["rows"])) == (2, 9)


def test_a_line_that_cannot_be_told_is_chosen(world: World, run: ClassRun) -> None:
    promised = acts.commit(world, run, "300.00", payee="丽水宾馆")
    project = acts.project_of(run)
    task = receive(
        world,
        line(project, 凭证字号="记1", 明细科目="差旅费"),
        line(project, 凭证字号="记2", 借方金额=120),
        line(project, 凭证字号="记3", 借方金额=80, 对方单位="丽水宾馆", 明细科目=""),
        line(project, 凭证字号="记4", 借方金额=5),
    )
    chosen = {2: f"L{acts.line(run, 'meals').pk}", 3: f"C{promised.pk}", 5: "L0"}
    assert [done for _, done, _ in take_over(world, task, 2, 3, 4, 5, chosen=chosen)] == [
        True,
        True,
        True,
        False,
    ]
    assert acts.balances(run, "meals") == (D("7500.00"), D("0.00"), D("500.00"))
    # Both the one chosen and the one whose payee is that of the commitment.
    assert acts.balances(run) == (D("1700.00"), D("100.00"), D("200.00"))


def test_lecturers_are_not_paid_by_a_row(world: World, run: ClassRun) -> None:
    task = receive(world, line(acts.project_of(run)))
    assert [text for _, _, text in take_over(world, task, 2, kind="lecture")] == [
        "讲课费请逐人填写授课人、职称、学时和金额。"
    ]


@pytest.mark.parametrize("who", ["xuanchuan-head", "jiceng-head", "leader", "secretary"])
def test_only_finance_reconciles(world: World, run: ClassRun, who: str) -> None:
    task = receive(world, line(acts.project_of(run)))
    person = world.people[who]
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        receive(world, line("P1"), who=who)
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        take_over(world, task, 2, actor=person)
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        reconciling.write_vouchers(
            task_id=task.pk, fund=booked.fund_of(world), read=booked.read, actor=person, at=NOW
        )
    assert (Payment.objects.count(), LongTask.objects.filter(kind="reconcile").count()) == (0, 1)


def test_a_closed_year_is_compared_and_nothing_more(world: World, run: ClassRun) -> None:
    task = receive(world, line(acts.project_of(run)))
    later = at(1, 20, year=2028)
    ledger.close_year(fund=booked.fund_of(world), actor=world.people["caiwu-head"], at=later)
    before = Entry.objects.count()
    with pytest.raises(Refused, match="已于2028年1月20日结账，不能再下达或入账"):
        take_over(world, task, 2, when=later)
    with pytest.raises(Refused, match="结账"):
        reconciling.write_vouchers(
            task_id=task.pk,
            fund=booked.fund_of(world),
            read=booked.read,
            actor=world.people["caiwu-head"],
            at=later,
        )
    assert Entry.objects.count() == before
    assert [pair.fit for pair in compared(world, task).pairs] == [Fit.THEIRS]


def test_a_class_that_has_not_passed_its_gate_takes_nothing_over(world: World) -> None:
    run = runs.planned_run(world)
    acts.minutes(world, run)
    task = receive(world, line(acts.project_of(run)))
    (_, done, text), *_ = take_over(world, task, 2)
    assert (done, "还没有批准开班" in text) == (False, True)
    assert not Payment.objects.exists()


def test_a_file_that_is_refused_is_not_kept(world: World, run: ClassRun) -> None:
    with pytest.raises(Refused, match="没有找到财务账的表头"):
        reconciling.receive(
            fund=booked.fund_of(world),
            month=6,
            upload=SimpleUploadedFile("账.xlsx", booked.content(["甲", "乙"], head=("姓名", "电话"))),
            read=booked.read,
            actor=world.people["caiwu-staff"],
            at=NOW,
        )
    assert not LongTask.objects.filter(kind="reconcile").exists()
    assert not StoredFile.objects.filter(name="账.xlsx").exists()


# ---- every row and every payment, once

_days = st.integers(-40, 75).map(lambda days: date(2027, 6, 1) + timedelta(days))
_amounts = st.sampled_from([D("100.00"), D("200.00"), D("300.00"), D("-100.00")])
_vouchers = st.sampled_from(["", "记1", "记-0001", "记2", "付3"])
_rows: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        voucher=_vouchers,
        on=st.one_of(_days, st.none()),
        amount=st.one_of(_amounts, st.none()),
        code=st.sampled_from(["P1", "p 1", "P2", "P9", ""]),
        payee=st.sampled_from(["", "党校"]),
    ),
    max_size=14,
)
_ours = st.lists(
    st.tuples(
        st.sampled_from([1, 2]), _days, _amounts, _vouchers, st.sampled_from(["", "党校"]), st.booleans()
    ),
    max_size=14,
)


def _movements(made: list[Any]) -> list[Ours]:
    found = []
    for number, (project, on, amount, voucher, payee, undone) in enumerate(made, 1):
        one = Ours(
            number,
            f"P-ZF{number:02}",
            project,
            "费用",
            payee,
            amount,
            on,
            voucher,
            uuid.uuid4(),
            undone=undone,
        )
        found.append(one)
        if undone:
            back = vars(one) | {"amount": -amount, "on": on + timedelta(9), "reversal": True}
            found.append(Ours(**back))
    return found


def _judged(rows: list[dict[str, Any]], ours: list[Ours], keys: dict[int, uuid.UUID]) -> Reconciled:
    return reconcile(
        [BookedRow(number, **row) for number, row in enumerate(rows, 2)],
        ours,
        projects={"P1": 1, "P2": 2},
        keys=keys,
        year=2027,
        month=6,
    )


@given(_rows, _ours, st.data())
def test_every_row_and_every_payment_of_the_month_is_accounted_for_once(
    rows: list[dict[str, Any]], made: list[Any], data: st.DataObject
) -> None:
    ours = _movements(made)
    keys = {
        number: data.draw(st.sampled_from([one.key for one in ours]) if ours else st.uuids())
        for number in range(2, len(rows) + 2)
        if data.draw(st.booleans())
    }
    found = _judged(rows, ours, keys)
    assert sorted(row.number for pair in found.pairs for row in pair.rows) == list(range(2, len(rows) + 2))
    of_month = [one for one in ours if one.on.month == 6]
    told = [one for pair in found.pairs for one in pair.ours]
    assert len(told) == len(set(told))
    assert [one for one in told if one.on.month == 6] == [one for one in told if one in set(of_month)]
    assert {one for one in told if one.on.month == 6} == set(of_month)
    # Payments of other months come in by 跨月入账 alone.
    assert all(pair.fit == Fit.CROSS for pair in found.pairs for one in pair.ours if one.on.month != 6)
    # Both sides add up from the pairs, and the difference is that of the pairs that differ.
    assert found.ours == sum((one.amount for one in of_month), D(0))
    counted = [
        row.amount
        for pair in found.pairs
        if pair.fit not in (Fit.OUTSIDE, Fit.UNREADABLE)
        for row in pair.rows
        if row.amount is not None
    ]
    assert found.theirs == sum(counted, D(0))
    differing = sum(
        (
            (pair.theirs_amount or D(0)) - (D(0) if pair.fit == Fit.CROSS else pair.ours_amount or D(0))
            for pair in found.of(Fit.AMOUNT, Fit.CROSS, Fit.THEIRS, Fit.OURS, Fit.UNKNOWN)
        ),
        D(0),
    )
    taken_over = sum((pair.difference for pair in found.of(Fit.MATCHED) if pair.difference), D(0))
    assert found.theirs - found.ours == differing + taken_over


@given(_rows, _ours)
def test_what_is_called_alike_is_alike(rows: list[dict[str, Any]], made: list[Any]) -> None:
    for pair in _judged(rows, _movements(made), {}).of(Fit.MATCHED):
        assert pair.theirs_amount == pair.ours_amount
        assert {one.project for one in pair.ours} == {pair.project}
