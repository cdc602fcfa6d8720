"""Random people call up, send, confirm, give up, exchange and move; after each act SQL finds all in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from office.refusals import Refused
from org.models import Cadre, User
from tests.workflow import called, runs
from tests.workflow import world as worlds
from tests.workflow.called import Unit
from tests.workflow.seat_invariants import faults
from tests.workflow.world import World, at
from workflow.models import ClassRun, RunRequest, Seat, WorkTask
from workflow.models.run import half_day
from workflow.services import attendance, callup, requests, seats
from workflow.states import DecisionAction, RequestState, RunState, SeatSource, SeatState

index = st.integers(0, 40)
#: Mostly whoever may.
likely = st.sampled_from([True, True, True, False])

#: GUIKOU_HUNT=500 looks further.
HUNT = os.environ.get("GUIKOU_HUNT")

LIVE = (SeatState.NOMINATED, SeatState.OFFERED, SeatState.CONFIRMED)


class CallUps(RuleBasedStateMachine):
    """Each act goes through the service and is either done or refused in words; never anything else."""

    world: ClassVar[World]
    runs: ClassVar[list[int]]
    units: ClassVar[list[Unit]]
    done: ClassVar[dict[str, int]]
    minutes: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.world.minutes = self.minutes
        self.spent = timedelta(0)

    def teardown(self) -> None:
        connection.check_constraints()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    # ---- helpers

    def now(self) -> datetime:
        """In May; each act a little later."""
        self.spent += timedelta(minutes=7)
        return at(5, 10) + self.spent

    def run(self, number: int) -> ClassRun:
        return runs.fresh_run(ClassRun(pk=self.runs[number % len(self.runs)]))

    def unit(self, number: int) -> Unit:
        return self.units[number % len(self.units)]

    def cadre(self, unit: Unit, number: int) -> Cadre:
        return unit.cadres[number % len(unit.cadres)]

    def seat(self, number: int, *states: str, rank: str = "") -> Seat | None:
        """Mostly one in these states, else any."""
        rows = Seat.objects.select_related("unit", "run__plan__department").order_by("pk")
        wanted = [seat for seat in rows if seat.state in states and (not rank or seat.rank == rank)]
        found = wanted if number % 7 != 6 and wanted else list(rows)
        return found[number % len(found)] if found else None

    def actor(self, run: ClassRun, likely: bool, unit: Unit | None = None) -> User:
        """The organiser or the unit's contact, now and then somebody else."""
        if not likely:
            return self.units[-1].contact
        return unit.contact if unit is not None else called.organiser(self.world, run)

    def contact(self, seat: Seat) -> Unit:
        return next(unit for unit in self.units if unit.union.pk == seat.unit_id)

    def picture(self) -> tuple[Any, ...]:
        rows = Seat.objects.order_by("pk").values_list("pk", "state", "rank", "exemption")
        return (*rows, RunRequest.objects.count())

    def attempt(self, what: str, act: Callable[[], object]) -> object:
        """Does it in a savepoint, as a request would."""
        before = self.picture()
        try:
            with transaction.atomic():
                result = act()
        except Refused as refused:
            if not str(refused).strip():
                raise AssertionError("a refusal says why") from refused
            assert self.picture() == before, "a refused act changes nothing"
            self.done[f"{what} refused"] = self.done.get(f"{what} refused", 0) + 1
            return None
        self.done[what] = self.done.get(what, 0) + 1
        return result

    # ---- acts of units

    @rule(
        number=index,
        whose=index,
        people=st.lists(st.integers(0, 5), min_size=1, max_size=6),
        said=st.sampled_from(["", "工作需要", "工作需要"]),
        late=st.booleans(),
        likely=likely,
    )
    def nominate(
        self, number: int, whose: int, people: Sequence[int], said: str, late: bool, likely: bool
    ) -> None:
        run, unit = self.run(number), self.unit(whose)
        names = [called.nominee(self.cadre(unit, who), said) for who in people]
        self.attempt(
            "nominate",
            lambda: seats.nominate(
                run_id=run.pk,
                unit_id=unit.union.pk,
                people=names,
                source=SeatSource.PAGE,
                actor=self.actor(run, likely, unit),
                at=at(6, 1) if late and number % 5 == 0 else self.now(),
                late_ok=late,
            ),
        )

    @rule(number=index, likely=likely)
    def accept(self, number: int, likely: bool) -> None:
        seat = self.seat(number, "offered")
        if seat is not None and (seat.state == SeatState.OFFERED or number % 5 == 0):
            who = self.actor(seat.run, likely, self.contact(seat))
            self.attempt("accept", lambda: seats.accept(seat_id=seat.pk, actor=who, at=self.now()))

    @rule(number=index, likely=likely)
    def decline(self, number: int, likely: bool) -> None:
        seat = self.seat(number, "offered") if number % 3 == 0 else None
        if seat is not None and seat.state == SeatState.OFFERED:
            who = self.actor(seat.run, likely, self.contact(seat))
            self.attempt(
                "decline",
                lambda: seats.decline(seat_id=seat.pk, reason="出差", actor=who, at=self.now()),
            )

    @rule(number=index, likely=likely, reason=st.sampled_from(["出差", "出差", ""]))
    def withdraw(self, number: int, likely: bool, reason: str) -> None:
        if seat := self.seat(number, *LIVE):
            who = self.actor(seat.run, likely, self.contact(seat))
            self.attempt(
                "withdraw",
                lambda: seats.withdraw(seat_id=seat.pk, reason=reason, actor=who, at=self.now()),
            )

    @rule(number=index, by=index, likely=likely)
    def replace(self, number: int, by: int, likely: bool) -> None:
        if seat := self.seat(number, *LIVE):
            unit = self.contact(seat)
            who = self.actor(seat.run, likely, unit)
            self.attempt(
                "replace",
                lambda: seats.replace(
                    seat_id=seat.pk,
                    by=called.nominee(self.cadre(unit, by)),
                    reason="生病",
                    actor=who,
                    at=self.now(),
                ),
            )

    @rule(number=index, likely=likely)
    def ask_exemption(self, number: int, likely: bool) -> None:
        held = [seat for seat in Seat.objects.order_by("pk") if "hold" in str(seat.findings)]
        seat = held[number % len(held)] if held and number % 4 else self.seat(number, *LIVE)
        if seat is not None:
            unit = self.contact(seat)
            who = self.actor(seat.run, likely, unit)
            self.attempt(
                "exempt",
                lambda: seats.ask_exemption(seat_ids=[seat.pk], reason="业务骨干", actor=who, at=self.now()),
            )

    @rule(number=index, agree=st.sampled_from([True, True, False]))
    def decide(self, number: int, agree: bool) -> None:
        waiting = list(RunRequest.objects.filter(state=RequestState.REVIEWING).order_by("pk"))
        if not waiting:
            return
        request = waiting[number % len(waiting)]
        task = WorkTask.objects.get(request=request, is_open=True)
        action = DecisionAction.AGREE if agree else DecisionAction.REFUSE
        self.attempt(
            f"decide {action.value}",
            lambda: requests.decide(
                request_id=request.pk,
                task_id=task.pk,
                action=action,
                actor=self.world.people["jiceng-head"],
                at=self.now(),
                opinion="意见",
            ),
        )

    # ---- acts of organisers

    @rule(numbers=st.lists(index, min_size=1, max_size=4), likely=likely)
    def confirm(self, numbers: Sequence[int], likely: bool) -> None:
        found = [self.seat(number, "nominated", rank="formal") for number in numbers]
        ids = {seat.pk for seat in found if seat is not None and seat.run_id == found[0].run_id}
        if ids:
            who = self.actor(found[0].run, likely)
            self.attempt("confirm", lambda: seats.confirm(seat_ids=ids, actor=who, at=self.now()))

    @rule(number=index)
    def confirm_all(self, number: int) -> None:
        run = self.run(number)
        ids = list(Seat.objects.filter(run=run, state="nominated").values_list("pk", flat=True))
        who = self.actor(run, likely=True)
        results = seats.confirm_many(seat_ids=ids, actor=who, at=self.now())
        for result in results:
            assert (result.seat is None) is bool(result.reason)
            key = "confirm" if result.seat is not None else "confirm refused"
            self.done[key] = self.done.get(key, 0) + 1

    @rule(number=index, likely=likely)
    def reject(self, number: int, likely: bool) -> None:
        if number % 3 == 0 and (seat := self.seat(number, "nominated", "offered")):
            who = self.actor(seat.run, likely)
            self.attempt(
                "reject", lambda: seats.reject(seat_id=seat.pk, reason="不对口", actor=who, at=self.now())
            )

    @rule(number=index, likely=likely)
    def offer(self, number: int, likely: bool) -> None:
        if seat := self.seat(number, "nominated", rank="reserve"):
            who = self.actor(seat.run, likely)
            self.attempt("offer", lambda: seats.offer(seat_id=seat.pk, actor=who, at=self.now(), spare=True))

    @rule(number=index, whose=index, who=index, likely=likely)
    def name(self, number: int, whose: int, who: int, likely: bool) -> None:
        run, unit = self.run(number), self.unit(whose)
        self.attempt(
            "name",
            lambda: seats.name(
                run_id=run.pk,
                unit_id=unit.union.pk,
                people=[called.nominee(self.cadre(unit, who))],
                reason="骨干",
                actor=self.actor(run, likely),
                at=self.now(),
            ),
        )

    @rule(number=index, whose=index, who=index, likely=likely)
    def add_on_site(self, number: int, whose: int, who: int, likely: bool) -> None:
        run, unit = self.run(number), self.unit(whose)
        if number % 3 == 0:
            self.attempt(
                "on site",
                lambda: seats.add_on_site(
                    run_id=run.pk,
                    unit_id=unit.union.pk,
                    nominee=called.nominee(self.cadre(unit, who)),
                    confirmation="电话同意",
                    actor=self.actor(run, likely),
                    at=self.now(),
                ),
            )

    @rule(
        number=index,
        seats_of=st.sampled_from([(2, 2, 1), (2, 2, 2), (3, 2, 1), (1, 2, 1), (4, 1, 1), (0, 0, 9)]),
        keep=st.integers(0, 2),
        likely=likely,
    )
    def share_out(self, number: int, seats_of: Sequence[int], keep: int, likely: bool) -> None:
        run = self.run(number)
        rows = [(unit.union.pk, n, 0, "") for unit, n in zip(self.units, seats_of, strict=False)]
        self.attempt(
            "quota",
            lambda: callup.set_quotas(
                run_id=run.pk,
                rows=rows,
                reserve_seats=keep,
                actor=self.actor(run, likely),
                at=self.now(),
            ),
        )

    @rule(number=index, day=st.sampled_from([8, 9, 9, 15]), length=st.integers(1, 4), half=st.integers(0, 1))
    def move(self, number: int, day: int, length: int, half: int) -> None:
        """As an approved change does: the dates of the class, and all its people's half-days with them."""
        run = self.run(number)
        if run.state != RunState.ENROLLING:
            return
        lower = half_day(date(2027, 6, day), half)
        run.stretches = [NumericRange(lower, lower + length)]
        before = self.picture()
        try:
            with transaction.atomic():
                run.save()
            self.done["move"] = self.done.get("move", 0) + 1
        except IntegrityError as error:
            assert "seat_one_class_at_a_time" in str(error)  # noqa: PT017 - the other end is allowed, too
            assert self.picture() == before
            self.done["move refused"] = self.done.get("move refused", 0) + 1

    @rule(number=index)
    def cancel(self, number: int) -> None:
        run = self.run(number)
        if number % 8 or run.state not in (RunState.ENROLLING, RunState.RUNNING):
            return
        run.cancel()
        run.save()
        who = self.actor(run, likely=True)
        seats.release_all(run, actor=who, post=None, at=self.now(), reason="取消办班")
        self.done["cancel"] = self.done.get("cancel", 0) + 1

    @rule(number=index, absent=index, likely=likely)
    def hold(self, number: int, absent: int, likely: bool) -> None:
        """The class is held: it begins, everybody is marked, attendance is closed."""
        ready = Seat.objects.filter(state="confirmed", run__state=RunState.ENROLLING).order_by("run", "pk")
        if number % 4 or not ready:
            return
        run = runs.fresh_run(ready[number % len(ready)].run)
        who, when = self.actor(run, likely), at(7, 1)

        def whole() -> None:
            attendance.begin(run_id=run.pk, actor=who, at=when)
            there = list(Seat.objects.filter(run=run, state="confirmed").order_by("pk"))
            marks = {
                (seat.pk, day, half): ("absent" if place == absent % 5 else "present", "")
                for place, seat in enumerate(there)
                for day, half in run.half_days
            }
            attendance.enter(run_id=run.pk, marks=marks, actor=who, at=when)
            attendance.close(run_id=run.pk, actor=who, at=when)

        self.attempt("hold", whole)

    # ---- what must be true

    @invariant()
    def all_is_in_order(self) -> None:
        assert faults() == []


@pytest.mark.django_db
def test_random_call_ups_leave_everything_in_order() -> None:
    world = worlds.build()
    small: dict[str, Any] = {"trainees": 6, "staff": 0, "costs": {"meals": "500.00"}}
    # Two departments on overlapping days, a second class of the first one's business a week later.
    held = [
        called.opened(world, **small),
        called.opened(
            world, department="quanyi", name="法律班", subject="YW-08", first=date(2027, 6, 9), **small
        ),
        called.opened(
            world, department="caiwu", name="信息员二班", first=date(2027, 6, 15), time_slots=["06M"], **small
        ),
    ]
    units = [called.unit(world, people=5) for _ in range(3)]
    for unit in units:
        called.trained(unit.cadres[0], date(2026, 9, 1))
        called.trained(unit.cadres[1], date(2026, 9, 1), subject="YW-08")
    for run in held:
        called.call_up(world, run, [(units[0], 2), (units[1], 2), (units[2], 1)])
    # Every example begins with lists sent in, and is undone to here.
    for run in held[:2]:
        for unit in units:
            called.nominate(world, run, unit, unit.cadres[:4], explanation="工作需要")
    # Somebody is confirmed in two classes a week apart: neither can be moved onto the other's days.
    both = units[0].cadres[1]
    called.nominate(world, held[2], units[0], [both], explanation="工作需要")
    for run in (held[0], held[2]):
        request = seats.ask_exemption(
            seat_ids=[called.seat(run, both).pk], reason="骨干", actor=units[0].contact, at=world.now()
        )
        runs.agree_all(world, request)
        called.confirm(world, run, both)
    CallUps.world, CallUps.done, CallUps.minutes = world, {}, world.minutes
    CallUps.runs, CallUps.units = [run.pk for run in held], units
    run_state_machine_as_test(
        CallUps,
        settings=settings(
            max_examples=int(HUNT or 20),
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # A machine that never got anywhere would prove nothing.
    acts_done = {what for what in CallUps.done if not what.endswith("refused")}
    assert acts_done >= {"nominate", "withdraw", "exempt", "confirm", "name", "move", "hold"}, CallUps.done
    assert len(acts_done) >= 12, CallUps.done
    assert {"confirm refused", "move refused", "nominate refused"} <= set(CallUps.done), CallUps.done
