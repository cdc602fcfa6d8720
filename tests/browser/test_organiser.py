"""The organiser: opens a 期, shares out its seats, sends the notice, confirms, takes attendance, closes."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import time_machine
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from org.models import Cadre, User
from tests.browser.day import NOON, Day, confirm, says, sign_in
from training.models import TrainingRecord
from workflow.models import Attendance, ClassRun, RunRequest, Seat
from workflow.services import seats
from workflow.services.seats import Nominee
from workflow.states import RequestState, RunState, SeatSource, SeatState

CLERK = "binhai-jiceng-staff"
CLASS = "工会干部素质提升轮训班"
UNDER_WAY = "社会化工会工作者能力提升班"


def run_of(name: str, session_no: int = 1) -> ClassRun:
    return ClassRun.objects.get(plan__name=name, plan__union__code="binhai", session_no=session_no)


def nominate(run: ClassRun, unit: str, count: int) -> list[Seat]:
    """The unit's contact sends that many who haven't been trained for longest."""
    there = Cadre.objects.active().filter(unit__code=unit, kind="part_time", seats=None)
    people = there.order_by("last_trained", "pk")[:count]
    sent = seats.nominate(
        run_id=run.pk,
        unit_id=people[0].unit_id,
        people=[Nominee(cadre_id=cadre.pk) for cadre in people],
        source=SeatSource.PAGE,
        actor=User.objects.get(username=f"{unit}-contact"),
        at=timezone.now(),
    )
    assert [result.reason for result in sent.results] == [""] * count
    return sent.seats


def write_sheet(page: Page) -> None:
    """What an opening lacks beside the plan: days, timetable, where to check in."""
    page.get_by_label("开始日期").fill("2026-12-29")
    page.get_by_label("结束日期").fill("2026-12-30")
    page.get_by_role("button", name="按起止时间排出每个半天").click()
    lessons = page.get_by_role("region", name="课程安排").last.locator("tbody tr")
    expect(lessons.nth(3).get_by_label("日期")).to_have_value("2026-12-30")
    for number, topic in enumerate(("形势任务报告", "工会组织建设实务", "分组研讨", "经验交流")):
        row = lessons.nth(number)
        row.get_by_label("授课内容").fill(topic)
        row.get_by_label("学时").fill("4")
        if number < 2:
            row.get_by_label("授课人", exact=True).fill("方授之")
            row.get_by_label("职称").select_option(label="副高级技术职称")
    page.get_by_label("报到时间和地点").fill("12月29日 8:30 前，区委党校一楼大厅")


def test_from_the_opening_to_the_confirmed_roster(day: Day) -> None:
    run = run_of(CLASS, 3)
    page = day.sits(CLERK, "/runs/")
    page.get_by_role("link", name=f"{CLASS}（第 3 期）").click()
    page.get_by_role("link", name="申请开班").click()
    live = page.get_by_role("complementary")
    expect(live).to_contain_text("没有填写起止时间")
    write_sheet(page)
    expect(live).to_contain_text("没有不符合项")
    expect(live).to_contain_text("与计划一致")
    day.picture(page, "开班申请")
    page.get_by_role("button", name="保存并报送").click()
    says(page, "开班申请已报送")
    request = RunRequest.objects.get(run=run)
    assert (request.state, request.chain) == (RequestState.REVIEWING, "same")

    # The training authority's own class is signed by whom the book names instead.
    head = day.sits("binhai-leader", f"/requests/{request.pk}/")
    expect(head.get_by_role("region", name="对照").first).to_contain_text("一致")
    head.get_by_role("button", name="同意", exact=True).click()
    assert run_of(CLASS, 3).state == RunState.ENROLLING

    # Quotas: never more than the class; what isn't given out is kept back by the organiser.
    page.goto(f"/runs/{run.pk}/quota/")
    page.get_by_label("海棠街道总工会名额", exact=True).fill("30")
    page.get_by_label("云帆街道总工会名额", exact=True).fill("20")
    page.get_by_role("button", name="保存名额").click()
    expect(page.get_by_role("main")).to_contain_text("名额合计 50 人，超过 40 人")
    page.get_by_label("海棠街道总工会名额", exact=True).fill("2")
    page.get_by_label("云帆街道总工会名额", exact=True).fill("2")
    page.get_by_label("机动名额").fill("36")
    day.look(page)
    page.get_by_role("button", name="保存名额").click()
    says(page, "名额分配已保存")

    page.get_by_role("link", name="通知", exact=True).click()
    page.get_by_label("文号").fill("滨工发〔2026〕40号")
    page.get_by_label("成文日期").fill("2026-12-08")
    page.get_by_label("报名截止").fill("2026-12-22T17:00")
    page.get_by_label("联系人").fill("吴桐雨")
    page.get_by_label("联系电话").fill("13800001204")
    page.get_by_role("button", name="保存并发出").click()
    page.get_by_role("button", name="发出通知").click()
    says(page, "调训通知已发出")
    expect(page.get_by_label("全选后复制，粘贴到工作群")).to_contain_text("滨工发〔2026〕40号")
    day.picture(page, "调训通知")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 Word 文件").click()
    assert download.value.suggested_filename.endswith(".docx")

    sent = [*nominate(run, "haitang", 3), *nominate(run, "yunfan", 1)]
    page.get_by_role("link", name="报名", exact=True).click()
    rows = page.get_by_role("region", name="报名人员").locator("tbody tr")
    expect(rows).to_have_count(4)
    reserve = sent[2]
    for seat in (*sent[:2], sent[3]):
        page.get_by_label(f"选择 {seat.name}", exact=True).check()
    day.picture(page, "确认学员")
    page.get_by_role("button", name="确认所选").click()
    says(page, "已确认 3 人")
    # The third of a unit with two seats is asked before he is in.
    page.get_by_label(f"选择 {reserve.name}", exact=True).check()
    page.get_by_role("button", name="确认所选").click()
    says(page, f"{reserve.name}是候补")
    page.get_by_label(f"选择 {reserve.name}", exact=True).check()
    page.get_by_role("button", name="通知递补").click()
    # His unit's own two seats are taken: the class's kept-back place has to be meant.
    expect(page.get_by_role("main")).to_contain_text(f"{reserve.name}递补须用机动名额")
    page.get_by_role("button", name="用机动名额递补").click()
    assert Seat.objects.get(pk=reserve.pk).state == SeatState.OFFERED

    page.goto(f"/runs/{run.pk}/feedback/")
    expect(page.get_by_role("row", name="海棠街道总工会")).to_contain_text("2")
    day.look(page)


def test_sign_in_sheets_attendance_and_records(day: Day) -> None:
    run = run_of(UNDER_WAY)
    there = list(Seat.objects.filter(run=run, state=SeatState.CONFIRMED).order_by("unit__ordinal", "pk"))
    page = day.sits(CLERK, f"/runs/{run.pk}/seats/")
    for link, said in (("学员名册", there[0].name), ("签到表", "签名"), ("席卡", there[0].name[0])):
        page.locator("summary", has_text="打印").click()
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.locator("body")).to_contain_text(said)
        page.goto(f"/runs/{run.pk}/seats/")
    page.get_by_role("link", name="签到", exact=True).click()

    # The first half-day that isn't whole is before one: everybody is there unless said otherwise.
    expect(page.get_by_role("button", name="保存本半天")).to_be_visible()
    page.get_by_role("group", name=there[1].name).get_by_label("请假").check()
    page.get_by_label(f"{there[1].name}备注").fill("单位有会")
    day.picture(page, "签到")
    page.get_by_role("button", name="保存本半天").click()
    says(page, f"已保存，改动 {len(there)} 人")
    mark = Attendance.objects.get(seat=there[1], day=NOON.date(), half=0)
    assert (mark.presence, mark.note) == ("leave", "单位有会")

    # The class isn't over: nothing to close yet.
    expect(page.get_by_role("button", name="结束考勤")).to_have_count(0)

    # The sheet filled in by hand comes back as a workbook; a word it doesn't know is named by its cell.
    with page.expect_download() as download:
        page.get_by_role("link", name="导出考勤表").click()
    book = load_workbook(BytesIO(Path(download.value.path()).read_bytes()))
    sheet = book.worksheets[0]
    rows = [row for row in sheet.iter_rows() if any(cell.value == there[0].name for cell in row)]
    titles = {str(cell.value): cell.column for cell in sheet[rows[0][0].row - 1]}
    [column] = [place for title, place in titles.items() if "12月8日" in title and "下午" in title]
    for row in sheet.iter_rows(min_row=rows[0][0].row, max_row=rows[0][0].row + len(there) - 1):
        row[column - 1].value = "到"
    sheet.cell(row=rows[0][0].row, column=column).value = "来了"
    filled = day.folder / "考勤表.xlsx"
    book.save(filled)
    page.locator("input[type=file]").set_input_files(filled)
    page.get_by_role("button", name="读取考勤表").click()
    expect(page.get_by_role("alert").first).to_contain_text("来了")
    assert not Attendance.objects.filter(seat__run=run, day=NOON.date(), half=1).exists()
    sheet.cell(row=rows[0][0].row, column=column).value = "到"
    book.save(filled)
    page.locator("input[type=file]").set_input_files(filled)
    page.get_by_role("button", name="读取考勤表").click()
    says(page, f"已读取 {len(there)} 人的考勤")
    assert Attendance.objects.filter(seat__run=run, day=NOON.date(), half=1).count() == len(there)

    # The last day: the rest is entered, the attendance closed, and whoever finished has his record.
    with time_machine.travel(NOON + timedelta(days=1, hours=7)):
        sign_in(page, CLERK)
        for half_day in (4, 5):
            page.goto(f"/runs/{run.pk}/attendance/?half_day={half_day}")
            page.get_by_role("button", name="保存本半天").click()
            says(page, f"已保存，改动 {len(there)} 人")
        page.get_by_role("button", name="结束考勤").click()
        confirm(page)
        says(page, "考勤已结束")
    assert run_of(UNDER_WAY).state == RunState.SETTLING
    finished = Seat.objects.filter(run=run, state=SeatState.COMPLETED)
    unfinished = Seat.objects.filter(run=run, state=SeatState.UNFINISHED)
    assert there[1].pk in unfinished.values_list("pk", flat=True)  # 4 of 24 hours is more than a seventh
    records = TrainingRecord.objects.filter(reference=run.reference)
    assert set(records.values_list("cadre", flat=True)) == set(finished.values_list("cadre", flat=True))
