"""A process of its own that acts on people's seats: for races between servers, and to be killed in the act.

Reads a line of JSON for each act: ``{"act", "arguments", "point", "start"}``. Without a point it does the
act, not before ``start`` (seconds since the epoch), and answers ``{"done"}`` or ``{"refused", "text"}``. With
a point it forks, and the fork dies by SIGKILL there (``killed_child.arm``); the answer is how it ended.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from datetime import datetime
from typing import Any

from tests.workflow import killed_child

ACTS = {
    "confirm": ("confirmations", "confirm"),
    "close": ("attendance", "close"),
    "nominate": ("nominations", "nominate"),
    "withdraw": ("seats", "withdraw"),
}

killed_child.POINTS |= {
    "people": ("workflow.services.{module}", "lock_people"),
    "run": ("workflow.services.{module}", "locked_run"),
    "check": ("workflow.services.{module}", "examine"),
    "seats": ("workflow.models.Seat.objects", "bulk_update"),
    "line": ("workflow.models.SeatAct.objects", "bulk_create"),
    "records": ("workflow.services.{module}", "record_many"),
    "state": ("workflow.models.ClassRun", "save"),
}


def perform(order: dict[str, Any]) -> dict[str, Any]:
    from django.db import connections

    from office.refusals import Refused
    from org.models import User

    module, function = ACTS[order["act"]]
    arguments = dict(order["arguments"])
    arguments["actor"] = User.objects.get(pk=arguments["actor"])
    arguments["at"] = datetime.fromisoformat(arguments["at"])
    service = importlib.import_module(f"workflow.services.{module}")
    if order.get("point"):
        killed_child.arm(order["point"], module)
    time.sleep(max(0.0, order.get("start", 0) - time.time()))
    try:
        getattr(service, function)(**arguments)
    except Refused as refused:
        return {"refused": type(refused).__name__, "text": str(refused)}
    finally:
        connections.close_all()
    return {"done": True}


def main() -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = os.environ["GUIKOU_TEST_DATABASE"]
    django.setup()
    importlib.import_module("workflow.services.attendance")
    killed_child.answer("ready")
    for line in sys.stdin:
        order = json.loads(line)
        if not order.get("point"):
            killed_child.answer(json.dumps(perform(order)))
            continue
        pid = os.fork()
        if pid == 0:
            try:
                perform(order)
            except BaseException as error:  # noqa: BLE001 - told to whoever reads the test's output
                sys.stderr.write(f"{line.strip()}: {error!r}\n")
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        killed_child.answer(json.dumps({"ended": os.waitstatus_to_exitcode(status)}))


if __name__ == "__main__":
    main()
