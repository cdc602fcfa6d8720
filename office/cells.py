"""Excel sheets as an office prints them, in which a typed text never becomes a formula."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet

MONEY_FORMAT = "#,##0.00"
PERCENT_FORMAT = "0%"
DATE_FORMAT = 'yyyy"年"m"月"d"日"'
LONGEST_TEXT = 32767  # Excel's limit of one cell
# Control characters, halves of pairs and the two non-characters: XML has no way to write them.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# A file names one font only; family and charset let a computer without it fall back to a font of its kind.
SONG_TITLE = {"name": "方正小标宋简体", "family": 1, "charset": 134}
SONG = {"name": "宋体", "family": 1, "charset": 134}
HEI = {"name": "黑体", "family": 3, "charset": 134}

Kind = Literal["text", "center", "number", "money", "percent", "date"]

THIN = Side(style="thin", color="FF7F7F7F")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEADER_FILL = PatternFill("solid", start_color="FFE9EEF5")
TOTAL_FILL = PatternFill("solid", start_color="FFF6F3EA")

CENTER = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="center")
ALIGNMENTS: dict[Kind, Alignment] = {
    "text": LEFT,
    "center": CENTER,
    "number": RIGHT,
    "money": RIGHT,
    "percent": RIGHT,
    "date": CENTER,
}
FORMATS: dict[Kind, str] = {"money": MONEY_FORMAT, "percent": PERCENT_FORMAT, "date": DATE_FORMAT}

TITLE = "表题"
NOTE = "表注"
HEADER = "表头"
SIGNATURE = "签字栏"
BODY: dict[Kind, str] = {
    "text": "正文",
    "center": "正文居中",
    "number": "正文数字",
    "money": "正文金额",
    "percent": "正文百分数",
    "date": "正文日期",
}
TOTAL: dict[Kind, str] = {kind: f"合计{name.removeprefix('正文')}" for kind, name in BODY.items()}


def _styles() -> Iterable[NamedStyle]:
    yield NamedStyle(TITLE, font=Font(sz=18, **SONG_TITLE), alignment=CENTER)
    yield NamedStyle(NOTE, font=Font(sz=10, **SONG), alignment=LEFT)
    yield NamedStyle(SIGNATURE, font=Font(sz=11, **SONG), alignment=LEFT)
    yield NamedStyle(HEADER, font=Font(sz=11, **HEI), alignment=CENTER, border=BOX, fill=HEADER_FILL)
    for kind, alignment in ALIGNMENTS.items():
        number_format = FORMATS.get(kind, "General")
        yield NamedStyle(
            BODY[kind],
            font=Font(sz=10.5, **SONG),
            alignment=alignment,
            border=BOX,
            number_format=number_format,
        )
        yield NamedStyle(
            TOTAL[kind],
            font=Font(sz=10.5, bold=True, **SONG),
            alignment=alignment,
            border=BOX,
            fill=TOTAL_FILL,
            number_format=number_format,
        )


def prepare(book: Workbook) -> Workbook:
    """Register the house styles in a workbook; a second time does nothing."""
    known = set(book.named_styles)
    for style in _styles():
        if style.name not in known:
            book.add_named_style(style)
    return book


def new_book(title: str) -> tuple[Workbook, Worksheet]:
    """An empty workbook with the house styles, and its one sheet called ``title``."""
    book = prepare(Workbook())
    sheet: Worksheet = book.worksheets[0]
    sheet.title = sheet_name(title)
    return book, sheet


def sheet_name(title: str) -> str:
    """``title`` without the characters a sheet's name can't have, at most 31 long."""
    kept = "".join(char for char in title if char not in "[]:*?/\\").strip(" '")
    return kept[:31] or "表"


def safe_text(value: object) -> str:
    """The text without characters a workbook can't hold, cut at Excel's limit; None is empty."""
    text = "" if value is None else str(value)
    return UNWRITABLE.sub("", text)[:LONGEST_TEXT]


def put(ws: Worksheet, row: int, col: int, value: Any, *, style: str | None = None) -> Cell:
    """Write one cell (row and column from 1). Text stays text, whatever it begins with.

    Numbers, Decimal and dates keep their type, None leaves the cell empty, an aware moment is written in the
    office's time zone. ``style`` is a name of this module; the workbook learns it if it doesn't know it yet.
    """
    cell: Cell = ws.cell(row=row, column=col)
    if style is not None:
        try:
            cell.style = style
        except ValueError:
            prepare(ws.parent)
            cell.style = style
    if value is None:
        cell.value = None
    elif isinstance(value, bool):
        _write_text(cell, "是" if value else "否")
    elif isinstance(value, datetime.datetime):
        cell.value = timezone.make_naive(value) if timezone.is_aware(value) else value
    elif isinstance(value, (int, float, Decimal, datetime.date, datetime.time)):
        number_format = cell.number_format
        cell.value = value
        if style is not None:
            cell.number_format = number_format  # openpyxl puts its own date format over the style's
    else:
        _write_text(cell, safe_text(value))
    return cell


def _write_text(cell: Cell, text: str) -> None:
    cell.value = text
    # openpyxl takes "=…" for a formula and "#N/A" for an error; quotePrefix keeps Excel from it on edit.
    cell.data_type = "s"
    if text.startswith(FORMULA_STARTS):
        cell.quotePrefix = True


def streamed(ws: WriteOnlyWorksheet, values: Iterable[Any]) -> list[Any]:
    """A row to ``ws.append`` to a sheet that is written once and never held (``Workbook(write_only=True)``).

    Values as in :func:`put`, without the house styles; amounts (Decimal) get the format of money.
    """
    return [_streamed(ws, value) for value in values]


def _streamed(ws: WriteOnlyWorksheet, value: Any) -> Any:
    if value is None or type(value) is int:
        return value
    if isinstance(value, Decimal):
        cell = WriteOnlyCell(ws, value)
        cell.number_format = MONEY_FORMAT
        return cell
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime):
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    if isinstance(value, (float, datetime.date, datetime.time)):
        return value
    text = safe_text(value)
    if text.startswith((*FORMULA_STARTS, "#")):
        cell = WriteOnlyCell(ws)
        _write_text(cell, text)
        return cell
    return text


@dataclass(frozen=True)
class Column:
    """``width`` in characters of the standard font."""

    title: str
    width: float
    kind: Kind = "text"


class OfficeSheet:
    """One table on one sheet: title, note, header, rows, totals, signature row; prints one page wide on A4.

    Add rows in order, then call :meth:`finish` once.
    """

    def __init__(
        self,
        ws: Worksheet,
        *,
        title: str,
        columns: Sequence[Column],
        note: str = "",
        landscape: bool = True,
    ) -> None:
        self.ws = ws
        self.columns = tuple(columns)
        self.landscape = landscape
        prepare(ws.parent)
        for index, column in enumerate(self.columns, start=1):
            ws.column_dimensions[get_column_letter(index)].width = column.width
        self.across(title, style=TITLE, row=1, height=36)
        self.header_row = 2
        if note:
            self.across(note, style=NOTE, row=2, height=18)
            self.header_row = 3
        for index, column in enumerate(self.columns, start=1):
            put(ws, self.header_row, index, column.title, style=HEADER)
        ws.row_dimensions[self.header_row].height = 32
        self.next_row = self.header_row + 1

    def across(self, text: str, *, style: str, row: int, height: float | None = None) -> None:
        """One text over all columns."""
        put(self.ws, row, 1, text, style=style)
        if len(self.columns) > 1:
            self.ws.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(self.columns))
        if height is not None:
            self.ws.row_dimensions[row].height = height

    def add(self, values: Sequence[Any]) -> int:
        """Write a row, a value for each column; return its number."""
        return self._row(values, BODY)

    def add_total(self, values: Sequence[Any]) -> int:
        """Write a row of (sub)totals: the same columns, set off; return its number."""
        return self._row(values, TOTAL)

    def _row(self, values: Sequence[Any], styles: dict[Kind, str]) -> int:
        row = self.next_row
        for index, (column, value) in enumerate(zip(self.columns, values, strict=True), start=1):
            # A label in a figure's column (合计, 小计, ——) stands in the middle, not at the right edge.
            kind: Kind = "center" if isinstance(value, str) and column.kind != "text" else column.kind
            put(self.ws, row, index, value, style=styles[kind])
        self.next_row += 1
        return row

    def finish(self, *, signatures: Sequence[str] = (), freeze_columns: int = 0) -> None:
        """The signature row (``("填表人", "部门负责人")``), frozen header and the page for the printer."""
        if signatures:
            signature_row(self.ws, self.next_row + 1, len(self.columns), signatures)
        print_setup(
            self.ws,
            header_row=self.header_row,
            columns=len(self.columns),
            freeze_columns=freeze_columns,
            landscape=self.landscape,
        )


def signature_row(ws: Worksheet, row: int, columns: int, labels: Sequence[str]) -> None:
    """``labels`` spread over the width of the table, each with room to sign by hand behind it."""
    count = min(len(labels), columns)
    edges = [round(columns * index / count) for index in range(count + 1)]
    for label, start, end in zip(labels, edges, edges[1:], strict=False):
        put(ws, row, start + 1, f"{label}：", style=SIGNATURE)
        if end - start > 1:
            ws.merge_cells(start_row=row, end_row=row, start_column=start + 1, end_column=end)
    ws.row_dimensions[row].height = 30


def print_setup(
    ws: Worksheet, *, header_row: int, columns: int, freeze_columns: int = 0, landscape: bool = True
) -> None:
    """Freeze and repeat everything down to ``header_row``; fit to the width of one A4 page."""
    ws.freeze_panes = ws.cell(row=header_row + 1, column=freeze_columns + 1)
    ws.print_title_rows = f"1:{header_row}"
    ws.print_area = f"A1:{get_column_letter(columns)}{ws.max_row}"
    ws.page_setup.orientation = "landscape" if landscape else "portrait"
    ws.page_setup.paperSize = ws.PAPERSIZE_A4
    ws.page_setup.fitToWidth = 1
    ws.page_setup.fitToHeight = 0
    ws.sheet_properties.pageSetUpPr.fitToPage = True
    ws.print_options.horizontalCentered = True
    ws.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.7, header=0.3, footer=0.35)
    ws.oddFooter.center.text = "第 &P 页 共 &N 页"
    ws.sheet_view.showGridLines = False
