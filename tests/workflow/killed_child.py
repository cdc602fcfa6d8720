"""Runs single acts in processes of their own and kills them with SIGKILL at a named point.

Reads a line of JSON for each act: ``{"act", "point", "arguments"}``; forks, wraps the function the point
names so that the process is killed before or after it, does the act, and answers how the process ended:
0 for done, 1 for refused or failed, -9 for killed. It never opens the database itself.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

#: Where the parts of an act are done: owner and name of the function.
POINTS = {
    "number": ("workflow.services.{numbers}", "next_number"),
    "money": ("workflow.services.meetings", "appropriate"),
    "version": ("workflow.models.PlanVersion.objects", "create"),
    "record": ("workflow.services.base", "record"),
    "state": ("workflow.models.ClassPlan", "save"),
    "item": ("workflow.models.AgendaItem", "save"),
    "start": ("workflow.flows", "start"),
    "close": ("workflow.flows", "close"),
    "abandon": ("workflow.flows", "abandon"),
    "desk": ("workflow.flows.DeskActivation", "create"),
    "commit": ("django.db.connection", "commit"),
}

ACTS = {
    "submit": ("submission", "submit"),
    "withdraw": ("submission", "withdraw"),
    "decide": ("decisions", "decide"),
    "settle": ("meetings", "settle"),
}

#: Where the module of an act draws its numbers, if not in itself.
NUMBERS = {"meetings": "base"}


def found(path: str) -> Any:
    """The module or attribute of that dotted name."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            owner = getattr(owner, name)
        return owner
    raise LookupError(path)


def arm(point: str, module: str) -> None:
    """``record:after``: the process is killed when the record has been written."""
    name, _, when = point.partition(":")
    path, attribute = POINTS[name]
    owner = found(path.format(module=module, numbers=NUMBERS.get(module, module)))
    real: Callable[..., Any] = getattr(owner, attribute)

    def deadly(*args: Any, **more: Any) -> Any:
        if when == "after":
            real(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, attribute, deadly)


def perform(order: dict[str, Any]) -> None:
    """In the forked process: the act, and with a point its death."""
    from org.models import User
    from workflow.states import DecisionAction, MeetingOutcome

    module, function = ACTS[order["act"]]
    arguments = dict(order["arguments"])
    arguments["actor"] = User.objects.get(pk=arguments["actor"])
    arguments["at"] = datetime.fromisoformat(arguments["at"])
    for name, choices in (("outcome", MeetingOutcome), ("action", DecisionAction)):
        if name in arguments:
            arguments[name] = choices(arguments[name])
    if order["point"]:
        arm(order["point"], module)
    getattr(importlib.import_module(f"workflow.services.{module}"), function)(**arguments)


def main() -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = os.environ["GUIKOU_TEST_DATABASE"]
    django.setup()
    importlib.import_module("workflow.services.meetings")
    importlib.import_module("workflow.services.submission")
    answer("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                perform(json.loads(line))
            except BaseException as error:  # noqa: BLE001 - told to whoever reads the test's output
                sys.stderr.write(f"{line.strip()}: {error!r}\n")
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        answer(str(os.waitstatus_to_exitcode(status)))


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
