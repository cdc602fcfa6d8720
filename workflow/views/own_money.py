"""本部门经费: a department's projects of a year, of whatever fund; a fund as a whole it doesn't see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from budgets.models import Project
from workflow.excel.money_reports import own_book
from workflow.selectors import fund_lists as lists
from workflow.selectors.money_reports import execution_report
from workflow.selectors.years import asked_year
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file

if TYPE_CHECKING:
    from django.urls import URLPattern


@require_safe
def own_money(request: DeskRequest) -> HttpResponse:
    """The projects of his departments with what they have, used and have left; ``format=xlsx`` the table."""
    year = asked_year(request.GET, timezone.now(), spending=True)
    projects = (
        Project.objects.visible_to(standing_of(request))
        .filter(fund__year=year)
        .select_related("department", "fund", "continues", "continued_by")
        .order_by("department__ordinal", "number")
    )
    if request.GET.get("format") == "xlsx":
        return workbook_file(
            own_book(year, execution_report(projects), on=timezone.localdate()), f"{year}年本部门经费"
        )
    page = page_of(request, projects)
    context = {
        "year": year,
        "years": range(year - 2, year + 2),
        "unit": request.GET.get("unit", ""),
        "page": page,
        "rows": lists.funded(list(page)),
        "totals": lists.held_together(projects),
    }
    return render(request, "workflow/money/own.html", context)


urlpatterns: list[URLPattern] = [path("own-money/", own_money, name="own_money")]
