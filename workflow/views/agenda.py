"""What the pages of a meeting share: who sees and prepares it, its agenda with a control on each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from office.wording import chinese_date, yuan
from workflow.forms.meeting import ItemForm, item_forms
from workflow.models import Meeting
from workflow.rules.gate import Act, refusals
from workflow.selectors import meetings as selectors
from workflow.selectors.consolidation import lines_of
from workflow.views.common import DeskRequest, standing_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workflow.selectors.meetings import Agenda
    from workflow.services.decisions import Result

PREPARED_BY = "会议由会议秘书或归口管理部门准备，您可以查看。"


def visible_meeting(request: DeskRequest, pk: int) -> Meeting:
    visible = Meeting.objects.visible_to(standing_of(request)).select_related(
        "union", "body__secretary__department"
    )
    return get_object_or_404(visible, pk=pk)


def prepares_meetings(request: DeskRequest, union_id: int) -> bool:
    standing = standing_of(request)
    return union_id in standing.secretary_union_ids | standing.authority_union_ids


def agenda_page(
    request: DeskRequest,
    agenda: Agenda,
    *,
    forms: Sequence[ItemForm] | None = None,
    results: Sequence[Result] = (),
    status: int = 200,
) -> HttpResponse:
    """The meeting with its agenda; ``forms`` where something was typed already."""
    found, at = agenda.meeting, timezone.now()
    reasons = reasons_against(request, agenda)
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
    prepares = prepares_meetings(request, found.union_id)
    context = {
        "meeting": found,
        "agenda": agenda,
        "rows": rows,
        "results": _told(results),
        "may_record": may_record,
        "why_not": next((reason for reason in reasons.values() if reason), ""),
        "prepares": prepares,
        "candidates": lines_of(selectors.candidates(found.union_id, found.year)) if prepares else [],
        "sums": agenda_sums(agenda),
        "outcomes": selectors.outcome_counts(agenda.lines),
        "held": found.held_on <= timezone.localdate(at),
    }
    return render(request, "workflow/meeting/meeting.html", context, status=status)


def reasons_against(request: DeskRequest, agenda: Agenda) -> dict[int, str | None]:
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


def agenda_sums(agenda: Agenda, then: str = "未审定的全部通过后") -> list[dict[str, Any]]:
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


def why_not(result: Result) -> str:
    """The reason, with the class it speaks of."""
    named = f"《{result.name}》"
    return result.reason if result.reason.startswith(named) else f"{named}{result.reason}"


def _told(results: Iterable[Result]) -> list[tuple[str, str]]:
    """What became of each item, (why not, else what) in words; what failed first."""
    done = [
        (why_not(result), "")
        if result.decision is None
        else ("", f"《{result.name}》{result.decision.get_action_display()}")
        for result in results
    ]
    return sorted(done, key=lambda row: not row[0])


def tell(request: DeskRequest, results: Iterable[Result], done: str) -> None:
    """What of a bulk act succeeded, and each thing that did not with its reason."""
    results = list(results)
    good = [result for result in results if not result.reason]
    if good:
        messages.success(request, f"{len(good)} 项已{done}。")
    for result in results:
        if result.reason:
            messages.error(request, why_not(result))
