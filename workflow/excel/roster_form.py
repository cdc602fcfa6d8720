"""The empty 报名表（回执）of a class as a workbook; what is filled in, the roster's reader reads."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from office.cells import Column, OfficeSheet, new_book
from org.states import CadreKind, Gender, IdentityKind
from workflow.rules.half_days import when_text

if TYPE_CHECKING:
    from workflow.models import ClassRun

COLUMNS: Final = (
    Column("序号", 6, "center"),
    Column("单位", 26),
    Column("姓名", 11, "center"),
    Column("性别", 6, "center"),
    Column("民族", 8, "center"),
    Column("出生年月", 11, "center"),
    Column("政治面貌", 11, "center"),
    Column("学历", 9, "center"),
    Column("职务", 20),
    Column("职级", 14, "center"),
    Column("专兼职", 9, "center"),
    Column("证件类型", 12, "center"),
    Column("身份证号", 22, "center"),
    Column("手机", 14, "center"),
    Column("是否住宿", 9, "center"),
    Column("住宿需求", 12),
    Column("到达时间、车次", 16),
    Column("备注", 14),
)
ROWS: Final = 30
#: Columns with a list to choose from.
CHOICES: Final = {
    "性别": [label for _, label in Gender.choices],
    "专兼职": [label for _, label in CadreKind.choices],
    "证件类型": [label for _, label in IdentityKind.choices],
    "是否住宿": ["是", "否"],
}


def blank_form(run: ClassRun, unit: str = "") -> bytes:
    """The form with thirty empty lines, numbers and dates kept as text; ``unit`` written into them."""
    book, sheet = new_book("报名表")
    table = OfficeSheet(
        sheet,
        title=f"{run.title}报名表",
        note=(
            f"{run.code}　{when_text(run)}　一行填一人；身份证号、手机按文本填写，"
            "不是居民身份证的请选证件类型。"
        ),
        columns=COLUMNS,
    )
    for ordinal in range(1, ROWS + 1):
        row = table.add([ordinal, unit, *[""] * (len(COLUMNS) - 2)])
        for column in range(2, len(COLUMNS) + 1):
            # Text from the first key on: Excel would cut an identity number to 15 digits.
            sheet.cell(row=row, column=column).number_format = "@"
    titles = [column.title for column in COLUMNS]
    for title, words in CHOICES.items():
        choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
        letter = get_column_letter(titles.index(title) + 1)
        sheet.add_data_validation(choice)
        choice.add(f"{letter}{table.header_row + 1}:{letter}{table.next_row - 1}")
    table.finish(signatures=("单位审核（盖章）", "填表人及联系电话"), freeze_columns=3)
    out = BytesIO()
    book.save(out)
    return out.getvalue()
