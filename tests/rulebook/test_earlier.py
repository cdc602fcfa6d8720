"""Editions stored before there was a second gate stay readable, and stay as they are."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from org.models import Union
from rulebook import loader
from rulebook.codes import LATER_RULE_CODES, LAUNCH_CHAINS, MONEY_CHAINS
from rulebook.models import RuleBook
from rulebook.schema import Book
from rulebook.severity import Severity
from rulebook.travel import TravelRule, travel_rule
from tests.rulebook.conftest import BINHAI, COUNTY, LOADED_AT


@pytest.fixture
def old() -> dict[str, Any]:
    """The county's content as the first release stored it."""
    content = loader.read(COUNTY).model_dump(mode="json")
    del content["launch"], content["notice"], content["money"]
    content["rules"] = {code: rule for code, rule in content["rules"].items() if code not in LATER_RULE_CODES}
    return content


def test_an_old_edition_reads_as_it_was(old: dict[str, Any]) -> None:
    before = copy.deepcopy(old)
    book, now = Book.from_content(old), loader.read(COUNTY)
    assert old == before
    parts = set(Book.model_fields) - {"launch", "notice", "money", "rules"}
    assert {name: getattr(book, name) for name in parts} == {name: getattr(now, name) for name in parts}
    assert {code: book.rule(code) for code in old["rules"]} == {code: now.rule(code) for code in old["rules"]}


def test_what_it_could_not_say_is_filled_in_plainly(old: dict[str, Any]) -> None:
    book = Book.from_content(old)
    assert {name: [s.holder.code for s in book.launch.chain(name)] for name in LAUNCH_CHAINS} == {
        "same": ["training_authority"],
        "changed": ["training_authority", "finance"],
        "change": ["training_authority", "finance"],
        "postpone": ["training_authority"],
        "cancel": ["training_authority", "finance"],
        "exempt": ["training_authority"],
    }
    severities = {code: book.rule(code).severity for code in LATER_RULE_CODES}
    stops = {"already_in_class", "overlap"}
    assert severities == {
        code: Severity.BLOCK if code in stops else Severity.OFF for code in LATER_RULE_CODES
    }
    assert travel_rule(book) == TravelRule(days=1, together=False)
    assert "重新载入" in book.notice.red_head
    assert {name: [s.holder.code for s in book.money.chain(name)] for name in MONEY_CHAINS} == {
        "transfer": ["finance"],
        "budget": ["training_authority", "finance"],
        "carry_over": ["finance"],
        "supplement": ["finance"],
    }
    assert [kind.title for kind in book.money.kinds] == [
        "预付款（定金）",
        "讲课费",
        "尾款",
        "其他费用",
        "退款",
    ]


def test_an_edition_that_names_its_payments_gets_no_new_kind() -> None:
    """Travel of lecturers goes by what the stored edition has until the file is loaded again."""
    content = loader.read(BINHAI).model_dump(mode="json")
    content["money"]["kinds"] = [
        each for each in content["money"]["kinds"] if each["code"] != "lecturer_travel"
    ]
    content["money"]["papers"] = [
        each for each in content["money"]["papers"] if each["code"] != "travel_vouchers"
    ]
    assert Book.from_content(content).model_dump(mode="json")["money"] == content["money"]


def test_loading_the_file_again_is_the_next_edition(county: Union, old: dict[str, Any]) -> None:
    now = loader.read(COUNTY)
    stored = RuleBook.objects.create(
        union=county,
        code=now.code,
        edition=1,
        title=now.title,
        valid=loader._valid(now),
        content=old,
        digest="0" * 64,
        source_text="",
        loaded_at=LOADED_AT,
    )
    row, created = loader.load(COUNTY, at=LOADED_AT)
    assert (created, row.edition, row.book) == (True, 2, now)
    assert RuleBook.objects.get(pk=stored.pk).content == old
