"""``make bench SCALE=national``: people at the size of a nation, product and raw SQL over the same tables.

``SCALE=city`` proves in a minute that service, SQL and a plain loop give the same answers; it prints its
figures and writes no file. The nation's database is kept and taken again, as long as it is of the kind this
bench makes; ``ONLY=roster,forgotten,proof,workbook,import`` measures a part (and writes no file).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import connection, connections
from python_calamine import CalamineWorkbook

from bench import (
    clock,
    national_forgotten,
    national_load,
    national_roster,
    national_setup,
    national_sheets,
    national_sql,
    report,
    server,
)
from bench.national_world import SIZES
from bench.report import Row, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Pace:
    """How often things are measured, and on how much."""

    rosters: tuple[int, ...]
    rounds: int
    times: int
    lines: int
    register: int


PACES = {
    "national": Pace((500, 10_000), 7, 8, 10_000, 100_000),
    "city": Pace((500,), 1, 2, 2_500, 1_000),
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


def _forgotten(scale: str, rows: list[Row]) -> None:
    national_load.say("多年不训名单")
    pace, province = PACES[scale], national_forgotten.Province()
    for title, series in national_forgotten.pages(province, rounds=pace.rounds, times=5 * pace.times).items():
        limit = series["keyset"].seconds
        ratio = series["product"].seconds / limit
        raw = f", SQL alone {milliseconds(series['raw'].seconds)}" if "raw" in series else ""
        rows.append(
            Row(
                f"the forgotten of a province: {title}",
                milliseconds(series["product"].seconds),
                f"Django keyset, one table {milliseconds(limit)}{raw}",
                ratio,
                "≤ 1.5",
                ratio <= 1.5,
            )
        )
    series, count = national_forgotten.counts(province, rounds=min(pace.rounds, 5))
    ratio = series["product"].seconds / series["column"].seconds
    rows.append(
        Row(
            f"the forgotten of a province: their number, {count:,}",
            milliseconds(series["product"].seconds),
            f"one count by the kept column {milliseconds(series['column'].seconds)}, "
            f"by the records {milliseconds(series['records'].seconds)}",
            ratio,
            "≤ 1.5",
            ratio <= 1.5,
        )
    )


def _proof(scale: str, rows: list[Row]) -> None:
    national_load.say("核对最近参训")

    def audit() -> None:
        call_command("audit_training", stdout=StringIO())

    def group() -> None:
        with connection.cursor() as cursor:
            cursor.execute(national_sql.LAST_DAYS)
            cursor.fetchone()

    series = clock.in_turns(
        {"audit": lambda: clock.once(audit, 1), "group": lambda: clock.once(group, 1)},
        1,  # and one before it that isn't counted: each walks over all records
    )
    rows.append(
        Row(
            "audit_training proves every cadre's last day of training",
            f"{series['audit'].seconds:.2f} s",
            f"the GROUP BY over all records alone {series['group'].seconds:.2f} s",
            series["audit"].seconds / series["group"].seconds,
        )
    )


def _child(work: str, *arguments: str) -> dict[str, Any]:
    """What :mod:`bench.national_child` says, in a process of its own on this database."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.national_child", work, *arguments],
        cwd=national_load.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _preview(scale: str, rows: list[Row]) -> None:
    pace = PACES[scale]
    national_load.say(f"Excel 名册：{pace.lines:,} 行")
    with TemporaryDirectory() as folder:
        file, numbers = Path(folder, "roster.xlsx"), Path(folder, "numbers.txt")
        numbers.write_text("\n".join(national_sheets.roster(file, SIZES[scale], pace.lines)))
        seen = _child("preview", scale, str(file), str(numbers), str(min(pace.rounds, 5)))
    limit = seen["read"] + seen["sql"]
    figure = f"roster of {pace.lines:,} rows, .xlsx, from upload to finished preview"
    rows.append(
        Row(
            figure,
            milliseconds(seen["product"]),
            f"calamine {milliseconds(seen['read'])} + one set-based SQL {milliseconds(seen['sql'])}",
            seen["product"] / limit,
            "≤ 2",
            seen["product"] <= 2 * limit,
        )
    )
    more = (seen["most"] - seen["before"]) / MEGABYTE
    rows.append(
        Row(
            f"{figure}: memory",
            f"{seen['most'] / MEGABYTE:.0f} MB at most, {more:.0f} MB of them for it",
            f"before it {seen['before'] / MEGABYTE:.0f} MB",
            seen["most"] / seen["before"],
            "< 300 MB",
            seen["most"] < 300 * MEGABYTE,
        )
    )


def _import(scale: str, rows: list[Row]) -> None:
    pace = PACES[scale]
    national_load.say(f"导入干部：{pace.register:,} 行")
    with TemporaryDirectory() as folder:
        file = Path(folder, "cadres.xlsx")
        national_sheets.register(file, pace.register)
        limit = clock.once(lambda: CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python(), 3)
        try:
            seen = _child("import", scale, str(file))
            added = national_load.newcomers(SIZES[scale])
        finally:
            national_load.without_newcomers(SIZES[scale])
    if added != pace.register:
        raise RuntimeError(f"{added} of {pace.register} rows were taken in")
    rows.append(
        Row(
            f"import_cadres of {pace.register:,} rows, .xlsx, units found by name",
            f"{seen['seconds']:.1f} s, {pace.register / seen['seconds']:,.0f} rows/s, "
            f"{seen['most'] / MEGABYTE:.0f} MB at most",
            f"calamine's reading alone {limit:.1f} s",
            seen["seconds"] / limit,
        )
    )


PARTS: dict[str, Callable[[str, list[Row]], None]] = {
    "roster": _roster,
    "workbook": _preview,
    "forgotten": _forgotten,
    "proof": _proof,
    "import": _import,
}


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
