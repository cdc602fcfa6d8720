"""Pays in forked processes that die by SIGKILL at a named statement; see ``test_killed.py``.

Reads a line of JSON for each payment: ``{"project", "actor", "at", "rows", "key", "table", "when"}``, and
answers how the process ended: 0 for paid, 1 for refused or failed, -9 for killed. It dies ``before`` or
``after`` its first INSERT into ``table``, or at COMMIT; without a table it lives and pays. This process never
opens the database itself.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def perform(asked: dict[str, Any]) -> None:
    """In the forked process: the payment, and with a table its death."""
    from django.db import connection, transaction

    from budgets.models import Project
    from budgets.services import GivenInvoice, PaidRow, pay
    from budgets.states import PayMethod, Subject
    from org.models import User
    from tests.budgets.spend import BOOK, papers

    def at_statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        hit = sql.startswith("INSERT") and f'"{asked["table"]}"' in sql
        if hit and asked["when"] == "before":
            die()
        result = execute(sql, params, many, context)
        if hit:
            die()
        return result

    at = datetime.fromisoformat(asked["at"])
    with connection.execute_wrapper(at_statement), transaction.atomic():
        pay(
            project=Project.objects.get(pk=asked["project"]),
            kind="other",
            title="教材费",
            payee="新华书店",
            rows=[PaidRow(line, Decimal(amount), commitment) for line, amount, commitment in asked["rows"]],
            method=PayMethod.TRANSFER,
            paid_on=at.date(),
            subject=Subject.CADRES,
            handler="经办人甲",
            key=uuid.UUID(asked["key"]),
            book=BOOK,
            actor=User.objects.get(pk=asked["actor"]),
            at=at,
            invoices=[GivenInvoice("12345678")],
            papers=papers("other"),
        )
        if asked["table"] == "commit":
            die()


def main() -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = os.environ["GUIKOU_TEST_DATABASE"]
    django.setup()
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
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
