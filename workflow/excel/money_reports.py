"""The tables of a fund as workbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import chinese_date
from workflow.excel.consolidation import fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from openpyxl import Workbook

    from budgets.models import Fund, Payment
    from workflow.selectors.money_reports import Report


def report_book(fund: Fund, report: Report, *, on: date, scope: str = "") -> Workbook:
    """The report as finance hands it round; yuan."""
    note = f"{fund.union.name}　{chinese_date(on)}　单位：元"
    return _book(
        report,
        title=f"{fund.year}年{fund.title}{report.title}",
        note="　".join(part for part in (note, report.note, f"范围：{scope}" if scope else "") if part),
    )


def own_book(year: int, report: Report, *, on: date) -> Workbook:
    """The report over a department's projects of a year, of whatever fund; yuan."""
    note = "　".join(part for part in (f"{chinese_date(on)}　单位：元", report.note) if part)
    return _book(report, title=f"{year}年本部门经费{report.title}", note=note)


def _book(report: Report, *, title: str, note: str) -> Workbook:
    book, ws = cells.new_book(report.title)
    sheet = cells.OfficeSheet(
        ws,
        title=title,
        note=note,
        columns=tuple(cells.Column(column.title, column.width, column.kind) for column in report.columns),
    )
    widths = [column.width for column in report.columns]
    for row in report.rows:
        fit(ws, sheet.add(row), widths, row)
    sheet.add_total(report.total)
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=3)
    return book


def payments_book(fund: Fund, payments: Sequence[Payment], *, on: date, scope: str = "") -> Workbook:
    """支付明细: every payment with what the bookkeeper needs to find it again; a reversed one is marked."""
    book, ws = cells.new_book("支付明细")
    note = f"{fund.union.name}　{chinese_date(on)}　单位：元　退款记负数，红字冲销的不计入合计"
    sheet = cells.OfficeSheet(
        ws,
        title=f"{fund.year}年{fund.title}支付明细",
        note=f"{note}　范围：{scope}" if scope else note,
        columns=(
            cells.Column("支付单号", 12, "center"),
            cells.Column("项目编号", 14, "center"),
            cells.Column("班次名称", 28),
            cells.Column("支付日期", 12, "date"),
            cells.Column("凭证号", 12, "center"),
            cells.Column("事由", 24),
            cells.Column("收款单位（人）", 22),
            cells.Column("金额", 14, "money"),
            cells.Column("支付方式", 10, "center"),
            cells.Column("预算科目", 20),
            cells.Column("发票号", 22),
            cells.Column("附件张数", 8, "center"),
            cells.Column("经办人", 10, "center"),
            cells.Column("备注", 18),
        ),
    )
    total = None
    for payment in payments:
        amount = -payment.amount if payment.refunds_id is not None else payment.amount
        undone = getattr(payment, "is_reversed", False)
        if not undone:
            total = amount if total is None else total + amount
        values = (
            payment.number,
            payment.project.number,
            payment.project.name,
            payment.paid_on,
            payment.voucher,
            payment.title,
            payment.payee,
            amount,
            payment.get_method_display(),
            payment.get_subject_display(),
            "、".join(invoice.number for invoice in payment.invoices.all()),
            payment.attachments,
            payment.handler,
            "已红字冲销" if undone else payment.note,
        )
        fit(ws, sheet.add(values), [column.width for column in sheet.columns], values)
    sheet.add_total((None, None, f"合计（{len(payments)} 笔）", *[None] * 4, total, *[None] * 6))
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=3)
    return book
