"""What a unit's page for a 期 sends: people nominated, named or exchanged, exemptions asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from office.refusals import Refused
from org.models import Cadre
from workflow.models import ClassRun, Quota, Seat
from workflow.selectors import seat_lists as select
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import SeatRank, SeatSource, SeatState
from workflow.views.callup_seats import ask_exemption
from workflow.views.common import DeskRequest, standing_of

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import Union


@dataclass(frozen=True)
class Typed:
    """What was sent and couldn't be done as it stands: shown again as it was. ``error``: what is lacking."""

    picked: frozenset[int] = frozenset()
    explanation: str = ""
    late: bool = False
    lodging: Mapping[int, str] = field(default_factory=dict)
    needs: Mapping[int, str] = field(default_factory=dict)
    error: str = ""

    @classmethod
    def of(cls, request: DeskRequest, picked: Iterable[int], error: str) -> Typed:
        keys = frozenset(picked)
        return cls(
            keys,
            request.POST.get("explanation", "").strip(),
            request.POST.get("late") == "1",
            {key: request.POST.get(f"lodging_{key}", "") for key in keys},
            {key: request.POST.get(f"needs_{key}", "").strip() for key in keys},
            error,
        )


def send(request: DeskRequest, run: ClassRun, unit: Union, *, whole: bool) -> HttpResponse | Typed:
    """Nominates those ticked, names them, or lets one take another's place.

    Where somebody ticked is left without a seat for want of a word, what was sent comes back to be mended.
    """
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
        return Typed.of(request, picked, str(refused))
    _tell(request, run, unit, done)
    lacking = [one for one in done.results if one.seat is None]
    if not any(one.reason.startswith(services.LACKS_A_WORD) for one in lacking):
        return redirect(here)
    return Typed.of(request, (one.nominee.cadre_id for one in lacking), _lacking(lacking))


def exempt(request: DeskRequest, run: ClassRun, unit: Union) -> HttpResponse:
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


def _lacking(results: list[services.Result]) -> str:
    """Of whom a word is missing, in one sentence; what is said of each stands beside his name."""
    names = [_name(one) for one in results if one.reason.startswith(services.LACKS_A_WORD)]
    return f"{'、'.join(names)}没有报上：有提示的人员须写明说明。请在下面填写说明后再报，勾选还在。"


def _tell(request: DeskRequest, run: ClassRun, unit: Union, done: services.Nominated) -> None:
    """Who has a seat, who waits, and whom what stops: one line for each thing, however many people."""
    formal = [seat.name for seat in done.seats if seat.rank == SeatRank.FORMAL]
    reserve = [seat.name for seat in done.seats if seat.rank == SeatRank.RESERVE]
    if formal:
        messages.success(request, f"已报名：{'、'.join(formal)}。")
    if reserve:
        beyond = _beyond_reserve(run, unit)
        text = f"名额已满，列为候补：{'、'.join(reserve)}。{beyond}"
        messages.add_message(request, messages.WARNING if beyond else messages.INFO, text)
    stopped: defaultdict[str, list[str]] = defaultdict(list)
    held = []
    for result in done.results:
        if result.seat is None:
            if not result.reason.startswith(services.LACKS_A_WORD):
                stopped[result.reason].append(_name(result))
        elif any(finding.severity == "hold" for finding in result.findings):
            held.append(result.seat.name)
    for reason, names in stopped.items():
        messages.error(request, f"{'、'.join(names)}没有报上：{reason}")
    if held:
        messages.warning(
            request,
            f"{'、'.join(held)}须报重复调训审批，批准后才能确认，请在本单位名单中勾选，写明理由。",
        )
    for notice in done.notices:
        messages.warning(request, notice.message)


def _beyond_reserve(run: ClassRun, unit: Union) -> str:
    """That the unit has more 候补 than the organiser asked for; empty where it hasn't."""
    asked = Quota.objects.filter(run=run, unit=unit).values_list("reserve", flat=True).first() or 0
    waiting = Seat.objects.filter(
        run=run, unit=unit, rank=SeatRank.RESERVE, state__in=(SeatState.NOMINATED, SeatState.OFFERED)
    ).count()
    if waiting <= asked:
        return ""
    given = f"备选名额 {asked} 人，现有候补 {waiting} 人" if asked else "本单位没有备选名额"
    return f"{given}，是否递补由主办部门决定。"


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
