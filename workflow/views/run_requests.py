"""Requests about a 期: drawn up, handed in, read beside what is approved, decided, taken back, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from office.refusals import Refused
from rulebook.selectors import book_for
from workflow.forms.runs import ReasonForm
from workflow.rules.giving_back import back_text, giving_back
from workflow.rules.run_gate import ACT_OF_KIND, RunAct, refusal
from workflow.rules.terms import holds_now
from workflow.selectors import runs as select
from workflow.services import requests as services
from workflow.services.asking import WITH_TERMS
from workflow.states import RequestKind
from workflow.views.asked import basis_file, decided, returned, revision_of, whither
from workflow.views.common import DeskRequest, standing_of
from workflow.views.drafting import answers_refusals, ask, no
from workflow.views.plan_bar import Typed
from workflow.views.request_page import request_page, request_print
from workflow.views.run_sheet import (
    REWRITES,
    RunSheet,
    cost_rows,
    judged,
    rewritten,
    sheet_of,
    worked_cells,
)
from workflow.views.runs import seen_run

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile
    from django.urls import URLPattern

    from workflow.forms.runs import RunForm
    from workflow.models import ClassRun, RunRequest

#: What may be asked by the address of its page; an exemption is asked where its people are.
ASKABLE = {kind.value: kind for kind in (RequestKind.CHANGE, RequestKind.POSTPONE, RequestKind.CANCEL)}

#: What cancelling means, said where one asks for it.
CANCELLED = "批准后：已报名和已确认的人员全部释放，不计入一年内调训；各单位名额作废。"


@answers_refusals
def run_open(request: DeskRequest, pk: int) -> HttpResponse:
    """开班申请 of a 期."""
    return _new(request, pk, RequestKind.OPEN)


@answers_refusals
def run_change(request: DeskRequest, pk: int, kind: str) -> HttpResponse:
    """变更, 延期 or 取消办班 of a 期."""
    if kind not in ASKABLE:
        raise Http404
    return _new(request, pk, ASKABLE[kind])


def _new(request: DeskRequest, pk: int, kind: RequestKind) -> HttpResponse:
    at, run = timezone.now(), seen_run(request, pk)
    if not select.sees_whole(standing_of(request), run):
        raise Http404
    if reason := refusal(ACT_OF_KIND[kind], run, actor=request.user, at=at):
        return no(request, reason, run.plan)
    waiting = select.asked_of([run.pk], standing_of(request)).get(run.pk)
    if waiting is not None and request.method != "POST":
        return redirect("workflow:run_request_edit", pk=waiting.pk)
    return _form(request, run, kind, at)


def seen_request(request: DeskRequest, pk: int) -> RunRequest:
    """The request with its 期, plan and book; 404 for whoever may not see it."""
    found = (
        select.requests_seen(standing_of(request))
        .select_related(
            "run__plan__union",
            "run__plan__department",
            "run__plan__version__book",
            "run__plan__project",
            "book",
            "basis",
            "created_by",
        )
        .defer(
            "run__plan__version__content",
            "run__plan__version__book__content",
            "run__plan__version__book__source_text",
            "book__content",
            "book__source_text",
        )
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


@answers_refusals
def run_request_edit(request: DeskRequest, pk: int) -> HttpResponse:
    """A request that is a draft or was returned, to be changed and handed in."""
    at, found = timezone.now(), seen_request(request, pk)
    if reason := refusal(RunAct.EDIT_REQUEST, found.run, actor=request.user, at=at, request=found):
        return no(request, reason, found.run.plan)
    return _form(request, found.run, RequestKind(found.kind), at, found)


def _form(
    request: DeskRequest, run: ClassRun, kind: RequestKind, at: datetime, stored: RunRequest | None = None
) -> HttpResponse:
    if kind not in WITH_TERMS:
        return _reason_form(request, run, kind, at, stored)
    sheet = sheet_of(run, kind, at, stored)
    if request.method != "POST":
        return _sheet(request, sheet, sheet.form())
    action = request.POST.get("action", "")
    if request.htmx or action in REWRITES:
        return _sheet(request, sheet, rewritten(sheet, request.POST, action), typed=True)
    form = sheet.form(request.POST, request.FILES)
    if not form.is_valid():
        return _sheet(request, sheet, form, typed=True, status=422)
    try:
        saved = services.save_draft(
            run_id=run.pk,
            kind=kind,
            content=form.terms().as_json(),
            reason=form.cleaned_data["reason"],
            actor=request.user,
            at=at,
            request_id=stored.pk if stored is not None else None,
            revision=revision_of(request) if stored is not None else None,
            basis=_upload(request),
        )
    except Refused as refused:
        return _sheet(request, sheet, form, typed=True, refused=str(refused), status=409)
    return _saved(request, saved, at)


def _upload(request: DeskRequest) -> UploadedFile[Any] | None:
    return request.FILES.get("basis")


def _saved(request: DeskRequest, saved: RunRequest, at: datetime) -> HttpResponse:
    """After saving: on to its page where it was handed in, back to the form where that isn't possible."""
    what = f"《{saved.run.title}》的{saved.get_kind_display()}"
    if request.POST.get("action") != "submit":
        messages.success(request, f"{what}已保存。")
        return redirect("workflow:run_request_edit", pk=saved.pk)
    try:
        services.submit(request_id=saved.pk, actor=request.user, at=at, revision=saved.revision)
    except Refused as refused:
        messages.error(request, f"内容已保存，还没有报送。{refused}")
        return redirect("workflow:run_request_edit", pk=saved.pk)
    messages.success(request, f"{what}已报送，{whither(saved)}。")
    return redirect("workflow:run_request", pk=saved.pk)


def _sheet(
    request: DeskRequest,
    sheet: RunSheet,
    form: RunForm,
    *,
    typed: bool = False,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form with what the book says of it. ``typed``: from what was typed, not from what is stored."""
    terms = form.terms() if typed else sheet.terms
    costs = cost_rows(sheet, terms, form)
    context = {
        "sheet": sheet,
        "run": sheet.run,
        "plan": sheet.run.plan,
        "request_": sheet.request,
        "kind": sheet.kind,
        "book": sheet.book,
        "form": form,
        "terms": terms,
        "costs": costs,
        "cells": worked_cells(sheet, costs),
        "judged": judged(sheet, terms, request.user),
        "faults": form.faults() if typed else [],
        "refused": refused,
        "base": request.POST.get("base") or (sheet.terms.days[0].isoformat() if sheet.terms.days else ""),
        "returned": returned(sheet.request),
    }
    return render(request, "workflow/runs/form.html", context, status=status)


def _reason_form(
    request: DeskRequest, run: ClassRun, kind: RequestKind, at: datetime, stored: RunRequest | None
) -> HttpResponse:
    """A request without terms: to cancel, to exempt."""
    hint = CANCELLED if kind == RequestKind.CANCEL else ""
    reason = stored.reason if stored is not None else ""
    form = ReasonForm(
        request.POST if request.method == "POST" else None, request.FILES or None, reason=reason, hint=hint
    )
    refused, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_draft(
                run_id=run.pk,
                kind=kind,
                content=stored.content if stored is not None else {},
                reason=form.cleaned_data["reason"],
                actor=request.user,
                at=at,
                request_id=stored.pk if stored is not None else None,
                revision=revision_of(request) if stored is not None else None,
                basis=_upload(request),
            )
        except Refused as conflict:
            refused, status = str(conflict), 409
        else:
            return _saved(request, saved, at)
    elif request.method == "POST":
        status = 422
    context = {
        "run": run,
        "plan": run.plan,
        "kind": kind,
        "request_": stored,
        "form": form,
        "refused": refused,
        "returned": returned(stored),
    }
    if kind == RequestKind.CANCEL:
        context |= _given_back(run, at)
    return render(request, "workflow/runs/reason.html", context, status=status)


def _given_back(run: ClassRun, at: datetime) -> dict[str, Any]:
    """What cancelling would give back now, and what would stay, for whoever thinks of asking for it."""
    book = book_for(run.plan.union, timezone.localdate(at)).book
    lines = giving_back(run, holds_now(run).costs, book)
    return {"back": lines, "money": back_text(lines, run.plan)}


@require_safe
def run_request(request: DeskRequest, pk: int) -> HttpResponse:
    """One request with everything needed to decide on it."""
    return _page(request, seen_request(request, pk))


def _page(
    request: DeskRequest, found: RunRequest, typed: Typed | None = None, status: int = 200
) -> HttpResponse:
    context = request_page(
        found, actor=request.user, standing=standing_of(request), at=timezone.now(), typed=typed
    )
    context["whole"] = select.sees_whole(standing_of(request), found.run)
    return render(request, "workflow/runs/request.html", context, status=status)


@require_POST
def run_request_decide(request: DeskRequest, pk: int) -> HttpResponse:
    """同意, 退回 or 不同意, at the desk it lies on."""
    found = seen_request(request, pk)
    return decided(
        request,
        pk,
        decide=services.decide,
        page=lambda typed, status: _page(request, seen_request(request, pk), typed, status),
        of=found,
    )


@answers_refusals
def run_request_withdraw(request: DeskRequest, pk: int) -> HttpResponse:
    """Takes a request back, after asking."""
    at, found = timezone.now(), seen_request(request, pk)
    if reason := refusal(RunAct.WITHDRAW_REQUEST, found.run, actor=request.user, at=at, request=found):
        return no(request, reason, found.run.plan)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="撤回申请",
            text=f"撤回《{found.run.title}》的{found.get_kind_display()}？撤回后这份申请即终止，需要时另行申请。",
            label="撤回",
            cancel=reverse("workflow:run_request", args=[pk]),
        )
    try:
        services.withdraw(request_id=pk, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:run_request", pk=pk)
    messages.success(request, f"《{found.run.title}》的{found.get_kind_display()}已撤回。")
    return redirect("workflow:run", pk=found.run_id)


@answers_refusals
def run_request_discard(request: DeskRequest, pk: int) -> HttpResponse:
    """Throws a draft away, after asking."""
    at, found = timezone.now(), seen_request(request, pk)
    if request.method != "POST" or request.POST.get("confirmed") != "1":
        return ask(
            request,
            title="删除草稿",
            text=f"《{found.run.title}》的{found.get_kind_display()}还没有报送过，删除后不能恢复。",
            label="删除",
            cancel=reverse("workflow:run_request_edit", args=[pk]),
        )
    try:
        services.discard(request_id=pk, actor=request.user, at=at)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("workflow:run_request", pk=pk)
    messages.success(request, "草稿已删除。")
    return redirect("workflow:run", pk=found.run_id)


@require_safe
def run_request_print(request: DeskRequest, pk: int) -> HttpResponse:
    """申请审批单, A4 portrait."""
    found = seen_request(request, pk)
    return render(request, "workflow/runs/request_print.html", request_print(found, at=timezone.now()))


@require_safe
def run_request_file(request: DeskRequest, pk: int) -> HttpResponse:
    """The paper a request rests on, to be kept; never shown in the browser."""
    return basis_file(seen_request(request, pk))


urlpatterns: list[URLPattern] = [
    path("runs/<int:pk>/open/", run_open, name="run_open"),
    path("runs/<int:pk>/request/<slug:kind>/", run_change, name="run_change"),
    path("requests/<int:pk>/", run_request, name="run_request"),
    path("requests/<int:pk>/edit/", run_request_edit, name="run_request_edit"),
    path("requests/<int:pk>/decide/", run_request_decide, name="run_request_decide"),
    path("requests/<int:pk>/withdraw/", run_request_withdraw, name="run_request_withdraw"),
    path("requests/<int:pk>/discard/", run_request_discard, name="run_request_discard"),
    path("requests/<int:pk>/print/", run_request_print, name="run_request_print"),
    path("requests/<int:pk>/file/", run_request_file, name="run_request_file"),
]
