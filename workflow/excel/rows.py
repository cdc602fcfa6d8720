"""One row of a plan table into the plan it would make or change, or its faults."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from workflow.excel import values
from workflow.excel.columns import Column, Kind, squeeze, written
from workflow.models import ClassPlan

if TYPE_CHECKING:
    from org.models import Department
    from workflow.excel.package import Cell
    from workflow.excel.reader import Line, Mark, Table
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


class Existing:
    """The department's plans of the year, with their costs: two queries."""

    def __init__(self, department: Department, year: int) -> None:
        plans = ClassPlan.objects.filter(department=department, year=year).prefetch_related("costs")
        self.by_id = {plan.pk: plan for plan in plans}
        self.names: dict[str, list[ClassPlan]] = {}
        for plan in self.by_id.values():
            self.names.setdefault(squeeze(plan.name), []).append(plan)

    def costs(self, plan: ClassPlan) -> dict[str, tuple[Decimal, str]]:
        return {cost.item: (cost.amount, cost.note) for cost in plan.costs.all()}


def item_of(
    line: Line, table: Table, known: Sequence[Column], existing: Existing, seen: dict[int, int], year: int
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
    item: Item, identity: Cell, table: Table, existing: Existing, seen: dict[int, int]
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
                "新增的班次请清空这一格；修改已有班次请重新“导出 Excel”。",
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
                f"《{plan.name}》现为“{plan.get_state_display()}”，不能修改（改动：{'、'.join(item.changes)}）。",
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
                "请重新“导出 Excel”，在新表上修改。",
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
