"""报到 and 离会: half-days before the first lesson and after the last, against the book's ``travel_days``."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rulebook.schema import Book
from tests.workflow import runs
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.rules.brief import brief
from workflow.rules.findings import PASS, Finding
from workflow.rules.run_checks import Asked, findings_of_terms
from workflow.rules.terms import RunTerms, Span, planned_terms
from workflow.states import RequestKind

MORNING, AFTERNOON = 0, 1
#: Yuan for one half-day of the world's class: 63 people, half of 210 a day (走读, 三类).
HALF_DAY = Decimal("6615.00")


@pytest.fixture
def run(world: World) -> ClassRun:
    return runs.planned_run(world)


def june(first: int, first_half: int, last: int, last_half: int) -> Span:
    return Span(date(2027, 6, first), first_half, date(2027, 6, last), last_half)


def held(run: ClassRun, *spans: Span, lessons: tuple[int, ...] = (8, 9)) -> RunTerms:
    """Lessons the whole day on ``lessons`` of June 2027 (the 8th is a Tuesday), the class in ``spans``."""
    taught = tuple(one for day in lessons for one in runs.lessons(date(2027, 6, day), 2))
    return replace(runs.as_planned(run.plan), stretches=spans, lessons=taught)


def changed(book: Book, **params: Any) -> Book:
    """The book with other parameters of ``travel_days``, or another ``severity``."""
    rule = book.rule("travel_days")
    severity = params.pop("severity", rule.severity)
    rule = rule.model_copy(update={"params": {**rule.params, **params}, "severity": severity})
    return book.model_copy(update={"rules": {**book.rules, "travel_days": rule}})


def found(
    world: World,
    run: ClassRun,
    terms: RunTerms,
    kind: str = RequestKind.OPEN,
    book: Book | None = None,
    **params: Any,
) -> list[Finding]:
    asked = Asked(
        run=run,
        kind=kind,
        before=planned_terms(run.plan, 1),
        terms=terms,
        book=changed(book or world.book.book, **params),
        at=at(4, 1),
    )
    return [finding for finding in findings_of_terms(asked) if finding.code == "travel_days"]


def messages(findings: list[Finding]) -> list[str]:
    return [finding.message for finding in findings]


def test_half_days_too_many_with_their_figures(world: World, run: ClassRun) -> None:
    """S23: arriving is counted inside the days, and what is too much of it costs quota."""
    (finding,) = found(world, run, held(run, june(7, MORNING, 9, AFTERNOON), lessons=(9,)))
    assert finding.message == (
        "报到占 4 个半天（6月7日上午至6月8日下午）；每次报到不超过 1 天，超 1 天，多占综合定额 13,230.00 元。"
    )
    (finding,) = found(world, run, held(run, june(6, AFTERNOON, 9, AFTERNOON)))
    assert finding.message == (
        "报到占 3 个半天（6月6日下午至6月7日下午）；每次报到不超过 1 天，超 0.5 天，"
        "多占综合定额 6,615.00 元。"
    )
    rule = world.book.book.rule("travel_days")
    assert (finding.severity, finding.title, finding.clause) == ("warn", rule.title, rule.clause)
    assert finding.mend == "请调整起止时间，或在这些半天补排课程。"
    assert finding.figures == {
        "报到": "1.5 天",
        "限度": "1 天",
        "超出": "0.5 天",
        "多占综合定额": "6,615.00",
    }


@pytest.mark.parametrize(
    ("span", "each", "together"),
    [
        # A day for each is right; together it is a day too much.
        (
            june(7, MORNING, 10, AFTERNOON),
            [],
            [
                "报到占 2 个半天（6月7日上午至下午），离会占 2 个半天（6月10日上午至下午）；"
                "每次报到、离会合计不超过 1 天，超 1 天，多占综合定额 13,230.00 元。"
            ],
        ),
        # Half a day for each is right by both.
        (june(7, AFTERNOON, 10, MORNING), [], []),
        (
            june(7, AFTERNOON, 10, AFTERNOON),
            [],
            [
                "报到占 1 个半天（6月7日下午），离会占 2 个半天（6月10日上午至下午）；"
                "每次报到、离会合计不超过 1 天，超 0.5 天，多占综合定额 6,615.00 元。"
            ],
        ),
        # All of it on one side.
        (june(7, MORNING, 9, AFTERNOON), [], []),
        (june(8, MORNING, 10, AFTERNOON), [], []),
        (
            june(8, MORNING, 11, MORNING),
            [
                "离会占 3 个半天（6月10日上午至6月11日上午）；每次离会不超过 1 天，超 0.5 天，"
                "多占综合定额 6,615.00 元。"
            ],
            [
                "离会占 3 个半天（6月10日上午至6月11日上午）；每次报到、离会合计不超过 1 天，超 0.5 天，"
                "多占综合定额 6,615.00 元。"
            ],
        ),
        # Both sides too long: two findings, or one.
        (
            june(6, AFTERNOON, 11, MORNING),
            [
                "报到占 3 个半天（6月6日下午至6月7日下午）；每次报到不超过 1 天，超 0.5 天，"
                "多占综合定额 6,615.00 元。",
                "离会占 3 个半天（6月10日上午至6月11日上午）；每次离会不超过 1 天，超 0.5 天，"
                "多占综合定额 6,615.00 元。",
            ],
            [
                "报到占 3 个半天（6月6日下午至6月7日下午），离会占 3 个半天（6月10日上午至6月11日上午）；"
                "每次报到、离会合计不超过 1 天，超 2 天，多占综合定额 26,460.00 元。"
            ],
        ),
    ],
)
def test_a_day_each_or_a_day_together(
    world: World, run: ClassRun, span: Span, each: list[str], together: list[str]
) -> None:
    terms = held(run, span)
    for count, wanted in (("each", each), ("together", together)):
        findings = found(world, run, terms, count=count)
        assert messages([one for one in findings if one.severity != PASS]) == wanted
        assert [one.severity for one in findings] == (["warn"] * len(wanted) or [PASS])


def test_the_days_are_the_books(world: World, run: ClassRun) -> None:
    terms = held(run, june(6, MORNING, 9, AFTERNOON))
    assert messages(found(world, run, terms, days=2)) == ["报到、离会各不超过 2 天。"]
    assert messages(found(world, run, terms, days=2, count="together")) == ["报到、离会合计不超过 2 天。"]
    (over,) = found(world, run, held(run, june(5, AFTERNOON, 9, AFTERNOON)), days=2)
    assert over.figures["限度"] == "2 天"


def test_without_travel_there_is_nothing_to_say(world: World, run: ClassRun) -> None:
    assert found(world, run, held(run, june(8, MORNING, 9, AFTERNOON))) == []


def test_free_half_days_between_lessons_are_not_travel(world: World, run: ClassRun) -> None:
    """Self-study in the middle, however long."""
    terms = held(run, june(7, AFTERNOON, 11, AFTERNOON), lessons=(8, 11))
    assert messages(found(world, run, terms)) == ["报到、离会各不超过 1 天。"]
    assert [one.severity for one in found(world, run, terms, count="together")] == [PASS]


def test_half_a_day_of_lessons_ends_the_arrival(world: World, run: ClassRun) -> None:
    """A lesson in the afternoon of the second day: three half-days before it."""
    terms = held(run, june(7, MORNING, 9, AFTERNOON))
    afternoon = replace(terms, lessons=terms.lessons[1:])
    assert messages(found(world, run, afternoon)) == [
        "报到占 3 个半天（6月7日上午至6月8日上午）；每次报到不超过 1 天，超 0.5 天，"
        "多占综合定额 6,615.00 元。"
    ]


def test_people_travel_to_every_stretch(world: World, run: ClassRun) -> None:
    """A day before and after each of two stretches is right; what is too much of one is said of that one."""
    apart = (june(7, MORNING, 9, AFTERNOON), june(15, MORNING, 17, AFTERNOON))
    terms = held(run, *apart, lessons=(8, 16))
    assert [one.severity for one in found(world, run, terms)] == [PASS]
    assert messages(found(world, run, terms, count="together")) == [
        f"报到占 2 个半天（6月{first}日上午至下午），离会占 2 个半天（6月{last}日上午至下午）；"
        "每次报到、离会合计不超过 1 天，超 1 天，多占综合定额 13,230.00 元。"
        for first, last in ((7, 9), (15, 17))
    ]
    longer = held(run, apart[0], june(14, AFTERNOON, 17, MORNING), lessons=(8, 16))
    assert messages(found(world, run, longer)) == [
        "报到占 3 个半天（6月14日下午至6月15日下午）；每次报到不超过 1 天，超 0.5 天，"
        "多占综合定额 6,615.00 元。"
    ]


def test_stretches_that_touch_are_one_stay(world: World, run: ClassRun) -> None:
    """Writing the class in two pieces end to end hides nothing, and makes no journey of the night between."""
    split = held(run, june(6, AFTERNOON, 7, AFTERNOON), june(8, MORNING, 9, AFTERNOON))
    assert messages(found(world, run, split)) == messages(
        found(world, run, held(run, june(6, AFTERNOON, 9, AFTERNOON)))
    )
    middle = held(run, june(8, MORNING, 9, AFTERNOON), june(10, MORNING, 11, AFTERNOON), lessons=(8, 11))
    assert found(world, run, middle) == []


def test_a_stretch_without_lessons_is_travel_outside_the_lessons_alone(world: World, run: ClassRun) -> None:
    taught = june(8, MORNING, 9, AFTERNOON)
    before = found(world, run, held(run, june(3, MORNING, 4, MORNING), taught))
    assert [one.message.partition("；")[0] for one in before] == ["报到占 3 个半天（6月3日上午至6月4日上午）"]
    after = found(world, run, held(run, taught, june(15, MORNING, 16, MORNING)))
    assert [one.message.partition("；")[0] for one in after] == [
        "离会占 3 个半天（6月15日上午至6月16日上午）"
    ]
    between = held(
        run,
        june(8, MORNING, 8, AFTERNOON),
        june(15, MORNING, 17, AFTERNOON),
        june(22, MORNING, 22, AFTERNOON),
        lessons=(8, 22),
    )
    assert found(world, run, between) == []


@pytest.mark.parametrize("lessons", [(), (20,)], ids=["none", "outside the class"])
def test_a_timetable_that_is_none_is_told_elsewhere(
    world: World, run: ClassRun, lessons: tuple[int, ...]
) -> None:
    assert found(world, run, held(run, june(7, MORNING, 10, AFTERNOON), lessons=lessons)) == []


def test_lessons_outside_the_class_end_no_arrival(world: World, run: ClassRun) -> None:
    terms = held(run, june(7, MORNING, 9, AFTERNOON), lessons=(1, 9))
    assert [one.figures.get("报到") for one in found(world, run, terms)] == ["2 天"]


def test_a_stretch_that_ends_before_it_begins_is_told_elsewhere(world: World, run: ClassRun) -> None:
    terms = held(run, june(9, AFTERNOON, 7, MORNING), june(8, MORNING, 9, AFTERNOON))
    assert found(world, run, terms) == []


def test_a_union_without_a_rate_card_is_not_asked(world: World, run: ClassRun) -> None:
    book = world.book.book
    off = book.model_copy(update={"rate_card": book.rate_card.model_copy(update={"enabled": False})})
    terms = held(run, june(4, MORNING, 9, AFTERNOON))
    assert len(found(world, run, terms)) == 1
    assert found(world, run, terms, book=off) == []


@pytest.mark.parametrize("severity", ["block", "hold", "warn", "off"])
def test_how_hard_it_bites_is_the_books(world: World, run: ClassRun, severity: str) -> None:
    terms = held(run, june(4, MORNING, 9, AFTERNOON))
    wanted = [] if severity == "off" else [severity]
    book = world.book.book
    rule = type(book.rule("travel_days").severity)(severity)
    assert [one.severity for one in found(world, run, terms, severity=rule)] == wanted
    within = held(run, june(7, MORNING, 9, AFTERNOON))
    assert [one.severity for one in found(world, run, within, severity=rule)] == ([PASS] if wanted else [])


def test_nobody_comes_so_no_money_is_named(world: World, run: ClassRun) -> None:
    terms = replace(held(run, june(6, AFTERNOON, 9, AFTERNOON)), trainees=0, staff=0)
    assert messages(found(world, run, terms)) == [
        "报到占 3 个半天（6月6日下午至6月7日下午）；每次报到不超过 1 天，超 0.5 天。"
    ]


def test_days_beyond_thirty_cost_their_share(world: World, run: ClassRun) -> None:
    """X1 art. 9: from the 31st day on 70 %."""
    july = Span(date(2027, 6, 7), MORNING, date(2027, 7, 8), AFTERNOON)
    terms = replace(held(run, july, lessons=(8, 9)), lessons=runs.lessons(date(2027, 6, 8), 59))
    (finding,) = found(world, run, terms)
    assert finding.message == (
        "离会占 3 个半天（7月7日下午至7月8日下午）；每次离会不超过 1 天，超 0.5 天，"
        "多占综合定额 4,630.50 元。"
    )
    assert Decimal(finding.figures["多占综合定额"].replace(",", "")) == HALF_DAY * Decimal("0.7")


@pytest.mark.parametrize("kind", [RequestKind.CHANGE, RequestKind.POSTPONE])
def test_a_change_is_asked_as_an_opening_is(world: World, run: ClassRun, kind: str) -> None:
    terms = held(run, june(6, AFTERNOON, 9, AFTERNOON))
    assert [one.severity for one in found(world, run, terms, kind)] == ["warn"]


def test_it_is_kept_with_what_was_handed_in(world: World, run: ClassRun) -> None:
    request = runs.hand_in(
        world, run, terms=held(run, june(6, AFTERNOON, 9, AFTERNOON)), reason="外地学员多，提前半天报到"
    )
    (kept,) = [one for one in request.decisions.get().findings if one["code"] == "travel_days"]
    assert (kept["severity"], kept["figures"]["超出"]) == ("warn", "0.5 天")
    assert brief([kept])["all"] == ["报到离会超天数 0.5 天"]
