"""An OpenDocument spreadsheet, read in one bounded pass: values, merges, hidden rows and columns.

LibreOffice writes "the rest of the sheet" as one cell repeated a million times; only what is filled is kept.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from io import BytesIO
from typing import Any, Final
from xml.parsers import expat

from office.refusals import Refused
from office.uploads import MACRO_PARTS
from org.excel.grid import DAMAGED, MACROS, PASSWORD, Grid, Merge, SheetName, measure
from org.excel.sound import sound

MOST_UNPACKED: Final = 100 * 1024 * 1024
_TABLE: Final = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE: Final = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT: Final = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_STYLE: Final = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_CALC: Final = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_HIDDEN: Final = frozenset({"collapse", "filter"})
_MONTH: Final = re.compile(r"\d{4}(年\d{1,2}月|[-/.]\d{1,2})")


class OdsBook:
    """An .ods workbook. Raises ``Refused`` for one that is no sound, harmless workbook."""

    kind = "ods"

    def __init__(self, content: bytes) -> None:
        with sound(), zipfile.ZipFile(BytesIO(content)) as package:
            names = package.namelist()
            locked = "META-INF/manifest.xml" in names and b"encryption-data" in package.read(
                "META-INF/manifest.xml"
            )
            if locked or any(part.flag_bits & 1 for part in package.infolist()):
                raise Refused(PASSWORD)
            if any(MACRO_PARTS.search(name) for name in names):
                raise Refused(MACROS)
            if package.getinfo("content.xml").file_size > MOST_UNPACKED:
                raise Refused("这个文件展开后太大。请删去多余的空行、格式和图片后再上传。")
            self._xml = package.read("content.xml")
        self.sheets = tuple(_parsed(self._xml, None).sheets)

    def grid(self, name: str) -> Grid:
        """The cells of one sheet."""
        return _parsed(self._xml, name).grid


def _parsed(xml: bytes, wanted: str | None) -> _Reader:
    reader = _Reader(wanted)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    with sound():
        parser.Parse(xml, True)
    reader.grid.merges = tuple(reader.merges)
    return reader


def _refuse(*_: object) -> None:
    raise Refused(DAMAGED)


class _Reader:
    """Takes the elements of content.xml as they come; ``wanted`` is the sheet to keep cells of."""

    def __init__(self, wanted: str | None) -> None:
        self.wanted = wanted
        self.sheets: list[SheetName] = []
        self.grid = Grid([])
        self._unseen_styles: set[str] = set()
        self._style = ""
        self._inside = False
        self._depth = 0  # of tables: one inside a cell isn't a sheet
        self._column = 0
        self._row: list[Any] = []
        self._blank_rows = 0
        self._rows = 1
        self._hidden = False
        self._merges: list[tuple[int, int, int]] = []
        self.merges: list[Merge] = []
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._note = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_TABLE}table":
            self._table(attributes)
        elif tag == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif tag == f"{_STYLE}table-properties":
            if attributes.get(f"{_TABLE}display") == "false":
                self._unseen_styles.add(self._style)
        elif not self._inside or self._depth > 1:
            return
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._text = attributes, []
        elif tag == f"{_TABLE}table-row":
            self._row, self._merges = [], []
            self._rows = int(attributes.get(f"{_TABLE}number-rows-repeated", 1))
            self._hidden = attributes.get(f"{_TABLE}visibility") in _HIDDEN
        elif tag == f"{_TABLE}table-column":
            many = int(attributes.get(f"{_TABLE}number-columns-repeated", 1))
            if attributes.get(f"{_TABLE}visibility") in _HIDDEN:
                # Past the last sheet of paper nobody hides a column on purpose.
                self.grid.hidden_columns |= set(range(self._column, min(self._column + many, 1000)))
            self._column += many
        elif tag == f"{_OFFICE}annotation":
            self._note += 1
        elif self._cell is not None and not self._note:
            self._inline(tag, attributes)

    def _table(self, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            name = attributes.get(f"{_TABLE}name", "")
            hidden = attributes.get(f"{_TABLE}style-name", "") in self._unseen_styles
            self.sheets.append(SheetName(name, hidden))
            self._inside = name == self.wanted

    def _inline(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_TEXT}p" and self._text:
            self._text.append("\n")
        elif tag == f"{_TEXT}s":
            self._text.append(" " * min(int(attributes.get(f"{_TEXT}c", 1)), 100))
        elif tag == f"{_TEXT}tab":
            self._text.append("\t")
        elif tag == f"{_TEXT}line-break":
            self._text.append("\n")

    def characters(self, text: str) -> None:
        if self._cell is not None and not self._note and self._depth == 1:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if tag == f"{_TABLE}table":
            self._depth -= 1
            if not self._depth:
                self._inside = False
        elif not self._inside or self._depth > 1:
            return
        elif tag == f"{_OFFICE}annotation":
            self._note -= 1
        elif tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._end_cell(covered=tag.endswith("covered-table-cell"))
        elif tag == f"{_TABLE}table-row":
            self._end_row()

    def _end_cell(self, *, covered: bool) -> None:
        attributes, self._cell = self._cell or {}, None
        value = "" if covered else _value(attributes, "".join(self._text).strip("\n"))
        many = int(attributes.get(f"{_TABLE}number-columns-repeated", 1))
        across = int(attributes.get(f"{_TABLE}number-columns-spanned", 1))
        down = int(attributes.get(f"{_TABLE}number-rows-spanned", 1))
        if across > 1 or down > 1:
            self._merges.append((self._column_now, across, down))
        if value == "":
            self._skipped += many
        else:
            measure(self.wanted or "", len(self.grid.values) + 1, self._column_now + many)
            self._row += [""] * self._skipped + [value] * many
            self._skipped = 0

    #: Empty cells since the last filled one of the row.
    _skipped: int = 0

    @property
    def _column_now(self) -> int:
        return len(self._row) + self._skipped

    def _end_row(self) -> None:
        self._skipped = 0
        if not self._row and not self._merges:
            self._blank_rows += self._rows
            return
        grid = self.grid
        first = len(grid.values) + self._blank_rows + 1
        measure(self.wanted or "", first + self._rows - 1, len(self._row))
        grid.values += [[] for _ in range(self._blank_rows)]
        grid.values += [list(self._row) for _ in range(self._rows)]
        self._blank_rows = 0
        if self._hidden:
            grid.hidden_rows |= set(range(first, first + self._rows))
        self.merges.extend(
            Merge(first, left, first + down - 1, left + across - 1) for left, across, down in self._merges
        )


def _value(attributes: dict[str, str], text: str) -> Any:
    kind = attributes.get(f"{_OFFICE}value-type", "")
    if attributes.get(f"{_CALC}value-type") == "error":
        return text or "#N/A"
    if kind in {"float", "percentage", "currency"}:
        return float(attributes.get(f"{_OFFICE}value", "nan"))
    if kind == "boolean":
        return attributes.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return _date(attributes.get(f"{_OFFICE}date-value", ""), text)
    if kind == "string":
        return attributes.get(f"{_OFFICE}string-value", text)
    if not text and (formula := attributes.get(f"{_TABLE}formula", "")):
        return "=" + formula.rpartition(":=")[2]
    return text


def _date(written: str, text: str) -> Any:
    if _MONTH.fullmatch(text):
        return text  # shown without its day
    moment = datetime.datetime.fromisoformat(written)
    return moment if moment.time() != datetime.time() else moment.date()
