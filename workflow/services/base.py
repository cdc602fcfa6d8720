"""What every act on a plan shares: the lock, the place it goes to, the line in the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from office.numbering import next_number
from office.prepared import Prepared
from office.refusals import Conflict, Refused
from office.wording import moment
from office.workdays import add_workdays
from rulebook.models import RuleBook
from rulebook.selectors import book_for
from workflow.flows import Place
from workflow.models import ClassPlan, Decision, PlanVersion, WorkTask
from workflow.rules import chain, gate
from workflow.states import AUTHOR, PENDING, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from org.models import Post, User
    from org.selectors import Standing
    from workflow.models import Meeting, MoneyRequest, RunRequest
    from workflow.rules.findings import Finding
    from workflow.states import DecisionAction


_PLAN: Prepared[ClassPlan] = Prepared(
    lambda plan: (
        ClassPlan.objects.select_for_update(of=("self",))
        .select_related("union", "department", "version", "version__book")
        # The book's own text is parsed once a process (RuleBook.book), not read with every lock.
        .defer("version__book__content", "version__book__source_text")
        .filter(pk=plan)
    ),
    plan=int,
)
_TASK: Prepared[WorkTask] = Prepared(
    lambda plan: (
        WorkTask.objects.filter(plan=plan, request=None, is_open=True, process__workprocess__isnull=False)
        .select_for_update(of=("process__workprocess",))
        .select_related("post", "post__department", "post__union", "process__workprocess")
        .order_by()
    ),
    plan=int,
)


def project_number(union_id: int, year: int) -> str:
    """The next number of a project of that year, which is the plan's number too; drawn in a transaction."""
    return f"P{year}-{next_number(f'plan:{union_id}:{year}'):04}"


def request_code(union_id: int, year: int) -> str:
    """The next number of a request about money of that year's funds; drawn in a transaction."""
    return f"JF{year}-{next_number(f'money:{union_id}:{year}'):04}"


def locked(plan_id: int) -> ClassPlan:
    """The plan, fresh, its row locked until the transaction ends. Locks go plan → process → ledger."""
    plan = _PLAN.first(plan=plan_id)
    if plan is None:
        raise ClassPlan.DoesNotExist(plan_id)
    return plan


def demand(
    act: gate.Act, plan: ClassPlan, *, actor: User, at: datetime, task: WorkTask | None = None
) -> gate.Case:
    """The case of ``act`` where the gate lets it through; :class:`Refused` with the reason where not.

    ``task``: the plan's open task where it is at hand; only a pending plan has one.
    """
    if task is None and plan.state in PENDING:
        task = _open_task(plan)
    case = gate.cases([plan], actor=actor, at=at, tasks=[] if task is None else [task])[0]
    if reason := gate.judge(act, case):
        raise Refused(reason)
    return case


def open_task(plan: ClassPlan, *, expected: int | None = None, now: datetime) -> WorkTask:
    """The plan's open task. ``expected``: the task the caller's page showed; another one is a Conflict."""
    task = _open_task(plan)
    if task is None or (expected is not None and task.pk != expected):
        raise Conflict(_what_happened(plan, expected, now))
    return task


def _open_task(plan: ClassPlan) -> WorkTask | None:
    """The plan's open task with its post and its process, the process's row locked in the same statement.

    The plan's row, locked before, orders all acts on a plan; the process's is for whoever comes by
    viewflow's own road.
    """
    task = _TASK.first(plan=plan.pk)
    if task is not None:
        task.process = task.process.workprocess
    return task


def _what_happened(plan: ClassPlan, task_id: int | None, now: datetime) -> str:
    done = Decision.objects.filter(plan=plan, request=None).order_by("at", "id")
    # A withdrawal decides no task, yet it is what closed the one that was asked for.
    last = done.filter(task=task_id).last() if task_id is not None else None
    last = last or done.last()
    if last is None:
        return f"《{plan.name}》现为“{plan.get_state_display()}”，这一步已不在等待办理，请刷新。"
    return (
        f"《{plan.name}》的“{last.step_title}”已由 {last.actor_name}（{last.post_title}）"
        f"于 {moment(last.at, now=now)} 办理：{last.get_action_display()}。"
    )


@dataclass(frozen=True)
class OpenCase:
    """A pending plan whose turn it is: everything an act on its open task needs, none of it missing."""

    plan: ClassPlan
    version: PlanVersion
    task: WorkTask
    post: Post
    standing: Standing


def demand_open(
    act: gate.Act, plan: ClassPlan, *, actor: User, at: datetime, task: WorkTask | None = None
) -> OpenCase:
    """:func:`demand` for an act on the plan's open task."""
    case = demand(act, plan, actor=actor, at=at, task=task)
    if case.task is None or case.task.post is None or plan.version is None:
        raise Conflict(_what_happened(plan, None, at))
    return OpenCase(plan, plan.version, case.task, case.task.post, case.standing)


def book_in_force(plan: ClassPlan, at: datetime) -> RuleBook:
    """The book a submission at ``at`` will be judged by."""
    return book_for(plan.union, timezone.localdate(at))


def place_at_step(plan: ClassPlan, version: PlanVersion, index: int, at: datetime) -> Place:
    """The desk of step ``index`` of the version's book, with its time limit in working days."""
    steps = version.book.book.steps
    turn = chain.turn(
        plan,
        steps[index],
        timezone.localdate(at),
        author_id=version.submitted_by_id,
        meeting=index == len(steps) - 1,
    )
    return Place(turn.step.key, turn.step.title, turn.post, at, add_workdays(at, turn.step.days))


def place_at_author(plan: ClassPlan, version: PlanVersion, at: datetime) -> Place:
    """The desk of whoever drew the plan up."""
    post = chain.author_post(plan, version.submitted_by, timezone.localdate(at))
    return Place(AUTHOR, str(StepKind.REVISE.label), post, at, None)


def acting_post(case: gate.Case, task: WorkTask | None) -> Post | None:
    """As which post the actor acts: the task's own if he holds it, else his in the plan's department.

    A plan returned to one person of a department may be handed in again by another.
    """
    if task is not None and task.post_id in case.standing.post_ids:
        return task.post
    return post_in(case.standing, case.plan)


def post_in(standing: Standing, about: chain.About) -> Post | None:
    """The actor's post in the department it comes from, else any he holds."""
    own = [post for post in standing.posts if post.department_id == about.department_id]
    return next(iter(own or standing.posts), None)


def record(
    *,
    plan: ClassPlan | None = None,
    version: PlanVersion | None = None,
    action: DecisionAction,
    step: str,
    step_title: str,
    actor: User,
    post: Post | None,
    at: datetime,
    task: WorkTask | None = None,
    opinion: str = "",
    return_to: str = "",
    meeting: Meeting | None = None,
    findings: Iterable[Finding] = (),
    request: RunRequest | None = None,
    money: MoneyRequest | None = None,
) -> Decision:
    """Appends one line to the approval record, names and titles as they are today.

    ``request``: what about one of the plan's 期 was decided; None where it was the plan itself. ``money``:
    what about money was; it has no plan.
    """
    return Decision.objects.create(
        plan=plan,
        version=version,
        request=request,
        money=money,
        task=task,
        meeting=meeting,
        step=step,
        step_title=step_title,
        action=action,
        return_to=return_to,
        opinion=opinion,
        actor=actor,
        actor_name=actor.name,
        post=post,
        post_title=post.full_title if post is not None else "",
        received_at=task.arrived_at if task is not None else None,
        at=at,
        findings=[finding.as_json() for finding in findings],
    )
