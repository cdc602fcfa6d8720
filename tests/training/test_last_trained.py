"""Kept of a cadre is the last day of what stands and was finished, whatever happens to his records."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO
from threading import Barrier, Thread
from time import monotonic, sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from org.models import Cadre
from org.services import appoint, register_cadre
from tests.org.cast import START, Cast, M, assemble
from tests.org.numbers import resident
from training.models import TrainingRecord
from training.selectors import wrong_last_trained
from training.services import NewRecord, record_key, record_many, void

DAY = date(2020, 1, 1)
RESULTS = ("completed", "attended", "failed")


def enter(cast: Cast, serial: int) -> Cadre:
    return register_cadre(
        identity_kind="resident",
        number=resident(serial),
        name="岳明",
        unit=cast.district,
        since=DAY,
        actor=cast.admin,
        at=M,
    )


def new(cadre: Cadre, key: str, days: int, result: str = "completed") -> NewRecord:
    day = DAY + timedelta(days)
    return NewRecord(
        key=record_key(key),
        cadre_id=cadre.pk,
        unit_id=cadre.unit_id,
        class_name="财务班",
        starts_on=day,
        ends_on=day,
        result=result,
    )


writing = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 6), st.sampled_from(RESULTS)),
    min_size=1,
    max_size=8,
)
acts = st.lists(
    st.one_of(st.tuples(st.just("write"), writing), st.tuples(st.just("void"), st.integers(0, 99)))
)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=acts)
def test_it_is_the_latest_whatever_is_written_and_voided(db: None, acts: list[tuple[str, object]]) -> None:
    with transaction.atomic():
        cast = assemble()
        appoint(post=cast.training_head, user=cast.an, since=START, actor=cast.admin, at=M)
        cadres = [enter(cast, serial) for serial in range(3)]
        for kind, what in acts:
            if kind == "write":
                # Keys repeat: what is there already isn't written again, whatever it says.
                record_many(
                    [new(cadres[who], f"{who} {key}", days, result) for who, key, days, result in what],  # type: ignore[attr-defined]
                    at=M,
                )
            else:
                standing = list(TrainingRecord.objects.standing().order_by("pk"))
                if standing:
                    chosen = standing[what % len(standing)]  # type: ignore[operator]
                    void(record=chosen, reason="与另一条重复", actor=cast.an, at=M)
            check(cadres)
        transaction.set_rollback(True)


def check(cadres: list[Cadre]) -> None:
    for cadre in cadres:
        rows = TrainingRecord.objects.filter(cadre=cadre, voided_at=None).exclude(result="failed")
        latest = max((row.ends_on for row in rows), default=None)
        assert Cadre.objects.get(pk=cadre.pk).last_trained == latest
    assert wrong_last_trained() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("order", ["write first", "void first"])
def test_a_record_written_while_another_is_voided_isnt_overlooked(lasting_cast: Cast, order: str) -> None:
    """Neither sees the other's work until it is committed; the second one waits, then counts everything."""
    cast = lasting_cast
    appoint(post=cast.training_head, user=cast.an, since=START, actor=cast.admin, at=M)
    cadre = enter(cast, 1)
    record_many([new(cadre, "old", 2), new(cadre, "wrong", 9)], at=M)
    wrong = TrainingRecord.objects.get(key=record_key("wrong"))

    def write() -> None:
        record_many([new(cadre, "later", 6)], at=M)

    def take_back() -> None:
        void(record=wrong, reason="与另一条重复", actor=cast.an, at=M)

    first, second = (write, take_back) if order == "write first" else (take_back, write)
    begun = Barrier(2, timeout=30)

    def other() -> None:
        begun.wait()
        second()
        connection.close()

    thread = Thread(target=other)
    thread.start()
    with transaction.atomic():
        first()
        begun.wait()
        _until_waiting()
    thread.join(timeout=30)
    assert Cadre.objects.get(pk=cadre.pk).last_trained == DAY + timedelta(6)
    assert wrong_last_trained() == []


def _until_waiting() -> None:
    """Until the other transaction waits for a lock of this one."""
    until = monotonic() + 30
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
                " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone() != (0,):
                return
            sleep(0.01)
    raise AssertionError("the second transaction didn't wait for the first")


def audit() -> str:
    out = StringIO()
    call_command("audit_training", stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_command_proves_what_is_right_and_names_what_is_wrong(cast: Cast) -> None:
    cadres = [enter(cast, serial) for serial in range(3)]
    record_many([new(cadres[0], "a", 0), new(cadres[1], "b", 1)], at=M)
    assert audit() == "最近参训相符：3 人，2 条培训记录。\n"
    Cadre.objects.filter(pk=cadres[1].pk).update(last_trained=None)
    Cadre.objects.filter(pk=cadres[2].pk).update(last_trained=DAY)
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("audit_training", stdout=out, stderr=out)
    assert (error.value.returncode, str(error.value)) == (1, "最近参训不符：2 人。")
    one, two = cadres[1].pk, cadres[2].pk
    assert out.getvalue().splitlines() == [
        f"干部 {one}（org_cadre.id={one}）：记录为从未参训，按培训记录应为2020年1月2日",
        f"干部 {two}（org_cadre.id={two}）：记录为2020年1月1日，按培训记录应为从未参训",
    ]
