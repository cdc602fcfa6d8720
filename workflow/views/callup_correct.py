"""更正报名信息: the page on which phone, lodging and explanation of a nominee are put right."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from office.refusals import Conflict, Refused
from workflow.forms.seat import SeatForm
from workflow.rules.run_gate import RunAct, case, judge, why_not_correct
from workflow.services.correcting import Details, correct
from workflow.views.callup_seat import visible_seat
from workflow.views.common import DeskRequest
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from django.urls import URLPattern


@require_http_methods(["GET", "POST"])
def seat_correct(request: DeskRequest, pk: int) -> HttpResponse:
    """The details of a seat, to be changed by whoever answers for them now; 403 with the reason else."""
    seat, at = visible_seat(request, pk), timezone.now()
    seen = case(seat.run, actor=request.user, at=at, unit=seat.unit)
    if reason := judge(RunAct.CORRECT, seen) or why_not_correct(seat, seen):
        return forbidden(request, reason)
    form = SeatForm(request.POST if request.method == "POST" else None, seat=seat)
    conflict, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = correct(
                    seat_id=seat.pk,
                    details=Details(**form.details()),
                    seen_at=_moment(request.POST.get("seen_at", "")),
                    actor=request.user,
                    at=at,
                )
            except Conflict as found:
                seat, conflict, status = visible_seat(request, pk), str(found), 409
                form = SeatForm(None, seat=seat)
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                said = f"已更正{seat.name}的{'、'.join(changed)}。" if changed else "没有改动。"
                messages.success(request, said)
                return redirect("workflow:seat", seat.pk)
    context = {"seat": seat, "run": seat.run, "form": form, "conflict": conflict}
    return render(request, "workflow/callup/seat_correct.html", context, status=status)


def _moment(text: str) -> datetime | None:
    """When the seat had changed as the page was made; None for nonsense, as by hand."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


urlpatterns: list[URLPattern] = [path("seats/<int:pk>/correct/", seat_correct, name="seat_correct")]
