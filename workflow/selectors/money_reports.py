"""经费预算表, 执行情况表, 决算表 of a fund: one table each, for the page, the print and the workbook."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from budgets.models import Account, BudgetLine, Entry, Payment, SettlementLine
from budgets.states import EntryKind
from workflow.costs import apart_last
from workflow.models import ClassRun
from workflow.selectors.fund_lists import firsts_of, funded
from workflow.selectors.money import add_up
from workflow.states import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models import QuerySet

    from budgets.models import Fund, Project
    from workflow.selectors.money import FundedClass

ZERO: Final = Decimal("0.00")
Kind = Literal["text", "center", "number", "money", "percent"]


@dataclass(frozen=True)
class ReportColumn:
    """``width`` in characters of a workbook."""

    title: str
    width: float
    kind: Kind = "text"


@dataclass(frozen=True)
class Report:
    """A table with its sums. ``projects``: the key of each row's project. ``note`` says what is counted.
    ``below``: (what, amount in yuan) to be written out in capitals under it; ``attached``: what goes with it.
    """

    title: str
    note: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: tuple[Any, ...]
    projects: tuple[int, ...]
    below: tuple[str, Decimal] | None = None
    attached: str = ""


def heading(fund: Fund, title: str) -> str:
    """2026年培训专项经费预算表: a fund whose name ends in 经费 doesn't say it twice."""
    name = fund.title.removesuffix("经费") if title.startswith("经费") else fund.title
    return f"{fund.year}年{name}{title}"


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
    items = apart_last(titles)
    columns = (
        *_HEAD,
        ReportColumn("期数", 6, "number"),
        ReportColumn("每期学员", 8, "number"),
        ReportColumn("每期工作人员", 8, "number"),
        ReportColumn("每期天数", 8, "number"),
        *(ReportColumn(titles[item], 13, "money") for item in items),
        ReportColumn("合计", 15, "money"),
    )
    table = []
    for ordinal, row in enumerate(rows, 1):
        plan, of_row = row.plan, held[row.project.pk]
        people: tuple[Any, ...] = (None,) * 4
        if plan is not None:
            people = (plan.sessions, plan.trainees, plan.staff, plan.days)
        amounts = (of_row.get(item, ZERO) for item in items)
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
        ReportColumn("支出进度", 9, "percent"),
    )
    table = [
        (
            *_head(ordinal, row),
            runs(row.project.first_id),
            row.held.appropriated,
            row.held.committed,
            row.held.paid,
            row.held.available,
            row.held.paid_share,
        )
        for ordinal, row in enumerate(rows, 1)
    ]
    found = _finished(
        "执行情况表",
        "支出进度＝支出÷下达",
        columns,
        table,
        [row.project.pk for row in rows],
    )
    return replace(found, total=(*found.total[:-1], add_up(row.held for row in rows).paid_share))


def settlement_report(projects: QuerySet[Project]) -> Report:
    """经费决算表 of what was settled, its 期 together; a cancelled class with what it cost."""
    rows = funded(list(projects))
    settled, runs, planned = _settled(projects), _counted(projects), _first_budgets(projects)
    reasons, papers = _reasons(projects), _papers(projects)
    columns = (
        *_HEAD,
        ReportColumn("已决算", 10, "center"),
        ReportColumn("预算数", 15, "money"),
        ReportColumn("调整后预算", 15, "money"),
        ReportColumn("实际支出", 15, "money"),
        ReportColumn("其中：预算外", 14, "money"),
        ReportColumn("结余（－超支）", 15, "money"),
        ReportColumn("票据份数", 7, "number"),
        ReportColumn("附件张数", 7, "number"),
        ReportColumn("说明", 36),
    )
    table: list[tuple[Any, ...]] = []
    keys: list[int] = []
    waiting = partly = sheets = 0
    for row in rows:
        pk, first = row.project.pk, row.project.first_id
        done, of_class = settled.get(pk), runs.get(first)
        held = of_class["all"] - of_class["cancelled"] if of_class else 0
        bookings = papers[first]
        if done is not None:
            sessions = len(done["sessions"])
            partly += sessions < held
            sheets += sessions
            state = f"{sessions}／{max(held, sessions)} 期"
            if sessions < held:
                # What is for the class as a whole counts with the last 期 that is settled.
                bookings = {
                    number: papers for number, papers in bookings.items() if number in done["sessions"]
                }
            why = "；".join(dict.fromkeys(reasons[pk]))
            figures = (done["budget_sum"], done["adjusted_sum"], done["actual_sum"], done["outside"] or ZERO)
        elif of_class and not held and not row.project.later_number:
            state, why = "取消办班", "取消前已发生的支出" if row.held.paid else ""
            figures = (planned.get(pk, ZERO), row.held.appropriated, row.held.paid, ZERO)
        else:
            # Of a class that was carried over the settlement stands with the year it was paid up in.
            waiting += not row.project.later_number
            continue
        keys.append(pk)
        counted = [sum(papers) for papers in zip(*bookings.values(), strict=True)] or [0, 0]
        left = figures[1] - figures[2]
        table.append((*_head(len(table) + 1, row), state, *figures, left, *counted, why))
    notes = (
        "已办结决算和取消办班的项目",
        f"其中 {partly} 个项目还有期次未办结" if partly else "",
        f"另有 {waiting} 个项目未办结" if waiting else "",
    )
    found = _finished("经费决算表", "；".join(filter(None, notes)), columns, table, keys)
    total = list(found.total)
    places = {column.title: place for place, column in enumerate(columns)}
    for title in ("票据份数", "附件张数"):
        total[places[title]] = sum(row[places[title]] for row in table)
    if not table:
        return found
    return replace(
        found,
        total=tuple(total),
        below=("实际支出合计", total[places["实际支出"]]),
        attached=f"各期经费决算表 {sheets} 份（含报销附件清单），票据 {total[places['票据份数']]} 份",
    )


def _settled(projects: QuerySet[Project]) -> Mapping[int, Any]:
    """What was settled of each project: its figures, the 期; one query. ``outside``: spent on items the
    budget hadn't."""
    lines = SettlementLine.objects.filter(settlement__project__in=projects.order_by().values("pk")).order_by()
    return {
        row["settlement__project"]: row
        for row in lines.values("settlement__project").annotate(
            budget_sum=Sum("budget"),
            adjusted_sum=Sum("adjusted"),
            actual_sum=Sum("actual"),
            outside=Sum("actual", filter=Q(budget=0)),
            sessions=ArrayAgg("settlement__session_no", distinct=True),
        )
    }


def _reasons(projects: QuerySet[Project]) -> dict[int, list[str]]:
    """Why figures differ, by project, 期 by 期; one query."""
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    lines = SettlementLine.objects.filter(settlement__project__in=projects.order_by().values("pk")).exclude(
        explanation=""
    )
    for project, title, why in lines.order_by("settlement__session_no", "line__ordinal").values_list(
        "settlement__project", "line__title", "explanation"
    ):
        reasons[project].append(f"{title}：{why}")
    return reasons


def _papers(projects: QuerySet[Project]) -> dict[int, dict[int | None, tuple[int, int]]]:
    """(票据份数, 附件张数) of each class, by its first project and by 期: the invoices in use and the sheets
    noted with the payments that stand, of every year; two queries."""
    found: defaultdict[int, dict[int | None, tuple[int, int]]] = defaultdict(dict)
    payments = (
        Payment.objects.standing()
        .annotate(first=Coalesce("project__origin", "project"))
        .filter(first__in=firsts_of(projects))
        .order_by()
        .values_list("first", "session_no")
    )
    bills = {
        (first, number): count
        for first, number, count in payments.filter(invoices__active=True).annotate(Count("invoices"))
    }
    for first, number, sheets in payments.annotate(Sum("attachments")):
        found[first][number] = (bills.get((first, number), 0), sheets)
    return found


def _first_budgets(projects: QuerySet[Project]) -> dict[int, Decimal]:
    """What each project was handed with its approval, in yuan; one query."""
    granted = Entry.objects.filter(kind=EntryKind.APPROPRIATE, project__in=projects.order_by().values("pk"))
    return dict(granted.order_by().values_list("project").annotate(Sum("amount")))


REPORTS: Final[dict[str, Callable[[QuerySet[Project]], Report]]] = {
    "budget": budget_report,
    "execution": execution_report,
    "settlement": settlement_report,
}
REPORT_TITLES: Final = {"budget": "经费预算表", "execution": "执行情况表", "settlement": "经费决算表"}


def _counted(projects: QuerySet[Project]) -> Mapping[int, Any]:
    """Of a class's 期, by its first project: how many there are, are over, were cancelled; one query."""
    over = (RunState.SETTLING, RunState.SETTLED, RunState.ARCHIVED)
    return {
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


def _runs(projects: QuerySet[Project]) -> Callable[[int], str]:
    """The same in words."""
    counted = _counted(projects)

    def words(first: int) -> str:
        row = counted.get(first)
        if row is None:
            return ""
        cancelled = f"，取消 {row['cancelled']} 期" if row["cancelled"] else ""
        return f"已办 {row['over']}／{row['all']} 期{cancelled}"

    return words
