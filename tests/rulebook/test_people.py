"""Person rules: how hard they bite, by which clause, and their figures as types."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from rulebook import loader, people
from rulebook.codes import PERSON_RULE_CODES
from rulebook.people import NewChairRule, RepeatRule
from rulebook.schema import Book
from tests.rulebook.conftest import BINHAI, COUNTY, MIANYANG


@pytest.mark.parametrize("path", [BINHAI, MIANYANG], ids=lambda path: path.stem)
def test_severities_of_person_rules(path: Path) -> None:
    book = loader.read(path)
    assert {code: book.rule(code).severity.value for code in PERSON_RULE_CODES} == {
        "roster_twice": "block",
        "already_in_class": "block",
        "overlap": "block",
        "many_callers": "warn",
        "repeat_call_up": "hold",
        "audience_mismatch": "warn",
        "not_active": "block",
        "over_quota": "warn",
        "after_deadline": "warn",
        "leave_over": "hold",
        "passed_over": "warn",
        "new_chair": "warn",
        "unknown_person": "block",
        "name_differs": "hold",
    }


@pytest.mark.parametrize("path", [BINHAI, MIANYANG], ids=lambda path: path.stem)
def test_a_person_rule_cites_a_document_or_says_it_is_the_union_s_own(path: Path) -> None:
    book = loader.read(path)
    for code in PERSON_RULE_CODES:
        clause = book.rule(code).clause
        assert "自定" in clause or "《" in clause or "〔" in clause, code


def test_a_new_chair_s_year_is_the_document_s_only_where_it_says_so() -> None:
    binhai, mianyang = loader.read(BINHAI), loader.read(MIANYANG)
    assert mianyang.rule("new_chair").clause == "《规划》三(二)1"
    assert binhai.rule("new_chair").clause.startswith("自定")


@pytest.mark.parametrize(
    ("path", "repeat", "years", "chair", "share"),
    [
        (BINHAI, RepeatRule(12, "end", superior_only=False), 3, NewChairRule(12, vice=True), Fraction(1, 7)),
        (
            MIANYANG,
            RepeatRule(12, "end", superior_only=False),
            3,
            NewChairRule(12, vice=False),
            Fraction(1, 7),
        ),
        (COUNTY, RepeatRule(6, "start", superior_only=True), 2, NewChairRule(6, vice=True), Fraction(1, 5)),
    ],
    ids=["binhai", "mianyang", "county"],
)
def test_figures_as_types(
    path: Path, repeat: RepeatRule, years: int, chair: NewChairRule, share: Fraction
) -> None:
    # As stored and read back, which is how the programs meet a book.
    book = Book.from_content(loader.read(path).model_dump(mode="json"))
    assert people.repeat_rule(book) == repeat
    assert people.forgotten_years(book) == years
    assert people.new_chair_rule(book) == chair
    assert people.leave_share(book) == share


def test_every_listed_parameter_belongs_to_a_person_rule() -> None:
    assert set(people.PARAMETERS) < set(PERSON_RULE_CODES)
