"""Pages about a whole union: which one, and what is said to somebody who may look but not act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from org.models import Union
from workflow.views.common import standing_of

if TYPE_CHECKING:
    from collections.abc import Collection


def overseen_unions(request: HttpRequest, ids: Collection[int] | None = None) -> list[Union]:
    """The unions of ``ids`` (default: those he sees whole), his own first; 404 where there is none."""
    standing = standing_of(request)
    wanted = standing.whole_union_ids if ids is None else ids
    unions = list(Union.objects.filter(pk__in=wanted).order_by("ordinal", "id"))
    if not unions:
        raise Http404
    return sorted(unions, key=lambda union: union.pk not in standing.union_ids)


def overseen_union(request: HttpRequest, unions: list[Union]) -> Union:
    """The one the address asks for (``?union=CODE``), else the first; 404 for one he doesn't see."""
    code = request.GET.get("union", "")
    if not code:
        return unions[0]
    for union in unions:
        if union.code == code:
            return union
    raise Http404


def forbidden(request: HttpRequest, message: str) -> HttpResponse:
    """He may look, but not do this: the page says why."""
    return render(request, "403.html", {"message": message}, status=403)


def cleared(request: HttpRequest) -> str:
    """The same page without what narrows it."""
    kept = [(name, request.GET[name]) for name in ("year", "union", "view", "unit") if request.GET.get(name)]
    return f"?{urlencode(kept)}"
