"""What keeps the register in order: other names of units, and who looked at whole identity numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from office.refusals import Refused
from org.models import IdentityAccess, Union, UnitAlias
from org.selectors import reach
from org.services import add_alias, remove_alias
from workflow.forms.register import AliasForm
from workflow.views.common import DeskRequest, page_of, standing_of

if TYPE_CHECKING:
    from django.urls import URLPattern

    from org.selectors import Reach


def _governing(request: DeskRequest) -> Reach:
    """Whose word counts for the training authority somewhere; 404 for everybody else."""
    able = reach(standing_of(request))
    if not (able.governed or able.everywhere):
        raise Http404
    return able


def _units(able: Reach) -> list[Union]:
    return [unit for unit in Union.objects.in_order() if able.governs(unit.path)]


@require_http_methods(["GET", "POST"])
def unit_aliases(request: DeskRequest) -> HttpResponse:
    """Names by which rosters call units, with their dates; a new one is written here, never by a roster."""
    units = _units(_governing(request))
    form = AliasForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        unit = next(unit for unit in units if unit.pk == said["unit"])
        try:
            row = add_alias(
                unit=unit,
                alias=said["alias"],
                since=said["since"],
                until=said["until"],
                actor=request.user,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("alias", str(refused))
        else:
            messages.success(request, f"以后名册上的“{row.alias}”认作{unit.name}。")
            return redirect("workflow:unit_aliases")
    rows = UnitAlias.objects.filter(union__in=[unit.pk for unit in units]).select_related("union")
    text = request.GET.get("q", "").strip()[:100]
    if text:
        rows = rows.filter(alias__icontains=text) | rows.filter(union__name__icontains=text)
    context = {"form": form, "page": page_of(request, rows.order_by("union__path", "alias", "pk")), "q": text}
    return render(request, "workflow/people/aliases.html", context, status=422 if form.errors else 200)


@require_POST
def unit_alias_delete(request: DeskRequest, pk: int) -> HttpResponse:
    """Takes a mistaken alias back, after a question."""
    able = _governing(request)
    row = get_object_or_404(UnitAlias.objects.select_related("union"), pk=pk)
    if not able.governs(row.union.path):
        raise Http404
    if request.POST.get("confirmed") != "1":
        ask = {
            "title": "删除别名",
            "text": f"名册上的“{row.alias}”以后不再认作{row.union.name}。已经报名的人员不受影响。",
            "action": request.path,
            "label": "删除",
            "cancel_url": "../../",
        }
        return render(request, "workflow/ask.html", {"ask": ask})
    try:
        remove_alias(alias=row, actor=request.user, at=timezone.now())
        messages.success(request, f"已删除别名“{row.alias}”。")
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("workflow:unit_aliases")


@require_safe
def identity_log(request: DeskRequest) -> HttpResponse:
    """Who saw or took out whole identity numbers of the authority's own people, and why."""
    able = _governing(request)
    rows = IdentityAccess.objects.select_related("actor", "cadre__unit")
    if not able.everywhere:
        # What was taken out as a list belongs to whoever took it: it is shown where that person works.
        own = Union.objects.filter(pk__in=[unit.pk for unit in _units(able)])
        rows = rows.filter(cadre__unit__in=own) | rows.filter(
            cadre__isnull=True, actor__tenures__post__union__in=own
        )
    return render(request, "workflow/people/identity_log.html", {"page": page_of(request, rows.distinct())})


urlpatterns: list[URLPattern] = [
    path("people/aliases/", unit_aliases, name="unit_aliases"),
    path("people/aliases/<int:pk>/delete/", unit_alias_delete, name="unit_alias_delete"),
    path("people/identity-log/", identity_log, name="identity_log"),
]
