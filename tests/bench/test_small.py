"""The bench itself works: at a tiny size, without a word about time."""

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


def _results() -> str:
    """RESULTS.md, which a small run leaves alone."""
    file = ROOT / "bench" / "RESULTS.md"
    return file.read_text() if file.exists() else ""


@pytest.fixture(scope="module")
def measured(migrated: str) -> dict[str, Any]:
    """What ``SCALE=small make bench`` prints, run as somebody would run it: not as a part of the tests."""
    before = _results()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=ROOT,
        env=kept | {"SCALE": "small", "BENCH_MIGRATED": migrated},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert _results() == before
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_every_figure_is_measured_beside_its_limit(measured: dict[str, Any]) -> None:
    figures = [row["figure"] for row in measured["rows"]]
    words = (
        "the 25 tasks",
        "inbox page",
        "10 %",
        "同意",
        "submission",
        "通过",
        "bulk",
        "threads, one fund",
        "one entry through",
        "services.pay",
        "fund page",
        "workbook",
    )
    for word in words:
        assert any(word in figure for figure in figures), word
    assert all(row["ratio"] > 0 and row["product"] and row["beside"] for row in measured["rows"])


def test_the_inbox_page_keeps_its_statements_and_size(measured: dict[str, Any]) -> None:
    rows = {row["figure"]: row for row in measured["rows"]}
    assert rows["inbox page: SQL statements"]["met"]
    assert rows["inbox page at 100 % beside 10 % of our data: size"]["met"]


def test_each_list_answers(measured: dict[str, Any]) -> None:
    assert len(measured["pages"]) == 8
    assert all(int(statements) <= 20 for _, _, statements, _ in measured["pages"])
