"""例外情况 as a workbook: exactly the rows the page was narrowed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from office.cells import Column, OfficeSheet, new_book
from workflow.rules.overridden import gone_beyond

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl import Workbook

    from workflow.models import Seat

COLUMNS = (
    Column("序号", 6, "center"),
    Column("班次", 28),
    Column("班次编号", 16, "center"),
    Column("姓名", 11, "center"),
    Column("选送单位", 24),
    Column("职务", 18),
    Column("核查发现", 46),
    Column("依据", 30),
    Column("单位说明", 26),
    Column("申请理由", 26),
    Column("审批", 10, "center"),
    Column("审批人", 11, "center"),
    Column("审批意见", 24),
    Column("审批时间", 17, "center"),
    Column("学员状态", 12, "center"),
)


def overrides_book(seats: Sequence[Seat]) -> Workbook:
    """One line a seat, as ``selectors.overrides`` gives it."""
    book, sheet = new_book("例外情况")
    table = OfficeSheet(sheet, title="调训例外情况", note=f"共 {len(seats)} 人次", columns=COLUMNS)
    for ordinal, seat in enumerate(seats, 1):
        found, asked = gone_beyond(seat), seat.exemption
        decided_at = seat.decided_at  # type: ignore[attr-defined]
        table.add(
            [
                ordinal,
                seat.run.title,
                seat.run.code,
                seat.name,
                seat.unit.name,
                seat.post_title,
                "；".join(f"{one.word}：{one.message}" for one in found),
                "；".join(dict.fromkeys(one.clause for one in found)),
                seat.explanation,
                asked.reason if asked is not None else "",
                asked.get_state_display() if asked is not None else "",
                seat.decided_by or "",  # type: ignore[attr-defined]
                seat.opinion or "",  # type: ignore[attr-defined]
                f"{timezone.localtime(decided_at):%Y-%m-%d %H:%M}" if decided_at else "",
                seat.get_state_display(),
            ]
        )
    table.finish(freeze_columns=4)
    return book
