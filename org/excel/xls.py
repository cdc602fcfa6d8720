"""An .xls workbook ([MS-XLS], BIFF8 and BIFF5): values, merges, hidden rows and columns.

calamine reads .xls too, but a damaged one makes it ask for terabytes and takes the whole process down; and it
tells neither errors nor hidden rows. These files are small: reading them here costs little.
"""

from __future__ import annotations

import datetime
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel

from office.refusals import Refused
from org.excel.formats import is_date, month_only, month_text
from org.excel.grid import MACROS, PASSWORD, Grid, Merge, SheetName
from org.excel.ole import Container
from org.excel.sound import sound

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOF, _EOF, _CONTINUE, _FILEPASS = 0x809, 0x0A, 0x3C, 0x2F
_BOUNDSHEET, _FORMAT, _XF, _SST, _DATE1904, _CODEPAGE = 0x85, 0x41E, 0xE0, 0xFC, 0x22, 0x42
_ROW, _COLINFO, _MERGED = 0x208, 0x7D, 0xE5
_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK = 0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD
_FORMULA, _STRING, _BOOLERR = 0x06, 0x207, 0x205
_BIFF8: Final = 0x600
MOST_COLUMNS: Final = 256
_ERRORS: Final = {
    **{0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!"},
    **{0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"},
}


@dataclass
class _Globals:
    """What the sheets of a workbook share. ``places``: where each sheet begins in the stream."""

    places: dict[str, int] = field(default_factory=dict)
    sheets: list[SheetName] = field(default_factory=list)
    formats: dict[int, str] = field(default_factory=dict)
    styles: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    date1904: bool = False
    wide: bool = True
    encoding: str = "gb18030"


class XlsBook:
    """An .xls workbook. Raises ``Refused`` for one that is no sound, harmless workbook."""

    kind = "xls"

    def __init__(self, content: bytes) -> None:
        with sound(), _bounds():
            container = Container(content)
            if "_vba_project" in container.names:
                raise Refused(MACROS)
            self._stream = container.stream("workbook" if "workbook" in container.names else "book")
            self._globals = _read_globals(self._stream)
        self.sheets = tuple(self._globals.sheets)

    def grid(self, name: str) -> Grid:
        """The cells of one sheet."""
        with sound(), _bounds():
            return _Sheet(self._stream, self._globals).read(self._globals.places[name])


class _bounds:  # noqa: N801 - reads as a phrase: with _bounds()
    """What reading beyond the end of a record raises, as the ``ValueError`` of damaged files."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (struct.error, IndexError)):
            raise ValueError("a record ends too early") from error


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Each record of a substream: its type and data; charts inside it are left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += kind == _BOF
        if depth <= 1:
            yield kind, stream[at + 4 : at + 4 + size]
        depth -= kind == _EOF
        if depth <= 0:
            return
        at += 4 + size


def _read_globals(stream: bytes) -> _Globals:
    known = _Globals()
    strings: list[bytes] = []
    before = 0
    for kind, data in _records(stream, 0):
        if kind == _CONTINUE and before == _SST:
            strings.append(data)
            continue
        before = kind
        if kind == _BOF:
            known.wide = struct.unpack_from("<H", data)[0] == _BIFF8
        elif kind == _FILEPASS:
            raise Refused(PASSWORD)
        elif kind == _CODEPAGE and not known.wide:
            page = struct.unpack_from("<H", data)[0]
            known.encoding = "gb18030" if page == 936 else "cp1252"
        elif kind == _DATE1904:
            known.date1904 = data[:1] == b"\1"
        elif kind == _XF:
            known.styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _FORMAT:
            known.formats[struct.unpack_from("<H", data)[0]] = _text(known, data, 2, short=not known.wide)
        elif kind == _BOUNDSHEET:
            place, state, sort = struct.unpack_from("<IBB", data)
            if not sort:
                name = _text(known, data, 6, short=True)
                known.sheets.append(SheetName(name, bool(state & 3)))
                known.places[name] = place
        elif kind == _SST:
            strings = [data]
    if strings:
        known.texts = _Strings(strings).read()
    return known


def _text(known: _Globals, data: bytes, at: int, *, short: bool = False) -> str:
    """A text in one record: its length in one byte or two, then the characters."""
    length = data[at] if short else struct.unpack_from("<H", data, at)[0]
    at += 1 if short else 2
    if not known.wide:
        return data[at : at + length].decode(known.encoding, "replace")
    wide = data[at] & 1
    return data[at + 1 : at + 1 + (length << wide)].decode("utf-16-le" if wide else "latin-1", "replace")


class _Strings:
    """The shared texts, which run on over several records: each begins with how wide its characters are."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts, self.part, self.at = parts, 0, 0

    def read(self) -> list[str]:
        (count,) = struct.unpack("<4xI", self._bytes(8))
        found: list[str] = []
        while len(found) < count and (
            self.at < len(self.parts[self.part]) or self.part + 1 < len(self.parts)
        ):
            found.append(self._one())
        return found

    def _one(self) -> str:
        length, flags = struct.unpack("<HB", self._bytes(3))
        runs = struct.unpack("<H", self._bytes(2))[0] if flags & 8 else 0
        further = struct.unpack("<I", self._bytes(4))[0] if flags & 4 else 0
        text = self._characters(length, flags & 1)
        self._bytes(4 * runs + further)
        return text

    def _characters(self, length: int, wide: int) -> str:
        text = ""
        while length:
            left = len(self.parts[self.part]) - self.at
            if left < 1 << wide:
                self.part, self.at = self.part + 1, 1
                wide = self.parts[self.part][0] & 1
                continue
            taken = min(length, left >> wide)
            raw = self.parts[self.part][self.at : self.at + (taken << wide)]
            text += raw.decode("utf-16-le" if wide else "latin-1", "replace")
            self.at += taken << wide
            length -= taken
        return text

    def _bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self.parts[self.part]
            if self.at >= len(part):
                self.part, self.at = self.part + 1, 0
                continue
            piece = part[self.at : self.at + count - len(found)]
            found += piece
            self.at += len(piece)
        return found


class _Sheet:
    """The cells of one sheet as they come."""

    def __init__(self, stream: bytes, known: _Globals) -> None:
        self.stream, self.known = stream, known
        self.grid = Grid([], date1904=known.date1904)
        self.epoch: datetime.datetime = CALENDAR_MAC_1904 if known.date1904 else WINDOWS_EPOCH
        numbers = enumerate(known.styles)
        self.dates = {index for index, n in numbers if is_date(n, known.formats.get(n))}
        self.months = {
            i for i in self.dates if month_only(known.styles[i], known.formats.get(known.styles[i]))
        }

    def read(self, place: int) -> Grid:
        grid, pending = self.grid, (0, 0)
        hidden: list[tuple[int, int]] = []
        for kind, data in _records(self.stream, place):
            if kind == _ROW:
                if data[12] & 0x20:
                    grid.hidden_rows.add(struct.unpack_from("<H", data)[0] + 1)
            elif kind == _COLINFO:
                if data[8] & 1:
                    hidden.append(struct.unpack_from("<HH", data))
            elif kind == _MERGED:
                self._merged(data)
            elif kind == _STRING:
                self._set(*pending, _text(self.known, data, 0))
            elif kind in _CELLS:
                pending = self._cell(kind, data)
        for first, last in hidden:
            grid.hidden_columns |= set(range(first, min(last + 1, grid.width)))
        return grid

    def _merged(self, data: bytes) -> None:
        for at in range(2, len(data) - 7, 8):
            top, bottom, left, right = struct.unpack_from("<4H", data, at)
            self.grid.merges += (Merge(top + 1, left, bottom + 1, right),)

    def _cell(self, kind: int, data: bytes) -> tuple[int, int]:
        row, column, style = struct.unpack_from("<HHH", data)
        if kind == _LABELSST:
            self._set(row, column, self.known.texts[struct.unpack_from("<I", data, 6)[0]])
        elif kind in (_LABEL, _RSTRING):
            self._set(row, column, _text(self.known, data, 6))
        elif kind == _NUMBER:
            self._number(row, column, style, struct.unpack_from("<d", data, 6)[0])
        elif kind == _RK:
            self._number(row, column, style, _rk(struct.unpack_from("<I", data, 6)[0]))
        elif kind == _MULRK:
            for place, at in enumerate(range(4, len(data) - 7, 6), column):
                style, short = struct.unpack_from("<HI", data, at)
                self._number(row, place, style, _rk(short))
        elif kind == _BOOLERR:
            self._set(row, column, _ERRORS.get(data[6], "#N/A") if data[7] else bool(data[6]))
        elif data[12:14] != b"\xff\xff":
            self._number(row, column, style, struct.unpack_from("<d", data, 6)[0])
        elif data[6] in (1, 2):  # a formula's truth or error; its text comes in the record behind
            self._set(row, column, bool(data[8]) if data[6] == 1 else _ERRORS.get(data[8], "#N/A"))
        return row, column

    def _number(self, row: int, column: int, style: int, value: float) -> None:
        if style not in self.dates:
            self._set(row, column, value)
            return
        try:
            moment = from_excel(value, self.epoch)
        except (ValueError, OverflowError):
            moment = value
        if isinstance(moment, datetime.datetime) and moment.time() == datetime.time():
            moment = moment.date()
        self._set(row, column, month_text(moment) if style in self.months else moment)

    def _set(self, row: int, column: int, value: Any) -> None:
        if column >= MOST_COLUMNS:
            raise ValueError("a cell beyond the last column")
        self.grid.reach(row, column)
        self.grid.values[row][column] = value


_CELLS: Final = frozenset({_LABELSST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK, _FORMULA, _BOOLERR})


def _rk(short: int) -> float:
    """A number in 30 bits: an integer or the upper half of a float, perhaps a hundred times too large."""
    if short & 2:
        value: float = (short >> 2) - ((short & 0x80000000) >> 1)
    else:
        value = struct.unpack("<d", struct.pack("<II", 0, short & 0xFFFFFFFC))[0]
    return value / 100 if short & 1 else float(value)
