"""kill -9 between state and ledger leaves neither, and the act succeeds when it is tried again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from budgets.selectors import first_fault
from tests.workflow import acts
from tests.workflow.invariants import faults
from tests.workflow.world import World, at
from workflow.models import ClassPlan

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


class Child:
    """The process that does acts and is killed in them (killed_child.py)."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.workflow.killed_child"],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "GUIKOU_TEST_DATABASE": str(connection.settings_dict["NAME"]),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def __call__(self, act: str, point: str, **arguments: Any) -> int:
        """How the process that did the act ended: 0 done, -9 killed."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"act": act, "point": point, "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        return int(self._read())

    def _read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture
def child(transactional_db: None) -> Iterator[Child]:
    started = Child()
    yield started
    started.close()


def picture() -> dict[str, str]:
    """A digest of every row of every table: of the process, the ledger, numbers, history, everything."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(
                f"SELECT count(*) || ' ' || md5(COALESCE(string_agg(t::text, '' ORDER BY t::text), '')) "
                f'FROM "{table}" t'
            )
            [found[table]] = cursor.fetchone()
    return found


def both(*names: str) -> list[str]:
    return [f"{name}:{when}" for name in names for when in ("before", "after")]


def killed_everywhere(
    child: Child, plan: ClassPlan, act: str, points: list[str], arguments: dict[str, Any]
) -> None:
    """Killed at each point the act leaves every table as it was; then it goes through."""
    before = picture()
    for point in points:
        assert child(act, point, **arguments) == -9, point
        # The server undoes what the dead process had begun as soon as it notices; the row is free then.
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute("SELECT 1 FROM workflow_classplan WHERE id = %s FOR UPDATE", [plan.pk])
            cursor.execute("RESET lock_timeout")
        assert picture() == before, point
        assert (faults(), first_fault()) == ([], None)
    assert child(act, "", **arguments) == 0
    assert picture() != before
    assert (faults(), first_fault()) == ([], None)


def test_an_approval_killed_between_state_and_ledger_leaves_neither(world: World, child: Child) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.call(world, plan)
    killed_everywhere(
        child,
        plan,
        "settle",
        [*both("number", "money", "record", "state", "item", "close"), "commit:before"],
        {
            "item_id": acts.item_of(plan).pk,
            "outcome": "passed",
            "actor": world.people["secretary"].pk,
            "at": at(1, 20).isoformat(),
        },
    )
    plan = acts.fresh(plan)
    # The numbers the dead had drawn are the next one's: no gap.
    assert (plan.state, plan.plan_number) == ("approved", "P2027-0001")


def test_a_changed_approval_killed_leaves_the_departments_figures(world: World, child: Child) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.call(world, plan)
    killed_everywhere(
        child,
        plan,
        "settle",
        [*both("version", "money"), "commit:before"],
        {
            "item_id": acts.item_of(plan).pk,
            "outcome": "passed_changed",
            "figures": {"trainees": 50},
            "actor": world.people["secretary"].pk,
            "at": at(1, 20).isoformat(),
        },
    )
    assert acts.fresh(plan).trainees == 50


@pytest.mark.parametrize("action", ["agree", "return"])
def test_a_decision_killed_half_way_was_never_taken(world: World, child: Child, action: str) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    killed_everywhere(
        child,
        plan,
        "decide",
        [*both("record", "state", "desk", "close"), "commit:before"],
        {
            "plan_id": plan.pk,
            "task_id": world.task(plan).pk,
            "action": action,
            "opinion": "意见",
            "actor": world.people["jiceng-head"].pk,
            "at": at(1, 20).isoformat(),
        },
    )
    assert world.task(plan).step == ("finance" if action == "agree" else "author")


def test_a_submission_killed_half_way_takes_no_number_and_leaves_a_draft(world: World, child: Child) -> None:
    plan = world.draft()
    killed_everywhere(
        child,
        plan,
        "submit",
        [*both("version", "number", "state", "record", "start"), "commit:before"],
        {"plan_id": plan.pk, "actor": world.people["xuanchuan-staff"].pk, "at": at(1, 20).isoformat()},
    )
    assert (acts.fresh(plan).state, acts.fresh(plan).serial) == ("reviewing", 1)


def test_a_withdrawal_killed_half_way_leaves_the_plan_on_its_desk(world: World, child: Child) -> None:
    plan = acts.pass_to(world, world.draft(), "sign")
    killed_everywhere(
        child,
        plan,
        "withdraw",
        [*both("state", "abandon", "record"), "commit:before"],
        {"plan_id": plan.pk, "actor": world.people["xuanchuan-staff"].pk, "at": at(1, 20).isoformat()},
    )
    assert acts.fresh(plan).state == "withdrawn"
