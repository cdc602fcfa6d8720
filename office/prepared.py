"""Querysets whose SQL is worked out once.

Django builds the text of a query anew each time it is run. For one with joins and subqueries that takes
longer than PostgreSQL needs for the answer. Where the same few are asked at every decision, the text is
kept and only the values change; the rows become model instances by Django's own code
(docs/decisions/0016-speed.md says what it gave).
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

T = TypeVar("T")


def _marks(kinds: dict[str, type], start: int) -> dict[str, Any]:
    """What stands in for the values while the text is made; a small number fits every column."""
    marks: dict[str, Any] = {}
    for number, (name, kind) in enumerate(kinds.items(), start):
        if kind is int:
            marks[name] = number
        elif kind is datetime.date:
            marks[name] = datetime.date(1, 1, 1) + datetime.timedelta(number)
        else:
            marks[name] = f"\ue000{number}"
    return marks


class Prepared(Generic[T]):
    """``Prepared(build, plan=int, on=date)``: ``build(plan=…, on=…)`` is the queryset; int, str or date.

    Called with the values it returns the rows as a list. A value may be used wherever the queryset compares
    a column with it; its presence must not change the query's shape (no lists, no None, no ``if``).
    """

    def __init__(self, build: Callable[..., QuerySet[Any, T]], **kinds: type) -> None:
        self._build = build
        self._kinds = kinds
        self._made: _Made[T] | None = None
        self._lock = threading.Lock()

    def __call__(self, **values: Any) -> list[T]:
        if values.keys() != self._kinds.keys():
            raise TypeError(f"values are {sorted(self._kinds)}, not {sorted(values)}")
        if None in values.values():
            return list(self._build(**values))
        return self._ready().rows(values)

    def first(self, **values: Any) -> T | None:
        """The first row or None; the queryset itself should ask for one only."""
        return next(iter(self(**values)), None)

    def _ready(self) -> _Made[T]:
        with self._lock:
            if self._made is None:
                self._made = _Made(self._build, self._kinds)
            return self._made


class _Made(Generic[T]):
    """The text with its places, and the compiler that knows what the columns are."""

    def __init__(self, build: Callable[..., QuerySet[Any, T]], kinds: dict[str, type]) -> None:
        # Made twice with different marks: a constant of the query that looks like one is found out.
        _, other = self._make(build, _marks(kinds, 31_001))
        self._queryset, self._names = self._make(build, _marks(kinds, 32_001))
        if self._names != other:
            raise ValueError("the values can't be told from the query's own constants")
        if missing := kinds.keys() - set(self._names):
            raise ValueError(f"not in the query as they are: {sorted(missing)}")
        self._locks = self._queryset.query.select_for_update

    def _make(
        self, build: Callable[..., QuerySet[Any, T]], marks: dict[str, Any]
    ) -> tuple[QuerySet[Any, T], list[str | None]]:
        queryset = build(**marks)
        self._compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self._sql, self._params = self._compiler.as_sql()
        named = [(type(mark), mark, name) for name, mark in marks.items()]
        # isinstance: Django says of some whole numbers how long they are.
        names = [
            next((name for kind, mark, name in named if isinstance(param, kind) and param == mark), None)
            for param in self._params
        ]
        return queryset, names

    def rows(self, values: dict[str, Any]) -> list[T]:
        params = [
            param if name is None else values[name]
            for name, param in zip(self._names, self._params, strict=True)
        ]
        connection = connections[DEFAULT_DB_ALIAS]
        if self._locks and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchall()
        compiler = _Answered(self._compiler, found)
        query = _Standin(self._queryset.query, get_compiler=lambda *_, **__: compiler)
        read: Any = self._queryset._iterable_class
        return list(read(_Standin(self._queryset, query=query)))


class _Standin:
    """An object with some attributes replaced."""

    def __init__(self, real: Any, **replaced: Any) -> None:
        self._real = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Answered(_Standin):
    """A compiler whose query has been run."""

    def __init__(self, compiler: Any, found: list[tuple[Any, ...]]) -> None:
        super().__init__(compiler)
        self._found = found

    def execute_sql(self, *_: object, **__: object) -> list[list[tuple[Any, ...]]]:
        return [self._found]

    def results_iter(self, results: Any = None, tuple_expected: bool = False, **_: object) -> Iterator[Any]:
        rows: Iterator[Any] = self._real.results_iter(results or [self._found], tuple_expected=tuple_expected)
        return rows
