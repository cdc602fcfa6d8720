"""Everything the decision page says, gathered from rules and selectors. No request handling here."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from office.refusals import Refused
from office.wording import days_text, mask_phone, wan, yuan
from rulebook.selectors import book_for
from workflow.models import ClassPlan, ClassRun, Decision, PlanAttachment, PlanCost, PlanVersion
from workflow.rules import content, gate, outlook, route
from workflow.rules.budget_table import BudgetTable, budget_table
from workflow.rules.evaluate import findings_of
from workflow.rules.findings import PASS, Finding, stored
from workflow.rules.gate import Act
from workflow.selectors.plans import department_year, held_last_year
from workflow.selectors.runs import asked_of
from workflow.states import AttachmentKind, DecisionAction, PlanState, RunState, StepKind, TrainingMode
from workflow.views.plan_bar import Typed, decision_bar, withdraw_question

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from budgets.models import Project
    from org.models import User
    from org.selectors import Standing
    from rulebook.schema import Book

#: Passed checks that are about money stand together in one line, the others in another.
MONEY_CHECKS = frozenset({"over_ceiling_line", "over_ceiling_total", "lecture_over", "staff_over"})


def plan_page(
    plan: ClassPlan, *, actor: User, standing: Standing, at: datetime, typed: Typed | None = None
) -> dict[str, Any]:
    """The context of ``workflow/plan.html``; ``plan`` as ``views.common.visible_plan`` gives it."""
    typed = typed or Typed()
    day = timezone.localdate(at)
    case = gate.cases([plan], actor=actor, at=at)[0]
    reasons = {act: gate.judge(act, case) for act in Act}
    book, book_problem = _book(plan, at)
    costs = list(PlanCost.objects.filter(plan=plan))
    files = list(PlanAttachment.objects.filter(plan=plan).select_related("file"))
    decisions = route.record(plan)
    total = sum((cost.amount for cost in costs), Decimal("0.00"))
    context: dict[str, Any] = {
        "plan": plan,
        "book": book,
        "book_problem": book_problem,
        "total": total,
        "files": files,
        "typed": typed,
        "banners": _banners(plan, decisions, reasons, at=at),
        "submission": _submission(plan),
    }
    if book is None:
        context["bar"] = decision_bar(plan, None, case, reasons, typed, actor)
        return context
    open_phone = plan.department_id in standing.department_ids or (
        case.task is not None and case.task.post_id in standing.post_ids
    )
    author_id = plan.version.submitted_by_id if plan.version is not None else plan.created_by_id
    start = _next_index(plan, case, book, decisions)
    steps = route.ahead(plan, book.steps, start, author_id=author_id, on=day) if start is not None else []
    findings = plan_findings(plan, book, decisions, costs, at=at)
    purse = outlook.purse(plan, book, total) if not plan.is_settled else None
    sees_money = standing.sees_union(plan.union_id)
    before = declared(plan)
    changes: list[content.Change] = []
    if before is not None and plan.version is not None:
        changes = content.differences(before.content, plan.version.content, book)
    context |= {
        "summary": _summary(plan, total, standing),
        "findings": finding_lines(findings, plan, standing),
        "facts": facts(plan, book, files, phone=open_phone),
        "money": money(plan, costs, book, before),
        "meeting_changes": changes,
        "stages": _stages(plan, case, book, decisions, steps, purse if sees_money else None, total, at=at),
        "outlook": outlook.after_agreeing(case.task, steps, findings, purse, sees_money=sees_money),
        "bar": decision_bar(plan, book, case, reasons, typed, actor),
        "category": "、".join(book.titles([plan.category])) if plan.category else "",
        "deciding": case.task is not None and case.task.kind == StepKind.DECIDE,
        "projects": _projects(plan, standing),
        "withdraw_url": reverse("workflow:withdraw", args=[plan.pk]),
        "withdraw_question": withdraw_question(plan),
        "withdraw_aside": reasons[Act.WITHDRAW] is None and reasons[Act.AGREE] is None,
        "runs": run_lines(plan, standing) if plan.state in (PlanState.APPROVED, PlanState.CANCELLED) else [],
    }
    return context


def run_lines(plan: ClassPlan, standing: Standing) -> list[dict[str, Any]]:
    """The 期 of an approved plan: where each stands, what is asked about it, and whether he may open it."""
    found = list(ClassRun.objects.filter(plan=plan).order_by("session_no"))
    asked = asked_of((run.pk for run in found), standing)
    ours = plan.department_id in standing.department_ids
    lines = []
    for run in found:
        run.plan = plan
        waiting = asked.get(run.pk)
        may_open = ours and run.state == RunState.PLANNED and waiting is None
        lines.append(
            {
                "run": run,
                "asked": waiting,
                "url": reverse("workflow:run", args=[run.pk]),
                "open_url": reverse("workflow:run_open", args=[run.pk]) if may_open else "",
            }
        )
    return lines


def _submission(plan: ClassPlan) -> str:
    if plan.version is None:
        return ""
    return "会议核定" if plan.version.by_meeting else f"第 {plan.version.number} 次报送"


def _book(plan: ClassPlan, at: datetime) -> tuple[Book | None, str]:
    """The version's own book under review; the one a submission would be judged by otherwise."""
    if plan.version is not None and not plan.is_editable:
        return plan.version.book.book, ""
    try:
        return book_for(plan.union, timezone.localdate(at)).book, ""
    except Refused as refused:
        return (plan.version.book.book if plan.version is not None else None), str(refused)


def plan_findings(
    plan: ClassPlan, book: Book, decisions: Sequence[Decision], costs: Sequence[PlanCost], *, at: datetime
) -> list[Finding]:
    """Live while something can still be done about them; of a settled plan those its last decision saw."""
    if plan.is_settled:
        for decision in reversed(decisions):
            if decision.findings:
                return stored(decision.findings)
        return []
    return findings_of(plan, book, at=at, costs=costs)


def finding_lines(findings: Iterable[Finding], plan: ClassPlan, standing: Standing) -> list[dict[str, Any]]:
    """Findings as ``parts/finding.html`` takes them: faults one by one, what is in order in two lines."""
    findings = list(findings)
    linked = {link["plan"] for finding in findings for link in finding.links}
    open_to_him: set[int] = set()
    if linked and plan.pk:
        open_to_him = set(
            ClassPlan.objects.visible_to(standing).filter(pk__in=linked).values_list("pk", flat=True)
        )
    lines = []
    for finding in findings:
        if finding.severity == PASS:
            continue
        other = next((link["plan"] for link in finding.links if link["plan"] in open_to_him), None)
        lines.append(
            {
                "level": finding.severity,
                "word": finding.word,
                "text": finding.message,
                "remedy": finding.mend,
                "clause": finding.clause,
                "url": reverse("workflow:compare", args=[plan.pk, other]) if other else "",
                "url_text": "比较两班",
            }
        )
    passed = [finding for finding in findings if finding.severity == PASS]
    for group in (
        [finding for finding in passed if finding.code in MONEY_CHECKS],
        [finding for finding in passed if finding.code not in MONEY_CHECKS],
    ):
        if group:
            lines.append(
                {
                    "level": PASS,
                    "word": "符合",
                    "text": "；".join(finding.message.rstrip("。") for finding in group) + "。",
                    "clause": "、".join(dict.fromkeys(finding.clause for finding in group)),
                }
            )
    return lines


def _summary(plan: ClassPlan, total: Decimal, standing: Standing) -> str:
    parts = [
        f"{plan.trainees}＋{plan.staff} 人" + (f" × {plan.sessions} 期" if plan.sessions > 1 else ""),
        f"{days_text(plan.half_days)} 天{'住宿' if plan.residential else '走读'}",
        wan(total),
        plan.time_text,
        plan.place_text,
    ]
    last = held_last_year(plan, standing)
    if last is not None:
        parts.append(f"上年办过：{last.people} 人 {wan(last.total)}")
    year = department_year(plan)
    if year.classes:
        parts.append(f"{plan.department.name} {plan.year} 年共报 {year.classes} 班 {wan(year.total)}")
    return " · ".join(part for part in parts if part)


def audience(plan: ClassPlan, book: Book) -> str:
    """街镇、功能区；信息员；80 人."""
    groups = [
        "、".join(book.titles(codes))
        for codes in (plan.audience_units, plan.audience_levels, plan.audience_posts)
        if codes
    ]
    people = f"{plan.trainees} 人" + (f" × {plan.sessions} 期" if plan.sessions > 1 else "")
    return "；".join([*groups, *([plan.audience_note] if plan.audience_note else []), people])


def facts(
    plan: ClassPlan, book: Book, files: Sequence[PlanAttachment] = (), *, phone: bool
) -> list[tuple[str, ...]]:
    """What the plan says, for ``parts/facts.html``. ``phone``: whether the reader gets the whole number."""
    number = plan.owner_phone if phone else mask_phone(plan.owner_phone)
    owner = "，电话 ".join(part for part in (plan.owner_name, number) if part)
    survey = next((file for file in files if file.kind == AttachmentKind.SURVEY), None)
    modules = " · ".join(
        f"{title} {hours}"
        for title, hours in zip(book.titles(plan.modules), plan.modules.values(), strict=True)
    )
    half_days = f"{'每期 ' if plan.sessions > 1 else ''}{plan.half_days} 个半天"
    when = "，".join(
        part for part in (plan.time_text and f"{plan.year}年{plan.time_text}", half_days) if part
    )
    rows: list[tuple[str, ...]] = [
        ("目的", plan.purpose),
        ("对象", audience(plan, book)),
        ("时间", when),
        ("学时", f"{plan.hours.normalize():f} 学时，{TrainingMode(plan.mode).label}"),
        ("地点", plan.place_text),
        ("承办", "、".join(book.titles([plan.implementer])) if plan.implementer else ""),
        ("内容", modules),
        ("负责人", owner),
        ("调研", plan.survey_reference or (survey.file.name if survey else ""), _file_url(survey)),
        ("列支渠道", "、".join(book.titles([plan.source])) if plan.source else ""),
        ("业务", " ".join([plan.subject, *book.titles([plan.subject])]) if plan.subject else ""),
        ("收费", f"每人 {yuan(plan.fee)} 元（{plan.fee_basis or '未填依据'}）" if plan.fee else "不收费"),
    ]
    rows += [
        (label, text, "", "all")
        for label, text in (
            ("计划外理由", plan.off_plan_reason),
            ("负责同志批准", plan.principal_approval),
            ("备注", plan.remark),
        )
        if text
    ]
    return rows


def _file_url(attachment: PlanAttachment | None) -> str:
    return reverse("workflow:file", args=[attachment.pk]) if attachment is not None else ""


def declared(plan: ClassPlan) -> PlanVersion | None:
    """The version the department handed in, where the meeting changed it; None where it didn't."""
    if plan.version is None or not plan.version.by_meeting:
        return None
    return PlanVersion.objects.filter(plan=plan, number=plan.version.number - 1).first()


def money(plan: ClassPlan, costs: Sequence[PlanCost], book: Book, before: PlanVersion | None) -> BudgetTable:
    """The plan's money beside the standard, and beside what the department had asked for."""
    if before is None:
        return budget_table(plan, costs, book)
    amounts = {item: Decimal(cost["amount"]) for item, cost in before.content["costs"].items()}
    return budget_table(plan, costs, book, before=amounts)


def _next_index(plan: ClassPlan, case: gate.Case, book: Book, decisions: Sequence[Decision]) -> int | None:
    """From which step on the way still lies ahead; None where it has ended."""
    if plan.is_settled:
        return None
    if plan.state in (PlanState.REVIEWING, PlanState.AWAITING_MEETING) and case.task is not None:
        return route.step_index(case.task, book) + 1
    if plan.state == PlanState.DEFERRED:
        return len(book.steps) - 1
    return 0


def _stages(
    plan: ClassPlan,
    case: gate.Case,
    book: Book,
    decisions: Sequence[Decision],
    steps: Sequence[route.Ahead],
    purse: outlook.Purse | None,
    total: Decimal,
    *,
    at: datetime,
) -> list[route.Stage]:
    stages = route.done(decisions, at=at)
    if case.task is not None:
        note = _way_back(decisions) if plan.state == PlanState.RETURNED else ""
        stages.append(route.current(case.task, case.holder, book.steps, at=at, note=note))
    if plan.state == PlanState.DRAFT:
        stages.append(
            route.Stage("now", "经办", plan.created_by.name, plan.department.name, "草稿，尚未报送")
        )
    if plan.state == PlanState.APPROVED:
        given = f"{yuan(total)} 元，经费项目 {plan.plan_number}"
        stages.append(route.Stage("done", "下达经费", line=given))
    stages += route.to_come(steps)
    if not plan.is_settled:
        note = (
            f"；{purse.title}可安排 {yuan(purse.available)} 元" if purse is not None and purse.found else ""
        )
        stages.append(route.Stage("next", "下达经费", post=f"自动{note}"))
    return stages


def _way_back(decisions: Sequence[Decision]) -> str:
    """What a resubmission does (services.submission): weighty changes start the chain again."""
    last = next((d for d in reversed(decisions) if d.action == DecisionAction.RETURN), None)
    title = last.step_title if last is not None else "退回环节"
    return f"人数、经费、天数、类别有变动的重新走流程，其他修改直接送“{title}”。"


def _banners(
    plan: ClassPlan, decisions: Sequence[Decision], reasons: dict[Act, str | None], *, at: datetime
) -> list[dict[str, Any]]:
    """What the reader must know first: a return to mend, an advice against the plan, 缓议."""
    banners = []
    last = decisions[-1] if decisions else None
    if last is not None and last.action == DecisionAction.RETURN and not plan.is_settled:
        banners.append(
            {
                "tone": "error",
                "title": f"退回{route.return_title(last)}",
                "who": last,
                "edit": reasons[Act.EDIT] is None,
                "edit_url": reverse("workflow:plan_edit", args=[plan.pk]),
            }
        )
    if last is not None and last.action == DecisionAction.DEFER:
        banners.append({"tone": "warning", "title": "缓议", "who": last, "edit": False})
    banners += [
        {"tone": "warning", "title": "建议不列入", "who": decision, "edit": False}
        for decision in decisions
        if decision.action == DecisionAction.ADVISE_EXCLUSION and decision.version_id == plan.version_id
    ]
    return banners


def _projects(plan: ClassPlan, standing: Standing) -> list[Project]:
    """The money of the plan by year; nothing for whoever doesn't see it."""
    sees = standing.sees_union(plan.union_id) or plan.department_id in standing.seen_department_ids
    return plan.projects if sees else []
