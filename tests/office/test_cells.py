"""Sheets as an office prints them; what people type stays text."""

from __future__ import annotations

import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from office import cells
from office.cells import Column, OfficeSheet, new_book, put, safe_text, sheet_name

DANGEROUS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x")']


def saved(book: Workbook) -> Workbook:
    file = BytesIO()
    book.save(file)
    return load_workbook(file)


@pytest.mark.parametrize("text", DANGEROUS)
def test_formulas_stay_text(text: str) -> None:
    book, ws = new_book("表")
    put(ws, 1, 1, text, style=cells.BODY["text"])
    put(ws, 2, 1, text)
    for cell in (saved(book).active["A1"], saved(book).active["A2"]):
        assert (cell.data_type, cell.quotePrefix) == ("s", True)
        assert cell.value.replace("\r\n", "\n").replace("\r", "\n") == text.replace("\r", "\n")


@pytest.mark.parametrize("text", ["普通", "1=1", "#N/A", "#REF!", "2027-06-01", "007", "TRUE", "a@b.cn"])
def test_other_text_stays_as_typed(text: str) -> None:
    book, ws = new_book("表")
    put(ws, 1, 1, text)
    cell = saved(book).active["A1"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", False)


@given(st.text(st.characters(exclude_categories=()), max_size=50))
@example("\ud800=\ufffe\uffff\x0b")
def test_any_text_can_be_saved_and_is_never_a_formula(text: str) -> None:
    book, ws = new_book("表")
    cell = put(ws, 1, 1, text)
    read = saved(book).active["A1"].value
    assert (read or "").replace("\r\n", "\n").replace("\r", "\n") == safe_text(text).replace(
        "\r\n", "\n"
    ).replace("\r", "\n")
    assert cell.data_type == "s"
    assert cell.value == safe_text(text)
    assert cell.quotePrefix == safe_text(text).startswith(cells.FORMULA_STARTS)


def test_safe_text() -> None:
    assert safe_text(None) == ""
    assert safe_text("a\x00\x0bb\x1f") == "ab"
    assert safe_text(5) == "5"
    assert len(safe_text("长" * 40000)) == 32767


def test_values_keep_their_type() -> None:
    book, ws = new_book("表")
    moment = datetime.datetime(2027, 5, 31, 16, 30, tzinfo=datetime.UTC)
    naive = datetime.datetime(2027, 1, 1, 8, 0)  # noqa: DTZ001
    for row, value in enumerate(
        (3, Decimal("34860.50"), datetime.date(2027, 6, 1), moment, naive, True, None), 1
    ):
        put(ws, row, 1, value)
    assert [cell.value for (cell,) in saved(book).active["A1:A7"]] == [
        3,
        34860.5,
        datetime.datetime(2027, 6, 1),  # noqa: DTZ001
        datetime.datetime(2027, 6, 1, 0, 30),  # noqa: DTZ001
        naive,
        "是",
        None,
    ]


def test_a_foreign_workbook_learns_the_styles() -> None:
    book = Workbook()
    cell = put(book.active, 1, 1, Decimal(5), style=cells.BODY["money"])
    assert cell.number_format == "#,##0.00"
    before = len(book.named_styles)
    cells.prepare(book)
    assert len(book.named_styles) == before
    with pytest.raises(ValueError, match="没有"):
        put(book.active, 1, 1, 5, style="没有")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("2027年度：计划", "2027年度：计划"),
        ("a/b\\c[d]:e*f?", "abcdef"),
        ("'x'", "x"),
        ("?", "表"),
        ("长" * 40, "长" * 31),
    ],
)
def test_sheet_names(title: str, name: str) -> None:
    assert sheet_name(title) == name
    new_book(title)


COLUMNS = [
    Column("序号", 6, "center"),
    Column("班次", 30),
    Column("人数", 8, "number"),
    Column("金额（元）", 14, "money"),
    Column("开班日期", 16, "date"),
]


def table(**more: Any) -> Workbook:
    book, ws = new_book("汇总表")
    sheet = OfficeSheet(ws, title="临海区总工会2027年度培训计划汇总表", columns=COLUMNS, **more)
    assert sheet.add([1, "=信息员班", 60, Decimal(66000), datetime.date(2027, 6, 1)]) == sheet.header_row + 1
    sheet.add([2, "经审干部班", None, Decimal("0.5"), "待定"])
    sheet.add_total(["合计", None, 60, Decimal("66000.50"), None])
    sheet.finish(signatures=["填表人", "部门负责人", "分管领导"], freeze_columns=2)
    return saved(book)


def test_a_table_as_an_office_prints_it() -> None:
    ws = table(note="单位：元").active
    assert {str(area) for area in ws.merged_cells.ranges} == {"A1:E1", "A2:E2", "A8:B8", "D8:E8"}
    assert [[cell.value for cell in row] for row in ws.iter_rows()] == [
        ["临海区总工会2027年度培训计划汇总表", None, None, None, None],
        ["单位：元", None, None, None, None],
        ["序号", "班次", "人数", "金额（元）", "开班日期"],
        [1, "=信息员班", 60, 66000, datetime.datetime(2027, 6, 1)],  # noqa: DTZ001
        [2, "经审干部班", None, 0.5, "待定"],
        ["合计", None, 60, 66000.5, None],
        [None] * 5,
        ["填表人：", None, "部门负责人：", "分管领导：", None],
    ]
    assert (ws["D4"].number_format, ws["D6"].number_format) == ("#,##0.00", "#,##0.00")
    assert ws["E4"].number_format == 'yyyy"年"m"月"d"日"'
    assert ws["E5"].alignment.horizontal == "center"
    assert (ws["A1"].font.name, ws["A3"].font.name, ws["B4"].font.name) == ("方正小标宋简体", "黑体", "宋体")
    assert ws["A3"].fill.fgColor.rgb == "FFE9EEF5"
    assert ws["B4"].border.left.style == ws["B5"].border.bottom.style == "thin"
    assert ws["D6"].font.bold
    assert not ws["D5"].font.bold


def test_a_table_fits_the_printer() -> None:
    ws = table(note="单位：元").active
    assert ws.freeze_panes == "C4"
    assert ws.print_title_rows == "$1:$3"
    assert ws.print_area == "'汇总表'!$A$1:$E$8"
    assert (ws.page_setup.fitToWidth, ws.page_setup.fitToHeight) == (1, 0)
    assert ws.sheet_properties.pageSetUpPr.fitToPage
    assert (ws.page_setup.paperSize, ws.page_setup.orientation) == (9, "landscape")
    assert ws.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert ws.column_dimensions["B"].width == 30


def test_a_table_without_note_and_upright() -> None:
    ws = table(landscape=False).active
    assert ws.freeze_panes == "C3"
    assert ws.page_setup.orientation == "portrait"


def test_a_row_has_a_value_for_each_column() -> None:
    _, ws = new_book("表")
    with pytest.raises(ValueError, match="zip"):
        OfficeSheet(ws, title="表", columns=COLUMNS).add([1, 2])


def test_one_column_and_more_signatures_than_columns() -> None:
    book, ws = new_book("表")
    sheet = OfficeSheet(ws, title="表", columns=[Column("班次", 10)])
    sheet.finish(signatures=["甲", "乙"])
    assert [cell.value for (cell,) in saved(book).active["A1:A4"]] == ["表", "班次", None, "甲："]


def test_a_streamed_row_is_as_safe_as_any() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("流水")
    texts = ["=1+1", "+1", "@x", "#N/A", "－2", "坏\x00字", "平常"]
    moment = datetime.datetime(2027, 6, 1, 1, tzinfo=datetime.UTC)
    sheet.append(cells.streamed(sheet, [*texts, 7, Decimal("1234.50"), True, None, moment]))
    buffer = BytesIO()
    book.save(buffer)
    row = load_workbook(buffer).worksheets[0][1]
    assert [cell.value for cell in row[:7]] == ["=1+1", "+1", "@x", "#N/A", "－2", "坏字", "平常"]
    assert {cell.data_type for cell in row[:7]} == {"s"}
    assert [cell.value for cell in row[7:11]] == [7, 1234.5, "是", None]
    assert str(row[11].value) == "2027-06-01 09:00:00"
    assert row[8].number_format == cells.MONEY_FORMAT
