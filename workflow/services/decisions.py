"""同意, 退回, 建议不列入: one step of review decides (HOUSE §2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from office.refusals import Refused
from rulebook.severity import Severity
from workflow import flows
from workflow.models import Decision
from workflow.rules.evaluate import findings_of
from workflow.rules.gate import Act
from workflow.services import base
from workflow.states import AUTHOR, DecisionAction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from org.models import User

_ACTS = {
    DecisionAction.AGREE: Act.AGREE,
    DecisionAction.RETURN: Act.RETURN,
    DecisionAction.ADVISE_EXCLUSION: Act.ADVISE_EXCLUSION,
}


@transaction.atomic
def decide(
    *,
    plan_id: int,
    task_id: int,
    action: DecisionAction,
    actor: User,
    at: datetime,
    opinion: str = "",
    return_to: str = AUTHOR,
) -> Decision:
    """Decides the open task ``task_id`` of a plan as the holder of its post.

    ``action``: AGREE (an empty opinion is 同意), RETURN (``return_to`` the author or the key of an
    earlier step; reason required) or ADVISE_EXCLUSION (reason required; the plan goes on, the meeting
    sees the advice). Findings as they are now are stored with the decision.

    Raises :class:`Conflict` naming who was faster, :class:`Refused` with the reason otherwise.
    """
    plan = base.locked(plan_id)
    task = base.open_task(plan, expected=task_id, now=at)
    case = base.demand_open(_ACTS[action], plan, actor=actor, at=at, task=task)
    version = case.version
    opinion = opinion.strip()
    if action != DecisionAction.AGREE and not opinion:
        raise Refused(f"{action.label}须填写意见，说明理由。")
    findings = findings_of(plan, version.book.book, at=at)
    held = [finding.title for finding in findings if finding.severity == Severity.HOLD]
    if action == DecisionAction.AGREE and held and not opinion:
        # An exemption is somebody's decision, so it takes his own words and no bulk act.
        raise Refused(f"《{plan.name}》有须经批准的例外（{'、'.join(held)}），同意时请填写意见。")
    decision = base.record(
        plan=plan,
        version=version,
        action=action,
        step=task.step,
        step_title=task.step_title,
        actor=actor,
        post=case.post,
        at=at,
        task=task,
        opinion=opinion or str(action.label),
        return_to=return_to if action == DecisionAction.RETURN else "",
        findings=findings,
    )
    place = _move(case, action, return_to, at)
    plan.updated_at = at
    plan.save(update_fields=["state", "updated_at"])
    flows.close(task, plan=plan, place=place, actor=actor, at=at)
    return decision


def _move(case: base.OpenCase, action: DecisionAction, return_to: str, at: datetime) -> flows.Place:
    keys = [step.key for step in case.version.book.book.steps]
    here = keys.index(case.task.step)
    if action == DecisionAction.RETURN:
        return send_back(case, return_to, before=here, at=at)
    if here + 1 == len(keys) - 1:
        case.plan.send_to_meeting()
    else:
        case.plan.pass_on()
    return base.place_at_step(case.plan, case.version, here + 1, at)


def send_back(case: base.OpenCase, return_to: str, *, before: int, at: datetime) -> flows.Place:
    """Moves the plan back to its author or to a step earlier than index ``before``."""
    plan, version = case.plan, case.version
    if return_to == AUTHOR:
        plan.send_back()
        return base.place_at_author(plan, version, at)
    earlier = [step.key for step in version.book.book.steps[:before]]
    if return_to not in earlier:
        raise Refused("只能退回经办人或前面的环节。")
    plan.send_back_to_step()
    return base.place_at_step(plan, version, earlier.index(return_to), at)


@dataclass(frozen=True)
class Result:
    """What became of one item of a bulk act: ``decision``, or ``reason`` it was left as it was."""

    plan_id: int
    name: str
    decision: Decision | None
    reason: str


def decide_many(
    *,
    tasks: Iterable[tuple[int, int, str]],
    action: DecisionAction,
    actor: User,
    at: datetime,
    opinion: str = "",
) -> list[Result]:
    """Decides ``(plan id, task id, plan name)`` in a transaction of its own, by key."""
    results = []
    for plan_id, task_id, name in sorted(set(tasks)):
        try:
            decision = decide(
                plan_id=plan_id, task_id=task_id, action=action, actor=actor, at=at, opinion=opinion
            )
            results.append(Result(plan_id, name, decision, ""))
        except Refused as refused:
            results.append(Result(plan_id, name, None, str(refused)))
    return results
