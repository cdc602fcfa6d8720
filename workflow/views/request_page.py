"""Everything the page and the print of a request about a 期 say. No request handling here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from office.wording import mask_phone, yuan
from workflow.rules import route
from workflow.rules.differences import PHONE, comparison
from workflow.rules.findings import stored
from workflow.rules.giving_back import back_text, giving_back
from workflow.rules.run_gate import RunAct, RunCase, case, judge
from workflow.rules.terms import RunTerms
from workflow.services.asking import WITH_TERMS, findings_now
from workflow.states import RequestKind, RequestState
from workflow.views import asked
from workflow.views.plan_bar import Typed
from workflow.views.plan_page import finding_lines
from workflow.views.runs import cancelled_text, timetable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from org.models import User
    from org.selectors import Standing
    from rulebook.schema import Book
    from workflow.models import Decision, RunRequest
    from workflow.rules.differences import Difference
    from workflow.rules.findings import Finding

#: What agreeing leads to, by what is asked.
AFTER = {
    RequestKind.OPEN: "批准开班：可以分配名额、发调训通知。",
    RequestKind.CHANGE: "按申请内容变更，学员的时间一并调整。",
    RequestKind.POSTPONE: "按新时间办班，学员的时间一并调整。",
    RequestKind.CANCEL: "取消办班：人员全部释放，不计入一年内调训；经费按左边所列收回。",
    RequestKind.EXEMPT: "所列人员可以例外调训，记入例外情况。",
}


def request_page(
    request: RunRequest, *, actor: User, standing: Standing, at: datetime, typed: Typed | None = None
) -> dict[str, Any]:
    """The context of ``workflow/runs/request.html``."""
    typed = typed or Typed()
    seen = case(request.run, actor=actor, at=at, request=request)
    decisions = asked.record(request)
    findings = _findings(request, decisions, at)
    before, terms, lines = _sides(request)
    if not seen.is_ours and judge(RunAct.AGREE, seen) is not None:
        lines = [_masked(line) for line in lines]
    steps = asked.ahead(request, seen, at)
    context = {
        "request_": request,
        "run": request.run,
        "plan": request.run.plan,
        "typed": typed,
        "lines": lines,
        "differs": [line for line in lines if line.differs],
        "opening": request.kind == RequestKind.OPEN,
        "lessons": timetable(terms, request.book.book) if terms is not None and request.book else [],
        "findings": finding_lines(findings, request.run.plan, standing),
        "money": _money(before, terms),
        "people": _people(request),
        "stages": asked.stages(request, seen, decisions, steps, at),
        "chain": chain_words(request),
        "outlook": asked.outlook(request, seen, steps, [AFTER[RequestKind(request.kind)]]),
        "returned": decisions[-1] if decisions and request.state == RequestState.RETURNED else None,
    }
    if request.kind == RequestKind.CANCEL and before is not None and request.book is not None:
        context |= _given_back(request, before, request.book.book)
    context["bar"] = asked.bar(request, seen, _ways(request, seen), typed, actor, about=request.kind)
    return context


def _given_back(request: RunRequest, before: RunTerms, book: Book) -> dict[str, Any]:
    """What a cancellation does to the money: as the ledger stands, or what was done by it."""
    if request.state == RequestState.APPROVED:
        return {"money": cancelled_text(request)}
    if request.state in (RequestState.REFUSED, RequestState.WITHDRAWN):
        return {}
    lines = giving_back(request.run, before.costs, book)
    return {"back": lines, "money": back_text(lines, request.run.plan)}


def _people(request: RunRequest) -> list[dict[str, Any]]:
    """Whom an exemption is asked for, and what holds each of them, as it was when it was asked."""
    return [
        {**line, "findings": stored(line.get("findings", ()))} for line in request.content.get("seats", ())
    ]


def _masked(line: Difference) -> Difference:
    """Whoever neither wrote it nor decides on it gets the end of a phone number only."""
    if line.label != PHONE:
        return line
    return replace(line, before=mask_phone(line.before), after=mask_phone(line.after))


def chain_words(request: RunRequest) -> str:
    """与计划一致，由归口审核一次办理; the empty string before the submission."""
    if not request.chain or request.book is None:
        return ""
    titles = "、".join(step.title for step in request.steps)
    if request.kind == RequestKind.OPEN:
        same = request.chain == "same"
        return f"与计划{'一致' if same else '不一致'}，须经{titles}。"
    return f"须经{titles}。"


def _findings(request: RunRequest, decisions: Sequence[Decision], at: datetime) -> list[Finding]:
    """As they are now while somebody has to act; of a settled request those its last decision saw."""
    if request.is_pending:
        return findings_now(request, at=at)
    return next((stored(row.findings) for row in reversed(decisions) if row.findings), [])


def _sides(request: RunRequest) -> tuple[RunTerms | None, RunTerms | None, list[Difference]]:
    if request.book is None or not request.before:
        return None, None, []
    before = RunTerms.from_json(request.before)
    if request.kind not in WITH_TERMS:
        return before, None, []
    terms = RunTerms.from_json(request.content)
    return before, terms, comparison(before, terms, request.run.plan, request.book.book)


def _money(before: RunTerms | None, terms: RunTerms | None) -> str:
    """What it means for the fund, in one sentence."""
    if before is None or terms is None:
        return ""
    more = terms.total - before.total
    if not more:
        return "经费总额不变。"
    verb = "增加，从年度专项预算安排" if more > 0 else "减少，收回年度专项预算"
    return f"经费{verb} {yuan(abs(more))} 元。"


def _ways(request: RunRequest, seen: RunCase) -> asked.Ways:
    return asked.Ways(
        agree=judge(RunAct.AGREE, seen),
        edit=judge(RunAct.EDIT_REQUEST, seen),
        withdraw=judge(RunAct.WITHDRAW_REQUEST, seen),
        decide_url=reverse("workflow:run_request_decide", args=[request.pk]),
        edit_url=reverse("workflow:run_request_edit", args=[request.pk]),
        withdraw_url=reverse("workflow:run_request_withdraw", args=[request.pk]),
        onward=("查看班次", reverse("workflow:run", args=[request.run_id])),
    )


def request_print(request: RunRequest, *, at: datetime) -> dict[str, Any]:
    """The context of the printed 申请审批单."""
    decisions = asked.record(request)
    _, terms, lines = _sides(request)
    return {
        "request_": request,
        "run": request.run,
        "plan": request.run.plan,
        "lines": lines,
        "terms": terms,
        "people": _people(request),
        "findings": [finding for finding in _findings(request, decisions, at) if finding.severity != "pass"],
        "decisions": decisions,
        "unsure": route.unconfirmed(decisions),
        "today": timezone.localdate(at),
        "back_url": reverse("workflow:run_request", args=[request.pk]),
    }
