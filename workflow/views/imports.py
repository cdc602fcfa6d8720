"""Plan workbooks: the empty form, upload, preview, commit, the errors, the department's plans as a file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from office.refusals import Conflict, Refused
from office.wording import yuan
from org.models import Department
from rulebook.selectors import book_for
from workflow.excel import errors
from workflow.excel import preview as previews
from workflow.excel.plans import plan_workbook
from workflow.excel.template import Heading, template
from workflow.models import ClassPlan, PlanImport
from workflow.selectors.years import asked_year
from workflow.services import imports
from workflow.views.common import DeskRequest, attachment, page_of, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rulebook.schema import Book

SHOWN_FAULTS = 200
SHOWN_REMARKED = 100


def _departments(request: DeskRequest) -> Sequence[Department]:
    """The departments the person may import for, in the unions' own order."""
    place = standing_of(request)
    found = Department.objects.filter(pk__in=place.department_ids).select_related("union")
    return [department for department in found if not department.is_closed(place.on)]


def _department(request: DeskRequest) -> Department:
    """The department asked for (``department=<id>``), else the person's only or first one; 403 for none."""
    found = _departments(request)
    if not found:
        raise PermissionDenied("您不在任何部门任职，不能导入计划。")
    asked = (request.POST if request.method == "POST" else request.GET).get("department", "")
    if not asked:
        return found[0]
    for department in found:
        if str(department.pk) == asked:
            return department
    raise Http404


def _book(department: Department) -> Book:
    return book_for(department.union, timezone.localdate()).book


def _heading(department: Department, year: int) -> Heading:
    return Heading(department.union.name, department.name, year)


@require_GET
def import_template(request: DeskRequest) -> HttpResponse:
    """The empty form of the book in force."""
    department, year = _department(request), asked_year(request.GET, timezone.now())
    try:
        content = template(_book(department), _heading(department, year))
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:import_new")
    return attachment(content, f"{department.name}{year}年度培训计划申报表.xlsx")


@require_GET
def plans_export(request: DeskRequest) -> HttpResponse:
    """The department's plans of the year on the form they are handed in on."""
    department, year = _department(request), asked_year(request.GET, timezone.now())
    plans = (
        ClassPlan.objects.visible_to(standing_of(request))
        .filter(department=department, year=year)
        .in_plan_order()
        .prefetch_related("costs")
    )
    try:
        content = plan_workbook(_book(department), _heading(department, year), plans)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:import_new")
    return attachment(content, f"{department.name}{year}年度培训计划（导出）.xlsx")


def import_new(request: DeskRequest) -> HttpResponse:
    """Choose a file; POST takes it in and leads to its preview."""
    now = timezone.now()
    department = _department(request)
    year = asked_year(request.POST if request.method == "POST" else request.GET, now)
    error = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            error = "请选择要上传的申报表。"
        else:
            try:
                received = imports.receive(
                    department=department,
                    year=year,
                    upload=upload,
                    check=partial(previews.check, at=now),
                    actor=request.user,
                    at=now,
                )
            except Refused as refused:
                error = str(refused)
            else:
                return redirect("workflow:import_preview", pk=received.pk)
    recent = (
        PlanImport.objects.filter(department__in=standing_of(request).department_ids, year=year)
        .select_related("file", "uploaded_by", "department")
        .order_by("-uploaded_at")[:10]
    )
    choices = _departments(request)
    context: dict[str, Any] = {
        "department": department,
        "departments": choices if len(choices) > 1 else [],
        "year": year,
        "recent": recent,
        "upload": {
            "action": reverse("workflow:import_new"),
            "accept": ".xlsx",
            "label": "选择填好的申报表（.xlsx），或把文件拖到这里",
            "help": "上传后先看预览，不会马上写入。旧版 .xls、.csv 请先在 Excel 或 WPS 中另存为 .xlsx。",
            "button": "上传并预览",
            "primary": True,
            "error": error,
            "hidden": [("department", department.pk), ("year", year)],
        },
    }
    return render(request, "workflow/imports/new.html", context, status=422 if error else 200)


def _received(request: DeskRequest, pk: int) -> PlanImport:
    """An upload of one of the person's departments; 404 otherwise."""
    found = (
        PlanImport.objects.filter(pk=pk, department__in=standing_of(request).department_ids)
        .select_related("file", "uploaded_by", "department", "department__union")
        .first()
    )
    if found is None:
        raise Http404
    return found


@require_GET
def import_preview(request: DeskRequest, pk: int) -> HttpResponse:
    """What the upload would do: faults, then what the book says, then the good rows. Writes nothing."""
    received = _received(request, pk)
    now = timezone.now()
    if done := imports.already(received, now=now):
        return render(request, "workflow/imports/done.html", {"received": received, "done": done})
    sheet = request.GET.get("sheet", "")
    try:
        found = previews.preview(received, at=now, sheet=sheet)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:import_new")
    own = received.uploaded_by_id == request.user.pk
    twin = (
        PlanImport.objects.filter(
            department=received.department_id,
            year=received.year,
            file__sha256=received.file.sha256,
            committed_at__isnull=False,
        )
        .select_related("uploaded_by")
        .exclude(pk=received.pk)
        .first()
    )
    blocked = sum(item.stops for item in found.good)
    sums = [
        {
            "label": "可以导入",
            "value": f"{len(found.good)} 个班次",
            "note": f"合计 {yuan(found.total)} 元",
        },
        {
            "label": "有差错",
            "value": f"{len(found.faulty)} 行",
            "note": f"{len(found.faults)} 处",
            "bad": bool(found.faulty),
        },
        {
            "label": "有提示",
            "value": f"{len(found.remarked)} 行",
            "note": f"其中 {blocked} 行报送前须改" if blocked else "不影响导入",
        },
        {"label": "未作改动", "value": f"{len(found.same)} 行", "note": "与系统中的计划相同"},
        {"label": "跳过", "value": f"{len(found.table.skipped)} 行", "note": "合计、表尾、小标题等"},
    ]
    context = {
        "received": received,
        "found": found,
        "faults": [(fault, item.name) for item in found.faulty for fault in item.faults][:SHOWN_FAULTS],
        "more_faults": max(0, len(found.faults) - SHOWN_FAULTS),
        "remarked": found.remarked[:SHOWN_REMARKED],
        "more_remarked": max(0, len(found.remarked) - SHOWN_REMARKED),
        "page": page_of(request, found.good, 50),
        "sums": sums,
        "own": own,
        "sheet": sheet,
        "sheets": found.table.other_sheets,
        "twin": twin,
        "blocked": blocked,
    }
    return render(request, "workflow/imports/preview.html", context)


@require_POST
def import_commit(request: DeskRequest, pk: int) -> HttpResponse:
    """Writes what the preview showed, once."""
    received = _received(request, pk)
    now, sheet = timezone.now(), request.POST.get("sheet", "")

    def read(locked: PlanImport) -> imports.Batch:
        return previews.preview(locked, at=now, sheet=sheet, judged=False).batch

    try:
        done = imports.commit(
            import_id=received.pk,
            read=read,
            digest=request.POST.get("digest", ""),
            actor=request.user,
            at=now,
        )
    except Conflict as conflict:
        messages.warning(request, str(conflict))
        return redirect("workflow:import_preview", pk=pk)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:import_preview", pk=pk)
    parts = [f"新增 {done.created} 个草稿"] * bool(done.created) + [f"修改 {done.changed} 个班次"] * bool(
        done.changed
    )
    messages.success(request, f"已导入：{'，'.join(parts)}。请核对后报送。")
    return redirect(f"{reverse('workflow:declare')}?year={received.year}")


@require_GET
def import_errors(request: DeskRequest, pk: int) -> HttpResponse:
    """The faulty rows in the sheet they came in, each fault a comment."""
    received = _received(request, pk)
    try:
        found = previews.preview(
            received, at=timezone.now(), sheet=request.GET.get("sheet", ""), judged=False
        )
        if not found.faulty:
            raise Refused("这份申报表没有差错。")
        content = errors.error_workbook(received, found)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:import_preview", pk=pk)
    stem = received.file.name.rpartition(".")[0]
    return attachment(content, f"{stem}（待修改）.xlsx")


urlpatterns = [
    path("imports/template/", import_template, name="import_template"),
    path("imports/new/", import_new, name="import_new"),
    path("imports/<int:pk>/", import_preview, name="import_preview"),
    path("imports/<int:pk>/commit/", import_commit, name="import_commit"),
    path("imports/<int:pk>/errors/", import_errors, name="import_errors"),
    path("plans/export/", plans_export, name="plans_export"),
]
