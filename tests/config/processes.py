"""Real processes of the project with an environment of their own, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("HOME", "LANG", "PATH", "TMPDIR", "VIRTUAL_ENV")


def environment(var: Path, **variables: str) -> dict[str, str]:
    """What an administrator's shell hands down: nothing of this test run, `GUIKOU_VAR`, `variables`."""
    inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**inherited, "GUIKOU_VAR": str(var), **variables}


def hear_signals() -> None:
    """For ``preexec_fn``: what runs under nohup or in the background ignores HUP and INT, children too."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def run(*arguments: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder to its end, at most three minutes."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def pids_in(var: Path) -> list[int]:
    """Living processes that still use the folder: PostgreSQL, web processes."""
    return [process.pid for process in _using(var)]


def left_in(var: Path) -> list[str]:
    """Their command lines."""
    found = []
    for process in _using(var):
        with suppress(psutil.NoSuchProcess):
            found.append(" ".join(process.cmdline()))
    return found


def _using(var: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if str(var) in " ".join(process.cmdline()) or process.environ().get("GUIKOU_VAR") == str(var):
                yield process


def wait_until(fact: Callable[[], bool], *, seconds: float) -> bool:
    """Whether the fact came true in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
