"""年度计划: the approved lines with their numbers, as a page, on paper, in Excel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from org.models import Department
from workflow.excel import consolidation as sheets
from workflow.forms.consolidation import LineFilter
from workflow.models import ClassPlan
from workflow.selectors import consolidation as selectors
from workflow.selectors.years import asked_year
from workflow.states import PlanState
from workflow.templatetags.amounts import money
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.overseen import cleared, overseen_union, overseen_unions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from org.models import Union
    from workflow.selectors.consolidation import Line

#: A year's plan is read as one document: a page of it is long.
PER_PAGE = 100


@dataclass(frozen=True)
class YearPlan:
    """The approved lines a person may see of a union's year; ``whole``: all departments'."""

    union: Union
    unions: list[Union]
    year: int
    lines: list[Line]
    whole: bool


def _year_plan(request: DeskRequest) -> YearPlan:
    standing = standing_of(request)
    ids = set(standing.whole_union_ids | standing.union_ids)
    if standing.looks_department_ids:
        looked = Department.objects.filter(pk__in=standing.looks_department_ids)
        ids |= set(looked.values_list("union", flat=True))
    unions = overseen_unions(request, ids)
    union, year = overseen_union(request, unions), asked_year(request.GET, timezone.now())
    plans = ClassPlan.objects.visible_to(standing).filter(union=union, year=year, state=PlanState.APPROVED)
    lines = selectors.lines_of(plans.in_plan_order())
    return YearPlan(union, unions, year, lines, standing.sees_union(union.pk))


def _year_plan_filter(request: DeskRequest, found: YearPlan) -> LineFilter:
    return LineFilter(
        request.GET,
        lines=found.lines,
        year=found.year,
        unions=found.unions,
        union=found.union,
        states=False,
    )


@require_GET
def year_plan(request: DeskRequest) -> HttpResponse:
    found = _year_plan(request)
    filters = _year_plan_filter(request, found)
    lines = filters.of(found.lines)
    unit = request.GET.get("unit", "")
    entries = _entries(lines)
    totals = selectors.add_up(lines)
    outside = selectors.add_up(line for line in lines if line.off_plan)
    context = {
        "found": found,
        "union": found.union,
        "year": found.year,
        "filters": filters,
        "keep": [(k, request.GET[k]) for k in ("unit",) if request.GET.get(k)],
        "clear_url": cleared(request) if filters.words else "",
        "unit": unit,
        "page": page_of(request, entries, PER_PAGE),
        "totals": totals,
        "sums": [
            {
                "label": "班次",
                "value": f"{totals.approved_classes}",
                "note": f"{totals.approved_sessions} 期",
            },
            {"label": "人数", "value": f"{totals.approved_people:,}", "note": "各期学员合计"},
            {"label": "核定经费", "value": money(totals.approved, unit), "note": "已下达到各班次项目"},
            {
                "label": "其中：计划外",
                "value": money(outside.approved, unit),
                "note": f"{outside.approved_classes} 班",
            },
        ],
    }
    return render(request, "workflow/desk/year_plan.html", context)


def _entries(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Lines under their category with its totals, numbered through: one list to be paged."""
    entries: list[dict[str, Any]] = []
    ordinal = 0
    for totals, group in selectors.by_category(lines):
        for line in group:
            ordinal += 1
            entries.append({"ordinal": ordinal, "line": line, "note": sheets.year_plan_note(line)})
        entries.append({"totals": totals})
    return entries


@require_GET
def year_plan_print(request: DeskRequest) -> HttpResponse:
    found = _year_plan(request)
    context = {
        "found": found,
        "entries": _entries(found.lines),
        "totals": selectors.add_up(found.lines),
        "today": timezone.localdate(),
        "back_url": f"{reverse('workflow:year_plan')}?year={found.year}&union={found.union.code}",
    }
    return render(request, "workflow/desk/year_plan_print.html", context)


@require_GET
def year_plan_export(request: DeskRequest) -> HttpResponse:
    found = _year_plan(request)
    lines = _year_plan_filter(request, found).of(found.lines)
    book = sheets.year_plan_sheet(
        union_name=found.union.name, year=found.year, lines=lines, on=timezone.localdate()
    )
    return workbook_file(book, f"{found.union.name}{found.year}年度培训计划")
