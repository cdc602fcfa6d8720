"""`make demo` as somebody at a terminal lives with it: started twice, interrupted, killed, started afresh.

One folder for the module: making a database is the slow part, so what makes it anew comes first. What the
demo shows is tried elsewhere; here it is empty, which is quicker.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.config import processes

pytestmark = pytest.mark.xdist_group("demo")

# Far more than it takes: a loaded machine is no finding.
READY_SECONDS = 180
GONE_SECONDS = 60


Start = Callable[..., "Demo"]


class Demo:
    """A started demo and what it has printed."""

    def __init__(self, var: Path, port: int, *command: str, **variables: str) -> None:
        self.var = var
        self.port = port
        self.process = subprocess.Popen(
            command or (sys.executable, "-m", "config.demo", "--empty"),
            cwd=processes.ROOT,
            env=processes.environment(var, PORT=str(port), PYTHONUNBUFFERED="1", **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=processes.hear_signals,
            start_new_session=True,  # a terminal's Ctrl-C reaches the whole group
        )
        self.lines: list[str] = []
        self._fresh: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())
                self._fresh.put(line)
        self._fresh.put(None)

    def until_ready(self) -> Demo:
        """Wait for the line with the address; everything printed is shown if it doesn't come."""
        while (line := self._fresh.get(timeout=READY_SECONDS)) is not None:
            if "演示已启动" in line:
                assert f"http://127.0.0.1:{self.port}/" in line
                return self
        raise AssertionError("\n".join(self.lines))

    def status(self) -> int:
        """The HTTP status of the sign-in page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login/", timeout=20) as answer:
            status: int = answer.status
        return status

    def worker(self) -> int:
        """The process id of the worker beside the web processes, once it is there."""
        found: list[int] = []

        def there() -> bool:
            found.clear()
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):  # one that has just ended
                    found.extend([child.pid] if "config.worker" in child.cmdline() else [])
            return len(found) == 1

        assert processes.wait_until(there, seconds=READY_SECONDS), "\n".join(self.lines)
        return found[0]

    def ended(self) -> int:
        """Exit code, once the process is gone and its output is read."""
        code = self.process.wait(timeout=GONE_SECONDS)
        self._reader.join(timeout=GONE_SECONDS)
        return code

    def left(self) -> list[str]:
        """What still uses the folder after a fair time to leave it, and what the demo had to say."""
        if processes.wait_until(lambda: processes.left_in(self.var) == [], seconds=GONE_SECONDS):
            return []
        return [*processes.left_in(self.var), *self.lines]


@pytest.fixture(scope="module")
def var(folder: Path) -> Iterator[Path]:
    var = folder / "var"
    yield var
    assert processes.left_in(var) == []


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen: int = probe.getsockname()[1]
    return chosen


@pytest.fixture
def demo(var: Path) -> Iterator[Start]:
    """Starts demos; what a failed test leaves running is ended."""
    started: list[Demo] = []

    def start(var: Path, port: int, *command: str, **variables: str) -> Demo:
        started.append(Demo(var, port, *command, **variables))
        return started[-1]

    yield start
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in processes.pids_in(var):
            os.kill(pid, number)
        if processes.wait_until(lambda: processes.left_in(var) == [], seconds=10):
            break
    for one in started:
        one.ended()


def test_it_starts_afresh_when_asked_and_ends_with_the_make_that_started_it(
    demo: Start, var: Path, port: int
) -> None:
    old = [var / folder / "from before" for folder in ("db", "uploads")]
    for file in old:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    command = f"{sys.executable} -m config.demo --with-parent --empty; true"
    started = demo(var, port, "sh", "-c", command, RESET="1").until_ready()
    assert [file for file in old if file.exists()] == []
    started.process.kill()
    started.ended()
    assert started.left() == []
    with pytest.raises(urllib.error.URLError):
        started.status()


def test_killed_outright_it_hinders_neither_a_second_one_nor_the_next(
    demo: Start, var: Path, port: int, tmp_path: Path
) -> None:
    first = demo(var, port).until_ready()
    assert first.status() == 200

    second = demo(var, port + 1)
    assert second.ended() == 1
    assert second.lines == [
        f"演示没有启动：同一目录的演示已在运行：http://127.0.0.1:{port}/（进程 {first.process.pid}）"
    ]

    elsewhere = demo(tmp_path, port)
    assert elsewhere.ended() == 1
    assert len(elsewhere.lines) == 1
    assert f"端口 {port} 不能使用" in elsewhere.lines[0]

    first.worker()
    first.process.kill()
    next_one = demo(var, port).until_ready()
    assert next_one.status() == 200
    os.killpg(next_one.process.pid, signal.SIGINT)
    assert next_one.ended() == 0
    assert next_one.left() == []


def test_everything_killed_at_once_hinders_nothing_and_term_leaves_nothing(
    demo: Start, var: Path, port: int
) -> None:
    first = demo(var, port).until_ready()
    for pid in processes.pids_in(var):
        os.kill(pid, signal.SIGKILL)
    first.ended()
    second = demo(var, port).until_ready()
    assert second.status() == 200
    second.process.terminate()
    assert second.ended() == 0
    assert second.left() == []


def test_its_worker_does_what_is_queued_and_is_followed_by_another_when_killed(
    demo: Start, var: Path, port: int
) -> None:
    started = demo(var, port).until_ready()
    first = started.worker()
    assert queue_and_wait(var) == "done"
    os.kill(first, signal.SIGKILL)
    assert processes.wait_until(lambda: started.worker() != first, seconds=READY_SECONDS)
    assert queue_and_wait(var) == "done"
    assert started.status() == 200
    started.process.terminate()
    assert started.ended() == 0
    assert started.left() == []


QUEUE = """
import time
import django; django.setup()
from django.utils import timezone
from org.models import LongTask, User
from org.services import long_tasks
user, _ = User.objects.get_or_create(username="tester", defaults={"name": "测试"})
task = long_tasks.begin(kind="unknown", title="x", params={}, actor=user, at=timezone.now())
deadline = time.monotonic() + 120
while not task.is_over and time.monotonic() < deadline:
    time.sleep(0.1)
    task.refresh_from_db()
print("done" if task.state == "failed" and "没有做完" in task.message else task.state)
"""


def queue_and_wait(var: Path) -> str:
    """What became of a task nobody knows how to do: ``done`` when a worker has said so."""
    done = processes.run(
        "-W", "ignore", "-c", QUEUE, var=var, GUIKOU_DEMO="1", DJANGO_SETTINGS_MODULE="config.settings"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("text", ["0", "70000", "http"])
def test_a_wrong_port_is_one_clear_line(tmp_path: Path, text: str) -> None:
    done = processes.run("-m", "config.demo", var=tmp_path, PORT=text)
    assert done.returncode == 1
    assert done.stderr == f"演示没有启动：PORT 应为 1 到 65535 的数字，现在是 {text}。\n"
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_database_gets_no_demo_accounts(tmp_path: Path, db: None) -> None:
    from django.db import connection

    at = connection.settings_dict
    url = f"postgresql://{at['USER']}@/{at['NAME']}?host={at['HOST']}"
    done = processes.run("-m", "config.demo", var=tmp_path, PORT="8999", DATABASE_URL=url)
    assert done.returncode == 1
    assert "不是演示库" in done.stderr
