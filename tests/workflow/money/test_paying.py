"""What is odd about a payment before it is booked: what stops it, what asks for a reason and is kept."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Payment
from budgets.services import GivenFee, GivenInvoice, PaidRow
from office.refusals import Refused
from tests.workflow import runs
from tests.workflow.money import asking, carried
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW
from tests.workflow.world import World, at
from workflow.models import ClassRun, Lesson
from workflow.services import spending
from workflow.states import RequestKind

D = Decimal


def said(payment: Payment) -> list[tuple[str, str]]:
    return [(one["code"], one["message"]) for one in payment.findings]


def bills() -> dict[str, Any]:
    return {code: [acts.file(f"{code}.pdf")] for code in ("invoice", "cost_list")}


# ───────────── the day


def test_a_payment_before_its_funds_year_is_refused_naming_the_year(world: World) -> None:
    run = acts.ready(world)
    with pytest.raises(Refused, match=r"支付日期 2026年12月31日早于专项预算的年度（2027 年）"):
        acts.pay(world, run, paid_on=date(2026, 12, 31), note="有原因")
    assert not Payment.objects.exists()


def test_a_payment_before_the_approval_asks_why(world: World) -> None:
    run = acts.ready(world)
    early: dict[str, Any] = {"paid_on": date(2027, 1, 10)}
    with pytest.raises(Refused, match=r"早于本班审定的日期（2027年1月11日）"):
        acts.pay(world, run, **early)
    paid = acts.pay(world, run, **early, note="会前已垫付")
    assert said(paid) == [
        ("paid_before_approval", "支付日期 2027年1月10日早于本班审定的日期（2027年1月11日）。")
    ]
    assert acts.pay(world, run, paid_on=date(2027, 1, 11)).findings == []


def test_a_payment_of_the_next_year_asks_why(world: World) -> None:
    run = acts.ready(world)
    later: dict[str, Any] = {"paid_on": date(2028, 1, 5), "when": at(1, 6, year=2028)}
    with pytest.raises(Refused, match=r"支付日期 2028年1月5日晚于专项预算的年度，本笔仍列 2027 年度支出"):
        acts.pay(world, run, **later)
    assert acts.pay(world, run, **later, note="年底来不及").findings[0]["code"] == "paid_year"


def test_a_class_carried_over_may_have_been_paid_in_its_own_year(world: World) -> None:
    run = acts.ready(world)
    old = acts.project_of(run)
    asking.next_fund(world)
    carried.carry(world, old)
    later = carried.later_of(old)
    venue = later.lines.get(item="venue")

    def pay(day: date, note: str) -> Payment:
        given = acts.paying(run, rows=[PaidRow(venue.pk, D(10))], paid_on=day, note=note)
        finance = world.people["caiwu-staff"]
        return spending.pay(
            project_id=later.pk, given=given, key=uuid.uuid4(), actor=finance, at=carried.LATER
        )

    with pytest.raises(Refused, match="早于专项预算的年度，本笔仍列 2028 年度支出"):
        pay(date(2027, 12, 30), "")
    assert pay(date(2027, 12, 30), "银行年底已付").findings[0]["code"] == "paid_year"
    with pytest.raises(Refused, match="请核对年份"):
        pay(date(2026, 12, 30), "x")


# ───────────── invoices


def test_what_is_paid_by_invoice_needs_its_number_or_a_word_why_there_is_none(world: World) -> None:
    run = acts.ready(world)
    fields: dict[str, Any] = {"kind": "other", "files": bills()}
    with pytest.raises(Refused, match=r"其他费用凭发票支付，还没有填写发票号。.*请在“无发票号”中写明"):
        acts.pay(world, run, **fields, note="x")
    paid = acts.pay(world, run, **fields, unnumbered="定额发票 12 张")
    assert said(paid) == [("invoice_number", "无发票号：定额发票 12 张。")]
    # A deposit rests on the contract.
    assert acts.pay(world, run, "10.00").findings == []


def test_invoices_below_the_amount_ask_why(world: World) -> None:
    run = acts.ready(world)
    fields: dict[str, Any] = {
        "kind": "other",
        "files": bills(),
        "invoices": [GivenInvoice("1001", D(300)), GivenInvoice("1002", D("199.99"))],
    }
    with pytest.raises(Refused, match=r"发票合计 499\.99 元，少于本次支付 500\.00 元，差 0\.01 元"):
        acts.pay(world, run, **fields)
    assert acts.pay(world, run, **fields, note="抹零").findings[0]["code"] == "invoice_amount"
    enough = fields | {"invoices": [GivenInvoice("1003", D(500))]}
    assert acts.pay(world, run, **enough).findings == []
    mixed = fields | {"invoices": [GivenInvoice("1004", D(300))], "unnumbered": "定额发票 200 元"}
    assert [code for code, _ in said(acts.pay(world, run, **mixed))] == ["invoice_number"]


def test_an_invoice_without_its_amount_cant_be_compared(world: World) -> None:
    run = acts.ready(world)
    fields: dict[str, Any] = {"kind": "other", "files": bills(), "invoices": [GivenInvoice("1001")]}
    with pytest.raises(Refused, match="发票 1001 没有填票面金额"):
        acts.pay(world, run, **fields)
    assert acts.pay(world, run, "10.00", invoices=[GivenInvoice("1002")]).findings == []


# ───────────── lecturers


def lecturing(world: World) -> ClassRun:
    """何老师, 正高级, 2 × 4 学时 on 8 June."""
    return acts.ready(
        world,
        costs={"meals": "8000.00", "lecture": "9000.00"},
        lecturer_title="senior",
        lecture_hours=D(8),
        half_days=2,
        hours=D(8),
    )


def fee(hours: str, name: str = "何老师", title: str = "senior", after: str = "100.00") -> GivenFee:
    return GivenFee(name, title, D(hours), D(after), D(after))


def lecture(world: World, run: ClassRun, *fees: GivenFee, **more: Any) -> Payment:
    total = sum((each.before_tax for each in fees), D(0))
    fields: dict[str, Any] = {
        "kind": "lecture",
        "item": "lecture",
        "files": {"slip": [acts.file("签收单.pdf")]},
    }
    return acts.pay(world, run, str(total), **(fields | more), fees=list(fees))


def test_more_hours_than_the_timetable_are_refused_with_both_figures(world: World) -> None:
    run = lecturing(world)
    most = Lesson.objects.filter(run=run).count() * 4
    assert most == 8
    over = r"何老师在课程表中 8 学时，本次填写 12 学时，多 4 学时。请先在课程表中更正：由主办部门办理变更"
    with pytest.raises(Refused, match=over):
        lecture(world, run, fee("12"), note="有原因")
    assert lecture(world, run, fee("8")).findings == []


def test_a_fee_over_its_ceiling_isnt_let_pass_by_finances_own_reason(world: World) -> None:
    run = lecturing(world)
    dear = fee("4", after="4000.01")
    for note in ("", "专家特殊"):
        with pytest.raises(Refused, match=r"超 0\.01 元.*由主办部门在变更申请中说明理由报批"):
            lecture(world, run, dear, note=note)
    acts.end_attendance(run)
    with pytest.raises(Refused, match=r"超 0\.01 元.*请按标准核减。（"):
        lecture(world, run, dear, note="专家特殊")


def test_a_fee_over_its_ceiling_is_paid_where_the_exception_was_decided(world: World) -> None:
    run = lecturing(world)
    costs = {"meals": D("8000.00"), "lecture": D("12000.00")}
    runs.grant(world, run, RequestKind.CHANGE, runs.as_planned(run.plan, costs=costs))
    dear = fee("8", after="9000.00")
    with pytest.raises(Refused, match="有 1 项提示，请在备注中说明"):
        lecture(world, run, dear)
    paid = lecture(world, run, dear, note="按批准的标准支付")
    assert [code for code, _ in said(paid)] == ["lecture_over"]
    assert "超标准已经批准（" in paid.findings[0]["message"]


def test_hours_paid_before_count_and_reversed_ones_dont(world: World) -> None:
    run = lecturing(world)
    first = lecture(world, run, fee("6"))
    with pytest.raises(Refused, match="8 学时，已付 6 学时，本次填写 4 学时，多 2 学时"):
        lecture(world, run, fee("4"))
    finance = world.people["caiwu-staff"]
    spending.reverse_payment(payment_id=first.pk, reason="有误", actor=finance, at=NOW)
    assert lecture(world, run, fee("4"), fee("4")).amount == D("200.00")


def test_the_same_form_isnt_held_against_itself(world: World) -> None:
    run, key = lecturing(world), uuid.uuid4()
    assert lecture(world, run, fee("8"), key=key).pk == lecture(world, run, fee("8"), key=key).pk


def test_who_isnt_on_the_timetable_isnt_paid_while_it_can_be_changed(world: World) -> None:
    run = lecturing(world)
    with pytest.raises(Refused, match="课程表中没有李四，本次填写 4 学时。请先在课程表中更正"):
        lecture(world, run, fee("4", "李四"), note="代课")


def test_a_title_above_the_timetables_is_refused(world: World) -> None:
    run = lecturing(world)
    with pytest.raises(Refused, match=r"何老师在课程表中是“正高级技术职称”，本次填写“院士"):
        lecture(world, run, fee("4", title="academician"))


def test_after_the_class_somebody_may_have_stood_in_up_to_what_was_taught(world: World) -> None:
    run = lecturing(world)
    acts.end_attendance(run)
    with pytest.raises(Refused, match="课程表中没有李四"):
        lecture(world, run, fee("4", "李四"))
    paid = lecture(world, run, fee("4", "李四"), note="何老师临时出差，由李四代课")
    assert [code for code, _ in said(paid)] == ["lecture_timetable"]
    with pytest.raises(Refused, match="课程表共 8 学时，连同已付合计 12 学时，多 4 学时"):
        lecture(world, run, fee("8"), note="x")


def test_lessons_not_yet_given_ask_why(world: World) -> None:
    run = lecturing(world)
    early: dict[str, Any] = {"paid_on": date(2027, 6, 7)}
    with pytest.raises(Refused, match="何老师到支付日期 2027年6月7日止授课 0 学时，本次填写 4 学时"):
        lecture(world, run, fee("4"), **early)
    assert lecture(world, run, fee("4"), **early, note="提前支付").findings[0]["code"] == "lecture_early"
    assert lecture(world, run, fee("4"), paid_on=date(2027, 6, 8)).findings == []


# ───────────── papers


def test_a_final_payment_before_the_class_says_so(world: World) -> None:
    run = acts.ready(world)
    acts.issue_notice(run)
    files = bills() | {"sign_in": [acts.file("签到表.pdf")]}
    fields: dict[str, Any] = {
        "kind": "balance",
        "files": files,
        "invoices": [GivenInvoice("1001", D(500))],
        "paid_on": date(2027, 6, 7),
    }
    with pytest.raises(Refused, match="有 2 项提示"):
        acts.pay(world, run, **fields)
    assert said(acts.pay(world, run, **fields, note="场地方要求先付")) == [
        ("paper_uploaded", "系统内考勤还没有结束，没有实际签到，以上传的“实际签到表”代替。"),
        ("paid_before_class", f"《{run.title}》2027年6月8日开班，支付日期 2027年6月7日尚未开课。"),
    ]


def test_what_is_checked_before_is_what_is_refused_after(world: World) -> None:
    run = acts.ready(world)
    finance = world.people["caiwu-staff"]

    def check(amount: str = "500.00", **more: Any) -> list[str]:
        given = acts.paying(run, amount, **more)
        found = spending.check(project_id=run.plan.project_id, given=given, actor=finance, at=NOW)
        return [one.code for one in found]

    assert check() == []
    assert check(paid_on=date(2027, 1, 10)) == ["paid_before_approval"]
    for amount, more, why in (
        ("2000.01", {}, "差 0.01 元"),
        ("500.00", {"files": {}}, "还缺“合同或协议”"),
        ("500.00", {"paid_on": date(2026, 1, 1)}, "请核对年份"),
        ("500.00", {"kind": "other", "files": bills()}, "还没有填写发票号"),
    ):
        with pytest.raises(Refused, match=why):
            check(amount, **more)
    other = world.people["xuanchuan-head"]
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        spending.check(project_id=run.plan.project_id, given=acts.paying(run), actor=other, at=NOW)
    assert not Payment.objects.exists()
    assert acts.balances(run) == (D("2000.00"), D("0.00"), D("0.00"))


def test_a_class_of_several_sessions_counts_each_by_its_own_timetable(world: World) -> None:
    run = acts.ready(
        world,
        sessions=2,
        costs={"meals": "8000.00", "lecture": "9000.00"},
        lecturer_title="senior",
        lecture_hours=D(8),
        half_days=2,
        hours=D(8),
    )
    runs.open_run(world, run.plan.runs.get(session_no=2), first=date(2027, 6, 15))
    with pytest.raises(Refused, match="何老师在课程表中 8 学时，本次填写 9 学时"):
        lecture(world, run, fee("9"), session_no=1)
    lecture(world, run, fee("8"), session_no=1)
    with pytest.raises(Refused, match="何老师在课程表中 16 学时，已付 8 学时，本次填写 12 学时"):
        lecture(world, run, fee("12"), session_no=None)
    lecture(world, run, fee("8"), session_no=None)
    with pytest.raises(Refused, match="何老师在课程表中 16 学时，已付 16 学时，本次填写 1 学时"):
        lecture(world, run, fee("1"), session_no=2)
