"""重复调训审批: a reasoned exception for people a rule holds, asked for and handed in at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from office.refusals import Refused
from rulebook.severity import Severity
from workflow.models import Seat
from workflow.rules.attending import leave_findings
from workflow.rules.exemptions import asked_for, held, is_asked
from workflow.rules.people import Candidate, examine
from workflow.rules.run_gate import RunAct
from workflow.services import requests
from workflow.services.runs import locked_run
from workflow.services.seating import desk, locked_seats, record
from workflow.states import LIVE_SEATS, RequestKind, RequestState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from org.models import User
    from workflow.models import RunRequest


@transaction.atomic
def ask_exemption(*, seat_ids: Iterable[int], reason: str, actor: User, at: datetime) -> RunRequest:
    """Asks that these seats of one 期 be excused of what holds them; it goes to the book's chain at once.

    By the unit for its own people, or by the organiser. What holds each person is worked out anew and kept
    with the request, leave beyond its limit included. Raises :class:`Refused`, naming everybody it can't be
    asked for, where nothing holds somebody or it was asked for him already; then it is asked for nobody.
    """
    ids = sorted(set(seat_ids))
    runs = set(Seat.objects.filter(pk__in=ids).values_list("run", flat=True))
    if len(runs) != 1:
        raise Refused("请选择同一期班的学员。" if runs else "没有选择学员。")
    run = locked_run(runs.pop())
    seats = locked_seats(ids)
    units = {seat.unit for seat in seats}
    unit = next(iter(units)) if len(units) == 1 else None
    place = desk(RunAct.EXEMPT, run, actor=actor, at=at, unit=unit)
    if not reason.strip():
        raise Refused("请写明理由：为什么仍须参加。")
    people = [Candidate(row=seat.pk, cadre_id=seat.cadre_id) for seat in seats]
    checked = examine(run, people, at=at, book=place.book, seated=True)
    leave = leave_findings(run, seats, place.book)
    lines, refused = [], []
    for seat, findings in zip(seats, checked.findings, strict=True):
        holds = held(seat, [*findings, *leave.get(seat.pk, ())])
        if reason_not := _asked_already(seat) or ("" if holds else f"{seat.name}没有须经批准的例外。"):
            refused.append(reason_not)
        else:
            lines.append((seat, [finding for finding in holds if finding.severity == Severity.HOLD]))
    if refused:
        raise Refused("".join(refused) + ("请取消勾选后再报。" if lines else ""))
    request = requests.save_draft(
        run_id=run.pk,
        kind=RequestKind.EXEMPT,
        content=asked_for(lines),
        reason=reason,
        actor=actor,
        at=at,
        unit=unit,
    )
    requests.submit(request_id=request.pk, actor=actor, at=at)
    for seat in seats:
        seat.exemption = request
    Seat.objects.bulk_update(seats, ["exemption"])
    record(place, seats, "exempt", reason.strip())
    return type(request).objects.get(pk=request.pk)


def _asked_already(seat: Seat) -> str:
    """Why it can't be asked for this seat whatever holds it; empty where it can."""
    if seat.state not in LIVE_SEATS:
        return f"{seat.name}现为“{seat.get_state_display()}”，不能报审批。"
    request = seat.exemption
    if request is None or not is_asked(seat):
        return ""
    if request.state == RequestState.REFUSED:
        return f"{seat.name}的重复调训审批未获同意。请另选人员。"
    return f"{seat.name}的重复调训审批正在办理（{request.get_state_display()}）。"
