"""Everything the decision page says, gathered from rules and selectors. No request handling here."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.db.models.functions import Length
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from office.refusals import Refused
from office.wording import days_text, mask_phone, wan, yuan
from rulebook.selectors import book_for
from workflow.models import AgendaItem, ClassPlan, Decision, PlanAttachment, PlanCost, PlanVersion
from workflow.rules import gate, outlook, route
from workflow.rules.budget_table import BudgetTable, budget_table
from workflow.rules.evaluate import findings_of
from workflow.rules.findings import PASS, Finding, stored
from workflow.rules.gate import Act
from workflow.selectors.plans import department_year, held_last_year
from workflow.states import AUTHOR, AttachmentKind, DecisionAction, PlanState, StepKind, TrainingMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from org.models import User
    from org.selectors import Standing
    from rulebook.schema import Book

#: Passed checks that are about money stand together in one line, the others in another.
MONEY_CHECKS = frozenset({"over_ceiling_line", "over_ceiling_total", "lecture_over", "staff_over"})

#: 常用意见 offered before a reviewer has any of his own.
PHRASES = ("同意。", "请核减人数后再报。", "请补充需求调研后再报。")


@dataclass(frozen=True)
class Typed:
    """What a reviewer had typed when his act was refused, and why it was."""

    opinion: str = ""
    target: str = ""
    error: str = ""
    conflict: str = ""


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
        "versions_count": plan.version.number if plan.version is not None else 0,
    }
    if book is None:
        context["bar"] = _bar(plan, None, case, reasons, typed, actor)
        return context
    open_phone = plan.department_id in standing.department_ids or (
        case.task is not None and case.task.post_id in standing.post_ids
    )
    author_id = plan.version.submitted_by_id if plan.version is not None else plan.created_by_id
    start = _next_index(plan, case, book, decisions)
    steps = route.ahead(plan, book, start, author_id=author_id, on=day) if start is not None else []
    findings = plan_findings(plan, book, decisions, costs, at=at)
    purse = outlook.purse(plan, book, total) if not plan.is_settled else None
    sees_money = standing.sees_union(plan.union_id)
    context |= {
        "summary": _summary(plan, total, standing),
        "findings": finding_lines(findings, plan, standing),
        "facts": facts(plan, book, files, phone=open_phone),
        "money": _money(plan, costs, book),
        "stages": _stages(plan, case, book, decisions, steps, purse if sees_money else None, at=at),
        "outlook": outlook.after_agreeing(case.task, steps, findings, purse, sees_money=sees_money),
        "bar": _bar(plan, book, case, reasons, typed, actor),
        "category": "、".join(book.titles([plan.category])) if plan.category else "",
        "deciding": case.task is not None and case.task.kind == StepKind.DECIDE,
        "project_url": _project_url(plan, standing),
        "withdraw_url": _url("withdraw", plan.pk),
        "withdraw_question": withdraw_question(plan),
        "withdraw_aside": reasons[Act.WITHDRAW] is None and reasons[Act.AGREE] is None,
    }
    return context


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
        parts.append(f"{plan.department.name}{plan.year} 年共报 {year.classes} 班 {wan(year.total)}")
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


def _money(plan: ClassPlan, costs: Sequence[PlanCost], book: Book) -> BudgetTable:
    before = None
    if plan.version is not None and plan.version.by_meeting:
        row = (
            PlanVersion.objects.filter(plan=plan, number__lt=plan.version.number).order_by("-number").first()
        )
        if row is not None:
            before = {item: Decimal(cost["amount"]) for item, cost in row.content["costs"].items()}
    return budget_table(plan, costs, book, before=before)


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
    *,
    at: datetime,
) -> list[route.Stage]:
    stages = route.done(decisions, at=at)
    if case.task is not None:
        stages.append(route.current(case.task, case.holder, book, at=at))
    if plan.state == PlanState.DRAFT:
        stages.append(
            route.Stage("now", "经办", plan.created_by.name, plan.department.name, "草稿，尚未报送")
        )
    stages += route.to_come(steps)
    if not plan.is_settled:
        note = (
            f"；{purse.title}可安排 {yuan(purse.available)} 元" if purse is not None and purse.found else ""
        )
        stages.append(route.Stage("next", "下达经费", post=f"自动{note}"))
    return stages


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
                "edit_url": _url("plan_edit", plan.pk),
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


def _bar(
    plan: ClassPlan,
    book: Book | None,
    case: gate.Case,
    reasons: dict[Act, str | None],
    typed: Typed,
    actor: User,
) -> dict[str, Any]:
    """The decision bar; ``why`` alone for whoever may look but not act."""
    if reasons[Act.AGREE] is None and book is not None and case.task is not None:
        return _review_bar(plan, book, case, reasons, typed, actor)
    if reasons[Act.EDIT] is None:
        draft = plan.state == PlanState.DRAFT
        links = [
            {"label": "修改", "url": _url("plan_edit", plan.pk), "primary": False},
            {"label": "报送…", "url": _url("plan_submit", plan.pk), "primary": True},
        ]
        return {"links": links, "why": "核对无误后报送。" if draft else "修改后重新报送。"}
    if reasons[Act.WITHDRAW] is None:
        return {
            "form": {
                "action": _url("withdraw", plan.pk),
                "hidden": [],
                "placeholder": "撤回说明（可不填）",
                "opinion": typed.opinion,
                "buttons": [
                    {
                        "value": "withdraw",
                        "label": "撤回",
                        "confirm": f"撤回《{plan.name}》？撤回后可修改再报。",
                    }
                ],
            }
        }
    if plan.state in (PlanState.AWAITING_MEETING, PlanState.DEFERRED) and (
        reasons[Act.SETTLE] is None or reasons[Act.PUT_ON_AGENDA] is None
    ):
        return _meeting_bar(plan, reasons)
    return {"why": _why_not(plan, reasons)}


def _project_url(plan: ClassPlan, standing: Standing) -> str:
    sees = standing.sees_union(plan.union_id) or plan.department_id in standing.seen_department_ids
    return _url("project", plan.project_id) if plan.project_id is not None and sees else ""


def withdraw_question(plan: ClassPlan) -> str:
    return f"撤回《{plan.name}》？撤回后可以修改，再重新报送。"


def _review_bar(
    plan: ClassPlan,
    book: Book,
    case: gate.Case,
    reasons: dict[Act, str | None],
    typed: Typed,
    actor: User,
) -> dict[str, Any]:
    task, version = case.task, plan.version
    if task is None or version is None:
        raise AssertionError("the gate lets nobody agree to a plan without a task")
    index = route.step_index(task, book)
    targets = [(AUTHOR, f"经办人（{version.submitted_by.name}）")]
    targets += [(step.key, step.title) for step in book.steps[:index]]
    targets.sort(key=lambda target: target[0] != typed.target)  # what was chosen stands first, and checked
    buttons: list[dict[str, Any]] = [{"value": DecisionAction.AGREE.value, "label": "同意", "primary": True}]
    if reasons[Act.ADVISE_EXCLUSION] is None:
        buttons.append({"value": DecisionAction.ADVISE_EXCLUSION.value, "label": "建议不列入"})
    return {
        "form": {
            "action": reverse("workflow:decide", args=[plan.pk]),
            "hidden": [("task", task.pk)],
            "phrases": phrases(actor),
            "opinion": typed.opinion,
            "error": typed.error,
            "placeholder": "意见（退回、建议不列入必填）" if len(buttons) > 1 else "意见（退回必填）",
            "buttons": buttons,
            "back": {"value": DecisionAction.RETURN.value, "label": "退回…", "targets": targets},
        }
    }


def _meeting_bar(plan: ClassPlan, reasons: dict[Act, str | None]) -> dict[str, Any]:
    item = AgendaItem.objects.filter(plan=plan, outcome="").select_related("meeting__body").first()
    if item is None:
        link: dict[str, Any] = {"label": "上会议题", "url": _url("meetings"), "primary": True}
        return {"why": "尚未列入会议议题。", "links": [link]}
    link = {"label": "到会议中记录结果", "url": _url("meeting", item.meeting_id), "primary": True}
    if reasons[Act.SETTLE] is not None:
        link = {"label": "查看议题", "url": _url("meeting", item.meeting_id)}
    day = item.meeting.held_on
    return {"why": f"已列入 {item.meeting}，{day.month}月{day.day}日召开。", "links": [link]}


def _why_not(plan: ClassPlan, reasons: dict[Act, str | None]) -> str:
    match plan.state:
        case PlanState.DRAFT | PlanState.RETURNED | PlanState.WITHDRAWN:
            return reasons[Act.EDIT] or ""
        case PlanState.REVIEWING:
            return reasons[Act.AGREE] or ""
        case PlanState.AWAITING_MEETING:
            return reasons[Act.SETTLE] or ""
        case PlanState.DEFERRED:
            return reasons[Act.PUT_ON_AGENDA] or ""
    number = f"，计划号 {plan.plan_number}" if plan.plan_number else ""
    return f"现为“{PlanState(plan.state).label}”{number}，年度计划办理已结束。"


def phrases(actor: User) -> list[str]:
    """常用意见: what this person wrote most often, then the usual ones; five at most."""
    acts = (DecisionAction.AGREE, DecisionAction.RETURN, DecisionAction.ADVISE_EXCLUSION)
    own = (
        Decision.objects.filter(actor=actor, action__in=acts)
        .annotate(length=Length("opinion"))
        .filter(length__lte=20)
        .exclude(opinion__in=[str(act.label) for act in acts])
        .values("opinion")
        .annotate(times=Count("pk"))
        .filter(times__gte=2)
        .order_by("-times", "opinion")
        .values_list("opinion", flat=True)[:3]
    )
    return list(dict.fromkeys([*own, *PHRASES]))[:5]


def _url(name: str, *args: int) -> str:
    try:
        return reverse(f"workflow:{name}", args=args)
    except NoReverseMatch:
        return ""
