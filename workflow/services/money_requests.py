"""经费申请: drawn up, handed in, decided by the book's chain and carried out, taken back.

:mod:`workflow.services.requests` for 调剂, 预算调整, 结转 and 追加. The last agreement moves the money in its
own transaction: both or neither. Locks go request → process → ledger.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from budgets.models import Fund
from budgets.rules import finance_post
from budgets.services import constraint_name
from office.refusals import Conflict, Refused
from office.uploads import store
from rulebook.selectors import book_for
from workflow import flows
from workflow.models import MoneyRequest
from workflow.rules.money_checks import findings_now, findings_of_money
from workflow.rules.money_gate import MoneyAct, MoneyCase, case, case_of, judge
from workflow.rules.money_terms import MoneyTerms, figures_now
from workflow.services import base
from workflow.services.asking import (
    StaleRequest,
    acting_post,
    move,
    open_task,
    place_at,
    refuse_agreement,
    refuse_unchanged,
    said,
    what_happened,
)
from workflow.services.drafts import ATTACHABLE
from workflow.services.money_changes import carry_out
from workflow.states import AUTHOR, OF_PROJECT, DecisionAction, MoneyKind, RequestState

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from budgets.models import Project
    from org.models import Department, User
    from workflow.models import Decision

_ACTS = {
    DecisionAction.AGREE: MoneyAct.AGREE,
    DecisionAction.RETURN: MoneyAct.RETURN,
    DecisionAction.REFUSE: MoneyAct.REFUSE,
}

#: One request about a project's budget at a time, and one 结转 of a fund.
_OPEN_ONCE = frozenset({"one_open_money_request_a_project", "one_open_carry_over_a_fund"})


#: Within this a form that comes again is the same form.
TWICE: Final = timedelta(minutes=10)


def _locked(request_id: int) -> MoneyRequest:
    """The request with what it is about, fresh and locked. Raises ``MoneyRequest.DoesNotExist``."""
    rows = MoneyRequest.objects.select_for_update(of=("self",)).select_related(
        "union", "department", "fund__union", "project__department", "book", "basis", "created_by"
    )
    return rows.get(pk=request_id)


def _demand(act: MoneyAct, request: MoneyRequest, *, actor: User, at: datetime) -> MoneyCase:
    """The case of ``act`` where the gate lets it through; :class:`Refused` with the reason where not."""
    seen = case_of(request, actor=actor, at=at)
    if reason := judge(act, seen):
        raise Refused(reason)
    return seen


@transaction.atomic
def save_draft(
    *,
    kind: MoneyKind,
    fund: Fund,
    terms: MoneyTerms,
    reason: str,
    actor: User,
    at: datetime,
    project: Project | None = None,
    request_id: int | None = None,
    revision: int | None = None,
    basis: UploadedFile[Any] | None = None,
) -> MoneyRequest:
    """A new request, or one changed while it is a draft or returned. What speaks against it never stops it.

    ``project`` for 调剂 and 预算调整, of whose fund it is then. ``revision``: what the editor opened; another
    is :class:`StaleRequest`. ``basis``: a paper it rests on; None keeps the one there is. The same form
    sent twice within :data:`TWICE` is one request: the second time gives the first one, as it is by then.
    """
    if request_id is None:
        if (sent := _sent_before(kind, fund, project, terms, reason, actor, at)) is not None:
            return sent
        seen = case(fund, project, actor=actor, at=at)
        if refused := judge(MoneyAct(kind.value), seen):
            raise Refused(refused)
        request = MoneyRequest(
            union=fund.union,
            department=_asking(seen, kind, actor, at),
            fund=fund,
            project=project if kind in OF_PROJECT else None,
            kind=kind,
            created_by=actor,
            created_at=at,
        )
    else:
        request = _locked(request_id)
        _demand(MoneyAct.EDIT, request, actor=actor, at=at)
        if revision is not None and revision != request.revision:
            raise StaleRequest(request)
        request.revision += 1
    request.content, request.reason = terms.as_json(), reason.strip()
    if basis is not None:
        request.basis = store(basis, allow=ATTACHABLE, at=at)
    request.save()
    return request


@transaction.atomic
def ask_again(*, request_id: int, actor: User, at: datetime) -> MoneyRequest:
    """A draft of what a request that was withdrawn or refused asked, with the paper it rested on.

    Raises :class:`Refused` for one that is under way or was agreed to, and for whoever may not ask.
    """
    ended = MoneyRequest.objects.select_related("fund__union", "project__department").get(pk=request_id)
    if ended.state not in (RequestState.WITHDRAWN, RequestState.REFUSED):
        raise Refused(f"{ended.words}现为“{ended.get_state_display()}”，撤回或不同意的申请才能沿用。")
    draft = save_draft(
        kind=MoneyKind(ended.kind),
        fund=ended.fund,
        project=ended.project,
        terms=MoneyTerms.from_json(ended.content),
        reason=ended.reason,
        actor=actor,
        at=at,
    )
    if draft.state == RequestState.DRAFT and ended.basis_id is not None:
        draft.basis_id = ended.basis_id
        draft.save(update_fields=["basis"])
    return draft


def _sent_before(
    kind: MoneyKind,
    fund: Fund,
    project: Project | None,
    terms: MoneyTerms,
    reason: str,
    actor: User,
    at: datetime,
) -> MoneyRequest | None:
    """What the same person has just asked in the same words. Holds the fund's row: twice at once is twice."""
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    return MoneyRequest.objects.filter(
        kind=kind,
        fund=fund,
        project=project if kind in OF_PROJECT else None,
        content=terms.as_json(),
        reason=reason.strip(),
        created_by=actor,
        created_at__gt=at - TWICE,
        state__in=(RequestState.DRAFT, RequestState.REVIEWING),
    ).first()


def _asking(seen: MoneyCase, kind: MoneyKind, actor: User, at: datetime) -> Department:
    """The department that asks: the project's own where the actor is of it, else finance's."""
    if kind in OF_PROJECT and seen.is_department and seen.project is not None:
        return seen.project.department
    post = finance_post(seen.fund.union, actor, at)
    if post is None or post.department is None:
        raise Refused("财务职责由会议秘书承担且该岗位不属于任何部门，请联系系统管理员设置。")
    return post.department


@transaction.atomic
def discard(*, request_id: int, actor: User, at: datetime) -> None:
    """Throws away a draft that was never handed in."""
    request = _locked(request_id)
    _demand(MoneyAct.EDIT, request, actor=actor, at=at)
    if request.state != RequestState.DRAFT:
        raise Refused("已报送过的申请不能删除，可以撤回。")
    request.delete()


@transaction.atomic
def submit(*, request_id: int, actor: User, at: datetime, revision: int | None = None) -> Decision:
    """Hands a request in, for the first time or again; judged by the book in force it goes to the first step.

    ``revision``: what the page showed; a later edit is a Conflict. Raises :class:`Refused` with every figure
    that speaks against it (S19, S21), for a missing reason, a returned request without any change, another
    request under way, a step nobody holds.
    """
    request = _locked(request_id)
    seen = _demand(MoneyAct.EDIT, request, actor=actor, at=at)
    if refused := judge(MoneyAct(request.kind), seen):
        raise Refused(refused)
    if revision is not None and revision != request.revision:
        raise Conflict("申请在您打开后又被修改过，请核对最新内容后再报送。")
    task = open_task(request)
    refuse_unchanged(request)
    request.book = book_for(request.union, timezone.localdate(at))
    request.chain = request.kind
    terms = MoneyTerms.from_json(request.content)
    before = figures_now(request, terms)
    if request.kind == MoneyKind.BUDGET:
        terms = terms.whole(before)
        request.content = terms.as_json()
    request.before = before.as_json()
    findings = findings_of_money(request, terms, before, request.judged_by, at=at)
    if stops := [finding for finding in findings if finding.stops]:
        raise Refused(f"{request.words}不能报送：{said(stops)}")
    if not request.reason:
        raise Refused(f"{request.words}须填写理由。")
    request.number += 1
    request.code = request.code or base.request_code(request.union_id, request.fund.year)
    request.submitted_at = at
    request.submit()
    _save_once(request)
    decision = base.record(
        money=request,
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


def _save_once(request: MoneyRequest) -> None:
    """Saves what is handed in; one about the same money under way refuses it."""
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError as error:
        if constraint_name(error) not in _OPEN_ONCE:
            raise
        pending = MoneyRequest.objects.filter(state__in=(RequestState.REVIEWING, RequestState.RETURNED))
        same = {"project": request.project} if request.project is not None else {"fund": request.fund}
        other = pending.filter(**same).exclude(pk=request.pk).first()
        which = f"（{other.code}，{other.get_state_display()}）" if other is not None else ""
        raise Conflict(f"{request.words}不能报送：同一经费已有一份申请在办{which}，请待其办结。") from error


@transaction.atomic
def decide(
    *, request_id: int, task_id: int, action: DecisionAction, actor: User, at: datetime, opinion: str = ""
) -> Decision:
    """Decides the open task ``task_id`` of a request as the holder of its post: AGREE, RETURN or REFUSE.

    An empty opinion is 同意; the others want their reason. The last AGREE moves the money in the same
    transaction (:func:`workflow.services.money_changes.carry_out`).

    Raises :class:`Conflict` naming who was faster, :class:`Refused` with reason and figures otherwise.
    """
    request = _locked(request_id)
    task = open_task(request)
    if task is None or task.pk != task_id or task.post is None:
        raise Conflict(what_happened(request, task_id, at))
    seen = _demand(_ACTS[action], request, actor=actor, at=at)
    opinion = opinion.strip()
    if action != DecisionAction.AGREE and not opinion:
        raise Refused(f"{action.label}须填写意见，说明理由。")
    findings = findings_now(request, at=at)
    if action == DecisionAction.AGREE:
        refuse_agreement(request, findings, opinion)
    decision = base.record(
        money=request,
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
    if request.state == RequestState.APPROVED:
        carry_out(request, actor=actor, post=task.post, at=at)
    flows.close(task, request=request, place=place, actor=actor, at=at)
    return decision


@transaction.atomic
def withdraw(*, request_id: int, actor: User, at: datetime, opinion: str = "") -> Decision:
    """Takes a request back until somebody has agreed to it, or while it is returned; it ends with that."""
    request = _locked(request_id)
    task = open_task(request)
    seen = _demand(MoneyAct.WITHDRAW, request, actor=actor, at=at)
    if task is None:
        raise Conflict(what_happened(request, 0, at))
    request.withdraw()
    request.settled_at = at
    request.save()
    flows.abandon(task, at=at)
    return base.record(
        money=request,
        action=DecisionAction.WITHDRAW,
        step=AUTHOR,
        step_title="经办",
        actor=actor,
        post=base.post_in(seen.standing, request),
        at=at,
        opinion=opinion,
    )
