"""Everything the page and the print of a request about money say. No request handling here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from budgets.models import Project
from office.wording import yuan
from workflow.costs import cost_titles
from workflow.rules import route
from workflow.rules.findings import stored
from workflow.rules.listing import amount_asked
from workflow.rules.money_checks import findings_now
from workflow.rules.money_gate import MoneyAct, MoneyCase, case_of, judge
from workflow.rules.money_terms import ZERO, Effect, Figures, MoneyTerms, carrying, effects
from workflow.states import OF_PROJECT, MoneyKind, RequestState
from workflow.views import asked
from workflow.views.plan_bar import Typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from org.models import User
    from workflow.models import Decision, MoneyRequest
    from workflow.rules.findings import Finding

#: What the last agreement leads to, by what is asked.
AFTER = {
    MoneyKind.TRANSFER: "同时在预算行之间调剂，预算总额不变。",
    MoneyKind.BUDGET: "同时按申请调整项目预算：增加的从年度专项预算安排，减少的收回。",
    MoneyKind.CARRY_OVER: "同时从本年专项预算转到下一年同一渠道；所选班次设立接续项目，预占随班转入。",
    MoneyKind.SUPPLEMENT: "同时追加年度专项预算。",
}

#: What :func:`amount_asked` is of each.
AMOUNTS = {
    MoneyKind.TRANSFER: "调剂金额",
    MoneyKind.BUDGET: "调整后预算",
    MoneyKind.CARRY_OVER: "结转金额",
    MoneyKind.SUPPLEMENT: "追加金额",
}


@dataclass(frozen=True)
class Sums:
    """A row of sums below the rows of one project."""

    title: str
    before: Decimal
    after: Decimal
    committed: Decimal
    paid: Decimal

    @property
    def more(self) -> Decimal:
        return self.after - self.before

    @property
    def floor(self) -> Decimal:
        return self.committed + self.paid


def money_request_page(
    request: MoneyRequest, *, actor: User, at: datetime, typed: Typed | None = None
) -> dict[str, Any]:
    """The context of ``workflow/money/request.html``."""
    typed = typed or Typed()
    seen = case_of(request, actor=actor, at=at)
    decisions = asked.record(request)
    steps = asked.ahead(request, seen, at)
    context: dict[str, Any] = {
        "request_": request,
        "typed": typed,
        "findings": _lines(_findings(request, decisions, at)),
        "stages": asked.stages(request, seen, decisions, steps, at),
        "chain": _chain(request),
        "outlook": asked.outlook(request, seen, steps, [AFTER[MoneyKind(request.kind)]]),
        "returned": asked.returned(request),
        "document": MoneyTerms.from_json(request.content).document,
        "may_again": request.state in (RequestState.WITHDRAWN, RequestState.REFUSED)
        and judge(MoneyAct(request.kind), seen) is None,
    }
    return context | sides(request) | {"bar": asked.bar(request, seen, _ways(request, seen), typed, actor)}


def sides(request: MoneyRequest) -> dict[str, Any]:
    """Before and after as they were when it was handed in; nothing of a draft."""
    if request.book is None or not request.before:
        return {"groups": [], "line": "", "classes": []}
    terms, before = MoneyTerms.from_json(request.content), Figures.from_json(request.before)
    rows = effects(request, terms, before, cost_titles(request.judged_by))
    return {
        "groups": _groups(request, rows),
        "line": _sentence(request, terms, rows),
        "classes": _classes(terms, before),
    }


def _classes(terms: MoneyTerms, before: Figures) -> list[dict[str, Any]]:
    """The classes a 结转 takes along, each with its project, and the one that continues it once there is."""
    found = carrying(terms, before)
    if not found:
        return []
    projects = Project.objects.select_related("continued_by").in_bulk([each.project for each in found])
    return [
        {
            "carrying": each,
            "project": projects.get(each.project),
            "later": getattr(projects.get(each.project), "continued_by", None),
        }
        for each in found
    ]


def _groups(request: MoneyRequest, rows: Iterable[Effect]) -> list[dict[str, Any]]:
    """The rows by project, or by year of the fund, with their sums where they have any."""
    found: dict[str, list[Effect]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return [
        {"title": title, "rows": own, "sums": _sums(own) if request.kind in OF_PROJECT else None}
        for title, own in found.items()
    ]


def _sums(rows: Sequence[Effect]) -> Sums:
    names = ("before", "after", "committed", "paid")
    return Sums("合计", *(sum((getattr(row, name) for row in rows), ZERO) for name in names))


def _sentence(request: MoneyRequest, terms: MoneyTerms, rows: Sequence[Effect]) -> str:
    """What it comes to, in one sentence."""
    match request.kind:
        case MoneyKind.TRANSFER:
            moved = sum((shift.amount for shift in terms.shifts), ZERO)
            return f"共调剂 {yuan(moved)} 元，{request.fund}总额不变。"
        case MoneyKind.BUDGET:
            sums = _sums(rows)
            if not sums.more:
                return f"项目预算总额 {yuan(sums.before)} 元不变，在预算行之间调整。"
            verb = "增加" if sums.more > 0 else "减少"
            return (
                f"项目预算由 {yuan(sums.before)} 元调整为 {yuan(sums.after)} 元，"
                f"{verb} {yuan(abs(sums.more))} 元；已支出和预占 {yuan(sums.floor)} 元。"
            )
        case MoneyKind.CARRY_OVER:
            return _carried(request, terms)
    granted = rows[0]
    return (
        f"追加 {yuan(terms.amount)} 元，{request.fund}由 {yuan(granted.before)} 元"
        f"增至 {yuan(granted.after)} 元。"
    )


def _carried(request: MoneyRequest, terms: MoneyTerms) -> str:
    moved = f"从 {request.fund.year} 年结转 {yuan(terms.carried)} 元到 {request.fund.year + 1} 年"
    if not terms.classes:
        return f"{moved}。"
    own = f"专项预算可安排余额 {yuan(terms.amount)} 元，" if terms.amount else ""
    return f"{moved}：{own}随 {len(terms.classes)} 个班次结转 {yuan(terms.carried - terms.amount)} 元。"


def _chain(request: MoneyRequest) -> str:
    if request.book is None:
        return ""
    return f"须经{'、'.join(step.title for step in request.steps)}。"


def _findings(request: MoneyRequest, decisions: Sequence[Decision], at: datetime) -> list[Finding]:
    """As they are now while somebody has to act; of a settled request those its last decision saw."""
    if request.is_pending:
        return findings_now(request, at=at)
    return next((stored(row.findings) for row in reversed(decisions) if row.findings), [])


def _lines(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as ``parts/finding.html`` takes them."""
    return [
        {
            "level": finding.severity,
            "word": finding.word,
            "text": finding.message,
            "remedy": finding.mend,
            "clause": finding.clause,
        }
        for finding in findings
    ]


def _ways(request: MoneyRequest, seen: MoneyCase) -> asked.Ways:
    onward = ("查看专项预算", reverse("workflow:fund", args=[request.fund_id]))
    if request.project_id is not None:
        onward = ("查看项目经费", reverse("workflow:project", args=[request.project_id]))
    return asked.Ways(
        agree=judge(MoneyAct.AGREE, seen),
        edit=judge(MoneyAct.EDIT, seen),
        withdraw=judge(MoneyAct.WITHDRAW, seen),
        decide_url=reverse("workflow:money_request_decide", args=[request.pk]),
        edit_url=reverse("workflow:money_request_edit", args=[request.pk]),
        withdraw_url=reverse("workflow:money_request_withdraw", args=[request.pk]),
        onward=onward,
    )


def money_request_print(request: MoneyRequest, *, at: datetime) -> dict[str, Any]:
    """The context of the printed 经费申请审批单."""
    decisions = asked.record(request)
    return sides(request) | {
        "request_": request,
        "amount": amount_asked(request),
        "amount_title": AMOUNTS[MoneyKind(request.kind)],
        "document": MoneyTerms.from_json(request.content).document,
        "findings": [row for row in _findings(request, decisions, at) if row.severity != "pass"],
        "decisions": decisions,
        "unsure": route.unconfirmed(decisions),
        "today": timezone.localdate(at),
        "back_url": reverse("workflow:money_request", args=[request.pk]),
        "draft": request.state == RequestState.DRAFT,
    }
