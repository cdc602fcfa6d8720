"""对账 on its page: upload, the preview, what is done from it, the 差异表, and the whole ledger as a file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from budgets.models import Payment
from budgets.services import close_year, open_fund
from budgets.states import FundStatus
from org.models import LongTask, User
from org.services import share
from tests.workflow.money import booked
from tests.workflow.money import spending as acts
from tests.workflow.money.booked import line
from tests.workflow.money.spending import NOW
from tests.workflow.pages.meeting_room import as_, queries, workbook
from tests.workflow.world import World, at
from workflow.excel import fund_all
from workflow.jobs import perform_queued
from workflow.models import ClassRun
from workflow.services import reconciling, spending


@pytest.fixture(autouse=True)
def june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def run(world: World) -> ClassRun:
    return acts.ready(world)


def url(name: str, *args: int) -> str:
    return reverse(f"workflow:{name}", args=args)


def page_of(world: World, task: LongTask) -> str:
    return url("fund_reconciliation", booked.fund_of(world).pk, task.pk)


def posted(**fields: Any) -> dict[str, Any]:
    return {
        "action": "import",
        "fit": "theirs",
        "payment_kind": "other",
        "subject": "cadres",
        "method": "transfer",
    } | fields


def test_finance_uploads_compares_writes_and_imports(client: Client, world: World, run: ClassRun) -> None:
    project, fund = acts.project_of(run), booked.fund_of(world)
    bare = acts.pay(world, run, "60.00", paid_on=date(2027, 6, 10))
    as_(client, world, "caiwu-staff")
    form = client.get(url("fund_reconcile", fund.pk))
    assert form.context["upload"]["choices"][0] == (5, "2027 年 5 月")
    file = booked.upload(line(project), line(project, 凭证字号="记-0013", 借方金额=60))
    sent = client.post(url("fund_reconcile", fund.pk), {"kind": "6", "file": file})
    task = LongTask.objects.get(kind="reconcile")
    assert sent["Location"] == page_of(world, task)
    page = client.get(sent["Location"])
    assert [(tab["title"], tab["count"]) for tab in page.context["tabs"]] == [
        ("相符", 1),
        ("只在财务账", 1),
        ("只在本系统", 0),
    ]
    assert page.context["tab"].label == "只在财务账"
    (row,) = page.context["rows"]
    assert (row["stand"].choice.value, row["ticked"]) == (f"L{acts.line(run).pk}", True)
    assert "有 1 笔相符的支付还没有凭证号" in page.text
    client.post(sent["Location"], {"action": "vouchers", "fit": "theirs"})
    bare.refresh_from_db()
    assert bare.voucher == "记-0013"
    done = client.post(
        sent["Location"], posted(pick="2", row="2-1", **{"from-2": row["stand"].choice.value}), follow=True
    )
    assert "办好 1 行" in done.text
    paid = Payment.objects.get(voucher="记-0012")
    assert (paid.amount, paid.kind) == (Decimal("500.00"), "other")
    assert f"导入为 {paid.number}“场地租用费”500.00 元。" in done.text
    assert "6月明细账.xlsx" in client.get(url("fund_reconcile", fund.pk)).text


def test_what_stands_against_a_row_is_said_before_and_nothing_else_is_taken(
    client: Client, world: World, run: ClassRun
) -> None:
    project = acts.project_of(run)
    task = booked.receive(
        world, line(project, 借方金额="2100.00"), line(project, 凭证字号="记-2", 借方金额=5)
    )
    as_(client, world, "caiwu-staff")
    page = client.get(page_of(world, task))
    # 伙食费 would carry it: it may be ticked, but isn't.
    assert [(row["stand"].may, row["ticked"]) for row in page.context["rows"]] == [
        (True, False),
        (True, True),
    ]
    assert "可用 2,000.00 元，本笔 2,100.00 元，差 100.00 元。" in page.text
    assert reverse("workflow:money_transfer", args=[project.pk]) in page.text
    both = {"pick": ["2", "3"], "row": [f"2-{project.pk}", f"3-{project.pk}"]}
    told = client.post(page_of(world, task), posted(**both))
    assert (told.status_code, Payment.objects.count()) == (422, 0)
    assert "第 2 行（共 1 行）不能照所选导入" in told.text
    assert [row["ticked"] for row in told.context["rows"]] == [False, True]
    meals = {"from-2": f"L{acts.line(run, 'meals').pk}"}
    checked = client.post(page_of(world, task), posted(**both, action="check", **meals))
    assert (checked.status_code, Payment.objects.count()) == (200, 0)
    assert [row["stand"].choice.title for row in checked.context["rows"]] == ["伙食费", "场地、资料、交通费"]
    assert [row["ticked"] for row in checked.context["rows"]] == [True, True]
    done = client.post(page_of(world, task), posted(**both, **meals), follow=True)
    assert ("办好 2 行" in done.text, Payment.objects.count()) == (True, 2)
    assert acts.balances(run, "meals") == (Decimal("5900.00"), Decimal("0.00"), Decimal("2100.00"))


def test_nothing_ticked_or_nothing_known_is_refused(client: Client, world: World, run: ClassRun) -> None:
    task = booked.receive(world, line(acts.project_of(run)))
    as_(client, world, "caiwu-staff")
    assert "请先勾选要导入的行" in client.post(page_of(world, task), posted(), follow=True).text
    odd = client.post(page_of(world, task), posted(pick="2", payment_kind="lecture"), follow=True)
    assert "请选择支付类型" in odd.text
    assert client.post(page_of(world, task), {"action": "else"}).status_code == 400
    assert not Payment.objects.exists()


def test_the_session_is_chosen_by_row_or_for_the_class(client: Client, world: World) -> None:
    run = acts.ready(world, sessions=2)
    project = acts.project_of(run)
    days = [(f"记{n}", f"2027-06-1{n}") for n in (1, 2, 3)]
    task = booked.receive(
        world, *(line(project, 凭证字号=voucher, 借方金额=10, 记账日期=day) for voucher, day in days)
    )
    as_(client, world, "caiwu-staff")
    page = client.get(page_of(world, task))
    assert [row["ticked"] for row in page.context["rows"]] == [False, False, False]
    assert [(one["project"], one["count"]) for one in page.context["unsaid"]] == [(project, 3)]
    fields: dict[str, Any] = {
        "pick": ["2", "3", "4"],
        "row": [f"{n}-{project.pk}" for n in (2, 3, 4)],
        "session-2": "",
        "session-3": "all",
        "session-4": "",
    }
    refused = client.post(page_of(world, task), posted(**fields))
    assert (refused.status_code, Payment.objects.count()) == (422, 0)
    assert [row["ticked"] for row in refused.context["rows"]] == [False, True, False]
    client.post(page_of(world, task), posted(**fields, **{f"class-{project.pk}": "1"}))
    assert list(Payment.objects.order_by("id").values_list("session_no", flat=True)) == [1, None, 1]


def test_a_closed_year_says_so_and_how_to_reopen(client: Client, world: World, run: ClassRun) -> None:
    task = booked.receive(world, line(acts.project_of(run)))
    fund = booked.fund_of(world)
    with time_machine.travel(at(1, 20, year=2028), tick=False):
        close_year(fund=fund, actor=world.people["caiwu-head"], at=at(1, 20, year=2028))
        as_(client, world, "caiwu-staff")
        page = client.get(page_of(world, task))
    assert (page.context["importing"], "已于2028年1月20日结账" in page.text) == (False, True)
    assert url("fund_reopen", fund.pk) in page.text


def test_a_project_of_another_fund_is_named_to_whoever_sees_it(
    client: Client, world: World, run: ClassRun
) -> None:
    project, finance = acts.project_of(run), world.people["caiwu-staff"]
    other = open_fund(
        union=world.union,
        year=2027,
        source="other",
        title="另一渠道的经费",
        amount=Decimal("100.00"),
        status=FundStatus.APPROVED,
        basis="另一份批复",
        actor=finance,
        at=NOW,
    )
    task = reconciling.receive(
        fund=other,
        month=6,
        upload=booked.upload(line(project), line("P-0", 凭证字号="记2"), line("", 凭证字号="记3")),
        read=booked.read,
        actor=finance,
        at=NOW,
    )
    as_(client, world, "caiwu-staff")
    page = client.get(f"{url('fund_reconciliation', other.pk, task.pk)}?fit=unknown")
    assert [row["elsewhere"] for row in page.context["rows"]] == [project, None, None]
    assert url("fund", booked.fund_of(world).pk) in page.text
    assert "请在表中补写项目编号后重新上传。" in page.text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("账.xlsx", b"PK\x03\x04 no workbook", "已损坏"),
        ("账.pdf", b"%PDF-1.4", "不能上传这种文件"),
        ("账.csv", "姓名,电话\n甲,1\n".encode(), "没有找到财务账的表头"),
    ],
)
def test_a_file_that_will_not_do_is_refused_on_the_form(
    client: Client, world: World, run: ClassRun, name: str, content: bytes, reason: str
) -> None:
    as_(client, world, "caiwu-staff")
    answer = client.post(
        url("fund_reconcile", booked.fund_of(world).pk),
        {"kind": "6", "file": SimpleUploadedFile(name, content)},
    )
    assert (answer.status_code, reason in answer.text) == (422, True)
    assert not LongTask.objects.filter(kind="reconcile").exists()


def test_text_with_separators_is_read_too(client: Client, world: World, run: ClassRun) -> None:
    text = '凭证号,日期,项目编号,摘要,金额\n记1,2027-06-03,P,餐费,"1,200.00"\n'.encode("gb18030")
    as_(client, world, "caiwu-staff")
    fund = booked.fund_of(world)
    client.post(url("fund_reconcile", fund.pk), {"kind": "6", "file": SimpleUploadedFile("账.csv", text)})
    page = client.get(page_of(world, LongTask.objects.get(kind="reconcile")))
    assert [row["row"].amount for row in page.context["rows"]] == [Decimal("1200.00")]


def test_who_looks_changes_nothing_and_who_may_not_look_finds_nothing(
    client: Client, world: World, run: ClassRun
) -> None:
    task = booked.receive(world, line(acts.project_of(run)))
    fund = booked.fund_of(world)
    auditor = User.objects.create_user("auditor", name="审计员")
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=NOW)
    client.force_login(auditor)
    page = client.get(page_of(world, task))
    assert (page.context["importing"], "导入所选" in page.text) == (False, False)
    for name in ("fund_reconciliation_print", "fund_reconciliation_export", "fund_reconciliation_file"):
        assert client.get(url(name, fund.pk, task.pk)).status_code == 200
    form = client.get(url("fund_reconcile", fund.pk)).text
    assert ("上传并核对" in form, "您可以查看已有的对账结果" in form) == (False, True)
    as_(client, world, "jiceng-head")
    assert client.get(page_of(world, task)).status_code == 200
    refused = client.post(page_of(world, task), posted(pick="2"), follow=True)
    assert "由承担财务职责的部门办理" in refused.text
    sent = client.post(url("fund_reconcile", fund.pk), {"kind": "6", "file": booked.upload(line("P1"))})
    assert sent.status_code == 422
    as_(client, world, "xuanchuan-head")
    for name in ("fund_reconciliation", "fund_reconciliation_print", "fund_reconciliation_export"):
        assert client.get(url(name, fund.pk, task.pk)).status_code == 404
    assert client.get(url("fund_reconcile", fund.pk)).status_code == 404
    assert client.get(url("fund_export_all", fund.pk)).status_code == 404
    assert not Payment.objects.exists()


def test_the_table_of_differences_adds_up(client: Client, world: World, run: ClassRun) -> None:
    project, fund = acts.project_of(run), booked.fund_of(world)
    acts.pay(world, run, "500.00", voucher="记12", paid_on=date(2027, 6, 10))
    acts.pay(world, run, "70.00", paid_on=date(2027, 6, 9))
    task = booked.receive(
        world,
        line(project),
        line(project, 凭证字号="记-0014", 借方金额=40, 摘要='=HYPERLINK("http://x","点")'),
        line(project, 借方金额="五百"),
    )
    as_(client, world, "caiwu-staff")
    book = workbook(client.get(url("fund_reconciliation_export", fund.pk, task.pk)))
    assert book.sheetnames == ["按项目", "差异", "逐笔"]
    head, row, total = book["按项目"].iter_rows(min_row=3, max_row=5, values_only=True)
    assert (head[3:], row[3:], total[3:]) == (
        ("财务账", "本系统", "差额"),
        (540, 570, -30),
        (540, 570, -30),
    )
    rows = list(book["差异"].iter_rows(min_row=4, values_only=True))
    assert [(row[0], row[8], row[9]) for row in rows if row[0]] == [
        ("只在财务账", 40, None),
        ("看不懂", None, None),
        ("只在本系统", None, 70),
        ("合计（3 行）", 40, 70),
    ]
    cell = book["差异"]["G4"]
    assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://x","点")')
    assert "F4：金额“五百”不是金额。" in rows[1][11]
    paper = client.get(url("fund_reconciliation_print", fund.pk, task.pk))
    assert "差异明细（3 处）" in paper.text
    assert "-30.00" in paper.text
    assert "另有 1 行看不懂" in paper.text


def test_a_long_preview_costs_no_more_statements(client: Client, world: World, run: ClassRun) -> None:
    project = acts.project_of(run)
    few = booked.receive(world, line(project))
    many = booked.receive(world, *(line(project, 凭证字号=f"记-{n}", 借方金额=n) for n in range(1, 130)))
    as_(client, world, "caiwu-staff")
    client.get(page_of(world, few))
    assert queries(lambda: client.get(page_of(world, many))) == queries(
        lambda: client.get(page_of(world, few))
    )
    page = client.get(page_of(world, many))
    assert (len(page.context["rows"]), page.context["page"].paginator.count) == (100, 129)


def test_the_whole_ledger_is_one_workbook(client: Client, world: World, run: ClassRun) -> None:
    promised = acts.commit(world, run, "300.00", payee="=1+1")
    paid = acts.pay(world, run, "120.00", commitment=promised, voucher="记9")
    wrong = acts.pay(world, run, "30.00")
    actor = world.people["caiwu-staff"]
    spending.reverse_payment(payment_id=wrong.pk, reason="录错", actor=actor, at=NOW)
    as_(client, world, "caiwu-staff")
    fund = booked.fund_of(world)
    book = workbook(client.get(url("fund_export_all", fund.pk)))
    assert book.sheetnames == ["流水", "支付", "预占"]
    head = [row[0] for row in book["流水"].iter_rows(max_row=2, values_only=True)]
    assert head == [
        f"{fund.year}年{fund.title}流水",
        "滨海新区总工会　2027年6月20日　单位：元　每笔从“自”转到“至”",
    ]
    *entries, total = book["流水"].iter_rows(min_row=4, values_only=True)
    assert (total[0], set(total[1:])) == (f"合计（{len(entries)} 笔）", {None})
    assert len(entries) == fund.accounts.values("debits").exclude(debits=None).count()
    assert [row[2] for row in entries][-4:] == ["预占", "支出", "支出", "红字冲销"]
    names, *rows = book["支付"].iter_rows(min_row=3, values_only=True)
    found = [dict(zip(names, row, strict=True)) for row in rows]
    wanted = ("支付单号", "费用项目", "金额", "计入支出", "凭证号", "附件张数", "状态")
    item = promised.line.title
    assert [tuple(row[name] for name in wanted) for row in found] == [
        (paid.number, item, 120, 120, "记9", None, None),
        (wrong.number, item, 30, 0, None, None, "已红字冲销"),
        ("合计（2 笔）", None, None, 120, None, None, None),
    ]
    only, total = book["预占"].iter_rows(min_row=4, values_only=True)
    assert (only[0], only[10], only[11]) == (promised.number, 300, 180)
    assert total[10:12] == (300, 180)
    cell = book["预占"]["H4"]
    assert (cell.data_type, cell.value) == ("s", "=1+1")


def test_a_large_ledger_is_written_by_the_worker(
    client: Client, world: World, run: ClassRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts.pay(world, run)
    monkeypatch.setattr(fund_all, "SMALL", 1)
    monkeypatch.setattr(fund_all, "MOST_ROWS", 2)
    as_(client, world, "caiwu-staff")
    fund = booked.fund_of(world)
    first = client.get(url("fund_export_all", fund.pk))
    task = LongTask.objects.get(kind="export_fund")
    assert first["Location"] == url("long_task", task.pk)
    assert client.get(url("fund_export_all", fund.pk))["Location"] == first["Location"]
    assert perform_queued() == 1
    task.refresh_from_db()
    assert task.state == LongTask.State.DONE, task.message
    file = client.get(url("long_task_file", task.pk))
    book = load_workbook(BytesIO(b"".join(file) if file.streaming else file.content))
    assert book.sheetnames == ["流水", "流水2", "支付", "预占"]
