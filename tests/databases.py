"""The databases of a run: migrated once and copied for each worker, emptied of what a test has committed.

Applying all migrations takes half a minute, copying a database a moment. The copied one is kept on the server
with a digest of the migrations it holds, so that the next run finds it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.signals import connection_created
from django.db.migrations.loader import MigrationLoader
from django.test import TransactionTestCase

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

#: What `migrate` writes and nothing else does.
KEPT = ["auth_permission", "django_content_type", "django_migrations"]
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"
WITH_TRIGGERS = "SET LOCAL session_replication_role = origin"

T = TypeVar("T")


class Standing(Generic[T]):
    """``Standing(build)()`` is what ``build()`` returns, with its rows in the test's transaction.

    Many tests begin with the same rows. They are made once in a process, by the services as ever, then put
    there again as they were, keys included: a sequence never goes back, so that no later row has one of them.
    Made anew where it can't be told whose rows they are: beside others, or outside a transaction.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._made: tuple[str, bytes] | None = None

    def __call__(self) -> T:
        with connection.cursor() as cursor:
            if not connection.in_atomic_block or _filled(cursor):
                return self._build()
            if self._made is None:
                with transaction.atomic():
                    # Whole as pickled: nobody's later change of a person or a book is the next test's.
                    built = pickle.dumps(self._build())
                    connection.check_constraints()
                    self._made = _rows(cursor), built
                    transaction.set_rollback(True)
            rows, built = self._made
            cursor.execute(rows)
        again: T = pickle.loads(built)
        return again


def _rows(cursor: CursorWrapper) -> str:
    """SQL that puts all rows there that are there now."""
    inserts = []
    for name in _filled(cursor):
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [name],
        )
        [columns] = cursor.fetchone()
        cursor.execute(f'SELECT quote_literal(json_agg(r)::text) FROM "{name}" r')
        [rows] = cursor.fetchone()
        inserts.append(
            f'INSERT INTO "{name}" ({columns})'
            f' SELECT {columns} FROM json_populate_recordset(NULL::"{name}", {rows})'
        )
    return "; ".join([WITHOUT_TRIGGERS, *inserts, WITH_TRIGGERS])


def migrated(run: str) -> str:
    """The name of the database to copy, made or brought up to date first; ``run`` begins it.

    Whoever needs it first makes it; others of the same run wait meanwhile.
    """
    name = f"{run}_migrated"
    digest = _digest()
    with _alone(), connection._nodb_cursor() as cursor:
        if _comment(cursor, name) != digest:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}"')
            with inside(name):
                call_command("migrate", verbosity=0, interactive=False)
            cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{digest}'")
    return name


def _digest() -> str:
    """Of every migration of every app, by its name and its file."""
    seen = hashlib.sha256()
    for key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        seen.update(repr(key).encode())
        seen.update(Path(str(sys.modules[type(migration).__module__].__file__)).read_bytes())
    return seen.hexdigest()


def _comment(cursor: CursorWrapper, name: str) -> str | None:
    cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
    row = cursor.fetchone()
    return row[0] if row else None


@contextmanager
def _alone() -> Iterator[None]:
    lock = os.open(settings.VAR_DIR / "tests-migrated.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This process, the live site's threads included, works in the database ``name`` meanwhile."""
    settled = connections.settings[DEFAULT_DB_ALIAS]
    before = settled["NAME"]
    connection.close()
    settled["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        settled["NAME"] = before


def take_time_to_copy() -> None:
    """From now on making and dropping databases isn't cut off: a busy disk takes longer than any page may."""

    def patient(connection: BaseDatabaseWrapper, **_: object) -> None:
        if connection.alias == NO_DB_ALIAS:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")

    connection_created.connect(patient, weak=False)


def drop_beside_anybody() -> None:
    """From now on a database is dropped whoever is still connected to it.

    A thread of the live site or a process that ends a moment later than its test is no finding.
    """

    def drop(creation: DatabaseCreation, name: str, verbosity: int) -> None:
        with creation.connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    DatabaseCreation._destroy_test_db = drop  # type: ignore[attr-defined]


def sweep_after_transactions() -> None:
    """From now on a test with real transactions is followed by a sweep, no flush.

    A flush empties all of a hundred tables and writes content types and permissions anew; of the queue's
    tables, which aren't Django's, it knows nothing.
    """
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(case: TransactionTestCase) -> None:
        if case.reset_sequences or case.serialized_rollback or case.available_apps is not None or _at_work():
            flush(case)
        sweep()

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]


def sweep() -> None:
    """Delete every row that isn't what `migrate` leaves, from the tables that have any.

    No trigger is asked and no foreign key: ledgers refuse to lose a row, and what points at one goes with it.
    """
    with connection.cursor() as cursor:
        if filled := _filled(cursor):
            deletes = "; ".join(f'DELETE FROM "{name}"' for name in filled)
            cursor.execute(f"BEGIN; {WITHOUT_TRIGGERS}; {deletes}; COMMIT")


def _filled(cursor: CursorWrapper) -> list[str]:
    """The tables with rows that `migrate` didn't write."""
    cursor.execute(
        "SELECT relname FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL(%s)",
        [KEPT],
    )
    tables = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
    )
    return [name for (name,) in cursor.fetchall()]


def replay(statements: Iterable[str]) -> None:
    """A migration's SQL, on rows a test has just made."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)


def _at_work() -> bool:
    """Whether another transaction is open: only a flush's locks wait for what it has yet to commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL)"
        )
        at_work: bool = cursor.fetchone()[0]
    return at_work
