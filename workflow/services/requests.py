"""What is asked about a 期: drawn up, handed in, decided by the book's chain, taken back (D2-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from office.refusals import Conflict, Refused
from office.uploads import store
from rulebook.severity import Severity
from workflow import flows
from workflow.models import Decision, RunRequest
from workflow.rules.differences import chain_of
from workflow.rules.run_gate import ACT_OF_KIND, RunAct, judge
from workflow.rules.terms import RunTerms, holds_now
from workflow.services import base
from workflow.services.asking import (
    WITH_TERMS,
    StaleRequest,
    acting_post,
    demand,
    findings_now,
    locked_among,
    locked_request,
    move,
    open_task,
    place_at,
    refuse_agreement,
    refuse_unchanged,
    said,
    version_of,
    what_happened,
)
from workflow.services.drafts import ATTACHABLE
from workflow.services.refusing import turn_away
from workflow.services.run_changes import carry_out
from workflow.services.runs import locked_run
from workflow.states import AUTHOR, DecisionAction, RequestKind, RequestState, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from org.models import Union, User
    from workflow.rules.findings import Finding

_ACTS = {
    DecisionAction.AGREE: RunAct.AGREE,
    DecisionAction.RETURN: RunAct.RETURN,
    DecisionAction.REFUSE: RunAct.REFUSE,
}


@transaction.atomic
def save_draft(
    *,
    run_id: int,
    kind: RequestKind,
    content: Mapping[str, Any],
    reason: str,
    actor: User,
    at: datetime,
    request_id: int | None = None,
    revision: int | None = None,
    basis: UploadedFile[Any] | None = None,
    unit: Union | None = None,
) -> RunRequest:
    """A new request, or one changed while it is a draft or returned. Findings never stop it.

    ``content``: RunTerms as JSON for OPEN, CHANGE and POSTPONE. ``revision``: what the editor opened;
    another is :class:`StaleRequest`. ``basis``: a paper it rests on; None keeps the one there is.
    ``unit``: whose people an exemption is for, where one of the unit asks.
    """
    run = locked_run(run_id)
    if kind in WITH_TERMS:
        content = RunTerms.from_json(content).as_json()
    if request_id is None:
        seen = demand(ACT_OF_KIND[kind], run, actor=actor, at=at, unit=unit)
        if kind != RequestKind.EXEMPT and seen.request is not None:
            waiting = seen.request
            raise Refused(
                f"《{run.title}》已有一份{waiting.get_kind_display()}（{waiting.get_state_display()}），"
                "请继续办理这一份。"
            )
        request = RunRequest(run=run, kind=kind, created_by=actor, created_at=at)
    else:
        request = locked_among(request_id, run)
        demand(RunAct.EDIT_REQUEST, run, actor=actor, at=at, request=request)
        if revision is not None and revision != request.revision:
            raise StaleRequest(request)
        request.revision += 1
    request.content, request.reason = dict(content), reason.strip()
    if basis is not None:
        request.basis = store(basis, allow=ATTACHABLE, at=at)
    request.save()
    return request


@transaction.atomic
def discard(*, request_id: int, actor: User, at: datetime) -> None:
    """Throws away a draft that was never handed in."""
    request = locked_request(request_id)
    demand(RunAct.EDIT_REQUEST, request.run, actor=actor, at=at, request=request)
    if request.state != RequestState.DRAFT:
        raise Refused("已报送过的申请不能删除，可以撤回。")
    request.delete()


@transaction.atomic
def submit(*, request_id: int, actor: User, at: datetime, revision: int | None = None) -> Decision:
    """Hands a request in, for the first time or again; judged by the book in force it goes to the first step.

    An opening as planned goes the book's chain ``same``, another one ``changed``; every other kind its own.
    ``revision``: what the page showed; a later edit is a Conflict.

    Raises :class:`Refused` for a ``block`` finding, a missing reason, a returned request without any change,
    a step nobody holds.
    """
    request = locked_request(request_id)
    run, plan = request.run, request.run.plan
    seen = demand(RunAct.EDIT_REQUEST, run, actor=actor, at=at, request=request)
    if request.kind != RequestKind.EXEMPT and (reason := judge(ACT_OF_KIND[request.kind], seen)):
        raise Refused(reason)
    if revision is not None and revision != request.revision:
        raise Conflict("申请在您打开后又被修改过，请核对最新内容后再报送。")
    version = version_of(plan)
    task = open_task(request)
    refuse_unchanged(request)
    book = base.book_in_force(plan, at)
    before = holds_now(run)
    request.book = book
    request.before = before.as_json()
    findings = findings_now(request, at=at)
    terms = RunTerms.from_json(request.content) if request.kind in WITH_TERMS else before
    request.chain = chain_of(request.kind, before, terms, plan, book.book)
    _refuse_unsound(request, findings)
    request.number += 1
    request.submitted_at = at
    request.submit()
    request.save()
    if request.kind == RequestKind.OPEN:
        run.apply()
        run.save(update_fields=["state"])
    decision = base.record(
        plan=plan,
        version=version,
        request=request,
        action=DecisionAction.SUBMIT,
        step=AUTHOR,
        step_title="经办",
        actor=actor,
        post=acting_post(seen, request, task),
        at=at,
        task=task,
        opinion=request.reason,
        findings=findings,
    )
    place = place_at(request, request.steps[0], author_id=actor.pk, at=at)
    if task is None:
        flows.start_request(request, place)
    else:
        flows.close(task, request=request, place=place, actor=actor, at=at)
    return decision


def _refuse_unsound(request: RunRequest, findings: Sequence[Finding]) -> None:
    what = f"{request.get_kind_display()}《{request.run.title}》"
    if stops := [finding for finding in findings if finding.stops]:
        raise Refused(f"{what}不能报送：{said(stops)}")
    if request.reason:
        return
    if request.kind != RequestKind.OPEN:
        raise Refused(f"{what}须填写理由。")
    if request.chain == "changed":
        raise Refused(f"{what}与计划不一致，须填写理由。")
    if held := [finding for finding in findings if finding.severity == Severity.HOLD]:
        lines = "".join(f"{n}. {f.message}（{f.clause}）" for n, f in enumerate(held, 1))
        raise Refused(f"{what}有须经批准的例外，请填写理由后报送：{lines}")


@transaction.atomic
def decide(
    *, request_id: int, task_id: int, action: DecisionAction, actor: User, at: datetime, opinion: str = ""
) -> Decision:
    """Decides the open task ``task_id`` of a request as the holder of its post: AGREE, RETURN or REFUSE.

    An empty opinion is 同意; the others want their reason. The last AGREE does what was asked in the same
    transaction (:func:`workflow.services.run_changes.carry_out`).

    Raises :class:`Conflict` naming who was faster, :class:`Refused` with the reason otherwise.
    """
    request = locked_request(request_id)
    run, plan = request.run, request.run.plan
    task = open_task(request)
    if task is None or task.pk != task_id or task.post is None:
        raise Conflict(what_happened(request, task_id, at))
    seen = demand(_ACTS[action], run, actor=actor, at=at, request=request)
    opinion = opinion.strip()
    if action != DecisionAction.AGREE and not opinion:
        raise Refused(f"{action.label}须填写意见，说明理由。")
    findings = findings_now(request, at=at)
    if action == DecisionAction.AGREE:
        refuse_agreement(request, findings, opinion)
    decision = base.record(
        plan=plan,
        version=version_of(plan),
        request=request,
        action=action,
        step=task.step,
        step_title=task.step_title,
        actor=actor,
        post=task.post,
        at=at,
        task=task,
        opinion=opinion or str(action.label),
        return_to=AUTHOR if action == DecisionAction.RETURN else "",
        findings=findings,
    )
    place = move(request, task, action, seen, at)
    if place is None:
        request.settled_at = at
    request.save()
    if request.kind == RequestKind.OPEN and action != DecisionAction.AGREE:
        run.hand_back()
        run.save(update_fields=["state"])
    if request.state == RequestState.APPROVED:
        carry_out(request, actor=actor, post=task.post, at=at)
    elif request.state == RequestState.REFUSED and request.kind == RequestKind.EXEMPT:
        turn_away(request, actor=actor, standing=seen.standing, post=task.post, at=at, opinion=opinion)
    flows.close(task, request=request, place=place, actor=actor, at=at)
    return decision


@transaction.atomic
def withdraw(*, request_id: int, actor: User, at: datetime, opinion: str = "") -> Decision:
    """Takes a request back until somebody has agreed to it, or while it is returned; it ends with that."""
    request = locked_request(request_id)
    run, plan = request.run, request.run.plan
    task = open_task(request)
    seen = demand(RunAct.WITHDRAW_REQUEST, run, actor=actor, at=at, request=request)
    if task is None:
        raise Conflict(what_happened(request, 0, at))
    request.withdraw()
    request.settled_at = at
    request.save()
    if request.kind == RequestKind.OPEN and run.state == RunState.OPENING:
        run.hand_back()
        run.save(update_fields=["state"])
    flows.abandon(task, at=at)
    return base.record(
        plan=plan,
        version=version_of(plan),
        request=request,
        action=DecisionAction.WITHDRAW,
        step=AUTHOR,
        step_title="经办",
        actor=actor,
        post=base.post_in(seen.standing, plan),
        at=at,
        opinion=opinion,
    )
