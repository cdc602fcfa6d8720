"""经费决算表 of a 期 and of a fund: the quota, what the budget had not, the papers behind it."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from budgets import services as ledger
from tests.workflow import acts, runs
from tests.workflow.pages.meeting_room import as_
from tests.workflow.test_settling import ended, pay, settle
from tests.workflow.world import World, at
from workflow.selectors.settlements import SettlementSheet, SheetRow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def summer():
    with time_machine.travel(at(6, 30, 16), tick=False):
        yield


def row(item: str, *yuan: str, ceiling: str | None) -> SheetRow:
    budget, adjusted, actual = map(Decimal, yuan)
    return SheetRow(
        1, item, item, budget, adjusted, actual, None if ceiling is None else Decimal(ceiling), ""
    )


def test_the_quota_stands_beside_what_it_is_for_only() -> None:
    fees = row("师资费", "2200.00", "2200.00", "2300.00", ceiling=None)
    meals = row("伙食费", "3000.00", "2900.00", "3000.00", ceiling="3100.00")
    bus = row("交通费", "0.00", "100.00", "370.00", ceiling="0.00")
    sheet = SettlementSheet((fees, meals, bus), 20, 20, 20, 2, Decimal(2), Decimal("5460.00"))
    assert sheet.ordered == (meals, bus, fees)
    assert sheet.quota is not None
    assert (sheet.quota.budget, sheet.quota.adjusted, sheet.quota.actual, sheet.quota.left) == (
        Decimal("3000.00"),
        Decimal("3000.00"),
        Decimal("3370.00"),
        Decimal("-370.00"),
    )
    assert sheet.outside == (bus,)
    assert SettlementSheet((fees,), 20, 20, 20, 2, Decimal(2), None).quota is None


def cells_of(answer: Any, sheet: str = "") -> list[list[Any]]:
    book = load_workbook(BytesIO(answer.content))
    return [list(row) for row in (book[sheet] if sheet else book.active).iter_rows(values_only=True)]


def test_a_session_is_settled_with_its_papers(client: Client, world: World) -> None:
    run = ended(world)
    first = pay(world, run, "6500.00", voucher="记-12", attachments=4)
    wrong = pay(world, run, "99.00", attachments=9)
    ledger.reverse_payment(payment=wrong, reason="录错", actor=world.people["caiwu-staff"], at=at(6, 16))
    last = pay(world, run, "500.00", "venue", attachments=2, session_no=None)
    settle(world, run)
    as_(client, world, "caiwu-staff")
    paper = client.get(reverse("workflow:run_settlement_print", args=[run.pk]))
    assert "实际支出（大写）：柒仟元整" in paper.text
    assert "票据 2 份，附件 6 张" in paper.text
    assert "预算外事项：无。" in paper.text
    assert [(one.payment, one.amount, one.items) for one in paper.context["papers"].payments] == [
        (first, Decimal("6500.00"), "伙食费"),
        (last, Decimal("500.00"), "场地、资料、交通费"),
    ]
    page = client.get(reverse("workflow:run_settlement", args=[run.pk]))
    assert "支付 2 笔，票据 2 份，附件 6 张" in page.text
    assert "综合定额内小计" in page.text
    assert "归档。" not in page.text
    chief = as_(client, world, "jiceng-head")
    chief.post(reverse("workflow:run_archive", args=[run.pk]))
    page = chief.get(reverse("workflow:run_settlement", args=[run.pk]))
    assert f"由{world.people['jiceng-head'].name}归档。" in page.text
    answer = client.get(reverse("workflow:run_settlement_export", args=[run.pk]))
    texts = [line[0] for line in cells_of(answer) if isinstance(line[0], str)]
    assert "实际支出（大写）：柒仟元整" in texts
    listed = cells_of(answer, "报销附件清单")
    assert [line[1] for line in listed[3:5]] == [first.number, last.number]
    assert (listed[5][7], listed[5][9], listed[5][11]) == (7000, 2, 6)


def test_who_goes_back_from_the_question_finds_what_was_typed(client: Client, world: World) -> None:
    run = ended(world)
    paid = pay(world, run, "6500.00")
    as_(client, world, "caiwu-staff")
    address = reverse("workflow:run_settlement", args=[run.pk])
    why = f"why-{paid.entries.get().credit.line_id}"
    typed = {why: "实到人数减少", "note": "食堂按实结算"}
    button = '<button class="button" type="submit" name="revise" value="1" formnovalidate>返回修改</button>'
    assert button in client.post(address, typed).text
    back = client.post(address, typed | {"confirmed": "1", "revise": "1"})
    assert (back.status_code, run.plan.runs.get().state) == (200, "settling")
    assert 'value="实到人数减少"' in back.text
    assert "食堂按实结算" in back.text


def test_of_several_sessions_each_has_its_own_papers(client: Client, world: World) -> None:
    run = ended(world, sessions=2, time_slots=["06U", "07U"])
    own = pay(world, run, "3000.00", attachments=3)
    pay(world, run, "400.00", session_no=None, attachments=5)
    settle(world, run)
    as_(client, world, "caiwu-staff")
    paper = client.get(reverse("workflow:run_settlement_print", args=[run.pk]))
    assert [one.payment for one in paper.context["papers"].payments] == [own]
    # The fund's table says how far the class is, and counts the papers of what was settled.
    report = client.get(reverse("workflow:fund_report", args=[run.plan.project.fund_id, "settlement"]))
    (line,) = report.context["report"].rows
    assert line[4] == "1／2 期"
    assert line[-3:-1] == (1, 3)
    assert report.context["report"].note == "已办结决算和取消办班的项目；其中 1 个项目还有期次未办结"


def test_the_years_table_counts_cancelled_classes_and_names_those_left(client: Client, world: World) -> None:
    run = ended(world)
    pay(world, run, "6500.00", attachments=4)
    settle(world, run)
    gone = acts.fresh(acts.approve(world, world.draft("quanyi", name="女工班", subject="YW-05")))
    dead = gone.runs.get()
    dead.cancel()
    dead.save()
    acts.approve(world, world.draft("quanyi", name="法律班", subject="YW-06"))
    as_(client, world, "caiwu-staff")
    fund = run.plan.project.fund
    address = reverse("workflow:fund_report", args=[fund.pk, "settlement"])
    page = client.get(address)
    found = page.context["report"]
    names = [column.title for column in found.columns]
    wanted = ("项目编号", "已决算", "预算数", "实际支出", "票据份数", "附件张数")
    assert gone.project is not None
    assert [tuple(line[names.index(name)] for name in wanted) for line in found.rows] == [
        (run.plan.project.number, "1／1 期", Decimal(10000), Decimal(6500), 1, 4),
        (gone.project.number, "取消办班", Decimal(10000), Decimal(0), 0, 0),
    ]
    assert found.note == "已办结决算和取消办班的项目；另有 1 个项目未办结"
    assert "实际支出合计（大写）：陆仟伍佰元整" in page.text
    assert "附件：各期经费决算表 1 份（含报销附件清单），票据 1 份" in page.text
    lines = cells_of(client.get(f"{address}?format=xlsx"))
    assert lines[0][0] == f"{fund.year}年{fund.title.removesuffix('经费')}经费决算表"
    assert [line[0] for line in lines if "大写" in str(line[0])] == ["实际支出合计（大写）：陆仟伍佰元整"]


def test_figures_of_a_workbook_are_numbers(client: Client, world: World) -> None:
    run = runs.opened_run(world)
    pay(world, run, "2345.00", kind="other")
    fund = run.plan.project.fund_id
    as_(client, world, "caiwu-staff")
    answer = client.get(f"{reverse('workflow:fund_report', args=[fund, 'budget'])}?format=xlsx")
    names, line = cells_of(answer)[2:4]
    people = [line[names.index(name)] for name in ("期数", "每期学员", "每期工作人员", "每期天数")]
    assert people == [1, run.plan.trainees, run.plan.staff, float(run.plan.days)]
    for address in (
        f"{reverse('workflow:fund_report', args=[fund, 'execution'])}?format=xlsx",
        reverse("workflow:fund_export", args=[fund]),
    ):
        sheet = load_workbook(BytesIO(client.get(address).content)).active
        place = [cell.value for cell in sheet[3]].index("支出进度") + 1
        shares = [sheet.cell(row, place) for row in (4, 5)]
        assert [(cell.value, cell.number_format) for cell in shares] == [(0.23, "0%"), (0.23, "0%")]
