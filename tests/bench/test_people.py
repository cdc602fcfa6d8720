"""The bench of people at a city's size: right answers by every way, without a word about time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# One process takes them all: what they look at is measured once.
pytestmark = pytest.mark.xdist_group("bench")

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "RESULTS.md"


@pytest.fixture(scope="module")
def measured(migrated: str) -> dict[str, Any]:
    """What ``SCALE=city make bench`` prints. It ends badly where service, SQL and plain loop differ, or where
    a loaded row isn't as the product's triggers and constraints would have it."""
    before = RESULTS.read_text()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=ROOT,
        env=kept | {"SCALE": "city", "BENCH_MIGRATED": migrated},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert RESULTS.read_text() == before
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_tables_hold_what_was_asked_for(measured: dict[str, Any]) -> None:
    rows = {table: count for table, count, *_ in measured["pages"]}
    assert rows["org_cadre"] == "60,000"
    assert rows["training_trainingrecord"] == "200,000"
    assert rows["workflow_seat"] == "12,500"


def test_every_figure_is_measured_beside_its_limit(measured: dict[str, Any]) -> None:
    figures = [row["figure"] for row in measured["rows"]]
    for word in (
        "roster of 500 checked",
        "from upload to finished preview",
        "memory",
        "audit_training",
        "import_cadres",
    ):
        assert any(word in figure for figure in figures), word
    assert all(row["ratio"] > 0 and row["product"] and row["beside"] for row in measured["rows"])


def test_a_roster_takes_the_same_statements_whatever_its_length(measured: dict[str, Any]) -> None:
    (row,) = [row for row in measured["rows"] if row["figure"].startswith("statements")]
    assert row["ratio"] == 1
