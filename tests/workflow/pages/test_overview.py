"""支出进度, what is behind each figure, 支付明细 and the tables of a fund (B-29…B-33)."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from budgets import services as ledger
from budgets.models import Entry, Project
from budgets.services import GivenPaper, PaidRow
from budgets.states import PayMethod, Subject
from tests.workflow import acts
from tests.workflow.pages.meeting_room import as_, queries
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.prints.charts import stacked

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def summer():
    with time_machine.travel(at(6, 30, 16), tick=False):
        yield


def url(name: str, *args: object, **query: object) -> str:
    text = reverse(f"workflow:{name}", args=args)
    return f"{text}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else text


def approved(world: World, department: str = "xuanchuan", **fields: Any) -> ClassPlan:
    return acts.fresh(acts.approve(world, world.draft(department, **fields)))


def pay(world: World, plan: ClassPlan, amount: str, on: date = date(2027, 3, 5), item: str = "meals", **more):
    assert plan.project is not None
    assert plan.version is not None
    book = plan.version.book.book
    kind = book.money.kind("other")
    assert kind is not None
    return ledger.pay(
        project=plan.project,
        kind="other",
        title=more.pop("title", "餐费"),
        payee="滨海培训中心",
        rows=[PaidRow(plan.project.lines.get(item=item).pk, Decimal(amount))],
        method=PayMethod.TRANSFER,
        paid_on=on,
        subject=Subject.CADRES,
        handler="陈晨",
        key=uuid.uuid4(),
        book=book,
        actor=world.people["caiwu-staff"],
        at=at(6, 30),
        papers=[
            GivenPaper(paper.code, paper.title, evidence="原件在案") for paper in book.money.papers_of(kind)
        ],
        **more,
    )


def commit(world: World, plan: ClassPlan, amount: str, item: str = "venue"):
    assert plan.project is not None
    return ledger.commit(
        line=plan.project.lines.get(item=item),
        amount=Decimal(amount),
        title="场地租用",
        payee="区委党校",
        key=uuid.uuid4(),
        actor=world.people["caiwu-staff"],
        at=at(6, 1),
    )


def fund_id(plan: ClassPlan) -> int:
    assert plan.project is not None
    return plan.project.fund_id


def test_spending_stands_beside_the_pace_of_the_day(client: Client, world: World) -> None:
    plan = approved(world)
    pay(world, plan, "2500.00")
    as_(client, world, "caiwu-staff")
    page = client.get(url("fund_progress", fund_id(plan)))
    pace = page.context["pace"]
    # 40 % by the end of June, says the book; 2,500 of 10,000 is a quarter.
    assert (pace["expected"], pace["spent"], pace["gap"]) == (40, 25, -15)
    assert pace["expected_amount"] == Decimal("4000.00")
    assert pace["behind"]
    assert "到 3月31日 10%、 6月30日 40%、 9月30日 70%、 12月31日 100%，其间按日均摊" in page.text
    assert page.context["untouched"] == (0, Decimal(0))
    approved(world, "quanyi", name="女工班", subject="YW-05")
    assert client.get(url("fund_progress", fund_id(plan))).context["untouched"] == (1, Decimal("10000.00"))
    assert "支出进度＝支出÷已下达" in page.text


def test_months_and_departments_add_up_to_the_ledger(client: Client, world: World) -> None:
    one, other = approved(world), approved(world, "quanyi", name="女工班", subject="YW-05")
    first = pay(world, one, "1000.00", date(2027, 3, 5))
    pay(world, one, "300.00", date(2027, 5, 20), item="venue")
    pay(world, other, "200.00", date(2027, 5, 21))
    wrong = pay(world, one, "999.00", date(2027, 5, 22))
    actor = world.people["caiwu-staff"]
    ledger.reverse_payment(payment=wrong, reason="金额录错", actor=actor, at=at(6, 30))
    assert one.project is not None
    assert one.version is not None
    ledger.refund(
        payment=first,
        rows=[PaidRow(one.project.lines.get(item="meals").pk, Decimal("100.00"))],
        title="多收退回",
        paid_on=date(2027, 6, 2),
        handler="陈晨",
        key=uuid.uuid4(),
        book=one.version.book.book,
        papers=[GivenPaper("refund_slip", "退款凭证", evidence="回单")],
        actor=actor,
        at=at(6, 30),
    )
    as_(client, world, "caiwu-staff")
    page = client.get(url("fund_progress", fund_id(one)))
    months = {row["month"]: row["total"] for row in page.context["months"] if row["total"]}
    assert months == {3: Decimal("1000.00"), 5: Decimal("500.00"), 6: Decimal("-100.00")}
    assert sum(months.values()) == page.context["held"].paid == Decimal("1400.00")
    # The colours of 支出, 预占 and 下达 are nobody else's, and the legend names each item's.
    of_items = {tone for _, tone in page.context["legend"]}
    assert {block.tone for block in page.context["chart"].blocks} == of_items
    assert not of_items & {0, 1, 7}
    assert {block.tone for block in page.context["compared"].blocks} == {0, 7}
    assert [(row.department.name, row.held.paid) for row in page.context["by_department"]] == [
        ("宣传网络部", Decimal("1200.00")),
        ("权益保障部", Decimal("200.00")),
    ]
    narrowed = client.get(url("fund_progress", fund_id(one), department=other.department_id))
    assert narrowed.context["held"].paid == Decimal("200.00")


@pytest.mark.parametrize("figure", ["appropriated", "committed", "paid", "available"])
def test_every_figure_is_the_sum_of_its_rows(client: Client, world: World, figure: str) -> None:
    plan = approved(world)
    commitment = commit(world, plan, "900.00")
    ledger.release(
        commitment=commitment,
        amount=Decimal("150.00"),
        reason="少租半天",
        actor=world.people["caiwu-staff"],
        at=at(6, 2),
    )
    assert plan.project is not None
    pay(world, plan, "250.00")
    as_(client, world, "caiwu-staff")
    for query in ({}, {"project": plan.project.pk}, {"line": plan.project.lines.get(item="meals").pk}):
        page = client.get(url("fund_rows", fund_id(plan), figure=figure, **query))
        assert sum(entry.effect for entry in page.context["page"]) == page.context["total"]
    whole = {"appropriated": "10000.00", "committed": "750.00", "paid": "250.00", "available": "9000.00"}
    page = client.get(url("fund_rows", fund_id(plan), figure=figure, project=plan.project.pk))
    assert page.context["total"] == Decimal(whole[figure])


def test_a_department_looks_behind_its_own_figures_only(client: Client, world: World) -> None:
    own, other = approved(world), approved(world, "quanyi", name="女工班", subject="YW-05")
    pay(world, own, "250.00", title="自己的餐费")
    pay(world, other, "350.00", title="别人的餐费")
    as_(client, world, "xuanchuan-staff")
    assert own.project is not None
    assert other.project is not None
    fund = fund_id(own)
    page = client.get(url("fund_rows", fund, figure="paid", project=own.project.pk))
    assert page.status_code == 200
    assert "自己的餐费" in page.text
    assert "别人的餐费" not in page.text
    for address in (
        url("fund_rows", fund, figure="paid"),
        url("fund_rows", fund, figure="paid", project=other.project.pk),
        url("fund_rows", fund, figure="paid", line=other.project.lines.get(item="meals").pk),
        url("fund_progress", fund),
        url("fund_payments", fund),
        url("fund_report", fund, "execution"),
    ):
        assert client.get(address).status_code == 404, address
    assert client.get(url("fund_rows", fund, figure="secret", project=own.project.pk)).status_code == 404


def test_what_needs_a_look_comes_first(client: Client, world: World) -> None:
    late = approved(world, time_slots=["03U"])
    early = approved(world, "quanyi", name="女工班", subject="YW-05", time_slots=["11U"])
    pay(world, late, "1950.00", item="venue")
    # A venue under contract is what was planned, not a risk.
    commit(world, early, "1950.00")
    as_(client, world, "caiwu-staff")
    page = client.get(url("fund_progress", fund_id(late)))
    (risk,) = page.context["risks"]
    assert risk.row.project == late.project
    assert risk.reasons == [
        "计划 3月上旬办班，尚未申请开班。",
        "“场地、资料、交通费”开班前已支出 98%。",
    ]


def test_what_lies_on_a_cancelled_class_is_named(client: Client, world: World) -> None:
    plan = approved(world)
    run = plan.runs.get()
    run.cancel()
    run.save()
    as_(client, world, "caiwu-staff")
    (risk,) = client.get(url("fund_progress", fund_id(plan))).context["risks"]
    assert risk.reasons == ["已取消办班，还有可用 10,000.00 元没有收回。"]


def test_payments_are_found_by_what_one_remembers(client: Client, world: World) -> None:
    plan = approved(world)
    old = pay(world, plan, "100.00", date(2027, 3, 5), title="资料印刷", voucher="记-12")
    new = pay(
        world, plan, "200.00", date(2027, 5, 5), title="餐费", invoices=[ledger.GivenInvoice("No.27000099")]
    )
    as_(client, world, "caiwu-staff")

    def found(**query: object) -> list[str]:
        page = client.get(url("fund_payments", fund_id(plan), **query))
        return [payment.number for payment in page.context["page"]]

    assert found() == [new.number, old.number]
    assert found(month=3) == [old.number]
    assert found(q="印刷") == [old.number]
    assert found(q="27000099") == [new.number]
    assert found(q=new.number) == [new.number]
    assert found(q="记-12") == [old.number]
    assert found(voucher="none") == [new.number]
    assert found(q="没有这个") == []
    book = load_workbook(BytesIO(client.get(url("fund_payments", fund_id(plan), format="xlsx")).content))
    names, *rows = book.active.iter_rows(min_row=3, values_only=True)
    found_rows = [dict(zip(names, row, strict=True)) for row in rows[:3]]
    wanted = ("支付单号", "支付类型", "费用项目", "金额", "计入支出", "发票号", "附件张数")
    meals = "伙食费"
    assert [tuple(row[name] for name in wanted) for row in found_rows] == [
        (new.number, "其他费用", meals, 200, 200, "27000099", None),
        (old.number, "其他费用", meals, 100, 100, None, None),
        (None, None, None, None, 300, None, None),
    ]


def test_payments_add_up_to_what_is_shown(client: Client, world: World) -> None:
    plan = approved(world)
    assert plan.project is not None
    assert plan.version is not None
    first = pay(world, plan, "300.00", date(2027, 3, 5))
    invoices = [ledger.GivenInvoice("27000001"), ledger.GivenInvoice("27000002")]
    wrong = pay(world, plan, "999.00", date(2027, 3, 6), title="录错", invoices=invoices)
    actor = world.people["caiwu-staff"]
    ledger.reverse_payment(payment=wrong, reason="金额录错", actor=actor, at=at(6, 30))
    pay(world, plan, "55.55", date(2027, 5, 6), title="资料印刷", invoices=invoices)
    ledger.refund(
        payment=first,
        rows=[PaidRow(plan.project.lines.get(item="meals").pk, Decimal("100.00"))],
        title="多收退回",
        paid_on=date(2027, 4, 2),
        handler="陈晨",
        key=uuid.uuid4(),
        book=plan.version.book.book,
        papers=[GivenPaper("refund_slip", "退款凭证", evidence="回单")],
        actor=actor,
        at=at(6, 30),
    )
    as_(client, world, "caiwu-staff")

    def total(**query: object) -> tuple[int, Decimal]:
        page = client.get(url("fund_payments", fund_id(plan), **query))
        return page.context["page"].paginator.count, page.context["total"]

    assert total() == (4, Decimal("255.55"))
    assert total(month=3) == (2, Decimal("300.00"))
    assert total(month=4) == (1, Decimal("-100.00"))
    # By a word two invoices of one payment share: it counts once.
    assert total(q="2700000") == (2, Decimal("55.55"))
    page = client.get(url("fund_payments", fund_id(plan)))
    assert "<del>999.00</del>" in page.text
    assert '<td class="num" data-label="金额">255.55</td>' in page.text


@pytest.mark.parametrize(
    ("kind", "title", "total"),
    [
        ("budget", "经费预算表", "10,000.00"),
        ("execution", "执行情况表", "250.00"),
        ("settlement", "经费决算表", ""),
    ],
)
def test_the_tables_as_print_and_workbook(
    client: Client, world: World, kind: str, title: str, total: str
) -> None:
    plan = approved(world)
    pay(world, plan, "250.00")
    as_(client, world, "caiwu-staff")
    page = client.get(url("fund_report", fund_id(plan), kind))
    assert title in page.text
    assert total in page.text
    book = load_workbook(BytesIO(client.get(url("fund_report", fund_id(plan), kind, format="xlsx")).content))
    assert title in book.active["A1"].value
    assert client.get(url("fund_report", fund_id(plan), "secret")).status_code == 404


@pytest.mark.parametrize("name", ["fund_progress", "fund_payments", "fund"])
def test_pages_cost_the_same_however_many_projects(client: Client, world: World, name: str) -> None:
    plan = approved(world)
    pay(world, plan, "250.00")
    as_(client, world, "caiwu-staff")
    address = url(name, fund_id(plan))
    client.get(address)
    few = queries(lambda: client.get(address))
    for number in range(3):
        another = approved(world, name=f"班{number}", subject=f"YW-0{number + 4}")
        pay(world, another, "10.00")
        commit(world, another, "10.00")
    assert queries(lambda: client.get(address)) == few
    assert few <= (24 if name == "fund_progress" else 12)


def test_an_auditor_sees_all_and_changes_nothing(client: Client, world: World) -> None:
    from org.models import User
    from org.services import share

    plan = approved(world)
    payment = pay(world, plan, "250.00")
    auditor = User.objects.create_user("jingshen", password="guikou-test", name="经审员")
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=at(1, 10))
    client.force_login(auditor)
    fund = fund_id(plan)
    for address in (
        url("fund_progress", fund),
        url("fund_rows", fund, figure="paid"),
        url("fund_payments", fund),
        url("fund_report", fund, "budget"),
    ):
        assert client.get(address).status_code == 200, address
    before = Entry.objects.count()
    assert (
        client.post(url("fund_supplement", fund), {"amount": "1", "basis": "x", "confirmed": "1"}).status_code
        == 403
    )
    assert Entry.objects.count() == before
    assert Project.objects.count() == 1
    assert payment.amount == Decimal("250.00")


def test_a_chart_is_to_scale() -> None:
    chart = stacked(
        [("1月", {"a": Decimal(100), "b": Decimal(300)}), ("2月", {"a": Decimal(-5)})],
        {"a": "餐费", "b": "场地费"},
        unit="",
    )
    assert chart is not None
    low, high = chart.blocks
    assert (low.label, high.label) == ("1月 餐费 100.00 元", "1月 场地费 300.00 元")
    assert float(high.height) == pytest.approx(3 * float(low.height), abs=0.2)
    assert float(high.y) + float(high.height) == pytest.approx(float(low.y), abs=0.2)
    assert [line.label for line in chart.lines] == ["0", "100", "200", "300", "400"]
    assert (low.tone, high.tone) == (0, 1)
    dear = [("1月", {"a": Decimal(16000)})]
    marks = ["0", "4,000", "8,000", "12,000", "16,000"]
    named = stacked(dear, {"a": "餐费"}, unit="", tones={"a": 7})
    assert named is not None
    assert ([line.label for line in named.lines], named.blocks[0].tone) == (marks, 7)
    in_wan = stacked(dear, {"a": "餐费"}, unit="wan")
    assert in_wan is not None
    assert [line.label for line in in_wan.lines] == ["0", "0.4", "0.8", "1.2", "1.6"]
    assert stacked([("1月", {})], {}, unit="") is None
