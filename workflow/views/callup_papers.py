"""名册, 签到表 and 席卡 of the confirmed people: pages to print, and the roster as a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from workflow.prints import sheets
from workflow.rules.half_days import half_day_text, when_text
from workflow.selectors.seat_lists import roll
from workflow.views.callup_frame import organised_run
from workflow.views.common import DeskRequest, workbook_file

if TYPE_CHECKING:
    from django.urls import URLPattern

    from workflow.models import ClassRun


def _back(run: ClassRun) -> str:
    return reverse("workflow:run_seats", args=[run.pk])


@require_safe
def run_roster(request: DeskRequest, pk: int) -> HttpResponse:
    """学员名册 on A4 across."""
    run = organised_run(request, pk)
    context = {
        "run": run,
        "when": when_text(run),
        "people": sheets.attendees(roll(run)),
        "back_url": _back(run),
    }
    return render(request, "workflow/callup/print_roster.html", context)


@require_safe
def run_roster_xlsx(request: DeskRequest, pk: int) -> HttpResponse:
    """学员名册 as a workbook."""
    run = organised_run(request, pk)
    return workbook_file(sheets.roster_book(run, sheets.attendees(roll(run))), f"{run.title}学员名册")


@require_safe
def run_sign_in(request: DeskRequest, pk: int) -> HttpResponse:
    """签到表: all half-days, a page each, or the one asked for (``half_day=0`` is the first)."""
    run = organised_run(request, pk)
    everything = sheets.sign_ins(run, sheets.attendees(roll(run)))
    chosen = request.GET.get("half_day", "")
    shown = [sheet for number, sheet in enumerate(everything) if str(number) == chosen] or everything
    context = {
        "run": run,
        "sheets": shown,
        "all_count": len(everything),
        "chosen": chosen if len(shown) == 1 else "",
        "choices": [
            (str(number), half_day_text(day, half)) for number, (day, half) in enumerate(run.half_days)
        ],
        "back_url": _back(run),
    }
    return render(request, "workflow/callup/print_sign_in.html", context)


@require_safe
def run_cards(request: DeskRequest, pk: int) -> HttpResponse:
    """席卡, four on a page."""
    run = organised_run(request, pk)
    pages = [
        [{"name": one.name, "shown": sheets.spaced(one.name), "unit": one.unit} for one in page]
        for page in sheets.cards(sheets.attendees(roll(run)))
    ]
    return render(
        request, "workflow/callup/print_cards.html", {"run": run, "pages": pages, "back_url": _back(run)}
    )


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/roster/", run_roster, name="run_roster"),
    path("runs/<int:pk>/roster.xlsx", run_roster_xlsx, name="run_roster_xlsx"),
    path("runs/<int:pk>/sign-in/", run_sign_in, name="run_sign_in"),
    path("runs/<int:pk>/cards/", run_cards, name="run_cards"),
]
