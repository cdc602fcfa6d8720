"""Files as senders' programs write them, for the tests of reading."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from openpyxl import Workbook

from org.excel.headers import ROSTER, Layout
from org.excel.roster import Roster, read_roster
from tests.org.excel import messy
from tests.org.numbers import resident

HEAD = ["姓名", "身份证号", "单位", "手机"]


#: Longer than one record of an .xls holds, in wide and in narrow characters.
LONG = ["长" * 2500, "long" * 1500, "久" * 3000]


def people(count: int = 2) -> list[list[Any]]:
    names = ("秦一帆", "尤思远", "许若水", "何云舒")
    return [[names[n % 4], resident(n), messy.UNIT, f"1380013800{n % 10}"] for n in range(count)]


def table() -> list[list[Any]]:
    return [HEAD, *people()]


def saved(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(rows: Sequence[Sequence[Any]], change: Callable[[Workbook], None] | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    if change:
        change(book)
    return saved(book)


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None], **extra: bytes) -> bytes:
    """The package with parts changed, dropped (None) or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in extra.items():
            new.writestr(name, part)
    return out.getvalue()


def in_sheet(content: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with other bytes in its first sheet."""

    def change(name: str, part: bytes) -> bytes:
        if not name.endswith("sheet1.xml"):
            return part
        assert old in part
        return part.replace(old, new)

    return repacked(content, change)


def old_workbook() -> bytes:
    """What ``files/old.xls`` was made of, by LibreOffice: ``soffice --convert-to xls``."""

    def change(book: Workbook) -> None:
        sheet = book.active
        sheet.title = "名单"
        sheet["C4"] = None
        sheet.merge_cells("C3:C4")
        sheet["D5"] = "#N/A"
        sheet["E3"], sheet["E4"] = datetime.date(2023, 9, 1), datetime.date(2023, 9, 1)
        sheet["E3"].number_format = 'yyyy"年"m"月"'
        sheet["E5"], sheet["E6"] = 45170, 2023.9
        for at, value in (("F3", True), ("F4", "=1=1"), ("F5", '="a"&"b"'), ("F6", -12.34)):
            sheet[at] = value
        sheet.row_dimensions[6].hidden = True
        sheet.column_dimensions["F"].hidden = True
        for text in LONG:
            sheet.append([text])
        book.create_sheet("藏").sheet_state = "hidden"

    return xlsx([["某班名单"], [*HEAD, "任职日期", "住宿"], *people(4)], change)


def text(rows: Sequence[Sequence[Any]], separator: str = ",") -> str:
    return "".join(separator.join(map(str, row)) + "\r\n" for row in rows)


def ods_cell(value: Any, more: str = "") -> str:
    if value is None:
        return f"<table:table-cell{more}/>"
    if isinstance(value, (int, float)):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}{more}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def ods_row(values: Sequence[Any], more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(map(ods_cell, values))}</table:table-row>"


def ods(*tables: tuple[str, str], manifest: str = "", doctype: str = "") -> bytes:
    """An OpenDocument spreadsheet of sheets given as (name, rows)."""
    names = {
        "office": "office:1.0",
        "table": "table:1.0",
        "text": "text:1.0",
        "style": "style:1.0",
    }
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}"' for short, name in names.items()
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = "".join(f"<table:table table:name={quoteattr(name)}>{rows}</table:table>" for name, rows in tables)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<office:document-content {spaces} {calc}>'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return out.getvalue()


def ole(*streams: str) -> bytes:
    """An OLE container that names streams in its directory."""
    sectors = b""
    for stream in streams:
        name = stream.encode("utf-16-le")
        sector = bytearray(128)
        sector[: len(name)] = name
        sector[64:66] = (len(name) + 2).to_bytes(2, "little")
        sectors += bytes(sector)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + sectors + bytes(1024)


def roster(content: bytes, name: str = "名单.xlsx", layout: Layout = ROSTER, **more: Any) -> Roster:
    return read_roster(content, name, layout=layout, today=messy.TODAY, units=messy.units, **more)
