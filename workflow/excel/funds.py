"""A union's funds as a workbook: those of one year, and all there were."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from office import cells
from office.wording import chinese_date
from workflow.excel.consolidation import fit
from workflow.selectors.money import held_of, together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from budgets.selectors import FundTotals
    from org.models import Union
    from workflow.selectors.consolidation import FundLine

COLUMNS: Final = (
    cells.Column("年度", 8, "center"),
    cells.Column("专项预算", 30),
    cells.Column("状态", 10, "center"),
    cells.Column("年度预算", 16, "money"),
    cells.Column("已下达", 16, "money"),
    cells.Column("预占", 15, "money"),
    cells.Column("已支出", 15, "money"),
    cells.Column("项目可用", 15, "money"),
    cells.Column("可安排余额", 16, "money"),
    cells.Column("支出进度", 9, "percent"),
    cells.Column("依据", 30),
)


def funds_book(union: Union, year: int, lines: Sequence[FundLine], *, on: date) -> Workbook:
    """Two sheets: the funds of ``year``, and those of every year with a sum for each. ``lines``: all of the
    union's, the latest year first; yuan."""
    book, ws = cells.new_book(f"{year}年")
    note = f"{union.name}　{chinese_date(on)}　单位：元　支出进度＝已支出÷已下达"
    _sheet(ws, f"{year}年培训经费专项预算", note, [line for line in lines if line.fund.year == year])
    _sheet(book.create_sheet("历年"), "历年培训经费专项预算", note, lines)
    return book


def _sheet(ws: Worksheet, title: str, note: str, lines: Sequence[FundLine]) -> None:
    sheet = cells.OfficeSheet(ws, title=title, note=note, columns=COLUMNS)
    widths = [column.width for column in COLUMNS]
    for year, group in groupby(lines, key=lambda line: line.fund.year):
        of_year = list(group)
        for line in of_year:
            fund = line.fund
            status = "已结账" if fund.closed_on else fund.get_status_display()
            head = (year, fund.title, status)
            values = (*head, *_figures(line.totals), fund.basis)
            fit(ws, sheet.add(values), widths, values)
        sums = together(line.totals for line in of_year)
        sheet.add_total((year, f"合计（{len(of_year)} 个渠道）", None, *_figures(sums), None))
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=2)


def _figures(totals: FundTotals) -> tuple[object, ...]:
    held = held_of(totals)
    return (
        *(totals.granted, totals.appropriated, totals.committed, totals.paid),
        *(held.available, totals.available, held.paid_share),
    )
