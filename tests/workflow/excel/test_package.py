"""The parts of a workbook as other programs write them: shared strings, rich text, odd references, dates."""

from __future__ import annotations

import datetime
import io
import zipfile
from decimal import Decimal

import pytest

from office.refusals import Refused
from workflow.excel.package import DATE, ERROR, NO_RESULT, NUMBER, TEXT, Cell, Grid, opened

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACK = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
FORMATS = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 170, 57, 31))
STYLES = (
    f'<styleSheet {NS}><numFmts><numFmt numFmtId="170" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/>'
    f'</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{FORMATS}</cellXfs></styleSheet>'
)


def packed(
    sheet: str, *, strings: str = "", workbook: str = "", target: str = "worksheets/sheet1.xml"
) -> io.BytesIO:
    """A workbook of one sheet, written part by part."""
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships {PACK}><Relationship Id="r1" Type="{KIND}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": workbook
        or f'<workbook {NS} {REL}><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {PACK}>"
        f'<Relationship Id="r1" Type="{KIND}/worksheet" Target="{target}"/>'
        f'<Relationship Id="r2" Type="{KIND}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        f'<Relationship Id="r3" Type="{KIND}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f"<sst {NS}>{strings}</sst>",
        "xl/worksheets/sheet1.xml": sheet,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, text in parts.items():
            package.writestr(name, text)
    file.seek(0)
    return file


def grid(rows: str, *, strings: str = "", workbook: str = "", target: str = "worksheets/sheet1.xml") -> Grid:
    sheet = f"<worksheet {NS}><sheetData>{rows}</sheetData></worksheet>"
    with opened(packed(sheet, strings=strings, workbook=workbook, target=target)) as package:
        return package.grid(package.sheets[0])


def row(*cells: str) -> dict[int, Cell]:
    return grid(f'<row r="1">{"".join(cells)}</row>').rows.get(1, {})


def test_shared_strings_rich_text_and_their_phonetics() -> None:
    strings = (
        "<si><t>班次名称</t></si>"
        "<si><r><t>工会</t></r><r><rPr><b/></rPr><t xml:space='preserve'> 信息员</t></r>"
        "<rPh sb='0' eb='2'><t>gonghui</t></rPh></si>"
        "<si><t>一行_x000D_二</t></si><si><t> </t></si>"
    )
    cells = "".join(f'<c r="{letter}1" t="s"><v>{n}</v></c>' for n, letter in enumerate("ABCD"))
    found = grid(f'<row r="1">{cells}</row>', strings=strings).rows[1]
    assert {column: cell.text for column, cell in found.items()} == {
        1: "班次名称",
        2: "工会 信息员",
        3: "一行\r二",
    }


def test_cells_without_references_follow_one_another() -> None:
    found = grid('<row><c t="str"><v>甲</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>')
    assert {(r, c): cell.text for r, cells in found.rows.items() for c, cell in cells.items()} == {
        (1, 1): "甲",
        (1, 3): "3",
        (2, 1): "4",
    }


def test_what_a_cell_is() -> None:
    found = row(
        '<c r="A1"><f>1+1</f><v>2</v></c>',
        '<c r="B1"><f>X()</f></c>',
        '<c r="C1" t="str"><f>A()</f><v>好</v></c>',
        '<c r="D1" t="str"><f>A()</f></c>',
        '<c r="E1" t="e"><v>#REF!</v></c>',
        '<c r="F1" t="b"><v>1</v></c>',
        '<c r="G1" t="d"><v>2027-06-21T00:00:00Z</v></c>',
        '<c r="H1" s="1"><v>46559</v></c>',
        '<c r="I1" s="2"><v>46539</v></c>',
        '<c r="J1" s="3"><v>46539</v></c>',
        '<c r="K1" s="4"><v>46539</v></c>',
        '<c r="L1"><v>1E-2</v></c>',
        '<c r="M1"><v>NaN</v></c>',
        '<c r="N1"><v>abc</v></c>',
        '<c r="O1" s="1"><v>99999999</v></c>',
        '<c r="AA1" t="inlineStr"><is><t>内联</t></is></c>',
    )
    june = datetime.date(2027, 6, 1)
    assert found == {
        1: Cell(NUMBER, "2", Decimal(2), formula=True),
        2: Cell(NO_RESULT, "=X()", formula=True),
        3: Cell(TEXT, "好", formula=True),
        4: Cell(TEXT, "", formula=True),
        5: Cell(ERROR, "#REF!"),
        6: Cell("boolean", "是", True),
        7: Cell(DATE, "2027年6月21日", datetime.date(2027, 6, 21)),
        8: Cell(DATE, "2027年6月21日", datetime.date(2027, 6, 21)),
        9: Cell(DATE, "2027年6月", june, whole_month=True),
        10: Cell(DATE, "2027年6月", june, whole_month=True),
        11: Cell(DATE, "2027年6月1日", june),
        12: Cell(NUMBER, "0.01", Decimal("0.01")),
        13: Cell(ERROR, "NaN"),
        14: Cell(TEXT, "abc"),
        15: Cell(ERROR, "99999999"),
        27: Cell(TEXT, "内联"),
    }


def test_prefixed_names_absolute_targets_and_the_calendar_of_1904() -> None:
    workbook = (
        f'<x:workbook xmlns:x="{NS[7:-1]}" {REL}><x:workbookPr date1904="1"/>'
        '<x:sheets><x:sheet name="表" sheetId="1" r:id="r1" state="hidden"/></x:sheets></x:workbook>'
    )
    found = grid(
        '<row r="1"><c r="A1" s="1"><v>45097</v></c></row>',
        workbook=workbook,
        target="/xl/worksheets/sheet1.xml",
    )
    assert found.rows[1][1].value == datetime.date(2027, 6, 21)


def test_hidden_rows_and_columns_and_merges_are_kept() -> None:
    sheet = (
        f'<worksheet {NS}><cols><col min="2" max="3" hidden="1"/></cols><sheetData>'
        '<row r="2" hidden="1"><c r="A2"><v>1</v></c></row></sheetData>'
        '<mergeCells><mergeCell ref="A2:B4"/><mergeCell ref="nonsense"/></mergeCells></worksheet>'
    )
    with opened(packed(sheet)) as package:
        found = package.grid(package.sheets[0])
    assert (found.hidden_rows, found.hidden_columns, found.merges) == ({2}, [(2, 3)], [(2, 1, 4, 2)])


@pytest.mark.parametrize(
    "sheet",
    [
        "<worksheet><sheetData>",
        "no xml",
        f'<worksheet {NS}><sheetData><row r="x"/></sheetData></worksheet>',
        f'<worksheet {NS}><sheetData><row r="1"><c r="A1" t="s"><v>7</v></c></row></sheetData></worksheet>',
    ],
    ids=["cut off", "not xml", "no number", "string that isn't there"],
)
def test_nonsense_inside_is_a_damaged_file(sheet: str) -> None:
    with pytest.raises(Refused, match="损坏"), opened(packed(sheet)) as package:
        package.grid(package.sheets[0])


def test_a_workbook_of_very_many_sheets_is_refused() -> None:
    sheets = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="r1"/>' for n in range(51))
    workbook = f"<workbook {NS} {REL}><sheets>{sheets}</sheets></workbook>"
    with pytest.raises(Refused, match="51 张工作表"):
        grid("", workbook=workbook)
