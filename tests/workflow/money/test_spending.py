"""Finance uses the money of a class: what the class says first, what the ledger keeps."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Entry, Payment
from budgets.services import GivenFee, GivenInvoice, PaidRow
from office.refusals import Refused
from tests.workflow import runs
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW, TODAY
from tests.workflow.world import World
from workflow.services import spending
from workflow.states import RequestKind


def names(payment: Payment) -> list[tuple[str, str, str]]:
    """(code, file, evidence) of the papers, in order."""
    return [
        (paper.code, paper.file.name if paper.file else "", paper.evidence)
        for paper in payment.papers.select_related("file")
    ]


def test_commit_pay_and_release_move_the_same_yuan(world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00")
    assert acts.balances(run) == (Decimal("500.00"), Decimal("1500.00"), Decimal("0.00"))
    paid = acts.pay(world, run, "900.00", commitment=promised)
    assert acts.balances(run) == (Decimal("500.00"), Decimal("600.00"), Decimal("900.00"))
    spending.release(
        commitment_id=promised.pk,
        amount=None,
        reason="合同减价",
        actor=world.people["caiwu-staff"],
        at=NOW,
    )
    assert acts.balances(run) == (Decimal("1100.00"), Decimal("0.00"), Decimal("900.00"))
    assert (promised.session_no, paid.session_no) == (1, 1)


def test_nothing_is_used_before_the_second_gate(world: World) -> None:
    run = runs.planned_run(world)
    acts.minutes(world, run)
    before = Entry.objects.count()
    with pytest.raises(Refused, match="《工会信息员培训班》未启动，还没有批准开班，不能预占或支付"):
        acts.commit(world, run)
    with pytest.raises(Refused, match="还没有批准开班"):
        acts.pay(world, run)
    assert Entry.objects.count() == before


def test_nothing_is_used_before_the_minutes_have_their_number(world: World) -> None:
    run = runs.opened_run(world)
    with pytest.raises(Refused, match="纪要编号还没有补录，不能用款"):
        acts.commit(world, run)
    with pytest.raises(Refused, match="纪要编号还没有补录，不能用款"):
        acts.pay(world, run)
    acts.minutes(world, run)
    assert acts.commit(world, run).outstanding == Decimal("1500.00")


def test_a_cancelled_class_uses_nothing_more_and_keeps_what_was_paid(world: World) -> None:
    run = acts.ready(world)
    acts.commit(world, run, "1200.00")
    acts.pay(world, run, "300.00")
    runs.grant(world, run, RequestKind.CANCEL)
    assert acts.balances(run)[1:] == (Decimal("0.00"), Decimal("300.00"))
    with pytest.raises(Refused, match="已取消办班，不再用款"):
        acts.commit(world, run, "1.00")
    with pytest.raises(Refused, match="已取消办班，不再用款"):
        acts.pay(world, run, "1.00")


def test_a_cancelled_session_takes_nothing_from_the_others(world: World) -> None:
    run = acts.ready(world, sessions=2)
    acts.commit(world, run, "200.00", session_no=None)
    acts.commit(world, run, "400.00")
    acts.pay(world, run, "300.00")
    runs.grant(world, run, RequestKind.CANCEL)
    # 场地费 2000 is half each: 700 of the first went back, 1000 are the second's, 200 still promised.
    assert acts.balances(run) == (Decimal("800.00"), Decimal("200.00"), Decimal("300.00"))


@pytest.mark.parametrize("who", ["xuanchuan-head", "jiceng-head", "leader", "secretary"])
def test_only_finance_uses_money(world: World, who: str) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run)
    paid = acts.pay(world, run, "100.00")
    other = world.people[who]
    for act in (
        lambda: acts.commit(world, run, "1.00", actor=other),
        lambda: acts.pay(world, run, "1.00", actor=other),
        lambda: spending.release(commitment_id=promised.pk, amount=None, reason="x", actor=other, at=NOW),
        lambda: spending.reverse_commitment(commitment_id=promised.pk, reason="x", actor=other, at=NOW),
        lambda: spending.reverse_payment(payment_id=paid.pk, reason="x", actor=other, at=NOW),
        lambda: spending.set_voucher(payment_id=paid.pk, voucher="1", actor=other, at=NOW),
        lambda: spending.add_paper(to=paid, code="invoice", file=acts.file(), actor=other, at=NOW),
    ):
        with pytest.raises(Refused, match="由承担财务职责的部门办理"):
            act()
    assert acts.balances(run) == (Decimal("400.00"), Decimal("1500.00"), Decimal("100.00"))


def test_a_class_of_one_session_is_booked_for_it(world: World) -> None:
    run = acts.ready(world)
    assert acts.commit(world, run, "1.00", session_no=None).session_no == 1
    assert acts.pay(world, run, "1.00", session_no=None).session_no == 1


def test_of_several_sessions_only_the_opened_one_uses_money(world: World) -> None:
    run = acts.ready(world, sessions=2)
    assert acts.commit(world, run, "1.00", session_no=1).session_no == 1
    assert acts.commit(world, run, "1.00", session_no=None).session_no is None
    with pytest.raises(Refused, match=r"第 2 期.*还没有批准开班"):
        acts.commit(world, run, "1.00", session_no=2)
    with pytest.raises(Refused, match="本班没有第 3 期"):
        acts.commit(world, run, "1.00", session_no=3)


def test_the_contract_of_a_commitment_serves_its_payment(world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, files=[acts.file("租用合同.pdf")])
    paid = acts.pay(world, run, "500.00", commitment=promised, files={})
    assert names(paid) == [
        ("approval", "", "主席办公会（2027年第1次）2027年1月11日审定，纪要编号 〔2027〕3号"),
        ("contract", "租用合同.pdf", f"见预占 {promised.number}"),
    ]


def test_a_final_payment_waits_for_notice_attendance_and_bills(world: World) -> None:
    run = acts.ready(world)
    bills = {"invoice": [acts.file("发票.pdf")], "cost_list": [acts.file("明细.pdf")]}
    billed = [GivenInvoice("01234567", Decimal(500))]
    with pytest.raises(
        Refused, match="办理尾款还缺“调训通知”、“实际签到表”（参照财行〔2016〕540号 第十七条）"
    ):
        acts.pay(world, run, kind="balance", files=bills, invoices=billed)
    acts.issue_notice(run)
    acts.end_attendance(run)
    with pytest.raises(Refused, match="还缺“发票”、“费用明细清单”"):
        acts.pay(world, run, kind="balance", files={}, invoices=billed)
    paid = acts.pay(world, run, kind="balance", files=bills, invoices=billed)
    assert [(code, file or evidence) for code, file, evidence in names(paid)] == [
        ("invoice", "发票.pdf"),
        ("cost_list", "明细.pdf"),
        ("approval", "主席办公会（2027年第1次）2027年1月11日审定，纪要编号 〔2027〕3号"),
        ("notice", "滨工发〔2027〕9号，2027年5月20日"),
        ("sign_in", "2027年6月10日结束考勤，实到学员 0 人"),
    ]


def test_a_file_may_stand_in_for_what_the_system_lacks(world: World) -> None:
    run = acts.ready(world)
    files = {code: [acts.file(f"{code}.pdf")] for code in ("notice", "sign_in", "invoice", "cost_list")}
    fields: dict[str, Any] = {"kind": "balance", "files": files, "unnumbered": "财政票据"}
    with pytest.raises(Refused, match="有 2 项提示，请在备注中说明：系统内调训通知还没有发出，以上传"):
        acts.pay(world, run, **fields)
    paid = acts.pay(world, run, **fields, note="通知和签到为纸质")
    assert [(one["code"], one["title"], one["severity"]) for one in paid.findings] == [
        ("invoice_number", "发票", "pass"),
        ("paper_uploaded", "调训通知", "warn"),
        ("paper_uploaded", "实际签到表", "warn"),
    ]


def test_lecturers_are_paid_by_slip_and_timetable_within_their_ceiling(world: World) -> None:
    run = acts.ready(
        world,
        costs={"meals": "8000.00", "lecture": "9000.00"},
        lecturer_title="senior",
        lecture_hours=Decimal(8),
    )

    def fee(after: str, before: str) -> GivenFee:
        return GivenFee("何老师", "senior", Decimal(4), Decimal(after), Decimal(before))

    with pytest.raises(Refused, match="还缺“讲课费签收单”"):
        acts.pay(
            world, run, "4761.90", kind="lecture", item="lecture", fees=[fee("4000.00", "4761.90")], files={}
        )
    slip = {"slip": [acts.file("签收单.pdf")]}
    with pytest.raises(Refused, match=r"税后 4,000\.01 元，上限 4,000\.00 元，超 0\.01 元"):
        acts.pay(
            world,
            run,
            "4761.90",
            kind="lecture",
            item="lecture",
            fees=[fee("4000.01", "4761.90")],
            files=slip,
        )
    paid = acts.pay(
        world, run, "4761.90", kind="lecture", item="lecture", fees=[fee("4000.00", "4761.90")], files=slip
    )
    assert [row[0] for row in names(paid)] == ["slip", "timetable"]
    assert paid.lecture_fees.get().after_tax == Decimal("4000.00")


def test_an_invoice_used_before_is_named_until_it_is_said_why(world: World) -> None:
    run = acts.ready(world)
    first = acts.pay(world, run, "100.00", invoices=[GivenInvoice("No.0123 4567")])
    with pytest.raises(Refused, match=f"发票 01234567 已用于 {first.number}“场地定金”"):
        acts.pay(world, run, "100.00", invoices=[GivenInvoice("01234567")])
    shared = acts.pay(world, run, "100.00", invoices=[GivenInvoice("01234567", None, "同一发票分次列支")])
    assert shared.invoices.get().shared == "同一发票分次列支"


def test_the_same_form_twice_is_one_document(world: World) -> None:
    run, key = acts.ready(world), uuid.uuid4()
    assert acts.pay(world, run, "100.00", key=key).pk == acts.pay(world, run, "100.00", key=key).pk
    again = uuid.uuid4()
    assert acts.commit(world, run, key=again).pk == acts.commit(world, run, key=again).pk
    assert acts.balances(run) == (Decimal("400.00"), Decimal("1500.00"), Decimal("100.00"))


def test_money_comes_back_even_after_the_class_was_cancelled(world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    runs.grant(world, run, RequestKind.CANCEL)
    free = acts.balances(run)[0]
    fields: dict[str, Any] = {
        "payment_id": paid.pk,
        "rows": [PaidRow(acts.line(run).pk, Decimal("120.00"))],
        "title": "退回定金",
        "paid_on": TODAY,
        "handler": "林晓峰",
        "key": uuid.uuid4(),
        "actor": world.people["caiwu-head"],
        "at": NOW,
    }
    with pytest.raises(Refused, match="办理退款还缺“退款凭证”"):
        spending.refund(**fields)
    back = spending.refund(**fields, files={"refund_slip": [acts.file("回单.pdf")]})
    assert back.refunds_id == paid.pk
    # It goes on to the fund: the class uses no more money.
    assert acts.balances(run) == (free, Decimal("0.00"), Decimal("180.00"))


def test_a_reversed_payment_gives_back_its_commitment_and_its_invoice(world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run)
    paid = acts.pay(world, run, "500.00", commitment=promised, invoices=[GivenInvoice("88886666")])
    spending.reverse_payment(
        payment_id=paid.pk, reason="金额登记有误", actor=world.people["caiwu-staff"], at=NOW
    )
    assert acts.balances(run) == (Decimal("500.00"), Decimal("1500.00"), Decimal("0.00"))
    assert acts.pay(world, run, "400.00", invoices=[GivenInvoice("88886666")]).amount == Decimal("400.00")


def test_a_commitment_is_reversed_only_while_nothing_happened_to_it(world: World) -> None:
    run = acts.ready(world)
    finance = world.people["caiwu-staff"]
    touched, untouched = acts.commit(world, run, "500.00"), acts.commit(world, run, "600.00")
    acts.pay(world, run, "100.00", commitment=touched)
    with pytest.raises(Refused, match=f"{touched.number} 已有支付或释放，不能整笔冲销"):
        spending.reverse_commitment(commitment_id=touched.pk, reason="有误", actor=finance, at=NOW)
    spending.reverse_commitment(commitment_id=untouched.pk, reason="有误", actor=finance, at=NOW)
    assert acts.balances(run) == (Decimal("1500.00"), Decimal("400.00"), Decimal("100.00"))


def test_a_paper_that_comes_later_joins_its_payment(world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "100.00")
    finance = world.people["caiwu-staff"]
    spending.add_paper(to=paid, code="invoice", file=acts.file("发票.pdf"), actor=finance, at=NOW)
    spending.add_paper(to=paid, code="?", file=acts.file("说明.pdf"), actor=finance, at=NOW)
    titles = [(paper.code, paper.title, paper.file.name) for paper in paid.papers.filter(file__isnull=False)]
    assert titles[1:] == [("invoice", "发票", "发票.pdf"), ("other", "其他材料", "说明.pdf")]


def test_after_the_settlement_nothing_is_used_or_taken_back(world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "100.00")
    acts.end_attendance(run)
    settled = runs.fresh_run(run)
    settled.settle()
    settled.save(update_fields=["state"])
    finance = world.people["caiwu-head"]
    with pytest.raises(Refused, match="已办结决算，不再用款"):
        acts.commit(world, run, "1.00")
    with pytest.raises(Refused, match="已办结决算，不再用款"):
        acts.pay(world, run, "1.00")
    with pytest.raises(Refused, match="已办结决算，账目不再变动"):
        spending.reverse_payment(payment_id=paid.pk, reason="x", actor=finance, at=NOW)
    with pytest.raises(Refused, match="已办结决算，账目不再变动"):
        spending.refund(
            payment_id=paid.pk,
            rows=[PaidRow(acts.line(run).pk, Decimal(1))],
            title="x",
            paid_on=TODAY,
            handler="x",
            key=uuid.uuid4(),
            actor=finance,
            at=NOW,
        )
    assert acts.balances(run) == (Decimal("1900.00"), Decimal("0.00"), Decimal("100.00"))
