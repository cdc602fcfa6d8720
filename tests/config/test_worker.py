"""The worker as a process: how it ends, and what it says when it can't work."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.config import processes

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 120
Start = Callable[..., subprocess.Popen[str]]
#: A parent that starts a worker, says its process id and waits.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-m", "config.worker", "--parent", str(os.getpid())])
print(child.pid, flush=True)
time.sleep(600)
"""


def url() -> str:
    """The database of the tests."""
    at = connection.settings_dict
    return f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}"


@pytest.fixture
def start(tmp_path: Path, transactional_db: None) -> Iterator[Start]:
    """Starts Python on the database of the tests; what is left after the test is killed."""
    started = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *arguments],
            cwd=processes.ROOT,
            env=processes.environment(tmp_path, DATABASE_URL=url(), GUIKOU_DEMO="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=processes.hear_signals,
        )
        started.append(process)
        return process

    yield begin
    for pid in processes.pids_in(tmp_path):
        subprocess.run(["kill", "-KILL", str(pid)], check=False)
    for process in started:
        process.communicate(timeout=SECONDS)


def workers() -> int:
    """How many have registered and not yet said goodbye."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        [found] = cursor.fetchone()
    return found


def at_work() -> bool:
    return processes.wait_until(lambda: workers() == 1, seconds=SECONDS)


def listens(worker: subprocess.Popen[str]) -> bool:
    """Whether it hears TERM. It registers a moment before it does; told in between it just ends."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_when_told_and_says_goodbye(start: Start, number: signal.Signals) -> None:
    worker = start("-m", "config.worker")
    assert at_work()
    assert processes.wait_until(lambda: listens(worker), seconds=SECONDS)
    worker.send_signal(number)
    said, _ = worker.communicate(timeout=SECONDS)
    assert (worker.returncode, said) == (0, "")
    assert workers() == 0


def test_it_ends_with_its_parent_however_that_ends(start: Start, tmp_path: Path) -> None:
    parent = start("-c", PARENT)
    assert at_work()
    parent.kill()
    parent.wait(timeout=SECONDS)
    assert processes.wait_until(lambda: processes.pids_in(tmp_path) == [], seconds=SECONDS)
    assert workers() == 0


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://nobody@127.0.0.1:1/nothing", "refused"),
        ("", "procrastinate"),  # this server's own empty database: nobody has made the tables
    ],
)
def test_without_its_database_it_says_so_without_a_traceback(
    tmp_path: Path, address: str, reason: str
) -> None:
    at = connection.settings_dict
    empty = f"postgresql://{at['USER']}@/postgres?host={at['HOST']}"
    done = processes.run(
        "-W", "ignore", "-m", "config.worker", var=tmp_path, DATABASE_URL=address or empty, GUIKOU_DEMO="1"
    )
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("后台处理程序已停止，数据库不能使用：")
    assert reason in line
    assert "Traceback" not in done.stderr
