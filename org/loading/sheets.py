"""A table of any length, read a piece at a time: a million rows take no more memory than ten thousand.

Small files are read whole by :mod:`org.excel.tables`, which knows merged cells, every format and more of a
date; only .xlsx and text come in pieces.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from office.refusals import Refused
from org.excel.grid import DAMAGED
from org.excel.headers import HEADER_WITHIN, MOST_HEADER_ROWS, Header, Layout, find_header
from org.excel.tables import Table, choose, open_book, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: Up to this size a file is read whole.
WHOLE: Final = 3 * 1024 * 1024
BATCH: Final = 5000
_HEAD: Final = HEADER_WITHIN + MOST_HEADER_ROWS
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_DAMAGE: Final = (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, EOFError, TypeError)


class Sheet(NamedTuple):
    """A sheet and how to read it. ``total``: about how many rows it has, 0 if the file doesn't say."""

    name: str
    header: Header
    total: int
    date1904: bool
    typeless: bool
    chunks: Iterator[Table]


class _Rows(NamedTuple):
    name: str
    kind: str
    total: int
    date1904: bool
    lines: Iterator[list[Any]]


@contextmanager
def open_sheet(
    path: Path, layout: Layout, *, mapping: Mapping[str, str] | None = None, whole: int = WHOLE
) -> Iterator[Sheet]:
    """The first visible sheet; its ``chunks`` cover it once. Raises ``Refused`` with one Chinese line.

    Files up to ``whole`` bytes are one chunk.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Refused(f"打不开文件 {path.name}：{error.strerror}。") from error
    suffix = path.suffix.lower()
    if size <= whole or suffix not in {".xlsx", ".csv", ".txt"}:
        book = open_book(path.read_bytes(), path.name)
        table = table_of(book, choose(book, None))
        header = find_header(table, layout, mapping)
        yield _sheet(table, header, len(table.values), iter([table]))
        return
    with _xlsx(path) if suffix == ".xlsx" else _text(path) as rows:
        head = list(islice(rows.lines, _HEAD))
        table = _table(rows, head, 1)
        header = find_header(table, layout, mapping)
        rest = chain(head[header.rows[1] :], rows.lines)
        yield _sheet(table, header, rows.total, _chunks(rows, rest, header.rows[1] + 1))


def _sheet(table: Table, header: Header, total: int, chunks: Iterator[Table]) -> Sheet:
    return Sheet(table.sheet, header, total, table.date1904, table.typeless, chunks)


def _table(rows: _Rows, values: list[list[Any]], first: int) -> Table:
    return Table(
        kind=rows.kind,
        sheets=(rows.name,),
        sheet=rows.name,
        hidden_sheets=frozenset(),
        values=values,
        merges=(),
        hidden_rows=frozenset(),
        hidden_columns=frozenset(),
        date1904=rows.date1904,
        first=first,
    )


def _chunks(rows: _Rows, lines: Iterable[list[Any]], first: int) -> Iterator[Table]:
    rest = iter(lines)
    while values := list(islice(rest, BATCH)):
        yield _table(rows, values, first)
        first += len(values)


@contextmanager
def _xlsx(path: Path) -> Iterator[_Rows]:
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except _DAMAGE as error:
        raise Refused(DAMAGED) from error
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        sheet = sheets[0]
        lines = (["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True))
        yield _Rows(sheet.title, "xlsx", sheet.max_row or 0, book.epoch == CALENDAR_MAC_1904, _sound(lines))
    finally:
        book.close()


def _sound(lines: Iterator[list[Any]]) -> Iterator[list[Any]]:
    try:
        yield from lines
    except _DAMAGE as error:
        raise Refused(DAMAGED) from error


@contextmanager
def _text(path: Path) -> Iterator[_Rows]:
    encoding, total = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        first = file.read(20_000)
        delimiter = max("\t,;", key="\n".join(first.splitlines()[:30]).count)
        file.seek(0)
        yield _Rows("文本", "csv", total, False, _records(csv.reader(file, delimiter=delimiter)))


def _records(lines: Iterator[list[str]]) -> Iterator[list[Any]]:
    done = 0
    try:
        for line in lines:
            yield [_unquoted(cell) for cell in line]
            done += 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise Refused(
            f"第 {done + 1} 行起读不出来：引号不成对或一格太长。请用 Excel 或 WPS 打开，"
            "另存为“Excel 工作簿（.xlsx）”后再导入。"
        ) from error


def _unquoted(text: str) -> str:
    """``="110105…"``: how some programs keep a number from Excel in a text file."""
    return text[2:-1] if text.startswith('="') and text.endswith('"') and text.count('"') == 2 else text


def _encoding(path: Path) -> tuple[str, int]:
    """What the whole file can be decoded by, and how many lines it has."""
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", 0
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        lines = 0
        try:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    lines += block.count(b"\n")
                    decoder.decode(block)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding, lines
    raise Refused("认不出这个文本文件的编码。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再导入。")
