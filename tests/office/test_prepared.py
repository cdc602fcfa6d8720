"""A prepared queryset answers as the queryset itself does, with its text made once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from office.models import Counter
from office.prepared import Prepared

TODAY = datetime.date(2027, 1, 5)


@pytest.fixture
def counters(db: None) -> list[Counter]:
    return [Counter.objects.create(key=key, value=number) for number, key in enumerate("abcd", 1)]


def test_it_answers_with_instances_and_annotations(counters: list[Counter]) -> None:
    above = Prepared(
        lambda least: Counter.objects.filter(value__gt=least).annotate(twice=F("value") * 2).order_by("key"),
        least=int,
    )
    assert above(least=2) == counters[2:]
    assert [row.twice for row in above(least=3)] == [8]
    assert above(least=9) == []
    assert above.first(least=9) is None


def test_it_answers_with_tuples(counters: list[Counter]) -> None:
    values = Prepared(
        lambda key: Counter.objects.filter(key=key).values_list("value", "key"),
        key=str,
    )
    assert values(key="b") == [(2, "b")]


def test_the_text_is_made_once(counters: list[Counter], monkeypatch: pytest.MonkeyPatch) -> None:
    one = Prepared(lambda key: Counter.objects.filter(key=key), key=str)
    assert one(key="a") == counters[:1]
    monkeypatch.setattr(SQLCompiler, "as_sql", None)
    assert one(key="c") == counters[2:3]


def test_a_value_that_is_text_stays_a_value(counters: list[Counter]) -> None:
    one = Prepared(lambda key: Counter.objects.filter(key=key), key=str)
    assert one(key="a' OR '1'='1") == []
    assert one(key="%s") == []


def test_nothing_is_compared_as_the_queryset_would(counters: list[Counter]) -> None:
    one = Prepared(lambda key: Counter.objects.filter(key=key), key=str)
    assert one(key=None) == []


def test_other_names_are_refused() -> None:
    one = Prepared(lambda key: Counter.objects.filter(key=key), key=str)
    with pytest.raises(TypeError, match="key"):
        one(name="a")


def test_a_value_that_is_not_in_the_query_is_refused(db: None) -> None:
    lost = Prepared(lambda key, on: Counter.objects.filter(key=key), key=str, on=datetime.date)
    with pytest.raises(ValueError, match="on"):
        lost(key="a", on=TODAY)


@pytest.mark.django_db(transaction=True)
def test_a_lock_wants_a_transaction() -> None:
    from django.db import transaction

    Counter.objects.create(key="a", value=1)
    locked: Any = Prepared(lambda key: Counter.objects.select_for_update().filter(key=key), key=str)
    with transaction.atomic():
        assert locked.first(key="a").value == 1
    assert not connection.in_atomic_block
    with pytest.raises(TransactionManagementError):
        locked(key="a")
