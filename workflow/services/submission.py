"""报送 and 撤回: a department hands a plan in, or takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from office.numbering import next_number
from office.refusals import Conflict, Refused
from rulebook.severity import Severity
from workflow import flows
from workflow.models import PlanAttachment, PlanCost, PlanVersion
from workflow.rules import content, resubmission
from workflow.rules.evaluate import findings_of
from workflow.rules.gate import Act
from workflow.services import base
from workflow.states import AUTHOR, DecisionAction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from org.models import User
    from workflow.models import ClassPlan, Decision
    from workflow.rules.findings import Finding


@transaction.atomic
def submit(
    *, plan_id: int, actor: User, at: datetime, revision: int | None = None, explanation: str | None = None
) -> Decision:
    """Hands a plan in: a new version, judged by the book in force, and the first desk (B-17).

    A returned plan makes version n+1. Where people, money, days or category changed, or the book did,
    the chain starts again; otherwise it goes straight back to whoever returned it. ``revision``: what
    the page showed; a later edit is a Conflict. ``explanation`` answers what the findings ask.

    Raises :class:`Refused` for a ``block`` finding, a returned plan without any change, a step nobody
    holds; nothing has changed then.
    """
    plan = base.locked(plan_id)
    case = base.demand(Act.SUBMIT, plan, actor=actor, at=at)
    if revision is not None and revision != plan.revision:
        raise Conflict("计划在您打开后又被修改过，请核对最新内容后再报送。")
    if explanation is not None:
        plan.explanation = explanation
    book = base.book_in_force(plan, at)
    costs = list(PlanCost.objects.filter(plan=plan))
    files = PlanAttachment.objects.filter(plan=plan).select_related("file")
    now = content.snapshot(plan, costs, files)
    findings = findings_of(plan, book.book, at=at, costs=costs)
    _refuse_blocked(plan, findings)
    index = resubmission.where_to(plan, now, book).index

    version = PlanVersion.objects.create(
        plan=plan,
        number=plan.version.number + 1 if plan.version is not None else 1,
        book=book,
        content=now,
        restarted=index == 0,
        submitted_by=actor,
        submitted_at=at,
    )
    task = case.task
    plan.version = version
    plan.updated_at = at
    plan.revision += 1
    if plan.serial is None:
        plan.serial = next_number(f"declaration:{plan.union_id}:{plan.year}")
    if index == len(book.book.steps) - 1:
        plan.resubmit_to_meeting()
    else:
        plan.submit()
    plan.save()
    decision = base.record(
        plan=plan,
        version=version,
        action=DecisionAction.SUBMIT,
        step=AUTHOR,
        step_title="经办",
        actor=actor,
        post=base.acting_post(case, task),
        at=at,
        task=task,
        opinion=plan.explanation,
        findings=findings,
    )
    place = base.place_at_step(plan, version, index, at)
    if task is None:
        flows.start(plan, place)
    else:
        flows.close(task, plan=plan, place=place, actor=actor, at=at)
    return decision


def _refuse_blocked(plan: ClassPlan, findings: Iterable[Finding]) -> None:
    findings = list(findings)
    if stops := [finding for finding in findings if finding.stops]:
        lines = "".join(f"{n}. {f.message}{f.mend}（{f.clause}）" for n, f in enumerate(stops, 1))
        raise Refused(f"《{plan.name}》不能报送：{lines}")
    held = [finding for finding in findings if finding.severity == Severity.HOLD]
    if held and not plan.explanation.strip():
        lines = "".join(f"{n}. {f.message}（{f.clause}）" for n, f in enumerate(held, 1))
        raise Refused(f"《{plan.name}》有须经批准的例外，请填写说明后报送：{lines}")


@transaction.atomic
def withdraw(*, plan_id: int, actor: User, at: datetime, opinion: str = "") -> Decision:
    """Takes a plan back until somebody has acted on it; it can be changed and handed in again."""
    plan = base.locked(plan_id)
    case = base.demand_open(Act.WITHDRAW, plan, actor=actor, at=at)
    plan.withdraw()
    plan.updated_at = at
    plan.save()
    flows.abandon(case.task, at=at)
    return base.record(
        plan=plan,
        version=case.version,
        action=DecisionAction.WITHDRAW,
        step=AUTHOR,
        step_title="经办",
        actor=actor,
        post=base.post_in(case.standing, plan),
        at=at,
        opinion=opinion,
    )


def submit_many(
    *, plan_ids: Iterable[int], actor: User, at: datetime
) -> list[tuple[int, Decision | None, str]]:
    """Submits each in its own transaction, by key; ``(plan id, decision or None, why not)`` for each."""
    results: list[tuple[int, Decision | None, str]] = []
    for plan_id in sorted(set(plan_ids)):
        try:
            results.append((plan_id, submit(plan_id=plan_id, actor=actor, at=at), ""))
        except Refused as refused:
            results.append((plan_id, None, str(refused)))
    return results
