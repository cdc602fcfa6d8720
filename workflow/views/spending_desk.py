"""What the pages of spending stand on: the project one sees, its class, where amounts are taken from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from budgets import rules as ledger_rules
from budgets.models import Commitment, Project
from office.refusals import Refused
from office.wording import yuan
from rulebook.severity import Severity
from workflow.forms.spending import Source, short_text
from workflow.rules import spending as rules
from workflow.rules.findings import Finding
from workflow.selectors import money as money_selectors
from workflow.views.common import DeskRequest, standing_of
from workflow.views.drafting import Elsewhere

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping
    from decimal import Decimal

    from workflow.rules.spending import SpendingCase


def seen_project(request: DeskRequest, pk: int) -> Project:
    """The project with fund, union and department; 404 for whoever may not see it."""
    visible = Project.objects.visible_to(standing_of(request)).select_related(
        "fund__union", "union", "department", "continued_by"
    )
    found = visible.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def refusal(request: DeskRequest, project: Project, at: datetime.datetime) -> str | None:
    """Why the signed-in person can't use this project's money, whatever its class; None if he can."""
    if reason := ledger_rules.refusal("spend", project.union, request.user, at):
        return reason
    closed = ledger_rules.closed(project.fund)
    return (rules.carried_refusal(project) or closed) if closed else None


@dataclass
class Desk:
    """The project, its class and what finance may take amounts from."""

    project: Project
    case: SpendingCase
    at: datetime.datetime
    lines: list[Source] = field(default_factory=list)
    commitments: list[Commitment] = field(default_factory=list)

    @property
    def sources(self) -> list[Source]:
        """The budget lines in their order, each followed by its open commitments."""
        found = []
        for line in self.lines:
            found.append(line)
            found += [
                Source(
                    line.line,
                    f"{each.number} {each.title}",
                    each.outstanding,
                    commitment=each.pk,
                    session_no=each.session_no,
                    note=" · ".join(
                        part for part in (each.payee, rules.session_title(self.case, each.session_no)) if part
                    ),
                )
                for each in self.commitments
                if each.line_id == line.line
            ]
        return found

    @property
    def sessions(self) -> list[tuple[str, str]]:
        """期次 to choose from, with what stands in the way of one."""
        plan = self.case.plan
        if plan.sessions == 1:
            return [("1", "第 1 期")]
        rows = [("", "全班共用")]
        for run in self.case.runs:
            note = "" if run.is_opened else f"（{run.get_state_display()}）"
            rows.append((str(run.session_no), f"第 {run.session_no} 期{note}"))
        return rows

    def asked_session(self, text: str) -> int | None:
        """The 期 an address or a form names; the only one there is, or the only one opened, else none."""
        known = [value for value, _ in self.sessions if value]
        if text in known:
            return int(text)
        opened = [run.session_no for run in self.case.runs if run.is_opened]
        return self.case.session(opened[0] if len(opened) == 1 else None)


def desk(request: DeskRequest, pk: int) -> Desk:
    """What both forms stand on. 404 for an outsider, `Refused` for whoever may look but not act."""
    project, at = seen_project(request, pk), timezone.now()
    if reason := ledger_rules.refusal("spend", project.union, request.user, at):
        raise Refused(reason)
    _demand_here(request, project, at)
    case = rules.case_of(project.pk)
    if case is None:
        raise Refused(f"项目 {project.number} 没有对应的班次计划，不能办理。")
    lines = [
        Source(row.line.pk, row.line.title, row.held.available, item=row.line.item)
        for row in money_selectors.budget_rows(project)
    ]
    waiting = Commitment.objects.filter(project=project).open().select_related("line").order_by("id")
    return Desk(project, case, at, lines, list(waiting))


def _demand_here(request: DeskRequest, project: Project, at: datetime.datetime) -> None:
    """Raises `Elsewhere` where the class goes on in another project, or its year is closed."""
    later: Project | None = getattr(project, "continued_by", None)
    if later is not None and (carried := rules.carried_refusal(project)):
        raise Elsewhere(carried, reverse("workflow:project", args=[later.pk]), f"打开 {later.number}")
    fund = project.fund
    if closed := ledger_rules.closed(fund):
        if ledger_rules.refusal("reopen", fund.union, request.user, at) is None:
            raise Elsewhere(closed, reverse("workflow:fund_reopen", args=[fund.pk]), "反结账")
        raise Elsewhere(closed, reverse("workflow:fund", args=[fund.pk]), "打开专项预算")


def short(on: Desk, asked: Mapping[str, Decimal]) -> list[Finding]:
    """What was typed beyond what is there (by the name of its box), each with the page to mend it."""
    found = []
    clause = on.case.book.money.clause
    for source in on.sources:
        amount = asked.get(source.name)
        if not amount or amount <= source.free:
            continue
        text = f"“{source.title}”本次 {yuan(amount)} 元，{short_text(source, amount)}"
        if source.commitment is None:
            mend = "确需增加的，先办理调剂或预算调整。"
            link = {"page": "money_transfer", "pk": on.project.pk, "text": "申请调剂"}
        else:
            mend = "多出部分请从预算行支付。"
            link = {"page": "commitment", "pk": source.commitment, "text": "打开预占"}
        found.append(Finding("short", Severity.BLOCK, "可用余额", text, clause, mend, links=[link]))
    return found


def shown(found: list[Finding]) -> list[dict[str, Any]]:
    """Findings with the address of the page to mend them, for ``parts/finding.html``."""
    rows = []
    for one in found:
        link = next((link for link in one.links if "page" in link), None)
        url = reverse(f"workflow:{link['page']}", args=[link["pk"]]) if link is not None else ""
        rows.append({"found": one, "url": url, "url_text": link["text"] if link is not None else ""})
    return rows
