"""A nation's worth of union cadres: ``python -m bench.national_load --scale national``.

Real are the product's tables, indexes and triggers' results, the digests and seals (the product's own
functions and keys), and one class that went through the services from draft to money. Made up are all
people, from their numbers on, and every other row: cloned or counted up in SQL, records and seats without
the approvals, sign-in sheets, ledger entries and histories they would have. Triggers and foreign keys
sleep while the rows come in; at the end each is proved against the rows (:data:`bench.national_rows.PROOFS`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    from bench import national_setup

    national_setup.prepare(
        dict(zip(sys.argv, sys.argv[1:], strict=False)).get("--scale", "national"), kept=True
    )

from django.apps import apps
from django.db import connection
from psycopg import sql

from bench import national_rows as rows
from bench.load import DEPARTMENTS, YEAR
from bench.national_people import KIND, number
from bench.national_world import SIZES, NationalWorld, Size
from org.models import Cadre, Union
from rulebook.models import RuleBook
from workflow.models import ClassRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.db.models import Field

ROOT = Path(__file__).resolve().parent.parent
#: Raised when what is loaded changes: a database of an earlier one is made anew.
VERSION = 3
LOADED = (
    "org_cadre",
    "org_membership",
    "training_trainingrecord",
    "budgets_project",
    "workflow_classplan",
    "workflow_planversion",
    "workflow_classrun",
    "workflow_callup",
    "workflow_quota",
    "workflow_seat",
    "workflow_seatspan",
)


class LoadError(RuntimeError):
    """What was loaded isn't what the product would have made."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Loader:
    """Fills an empty database; ``steps`` keeps how long each step took."""

    def __init__(self, size: Size, *, processes: int = 2) -> None:
        self.size = size
        self.processes = processes
        self.steps: dict[str, float] = {}
        self.figures: dict[str, Any] = {}

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.steps[name] = time.perf_counter() - start
        say(f"  {name}: {self.steps[name]:.1f} s")

    def _run(self, *statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement.format(**self.figures))

    def _one(self, query: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]

    def load(self) -> None:
        """Everything, from the tables to the proof."""
        with self._step("unions, posts, books, a class through the services"):
            world = NationalWorld(self.size)
            world.prepare()
            self._sample(world.settled)
        self._session()
        self._figures(world)
        with self._defaults():
            self._fill()
        with self._step("sequences, VACUUM ANALYZE"):
            self._settle()
        with self._step("proofs"):
            self.prove()
        self._mark()

    def _fill(self) -> None:
        with self._step("identities: numbers, digests, seals"):
            self._run(rows.IDENTITIES)
            self._identities()
        with self._step("records"), self._without_indexes("training_trainingrecord"):
            self._run(rows.ORGANISERS, rows.RECORDS)
        with self._step("cadres"), self._without_indexes("org_cadre"):
            self._run(*rows.LAST, rows.CADRES)
        with self._step("memberships"), self._without_indexes("org_membership"):
            self._run(rows.MEMBERSHIPS)
        with self._step("plans and open classes"):
            self._run(*rows.CLASSES)
        with (
            self._step("seats and half-days"),
            self._without_indexes("workflow_seat"),
            self._without_indexes("workflow_seatspan"),
        ):
            self._run(*rows.SEATS)

    def _sample(self, plan_id: int) -> None:
        """The 期 that the others are cloned from, should the approval not have made it."""
        if not ClassRun.objects.filter(plan=plan_id).exists():
            ClassRun.objects.create(plan_id=plan_id, session_no=1, code="样本-1")
        self.figures["sample"] = plan_id

    def _session(self) -> None:
        self._run(
            "SET session_replication_role = replica",
            "SET synchronous_commit = off",
            "SET work_mem = '512MB'",
            "SET maintenance_work_mem = '1GB'",
            "SELECT setseed(0.42)",
        )

    def _figures(self, world: NationalWorld) -> None:
        book = RuleBook.objects.order_by("pk").first()
        if book is None:
            raise LoadError("no rule book")
        subjects = [subject.code for subject in book.book.subjects]
        first = Union.objects.get(code="u0")
        self.figures |= {
            "today": rows.TODAY,
            "cadres": self.size.cadres,
            "first": self.size.first,
            "records": self.size.records,
            "seats": self.size.seats,
            "runs": self.size.runs,
            "a_run": self.size.seats // self.size.runs,
            "year": YEAR,
            "organisers": world.unions,
            "departments": len(DEPARTMENTS),
            "units": Union.objects.filter(depth__gt=1).count(),
            "first_units": Union.objects.filter(path__startswith=first.path).count(),
            "subjects": ", ".join(f"'{code}'" for code in subjects),
            "subject_count": len(subjects),
        }
        self._run(*rows.UNITS)

    def _identities(self) -> None:
        """Some processes side by side, each its stretch of numbers."""
        share = -(-self.size.cadres // self.processes)
        stretches = [
            (first, min(first + share - 1, self.size.cadres))
            for first in range(1, self.size.cadres + 1, share)
        ]
        started = [
            subprocess.Popen([sys.executable, "-m", "bench.national_people", str(first), str(last)], cwd=ROOT)
            for first, last in stretches
        ]
        ended = [process.wait() for process in started]  # all of them: none may write on after a failure
        if any(ended):
            raise LoadError("a process that seals numbers failed")
        self._run("ANALYZE bench_identity")

    @contextmanager
    def _defaults(self) -> Iterator[None]:
        """Meanwhile a column that isn't named takes the model's own default, as from the product."""
        fields = [
            field
            for model in apps.get_models()
            if model._meta.db_table in LOADED
            for field in model._meta.concrete_fields
            if not (field.primary_key or field.null or field.is_relation)
            and (field.has_default() or field.empty_strings_allowed)
            and not field.has_db_default()
        ]
        change = sql.SQL("ALTER TABLE {} ALTER COLUMN {} {}")
        with connection.cursor() as cursor:
            for field in fields:
                value = sql.Literal(field.get_db_prep_save(field.get_default(), connection))
                cursor.execute(
                    change.format(*_column(field), sql.SQL("SET DEFAULT {}").format(value)).as_string()
                )
            yield
            for field in fields:
                cursor.execute(change.format(*_column(field), sql.SQL("DROP DEFAULT")).as_string())

    @contextmanager
    def _without_indexes(self, table: str) -> Iterator[None]:
        """Made once over all rows instead of row by row; the primary key stays, foreign keys hang on it."""
        with connection.cursor() as cursor:
            cursor.execute(rows.INDEXES, {"table": table})
            made = cursor.fetchall()
            for drop, _ in made:
                cursor.execute(drop)
            yield
            for _, create in made:
                cursor.execute(create)

    def _settle(self) -> None:
        with connection.cursor() as cursor:
            for table in LOADED:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
        self._run(
            "DROP TABLE bench_identity, bench_last",
            "SET session_replication_role = origin",
            "RESET work_mem",
            "VACUUM ANALYZE",
        )

    def prove(self) -> None:
        """Raise :class:`LoadError` where a row isn't as triggers, constraints and keys would have it."""
        with connection.cursor() as cursor:
            cursor.execute("SET work_mem = '512MB'")
            cursor.execute(rows.FOREIGN_KEYS, [list(LOADED)])
            queries = dict(cursor.fetchall()) | {
                name: query.format(**self.figures) for name, query in rows.PROOFS.items()
            }
            for name, query in queries.items():
                cursor.execute(query)
                if wrong := cursor.fetchone()[0]:
                    raise LoadError(f"{name}: {wrong} rows")
            cursor.execute("RESET work_mem")
        for cadre in Cadre.objects.filter(pk__in=range(1, self.size.cadres, self.size.cadres // 100)):
            if cadre not in Cadre.objects.with_identity(KIND, number(cadre.pk)):
                raise LoadError(f"cadre {cadre.pk} isn't found by his number")
            if cadre.identity_number != number(cadre.pk):
                raise LoadError(f"cadre {cadre.pk}'s number can't be read")

    def _mark(self) -> None:
        """What a later run finds: that the load is whole, and of which kind."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bench_loaded AS SELECT %s::int version, %s::text size, %s::jsonb steps",
                [VERSION, repr(self.size), _json(self.steps)],
            )


def _column(field: Field[Any, Any]) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(field.model._meta.db_table), sql.Identifier(str(field.column))


def _json(value: Mapping[str, float]) -> str:
    return "{" + ", ".join(f'"{name}": {seconds:.1f}' for name, seconds in value.items()) + "}"


def is_loaded(size: Size) -> bool:
    """Whether the database holds a whole load of this size and kind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_loaded') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT version, size FROM bench_loaded")
        return cursor.fetchone() == (VERSION, repr(size))


def newcomers(size: Size) -> int:
    """How many cadres there are beyond those that were loaded."""
    return Cadre.objects.filter(pk__gt=size.cadres).count()


def without_newcomers(size: Size) -> None:
    """As it was loaded: what a measured import took in goes, with all that was written of it."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table, column in (
            ("org_membershipevent", "cadre_id"),
            ("org_membership", "cadre_id"),
            ("org_cadreevent", "pgh_obj_id"),
            ("org_cadre", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {column} > %s", [size.cadres])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE org_cadre, org_membership")


def sizes() -> list[tuple[str, int, str, str]]:
    """(table, rows, table size, size with indexes), the largest first."""
    found = []
    with connection.cursor() as cursor:
        for table in LOADED:
            cursor.execute(
                f"""SELECT count(*), pg_size_pretty(pg_table_size('{table}')),
                           pg_size_pretty(pg_total_relation_size('{table}')),
                           pg_total_relation_size('{table}')
                    FROM {table}"""
            )
            count, plain, whole, size = cursor.fetchone()
            found.append((size, (table, count, plain, whole)))
    return [line for _, line in sorted(found, reverse=True)]


def main() -> None:
    """Loads unless it is there, then says how long each step took and how large it is."""
    parser = argparse.ArgumentParser(prog="python -m bench.national_load", description=__doc__)
    parser.add_argument("--scale", choices=sorted(SIZES), default="national")
    for name in ("cadres", "first", "records", "seats", "runs"):
        parser.add_argument(f"--{name}", type=int, help="instead of the scale's")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2, help="that seal numbers")
    given = vars(parser.parse_args())
    size = SIZES[given["scale"]]._replace(
        **{name: given[name] for name in ("cadres", "first", "records", "seats", "runs") if given[name]}
    )
    national_setup.open_database(size, processes=given["processes"])
    for line in sizes():
        say("  " + "  ".join(map(str, line)))


if __name__ == "__main__":
    main()
