"""经费决算表 of a 期 as a workbook (DOMAIN §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import chinese_date, yuan

if TYPE_CHECKING:
    from datetime import date

    from openpyxl import Workbook

    from workflow.models import ClassRun
    from workflow.selectors.settlements import SettlementSheet


def settlement_book(run: ClassRun, table: SettlementSheet, *, on: date) -> Workbook:
    """Every line with budget, adjusted budget, actual cost and what is left; yuan."""
    book, ws = cells.new_book("经费决算表")
    number = "、".join(project.number for project in run.plan.projects) or "不列经费"
    state = "已办结" if table.settled else f"未办结，{chinese_date(on)}"
    sheet = cells.OfficeSheet(
        ws,
        title=f"{run.title}经费决算表",
        note=(
            f"{run.plan.union.name}{run.plan.department.name}　项目编号：{number}　单位：元　"
            f"实到学员 {table.trainees} 人（确认 {table.confirmed} 人），工作人员 {table.staff} 人，"
            f"{table.days_text} 天　人均日均 {yuan(table.a_day)} 元　{state}"
        ),
        columns=(
            cells.Column("序号", 6, "center"),
            cells.Column("费用项目", 16),
            cells.Column("预算数", 15, "money"),
            cells.Column("调整后预算", 15, "money"),
            cells.Column("按实到核定", 15, "money"),
            cells.Column("实际支出", 15, "money"),
            cells.Column("结余（－超支）", 15, "money"),
            cells.Column("说明", 40),
        ),
    )
    for ordinal, row in enumerate(table.rows, 1):
        sheet.add(
            (
                ordinal,
                row.title,
                row.budget,
                row.adjusted,
                row.ceiling,
                row.actual,
                row.left,
                row.explanation,
            )
        )
    sheet.add_total(
        (None, "合计", table.budget, table.adjusted, table.ceiling, table.actual, table.left, table.note)
    )
    sheet.finish(signatures=("归口管理部门", "财务部门", "主办部门"), freeze_columns=2)
    return book
