"""The plan workbook a department fills in: one form per rule book, also the shape of the export.

Three sheets: the table, 填写说明, and the book's dictionaries, which people never see. Lists point to
defined names: Excel keeps those in the part openpyxl reads, so lists outlive a round trip.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from office.cells import (
    BODY,
    HEADER,
    HEI,
    NOTE,
    SONG,
    TITLE,
    new_book,
    print_setup,
    put,
    signature_row,
)
from office.cells import Kind as BodyKind
from office.wording import chinese_date
from workflow.excel.columns import Column, Kind
from workflow.excel.form import columns

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from rulebook.schema import Book

SHEET: Final = "计划申报表"
GUIDE: Final = "填写说明"
DICTIONARY: Final = "字典"
TITLE_ROW, NOTE_ROW, HEADER_ROW = 1, 2, 3
FIRST_ROW: Final = 4
#: Rows ready to be filled in; the reader takes more all the same.
ROOM: Final = 60

_REQUIRED_FILL = PatternFill("solid", start_color="FFFDF1D6")
_QUIET = Font(sz=9, color="FF8A8F98", **SONG)
_STYLES: Final[dict[Kind, BodyKind]] = {
    Kind.IGNORED: "center",
    Kind.CHOICE: "center",
    Kind.COUNT: "number",
    Kind.HOURS: "number",
    Kind.DAYS: "number",
    Kind.MONEY: "money",
    Kind.TIME: "center",
    Kind.PHONE: "center",
    Kind.IDENTITY: "center",
}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Heading:
    """What stands above the table."""

    union: str
    department: str
    year: int

    @property
    def title(self) -> str:
        return f"{self.union}{self.year}年度培训计划申报表"


def template(book: Book, heading: Heading) -> bytes:
    """An empty form as .xlsx."""
    return filled(book, heading, [], room=ROOM)


def filled(
    book: Book, heading: Heading, rows: Sequence[Values], *, room: int = 10, identities: bool = False
) -> bytes:
    """The form with ``rows`` (cell values by column key) and ``room`` empty rows below, as .xlsx.

    ``identities``: with 系统编号, by which an upload finds the plans again.
    """
    shown = [column for column in columns(book) if identities or column.kind is not Kind.IDENTITY]
    workbook, sheet = new_book(SHEET)
    names = _dictionaries(workbook, shown)
    _head(sheet, shown, heading)
    last = FIRST_ROW + len(rows) + room - 1
    for index in range(len(rows) + room):
        _row(sheet, shown, FIRST_ROW + index, index + 1, rows[index] if index < len(rows) else {})
    _validate(sheet, shown, names, last)
    _mark_missing(sheet, shown, last)
    # What an office signs fits the page; the columns right of it are for the system.
    printed = sum(not column.extra for column in shown)
    signature_row(sheet, last + 2, printed, ("填表人", "部门负责人（签字）", "填报日期"))
    print_setup(sheet, header_row=HEADER_ROW, columns=printed, freeze_columns=2, landscape=True)
    _guide(workbook, book, shown, heading)
    workbook.active = 0
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _head(sheet: Worksheet, shown: Sequence[Column], heading: Heading) -> None:
    put(sheet, TITLE_ROW, 1, heading.title, style=TITLE)
    printed = sum(not column.extra for column in shown)
    sheet.merge_cells(start_row=TITLE_ROW, end_row=TITLE_ROW, start_column=1, end_column=printed)
    sheet.row_dimensions[TITLE_ROW].height = 36
    note = (
        f"主办部门：{heading.department}　　金额单位：元　　"
        "每行一个班次，黄色表头为报送时必须齐全的栏目；写法见“填写说明”。"
    )
    put(sheet, NOTE_ROW, 1, note, style=NOTE)
    sheet.merge_cells(start_row=NOTE_ROW, end_row=NOTE_ROW, start_column=1, end_column=printed)
    put(sheet, NOTE_ROW, printed + 1, "以下栏目也请填写，不打印 →", style=NOTE)
    for index, column in enumerate(shown, 1):
        cell = put(sheet, HEADER_ROW, index, column.title, style=HEADER)
        if column.required or column.key in WANTED:
            cell.fill = _REQUIRED_FILL
        sheet.column_dimensions[get_column_letter(index)].width = column.width
        if column.kind is Kind.IDENTITY:
            cell.font = _QUIET
    sheet.row_dimensions[HEADER_ROW].height = 44


#: What a plan can't be submitted without under any book (D2-25, A-38).
WANTED: Final = frozenset(
    {
        "category",
        "subject",
        "audience_units",
        "time_slots",
        "half_days",
        "hours",
        "place",
        "trainees",
        "owner_name",
        "owner_phone",
        "source",
    }
)


def _row(sheet: Worksheet, shown: Sequence[Column], row: int, number: int, values: Values) -> None:
    for index, column in enumerate(shown, 1):
        value = values.get(column.key)
        if column.key == "number":
            value = number if values else None
        elif column.key == "total":
            value = None
        cell = put(sheet, row, index, value, style=BODY[_STYLES.get(column.kind, "text")])
        match column.kind:
            case Kind.TEXT | Kind.MANY | Kind.TIME | Kind.PLACE | Kind.PHONE | Kind.CHOICE:
                # As text: "6-1" stays what was typed, a telephone keeps its digits.
                cell.number_format = "yyyy/m/d" if isinstance(value, datetime.date) else "@"
            case Kind.HOURS | Kind.DAYS:
                cell.number_format = "0.#"
            case Kind.IDENTITY:
                cell.number_format, cell.font = "@", _QUIET
    total = next((i for i, column in enumerate(shown, 1) if column.key == "total"), 0)
    parts = [f"{get_column_letter(i)}{row}" for i, c in enumerate(shown, 1) if c.key.startswith("cost:")]
    if total and parts:
        cell = sheet.cell(row=row, column=total)
        cell.value = f'=IF(COUNT({parts[0]}:{parts[-1]})=0,"",SUM({parts[0]}:{parts[-1]}))'
        cell.style = BODY["money"]
    sheet.row_dimensions[row].height = max(24, 4 + 14 * _lines(shown, values))


def _lines(shown: Sequence[Column], values: Values) -> int:
    """Lines the tallest cell of a row needs; a Chinese character is two wide."""
    most = 1
    for column in shown:
        value = values.get(column.key)
        if isinstance(value, str) and not column.extra:
            width = sum(2 if ord(char) > 0x2E80 else 1 for char in value)
            most = max(most, -(-width // max(int(column.width) - 1, 1)))
    return most


def _dictionaries(workbook: Workbook, shown: Sequence[Column]) -> dict[str, str]:
    """A very hidden sheet with a column of titles for each list; column key → defined name."""
    sheet = workbook.create_sheet(DICTIONARY)
    sheet.sheet_state = "veryHidden"
    names: dict[str, str] = {}
    for column in shown:
        if not column.options:
            continue
        place = len(names) + 1
        letter = get_column_letter(place)
        put(sheet, 1, place, column.title)
        for row, option in enumerate(column.options, 2):
            put(sheet, row, place, option.title)
        names[column.key] = name = f"字典_{column.key}"
        area = f"{quote_sheetname(DICTIONARY)}!${letter}$2:${letter}${len(column.options) + 1}"
        workbook.defined_names[name] = DefinedName(name, attr_text=area)
    return names


def _validate(sheet: Worksheet, shown: Sequence[Column], names: Mapping[str, str], last: int) -> None:
    for index, column in enumerate(shown, 1):
        rule = _rule(column, names.get(column.key))
        if rule is None:
            continue
        rule.promptTitle, rule.prompt = column.title[:32], _short(column.hint, 250)
        rule.showInputMessage = True
        letter = get_column_letter(index)
        rule.add(f"{letter}{FIRST_ROW}:{letter}{last}")
        sheet.add_data_validation(rule)


def _rule(column: Column, name: str | None) -> DataValidation | None:
    """The list or the bounds Excel itself holds the cell to; a warning only where other text may be right."""
    strict: dict[str, Any] = {"errorTitle": "填写有误", "allow_blank": True, "showErrorMessage": True}
    match column.kind:
        case Kind.CHOICE:
            return DataValidation(
                type="list", formula1=name, error="请从下拉列表中选择。", errorStyle="stop", **strict
            )
        case Kind.MANY:
            # One may be picked; several are typed with 顿号, so other text isn't refused.
            return DataValidation(type="list", formula1=name, allow_blank=True, showErrorMessage=False)
        case Kind.COUNT:
            least = "1" if column.key == "sessions" else "0"
            return DataValidation(
                type="whole",
                operator="between",
                formula1=least,
                formula2=str(column.most),
                error=f"请填写 {least} 到 {column.most} 之间的整数。",
                **strict,
            )
        case Kind.DAYS:
            return DataValidation(
                type="decimal",
                operator="between",
                formula1="0",
                formula2=str(column.most),
                error="请填写天数，半天写 0.5。",
                **strict,
            )
        case Kind.HOURS:
            return DataValidation(
                type="decimal",
                operator="between",
                formula1="0",
                formula2="9999",
                error="请填写学时，最多一位小数。",
                **strict,
            )
        case Kind.MONEY:
            return DataValidation(
                type="decimal",
                operator="between",
                formula1="0",
                formula2="999999999",
                error="请填写金额，单位元，最多两位小数。",
                **strict,
            )
        case Kind.IGNORED:
            return None
        case Kind.TEXT if name:
            return DataValidation(type="list", formula1=name, allow_blank=True, showErrorMessage=False)
        case Kind.TEXT | Kind.PHONE if column.most:
            return DataValidation(
                type="textLength",
                operator="lessThanOrEqual",
                formula1=str(column.most),
                error=f"最多 {column.most} 字。",
                **strict,
            )
    # 时间, 地点, 系统编号: any text, with a word on how to write it.
    return DataValidation(type="custom", formula1="TRUE", allow_blank=True, showErrorMessage=False)


def _mark_missing(sheet: Worksheet, shown: Sequence[Column], last: int) -> None:
    """A wanted cell still empty in a row that has a name turns yellow."""
    name = get_column_letter(next(i for i, c in enumerate(shown, 1) if c.key == "name"))
    for index, column in enumerate(shown, 1):
        if column.key in WANTED:
            letter = get_column_letter(index)
            rule = FormulaRule(
                formula=[f'AND(${name}{FIRST_ROW}<>"",{letter}{FIRST_ROW}="")'], fill=_REQUIRED_FILL
            )
            sheet.conditional_formatting.add(f"{letter}{FIRST_ROW}:{letter}{last}", rule)


def _guide(workbook: Workbook, book: Book, shown: Sequence[Column], heading: Heading) -> None:
    """填写说明: what each column wants, with an example and the values it allows."""
    sheet = workbook.create_sheet(GUIDE, 1)
    opens, closes = book.window.bounds(heading.year)
    put(sheet, 1, 1, f"{heading.year}年度培训计划申报表填写说明", style=TITLE)
    sheet.merge_cells("A1:E1")
    sheet.row_dimensions[1].height = 36
    notes = [
        f"1. 申报时间：{chinese_date(opens)}至{chinese_date(closes)}（{book.window.clause}）。"
        "过期增加的班次须填“计划外增加理由”。",
        "2. 一行一个班次；多期的班（如大讲堂）写一行，“期数”填几期，人数、天数按每期填，经费按各期合计填。",
        "3. 不要改表头文字，栏目顺序可以调整，不用的栏目可以删去；不要合并单元格。",
        "4. 上传后先看预览，确认无误再导入；导入的是草稿，报送前还可以在系统中修改和上传附件。",
    ]
    for row, text in enumerate(notes, 2):
        put(sheet, row, 1, text, style=NOTE)
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=5)
        sheet.row_dimensions[row].height = 20
    head = len(notes) + 2
    for index, (title, width) in enumerate(
        (("栏目", 20), ("必填", 6), ("怎么填", 46), ("示例", 24), ("可填的内容", 64)), 1
    ):
        put(sheet, head, index, title, style=HEADER)
        sheet.column_dimensions[get_column_letter(index)].width = width
    for offset, column in enumerate(shown, 1):
        must = "是" if column.required or column.key in WANTED else ""
        options = "、".join(option.title for option in column.options)
        hint = column.hint.split("：")[0] + "。" if column.kind is Kind.MANY else column.hint
        for index, (text, style) in enumerate(
            (
                (column.title, "text"),
                (must, "center"),
                (hint, "text"),
                (column.example, "text"),
                (options, "text"),
            ),
            1,
        ):
            cell = put(sheet, head + offset, index, text, style=BODY[_body(style)])
            if index == 1:
                cell.font = Font(sz=10.5, **HEI)
            cell.alignment = Alignment(
                horizontal="center" if style == "center" else "left", vertical="top", wrap_text=True
            )
        lines = max(1, -(-len(options) * 2 // 62), -(-len(hint) * 2 // 44))
        sheet.row_dimensions[head + offset].height = 15 * lines + 3
    print_setup(sheet, header_row=head, columns=5, landscape=True)


def _body(kind: str) -> BodyKind:
    return "center" if kind == "center" else "text"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 6] + "…见填写说明"


def example(book: Book) -> dict[str, Any]:
    """The guide's example as the cells of one row: what it says must be readable."""
    return {
        column.key: Decimal(column.example)
        if column.kind in {Kind.COUNT, Kind.HOURS, Kind.DAYS, Kind.MONEY}
        else column.example
        for column in columns(book)
        if column.example and column.kind is not Kind.IGNORED
    }
