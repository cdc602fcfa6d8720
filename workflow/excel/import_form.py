"""The empty list of a register to be taken in: every column that is read, as text, ready to be filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from office.cells import Column, OfficeSheet, new_book
from workflow.excel.roster_form import CHOICES

if TYPE_CHECKING:
    from openpyxl import Workbook

    from org.excel.headers import Field, Layout

ROWS: Final = 200
_WIDE: Final = frozenset({"identity_number", "unit", "parent", "class_name", "unit_and_post", "organizer"})


def columns_of(layout: Layout) -> list[Field]:
    """The fields a list of it may have, but for numbering and remarks."""
    return [field for field in layout.fields if field.name not in {"number", "remark"}]


def blank_list(layout: Layout) -> Workbook:
    """The list with :data:`ROWS` empty lines; what must be filled in is said above."""
    fields = columns_of(layout)
    needed = "、".join(field.title for field in fields if field.required)
    book, sheet = new_book(layout.title)
    table = OfficeSheet(
        sheet,
        title=f"{layout.title}导入表",
        note=f"一行一条；{needed}必填，其余没有的可以空着或删去整列。号码、日期按文本填写。",
        columns=[Column(field.title, 24 if field.name in _WIDE else 14) for field in fields],
        landscape=True,
    )
    for _ in range(ROWS):
        row = table.add([None] * len(fields))
        for column in range(1, len(fields) + 1):
            # Text from the first key on: Excel would cut an identity number to 15 digits.
            sheet.cell(row=row, column=column).number_format = "@"
    for index, field in enumerate(fields, 1):
        if field.title in CHOICES:
            choice = DataValidation(
                type="list", formula1=f'"{",".join(CHOICES[field.title])}"', allow_blank=True
            )
            letter = get_column_letter(index)
            sheet.add_data_validation(choice)
            choice.add(f"{letter}{table.header_row + 1}:{letter}{table.next_row - 1}")
    table.finish()
    return book
