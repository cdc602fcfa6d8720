"""部室经办人: writes classes in the form and in Excel, hands in, takes back, mends what was returned."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from rulebook import loader
from tests.browser.day import Day, confirm, last, plan, says, sign_in
from workflow.demo.houses import BOOKS
from workflow.demo.mistakes import mistaken_workbook
from workflow.demo.people import BINHAI
from workflow.models import ClassPlan
from workflow.states import DecisionAction, PlanState

NAME = "短视频制作培训班"


def fill_class(page: Page, name: str) -> None:
    """Everything a class needs but its survey, and a meal that is too dear."""
    page.get_by_label("班次名称").fill(name)
    page.get_by_label("班次类别").select_option(label="业务班")
    page.get_by_label("业务编码").select_option(label="YW-99 其他业务培训")
    page.get_by_label("培训目的").fill("会拍会剪，宣传劳动者")
    page.get_by_label("街镇", exact=True).check()
    page.get_by_label("基层一级", exact=True).check()
    page.get_by_label("每期学员").fill("40")
    page.get_by_label("每期工作人员").fill("2")
    page.get_by_label("能力提升").fill("16")
    page.get_by_label("时间", exact=True).fill("10月中旬")
    page.get_by_label("每期半天数").fill("4")
    page.get_by_label("地点", exact=True).fill("区委党校")
    page.get_by_label("伙食费 申报（元）").fill("11000")


def test_a_class_is_written_checked_as_typed_and_handed_in(day: Day) -> None:
    page = day.open_page()
    sign_in(page, "binhai-xuanchuan-staff")
    page.get_by_role("link", name="年度申报").click()
    page.get_by_role("link", name="新建班次").click()
    fill_class(page, NAME)

    # The table answers while one types: 42 people, two days, 130 yuan.
    expect(page.locator("#b-time")).to_have_text("已识别：10月中旬")
    expect(page.locator("#b-days")).to_contain_text("合 2 天")
    expect(page.locator("#b-meals-qty")).to_have_text("42 人 × 2 天")
    expect(page.locator("#b-meals-most")).to_have_text("10,920.00")
    expect(page.locator("#b-meals-gap")).to_have_text("超 80.00")
    expect(page.locator("#b-total")).to_have_text("11,000.00")
    live = page.locator("#live")
    expect(live).to_contain_text("没有需求调研依据")
    page.get_by_label("班次名称").scroll_into_view_if_needed()
    day.picture(page, "填报")
    day.picture(page, "经费测算", mark=page.get_by_role("button", name="按标准填入"))
    assert not ClassPlan.objects.filter(name=NAME).exists()

    # Handing in stops at what is missing; nothing typed is lost.
    page.get_by_role("button", name="保存并报送").click()
    expect(page.get_by_role("heading", name=f"报送：{NAME}")).to_be_visible()
    expect(page.locator(".decide")).to_contain_text("项不符合，改正后才能报送")
    expect(page.get_by_role("button", name="报送", exact=True)).to_have_count(0)
    day.picture(page, "不符合")
    assert plan(NAME).state == PlanState.DRAFT

    page.locator(".finding", has_text="没有需求调研依据").get_by_role("link", name="去改").click()
    page.get_by_label("需求调研依据").fill("2026年宣传工作座谈会")
    page.get_by_label("伙食费 申报（元）").fill("1万")
    expect(live).to_contain_text("这些填写看不懂")
    page.get_by_label("伙食费 申报（元）").fill("10000")
    expect(page.locator("#b-meals-gap")).to_have_text("余 920.00")
    expect(live).to_contain_text("没有不符合项")
    page.get_by_role("button", name="保存草稿").click()
    says(page, "保存")
    page.get_by_role("button", name="保存并报送").click()
    expect(page.locator("aside")).to_contain_text("首次报送")
    day.picture(page, "报送")
    page.get_by_role("button", name="报送", exact=True).click()

    made = plan(NAME)
    says(page, f"《{NAME}》已报送，申报号 {made.declaration_number}。")
    assert made.state == PlanState.REVIEWING
    assert made.version is not None
    assert made.version.number == 1
    assert made.tasks.get(is_open=True).post.full_title == "宣传网络部 部长"
    assert last(made).action == DecisionAction.SUBMIT

    # A slip is noticed at once: taken back while nobody has acted.
    row = page.get_by_role("row", name=NAME)
    row.get_by_role("link", name="撤回").click()
    page.get_by_role("main").get_by_role("button", name="撤回").click()
    says(page, "已撤回，可以修改后重新报送")
    assert plan(NAME).state == PlanState.WITHDRAWN
    assert not made.tasks.filter(is_open=True).exists()


def test_a_workbook_becomes_drafts_and_its_faults_a_workbook(day: Day) -> None:
    office = BINHAI.offices[0]
    book = loader.read(BOOKS / BINHAI.book)
    upload = day.folder / "基层工作部-2027年度培训计划申报表.xlsx"
    upload.write_bytes(mistaken_workbook(BINHAI, office, book, 2027))
    before = ClassPlan.objects.count()

    page = day.sits("binhai-jiceng-staff", "/plans/")
    page.get_by_role("link", name="上传申报表").click()
    page.get_by_role("button", name="上传并预览").click()
    assert page.url.endswith("/imports/new/") or "file" in page.content()
    page.locator("input[type=file]").set_input_files(upload)
    day.look(page)
    page.get_by_role("button", name="上传并预览").click()

    expect(page.get_by_role("heading", name="导入预览")).to_be_visible()
    faults = page.get_by_role("region", name="差错").first
    expect(faults).to_contain_text("大型班次")
    expect(faults).to_contain_text("外星人")
    expect(faults).to_contain_text("六十左右")
    day.picture(page, "导入预览")
    assert ClassPlan.objects.count() == before

    with page.expect_download() as download:
        page.get_by_role("link", name="下载批注文件").click()
    noted = load_workbook(BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    comments = [cell.comment.text for row in noted.iter_rows() for cell in row if cell.comment]
    assert any("大型班次" in text or "类别" in text for text in comments)

    button = page.locator(".decide").get_by_role("button", name="导入")
    count = int("".join(filter(str.isdigit, button.inner_text())))
    button.click()
    assert ClassPlan.objects.count() == before + count
    drafts = ClassPlan.objects.filter(name__endswith="（示例）")
    assert {draft.state for draft in drafts} == {PlanState.DRAFT}

    # Handed in together with one that isn't ready: each has its own result.
    page.goto("/plans/new/")
    page.get_by_label("班次名称").fill("还没想好的班")
    page.get_by_role("button", name="保存草稿").click()
    says(page, "保存")
    page.goto("/plans/?tab=todo")
    good = drafts[0]
    page.get_by_label(f"勾选 {good.name}", exact=True).check()
    page.get_by_label("勾选 还没想好的班", exact=True).check()
    expect(page.locator("[data-picked]").first).to_have_text("已选 2 班")
    page.get_by_role("button", name="批量报送").click()
    confirm(page)
    expect(page.get_by_role("heading", name="批量报送结果")).to_be_visible()
    expect(page.get_by_role("row", name=good.name)).to_contain_text("已报送")
    expect(page.get_by_role("row", name="还没想好的班")).to_contain_text("未报送")
    expect(page.get_by_role("row", name="还没想好的班")).to_contain_text("没有填写时间")
    day.picture(page, "批量报送结果")
    assert plan(good.name).state == PlanState.REVIEWING
    assert plan("还没想好的班").state == PlanState.DRAFT


def test_a_returned_class_is_mended_and_goes_straight_back(day: Day) -> None:
    name = "工会宣传网络培训班"
    page = day.sits("binhai-xuanchuan-staff")
    page.get_by_role("link", name=name).click()
    expect(page.locator("main")).to_contain_text("请说明参训人数的依据")
    page.get_by_role("link", name="报送…").click()
    expect(page.get_by_role("alert").first).to_contain_text("完全相同")
    expect(page.get_by_role("button", name="重新报送")).to_have_count(0)

    page.get_by_role("link", name="返回修改").first.click()
    expect(page.locator("main")).to_contain_text("退回意见")
    day.picture(page, "退回修改")
    page.get_by_label("对核查提示的说明").fill("参训人数按街镇每家三人测算。")
    page.get_by_role("button", name="保存并重新报送").click()
    expect(page.locator("aside")).to_contain_text("直接送回退回的环节“归口审核”")
    page.get_by_role("button", name="重新报送").click()
    says(page, "已报送")
    mended = plan(name)
    assert mended.state == PlanState.REVIEWING
    assert mended.version is not None
    assert (mended.version.number, mended.version.restarted) == (2, False)
    assert mended.tasks.get(is_open=True).step_title == "归口审核"

    page.goto(f"/plans/{mended.pk}/versions/")
    expect(page.locator("main")).to_contain_text("参训人数按街镇每家三人测算。")
    day.picture(page, "历次报送")
