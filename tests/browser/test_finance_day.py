"""A finance clerk's day: commit, pay with papers, settle, close the year, print."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect

from budgets.models import Commitment, Fund, Payment, Settlement
from budgets.selectors import first_fault, fund_totals, project_totals
from tests.browser.day import Day, says
from workflow.models import ClassPlan, ClassRun

UNDER_WAY = "社会化工会工作者能力提升班"
OVER = "工会干部素质提升轮训班"
PAGE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def held(name: str) -> ClassPlan:
    """The class of that name in the year whose classes are being held."""
    return ClassPlan.objects.select_related("project__fund").filter(name=name).order_by("year")[0]


def scan(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"{name}.pdf"
    path.write_bytes(PAGE)
    return path


def commit(page: Page, amount: str) -> None:
    page.get_by_role("link", name="登记预占").click()
    page.get_by_label("预算行").select_option(index=0)
    page.get_by_label("事由").fill("学员用车")
    page.get_by_label("收款单位（人）").fill("滨海客运公司")
    page.get_by_label("合同编号").fill("HT-7")
    page.get_by_label("预占金额").fill(amount)
    page.get_by_role("button", name="登记预占").click()


def test_commit_pay_and_see_what_is_missing(day: Day, tmp_path: Path) -> None:
    plan = held(UNDER_WAY)
    project = plan.project
    assert project is not None
    page = day.sits("binhai-caiwu-staff", "/funds/?year=2026")
    page.get_by_role("link", name=project.fund.title).click()
    page.get_by_role("link", name=UNDER_WAY).click()

    commit(page, "9,999,999.00")
    expect(page.get_by_role("alert").first).to_contain_text("差")
    assert not Commitment.objects.filter(title="学员用车").exists()
    page.get_by_label("预占金额").fill("300.00")
    page.get_by_role("button", name="登记预占").click()
    says(page, "预占")
    made = Commitment.objects.get(title="学员用车")
    assert made.outstanding == Decimal("300.00")
    expect(page.get_by_role("main")).to_contain_text(made.number)

    page.goto(f"/projects/{project.pk}/pay/?commitment={made.pk}")
    page.get_by_role("button", name="预付款（定金）").click()
    page.get_by_label("事由").fill("用车定金")
    page.get_by_label("收款单位（人）").fill("滨海客运公司")
    page.locator(f"[name=commitment_{made.pk}]").fill("100.00")
    page.locator(".decide").get_by_role("button", name="核对并登记").click()
    expect(page.get_by_role("alert").first).to_contain_text("合同")
    assert not Payment.objects.filter(title="用车定金").exists()

    page.get_by_label("合同或协议").set_input_files(scan(tmp_path, "用车合同"))
    page.locator(".decide").get_by_role("button", name="核对并登记").click()
    expect(page.get_by_role("region", name="材料")).to_contain_text("用车合同")
    page.locator(".decide").get_by_role("button", name="确定登记").click()
    says(page, "支付")
    paid = Payment.objects.get(title="用车定金")
    assert (paid.amount, paid.papers.count()) == (Decimal("100.00"), 2)
    made.refresh_from_db()
    assert made.outstanding == Decimal("200.00")
    page.goto(f"/payments/{paid.pk}/")
    expect(page.get_by_role("main")).to_contain_text("用车合同")
    day.look(page)
    assert first_fault() is None


def test_settle_release_close_and_print(day: Day) -> None:
    plan = held(OVER)
    project = plan.project
    assert project is not None
    run = ClassRun.objects.get(plan=plan, state="settling")
    page = day.sits("binhai-caiwu-head", f"/runs/{run.pk}/settlement/")
    day.picture(page, "决算")
    settle = page.locator(".decide").get_by_role("button", name="办结决算")
    settle.click()
    page.get_by_role("main").get_by_role("button", name="确定办结").click()
    expect(page.get_by_role("alert").first).to_contain_text("请说明决算与预算不一致的原因")
    assert not Settlement.objects.exists()
    for box in page.get_by_role("region", name="经费决算表").get_by_role("textbox").all():
        box.fill("实到人数减少")
    settle.click()
    page.get_by_role("main").get_by_role("button", name="确定办结").click()
    says(page, "已办结决算")
    done = Settlement.objects.get(project=project)
    assert done.trainees == 40
    assert ClassRun.objects.get(pk=run.pk).state == "settled"
    page.get_by_role("link", name="打印决算表").click()
    expect(page.get_by_role("main")).to_contain_text("经费决算表")
    expect(page.get_by_role("main")).to_contain_text("实到人数减少")

    fund = Fund.objects.get(pk=project.fund_id)
    page.goto(f"/funds/{fund.pk}/progress/")
    expect(page.get_by_role("region", name="各月支出").first).to_contain_text("合计")
    day.picture(page, "支出进度")
    departments = page.get_by_role("region", name="各部门预算与支出").first
    departments.get_by_role("row", name="基层工作部").get_by_role("link").nth(3).click()
    expect(page.get_by_role("main")).to_contain_text("支出")

    page.goto(f"/funds/{fund.pk}/close/")
    expect(page.get_by_role("button", name="结账", exact=True)).to_be_disabled()
    for waiting in Commitment.objects.open().filter(project__fund=fund):
        page.goto(f"/commitments/{waiting.pk}/release/")
        page.get_by_label("事由").fill("年底不再支付")
        page.get_by_role("main").get_by_role("button", name="释放").click()
        says(page, "已释放")
    page.goto(f"/funds/{fund.pk}/close/")
    page.get_by_role("button", name="结账", exact=True).click()
    page.get_by_role("button", name="确定结账").click()
    if page.locator("dialog[open]").count():
        page.locator("dialog[open]").get_by_role("button", name="确定").click()
    page.wait_for_load_state()
    fund.refresh_from_db()
    assert fund.closed_on is not None
    page.goto(f"/projects/{project.pk}/")
    expect(page.get_by_role("link", name="登记支付")).to_have_count(0)
    page.goto(f"/funds/{fund.pk}/report/execution/")
    expect(page.get_by_role("main")).to_contain_text("执行情况表")
    totals = project_totals([project.pk])[project.pk]
    assert totals.committed == Decimal("0.00")
    assert fund_totals([fund.pk])[fund.pk].committed == Decimal("0.00")
    assert first_fault() is None
