"""对账: a month of a fund beside the finance software's own books; the 差异表; the whole ledger as a file."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from budgets import rules as ledger_rules
from office.refusals import Refused
from workflow.excel.fund_all import is_small, write_all
from workflow.excel.reconcile import difference_book
from workflow.excel.vouchers import VOUCHERS
from workflow.rules.reconciling import DIFFERENT, Fit, Reconciled
from workflow.selectors.reconciling import reconciliations
from workflow.services import reconciling as services
from workflow.services.reconciling import begin_export
from workflow.views import reconciliation
from workflow.views.common import DeskRequest, attachment, workbook_file
from workflow.views.fund_frame import seen_fund
from workflow.views.reconciliation import asked_whole, kept_task, projects_of, reader, sheet_of, shown

if TYPE_CHECKING:
    from django.urls import URLPattern

    from budgets.models import Fund
    from org.models import LongTask

SHOWN: Final = 24


@require_http_methods(["GET", "HEAD", "POST"])
def fund_reconcile(request: DeskRequest, pk: int) -> HttpResponse:
    """Choose a month and the workbook; what was handed in before stands below."""
    fund, at = seen_fund(request, pk), timezone.now()
    refusal = services.refusal(fund, actor=request.user, at=at)
    error = ""
    if request.method == "POST":
        upload, month = request.FILES.get("file"), asked_whole(request.POST.get("kind", ""))
        if upload is None or month is None:
            error = "请选择文件。" if upload is None else "请选择月份。"
        else:
            try:
                task = services.receive(
                    fund=fund, month=month, upload=upload, read=reader(fund), actor=request.user, at=at
                )
            except Refused as refused:
                error = str(refused)
            else:
                return redirect("workflow:fund_reconciliation", fund.pk, task.pk)
    today = timezone.localdate(at)
    last_month = (today.month + 10) % 12 + 1 if today.year == fund.year and today.month > 1 else 12
    months = [last_month, *(month for month in range(1, 13) if month != last_month)]
    context = {
        "fund": fund,
        "refusal": refusal,
        "closed": ledger_rules.closed(fund),
        "tasks": [(task, task.params) for task in reconciliations(fund)[:SHOWN]],
        "columns": [
            (field.title, field.required, "、".join(field.synonyms[:4]))
            for field in VOUCHERS.fields
            if field.name not in {"number", "month", "day"}
        ],
        "upload": {
            "action": request.path,
            "accept": ".xlsx,.xls,.ods,.csv",
            "label": "选择财务软件导出的明细账或支出明细，或把文件拖到这里",
            "help": "接收 .xlsx、.xls、.ods 和 .csv。先看核对结果，不会马上写入。",
            "button": "上传并核对",
            "primary": True,
            "choices": [(month, f"{fund.year} 年 {month} 月") for month in months],
            "error": error,
        },
    }
    return render(request, "workflow/money/reconcile.html", context, status=422 if error else 200)


@require_safe
def fund_reconciliation_print(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The 对账差异表 on paper."""
    fund = seen_fund(request, pk)
    kept = kept_task(fund, task)
    found = _compared(fund, kept)
    projects = projects_of(found.pairs)
    context = {
        "fund": fund,
        "task": kept,
        "month": kept.params["month"],
        "found": found,
        "difference": found.theirs - found.ours,
        "projects": [(projects.get(row.project or 0), row) for row in found.sums if row.theirs or row.ours],
        "rows": [shown(pair, projects) for pair in found.of(*DIFFERENT)],
        "unreadable": len(found.of(Fit.UNREADABLE)),
        "today": timezone.localdate(),
        "back_url": reverse("workflow:fund_reconciliation", args=[fund.pk, kept.pk]),
    }
    return render(request, "workflow/money/reconcile_print.html", context)


@require_safe
def fund_reconciliation_export(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The 对账差异表 as a workbook."""
    fund = seen_fund(request, pk)
    kept = kept_task(fund, task)
    found = _compared(fund, kept)
    book = difference_book(fund, found, projects_of(found.pairs), on=timezone.localdate())
    return workbook_file(book, f"{fund.year}年{found.month}月{fund.title}对账差异表")


def _compared(fund: Fund, kept: LongTask) -> Reconciled:
    try:
        rows = sheet_of(services.file_of(kept), fund).rows
    except Refused as refused:
        raise Http404 from refused
    return services.compared(fund, kept.params["month"], rows)[0]


@require_safe
def fund_reconciliation_file(request: DeskRequest, pk: int, task: int) -> HttpResponse:
    """The workbook as it was handed in."""
    file = services.file_of(kept_task(seen_fund(request, pk), task))
    with file.file.open() as content:
        return attachment(content.read(), file.name, file.mime)


@require_safe
def fund_export_all(request: DeskRequest, pk: int) -> HttpResponse:
    """导出全部: entries, payments and commitments of the fund; a large ledger is written by the worker."""
    fund = seen_fund(request, pk)
    if not is_small(fund):
        task = begin_export(fund=fund, actor=request.user, at=timezone.now())
        return redirect("workflow:long_task", task.pk)
    buffer = BytesIO()
    write_all(fund, buffer)
    return attachment(buffer.getvalue(), f"{fund.year}年{fund.title}全部账目.xlsx")


urlpatterns: list[URLPattern] = [
    path("funds/<int:pk>/export-all/", fund_export_all, name="fund_export_all"),
    path("funds/<int:pk>/reconcile/", fund_reconcile, name="fund_reconcile"),
    *reconciliation.urlpatterns,
    path(
        "funds/<int:pk>/reconcile/<int:task>/print/",
        fund_reconciliation_print,
        name="fund_reconciliation_print",
    ),
    path(
        "funds/<int:pk>/reconcile/<int:task>/export/",
        fund_reconciliation_export,
        name="fund_reconciliation_export",
    ),
    path(
        "funds/<int:pk>/reconcile/<int:task>/file/", fund_reconciliation_file, name="fund_reconciliation_file"
    ),
]
