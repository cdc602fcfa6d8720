"""The database's own word on seats, by whichever road one comes: raw SQL, bulk, COPY."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django_fsm import TransitionNotAllowed

from office.refusals import Refused
from org.models import Cadre
from tests.workflow import called, runs
from tests.workflow.world import World, at
from training.models import TrainingRecord
from workflow.models import Attendance, ClassRun, Seat, SeatSpan
from workflow.rules.people import Candidate, check
from workflow.states import SEAT_TRANSITIONS, RequestKind, SeatRank, SeatSource, SeatState, moves

pytestmark = pytest.mark.django_db

#: How a new seat comes into each state.
ROADS: dict[str, tuple[str, ...]] = {
    "nominated": (),
    "offered": ("offer",),
    "confirmed": ("confirm",),
    "completed": ("confirm", "complete"),
    "unfinished": ("confirm", "leave_unfinished"),
    "withdrawn": ("withdraw",),
    "replaced": ("replace",),
    "rejected": ("reject",),
    "released": ("release",),
}


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world)


@pytest.fixture
def who(world: World) -> Cadre:
    return called.unit(world, people=1).cadres[0]


def fields(run: ClassRun, who: Cadre) -> dict[str, Any]:
    return {
        "run": run,
        "cadre": who,
        "unit": who.unit,
        "rank": SeatRank.FORMAL,
        "source": SeatSource.PAGE,
        "name": who.name,
        "unit_name": who.unit.name,
        "nominated_at": at(5, 1),
        "changed_at": at(5, 1),
    }


def seat(run: ClassRun, who: Cadre, state: str = "nominated") -> Seat:
    made = Seat.objects.create(**fields(run, who))
    for action in ROADS[state]:
        getattr(made, action)()
        made.save()
    return made


def raw(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def insert(run: ClassRun, who: Cadre, state: str = "nominated") -> None:
    raw(
        """INSERT INTO workflow_seat (run_id, cadre_id, unit_id, state, rank, position, source, name,
               unit_name, post_title, phone, needs, arrival, findings, explanation, late, result_note,
               nominated_at, changed_at)
           VALUES (%s, %s, %s, %s, 'formal', 1, 'page', %s, 'x', '', '', '', '', '[]', '', false, '',
               now(), now())""",
        run.pk,
        who.pk,
        who.unit_id,
        state,
        who.name,
    )


def bulk(run: ClassRun, who: Cadre, state: str = "nominated") -> None:
    Seat.objects.bulk_create([Seat(state=state, **fields(run, who))])


def copy(run: ClassRun, who: Cadre, state: str = "nominated") -> None:
    columns = (
        "run_id, cadre_id, unit_id, state, rank, position, source, name, unit_name, post_title, phone, needs,"
        " arrival, findings, explanation, late, result_note, nominated_at, changed_at"
    )
    row = (run.pk, who.pk, who.unit_id, state, "formal", 1, "page", who.name, "x", "", "", "", "", "[]", "")
    into = f"COPY workflow_seat ({columns}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(into) as out:
        out.write_row((*row, False, "", at(5, 1), at(5, 1)))


IN = [pytest.param(road, id=road.__name__) for road in (insert, bulk, copy)]

#: Rows of workflow_seatspan that aren't as the seats say, or are missing.
ASTRAY = """
    WITH due AS (
        SELECT s.id AS seat_id, s.cadre_id, s.run_id, p.department_id, p.subject, part AS span,
               s.state IN ('confirmed', 'completed') AS firm
        FROM workflow_seat s JOIN workflow_classrun r ON r.id = s.run_id
        JOIN workflow_classplan p ON p.id = r.plan_id CROSS JOIN LATERAL unnest(r.stretches) AS part
        WHERE s.state IN ('nominated', 'offered', 'confirmed', 'completed')
    ), there AS (
        SELECT seat_id, cadre_id, run_id, department_id, subject, span, firm FROM workflow_seatspan
    )
    (SELECT * FROM due EXCEPT ALL SELECT * FROM there)
    UNION ALL (SELECT * FROM there EXCEPT ALL SELECT * FROM due)
"""


def astray() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(ASTRAY)
        return cursor.fetchall()


# ---- the table of states


@pytest.mark.parametrize("state", SeatState.values)
def test_every_action_from_every_state(run: ClassRun, who: Cadre, state: str) -> None:
    made = seat(run, who, state)
    for action, move in SEAT_TRANSITIONS.items():
        fresh = Seat.objects.get(pk=made.pk)
        if state in move.sources:
            getattr(fresh, action)()
            assert fresh.state == move.target
        else:
            with pytest.raises(TransitionNotAllowed):
                getattr(fresh, action)()


@pytest.mark.parametrize("state", SeatState.values)
def test_raw_sql_moves_a_seat_only_along_the_table(run: ClassRun, who: Cadre, state: str) -> None:
    made = seat(run, who, state)
    for target in SeatState.values:
        if target == state:
            continue
        try:
            with transaction.atomic():
                raw("UPDATE workflow_seat SET state = %s WHERE id = %s", target, made.pk)
                went = True
                assert astray() == []
                transaction.set_rollback(True)
        except DatabaseError:
            went = False
        assert went is ((state, target) in moves(SEAT_TRANSITIONS)), target


@pytest.mark.parametrize("road", IN)
def test_a_seat_begins_nominated_by_whichever_road(run: ClassRun, who: Cadre, road: Any) -> None:
    for state in SeatState.values:
        if state != SeatState.NOMINATED:
            with pytest.raises(DatabaseError, match="begins as nominated"), transaction.atomic():
                road(run, who, state)
    road(run, who)
    assert astray() == []
    assert SeatSpan.objects.filter(cadre=who, firm=False).count() == 1


@pytest.mark.parametrize("road", IN)
def test_nobody_is_called_up_before_the_second_gate_nor_after_the_class(
    world: World, who: Cadre, road: Any
) -> None:
    """D2-28: planned, opening and cancelled 期 take nobody, and no more do those that are over."""
    planned = runs.planned_run(world)
    with pytest.raises(DatabaseError, match="not open"), transaction.atomic():
        road(planned, who)
    runs.hand_in(world, planned, terms=runs.as_planned(planned.plan))
    with pytest.raises(DatabaseError, match="not open"), transaction.atomic():
        road(runs.fresh_run(planned), who)
    run = called.opened(world, name="另一班")
    run.begin()
    run.save()
    road(run, who)
    run.close_attendance()
    run.save()
    with pytest.raises(DatabaseError, match="not open"), transaction.atomic():
        road(run, called.cadre(who.unit))


def test_a_seat_is_never_deleted_and_keeps_whose_it_is(run: ClassRun, who: Cadre) -> None:
    made = seat(run, who)
    for sql in (
        "DELETE FROM workflow_seat WHERE id = %s",
        "UPDATE workflow_seat SET cadre_id = cadre_id + 1 WHERE id = %s",
        "UPDATE workflow_seat SET source = 'named' WHERE id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            raw(sql, made.pk)


def test_a_person_has_one_living_seat_in_a_class(run: ClassRun, who: Cadre) -> None:
    first = seat(run, who)
    with pytest.raises(IntegrityError, match="seat_person_once"), transaction.atomic():
        insert(run, who)
    first.withdraw()
    first.save()
    insert(run, who)


# ---- half-days


def other(world: World, first: date = date(2027, 6, 8), **fields: Any) -> ClassRun:
    return called.opened(world, department="quanyi", name="法律班", subject="YW-08", first=first, **fields)


def test_two_confirmed_seats_of_a_person_never_overlap(world: World, run: ClassRun, who: Cadre) -> None:
    seat(run, who, "confirmed")
    second = seat(other(world, date(2027, 6, 9)), who)
    with pytest.raises(IntegrityError, match="seat_one_class_at_a_time"), transaction.atomic():
        raw("UPDATE workflow_seat SET state = 'confirmed' WHERE id = %s", second.pk)
    with pytest.raises(IntegrityError, match="seat_one_class_at_a_time"), transaction.atomic():
        raw("UPDATE workflow_seatspan SET firm = true WHERE seat_id = %s", second.pk)
    assert astray() == []


def test_a_class_that_ends_at_noon_doesnt_clash_with_one_that_begins_after_it(
    world: World, run: ClassRun, who: Cadre
) -> None:
    after = other(world, date(2027, 6, 9))
    run.stretches = [NumericRange(run.stretches[0].lower, run.stretches[0].lower + 3)]
    run.save()
    after.stretches = [NumericRange(run.stretches[0].upper, run.stretches[0].upper + 3)]
    after.save()
    seat(run, who, "confirmed")
    seat(after, who, "confirmed")
    assert (ClassRun.objects.get(pk=run.pk).ends_on, ClassRun.objects.get(pk=after.pk).starts_on) == (
        date(2027, 6, 9),
        date(2027, 6, 9),
    )
    after.stretches = [NumericRange(run.stretches[0].upper - 1, run.stretches[0].upper + 3)]
    with pytest.raises(IntegrityError, match="seat_one_class_at_a_time"), transaction.atomic():
        after.save()


@pytest.mark.parametrize("state", ["withdrawn", "replaced", "rejected", "released", "unfinished"])
def test_whoever_is_out_has_his_half_days_back(world: World, run: ClassRun, who: Cadre, state: str) -> None:
    seat(run, who, state)
    assert SeatSpan.objects.count() == 0
    seat(other(world), who, "confirmed")


def test_a_moved_class_takes_its_peoples_half_days_along_or_doesnt_move(
    world: World, run: ClassRun, who: Cadre
) -> None:
    second = other(world, date(2027, 6, 15))
    pending = called.cadre(who.unit)
    seat(run, who, "confirmed")
    seat(run, pending)
    seat(second, who, "confirmed")
    lower = second.stretches[0].lower
    with pytest.raises(IntegrityError, match="seat_one_class_at_a_time"), transaction.atomic():
        raw(
            "UPDATE workflow_classrun SET stretches = ARRAY[int4range(%s, %s)] WHERE id = %s",
            lower + 3,
            lower + 6,
            run.pk,
        )
    assert ClassRun.objects.get(pk=run.pk).starts_on == date(2027, 6, 8)
    assert astray() == []
    raw(
        "UPDATE workflow_classrun SET stretches = ARRAY[int4range(%s, %s), int4range(%s, %s)] WHERE id = %s",
        lower - 4,
        lower,
        lower + 4,
        lower + 6,
        run.pk,
    )
    assert astray() == []
    assert sorted(span.span.lower for span in SeatSpan.objects.filter(run=run, cadre=pending)) == [
        lower - 4,
        lower + 4,
    ]


def test_many_seats_in_one_statement(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=30)
    Seat.objects.bulk_create([Seat(**fields(run, cadre)) for cadre in unit.cadres])
    assert astray() == []
    raw("UPDATE workflow_seat SET state = 'confirmed' WHERE run_id = %s AND cadre_id %% 2 = 0", run.pk)
    assert astray() == []
    raw("UPDATE workflow_seat SET state = 'released' WHERE run_id = %s", run.pk)
    assert (astray(), SeatSpan.objects.count()) == ([], 0)


def test_attendance_belongs_to_a_running_class(run: ClassRun, who: Cadre) -> None:
    made = seat(run, who, "confirmed")
    row = {
        "seat": made,
        "day": date(2027, 6, 8),
        "half": 0,
        "presence": "present",
        "entered_by": made.run.plan.created_by,
        "entered_at": at(6, 8),
    }
    with pytest.raises(IntegrityError, match="running class"), transaction.atomic():
        Attendance.objects.create(**row)
    run.begin()
    run.save()
    mark = Attendance.objects.create(**row)
    run.close_attendance()
    run.save()
    for change in (
        lambda: Attendance.objects.filter(pk=mark.pk).update(presence="absent"),
        lambda: Attendance.objects.filter(pk=mark.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="running class"), transaction.atomic():
            change()


# ---- S20


def test_a_cancelled_class_frees_everybody_and_no_one_year_rule_runs(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=4)
    called.call_up(world, run, [(unit, 3)])
    called.nominate(world, run, unit)
    called.confirm(world, run, *unit.cadres[:2])
    runs.grant(world, run, RequestKind.CANCEL, reason="场地维修")
    assert [called.seat(run, who).state for who in unit.cadres] == ["released"] * 4
    assert (SeatSpan.objects.count(), TrainingRecord.objects.count()) == (0, 0)
    again = called.opened(world, name="改期再办")
    people = [Candidate(row, cadre_id=who.pk) for row, who in enumerate(unit.cadres)]
    called.call_up(world, again, [(unit, 4)])
    assert check(again, people, at=at(5, 20), book=world.book.book, unit=unit.union) == [[]] * 4
    called.nominate(world, again, unit)
    called.confirm(world, again, *unit.cadres)


def test_a_postponed_class_that_runs_into_another_names_who_and_which(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    second = other(world, date(2027, 6, 15), time_slots=["06M"])
    for held in (run, second):
        called.call_up(world, held, [(unit, 1)])
        called.nominate(world, held, unit)
    called.confirm(world, run, *unit.cadres)
    terms = runs.dated(runs.as_planned(run.plan), date(2027, 6, 16))
    request = runs.hand_in(world, run, RequestKind.POSTPONE, terms, reason="场地维修")
    called.confirm(world, second, *unit.cadres)
    with pytest.raises(Refused, match=f"{unit.cadres[0].name}（法律班，2027年6月15日起）"):
        runs.agree_all(world, request)
    assert (runs.fresh_run(run).starts_on, astray()) == (date(2027, 6, 8), [])
