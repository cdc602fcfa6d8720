"""Running numbers: from 1, each series alone, no gap after a rollback, no double between threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections, transaction
from django.db.transaction import TransactionManagementError

from office.models import Counter
from office.numbering import next_number


def test_from_one_each_series_alone(db: None) -> None:
    assert [
        next_number("plan-2027"),
        next_number("plan-2027"),
        next_number("fund"),
        next_number("plan-2027"),
    ] == [
        1,
        2,
        1,
        3,
    ]
    assert str(Counter.objects.get(key="plan-2027")) == "plan-2027: 3"


def test_one_statement(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        next_number("x")


def test_a_rollback_leaves_no_gap(db: None) -> None:
    next_number("x")
    with transaction.atomic():
        assert next_number("x") == 2
        transaction.set_rollback(True)
    assert next_number("x") == 2


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        next_number("x")
    assert not Counter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_threads_get_no_double_and_leave_no_gap() -> None:
    """8 threads draw 20 times each; every third transaction rolls back after drawing."""
    kept: list[int] = []
    guard = threading.Lock()
    barrier = threading.Barrier(8)

    class Undone(Exception):  # noqa: N818
        pass

    def draw(thread: int) -> None:
        try:
            barrier.wait(timeout=20)
            for turn in range(20):
                try:
                    with transaction.atomic():
                        number = next_number("plan-2027")
                        if (thread + turn) % 3 == 0:
                            raise Undone
                except Undone:
                    continue
                with guard:
                    kept.append(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(draw, range(8)))
    assert sorted(kept) == list(range(1, len(kept) + 1))
    assert Counter.objects.get(key="plan-2027").value == len(kept)
    assert 100 < len(kept) < 160


def test_no_number_is_drawn_twice_whoever_writes(db: None) -> None:
    for _ in range(3):
        next_number("x")
    for value in (3, 2):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Counter.objects.filter(key="x").update(value=value)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Counter.objects.all().delete()
    Counter.objects.filter(key="x").update(value=50)
    assert next_number("x") == 51
