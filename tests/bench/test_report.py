"""RESULTS.md has a chapter of plans and one of people: writing one leaves the other and all notes alone."""

from __future__ import annotations

from bench import report
from bench.report import Row

ROWS = [Row("a figure", "2 ms", "1 ms", 2.0, "≤ 1.5", False)]
OTHER = [Row("another figure", "1 ms", "2 ms", 0.5, "≤ 1.5", True)]
FACTS = {"date": "today"}


def _plans(kept: str, rows: list[Row] = ROWS) -> str:
    return report.written(rows, [["a page", "1 ms", "3", "2 KB"]], FACTS, "small", kept)


def _people(kept: str, rows: list[Row] = ROWS) -> str:
    return report.written_people(rows, [["org_cadre", "7", "1 MB", "2 MB"]], FACTS, "a nation", kept)


def test_each_chapter_is_written_beside_the_other():
    both = _people(_plans(""))
    assert _plans(both) == both
    assert _people(both) == both
    assert both == _plans(_people(""))


def test_the_tables_of_a_chapter_are_new_and_the_other_chapter_is_not():
    both = _people(_plans(""))
    plans, people = report.chapters(both)
    assert report.chapters(_plans(both, OTHER)) == (report.chapters(_plans("", OTHER))[0], people)
    assert report.chapters(_people(both, OTHER)) == (plans, report.chapters(_people("", OTHER))[1])


def test_notes_stay_with_their_chapter():
    both = _people(_plans(""))
    noted = both.replace(f"{report.NOTES}\n", f"{report.NOTES}\n\nOf plans.\n\n## More\n\nAnd more.\n", 1)
    noted = noted.rstrip("\n") + "\n\nOf people.\n"
    assert _people(_plans(noted)) == noted
    plans, people = report.chapters(noted)
    assert plans.endswith("Of plans.\n\n## More\n\nAnd more.")
    assert people.endswith("Of people.")


def test_a_missed_goal_is_said():
    assert "| a figure | 2 ms | 1 ms | 2.00 | ≤ 1.5 | **no** |" in _plans("")
    assert "| a figure | 2 ms | 1 ms | 2.00 | ≤ 1.5 | **no** |" in _people("")
