"""调训通知 as a red-headed .docx, laid out as GB/T 9704 asks, with both attachments.

Fonts go by name: a computer without 方正小标宋 or 仿宋_GB2312 falls back to one of the same family, which
the font table of the file names for it.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from office.wording import chinese_date
from workflow.prints.fonts import declare_fallbacks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from workflow.prints.notice_text import NoticeText

TITLE_FONT: Final = "方正小标宋简体"
BODY_FONT: Final = "仿宋_GB2312"
HEADING_FONT: Final = "黑体"
PAGE_FONT: Final = "宋体"
LATIN_FONT: Final = "Times New Roman"
RED: Final = RGBColor(0xE6, 0x00, 0x12)

THREE: Final = Pt(16)  # 三号
TWO: Final = Pt(22)  # 二号
LINE: Final = Pt(28.95)  # 22 lines a page

#: The receipt a unit fills (DOMAIN §3.3) with widths in millimetres, on a page laid across.
FORM_COLUMNS: Final = (
    ("序号", 10),
    ("单位", 26),
    ("姓名", 16),
    ("性别", 10),
    ("民族", 10),
    ("出生年月", 17),
    ("政治面貌", 14),
    ("学历", 12),
    ("职务/职级", 24),
    ("专兼职", 14),
    ("身份证号", 34),
    ("手机", 23),
    ("是否住宿", 12),
    ("住宿需求", 14),
    ("到达时间、车次", 17),
    ("备注", 12),
)
FORM_ROWS: Final = 8


def notice_docx(notice: NoticeText) -> bytes:
    """The whole document; opens in Word, WPS and LibreOffice."""
    document = Document()
    _base(document)
    _head(document, notice)
    _text(document, notice)
    _quota_table(document, notice)
    _form(document)
    buffer = BytesIO()
    document.save(buffer)
    return declare_fallbacks(buffer.getvalue())


def _base(document: Any) -> None:
    style = document.styles["Normal"]
    style.font.size = THREE
    style.font.name = LATIN_FONT
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), BODY_FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")  # or a fallback font may come with Japanese shapes
    style.element.rPr.append(language)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    style.paragraph_format.line_spacing = LINE
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    _page_number(section)


def _page_number(section: Any) -> None:
    """— 1 — at the foot."""
    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, "— ", PAGE_FONT, Pt(14))
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = _run(paragraph, "", PAGE_FONT, Pt(14))
        node = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            node.set(qn("w:fldCharType"), kind)
        else:
            node.set(qn("xml:space"), "preserve")
            node.text = text
        run._r.append(node)
    _run(paragraph, " —", PAGE_FONT, Pt(14))


def _run(paragraph: Any, text: str, font: str = "", size: Any = None, color: Any = None) -> Any:
    run = paragraph.add_run(text)
    if font:
        run.font.name = LATIN_FONT
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if size is not None:
        run.font.size = size
    if color is not None:
        run.font.color.rgb = color
    return run


def _paragraph(document: Any, text: str = "", font: str = "", size: Any = None, **how: Any) -> Any:
    """``align``, ``indent`` (characters of the first line), ``right`` (characters from the right edge)."""
    paragraph = document.add_paragraph()
    paragraph.alignment = how.get("align")
    shape = paragraph.paragraph_format
    if indent := how.get("indent"):
        shape.first_line_indent = THREE * indent
    if right := how.get("right"):
        shape.right_indent = THREE * right
    if how.get("loose"):
        shape.line_spacing_rule = WD_LINE_SPACING.SINGLE
    if text:
        _run(paragraph, text, font, size, how.get("color"))
    return paragraph


def _head(document: Any, notice: NoticeText) -> None:
    middle = WD_ALIGN_PARAGRAPH.CENTER
    # The red head fills the line: a long name is set smaller, never on two lines.
    size = min(Pt(46), int(Mm(152) / max(len(notice.red_head), 1)))
    _paragraph(document, notice.red_head, TITLE_FONT, size, align=middle, color=RED, loose=True)
    _paragraph(document)
    number = _paragraph(document, notice.number or "　", BODY_FONT, THREE, align=middle)
    _red_line(number)
    _paragraph(document)
    title = _paragraph(document, notice.title, TITLE_FONT, TWO, align=middle)
    title.paragraph_format.line_spacing = Pt(33)
    _paragraph(document)


def _red_line(paragraph: Any) -> None:
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", str(RED))):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _text(document: Any, notice: NoticeText) -> None:
    _paragraph(document, f"{notice.addressees}：")
    _paragraph(document, notice.opening, indent=2)
    for section in notice.sections:
        heading = _paragraph(document, section.heading, HEADING_FONT, THREE, indent=2)
        heading.paragraph_format.keep_with_next = True
        for text in section.paragraphs:
            _paragraph(document, text, indent=2)
    _paragraph(document)
    _paragraph(document, "附件：1．名额分配表", indent=2)
    _paragraph(document, "2．报名表（回执）", indent=5)
    _paragraph(document)
    right = WD_ALIGN_PARAGRAPH.RIGHT
    sign = _paragraph(document, notice.issuer, align=right, right=2)
    sign.paragraph_format.keep_with_next = True
    day = chinese_date(notice.issued_on) if notice.issued_on else "　　　年　　月　　日"
    _paragraph(document, day, align=right, right=4)


def _attachment(document: Any, mark: str, title: str, *, across: bool) -> None:
    section = document.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE if across else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(297), Mm(210)) if across else (Mm(210), Mm(297))
    if across:
        section.left_margin = section.right_margin = Mm(16)
        section.top_margin = section.bottom_margin = Mm(20)
        section.footer_distance = Mm(10)
    else:
        section.left_margin, section.right_margin = Mm(28), Mm(26)
    _paragraph(document, mark, HEADING_FONT, THREE)
    title_line = _paragraph(document, title, TITLE_FONT, TWO, align=WD_ALIGN_PARAGRAPH.CENTER)
    title_line.paragraph_format.line_spacing = Pt(33)
    title_line.paragraph_format.space_after = Pt(8)


def _table(document: Any, widths: Sequence[int], headers: Sequence[str], size: Any) -> Any:
    table = document.add_table(rows=1, cols=len(headers))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _fill(table.rows[0], headers, widths, HEADING_FONT, size)
    _repeat(table.rows[0])
    return table


def _fill(row: Any, texts: Sequence[object], widths: Sequence[int], font: str, size: Any) -> None:
    _whole(row)
    row.height, row.height_rule = Mm(9), WD_ROW_HEIGHT_RULE.AT_LEAST
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = Mm(width)
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        _run(paragraph, str(text), font, size)


def _repeat(row: Any) -> None:
    """The header stands on every page of a long table."""
    mark = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(mark)


def _whole(row: Any) -> None:
    """No row is torn over two pages."""
    mark = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(mark)


def _quota_table(document: Any, notice: NoticeText) -> None:
    _attachment(document, "附件1", "名额分配表", across=False)
    widths, size = (14, 62, 24, 24, 32), Pt(14)
    table = _table(document, widths, ("序号", "单位", "名额", "备选名额", "其中"), size)
    for ordinal, line in enumerate(notice.quotas, 1):
        values = (ordinal, line.unit, line.seats, line.reserve or "", line.note)
        _fill(table.add_row(), values, widths, BODY_FONT, size)
    if notice.reserve_seats:
        reserve = ("", "机动名额", notice.reserve_seats, "", "由主办部门安排")
        _fill(table.add_row(), reserve, widths, BODY_FONT, size)
    spare = sum(line.reserve for line in notice.quotas)
    total = ("", "合计", notice.seats + notice.reserve_seats, spare or "", "")
    _fill(table.add_row(), total, widths, HEADING_FONT, size)


def _form(document: Any) -> None:
    _attachment(document, "附件2", "报名表（回执）", across=True)
    size = Pt(10.5)
    _paragraph(document, "单位（盖章）：　　　　　　　　　　　　填表人：　　　　　　联系电话：", size=Pt(12))
    widths = [width for _, width in FORM_COLUMNS]
    table = _table(document, widths, [title for title, _ in FORM_COLUMNS], size)
    for ordinal in range(1, FORM_ROWS + 1):
        _fill(table.add_row(), [ordinal, *[""] * (len(widths) - 1)], widths, BODY_FONT, size)
    _paragraph(
        document,
        "填表说明：一行填一人；身份证号按文本填写 18 位；不需要住宿的填“否”。电子版请另报 Excel 表。",
        size=Pt(12),
    )
