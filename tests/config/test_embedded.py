"""The embedded server: shared while it runs, gone with its last user, not hindered by what was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import embedded
from tests.config import processes

Hold = Callable[[Path], subprocess.Popen[str]]
PROGRAM = """
import time
from config import embedded

embedded.start()
print("ready", flush=True)
for _ in range(6000):  # a signal that comes just before a sleep is seen after it
    time.sleep(0.1)
"""


@pytest.fixture
def hold() -> Iterator[Hold]:
    """`hold(var)`: a process that uses the server of `var` until it is ended, by the test or after it."""
    started: list[subprocess.Popen[str]] = []

    def begin(var: Path) -> subprocess.Popen[str]:
        process = _begin(var)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.terminate()
        process.wait(timeout=60)
        assert process.stdout is not None
        process.stdout.close()


def _begin(var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=processes.ROOT,
        env=processes.environment(var, DJANGO_SETTINGS_MODULE="config.settings"),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=processes.hear_signals,
    )


@pytest.fixture(scope="module")
def var(folder: Path) -> Path:
    """One for the module: making the cluster is the slow part. A test finds it stopped, or not made yet."""
    return folder / "a folder with 空格"


def end(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    return process.wait(timeout=60)


def test_the_server_outlives_all_but_the_last_of_its_users(hold: Hold, var: Path) -> None:
    first, second = hold(var), hold(var)
    end(first, signal.SIGTERM)
    assert any("postgres" in line for line in processes.left_in(var))
    end(second, signal.SIGTERM)
    assert processes.left_in(var) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_process_is_left_after(hold: Hold, var: Path, number: signal.Signals) -> None:
    end(hold(var), number)
    assert processes.left_in(var) == []


def test_a_killed_user_hinders_nobody_and_its_server_ends_with_the_next(hold: Hold, var: Path) -> None:
    end(hold(var), signal.SIGKILL)
    assert any("postgres" in line for line in processes.left_in(var))
    end(hold(var), signal.SIGTERM)
    assert processes.left_in(var) == []


def test_a_killed_server_starts_again(hold: Hold, var: Path) -> None:
    process = hold(var)
    postmaster = int((var / "db" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGKILL)
    end(process, signal.SIGKILL)
    began = time.monotonic()
    end(hold(var), signal.SIGTERM)
    assert time.monotonic() - began < 60
    assert processes.left_in(var) == []


def test_a_reused_process_id_is_not_taken_for_the_server(hold: Hold, var: Path) -> None:
    end(hold(var), signal.SIGTERM)  # there is a cluster, whichever test ran before in this process
    (var / "db" / "postmaster.pid").write_text(f"{os.getpid()}\n{var}\n0\n5432\n{var}\n\n0 0\nready\n")
    end(hold(var), signal.SIGTERM)
    assert processes.left_in(var) == []


def test_it_cannot_be_emptied_while_somebody_uses_it(hold: Hold, var: Path) -> None:
    process = hold(var)
    with pytest.raises(embedded.EmbeddedError, match="另有程序"):
        embedded.reset(var / "db")
    end(process, signal.SIGTERM)
    embedded.reset(var / "db")
    assert not (var / "db").exists()


def test_a_folder_too_deep_for_a_socket_gets_a_private_one(hold: Hold, folder: Path) -> None:
    deep = folder / ("很深的文件夹" * 8)
    sockets = embedded.socket_dir(deep)
    assert not sockets.is_relative_to(deep)
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= embedded.SOCKET_PATH_BYTES
    assert embedded.socket_dir(deep) == sockets
    process = hold(deep)
    assert sockets.stat().st_mode & 0o777 == 0o700
    end(process, signal.SIGTERM)
    assert processes.left_in(deep) == []
    embedded.reset(deep / "db")
    assert not sockets.exists()


def test_nothing_listens_on_the_network(hold: Hold, var: Path) -> None:
    process = hold(var)
    status = (var / "db" / "postmaster.pid").read_text().split("\n")
    assert status[5] == ""  # the address it listens on
    end(process, signal.SIGTERM)
