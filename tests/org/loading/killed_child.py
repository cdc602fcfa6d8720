"""An import command in a process of its own, killed with SIGKILL at its n-th commit, before or after it.

``python -m tests.org.loading.killed_child COMMAND FILE POINT``; the point is ``3:before``, or ``never``.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count

import django
from django.conf import settings


def main(command: str, file: str, point: str) -> None:
    """Runs the command in batches of ten rows."""
    settings.DATABASES["default"]["NAME"] = os.environ["GUIKOU_TEST_DATABASE"]
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from org.loading import run
    from org.services import tree_intake

    for module in (run, tree_intake):
        setattr(module, "BATCH", 10)  # noqa: B010 - final everywhere but here
    number, _, when = point.partition(":")
    commit, calls = connection.commit, count(1)

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def killing() -> None:
        here = str(next(calls)) == number
        if here and when == "before":
            kill()
        commit()
        if here:
            kill()

    connection.commit = killing  # type: ignore[method-assign]
    call_command(command, file, quiet=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
