"""Which classes of a year may be carried over to the next, and what speaks against one (S21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

from budgets.models import Project
from budgets.rules import carry_fault
from workflow.models import ClassRun, MoneyRequest
from workflow.rules.money_terms import ZERO, CarryingClass, lines_of
from workflow.states import MoneyKind, RequestState, RunState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from django.db.models import QuerySet

    from budgets.models import Fund
    from workflow.rules.money_terms import Line

_OVER = (RunState.SETTLED, RunState.ARCHIVED, RunState.CANCELLED)
_PENDING = (RequestState.REVIEWING, RequestState.RETURNED)


@dataclass(frozen=True)
class OpenClass:
    """A class that isn't settled and has money left, in yuan; ``lines`` those it has some on."""

    project: Project
    lines: tuple[Line, ...]

    @property
    def free(self) -> Decimal:
        return sum((line.free for line in self.lines), ZERO)

    @property
    def committed(self) -> Decimal:
        return sum((line.committed for line in self.lines), ZERO)

    @property
    def has(self) -> Decimal:
        return self.free + self.committed


def _unsettled(projects: QuerySet[Project, Any]) -> QuerySet[Project, Any]:
    """Those with a 期 that is neither settled nor cancelled."""
    runs = ClassRun.objects.filter(plan__project=OuterRef("first")).exclude(state__in=_OVER)
    return projects.annotate(first=Coalesce("origin", "pk")).filter(Exists(runs))


def open_classes(fund: Fund) -> list[OpenClass]:
    """The classes of a fund that may be carried over, by number; two queries."""
    projects = _unsettled(Project.objects.filter(fund=fund, continued_by=None))
    found = list(projects.select_related("department").order_by("number"))
    lines: dict[int, list[Line]] = {}
    for line in lines_of(project.pk for project in found):
        if line.budget > line.paid:
            lines.setdefault(line.project, []).append(line)
    return [OpenClass(each, tuple(lines[each.pk])) for each in found if each.pk in lines]


def class_faults(request: MoneyRequest, classes: Sequence[CarryingClass]) -> Iterator[str]:
    """What speaks against carrying over these classes with ``request``, as things are; three queries."""
    ids = [each.project for each in classes]
    projects = Project.objects.filter(fund=request.fund_id, pk__in=ids).select_related("continued_by")
    known = {project.pk: project for project in projects}
    going = set(_unsettled(Project.objects.filter(pk__in=ids)).values_list("pk", flat=True))
    asked = MoneyRequest.objects.filter(project__in=ids, state__in=_PENDING).order_by("id")
    pending = {one.project_id: one for one in asked}
    for each in classes:
        project = known.get(each.project)
        if project is None:
            yield "所选班次不属于本年度专项预算，请重新选择。"
        elif (later := getattr(project, "continued_by", None)) is not None:
            yield f"{project.number}：本班结余已结转到 {later.number}，不能再次结转。"
        elif project.pk not in going:
            yield f"{project.number}：本班已办结决算或取消办班，没有需要跨年支付的款项，不能结转。"
        else:
            yield from _lines(project, each, pending.get(project.pk))


def _lines(project: Project, each: CarryingClass, pending: MoneyRequest | None) -> Iterator[str]:
    if pending is not None:
        kind = MoneyKind(pending.kind).label
        yield (
            f"{project.number}：{kind} {pending.code} 还没有办结（{pending.get_state_display()}），"
            "请先办结或撤回。"
        )
    if not each.sums.has:
        yield f"{project.number}：没有可结转的余额，请取消选择。"
    elif not each.asked.total:
        yield f"{project.number}：请填写结转金额，或取消选择。"
    for row in each.rows:
        line = f"{project.number}“{row.title}”"
        if fault := carry_fault(line, free=row.free, promised=row.committed, amount=row.amount):
            yield fault
    if unknown := _titles(each):
        yield f"{project.number} 没有预算行“{unknown}”，不能结转。"


def _titles(each: CarryingClass) -> str:
    items: Iterable[str] = each.asked.lines.keys() - {row.item for row in each.rows}
    return "、".join(sorted(items))
