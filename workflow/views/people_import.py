"""导入: a file of units, cadres or trainings handed to the worker; what became of the last ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from office.refusals import Refused
from org.excel.layouts import CADRES, RECORDS, UNITS
from org.models import LongTask
from workflow.excel.import_form import blank_list, columns_of
from workflow.services.people_imports import KIND, Register, begin_import, open_to
from workflow.views.common import DeskRequest, workbook_file
from workflow.views.long_tasks import with_tones

if TYPE_CHECKING:
    from django.urls import URLPattern

LAYOUTS = {Register.UNITS: UNITS, Register.CADRES: CADRES, Register.RECORDS: RECORDS}
SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
def people_import(request: DeskRequest) -> HttpResponse:
    """Choose what and the file; the task's page shows how far it is then. 404 for who may take nothing in."""
    at = timezone.now()
    allowed = open_to(actor=request.user, at=at)
    if not allowed:
        raise Http404
    error = ""
    if request.method == "POST":
        file, kind = request.FILES.get("file"), request.POST.get("kind", "")
        if file is None or kind not in Register.values:
            error = "请选择文件。" if file is None else "请选择文件里是什么。"
        else:
            try:
                task = begin_import(register=kind, upload=file, actor=request.user, at=at)
            except Refused as refused:
                error = str(refused)
            else:
                return redirect("workflow:long_task", task.pk)
    recent = LongTask.objects.filter(created_by=request.user, kind=KIND)[:SHOWN]
    context = {
        "upload": _upload(allowed, error),
        "columns": [
            (register, [(field.title, field.required) for field in columns_of(LAYOUTS[register])])
            for register in allowed
        ],
        "rows": with_tones(recent),
    }
    return render(request, "workflow/people/import.html", context, status=422 if error else 200)


def _upload(allowed: list[Register], error: str) -> dict[str, Any]:
    return {
        "action": reverse("workflow:people_import"),
        "accept": ".xlsx,.xls,.ods,.csv",
        "help": "接收 .xlsx、.xls、.ods 和 .csv。身份证号一栏请设成文本格式。",
        "button": "导入",
        "primary": True,
        "choices": [(register.value, register.label) for register in allowed],
        "error": error,
    }


@require_safe
def import_form(request: DeskRequest, kind: str) -> HttpResponse:
    """The empty list to fill in; 404 for who may not take such a one in."""
    chosen = next((one for one in open_to(actor=request.user, at=timezone.now()) if one == kind), None)
    if chosen is None:
        raise Http404
    return workbook_file(blank_list(LAYOUTS[chosen]), f"{chosen.label}导入表")


urlpatterns: list[URLPattern] = [
    path("people/import/", people_import, name="people_import"),
    path("people/import/<str:kind>.xlsx", import_form, name="import_form"),
]
