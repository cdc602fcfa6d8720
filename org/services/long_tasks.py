"""Long work done apart from the page that asked for it.

A row of ``LongTask`` says what was asked, how far it is and what came of it; the queue, tables of the same
database, says which worker does it. Who works on it is told by the database too: a worker holds the task's
advisory lock for as long as it lives (``workflow.jobs``). docs/decisions/0023.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import F
from procrastinate.contrib.django import app

from office.refusals import Conflict, Refused
from org.models import LongTask

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

    from org.models import User

#: The queue's name for "do this long task"; ``workflow.jobs`` does it.
QUEUE_NAME: Final = "long_task"
#: Seconds between two notes of how far a task is, and before a note that says something else.
PAUSE: Final = 0.5
PAUSE_AFTER_OTHER: Final = 0.1
STATE = LongTask.State


class Cancelled(Exception):  # noqa: N818 - an answer, not an error
    """Somebody asked for the task to be cancelled; what isn't committed yet is to be let go."""


class Interrupted(Exception):  # noqa: N818 - an answer, not an error
    """The worker is being stopped; the task will be begun again by the next."""


# ---- asking


def begin(*, kind: str, title: str, params: dict[str, Any], actor: User, at: datetime.datetime) -> LongTask:
    """Ask for long work of a ``kind`` that ``workflow.jobs`` knows; ``params`` must be plain JSON.

    The queue's row is written in the transaction one is in, so the task is queued if and only if what it is
    about is committed.
    """
    with transaction.atomic():
        task = LongTask.objects.create(kind=kind, title=title, params=params, created_by=actor, created_at=at)
        # One name for the task's turns in the queue: never two of them at work at once.
        queued = app.configure_task(QUEUE_NAME, lock=f"{QUEUE_NAME}:{task.pk}")
        queued.defer(task_id=task.pk)
    return task


@transaction.atomic
def cancel(*, task_id: int, actor: User, at: datetime.datetime) -> LongTask:
    """Take back what waits, ask what runs to stop. Refuses anybody but who asked for it, and what is over."""
    task = LongTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.created_by_id != actor.pk:
        raise Refused("只有发起人可以取消。")
    if task.is_over:
        raise Conflict(f"“{task.title}”{task.get_state_display()}，不能再取消。")
    if task.state == STATE.WAITING:
        task.state, task.finished_at = STATE.CANCELLED, at
    task.cancel_asked = True
    task.save(update_fields=["state", "finished_at", "cancel_asked"])
    return task


# ---- doing; called by whoever holds the task's lock


@transaction.atomic
def start(*, task_id: int, at: datetime.datetime) -> LongTask | None:
    """The task, from now on running, from its beginning; None when there is nothing to do any more."""
    task = LongTask.objects.select_for_update(of=("self",)).select_related("created_by").get(pk=task_id)
    if task.is_over:
        return None
    if task.cancel_asked:
        _end(task_id, STATE.CANCELLED, at, message="")
        return None
    task.state, task.started_at = STATE.RUNNING, task.started_at or at
    task.done, task.total, task.message = 0, 0, ""
    task.save(update_fields=["state", "started_at", "done", "total", "message"])
    return task


def finish(*, task_id: int, result: dict[str, Any], at: datetime.datetime) -> None:
    """Done. The page shows of ``result``: ``summary``, a line; ``url``, where to look; ``link``, its text.

    ``file_id``: a stored file that is handed out to whoever asked for the task. ``rows``: how many there were
    in the end, where what was told on the way was an estimate.
    """
    rows = result.get("rows")
    counts: dict[str, Any] = {"done": F("total")} if rows is None else {"done": rows, "total": rows}
    _end(task_id, STATE.DONE, at, message="", result=result, **counts)


def fail(*, task_id: int, message: str, at: datetime.datetime) -> None:
    """Not done; ``message`` is Chinese text fit to be shown."""
    _end(task_id, STATE.FAILED, at, message=message[:500])


def stopped(*, task_id: int, at: datetime.datetime) -> None:
    """Cancelled in the middle, as asked."""
    _end(task_id, STATE.CANCELLED, at, message="")


def put_back(*, task_id: int) -> None:
    """Its worker lets go of it; it waits for the next."""
    LongTask.objects.filter(pk=task_id, state=STATE.RUNNING).update(
        state=STATE.WAITING, message="处理程序重新启动，稍后从头继续。"
    )


def _end(task_id: int, state: LongTask.State, at: datetime.datetime, **fields: Any) -> None:
    LongTask.objects.filter(pk=task_id, state__in=(STATE.WAITING, STATE.RUNNING)).update(
        state=state, finished_at=at, **fields
    )


class Progress:
    """How far a task is: its work calls ``progress(done, total, "正在写入")`` after each batch.

    Written at most every half second, a new message sooner, over a connection of its own so that it is seen
    while the work's transaction is still open. Raises `Cancelled` when the task isn't wanted any more and
    `Interrupted` when the worker is being stopped: call it where the work may be dropped and begun again.
    """

    def __init__(self, task_id: int, *, through: BaseDatabaseWrapper, stopping: Callable[[], bool]) -> None:
        self._task_id = task_id
        self._through = through
        self._stopping = stopping
        self._written: float | None = None
        self._message = ""

    def __call__(self, done: int, total: int, message: str = "") -> None:
        if self._stopping():
            raise Interrupted
        now = time.monotonic()
        pause = PAUSE if message == self._message else PAUSE_AFTER_OTHER
        if self._written is not None and now - self._written < pause:
            return
        self._written, self._message = now, message
        with self._through.cursor() as cursor:
            cursor.execute(
                "UPDATE org_longtask SET done = %s, total = %s, message = %s"
                " WHERE id = %s AND state = 'running' RETURNING cancel_asked",
                [done, total, message[:500], self._task_id],
            )
            # No row: it isn't running any more, whoever ended it.
            if cursor.fetchone() != (False,):
                raise Cancelled
