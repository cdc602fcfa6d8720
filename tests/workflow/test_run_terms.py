"""Terms of a 期: shares of the money, days against the plan's time, what differs and what weighs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulebook.schema import Book
from tests.workflow import runs
from tests.workflow.world import World
from workflow import timing
from workflow.models import ClassPlan
from workflow.rules.differences import Difference, as_planned, differences, within_slots
from workflow.rules.terms import LessonTerms, RunTerms, Span, planned_share, planned_terms, terms_of

D = Decimal
money = st.decimals(min_value=D("0.01"), max_value=D("9999999.99"), places=2)
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
spans = st.builds(Span, days, st.integers(0, 1), days, st.integers(0, 1))
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
lessons = st.builds(
    LessonTerms,
    day=days,
    half=st.integers(0, 1),
    topic=words,
    hours=st.decimals(D("0.5"), D(8), places=1),
    lecturer=words,
)
terms = st.builds(
    RunTerms,
    stretches=st.lists(spans, max_size=3).map(tuple),
    venue=words,
    residential=st.booleans(),
    trainees=st.integers(0, 500),
    hours=st.decimals(D(0), D(200), places=1),
    note=words,
    lessons=st.lists(lessons, max_size=4).map(tuple),
    costs=st.dictionaries(st.sampled_from(["meals", "venue", "lecture"]), money),
)


@given(money, st.integers(1, 40))
def test_shares_make_up_the_whole_to_the_cent(amount: Decimal, sessions: int) -> None:
    shares = [planned_share(amount, sessions, number) for number in range(1, sessions + 1)]
    assert sum(shares) == amount
    assert all(share == share.quantize(D("0.01")) and share >= 0 for share in shares)
    assert len(set(shares[:-1])) <= 1


@given(terms)
def test_what_goes_to_json_comes_back(one: RunTerms) -> None:
    assert RunTerms.from_json(one.as_json()) == one


def test_a_span_in_words() -> None:
    day = date(2027, 6, 8)
    assert Span(day, 0, date(2027, 6, 9), 1).text == "2027年6月8日上午至6月9日下午"
    assert Span(day, 1, day, 1).text == "2027年6月8日下午"
    assert Span(day, 0, day, 1).text == "2027年6月8日上午至下午"
    assert Span(date(2027, 12, 30), 0, date(2028, 1, 3), 0).text == "2027年12月30日上午至2028年1月3日上午"


@pytest.mark.parametrize(
    ("slot", "first", "last"),
    [
        ("06", "06-01", "06-30"),
        ("02", "02-01", "02-28"),
        ("06U", "06-01", "06-10"),
        ("06M", "06-11", "06-20"),
        ("06L", "06-21", "06-30"),
        ("02L", "02-21", "02-28"),
        ("Q1", "01-01", "03-31"),
        ("Q4", "10-01", "12-31"),
        ("0621", "06-21", "06-23"),
    ],
)
def test_the_days_of_a_slot(slot: str, first: str, last: str) -> None:
    found = timing.slot_days(slot, year=2027, lasting=3)
    assert [day.isoformat()[5:] for day in found] == [first, last]


def test_a_leap_february() -> None:
    assert timing.slot_days("02L", year=2028)[1] == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("slots", "first", "fits"),
    [
        (["06U"], date(2027, 6, 1), True),
        (["06U"], date(2027, 6, 9), True),  # the 9th and the 10th
        (["06U"], date(2027, 6, 10), False),  # the 11th is 中旬
        (["06U", "06M"], date(2027, 6, 10), True),
        (["Q2"], date(2027, 6, 29), True),
        (["Q2"], date(2027, 6, 30), False),
        (["0608"], date(2027, 6, 8), True),
        (["0608"], date(2027, 6, 7), False),
        (["06"], date(2028, 6, 8), False),  # another year
        ([], date(2027, 6, 8), False),
    ],
)
def test_every_day_lies_in_the_plans_time(slots: list[str], first: date, fits: bool) -> None:
    plan = ClassPlan(year=2027, half_days=4, time_slots=slots)
    span = Span(first, 0, date.fromordinal(first.toordinal() + 1), 1)
    assert within_slots(plan, RunTerms(stretches=(span,))) is fits


@pytest.fixture
def approved(world: World) -> ClassPlan:
    return runs.planned_run(world, place_tentative=False).plan


def book(world: World) -> Book:
    return world.book.book


@pytest.mark.parametrize(
    ("changes", "weighty"),
    [
        ({}, []),
        ({"address": "学院路 1 号", "class_teacher": "吴桐", "note": "自带电脑"}, []),
        ({"owner_name": "孙莉"}, []),
        ({"hours": D("15.0")}, []),
        ({"venue": "市工会干部学校"}, ["地点"]),
        ({"residential": True}, ["食宿"]),
        ({"trainees": 59}, ["学员人数"]),
        ({"staff": 4}, ["工作人员数"]),
        ({"costs": {"meals": D("8000.00"), "venue": D("1999.99")}}, []),
        ({"costs": {"meals": D("8000.01"), "venue": D("1999.99")}}, ["伙食费"]),
        ({"costs": {"meals": D("8000.00"), "venue": D("2000.01")}}, ["场地、资料、交通费", "经费合计"]),
        ({"costs": {}}, []),
    ],
)
def test_what_weighs(world: World, approved: ClassPlan, changes: dict[str, Any], weighty: list[str]) -> None:
    before = planned_terms(approved, 1)
    after = replace(runs.as_planned(approved), **changes)
    found = differences(before, after, approved, book(world))
    assert [line.label for line in found if line.weighty] == weighty
    assert as_planned(before, after, approved, book(world)) is (weighty == [])


def test_a_tentative_place_is_no_promise(world: World) -> None:
    plan = runs.planned_run(world, place_tentative=True).plan
    after = replace(runs.as_planned(plan), venue="市工会干部学校")
    (line,) = differences(planned_terms(plan, 1), after, plan, book(world))
    assert (line.label, line.before, line.after, line.weighty) == (
        "地点",
        "区委党校（拟）",
        "市工会干部学校",
        False,
    )


def sides(lines: list[Difference]) -> dict[str, tuple[str, str]]:
    return {line.label: (line.before, line.after) for line in lines}


def test_other_days_and_another_length(world: World, approved: ClassPlan) -> None:
    before = planned_terms(approved, 1)
    after = runs.dated(before, date(2027, 7, 6), 6)
    found = {
        line.label: (line.before, line.after) for line in differences(before, after, approved, book(world))
    }
    assert found == {
        "时间": ("2027年6月上旬", "2027年7月6日上午至7月8日下午"),
        "天数": ("2 天（4 个半天）", "3 天（6 个半天）"),
    }


def test_of_an_open_session_the_timetable_is_compared_too(world: World) -> None:
    run = runs.opened_run(world)
    before = terms_of(run)
    first, *rest = before.lessons
    after = replace(before, lessons=(replace(first, lecturer="高老师"), *rest), check_in="8:30 大厅")
    found = {
        line.label: (line.before, line.after) for line in differences(before, after, run.plan, book(world))
    }
    assert found == {
        "报到时间和地点": ("", "8:30 大厅"),
        "课程表": (
            "6月8日上午 第 1 讲（何老师，4 学时）",
            "6月8日上午 第 1 讲（高老师，4 学时）",
        ),
    }
