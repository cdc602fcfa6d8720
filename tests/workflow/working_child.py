"""A worker on the database of the tests, with the works of demonstration.py; ended by TERM or killed.

`GUIKOU_TEST_DATABASE` names the database; the arguments are the seconds of heartbeat, stalled and grace.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys


def main() -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = os.environ["GUIKOU_TEST_DATABASE"]
    django.setup()
    importlib.import_module("tests.workflow.demonstration")
    from workflow import jobs

    heartbeat, stalled, grace = map(float, sys.argv[1:])
    asyncio.run(jobs.serve(heartbeat=heartbeat, stalled=stalled, grace=grace))


if __name__ == "__main__":
    main()
