"""归口管理部门: filters, compares, advises against, agrees in bulk, gathers the year's plan."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.day import Day, last, plan, says
from workflow.models import AgendaItem
from workflow.states import DecisionAction, PlanState


def test_a_suspected_duplicate_is_compared_and_advised_against(day: Day) -> None:
    page = day.sits("binhai-jiceng-head")
    day.picture(page, "待办")
    rows = page.locator("table.sheet tbody tr")
    everything = rows.count()
    # A plan, and the opening of a class.
    page.get_by_label("部门").select_option(label="宣传网络部")
    expect(rows).to_have_count(2)
    page.get_by_role("link", name="清除").click()
    expect(rows).to_have_count(everything)
    page.get_by_label("只看有提示的").check()
    expect(rows).to_have_count(2)

    page.get_by_role("link", name="工会信息写作培训班").click()
    finding = page.locator(".finding", has_text="疑似重复").first
    expect(finding).to_contain_text("工会信息员培训班")
    day.picture(page, "疑似重复")
    finding.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="比较两班")).to_be_visible()
    expect(page.locator("main")).to_contain_text("业务相同")
    day.picture(page, "比较两班")
    page.get_by_role("link", name="返回计划").click()

    # Advice against a class needs its reason.
    page.get_by_role("button", name="建议不列入").click()
    expect(page.locator("#decide-error")).to_contain_text("须填写意见")
    assert last(plan("工会信息写作培训班")).action == DecisionAction.AGREE
    page.get_by_label("意见", exact=True).fill("与宣传网络部信息员班重复，建议合办。")
    page.get_by_role("button", name="建议不列入").click()
    says(page, "《工会信息写作培训班》已办理：建议不列入")
    advised = plan("工会信息写作培训班")
    assert advised.state == PlanState.REVIEWING
    assert advised.tasks.get(is_open=True).step_title == "财务会审"
    assert last(advised).opinion == "与宣传网络部信息员班重复，建议合办。"


def test_many_are_agreed_to_with_a_result_each(day: Day) -> None:
    page, tab = day.sits("binhai-jiceng-head"), day.sits("binhai-jiceng-head")
    for name in ("劳动争议调解员培训班", "新任工会干部培训班"):
        page.get_by_role("checkbox", name=f"选择 {name}").check()
    expect(page.locator("[data-picked]").first).to_have_text("已选 2 项")
    page.get_by_role("button", name="批量同意…").click()
    expect(page.get_by_role("heading", name="批量同意")).to_be_visible()
    day.picture(page, "批量同意")

    # Meanwhile one of them is decided in another window.
    tab.get_by_role("link", name="新任工会干部培训班").click()
    tab.get_by_role("button", name="同意", exact=True).click()
    says(tab, "《新任工会干部培训班》已办理：同意")

    page.get_by_role("button", name="同意 2 项").click()
    expect(page.get_by_role("heading", name="批量同意结果")).to_be_visible()
    expect(page.get_by_role("row", name="劳动争议调解员培训班")).to_contain_text("已同意")
    expect(page.get_by_role("row", name="新任工会干部培训班")).to_contain_text("未办理")
    day.look(page)
    assert plan("劳动争议调解员培训班").tasks.get(is_open=True).step_title == "财务会审"
    assert plan("新任工会干部培训班").decisions.count() == 2


def test_the_years_plan_goes_to_the_meeting_and_to_excel(day: Day) -> None:
    page = day.sits("binhai-jiceng-head", "/desk/")
    expect(page.locator("main")).to_contain_text("疑似重复")
    day.picture(page, "计划汇总")
    page.get_by_role("checkbox", name="选择 工会女工干部培训班").check()
    page.get_by_role("checkbox", name="选择 工会组织干部培训班").check()
    page.get_by_role("button", name="提交上会").click()
    item = AgendaItem.objects.get(plan=plan("工会女工干部培训班"), outcome="")
    expect(page.locator("main")).to_contain_text("工会女工干部培训班")
    assert AgendaItem.objects.get(plan=plan("工会组织干部培训班"), outcome="").meeting_id == item.meeting_id

    page.goto("/desk/?view=department")
    expect(page.get_by_role("row", name="权益保障部")).to_be_visible()
    page.goto("/desk/")
    with page.expect_download() as download:
        page.get_by_role("link", name="导出汇总表").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    sheet = load_workbook(BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    cells = {cell.value for row in sheet.iter_rows() for cell in row}
    assert "工会女工干部培训班" in cells

    page.goto("/year-plan/")
    expect(page.get_by_role("row", name="工会干部轮训班")).to_contain_text("P2027-")
    day.look(page)
