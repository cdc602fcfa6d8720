"""Real workers: killed in the middle, silent, stopped; one task is never done by two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from org.models import LongTask, UnitAlias
from org.services import long_tasks
from tests.config.processes import wait_until
from tests.workflow.world import World, at
from workflow import jobs

ROOT = Path(__file__).parents[2]
STATE = LongTask.State
# Far more than it takes: a loaded machine is no finding.
SECONDS = 120

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def worker(transactional_db: None) -> Iterator[Start]:
    """Starts workers on this database (working_child.py); what the test leaves running is killed."""
    started = []
    _others.clear()
    _others.update(_sessions())

    def start(
        *, heartbeat: float = 0.2, stalled: float = 3600, grace: float = 0.1
    ) -> subprocess.Popen[bytes]:
        arguments = [str(number) for number in (heartbeat, stalled, grace)]
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.workflow.working_child", *arguments],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "GUIKOU_TEST_DATABASE": str(connection.settings_dict["NAME"]),
                "GUIKOU_LOG_LEVEL": "CRITICAL",
            },
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(timeout=SECONDS)
    assert wait_until(alone, seconds=SECONDS)  # or the next test's flush waits for the dead one's session


#: Who was connected before the test began: its own session, and those earlier tests of this process keep.
_others: set[int] = set()


def _sessions() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def alone() -> bool:
    """Whether no worker's session is left."""
    return _sessions() <= _others


def begin(world: World, kind: str = "demonstration", **params: Any) -> LongTask:
    return long_tasks.begin(
        kind=kind,
        title="导入别名",
        params={"union": world.union.pk, **params},
        actor=world.people["xuanchuan-staff"],
        at=at(1, 20),
    )


def state(task: LongTask) -> str:
    return LongTask.objects.get(pk=task.pk).state


def becomes(task: LongTask, wanted: str) -> bool:
    return wait_until(lambda: state(task) == wanted, seconds=SECONDS)


def lines(log: Path) -> list[str]:
    """What the works noted, without the process ids: ``run 7``, ``end 7``."""
    return [line.rpartition(" ")[0] for line in log.read_text().splitlines()] if log.exists() else []


def end(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait(timeout=SECONDS)


def test_a_worker_killed_in_the_middle_is_followed_by_another_and_nothing_is_doubled(
    world: World, worker: Start, tmp_path: Path
) -> None:
    gate, log = tmp_path / "gate", tmp_path / "log"
    task = begin(world, rows=6, stop_at=3, gate=str(gate), log=str(log))
    first = worker()
    assert wait_until((tmp_path / "reached").exists, seconds=SECONDS)
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=SECONDS)
    # Three rows are written, the fourth was in the transaction that died with the worker.
    assert wait_until(alone, seconds=SECONDS)
    assert UnitAlias.objects.count() == 3
    assert state(task) == STATE.RUNNING
    gate.touch()
    second = worker()
    assert becomes(task, STATE.DONE)
    assert sorted(UnitAlias.objects.values_list("key", flat=True)) == ["0", "1", "2", "3", "4", "5"]
    assert lines(log) == [f"run {task.pk}", f"run {task.pk}", f"end {task.pk}"]
    assert end(second) == 0
    # Done once: the queue has nothing left of it.
    assert not ProcrastinateJob.objects.exists()


def test_a_task_whose_worker_died_before_it_began_it_is_taken_up_too(world: World, worker: Start) -> None:
    task = begin(world, rows=2)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 minute') RETURNING id)"
            " UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM dead)"
        )
    worker(stalled=30)
    assert becomes(task, STATE.DONE)


def test_a_worker_that_only_seems_dead_keeps_its_task(world: World, worker: Start, tmp_path: Path) -> None:
    gate, log = tmp_path / "gate", tmp_path / "log"
    task = begin(world, rows=3, stop_at=1, gate=str(gate), log=str(log))
    worker(heartbeat=3600)
    assert wait_until((tmp_path / "reached").exists, seconds=SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    worker(stalled=30)
    # The second takes it, finds it held and lets go of it until later.
    assert wait_until(
        lambda: ProcrastinateJob.objects.filter(attempts=2, status="todo").exists(), seconds=SECONDS
    )
    assert lines(log) == [f"run {task.pk}"]
    gate.touch()
    assert becomes(task, STATE.DONE)
    assert wait_until(lambda: not ProcrastinateJob.objects.exists(), seconds=SECONDS)
    assert lines(log) == [f"run {task.pk}", f"end {task.pk}"]


def test_two_workers_share_the_queue_and_no_task_is_done_twice(
    world: World, worker: Start, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    tasks = [begin(world, rows=3, log=str(log)) for _ in range(12)]
    for _ in range(2):
        worker()
    assert wait_until(
        lambda: LongTask.objects.filter(state=STATE.DONE).count() == len(tasks), seconds=SECONDS
    )
    assert Counter(lines(log)) == Counter(f"{what} {task.pk}" for what in ("run", "end") for task in tasks)
    assert UnitAlias.objects.count() == 3


def test_a_running_task_is_cancelled_and_what_it_had_begun_to_write_is_dropped(
    world: World, worker: Start, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    task = begin(world, "patience", log=str(log))
    worker()
    assert becomes(task, STATE.RUNNING)
    asked = long_tasks.cancel(task_id=task.pk, actor=task.created_by, at=at(1, 21))
    assert asked.state == STATE.RUNNING
    assert becomes(task, STATE.CANCELLED)
    assert wait_until(lambda: not ProcrastinateJob.objects.exists(), seconds=SECONDS)
    assert lines(log) == [f"run {task.pk}"]
    assert not UnitAlias.objects.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_worker_hands_its_task_to_the_next(
    world: World, worker: Start, tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"
    task = begin(world, "patience", log=str(log))
    first = worker()
    assert wait_until(lambda: lines(log) == [f"run {task.pk}"], seconds=SECONDS)
    first.send_signal(number)
    assert first.wait(timeout=SECONDS) == 0
    assert state(task) == STATE.WAITING
    assert ProcrastinateJob.objects.get().status == "todo"
    worker()
    assert wait_until(lambda: lines(log) == [f"run {task.pk}"] * 2, seconds=SECONDS)


def test_a_task_that_costs_every_worker_its_life_is_given_up(world: World, worker: Start) -> None:
    task = begin(world, rows=1)
    LongTask.objects.filter(pk=task.pk).update(state=STATE.RUNNING)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', attempts = %s", [jobs.TRIES - 1])
    worker()
    assert becomes(task, STATE.FAILED)
    message = LongTask.objects.get().message
    assert message == (f"处理程序几次中断，没有做完。原因已记入日志，请把编号 {task.pk} 告诉系统管理员。")
    assert wait_until(lambda: not ProcrastinateJob.objects.exists(), seconds=SECONDS)
    assert not UnitAlias.objects.exists()
