"""Workbooks for the tests: filled forms, uploads, previews and commits as the department's clerk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.workflow.world import World, at
from workflow.excel import preview as previews
from workflow.excel.preview import Preview
from workflow.excel.template import Heading, filled
from workflow.models import PlanImport
from workflow.services import imports

NOW = at(1, 10)

#: A row no rule stops, as a department fills it in.
SOUND: dict[str, Any] = {
    "name": "工会信息员培训班",
    "category": "业务班",
    "subject": "YW-03 工会信息员培训",
    "purpose": "提高基层信息报送质量",
    "audience_units": "街镇、功能区",
    "audience_levels": "功能区、街镇、系统、直属单位一级、基层一级",
    "audience_posts": "信息员",
    "module:ability": 16,
    "sessions": 1,
    "time_slots": "6月上旬",
    "half_days": 2,
    "hours": 16,
    "mode": "脱产",
    "residential": "走读",
    "place": "区委党校（拟）",
    "implementer": "区委党校",
    "trainees": 57,
    "staff": 3,
    "survey_reference": "2026年信息员需求汇总",
    "owner_name": "林晓峰",
    "owner_phone": "13800001206",
    "source": "工会干部教育培训专项经费",
    "cost:meals": 15600,
    "cost:venue": 6000,
}


def heading(world: World, department: str = "xuanchuan") -> Heading:
    return Heading(world.union.name, world.departments[department].name, 2027)


def filled_book(world: World, rows: Sequence[dict[str, Any]], department: str = "xuanchuan") -> bytes:
    """The form with rows that differ from :data:`SOUND` as given."""
    assert world.book is not None
    return filled(world.book.book, heading(world, department), [SOUND | row for row in rows])


def edited(content: bytes, change: Callable[[Worksheet], None], sheet: str = "") -> bytes:
    """A workbook after somebody worked on it."""
    book = load_workbook(BytesIO(content))
    change(book[sheet] if sheet else book.worksheets[0])
    return saved(book)


def saved(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def table(rows: Sequence[Sequence[Any]], name: str = "Sheet1") -> bytes:
    """An office's own workbook: rows as they stand."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    for row in rows:
        sheet.append(row)
    return saved(book)


def upload(
    world: World,
    content: bytes,
    name: str = "计划表.xlsx",
    department: str = "xuanchuan",
    who: str = "",
    when: datetime = NOW,
) -> PlanImport:
    return imports.receive(
        department=world.departments[department],
        year=2027,
        upload=SimpleUploadedFile(name, content),
        check=partial(previews.check, at=when),
        actor=world.people[who or f"{department}-staff"],
        at=when,
    )


def look(received: PlanImport, sheet: str = "", when: datetime = NOW) -> Preview:
    return previews.preview(received, at=when, sheet=sheet)


def commit(
    world: World, received: PlanImport, digest: str = "", who: str = "xuanchuan-staff", when: datetime = NOW
) -> imports.Written:
    return imports.commit(
        import_id=received.pk,
        read=lambda locked: previews.preview(locked, at=when, judged=False).batch,
        digest=digest or look(received, when=when).batch.digest,
        actor=world.people[who],
        at=when,
    )


def column_of(sheet: Worksheet, title: str, row: int = 3) -> int:
    """The column of a header."""
    return next(cell.column for cell in sheet[row] if cell.value == title)
