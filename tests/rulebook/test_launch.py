"""The second gate as data: who signs an opening, its changes, an exemption; the words of a notice."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from rulebook import loader, people
from rulebook.codes import LAUNCH_CHAINS
from rulebook.schema import Book, Launch, UnknownCode
from tests.rulebook.conftest import BINHAI, COUNTY, MIANYANG

SHORT = ["review"]
LONG = ["review", "finance", "leader"]
SHIPPED_CHAINS = {
    "same": SHORT,
    "changed": LONG,
    "change": LONG,
    "postpone": SHORT,
    "cancel": LONG,
    "exempt": SHORT,
}


def chains(launch: Launch) -> dict[str, list[str]]:
    return {name: [step.key for step in launch.chain(name)] for name in LAUNCH_CHAINS}


@pytest.mark.parametrize("path", [BINHAI, MIANYANG], ids=lambda path: path.stem)
def test_as_planned_the_training_authority_alone_signs(path: Path) -> None:
    launch = loader.read(path).launch
    assert chains(launch) == SHIPPED_CHAINS
    assert [(s.title, s.holder.kind.value, s.holder.code) for s in launch.chain("changed")] == [
        ("归口审核", "duty", "training_authority"),
        ("财务会审", "duty", "finance"),
        ("分管领导审批", "post", "leader"),
    ]
    assert [s.stand_in.code for s in launch.steps if s.stand_in] == ["leader", "leader", "principal"]
    assert launch.money_tolerance == Decimal("0.00")


def test_a_longer_launch_is_data_alone() -> None:
    launch = loader.read(COUNTY).launch
    assert chains(launch) == {
        "same": ["review"],
        "changed": ["sign", "review", "finance", "leader", "superior"],
        "change": ["review", "leader"],
        "postpone": ["review", "leader"],
        "cancel": ["review", "leader", "superior"],
        "exempt": ["review", "leader"],
    }
    assert launch.chain("cancel")[-1].level.value == "superior"
    assert launch.money_tolerance == Decimal("500.00")


def test_a_step_of_the_second_gate_is_not_the_first_gate_s(book: Book) -> None:
    assert book.launch.step("review").days == 2
    assert book.step("review").days == 3


def test_what_the_second_gate_does_not_know_is_named(book: Book) -> None:
    with pytest.raises(UnknownCode, match="没有“steps”这一种"):
        book.launch.chain("steps")
    with pytest.raises(UnknownCode, match="环节里没有“nope”"):
        book.launch.step("nope")


@pytest.mark.parametrize(
    ("path", "prefix", "issuer", "red_head"),
    [
        (BINHAI, "滨工发", "滨海新区总工会", "滨海新区总工会文件"),
        (MIANYANG, "绵工发", "绵阳市总工会", "绵阳市总工会文件"),
    ],
    ids=["binhai", "mianyang"],
)
def test_words_of_a_notice(path: Path, prefix: str, issuer: str, red_head: str) -> None:
    book = loader.read(path)
    notice = book.notice
    assert (notice.prefix, notice.issuer, notice.red_head) == (prefix, issuer, red_head)
    assert notice.fee_text == "不收取培训费，食宿统一安排。"
    assert notice.travel_text == "往返差旅费回原单位报销。"
    assert len(notice.discipline) == 5
    # The notice says the limit in words; the rule holds it as a figure.
    said = [text for text in notice.discipline if "七分之一" in text]
    assert (len(said), people.leave_share(book)) == (1, Fraction(1, 7))
