"""The people nominated for a 期 as a workbook: exactly the rows the page was narrowed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from office.cells import Column, OfficeSheet, new_book
from workflow.rules.half_days import when_text
from workflow.rules.person_findings import still_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook

    from workflow.models import ClassRun, Seat

COLUMNS = (
    Column("序号", 6, "center"),
    Column("选送单位", 24),
    Column("姓名", 11, "center"),
    Column("所在单位", 26),
    Column("职务", 20),
    Column("手机", 15, "center"),
    Column("正式或候补", 9, "center"),
    Column("状态", 12, "center"),
    Column("报名方式", 11, "center"),
    Column("核查结果", 40),
    Column("说明", 24),
    Column("审批", 10, "center"),
    Column("报名时间", 17, "center"),
)


def seats_book(run: ClassRun, seats: Sequence[Seat]) -> Workbook:
    """One line a seat; each with its unit and exemption."""
    book, sheet = new_book("报名情况")
    table = OfficeSheet(
        sheet,
        title=f"{run.title}报名情况",
        note=f"{run.code}　{when_text(run)}　共 {len(seats)} 人",
        columns=COLUMNS,
    )
    for ordinal, seat in enumerate(seats, 1):
        table.add(
            [
                ordinal,
                seat.unit.name,
                seat.name,
                seat.unit_name,
                seat.post_title,
                seat.phone,
                seat.get_rank_display(),
                seat.get_state_display(),
                seat.get_source_display(),
                "；".join(f"{found.word}：{found.message}" for found in still_said(seat)),
                seat.explanation,
                seat.exemption.get_state_display() if seat.exemption else "",
                f"{timezone.localtime(seat.nominated_at):%Y-%m-%d %H:%M}",
            ]
        )
    table.finish(freeze_columns=3)
    return book
