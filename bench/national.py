"""``make bench SCALE=national``: people at the size of a nation, product and raw SQL over the same tables.

``SCALE=city`` proves in a minute that service, SQL and a plain loop give the same answers; it prints its
figures and writes no file. The nation's database is kept and taken again, as long as it is of the kind this
bench makes; ``ONLY=roster,forgotten,proof,workbook,import`` measures a part (and writes no file).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, connections

from bench import national_load, national_roster, national_setup, report, server
from bench.national_world import SIZES
from bench.report import Row, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Pace:
    """How often things are measured, and on how much."""

    rosters: tuple[int, ...]
    rounds: int
    times: int
    lines: int


PACES = {
    "national": Pace((500, 10_000), 7, 8, 10_000),
    "city": Pace((500,), 1, 2, 500),
}


def _roster(scale: str, rows: list[Row]) -> None:
    pace, case = PACES[scale], national_roster.Case(SIZES[scale])
    for count in pace.rosters:
        national_load.say(f"名册核查：{count:,} 人")
        naive = count <= 500
        series, told = national_roster.measure(case, count, rounds=pace.rounds, times=pace.times, naive=naive)
        limit = series["sql"].seconds
        ratio = series["service"].seconds / limit
        figure = f"roster of {count:,} checked through our service"
        ours = milliseconds(series["service"].seconds)
        rows.append(
            Row(figure, ours, f"one set-based SQL {milliseconds(limit)}", ratio, "≤ 1.3", ratio <= 1.3)
        )
        own = series["own"].seconds
        rows.append(
            Row(
                f"{figure}: what composing costs",
                ours,
                f"the service's own SQL, raw {milliseconds(own)}",
                series["service"].seconds / own,
            )
        )
        if naive:
            loop = series["naive"].seconds
            rows.append(
                Row(
                    f"{figure}, beside person by person",
                    ours,
                    f"ORM, each person {milliseconds(loop)}",
                    series["service"].seconds / loop,
                )
            )
        words = "、".join(f"{code} {number}" for code, number in told.items())
        national_load.say(f"  {words}")
    few, many = 10, pace.rosters[-1]
    of_few, of_many = national_roster.statements(case, few), national_roster.statements(case, many)
    rows.append(
        Row(
            f"statements for a roster of {many:,} beside one of {few}",
            f"{of_many} SQL",
            f"{of_few} SQL",
            of_many / of_few,
            "= 1",
            of_many == of_few,
        )
    )


PARTS: dict[str, Callable[[str, list[Row]], None]] = {"roster": _roster}


def main(scale: str) -> None:
    """Exit code 0 also where a goal is missed: the table says so; not where answers differ."""
    only = frozenset(filter(None, os.environ.get("ONLY", "").split(","))) or frozenset(PARTS)
    rows: list[Row] = []
    try:
        national_setup.open_database(SIZES[scale])
        for name, part in PARTS.items():
            if name in only:
                part(scale, rows)
        facts = report.machine(server.facts(), report.PEOPLE_PACKAGES)
        loaded = [[table, f"{count:,}", *sizes] for table, count, *sizes in national_load.sizes()]
    finally:
        name = connection.settings_dict["NAME"]
        connections.close_all()
        if scale != "national" and os.environ.get("KEEP") != "1":
            server.drop(name)
    if scale != "national" or only != frozenset(PARTS):
        print(json.dumps(report.as_json(rows, loaded, facts), ensure_ascii=False, indent=1))
        return
    kept = report.RESULTS.read_text() if report.RESULTS.exists() else ""
    size = SIZES[scale]
    text = (
        f"{size.cadres:,} cadres, {size.records:,} training records, "
        f"{size.seats:,} call-ups to {size.runs:,} open classes"
    )
    report.RESULTS.write_text(report.written_people(rows, loaded, facts, text, kept))
    print(report.chapters(report.RESULTS.read_text())[1].partition(report.PEOPLE_NOTES)[0])
