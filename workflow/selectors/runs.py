"""期 as lists show them, and the requests about one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, When

from workflow.models import ClassPlan, ClassRun, RunCost, RunRequest, WorkTask
from workflow.states import RequestKind, RequestState, RunState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from org.selectors import Standing


def seen(standing: Standing) -> QuerySet[ClassRun]:
    """The 期 one sees, plan, union and department loaded."""
    return (
        ClassRun.objects.visible_to(standing)
        .select_related("plan__union", "plan__department", "plan__version__book", "plan__project")
        .defer("plan__version__content", "plan__version__book__content", "plan__version__book__source_text")
    )


def sees_whole(standing: Standing, run: ClassRun) -> bool:
    """Whether he sees the class itself, its money and its requests, and not only that he is called to it."""
    return run.plan_id in plans_seen(standing, [run])


def plans_seen(standing: Standing, runs: Iterable[ClassRun]) -> set[int]:
    """The plans among those of ``runs`` that he sees, money and requests included; one query.

    People of a unit see a 期 they are called to, and nothing of its money.
    """
    keys = {run.plan_id for run in runs}
    return set(ClassPlan.objects.visible_to(standing).filter(pk__in=keys).values_list("pk", flat=True))


def listed(
    standing: Standing,
    *,
    state: str = "",
    department: int | None = None,
    year: int | None = None,
    q: str = "",
) -> QuerySet[ClassRun]:
    """The list of 期; ``total`` its final budget, yuan or None.

    What is under way comes first, the soonest on top, then what has no days yet, then what is over, the
    latest on top.
    """
    rows = ClassRun.objects.visible_to(standing)
    if state:
        rows = rows.filter(state=state)
    if department is not None:
        rows = rows.filter(plan__department=department)
    if year is not None:
        rows = rows.filter(plan__year=year)
    if q:
        named = Q(plan__name__icontains=q) | Q(code__icontains=q) | Q(venue__icontains=q)
        rows = rows.filter(named | Q(plan__place__icontains=q) | Q(owner_name__icontains=q))
    costs = RunCost.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(s=Sum("amount"))
    over = Q(state__in=(RunState.SETTLED, RunState.ARCHIVED, RunState.CANCELLED))
    return (
        rows.select_related("plan__department")
        .annotate(total=Subquery(costs.values("s")), over=over, live=Case(When(~over, then=F("starts_on"))))
        .order_by(
            "over",
            F("live").asc(nulls_last=True),
            F("starts_on").desc(nulls_last=True),
            "plan__plan_number",
            "session_no",
        )
    )


def counts(standing: Standing) -> dict[str, int]:
    """How many of the 期 one sees are in each state; one query."""
    rows = ClassRun.objects.visible_to(standing).order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in rows}


def choices(standing: Standing) -> tuple[list[tuple[int, str]], list[int]]:
    """Departments (key, name) in their order and years of the 期 one sees; one query."""
    rows = (
        ClassRun.objects.visible_to(standing)
        .order_by()
        .values_list("plan__department", "plan__department__name", "plan__department__ordinal", "plan__year")
        .distinct()
    )
    found = list(rows)
    departments = sorted({(ordinal, pk, name) for pk, name, ordinal, _ in found})
    return [(pk, name) for _, pk, name in departments], sorted({row[3] for row in found}, reverse=True)


_UNSETTLED = (RequestState.DRAFT, RequestState.REVIEWING, RequestState.RETURNED)


def asked_of(run_ids: Iterable[int], standing: Standing) -> dict[int, RunRequest]:
    """What is being asked about each 期 (exemptions apart), ``where`` its open step; one query.

    A draft is its department's own business.
    """
    where = WorkTask.objects.filter(request=OuterRef("pk"), is_open=True).values("step_title")[:1]
    rows = (
        RunRequest.objects.filter(run__in=list(run_ids), state__in=_UNSETTLED)
        .exclude(kind=RequestKind.EXEMPT)
        .filter(~Q(state=RequestState.DRAFT) | Q(run__plan__department__in=standing.department_ids))
        .defer("content", "before")
        .annotate(where=Subquery(where))
        .order_by()
    )
    return {row.run_id: row for row in rows}


def cancelled_for(run_ids: Collection[int]) -> dict[int, str]:
    """Why these 期 were cancelled, in the words of the request that was agreed to; no query for none."""
    if not run_ids:
        return {}
    done = RunRequest.objects.filter(run__in=run_ids, kind=RequestKind.CANCEL, state=RequestState.APPROVED)
    return dict(done.order_by().values_list("run", "reason"))


def requests_of(run: ClassRun, standing: Standing) -> list[RunRequest]:
    """Everything that was asked about a 期, the latest first; one query."""
    where = WorkTask.objects.filter(request=OuterRef("pk"), is_open=True).values("step_title")[:1]
    rows = RunRequest.objects.filter(run=run).select_related("created_by").annotate(where=Subquery(where))
    if run.plan.department_id not in standing.department_ids:
        rows = rows.exclude(state=RequestState.DRAFT)
    return list(rows.order_by("-created_at", "-id"))


def requests_seen(standing: Standing) -> QuerySet[RunRequest]:
    """Requests about classes one sees, those one asked oneself, and those that lie or lay at one's posts.

    Drafts only one's department's, and one's own.
    """
    plans = ClassPlan.objects.visible_to(standing).order_by().values("pk")
    own = Q(created_by=standing.user.pk)
    came = WorkTask.objects.filter(post__in=standing.post_ids, request__isnull=False).values("request")
    rows = RunRequest.objects.filter(Q(run__plan__in=plans) | Q(pk__in=came) | own)
    return rows.filter(
        ~Q(state=RequestState.DRAFT) | Q(run__plan__department__in=standing.department_ids) | own
    )
