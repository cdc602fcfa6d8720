"""报名: everybody nominated for a 期, and what the organiser does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from office.refusals import Refused
from workflow.excel.seats import seats_book
from workflow.forms.callup import SeatFilter
from workflow.models import ClassRun, RosterUpload, Seat
from workflow.rules.exemptions import is_asked, why_held
from workflow.rules.on_site import over_class
from workflow.rules.person_findings import still_said
from workflow.rules.run_gate import RunAct, allowed
from workflow.selectors import seat_lists as select
from workflow.selectors.callup import clashes
from workflow.services import seats as services
from workflow.states import CALLING, RequestState, SeatSource, SeatState
from workflow.views.callup_frame import ask, book_of, call_up_of, frame, organised_run
from workflow.views.common import DeskRequest, page_of, workbook_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.urls import URLPattern

    from workflow.rules.findings import Finding
    from workflow.selectors.callup import Clash

PER_PAGE = 50
#: What narrows the list, and comes back after a button was pressed.
CARRIED = ("view", "unit", "q", "page")
#: What the bar does with those picked: act → (words, whether a reason is needed).
BULK = {
    "confirm": ("确认", False),
    "offer": ("通知递补", False),
    "exempt": ("报重复调训审批", True),
    "reject": ("不予录取", True),
}
TONES = {
    SeatState.NOMINATED: "wait",
    SeatState.OFFERED: "go",
    SeatState.CONFIRMED: "ok",
    SeatState.COMPLETED: "ok",
    SeatState.UNFINISHED: "back",
}


#: What was said of other classes when somebody was nominated; how it is now stands in their place.
_OF_CLASHES = ("many_callers", "overlap")


class Row:
    """A seat as lists show it: ``findings`` of his nomination, ``clashes`` with other classes as of now.

    ``turn``: among the 正式 or the 候补 of his unit; 0 for who isn't in the list's order.
    """

    def __init__(self, seat: Seat, clashes: Sequence[Clash] = (), turn: int = 0) -> None:
        self.seat = seat
        self.turn = turn
        self.tone = TONES.get(SeatState(seat.state), "off")
        said = still_said(seat)
        self.held = why_held(seat, said) if seat.is_live else None
        self.findings = [one for one in said if not (seat.is_live and one.code in _OF_CLASHES)]
        self.clashes = list(clashes) if seat.is_live else []

    @property
    def askable(self) -> bool:
        """Whether an exemption may be asked for him."""
        return self.held is not None and not is_asked(self.seat)

    @property
    def exemption(self) -> tuple[str, str]:
        """Tone and word of what was asked about him; empty where nothing was."""
        request = self.seat.exemption
        if request is None:
            return ("", "")
        tone = {RequestState.APPROVED: "ok", RequestState.REFUSED: "back"}.get(
            RequestState(request.state), "go"
        )
        return (tone, f"审批{request.get_state_display()}")


def rows_of(seats: Iterable[Seat], found: Mapping[int, list[Clash]], turns: Mapping[int, int]) -> list[Row]:
    """Rows of these seats; ``found`` and ``turns`` as the selectors of their names give them."""
    return [Row(seat, found.get(seat.pk, []), turns.get(seat.pk, 0)) for seat in seats]


@require_safe
def run_seats(request: DeskRequest, pk: int) -> HttpResponse:
    """The people of a 期 by state and unit."""
    run, at = organised_run(request, pk), timezone.now()
    units = select.units_of(run)
    form = SeatFilter(request.GET, units=units)
    view = request.GET.get("view", "")
    view = view if view in {key for key, _, _ in select.VIEWS} else ""
    unit, q = form.asked("unit"), form.asked("q").strip()
    rows = select.narrowed(select.seats(run), view=view, unit=int(unit) if unit else None, q=q)
    if request.GET.get("format") == "xlsx":
        return workbook_file(seats_book(run, list(rows)), f"{run.title}报名情况")
    page = page_of(request, rows, PER_PAGE)
    found = select.counts(run)
    keep = [(name, value) for name, value in (("unit", unit), ("q", q)) if value]
    acts = allowed(run, actor=request.user, at=at)
    call_up = call_up_of(run)
    context: dict[str, Any] = {
        **frame(run, "run_seats"),
        "page": page,
        "rows": rows_of(page, clashes(run), select.turns(run)),
        "form": form,
        "keep": [("view", view)] if view else [],
        "clear_url": (f"?view={view}" if view else "?") if keep else "",
        "carried": [(name, request.GET[name]) for name in CARRIED if request.GET.get(name)],
        "narrowed": bool(keep),
        "views": [
            {
                "title": title,
                "url": f"?{urlencode([('view', key), *keep] if key else keep)}",
                "count": found[key],
                "current": key == view,
                "hot": key == "held" and found[key] > 0,
            }
            for key, title, _ in select.VIEWS
        ],
        "over": _over(run),
        "may_change": acts[RunAct.CHANGE] is None,
        "sums": _sums(run, found, units, call_up.reserve_seats),
        "may": {
            "confirm": acts[RunAct.CONFIRM] is None,
            "exempt": acts[RunAct.EXEMPT] is None and found["held"] > 0,
            "name": acts[RunAct.NAME] is None,
            "on_site": acts[RunAct.ON_SITE] is None,
            "enter": acts[RunAct.ENTER] is None,
        },
        "reason": acts[RunAct.CONFIRM],
        "issued": call_up.issued_at,
        "deadline": call_up.deadline,
        "uploads": RosterUpload.objects.filter(run=run).select_related("file", "unit", "uploaded_by")[:10],
    }
    return render(request, "workflow/callup/seats.html", context)


def _over(run: ClassRun) -> list[Finding]:
    """What is to be said of the class and its money while 计划外学员 take it beyond its number."""
    if run.state not in CALLING:
        return []
    confirmed = Seat.objects.filter(run=run, state=SeatState.CONFIRMED, source=SeatSource.ON_SITE)
    return over_class(run, book_of(run), more=0) if confirmed.exists() else []


def _sums(
    run: ClassRun, found: dict[str, int], units: Sequence[tuple[int, str]], reserve: int
) -> list[dict[str, Any]]:
    formal, offered = found["waiting"] + found["roll"], found["offered"]
    short = max(0, run.trainees - formal - offered)
    missing = f"还差 {short} 人" if short else "" if offered else "已满"
    answers = f"递补待答复 {offered} 人" if offered else ""
    return [
        {
            "label": "本期学员",
            "value": f"{run.trainees} 人",
            "note": f"机动名额 {reserve} 人" if reserve else f"{len(units)} 个单位",
        },
        {"label": "正式", "value": f"{formal} 人", "note": "，".join(filter(None, (answers, missing)))},
        {"label": "候补", "value": f"{found['reserve']} 人", "note": ""},
        {"label": "已确认", "value": f"{found['roll']} 人", "note": f"待确认 {found['waiting']} 人"},
        {"label": "需审批", "value": f"{found['held']} 人", "note": "", "bad": bool(found["held"])},
    ]


@require_POST
def run_seats_act(request: DeskRequest, pk: int) -> HttpResponse:
    """Confirms, offers places to, or turns away those picked, each by itself; says of whom not, and why."""
    run, at = organised_run(request, pk), timezone.now()
    back = f"{reverse('workflow:run_seats', args=[run.pk])}{_kept(request)}"
    action = request.POST.get("action", "")
    if action not in BULK:
        messages.error(request, "请选择要办理的事项。")
        return redirect(back)
    label, needs_reason = BULK[action]
    picked = [int(key) for key in request.POST.getlist("pick") if key.isascii() and key.isdigit()]
    ids = list(
        Seat.objects.filter(run=run, pk__in=picked)
        .order_by("rank", "position", "pk")
        .values_list("pk", flat=True)
    )
    reason = request.POST.get("reason", "").strip()
    if not ids:
        messages.error(request, "请先勾选学员。")
        return redirect(back)
    if needs_reason and not reason:
        messages.error(request, f"{label}须写明原因。")
        return redirect(back)
    if action == "exempt":
        ask_exemption(request, ids, reason, at)
        return redirect(back)
    if action == "reject" and request.POST.get("confirmed") != "1":
        return ask(
            request,
            title=f"{label} {len(ids)} 人",
            text=f"原因：{reason}\n单位能看到这个原因。",
            label=label,
            cancel_url=back,
        )
    spare = request.POST.get("confirmed") == "1"
    if action == "offer" and not spare and (lacking := services.needs_spare(run, ids)):
        return ask(
            request,
            title=f"通知递补 {len(ids)} 人",
            text=f"{lacking}\n确定用机动名额递补？",
            label="用机动名额递补",
            cancel_url=back,
        )
    done, failed = _each(action, ids, reason, request, at)
    if done:
        messages.success(request, f"已{label} {done} 人。")
    for text in failed:
        messages.warning(request, text)
    return redirect(back)


def ask_exemption(request: DeskRequest, ids: Sequence[int], reason: str, at: datetime) -> None:
    """Asks for all of them on one paper, or for nobody, and says which."""
    try:
        services.ask_exemption(seat_ids=ids, reason=reason, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"已为 {len(ids)} 人报重复调训审批，批准后才能确认。")


def _each(
    action: str, ids: Sequence[int], reason: str, request: DeskRequest, at: Any
) -> tuple[int, list[str]]:
    """How many it was done with, and a line for each of the others."""
    if action == "confirm":
        results = services.confirm_many(seat_ids=ids, actor=request.user, at=at)
        return sum(1 for one in results if one.seat), [one.reason for one in results if not one.seat]
    done, failed = 0, []
    for seat_id in ids:
        try:
            if action == "offer":
                spare = request.POST.get("confirmed") == "1"
                services.offer(seat_id=seat_id, actor=request.user, at=at, spare=spare)
            else:
                services.reject(seat_id=seat_id, reason=reason, actor=request.user, at=at)
            done += 1
        except Refused as refused:
            failed.append(str(refused))
    return done, failed


def _kept(request: DeskRequest) -> str:
    """The list as it was narrowed before the button was pressed."""
    kept = [(name, request.POST[name]) for name in CARRIED if request.POST.get(name)]
    return f"?{urlencode(kept)}" if kept else ""


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/seats/", run_seats, name="run_seats"),
    path("runs/<int:pk>/seats/act/", run_seats_act, name="run_seats_act"),
]
