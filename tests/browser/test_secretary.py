"""会议秘书: calls a meeting, records what it decided on twelve classes, adds the minutes, prints."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

from budgets.models import Project
from budgets.selectors import project_totals
from tests.browser.day import NOON, Day, pass_on, plan, says
from workflow.models import AgendaItem, Meeting
from workflow.states import MeetingOutcome, PlanState

#: What the reviewers let through for it, beside the five classes that wait for a meeting in the demo.
REVIEWED = (
    "直属单位工会干部培训班",
    "社会化工会工作者培训班",
    "工会统计指标培训班",
    "工会信息写作培训班",
    "工会信息员培训班",
    "班组长培训班",
    "劳动争议调解员培训班",
)
#: Put off by the last meeting; this one takes it up again.
AGAIN = "重点企业工会干部培训班"


def agenda_row(page: Page, name: str) -> Locator:
    return page.locator("table.agenda > tbody > tr").filter(
        has=page.get_by_role("link", name=name, exact=True)
    )


def choose(page: Page, name: str, outcome: str, opinion: str = "") -> Locator:
    row = agenda_row(page, name)
    row.locator("select[name$=outcome]").select_option(label=outcome)
    if opinion:
        row.locator("[name$=opinion]").fill(opinion)
    return row


def test_a_meeting_of_twelve_items(day: Day) -> None:
    for name in REVIEWED:
        pass_on(plan(name, union__code="binhai"), to="主席办公会审定")
    page = day.sits("binhai-secretary", "/meetings/")
    expect(page.get_by_role("link", name="主席办公会").first).to_be_visible()
    page.get_by_role("link", name="新建会议").click()

    # A meeting needs its number.
    page.get_by_label("会议次数").fill("")
    page.get_by_role("button", name="建立会议").click()
    expect(page.get_by_label("会议次数")).to_be_focused()
    page.get_by_label("会议次数").fill("2026年第30次")
    page.get_by_label("会议日期").fill(NOON.date().isoformat())
    page.get_by_label("主持人").fill("赵启明")
    page.get_by_label("参会人员").fill("领导班子成员；各部门负责人列席")
    day.look(page)
    page.get_by_role("button", name="建立会议").click()
    meeting = Meeting.objects.get(number="2026年第30次")
    assert meeting.items.count() == 12
    expect(page.locator("table.agenda > tbody > tr:not(.change)")).to_have_count(12)

    choose(page, "心理咨询师培训班", "不列入计划", "国家已不统一鉴定，不再举办。")
    choose(page, "工会信息写作培训班", "退回", "与信息员班合并后再报。")
    choose(page, "工会统计指标培训班", "缓议", "待年报工作会后再议。")
    choose(page, "社会化工会工作者培训班", "暂不记录")
    choose(page, "工会信息员培训班", "修改后通过", "人数核减为 50 人，伙食费相应核减。")
    item = AgendaItem.objects.get(meeting=meeting, plan__name="工会信息员培训班")
    page.locator(f"[name=i{item.pk}-trainees]").fill("50")
    page.locator(f"[name=i{item.pk}-cost_meals]").fill("10,600.00")
    # One result lacks its reason: it is told before anything is recorded.
    choose(page, "班组长培训班", "不列入计划")
    day.picture(page, "上会议题", mark=page.locator(f"[name=i{item.pk}-cost_lecture]"))
    page.get_by_role("button", name="核对审定结果").click()
    expect(page.get_by_role("heading", name="核对审定结果")).to_be_visible()
    expect(page.get_by_role("row", name="班组长培训班")).to_contain_text("不能记录")
    expect(page.get_by_role("row", name="工会信息员培训班")).to_contain_text("修改后通过")
    day.picture(page, "核对审定结果")
    assert not meeting.items.exclude(outcome="").exists()

    page.get_by_role("button", name="返回修改").click()
    choose(page, "班组长培训班", "通过")
    page.get_by_role("button", name="核对审定结果").click()
    page.get_by_role("button", name="确定记录 11 项").click()
    says(page, "已记录 11 项审定结果")
    day.look(page)

    outcomes = dict(meeting.items.values_list("plan__name", "outcome"))
    assert outcomes["心理咨询师培训班"] == MeetingOutcome.EXCLUDED
    assert outcomes["社会化工会工作者培训班"] == ""
    assert list(outcomes.values()).count(MeetingOutcome.PASSED) == 7
    assert plan("心理咨询师培训班").state == PlanState.EXCLUDED
    assert plan("工会信息写作培训班").state == PlanState.RETURNED
    assert plan("工会统计指标培训班").state == PlanState.DEFERRED
    assert plan(AGAIN).state == PlanState.APPROVED
    changed = plan("工会信息员培训班")
    assert (changed.state, changed.trainees) == (PlanState.APPROVED, 50)
    project = Project.objects.get(number=changed.plan_number)
    cut = Decimal("12000.00") - Decimal("10600.00")
    assert project_totals([project.pk])[project.pk].appropriated == Decimal("20800.00") - cut

    page.get_by_role("link", name="会议信息、纪要").click()
    page.get_by_label("纪要编号").fill("〔2026〕30号")
    page.get_by_role("button", name="保存").click()
    says(page, "会议信息已保存")
    meeting.refresh_from_db()
    assert meeting.minutes_number == "〔2026〕30号"

    page.get_by_role("link", name="打印附表").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("审议表")
    expect(page.locator("body")).to_contain_text("〔2026〕30号")
    day.picture(page, "打印附表")
