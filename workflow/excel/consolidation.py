"""The 汇总表 and its relations as an office prints them: one A4 page wide, header repeated, room to sign."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Final
from unicodedata import east_asian_width

from openpyxl.utils import get_column_letter

from office import cells
from office.wording import chinese_date
from workflow.selectors.consolidation import add_up, by_category
from workflow.states import PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from workflow.models import Meeting
    from workflow.selectors.consolidation import Line, Totals
    from workflow.selectors.meetings import Agenda

#: Who signs a 汇总表, left to right; DOMAIN §3.1 and §5.8.
SIGNATURES: Final = ("归口管理部门负责人", "财务部门负责人", "主要负责同志")


#: Points a line of text takes, and the least height of a row of the body.
LINE, LEAST = 15, 20


def fit(ws: Worksheet, row: int, widths: Sequence[float], texts: Sequence[Any]) -> None:
    """Makes a row as high as its longest text needs: a program that opens the file doesn't always do so."""
    lines = 1
    for width, text in zip(widths, texts, strict=True):
        if isinstance(text, str):
            taken = sum(2 if east_asian_width(char) in "WFA" else 1 for char in text)
            lines = max(lines, ceil(taken / max(width - 1, 1)))
    ws.row_dimensions[row].height = max(LEAST, lines * LINE)


def sign(ws: Worksheet, row: int, columns: int, on: date) -> None:
    """Room for those who sign, and the day the table was filled in."""
    cells.signature_row(ws, row, columns, (*SIGNATURES, "填表日期"))
    # cells.signature_row spreads its labels evenly and leaves them open for a hand.
    ws.cell(row=row, column=round(columns * len(SIGNATURES) / 4) + 1).value = f"填表日期：{chinese_date(on)}"


@dataclass(frozen=True)
class Head:
    """A column under a common heading, or under none."""

    title: str
    width: float
    kind: cells.Kind = "text"
    over: str = ""


class TwoHeadSheet:
    """Title, line of the unit, header in two rows, body, signature row; like ``cells.OfficeSheet``."""

    def __init__(self, ws: Worksheet, *, title: str, note: str, unit: str, heads: Sequence[Head]) -> None:
        self.ws, self.heads = ws, tuple(heads)
        width = len(self.heads)
        for index, head in enumerate(self.heads, 1):
            ws.column_dimensions[get_column_letter(index)].width = head.width
        self._merged(1, 1, width, title, cells.TITLE)
        ws.row_dimensions[1].height = 36
        cut = max(width - 3, 1)
        self._merged(2, 1, cut, note, cells.NOTE)
        self._merged(2, cut + 1, width, unit, cells.NOTE)
        ws.cell(row=2, column=cut + 1).alignment = cells.RIGHT
        ws.row_dimensions[2].height = 18
        self._header()
        self.next_row = 5

    def _merged(self, row: int, first: int, last: int, text: str, style: str) -> None:
        cells.put(self.ws, row, first, text, style=style)
        if last > first:
            self.ws.merge_cells(start_row=row, end_row=row, start_column=first, end_column=last)

    def _header(self) -> None:
        ws = self.ws
        for index, head in enumerate(self.heads, 1):
            cells.put(ws, 3, index, head.over or head.title, style=cells.HEADER)
            cells.put(ws, 4, index, head.title if head.over else None, style=cells.HEADER)
        start = 1
        while start <= len(self.heads):
            over, end = self.heads[start - 1].over, start
            if not over:
                ws.merge_cells(start_row=3, end_row=4, start_column=start, end_column=start)
            else:
                while end < len(self.heads) and self.heads[end].over == over:
                    end += 1
                for column in range(start + 1, end + 1):
                    ws.cell(row=3, column=column).value = None
                ws.merge_cells(start_row=3, end_row=3, start_column=start, end_column=end)
            start = end + 1
        ws.row_dimensions[3].height = 22
        ws.row_dimensions[4].height = 22

    def add(self, values: Sequence[Any], *, total: bool = False) -> None:
        """A row of the body, or one of (sub)totals."""
        styles = cells.TOTAL if total else cells.BODY
        for index, (head, value) in enumerate(zip(self.heads, values, strict=True), 1):
            kind: cells.Kind = "center" if isinstance(value, str) and head.kind != "text" else head.kind
            cells.put(self.ws, self.next_row, index, value, style=styles[kind])
        fit(self.ws, self.next_row, [head.width for head in self.heads], values)
        self.next_row += 1

    def finish(self, *, on: date, freeze_columns: int = 0) -> None:
        """The signature row with the day the table was filled in, frozen header, the page."""
        sign(self.ws, self.next_row + 1, len(self.heads), on)
        cells.print_setup(self.ws, header_row=4, columns=len(self.heads), freeze_columns=freeze_columns)


_DECLARED_AND_APPROVED: Final = (
    Head("人数", 8, "number", "申报"),
    Head("天数", 6.5, "number", "申报"),
    Head("经费", 14, "money", "申报"),
    Head("人数", 8, "number", "核定"),
    Head("天数", 6.5, "number", "核定"),
    Head("经费", 14, "money", "核定"),
)


def _figures(line: Line) -> tuple[Any, ...]:
    declared, approved = line.declared, line.approved
    mine = (declared.people, declared.half_days / 2, declared.amount)
    if approved is None:
        return (*mine, None, None, None)
    return (*mine, approved.people, approved.half_days / 2, approved.amount)


def _sums(totals: Totals) -> tuple[Any, ...]:
    approved = (totals.approved_people, None, totals.approved) if totals.approved_classes else (None,) * 3
    return (totals.people, None, totals.declared, *approved)


def _total_row(label: str, totals: Totals, behind: int) -> tuple[Any, ...]:
    """The row of a (sub)total; ``behind``: columns after the figures."""
    return (None, label, None, None, totals.sessions, None, *_sums(totals), *(None,) * behind)


def desk_sheet(*, title: str, note: str, lines: Sequence[Line], notes: dict[int, str], on: date) -> Workbook:
    """年度培训计划汇总表: every line under its category with subtotals. ``notes``: 备注 by plan id."""
    book, ws = cells.new_book("汇总表")
    heads = (
        Head("序号", 5.5, "center"),
        Head("班次名称", 28),
        Head("主办部门", 13),
        Head("类别", 11, "center"),
        Head("期数", 6, "number"),
        Head("时间", 13, "center"),
        *_DECLARED_AND_APPROVED,
        Head("审核状态", 11, "center"),
        Head("计划号", 13, "center"),
        Head("备注", 22),
    )
    sheet = TwoHeadSheet(ws, title=title, note=note, unit="单位：人、天、元", heads=heads)
    ordinal = 0
    for totals, group in by_category(lines):
        for line in group:
            ordinal += 1
            sheet.add(
                (
                    ordinal,
                    line.name,
                    line.plan.department.name,
                    line.category_title,
                    line.declared.sessions,
                    line.time_text,
                    *_figures(line),
                    line.plan.get_state_display(),
                    line.plan.plan_number,
                    notes.get(line.plan.pk, ""),
                )
            )
        label = f"{totals.title}小计（{totals.classes} 班）"
        sheet.add(_total_row(label, totals, 3), total=True)
    totals = add_up(lines)
    sheet.add(_total_row(f"合计（{totals.classes} 班）", totals, 3), total=True)
    sheet.finish(on=on, freeze_columns=2)
    return book


def agenda_sheet(agenda: Agenda, *, on: date) -> Workbook:
    """An agenda as the annex of its meeting, with each item's result."""
    meeting = agenda.meeting
    book, ws = cells.new_book("议题")
    heads = (
        Head("序号", 5.5, "center"),
        Head("班次名称", 28),
        Head("主办部门", 13),
        Head("类别", 11, "center"),
        Head("期数", 6, "number"),
        Head("时间", 13, "center"),
        *_DECLARED_AND_APPROVED,
        Head("审定结果", 12, "center"),
        Head("会议意见", 26),
    )
    title = f"{meeting.union.name}{meeting.year}年度培训计划审议表"
    note = f"{meeting}　{chinese_date(meeting.held_on)}　纪要编号：{meeting.minutes_number or '待补'}"
    sheet = TwoHeadSheet(ws, title=title, note=note, unit="单位：人、天、元", heads=heads)
    for row in agenda.lines:
        figures = _figures(row.line)
        if row.approved is None:
            figures = (*figures[:3], None, None, None)
        sheet.add(
            (
                row.item.ordinal,
                row.line.name,
                row.line.plan.department.name,
                row.line.category_title,
                row.line.declared.sessions,
                row.line.time_text,
                *figures,
                row.item.get_outcome_display(),
                row.item.opinion,
            )
        )
    totals = agenda.totals
    sheet.add(_total_row(f"合计（{totals.classes} 班）", totals, 2), total=True)
    sheet.finish(on=on, freeze_columns=2)
    return book


def year_plan_sheet(*, union_name: str, year: int, lines: Sequence[Line], on: date) -> Workbook:
    """The year's plan as it is published: approved lines with their numbers, category by category."""
    book, ws = cells.new_book("年度计划")
    sheet = cells.OfficeSheet(
        ws,
        title=f"{union_name}{year}年度培训计划",
        note="单位：人、天、元",
        columns=(
            cells.Column("序号", 5.5, "center"),
            cells.Column("计划号", 14, "center"),
            cells.Column("班次名称", 30),
            cells.Column("主办部门", 13),
            cells.Column("类别", 11, "center"),
            cells.Column("时间", 13, "center"),
            cells.Column("期数", 6, "number"),
            cells.Column("每期天数", 7, "number"),
            cells.Column("人数", 8, "number"),
            cells.Column("地点", 18),
            cells.Column("经费", 15, "money"),
            cells.Column("列支渠道", 26),
            cells.Column("备注", 16),
        ),
    )
    ordinal = 0
    for totals, group in by_category(lines):
        for line in group:
            ordinal += 1
            figures = line.figures
            values = (
                ordinal,
                line.plan.plan_number,
                line.name,
                line.plan.department.name,
                line.category_title,
                line.time_text,
                figures.sessions,
                figures.half_days / 2,
                figures.people,
                line.place,
                figures.amount,
                "".join(line.book.titles([line.source])),
                year_plan_note(line),
            )
            fit(ws, sheet.add(values), [column.width for column in sheet.columns], values)
        _year_plan_total(sheet, f"{totals.title}小计（{totals.approved_classes} 班）", totals)
    totals = add_up(lines)
    _year_plan_total(sheet, f"合计（{totals.approved_classes} 班）", totals)
    outside = add_up(line for line in lines if line.off_plan)
    if outside.approved_classes:
        _year_plan_total(sheet, f"其中：计划外（{outside.approved_classes} 班）", outside)
    sign(ws, sheet.next_row + 1, len(sheet.columns), on)
    sheet.finish(freeze_columns=3)
    return book


def _year_plan_total(sheet: cells.OfficeSheet, label: str, totals: Totals) -> None:
    people, sessions, amount = totals.approved_people, totals.approved_sessions, totals.approved
    values = (*(None, None, label), *(None,) * 3, sessions, None, people, None, amount, None, None)
    fit(sheet.ws, sheet.add_total(values), [column.width for column in sheet.columns], values)


def year_plan_note(line: Line) -> str:
    """计划外, 取消办班, and what the department remarked."""
    words = ["计划外"] if line.off_plan else []
    if line.plan.state == PlanState.CANCELLED:
        words.append("取消办班")
    return "；".join([*words, line.remark] if line.remark else words)


def meetings_sheet(union_name: str, year: int, meetings: Iterable[Meeting]) -> Workbook:
    """The year's meetings. Each with ``size`` and ``open_size``, as ``selectors.meetings`` annotates them."""
    book, ws = cells.new_book("上会议题")
    sheet = cells.OfficeSheet(
        ws,
        title=f"{union_name}{year}年度上会议题",
        columns=(
            cells.Column("会议", 16),
            cells.Column("会议次数", 18),
            cells.Column("会议日期", 16, "date"),
            cells.Column("主持人", 12),
            cells.Column("参会人员", 40),
            cells.Column("议题数", 8, "number"),
            cells.Column("未记录", 8, "number"),
            cells.Column("纪要编号", 24),
        ),
    )
    for meeting in meetings:
        sheet.add(
            (
                meeting.body.name,
                meeting.number,
                meeting.held_on,
                meeting.chair,
                meeting.attendees,
                meeting.size,  # type: ignore[attr-defined]
                meeting.open_size,  # type: ignore[attr-defined]
                meeting.minutes_number or "待补",
            )
        )
    sheet.finish(signatures=("填表人",))
    return book
