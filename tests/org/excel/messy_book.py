"""The messy rosters of DOMAIN §4 as one real workbook.

Three sheets: a 报名表 with a title, a note and a header of two tiers, 干部 and 培训记录. The 备注 of a row is
the name of its case.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from org.excel.headers import CADRES, RECORDS, ROSTER
from tests.org.excel.messy import UNIT, Row
from tests.org.excel.messy_rows import ROWS, SAME

HEADS: Final = {
    "number": "序号",
    "unit": "单 位",
    "name": "基本情况/姓  名",
    "gender": "基本情况/性别",
    "ethnicity": "基本情况/民族",
    "born_on": "基本情况/出生年月",
    "political_status": "基本情况/政治面貌",
    "education": "基本情况/文化程度",
    "post_title": "现任职务",
    "rank": "职级",
    "kind": "专（兼/挂）职",
    "identity_kind": "证件类型",
    "identity_number": "证件号码",
    "phone": "联系方式",
    "lodging": "食宿/是否住宿",
    "lodging_need": "食宿/住宿需求（清真等）",
    "remark": "备注",
}
CADRE_HEADS: Final = {
    "name": "姓名",
    "identity_number": "ID",
    "unit": "工作单位",
    "unit_and_post": "工作单位及职务",
    "former_name": "曾用名",
    "appointed_on": "任现职时间",
    "remark": "备注",
}
RECORD_HEADS: Final = {
    "identity_number": "身份证号码",
    "name": "姓名",
    "class_name": "培训班名称",
    "starts_on": "开班日期",
    "ends_on": "结业日期",
    "period": "起止时间",
    "hours": "课时",
    "remark": "备注",
}
TITLE: Final = "样例区总工会 2026 年工会干部培训班报名表"
NOTE: Final = "填表说明：身份证号请设为文本格式；专职、兼职请如实填写。"
FIRST: Final = 5  # the first row below the roster's header
BLANK_AT: Final = 3  # after so many rows of the roster one is left blank
HIDDEN: Final = "34-short"


def workbook() -> bytes:
    """The workbook; gives each of :data:`ROWS` its number in its sheet."""
    book = Workbook()
    _roster(book.active)
    for layout, heads in ((CADRES, CADRE_HEADS), (RECORDS, RECORD_HEADS)):
        sheet = book.create_sheet(layout.title)
        sheet.append(list(heads.values()))
        _fill(sheet, [row for row in ROWS if row.layout is layout], heads, 2)
    for row in book["干部"].iter_rows(min_row=2):
        if row[-1].value == "38-month-format":
            row[5].number_format = 'yyyy"年"m"月"'
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    cell = sheet.cell(row=row, column=column)
    cell.value = value
    if isinstance(value, str) and value.startswith("="):
        cell.data_type = "s"


def _fill(sheet: Worksheet, rows: list[Row], heads: dict[str, str], first: int, blank: int = 0) -> int:
    """Write the rows, one left blank after ``blank`` of them; return the number of the next row."""
    at = first
    for index, row in enumerate(rows):
        if blank and index == blank:
            at += 1
        cells = {"number": index + 1, "remark": row.tag} | row.cells
        for column, name in enumerate(heads, 1):
            _put(sheet, at, column, cells.get(name))
        if row.tag == HIDDEN:
            sheet.row_dimensions[at].hidden = True
        row.number = at
        at += 1
    return at


def _roster(sheet: Worksheet) -> None:
    sheet.title = "报名表"
    width = len(HEADS)
    _put(sheet, 1, 1, TITLE)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    _put(sheet, 2, 1, NOTE)
    sheet.merge_cells(start_row=2, end_row=2, start_column=1, end_column=width)
    groups: dict[str, list[int]] = {}
    for column, title in enumerate(HEADS.values(), 1):
        group, slash, name = title.partition("/") if "（" not in title.partition("/")[0] else (title, "", "")
        if not slash:
            _put(sheet, 3, column, title)
            sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
        else:
            _put(sheet, 4, column, name)
            groups.setdefault(group, []).append(column)
    for group, columns in groups.items():
        _put(sheet, 3, columns[0], group)
        sheet.merge_cells(start_row=3, end_row=3, start_column=columns[0], end_column=columns[-1])
    sheet.column_dimensions["E"].hidden = True
    rows = [row for row in ROWS if row.layout is ROSTER]
    end = _fill(sheet, rows, HEADS, FIRST, BLANK_AT)
    merged = next(row.number for row in rows if row.tag == "30-merged")
    sheet.merge_cells(start_row=merged, end_row=merged + 1, start_column=2, end_column=2)
    # Once more the same, but for its running number; then the foot of the table.
    _put(sheet, end, 1, len(rows) + 1)
    for name, value in {"unit": UNIT, "name": "齐双生", **SAME, "remark": "47-duplicate"}.items():
        for at in (end, end + 1):
            _put(sheet, at, list(HEADS).index(name) + 1, value)
    _put(sheet, end + 1, 1, len(rows) + 2)
    _put(sheet, end + 2, 1, len(rows) + 3)
    _put(sheet, end + 3, 1, "合计")
    _put(sheet, end + 3, 3, "45人")
    _put(sheet, end + 4, 1, "填表人：秦一帆")
    _put(sheet, end + 4, 5, "填表日期：2026年3月1日")
    _put(sheet, end + 5, 1, "注：本表一式两份")
