"""Any file with a table in it, as rows of cells: .xlsx, .xls, .ods, text in the usual encodings."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from django.conf import settings

from office.refusals import Refused
from office.uploads import OLD_FORMATS, OLE, inspect_xlsx, sniff
from org.excel import grid as cells
from org.excel.grid import DAMAGED, PASSWORD, Grid, Merge, SheetName, measure
from org.excel.ods import OdsBook
from org.excel.xls import XlsBook
from org.excel.xlsx import XlsxBook

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCEPTED: Final = "可以上传：.xlsx、.xls、.ods 表格，或 .csv、.txt 文本。"
_WEB: Final = re.compile(r"\s*<(!doctype|html|table|meta|head|\?xml|style)", re.IGNORECASE)
_QUOTED: Final = re.compile(r'="([^"]*)"')


class Cell(NamedTuple):
    """``kind``: text, number, date, bool, error or empty; ``text`` as shown; ``value`` as stored."""

    kind: str
    text: str
    value: Any


class Row(NamedTuple):
    """One row of the sheet; ``number`` from 1, ``values`` as in :class:`org.excel.grid.Grid`."""

    number: int
    values: Sequence[Any]

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(Cell(cells.kind(value), cells.shown(value), value) for value in self.values)


@dataclass(frozen=True)
class Table:
    """One sheet of a file, or a chunk of its rows beginning with row ``first``.

    ``values[number - first]`` is a row of plain values; :attr:`rows` wraps them.
    """

    kind: str
    sheets: tuple[str, ...]
    sheet: str
    hidden_sheets: frozenset[str]
    values: list[list[Any]]
    merges: tuple[Merge, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    date1904: bool
    first: int = 1

    @property
    def rows(self) -> list[Row]:
        return [Row(number, values) for number, values in enumerate(self.values, self.first)]

    @property
    def typeless(self) -> bool:
        """Whether the file knows only texts, so that a number Excel has cut looks like any text."""
        return self.kind == "csv"


class Book(Protocol):
    kind: str
    sheets: tuple[SheetName, ...]

    def grid(self, name: str) -> Grid: ...


def open_book(content: bytes, name: str) -> Book:
    """The file, its sheets known, none read yet. Raises ``Refused`` with one Chinese line."""
    most: int = settings.UPLOAD_MAX_BYTES
    if not content:
        raise Refused("这个文件是空的，请重新选择文件。")
    if len(content) > most:
        raise Refused(f"文件超过 {most / 1024 / 1024:.0f} MB 的上限。请拆成几个文件后再上传。")
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    found = sniff(content)
    if found == "encrypted":
        raise Refused(PASSWORD)
    if suffix in {"et", "wps", "xlsb", "xlsm"}:
        raise Refused(OLD_FORMATS[suffix])
    match suffix:
        case "xlsx":
            if found != "xlsx":
                inspect_xlsx(BytesIO(content))
            return XlsxBook(content)
        case "ods" if found == "ods":
            return OdsBook(content)
        case "xls" if found == "xls":
            return XlsBook(content)
        case "csv" | "txt" if found == "text":
            return _TextBook(content)
        case "xls" if content.startswith(OLE):  # a container whose directory is gone
            raise Refused(DAMAGED)
        case "xls" | "ods" | "csv" | "txt":
            raise Refused(_renamed(suffix, found))
    raise Refused(f"不能上传这种文件。{ACCEPTED}")


def read_table(content: bytes, name: str, *, sheet: str | None = None) -> Table:
    """One sheet of the file: the one named, or the first visible one. Raises ``Refused``."""
    book = open_book(content, name)
    return table_of(book, choose(book, sheet))


def choose(book: Book, sheet: str | None) -> str:
    """The name of the sheet to read. Raises ``Refused`` for a name the file doesn't have."""
    if sheet is not None:
        if sheet not in {known.name for known in book.sheets}:
            names = "、".join(f"“{known.name}”" for known in book.sheets)
            raise Refused(f"文件里没有工作表“{sheet}”，只有{names}。")
        return sheet
    if not book.sheets:
        raise Refused(DAMAGED)
    return next((known.name for known in book.sheets if not known.hidden), book.sheets[0].name)


def table_of(book: Book, sheet: str) -> Table:
    """The sheet of that name."""
    grid = book.grid(sheet)
    _demand_apart(grid)
    return Table(
        kind=book.kind,
        sheets=tuple(known.name for known in book.sheets),
        sheet=sheet,
        hidden_sheets=frozenset(known.name for known in book.sheets if known.hidden),
        values=grid.values,
        merges=grid.merges,
        hidden_rows=frozenset(grid.hidden_rows),
        hidden_columns=frozenset(grid.hidden_columns),
        date1904=grid.date1904,
    )


def _demand_apart(grid: Grid) -> None:
    """Raise ``Refused`` for merges that lie over each other: no program writes them, and a file full of them
    would be read for hours."""
    if not grid.merges:
        return
    bottom, right = len(grid.values), max(map(len, grid.values), default=0)
    covered = sum(
        max(min(merge.bottom, bottom) - merge.top + 1, 0) * max(min(merge.right + 1, right) - merge.left, 0)
        for merge in grid.merges
    )
    if covered > bottom * right:
        raise Refused(DAMAGED)


def _renamed(suffix: str, found: str) -> str:
    if found == "damaged":
        return DAMAGED
    if found in OLD_FORMATS and found not in {"csv", "xls"}:
        return f"文件名写的是 .{suffix}，内容却不是。{OLD_FORMATS[found]}"
    what = {
        "xlsx": "新版 Excel 工作簿（.xlsx）",
        "xls": "旧版 Excel 工作簿（.xls）",
        "ods": "OpenDocument 表格（.ods）",
        "text": "文本或网页",
    }.get(found)
    return (
        f"文件名写的是 .{suffix}，内容却{f'是{what}' if what else '不是表格'}。改名不能转换格式，"
        "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
    )


class _TextBook:
    """Text with separators: one sheet."""

    kind = "csv"
    sheets: tuple[SheetName, ...] = (SheetName("文本", hidden=False),)

    def __init__(self, content: bytes) -> None:
        self._text = _decoded(content)
        if _WEB.match(self._text):
            raise Refused(
                "这是网页表格改名的文件。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
            )

    def grid(self, name: str) -> Grid:
        reader = csv.reader(StringIO(self._text, newline=""), delimiter=_delimiter(self._text))
        values: list[list[Any]] = []
        count = 0
        try:
            for line in reader:
                values.append([_unquoted(text) for text in line])
                count += len(line)
                if len(values) > cells.MOST_ROWS or count > cells.MOST_CELLS:
                    measure(name, len(values), cells.MOST_CELLS)
        except csv.Error as error:
            raise Refused(
                f"第 {len(values) + 1} 行起读不出来：引号不成对或一格太长。请用 Excel 或 WPS 打开，"
                "另存为“Excel 工作簿（.xlsx）”后再上传。"
            ) from error
        return Grid(values)


def _unquoted(text: str) -> str:
    """``="110105…"``: how some programs keep a number from Excel in a text file."""
    if text.startswith('="'):
        found = _QUOTED.fullmatch(text)
        return found[1] if found else text
    return text


def _decoded(content: bytes) -> str:
    tries: tuple[str, ...]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        tries = ("utf-16",)
    elif content.startswith(b"\xef\xbb\xbf"):
        tries = ("utf-8-sig",)
    else:
        tries = ("utf-8", "gb18030")
    for encoding in tries:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("认不出这个文本文件的编码。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。")


def _delimiter(text: str) -> str:
    """The separator most of the first lines agree on."""
    counts: Counter[str] = Counter()
    for line in text[:20_000].splitlines()[:30]:
        bare = re.sub(r'"[^"]*"', "", line)
        counts.update(char for char in "\t,;" if char in bare)
        counts.update({char: bare.count(char) for char in "\t,;"})
    return max("\t,;", key=lambda char: counts[char])
