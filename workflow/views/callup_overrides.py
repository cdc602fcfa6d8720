"""例外情况: the report of who was called up although a rule spoke against it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from workflow.excel.overrides import overrides_book
from workflow.forms.callup import OverrideFilter
from workflow.rules.overridden import gone_beyond
from workflow.selectors import overrides as select
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file

if TYPE_CHECKING:
    from django.urls import URLPattern

PER_PAGE = 50


@require_safe
def run_overrides(request: DeskRequest) -> HttpResponse:
    """Exceptions of the classes one sees whole; 404 for whoever sees none, as people of a unit."""
    standing = standing_of(request)
    years = select.years(standing)
    if not years:
        raise Http404
    form = OverrideFilter(request.GET, years=years)
    view = request.GET.get("view", "")
    view = view if view in {key for key, _, _ in select.VIEWS} else ""
    year, q = form.asked("year"), form.asked("q").strip()
    rows = select.overrides(standing, view=view, year=int(year) if year else None, q=q)
    if request.GET.get("format") == "xlsx":
        return workbook_file(overrides_book(list(rows)), "调训例外情况")
    page = page_of(request, rows, PER_PAGE)
    keep = [(name, value) for name, value in (("year", year), ("q", q)) if value]
    context = {
        "page": page,
        "rows": [{"seat": seat, "findings": gone_beyond(seat)} for seat in page],
        "form": form,
        "keep": [("view", view)] if view else [],
        "clear_url": (f"?view={view}" if view else "?") if keep else "",
        "narrowed": bool(keep or view),
        "tabs": [
            {
                "title": title,
                "url": f"?{urlencode([('view', key), *keep] if key else keep)}",
                "current": key == view,
            }
            for key, title, _ in select.VIEWS
        ],
    }
    return render(request, "workflow/callup/overrides.html", context)


urlpatterns: list[URLPattern] = [path("runs/exceptions/", run_overrides, name="run_overrides")]
