"""A fund's projects as finance hands them round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import chinese_date, yuan
from workflow.excel.consolidation import fit
from workflow.selectors.money import add_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from openpyxl import Workbook

    from budgets.models import Fund
    from budgets.selectors import FundTotals
    from workflow.selectors.money import FundedClass


def fund_sheet(
    *, fund: Fund, totals: FundTotals, classes: Sequence[FundedClass], on: date, scope: str = ""
) -> Workbook:
    """Every project with its plan and balances, the fund's own figures in the note."""
    book, ws = cells.new_book("经费项目")
    note = (
        f"{fund.union.name}　{chinese_date(on)}　单位：元　年度专项预算 {yuan(totals.granted)}，"
        f"已下达 {yuan(totals.appropriated)}，可安排余额 {yuan(totals.available)}　支出进度＝支出÷下达"
    )
    sheet = cells.OfficeSheet(
        ws,
        title=f"{fund.year}年{fund.title}执行情况表",
        note=f"{note}　范围：{scope}" if scope else note,
        columns=(
            cells.Column("序号", 6, "center"),
            cells.Column("项目编号", 14, "center"),
            cells.Column("班次名称", 32),
            cells.Column("主办部门", 14),
            cells.Column("申报号", 12, "center"),
            cells.Column("时间", 14, "center"),
            cells.Column("下达", 15, "money"),
            cells.Column("预占", 15, "money"),
            cells.Column("支出", 15, "money"),
            cells.Column("可用", 15, "money"),
            cells.Column("支出进度", 10, "percent"),
        ),
    )
    for ordinal, row in enumerate(classes, 1):
        plan, held, carried = row.plan, row.held, row.project.carried_text
        values = (
            ordinal,
            row.project.number,
            f"{row.project.name}（{carried}）" if carried else row.project.name,
            row.project.department.name,
            plan.declaration_number if plan else "",
            plan.time_text if plan else "",
            held.appropriated,
            held.committed,
            held.paid,
            held.available,
            held.paid_share,
        )
        fit(ws, sheet.add(values), [column.width for column in sheet.columns], values)
    held = add_up(row.held for row in classes)
    sheet.add_total(
        (
            None,
            None,
            f"合计（{len(classes)} 个项目）",
            None,
            None,
            None,
            held.appropriated,
            held.committed,
            held.paid,
            held.available,
            held.paid_share,
        )
    )
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=3)
    return book
