"""Which projects finance should look at first, and why; nothing here refuses anything."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets.models import Account, Commitment, Project
from budgets.states import AccountKind
from office.wording import chinese_date, percent_text, yuan
from workflow import timing
from workflow.models import ClassPlan, ClassRun
from workflow.selectors.fund_lists import firsts_of, funded
from workflow.states import PlanState, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from django.db.models import QuerySet

    from workflow.selectors.money import FundedClass

#: Days after which what should have been done is late.
SETTLE_WITHIN: Final = 30
#: A line with this share paid before its class has begun is tight.
TIGHT: Final = Decimal("0.9")
ZERO: Final = Decimal("0.00")


@dataclass
class Risk:
    """A project with what is wrong with it, gravest first. ``weight`` orders projects."""

    row: FundedClass
    reasons: list[str] = field(default_factory=list)
    weight: int = 0


def risks(projects: QuerySet[Project], *, at: datetime, most: int = 200) -> list[Risk]:
    """The projects at risk, worst first, at most ``most``; a constant number of queries."""
    today = timezone.localdate(at)
    # What was carried over is looked after in the year it went to.
    projects = projects.filter(continued_by=None)
    here = _here(projects)
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for project, weight, reason in (
        *_unsettled(projects, here, today),
        *_promised(projects, today),
        *_idle(projects, here, today),
        *_tight(projects),
        *_left(projects),
    ):
        found[project].append((weight, reason))
    worst = sorted(found, key=lambda pk: (-sum(weight for weight, _ in found[pk]), pk))[:most]
    rows = {row.project.pk: row for row in funded(list(projects.filter(pk__in=worst)))}
    return [
        Risk(
            rows[pk],
            [reason for _, reason in sorted(found[pk], key=lambda pair: -pair[0])],
            sum(weight for weight, _ in found[pk]),
        )
        for pk in worst
        if pk in rows
    ]


_Found = list[tuple[int, int, str]]


def _keys(projects: QuerySet[Project]) -> QuerySet[Project, Any]:
    return projects.order_by().values("pk")


def _here(projects: QuerySet[Project]) -> dict[int, int]:
    """Projects that continue one of an earlier year, by the project their class was approved with."""
    return {one.first_id: one.pk for one in projects.filter(origin__isnull=False).order_by()}


def _unsettled(projects: QuerySet[Project], here: Mapping[int, int], today: date) -> _Found:
    """Held and over, and not settled; or over and nothing paid yet."""
    runs = ClassRun.objects.filter(
        plan__project__in=firsts_of(projects),
        state__in=(RunState.RUNNING, RunState.SETTLING),
        ends_on__lt=today,
    ).select_related("plan")
    spent = Account.objects.filter(kind=AccountKind.PAID, balance__gt=0).order_by()
    paid = set(spent.filter(line__project__in=_keys(projects)).values_list("line__project", flat=True))
    if here:
        # What was paid for the class before it came to this year.
        whole = spent.filter(Q(line__project__in=here) | Q(line__project__origin__in=here))
        paid |= set(whole.values_list(Coalesce("line__project__origin", "line__project"), flat=True))
    rows: _Found = []
    for run in runs.order_by("id"):
        project, ended = run.plan.project_id, run.ends_on
        if project is None or ended is None:
            continue
        days = (today - ended).days
        if days > SETTLE_WITHIN:
            late = f"{run.title}{chinese_date(ended)}结束，已 {days} 天未办结决算。"
            rows.append((here.get(project, project), 40, late))
        if project not in paid:
            rows.append((here.get(project, project), 30, f"{run.title}已结束，还没有支出。"))
    return rows


def _promised(projects: QuerySet[Project], today: date) -> _Found:
    """Committed long ago for a class that is over."""
    over = ClassRun.objects.filter(ends_on__lt=today - timedelta(SETTLE_WITHIN)).values_list(
        "plan__project", "session_no"
    )
    ended = set(over.filter(plan__project__in=firsts_of(projects)))
    rows: _Found = []
    waiting = Commitment.objects.open().filter(project__in=_keys(projects)).select_related("project")
    for one in waiting.order_by("id"):
        if (one.project.first_id, one.session_no) in ended:
            rows.append(
                (
                    one.project_id,
                    35,
                    f"预占 {one.number}“{one.title}”{yuan(one.outstanding)} 元在办班结束后仍未支付。",
                )
            )
    return rows


def _idle(projects: QuerySet[Project], here: Mapping[int, int], today: date) -> _Found:
    """Planned for days that have gone by, and not even asked to open."""
    plans = ClassPlan.objects.filter(
        project__in=firsts_of(projects), state=PlanState.APPROVED, runs__state=RunState.PLANNED
    ).distinct()
    rows: _Found = []
    for plan in plans.order_by("id"):
        last = max((timing.slot_days(slot, year=plan.year)[1] for slot in plan.time_slots), default=None)
        if last is not None and last < today and plan.project_id is not None:
            project = here.get(plan.project_id, plan.project_id)
            rows.append((project, 20, f"计划 {plan.time_text}办班，尚未申请开班。"))
    return rows


def _left(projects: QuerySet[Project]) -> _Found:
    """Money that lies on a class of which nothing is left to do: what came back after its end."""
    over = (RunState.SETTLED, RunState.ARCHIVED, RunState.CANCELLED)
    classes = (
        ClassRun.objects.filter(plan__project__in=firsts_of(projects))
        .order_by()
        .values("plan__project")
        .annotate(
            going=Count("pk", filter=~Q(state__in=over)),
            held=Count("pk", filter=~Q(state=RunState.CANCELLED)),
        )
        .filter(going=0)
    )
    ended = projects.annotate(first=Coalesce("origin", "pk")).filter(
        first__in=classes.values("plan__project")
    )
    free = (
        Account.objects.filter(kind=AccountKind.LINE, line__project__in=_keys(ended), balance__gt=0)
        .order_by()
        .values_list("line__project", Coalesce("line__project__origin", "line__project"))
        .annotate(Sum("balance"))
    )
    if not (rows := list(free)):
        return []
    held = dict(classes.values_list("plan__project", "held"))
    return [
        (
            project,
            25,
            f"{'已办结决算' if held[first] else '已取消办班'}，还有可用 {yuan(amount)} 元没有收回。",
        )
        for project, first, amount in rows
    ]


def _tight(projects: QuerySet[Project]) -> _Found:
    """A line nearly all paid before anybody has come; what is only promised goes as it was planned."""
    waiting = ClassRun.objects.filter(
        plan__project__in=firsts_of(projects),
        state__in=(RunState.PLANNED, RunState.OPENING, RunState.ENROLLING),
    )
    before = projects.annotate(first=Coalesce("origin", "pk")).filter(
        first__in=waiting.order_by().values("plan__project")
    )
    accounts = (
        Account.objects.filter(line__project__in=_keys(before))
        .order_by("line__ordinal")
        .values_list("line", "line__project", "line__title", "kind", "balance")
    )
    held: dict[int, tuple[int, str, dict[str, Decimal]]] = {}
    for line, project, title, kind, balance in accounts:
        held.setdefault(line, (project, title, {}))[2][kind] = balance
    rows: _Found = []
    for project, title, kinds in held.values():
        whole, paid = sum(kinds.values(), ZERO), kinds.get(AccountKind.PAID, ZERO)
        if whole and paid >= whole * TIGHT:
            rows.append((project, 10, f"“{title}”开班前已支出 {percent_text(paid, whole)}。"))
    return rows
