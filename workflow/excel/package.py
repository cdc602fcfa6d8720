"""An uploaded workbook as cells, in one bounded pass over its parts.

openpyxl gives either a formula or its last result, and without hidden rows and merges when it streams; a
preview needs all four, of files strangers made. So the parts are read with expat: no entity is ever
expanded, memory holds filled cells only, and a sheet beyond the limits is refused while it is being read.
"""

from __future__ import annotations

import datetime
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import IO, Final, NamedTuple
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904, WINDOWS_EPOCH, from_excel

from office.refusals import Refused
from office.uploads import inspect_xlsx

#: What a plan workbook may hold; an office's own has a few hundred rows.
MOST_ROWS: Final = 150_000
MOST_CELLS: Final = 400_000
MOST_SHEETS: Final = 50

DAMAGED = (
    "这个工作簿打不开：内部已损坏或不完整。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
)
TOO_LARGE = (
    "“{sheet}”中带格式的单元格太多（超过 {rows} 行或 {cells} 格）。"
    "请选中表格下方的空行，右键删除，保存后再上传。"
)

TEXT, NUMBER, DATE, BOOLEAN, ERROR, NO_RESULT = "text", "number", "date", "boolean", "error", "no_result"


class Cell(NamedTuple):
    """A filled cell. ``text`` is what stands in it; ``value`` a Decimal, a date or a bool where it is one.

    ``kind`` NO_RESULT: a formula that was never calculated; ``text`` is the formula then.
    ``whole_month``: a date shown without its day.
    """

    kind: str
    text: str
    value: Decimal | datetime.date | bool | None = None
    formula: bool = False
    whole_month: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet of the workbook, its cells not read yet."""

    name: str
    part: str
    hidden: bool


@dataclass
class Grid:
    """The filled cells of a sheet: ``rows[row][column]``, both from 1; merges as (first row, first column,
    last row, last column); hidden columns as (first, last)."""

    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    last_row: int = 0


class _Enough(Exception):  # noqa: N818 - no error: the part that was asked for has been read
    """Stops the parser."""


def address(row: int, column: int) -> str:
    """``C7``."""
    return f"{get_column_letter(column)}{row}"


class Package:
    """An open workbook. Use :func:`opened`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._strings: list[str] | None = None
        self._epoch = WINDOWS_EPOCH
        self.sheets = self._read_workbook()
        self._styles = self._read_styles()

    def grid(self, sheet: Sheet, *, rows: int | None = None) -> Grid:
        """The cells of ``sheet``, of its first ``rows`` rows only where given.

        Raises :class:`Refused` for a sheet beyond the limits.
        """
        reader = _SheetReader(sheet.name, self._shared(), self._styles, self._epoch, rows)
        with suppress(_Enough):
            self._parse(sheet.part, reader.start, reader.end, reader.characters)
        return reader.grid

    def weight(self) -> int:
        """Bytes of all sheets unpacked: what opening the whole file with openpyxl would cost."""
        return sum(
            info.file_size
            for info in self._archive.infolist()
            if info.filename.startswith("xl/worksheets/") or info.filename.endswith("sharedStrings.xml")
        )

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        characters: Callable[[str], None] | None = None,
    ) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = start
        if end is not None:
            parser.EndElementHandler = end
        if characters is not None:
            parser.CharacterDataHandler = characters
        with self._archive.open(part) as stream:
            parser.ParseFile(stream)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, part it leads to)."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag.endswith(" Relationship") and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, attributes["Target"])).lstrip("/")
                found[attributes["Id"]] = (attributes["Type"].rpartition("/")[2], target)

        self._parse(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _read_workbook(self) -> list[Sheet]:
        roots = self._relations("")
        workbook = next(
            (part for kind, part in roots.values() if kind == "officeDocument"), "xl/workbook.xml"
        )
        relations = self._relations(workbook)
        self._string_part = next((part for kind, part in relations.values() if kind == "sharedStrings"), None)
        self._style_part = next((part for kind, part in relations.values() if kind == "styles"), None)
        sheets: list[Sheet] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            local = tag.rpartition(" ")[2]
            if local == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self._epoch = CALENDAR_MAC_1904
            elif local == "sheet":
                key = next((value for name, value in attributes.items() if name.endswith(" id")), "")
                kind, part = relations.get(key, ("", ""))
                if kind == "worksheet":
                    sheets.append(
                        Sheet(attributes["name"], part, attributes.get("state", "visible") != "visible")
                    )

        self._parse(workbook, start)
        if len(sheets) > MOST_SHEETS:
            raise Refused(f"工作簿里有 {len(sheets)} 张工作表，请只保留申报表后再上传。")
        return sheets

    def _read_styles(self) -> list[str]:
        """The number format of each cell style; the empty string for one that isn't a date's."""
        if self._style_part is None:
            return []
        own: dict[int, str] = {}
        formats: list[str] = []
        inside = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            local = tag.rpartition(" ")[2]
            if local == "numFmt":
                own[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif local == "cellXfs":
                inside = True
            elif local == "xf" and inside:
                number = int(attributes.get("numFmtId", 0))
                # 27–36 and 50–58 are East Asian dates that have no code in the file.
                asian = "yyyy年m月" if number in {27, 36, 50, 52, 54, 57} else "yyyy年m月d日"
                code = own.get(number) or BUILTIN_FORMATS.get(
                    number, asian if 27 <= number <= 36 or 50 <= number <= 58 else ""
                )
                formats.append(code if code and is_date_format(code) else "")

        def end(tag: str) -> None:
            nonlocal inside
            if tag.endswith(" cellXfs"):
                inside = False

        self._parse(self._style_part, start, end)
        return formats

    def _shared(self) -> list[str]:
        if self._strings is None:
            self._strings = self._read_strings(self._string_part) if self._string_part else []
        return self._strings

    def _read_strings(self, part: str) -> list[str]:
        strings: list[str] = []
        parts: list[str] = []
        wanted = phonetic = False

        def start(tag: str, _attributes: dict[str, str]) -> None:
            nonlocal wanted, phonetic
            local = tag.rpartition(" ")[2]
            if local == "t":
                wanted = not phonetic
            elif local == "si":
                parts.clear()
            elif local == "rPh":
                phonetic = True

        def end(tag: str) -> None:
            nonlocal wanted, phonetic
            local = tag.rpartition(" ")[2]
            if local == "t":
                wanted = False
            elif local == "si":
                strings.append(_unescaped("".join(parts)))
            elif local == "rPh":
                phonetic = False

        def characters(text: str) -> None:
            if wanted:
                parts.append(text)

        self._parse(part, start, end, characters)
        return strings


class _SheetReader:
    """The handlers of one sheet. Filled cells are kept, everything else is counted and dropped."""

    def __init__(
        self,
        name: str,
        strings: list[str],
        styles: list[str],
        epoch: datetime.datetime,
        rows: int | None,
    ) -> None:
        self.grid = Grid()
        self._name, self._strings, self._styles, self._epoch, self._stop = name, strings, styles, epoch, rows
        self._columns: dict[str, int] = {}
        self._seen_rows = self._seen_cells = 0
        self._row = self._column = 0
        self._kind = self._style = ""
        self._text: list[str] | None = None
        self._value: list[str] = []
        self._formula: list[str] | None = None
        self._phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        if local == "c":
            self._seen_cells += 1
            if self._seen_cells > MOST_CELLS:
                self._refuse()
            reference = attributes.get("r")
            self._column = self._number(reference) if reference else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._value, self._formula = [], None
        elif local == "v" or (local == "t" and not self._phonetic):
            self._text = self._value
        elif local == "f":
            self._formula = self._text = []
        elif local == "row":
            self._start_row(attributes)
        elif local == "rPh":
            self._phonetic = True
        elif local == "col":
            if attributes.get("hidden") in {"1", "true"}:
                self.grid.hidden_columns.append((int(attributes["min"]), int(attributes["max"])))
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def end(self, tag: str) -> None:
        local = tag.rpartition(" ")[2]
        if local in {"v", "t", "f"}:
            self._text = None
        elif local == "c":
            if self._value or self._formula is not None:
                cell = self._cell()
                if cell is not None:
                    self.grid.rows.setdefault(self._row, {})[self._column] = cell
        elif local == "rPh":
            self._phonetic = False

    def characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._seen_rows += 1
        number = attributes.get("r")
        self._row = int(number) if number else self._row + 1
        self._column = 0
        if self._stop is not None and self._row > self._stop:
            raise _Enough
        if self._seen_rows > MOST_ROWS:
            self._refuse()
        self.grid.last_row = max(self.grid.last_row, self._row)
        if attributes.get("hidden") in {"1", "true"}:
            self.grid.hidden_rows.add(self._row)

    def _refuse(self) -> None:
        raise Refused(TOO_LARGE.format(sheet=self._name, rows=MOST_ROWS, cells=MOST_CELLS))

    def _number(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        number = self._columns.get(letters)
        if number is None:
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - 64
            self._columns[letters] = number
        return number

    def _merge(self, reference: str) -> None:
        found = re.fullmatch(r"([A-Z]+)(\d+):([A-Z]+)(\d+)", reference)
        if found:
            first, top, last, bottom = found.groups()
            self.grid.merges.append((int(top), self._number(first), int(bottom), self._number(last)))

    def _cell(self) -> Cell | None:
        raw = "".join(self._value)
        formula = self._formula is not None
        match self._kind:
            case "s":
                return _text(self._strings[int(raw)], formula) if raw else None
            case "str" | "inlineStr":
                return _text(_unescaped(raw), formula) if raw or not formula else Cell(TEXT, "", formula=True)
            case "b":
                return Cell(BOOLEAN, "是" if raw == "1" else "否", raw == "1", formula)
            case "e":
                return Cell(ERROR, raw or "#N/A", formula=formula)
            case "d":
                return _date(datetime.datetime.fromisoformat(raw.rstrip("Z")), "", formula)
        if not raw:
            return Cell(NO_RESULT, "=" + "".join(self._formula or ()), formula=True) if formula else None
        return self._numeric(raw, formula)

    def _numeric(self, raw: str, formula: bool) -> Cell:
        try:
            value = Decimal(raw)
        except InvalidOperation:
            return Cell(TEXT, raw, formula=formula)
        if not value.is_finite():
            return Cell(ERROR, raw, formula=formula)
        style = self._styles[int(self._style)] if self._style and self._styles else ""
        if style:
            try:
                return _date(from_excel(float(value), self._epoch), style, formula)
            except (ValueError, OverflowError):
                return Cell(ERROR, raw, formula=formula)
        return Cell(NUMBER, plain(value), value, formula)


def _text(text: str, formula: bool) -> Cell | None:
    return Cell(TEXT, text, formula=formula) if text.strip() else None


def _date(moment: object, style: str, formula: bool) -> Cell:
    if isinstance(moment, datetime.datetime):
        day = moment.date()
        shown = re.sub(r"\[[^\]]*\]|\"[^\"]*\"", "", style).lower()
        month = bool(shown) and "d" not in shown and "日" not in shown and "m" in shown and "h" not in shown
        text = f"{day.year}年{day.month}月" if month else f"{day.year}年{day.month}月{day.day}日"
        return Cell(DATE, text, day, formula, month)
    return Cell(TEXT, str(moment), formula=formula)


def plain(value: Decimal) -> str:
    """A number as one would type it: no exponent, no zeros behind, 15 digits like Excel's own."""
    rounded = +value if value == value.to_integral_value() else Decimal(f"{value:.15g}")
    return format(rounded.normalize(), "f")


def _unescaped(text: str) -> str:
    """Excel writes control characters as ``_x000D_``."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def _refuse_doctype(*_arguments: object) -> None:
    raise Refused(DAMAGED)


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Package]:
    """The workbook in ``file``. Raises :class:`Refused` for whatever isn't a sound, harmless .xlsx."""
    inspect_xlsx(file)
    try:
        with zipfile.ZipFile(file) as archive:
            yield Package(archive)
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        IndexError,
        ValueError,
        EOFError,
        NotImplementedError,
    ) as error:
        raise Refused(DAMAGED) from error
