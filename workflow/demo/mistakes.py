"""A workbook with the mistakes offices make, to try the preview and the error file on."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from workflow.demo.planning import rows
from workflow.excel.form import columns
from workflow.excel.template import FIRST_ROW, Heading, filled

if TYPE_CHECKING:
    from rulebook.schema import Book
    from workflow.demo.people import House, Office


def mistaken_workbook(house: House, office: Office, book: Book, year: int) -> bytes:
    """The department's first classes under other names: two in order, the others with a mistake each."""
    topics = house.topics[office.code]
    lines = [row | {"name": f"{row['name']}（示例）"} for row in rows(topics, office, book, "13800001200")]
    mistakes: list[dict[str, object]] = [
        {},
        {},
        {},
        {"category": "大型班次"},
        {"audience_units": "街镇、外星人"},
        {"trainees": "六十左右", "time_slots": "年底"},
        {"cost:meals": "1.5万元"},
        {"half_days": "0.7"},
        {"name": "", "remark": "漏填了班名"},
    ]
    content = filled(
        book,
        Heading(house.name, office.name, year),
        [row | wrong for row, wrong in zip(lines, mistakes, strict=False)],
    )
    workbook = load_workbook(BytesIO(content))
    sheet = workbook.worksheets[0]
    place = next(i for i, column in enumerate(columns(book), 1) if column.key == "cost:meals")
    sheet.cell(row=FIRST_ROW, column=place).value = "=60*100*2"
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()
