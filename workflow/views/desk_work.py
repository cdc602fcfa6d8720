"""待办, 已办, 我发起的, search, and deciding many at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from org.models import Cadre, PostKind
from org.selectors import holders_of, reach
from workflow.excel import worklist as sheets
from workflow.forms.worklist import WorkFilter
from workflow.models import ClassPlan, MoneyRequest, WorkTask
from workflow.rules import listing
from workflow.rules.bulk import MONEY_ONE_BY_ONE, ONE_BY_ONE, ready
from workflow.selectors import worklist
from workflow.selectors.desk import proposed_by, unmanned_tasks
from workflow.selectors.money_search import commitments_found, payments_found
from workflow.selectors.people import named_like
from workflow.selectors.runs import listed
from workflow.services.decisions import decide_many as decide_each
from workflow.states import DecisionAction
from workflow.views.common import DeskRequest, badges_of, page_of, standing_of, workbook_file
from workflow.views.plan_bar import phrases

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.core.paginator import Page
    from django.urls import URLPattern

    from org.selectors import Standing
    from workflow.models import Decision

#: As many as one bulk act takes; each item is its own transaction.
MOST = 200

#: As many 期 as a search shows above the plans; the list of 期 has them all.
RUNS_FOUND = 8
#: As many cadres; the register finds more, by unit.
CADRES_FOUND = 10
#: What a search finds beside plans.
BESIDE = ("runs", "cadres", "money", "payments", "commitments")


def _end_of_today(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


@require_safe
def inbox(request: DeskRequest) -> HttpResponse:
    """What waits at one's posts; for the training authority also what waits at posts nobody holds."""
    at, standing = timezone.now(), standing_of(request)
    if not standing.post_ids and not request.GET and Cadre.objects.filter(user=request.user.pk).exists():
        return redirect("workflow:my_training")  # nothing will ever wait for him
    unmanned = request.GET.get("view") == "unmanned" and bool(standing.authority_union_ids)
    tasks = unmanned_tasks(standing) if unmanned else WorkTask.objects.open_for(standing.post_ids)
    facets = worklist.facets(tasks, before=_end_of_today(at))
    form = WorkFilter(request.GET, facets, ("kind", "department", "category", "found"))
    narrow = form.narrow()
    found = worklist.waiting(tasks, narrow)
    by_limit = request.GET.get("sort") == "due"
    if by_limit:
        found = worklist.by_limit(found)
    if request.GET.get("format") == "xlsx":
        tasks_found = list(found)
        lines = _waiting(tasks_found, facets, at)
        title = "无人办理事项" if unmanned else "待办事项"
        return workbook_file(sheets.waiting(lines, title=title, who=request.user.name, at=at), title)
    page = _page(request, found, None if narrow else facets.count)
    if page.number == 1 and len(standing.post_ids) == 1 and not (narrow or by_limit or unmanned):
        page.object_list = worklist.newest_at(post=next(iter(standing.post_ids)))
    context = {
        "page": page,
        "rows": _waiting(page, facets, at),
        "facets": facets,
        "form": form,
        "narrowed": bool(narrow),
        "by_limit": by_limit,
        "unmanned": unmanned,
        # A unit's contact has no part in any chain: his work waits elsewhere.
        "sends": any(post.kind == PostKind.STAFF and post.department_id is None for post in standing.posts),
        "keep": [(key, request.GET[key]) for key in ("view", "sort") if request.GET.get(key)],
        "clear_url": ("?view=unmanned" if unmanned else "?") if narrow else "",
        "tabs": _tabs(request, standing, unmanned),
    }
    return render(request, "workflow/inbox.html", context)


def _waiting(tasks: Iterable[WorkTask], facets: worklist.Facets, at: datetime) -> list[listing.WaitingRow]:
    asked, money = worklist.asked_about(tasks), worklist.asked_for(tasks)
    return listing.waiting_rows(tasks, facets.books, asked, money, at=at)


def _done(decisions: Iterable[Decision], facets: worklist.Facets) -> list[listing.DoneRow]:
    asked, money = worklist.asked_about(decisions), worklist.asked_for(decisions)
    return listing.done_rows(decisions, facets.books, asked, money)


def _page(request: DeskRequest, found: Any, count: int | None) -> Page[Any]:
    """A page of the list; ``count`` where it is known already, which saves counting again."""
    paginator = Paginator(found, worklist.PER_PAGE)
    if count is not None:
        paginator.__dict__["count"] = count
    return paginator.get_page(request.GET.get("page"))


def _tabs(request: DeskRequest, standing: Standing, unmanned: bool) -> list[dict[str, Any]]:
    """Two views of the list, for the training authority only."""
    if not standing.authority_union_ids:
        return []
    count, own = badges_of(request), reverse("workflow:inbox")
    return [
        {"title": "我的待办", "url": own, "count": count.waiting, "current": not unmanned},
        {
            "title": "无人办理",
            "url": f"{own}?view=unmanned",
            "count": count.unmanned,
            "hot": count.unmanned > 0,
            "current": unmanned,
        },
    ]


@require_safe
def done(request: DeskRequest) -> HttpResponse:
    """What one decided or handed in, the latest first."""
    at, standing = timezone.now(), standing_of(request)
    mine = ClassPlan.objects.filter(decisions__actor=standing.user.pk)
    facets = worklist.plan_facets(mine)
    form = WorkFilter(request.GET, facets, ("action", "state", "department", "category"))
    narrow = form.narrow()
    found = worklist.done_by(standing, narrow)
    if request.GET.get("format") == "xlsx":
        decisions = list(found)
        lines = _done(decisions, facets)
        return workbook_file(sheets.done(lines, title="已办事项", who=request.user.name, at=at), "已办事项")
    page = page_of(request, found)
    context = {
        "page": page,
        "rows": _done(page, facets),
        "form": form,
        "narrowed": bool(narrow),
    }
    return render(request, "workflow/done.html", context)


@require_safe
def mine(request: DeskRequest) -> HttpResponse:
    """The plans one drew up or handed in, with where each lies now; or one's requests about 期 or money."""
    at, standing = timezone.now(), standing_of(request)
    if request.GET.get("view") == "requests":
        return _own_requests(request, standing)
    if request.GET.get("view") == "money":
        return _own_money(request, standing)
    facets = worklist.plan_facets(proposed_by(standing))
    if not facets.count and not request.GET and worklist.asked_by(standing).exists():
        return _own_requests(request, standing)  # a unit's contact draws up no plans
    form = WorkFilter(request.GET, facets, ("state", "department", "category", "found"))
    narrow = form.narrow()
    found = worklist.proposed(standing, narrow)
    if request.GET.get("format") == "xlsx":
        lines = _placed(list(found), facets, at)
        title = "我发起的计划"
        return workbook_file(sheets.mine(lines, title=title, who=request.user.name, at=at), title)
    page = _page(request, found, None if narrow else facets.count)
    context = {
        "page": page,
        "rows": _placed(list(page), facets, at),
        "form": form,
        "narrowed": bool(narrow),
        "tabs": _own_tabs(standing, ""),
    }
    return render(request, "workflow/mine.html", context)


def _own_requests(request: DeskRequest, standing: Standing) -> HttpResponse:
    page = page_of(request, worklist.asked_by(standing))
    context = {"page": page, "requests": page.object_list, "tabs": _own_tabs(standing, "requests")}
    return render(request, "workflow/mine.html", context)


def _own_money(request: DeskRequest, standing: Standing) -> HttpResponse:
    page = page_of(request, worklist.money_asked_by(standing))
    context = {
        "page": page,
        "money": [(row, listing.amount_asked(row)) for row in page],
        "tabs": _own_tabs(standing, "money"),
    }
    return render(request, "workflow/mine.html", context)


def _own_tabs(standing: Standing, view: str) -> list[dict[str, Any]]:
    own = reverse("workflow:mine")
    return [
        {"title": "年度计划", "url": f"{own}?view=plans", "current": not view},
        {
            "title": "班次申请",
            "url": f"{own}?view=requests",
            "count": worklist.requests_under_way(standing) or "",
            "current": view == "requests",
        },
        {
            "title": "经费申请",
            "url": f"{own}?view=money",
            "count": worklist.money_under_way(standing) or "",
            "current": view == "money",
        },
    ]


def _placed(plans: list[ClassPlan], facets: worklist.Facets, at: datetime) -> list[listing.PlanRow]:
    tasks = worklist.places(plan.pk for plan in plans)
    posts = {task.post_id for task in tasks.values() if task.post_id is not None}
    holders = holders_of(posts, timezone.localdate(at))
    return listing.plan_rows(plans, facets.books, tasks, holders, at=at)


@require_safe
def search(request: DeskRequest) -> HttpResponse:
    """Plans one may see, by name, number, people and opinions; with the first few 期, cadres, requests about
    money, payments and commitments of these words."""
    at, standing = timezone.now(), standing_of(request)
    text = request.GET.get("q", "").strip()[:100]
    context: dict[str, Any] = {"search_query": text}
    if text:
        page = page_of(request, worklist.search(standing, text))
        facets = worklist.plan_facets(ClassPlan.objects.filter(pk__in=[plan.pk for plan in page]))
        context |= {"page": page, "rows": _placed(list(page), facets, at)}
        if page.number == 1:
            context |= {
                "runs": list(listed(standing, q=text)[:RUNS_FOUND]),
                "cadres": named_like(reach(standing).seen, text, limit=CADRES_FOUND),
                "money": list(worklist.money_found(standing, text)[:RUNS_FOUND]),
                "payments": list(payments_found(standing, text)[:RUNS_FOUND]),
                "commitments": list(commitments_found(standing, text)[:RUNS_FOUND]),
            }
        context["beside"] = any(context.get(name) for name in BESIDE)
    return render(request, "workflow/search.html", context)


@require_POST
def decide_many(request: DeskRequest) -> HttpResponse:
    """批量同意: first a page that says what each would mean, then one with what became of each."""
    at, standing = timezone.now(), standing_of(request)
    picks = [int(text) for text in request.POST.getlist("pick") if text.isascii() and text.isdigit()][:MOST]
    tasks = list(
        WorkTask.objects.filter(
            Q(plan__in=ClassPlan.objects.visible_to(standing))
            | Q(money__in=MoneyRequest.objects.visible_to(standing)),
            pk__in=picks,
        )
        .select_related(
            "plan__department",
            "plan__union",
            "plan__version__book",
            "request__run",
            "money__project",
            "money__fund",
            "money__department",
        )
        .defer("plan__version__content", "plan__version__book__content", "plan__version__book__source_text")
        .order_by("-arrived_at")
    )
    if not tasks:
        messages.warning(request, "请先勾选要办理的事项。")
        return redirect("workflow:inbox")
    if request.POST.get("confirmed") != "1":
        return _ask_many(request, tasks, at)
    plans = [task for task in tasks if task.request_id is None and task.money_id is None]
    results = decide_each(
        tasks=[(task.plan.pk, task.pk, task.plan.name) for task in plans if task.plan is not None],
        action=DecisionAction.AGREE,
        actor=request.user,
        at=at,
        opinion=request.POST.get("opinion", "").strip()[:500],
    )
    places = worklist.places(result.plan_id for result in results)
    lines: list[dict[str, Any]] = [
        {
            "url": reverse("workflow:plan", args=[result.plan_id]),
            "name": result.name,
            "done": result.decision is not None,
            "reason": result.reason,
            "next": f"送“{places[result.plan_id].step_title}”" if result.plan_id in places else "",
        }
        for result in results
    ]
    lines += [
        {
            "url": reverse("workflow:run_request", args=[task.request_id]),
            "name": task.plan.name if task.plan is not None else "",
            "done": False,
            "reason": ONE_BY_ONE,
        }
        for task in tasks
        if task.request_id is not None
    ]
    lines += [
        {
            "url": reverse("workflow:money_request", args=[task.money.pk]),
            "name": task.money.title,
            "done": False,
            "reason": MONEY_ONE_BY_ONE,
        }
        for task in tasks
        if task.money is not None
    ]
    succeeded = sum(line["done"] for line in lines)
    context = {
        "results": lines,
        "succeeded": succeeded,
        "failed": len(lines) - succeeded,
        "opinion": request.POST.get("opinion", "").strip(),
    }
    return render(request, "workflow/decided_many.html", context)


def _ask_many(request: DeskRequest, tasks: list[WorkTask], at: datetime) -> HttpResponse:
    items = ready(tasks, actor=request.user, at=at)
    can = [item for item in items if not item.reason]
    context = {
        "items": items,
        "can": can,
        "cannot": len(items) - len(can),
        "total": sum((item.total for item in can), Decimal("0.00")),
        "phrases": phrases(request.user, agreeing=True),
        "opinion": request.POST.get("opinion", "").strip(),
    }
    return render(request, "workflow/decide_many.html", context)


urlpatterns: list[URLPattern] = [
    path("", inbox, name="inbox"),
    path("done/", done, name="done"),
    path("mine/", mine, name="mine"),
    path("search/", search, name="search"),
    path("decide-many/", decide_many, name="decide_many"),
]
