"""经费预算表, 执行情况表, 决算表 of a fund: one table each, for the page, the print and the workbook."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from django.db.models import Count, Q, Sum

from budgets.models import Account, BudgetLine, SettlementLine
from workflow.models import ClassRun
from workflow.selectors.fund_lists import firsts_of, funded
from workflow.states import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import QuerySet

    from budgets.models import Project
    from workflow.selectors.money import FundedClass

ZERO: Final = Decimal("0.00")
Kind = Literal["text", "center", "money"]


@dataclass(frozen=True)
class ReportColumn:
    """``width`` in characters of a workbook."""

    title: str
    width: float
    kind: Kind = "text"


@dataclass(frozen=True)
class Report:
    """A table with its sums. ``projects``: the key of each row's project. ``note`` says what is counted."""

    title: str
    note: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: tuple[Any, ...]
    projects: tuple[int, ...]


_HEAD: Final = (
    ReportColumn("序号", 6, "center"),
    ReportColumn("项目编号", 14, "center"),
    ReportColumn("班次名称", 30),
    ReportColumn("主办部门", 14),
)


def _head(ordinal: int, row: FundedClass) -> tuple[Any, ...]:
    project = row.project
    name = f"{project.name}（{project.carried_text}）" if project.carried_text else project.name
    return (ordinal, project.number, name, project.department.name)


def _sum(values: Sequence[tuple[Any, ...]], columns: Sequence[ReportColumn], first: int) -> tuple[Any, ...]:
    """Sums of the money columns from the ``first`` on; the others stay empty."""
    return tuple(
        sum((row[place] for row in values if row[place] is not None), ZERO)
        if column.kind == "money" and place >= first
        else None
        for place, column in enumerate(columns)
    )


def _finished(
    title: str,
    note: str,
    columns: Sequence[ReportColumn],
    rows: Sequence[tuple[Any, ...]],
    keys: Sequence[int],
) -> Report:
    total = list(_sum(rows, columns, len(_HEAD)))
    total[2] = f"合计（{len(rows)} 个项目）"
    return Report(title, note, tuple(columns), tuple(rows), tuple(total), tuple(keys))


def budget_report(projects: QuerySet[Project]) -> Report:
    """经费预算表: each project's budget by cost item as it stands, with 调剂 and 预算调整."""
    rows = funded(list(projects))
    held: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    accounts = Account.objects.filter(line__project__in=projects.order_by().values("pk")).order_by()
    for project, item, balance in accounts.values_list("line__project", "line__item").annotate(
        Sum("balance")
    ):
        held[project][item] = balance
    titles: dict[str, str] = {}
    lines = BudgetLine.objects.filter(project__in=projects.order_by().values("pk")).order_by("ordinal", "id")
    for item, title in lines.values_list("item", "title"):
        titles.setdefault(item, title)
    columns = (
        *_HEAD,
        ReportColumn("学员", 8, "center"),
        ReportColumn("工作人员", 8, "center"),
        ReportColumn("天数", 8, "center"),
        *(ReportColumn(title, 13, "money") for title in titles.values()),
        ReportColumn("合计", 15, "money"),
    )
    table = []
    for ordinal, row in enumerate(rows, 1):
        plan, of_row = row.plan, held[row.project.pk]
        people: tuple[Any, ...] = ("", "", "")
        if plan is not None:
            times = f"×{plan.sessions}期" if plan.sessions > 1 else ""
            people = (f"{plan.trainees}{times}", plan.staff, f"{Decimal(plan.half_days) / 2:g}")
        amounts = (of_row.get(item, ZERO) for item in titles)
        table.append((*_head(ordinal, row), *people, *amounts, row.held.appropriated))
    return _finished(
        "经费预算表",
        "各项为当前预算数，含调剂和预算调整",
        columns,
        table,
        [row.project.pk for row in rows],
    )


def execution_report(projects: QuerySet[Project]) -> Report:
    """执行情况表: what each project got, promised, spent and has left, and how its 期 stand."""
    rows = funded(list(projects))
    runs = _runs(projects)
    columns = (
        *_HEAD,
        ReportColumn("办班情况", 18),
        ReportColumn("下达", 15, "money"),
        ReportColumn("预占", 15, "money"),
        ReportColumn("支出", 15, "money"),
        ReportColumn("可用", 15, "money"),
        ReportColumn("支出进度", 11, "center"),
    )
    table = [
        (
            *_head(ordinal, row),
            runs(row.project.first_id),
            row.held.appropriated,
            row.held.committed,
            row.held.paid,
            row.held.available,
            f"{row.held.paid_percent}%",
        )
        for ordinal, row in enumerate(rows, 1)
    ]
    return _finished(
        "执行情况表",
        "支出进度＝支出÷下达",
        columns,
        table,
        [row.project.pk for row in rows],
    )


def settlement_report(projects: QuerySet[Project]) -> Report:
    """经费决算表 of what was settled: the 期 of each project together."""
    rows = funded(list(projects))
    settled = {
        row["settlement__project"]: row
        for row in SettlementLine.objects.filter(settlement__project__in=projects.order_by().values("pk"))
        .order_by()
        .values("settlement__project")
        .annotate(
            budget=Sum("budget"),
            adjusted=Sum("adjusted"),
            actual=Sum("actual"),
            sessions=Count("settlement", distinct=True),
        )
    }
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    lines = SettlementLine.objects.filter(settlement__project__in=projects.order_by().values("pk")).exclude(
        explanation=""
    )
    for project, title, why in lines.order_by("settlement__session_no", "line__ordinal").values_list(
        "settlement__project", "line__title", "explanation"
    ):
        reasons[project].append(f"{title}：{why}")
    columns = (
        *_HEAD,
        ReportColumn("已决算", 9, "center"),
        ReportColumn("预算数", 15, "money"),
        ReportColumn("调整后预算", 15, "money"),
        ReportColumn("实际支出", 15, "money"),
        ReportColumn("结余（－超支）", 15, "money"),
        ReportColumn("说明", 40),
    )
    table: list[tuple[Any, ...]] = []
    keys: list[int] = []
    waiting = 0
    for row in rows:
        done = settled.get(row.project.pk)
        if done is None:
            # Of a class that was carried over the settlement stands with the year it was paid up in.
            waiting += not row.project.later_number
            continue
        keys.append(row.project.pk)
        table.append(
            (
                *_head(len(table) + 1, row),
                f"{done['sessions']} 期",
                done["budget"],
                done["adjusted"],
                done["actual"],
                done["adjusted"] - done["actual"],
                "；".join(dict.fromkeys(reasons[row.project.pk])),
            )
        )
    return _finished(
        "经费决算表",
        f"已办结决算的项目；另有 {waiting} 个项目未办结" if waiting else "",
        columns,
        table,
        keys,
    )


REPORTS: Final[dict[str, Callable[[QuerySet[Project]], Report]]] = {
    "budget": budget_report,
    "execution": execution_report,
    "settlement": settlement_report,
}
REPORT_TITLES: Final = {"budget": "经费预算表", "execution": "执行情况表", "settlement": "经费决算表"}


def _runs(projects: QuerySet[Project]) -> Callable[[int], str]:
    """Of a class's 期, by its first project: how many are over, how many there are, in words; one query."""
    over = (RunState.SETTLING, RunState.SETTLED, RunState.ARCHIVED)
    counted = {
        row["plan__project"]: row
        for row in ClassRun.objects.filter(plan__project__in=firsts_of(projects))
        .order_by()
        .values("plan__project")
        .annotate(
            all=Count("pk"),
            over=Count("pk", filter=Q(state__in=over)),
            cancelled=Count("pk", filter=Q(state=RunState.CANCELLED)),
        )
    }

    def words(first: int) -> str:
        row = counted.get(first)
        if row is None:
            return ""
        cancelled = f"，取消 {row['cancelled']} 期" if row["cancelled"] else ""
        return f"已办 {row['over']}／{row['all']} 期{cancelled}"

    return words
