"""期 and requests, all states × actions, in Python and in the database, from the one table of each."""

from __future__ import annotations

import io
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.models import Model
from django_fsm import TransitionNotAllowed
from psycopg.errors import CheckViolation, RaiseException

from tests.workflow import acts, runs
from tests.workflow.world import World
from workflow.models import ClassRun, MoneyRequest, RunRequest
from workflow.states import (
    REQUEST,
    REQUEST_TRANSITIONS,
    RUN,
    RUN_TRANSITIONS,
    RequestKind,
    RequestState,
    RunState,
    moves,
)

REFUSED_BY_DATABASE = (ProgrammingError, IntegrityError)
TABLES: list[tuple[type[Model], Any, Any]] = [
    (ClassRun, RUN_TRANSITIONS, RunState),
    (RunRequest, REQUEST_TRANSITIONS, RequestState),
    (MoneyRequest, REQUEST_TRANSITIONS, RequestState),
]
ALL = [
    (model, table, action, state)
    for model, table, states in TABLES
    for action, state in product(table, states)
]


@pytest.mark.parametrize(("model", "table", "action", "state"), ALL)
def test_an_action_moves_exactly_as_the_table_says(model: Any, table: Any, action: str, state: str) -> None:
    row = model(state=state)
    if state in table[action].sources:
        getattr(row, action)()
        assert row.state == table[action].target
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(row, action)()
        assert row.state == state


def test_each_class_has_a_method_for_every_action_and_no_other() -> None:
    for model, table in ((ClassRun, RUN), (RunRequest, REQUEST), (MoneyRequest, REQUEST)):
        field: Any = model._meta.get_field("state")
        assert {t.name for t in field.get_all_transitions(model)} == set(table)


def reach(row: Any, state: str, **columns: Any) -> None:
    """Puts a row into a state with the guards off, to try what leads on from it."""
    table = row._meta.db_table
    also = "".join(f", {name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE {table} SET state = %s{also} WHERE id = %s", [state, *columns.values(), row.pk]
        )
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_the_database_admits_a_sessions_moves_of_the_table_only(world: World) -> None:
    run = runs.opened_run(world)
    admitted = set(moves(RUN_TRANSITIONS))
    for before, after in product(RunState.values, repeat=2):
        if before == after:
            continue
        reach(run, before)
        plain = ClassRun.objects.filter(pk=run.pk)
        if (before, after) in admitted:
            assert plain.update(state=after) == 1
        else:
            with pytest.raises(REFUSED_BY_DATABASE, match="Invalid transition"), transaction.atomic():
                plain.update(state=after)


@pytest.mark.django_db
def test_the_database_admits_a_requests_moves_of_the_table_only(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    admitted = set(moves(REQUEST_TRANSITIONS))
    for before, after in product(RequestState.values, repeat=2):
        if before == after:
            continue
        reach(request, before)
        plain = RunRequest.objects.filter(pk=request.pk)
        if (before, after) in admitted:
            assert plain.update(state=after) == 1
        else:
            with pytest.raises(REFUSED_BY_DATABASE, match="Invalid transition"), transaction.atomic():
                plain.update(state=after)


def copied(model: Any, state: str) -> None:
    """A row of the table again by COPY, in another state."""
    columns = [f.column for f in model._meta.concrete_fields if f.column not in ("id", "state")]
    names, table = ", ".join(columns), model._meta.db_table
    with connection.cursor() as cursor:
        out = io.StringIO()
        with cursor.copy(f"COPY (SELECT {names} FROM {table} LIMIT 1) TO STDOUT") as copy:
            for block in copy:
                out.write(bytes(block).decode())
        with cursor.copy(f"COPY {table} (state, {names}) FROM STDIN") as copy:
            copy.write(f"{state}\t{out.getvalue().splitlines()[0]}\n")


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in RunState.values if s != "planned"])
def test_a_session_begins_planned_by_whatever_road(world: World, state: str) -> None:
    run = runs.planned_run(world)
    common = {"plan": run.plan, "session_no": 2, "code": "P2027-0001-2"}
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        ClassRun.objects.create(state=state, **common)
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        ClassRun.objects.bulk_create([ClassRun(state=state, **common)])
    with pytest.raises((RaiseException, CheckViolation)), transaction.atomic():
        copied(ClassRun, state)
    assert ClassRun.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in RequestState.values if s != "draft"])
def test_a_request_begins_as_a_draft_by_whatever_road(world: World, state: str) -> None:
    run = runs.planned_run(world)
    draft = runs.draft(world, run, terms=runs.as_planned(run.plan))
    common = {
        "run": run,
        "kind": RequestKind.EXEMPT,
        "created_by": draft.created_by,
        "created_at": draft.created_at,
    }
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        RunRequest.objects.create(state=state, **common)
    with pytest.raises((RaiseException, CheckViolation)), transaction.atomic():
        copied(RunRequest, state)
    assert RunRequest.objects.count() == 1


@pytest.mark.django_db
def test_a_class_that_isnt_approved_has_no_session_and_opens_none(world: World) -> None:
    plan = world.draft()
    with pytest.raises(IntegrityError, match="only an approved class is opened"), transaction.atomic():
        ClassRun.objects.create(plan=plan, session_no=1, code="P-1")
    run = runs.planned_run(world, name="另一个班")
    reach(acts.fresh(run.plan), "cancelled")
    with pytest.raises(IntegrityError, match="only an approved class is opened"), transaction.atomic():
        ClassRun.objects.filter(pk=run.pk).update(state="opening")


@pytest.mark.django_db
def test_a_session_is_not_open_without_its_days(world: World) -> None:
    run = runs.planned_run(world)
    reach(run, "opening")
    with pytest.raises(IntegrityError, match="run_opened_has_dates"), transaction.atomic():
        ClassRun.objects.filter(pk=run.pk).update(state="enrolling")


@pytest.mark.django_db
def test_what_was_handed_in_is_what_is_read(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    for field, value in (
        ("content", {}),
        ("before", {}),
        ("reason", "改过"),
        ("chain", "same2"),
        ("book", None),
    ):
        with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
            RunRequest.objects.filter(pk=request.pk).update(**{field: value})
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        request.delete()


@pytest.mark.django_db
def test_two_open_requests_about_a_session_are_refused_by_the_database(world: World) -> None:
    run = runs.planned_run(world)
    first = runs.draft(world, run, terms=runs.as_planned(run.plan))
    with pytest.raises(IntegrityError, match="one_open_request_a_run"), transaction.atomic():
        RunRequest.objects.create(
            run=run, kind=RequestKind.CANCEL, created_by=first.created_by, created_at=first.created_at
        )
