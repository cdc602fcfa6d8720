"""对账差异表 as a workbook: both sides by project, then every row and payment of the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office import cells
from office.wording import chinese_date
from workflow.excel.consolidation import fit as fit_height
from workflow.rules.reconciling import DIFFERENT, Fit
from workflow.selectors.fund_lists import ZERO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from openpyxl import Workbook

    from budgets.models import Fund, Project
    from workflow.rules.reconciling import Pair, Reconciled

_ROWS = (
    cells.Column("核对结果", 12, "center"),
    cells.Column("表中行号", 9, "center"),
    cells.Column("支付单号", 12, "center"),
    cells.Column("凭证号", 14, "center"),
    cells.Column("日期", 13, "date"),
    cells.Column("项目编号", 14, "center"),
    cells.Column("摘要（事由）", 26),
    cells.Column("收款单位（人）", 22),
    cells.Column("财务账", 15, "money"),
    cells.Column("本系统", 15, "money"),
    cells.Column("差额", 15, "money"),
    cells.Column("说明", 34),
)


def difference_book(fund: Fund, found: Reconciled, projects: Mapping[int, Project], *, on: date) -> Workbook:
    """Three sheets: 按项目, 差异 and 逐笔 (the whole month); yuan."""
    book, ws = cells.new_book("按项目")
    title = f"{fund.year}年{found.month}月{fund.title}对账差异表"
    note = f"{fund.union.name}　{chinese_date(on)}　单位：元　差额＝财务账－本系统"
    if unreadable := len(found.of(Fit.UNREADABLE)):
        note += f"　另有 {unreadable} 行看不懂，未计入"
    columns = (
        cells.Column("序号", 6, "center"),
        cells.Column("项目编号", 16, "center"),
        cells.Column("班次名称", 36),
        cells.Column("财务账", 16, "money"),
        cells.Column("本系统", 16, "money"),
        cells.Column("差额", 16, "money"),
    )
    sheet = cells.OfficeSheet(ws, title=title, note=note, columns=columns)
    for ordinal, row in enumerate((row for row in found.sums if row.theirs or row.ours), 1):
        project = projects.get(row.project or 0)
        values = (
            ordinal,
            project.number if project else "",
            project.name if project else "项目编号不明",
            row.theirs,
            row.ours,
            row.difference,
        )
        fit_height(ws, sheet.add(values), [column.width for column in columns], values)
    sheet.add_total((None, None, "合计", found.theirs, found.ours, found.theirs - found.ours))
    sheet.finish(signatures=("财务部门负责人", "对账人"), freeze_columns=3)
    for name, what, pairs in (
        ("差异", "差异明细", found.of(*DIFFERENT)),
        ("逐笔", "逐笔核对", found.pairs),
    ):
        rows = cells.OfficeSheet(
            book.create_sheet(name),
            title=f"{fund.year}年{found.month}月{fund.title}对账{what}",
            note=note,
            columns=_ROWS,
        )
        for pair in pairs:
            line = _values(pair, projects)
            fit_height(rows.ws, rows.add(line), [column.width for column in _ROWS], line)
        theirs, ours, difference = (
            sum((amount for pair in pairs if (amount := getattr(pair, name)) is not None), ZERO)
            for name in ("theirs_amount", "ours_amount", "difference")
        )
        count = f"合计（{len(pairs)} 行）"
        rows.add_total((count, *[None] * 7, theirs, ours, difference, None))
        rows.finish(freeze_columns=1)
    return book


def _values(pair: Pair, projects: Mapping[int, Project]) -> tuple[object, ...]:
    row, ours = pair.rows[0] if pair.rows else None, pair.ours[0] if pair.ours else None
    project = projects.get(pair.project or 0)
    faults = "".join(
        f"{fault.cell}：{fault.message}{fault.mend}" for row in pair.rows for fault in row.faults
    )
    return (
        pair.fit.label,
        pair.rows[0].number if len(pair.rows) == 1 else "、".join(str(one.number) for one in pair.rows),
        "、".join(dict.fromkeys(one.number for one in pair.ours)),
        "、".join(pair.vouchers),
        row.on if row is not None and row.on else ours.on if ours is not None else None,
        project.number if project else row.code if row is not None else "",
        row.title if row is not None and row.title else ours.title if ours is not None else "",
        row.payee if row is not None and row.payee else ours.payee if ours is not None else "",
        pair.theirs_amount,
        pair.ours_amount,
        pair.difference if pair.theirs_amount is not None or pair.ours_amount is not None else None,
        pair.carried + pair.note + faults,
    )
