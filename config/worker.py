"""The worker: does what pages put off, imports and long checks, until it is stopped.

    python -m config.worker

`make demo` keeps one beside the web processes, an installation runs it as a service of its own
(deploy/guikou-worker.service). One is enough for a union; several share the queue. TERM, INT or HUP end it;
what is under way goes back to the queue. docs/decisions/0023.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
import time

from config import embedded

# Seconds after which a worker whose parent is gone doesn't wait for its tasks any more.
PATIENCE = 15


def main(arguments: list[str] | None = None) -> int:
    """Work until stopped. Returns 1, after one line of explanation, without a database."""
    parser = argparse.ArgumentParser(prog="python -m config.worker", description="办理后台事项，直到被停止")
    parser.add_argument("--parent", type=int, help="父进程号：父进程结束时一同结束（make demo 使用）")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if options.parent is not None:
        threading.Thread(target=_end_with, args=(options.parent,), daemon=True).start()
    try:
        embedded.start()

        import django  # noqa: PLC0415 — after the environment is set

        django.setup()
        import psycopg  # noqa: PLC0415
        from django.db import OperationalError, connection  # noqa: PLC0415
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415

        from workflow import jobs  # noqa: PLC0415

        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        try:
            connection.ensure_connection()
            connection.close()
            asyncio.run(jobs.serve())
        except (OperationalError, psycopg.OperationalError, ConnectorException) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            print(f"后台处理程序已停止，数据库不能使用：{reason}", file=sys.stderr)
            return 1
    except embedded.EmbeddedError as error:
        print(f"后台处理程序没有启动：{error}", file=sys.stderr)
        return 1
    return 0


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    embedded.stop()
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
