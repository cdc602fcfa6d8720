"""Real processes of the project with an environment of their own, and what is left of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("HOME", "LANG", "PATH", "TMPDIR", "VIRTUAL_ENV")


def environment(var: Path, **variables: str) -> dict[str, str]:
    """What an administrator's shell hands down: nothing of this test run, `GUIKOU_VAR`, `variables`."""
    inherited = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**inherited, "GUIKOU_VAR": str(var), **variables}


def run(*arguments: str, var: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project's folder to its end, at most a minute."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(var, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def left_in(var: Path) -> list[str]:
    """Command lines of living processes that still use the folder: PostgreSQL, web processes."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = " ".join(process.cmdline())
            if str(var) in command or process.environ().get("GUIKOU_VAR") == str(var):
                found.append(command)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_until(fact: Callable[[], bool], *, seconds: float) -> bool:
    """Whether the fact came true in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
