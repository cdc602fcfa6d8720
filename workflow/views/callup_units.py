"""名额与报名: the 期 a unit is called up for, and the list one nominates from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from office.refusals import Refused
from org.models import Cadre
from rulebook.people import forgotten_years
from workflow.forms.callup import CandidateFilter
from workflow.models import ClassRun, Quota, RosterUpload, Seat
from workflow.rules.corresponding import months_before
from workflow.rules.passed_over import passed_over
from workflow.rules.people import Candidate, examine
from workflow.rules.run_gate import RunAct, allowed
from workflow.selectors import seat_lists as select
from workflow.selectors.callup import clashes
from workflow.selectors.desk import NEAR
from workflow.selectors.runs import sees_whole
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import CALLING, RunState, SeatRank, SeatSource, SeatState
from workflow.views.callup_frame import book_of, call_up_of, called_run, unit_of
from workflow.views.callup_seats import ask_exemption, rows_of
from workflow.views.common import DeskRequest, page_of, standing_of
from workflow.views.runs import address, when

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from django.urls import URLPattern

    from org.models import Union
    from rulebook.schema import Book
    from workflow.rules.findings import Finding
    from workflow.selectors.seat_lists import History, Invitation

PER_PAGE = 50
#: How far back a candidate's classes are told.
YEARS_TOLD = 5
#: Seats that are shown to the unit as its own list.
_GONE = (SeatState.WITHDRAWN, SeatState.REPLACED, SeatState.REJECTED, SeatState.RELEASED)


@require_safe
def nominations(request: DeskRequest) -> HttpResponse:
    """What one's units are called up for, open ones first."""
    units = standing_of(request).union_ids
    at = timezone.now()
    found = select.invitations(units) if units else []
    view = request.GET.get("view", "")
    groups = {
        "": sorted((one for one in found if one.run.state == RunState.ENROLLING), key=_urgency(at)),
        "running": [one for one in found if one.run.state == RunState.RUNNING],
        "past": [one for one in found if one.run.state not in CALLING],
        "all": found,
    }
    titles = (("", "正在报名"), ("running", "办班中"), ("past", "已结束"), ("all", "全部"))
    view = view if view in groups else ""
    page = page_of(request, groups[view])
    context = {
        "page": page,
        "rows": [_invitation(one, at) for one in page],
        "several": len({one.unit.pk for one in found}) > 1,
        "tabs": [
            {
                "title": title,
                "url": f"?view={key}" if key else "?",
                "count": len(groups[key]),
                "current": key == view,
                "hot": key in ("", "running") and any(_waits(one, at) for one in groups[key]),
            }
            for key, title in titles
        ],
    }
    return render(request, "workflow/callup/nominations.html", context)


def _closes_soon(one: Invitation, at: datetime) -> bool:
    deadline = one.run.call_up.deadline
    near = deadline is not None and at <= deadline <= at + NEAR
    return near and one.run.state == RunState.ENROLLING and bool(one.short)


def _waits(one: Invitation, at: datetime) -> bool:
    """Whether the unit is counted as owing something: what the navigation's number is made of."""
    return bool(one.offered) or _closes_soon(one, at)


def _urgency(at: datetime) -> Callable[[Invitation], tuple[bool, bool, float]]:
    """An unanswered 递补 first, then what closes soonest, then what has closed, the latest first."""

    def key(one: Invitation) -> tuple[bool, bool, float]:
        left = ((one.run.call_up.deadline or at) - at).total_seconds()
        return (not one.offered, left < 0, abs(left))

    return key


def _invitation(one: Invitation, at: datetime) -> dict[str, Any]:
    deadline = one.run.call_up.deadline
    late = deadline is not None and at > deadline
    tone, word = ("ok", "已报满") if not one.short else ("wait", f"还差 {one.short} 人")
    if one.run.state != RunState.ENROLLING:
        tone, word = "off", one.run.get_state_display()
    elif _closes_soon(one, at):
        tone, word = "back", f"即将截止，还差 {one.short} 人"
    elif late and one.short:
        tone, word = "back", f"已截止，还差 {one.short} 人"
    return {
        "one": one,
        "when": when(one.run),
        "deadline": deadline,
        "late": late,
        "tone": tone,
        "word": word,
        "url": reverse("workflow:nominate", args=[one.run.pk, one.unit.pk]),
    }


class Line:
    """A candidate as the list shows him: his classes, and what a nomination would say of him."""

    def __init__(self, cadre: Cadre, history: History | None, findings: list[Finding], cut: date) -> None:
        self.cadre = cadre
        self.last = history.last if history is not None else []
        self.more = (history.count - len(history.last)) if history is not None else 0
        self.findings = findings
        self.stopped = any(finding.stops for finding in findings)
        self.forgotten = cadre.last_trained is None or cadre.last_trained < cut


@require_http_methods(["GET", "POST"])
def nominate(request: DeskRequest, pk: int, unit_id: int) -> HttpResponse:
    """A unit's own list for a 期, and the people it may still send: the longest untrained first."""
    run = called_run(request, pk)
    unit = unit_of(request, run, unit_id)
    call_up = call_up_of(run)
    standing = standing_of(request)
    whole = sees_whole(standing, run)
    if call_up.issued_at is None or not (whole or _is_called(run, unit)):
        raise Http404
    if request.method == "POST" and request.POST.get("action") == "exempt":
        return _exempt(request, run, unit)
    if request.method == "POST":
        return _act(request, run, unit, whole=whole)
    at, book = timezone.now(), book_of(run)
    acts = allowed(run, actor=request.user, at=at, unit=unit)
    may = acts[RunAct.NOMINATE] is None
    replaced = _replaced(request, run, unit) if may else None
    cut = months_before(run.start()[0], 12 * forgotten_years(book))
    form = CandidateFilter(request.GET)
    people = select.candidates(
        run,
        unit,
        q=form.asked("q").strip(),
        kind=form.asked("kind"),
        untrained_before=cut if form.asked("forgotten") else None,
    )
    narrowed = any(form.asked(name) for name in ("q", "kind", "forgotten"))
    page = page_of(request, people, PER_PAGE)
    quota = Quota.objects.filter(run=run, unit=unit).first()
    own = list(select.with_acts(select.seats(run, unit)))
    found = clashes(run, [unit.pk])
    live = rows_of((seat for seat in own if seat.state not in _GONE), found)
    context: dict[str, Any] = {
        "run": run,
        "unit": unit,
        "whole": whole,
        "own_unit": unit.pk in standing.union_ids,
        "when": when(run),
        "call_up": call_up,
        "late": call_up.deadline is not None and at > call_up.deadline,
        "quota": quota,
        "sums": _sums(own, quota),
        "live": live,
        "may_exempt": acts[RunAct.EXEMPT] is None and any(row.askable for row in live),
        "gone": rows_of((seat for seat in own if seat.state in _GONE), {}),
        "may": may,
        "may_name": whole and acts[RunAct.NAME] is None,
        "reason": acts[RunAct.NOMINATE],
        "replaced": replaced,
        "page": page,
        "lines": _lines(run, unit, list(page), book, cut, at) if may else [],
        "form": form,
        "keep": [("replace", replaced.pk)] if replaced is not None else [],
        "clear_url": (f"?replace={replaced.pk}" if replaced is not None else "?") if narrowed else "",
        "passed": passed_over(run, unit, book) if may and not _full(own, quota) else [],
        "years": forgotten_years(book),
        "forgotten_url": address("forgotten"),
        "uploads": RosterUpload.objects.filter(run=run, unit=unit).select_related("file", "uploaded_by")[:5],
    }
    return render(request, "workflow/callup/nominate.html", context)


def _is_called(run: ClassRun, unit: Union) -> bool:
    called: bool = (
        Quota.objects.filter(run=run, unit=unit).exists() or Seat.objects.filter(run=run, unit=unit).exists()
    )
    return called


def _full(own: list[Seat], quota: Quota | None) -> bool:
    return quota is None or _formal(own) >= quota.seats


def _formal(own: list[Seat]) -> int:
    """Those with a formal seat; who is offered one counts."""
    return sum(
        1
        for seat in own
        if seat.state not in _GONE and (seat.rank == SeatRank.FORMAL or seat.state == SeatState.OFFERED)
    )


def _sums(own: list[Seat], quota: Quota | None) -> list[dict[str, Any]]:
    live = [seat for seat in own if seat.state not in _GONE]
    formal = _formal(own)
    seats = quota.seats if quota is not None else 0
    confirmed = sum(1 for seat in live if seat.state in select.ROLL)
    return [
        {
            "label": "名额",
            "value": f"{seats} 人",
            "note": quota.note if quota is not None and quota.note else "",
        },
        {
            "label": "正式",
            "value": f"{formal} 人",
            "note": f"还差 {seats - formal} 人" if formal < seats else "已满",
        },
        {
            "label": "候补",
            "value": f"{len(live) - formal} 人",
            "note": f"备选名额 {quota.reserve} 人" if quota is not None and quota.reserve else "",
        },
        {"label": "已确认", "value": f"{confirmed} 人", "note": ""},
    ]


def _lines(
    run: ClassRun, unit: Union, people: list[Cadre], book: Book, cut: date, at: datetime
) -> list[Line]:
    """A page of candidates with their classes and what the rules say, in two queries."""
    if not people:
        return []
    keys = [cadre.pk for cadre in people]
    since = months_before(run.start()[0], 12 * YEARS_TOLD)
    histories = select.histories(keys, since)
    asked = [Candidate(row=number, cadre_id=key) for number, key in enumerate(keys)]
    checked = examine(run, asked, at=at, book=book, unit=unit)
    # Who comes first and whether it is late is said above the list, once.
    of_lists = {"over_quota", "after_deadline", "roster_twice"}
    return [
        Line(cadre, histories.get(cadre.pk), [found for found in said if found.code not in of_lists], cut)
        for cadre, said in zip(people, checked.findings, strict=True)
    ]


def _replaced(request: DeskRequest, run: ClassRun, unit: Union) -> Seat | None:
    """The live seat somebody is looked for to take over; None where nothing is exchanged."""
    key = request.GET.get("replace", "")
    if not (key.isascii() and key.isdigit()):
        return None
    found = Seat.objects.filter(pk=int(key), run=run, unit=unit).first()
    return found if found is not None and found.is_live else None


def _act(request: DeskRequest, run: ClassRun, unit: Union, *, whole: bool) -> HttpResponse:
    """Nominates those ticked, names them, or lets one take another's place."""
    here = reverse("workflow:nominate", args=[run.pk, unit.pk])
    action = request.POST.get("action", "nominate")
    picked = [int(key) for key in request.POST.getlist("pick") if key.isascii() and key.isdigit()]
    explanation = request.POST.get("explanation", "").strip()
    if not picked:
        messages.error(request, "请先勾选人员。")
        return redirect(here)
    allowed_keys = set(select.candidates(run, unit).filter(pk__in=picked).values_list("pk", flat=True))
    nominees = [
        Nominee(
            cadre_id=key,
            explanation=explanation,
            lodging={"yes": True, "no": False}.get(request.POST.get(f"lodging_{key}", "")),
            needs=request.POST.get(f"needs_{key}", "").strip()[:100],
        )
        for key in dict.fromkeys(picked)
        if key in allowed_keys
    ]
    if len(nominees) < len(set(picked)):
        messages.warning(request, "有的人员已经报过名，或不在本单位，没有重复办理。")
    if not nominees:
        return redirect(here)
    at = timezone.now()
    try:
        if action == "replace":
            return _replace(request, run, unit, nominees, explanation, at)
        if action == "name" and whole:
            done = services.name(
                run_id=run.pk,
                unit_id=unit.pk,
                people=nominees,
                reason=explanation,
                actor=request.user,
                at=at,
            )
        else:
            own = unit.pk in standing_of(request).union_ids
            done = services.nominate(
                run_id=run.pk,
                unit_id=unit.pk,
                people=nominees,
                source=SeatSource.PAGE if own else SeatSource.ENTERED,
                actor=request.user,
                at=at,
                late_ok=request.POST.get("late") == "1",
            )
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(here)
    _tell(request, done)
    return redirect(here)


def _exempt(request: DeskRequest, run: ClassRun, unit: Union) -> HttpResponse:
    """Asks that those ticked of the unit's own list be excused of what holds them."""
    here = redirect("workflow:nominate", run.pk, unit.pk)
    picked = [int(key) for key in request.POST.getlist("seat") if key.isascii() and key.isdigit()]
    ids = list(Seat.objects.filter(run=run, unit=unit, pk__in=picked).values_list("pk", flat=True))
    reason = request.POST.get("reason", "").strip()
    if not ids:
        messages.error(request, "请先在本单位名单中勾选须报审批的人员。")
    elif not reason:
        messages.error(request, "请写明理由：为什么仍须参加。")
    else:
        ask_exemption(request, ids, reason, timezone.now())
    return here


def _tell(request: DeskRequest, done: services.Nominated) -> None:
    formal = [seat.name for seat in done.seats if seat.rank == SeatRank.FORMAL]
    reserve = [seat.name for seat in done.seats if seat.rank == SeatRank.RESERVE]
    if formal:
        messages.success(request, f"已报名：{'、'.join(formal)}。")
    if reserve:
        messages.info(request, f"名额已满，列为候补：{'、'.join(reserve)}。")
    for result in done.results:
        if result.seat is None:
            messages.error(request, f"{_name(result)}没有报上：{result.reason}")
        elif any(finding.severity == "hold" for finding in result.findings):
            messages.warning(
                request,
                f"{result.seat.name}须报重复调训审批，批准后才能确认，请在本单位名单中勾选，写明理由。",
            )
    for notice in done.notices:
        messages.warning(request, notice.message)


def _name(result: services.Result) -> str:
    return str(Cadre.objects.values_list("name", flat=True).get(pk=result.nominee.cadre_id))


def _replace(
    request: DeskRequest, run: ClassRun, unit: Union, nominees: list[Nominee], reason: str, at: datetime
) -> HttpResponse:
    here = reverse("workflow:nominate", args=[run.pk, unit.pk])
    old = Seat.objects.filter(pk=request.POST.get("replace") or 0, run=run, unit=unit).first()
    if old is None or len(nominees) != 1:
        messages.error(request, "调换须选定一人。")
        return redirect(f"{here}?replace={old.pk}" if old is not None else here)
    try:
        new = services.replace(seat_id=old.pk, by=nominees[0], reason=reason, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(f"{here}?replace={old.pk}")
    messages.success(request, f"已由{new.name}接替{old.name}，等待主办部门确认。")
    return redirect(here)


urlpatterns: list[URLPattern] = [
    path("nominations/", nominations, name="nominations"),
    path("nominations/<int:pk>/<int:unit_id>/", nominate, name="nominate"),
]
