"""上会议题: meetings, their agendas, and the result of each item recorded by the secretary."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office.refusals import Refused
from office.wording import chinese_date, moment, yuan
from org.selectors import duty_on
from workflow.excel import consolidation as sheets
from workflow.forms.meeting import ItemForm, MeetingForm, MinutesForm, item_forms
from workflow.models import AgendaItem, Meeting
from workflow.rules.gate import Act, refusals
from workflow.selectors import meetings as selectors
from workflow.selectors.consolidation import lines_of
from workflow.selectors.years import asked_year
from workflow.services import meetings as services
from workflow.services.decisions import Result
from workflow.views.common import DeskRequest, page_of, standing_of, workbook_file
from workflow.views.overseen import forbidden, overseen_union, overseen_unions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workflow.selectors.meetings import Agenda, AgendaLine

PREPARED_BY = "会议由会议秘书或归口管理部门准备，您可以查看。"


def _meeting(request: DeskRequest, pk: int) -> Meeting:
    visible = Meeting.objects.visible_to(standing_of(request)).select_related(
        "union", "body__secretary__department"
    )
    return get_object_or_404(visible, pk=pk)


def _prepares(request: DeskRequest, union_id: int) -> bool:
    standing = standing_of(request)
    return union_id in standing.secretary_union_ids | standing.authority_union_ids


@require_GET
def meetings(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    union, year = overseen_union(request, unions), asked_year(request.GET, timezone.now())
    rows = selectors.with_counts(Meeting.objects.filter(union=union, year=year))
    if request.GET.get("export"):
        book = sheets.meetings_sheet(union.name, year, list(rows))
        return workbook_file(book, f"{union.name}{year}年度上会议题")
    context = {
        "page": page_of(request, rows),
        "union": union,
        "unions": unions,
        "year": year,
        "years": range(year - 2, year + 2),
        "waiting": selectors.candidates(union.pk, year).count(),
        "prepares": _prepares(request, union.pk),
        "today": timezone.localdate(),
    }
    return render(request, "workflow/meeting/list.html", context)


@require_http_methods(["GET", "POST"])
def meeting_new(request: DeskRequest) -> HttpResponse:
    unions = overseen_unions(request)
    at = timezone.now()
    union, year = overseen_union(request, unions), asked_year(request.GET, at)
    if not _prepares(request, union.pk):
        return forbidden(request, PREPARED_BY)
    duty = duty_on(union, "decision_body", timezone.localdate(at))
    lines = lines_of(selectors.candidates(union.pk, year))
    picks = _picks(request)
    if request.method == "POST":
        form = MeetingForm(request.POST)
        if form.is_valid():
            offered = {line.plan.pk for line in lines}
            try:
                created = services.call_meeting(
                    union=union,
                    year=year,
                    **form.cleaned_data,
                    plan_ids=sorted(picks & offered),
                    actor=request.user,
                    at=at,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"已建立 {created}，列入 {len(picks & offered)} 项议题。")
                return redirect("workflow:meeting", created.pk)
    else:
        number = (
            selectors.next_number(duty.body, timezone.localdate(at)) if duty is not None and duty.body else ""
        )
        form = MeetingForm(initial={"number": number})
        picks = picks or {line.plan.pk for line in lines}
    context = {
        "form": form,
        "lines": lines,
        "picks": picks,
        "union": union,
        "year": year,
        "body": duty.body if duty is not None else None,
        "action": f"{reverse('workflow:meeting_new')}?union={union.code}&year={year}",
    }
    return render(request, "workflow/meeting/new.html", context)


def _picks(request: DeskRequest) -> set[int]:
    """Ticked rows, of the form or of the address."""
    source = request.POST if request.method == "POST" else request.GET
    return {int(value) for value in source.getlist("pick") if value.isascii() and value.isdigit()}


@require_GET
def meeting(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    agenda = selectors.agenda_of(found)
    return _page(request, agenda)


def _page(
    request: DeskRequest,
    agenda: Agenda,
    *,
    forms: Sequence[ItemForm] | None = None,
    results: Sequence[Result] = (),
    status: int = 200,
) -> HttpResponse:
    """The meeting with its agenda; ``forms`` where something was typed already."""
    found, at = agenda.meeting, timezone.now()
    reasons = _reasons(request, agenda)
    may_record = any(reason is None for reason in reasons.values())
    by_item = {form.agenda_line.item.pk: form for form in forms or item_forms(agenda.open)}
    rows = [
        {
            "item": line,
            "form": None if line.settled or reasons[line.item.pk] else by_item.get(line.item.pk),
            "reason": reasons.get(line.item.pk),
        }
        for line in agenda.lines
    ]
    prepares = _prepares(request, found.union_id)
    context = {
        "meeting": found,
        "agenda": agenda,
        "rows": rows,
        "results": results,
        "may_record": may_record,
        "why_not": next((reason for reason in reasons.values() if reason), ""),
        "prepares": prepares,
        "candidates": lines_of(selectors.candidates(found.union_id, found.year)) if prepares else [],
        "sums": _sums(agenda),
        "outcomes": selectors.outcome_counts(agenda.lines),
        "held": found.held_on <= timezone.localdate(at),
    }
    return render(request, "workflow/meeting/meeting.html", context, status=status)


def _reasons(request: DeskRequest, agenda: Agenda) -> dict[int, str | None]:
    """Why this person can't record each open item's result, by item."""
    if not agenda.open:
        return {}
    at = timezone.now()
    if agenda.meeting.held_on > timezone.localdate(at):
        text = f"会议定于 {chinese_date(agenda.meeting.held_on)}召开，会后记录结果。"
        return {line.item.pk: text for line in agenda.open}
    plans = [line.line.plan for line in agenda.open]
    found = refusals(Act.SETTLE, plans, actor=request.user, at=at)
    return {line.item.pk: reason for line, reason in zip(agenda.open, found, strict=True)}


def _sums(agenda: Agenda, then: str = "未审定的全部通过后") -> list[dict[str, Any]]:
    totals = agenda.totals
    sums: list[dict[str, Any]] = [
        {
            "label": "议题",
            "value": f"{len(agenda.lines)} 项",
            "note": f"已记录 {len(agenda.settled)} 项" if agenda.settled else "尚未记录结果",
        },
        {
            "label": "申报合计",
            "value": yuan(totals.declared),
            "note": f"{totals.sessions} 期 {totals.people} 人",
        },
        {
            "label": "本次核定",
            "value": yuan(totals.approved),
            "note": f"{totals.approved_classes} 班 {totals.approved_people} 人",
        },
    ]
    for fund in agenda.funds:
        after = next(
            (
                line.balance
                for line in reversed(agenda.open)
                if line.fund is fund and line.balance is not None
            ),
            None,
        )
        sums.append(
            {
                "label": "可安排余额" if len(agenda.funds) == 1 else f"可安排余额 · {fund.fund.title}",
                "value": yuan(fund.totals.available),
                "note": f"{then} {yuan(after)}" if after is not None else fund.fund.title,
                "bad": after is not None and after < 0,
            }
        )
    return sums


@require_POST
def balance(request: DeskRequest, pk: int) -> HttpResponse:
    """What the results chosen so far would leave, item by item, laid over the page. Records nothing."""
    agenda = selectors.agenda_of(_meeting(request, pk))
    forms = {form.agenda_line.item.pk: form for form in item_forms(agenda.open, request.POST)}
    asked = {pk: form.amount if form.is_valid() else None for pk, form in forms.items()}
    known = {pk: amount for pk, amount in asked.items() if amount is not None}
    selectors.run_down(agenda, known)
    rows = [(line, asked.get(line.item.pk), forms[line.item.pk].outcome_now) for line in agenda.open]
    context = {"rows": rows, "sums": _sums(agenda, "按所选结果记录后")}
    return render(request, "workflow/meeting/_balances.html", context)


@require_POST
def meeting_add(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    if not _prepares(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    offered = set(selectors.candidates(found.union_id, found.year).values_list("pk", flat=True))
    picks = _picks(request)
    done = services.put_on_agenda(
        meeting_id=found.pk, plan_ids=picks & offered, actor=request.user, at=timezone.now()
    )
    tell(request, done, f"列入 {found} 议题")
    if gone := len(picks - offered):
        messages.warning(request, f"{gone} 项已在其他议程中或已有结果，没有列入。")
    return redirect("workflow:meeting", found.pk)


def tell(request: DeskRequest, results: Iterable[Result], done: str) -> None:
    """What of a bulk act succeeded, and each thing that did not with its reason."""
    results = list(results)
    good = [result for result in results if not result.reason]
    if good:
        messages.success(request, f"{len(good)} 项已{done}。")
    for result in results:
        if result.reason:
            messages.error(request, f"《{result.name}》：{result.reason}")


@require_http_methods(["GET", "POST"])
def settle(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    if request.method == "GET":
        return redirect("workflow:meeting", found.pk)
    return _record(request, selectors.agenda_of(found))


def _record(request: DeskRequest, agenda: Agenda) -> HttpResponse:
    """Reads the rows, shows what recording would do, records; whatever fails stays open as it was typed."""
    forms = item_forms(agenda.open, request.POST)
    chosen = [form for form in forms if form.outcome_now]
    ready = [form for form in chosen if form.is_valid()]
    if request.POST.get("back"):
        return _page(request, agenda, forms=forms)
    if not chosen:
        messages.warning(request, "没有选择任何审定结果。")
        return _page(request, agenda, forms=forms)
    if request.POST.get("confirmed") != "1":
        return _ask(request, agenda, chosen)
    results = services.settle_many(
        results=[form.result() for form in ready], actor=request.user, at=timezone.now()
    )
    results += [_unread(form) for form in chosen if not form.is_valid()]
    if all(not result.reason for result in results):
        messages.success(request, f"已记录 {len(results)} 项审定结果。")
    fresh = selectors.agenda_of(agenda.meeting)
    return _page(request, fresh, forms=item_forms(fresh.open, request.POST), results=results)


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
    found = _meeting(request, item.meeting_id)
    agenda = selectors.agenda_of(found)
    line = next((line for line in agenda.lines if line.item.pk == pk), None)
    if line is None:
        raise Http404
    reason = _reasons(request, agenda).get(pk)
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
        "prepares": _prepares(request, found.union_id),
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
def agenda_remove(request: DeskRequest, pk: int) -> HttpResponse:
    item = get_object_or_404(AgendaItem.objects.select_related("plan"), pk=pk)
    found = _meeting(request, item.meeting_id)
    if not _prepares(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    try:
        services.take_off_agenda(item_id=pk, actor=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"《{item.plan.name}》已撤下，仍为“{item.plan.get_state_display()}”。")
    return redirect("workflow:meeting", found.pk)


@require_http_methods(["GET", "POST"])
def minutes(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    if not _prepares(request, found.union_id):
        return forbidden(request, PREPARED_BY)
    fixed = found.items.exclude(outcome="").exists()
    form = MinutesForm(request.POST if request.method == "POST" else None, meeting=found, fixed=fixed)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_minutes(meeting_id=pk, **form.cleaned_data, actor=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "会议信息已保存。")
            return redirect("workflow:meeting", pk)
    return render(request, "workflow/meeting/minutes.html", {"meeting": found, "form": form})


@require_GET
def meeting_print(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    agenda = selectors.agenda_of(found)
    at = timezone.now()
    context = {
        "meeting": found,
        "agenda": agenda,
        "totals": agenda.totals,
        "back_url": reverse("workflow:meeting", args=[pk]),
        "printed_at": moment(at),
        "today": timezone.localdate(at),
        "outcomes": selectors.outcome_counts(agenda.lines),
    }
    sheet = request.GET.get("paper") == "sheet"
    return render(request, f"workflow/meeting/{'print_sheet' if sheet else 'print_annex'}.html", context)


@require_GET
def meeting_export(request: DeskRequest, pk: int) -> HttpResponse:
    found = _meeting(request, pk)
    book = sheets.agenda_sheet(selectors.agenda_of(found), on=timezone.localdate())
    return workbook_file(book, f"{found}议题")


urlpatterns = [
    path("meetings/", meetings, name="meetings"),
    path("meetings/new/", meeting_new, name="meeting_new"),
    path("meetings/<int:pk>/", meeting, name="meeting"),
    path("meetings/<int:pk>/add/", meeting_add, name="meeting_add"),
    path("meetings/<int:pk>/print/", meeting_print, name="meeting_print"),
    path("meetings/<int:pk>/export/", meeting_export, name="meeting_export"),
    path("meetings/<int:pk>/settle/", settle, name="settle"),
    path("meetings/<int:pk>/balance/", balance, name="meeting_balance"),
    path("meetings/<int:pk>/minutes/", minutes, name="minutes"),
    path("agenda/<int:pk>/", agenda_item, name="agenda_item"),
    path("agenda/<int:pk>/remove/", agenda_remove, name="agenda_remove"),
]
