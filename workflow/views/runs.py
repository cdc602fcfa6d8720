"""班次: the list of 期, and one 期 with everything about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from budgets.selectors import project_totals, recalled
from office.wording import days_text, mask_phone, yuan
from rulebook.selectors import book_for
from workflow.costs import cost_titles, in_card_order
from workflow.forms.runs import RunFilter
from workflow.models import CallUp
from workflow.rules.half_days import dates_text
from workflow.rules.run_gate import RunAct, allowed
from workflow.rules.terms import RunTerms, planned_terms, terms_of
from workflow.selectors import runs as select
from workflow.selectors.seat_lists import ended
from workflow.states import OPENED, RequestKind, RequestState, RunState
from workflow.views.common import DeskRequest, page_of, standing_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from django.urls import URLPattern

    from org.selectors import Standing
    from rulebook.schema import Book
    from workflow.models import ClassRun, RunRequest

#: Pages of a 期: url name, title, and whether it is there before the second gate.
TABS = (
    ("run", "概况", True),
    ("run_quota", "名额", False),
    ("run_notice", "通知", False),
    ("run_seats", "报名", False),
    ("run_attendance", "签到", False),
    ("run_feedback", "反馈", False),
    ("run_settlement", "结算", False),
)
#: Before these there is nothing to settle.
SETTLED_IN = (RunState.SETTLING, RunState.SETTLED, RunState.ARCHIVED)


def address(name: str, *args: Any) -> str:
    """The page's address; empty where there is no such page."""
    try:
        return reverse(f"workflow:{name}", args=args)
    except NoReverseMatch:
        return ""


def tabs_of(run: ClassRun, current: str) -> list[dict[str, Any]]:
    """概况 and, behind the second gate, the pages of the call-up."""
    pages = [
        (name, title, address(name, run.pk))
        for name, title, early in TABS
        if (early or run.is_opened) and (name != "run_settlement" or run.state in SETTLED_IN)
    ]
    return [{"title": title, "url": url, "current": name == current} for name, title, url in pages if url]


@require_safe
def runs(request: DeskRequest) -> HttpResponse:
    """The 期 one sees, by state."""
    standing = standing_of(request)
    departments, years = select.choices(standing)
    form = RunFilter(request.GET, departments=departments, years=years)
    state = request.GET.get("state", "")
    state = state if state in RunState.values else ""
    department, year, q = (form.asked(name) for name in ("department", "year", "q"))
    narrowed = bool(department or year or q)
    found = select.listed(
        standing,
        state=state,
        department=int(department) if department else None,
        year=int(year) if year else None,
        q=q.strip(),
    )
    page = page_of(request, found)
    whole = select.plans_seen(standing, page)
    asked = select.asked_of((run.pk for run in page if run.plan_id in whole), standing)
    counts = select.counts(standing)
    context = {
        "page": page,
        "rows": [
            {
                "run": run,
                "asked": asked.get(run.pk),
                "when": when(run),
                "total": run.total if run.plan_id in whole else None,  # type: ignore[attr-defined]
            }
            for run in page
        ],
        "form": form,
        "narrowed": narrowed,
        "exceptions_url": address("run_overrides") if whole else "",
        "keep": [("state", state)] if state else [],
        "clear_url": f"?state={state}" if state else "?",
        "tabs": [
            {"title": "全部", "url": "?", "count": sum(counts.values()), "current": not state},
            *(
                {"title": one.label, "url": f"?state={one}", "count": counts[one], "current": state == one}
                for one in RunState
                if counts.get(one)
            ),
        ],
    }
    return render(request, "workflow/runs/list.html", context)


def when(run: ClassRun) -> str:
    """6月8日至6月9日; before the second gate the plan's own words."""
    return dates_text(run) or (f"{run.plan.time_text}（计划）" if run.plan.time_text else "")


def seen_run(request: DeskRequest, pk: int) -> ClassRun:
    """The 期 for whoever may look at it in any way; 404 otherwise."""
    run = select.seen(standing_of(request)).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


@require_safe
def run(request: DeskRequest, pk: int) -> HttpResponse:
    """One 期: figures, timetable, money, what was asked about it, what is next."""
    at, standing, found = timezone.now(), standing_of(request), seen_run(request, pk)
    whole = select.sees_whole(standing, found)
    book = book_for(found.plan.union, timezone.localdate(at)).book
    planned = planned_terms(found.plan, found.session_no)
    terms = terms_of(found) if found.state in OPENED or found.starts_on else planned
    acts = allowed(found, actor=request.user, at=at)
    asked = select.requests_of(found, standing) if whole else []
    context: dict[str, Any] = {
        "run": found,
        "plan": found.plan,
        "whole": whole,
        "tabs": tabs_of(found, "run") if whole else [],
        "facts": facts(found, terms, whole=whole, standing=standing),
        "lessons": timetable(terms, book),
        "requests": asked,
        "next": _next(found, acts, asked) if whole else None,
        "changes": _changes(found, acts) if whole else [],
    }
    if whole:
        context |= {
            "planned": planned,
            "terms": terms,
            "costs": _costs(planned, terms, book),
            "sums": _sums(found, terms, planned),
        }
    return render(request, "workflow/runs/run.html", context)


def facts(run: ClassRun, terms: RunTerms, *, whole: bool, standing: Standing) -> list[tuple[str, ...]]:
    """What is approved of the 期, for ``parts/facts.html``."""
    plan = run.plan
    own = plan.department_id in standing.department_ids
    phone = terms.owner_phone if own else mask_phone(terms.owner_phone)
    half_days = len(terms.half_days) or plan.half_days
    period = terms.period or (f"{plan.year}年{plan.time_text}（计划）" if plan.time_text else "")
    place = "，".join(part for part in (terms.venue, terms.address) if part)
    if not terms.stretches and plan.place_tentative and place:
        place += "（拟）"
    rows: list[tuple[str, ...]] = [
        ("时间", period),
        ("天数", f"{days_text(half_days)} 天（{half_days} 个半天）"),
        ("地点", place),
        ("食宿", "住宿" if terms.residential else "走读"),
        ("人数", f"学员 {terms.trainees} 人，工作人员 {terms.staff} 人"),
        ("学时", f"{terms.hours.normalize():f} 学时"),
        ("承办", terms.implementer),
        ("负责人", "，电话 ".join(part for part in (terms.owner_name, phone) if part)),
        ("班主任", terms.class_teacher),
        ("报到", terms.check_in),
    ]
    if terms.note and whole:
        rows.append(("备注", terms.note, "", "all"))
    return rows


def timetable(terms: RunTerms, book: Book) -> list[dict[str, Any]]:
    """The timetable with titles instead of codes."""
    ranks = {rate.code: rate.title for rate in book.rate_card.lecture}
    modules = {entry.code: entry.title for entry in book.modules}
    return [
        {
            "lesson": lesson,
            "rank": ranks.get(lesson.lecturer_title, lesson.lecturer_title),
            "module": modules.get(lesson.module, lesson.module),
        }
        for lesson in terms.lessons
    ]


def _costs(planned: RunTerms, terms: RunTerms, book: Book) -> list[dict[str, Any]]:
    """Cost lines: the plan's share beside the final budget."""
    titles = cost_titles(book)
    zero = planned.total * 0
    return [
        {
            "title": titles.get(item, item),
            "planned": planned.costs.get(item, zero),
            "amount": terms.costs.get(item, zero),
        }
        for item in in_card_order({*planned.costs, *terms.costs}, book)
    ]


def _sums(run: ClassRun, terms: RunTerms, planned: RunTerms) -> list[dict[str, Any]]:
    half_days = len(terms.half_days) or run.plan.half_days
    more: Decimal = terms.total - planned.total
    note = ""
    if more:
        note = f"较计划{'增加' if more > 0 else '减少'} {yuan(abs(more))}"
    return [
        {"label": "学员", "value": f"{terms.trainees} 人", "note": f"工作人员 {terms.staff} 人"},
        {"label": "天数", "value": f"{days_text(half_days)} 天", "note": f"{half_days} 个半天"},
        {"label": "学时", "value": f"{terms.hours.normalize():f}", "note": ""},
        {"label": "本期预算（元）", "value": yuan(terms.total), "note": note},
    ]


def _next(run: ClassRun, acts: Mapping[RunAct, str | None], asked: list[RunRequest]) -> dict[str, Any] | None:
    """What happens next with the 期: a sentence, and the page where it is done."""
    waiting = next((one for one in asked if one.state in ("draft", "reviewing", "returned")), None)
    if waiting is not None and waiting.kind != RequestKind.EXEMPT:
        where = waiting.where or waiting.get_state_display()  # type: ignore[attr-defined]
        return {
            "text": f"{waiting.get_kind_display()}正在办理：{where}。",
            "url": reverse("workflow:run_request", args=[waiting.pk]),
            "label": "查看申请",
        }
    match run.state:
        case RunState.PLANNED:
            can = acts[RunAct.OPEN] is None
            who = "" if can else f"由{run.plan.department.name}申请。"
            return {
                "text": f"申请开班：填写确定的时间、地点、课程和预算，批准后才能分配名额、调训和用款。{who}",
                "url": reverse("workflow:run_open", args=[run.pk]) if can else "",
                "label": "申请开班",
            }
        case RunState.ENROLLING:
            issued = CallUp.objects.filter(run=run, issued_at__isnull=False).exists()
            name, label = ("run_seats", "办理报名") if issued else ("run_quota", "分配名额")
            text = "各单位正在报名，截止后确认学员。" if issued else "分配各单位名额，发出调训通知。"
            # Who looks on reads where it stands; the button is for who does it.
            url = address(name, run.pk) if acts[RunAct.QUOTA] is None else ""
            return {"text": text, "url": url, "label": label}
        case RunState.RUNNING:
            return {
                "text": "录入每个半天的签到，齐全后结束考勤。",
                "url": address("run_attendance", run.pk) if acts[RunAct.ATTEND] is None else "",
                "label": "录入签到",
            }
        case RunState.SETTLING:
            return {
                "text": f"{_attended(run)}由财务部门按实到人数办理决算。",
                "url": address("run_settlement", run.pk),
                "label": "查看决算",
            }
        case RunState.CANCELLED:
            return _cancelled(asked)
    return None


def _attended(run: ClassRun) -> str:
    """What the attendance came to, in a sentence; one query."""
    done, undone = ended(run)
    return f"考勤已结束：结业 {done} 人" + (f"，未结业 {undone} 人。" if undone else "。")


def _cancelled(asked: list[RunRequest]) -> dict[str, Any] | None:
    done = (one for one in asked if one.kind == RequestKind.CANCEL and one.state == RequestState.APPROVED)
    request = next(done, None)
    if request is None:
        return None
    return {
        "title": "已取消",
        "text": cancelled_text(request),
        "url": reverse("workflow:run_request", args=[request.pk]),
        "label": "查看取消申请",
    }


def cancelled_text(request: RunRequest) -> str:
    """What became of the money of a 期 that ``request``, agreed to, cancelled."""
    plan = request.run.plan
    total, project = RunTerms.from_json(request.before).total, plan.project_id
    if not total or project is None or request.settled_at is None:
        return "本期不列经费。"
    back = recalled(project, request.settled_at)
    if plan.sessions == 1:
        # What 调剂 and 预算调整 had made of it.
        left = project_totals(each.pk for each in plan.projects)
        total = sum((each.paid for each in left.values()), back)
    kept = f"，其余 {yuan(total - back)} 元已支出，留作本班费用" if back < total else ""
    return f"本期经费 {yuan(total)} 元，已收回年度专项预算 {yuan(back)} 元{kept}。"


def _changes(run: ClassRun, acts: Mapping[RunAct, str | None]) -> list[dict[str, str]]:
    """The requests one may draw up now."""
    kinds = (
        (RunAct.CHANGE, RequestKind.CHANGE),
        (RunAct.POSTPONE, RequestKind.POSTPONE),
        (RunAct.CANCEL, RequestKind.CANCEL),
    )
    return [
        {"label": str(kind.label), "url": reverse("workflow:run_change", args=[run.pk, kind.value])}
        for act, kind in kinds
        if acts[act] is None
    ]


urlpatterns: list[URLPattern] = [
    path("runs/", runs, name="runs"),
    path("runs/<int:pk>/", run, name="run"),
]
