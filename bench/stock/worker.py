"""The peer's process: loads on demand, then measures one round at a time when it is asked to.

One JSON object a line in, one out. ``{"act": "approvals", "way": "stock", "times": 40}``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.stock.settings")
django.setup()

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task

from bench import clock
from bench.stock import acts, load
from bench.stock.flows import ApproveFlow


class Worker:
    """The acts by name; each returns what is written back."""

    def __init__(self) -> None:
        self._ways: dict[str, Any] = {}
        self._client: Client | None = None

    def load(self, processes: int) -> dict[str, Any]:
        load.load(processes)
        return {"tasks": Task.objects.count()}

    def _way(self, way: str) -> Any:
        if way not in self._ways:
            self._ways[way] = acts.WAYS[way]()
        return self._ways[way]

    def approvals(self, way: str, times: int) -> dict[str, Any]:
        """Seconds for one approval; the starts before are not measured."""
        how = self._way(way)
        started = iter([how.start() for _ in range(times)])
        return {"seconds": clock.once(lambda: how.approvals(next(started)), times) / 2}

    def runs(self, way: str, times: int) -> dict[str, Any]:
        """Seconds for one approval with its share of the start: a whole run by two."""
        return {"seconds": clock.once(self._way(way).run, times) / 2}

    def statements(self, way: str) -> dict[str, Any]:
        """SQL statements of two approvals."""
        how = self._way(way)
        begun = how.start()
        with CaptureQueriesContext(connection) as queries:
            how.approvals(begun)
        return {"statements": len(queries) / 2}

    def query(self, what: str, times: int) -> dict[str, Any]:
        """Seconds for one top 25: the ideal one, or viewflow's own."""
        user = User.objects.get(pk=load.BUSY)
        user.get_all_permissions()
        ways: dict[str, Callable[[], list[Any]]] = {
            "ideal": acts.ideal_inbox,
            "ideal_raw": acts.ideal_inbox_raw,
            "viewflow": lambda: list(Task.objects.inbox([ApproveFlow], user)[:25]),
        }
        return {"seconds": clock.once(ways[what], times), "rows": len(ways[what]())}

    def page(self, url: str, times: int) -> dict[str, Any]:
        """Seconds, statements and bytes of one page of viewflow's site, signed in as the reviewer."""
        if self._client is None:
            self._client = Client()
            self._client.force_login(User.objects.get(pk=load.BUSY))
        client = self._client
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        statements = len(queries)  # counted now: the next request clears the log
        assert response.status_code == 200, response.status_code
        seconds = clock.once(lambda: client.get(url), times)
        return {"seconds": seconds, "statements": statements, "bytes": len(response.content)}


def main() -> None:
    """Answers until its input ends."""
    worker = Worker()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(getattr(worker, asked.pop("act"))(**asked)), flush=True)


if __name__ == "__main__":
    main()
