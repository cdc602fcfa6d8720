"""One person's place in a 期: what stands for and against him, what was done, and what may be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from office.refusals import Refused
from office.wording import moment
from workflow.models import Seat, SeatAct
from workflow.rules.attending import leave_findings
from workflow.rules.exemptions import is_asked, why_held
from workflow.rules.person_findings import still_said
from workflow.rules.run_gate import RunAct, case, judge, why_not_correct
from workflow.selectors.runs import requests_seen, sees_whole
from workflow.selectors.seat_lists import turns
from workflow.services import seats as services
from workflow.states import RunState, SeatRank, SeatState
from workflow.views.callup_frame import ask, book_of, unit_of
from workflow.views.callup_seats import TONES
from workflow.views.common import DeskRequest, standing_of
from workflow.views.runs import address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from django.urls import URLPattern

    from workflow.rules.findings import Finding

S = SeatState
#: act → (words, who may, in which states, whether a reason is needed).
ACTS = {
    "confirm": ("确认", RunAct.CONFIRM, (S.NOMINATED,), False),
    "offer": ("通知递补", RunAct.CONFIRM, (S.NOMINATED,), False),
    "reject": ("不予录取", RunAct.CONFIRM, (S.NOMINATED, S.OFFERED), True),
    "accept": ("同意递补", RunAct.NOMINATE, (S.OFFERED,), False),
    "decline": ("不接受递补", RunAct.NOMINATE, (S.OFFERED,), True),
    "exempt": ("报重复调训审批", RunAct.EXEMPT, (S.NOMINATED, S.OFFERED, S.CONFIRMED), True),
    "withdraw": ("退出", RunAct.WITHDRAW_SEAT, (S.NOMINATED, S.CONFIRMED), True),
}
_ONLY_OF = {"confirm": SeatRank.FORMAL, "offer": SeatRank.RESERVE}
_DONE_TONES = {"reject": "back", "withdraw": "back", "decline": "back", "replace": "back"}


def visible_seat(request: DeskRequest, pk: int) -> Seat:
    """The seat for the organiser and for people of its unit; 404 for anybody else."""
    seat = (
        Seat.objects.select_related(
            "run__plan__union", "run__plan__department", "unit", "cadre__unit", "exemption", "replaces"
        )
        .filter(pk=pk)
        .first()
    )
    if seat is None:
        raise Http404
    unit_of(request, seat.run, seat.unit_id)
    return seat


def _possible(seat: Seat, acts: Mapping[RunAct, str | None], held: str | None) -> dict[str, str]:
    """What this person may do with the seat now: act → words. ``held``: what stands unexcused."""
    found = {
        name: label
        for name, (label, act, states, _) in ACTS.items()
        if acts[act] is None
        and seat.state in states
        and (name not in _ONLY_OF or (seat.rank == _ONLY_OF[name]))
    }
    if held is None or is_asked(seat):
        found.pop("exempt", None)
    return found


@require_safe
def seat(request: DeskRequest, pk: int) -> HttpResponse:
    """The person's place: facts, findings, what was done."""
    found, at = visible_seat(request, pk), timezone.now()
    run = found.run
    whole = sees_whole(standing_of(request), run)
    findings = still_said(found)
    if run.state == RunState.RUNNING:
        findings += leave_findings(run, [found], book_of(run)).get(found.pk, [])
    held = why_held(found, findings) if found.is_live else None
    seen = case(run, actor=request.user, at=at, unit=found.unit)
    acts = {act: judge(act, seen) for act in RunAct}
    may_replace = found.is_live and acts[RunAct.NOMINATE] is None
    context: dict[str, Any] = {
        "seat": found,
        "run": run,
        "tone": TONES.get(SeatState(found.state), "off"),
        "facts": _facts(found, turns(run, found.unit).get(found.pk, 0)),
        "findings": _shown(findings),
        "held": held,
        "acts": _possible(found, acts, held),
        "replace_url": f"{_page_of(found)}?replace={found.pk}" if may_replace else "",
        "may_correct": acts[RunAct.CORRECT] is None and why_not_correct(found, seen) is None,
        "steps": _steps(found, at),
        "back": reverse("workflow:run_seats", args=[run.pk]) if whole else _page_of(found),
        "cadre_url": address("cadre", found.cadre_id),
        "request_url": _request_url(request, found),
    }
    return render(request, "workflow/callup/seat.html", context)


def _request_url(request: DeskRequest, seat: Seat) -> str:
    """The paper that excuses him, for whoever may read it: it can name people of other units, too."""
    if seat.exemption_id is None:
        return ""
    mine = requests_seen(standing_of(request)).filter(pk=seat.exemption_id).exists()
    return reverse("workflow:run_request", args=[seat.exemption_id]) if mine else ""


def _page_of(seat: Seat) -> str:
    return reverse("workflow:nominate", args=[seat.run_id, seat.unit_id])


def _facts(seat: Seat, turn: int) -> list[tuple[str, ...]]:
    lodging = {True: "住宿", False: "不住宿", None: ""}[seat.lodging]
    rows: list[tuple[str, ...]] = [
        ("选送单位", seat.unit.name),
        ("所在单位", seat.unit_name),
        ("职务", seat.post_title),
        ("正式或候补", f"{seat.get_rank_display()}{f'，第 {turn} 位' if turn else ''}"),
        ("报名方式", seat.get_source_display() + ("（逾期）" if seat.late else "")),
        ("手机", seat.phone),
        ("证件号码", seat.cadre.identity_masked),
        ("食宿", "，".join(part for part in (lodging, seat.needs) if part)),
        ("到达时间", seat.arrival),
    ]
    if seat.explanation:
        rows.append(("说明", seat.explanation, "", "all"))
    if seat.result_note:
        rows.append(("结业说明", seat.result_note, "", "all"))
    if seat.replaces is not None:
        rows.append(("调换", f"接替 {seat.replaces.name}", reverse("workflow:seat", args=[seat.replaces_id])))
    return rows


def _shown(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings with a way to the class they speak of."""
    return [
        {
            "found": finding,
            "url": next(
                (
                    address(link["url_name"], link["run_id"])
                    for link in finding.links
                    if link.get("url_name") == "run" and link.get("run_id")
                ),
                "",
            ),
        }
        for finding in findings
    ]


def _steps(seat: Seat, at: datetime) -> list[dict[str, str]]:
    return [
        {
            "tone": _DONE_TONES.get(act.action, "done"),
            "title": act.title,
            "person": act.actor_name,
            "post": act.post_title,
            "line": moment(act.at, now=at),
            "opinion": act.reason,
        }
        for act in SeatAct.objects.filter(seat=seat).order_by("at", "id")
    ]


@require_POST
def seat_act(request: DeskRequest, pk: int) -> HttpResponse:
    """Does one thing with the seat."""
    found, at = visible_seat(request, pk), timezone.now()
    action = request.POST.get("action", "")
    here = redirect("workflow:seat", found.pk)
    if action not in ACTS:
        messages.error(request, "请选择要办理的事项。")
        return here
    label, _, _, needs_reason = ACTS[action]
    reason = request.POST.get("reason", "").strip()
    if needs_reason and not reason:
        messages.error(request, f"{label}须写明原因。")
        return here
    if action in ("reject", "decline", "withdraw") and request.POST.get("confirmed") != "1":
        return ask(
            request,
            title=f"{found.name}：{label}",
            text=f"原因：{reason}\n办理后不能撤销；有候补的，按次序通知递补。",
            label=label,
            cancel_url=reverse("workflow:seat", args=[found.pk]),
        )
    spare = services.needs_spare(found.run, [found.pk]) if action == "offer" else ""
    if spare and request.POST.get("confirmed") != "1":
        return ask(
            request,
            title=f"{found.name}：{label}",
            text=f"{spare}\n确定用机动名额递补？",
            label="用机动名额递补",
            cancel_url=reverse("workflow:seat", args=[found.pk]),
        )
    try:
        _do(action, found, reason, request, at)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{found.name}：已{label}。")
    return here


def _do(action: str, seat: Seat, reason: str, request: DeskRequest, at: datetime) -> None:
    who: dict[str, Any] = {"actor": request.user, "at": at}
    match action:
        case "confirm":
            services.confirm(seat_ids=[seat.pk], **who)
        case "offer":
            services.offer(seat_id=seat.pk, spare=request.POST.get("confirmed") == "1", **who)
        case "accept":
            services.accept(seat_id=seat.pk, **who)
        case "exempt":
            services.ask_exemption(seat_ids=[seat.pk], reason=reason, **who)
        case "reject":
            services.reject(seat_id=seat.pk, reason=reason, **who)
        case "decline":
            services.decline(seat_id=seat.pk, reason=reason, **who)
        case "withdraw":
            services.withdraw(seat_id=seat.pk, reason=reason, **who)


urlpatterns: list[URLPattern] = [
    path("seats/<int:pk>/", seat, name="seat"),
    path("seats/<int:pk>/act/", seat_act, name="seat_act"),
]
