"""People the organiser adds himself: 点名调训 of a unit's people, and 计划外学员 on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from office.refusals import Refused
from org.selectors import unit_matcher
from rulebook.severity import Severity
from workflow.forms.callup import OnSiteForm
from workflow.rules.people import Candidate, examine
from workflow.rules.person_findings import OF_CLASS
from workflow.rules.run_gate import RunAct, refusal
from workflow.selectors import seat_lists as select
from workflow.selectors.at_the_door import Comer, comers
from workflow.services.seats import Nominee, add_on_site
from workflow.views.callup_frame import book_of, frame, organised_run
from workflow.views.common import DeskRequest
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.urls import URLPattern

    from workflow.models import ClassRun, Seat


@require_safe
def run_named(request: DeskRequest, pk: int) -> HttpResponse:
    """Of which unit somebody is named: those with a quota, or any one typed in."""
    run, at = organised_run(request, pk), timezone.now()
    if reason := refusal(RunAct.NAME, run, actor=request.user, at=at):
        return forbidden(request, reason)
    typed = request.GET.get("unit", "").strip()
    error = ""
    if typed:
        choices = unit_matcher(run.plan.union, run.start()[0])(typed).choices
        if len(choices) == 1:
            return redirect("workflow:nominate", run.pk, choices[0].pk)
        options = "、".join(choice.name for choice in choices)
        error = (
            f"有几个这样的单位：{options}。请写全称。" if choices else f"没有找到单位“{typed}”，请写全称。"
        )
    context = {
        **frame(run, "run_seats"),
        "units": select.unit_lines(run),
        "typed": typed,
        "error": error,
    }
    return render(request, "workflow/callup/named.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
def run_on_site(request: DeskRequest, pk: int) -> HttpResponse:
    """Takes in somebody who wasn't on the list (S25): first who he is, then whether he is taken in.

    The number is posted, never part of an address; whom it names is looked up anew with each step.
    """
    run, at = organised_run(request, pk), timezone.now()
    if reason := refusal(RunAct.ON_SITE, run, actor=request.user, at=at):
        return forbidden(request, reason)
    adding = request.POST.get("action") == "add"
    form = OnSiteForm(request.POST if request.method == "POST" else None, adding=adding)
    lines: list[dict[str, Any]] = []
    if request.method == "POST":
        form.is_valid()
        found, why = comers(run, form.cleaned_data["who"]) if form.cleaned_data.get("who") else ([], "")
        if why:
            form.add_error("who", why)
        lines = _preview(run, found, at)
    if adding and form.is_valid():
        chosen = [
            line for line in lines if str(line["cadre"].pk) == request.POST.get("cadre") and line["may"]
        ]
        if not chosen:
            form.add_error(None, "请在下面选定一人。")
        elif (seat := _taken_in(request, run, chosen[0], form, at)) is not None:
            return redirect("workflow:seat", seat.pk)
    context = {
        **frame(run, "run_seats"),
        "form": form,
        "lines": lines,
        "chosen": request.POST.get("cadre", "") or (str(lines[0]["cadre"].pk) if len(lines) == 1 else ""),
        "may": any(line["may"] for line in lines),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/callup/on_site.html", context, status=status)


#: Of somebody who stands before the door the list's own order isn't asked.
_OF_LISTS = ("over_quota", "after_deadline")


def _preview(run: ClassRun, found: list[Comer], at: datetime) -> list[dict[str, Any]]:
    """Those found with what the rules say of each, before anything is done."""
    people = [
        Candidate(row=number, cadre_id=one.cadre.pk, unit_id=one.unit.pk if one.unit is not None else None)
        for number, one in enumerate(found, 1)
    ]
    checked = examine(run, people, at=at, book=book_of(run)).findings if people else []
    lines = []
    for one, said in zip(found, checked, strict=True):
        findings = [finding for finding in said if finding.code not in _OF_LISTS]
        stopped = one.unit is None or any(finding.stops for finding in findings)
        lines.append({"cadre": one.cadre, "unit": one.unit, "findings": findings, "may": not stopped})
    return lines


def _taken_in(
    request: DeskRequest, run: ClassRun, line: Mapping[str, Any], form: OnSiteForm, at: datetime
) -> Seat | None:
    """His seat, and what is to be said of it; None where he has none, and the form says why."""
    try:
        done = add_on_site(
            run_id=run.pk,
            unit_id=line["unit"].pk,
            nominee=Nominee(cadre_id=line["cadre"].pk),
            confirmation=form.cleaned_data["confirmation"],
            actor=request.user,
            at=at,
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if done.seat is None:
        form.add_error(None, f"{line['cadre'].name}：{done.reason}")
        return None
    if any(finding.severity == Severity.HOLD and finding.code not in OF_CLASS for finding in done.findings):
        messages.warning(request, f"{done.seat.name}已登记为计划外学员，须报重复调训审批，批准后才能确认。")
    else:
        messages.success(request, f"{done.seat.name}已列为计划外学员。")
    if of_class := [finding for finding in done.findings if finding.code in OF_CLASS]:
        messages.warning(request, "".join(f"{finding.message}{finding.mend}" for finding in of_class))
    return done.seat


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/seats/named/", run_named, name="run_named"),
    path("runs/<int:pk>/seats/on-site/", run_on_site, name="run_on_site"),
]
