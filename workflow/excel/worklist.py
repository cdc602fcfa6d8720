"""The lists of one's own work as workbooks: exactly the rows the page was narrowed to."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from office.cells import Column, OfficeSheet, new_book
from office.wording import chinese_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from openpyxl import Workbook

    from workflow.rules.listing import DoneRow, PlanRow, PlanWords, WaitingRow

_PLAN = (
    Column("班次名称", 28),
    Column("申报号", 12, "center"),
    Column("类别", 12, "center"),
    Column("主办部门", 14, "center"),
    Column("期数", 6, "number"),
    Column("每期学员", 9, "number"),
    Column("每期工作人员", 9, "number"),
    Column("天数", 7, "number"),
    Column("经费（元）", 14, "money"),
)


def _plan(plan: PlanWords) -> list[Any]:
    return [
        plan.name,
        plan.number,
        plan.category,
        plan.department,
        *_size(plan),
        plan.total,
    ]


def _size(plan: PlanWords) -> list[Any]:
    # Neither an exemption nor a request about money is about a class's people and days.
    if plan.total is None or not plan.sessions:
        return [None] * 4
    return [plan.sessions, plan.trainees, plan.staff, Decimal(plan.days)]


def _found(found: dict[str, Any]) -> str:
    return "；".join(found["all"]) or "符合" if found else ""


def waiting(rows: Iterable[WaitingRow], *, title: str, who: str, at: datetime) -> Workbook:
    """待办: one line a task."""
    columns = (
        Column("事项", 12, "center"),
        Column("环节", 12, "center"),
        *_PLAN,
        Column("合规核查", 24),
        Column("收到时间", 17, "center"),
        Column("办理时限", 10, "center"),
    )
    lines = [
        [row.kind, row.step, *_plan(row.plan), _found(row.found), _minute(row.arrived_at), row.limit.text]
        for row in rows
    ]
    return _book(title, columns, lines, who, at)


def done(rows: Iterable[DoneRow], *, title: str, who: str, at: datetime) -> Workbook:
    """已办: one line a decision."""
    columns = (
        Column("办理时间", 17, "center"),
        Column("环节", 12, "center"),
        Column("结果", 12, "center"),
        Column("意见", 30),
        Column("办理用时", 12, "center"),
        *_PLAN,
        Column("计划现状", 10, "center"),
    )
    lines = [
        [
            _minute(row.at),
            row.step,
            row.result,
            row.opinion,
            row.spent,
            *_plan(row.plan),
            row.plan.state_label,
        ]
        for row in rows
    ]
    return _book(title, columns, lines, who, at)


def mine(rows: Iterable[PlanRow], *, title: str, who: str, at: datetime) -> Workbook:
    """我发起的: one line a plan."""
    columns = (
        *_PLAN,
        Column("状态", 10, "center"),
        Column("当前环节", 14, "center"),
        Column("办理人", 12, "center"),
        Column("合规核查", 24),
        Column("更新时间", 17, "center"),
    )
    lines = [
        [
            *_plan(row.plan),
            row.plan.state_label,
            row.place,
            row.holder,
            _found(row.found),
            _minute(row.updated_at),
        ]
        for row in rows
    ]
    return _book(title, columns, lines, who, at)


def _book(
    title: str, columns: tuple[Column, ...], lines: Sequence[Sequence[Any]], who: str, at: datetime
) -> Workbook:
    book, sheet = new_book(title)
    note = f"{who}　导出日期：{chinese_date(at)}　共 {len(lines)} 条"
    table = OfficeSheet(
        sheet, title=title, note=note, columns=(Column("序号", 6, "center"), *columns), landscape=True
    )
    for number, line in enumerate(lines, 1):
        table.add([number, *line])
    table.finish(freeze_columns=2)
    return book


def _minute(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at is not None else ""
