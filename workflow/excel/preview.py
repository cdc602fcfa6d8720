"""What an upload would do, row by row; the commit does exactly this.

A row without 系统编号 is a new draft. One with it (from an export) changes that plan: only cells that no
longer hold what the export wrote are read, so an unedited row changes nothing whatever the file can't say.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from rulebook.selectors import book_for
from workflow.excel.columns import Kind, squeeze
from workflow.excel.form import columns
from workflow.excel.reader import Mark, Table, read_table
from workflow.excel.rows import Existing, Item, Outcome, item_of
from workflow.models import PlanCost, PlanImport
from workflow.rules.evaluate import findings_of_many
from workflow.services.imports import Batch, Draft

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from org.models import Department
    from rulebook.schema import Book


@dataclass
class Preview:
    """All rows of an upload with what becomes of each."""

    table: Table
    items: list[Item]
    department: Department
    year: int
    notes: list[str] = field(default_factory=list)

    def of(self, *outcomes: Outcome) -> list[Item]:
        return [item for item in self.items if item.outcome in outcomes]

    @property
    def faulty(self) -> list[Item]:
        return self.of(Outcome.FAULT)

    @property
    def good(self) -> list[Item]:
        """Rows the commit writes."""
        return self.of(Outcome.NEW, Outcome.CHANGED)

    @property
    def same(self) -> list[Item]:
        return self.of(Outcome.SAME)

    @property
    def new_count(self) -> int:
        return len(self.of(Outcome.NEW))

    @property
    def changed_count(self) -> int:
        return len(self.of(Outcome.CHANGED))

    @property
    def same_count(self) -> int:
        return len(self.same)

    @property
    def faults(self) -> list[Mark]:
        return [fault for item in self.faulty for fault in item.faults]

    @property
    def remarked(self) -> list[Item]:
        """Good rows the book or the reader has something to say about."""
        return [item for item in self.good if item.remarks or item.notes]

    @property
    def total(self) -> Decimal:
        return sum((item.total for item in self.good), Decimal("0.00"))

    @cached_property
    def batch(self) -> Batch:
        """What the commit writes, with the digest that proves it is what was shown."""
        drafts = tuple(
            Draft(
                row=item.row,
                fields=item.fields,
                costs=item.costs,
                plan_id=item.plan.pk,
                revision=item.plan.revision if item.plan.pk else None,
            )
            for item in self.good
        )
        shown = [
            [item.row, item.outcome, item.plan.pk, item.plan.revision, item.fields, item.costs]
            for item in self.items
        ]
        text = json.dumps(
            [self.table.sheet, self.year, shown], default=str, sort_keys=True, ensure_ascii=False
        )
        return Batch(hashlib.sha256(text.encode()).hexdigest(), drafts)


def preview(received: PlanImport, *, at: datetime, sheet: str = "", judged: bool = True) -> Preview:
    """Reads the stored file of ``received`` as it would be written at ``at``.

    ``judged``: with the findings of the book; the commit, which writes the same with or without, does
    without. Raises :class:`Refused` for a file that can't be read.
    """
    department = received.department
    book = book_for(department.union, timezone.localdate(at)).book
    with received.file.file.open("rb") as stored:
        table = read_table(stored, book, sheet=sheet)
    existing = Existing(department, received.year)
    known = [
        column for column in columns(book) if column.key in table.places and column.kind is not Kind.IGNORED
    ]
    found = Preview(table, [], department, received.year)
    seen: dict[int, int] = {}
    for line in table.lines:
        item = item_of(line, table, known, existing, seen, received.year)
        item.plan.union_id, item.plan.department = department.union_id, department
        found.items.append(item)
    _note_repeats(found, existing)
    found.notes = [*table.notes, *_notes(table, department, received.year)]
    if judged:
        _judge(found, book, at)
    return found


def _note_repeats(found: Preview, existing: Existing) -> None:
    """可能重复导入: a new row named as a plan that exists, or as another row of the file."""
    new = found.of(Outcome.NEW)
    rows = Counter(squeeze(item.name) for item in new)
    first: dict[str, int] = {}
    for item in new:
        key = squeeze(item.name)
        twins = existing.names.get(key, [])
        cell = item.line.cells.get("name")
        if twins:
            what = "、".join(f"{twin.declaration_number or twin.get_state_display()}" for twin in twins[:3])
            item.notes.append(
                found.table.mark(
                    item.row,
                    "name",
                    cell,
                    f"可能重复导入：本部门 {found.year} 年度已有同名班次（{what}）。",
                    "确是另一个班的，请改名以便区分；修改已有班次请用“导出 Excel”下载的文件。",
                )
            )
        elif rows[key] > 1 and key in first:
            item.notes.append(
                found.table.mark(
                    item.row,
                    "name",
                    cell,
                    f"可能重复：与第 {first[key]} 行同名。",
                    "确是两个班的，请改名以便区分。",
                )
            )
        first.setdefault(key, item.row)


def _notes(table: Table, department: Department, year: int) -> Iterable[str]:
    title = " ".join(table.above)
    years = {int(found) for found in re.findall(r"(20\d\d)\s*年?度", title)}
    if years and year not in years:
        yield f"表题写的是 {min(years)} 年度，本次按 {year} 年度导入，请核对是否选错了文件。"
    others = department.union.departments.exclude(pk=department.pk).values_list("name", flat=True)
    named = [name for name in others if name in title]
    if named and department.name not in title:
        yield f"表题写的是{'、'.join(named)}，本次导入到{department.name}，请核对是否选错了文件。"
    if table.other_sheets:
        yield (
            f"读取的是工作表“{table.sheet}”；另有可读的工作表：{'、'.join(table.other_sheets)}，不会一并导入。"
        )
    if table.unknown:
        yield f"不认识的栏目没有读取：{'、'.join(table.unknown)}。"
    if table.missing and len(table.missing) <= 12:
        yield f"表中没有这些栏目，导入后为空：{'、'.join(table.missing)}。"
    elif table.missing:
        yield f"表中没有 {len(table.missing)} 个栏目（{'、'.join(table.missing[:8])}等），导入后为空。"


def _judge(found: Preview, book: Book, at: datetime) -> None:
    """The book's findings on the good rows, in a constant number of queries."""
    good = found.good
    costs = [
        [PlanCost(item=name, amount=amount, note=note) for name, (amount, note) in item.costs.items()]
        for item in good
    ]
    for item, findings in zip(
        good, findings_of_many([item.plan for item in good], book, at=at, costs=costs), strict=True
    ):
        item.findings = findings


def check(received: PlanImport, *, at: datetime) -> None:
    """Raises :class:`Refused` where the file has no plan table that could be previewed."""
    preview(received, at=at, judged=False)


__all__ = ["Item", "Outcome", "Preview", "check", "preview"]
