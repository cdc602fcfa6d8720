"""上会议题: meetings, their agendas, minutes, prints and exports."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office.refusals import Refused
from office.wording import moment
from org.selectors import duty_on
from workflow.excel import consolidation as sheets
from workflow.forms.meeting import MeetingForm, MinutesForm
from workflow.models import AgendaItem, Meeting
from workflow.selectors import meetings as selectors
from workflow.selectors.consolidation import lines_of
from workflow.selectors.years import asked_year
from workflow.services import meetings as services
from workflow.views.agenda import (
    PREPARED_BY,
    agenda_page,
    prepares_meetings,
    tell,
    visible_meeting,
)
from workflow.views.common import DeskRequest, page_of, workbook_file
from workflow.views.overseen import forbidden, overseen_union, overseen_unions
from workflow.views.settling import agenda_item, balance, settle


@require_GET
def meetings(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    union, year = overseen_union(request, unions), asked_year(request.GET, timezone.now())
    rows = selectors.with_counts(Meeting.objects.filter(union=union, year=year))
    if request.GET.get("export"):
        book = sheets.meetings_sheet(union.name, year, list(rows))
        return workbook_file(book, f"{union.name}{year}年度上会议题")
    context = {
        "page": page_of(request, rows),
        "union": union,
        "unions": unions,
        "year": year,
        "years": range(year - 2, year + 2),
        "waiting": selectors.candidates(union.pk, year).count(),
        "prepares": prepares_meetings(request, union.pk),
        "today": timezone.localdate(),
    }
    return render(request, "workflow/meeting/list.html", context)


@require_http_methods(["GET", "POST"])
def meeting_new(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at)
    if not prepares_meetings(request, union.pk):
        return forbidden(request, PREPARED_BY)
    duty = duty_on(union, "decision_body", timezone.localdate(at))
    lines = lines_of(selectors.candidates(union.pk, year))
    picks = _picks(request)
    if request.method == "POST":
        form = MeetingForm(request.POST)
        if form.is_valid():
            offered = {line.plan.pk for line in lines}
            try:
                created = services.call_meeting(
                    union=union,
                    year=year,
                    **form.cleaned_data,
                    plan_ids=sorted(picks & offered),
                    actor=request.user,
                    at=at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"已建立 {created}，列入 {len(picks & offered)} 项议题。")
                return redirect("workflow:meeting", created.pk)
    else:
        number = (
            selectors.next_number(duty.body, timezone.localdate(at)) if duty is not None and duty.body else ""
        )
        form = MeetingForm(initial={"number": number})
        picks = picks or {line.plan.pk for line in lines}
    context = {
        "form": form,
        "lines": lines,
        "picks": picks,
        "union": union,
        "year": year,
        "body": duty.body if duty is not None else None,
        "action": f"{reverse('workflow:meeting_new')}?union={union.code}&year={year}",
    }
    return render(request, "workflow/meeting/new.html", context)


def _picks(request: DeskRequest) -> set[int]:
    """Ticked rows, of the form or of the address."""
    source = request.POST if request.method == "POST" else request.GET
    return {int(value) for value in source.getlist("pick") if value.isascii() and value.isdigit()}


@require_GET
def meeting(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    agenda = selectors.agenda_of(found)
    return agenda_page(request, agenda)


@require_POST
def meeting_add(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if not prepares_meetings(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    offered = set(selectors.candidates(found.union_id, found.year).values_list("pk", flat=True))
    picks = _picks(request)
    done = services.put_on_agenda(
        meeting_id=found.pk, plan_ids=picks & offered, actor=request.user, at=timezone.now()
    )
    tell(request, done, f"列入 {found} 议题")
    if gone := len(picks - offered):
        messages.warning(request, f"{gone} 项已在其他议程中或已有结果，没有列入。")
    return redirect("workflow:meeting", found.pk)


@require_POST
def agenda_remove(request: DeskRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(AgendaItem.objects.select_related("plan"), pk=pk)
    found = visible_meeting(request, item.meeting_id)
    if not prepares_meetings(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    try:
        services.take_off_agenda(item_id=pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"《{item.plan.name}》已撤下，仍为“{item.plan.get_state_display()}”。")
    return redirect("workflow:meeting", found.pk)


@require_http_methods(["GET", "POST"])
def minutes(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if not prepares_meetings(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    fixed = found.items.exclude(outcome="").exists()
    form = MinutesForm(request.POST if request.method == "POST" else None, meeting=found, fixed=fixed)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_minutes(meeting_id=pk, **form.cleaned_data, actor=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "会议信息已保存。")
            return redirect("workflow:meeting", pk)
    return render(request, "workflow/meeting/minutes.html", {"meeting": found, "form": form})


@require_GET
def meeting_print(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    agenda = selectors.agenda_of(found)
    at = timezone.now()
    context = {
        "meeting": found,
        "agenda": agenda,
        "totals": agenda.totals,
        "back_url": reverse("workflow:meeting", args=[pk]),
        "printed_at": moment(at),
        "today": timezone.localdate(at),
        "outcomes": selectors.outcome_counts(agenda.lines),
    }
    sheet = request.GET.get("paper") == "sheet"
    return render(request, f"workflow/meeting/{'print_sheet' if sheet else 'print_annex'}.html", context)


@require_GET
def meeting_export(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    book = sheets.agenda_sheet(selectors.agenda_of(found), on=timezone.localdate())
    return workbook_file(book, f"{found}议题")


urlpatterns = [
    path("meetings/", meetings, name="meetings"),
    path("meetings/new/", meeting_new, name="meeting_new"),
    path("meetings/<int:pk>/", meeting, name="meeting"),
    path("meetings/<int:pk>/add/", meeting_add, name="meeting_add"),
    path("meetings/<int:pk>/print/", meeting_print, name="meeting_print"),
    path("meetings/<int:pk>/export/", meeting_export, name="meeting_export"),
    path("meetings/<int:pk>/settle/", settle, name="settle"),
    path("meetings/<int:pk>/balance/", balance, name="meeting_balance"),
    path("meetings/<int:pk>/minutes/", minutes, name="minutes"),
    path("agenda/<int:pk>/", agenda_item, name="agenda_item"),
    path("agenda/<int:pk>/remove/", agenda_remove, name="agenda_remove"),
]
