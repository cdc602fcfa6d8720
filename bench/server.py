"""The databases of a run: made new beside the product's own, on the server its settings name."""

from __future__ import annotations

import os
from typing import Any, Final

import psycopg
from psycopg import sql

#: Our tables at full size, and the stock viewflow application's. A small run has its own.
PRODUCT: Final = "guikou_bench"
STOCK: Final = "guikou_bench_stock"

#: Scales that measure people; the others measure plans.
PEOPLE_SCALES: Final = ("national", "city")

_DROP: Final = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def names(scale: str) -> tuple[str, str]:
    """The two databases of a run at ``scale``."""
    suffix = "" if scale == "full" else f"_{scale}_{os.getpid()}"
    return PRODUCT + suffix, STOCK + suffix


def people(scale: str, *, kept: bool) -> str:
    """The database of a nation's people, or of a city's; ``kept`` for later runs, else this one's own."""
    return f"{PRODUCT}_{scale}" if kept else f"{PRODUCT}_{scale}_{os.getpid()}"


def exists(name: str) -> bool:
    """Whether the server has a database of this name."""
    with _administrative() as connection:
        return (
            connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None
        )


def _administrative() -> psycopg.Connection[Any]:
    from config import settings  # noqa: PLC0415 - starts nothing, but wants the environment set first

    database = settings.DATABASES["default"]
    return psycopg.connect(
        host=str(database["HOST"]),
        port=str(database["PORT"]) or None,
        user=str(database["USER"]),
        password=str(database["PASSWORD"]) or None,
        dbname="postgres",
        autocommit=True,
    )


def create(name: str, *, of: str | None = None) -> None:
    """A database of this name, empty or a copy ``of`` another; what had the name is gone."""
    make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(of or "template1")
    )
    with _administrative() as connection:
        connection.execute(_DROP.format(sql.Identifier(name)))
        connection.execute(make)


def migrated() -> str | None:
    """A database that has today's tables and no rows, where somebody has one (``BENCH_MIGRATED``)."""
    return os.environ.get("BENCH_MIGRATED")


def drop(*unwanted: str) -> None:
    """Databases that aren't needed any more."""
    with _administrative() as connection:
        for name in unwanted:
            connection.execute(_DROP.format(sql.Identifier(name)))


def facts() -> dict[str, str]:
    """Version and the settings that a timing hangs on, of the server as it runs."""
    wanted = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "full_page_writes")
    with _administrative() as connection:
        return {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in wanted}  # type: ignore[index]
