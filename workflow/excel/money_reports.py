"""The tables of a fund as workbooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import capital_yuan, chinese_date
from workflow.excel.consolidation import fit
from workflow.selectors.fund_lists import ZERO, items_text
from workflow.selectors.money_reports import heading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from openpyxl import Workbook

    from budgets.models import Fund, Payment
    from workflow.selectors.money_reports import Report


def report_book(fund: Fund, report: Report, *, on: date, scope: str = "") -> Workbook:
    """The report as finance hands it round; yuan."""
    note = f"{fund.union.name}　{chinese_date(on)}　单位：元"
    return _book(
        report,
        title=heading(fund, report.title),
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
    if report.below is not None:
        what, amount = report.below
        sheet.across(
            f"{what}（大写）：{capital_yuan(amount)}", style=cells.NOTE, row=sheet.next_row, height=18
        )
        sheet.next_row += 1
    if report.attached:
        sheet.across(f"附件：{report.attached}", style=cells.NOTE, row=sheet.next_row, height=18)
        sheet.next_row += 1
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=3)
    return book


def payments_book(
    fund: Fund, payments: Sequence[Payment], *, kinds: Mapping[str, str], on: date, scope: str = ""
) -> Workbook:
    """支付明细: every payment with what the bookkeeper needs to find it again; a reversed one is marked.

    ``payments`` with ``is_reversed`` and ``items`` (``fund_lists.with_items``), their invoices prefetched;
    ``kinds``: titles of the kinds of payment by code. 计入支出 adds up: refunds take off, what was reversed
    is nothing.
    """
    book, ws = cells.new_book("支付明细")
    note = f"{fund.union.name}　{chinese_date(on)}　单位：元　计入支出：退款为负，红字冲销的为零"
    sheet = cells.OfficeSheet(
        ws,
        title=f"{fund.year}年{fund.title}支付明细",
        note=f"{note}　范围：{scope}" if scope else note,
        columns=(
            cells.Column("支付单号", 12, "center"),
            cells.Column("项目编号", 14, "center"),
            cells.Column("班次名称", 26),
            cells.Column("支付日期", 14, "date"),
            cells.Column("凭证号", 12, "center"),
            cells.Column("支付类型", 12, "center"),
            cells.Column("事由", 22),
            cells.Column("收款单位（人）", 20),
            cells.Column("费用项目", 18),
            cells.Column("金额", 14, "money"),
            cells.Column("计入支出", 14, "money"),
            cells.Column("支付方式", 10, "center"),
            cells.Column("预算科目", 18),
            cells.Column("发票号", 20),
            cells.Column("票面金额", 13, "money"),
            cells.Column("附件张数", 7, "number"),
            cells.Column("经办人", 10, "center"),
            cells.Column("备注", 18),
        ),
    )
    widths = [column.width for column in sheet.columns]
    total = ZERO
    for payment in payments:
        undone = getattr(payment, "is_reversed", False)
        counted = ZERO if undone else -payment.amount if payment.refunds_id is not None else payment.amount
        total += counted
        invoices = payment.invoices.all()
        bills = [invoice.amount for invoice in invoices if invoice.amount is not None]
        values = (
            payment.number,
            payment.project.number,
            payment.project.name,
            payment.paid_on,
            payment.voucher,
            "退款" if payment.refunds_id is not None else kinds.get(payment.kind, payment.kind),
            payment.title,
            payment.payee,
            items_text(getattr(payment, "items", ())),
            payment.amount,
            counted,
            payment.get_method_display(),
            payment.get_subject_display(),
            "、".join(invoice.number for invoice in invoices),
            sum(bills, ZERO) if bills else None,
            payment.attachments or None,
            payment.handler,
            "，".join(filter(None, ("已红字冲销" if undone else "", payment.note))),
        )
        fit(ws, sheet.add(values), widths, values)
    sheet.add_total((None, None, f"合计（{len(payments)} 笔）", *[None] * 7, total, *[None] * 7))
    sheet.finish(signatures=("财务部门负责人", "填表人"), freeze_columns=3)
    return book
