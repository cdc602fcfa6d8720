"""经费决算表 of a 期 as a workbook (DOMAIN §3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import capital_yuan, chinese_date, yuan
from workflow.excel.consolidation import fit

if TYPE_CHECKING:
    from datetime import date

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from workflow.models import ClassRun
    from workflow.selectors.settlements import Attached, SettlementSheet


def settlement_book(run: ClassRun, table: SettlementSheet, papers: Attached, *, on: date) -> Workbook:
    """Every line with budget, adjusted budget, actual cost and what is left, and the 报销附件清单; yuan."""
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
    for ordinal, row in enumerate(table.ordered, 1):
        sheet.add(
            (
                ordinal,
                row.title,
                row.budget,
                row.adjusted,
                row.ceiling,
                row.actual,
                row.left,
                "。".join(filter(None, ("预算外" if row.outside else "", row.explanation))),
            )
        )
        if ordinal == len(table.within) and (quota := table.quota) is not None:
            sheet.add_total(
                (
                    *(None, "综合定额内小计", quota.budget, quota.adjusted, table.ceiling, quota.actual),
                    *(quota.left, "定额内各项可以调剂使用"),
                )
            )
    sheet.add_total((None, "合计", table.budget, table.adjusted, None, table.actual, table.left, table.note))
    outside = "；".join(f"{row.title} {yuan(row.actual)} 元" for row in table.outside) or "无"
    for text in (
        f"实际支出（大写）：{capital_yuan(table.actual)}",
        f"预算外事项：{outside}",
        f"票据 {papers.bills} 份，附件 {papers.sheets} 张",
    ):
        sheet.across(text, style=cells.NOTE, row=sheet.next_row, height=18)
        sheet.next_row += 1
    sheet.finish(signatures=("归口管理部门", "财务部门", "主办部门"), freeze_columns=2)
    _papers_sheet(book.create_sheet("报销附件清单"), run, papers)
    return book


def _papers_sheet(ws: Worksheet, run: ClassRun, papers: Attached) -> None:
    sheet = cells.OfficeSheet(
        ws,
        title=f"{run.title}报销附件清单",
        note="单位：元　退款为负；红字冲销的不列",
        columns=(
            cells.Column("序号", 6, "center"),
            cells.Column("支付单号", 12, "center"),
            cells.Column("支付日期", 14, "date"),
            cells.Column("凭证号", 12, "center"),
            cells.Column("事由", 22),
            cells.Column("收款单位（人）", 20),
            cells.Column("费用项目", 20),
            cells.Column("金额", 14, "money"),
            cells.Column("发票号", 22),
            cells.Column("票据份数", 7, "number"),
            cells.Column("材料", 30),
            cells.Column("附件张数", 7, "number"),
        ),
    )
    widths = [column.width for column in sheet.columns]
    for ordinal, one in enumerate(papers.payments, 1):
        payment = one.payment
        values = (
            *(ordinal, payment.number, payment.paid_on, payment.voucher, payment.title, payment.payee),
            *(one.items, one.amount, "、".join(one.invoices), len(one.invoices) or None),
            *("、".join(one.papers), payment.attachments or None),
        )
        fit(ws, sheet.add(values), widths, values)
    count = f"合计（{len(papers.payments)} 笔）"
    sheet.add_total((*[None] * 4, count, None, None, papers.amount, None, papers.bills, None, papers.sheets))
    sheet.finish(signatures=("经办人", "审核", "负责人"), freeze_columns=2)
