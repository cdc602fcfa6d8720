"""对账: what stands against the finance software's rows is read first, a 期 chosen, the rest taken over."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from playwright.sync_api import expect

from budgets.models import Payment
from budgets.selectors import first_fault
from tests.browser.day import Day, says
from workflow.models import ClassPlan

#: Three 期: the first was held in November, the second follows in late December.
NAME = "工会干部素质提升轮训班"
HEAD = ("凭证字号", "记账日期", "项目代码", "摘要", "对方单位", "借方金额", "明细科目")


def booked(folder: Path, number: str) -> Path:
    """The month as the finance software has it: one row to import, one that is too much."""
    book = Workbook()
    for row in (
        HEAD,
        ("记-88", "2026-12-03", number, "横幅制作", "滨海广告社", 100, "培训费-场地费"),
        ("记-89", "2026-12-03", number, "场地租用", "滨海会议中心", 9999999, "培训费-场地费"),
    ):
        book.worksheets[0].append(list(row))
    path = folder / "12月明细账.xlsx"
    book.save(path)
    return path


def test_finance_reads_what_stands_against_a_row_and_chooses_the_session(day: Day, tmp_path: Path) -> None:
    plan = ClassPlan.objects.select_related("project__fund").filter(name=NAME).order_by("year")[0]
    project = plan.project
    assert project is not None
    page = day.sits("binhai-caiwu-staff", f"/funds/{project.fund_id}/reconcile/")
    page.locator("[name=kind]").select_option("12")
    page.locator("input[type=file]").set_input_files(booked(tmp_path, project.number))
    page.get_by_role("button", name="上传并核对").click()

    page.goto(page.url.partition("?")[0] + "?fit=theirs")
    table = page.get_by_role("region", name="只在财务账")
    first = table.get_by_role("row", name="横幅制作")
    second = table.get_by_role("row", name="场地租用")
    expect(first).to_contain_text("本班有 3 期，表里没有写期次。")
    expect(second).to_contain_text("可用")
    expect(second.get_by_role("link", name="申请调剂")).to_be_visible()
    for row in (first, second):
        expect(row.get_by_role("checkbox")).not_to_be_checked()
    day.look(page)

    # Ticked although the page says no: nothing at all is taken over.
    for row in (first, second):
        row.get_by_role("checkbox").check()
    page.get_by_label("第 2 行的期次").select_option(label="全班共用")
    page.get_by_label("第 3 行的期次").select_option(label="全班共用")
    page.get_by_role("button", name="导入所选").click()
    says(page, "一行也没有导入")
    assert not Payment.objects.filter(voucher__in=["记-88", "记-89"]).exists()
    expect(first.get_by_role("checkbox")).to_be_checked()
    expect(second.get_by_role("checkbox")).not_to_be_checked()

    page.get_by_role("button", name="按所选重新核对").click()
    expect(first.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_label("第 2 行的期次")).to_have_value("all")
    day.look(page)
    page.get_by_role("button", name="导入所选").click()
    says(page, "办好 1 行")
    paid = Payment.objects.get(voucher="记-88")
    assert (paid.project_id, paid.amount, paid.session_no) == (project.pk, Decimal("100.00"), None)
    assert not Payment.objects.filter(voucher="记-89").exists()
    assert first_fault() is None
