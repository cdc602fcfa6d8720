"""结算: the 决算 of a 期 by who really came, and its filing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from budgets.models import Settlement
from office.refusals import Conflict, Refused
from office.wording import yuan
from workflow.excel.settlement import settlement_book
from workflow.rules.findings import Finding, stored
from workflow.rules.settling import (
    archive_refusal,
    figures_of,
    findings_of,
    held_refusal,
    paid_for,
    refusal,
)
from workflow.selectors.settlements import Attached, SettlementSheet, attached, kept_sheet
from workflow.services.settling import archive_run, settle_run
from workflow.views.callup_frame import ask, frame, organised_run
from workflow.views.common import DeskRequest, workbook_file
from workflow.views.runs import address

if TYPE_CHECKING:
    from django.urls import URLPattern

    from workflow.models import ClassRun

#: Characters an explanation and the note may have; the columns hold no more.
MOST_WORDS = 300
MOST_NOTE = 500


def _settlement(run: ClassRun) -> Settlement | None:
    found = Settlement.objects.filter(project__in=run.plan.projects, session_no=run.session_no)
    return found.select_related("actor", "post__department").prefetch_related("lines__line").first()


def _sheet(run: ClassRun) -> tuple[SettlementSheet, list[Finding], Attached]:
    """The table with what is said of it and its papers: as it was settled, or as it stands today."""
    done = _settlement(run)
    if done is not None:
        papers = attached(paid_for(run, last=done.facts.get("last", run.plan.sessions == 1)))
        return kept_sheet(run, done), stored(done.facts.get("findings", [])), papers
    figures = figures_of(run)
    return figures.sheet, findings_of(figures), attached(paid_for(run, last=figures.last))


@require_http_methods(["GET", "POST"])
def run_settlement(request: DeskRequest, pk: int) -> HttpResponse:
    """The 决算 to work on, or as it was settled."""
    run, at = organised_run(request, pk), timezone.now()
    error, status = "", 200
    if request.method == "POST" and "revise" not in request.POST:
        if request.POST.get("confirmed") != "1" and not refusal(run, actor=request.user, at=at):
            sheet, *_ = _sheet(run)
            return ask(
                request,
                title=f"办结《{run.title}》的决算",
                text=f"实到学员 {sheet.trainees} 人，调整后预算 {yuan(sheet.adjusted)} 元，"
                f"实际支出 {yuan(sheet.actual)} 元，结余 {yuan(sheet.left)} 元。\n"
                "办结后本期不再预占和支付，决算数不能修改；各期都办结后，项目结余收回年度专项预算。",
                label="确定办结",
                revise="返回修改",
            )
        try:
            settle_run(
                run_id=run.pk,
                explanations=_explanations(request),
                note=request.POST.get("note", "")[:MOST_NOTE],
                actor=request.user,
                at=at,
                seen=_amount(request.POST.get("seen", "")),
            )
        except Refused as refused:
            error, status = str(refused), 409 if isinstance(refused, Conflict) else 422
        else:
            messages.success(request, f"《{run.title}》已办结决算。")
            return redirect("workflow:run_settlement", run.pk)
    return _page(request, run, error=error, status=status)


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _explanations(request: DeskRequest) -> dict[int, str]:
    prefix = "why-"
    return {
        int(name.removeprefix(prefix)): request.POST[name].strip()[:MOST_WORDS]
        for name in request.POST
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    }


def _page(request: DeskRequest, run: ClassRun, *, error: str, status: int) -> HttpResponse:
    at = timezone.now()
    sheet, findings, papers = _sheet(run)
    typed = _explanations(request) if request.method == "POST" else {}
    reason = refusal(run, actor=request.user, at=at)
    if reason is None and not sheet.settled:
        reason = held_refusal(run, findings, actor=request.user, at=at)
    context: dict[str, Any] = {
        **frame(run, "run_settlement"),
        "sheet": sheet,
        "papers": papers,
        "rows": [{"row": row, "why": typed.get(row.line_id, row.explanation)} for row in sheet.ordered],
        "note": request.POST.get("note", sheet.note),
        "sums": _sums(sheet),
        "findings": [_shown(finding) for finding in findings],
        "may_settle": reason is None,
        "reason": "" if sheet.settled else reason,
        "may_archive": archive_refusal(run, actor=request.user, at=at) is None,
        "error": error,
    }
    return render(request, "workflow/money/settlement.html", context, status=status)


def _shown(finding: Finding) -> dict[str, Any]:
    link = next(iter(finding.links), None)
    url = address(link["url_name"], link["pk"]) if link is not None else ""
    return {"finding": finding, "url": url}


def _sums(sheet: SettlementSheet) -> list[dict[str, Any]]:
    people = f"确认 {sheet.confirmed} 人，工作人员 {sheet.staff} 人"
    return [
        {"label": "实到学员", "value": f"{sheet.trainees} 人", "note": people},
        {"label": "天数", "value": f"{sheet.days_text} 天", "note": ""},
        {"label": "调整后预算（元）", "value": yuan(sheet.adjusted), "note": ""},
        {
            "label": "实际支出（元）",
            "value": yuan(sheet.actual),
            "note": "" if sheet.ceiling is None else f"按实到人数核定综合定额 {yuan(sheet.ceiling)}",
        },
        {"label": "结余（元）", "value": yuan(sheet.left), "note": "", "bad": sheet.left < 0},
    ]


@require_safe
def run_settlement_print(request: DeskRequest, pk: int) -> HttpResponse:
    """经费决算表 on paper."""
    run = organised_run(request, pk)
    sheet, _, papers = _sheet(run)
    context = {"run": run, "sheet": sheet, "papers": papers, "back_url": address("run_settlement", run.pk)}
    return render(request, "workflow/money/settlement_print.html", context)


@require_safe
def run_settlement_export(request: DeskRequest, pk: int) -> HttpResponse:
    """经费决算表 as a workbook."""
    run = organised_run(request, pk)
    sheet, _, papers = _sheet(run)
    return workbook_file(
        settlement_book(run, sheet, papers, on=timezone.localdate()), f"{run.title}经费决算表"
    )


@require_POST
def run_archive(request: DeskRequest, pk: int) -> HttpResponse:
    """归档."""
    run = organised_run(request, pk)
    try:
        archive_run(run_id=run.pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"《{run.title}》已归档。")
    return redirect("workflow:run_settlement", run.pk)


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/settlement/", run_settlement, name="run_settlement"),
    path("runs/<int:pk>/settlement/print/", run_settlement_print, name="run_settlement_print"),
    path("runs/<int:pk>/settlement/export/", run_settlement_export, name="run_settlement_export"),
    path("runs/<int:pk>/archive/", run_archive, name="run_archive"),
]
