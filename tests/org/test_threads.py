"""Two administrators, one post: one wins, the other is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from office.refusals import Conflict
from org.models import Department, Duty, Tenure, User
from org.services import appoint, assign_duty
from tests.org.cast import Cast, M, day, person, sits, term

THREADS = 8


def race(act: list) -> list[object]:
    """Run all at once; each result is what it returned or the exception it raised."""
    barrier = threading.Barrier(len(act))

    def run(one: object) -> object:
        try:
            barrier.wait(timeout=20)
            return one()  # type: ignore[operator]
        except Conflict as conflict:
            return conflict
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(act)) as pool:
        return list(pool.map(run, act))


@pytest.mark.django_db(transaction=True)
def test_one_appointment_wins(lasting_cast: Cast) -> None:
    cast = lasting_cast
    sits(cast.an, cast.training_head)
    people = [person(f"p{index}", f"人{index}") for index in range(THREADS)]

    def appointing(user: User) -> object:
        return lambda: appoint(
            post=cast.training_head, user=user, since=day("2024-06-01"), actor=cast.admin, at=M
        )

    results = race([appointing(user) for user in people])
    assert [type(result) for result in results].count(Tenure) == 1
    assert [type(result) for result in results].count(Conflict) == THREADS - 1
    winner = next(result for result in results if isinstance(result, Tenure))
    tenures = Tenure.objects.filter(post=cast.training_head).order_by("period")
    assert [(tenure.user_id, tenure.period) for tenure in tenures] == [
        (cast.an.pk, term("2018-01-01", "2024-06-01")),
        (winner.user_id, term("2024-06-01")),
    ]


@pytest.mark.django_db(transaction=True)
def test_one_assignment_wins(lasting_cast: Cast) -> None:
    cast = lasting_cast

    def assigning(department: Department) -> object:
        return lambda: assign_duty(
            union=cast.district,
            code="finance",
            department=department,
            since=day("2024-06-01"),
            actor=cast.admin,
            at=M,
        )

    results = race([assigning(dep) for dep in (cast.bureau, cast.training, cast.publicity)])
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Conflict", "Duty"]
    duties = Duty.objects.filter(union=cast.district, code="finance").order_by("period")
    assert [duty.period for duty in duties] == [
        term("2018-01-01", "2024-06-01"),
        term("2024-06-01"),
    ]
