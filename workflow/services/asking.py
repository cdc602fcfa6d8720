"""What every act on a request shares: the locks, what the book says, the desk it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from office.refusals import Conflict, Refused
from office.wording import moment
from office.workdays import add_workdays
from org.models import Tenure
from rulebook.severity import Severity
from workflow import flows
from workflow.models import RunRequest
from workflow.rules import chain
from workflow.rules.run_checks import Asked, findings_of_terms
from workflow.rules.run_gate import RunAct, RunCase, case, judge
from workflow.rules.terms import RunTerms
from workflow.services import base
from workflow.services.runs import locked_run
from workflow.states import AUTHOR, DecisionAction, RequestKind, RequestState, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from org.models import Post, Union, User
    from rulebook.steps import Step
    from workflow.models import ClassPlan, ClassRun, Decision, PlanVersion, WorkTask
    from workflow.rules.findings import Finding
    from workflow.rules.request_gate import AnyRequest, RequestCase

#: Requests whose content is :class:`RunTerms`; of the others it is whatever their page asks.
WITH_TERMS = frozenset({RequestKind.OPEN, RequestKind.CHANGE, RequestKind.POSTPONE})


def locked_request(request_id: int) -> RunRequest:
    """The request with its 期 and plan, fresh and locked. Raises ``RunRequest.DoesNotExist``."""
    run_id = RunRequest.objects.values_list("run", flat=True).filter(pk=request_id).first()
    if run_id is None:
        raise RunRequest.DoesNotExist(request_id)
    return locked_among(request_id, locked_run(run_id))


def locked_among(request_id: int, run: ClassRun) -> RunRequest:
    """One of the requests about ``run``, whose row is locked already."""
    found = RunRequest.objects.select_for_update(of=("self",)).select_related("book", "basis")
    request = found.get(pk=request_id, run=run)
    request.run = run
    return request


def demand(
    act: RunAct,
    run: ClassRun,
    *,
    actor: User,
    at: datetime,
    request: RunRequest | None = None,
    unit: Union | None = None,
) -> RunCase:
    """The case of ``act`` where the gate lets it through; :class:`Refused` with the reason where not."""
    seen = case(run, actor=actor, at=at, request=request, unit=unit)
    if reason := judge(act, seen):
        raise Refused(reason)
    return seen


def findings_now(request: RunRequest, *, at: datetime) -> list[Finding]:
    """What the book it is judged by says of what is asked; nothing of a request without terms."""
    if request.kind not in WITH_TERMS or request.book is None:
        return []
    return findings_of_terms(
        Asked(
            run=request.run,
            kind=request.kind,
            before=RunTerms.from_json(request.before),
            terms=RunTerms.from_json(request.content),
            book=request.book.book,
            at=at,
        )
    )


def version_of(plan: ClassPlan) -> PlanVersion:
    """The version an approved plan stands by: decisions about its 期 name it."""
    if plan.version is None:  # the database keeps an approved plan from it
        raise ValueError("an approved plan has a version")
    return plan.version


# ---- what requests about 期 and requests about money share


def place_at(request: AnyRequest, step: Step, *, author_id: int, at: datetime) -> flows.Place:
    """The desk of a step, with its time limit in working days."""
    turn = chain.turn(request.about, step, timezone.localdate(at), author_id=author_id)
    return flows.Place(step.key, step.title, turn.post, at, add_workdays(at, step.days))


def place_at_author(request: AnyRequest, handed_in: Decision, at: datetime) -> flows.Place:
    """The desk of whoever handed it in: the post he did it as while he holds it, else the department's."""
    on = timezone.localdate(at)
    own = Tenure.objects.on(on).filter(post=handed_in.post, user=handed_in.actor)
    post = handed_in.post if handed_in.post is not None and own.exists() else None
    return flows.Place(
        AUTHOR,
        str(StepKind.AMEND.label),
        post or chain.author_post(request.about, handed_in.actor, on),
        at,
        None,
    )


def acting_post(seen: RequestCase, request: AnyRequest, task: WorkTask | None) -> Post | None:
    """As which post the actor acts: the task's own if he holds it, else his in the asking department."""
    if task is not None and task.post_id in seen.standing.post_ids:
        return task.post
    return base.post_in(seen.standing, request.about)


def open_task(request: AnyRequest) -> WorkTask | None:
    """The request's open task with post and process, the process's row locked."""
    if not request.is_pending:
        return None
    task = (
        request.tasks.filter(is_open=True, process__workprocess__isnull=False)
        .select_for_update(of=("process__workprocess",))
        .select_related("post", "post__department", "post__union", "process__workprocess")
        .order_by()
        .first()
    )
    if task is not None:
        task.process = task.process.workprocess
    return task


def what_happened(request: AnyRequest, task_id: int, now: datetime) -> str:
    """Who was faster, for whoever comes too late to task ``task_id``."""
    done = request.decisions.order_by("at", "id")
    last = done.filter(task=task_id).last() or done.last()
    what = request.words
    if last is None:
        return f"{what}现为“{request.get_state_display()}”，这一步已不在等待办理，请刷新。"
    return (
        f"{what}，“{last.step_title}”已由 {last.actor_name}（{last.post_title}）"
        f"于 {moment(last.at, now=now)} 办理：{last.get_action_display()}。"
    )


def refuse_unchanged(request: AnyRequest) -> None:
    """What was returned comes back with something changed (S2); the history keeps what was handed in."""
    if request.state != RequestState.RETURNED:
        return
    kept: Any = request
    before = (
        kept.events.filter(state=RequestState.REVIEWING, number=request.number).order_by("pgh_id").first()
    )
    if before is None:
        return
    if (before.content, before.reason, before.basis_id) == (
        request.content,
        request.reason,
        request.basis_id,
    ):
        raise Refused(f"{request.words}退回后没有任何改动。请按退回意见修改；不需要修改的，在理由中说明。")


class StaleRequest(Conflict):
    """Somebody saved the request after this editor opened it; ``request`` is how it stands now."""

    def __init__(self, request: AnyRequest) -> None:
        super().__init__("您编辑期间，他人已修改并保存了这份申请。请核对最新内容后再保存。")
        self.request = request


def said(findings: Iterable[Finding]) -> str:
    """Findings as a refusal names them, numbered."""
    return "".join(f"{n}. {f.message}{f.mend}（{f.clause}）" for n, f in enumerate(findings, 1))


def refuse_agreement(request: AnyRequest, findings: Sequence[Finding], opinion: str) -> None:
    """What couldn't be handed in today can't be agreed to either: days go by and money moves while papers
    lie. What a rule holds is agreed to in one's own words."""
    if stops := [finding for finding in findings if finding.stops]:
        raise Refused(f"{request.words}现在不能同意：{said(stops)}请退回修改。")
    held = [finding.title for finding in findings if finding.severity == Severity.HOLD]
    if held and not opinion:
        raise Refused(f"{request.words}有须经批准的例外（{'、'.join(held)}），同意时请填写意见。")


def move(
    request: AnyRequest, task: WorkTask, action: DecisionAction, seen: RequestCase, at: datetime
) -> flows.Place | None:
    """Moves the request as ``action`` at ``task`` says; where it lies then, None at an end."""
    if action == DecisionAction.REFUSE:
        request.refuse()
        return None
    handed_in = seen.handed_in
    if handed_in is None:
        raise ValueError("a request under review was handed in")
    if action == DecisionAction.RETURN:
        request.send_back()
        return place_at_author(request, handed_in, at)
    steps = request.steps
    after = [step.key for step in steps].index(task.step) + 1
    if after == len(steps):
        request.approve()
        return None
    request.pass_on()
    return place_at(request, steps[after], author_id=handed_in.actor_id, at=at)
