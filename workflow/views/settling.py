"""The meeting's results: chosen on the agenda, tried out, recorded; one item on a page of its own."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from office.wording import yuan
from workflow.forms.meeting import ItemForm, item_forms
from workflow.models import AgendaItem
from workflow.selectors import meetings as selectors
from workflow.services import meetings as services
from workflow.services.decisions import Result
from workflow.views.agenda import (
    agenda_page,
    agenda_sums,
    prepares_meetings,
    reasons_against,
    visible_meeting,
)
from workflow.views.common import DeskRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workflow.selectors.meetings import Agenda, AgendaLine

_OUTCOME = re.compile(r"i(\d{1,18})-outcome", re.ASCII)


@require_http_methods(["GET", "POST"])
def settle(request: DeskRequest, pk: int) -> HttpResponse:
    found = visible_meeting(request, pk)
    if request.method == "GET":
        return redirect("workflow:meeting", found.pk)
    return _record(request, selectors.agenda_of(found))


def _record(request: DeskRequest, agenda: Agenda) -> HttpResponse:
    """Reads the rows, shows what recording would do, records; whatever fails stays open as it was typed."""
    forms = item_forms(agenda.open, request.POST)
    chosen = [form for form in forms if form.outcome_now]
    ready = [form for form in chosen if form.is_valid()]
    late = _late(request, agenda)
    if request.POST.get("back"):
        return agenda_page(request, agenda, forms=forms)
    if not chosen and late:
        return agenda_page(request, agenda, forms=forms, results=late)
    if not chosen:
        messages.warning(request, "没有选择任何审定结果。")
        return agenda_page(request, agenda, forms=forms)
    if request.POST.get("confirmed") != "1":
        return _ask(request, agenda, chosen)
    results = services.settle_many(
        results=[form.result() for form in ready], actor=request.user, at=timezone.now()
    )
    results += [_unread(form) for form in chosen if not form.is_valid()] + late
    if all(not result.reason for result in results):
        messages.success(request, f"已记录 {len(results)} 项审定结果。")
    fresh = selectors.agenda_of(agenda.meeting)
    return agenda_page(request, fresh, forms=item_forms(fresh.open, request.POST), results=results)


def _late(request: DeskRequest, agenda: Agenda) -> list[Result]:
    """Items the page offered that somebody has settled or taken off since: none vanishes in silence."""
    lines = {line.item.pk: line for line in agenda.lines}
    late = []
    for name in request.POST:
        found = _OUTCOME.fullmatch(name)
        if found is None or not request.POST[name]:
            continue
        line = lines.get(int(found[1]))
        if line is None:
            late.append(Result(0, "已撤下的议题", None, services.GONE))
        elif line.settled:
            words = f"已记录为“{line.item.get_outcome_display()}”，本次没有改动。"
            late.append(Result(line.line.plan.pk, line.line.name, None, words))
    return late


def _unread(form: ItemForm) -> Result:
    line = form.agenda_line.line
    words = [
        f"{form.fields[name].label}：{error}" if name in form.fields else str(error)
        for name, errors in form.errors.items()
        for error in errors
    ]
    return Result(line.plan.pk, line.name, None, "".join(words))


def _ask(request: DeskRequest, agenda: Agenda, chosen: Sequence[ItemForm]) -> HttpResponse:
    """What recording would do, tried out and rolled back: the last look before what can't be undone."""
    ready = [form for form in chosen if form.is_valid()]
    tried = services.rehearse(
        results=[form.result() for form in ready], actor=request.user, at=timezone.now()
    )
    reasons = {result.plan_id: result.reason for result in tried}
    rows = []
    taken = Decimal("0.00")
    for form in chosen:
        line = form.agenda_line.line
        refused = reasons.get(line.plan.pk, "") if form.is_valid() else _unread(form).reason
        row: dict[str, Any] = {"item": form.agenda_line, "refused": refused}
        if not refused:
            row |= {"label": form.outcome_label, "opinion": form.cleaned_data["opinion"]}
            if form.outcome_now in selectors.PASSING:
                row |= {"people": form.people, "taken": form.amount}
                taken += form.amount
        rows.append(row)
    good = sum(not row["refused"] for row in rows)
    context = {
        "meeting": agenda.meeting,
        "rows": rows,
        "good": good,
        "bad": len(rows) - good,
        "before": agenda.available,
        "taken": taken,
        "after": agenda.available - taken,
        "hidden": [
            (name, value)
            for name in request.POST
            if name != "csrfmiddlewaretoken"
            for value in request.POST.getlist(name)
        ],
        "action": request.path,
    }
    return render(request, "workflow/meeting/ask.html", context)


@require_http_methods(["GET", "POST"])
def agenda_item(request: DeskRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(AgendaItem.objects.select_related("meeting"), pk=pk)
    found = visible_meeting(request, item.meeting_id)
    agenda = selectors.agenda_of(found)
    line = next((line for line in agenda.lines if line.item.pk == pk), None)
    if line is None:
        raise Http404
    reason = reasons_against(request, agenda).get(pk)
    outcome = request.GET.get("outcome")
    form = None if line.settled else ItemForm(agenda_line=line, outcome=outcome or None)
    refused = ""
    if request.method == "POST" and form is not None:
        form = ItemForm(request.POST, agenda_line=line)
        if not form.is_valid():
            refused = _unread(form).reason
        elif not form.outcome_now:
            refused = "请选择审定结果。"
        elif request.POST.get("back"):
            pass
        elif request.POST.get("confirmed") != "1":
            return _ask(request, agenda, [form])
        else:
            (result,) = services.settle_many(results=[form.result()], actor=request.user, at=timezone.now())
            if not result.reason:
                messages.success(request, f"《{result.name}》已记录。")
                return redirect("workflow:meeting", found.pk)
            refused = result.reason
    elif request.method == "POST":
        messages.warning(request, f"《{line.line.name}》已记录为“{line.item.get_outcome_display()}”。")
        return redirect("workflow:meeting", found.pk)
    context = {
        "meeting": found,
        "row": line,
        "form": form,
        "reason": reason,
        "refused": refused,
        "prepares": prepares_meetings(request, found.union_id),
        "summary": _summary(line),
    }
    return render(request, "workflow/meeting/item.html", context)


def _summary(row: AgendaLine) -> str:
    line, figures = row.line, row.line.declared
    parts = [
        f"{figures.trainees}＋{figures.staff} 人",
        f"{figures.days} 天",
        f"{figures.sessions} 期" if figures.sessions > 1 else "",
        f"{yuan(figures.amount)} 元",
        line.time_text,
        line.place,
    ]
    return " · ".join(part for part in parts if part)


@require_POST
def balance(request: DeskRequest, pk: int) -> HttpResponse:
    """What the results chosen so far would leave, item by item, laid over the page. Records nothing."""
    agenda = selectors.agenda_of(visible_meeting(request, pk))
    forms = {form.agenda_line.item.pk: form for form in item_forms(agenda.open, request.POST)}
    asked = {pk: form.amount if form.is_valid() else None for pk, form in forms.items()}
    known = {pk: amount for pk, amount in asked.items() if amount is not None}
    selectors.run_down(agenda, known)
    rows = [(line, asked.get(line.item.pk), forms[line.item.pk].outcome_now) for line in agenda.open]
    context = {"rows": rows, "sums": agenda_sums(agenda, "按所选结果记录后")}
    return render(request, "workflow/meeting/_balances.html", context)
