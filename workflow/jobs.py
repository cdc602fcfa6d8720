"""The work behind the pages: what each kind of `LongTask` does, and the worker that does it.

A work is a function of the task and a `Progress`, registered by its kind. It may be begun again from the
beginning at any moment (a worker was killed, the database restarted), so it must come to the same end when it
is done twice: a check writes its result once, an import passes over what is there already.
docs/decisions/0023.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.urls import reverse
from django.utils import timezone
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.psycopg_connector import PsycopgConnector

from budgets.models import Fund
from office.refusals import Refused
from org.selectors import standing
from org.services import long_tasks
from workflow.excel import fund_all
from workflow.services import people_imports, reconciling, rosters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

    from org.models import LongTask
    from org.services.long_tasks import Progress

    Work = Callable[[LongTask, Progress], dict[str, Any]]

log = logging.getLogger(__name__)

#: How often a task is tried whose worker dies, or whose database is away, before it is given up.
TRIES: Final = 5
#: Seconds between two signs of life of a worker, and after how many without one its tasks are another's.
HEARTBEAT: Final = 5.0
STALLED: Final = 20.0
#: Seconds a worker that is stopped gives its tasks before they are interrupted.
GRACE: Final = 2.0

#: Seconds until the next try, when the database refused and when another worker still holds the task.
WAIT_DATABASE: Final = 10
WAIT_ELSEWHERE: Final = 30

_LOCK: Final = "org.LongTask:"
#: Turns of tasks that run by their row and that no session holds: only a dead worker leaves one like that.
_BEREFT: Final = """
    SELECT turn.* FROM procrastinate_jobs turn
    JOIN org_longtask task ON task.id = (turn.args ->> 'task_id')::bigint
    WHERE turn.task_name = %(name)s AND turn.status = 'doing' AND task.state = 'running' AND NOT EXISTS (
        SELECT FROM pg_locks held
        WHERE held.locktype = 'advisory' AND held.objsubid = 1
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.classid::bigint << 32 | held.objid::bigint
            = hashtextextended(concat(%(lock)s::text, task.id), 0)
    )
"""

WORKS: Final[dict[str, Work]] = {}


def job(kind: str) -> Callable[[Work], Work]:
    """Register the function as what tasks of that kind do; it returns the result to be kept."""

    def register(work: Work) -> Work:
        WORKS[kind] = work
        return work

    return register


class Elsewhere(Exception):  # noqa: N818 - an answer, not an error
    """Another worker has the task, though its signs of life are late."""


class TryAgain(BaseRetryStrategy):
    """Whatever `perform` lets out is to be tried again; it has ended all else itself."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """When."""
        if isinstance(exception, long_tasks.Interrupted):
            return RetryDecision(retry_in={"seconds": 0})
        elsewhere = isinstance(exception, Elsewhere)
        return RetryDecision(retry_in={"seconds": WAIT_ELSEWHERE if elsewhere else WAIT_DATABASE})


@app.task(name=long_tasks.QUEUE_NAME, pass_context=True, retry=TryAgain())
def long_task(context: JobContext, task_id: int) -> None:
    """One turn of a task in a worker."""
    perform(task_id, stopping=context.should_abort, last=context.job.attempts + 1 >= TRIES)


def perform(task_id: int, *, stopping: Callable[[], bool], last: bool) -> None:
    """Do the task to its end.

    Raises what is a reason to try again: `Elsewhere`, `Interrupted` when the worker is ``stopping``, the
    database's error unless this is the ``last`` try.
    """
    with _alone(task_id):
        task = long_tasks.start(task_id=task_id, at=timezone.now())
        if task is None:
            return
        try:
            with _beside() as through, pghistory.context(user=task.created_by_id, url=_page(task)):
                progress = long_tasks.Progress(task_id, through=through, stopping=stopping)
                result = WORKS[task.kind](task, progress)
        except long_tasks.Cancelled:
            long_tasks.stopped(task_id=task_id, at=timezone.now())
        except long_tasks.Interrupted:
            long_tasks.put_back(task_id=task_id)
            raise
        except Refused as refusal:
            long_tasks.fail(task_id=task_id, message=refusal.message, at=timezone.now())
        except Exception as error:
            if isinstance(error, OperationalError | InterfaceError) and not last:
                raise
            log.exception("long task %s (%s) failed", task_id, task.kind)
            _give_up(task_id, "处理中出了意外，没有做完")
        else:
            long_tasks.finish(task_id=task_id, result=result, at=timezone.now())


def _page(task: LongTask) -> str:
    return reverse("workflow:long_task", args=[task.pk])


def _give_up(task_id: int, what: str) -> None:
    message = f"{what}。原因已记入日志，请把编号 {task_id} 告诉系统管理员。"
    long_tasks.fail(task_id=task_id, message=message, at=timezone.now())


# ---- the works


@job(rosters.KIND)
def roster_check(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Check a long roster (``upload_id``); its page shows the result."""
    upload_id: int = task.params["upload_id"]
    counts = rosters.check_upload(
        upload_id=upload_id, progress=progress, actor=task.created_by, at=timezone.now()
    )
    told = (("rows", "共 {} 行"), ("accepted", "通过 {}"), ("warned", "提示 {}"), ("held", "需处理 {}"))
    summary = "，".join(text.format(counts[name]) for name, text in (*told, ("rejected", "不符合 {}")))
    return {
        "summary": f"{summary}。",
        "rows": counts["rows"],
        "url": reverse("workflow:roster", args=[upload_id]),
        "link": "查看核查结果",
    }


@job(people_imports.KIND)
def import_people(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Take in units, cadres or trainings (``register``) from a stored file (``file_id``)."""
    result = people_imports.import_people(
        register=task.params["register"],
        file_id=task.params["file_id"],
        progress=progress,
        actor=task.created_by,
        at=timezone.now(),
    )
    if result["file_id"] is None:
        return result
    url = reverse("workflow:long_task_file", args=[task.pk])
    return {**result, "url": url, "link": "下载未导入的行"}


@job(reconciling.EXPORT)
def export_fund(task: LongTask, progress: Progress) -> dict[str, Any]:
    """Write the whole ledger of a fund (``fund``) as a workbook for whoever asked and may still see it."""
    at = timezone.now()
    visible = Fund.objects.visible_to(standing(task.created_by, timezone.localdate(at)))
    fund = visible.filter(pk=task.params["fund"]).first()
    if fund is None:
        raise Refused("您不再能查看这项专项预算。")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{fund.year}年{fund.title}全部账目.xlsx"
        with path.open("wb") as file:
            rows = fund_all.write_all(fund, file, progress=lambda done: progress(done, 0, "正在写入"))
        kept = people_imports.keep_made(path, at)
    return {
        "summary": f"共 {rows:,} 行：流水、支付、预占各一张表。",
        "file_id": kept,
        "url": reverse("workflow:long_task_file", args=[task.pk]),
        "link": "下载工作簿",
    }


# ---- one worker for a task


@contextmanager
def _alone(task_id: int) -> Iterator[None]:
    """Hold the task's lock in the session that does the work; `Elsewhere` if another has it.

    The server drops the lock with the session, which tells who lives better than any sign of life: a worker
    that is only slow, or whose machine slept, keeps its task; a killed one loses it together with what it
    hadn't committed. The settings let the server notice when it is alone.
    """
    inside = connection.in_atomic_block  # a test's transaction: the session isn't ours
    with connection.cursor() as cursor:
        if not inside:
            cursor.execute(
                "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
                "SET client_connection_check_interval = '5s';"
                "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
            )
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [_lock_name(task_id)])
        got = cursor.fetchone() == (True,)
    try:
        if not got:
            raise Elsewhere
        yield
    finally:
        # A session the server has ended has let go of it already.
        with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            if got:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [_lock_name(task_id)])
        if not inside:
            connection.close()


def _lock_name(task_id: int) -> str:
    return f"{_LOCK}{task_id}"


@contextmanager
def _beside() -> Iterator[BaseDatabaseWrapper]:
    """A second connection for notes of progress; from there a test's open transaction couldn't be seen."""
    if connection.in_atomic_block:
        yield connection
        return
    second = connection.copy()
    try:
        yield second
    finally:
        second.close()


# ---- the worker


async def serve(*, heartbeat: float = HEARTBEAT, stalled: float = STALLED, grace: float = GRACE) -> None:
    """Work until TERM or INT; what is under way then is interrupted after ``grace`` seconds and put back."""
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4)
    with app.replace_connector(connector):
        async with app.open_async():
            ending = asyncio.Event()
            rescuing = asyncio.create_task(_rescue_until(ending, heartbeat, stalled))
            try:
                await app.run_worker_async(
                    concurrency=settings.JOBS_AT_ONCE,
                    fetch_job_polling_interval=heartbeat,
                    update_heartbeat_interval=heartbeat,
                    stalled_worker_timeout=stalled,
                    shutdown_graceful_timeout=grace,
                    # What was done is told by LongTask; the queue keeps only what is to do.
                    delete_jobs="successful",
                )
            finally:
                ending.set()  # not cancelled: the driver may answer that with its query's own error
                await rescuing


async def _rescue_until(ending: asyncio.Event, heartbeat: float, stalled: float) -> None:
    while not ending.is_set():
        try:
            await _rescue(stalled)
        except ConnectorException as error:
            log.warning("stalled tasks could not be looked for: %s", error.__cause__)
        with suppress(TimeoutError):
            await asyncio.wait_for(ending.wait(), heartbeat)


async def _rescue(stalled: float) -> None:
    """Queue again what dead workers had in hand: what was begun, at once; the rest when they are silent."""
    manager = app.job_manager
    begun = await app.connector.execute_query_all_async(_BEREFT, name=long_tasks.QUEUE_NAME, lock=_LOCK)
    lost = {found.id: found for found in map(Job.from_row, begun)} | {
        found.id: found
        for found in await manager.get_stalled_jobs(
            task_name=long_tasks.QUEUE_NAME, seconds_since_heartbeat=stalled
        )
    }
    for found in lost.values():
        task_id = int(str(found.task_kwargs["task_id"]))
        log.warning("long task %s lost its worker", task_id)
        try:
            if found.attempts + 1 < TRIES:
                await manager.retry_job(found)
            elif await asyncio.to_thread(_abandon, task_id):
                await manager.finish_job(found, Status.FAILED, delete_job=True)
        except ConnectorException:
            # Another worker was faster.
            log.info("long task %s is taken care of", task_id, exc_info=True)


def _abandon(task_id: int) -> bool:
    """Give up a task that has cost several workers their lives, unless one still has it."""
    try:
        with _alone(task_id):
            _give_up(task_id, "处理程序几次中断，没有做完")
    except Elsewhere:
        return False
    return True


def perform_queued() -> int:
    """Do what is queued here and now, without a worker, and return how many; for tests."""
    queued = ProcrastinateJob.objects.filter(task_name=long_tasks.QUEUE_NAME, status="todo").order_by("pk")
    done = 0
    for pk, arguments in list(queued.values_list("pk", "args")):
        app.job_manager.cancel_job_by_id(pk, delete_job=True)
        perform(arguments["task_id"], stopping=lambda: False, last=True)
        done += 1
    return done
