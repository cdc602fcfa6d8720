"""What the book says of a 期 as it is asked for: days, timetable, people, lecturers, money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rulebook.severity import Severity
from tests.workflow import runs
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.rules.findings import Finding
from workflow.rules.run_checks import Asked, findings_of_terms, lecture_ceiling
from workflow.rules.terms import RunTerms, Span, planned_terms
from workflow.states import RequestKind

D = Decimal


@pytest.fixture
def run(world: World) -> ClassRun:
    return runs.planned_run(world)


def found(world: World, run: ClassRun, terms: RunTerms, when: Any = None) -> list[Finding]:
    asked = Asked(
        run=run,
        kind=RequestKind.OPEN,
        before=planned_terms(run.plan, 1),
        terms=terms,
        book=world.book.book,
        at=when or at(4, 1),
    )
    return [finding for finding in findings_of_terms(asked) if finding.severity != "pass"]


def said(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.severity, finding.message) for finding in findings]


def test_as_planned_there_is_nothing_to_say(world: World, run: ClassRun) -> None:
    assert found(world, run, runs.as_planned(run.plan)) == []


@pytest.mark.parametrize(
    ("stretches", "message"),
    [
        ((), "没有填写起止时间。"),
        (
            (Span(date(2027, 6, 9), 0, date(2027, 6, 8), 1),),
            "2027年6月9日上午至2027年6月8日下午：结束早于开始。",
        ),
        (
            (Span(date(2027, 6, 8), 1, date(2027, 6, 8), 0),),
            "2027年6月8日下午至2027年6月8日上午：结束早于开始。",
        ),
        (
            (
                Span(date(2027, 6, 8), 0, date(2027, 6, 9), 0),
                Span(date(2027, 6, 9), 0, date(2027, 6, 9), 1),
            ),
            "“2027年6月8日上午至6月9日上午”与“2027年6月9日上午至下午”重叠或次序颠倒。",
        ),
    ],
)
def test_days_that_are_none(world: World, run: ClassRun, stretches: Any, message: str) -> None:
    terms = replace(runs.as_planned(run.plan), stretches=stretches)
    stops = [finding.message for finding in found(world, run, terms) if finding.stops]
    assert message in stops


def test_stretches_that_touch_are_apart(world: World, run: ClassRun) -> None:
    """Half-open: a morning's end is an afternoon's beginning."""
    both = (Span(date(2027, 6, 8), 0, date(2027, 6, 8), 1), Span(date(2027, 6, 9), 0, date(2027, 6, 9), 1))
    assert found(world, run, replace(runs.as_planned(run.plan), stretches=both)) == []


def weekend_between(run: ClassRun, *spans: Span) -> RunTerms:
    """Lessons on Friday 4 and Monday 7 June."""
    terms = runs.as_planned(run.plan)
    friday, monday = (runs.lessons(date(2027, 6, day), 2) for day in (4, 7))
    return replace(terms, lessons=(*friday, *monday), stretches=spans)


def test_days_off_without_lessons_are_not_days_of_the_class(world: World, run: ClassRun) -> None:
    """Nobody's weekend is taken, nor paid for, because the dates were written in one."""
    whole = Span(date(2027, 6, 4), 0, date(2027, 6, 7), 1)
    findings = found(world, run, weekend_between(run, whole))
    (stop,) = [finding for finding in findings if finding.stops and finding.code == "run_dates"]
    assert stop.message == "6月5日、6月6日是休息日，没有课程，不能连在起止时间里。"
    apart = (Span(date(2027, 6, 4), 0, date(2027, 6, 4), 1), Span(date(2027, 6, 7), 0, date(2027, 6, 7), 1))
    assert found(world, run, weekend_between(run, *apart)) == []


def test_a_weekend_with_lessons_or_of_travel_is_part_of_the_class(world: World, run: ClassRun) -> None:
    taught = replace(
        runs.as_planned(run.plan),
        lessons=runs.lessons(date(2027, 6, 5), 4),
        stretches=(Span(date(2027, 6, 5), 0, date(2027, 6, 6), 1),),
    )
    assert not [one for one in found(world, run, taught) if one.stops]
    sunday_to_saturday = replace(
        runs.as_planned(run.plan),
        lessons=runs.lessons(date(2027, 6, 7), 4),
        stretches=(Span(date(2027, 6, 6), 1, date(2027, 6, 12), 0),),
    )
    assert not [one for one in found(world, run, sunday_to_saturday) if one.code == "run_dates"]


def test_a_day_gone_by_is_refused_and_today_isnt(world: World, run: ClassRun) -> None:
    terms = runs.as_planned(run.plan)
    assert found(world, run, terms, at(6, 8, 23)) == []
    assert said(found(world, run, terms, at(6, 9))) == [("run_dates", "block", "2027年6月8日已经过去。")]


def test_lessons_lie_within_the_class(world: World, run: ClassRun) -> None:
    terms = runs.as_planned(run.plan)
    stray = replace(terms.lessons[0], day=date(2027, 6, 10))
    findings = found(world, run, replace(terms, lessons=(stray, *terms.lessons[1:])))
    assert ("run_timetable", "block", "不在办班时间内：6月10日上午 第 1 讲（何老师，4 学时）。") in said(
        findings
    )
    assert ("run_timetable", "warn", "1 个半天没有课程。") in said(findings)


def test_two_lessons_in_one_half_day_are_more_than_it_holds(world: World, run: ClassRun) -> None:
    terms = runs.as_planned(run.plan)
    twice = replace(terms.lessons[1], half=0)
    findings = found(world, run, replace(terms, lessons=(terms.lessons[0], twice, *terms.lessons[2:])))
    (clash,) = [finding for finding in findings if finding.code == "hours_fit"]
    assert clash.message.startswith("同一半天安排了 8 学时，超过 4 学时：6月8日上午 第 1 讲")
    assert clash.clause == world.book.book.rule("hours_fit").clause


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ("0.0", "没有填写学时。"),
        ("17.0", "17 学时超过 4 个半天的上限 16 学时。"),
        ("12.0", "课程合计 16 学时，与学时 12 不一致。"),
    ],
)
def test_hours_add_up(world: World, run: ClassRun, hours: str, message: str) -> None:
    findings = found(world, run, replace(runs.as_planned(run.plan), hours=D(hours)))
    assert [finding.message for finding in findings] == [message]


def test_people_and_whoever_answers(world: World, run: ClassRun) -> None:
    terms = replace(runs.as_planned(run.plan), trainees=0, venue="", owner_name="", owner_phone="")
    codes = [finding.code for finding in found(world, run, terms)]
    assert {"place_missing", "run_people", "owner_missing"} <= set(codes)
    many = replace(runs.as_planned(run.plan), staff=7)
    assert ("staff_over", "工作人员 7 人，按学员 60 人最多 6 人。") in [
        (finding.code, finding.message) for finding in found(world, run, many)
    ]


def test_money_is_held_against_this_sessions_people_and_days(world: World, run: ClassRun) -> None:
    """Ceilings by 63 people and 2 days, whatever the plan's other 期 have."""
    terms = replace(runs.as_planned(run.plan), costs={"meals": D("99000.00")})
    over = [finding for finding in found(world, run, terms) if finding.code == "over_ceiling_total"]
    assert over
    assert over[0].figures["计算"] == "63 人 × 2 天 × 1 期"


def test_lecturers_are_paid_by_title_and_hour(world: World, run: ClassRun) -> None:
    card = world.book.book.rate_card
    terms = runs.as_planned(run.plan)
    senior = card.lecture_rate("senior").before_tax
    assert lecture_ceiling(terms, world.book.book) == (senior * 16).quantize(D("0.01"))
    paid = replace(terms, costs={"lecture": (senior * 16).quantize(D("0.01"))})
    assert found(world, run, paid) == []
    over = replace(terms, costs={"lecture": (senior * 16).quantize(D("0.01")) + D("0.01")})
    (finding,) = found(world, run, over)
    assert (finding.code, finding.figures["超出"]) == ("lecture_over", "0.01")


def test_a_lecturer_without_a_title_is_paid_nothing(world: World, run: ClassRun) -> None:
    terms = runs.as_planned(run.plan)
    nameless = tuple(replace(lesson, lecturer="", lecturer_title="") for lesson in terms.lessons)
    terms = replace(terms, lessons=nameless, costs={"lecture": D("100.00")})
    (finding,) = found(world, run, terms)
    assert "没有写明授课人和职称" in finding.message


def test_a_switched_off_card_says_nothing_of_money(world: World, run: ClassRun) -> None:
    terms = replace(runs.as_planned(run.plan), staff=30, costs={"meals": D("990000.00"), "lecture": D(1)})
    off = world.book.book.model_copy(
        update={"rate_card": world.book.book.rate_card.model_copy(update={"enabled": False})}
    )
    asked = Asked(run, RequestKind.OPEN, planned_terms(run.plan, 1), terms, off, at(4, 1))
    assert [finding for finding in findings_of_terms(asked) if finding.severity != "pass"] == []


def test_what_stops_and_what_asks_is_the_books_to_say(world: World, run: ClassRun) -> None:
    rule = world.book.book.rule("hours_fit")
    terms = replace(runs.as_planned(run.plan), hours=D("12.0"))
    (finding,) = found(world, run, terms)
    assert finding.severity == rule.severity.value
    assert finding.severity in Severity.values
