"""The lists of one's own work: what waits, what was done, what one proposed; and search.

The findings of a list are read where the plan's last decision stored them (one index entry a row).
Working them out anew costs five statements for each union, year and book on the page; the decision
page and the page that asks before a bulk 同意 do so, where somebody is about to sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from budgets.models import Project
from office.prepared import Prepared
from rulebook.models import RuleBook
from workflow.models import ClassPlan, Decision, MoneyRequest, RunRequest, WorkTask
from workflow.selectors.desk import proposed_by
from workflow.selectors.plans import total_of
from workflow.states import DecisionAction, RequestKind, RequestState, StepKind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from org.selectors import Standing
    from rulebook.schema import Book

#: Decisions that store no findings: they change where a plan lies, not what it says.
_WITHOUT: Final = (DecisionAction.RESUME, DecisionAction.WITHDRAW)

_NUMBER: Final = re.compile(r"(?:申报\s*)?(?:(\d{4})\s*[-－—]\s*)?0*(\d{1,5})")

_PROJECT: Final = re.compile(r"P\d{4}-\d+")
_ASKED: Final = re.compile(r"JF\d[\d-]*", re.IGNORECASE)

#: What a row of a list reads of a plan; the rest stays in the database.
PLAN_FIELDS: Final = (
    "name",
    "year",
    "serial",
    "plan_number",
    "state",
    "category",
    "residential",
    "trainees",
    "staff",
    "sessions",
    "half_days",
    "updated_at",
    "department__name",
    "department__ordinal",
    "version__number",
    "version__by_meeting",
    "version__book_id",
)


#: Rows of a page of any list of this module.
PER_PAGE: Final = 25


class _Amiss(Func):
    """The stored findings that aren't 符合, picked in the database: a list needs a tenth of the text."""

    function = "jsonb_path_query_array"
    template = "%(function)s(%(expressions)s, '$[*] ? (@.severity != \"pass\")')"
    output_field = JSONField()


def _amiss(plan: str) -> Coalesce:
    return _last_amiss(Decision.objects.filter(plan=OuterRef(plan), request=None))


def _amiss_of_request(request: str) -> Coalesce:
    return _last_amiss(Decision.objects.filter(request=OuterRef(request)))


def _amiss_of_money(money: str) -> Coalesce:
    return _last_amiss(Decision.objects.filter(money=OuterRef(money)))


def _last_amiss(decisions: QuerySet[Decision]) -> Coalesce:
    last = decisions.exclude(action__in=_WITHOUT).order_by("-at", "-id").values(amiss=_Amiss(F("findings")))
    return Coalesce(Subquery(last[:1]), Value([], output_field=JSONField()))


def _asks() -> Func:
    return Func(F("amiss"), function="jsonb_array_length", output_field=IntegerField())


@dataclass(frozen=True)
class Narrow:
    """What a list is narrowed to; empty fields don't narrow. ``found``: only with findings."""

    kind: str = ""
    department: int | None = None
    category: str = ""
    state: str = ""
    action: str = ""
    found: bool = False
    q: str = ""

    def on(self, prefix: str) -> Q:
        """The conditions on the plan at ``prefix`` (``"plan__"``, or empty for plans themselves)."""
        conditions = Q()
        if self.department is not None:
            conditions &= Q(**{f"{prefix}department": self.department})
        if self.category:
            conditions &= Q(**{f"{prefix}category": self.category})
        if self.state:
            conditions &= Q(**{f"{prefix}state": self.state})
        if self.q:
            conditions &= named(self.q, prefix)
        return conditions

    def on_work(self) -> Q:
        """The conditions on a task or a decision, be it about a plan or about money.

        Money has no category, and its state is no plan's: narrowed by one of them, it isn't there.
        """
        plans = self.on("plan__")
        if self.category or self.state:
            return plans & Q(money=None)
        money = Q(money__isnull=False)
        if self.department is not None:
            money &= Q(money__department=self.department)
        if self.q:
            money &= asked_named(self.q, "money__")
        return (plans & Q(money=None)) | money if plans else plans

    def __bool__(self) -> bool:
        return self != Narrow()


def asked_named(text: str, prefix: str = "") -> Q:
    """Requests about money whose project, number, reason or author hold ``text``: 信息员, JF2027-0012."""
    fields = ("project__name", "project__number", "fund__title", "reason", "created_by__name")
    conditions = Q()
    for field in fields:
        conditions |= Q(**{f"{prefix}{field}__icontains": text})
    if _ASKED.fullmatch(text.strip()):
        conditions |= Q(**{f"{prefix}code__istartswith": text.strip()})
    return conditions


def named(text: str, prefix: str = "") -> Q:
    """Plans whose name, numbers or people hold ``text``: 信息员, 2027-0018, 18, P2027-0001, 林晓峰."""
    conditions = Q()
    for field in ("name", "owner_name", "created_by__name", "plan_number"):
        conditions |= Q(**{f"{prefix}{field}__icontains": text})
    if _PROJECT.fullmatch(text.strip().upper()):
        # The number of a later year, to which the class was carried over.
        later = Project.objects.filter(number__iexact=text.strip(), origin__isnull=False).order_by()
        conditions |= Q(**{f"{prefix}project__in": later.values("origin")})
    number = _NUMBER.fullmatch(text.strip())
    if number is not None:
        serial = {f"{prefix}serial": int(number[2])}
        conditions |= Q(**serial, **({f"{prefix}year": int(number[1])} if number[1] else {}))
    return conditions


# ---- 待办


def waiting(tasks: QuerySet[WorkTask], narrow: Narrow) -> QuerySet[WorkTask]:
    """Rows of a list of open tasks: plan, department, version loaded, ``total`` and ``amiss`` annotated.

    What about money waits has no plan; its rows are made from the requests (:func:`asked_for`).
    """
    wanted = narrow.on_work()
    if narrow.kind:
        # request:exempt is a kind of request, request all of them.
        kind, _, asked = narrow.kind.partition(":")
        wanted &= Q(kind=kind, request__kind=asked) if asked else Q(kind=kind)
    rows: QuerySet[WorkTask] = (
        tasks.filter(wanted)
        .select_related("plan__department", "plan__version", "post__department")
        .only(
            "kind",
            "step",
            "step_title",
            "arrived_at",
            "due_at",
            "request",
            "money",
            "post__title",
            "post__department__name",
            *(f"plan__{field}" for field in PLAN_FIELDS),
        )
        .annotate(total=total_of("plan"), amiss=_amiss("plan"))
    )
    if not narrow.found:
        return rows
    # The findings of a request are its own; a page reads them with the request (asked_about).
    own = Case(
        When(money__isnull=False, then=_amiss_of_money("money")),
        When(request=None, then=F("amiss")),
        default=_amiss_of_request("request"),
    )
    return rows.annotate(asks=Func(own, function="jsonb_array_length", output_field=IntegerField())).filter(
        asks__gt=0
    )


def asked_about(rows: Iterable[Any]) -> dict[int, RunRequest]:
    """The requests that tasks or decisions are about, by key, ``amiss`` annotated; no query for none."""
    keys = {row.request_id for row in rows if row.request_id is not None}
    if not keys:
        return {}
    return {request.pk: request for request in _asked(RunRequest.objects.filter(pk__in=keys))}


def asked_for(rows: Iterable[Any]) -> dict[int, MoneyRequest]:
    """The requests about money among tasks or decisions, as :func:`asked_about` gives those about 期."""
    keys = {row.money_id for row in rows if row.money_id is not None}
    return {row.pk: row for row in money_rows(MoneyRequest.objects.filter(pk__in=keys))} if keys else {}


def money_rows(rows: QuerySet[MoneyRequest]) -> QuerySet[MoneyRequest]:
    """Rows of a list of requests about money: project and fund loaded, ``amiss`` and ``where`` annotated."""
    where = WorkTask.objects.filter(money=OuterRef("pk"), is_open=True).values("step_title")[:1]
    return (
        rows.select_related("project", "fund", "department", "created_by")
        .defer("before")
        .annotate(amiss=_amiss_of_money("pk"), where=Subquery(where))
    )


def _asked(rows: QuerySet[RunRequest]) -> QuerySet[RunRequest]:
    """Rows of a list of requests: 期 and plan loaded, ``amiss`` and ``where`` (its open step) annotated."""
    where = WorkTask.objects.filter(request=OuterRef("pk"), is_open=True).values("step_title")[:1]
    return (
        rows.select_related("run__plan__department", "run__plan__version")
        .defer("run__plan__version__content")
        .annotate(amiss=_amiss_of_request("pk"), where=Subquery(where))
    )


def _newest(post: int) -> QuerySet[WorkTask]:
    return waiting(WorkTask.objects.open_for([post]), Narrow())[:PER_PAGE]


#: The page opened most, of nearly everybody: the newest at his one post. Its SQL is worked out once.
newest_at: Final = Prepared(_newest, post=int)


def by_limit(rows: QuerySet[WorkTask]) -> QuerySet[WorkTask]:
    """The most urgent first; what has no limit last."""
    return rows.order_by(F("due_at").asc(nulls_last=True), "-arrived_at")


@dataclass(frozen=True)
class Facets:
    """What a list could be narrowed to, and how much there is in all. ``due``: with a limit not later than
    the end of today; ``books``: content of the rows' rule books by id."""

    count: int
    due: int
    kinds: tuple[tuple[str, str], ...]
    departments: tuple[tuple[int, str], ...]
    categories: tuple[tuple[str, str], ...]
    books: dict[int, Book]


def facets(tasks: QuerySet[WorkTask], *, before: datetime.datetime) -> Facets:
    """Counts of a list of tasks in two statements, however long it is. ``before``: the end of today."""
    groups = list(
        tasks.order_by()
        .values_list(
            "kind",
            "plan__department",
            "plan__department__name",
            "plan__department__ordinal",
            "plan__category",
            "plan__version__book",
            "request__kind",
            "money__department",
            "money__department__name",
            "money__department__ordinal",
        )
        .annotate(count=Count("pk"), due=Count("pk", filter=Q(due_at__lt=before)))
    )
    books = _books(group[5] for group in groups)
    departments = {
        (group[9], group[7], group[8]) if group[7] is not None else (group[3], group[1], group[2])
        for group in groups
    }
    return Facets(
        count=sum(group[10] for group in groups),
        due=sum(group[11] for group in groups),
        kinds=_kinds({(group[0], group[6]) for group in groups}),
        departments=tuple((pk, name) for _, pk, name in sorted(departments)),
        categories=_categories({group[4] for group in groups}, books.values()),
        books=books,
    )


def _kinds(found: set[tuple[str, str | None]]) -> tuple[tuple[str, str], ...]:
    """What waits, then what requests ask for; ``found``: kinds of steps with those of their requests."""
    steps = {kind for kind, _ in found}
    asked = {asked for kind, asked in found if kind == StepKind.REQUEST}
    return (
        *((kind.value, str(kind.label)) for kind in StepKind if kind in steps),
        *((f"{StepKind.REQUEST}:{kind.value}", str(kind.label)) for kind in RequestKind if kind in asked),
    )


def _books(ids: Iterable[int | None]) -> dict[int, Book]:
    wanted = {pk for pk in ids if pk is not None}
    return (
        {row.pk: row.book for row in RuleBook.objects.without_text().filter(pk__in=wanted)} if wanted else {}
    )


def _categories(codes: set[str], books: Iterable[Book]) -> tuple[tuple[str, str], ...]:
    titles: dict[str, str] = {}
    for book in books:
        for category in book.categories:
            if category.code in codes:
                titles.setdefault(category.code, category.title)
    return tuple(titles.items())


# ---- 已办


def done_by(standing: Standing, narrow: Narrow) -> QuerySet[Decision]:
    """What he decided or handed in, the latest first; plan loaded. ``q`` finds opinions too."""
    rows = Decision.objects.filter(actor=standing.user.pk)
    if narrow.action:
        rows = rows.filter(action=narrow.action)
    wide = Narrow(department=narrow.department, category=narrow.category, state=narrow.state)
    rows = rows.filter(wide.on_work())
    if narrow.q:
        said = Q(opinion__icontains=narrow.q) | asked_named(narrow.q, "money__")
        rows = rows.filter(named(narrow.q, "plan__") | said)
    return (
        rows.select_related("plan__department", "plan__version", "version", "meeting")
        .only(
            "step_title",
            "action",
            "opinion",
            "return_to",
            "at",
            "received_at",
            "post_title",
            "request",
            "money",
            "version__number",
            "version__by_meeting",
            "version__book_id",
            "meeting__number",
            *(f"plan__{field}" for field in PLAN_FIELDS),
        )
        .annotate(total=total_of("plan"))
        .order_by("-at", "-id")
    )


def plan_facets(plans: QuerySet[ClassPlan]) -> Facets:
    """:func:`facets` of a list of plans."""
    groups = list(
        plans.order_by()
        .values_list("department", "department__name", "department__ordinal", "category", "version__book")
        .annotate(count=Count("pk", distinct=True))
    )
    books = _books(group[4] for group in groups)
    departments = {(group[2], group[0], group[1]) for group in groups}
    return Facets(
        count=sum(group[5] for group in groups),
        due=0,
        kinds=(),
        departments=tuple((pk, name) for _, pk, name in sorted(departments)),
        categories=_categories({group[3] for group in groups}, books.values()),
        books=books,
    )


# ---- 我发起的, search


def plan_rows(plans: QuerySet[ClassPlan]) -> QuerySet[ClassPlan]:
    """Rows of a list of plans: department and version loaded, ``total`` and ``amiss`` annotated."""
    return (
        plans.select_related("department", "version")
        .only(*PLAN_FIELDS, "owner_name")
        .annotate(total=total_of("pk"), amiss=_amiss("pk"))
    )


def proposed(standing: Standing, narrow: Narrow) -> QuerySet[ClassPlan]:
    """我发起的, the last changed first."""
    rows = plan_rows(proposed_by(standing).filter(narrow.on("")))
    if narrow.found:
        rows = rows.annotate(asks=_asks()).filter(asks__gt=0)
    return rows.order_by("-updated_at", "-id")


def asked_by(standing: Standing) -> QuerySet[RunRequest]:
    """我发起的班次申请, the latest first."""
    return _asked(RunRequest.objects.filter(created_by=standing.user.pk)).order_by("-created_at", "-id")


def requests_under_way(standing: Standing) -> int:
    """How many of them somebody has to act on."""
    pending = (RequestState.REVIEWING, RequestState.RETURNED)
    return RunRequest.objects.filter(created_by=standing.user.pk, state__in=pending).count()


def money_asked_by(standing: Standing) -> QuerySet[MoneyRequest]:
    """我发起的经费申请, the latest first."""
    rows = money_rows(MoneyRequest.objects.filter(created_by=standing.user.pk))
    return rows.order_by("-created_at", "-id")


def money_under_way(standing: Standing) -> int:
    """How many of them somebody has to act on."""
    pending = (RequestState.REVIEWING, RequestState.RETURNED)
    return MoneyRequest.objects.filter(created_by=standing.user.pk, state__in=pending).count()


def money_found(standing: Standing, text: str) -> QuerySet[MoneyRequest]:
    """Requests about money one sees, by project, number, reason or author, the latest first."""
    seen = MoneyRequest.objects.visible_to(standing).filter(asked_named(text))
    return money_rows(seen).order_by("-created_at", "-id")


def search(standing: Standing, text: str) -> QuerySet[ClassPlan]:
    """Visible plans by name, 申报号, 计划号, people, opinions; ``said``: an opinion holding the text."""
    said = (
        Decision.objects.filter(plan=OuterRef("pk"))
        .filter(Q(opinion__icontains=text) | Q(actor_name__icontains=text))
        .order_by("-at")
    )
    plans = ClassPlan.objects.visible_to(standing).filter(named(text) | Exists(said))
    words = said.filter(opinion__icontains=text).values("opinion")[:1]
    return (
        plan_rows(plans)
        .annotate(said=Subquery(words))
        .order_by("-year", F("serial").desc(nulls_last=True), "-id")
    )


def places(plan_ids: Iterable[int]) -> dict[int, WorkTask]:
    """The open task of each plan that has one, in one query: where it lies now."""
    tasks: dict[int, Any] = {
        task.plan_id: task
        for task in WorkTask.objects.filter(plan__in=list(plan_ids), request=None, is_open=True)
        .select_related("post__department")
        .only(
            "plan_id", "kind", "step_title", "arrived_at", "due_at", "post__title", "post__department__name"
        )
        if task.plan_id is not None
    }
    return tasks
