"""反馈: the 调训情况反馈表, unit by unit (D2-27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from workflow.excel.feedback import feedback_book
from workflow.selectors.callup import feedback, feedback_total
from workflow.views.callup_frame import frame, organised_run
from workflow.views.common import DeskRequest, workbook_file

if TYPE_CHECKING:
    from django.urls import URLPattern


@require_safe
def run_feedback(request: DeskRequest, pk: int) -> HttpResponse:
    """Quota, nominated, came, absent, exchanged; as a page or a workbook."""
    run = organised_run(request, pk)
    lines = feedback(run)
    total = feedback_total(lines)
    if request.GET.get("format") == "xlsx":
        return workbook_file(feedback_book(run, lines, total), f"{run.title}调训情况反馈表")
    context = {**frame(run, "run_feedback"), "lines": lines, "total": total}
    return render(request, "workflow/callup/feedback.html", context)


urlpatterns: list[URLPattern] = [path("runs/<int:pk>/feedback/", run_feedback, name="run_feedback")]
