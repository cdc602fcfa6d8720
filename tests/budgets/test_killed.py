"""kill -9 in the middle of a payment leaves nothing of it, and the same form goes through afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from budgets.models import Account, Invoice, Payment, Project
from budgets.selectors import first_fault
from tests.budgets.cast import NOW, found, fund_of, give
from tests.budgets.spend import commit_to, line, stands

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_a_process(transactional_db: None) -> Iterator[Callable[[dict[str, Any]], int]]:
    """How the process ended that was asked to pay: 0, or -9 for one that was killed."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.budgets.killed_child"],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GUIKOU_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        to, back = child.stdin, child.stdout
        assert to is not None
        assert back is not None

        def ask(payment: dict[str, Any]) -> int:
            to.write(json.dumps(payment) + "\n")
            to.flush()
            return int(back.readline())

        yield ask
        to.close()
        child.wait(timeout=30)


def picture() -> dict[str, str]:
    """A digest of every row of the ledger's tables."""
    digests = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(("budgets_", "pghistory_")):
                cursor.execute(
                    f"SELECT count(*) || ' ' || md5(COALESCE(string_agg(t::text, '' ORDER BY t::text), '')) "
                    f'FROM "{table}" t'
                )
                [digests[table]] = cursor.fetchone()
    return digests


def wait_for_the_dead(project: Project) -> None:
    """The server undoes what the dead process had begun as soon as it notices; its accounts are free then."""
    accounts = list(Account.objects.filter(line__project=project).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20s'")
        cursor.execute("SELECT 1 FROM budgets_account WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [accounts])
        cursor.execute("RESET lock_timeout")


def test_a_payment_killed_anywhere_was_never_made(
    in_a_process: Callable[[dict[str, Any]], int],
) -> None:
    cast = found("binhai", "滨海新区总工会")
    project = give(cast, fund_of(cast, "100000.00"), "1000.00", "500.00")
    commitment = commit_to(cast, project, "300.00")
    asked = {
        "project": project.pk,
        "actor": cast.finance.pk,
        "at": NOW.isoformat(),
        "rows": [
            (line(project).pk, "300.00", commitment.pk),
            (line(project).pk, "700.00", None),
            (line(project, 2).pk, "500.00", None),
        ],
        "key": str(uuid.uuid4()),
        "when": "",
    }
    before = picture()
    points = [
        ("budgets_payment", "before"),
        ("budgets_payment", "after"),
        ("budgets_supportingpaper", "after"),
        ("budgets_invoice", "after"),
        ("budgets_entry", "before"),
        ("budgets_entry", "after"),
        ("commit", ""),
    ]
    for table, when in points:
        assert in_a_process(asked | {"table": table, "when": when}) == -9, (table, when)
        wait_for_the_dead(project)
        assert picture() == before, (table, when)
        assert first_fault() is None
    assert in_a_process(asked | {"table": ""}) == 0
    assert stands(project) == {"item-1": ("0.00", "0.00", "1000.00"), "item-2": ("0.00", "0.00", "500.00")}
    paid = Payment.objects.get()
    assert (str(paid.key), paid.amount) == (asked["key"], Decimal("1500.00"))
    assert Invoice.objects.get().payment == paid
    # The same form once more, as the person whose page had died sends it.
    after = picture()
    assert in_a_process(asked | {"table": ""}) == 0
    assert picture() == after
    assert first_fault() is None
