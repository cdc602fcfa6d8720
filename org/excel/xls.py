"""An .xls workbook (Excel 5 to 2003) as xlrd reads it: values, merges, hidden rows and columns.

calamine reads .xls too, but a damaged one makes it ask for terabytes and takes the whole process down; and it
tells neither errors nor hidden rows. xlrd is handed only the records a list needs: by the others (hyperlinks
over a whole sheet, names that multiply each other) a small file makes it fill all memory.
"""

from __future__ import annotations

import datetime
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel
from xlrd import (
    XL_CELL_BOOLEAN,
    XL_CELL_DATE,
    XL_CELL_ERROR,
    XL_CELL_NUMBER,
    XL_CELL_TEXT,
    biffh,
    error_text_from_code,
)
from xlrd.book import Book

from office.refusals import Refused
from org.excel.formats import is_date, month_only, month_text
from org.excel.grid import DAMAGED, MACROS, MOST_CELLS, PASSWORD, Grid, Merge, SheetName, measure
from org.excel.ole import NOWHERE, Container

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Which every workbook since Excel 5 begins with.
_BOF: Final = b"\x09\x08"
_BIFF5: Final = 50
#: Cells name their style in 16 bits.
_MOST_STYLES: Final = 65_536
_STYLES: Final = frozenset({biffh.XL_XF, biffh.XL_FORMAT})
_NEEDED: Final = frozenset(
    {
        *(biffh.XL_BOF, biffh.XL_EOF, biffh.XL_CONTINUE, biffh.XL_FILEPASS, biffh.XL_CODEPAGE),
        *(biffh.XL_BOUNDSHEET, biffh.XL_DATEMODE, biffh.XL_SST, *_STYLES),
        *(biffh.XL_ROW, biffh.XL_COLINFO, biffh.XL_MERGEDCELLS),
        *(biffh.XL_LABELSST, biffh.XL_LABEL, biffh.XL_RSTRING, biffh.XL_NUMBER, biffh.XL_RK, biffh.XL_MULRK),
        *(biffh.XL_BOOLERR, biffh.XL_STRING, *biffh.XL_FORMULA_OPCODES),
        # These may stand between a formula and its text.
        *(biffh.XL_SHRFMLA, biffh.XL_ARRAY, biffh.XL_TABLEOP, biffh.XL_TABLEOP2),
    }
)


class XlsBook:
    """An .xls workbook. Raises ``Refused`` for one that is no sound, harmless workbook."""

    kind = "xls"

    def __init__(self, content: bytes) -> None:
        with _damage():
            container = Container(content)
            if "_vba_project" in container.names:
                raise Refused(MACROS)
            book = self._book = _Book(container.stream("Workbook") or container.stream("Book"))
            styles = [(xf.format_key, book.format_code(xf.format_key)) for xf in book.xf_list]
        self._dates = {index for index, style in enumerate(styles) if is_date(*style)}
        self._months = {index for index in self._dates if month_only(*styles[index])}
        self.sheets = tuple(book.names())

    def grid(self, name: str) -> Grid:
        """The cells of one sheet."""
        with _damage():
            number = [known.name for known in self.sheets].index(name)
            sheet = self._book.get_sheet(number)
            self._book.unload_sheet(sheet.name)
        if sum(map(sheet.row_len, range(sheet.nrows))) > MOST_CELLS:
            measure(name, sheet.nrows, sheet.ncols)
        values = [self._row(sheet, row) for row in range(sheet.nrows)]
        while values and not values[-1]:
            values.pop()
        grid = Grid(values, date1904=bool(self._book.datemode))
        grid.merges = tuple(
            Merge(top + 1, left, bottom, right - 1) for top, bottom, left, right in sheet.merged_cells
        )
        grid.hidden_rows = {row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden}
        hidden = {column for column, info in sheet.colinfo_map.items() if info.hidden}
        grid.hidden_columns = hidden & set(range(grid.width))
        return grid

    def _row(self, sheet: Any, row: int) -> list[Any]:
        values: list[Any] = sheet.row_values(row)
        for column, kind in enumerate(sheet.row_types(row)):
            if kind in (XL_CELL_NUMBER, XL_CELL_DATE):
                values[column] = self._number(values[column], sheet.cell_xf_index(row, column))
            elif kind == XL_CELL_TEXT:
                values[column] = self._book.text(values[column])
            elif kind == XL_CELL_BOOLEAN:
                values[column] = bool(values[column])
            elif kind == XL_CELL_ERROR:
                values[column] = error_text_from_code.get(values[column], "#N/A")
        while values and values[-1] == "":
            values.pop()
        return values

    def _number(self, value: float, style: int) -> Any:
        if style not in self._dates:
            return value
        try:
            moment = from_excel(value, CALENDAR_MAC_1904 if self._book.datemode else WINDOWS_EPOCH)
        except (ValueError, OverflowError):
            moment = value
        if isinstance(moment, datetime.datetime) and moment.time() == datetime.time():
            moment = moment.date()
        return month_text(moment) if style in self._months else moment


@contextmanager
def _damage() -> Iterator[None]:
    """Raise ``Refused`` for whatever xlrd lets out when it reads bytes its author didn't think of."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        raise Refused(DAMAGED) from error


class _Book(Book):
    """xlrd's book, opened without the detour over files, of the records in ``_NEEDED`` alone."""

    def __init__(self, stream: bytes) -> None:
        super().__init__()
        if not stream.startswith(_BOF):
            raise ValueError("not the stream of a workbook")
        self._styles_left = _MOST_STYLES
        # Before Excel 97 a text is so many bytes. xlrd counts characters: it is given one for each byte.
        self.biff2_8_load(
            file_contents=stream,
            logfile=NOWHERE,
            encoding_override="latin-1",
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
        )
        self.biff_version = self.getbof(biffh.XL_WORKBOOK_GLOBALS)
        if self.biff_version < _BIFF5:
            raise ValueError("older than Excel 5")
        self.parse_globals()
        self.nsheets = len(self._sheet_names)
        self._sheet_list = [None] * self.nsheets

    def names(self) -> list[SheetName]:
        """The sheets of cells: neither charts nor modules."""
        return [
            SheetName(self.text(name), bool(state & 3))
            for name, state in zip(self._sheet_names, self._sheet_visibility, strict=True)
        ]

    def format_code(self, number: int) -> str | None:
        """The code of a number format, None if Excel keeps it for the country."""
        code = self.format_map[number].format_str
        return None if code is None else self.text(code)

    def text(self, read: str) -> str:
        """A text as xlrd reads it, in its characters. Exporters say 1252 and write GBK."""
        if self.biff_version >= biffh.BIFF_FIRST_UNICODE:
            return read
        return read.encode("latin-1", "replace").decode("gb18030", "replace")

    def get_record_parts(self) -> tuple[int, int, bytes]:
        code, size, data = super().get_record_parts()
        if code in _STYLES:
            self._styles_left -= 1
            if self._styles_left < 0:
                raise ValueError("more styles than cells can name")
        return (code if code in _NEEDED else biffh.XL_UNKNOWN), size, data

    def get_record_parts_conditional(self, reqd_record: int) -> tuple[int | None, int, bytes]:
        code, size, data = super().get_record_parts_conditional(reqd_record)
        return code, size, _Once(data)

    def handle_sst(self, data: bytes) -> None:
        super().handle_sst(_Once(data))

    def handle_filepass(self, data: bytes) -> None:
        raise Refused(PASSWORD)


class _Once(bytes):
    """Bytes read from front to back: a shared text of negative length would be read again and again."""

    _at = 0

    def __getitem__(self, place: Any) -> Any:
        start, stop = (place.start, place.stop) if isinstance(place, slice) else (place, place + 1)
        if start < self._at:
            raise ValueError("a text that begins inside another")
        self._at = stop
        return super().__getitem__(place)
