"""签到: each half-day entered on the page or read back from Excel; begun, and closed when it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from office.refusals import Refused
from workflow.excel.attendance import MOST_NOTE, read_attendance
from workflow.models import Attendance, ClassRun, Seat
from workflow.prints.sheets import attendance_book, attendees
from workflow.rules.attending import leave_finding, tallies
from workflow.rules.half_days import half_day_text, short_title
from workflow.rules.run_gate import RunAct, allowed, refusal
from workflow.selectors.seat_lists import roll
from workflow.services import attendance as services
from workflow.states import CALLING, Presence, RunState
from workflow.views.callup_frame import ask, book_of, frame, organised_run
from workflow.views.common import DeskRequest, workbook_file
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from django.urls import URLPattern

    from workflow.excel.attendance import Fault

Marks = dict[tuple[int, "date", int], tuple[str, str]]


def _marks(run: ClassRun) -> Marks:
    found = Attendance.objects.filter(seat__run=run).order_by()
    return {
        (seat, day, half): (presence, note)
        for seat, day, half, presence, note in found.values_list("seat", "day", "half", "presence", "note")
    }


@require_http_methods(["GET", "POST"])
def run_attendance(request: DeskRequest, pk: int) -> HttpResponse:
    """One half-day of everybody; ``half_day`` is its number from 0, else the first that isn't whole."""
    run = organised_run(request, pk)
    seats = roll(run)
    marks = _marks(run)
    number = _number(request, run, seats, marks)
    if request.method == "POST":
        return _enter(request, run, seats, number)
    return _page(request, run, seats, marks, number)


def _number(request: DeskRequest, run: ClassRun, seats: Sequence[Seat], marks: Marks) -> int:
    asked = request.GET.get("half_day", "")
    halves = run.half_days
    if asked.isascii() and asked.isdigit() and int(asked) < len(halves):
        return int(asked)
    today = timezone.localdate()
    past = [number for number, (day, _) in enumerate(halves) if day <= today]
    for number in past:
        if any((seat.pk, *halves[number]) not in marks for seat in seats):
            return number
    return past[-1] if past else 0


def _page(
    request: DeskRequest,
    run: ClassRun,
    seats: Sequence[Seat],
    marks: Marks,
    number: int,
    *,
    faults: Sequence[Fault] = (),
    error: str = "",
) -> HttpResponse:
    at = timezone.now()
    acts = allowed(run, actor=request.user, at=at)
    day, half = run.half_days[number]
    totals = tallies(run, seats)
    book = book_of(run)
    running = run.state == RunState.RUNNING
    context: dict[str, Any] = {
        **frame(run, "run_attendance"),
        "number": number,
        "title": half_day_text(day, half),
        "future": day > timezone.localdate(at),
        "halves": _halves(run, seats, marks, number),
        "rows": [
            {
                "seat": seat,
                "presence": marks.get((seat.pk, day, half), ("", ""))[0],
                "note": marks.get((seat.pk, day, half), ("", ""))[1],
                "tally": totals[seat.pk],
                "over": leave_finding(totals[seat.pk], book),
            }
            for seat in seats
        ],
        "choices": Presence.choices,
        "entering": running and acts[RunAct.ATTEND] is None,
        "may_begin": acts[RunAct.BEGIN] is None,
        "may_close": acts[RunAct.CLOSE] is None,
        "reason": _reason(run, acts),
        "missing": sum(len(tally.unmarked) for tally in totals.values()),
        "missing_halves": len({half for tally in totals.values() for half in tally.unmarked}),
        "faults": faults,
        "upload": {
            "action": reverse("workflow:run_attendance_read", args=[run.pk]),
            "accept": ".xlsx,.xls,.ods,.csv",
            "label": "上传填好的考勤表",
            "help": "在导出的考勤表上填写后上传；有一处看不懂就一处也不写入，逐处说明。",
            "button": "读取考勤表",
            "error": error,
        },
    }
    return render(request, "workflow/callup/attendance.html", context, status=422 if faults or error else 200)


def _reason(run: ClassRun, acts: Mapping[RunAct, str | None]) -> str | None:
    """Why nothing is to be done here; nobody has tried anything yet."""
    if run.state not in CALLING:
        return "考勤已结束，不能再改。"
    return acts[RunAct.BEGIN] if run.state == RunState.ENROLLING else acts[RunAct.ATTEND]


def _halves(
    run: ClassRun, seats: Sequence[Seat], marks: Mapping[Any, Any], number: int
) -> list[dict[str, Any]]:
    found = []
    for index, (day, half) in enumerate(run.half_days):
        done = sum(1 for seat in seats if (seat.pk, day, half) in marks)
        found.append(
            {
                "title": short_title(day, half),
                "url": f"?half_day={index}",
                "count": f"{done}/{len(seats)}",
                "current": index == number,
            }
        )
    return found


def _enter(request: DeskRequest, run: ClassRun, seats: Sequence[Seat], number: int) -> HttpResponse:
    """Writes the half-day as the page was sent; a row with nothing chosen takes its mark back."""
    day, half = run.half_days[number]
    marks = {
        (seat.pk, day, half): (
            request.POST.get(f"p_{seat.pk}", ""),
            request.POST.get(f"n_{seat.pk}", "").strip()[:MOST_NOTE],
        )
        for seat in seats
        if f"n_{seat.pk}" in request.POST
    }
    here = f"{reverse('workflow:run_attendance', args=[run.pk])}?half_day={number}"
    try:
        changed = services.enter(run_id=run.pk, marks=marks, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(here)
    title = half_day_text(day, half)
    messages.success(request, f"{title}：已保存，改动 {changed} 人。" if changed else f"{title}：没有改动。")
    return redirect(here)


@require_POST
def run_attendance_read(request: DeskRequest, pk: int) -> HttpResponse:
    """Reads a filled-in sheet back: all of it, or nothing and every fault by its cell."""
    run, at = organised_run(request, pk), timezone.now()
    if reason := refusal(RunAct.ATTEND, run, actor=request.user, at=at):
        return forbidden(request, reason)
    upload = request.FILES.get("file")
    seats, marks = roll(run), _marks(run)
    number = _number(request, run, seats, marks)
    if upload is None:
        return _page(request, run, seats, marks, number, error="请选择要上传的考勤表。")
    try:
        sheet = read_attendance(
            upload.read(), upload.name or "", run=run, seats=seats, today=timezone.localdate(at)
        )
        if sheet.faults:
            return _page(request, run, seats, marks, number, faults=sheet.faults)
        changed = services.enter(run_id=run.pk, marks=sheet.marks, actor=request.user, at=at)
    except Refused as refused:
        return _page(request, run, seats, marks, number, error=str(refused))
    for note in sheet.notes:
        messages.info(request, note)
    messages.success(request, f"已读取 {sheet.people} 人的考勤，改动 {changed} 处。")
    return redirect("workflow:run_attendance", run.pk)


@require_safe
def run_attendance_xlsx(request: DeskRequest, pk: int) -> HttpResponse:
    """考勤表 to fill in, with what is entered already."""
    run = organised_run(request, pk)
    return workbook_file(attendance_book(run, attendees(roll(run)), _marks(run)), f"{run.title}考勤表")


@require_POST
def run_begin(request: DeskRequest, pk: int) -> HttpResponse:
    """开班: people check in."""
    run = organised_run(request, pk)
    try:
        services.begin(run_id=run.pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已开班，可以录入签到。")
    return redirect("workflow:run_attendance", run.pk)


@require_POST
def run_close(request: DeskRequest, pk: int) -> HttpResponse:
    """结束考勤: who finished gets his training record with it."""
    run = organised_run(request, pk)
    here = reverse("workflow:run_attendance", args=[run.pk])
    if request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="结束考勤",
            text="结束后考勤不能再改；已结业的学员同时登记培训记录，没有确认的人员不再保留。",
            label="结束考勤",
            cancel_url=here,
        )
    try:
        done = services.close(run_id=run.pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        more = f"，未结业 {len(done.unfinished)} 人" if done.unfinished else ""
        messages.success(request, f"考勤已结束：结业 {len(done.finished)} 人{more}，培训记录已登记。")
    return redirect(here)


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/attendance/", run_attendance, name="run_attendance"),
    path("runs/<int:pk>/attendance/read/", run_attendance_read, name="run_attendance_read"),
    path("runs/<int:pk>/attendance.xlsx", run_attendance_xlsx, name="run_attendance_xlsx"),
    path("runs/<int:pk>/begin/", run_begin, name="run_begin"),
    path("runs/<int:pk>/close/", run_close, name="run_close"),
]
