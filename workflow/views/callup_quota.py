"""名额: how many people each unit sends."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from office.refusals import Refused
from org.models import Union
from org.selectors import unit_matcher
from workflow.forms.callup import QuotaForm
from workflow.models import ClassRun, Quota
from workflow.rules.audience import audience_of
from workflow.rules.run_gate import RunAct, refusal
from workflow.services.callup import set_quotas
from workflow.views.callup_frame import book_of, call_up_of, frame, organised_run
from workflow.views.common import DeskRequest
from workflow.views.overseen import forbidden

if TYPE_CHECKING:
    from django.urls import URLPattern

#: Names typed in the box that adds a unit.
MOST_NAMES = 20


def _units(run: ClassRun, quotas: list[Quota], added: list[int]) -> list[Union]:
    """The union itself, those directly below it, and any deeper one that has a quota or was asked for."""
    union = run.plan.union
    keys = {quota.unit_id for quota in quotas} | set(added)
    near = Union.objects.filter(path__startswith=union.path, depth__lte=union.depth + 1)
    deep = Union.objects.filter(pk__in=keys)
    found = {unit.pk: unit for unit in (*near, *deep)}
    return sorted(found.values(), key=lambda unit: (unit.depth, unit.ordinal, unit.pk))


@require_http_methods(["GET", "POST"])
def run_quota(request: DeskRequest, pk: int) -> HttpResponse:
    """The quota table: shown to whoever sees the class, changed by its organiser."""
    run, at = organised_run(request, pk), timezone.now()
    reason = refusal(RunAct.QUOTA, run, actor=request.user, at=at)
    quotas = list(Quota.objects.filter(run=run).select_related("unit"))
    reserve = call_up_of(run).reserve_seats
    asked = request.POST if request.method == "POST" else request.GET
    added = [int(key) for key in asked.getlist("with") if key.isascii() and key.isdigit()]
    if request.method == "POST" and reason:
        return forbidden(request, reason)
    if request.method == "POST" and request.POST.get("action") == "add":
        added += _named(request, run, request.POST.get("add", ""))
    units = _units(run, quotas, added)
    form = QuotaForm(
        request.POST if request.method == "POST" else None, units=units, quotas=quotas, reserve_seats=reserve
    )
    adding = request.method == "POST" and request.POST.get("action") == "add"
    if request.method == "POST" and form.is_valid() and not adding:
        try:
            set_quotas(
                run_id=run.pk,
                rows=form.lines(),
                reserve_seats=form.cleaned_data["reserve_seats"],
                actor=request.user,
                at=at,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "名额分配已保存。")
            return redirect("workflow:run_quota", run.pk)
    if adding:
        # What was typed stays; nothing is a fault yet.
        form.full_clean()
        form.errors.clear()
    given = form.total
    kept = form.cleaned_data.get("reserve_seats") or 0 if form.is_bound else reserve
    spare = run.trainees - given - kept
    context = {
        **frame(run, "run_quota"),
        "form": form,
        "rows": form.rows,
        "added": added,
        "reason": reason,
        "given": given,
        "kept": kept,
        "outside": _outside(run, units),
        "spare": spare,
        "over": -spare,
        "fields_shown": [quota for quota in quotas if quota.seats or quota.reserve],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workflow/callup/quota.html", context, status=status)


def _outside(run: ClassRun, units: list[Union]) -> set[int]:
    """The units of a level the class isn't for, as far as the plan's audience can be held against levels."""
    levels = audience_of(run.plan, book_of(run), run.start()[0]).levels
    return {unit.pk for unit in units if unit.level not in levels} if levels is not None else set()


def _named(request: DeskRequest, run: ClassRun, text: str) -> list[int]:
    """The units somebody typed, by name, short name or alias; what isn't one unit is said."""
    match = unit_matcher(run.plan.union, run.start()[0])
    names = [name.strip() for name in text.replace("，", "、").replace(",", "、").split("、")]
    found: list[int] = []
    for name in [name for name in names if name][:MOST_NAMES]:
        choices = match(name).choices
        if len(choices) == 1:
            found.append(choices[0].pk)
        elif choices:
            options = "、".join(choice.name for choice in choices)
            messages.error(request, f"“{name}”有几个单位：{options}。请写全称。")
        else:
            near = _near(run, name)
            hint = f"您要找的是不是：{'、'.join(near)}？" if near else "习惯叫法可以请管理员加为别名。"
            messages.error(request, f"没有找到单位“{name}”，请按单位全称填写。{hint}")
    if not found and not any(names):
        messages.error(request, "请填写要添加的单位名称。")
    return found


def _near(run: ClassRun, name: str) -> list[str]:
    """Names of units of the class's union that look like what was typed, the likeliest first."""
    units = Union.objects.filter(path__startswith=run.plan.union.path).exclude(pk=run.plan.union_id)
    return get_close_matches(name, units.values_list("name", flat=True), n=3, cutoff=0.5)


urlpatterns: list[URLPattern] = [path("runs/<int:pk>/quota/", run_quota, name="run_quota")]
