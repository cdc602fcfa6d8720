"""What the pages of a fund share: the fund one may see, the projects asked for, a number in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404

from budgets.models import Fund
from workflow.selectors import fund_lists as lists
from workflow.views.common import standing_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from budgets.models import Project
    from org.models import Department
    from workflow.views.common import DeskRequest


def seen_fund(request: DeskRequest, pk: int) -> Fund:
    """The fund with its union, for whoever sees it; 404 otherwise."""
    visible = Fund.objects.visible_to(standing_of(request)).select_related("union")
    return get_object_or_404(visible, pk=pk)


def asked_number(request: DeskRequest, name: str) -> int | None:
    """A key in the address (``?project=12``); None where there is none or it is nonsense."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def scope_of(
    request: DeskRequest, fund: Fund
) -> tuple[QuerySet[Project], Department | None, list[Department]]:
    """The projects asked for, of which department (``?department=``) if of one, and those there are."""
    standing = standing_of(request)
    departments = lists.departments_of(fund, standing)
    wanted = asked_number(request, "department")
    chosen = next((one for one in departments if one.pk == wanted), None)
    return lists.projects_of(fund, standing, chosen.pk if chosen else None), chosen, departments
