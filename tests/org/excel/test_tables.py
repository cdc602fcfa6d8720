"""Every format an office sends, and a clear answer to the ones that can't be read."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from office.refusals import Refused
from org.excel.headers import CADRES
from org.excel.tables import read_table
from tests.org.excel import books, messy
from tests.org.excel.books import in_sheet, ods, ods_cell, ods_row, ole, repacked, table, text, xlsx
from tests.org.numbers import resident

FILES = Path(__file__).parent / "files"


def values(content: bytes, name: str) -> list[list[object]]:
    return [list(row) for row in read_table(content, name).values]


WRITTEN = text(table())
TEXTS = {
    "utf-8": WRITTEN.encode(),
    "utf-8-bom": WRITTEN.encode("utf-8-sig"),
    "utf-16": WRITTEN.encode("utf-16"),
    "utf-16-be": b"\xfe\xff" + WRITTEN.encode("utf-16-be"),
    "gbk": WRITTEN.encode("gbk"),
    "gb18030": WRITTEN.encode("gb18030"),
    "tabs": text(table(), "\t").encode(),
    "semicolons": text(table(), ";").encode("gbk"),
    "commas-inside": WRITTEN.replace(messy.UNIT, f'"{messy.UNIT}"').encode(),
    "kept-as-text": WRITTEN.replace(resident(0), f'="{resident(0)}"').encode(),
}


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_text_in_every_usual_encoding(content: bytes) -> None:
    assert values(content, "名单.csv") == table()
    assert values(content, "名单.TXT") == table()
    assert books.roster(content, "名单.csv").summary == {
        **{"rows": 2, "accepted": 2, "warned": 0, "held": 0, "rejected": 0}
    }


def test_rare_characters_need_gb18030() -> None:
    rows = [books.HEAD, ["𬀪思远", resident(0), messy.UNIT, "13800138000"]]
    assert values(text(rows).encode("gb18030"), "名单.csv") == rows


def test_a_line_break_inside_a_cell_is_one_row() -> None:
    content = '姓名,身份证号\r\n"秦一\r\n帆",1\r\n'.encode()
    assert values(content, "名单.csv") == [["姓名", "身份证号"], ["秦一\r\n帆", "1"]]


#: Every day of June 1980, hundredth person.
CUT = [f"110105198006{day:02}100" for day in range(1, 31)]


def test_a_number_cut_before_the_text_was_written_is_held() -> None:
    """A text file doesn't say what was a number: three noughts at the end may be what Excel left."""
    number = next(n for n in map(messy.numbered, CUT) if n.endswith("000"))
    (row,) = books.roster(text([books.HEAD, ["秦一帆", number, messy.UNIT, ""]]).encode(), "a.csv").rows
    assert (row.status, [problem.code for problem in row.problems]) == ("held", ["identity_maybe_cut"])
    (row,) = books.roster(xlsx([books.HEAD, ["秦一帆", number, messy.UNIT, ""]])).rows
    assert row.status == "accepted"


@pytest.mark.parametrize(
    ("born", "written", "codes"),
    [
        ("19801012", "1980.1", []),
        ("19800112", "1980.1", []),
        ("19800612", "1980.1", ["birth_differs"]),
        ("19811012", "1980.1", ["birth_differs"]),
    ],
)
def test_the_number_knows_whether_it_was_october(born: str, written: str, codes: list[str]) -> None:
    number = messy.numbered(f"110105{born}001")
    for value in (written, float(written)):
        rows: list[list[object]] = [["姓名", "身份证号", "出生年月"], ["秦一帆", number, value]]
        (row,) = books.roster(xlsx(rows)).rows
        assert [problem.code for problem in row.problems] == codes
        assert row.values["born_on"] == datetime.date.fromisoformat(born)


def test_january_or_october_of_a_text_is_held_too() -> None:
    """A mended file gives cells back as text: what was a number once isn't sure for being text now."""
    rows = [["姓名", "身份证号", "单位", "任职日期"], ["秦一帆", resident(0), messy.UNIT, "2023.1"]]
    (row,) = books.roster(xlsx(rows), layout=CADRES).rows
    assert [problem.code for problem in row.problems] == ["date_january_or_october"]


def test_opendocument() -> None:
    rest = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell'
    rest += ' table:number-columns-repeated="16384"/></table:table-row>'
    rows = [
        '<table:table-column table:number-columns-repeated="2"/>',
        '<table:table-column table:visibility="collapse"/>',
        ods_row(books.HEAD),
        '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>',
        ods_row(books.people()[0], ' table:visibility="filter"'),
        "<table:table-row>",
        *(ods_cell(value) for value in books.people()[1][:2]),
        ods_cell(messy.UNIT, ' table:number-rows-spanned="2" table:number-columns-repeated="1"'),
        "</table:table-row>",
        "<table:table-row>",
        *(ods_cell(value) for value in books.people(3)[2][:2]),
        "<table:covered-table-cell/></table:table-row>",
        rest,
    ]
    roster = books.roster(ods(("名单", "".join(rows)), ("空", "")), "名单.ods")
    assert [(row.number, row.values["name"], row.values["unit_id"]) for row in roster.rows] == [
        (4, "秦一帆", 1),
        (5, "尤思远", 1),
        (6, "许若水", 1),
    ]
    assert roster.blank == (2, 3)
    assert roster.notes == (
        "第 4 行被隐藏（共 1 行），已照常读取。",
        "隐藏的栏目也已读取：单位。",
        "只读取了工作表“名单”，没有读取：“空”。",
    )


def test_kinds_of_opendocument_cells() -> None:
    row = (
        '<table:table-row><table:table-cell office:value-type="date" office:date-value="2023-09-01">'
        "<text:p>2023年9月</text:p></table:table-cell>"
        '<table:table-cell office:value-type="date" office:date-value="2023-09-01T00:00:00">'
        "<text:p>2023-09-01</text:p></table:table-cell>"
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        '<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p>'
        '</table:table-cell><table:table-cell office:value-type="string"><office:annotation><text:p>批注'
        "</text:p></office:annotation><text:p>一<text:s text:c='2'/>二</text:p><text:p>三</text:p>"
        '</table:table-cell><table:table-cell table:formula="of:=VLOOKUP(1)"/></table:table-row>'
    )
    (read,) = read_table(ods(("表", row)), "a.ods").rows
    assert [(cell.kind, cell.text) for cell in read.cells] == [
        ("text", "2023年9月"),
        ("date", "2023-09-01"),
        ("bool", "TRUE"),
        ("error", "#N/A"),
        ("text", "一  二\n三"),
        ("text", "=VLOOKUP(1)"),
    ]


def test_kinds_of_xlsx_cells() -> None:
    def change(book: Workbook) -> None:
        sheet = book.active
        sheet["B1"] = datetime.date(2023, 9, 1)
        sheet["C1"] = datetime.date(2023, 9, 1)
        sheet["C1"].number_format = 'yyyy"年"m"月";@'
        sheet["D1"] = datetime.datetime(2023, 9, 1, 8, 30)  # noqa: DTZ001 - a cell has no zone
        sheet["E1"], sheet["F1"], sheet["G1"] = True, "=A1&A1", "#N/A"
        sheet["H1"], sheet["I1"] = 110105199003071976, "#DIV/0!"
        sheet["J1"] = datetime.date(2023, 9, 1)
        sheet["J1"].number_format = "yyyy/m/d"

    (row,) = read_table(xlsx([["’text "]], change), "a.xlsx").rows
    assert [(cell.kind, cell.text) for cell in row.cells] == [
        ("text", "’text "),
        ("date", "2023-09-01"),
        ("text", "2023年9月"),
        ("date", "2023-09-01 08:30"),
        ("bool", "TRUE"),
        ("text", "=A1&A1"),
        ("error", "#N/A"),
        ("number", "1.10105E+17"),
        ("error", "#DIV/0!"),
        ("date", "2023-09-01"),
    ]


def test_a_formula_gives_its_last_result() -> None:
    content = in_sheet(xlsx([[1, "=A1+1"]]), b"<f>A1+1</f><v></v>", b"<f>A1+1</f><v>2</v>")
    assert values(content, "a.xlsx") == [[1.0, 2.0]]


def test_the_days_of_1904() -> None:
    def change(book: Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904
        book.active.append(["秦一帆", resident(0), messy.UNIT, datetime.date(2023, 9, 1)])
        book.active.append(["尤思远", resident(1), messy.UNIT, 43708])

    content = xlsx([["姓名", "身份证号", "单位", "出生年月"]], change)
    roster = books.roster(content)
    assert [row.raw["born_on"] for row in roster.rows] == ["2023-09-01", "43708"]
    assert [row.normalised.get("born_on") for row in roster.rows] == [None, ["43708", "2023-09-01"]]


def test_an_old_workbook() -> None:
    """The .xls was written by LibreOffice from ``books.old_workbook()``, which calculated its formulas."""
    table = read_table((FILES / "old.xls").read_bytes(), "名单.xls")
    source = read_table(books.old_workbook(), "名单.xlsx")
    rows = [[*row, *[""] * (6 - len(row))] for row in source.values]
    rows[3][5], rows[4][5] = True, "ab"
    assert [[*row, *[""] * (6 - len(row))] for row in table.values] == rows
    assert (table.merges, table.sheets, table.hidden_sheets) == (
        *(source.merges, source.sheets, source.hidden_sheets),
    )
    assert (table.hidden_rows, table.hidden_columns) == (frozenset({6}), frozenset({5}))
    assert [list(row.values[:1]) for row in table.rows[-3:]] == [[text] for text in books.LONG]


def test_an_old_workbook_is_judged_like_any_other() -> None:
    roster = books.roster((FILES / "old.xls").read_bytes(), "名单.xls", CADRES)
    assert [(row.number, row.status, row.values["unit_id"]) for row in roster.rows[:4]] == [
        (3, "accepted", 1),
        (4, "accepted", 1),
        (5, "rejected", 1),
        (6, "accepted", 1),
    ]
    assert [problem.code for problem in roster.rows[2].problems] == ["cell_error", "date_serial"]
    assert roster.rows[0].values["appointed_precision"] == "month"


def test_the_sheet_with_the_list_is_found() -> None:
    def change(book: Workbook) -> None:
        book.create_sheet("隐藏", 0).append(books.HEAD)
        book["隐藏"].sheet_state = "hidden"
        book.create_sheet("说明", 0).append(["请先看说明"])

    roster = books.roster(xlsx(table(), change))
    assert (roster.sheet, len(roster.rows)) == ("Sheet", 2)
    assert roster.notes == ("只读取了工作表“Sheet”，没有读取：“说明”、“隐藏”。",)


def test_a_sheet_that_is_not_there() -> None:
    with pytest.raises(Refused, match="文件里没有工作表“二月”，只有“Sheet”。"):
        read_table(xlsx(table()), "a.xlsx", sheet="二月")


def far(reference: bytes) -> bytes:
    cell = b'<row r="9"><c r="%s"><v>1</v></c></row></sheetData>' % reference
    return in_sheet(xlsx(table()), b"</sheetData>", cell)


def old(change: Callable[[bytearray], None]) -> bytes:
    content = bytearray((FILES / "old.xls").read_bytes())
    change(content)
    return bytes(content)


def beyond_the_last_column(content: bytearray) -> None:
    """A cell of row 6, column 3 moved to column 60,000."""
    at = content.index(struct.pack("<HHHH", 0xFD, 10, 5, 3))
    content[at + 6 : at + 8] = struct.pack("<H", 60_000)


def locked(content: bytearray) -> None:
    at = content.index(struct.pack("<HH", 0x42, 2))  # the code page, whose place FILEPASS takes
    content[at : at + 2] = struct.pack("<H", 0x2F)


def with_a_project(content: bytearray) -> None:
    """The stream of the file's properties called what a project of macros is called."""
    at = content.index("\x05SummaryInformation".encode("utf-16-le"))
    content[at : at + 66] = "_VBA_PROJECT".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 26)


def laughs() -> bytes:
    bad = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    return repacked(xlsx(table()), lambda name, part: bad if name.endswith("sheet1.xml") else part)


#: Entities that unfold to a billion words, and one that is read from the disk.
BILLION = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS_ODS = f'<!DOCTYPE w [<!ENTITY a0 "ha">{BILLION}]>'
EXTERNAL_ODS = '<!DOCTYPE w [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'
A9 = ods_row(["x"]).replace("x", "&a9;")
OVERLAID_ODS = ods_cell("x", ' table:number-rows-spanned="100000"') * 50


def with_macros() -> bytes:
    return repacked(xlsx(table()), lambda _, part: part, **{"xl/vbaProject.bin": b"x" * 100})


WIDE_ODS = (
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
    'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>'
)
BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("a.xlsx", lambda: b"", "这个文件是空的"),
    "password": ("a.xlsx", lambda: ole("EncryptedPackage"), "设了打开密码"),
    "password-xls": ("a.xls", lambda: ole("EncryptedPackage"), "设了打开密码"),
    "password-ods": ("a.ods", lambda: ods(("表", ""), manifest="<encryption-data/>"), "设了打开密码"),
    "macros": ("a.xlsx", with_macros, "带有宏"),
    "macros-xls": ("a.xls", lambda: old(with_a_project), "带有宏"),
    "xlsm": ("a.xlsm", with_macros, "带宏的工作簿"),
    "et": ("a.et", lambda: ole("Workbook"), "WPS 表格格式"),
    "password-old-xls": ("a.xls", lambda: old(locked), "设了打开密码"),
    "far-xls": ("a.xls", lambda: old(beyond_the_last_column), "损坏"),
    "cut-xls": ("a.xls", lambda: (FILES / "old.xls").read_bytes()[:9000], "损坏"),
    "damaged": ("a.xlsx", lambda: xlsx(table())[:3000], "损坏"),
    "damaged-xls": ("a.xls", lambda: ole("Workbook"), "损坏"),
    "damaged-ods": ("a.ods", lambda: ods(("表", "<table:table-row>")), "损坏"),
    "half-a-sheet": (
        "a.xlsx",
        lambda: repacked(xlsx(table()), lambda n, p: p[:500] if n.endswith("sheet1.xml") else p),
        "损坏",
    ),
    "entities": ("a.xlsx", laughs, "损坏"),
    "entities-ods": ("a.ods", lambda: ods(("表", A9), doctype=LAUGHS_ODS), "损坏"),
    "external-ods": ("a.ods", lambda: ods(("表", A9), doctype=EXTERNAL_ODS), "损坏"),
    "overlaid-merges": (
        "a.ods",
        lambda: ods(("表", f"<table:table-row>{OVERLAID_ODS}</table:table-row>" * 50)),
        "损坏",
    ),
    "xls-as-xlsx": ("a.xlsx", lambda: ole("Workbook"), "旧版 Excel"),
    "xlsx-as-xls": ("a.xls", lambda: xlsx(table()), "改名不能转换格式"),
    "xlsx-as-csv": ("a.csv", lambda: xlsx(table()), "改名不能转换格式"),
    "ods-as-xls": ("a.xls", lambda: ods(("表", "")), "改名不能转换格式"),
    "web-as-xls": ("a.xls", lambda: b"<html><table></table></html>", "文本或网页"),
    "web-as-csv": ("a.csv", lambda: b"<html><table></table></html>", "网页表格"),
    "csv-as-xlsx": ("a.xlsx", lambda: WRITTEN.encode(), "改名不能转换格式"),
    "no-encoding": ("a.csv", lambda: b"\xff\x80\x81,\xff", "认不出这个文本文件的编码"),
    "picture": ("a.png", lambda: b"\x89PNG\r\n\x1a\n", "不能上传这种文件"),
    "far-cell": ("a.xlsx", lambda: far(b"XFD1048576"), "第 1048576 行、第 16384 列还有内容"),
    "far-column": ("a.xlsx", lambda: far(b"XFD149999"), "第 149999 行、第 16384 列还有内容"),
    "far-row": ("a.xlsx", lambda: far(b"A1000000"), "第 1000000 行"),
    "wide-ods": ("a.ods", lambda: ods(("表", WIDE_ODS)), "太大"),
    "no-header": ("a.xlsx", lambda: xlsx([["甲", "乙"], [1, 2]]), "没有找到报名表的表头"),
}


@pytest.mark.parametrize(("name", "make", "answer"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_read(name: str, make: Callable[[], bytes], answer: str) -> None:
    with pytest.raises(Refused) as refused:
        books.roster(make(), name)
    assert answer in str(refused.value)
    assert "\n" not in str(refused.value)


def test_too_large(settings) -> None:
    content = xlsx(table())
    settings.UPLOAD_MAX_BYTES = len(content)
    assert len(books.roster(content).rows) == 2
    settings.UPLOAD_MAX_BYTES = len(content) - 1
    with pytest.raises(Refused, match="上限"):
        books.roster(content)


@pytest.mark.parametrize(
    "written",
    [
        b'<row r="9"><c t="n"><v>1</v></c><c><v>2</v></c></row>',
        b"<row r='9'><c r='A9'><v>1</v></c><c r='B9'><v>2</v></c></row>",
        b'<row r="9"><c  s="0" r="A9"><v>1</v></c><c r="B9"><v>2</v></c></row>',
    ],
    ids=["without-references", "single-quotes", "attributes-in-another-order"],
)
def test_unusual_ways_to_write_a_cell(written: bytes) -> None:
    content = in_sheet(xlsx(table()), b"</sheetData>", written + b"</sheetData>")
    assert values(content, "a.xlsx")[8][:2] == [1.0, 2.0]


@pytest.mark.parametrize(
    "written",
    [
        b'<row r="9"><c\nr="XFD1048576"><v>1</v></c></row>',
        b"<row r='9'><c r='XFD1048576'><v>1</v></c></row>",
        b'<row r="9"><c s="0" r="XFD1048576"><v>1</v></c></row>',
        b'<x:row r="9"><x:c r="XFD1048576"><v>1</v></x:c></x:row>',
    ],
    ids=["line-break", "single-quotes", "other-order", "prefix"],
)
def test_no_way_of_writing_hides_a_far_cell(written: bytes) -> None:
    content = in_sheet(xlsx(table()), b"</sheetData>", written + b"</sheetData>")
    with pytest.raises(Refused, match="第 1048576 行"):
        books.roster(content)


def test_a_second_table_of_cells_before_the_first_is_measured() -> None:
    far_row = b'<row r="9"><c r="XFD1048576"><v>1</v></c></row>'
    before = b'<x:sheetData xmlns:x="urn:x">' + far_row + b"</x:sheetData><sheetData>"
    content = in_sheet(xlsx(table()), b"<sheetData>", before)
    with pytest.raises(Refused, match="第 1048576 行"):
        books.roster(content)


def test_promises_of_size_are_not_believed() -> None:
    """calamine makes room for what these attributes promise; two terabytes end the process."""
    strings = "".join(f"<si><t>{value}</t></si>" for row in table() for value in row)
    shared = f'<sst count="99999999999" uniqueCount="99999999999">{strings}</sst>'.encode()
    relation = (
        b'<Relationship Id="rId9" Target="sharedStrings.xml" Type="http://schemas.openxmlformats.org/'
        b'officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    rows = "".join(
        f'<row r="{row + 1}">'
        + "".join(f'<c r="{"ABCD"[n]}{row + 1}" t="s"><v>{row * 4 + n}</v></c>' for n in range(4))
        + "</row>"
        for row in range(3)
    ).encode()

    def change(name: str, part: bytes) -> bytes | None:
        if name.endswith("sharedStrings.xml"):
            return None
        if name.endswith("workbook.xml.rels"):
            return part.replace(b"</Relationships>", relation)
        if name.endswith("sheet1.xml"):
            start, end = part.index(b"<sheetData>"), part.index(b"</sheetData>")
            return part[: start + 11] + rows + part[end:]
        return part

    content = repacked(xlsx(table()), change, **{"xl/sharedStrings.xml": shared})
    assert values(content, "a.xlsx") == table()
