"""The stock viewflow application as a process of its own: its user model and settings aren't ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Peer:
    """``peer.ask("page", url=…, times=…)`` → what ``bench.stock.worker`` answers."""

    def __init__(self, database: str) -> None:
        environment = os.environ | {
            "BENCH_STOCK_DATABASE": database,
            "DJANGO_SETTINGS_MODULE": "bench.stock.settings",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.stock.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, act: str, **details: Any) -> dict[str, Any]:
        """One round in the peer's process; raises with its exit code if it died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"act": act} | details) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the peer's process ended: {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def seconds(self, act: str, **details: Any) -> float:
        return float(self.ask(act, **details)["seconds"])

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
