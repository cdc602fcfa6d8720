"""The error file: the sheet as it came, without its good rows, the faults red and explained."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from office.refusals import Refused
from tests.workflow.excel.books import look, saved, upload
from tests.workflow.world import World
from workflow.excel import errors
from workflow.excel.errors import FILL_IN, error_workbook


def an_offices_own() -> bytes:
    """A title merged, a total by formula, a link, a hidden row, a comment, a category merged down."""
    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    for line in (
        ["宣传网络部培训计划"],
        ["班次名称", "类别", "人数", "伙食费", "备注"],
        ["好班", "业务班", 50, 100, None],
        ["坏班", None, "六十", 200, None],
        ["好班二", "业务班", 70, 300, None],
        ["又坏班", "大班", 80, "=D4*2", "见链接"],
        ["合计", None, "=SUM(C3:C6)", "=SUM(D3:D6)+LOG10($D$6)+其他!D9", None],
    ):
        sheet.append(line)
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("B3:B4")
    sheet["E6"].hyperlink = "https://example.org/"
    sheet["A4"].comment = Comment("请领导核", "某人")
    sheet.row_dimensions[6].hidden = True
    sheet.row_dimensions[6].height = 44
    book.create_sheet("其他")
    book.active = 1
    return saved(book)


def mended(world: World) -> Worksheet:
    received = upload(world, an_offices_own())
    return load_workbook(BytesIO(error_workbook(received, look(received)))).worksheets[0]


def test_only_faulty_rows_remain_between_title_and_total(world: World) -> None:
    sheet = mended(world)
    assert [cell.value for cell in sheet["A"]] == ["宣传网络部培训计划", "班次名称", "坏班", "又坏班", "合计"]
    assert sheet.parent.active is sheet
    assert "A1:E1" in sheet.merged_cells


def test_what_hangs_on_rows_moves_with_them(world: World) -> None:
    sheet = mended(world)
    assert (sheet.row_dimensions[4].height, sheet.row_dimensions[4].hidden) == (44, True)
    assert sheet["E4"].hyperlink.ref == "E4"
    assert sheet["A3"].comment.text == "请领导核"
    # Formulas follow what they spoke of: 坏班 stood in row 4, the classes in rows 3 to 6.
    assert sheet["D4"].value == "=D3*2"
    assert (sheet["C5"].value, sheet["D5"].value) == ("=SUM(C3:C4)", "=SUM(D3:D4)+LOG10($D$4)+其他!D9")


def test_a_word_shared_by_a_merge_stays_with_the_faulty_row(world: World) -> None:
    assert mended(world)["B3"].value == "业务班"


def test_each_fault_is_red_and_says_what_to_do(world: World) -> None:
    sheet = mended(world)
    assert sheet["C3"].comment.text == "“六十”不是数字。请只填写数字。"
    assert "大班" in sheet["B4"].comment.text
    assert "没有计算结果" in sheet["D4"].comment.text
    assert {
        cell.coordinate for line in sheet for cell in line if cell.fill.start_color.rgb == "FFFFC7CE"
    } == {
        "C3",
        "B4",
        "D4",
    }


def test_people_merged_over_rows_are_asked_for_again(world: World) -> None:
    book = load_workbook(BytesIO(an_offices_own()))
    sheet = book.worksheets[0]
    sheet["C4"].value = None
    sheet.merge_cells("C3:C4")
    received = upload(world, saved(book))
    found = look(received)
    content = error_workbook(received, found)
    assert load_workbook(BytesIO(content)).worksheets[0]["C3"].value == FILL_IN
    again = look(upload(world, content))
    assert again.good == []
    assert "“请分别填写”不是数字。" in [fault.problem for fault in again.faults]


def test_a_workbook_too_heavy_to_rewrite_is_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    received = upload(world, an_offices_own())
    monkeypatch.setattr(errors, "MOST_WEIGHT", 10)
    with pytest.raises(Refused, match="无法生成批注文件"):
        error_workbook(received, look(received))
