"""经费逐年增加 (B-29) as hard as the union's rule book says it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from budgets.models import Fund
from budgets.states import FundStatus
from office.refusals import Refused
from rulebook import loader
from rulebook.earlier import completed
from rulebook.schema import Book
from rulebook.severity import Severity
from tests.workflow.broken_plans import with_severity
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import BOOKS, World, at
from workflow.models import GrowthReason
from workflow.rules.growth import CODE, growth_finding
from workflow.selectors.growth import growth_of
from workflow.services.funds import explain_growth, set_up_fund

D = Decimal
LESS = "2028 年培训经费合计 900,000.00 元，2027 年 1,000,000.00 元，少 100,000.00 元（不含结转）"
OF = "（《意见》五(二)）。经费应当逐年增加，"


@pytest.fixture(autouse=True)
def next_january():
    with time_machine.travel(at(1, 15, 10, year=2028), tick=False):
        yield


def book_of(world: World, severity: Severity) -> Book:
    return with_severity(world.book.book, severity, CODE)


def set_up(world: World, severity: Severity, amount: str = "900000.00", **changes: Any) -> Fund:
    values: dict[str, Any] = {
        "union": world.union,
        "year": 2028,
        "source": "special",
        "title": "专项",
        "amount": D(amount),
        "status": FundStatus.CONTROL,
        "basis": "预算批复",
        "book": book_of(world, severity),
        "actor": world.people["caiwu-head"],
        "at": world.now(),
    }
    return set_up_fund(**(values | changes))


@pytest.mark.parametrize(
    ("severity", "refused"),
    [
        (Severity.OFF, ""),
        (Severity.WARN, ""),
        (Severity.HOLD, f"{LESS}{OF}请填写未增加的原因。"),
        (Severity.BLOCK, f"{LESS}{OF}请增加金额后再设立。"),
    ],
)
def test_less_without_a_reason(world: World, severity: Severity, refused: str) -> None:
    if not refused:
        set_up(world, severity)
        assert not GrowthReason.objects.exists()
        return
    with pytest.raises(Refused) as error:
        set_up(world, severity)
    assert str(error.value) == refused
    assert not Fund.objects.filter(year=2028).exists()


@pytest.mark.parametrize(
    ("severity", "kept"), [(Severity.OFF, 0), (Severity.WARN, 1), (Severity.HOLD, 1), (Severity.BLOCK, None)]
)
def test_less_with_a_reason(world: World, severity: Severity, kept: int | None) -> None:
    """Recorded where the book asks at all; where it refuses, no reason helps."""
    if kept is None:
        with pytest.raises(Refused, match="请增加金额后再设立"):
            set_up(world, severity, reason="上级核减")
        return
    set_up(world, severity, reason="上级核减")
    assert GrowthReason.objects.count() == kept


@pytest.mark.parametrize("severity", list(Severity))
def test_more_is_asked_nothing(world: World, severity: Severity) -> None:
    set_up(world, severity, "1000000.01", reason="写了也不记")
    assert not GrowthReason.objects.exists()
    assert growth_finding(book_of(world, severity), growth_of(world.union.pk, 2028)) is None


def test_what_is_shown_names_the_clause_and_both_figures(world: World) -> None:
    set_up(world, Severity.WARN)
    growth = growth_of(world.union.pk, 2028)
    found = growth_finding(book_of(world, Severity.WARN), growth)
    assert found is not None
    assert (found.code, found.severity, found.message, found.clause, found.figures) == (
        "fund_growth",
        "warn",
        LESS,
        "《意见》五(二)",
        {"本年": "900,000.00", "上年": "1,000,000.00"},
    )
    assert growth_finding(book_of(world, Severity.OFF), growth) is None


def test_a_source_that_is_still_to_come_is_named_and_nothing_refused_for_it(world: World) -> None:
    """Two sources last year: the first set up this year can't make up for both."""
    set_up(world, Severity.BLOCK, "500000.00", year=2027, source="business")
    with pytest.raises(Refused) as refused:
        set_up(world, Severity.BLOCK, "1100000.00")
    assert str(refused.value) == (
        "2028 年培训经费合计 1,100,000.00 元，2027 年 1,500,000.00 元，少 400,000.00 元（不含结转）；"
        f"上年的业务支出（培训费）本年还没有设立{OF}请填写未增加的原因。"
    )
    set_up(world, Severity.BLOCK, "1100000.00", reason="业务支出随后设立")
    with pytest.raises(Refused, match=r"少 100,000.00 元（不含结转）（《意见》五\(二\)）。.*请增加金额"):
        set_up(world, Severity.BLOCK, "300000.00", source="business", reason="x")
    set_up(world, Severity.BLOCK, "400000.01", source="business")
    assert growth_of(world.union.pk, 2028).grows


def test_nobody_explains_where_the_book_doesnt_ask(world: World) -> None:
    set_up(world, Severity.OFF)
    given: dict[str, Any] = {"actor": world.people["caiwu-head"], "at": world.now(), "reason": "上级核减"}
    with pytest.raises(Refused, match="没有要求经费逐年增加，不需要说明原因"):
        explain_growth(union=world.union, year=2028, book=book_of(world, Severity.OFF), **given)
    with pytest.raises(Refused, match="请填写经费未增加的原因"):
        explain_growth(
            union=world.union, year=2028, book=book_of(world, Severity.HOLD), **(given | {"reason": " "})
        )
    explain_growth(union=world.union, year=2028, book=book_of(world, Severity.HOLD), **given)
    assert GrowthReason.objects.get().reason == "上级核减"


FORM = {
    "source": "special",
    "title": "专项",
    "amount": "900000",
    "status": "control",
    "basis": "预算〔2028〕1号",
    "confirmed": "1",
}


@pytest.mark.parametrize("severity", [Severity.OFF, Severity.WARN, Severity.BLOCK])
def test_the_pages_follow_the_book_in_force(world: World, tmp_path: Path, severity: Severity) -> None:
    text = (BOOKS / "binhai-2018.toml").read_text(encoding="utf-8")
    was = 'title = "经费逐年增加"\nseverity = "hold"'
    assert text.count(was) == 1
    file = tmp_path / "binhai.toml"
    file.write_text(text.replace(was, f'title = "经费逐年增加"\nseverity = "{severity}"'), encoding="utf-8")
    loader.load(file, at=at(1, 12, year=2028))
    client = signed_in(world, "caiwu-head")
    form = client.get("/funds/new/?year=2028").text
    assert ("经费逐年增加（《意见》五(二)）" in form, 'name="reason"' in form) == (severity != "off",) * 2
    answer = client.post("/funds/new/?year=2028", FORM, follow=True).text
    assert Fund.objects.filter(year=2028).exists() == (severity != "block")
    assert (f"{LESS}{OF}请增加金额后再设立。" in answer) == (severity == "block")
    shown = client.get("/funds/?year=2028").text
    assert ("经费没有逐年增加" in shown) == (severity == "warn")
    assert ("减少 100,000.00 元（-10.0%），不含结转" in shown) == (severity == "off")
    growth = client.get("/funds/growth/?year=2028")
    assert growth.status_code == (200 if severity == "warn" else 302)


def test_an_edition_of_an_earlier_release_asks_nothing(world: World) -> None:
    content = world.book.content
    old = {**content, "rules": {code: rule for code, rule in content["rules"].items() if code != CODE}}
    assert CODE in completed(old)["rules"]
    book = Book.from_content(old)
    assert book.rule(CODE).severity == Severity.OFF
    assert {code: book.rule(code) for code in old["rules"]} == {
        code: world.book.book.rule(code) for code in old["rules"]
    }
