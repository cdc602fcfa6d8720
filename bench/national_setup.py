"""Which database a nation is loaded into; Django is set up for it before any model is imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.national_world import Size

os.environ.setdefault("GUIKOU_DEMO", "1")


def prepare(scale: str, *, kept: bool) -> str:
    """Set Django up for the database of ``scale``; its name. ``kept``: the one that stays for later runs."""
    from bench import server  # noqa: PLC0415 - nothing before the environment is set

    name = os.environ.setdefault("BENCH_DATABASE", server.people(scale, kept=kept))
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django  # noqa: PLC0415

    django.setup()
    return name


def open_database(size: Size, *, processes: int = 2) -> None:
    """The database with its load: as it was left, moved on to today's migrations, or made anew."""
    from django.core.management import call_command  # noqa: PLC0415 - after prepare()
    from django.db import connection  # noqa: PLC0415

    from bench import server  # noqa: PLC0415
    from bench.national_load import Loader, is_loaded, say  # noqa: PLC0415
    from config import embedded  # noqa: PLC0415

    embedded.start()
    name = os.environ["BENCH_DATABASE"]
    if server.exists(name) and is_loaded(size):
        call_command("migrate", verbosity=0)
        return
    connection.close()
    server.create(name, of=server.migrated())
    say(f"装载：{size.cadres:,} 名干部、{size.records:,} 条记录、{size.seats:,} 个调训")
    Loader(size, processes=processes).load()
