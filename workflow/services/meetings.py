"""The meeting decides, item by item; approval and appropriation are one transaction (S3)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from budgets.models import Fund
from budgets.services import LineAmount, appropriate
from office.refusals import Conflict, Refused
from office.wording import chinese_date
from org.models import Body
from org.selectors import duty_on, standing
from workflow import flows
from workflow.costs import cost_titles, in_card_order
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting, PlanAttachment, PlanCost, PlanVersion
from workflow.rules import content
from workflow.rules.evaluate import findings_of
from workflow.rules.gate import Act
from workflow.services import base
from workflow.services.decisions import Result, send_back
from workflow.services.runs import ensure_runs
from workflow.states import AUTHOR, DecisionAction, MeetingOutcome, PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from org.models import Post, Union, User
    from workflow.flows import Place

_ACTION = {
    MeetingOutcome.PASSED: DecisionAction.APPROVE,
    MeetingOutcome.PASSED_CHANGED: DecisionAction.APPROVE_CHANGED,
    MeetingOutcome.RETURNED: DecisionAction.RETURN,
    MeetingOutcome.DEFERRED: DecisionAction.DEFER,
    MeetingOutcome.EXCLUDED: DecisionAction.EXCLUDE,
}

#: What is said of an item that was taken off the agenda under one's hands.
GONE = "这项议题已被撤下，没有记录结果。请刷新议程。"

#: What 修改后通过 may change: people and days; amounts come beside them.
CHANGEABLE = ("trainees", "staff", "half_days", "sessions")


@transaction.atomic
def call_meeting(
    *,
    union: Union,
    year: int,
    number: str,
    held_on: date,
    actor: User,
    at: datetime,
    chair: str = "",
    attendees: str = "",
    plan_ids: Iterable[int] = (),
) -> Meeting:
    """Opens a sitting of the body that decides, with these plans on its agenda."""
    _demand_office(union.pk, actor, at)
    duty = duty_on(union, "decision_body", timezone.localdate(at))
    if duty is None or duty.body is None:
        raise Refused(f"{union.name}没有指定审定计划的会议。请联系系统管理员在“组织机构”中设置。")
    _lock_numbers(duty.body.pk)
    if Meeting.objects.filter(body=duty.body, number=number).exists():
        raise Refused(f"{duty.body.name}“{number}”已经建立。")
    meeting = Meeting.objects.create(
        union=union,
        body=duty.body,
        year=year,
        number=number,
        held_on=held_on,
        chair=chair,
        attendees=attendees,
        created_by=actor,
        created_at=at,
    )
    for result in put_on_agenda(meeting_id=meeting.pk, plan_ids=plan_ids, actor=actor, at=at):
        if result.reason:
            raise Refused(result.reason)
    return meeting


def _lock_numbers(body_id: int) -> None:
    """Whoever numbers a sitting of the body waits for the one before him."""
    Body.objects.select_for_update(no_key=True).get(pk=body_id)


def put_on_agenda(*, meeting_id: int, plan_ids: Iterable[int], actor: User, at: datetime) -> list[Result]:
    """Puts plans on an agenda in the order of the 汇总表, each in its own transaction.

    A deferred one is 重新上会 by it.
    """
    results = []
    ordered = ClassPlan.objects.filter(pk__in=set(plan_ids)).in_plan_order()
    for plan_id in ordered.values_list("pk", flat=True):
        name = ""
        try:
            with transaction.atomic():
                plan = base.locked(plan_id)
                name = plan.name
                # Locked for the running number of the item: two may put plans on one agenda at once.
                _put_one(Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id), plan, actor, at)
            results.append(Result(plan_id, name, None, ""))
        except Refused as refused:
            results.append(Result(plan_id, name, None, str(refused)))
    return results


def _put_one(meeting: Meeting, plan: ClassPlan, actor: User, at: datetime) -> None:
    base.demand(Act.PUT_ON_AGENDA, plan, actor=actor, at=at)
    if plan.union_id != meeting.union_id or plan.year != meeting.year:
        raise Refused(f"《{plan.name}》不是{meeting.union.name} {meeting.year} 年度的计划。")
    other = AgendaItem.objects.filter(plan=plan, outcome="").select_related("meeting__body").first()
    if other is not None:
        raise Refused(f"《{plan.name}》已在 {other.meeting} 的议题中。")
    if AgendaItem.objects.filter(plan=plan, meeting=meeting).exists():
        raise Refused(f"{meeting} 已对《{plan.name}》作出决定，请列入下一次会议。")
    if plan.state == PlanState.DEFERRED:
        held = base.demand_open(Act.PUT_ON_AGENDA, plan, actor=actor, at=at)
        base.record(
            plan=plan,
            version=held.version,
            action=DecisionAction.RESUME,
            step=held.task.step,
            step_title=held.task.step_title,
            actor=actor,
            post=base.post_in(held.standing, plan),
            at=at,
            task=held.task,
            meeting=meeting,
            opinion=f"列入 {meeting} 议题",
        )
        plan.resume()
        plan.updated_at = at
        plan.save(update_fields=["state", "updated_at"])
        last = len(held.version.book.book.steps) - 1
        place = base.place_at_step(plan, held.version, last, at)
        flows.close(held.task, plan=plan, place=place, actor=actor, at=at)
    top = AgendaItem.objects.filter(meeting=meeting).aggregate(top=Max("ordinal"))["top"] or 0
    AgendaItem.objects.create(meeting=meeting, plan=plan, ordinal=top + 1)


@transaction.atomic
def take_off_agenda(*, item_id: int, actor: User, at: datetime) -> None:
    """Takes a plan the meeting hasn't decided off its agenda."""
    plan, item = _locked_item(item_id)
    _demand_office(item.meeting.union_id, actor, at)
    if item.outcome:
        raise Conflict(f"《{plan.name}》的审定结果已经记录，不能撤下。")
    item.delete()


def _locked_item(item_id: int) -> tuple[ClassPlan, AgendaItem]:
    """The item and its plan, the plan locked first as everywhere; :class:`Conflict` where it is gone."""
    plan_id = AgendaItem.objects.values_list("plan", flat=True).filter(pk=item_id).first()
    if plan_id is None:
        raise Conflict(GONE)
    plan = base.locked(plan_id)
    items = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__body")
    item = items.filter(pk=item_id).first()
    if item is None:
        raise Conflict(GONE)
    return plan, item


@transaction.atomic
def record_minutes(
    *,
    meeting_id: int,
    minutes_number: str,
    chair: str,
    attendees: str,
    actor: User,
    at: datetime,
    number: str | None = None,
    held_on: date | None = None,
) -> Meeting:
    """The minutes' number and who was there, which often come days after the meeting (纪要待补).

    ``number`` and ``held_on`` too where they are given; they are fixed once a result is recorded.
    """
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("body").get(pk=meeting_id)
    _demand_office(meeting.union_id, actor, at)
    number, held_on = number or meeting.number, held_on or meeting.held_on
    if (number, held_on) != (meeting.number, meeting.held_on):
        if meeting.items.exclude(outcome="").exists():
            raise Refused("已经记录审定结果，会议次数和日期不能再改。")
        _lock_numbers(meeting.body_id)
        if Meeting.objects.filter(body=meeting.body, number=number).exclude(pk=meeting.pk).exists():
            raise Refused(f"{meeting.body.name}“{number}”已经建立。")
    meeting.number, meeting.held_on = number, held_on
    meeting.minutes_number, meeting.chair, meeting.attendees = minutes_number, chair, attendees
    meeting.save(update_fields=["number", "held_on", "minutes_number", "chair", "attendees"])
    return meeting


def _demand_office(union_id: int, actor: User, at: datetime) -> None:
    place = standing(actor, timezone.localdate(at), to_act=True)
    if union_id not in place.secretary_union_ids | place.authority_union_ids:
        raise Refused("只有归口管理部门和会议秘书可以安排会议。")


@transaction.atomic
def settle(
    *,
    item_id: int,
    outcome: MeetingOutcome,
    actor: User,
    at: datetime,
    opinion: str = "",
    figures: Mapping[str, int] | None = None,
    costs: Mapping[str, Decimal] | None = None,
    return_to: str = AUTHOR,
) -> Decision:
    """Records the meeting's result for one item, by its secretary.

    PASSED: number, project and appropriation with it, or :class:`Refused` (the fund is short) and
    nothing at all. PASSED_CHANGED: ``figures`` (of :data:`CHANGEABLE`) and ``costs`` (item → yuan)
    replace the submitted ones first, as a version of the meeting's. RETURNED and EXCLUDED want
    their reason.
    """
    plan, item = _locked_item(item_id)
    meeting, opinion = item.meeting, opinion.strip()
    if item.outcome:
        raise Conflict(f"《{plan.name}》已记录为“{item.get_outcome_display()}”。")
    if meeting.held_on > timezone.localdate(at):
        raise Refused(f"{meeting}定于 {chinese_date(meeting.held_on)}召开，会后才能记录结果。")
    case = base.demand_open(Act.SETTLE, plan, actor=actor, at=at)
    task, version = case.task, case.version
    if outcome in (MeetingOutcome.RETURNED, MeetingOutcome.EXCLUDED) and not opinion:
        raise Refused(f"《{plan.name}》{outcome.label}，请填写会议意见。")
    book = version.book.book
    place: Place | None = None
    findings = None
    match outcome:
        case MeetingOutcome.PASSED | MeetingOutcome.PASSED_CHANGED:
            if outcome == MeetingOutcome.PASSED_CHANGED:
                version = _change(plan, version, figures or {}, costs or {}, actor, at)
            spent = list(PlanCost.objects.filter(plan=plan))
            findings = findings_of(plan, book, at=at, costs=spent)
            _approve(plan, version, meeting, spent, actor=actor, post=case.post, at=at)
        case MeetingOutcome.DEFERRED:
            plan.defer()
            place = flows.Place(task.step, str(MeetingOutcome.DEFERRED.label), case.post, at, None)
        case MeetingOutcome.EXCLUDED:
            plan.exclude()
        case MeetingOutcome.RETURNED:
            place = send_back(case, return_to, before=len(book.steps) - 1, at=at)
    if findings is None:
        findings = findings_of(plan, book, at=at)
    decision = base.record(
        plan=plan,
        version=version,
        action=_ACTION[outcome],
        step=task.step,
        step_title=task.step_title,
        actor=actor,
        post=case.post,
        at=at,
        task=task,
        opinion=opinion or str(outcome.label),
        return_to=return_to if outcome == MeetingOutcome.RETURNED else "",
        meeting=meeting,
        findings=findings,
    )
    plan.updated_at = at
    plan.save()
    if plan.state == PlanState.APPROVED:
        ensure_runs(plan)
    item.outcome, item.opinion, item.settled_at = outcome, opinion, at
    item.save(update_fields=["outcome", "opinion", "settled_at"])
    flows.close(task, plan=plan, place=place, actor=actor, at=at)
    return decision


def _change(
    plan: ClassPlan,
    version: PlanVersion,
    figures: Mapping[str, int],
    costs: Mapping[str, Decimal],
    actor: User,
    at: datetime,
) -> PlanVersion:
    """The meeting's own figures, kept as a version beside the department's."""
    unknown = set(figures) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"a meeting doesn't change {sorted(unknown)}")
    for name, value in figures.items():
        if value < 0 or (value == 0 and name != "staff"):
            raise Refused(f"{ClassPlan._meta.get_field(name).verbose_name}不能改为 {value}。")  # type: ignore[union-attr]
        setattr(plan, name, value)
    rows = {cost.item: cost for cost in PlanCost.objects.filter(plan=plan)}
    for item, amount in costs.items():
        if amount < 0:
            raise Refused("经费不能为负数。")
        row = rows.setdefault(item, PlanCost(plan=plan, item=item))
        row.amount = amount
        row.save()
    files = PlanAttachment.objects.filter(plan=plan).select_related("file")
    now = content.snapshot(plan, rows.values(), files)
    if not content.changed_fields(version.content, now):
        raise Refused(
            f"《{plan.name}》修改后通过，但人数、天数和经费都没有改动。请填写核定数，或选择“通过”。"
        )
    changed = PlanVersion.objects.create(
        plan=plan,
        number=version.number + 1,
        book=version.book,
        content=now,
        by_meeting=True,
        restarted=False,
        submitted_by=version.submitted_by,
        submitted_at=at,
    )
    plan.version = changed
    plan.revision += 1
    return changed


def _approve(
    plan: ClassPlan,
    version: PlanVersion,
    meeting: Meeting,
    costs: Iterable[PlanCost],
    *,
    actor: User,
    post: Post,
    at: datetime,
) -> None:
    book = version.book.book
    fund = Fund.objects.filter(union=plan.union_id, year=plan.year, source=plan.source).first()
    if fund is None:
        source = "、".join(book.titles([plan.source])) or "（未填列支渠道）"
        raise Refused(f"{plan.year} 年“{source}”还没有设立年度专项预算，请财务部门先在“培训经费”中设立。")
    titles = cost_titles(book)
    amounts = {cost.item: cost.amount for cost in costs if cost.amount}
    lines = [
        LineAmount(item=item, title=titles.get(item, item), amount=amounts[item])
        for item in in_card_order(amounts, book)
    ]
    number = base.project_number(plan.union_id, plan.year)
    plan.project = appropriate(
        fund=fund,
        number=number,
        name=plan.name,
        department=plan.department,
        lines=lines,
        actor=actor,
        post=post,
        at=at,
        reason=f"{meeting}审定，申报 {plan.declaration_number}",
        reference=meeting.minutes_number or str(meeting),
    )
    plan.plan_number = number
    plan.approve()


def rehearse(*, results: Sequence[Mapping[str, Any]], actor: User, at: datetime) -> list[Result]:
    """What :func:`settle_many` would do now, item by item, with nothing of it kept."""
    with transaction.atomic():
        done = settle_many(results=results, actor=actor, at=at)
        transaction.set_rollback(True)
    return done


def settle_many(
    *,
    results: Sequence[Mapping[str, Any]],
    actor: User,
    at: datetime,
) -> list[Result]:
    """Records many results, each the keyword arguments of :func:`settle`, each in its own transaction.

    In the order of the agenda, so that a fund which runs short stops the later items; what failed stays
    open. An item taken off the agenda meanwhile is one that failed.
    """
    chosen = {row["item_id"]: row for row in results}
    items = AgendaItem.objects.filter(pk__in=chosen).select_related("plan").order_by("ordinal", "id")
    done = []
    for item in items:
        row = chosen.pop(item.pk)
        try:
            decision = settle(**row, actor=actor, at=at)
            done.append(Result(item.plan_id, item.plan.name, decision, ""))
        except Refused as refused:
            done.append(Result(item.plan_id, item.plan.name, None, str(refused)))
    done += [Result(0, "已撤下的议题", None, GONE) for _ in chosen]
    return done
