"""The databases of a run: migrated once and copied for each worker, emptied of what a test has committed.

Applying all migrations takes half a minute, copying a database a moment. The copied one is kept on the server
with a digest of the migrations it holds, so that the next run finds it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.test import TransactionTestCase

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

#: What `migrate` writes and nothing else does.
KEPT = ["auth_permission", "django_content_type", "django_migrations"]


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
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> ALL(%s)",
            [KEPT],
        )
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in tables)
        )
        if filled := [name for (name,) in cursor.fetchall()]:
            deletes = "; ".join(f'DELETE FROM "{name}"' for name in filled)
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {deletes}; COMMIT")


def _at_work() -> bool:
    """Whether another transaction is open: only a flush's locks wait for what it has yet to commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL)"
        )
        at_work: bool = cursor.fetchone()[0]
    return at_work
