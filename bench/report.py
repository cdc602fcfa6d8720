"""What was measured, as RESULTS.md: a full run writes its own tables anew and keeps every note."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
#: The file has two chapters, plans and people; each is written by its own run, and ends in notes by hand.
PEOPLE = "# People at national scale"
NOTES = "## Notes"
PEOPLE_NOTES = "## Notes on people"
PACKAGES = ("Django", "django-viewflow", "django-fsm", "psycopg", "openpyxl")
PEOPLE_PACKAGES = ("Django", "psycopg", "openpyxl", "python-calamine")


@dataclass(frozen=True)
class Row:
    """A figure beside its limit or peer; ``ratio`` as the goal speaks of it, ``met`` None without a goal."""

    figure: str
    product: str
    beside: str
    ratio: float
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "yes", False: "**no**"}[self.met]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def machine(server: dict[str, str], packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Where and with what it was measured."""
    return {
        "date": datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_processor()}, {platform.system()} {platform.release()}",
        "load while measuring": f"{os.getloadavg()[1]:.1f} (5 minutes)",
        "Python": platform.python_version(),
        **{name: version(name) for name in packages},
        "PostgreSQL": ", ".join(
            [server["server_version"], *(f"{k}={v}" for k, v in server.items() if k != "server_version")]
        )
        + ", jit=off (settings)",
    }


def as_json(rows: Sequence[Row], pages: Sequence[Sequence[str]], facts: dict[str, str]) -> dict[str, Any]:
    return {"facts": facts, "rows": [asdict(row) for row in rows], "pages": [list(page) for page in pages]}


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *("| " + " | ".join(line) + " |" for line in lines),
        "",
    ]


def chapters(text: str) -> tuple[str, str]:
    """What stands in the file about plans, and about people."""
    plans, heading, people = text.partition(f"{PEOPLE}\n")
    return plans.rstrip("\n"), (heading + people).rstrip("\n")


def _figures(rows: Sequence[Row]) -> list[str]:
    return _table(
        ("figure", "product", "limit or peer", "ratio", "goal", "met"),
        [(row.figure, row.product, row.beside, f"{row.ratio:.2f}", row.goal, row.verdict) for row in rows],
    )


def _facts(facts: dict[str, str], size: str) -> list[str]:
    return [*(f"- {name}: {value}" for name, value in facts.items()), f"- size: {size}", ""]


def _joined(plans: str, people: str) -> str:
    return "\n\n".join(chapter for chapter in (plans, people) if chapter) + "\n"


def written(
    rows: Sequence[Row], pages: Sequence[Sequence[str]], facts: dict[str, str], size: str, kept: str
) -> str:
    """The whole file with the chapter of plans anew; ``kept``: what stood in it before."""
    plans, people = chapters(kept)
    text = [
        "# Results of `make bench`",
        "",
        "Product and limit or peer side by side in one run, rounds taking turns, medians. Absolute times",
        "belong to the machine and to whatever else it did at the time: read the ratios.",
        "",
        *_facts(facts, size),
        *_figures(rows),
        "Other pages at the same size, without a peer:",
        "",
        *_table(("page", "time", "SQL", "size"), pages),
        NOTES,
        "",
        plans.partition(NOTES)[2].strip("\n"),
    ]
    return _joined("\n".join(text).rstrip("\n"), people)


def written_people(
    rows: Sequence[Row], loaded: Sequence[Sequence[str]], facts: dict[str, str], size: str, kept: str
) -> str:
    """The whole file with the chapter of people anew; ``loaded``: the tables' names, rows and sizes."""
    plans, people = chapters(kept)
    text = [
        PEOPLE,
        "",
        "`make bench SCALE=national`: product and raw SQL over the same tables, in turns, medians.",
        "",
        *_facts(facts, size),
        *_figures(rows),
        "What the tables hold:",
        "",
        *_table(("table", "rows", "size", "with indexes"), loaded),
        PEOPLE_NOTES,
        "",
        people.partition(PEOPLE_NOTES)[2].strip("\n"),
    ]
    return _joined(plans, "\n".join(text).rstrip("\n"))
