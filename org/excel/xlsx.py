"""An .xlsx as calamine reads it, and what calamine doesn't tell: hidden rows, errors, missing results.

calamine lays a sheet out as one dense block, so a stray cell in the last corner would take all memory: the
sheet's bytes are measured first, and calamine sees a package of measured parts only.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from html import unescape
from io import BytesIO
from typing import Any, Final
from xml.parsers import expat

from defusedxml import ElementTree
from openpyxl.utils import column_index_from_string
from python_calamine import load_workbook

from office.refusals import Refused
from office.uploads import inspect_xlsx
from org.excel.formats import month_only, month_text
from org.excel.grid import DAMAGED, Grid, Merge, SheetName, measure
from org.excel.sound import sound

MOST_OF_A_TREE: Final = 10 * 1024 * 1024
_REL: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_REL: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_TRUE: Final = frozenset({"1", "true", "on"})

_CELL: Final = rb"<(?:\w+:)?c\b"
_ANY_CELL: Final = re.compile(_CELL + rb"[\s/>]")
_UNUSUAL: Final = re.compile(rb'<c(?! r="[A-Z]\d{1,5}")')
_PLACES: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_COL: Final = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_ATTRIBUTE: Final = re.compile(rb"\b([a-z]+)\s*=\s*[\"']([^\"']*)[\"']")
_ERROR: Final = re.compile(_CELL + rb"[^>]*?\bt\s*=\s*([\"'])e\1[^>]*(?<!/)>.*?</(?:\w+:)?c>", re.DOTALL)
_NO_RESULT: Final = re.compile(
    _CELL + rb"([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
#: calamine makes room for as many texts as these attributes promise.
_SHARED: Final = re.compile(rb"<(\w+:)?sst\b[^>]*>")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_REFERENCE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")

_CONTENT_TYPES: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
)
_WORKBOOK: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<workbookPr date1904="{date1904:d}"/>'
    '<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_RELATION: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="{target}" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/></Relationships>'
)


class XlsxBook:
    """An .xlsx workbook. Raises ``Refused`` for one that is no sound, harmless workbook."""

    kind = "xlsx"

    def __init__(self, content: bytes) -> None:
        inspect_xlsx(BytesIO(content))
        self._content = content
        with sound(), zipfile.ZipFile(BytesIO(content)) as package:
            self._open(package)

    def _open(self, package: zipfile.ZipFile) -> None:
        names = {name.lower(): name for name in package.namelist()}
        rels = _relations(package, "_rels/.rels", "")
        main = next((target for kind, target in rels.values() if kind == "officeDocument"), "xl/workbook.xml")
        folder, _, file = main.rpartition("/")
        relations = _relations(package, f"{folder}/_rels/{file}.rels", folder)
        tree = ElementTree.fromstring(_small(package, main))
        self.date1904 = False
        self._parts: dict[str, str] = {}
        sheets: list[SheetName] = []
        for node in tree.iter():
            match node.tag.rpartition("}")[2]:
                case "workbookPr":
                    self.date1904 = node.get("date1904", "") in _TRUE
                case "sheet":
                    kind, target = relations.get(node.get(_REL) or node.get(_STRICT_REL) or "", ("", ""))
                    if kind == "worksheet" and target.lower() in names:
                        sheets.append(
                            SheetName(node.get("name", ""), node.get("state", "visible") != "visible")
                        )
                        self._parts[sheets[-1].name] = names[target.lower()]
        self.sheets = tuple(sheets)
        others = {kind: names.get(target.lower(), "") for kind, target in relations.values()}
        self._strings, self._styles = others.get("sharedStrings", ""), others.get("styles", "")

    def grid(self, name: str) -> Grid:
        """The cells of one sheet."""
        with sound():
            with zipfile.ZipFile(BytesIO(self._content)) as package:
                xml = package.read(self._parts[name])
                strings = package.read(self._strings) if self._strings else b""
                styles = _small(package, self._styles) if self._styles else b""
            return _grid(name, xml, strings, styles, date1904=self.date1904)


def _small(package: zipfile.ZipFile, part: str) -> bytes:
    """A part that is read as a whole tree: one of unusual size isn't honest."""
    if package.getinfo(part).file_size > MOST_OF_A_TREE:
        raise ValueError(f"{part} is too large")
    return package.read(part)


def _relations(package: zipfile.ZipFile, part: str, folder: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for node in ElementTree.fromstring(_small(package, part)).iter():
        if node.tag.rpartition("}")[2] == "Relationship":
            target = node.get("Target", "")
            path = (
                target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            )
            found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], path)
    return found


def _grid(name: str, xml: bytes, strings: bytes, styles: bytes, *, date1904: bool) -> Grid:
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ValueError("a sheet in UTF-16")
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    measure(name, *_extent(xml, start, end))
    package = BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("xl/workbook.xml", _WORKBOOK.format(date1904=date1904))
        archive.writestr("_rels/.rels", _RELATION.format(kind="officeDocument", target="xl/workbook.xml"))
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            _RELATION.format(kind="worksheet", target="worksheets/sheet1.xml"),
        )
        archive.writestr("xl/worksheets/sheet1.xml", xml)
        if strings:
            archive.writestr("xl/sharedStrings.xml", _SHARED.sub(rb"<\1sst>", strings))
        if styles:
            archive.writestr("xl/styles.xml", styles)
    package.seek(0)
    sheet = load_workbook(package).get_sheet_by_index(0)
    values: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    merges = tuple(
        Merge(top + 1, left, bottom + 1, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    grid = Grid(values, merges=merges, date1904=date1904)
    _hidden(grid, xml, start)
    _patch(grid, xml, styles, usual=start >= 0 and b"='" not in xml[:start])
    return grid


def _extent(xml: bytes, start: int, end: int) -> tuple[int, int]:
    """The last row and the number of columns, or more: within A1:Z99999 no cell is counted."""
    # Cells count wherever and under whatever prefix they stand. A colon is looked for first: it is fastest.
    if start < 0 or _ANY_CELL.search(xml, 0, start):
        return _walk(xml)
    if xml.find(b":", start, end) >= 0 and xml.find(b":c", start, end) >= 0:
        return _walk(xml)
    if not _UNUSUAL.search(xml, start, end):
        return 99_999, 26
    if xml.count(b"<c", start, end) != xml.count(b'<c r="', start, end):
        return _walk(xml)
    rows = columns = 0
    letters: set[bytes] = set()
    for found in _PLACES.finditer(xml, start, end):
        letters.add(found[1])
        rows = max(rows, int(found[2]))
    columns = max((column_index_from_string(letter.decode()) for letter in letters), default=0)
    return rows, columns


def _walk(xml: bytes) -> tuple[int, int]:
    """The extent of a sheet written in an unusual way, element by element."""
    at = [0, 0]
    most = [0, 0]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "row":
            at[:] = int(attributes.get("r", at[0] + 1)), 0
        elif local == "c":
            found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", attributes.get("r", ""))
            at[1] = column_index_from_string(found[1]) if found else at[1] + 1
            most[:] = max(most[0], at[0], int(found[2]) if found else 0), max(most[1], at[1])

    def refuse(*_: object) -> None:
        raise Refused(DAMAGED)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(xml, True)
    return most[0], most[1]


def _attributes(tag: bytes) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in _ATTRIBUTE.findall(tag)}


def _hidden(grid: Grid, xml: bytes, start: int) -> None:
    head = xml[:start] if start > 0 else xml
    for found in _COL.finditer(head):
        column = _attributes(found[0])
        if column.get("hidden") in _TRUE:
            first, last = int(column.get("min", 1)), int(column.get("max", 1))
            grid.hidden_columns |= set(range(first - 1, min(last, grid.width)))
    if xml.find(b"hidden", max(start, 0)) < 0:
        return
    number = 0
    for found in _ROW.finditer(xml):
        row = _attributes(found[0])
        number = int(row.get("r", number + 1))
        if row.get("hidden") in _TRUE:
            grid.hidden_rows.add(number)


def _patch(grid: Grid, xml: bytes, styles: bytes, *, usual: bool) -> None:
    """What stands in cells calamine leaves empty. ``usual``: tags without prefix, in double quotes."""
    if b't="e"' in xml or not usual:
        for found in _ERROR.finditer(xml):
            value = _VALUE.search(found[0])
            _set(grid, found[0], value[1].decode() if value else "#N/A")
    if b"</f>" in xml or not usual:
        for found in _NO_RESULT.finditer(xml):
            # A formula whose result is an empty text has t="str" and is empty indeed.
            if b'"str"' not in found[1]:
                _set(grid, found[0], "=" + unescape((found[2] or b"").decode()))
    if months := _month_styles(styles):
        wanted = b"|".join(str(index).encode() for index in months)
        for found in re.finditer(_CELL + rb"[^>]*?\bs\s*=\s*[\"'](?:" + wanted + rb")[\"'][^>]*>", xml):
            if place := _place(grid, found[0]):
                row, column = place
                grid.values[row][column] = month_text(grid.values[row][column])


def _place(grid: Grid, cell: bytes) -> tuple[int, int] | None:
    found = _REFERENCE.search(cell[: cell.find(b">")])
    if not found:
        return None
    row, column = int(found[2]) - 1, column_index_from_string(found[1].decode()) - 1
    grid.reach(row, column)
    return row, column


def _set(grid: Grid, cell: bytes, text: str) -> None:
    if place := _place(grid, cell):
        grid.values[place[0]][place[1]] = text


def _month_styles(styles: bytes) -> list[int]:
    """Cell styles that show a date without its day: 2023年9月."""
    if not styles:
        return []
    formats: dict[int, str] = {}
    found: list[int] = []
    for node in ElementTree.fromstring(styles).iter():
        local = node.tag.rpartition("}")[2]
        if local == "numFmt":
            formats[int(node.get("numFmtId", 0))] = node.get("formatCode", "")
        elif local == "cellXfs":
            for index, style in enumerate(child for child in node if child.tag.rpartition("}")[2] == "xf"):
                number = int(style.get("numFmtId", 0))
                if month_only(number, formats.get(number)):
                    found.append(index)
    return found
