"""What an upload would do, row by row; the commit does exactly this.

A row without 系统编号 is a new draft. One with it (from an export) changes that plan: only cells that no
longer hold what the export wrote are read, so an unedited row changes nothing whatever the file can't say.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from office.refusals import Refused
from rulebook.selectors import book_for
from workflow.excel import values
from workflow.excel.columns import Column, Kind, squeeze, written
from workflow.excel.form import columns
from workflow.excel.reader import Mark, Table, read_table
from workflow.models import ClassPlan, PlanCost, PlanImport
from workflow.rules.evaluate import findings_of_many
from workflow.services.imports import Batch, Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from org.models import Department
    from rulebook.schema import Book
    from workflow.excel.package import Cell
    from workflow.excel.reader import Line
    from workflow.rules.findings import Finding


class Outcome(StrEnum):
    """What the commit does with a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    FAULT = "fault"


@dataclass
class Item:
    """One row: the plan it would make or change (unsaved), or its faults. ``changes``: titles of the columns
    that differ from the plan in the system."""

    line: Line
    outcome: Outcome = Outcome.NEW
    plan: ClassPlan = field(default_factory=ClassPlan)
    costs: dict[str, tuple[Decimal, str]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    faults: list[Mark] = field(default_factory=list)
    notes: list[Mark] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def row(self) -> int:
        return self.line.row

    @property
    def name(self) -> str:
        cell = self.line.cells.get("name")
        return cell.text.strip() if cell else ""

    @property
    def total(self) -> Decimal:
        return sum((amount for amount, _ in self.costs.values()), Decimal("0.00"))

    @property
    def remarks(self) -> list[Finding]:
        """Findings that ask for something before or at submission."""
        return [finding for finding in self.findings if finding.stops or finding.asks]

    @property
    def stops(self) -> bool:
        return any(finding.stops for finding in self.findings)


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
    existing = _Existing(department, received.year)
    known = [
        column for column in columns(book) if column.key in table.places and column.kind is not Kind.IGNORED
    ]
    found = Preview(table, [], department, received.year)
    seen: dict[int, int] = {}
    for line in table.lines:
        item = _item(line, table, known, existing, seen, received.year)
        item.plan.union_id, item.plan.department = department.union_id, department
        found.items.append(item)
    _note_repeats(found, existing)
    found.notes = [*table.notes, *_notes(table, department, received.year)]
    if judged:
        _judge(found, book, at)
    return found


class _Existing:
    """The department's plans of the year, with their costs: two queries."""

    def __init__(self, department: Department, year: int) -> None:
        plans = ClassPlan.objects.filter(department=department, year=year).prefetch_related("costs")
        self.by_id = {plan.pk: plan for plan in plans}
        self.names: dict[str, list[ClassPlan]] = {}
        for plan in self.by_id.values():
            self.names.setdefault(squeeze(plan.name), []).append(plan)

    def costs(self, plan: ClassPlan) -> dict[str, tuple[Decimal, str]]:
        return {cost.item: (cost.amount, cost.note) for cost in plan.costs.all()}


def _item(
    line: Line, table: Table, known: Sequence[Column], existing: _Existing, seen: dict[int, int], year: int
) -> Item:
    item = Item(line)
    identity = line.cells.get("identity")
    if identity is None:
        item.plan = ClassPlan(year=year)
        _read_cells(item, table, known, None, {}, year)
        item.outcome = Outcome.FAULT if item.faults else Outcome.NEW
        return item
    plan = _claimed(item, identity, table, existing, seen)
    if plan is None:
        item.outcome = Outcome.FAULT
        return item
    item.plan = copy.copy(plan)
    before = existing.costs(plan)
    item.costs = dict(before)
    _read_cells(item, table, known, plan, {name: amount for name, (amount, _) in before.items()}, year)
    if not item.faults and not item.changes:
        item.outcome = Outcome.SAME
        return item
    if not item.faults:
        _refuse_stale(item, identity, table, plan)
    item.outcome = Outcome.FAULT if item.faults else Outcome.CHANGED
    return item


def _claimed(
    item: Item, identity: Cell, table: Table, existing: _Existing, seen: dict[int, int]
) -> ClassPlan | None:
    """The plan a row with 系统编号 means."""
    found = re.fullmatch(r"(\d{1,18})-(\d{1,9})", identity.text.strip())
    plan = existing.by_id.get(int(found[1])) if found else None
    if plan is None:
        item.faults.append(
            table.mark(
                item.row,
                "identity",
                identity,
                "系统编号不是本部门本年度的班次。",
                "新增的班次请清空这一格；修改已有班次请重新下载计划表。",
            )
        )
        return None
    if plan.pk in seen:
        item.faults.append(
            table.mark(
                item.row,
                "identity",
                identity,
                f"系统编号与第 {seen[plan.pk]} 行相同。",
                "复制行得来的新班次，请清空这一格。",
            )
        )
        return None
    seen[plan.pk] = item.row
    return plan


def _refuse_stale(item: Item, identity: Cell, table: Table, plan: ClassPlan) -> None:
    if not plan.is_editable:
        item.faults.append(
            table.mark(
                item.row,
                "identity",
                identity,
                f"《{plan.name}》现为“{plan.get_state_display()}”，不能修改（改动：{'、'.join(item.changes)}）。",  # type: ignore[attr-defined]
                "请把改动的单元格改回原样，或删去这一行。",
            )
        )
    elif identity.text.strip() != f"{plan.pk}-{plan.revision}":
        item.faults.append(
            table.mark(
                item.row,
                "identity",
                identity,
                f"《{plan.name}》在下载之后又在系统中修改过。",
                "请重新下载计划表，在新表上修改。",
            )
        )


def _read_cells(
    item: Item,
    table: Table,
    known: Sequence[Column],
    plan: ClassPlan | None,
    costs: dict[str, Decimal],
    year: int,
) -> None:
    """Reads each cell into ``item``; of a plan that exists only what differs from ``plan`` and ``costs``."""
    line = item.line
    for column in known:
        if column.kind is Kind.IDENTITY:
            continue
        cell = line.cells.get(column.key)
        if plan is not None and values.same(cell, written(column, plan, costs)):
            continue
        if column.key in line.merged:
            where = line.merged[column.key]
            item.faults.append(
                table.mark(
                    item.row,
                    column.key,
                    cell,
                    f"与上面的行合并成一格（{where}），分不清各班是多少。",
                    "请取消合并，每行分别填写。",
                )
            )
            continue
        if cell is None and plan is None:
            if column.required:
                item.faults.append(
                    table.mark(
                        item.row, column.key, None, f"没有填写{column.title}。", f"请填写{column.title}。"
                    )
                )
            continue
        try:
            value = (
                _empty(column)
                if cell is None
                else values.read(column, cell, year=year, scale=table.scales.get(column.key, Decimal(1)))
            )
            if column.required and not value:
                raise values.Unreadable(f"没有填写{column.title}。", f"请填写{column.title}。")
        except values.Unreadable as fault:
            item.faults.append(table.mark(item.row, column.key, cell, fault.problem, fault.mend))
            continue
        if cell is not None and cell.formula:
            item.notes.append(
                table.mark(
                    item.row, column.key, cell, f"{column.title}是公式，按计算结果“{cell.text}”读取。", ""
                )
            )
        _set(item, column, value)
        item.changes.append(column.title)
    if line.hidden:
        item.notes.append(
            table.mark(
                item.row,
                "name",
                line.cells.get("name"),
                "这一行是隐藏的，仍会导入。",
                "不需要的请在表中删去。",
            )
        )


def _empty(column: Column) -> Any:
    """What a cell emptied in an export means."""
    match column.kind:
        case Kind.MANY | Kind.TIME:
            return []
        case Kind.PLACE:
            return "", False
        case Kind.COUNT | Kind.DAYS | Kind.HOURS | Kind.MONEY:
            return (
                1
                if column.key == "sessions"
                else Decimal(0)
                if column.kind in {Kind.HOURS, Kind.MONEY}
                else 0
            )
    return ClassPlan._meta.get_field(column.key).get_default()  # type: ignore[union-attr]


def _set(item: Item, column: Column, value: Any) -> None:
    plan, (head, _, tail) = item.plan, column.key.partition(":")
    if head == "module" and tail:
        modules = dict(plan.modules)
        modules.pop(tail, None)
        if value:
            modules[tail] = int(value) if value == int(value) else float(value)
        plan.modules = item.fields["modules"] = modules
    elif head == "cost" and tail:
        _, note = item.costs.pop(tail, (None, ""))
        if value:
            item.costs[tail] = (value, note)
    elif column.kind is Kind.PLACE:
        plan.place, plan.place_tentative = item.fields["place"], item.fields["place_tentative"] = value
    else:
        setattr(plan, column.key, value)
        item.fields[column.key] = value


def _note_repeats(found: Preview, existing: _Existing) -> None:
    """可能重复导入: a new row named as a plan that exists, or as another row of the file."""
    new = found.of(Outcome.NEW)
    rows = Counter(squeeze(item.name) for item in new)
    first: dict[str, int] = {}
    for item in new:
        key = squeeze(item.name)
        twins = existing.names.get(key, [])
        cell = item.line.cells.get("name")
        if twins:
            what = "、".join(f"{twin.declaration_number or twin.get_state_display()}" for twin in twins[:3])  # type: ignore[attr-defined]
            item.notes.append(
                found.table.mark(
                    item.row,
                    "name",
                    cell,
                    f"可能重复导入：本部门 {found.year} 年度已有同名班次（{what}）。",
                    "确是另一个班的，请改名以便区分；修改已有班次请用“导出计划表”下载的文件。",
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


__all__ = ["Item", "Outcome", "Preview", "Refused", "check", "preview"]
