"""核对 before a payment is booked, what is odd about it, and the payment's page when money came back."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from budgets.models import Payment
from budgets.services import PaidRow
from tests.workflow import runs
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW
from tests.workflow.pages.meeting_room import as_
from tests.workflow.pages.test_spending import filled, form_of, project_url, upload, url
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.services import spending
from workflow.states import RequestKind

D = Decimal


@pytest.fixture(autouse=True)
def june():
    with time_machine.travel(NOW, tick=False):
        yield


def press(page: Any, action: str, **typed: str) -> dict[str, Any]:
    """What a button of the 核对 page posts."""
    data: dict[str, Any] = {}
    for name, value in page.context["hidden"]:
        data.setdefault(name, []).append(value)
    note = page.context["form"]["note"].value() or ""
    return data | {"note": note, "confirmed": "1", "action": action} | typed


def look(client: Client, run: ClassRun, **more: Any) -> Any:
    """The 核对 page of a filled form."""
    address = project_url(run, "payment_new")
    kind = more.pop("of", "advance")
    page = client.get(f"{address}?kind={kind}")
    return client.post(address, filled(page, run, **more) | {"confirmed": ""})


def test_a_payment_is_looked_through_before_it_is_booked(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = look(client, run, file_contract=upload("租约.pdf"), **{"invoice-0-number": "777"})
    assert page.status_code == 200
    assert not Payment.objects.exists()
    for text in ("伍佰元整", "区委党校", "场地、资料、交通费", "租约.pdf", "777", "纪要编号 〔2027〕3号"):
        assert text in page.text, text
    assert page.context["lacking"] == ["凭证号：记账后在支付页补录", "附件张数：没有填写"]
    assert (page.context["odd"], page.context["asked"]) == ([], False)
    assert 'type="hidden" name="note"' in page.text
    done = client.post(project_url(run, "payment_new"), press(page, "pay"))
    made = Payment.objects.get()
    assert done["Location"] == url("payment", made.pk)
    assert (made.amount, made.findings) == (D("500.00"), [])
    assert made.papers.get(code="contract").file.name == "租约.pdf"


def test_going_back_brings_everything_as_it_was_typed(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = look(client, run, file_contract=upload("租约.pdf"), note="急用", **{"invoice-1-number": "777"})
    assert ("备注", "急用", "", "all") in page.context["facts"]
    back = client.post(project_url(run, "payment_new"), press(page, "revise"))
    assert back.status_code == 200
    assert back.templates[0].name == "workflow/money/pay.html"
    for kept in ('value="场地定金"', 'value="500"', 'value="777"', 'value="急用"', "租约.pdf"):
        assert kept in back.text, kept
    assert "还没有登记" not in back.text
    assert not Payment.objects.exists()


def test_what_is_wrong_never_comes_to_the_second_page(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = look(client, run)
    assert page.status_code == 422
    assert "还缺“合同或协议”" in page.context["form"].non_field_errors()[0]
    page = look(client, run, paid_on="2026-06-01", file_contract=upload())
    assert "早于专项预算的年度（2027 年）" in page.context["form"].non_field_errors()[0]


def test_what_is_odd_asks_for_a_reason_that_stays_with_the_payment(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = look(client, run, paid_on="2027-01-10", file_contract=upload())
    assert [one["found"].code for one in page.context["odd"]] == ["paid_before_approval"]
    silent = client.post(project_url(run, "payment_new"), press(page, "pay", note=" "))
    assert silent.status_code == 422
    assert "有 1 项提示，请在备注中说明" in silent.text
    assert not Payment.objects.exists()
    done = client.post(project_url(run, "payment_new"), press(silent, "pay", note="会前垫付"))
    shown = client.get(done["Location"])
    for text in ("登记时的提示", "早于本班审定的日期", "会前垫付"):
        assert text in shown.text, text


def test_what_is_typed_is_said_at_once(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    address = project_url(run, "payment_new")
    page = client.get(f"{address}?kind=other")
    typed = filled(page, run, action="check", **{"invoice-0-number": "777", "invoice-0-amount": "300"})
    looked = client.post(address, typed)
    assert [one["found"].message for one in looked.context["live"]["odd"]] == [
        "发票合计 300.00 元，少于本次支付 500.00 元，差 200.00 元。"
    ]
    wrong = client.post(address, typed | {f"line_{acts.line(run).pk}": "1,0000"})
    assert [title for title, _ in wrong.context["live"]["wrong"]] == ["场地、资料、交通费"]


def test_too_much_keeps_its_total_and_the_contract(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00", files=[acts.file()])
    as_(client, world, "caiwu-staff")
    address = f"{project_url(run, 'payment_new')}?commitment={promised.pk}"
    typed = form_of(client.get(address)) | {f"commitment_{promised.pk}": "1600", "action": "pay"}
    refused = client.post(address, typed)
    assert refused.status_code == 422
    assert refused.context["live"]["total"] == D("1600.00")
    assert refused.context["papers"][1]["lying"] == [f"合同.pdf（预占 {promised.number}）"]


def test_an_invoice_without_a_number_is_said_in_words(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    files = {"file_invoice": upload("发票.pdf"), "file_cost_list": upload("明细.pdf")}
    refused = look(client, run, of="other", **files)
    assert "还没有填写发票号" in refused.context["form"].non_field_errors()[0]
    files = {"file_invoice": upload("发票.pdf"), "file_cost_list": upload("明细.pdf")}
    page = look(client, run, of="other", unnumbered="定额发票 12 张", **files)
    assert "无发票号：定额发票 12 张。" in page.text
    assert not page.context["asked"]
    client.post(project_url(run, "payment_new"), press(page, "pay"))
    assert Payment.objects.get().findings[0]["message"] == "无发票号：定额发票 12 张。"


def test_a_refund_shows_what_is_left_and_keeps_the_payment_from_being_reversed(
    client: Client, world: World
) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    finance = world.people["caiwu-staff"]

    def refund(amount: str) -> Payment:
        return spending.refund(
            payment_id=paid.pk,
            rows=[PaidRow(acts.line(run).pk, D(amount))],
            title="退回",
            paid_on=date(2027, 6, 20),
            handler="林晓峰",
            key=uuid.uuid4(),
            files={"refund_slip": [acts.file()]},
            actor=finance,
            at=NOW,
        )

    back = refund("120.00")
    as_(client, world, "caiwu-staff")
    page = client.get(url("payment", paid.pk))
    assert "180.00 元（已退款 120.00 元）" in page.text
    assert "部分退款" in page.text
    assert [row.amount for row in page.context["movements"]] == [D("300.00"), D("-120.00")]
    assert url("payment_reverse", paid.pk) not in page.text
    refused = client.get(url("payment_reverse", paid.pk))
    assert refused.status_code == 403
    assert "已有退款，请先冲销退款再冲销这笔支付" in refused.text
    refund("180.00")
    assert "已全部退款" in client.get(url("payment", paid.pk)).text
    spending.reverse_payment(payment_id=back.pk, reason="有误", actor=finance, at=NOW)
    page = client.get(url("payment", paid.pk))
    assert [row.amount for row in page.context["movements"]] == [
        D("300.00"),
        D("-120.00"),
        D("-180.00"),
        D("120.00"),
    ]
    assert "120.00 元（已退款 180.00 元）" in page.text


@pytest.mark.parametrize(("cancelled", "where"), [(False, "回到预算行"), (True, "退回年度专项预算")])
def test_a_refund_says_where_the_money_is(
    client: Client, world: World, *, cancelled: bool, where: str
) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    if cancelled:
        runs.grant(world, run, RequestKind.CANCEL)
    as_(client, world, "caiwu-staff")
    typed = form_of(client.get(url("payment_refund", paid.pk))) | {
        "title": "退回定金",
        f"line_{acts.line(run).pk}": "120",
        "file_refund_slip": upload("回单.pdf"),
    }
    said = client.post(url("payment_refund", paid.pk), typed, follow=True)
    assert f"120.00 元{where}。" in said.text


def test_below_nought_is_told_to_be_above_nought(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "commitment_new"))
    typed = form_of(page) | {"line": str(acts.line(run).pk), "title": "x", "payee": "y"}
    for amount, why in (("-3", "“-3”是负数，请填大于 0 的数字。"), ("0", "请填写大于 0 元的金额。")):
        refused = client.post(project_url(run, "commitment_new"), typed | {"amount": amount})
        assert refused.context["form"].errors["amount"] == [why]
