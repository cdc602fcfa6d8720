"""What a person is called to, and how loaded a unit's people are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from org.models import Union
from org.selectors import reach
from training.models import TrainingRecord
from workflow.forms.load import LoadForm
from workflow.selectors.callup import branches_away, called_to, most_called, weeks_away
from workflow.states import LIVE_SEATS, SeatState
from workflow.views.common import DeskRequest, standing_of
from workflow.views.runs import address, when

if TYPE_CHECKING:
    from datetime import date

    from django.urls import URLPattern

#: As many unions as a select can sensibly offer.
MOST_UNITS = 500
YEAR = timedelta(days=365)


@require_safe
def my_training(request: DeskRequest) -> HttpResponse:
    """Classes one is called to, first those to come; then what one has been trained in."""
    today = timezone.localdate()
    seats = list(called_to(request.user))
    shown = (*LIVE_SEATS, SeatState.RELEASED)
    coming = [seat for seat in seats if seat.state in shown and not _is_over(seat.run.ends_on, today)]
    seats = [seat for seat in seats if seat.state != SeatState.RELEASED]
    records = TrainingRecord.objects.standing().filter(cadre__user=request.user)
    context = {
        "is_cadre": hasattr(request.user, "cadre"),
        "coming": [{"seat": seat, "when": when(seat.run)} for seat in reversed(coming)],
        # Whoever finished has his record below.
        "past": [
            {"seat": seat, "when": when(seat.run)}
            for seat in seats
            if seat not in coming and seat.state != SeatState.COMPLETED
        ],
        "records": records.order_by("-ends_on", "-pk"),
    }
    return render(request, "workflow/people/my_training.html", context)


def _is_over(last: date | None, today: date) -> bool:
    return last is not None and last < today


@require_safe
def unit_load(request: DeskRequest) -> HttpResponse:
    """Weeks in which many of a unit are away, and people who are called up again and again."""
    areas = reach(standing_of(request)).seen
    if not areas:
        raise Http404
    units = [unit for unit in Union.objects.in_order() if unit.path.startswith(areas)][:MOST_UNITS]
    form = LoadForm(request.GET, units)
    asked = form.asked()
    unit = next((unit for unit in units if unit.pk == asked.unit), units[0])
    today = timezone.localdate()
    weeks = weeks_away(unit, today, asked.weeks)
    loads = most_called(unit, today - YEAR, today + YEAR, least=asked.least)
    context = {
        "form": form,
        "unit": unit,
        "staff": weeks[0].staff,
        "weeks": [
            {
                "first": week.monday,
                "last": week.monday + timedelta(6),
                "away": week.away,
                "share": week.share,
                "width": f"{min(week.share, 100):.1f}",
                "heavy": week.away > 0 and week.share >= asked.share,
            }
            for week in weeks
        ],
        "heavy": sum(week.away > 0 and week.share >= asked.share for week in weeks),
        "branches": [
            {
                "branch": branch,
                "week": branch.heaviest,
                "last": branch.heaviest.monday + timedelta(6),
                "heavy": branch.over(asked.share),
                "url": f"?{urlencode({**form.data, 'unit': branch.unit_id})}",
            }
            for branch in branches_away(unit, today, asked.weeks)
        ],
        "limit": asked.share,
        "least": asked.least,
        "loads": [(load, address("cadre", load.cadre_id)) for load in loads],
    }
    return render(request, "workflow/people/load.html", context)


urlpatterns: list[URLPattern] = [
    path("my-training/", my_training, name="my_training"),
    path("people/load/", unit_load, name="unit_load"),
]
