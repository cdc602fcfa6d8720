"""名额与报名: the 期 a unit is called up for, and the list one nominates from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

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
from workflow.selectors.runs import cancelled_for, sees_whole
from workflow.states import CALLING, RunState, SeatRank, SeatState
from workflow.views.callup_frame import book_of, call_up_of, called_run, unit_of
from workflow.views.callup_seats import rows_of
from workflow.views.callup_sending import Typed, exempt, send
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
    """What one's units are called up for: those one may send people to first, what closes soonest on top."""
    units = standing_of(request).union_ids
    at = timezone.now()
    found = select.invitations(units) if units else []
    view = request.GET.get("view", "")
    called_off = {one.run.pk for one in found if one.run.state == RunState.CANCELLED}
    reasons = cancelled_for(called_off)
    groups = {
        "": sorted((one for one in found if _is_open(one, at)), key=_urgency(at)),
        "running": [one for one in found if one.run.state == RunState.RUNNING],
        "past": [one for one in found if one.run.state not in CALLING and not _is_open(one, at)],
        "all": found,
    }
    titles = (("", "正在报名"), ("running", "办班中"), ("past", "已结束"), ("all", "全部"))
    view = view if view in groups else ""
    page = page_of(request, groups[view])
    context = {
        "page": page,
        "rows": [_invitation(one, at, reasons.get(one.run.pk, "")) for one in page],
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


def _is_open(one: Invitation, at: datetime) -> bool:
    """Whether people are sent; a class called off stays beside the others until it would have begun."""
    if one.run.state == RunState.CANCELLED:
        return one.run.starts_on is not None and one.run.starts_on >= timezone.localdate(at)
    enrolling: bool = one.run.state == RunState.ENROLLING
    return enrolling


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


def _days(run: ClassRun, at: datetime) -> str:
    """The days of the class, its year before them where it isn't this one: as the deadline is written."""
    year = run.plan.year
    return when(run) if year == timezone.localdate(at).year else f"{year}年{when(run)}"


def _invitation(one: Invitation, at: datetime, cancelled_for: str) -> dict[str, Any]:
    deadline = one.run.call_up.deadline
    late = deadline is not None and at > deadline
    tone, word = ("ok", "已报满") if not one.short else ("wait", f"还差 {one.short} 人")
    if one.run.state != RunState.ENROLLING:
        tone, word = "off", one.run.get_state_display()
    elif _closes_soon(one, at):
        tone, word = "back", f"即将截止，还差 {one.short} 人"
    elif late and one.short:
        tone, word = "back", f"已截止，还差 {one.short} 人"
    off = one.run.state == RunState.CANCELLED
    return {
        "one": one,
        "cancelled_for": cancelled_for if off else "",
        "when": _days(one.run, at),
        "deadline": deadline,
        "late": late,
        "tone": tone,
        "word": word,
        "url": "" if off else reverse("workflow:nominate", args=[one.run.pk, one.unit.pk]),
    }


class Line:
    """A candidate as the list shows him: his classes, and what a nomination would say of him."""

    def __init__(
        self, cadre: Cadre, history: History | None, findings: list[Finding], cut: date, typed: Typed
    ) -> None:
        self.cadre = cadre
        self.picked = cadre.pk in typed.picked
        self.lodging = typed.lodging.get(cadre.pk, "")
        self.needs = typed.needs.get(cadre.pk, "")
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
        return exempt(request, run, unit)
    typed = Typed()
    if request.method == "POST":
        answer = send(request, run, unit, whole=whole)
        if not isinstance(answer, Typed):
            return answer
        typed = answer
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
    turns = select.turns(run, unit)
    live = rows_of((seat for seat in own if seat.state not in _GONE), found, turns)
    lines = _lines(run, unit, list(page), book, cut, at, typed) if may else []
    common = _common(lines)
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
        "gone": rows_of((seat for seat in own if seat.state in _GONE), {}, {}),
        "may": may,
        "may_name": whole and acts[RunAct.NAME] is None,
        "open": run.state in CALLING,
        "reason": _closed(run) or acts[RunAct.NOMINATE],
        "replaced": replaced,
        "page": page,
        "lines": lines,
        "common": common,
        "typed": typed,
        "form": form,
        "keep": [("replace", replaced.pk)] if replaced is not None else [],
        "clear_url": (f"?replace={replaced.pk}" if replaced is not None else "?") if narrowed else "",
        "passed": passed_over(run, unit, book, also=typed.picked) if may and not _full(own, quota) else [],
        "years": forgotten_years(book),
        "forgotten_url": address("forgotten"),
        "uploads": RosterUpload.objects.filter(run=run, unit=unit).select_related("file", "uploaded_by")[:5],
    }
    status = 422 if typed.error else 200
    return render(request, "workflow/callup/nominate.html", context, status=status)


def _closed(run: ClassRun) -> str:
    """That nothing is to be done any more, for a class that is over; nobody has tried anything yet."""
    return "" if run.state in CALLING else "本班已结束，名单不能再改。"


def _common(lines: list[Line]) -> list[Finding]:
    """What is said of everybody on the page alike: told once above the list, and taken off the lines.

    Whom the class is for is told once for all who aren't among them; what each is stays on his line.
    """
    if len(lines) < 2:
        return []
    said = [{(found.code, found.message) for found in line.findings} for line in lines]
    shared = set.intersection(*said)
    common = [
        replace(found, message=found.message.replace("此人", "以下人员都不在其中："))
        for found in lines[0].findings
        if (found.code, found.message) in shared
    ]
    for line in lines:
        line.findings = [found for found in line.findings if (found.code, found.message) not in shared]
    outside = [found for line in lines for found in line.findings if "此人" in found.figures]
    if len(outside) < 2:
        return common
    for line in lines:
        line.findings = [_apart(found) for found in line.findings]
    told = f"本班的对象是{outside[0].figures['对象']}；不在对象内的人员，下面分别注明。"
    return [*common, replace(outside[0], message=told, mend="报名须说明理由。")]


def _apart(found: Finding) -> Finding:
    """What is left to say of one person where the class's audience is told above."""
    his = found.figures.get("此人")
    return replace(found, message=f"不在对象内：{his}。") if his else found


def _is_called(run: ClassRun, unit: Union) -> bool:
    called: bool = (
        Quota.objects.filter(run=run, unit=unit).exists() or Seat.objects.filter(run=run, unit=unit).exists()
    )
    return called


def _full(own: list[Seat], quota: Quota | None) -> bool:
    formal, offered = _formal(own)
    return quota is None or formal + offered >= quota.seats


def _formal(own: list[Seat]) -> tuple[int, int]:
    """How many have a formal seat, and how many are offered one."""
    live = [seat for seat in own if seat.state not in _GONE]
    offered = sum(1 for seat in live if seat.state == SeatState.OFFERED)
    return sum(1 for seat in live if seat.rank == SeatRank.FORMAL), offered


def _sums(own: list[Seat], quota: Quota | None) -> list[dict[str, Any]]:
    live = [seat for seat in own if seat.state not in _GONE]
    formal, offered = _formal(own)
    seats = quota.seats if quota is not None else 0
    reserve, waiting = quota.reserve if quota is not None else 0, len(live) - formal - offered
    short = seats - formal - offered
    missing = f"还差 {short} 人" if short > 0 else "" if offered else "已满"
    answers = f"递补待答复 {offered} 人" if offered else ""
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
            "note": "，".join(filter(None, (answers, missing))),
        },
        {
            "label": "候补",
            "value": f"{waiting} 人",
            "note": _reserve_words(waiting, reserve),
        },
        {"label": "已确认", "value": f"{confirmed} 人", "note": ""},
    ]


def _reserve_words(waiting: int, reserve: int) -> str:
    """How many 候补 the organiser asked for, and how many there are beyond that."""
    if waiting > reserve:
        asked = f"备选名额 {reserve} 人，超 {waiting - reserve} 人" if reserve else "没有备选名额"
        return f"{asked}，是否递补由主办部门决定"
    return f"备选名额 {reserve} 人" if reserve else ""


def _lines(
    run: ClassRun, unit: Union, people: list[Cadre], book: Book, cut: date, at: datetime, typed: Typed
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
        Line(
            cadre,
            histories.get(cadre.pk),
            [found for found in said if found.code not in of_lists],
            cut,
            typed,
        )
        for cadre, said in zip(people, checked.findings, strict=True)
    ]


def _replaced(request: DeskRequest, run: ClassRun, unit: Union) -> Seat | None:
    """The live seat somebody is looked for to take over; None where nothing is exchanged."""
    key = request.GET.get("replace", "")
    if not (key.isascii() and key.isdigit()):
        return None
    found = Seat.objects.filter(pk=int(key), run=run, unit=unit).first()
    return found if found is not None and found.is_live else None


urlpatterns: list[URLPattern] = [
    path("nominations/", nominations, name="nominations"),
    path("nominations/<int:pk>/<int:unit_id>/", nominate, name="nominate"),
]
