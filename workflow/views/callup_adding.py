"""People the organiser adds himself: 点名调训 of a unit's people, and 计划外学员 on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from office.refusals import Refused
from org.excel.identity import read_identity
from org.models import Cadre
from org.selectors import unit_matcher
from org.states import IdentityKind
from workflow.forms.callup import OnSiteForm
from workflow.rules.run_gate import RunAct, refusal
from workflow.selectors import seat_lists as select
from workflow.services.seats import Nominee, add_on_site
from workflow.views.callup_frame import frame, organised_run
from workflow.views.common import DeskRequest
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from django.urls import URLPattern


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
    """Takes in somebody who wasn't on the list (S25)."""
    run, at = organised_run(request, pk), timezone.now()
    if reason := refusal(RunAct.ON_SITE, run, actor=request.user, at=at):
        return forbidden(request, reason)
    form = OnSiteForm(request.POST if request.method == "POST" else None, units=select.units_of(run))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        cadre, why = person_of(given["identity_number"])
        if cadre is None:
            form.add_error("identity_number", why)
        else:
            try:
                done = add_on_site(
                    run_id=run.pk,
                    unit_id=given["unit"],
                    nominee=Nominee(cadre_id=cadre.pk),
                    confirmation=given["confirmation"],
                    actor=request.user,
                    at=at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                if done.seat is not None:
                    messages.success(request, f"{done.seat.name}已列为计划外学员。")
                    for finding in done.findings:
                        messages.warning(request, f"{finding.message}{finding.mend}")
                    return redirect("workflow:seat", done.seat.pk)
                form.add_error(None, f"{cadre.name}：{done.reason}")
    context = {**frame(run, "run_seats"), "form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/callup/on_site.html", context, status=status)


def person_of(number: str) -> tuple[Cadre | None, str]:
    """The cadre of an identity number as typed, by whichever document; else why there is none."""
    read = read_identity(number, today=timezone.localdate())
    plain = read.number or "".join(number.split()).upper()
    for kind in [read.kind] if read.number else IdentityKind.values:
        found = Cadre.objects.with_identity(kind, plain).first()
        if found is not None:
            return found, ""
    if not read.number and read.problems:
        problem = read.problems[0]
        return None, f"{problem.message}{problem.mend}"
    return None, "干部名册中没有这个证件号码，请先登记。"


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/seats/named/", run_named, name="run_named"),
    path("runs/<int:pk>/seats/on-site/", run_on_site, name="run_on_site"),
]
