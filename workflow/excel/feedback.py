"""调训情况反馈表 as an office prints it (D2-27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from office.cells import Column, OfficeSheet, new_book
from workflow.rules.half_days import when_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl import Workbook

    from workflow.models import ClassRun
    from workflow.selectors.callup import Feedback

COLUMNS = (
    Column("序号", 6, "center"),
    Column("单位", 30),
    Column("分配", 9, "number"),
    Column("报名", 9, "number"),
    Column("确认", 9, "number"),
    Column("实到", 9, "number"),
    Column("其中计划外", 11, "number"),
    Column("缺席", 9, "number"),
    Column("调换", 9, "number"),
    Column("退出", 9, "number"),
    Column("完成率", 10, "center"),
    Column("备注", 16),
)


def feedback_book(run: ClassRun, lines: Iterable[Feedback], total: Feedback) -> Workbook:
    """A line a unit and the sum below."""
    book, sheet = new_book("调训情况反馈表")
    table = OfficeSheet(
        sheet,
        title=f"{run.title}调训情况反馈表",
        note=f"{run.code}　{when_text(run)}　单位：人",
        columns=COLUMNS,
    )
    for ordinal, line in enumerate(lines, 1):
        table.add([ordinal, line.unit, *_figures(line)])
    table.add_total(["", "合计", *_figures(total)])
    table.finish(signatures=("填表人", "主办部门负责人"), freeze_columns=2)
    return book


def _figures(line: Feedback) -> list[Any]:
    rate = "" if line.rate is None else f"{line.rate}%"
    return [
        line.quota,
        line.nominated,
        line.confirmed,
        line.came,
        line.on_site,
        line.absent,
        line.replaced,
        line.withdrawn,
        rate,
        "",
    ]
