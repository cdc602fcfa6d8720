"""Finance at work on a project: the forms by which it commits and pays, and what their refusals say."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from budgets.models import Commitment, Payment
from budgets.services import GivenInvoice, PaidRow, Shift, transfer
from org.models import User
from org.services import share
from tests.workflow import runs
from tests.workflow import world as worlds
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW, PDF
from tests.workflow.pages.meeting_room import as_, queries
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.services import spending


@pytest.fixture(autouse=True)
def june():
    with time_machine.travel(NOW, tick=False):
        yield


def url(name: str, pk: int) -> str:
    return reverse(f"workflow:{name}", args=[pk])


def project_url(run: ClassRun, name: str = "project") -> str:
    return url(name, run.plan.project_id)


def form_of(page: Any) -> dict[str, Any]:
    """What the page's form would post as it stands: its key, rows, and initial values."""
    form = page.context["form"]
    data = {
        box.html_name: str(box.value()) if box.value() is not None else ""
        for box in form
        if box.name != "session"
    }
    data["session"] = "1"
    for rows in (getattr(form, "invoices", None), getattr(form, "fees", None)):
        if rows is None:
            continue
        data |= {box.html_name: str(box.value() or "") for box in rows.management_form}
        data |= {box.html_name: str(box.value() or "") for row in rows for box in row}
    if "kind" in page.context:
        data["kind"] = page.context["kind"].code
    return data


def upload(name: str = "合同.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def filled(page: Any, run: ClassRun, amount: Any = "500", **more: Any) -> dict[str, Any]:
    """定金 of the venue, every required box filled, looked through on the 核对 page."""
    typed = {
        f"line_{acts.line(run).pk}": amount,
        "title": "场地定金",
        "payee": "区委党校",
        "handler": "林晓峰",
        "action": "pay",
        "confirmed": "1",
    }
    return form_of(page) | typed | more


# ───────────── the project's page


def test_finance_finds_everything_it_can_do_on_the_project(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00")
    paid = acts.pay(world, run, "300.00")
    page = as_(client, world, "caiwu-staff").get(project_url(run))
    assert [
        (row.line.title, row.held.appropriated, row.held.committed, row.held.paid, row.held.available)
        for row in page.context["rows"]
    ] == [
        ("伙食费", Decimal("8000.00"), Decimal("0.00"), Decimal("0.00"), Decimal("8000.00")),
        (
            "场地、资料、交通费",
            Decimal("2000.00"),
            Decimal("1500.00"),
            Decimal("300.00"),
            Decimal("200.00"),
        ),
    ]
    for address in (
        project_url(run, "commitment_new"),
        project_url(run, "payment_new"),
        f"{project_url(run, 'payment_new')}?commitment={promised.pk}",
        url("commitment", promised.pk),
        url("payment", paid.pk),
        project_url(run, "project_papers"),
        url("lecture_slip", run.pk),
    ):
        assert f'href="{address}"' in page.text, address


def test_a_lines_figures_lead_to_the_rows_they_are_made_of(client: Client, world: World) -> None:
    run = acts.ready(world)
    acts.commit(world, run, "1500.00")
    acts.pay(world, run, "70.00", item="meals")
    as_(client, world, "caiwu-staff")
    venue = acts.line(run).pk
    assert f'href="?line={venue}#commitments"' in client.get(project_url(run)).text
    page = client.get(f"{project_url(run)}?line={venue}")
    assert [each["row"].title for each in page.context["commitments"]] == ["场地租用合同"]
    assert page.context["payments"] == []
    assert [row.entry.get_kind_display() for row in page.context["movements"]] == ["预占", "下达"]


def test_every_figure_is_the_sum_of_the_rows_it_leads_to(client: Client, world: World) -> None:
    run = acts.ready(world)
    venue, meals = acts.line(run), acts.line(run, "meals")
    acts.commit(world, run, "600.00")
    both = [PaidRow(venue.pk, Decimal("300.00")), PaidRow(meals.pk, Decimal("1000.00"))]
    paid = acts.pay(world, run, rows=both)
    wrong = acts.pay(world, run, "90.00")
    finance = world.people["caiwu-head"]
    spending.reverse_payment(payment_id=wrong.pk, reason="有误", actor=finance, at=NOW)
    spending.refund(
        payment_id=paid.pk,
        rows=[PaidRow(venue.pk, Decimal("50.00"))],
        title="退回",
        paid_on=acts.TODAY,
        handler="林晓峰",
        key=uuid.uuid4(),
        files={"refund_slip": [acts.file()]},
        actor=finance,
        at=NOW,
    )
    transfer(
        shifts=[Shift(meals.pk, venue.pk, Decimal("200.00"))],
        reason="调剂",
        reference="调剂 1",
        actor=finance,
        post=None,
        at=NOW,
    )
    as_(client, world, "caiwu-staff")
    for line, given, held, spent in (
        (venue, "2200.00", "600.00", "250.00"),
        (meals, "7800.00", "0.00", "1000.00"),
        (None, "10000.00", "600.00", "1250.00"),
    ):
        narrowed = f"line={line.pk}" if line is not None else ""
        page = client.get(f"{project_url(run)}?{narrowed}&rows=granted")
        assert sum(row.amount for row in page.context["movements"]) == Decimal(given)
        assert page.context["granted"] == Decimal(given)
        assert page.context["sums_below"] == {"outstanding": Decimal(held), "paid": Decimal(spent)}
        helds = {row.line: row.held for row in page.context["rows"]}
        shown = helds[line] if line is not None else page.context["held"]
        assert (shown.appropriated, shown.committed, shown.paid) == (
            Decimal(given),
            Decimal(held),
            Decimal(spent),
        )


def test_reversed_payments_are_struck_out_and_refunds_count_backwards(client: Client, world: World) -> None:
    run = acts.ready(world)
    acts.pay(world, run, "100.00")
    wrong = acts.pay(world, run, "40.00")
    as_(client, world, "caiwu-staff")
    client.post(url("payment_reverse", wrong.pk), {"reason": "重复登记"})
    page = client.get(project_url(run))
    assert [(each["amount"], each["undone"]) for each in page.context["payments"]] == [
        (Decimal("40.00"), True),
        (Decimal("100.00"), False),
    ]
    assert "<del>40.00</del>" in page.text
    assert "-40.00" in page.text  # the reversing entry


def test_why_nothing_can_be_used_yet_is_said_with_the_page_to_mend_it(client: Client, world: World) -> None:
    run = runs.planned_run(world)
    page = as_(client, world, "caiwu-staff").get(project_url(run))
    said = [(one["found"].title, one["url"], one["url_text"]) for one in page.context["stops"]]
    meeting = run.plan.agenda_items.get().meeting
    assert said == [
        ("纪要待补", url("meeting", meeting.pk), "打开会议"),
        ("开班审批", url("run", run.pk), "打开班次"),
    ]
    assert project_url(run, "payment_new") not in page.text


@pytest.mark.parametrize("who", ["xuanchuan-staff", "leader", "secretary", "jiceng-head"])
def test_who_may_look_but_not_pay(client: Client, world: World, who: str) -> None:
    run = acts.ready(world)
    promised, paid = acts.commit(world, run), acts.pay(world, run, "100.00")
    as_(client, world, who)
    looks = [project_url(run), url("payment", paid.pk), url("commitment", promised.pk)]
    if client.get(looks[0]).status_code == 404:  # a leader sees what he is shared
        assert who == "leader"
        return
    for address in looks:
        page = client.get(address)
        assert page.status_code == 200
        for name in ("payment_new", "commitment_new", "project_income"):
            assert project_url(run, name) not in page.text
        assert url("payment_reverse", paid.pk) not in page.text
    for address in (
        project_url(run, "commitment_new"),
        project_url(run, "payment_new"),
        project_url(run, "project_income"),
        url("payment_refund", paid.pk),
        url("payment_reverse", paid.pk),
        url("commitment_release", promised.pk),
        url("commitment_reverse", promised.pk),
    ):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"reason": "x"}).status_code == 403, address
    for address in (url("payment_voucher", paid.pk), url("payment_paper_add", paid.pk)):
        assert client.post(address, {"voucher": "x"}).status_code == 403, address


def test_an_outsider_gets_404_and_an_auditor_sees_all(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised, paid = acts.commit(world, run), acts.pay(world, run, "100.00")
    paper = paid.papers.get(code="contract")
    addresses = [
        project_url(run),
        project_url(run, "project_papers"),
        url("payment", paid.pk),
        url("payment_papers", paid.pk),
        url("commitment", promised.pk),
        url("paper_file", paper.pk),
        url("lecture_slip", run.pk),
    ]
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    for user in (other.people["caiwu-head"], world.people["quanyi-staff"]):
        client.force_login(user)
        for address in [*addresses, project_url(run, "payment_new"), url("payment_reverse", paid.pk)]:
            assert client.get(address).status_code == 404, address
    auditor = User.objects.create_user("auditor", name="审计员")
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=at(1, 11))
    client.force_login(auditor)
    for address in addresses:
        assert client.get(address).status_code == 200, address
    assert client.get(project_url(run, "payment_new")).status_code == 403


def test_a_projects_page_costs_the_same_however_many_payments(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff").get(project_url(run))
    acts.commit(world, run, "10.00")
    acts.pay(world, run, "1.00")
    few = queries(lambda: client.get(project_url(run)))
    for _ in range(6):
        acts.pay(world, run, "1.00")
        acts.commit(world, run, "1.00")
    assert queries(lambda: client.get(project_url(run))) == few
    assert few <= 19


# ───────────── 预占


def test_a_commitment_is_typed_with_its_contract(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "commitment_new"))
    typed = form_of(page) | {
        "line": str(acts.line(run).pk),
        "amount": "1,500元",
        "title": "场地租用合同",
        "payee": "区委党校",
        "contract_number": "HT-07",
        "contract_on": "2027-06-01",
    }
    done = client.post(project_url(run, "commitment_new"), typed | {"file_contract": upload()})
    assert done["Location"] == project_url(run)
    made = Commitment.objects.get()
    assert (made.outstanding, made.session_no, made.contract_number) == (Decimal("1500.00"), 1, "HT-07")
    assert made.papers.get().file.name == "合同.pdf"
    again = client.post(project_url(run, "commitment_new"), typed, follow=True)
    assert f"这张表单已登记为 {made.number}，没有重复登记" in again.text
    assert Commitment.objects.count() == 1


def test_a_commitment_beyond_the_line_is_refused_at_its_box(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "commitment_new"))
    typed = form_of(page) | {
        "line": str(acts.line(run).pk),
        "amount": "2000.01",
        "title": "场地租用合同",
        "payee": "区委党校",
        "file_contract": upload(),
    }
    refused = client.post(project_url(run, "commitment_new"), typed)
    assert refused.status_code == 422
    assert refused.context["form"].errors["amount"] == ["“场地、资料、交通费”可用 2,000.00 元，差 0.01 元。"]
    assert 'value="2000.01"' in refused.text
    assert "场地租用合同" in refused.text
    assert [name for name, _ in refused.context["papers"][0]["files"]] == ["合同.pdf"]


# ───────────── 支付


def test_a_payment_is_typed_once_with_its_papers(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    assert page.context["kind"].code == "advance"
    done = client.post(
        project_url(run, "payment_new"),
        filled(page, run, **{"invoice-0-number": "No. 0123 4567", "file_contract": upload()}),
    )
    made = Payment.objects.get()
    assert done["Location"] == url("payment", made.pk)
    assert (made.amount, made.kind, made.session_no) == (Decimal("500.00"), "advance", 1)
    assert made.invoices.get().number == "01234567"
    shown = client.get(done["Location"])
    for text in ("场地定金", "500.00 元（伍佰元整）", "合同.pdf", "纪要编号 〔2027〕3号", "01234567"):
        assert text in shown.text, text


def test_the_same_payment_form_twice_is_one_payment(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00", files=[acts.file()])
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'payment_new')}?commitment={promised.pk}")
    typed = form_of(page) | {"action": "pay", "confirmed": "1"}
    first = client.post(project_url(run, "payment_new"), typed)
    second = client.post(project_url(run, "payment_new"), typed)
    assert first["Location"] == second["Location"]
    assert "没有重复登记" in client.get(second["Location"]).text
    assert Payment.objects.get().amount == Decimal("1500.00")


def test_what_was_typed_and_uploaded_stays_when_it_is_refused(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    typed = filled(page, run, payee="", **{"invoice-1-number": "777", "file_contract": upload("租约.pdf")})
    refused = client.post(project_url(run, "payment_new"), typed)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"payee": ["请填写收款单位（人）。"]}
    for kept in ('value="场地定金"', 'value="500"', 'value="777"', "租约.pdf"):
        assert kept in refused.text, kept
    token = refused.context["papers"][1]["files"][0][1]
    del typed["file_contract"]
    client.post(project_url(run, "payment_new"), typed | {"payee": "区委党校", "kept_contract": token})
    assert Payment.objects.get().papers.get(code="contract").file.name == "租约.pdf"


def test_a_kept_file_is_nobody_elses(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    refused = client.post(
        project_url(run, "payment_new"), filled(page, run, payee="", file_contract=upload())
    )
    token = refused.context["papers"][1]["files"][0][1]
    as_(client, world, "caiwu-head")
    page = client.get(project_url(run, "payment_new"))
    for stolen in (token, f"{token}x"):
        refused = client.post(project_url(run, "payment_new"), filled(page, run, kept_contract=stolen))
        assert refused.status_code == 422
        assert "还缺“合同或协议”" in refused.text
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "2000.01"}, "可用 2,000.00 元，差 0.01 元。"),
        ({"amount": "很多"}, "不是数字"),
        ({"amount": ""}, "请在“金额”里至少填写一行本次支付。"),
        ({"paid_on": "2027-06-21"}, "支付日期不能晚于今天"),
        ({"paid_on": ""}, "请填写支付日期"),
        ({"title": ""}, "请填写事由"),
        ({"handler": ""}, "请填写经办人"),
        ({"invoice-0-amount": "3"}, "请填写发票号"),
        ({"invoice-TOTAL_FORMS": "x"}, "页面不完整"),
    ],
)
def test_what_is_wrong_with_a_payment_is_said(
    client: Client, world: World, typed: dict[str, str], said: str
) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    data = filled(page, run, typed.pop("amount", "500"), file_contract=upload()) | typed
    refused = client.post(project_url(run, "payment_new"), data)
    assert refused.status_code == 422
    assert said in refused.text
    assert not Payment.objects.exists()


def test_missing_papers_are_named(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'payment_new')}?kind=balance")
    shown = [(row["code"], row["needed"].at_hand) for row in page.context["papers"][:-1]]
    assert shown == [
        ("approval", True),
        ("notice", False),
        ("sign_in", False),
        ("invoice", False),
        ("cost_list", False),
    ]
    assert f'href="{url("run_attendance", run.pk)}"' in page.text
    refused = client.post(project_url(run, "payment_new"), filled(page, run))
    assert refused.status_code == 422
    for name in ("调训通知", "实际签到表", "发票", "费用明细清单"):
        assert f"“{name}”" in refused.context["form"].non_field_errors()[0]


def test_a_used_invoice_is_shown_with_its_payment(client: Client, world: World) -> None:
    run = acts.ready(world)
    first = acts.pay(world, run, "100.00", invoices=[GivenInvoice("01234567")])
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    typed = filled(page, run, **{"invoice-0-number": "0123-4567", "file_contract": upload()})
    refused = client.post(project_url(run, "payment_new"), typed)
    assert refused.status_code == 422
    assert refused.context["form"].invoices[0].errors["number"][0].startswith(f"已用于 {first.number}")
    assert f'href="{url("payment", first.pk)}"' in refused.text
    typed |= {"invoice-0-shared": "同一发票分次列支", "file_contract": upload()}
    assert client.post(project_url(run, "payment_new"), typed).status_code == 302


def test_the_commitment_fills_the_form_and_brings_its_contract(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00", files=[acts.file("租约.pdf")])
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'payment_new')}?commitment={promised.pk}")
    assert page.context["form"].initial[f"commitment_{promised.pk}"] == Decimal("1500.00")
    assert page.context["papers"][1]["lying"] == [f"租约.pdf（预占 {promised.number}）"]
    typed = form_of(page) | {"action": "pay", "confirmed": "1"}
    assert client.post(project_url(run, "payment_new"), typed).status_code == 302
    promised.refresh_from_db()
    assert promised.outstanding == Decimal("0.00")


def test_once_the_class_is_over_the_rest_is_what_one_pays(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    assert client.get(project_url(run, "payment_new")).context["kind"].code == "advance"
    acts.end_attendance(run)
    assert client.get(project_url(run, "payment_new")).context["kind"].code == "balance"
    assert client.get(f"{project_url(run, 'payment_new')}?kind=other").context["kind"].code == "other"


def test_looking_pays_nothing_and_blames_nobody(client: Client, world: World) -> None:
    run = acts.ready(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    for action in ("check", "add_invoice", "kind:other"):
        looked = client.post(
            project_url(run, "payment_new"), filled(page, run, "12.5", title="", action=action)
        )
        assert looked.status_code == 200
        assert "请填写事由" not in looked.text
        assert 'value="12.5"' in looked.text
        assert looked.context["live"]["total"] == Decimal("12.50")
    assert looked.context["kind"].code == "other"
    more = client.post(project_url(run, "payment_new"), filled(page, run, action="add_invoice"))
    assert len(more.context["form"].invoices.forms) == 4
    assert not Payment.objects.exists()


def lecture(world: World) -> ClassRun:
    return acts.ready(
        world,
        costs={"meals": "8000.00", "lecture": "9500.00"},
        lecturer_title="senior",
        lecture_hours=Decimal(8),
    )


def test_lecturers_come_from_the_timetable_and_are_paid_before_tax(client: Client, world: World) -> None:
    run = lecture(world)
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'payment_new')}?kind=lecture")
    row = page.context["form"].fees[0].initial
    assert (row["lecturer"], row["title"], row["hours"]) == ("何老师", "senior", Decimal("16.0"))
    assert row["topics"].startswith("6月8日上午 第 1 讲；")
    typed = form_of(page) | {
        "fee-0-after_tax": "4000",
        "fee-0-before_tax": "4761.90",
        "fee-0-hours": "4",
        "title": "讲课费",
        "payee": "何老师",
        "action": "pay",
        "confirmed": "1",
        "file_slip": upload("签收单.pdf"),
    }
    assert client.post(project_url(run, "payment_new"), typed).status_code == 302
    assert acts.balances(run, "lecture")[2] == Decimal("4761.90")
    again = client.get(f"{project_url(run, 'payment_new')}?kind=lecture")
    assert again.context["form"].fees[0].initial == {}
    assert [fee.lecturer for fee in again.context["live"]["paid"]] == ["何老师"]


def test_a_lecturer_over_the_ceiling_is_refused_with_the_clause(client: Client, world: World) -> None:
    run = lecture(world)
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'payment_new')}?kind=lecture")
    typed = form_of(page) | {
        "fee-0-after_tax": "4001",
        "fee-0-before_tax": "4761.90",
        "fee-0-hours": "4",
        "title": "讲课费",
        "payee": "何老师",
        "action": "pay",
        "confirmed": "1",
        "file_slip": upload("签收单.pdf"),
    }
    refused = client.post(project_url(run, "payment_new"), typed)
    assert refused.status_code == 422
    over = "何老师（正高级技术职称，4 学时）税后 4,001.00 元，上限 4,000.00 元，超 1.00 元"
    assert over in refused.context["form"].non_field_errors()[0]
    assert over in refused.context["live"]["odd"][0]["found"].message


def test_switching_to_lecture_fees_brings_the_timetable_along(client: Client, world: World) -> None:
    run = lecture(world)
    as_(client, world, "caiwu-staff")
    page = client.get(project_url(run, "payment_new"))
    data = form_of(page) | {"title": "讲课费", "action": "kind:lecture"}
    for name in [name for name in data if name.startswith("fee-")]:
        del data[name]  # the page of another kind has none
    switched = client.post(project_url(run, "payment_new"), data)
    assert switched.context["form"].fees[0]["lecturer"].value() == "何老师"
    assert 'value="讲课费"' in switched.text


# ───────────── a payment and a commitment afterwards


def test_the_voucher_comes_later(client: Client, world: World) -> None:
    paid = acts.pay(world, acts.ready(world), "100.00")
    as_(client, world, "caiwu-staff")
    client.post(url("payment_voucher", paid.pk), {"voucher": "记-0123"})
    paid.refresh_from_db()
    assert paid.voucher == "记-0123"


def test_a_paper_comes_later_and_is_downloaded(client: Client, world: World) -> None:
    paid = acts.pay(world, acts.ready(world), "100.00")
    as_(client, world, "caiwu-staff")
    address = url("payment_paper_add", paid.pk)
    assert client.post(address, {"kind": "invoice"}).status_code == 422
    bad = client.post(address, {"kind": "invoice", "file": upload("发票.exe", b"MZ")})
    assert bad.status_code == 422
    assert "不能上传这种文件" in bad.text
    client.post(address, {"kind": "contract", "file": upload("补充协议.pdf")})
    paper = paid.papers.latest("pk")
    got = client.get(url("paper_file", paper.pk))
    assert got.content == PDF
    assert got["Content-Disposition"].startswith("attachment")


def test_a_contract_signed_later_joins_its_commitment(client: Client, world: World) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run)
    address = url("commitment_paper_add", promised.pk)
    as_(client, world, "caiwu-staff")
    assert "请先选择要上传的文件" in client.post(address, {"kind": "contract"}).text
    client.post(address, {"kind": "contract", "file": upload("租约.pdf")})
    assert "租约.pdf" in client.get(url("commitment", promised.pk)).text
    assert acts.pay(world, run, "100.00", commitment=promised, files={}).papers.filter(
        code="contract", file__name="租约.pdf"
    )
    as_(client, world, "xuanchuan-staff")
    assert client.post(address, {"file": upload()}).status_code == 403


def test_a_refund_goes_back_to_its_line_up_to_what_was_paid(client: Client, world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    as_(client, world, "caiwu-staff")
    page = client.get(url("payment_refund", paid.pk))
    typed = form_of(page) | {
        "title": "退回定金",
        f"line_{acts.line(run).pk}": "300.01",
        "file_refund_slip": upload("回单.pdf"),
    }
    refused = client.post(url("payment_refund", paid.pk), typed)
    assert refused.status_code == 422
    assert "可退 300.00 元，多 0.01 元。" in refused.text
    token = refused.context["papers"][0]["files"][0][1]
    del typed["file_refund_slip"]
    typed |= {f"line_{acts.line(run).pk}": "120", "kept_refund_slip": token}
    done = client.post(url("payment_refund", paid.pk), typed)
    back = Payment.objects.get(refunds=paid)
    assert done["Location"] == url("payment", back.pk)
    assert acts.balances(run)[2] == Decimal("180.00")
    assert back.number in client.get(url("payment", paid.pk)).text


def test_a_payment_is_reversed_with_a_reason(client: Client, world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    as_(client, world, "caiwu-staff")
    silent = client.post(url("payment_reverse", paid.pk), {"reason": " "})
    assert silent.status_code == 422
    assert "请填写理由" in silent.text
    client.post(url("payment_reverse", paid.pk), {"reason": "金额有误"})
    page = client.get(url("payment", paid.pk))
    assert "金额有误" in page.text
    assert "已红字冲销" in page.text
    assert url("payment_reverse", paid.pk) not in page.text
    again = client.post(url("payment_reverse", paid.pk), {"reason": "再来"})
    assert again.status_code == 422
    assert acts.balances(run)[2] == Decimal("0.00")


def test_a_settled_payment_says_why_it_stands(client: Client, world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00")
    settled = acts.end_attendance(run)
    settled.settle()
    settled.save(update_fields=["state"])
    as_(client, world, "caiwu-head")
    page = client.get(url("payment", paid.pk))
    assert "已办结决算，账目不再变动" in page.text
    for name in ("payment_refund", "payment_reverse"):
        assert url(name, paid.pk) not in page.text
        refused = client.post(url(name, paid.pk), {"reason": "x"})
        assert refused.status_code == 403
        assert "已办结决算" in refused.text
    page = client.get(project_url(run))
    assert "本班已办结决算，不再用款。" in page.text
    assert page.context["stops"] == []
    assert project_url(run, "payment_new") not in page.text


def test_a_commitment_is_released_in_part_and_reversed_whole(client: Client, world: World) -> None:
    run = acts.ready(world)
    first, second = acts.commit(world, run, "500.00"), acts.commit(world, run, "700.00")
    as_(client, world, "caiwu-staff")
    over = client.post(url("commitment_release", first.pk), {"amount": "500.01", "reason": "减价"})
    assert over.status_code == 422
    assert "未支付余额 500.00 元，多 0.01 元。" in over.text
    client.post(url("commitment_release", first.pk), {"amount": "100", "reason": "减价"})
    client.post(url("commitment_reverse", second.pk), {"reason": "登记有误"})
    assert acts.balances(run) == (Decimal("1600.00"), Decimal("400.00"), Decimal("0.00"))
    page = client.get(url("commitment", first.pk))
    assert url("commitment_reverse", first.pk) not in page.text
    assert url("commitment_release", first.pk) in page.text


# ───────────── prints


def ticks(page: Any) -> list[str]:
    return re.findall("[☑☐]", page.text)


def test_the_tick_list_of_a_payment(client: Client, world: World) -> None:
    run = acts.ready(world)
    paid = acts.pay(world, run, "300.00", invoices=[GivenInvoice("01234567")])
    page = as_(client, world, "xuanchuan-staff").get(url("payment_papers", paid.pk))
    assert [(row["title"], row["there"]) for row in page.context["rows"]] == [
        ("审定纪要", True),
        ("合同或协议", True),
    ]
    assert ticks(page) == ["☑", "☑"]
    for text in ("叁佰元整", "合同.pdf", "01234567", paid.number):
        assert text in page.text, text


def test_the_tick_list_before_anything_is_claimed(client: Client, world: World) -> None:
    run = acts.ready(world)
    acts.issue_notice(run)
    page = as_(client, world, "xuanchuan-staff").get(f"{project_url(run, 'project_papers')}?kind=balance")
    sheet = page.context["sheets"][0]
    assert [(row["title"], row["there"], row["source"]) for row in sheet["rows"]] == [
        ("审定纪要", True, "系统内已有"),
        ("调训通知", True, "系统内已有"),
        ("实际签到表", False, "待办"),
        ("发票", False, "提交原件或复印件"),
        ("费用明细清单", False, "提交原件或复印件"),
    ]
    everything = client.get(project_url(run, "project_papers"))
    assert [sheet["kind"].code for sheet in everything.context["sheets"]] == [
        "advance",
        "lecture",
        "lecturer_travel",
        "balance",
        "other",
    ]


def test_the_tick_list_knows_what_lies_with_a_commitment_and_what_came_back(
    client: Client, world: World
) -> None:
    run = acts.ready(world)
    promised = acts.commit(world, run, "1500.00", files=[acts.file("租约.pdf")])
    as_(client, world, "caiwu-staff")
    page = client.get(f"{project_url(run, 'project_papers')}?kind=advance")
    assert [(row["title"], row["source"], row["what"]) for row in page.context["sheets"][0]["rows"]][1:] == [
        ("合同或协议", "已附在预占", f"租约.pdf（预占 {promised.number}）")
    ]
    paid = acts.pay(world, run, "300.00", files={"contract": [acts.file(), acts.file("补充.pdf")]})
    spending.refund(
        payment_id=paid.pk,
        rows=[PaidRow(acts.line(run).pk, Decimal("60.00"))],
        title="退回",
        paid_on=acts.TODAY,
        handler="林晓峰",
        key=uuid.uuid4(),
        files={"refund_slip": [acts.file()]},
        actor=world.people["caiwu-staff"],
        at=NOW,
    )
    page = client.get(url("payment_papers", paid.pk))
    assert [row["files"] for row in page.context["rows"]] == ["", 2]
    assert page.context["net"] == Decimal("240.00")
    assert "240.00 元" in page.text


def test_the_slip_lists_the_lecturers_and_leaves_the_rest_to_be_written(client: Client, world: World) -> None:
    run = lecture(world)
    page = as_(client, world, "xuanchuan-staff").get(url("lecture_slip", run.pk))
    assert [(row["one"].name, row["title"], row["one"].hours) for row in page.context["lecturers"]] == [
        ("何老师", "正高级技术职称", Decimal("16.0"))
    ]
    for text in ("身份证号", "开户行及账号", "签名", "6月9日下午 第 4 讲", "16,000.00 元"):
        assert text in page.text, text


# ───────────── 收费 (S22)


def test_a_class_that_takes_no_fee_says_so(client: Client, world: World) -> None:
    run = acts.ready(world)
    page = as_(client, world, "caiwu-staff").get(project_url(run, "project_income"))
    assert "业务班不得向学员收费，不能登记收入（《意见》" in page.text
    refused = client.post(
        project_url(run, "project_income"),
        {"amount": "200", "basis": "收费许可", "file_income_basis": upload()},
    )
    assert refused.status_code == 422
    assert "不能登记收入 200.00 元" in refused.context["form"].non_field_errors()[0]
