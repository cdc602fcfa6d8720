"""kill -9 in the middle of an act on seats leaves nothing half, and the act succeeds when tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.workflow import called
from tests.workflow.seat_process import Server
from tests.workflow.test_killed import picture
from tests.workflow.test_seat_states import astray
from tests.workflow.world import World, at
from training.models import TrainingRecord
from workflow.models import ClassRun, Seat
from workflow.services import attendance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def both(*names: str) -> list[str]:
    return [f"{name}:{when}" for name in names for when in ("before", "after")]


def killed_everywhere(
    server: Server, run: ClassRun, act: str, points: list[str], arguments: dict[str, Any]
) -> None:
    """Killed at each point the act leaves every table as it was; then it goes through."""
    before = picture()
    for point in points:
        server.send(act, point=point, **arguments)
        assert server.answer() == {"ended": -9}, point
        # The server undoes what the dead process had begun as soon as it notices; the rows are free then.
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute("SELECT 1 FROM workflow_classplan WHERE id = %s FOR UPDATE", [run.plan_id])
            cursor.execute("SELECT 1 FROM org_cadre ORDER BY id FOR UPDATE")
            cursor.execute("RESET lock_timeout")
        assert picture() == before, point
        assert astray() == []
    server.send(act, **arguments)
    assert server.answer() == {"done": True}
    assert picture() != before
    assert astray() == []


def test_a_confirmation_killed_leaves_the_person_free(world: World, server: Server) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 3)])
    called.nominate(world, run, unit)
    killed_everywhere(
        server,
        run,
        "confirm",
        [*both("people", "run", "check", "seats", "line"), "commit:before"],
        {
            "seat_ids": [called.seat(run, who).pk for who in unit.cadres],
            "actor": called.organiser(world, run).pk,
            "at": at(6, 1).isoformat(),
        },
    )
    assert set(Seat.objects.values_list("state", flat=True)) == {"confirmed"}


def test_attendance_killed_while_it_is_closed_leaves_neither_seats_nor_records(
    world: World, server: Server
) -> None:
    run = called.opened(world)
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    called.confirm(world, run, *unit.cadres[:2])
    who = called.organiser(world, run)
    attendance.begin(run_id=run.pk, actor=who, at=at(6, 8))
    marks = {
        (called.seat(run, cadre).pk, day, half): ("present", "")
        for cadre in unit.cadres[:2]
        for day, half in run.half_days
    }
    attendance.enter(run_id=run.pk, marks=marks, actor=who, at=at(6, 9, 17))
    killed_everywhere(
        server,
        run,
        "close",
        [*both("people", "seats", "line", "records", "state"), "commit:before"],
        {"run_id": run.pk, "actor": who.pk, "at": at(6, 9, 18).isoformat()},
    )
    assert TrainingRecord.objects.count() == 2
    assert list(Seat.objects.order_by("position").values_list("state", flat=True)) == [
        "completed",
        "completed",
        "rejected",
    ]
