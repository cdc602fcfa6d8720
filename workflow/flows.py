"""Who must act next on a plan, on a request about one of its 期 or about money, and nothing else.

The chain is data: one ``review`` node loops over the steps of the book, its task's post found
through the step. Where a plan goes after a task is read from ``plan.state`` (ENGINE.md, one truth):
a :class:`Desk` routes by it directly, which is viewflow's ``View`` and ``Switch`` in one node and
saves the five statements a persisted gateway costs at each decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from viewflow import this
from viewflow.workflow import flow, lock, signals
from viewflow.workflow.base import Edge
from viewflow.workflow.nodes.end import EndActivation
from viewflow.workflow.nodes.handle import HandleActivation
from viewflow.workflow.nodes.start import StartHandleActivation
from viewflow.workflow.status import PROCESS, STATUS

from workflow.models import ClassPlan, MoneyRequest, RunRequest, WorkProcess, WorkTask
from workflow.states import (
    MONEY_DESKS,
    PLAN_DESKS,
    REQUEST_DESKS,
    TASK_OF_MONEY,
    TASK_OF_REQUEST,
    TASK_OF_STATE,
    StepKind,
)

if TYPE_CHECKING:
    from org.models import Post, User


@dataclass(frozen=True)
class Place:
    """Where a plan comes to lie: a step of the book, the post whose turn it is, since when, until when."""

    step: str
    title: str
    post: Post
    arrived_at: datetime
    due_at: datetime | None


class DeskActivation(HandleActivation):
    """A task on somebody's desk. It is born with its post and closed with its owner in one save."""

    @classmethod
    def create(
        cls, flow_task: Any, prev_activation: Any, token: Any, data: Any = None, seed: Any = None
    ) -> Any:
        process = prev_activation.process
        place: Place = process.place
        task = WorkTask(
            process=process,
            plan=process.plan,
            request=process.request,
            money=process.money,
            flow_task=flow_task,
            token=token,
            data={},
            kind=flow_task.name,
            step=place.step,
            step_title=place.title,
            post=place.post,
            is_open=True,
            arrived_at=place.arrived_at,
            due_at=place.due_at,
            created=place.arrived_at,
        )
        task.save_after(prev_activation.task)
        return cls(task)

    def close(self, actor: User, at: datetime) -> None:
        """Completes the task as done by ``actor`` and opens whatever the plan's state asks for next."""
        self.task.owner = actor
        self.task.assigned = self.task.arrived_at
        self.task.is_open = False
        self.run(None)
        self.execute()

    @HandleActivation.status.transition(source=STATUS.DONE)
    def create_next(self) -> Iterator[Any]:
        node = self.flow_task.routes.get(_next_desk(self.process), self.flow_task.otherwise)
        yield node._create(self, self.task.token)


def _next_desk(process: WorkProcess) -> StepKind | None:
    """Which desk follows from the state of what the process is about; None at an end."""
    if process.money is not None:
        return TASK_OF_MONEY.get(process.money.state)
    if process.request is not None:
        return TASK_OF_REQUEST.get(process.request.state)
    return TASK_OF_STATE.get(process.plan.state) if process.plan is not None else None


class Desk(flow.Handle):
    """A node whose task waits for a person and whose next node follows from the subject's state."""

    activation_class = DeskActivation
    task_type = "HUMAN"

    def __init__(self, desks: Sequence[StepKind] = PLAN_DESKS) -> None:
        super().__init__()
        self.routes: dict[str | None, Any] = {desk.value: getattr(this, desk.value) for desk in desks}
        self.otherwise: Any = this.end

    def _resolve(self, instance: Any) -> None:
        super()._resolve(instance)
        self.routes = {kind: this.resolve(instance, node) for kind, node in self.routes.items()}
        self.otherwise = this.resolve(instance, self.otherwise)

    def _outgoing(self) -> Iterator[Any]:
        for kind, node in self.routes.items():
            yield Edge(src=self, dst=node, edge_class="cond_true", label=kind)
        yield Edge(src=self, dst=self.otherwise, edge_class="default")


class BeginActivation(StartHandleActivation):
    """The first task of a run, done as it is born. The caller's transaction and the plan's lock are around
    it, so it needs neither a savepoint nor a lock on the process it has just made."""

    @StartHandleActivation.status.transition(source=STATUS.NEW)
    def execute(self) -> None:
        signals.task_started.send(sender=self.flow_class, process=self.process, task=self.task)
        self.process.save()
        self.complete()
        signals.flow_started.send(sender=self.flow_class, process=self.process, task=self.task)
        self.activate_next()


class Begin(flow.StartHandle):
    """Where a run begins."""

    activation_class = BeginActivation


class FinishActivation(EndActivation):
    """The last task of a run, done as it is born: a plan has one open task at most, so none is left."""

    @classmethod
    def create(
        cls, flow_task: Any, prev_activation: Any, token: Any, data: Any = None, seed: Any = None
    ) -> Any:
        process, moment = prev_activation.process, prev_activation.task.finished
        process.status, process.finished, process.is_open = PROCESS.DONE, moment, False
        process.save()
        task = WorkTask(
            process=process,
            flow_task=flow_task,
            token=token,
            data={},
            status=STATUS.DONE,
            created=moment,
            started=moment,
            finished=moment,
        )
        task.save_after(prev_activation.task)
        for signal in (signals.task_started, signals.task_finished, signals.flow_finished):
            signal.send(sender=flow_task.flow_class, process=process, task=task)
        return cls(task)


class Finish(flow.End):
    """Where a run ends."""

    activation_class = FinishActivation


class PlanFlow(flow.Flow):
    """年度计划审批."""

    process_class = WorkProcess
    task_class = WorkTask
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)
    process_title = "年度计划审批"

    start = Begin(this.begin).Next(this.review)
    review = Desk()
    decide = Desk()
    revise = Desk()
    hold = Desk()
    end = Finish()

    def begin(self, activation: Any, plan: ClassPlan, place: Place) -> WorkProcess:
        """Binds the new process to its plan and to the first desk."""
        activation.process.plan = plan
        activation.process.place = place
        return activation.process  # type: ignore[no-any-return]


class RequestFlow(flow.Flow):
    """班次申请审批: the second gate and what may change behind it."""

    process_class = WorkProcess
    task_class = WorkTask
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)
    process_title = "班次申请审批"

    start = Begin(this.begin).Next(this.request)
    request = Desk(REQUEST_DESKS)
    amend = Desk(REQUEST_DESKS)
    end = Finish()

    def begin(self, activation: Any, request: RunRequest, place: Place) -> WorkProcess:
        """Binds the new process to its request, its plan and the first desk."""
        activation.process.request = request
        activation.process.plan = request.run.plan
        activation.process.place = place
        return activation.process  # type: ignore[no-any-return]


class MoneyFlow(flow.Flow):
    """经费申请审批: what moves money between lines, budgets and years."""

    process_class = WorkProcess
    task_class = WorkTask
    lock_impl = lock.SelectForUpdateLock(nowait=False, attempts=1)
    process_title = "经费申请审批"

    start = Begin(this.begin).Next(this.money)
    money = Desk(MONEY_DESKS)
    amend = Desk(MONEY_DESKS)
    end = Finish()

    def begin(self, activation: Any, request: MoneyRequest, place: Place) -> WorkProcess:
        """Binds the new process to its request and the first desk."""
        activation.process.money = request
        activation.process.place = place
        return activation.process  # type: ignore[no-any-return]


def start_request(request: RunRequest | MoneyRequest, place: Place) -> WorkProcess:
    """Starts a run of ``request`` at ``place``; the caller holds the row lock of what it is about."""
    kind = MoneyFlow if isinstance(request, MoneyRequest) else RequestFlow
    return kind.start.run(request=request, place=place)  # type: ignore[no-any-return]


def start(plan: ClassPlan, place: Place) -> WorkProcess:
    """Starts a run of ``plan`` at ``place``; the caller holds the plan's row lock."""
    return PlanFlow.start.run(plan=plan, place=place)  # type: ignore[no-any-return]


def close(
    task: WorkTask,
    *,
    place: Place | None,
    actor: User,
    at: datetime,
    plan: ClassPlan | None = None,
    request: RunRequest | MoneyRequest | None = None,
) -> None:
    """Closes ``task`` and lets the flow lay its subject where its state says; ``place`` is None at an end.

    ``plan``, or ``request`` where the task is about one, is the locked instance whose state has already
    changed; ``task`` comes with its process loaded and locked.
    """
    process = cast("WorkProcess", task.process)
    process.plan, process.place = plan, place
    if isinstance(request, MoneyRequest):
        process.money = request
    elif request is not None:
        process.plan, process.request = request.run.plan, request
    activation = DeskActivation(task)
    activation.process = process
    activation.close(actor, at)


def abandon(task: WorkTask, *, at: datetime) -> None:
    """Cancels the open task and its run: what it is about was withdrawn. ``task`` as in :func:`close`."""
    process = cast("WorkProcess", task.process)
    task.is_open = False
    DeskActivation(task).cancel()
    process.status, process.finished, process.is_open = PROCESS.CANCELED, at, False
    process.save()
