"""All states × actions, in Python and in the database, from the one table."""

from __future__ import annotations

import io
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django_fsm import TransitionNotAllowed
from psycopg.errors import RaiseException

from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.states import EDITABLE, FIRST_STATE, PENDING, SETTLED, TRANSITIONS, PlanState, T, moves

#: What a RAISE of our triggers and a CHECK arrive as.
REFUSED_BY_DATABASE = (ProgrammingError, IntegrityError)


@pytest.mark.parametrize(("action", "state"), list(product(TRANSITIONS, PlanState)))
def test_an_action_moves_a_plan_exactly_as_the_table_says(action: str, state: PlanState) -> None:
    plan = ClassPlan(state=state)
    if state in TRANSITIONS[action].sources:
        getattr(plan, action)()
        assert plan.state == TRANSITIONS[action].target
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(plan, action)()
        assert plan.state == state


def test_the_class_has_a_method_for_every_action_and_no_other() -> None:
    field: Any = ClassPlan._meta.get_field("state")
    methods = {t.name for t in field.get_all_transitions(ClassPlan)}
    assert methods == set(TRANSITIONS) == set(T)


def test_every_state_is_editable_pending_or_settled() -> None:
    assert set(PlanState) == EDITABLE | PENDING | SETTLED
    assert {PlanState.RETURNED} == EDITABLE & PENDING
    assert not SETTLED & (EDITABLE | PENDING)


def reach(plan: ClassPlan, state: str) -> None:
    """Puts a plan into a state with the guards off, to try what leads on from it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE workflow_classplan DISABLE TRIGGER USER")
        cursor.execute("UPDATE workflow_classplan SET state = %s WHERE id = %s", [state, plan.pk])
        cursor.execute("ALTER TABLE workflow_classplan ENABLE TRIGGER USER")


@pytest.mark.django_db
def test_the_database_admits_the_moves_of_the_table_only(world: World) -> None:
    from workflow.services import submission

    plan = world.draft()
    submission.submit(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    admitted = set(moves())
    for before, after in product(PlanState.values, repeat=2):
        if before == after:
            continue
        reach(plan, before)
        plain = ClassPlan.objects.filter(pk=plan.pk)
        if (before, after) not in admitted:
            with (
                pytest.raises(REFUSED_BY_DATABASE, match=r"Invalid transition|plan number and a project"),
                transaction.atomic(),
            ):
                plain.update(state=after)
        elif after == PlanState.APPROVED:
            # An approval is more than a state: number and project come in the same statement.
            with pytest.raises(REFUSED_BY_DATABASE, match="plan number and a project"), transaction.atomic():
                plain.update(state=after)
        else:
            assert plain.update(state=after) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in PlanState.values if s != FIRST_STATE])
def test_nothing_but_a_draft_is_inserted_by_any_road(world: World, state: str) -> None:
    draft = world.draft()
    common = {
        "union": world.union,
        "department": draft.department,
        "year": 2027,
        "name": "插入",
        "created_by": draft.created_by,
        "created_at": at(1, 1),
        "updated_at": at(1, 1),
    }
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        ClassPlan.objects.create(state=state, serial=9, version=draft.version, **common)
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        ClassPlan.objects.bulk_create([ClassPlan(state=state, **common)])
    columns = [f.column for f in ClassPlan._meta.concrete_fields if f.column not in ("id", "state")]
    names = ", ".join(columns)
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO workflow_classplan (state, {names}) "
            f"SELECT %s, {names} FROM workflow_classplan WHERE id = %s",
            [state, draft.pk],
        )
    with connection.cursor() as cursor:
        out = io.StringIO()
        with cursor.copy(f"COPY (SELECT {names} FROM workflow_classplan) TO STDOUT") as copy:
            for block in copy:
                out.write(bytes(block).decode())
    row = out.getvalue().splitlines()[0]
    with (
        pytest.raises(RaiseException, match="begins as draft"),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY workflow_classplan (state, {names}) FROM STDIN") as copy,
    ):
        copy.write(f"{state}\t{row}\n")
    assert ClassPlan.objects.count() == 1
