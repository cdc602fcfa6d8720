"""疑似重复办班: same business, another department, an audience that overlaps. Names don't matter (S9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.broken_plans import BINHAI, plan_of
from tests.workflow.test_gate import reach
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.rules.duplicates import overlap, suspected
from workflow.rules.evaluate import findings_of
from workflow.states import MeetingOutcome, PlanState

UNITS = [entry.code for entry in BINHAI.audience_units]
LEVELS = [entry.code for entry in BINHAI.audience_levels]
OURS: dict[str, Any] = {"audience_units": ["town", "zone"], "audience_levels": ["grassroots"]}


def submitted(world: World, department: str = "quanyi", **fields: Any) -> ClassPlan:
    plan = world.draft(department, **({"name": "信息骨干班"} | OURS | fields))
    acts.submit(world, plan, explanation="已与有关部门比较")
    return acts.fresh(plan)


def found(world: World, plan: ClassPlan) -> list[tuple[int, Decimal, list[str]]]:
    book = world.book.book
    return [(d.plan.pk, d.share, d.units) for d in suspected([plan], book).get(0, [])]


def test_another_departments_class_of_the_same_business_is_found_whatever_its_name(world: World) -> None:
    other = submitted(world)
    plan = world.draft(**OURS, explanation="")
    assert found(world, plan) == [(other.pk, Decimal(1), ["zone", "town"])]
    [finding] = [f for f in findings_of(plan, world.book.book, at=at(1, 12)) if f.code == "duplicate_plan"]
    assert finding.severity == world.book.book.rule("duplicate_plan").severity
    assert finding.message == (
        "疑似重复办班：与 信息骨干班（权益保障部，申报 2027-0001）业务相同，对象范围重叠100%：功能区、街镇。"
    )
    assert finding.links == [{"plan": other.pk, "name": "信息骨干班"}]


def test_both_sides_see_it(world: World) -> None:
    other, plan = submitted(world), submitted(world, "xuanchuan")
    assert found(world, plan)[0][0] == other.pk
    assert found(world, other)[0][0] == plan.pk


@pytest.mark.parametrize(
    ("mine", "theirs", "share", "units"),
    [
        (["town"], ["town"], "1", ["town"]),
        (["town", "zone"], ["town", "system"], "0.5", ["town"]),
        (["town", "zone", "system"], ["town", "direct", "key-enterprise"], "1/3", ["town"]),
        (["town"], ["zone"], "0", []),
        # Of the smaller audience: a small class inside a large one is wholly doubled.
        (["town"], UNITS, "1", ["town"]),
        # What is left open means all.
        ([], ["town"], "1", ["town"]),
        ([], [], "1", UNITS),
    ],
)
def test_the_share_is_of_the_smaller_audience(
    mine: list[str], theirs: list[str], share: str, units: list[str]
) -> None:
    one = plan_of(audience_units=mine, audience_levels=[])
    other = plan_of(audience_units=theirs, audience_levels=[])
    for pair in ((one, other), (other, one)):
        part, common = overlap(*pair, BINHAI)
        numerator, _, denominator = share.partition("/")
        assert part == Decimal(numerator) / Decimal(denominator or 1)
        assert common == units


def test_units_and_levels_are_multiplied() -> None:
    one = plan_of(audience_units=["town", "zone"], audience_levels=["grassroots", "middle"])
    other = plan_of(audience_units=["town", "zone"], audience_levels=["grassroots", "district"])
    assert overlap(one, other, BINHAI) == (Decimal("0.5"), ["zone", "town"])
    other.audience_levels = ["district"]
    assert overlap(one, other, BINHAI)[0] == 0
    other.audience_units, other.audience_levels = ["town", "system"], ["grassroots", "district"]
    assert overlap(one, other, BINHAI) == (Decimal("0.25"), ["town"])


@pytest.mark.parametrize(
    ("theirs", "hit"),
    [
        ({"audience_units": ["town", "system"]}, True),  # just the share of the book: 0.50
        ({"audience_units": ["system", "direct", "town"], "audience_levels": []}, True),
        ({"audience_units": ["system"]}, False),
        ({"audience_levels": ["district"]}, False),
        ({"subject": "YW-04"}, False),
        ({"year": 2028, "off_plan_reason": "x", "principal_approval": "x"}, False),
    ],
    ids=str,
)
def test_what_is_alike_and_what_isnt(world: World, theirs: dict[str, Any], hit: bool) -> None:
    submitted(world, **theirs)
    plan = world.draft(**OURS)
    assert bool(found(world, plan)) is hit


def test_below_the_share_of_the_book_is_nothing(world: World) -> None:
    submitted(world, audience_units=["town", "system", "direct"])
    plan = world.draft(audience_units=["town", "zone", "key-enterprise"], audience_levels=["grassroots"])
    assert found(world, plan) == []


def test_ones_own_departments_classes_arent_doubles(world: World) -> None:
    submitted(world, "xuanchuan")
    assert found(world, world.draft(**OURS)) == []


def test_others_of_a_catch_all_code_arent_doubles(world: World) -> None:
    submitted(world, subject="YW-99")
    plan = world.draft(**OURS, subject="YW-99")
    with CaptureQueriesContext(connection) as queries:
        assert found(world, plan) == []
    assert len(queries) == 0


def test_a_draft_nobody_handed_in_is_its_departments_own_business(world: World) -> None:
    world.draft("quanyi", **OURS)
    assert found(world, world.draft(**OURS)) == []


@pytest.mark.parametrize("state", list(PlanState))
def test_plans_nobody_means_to_hold_count_no_more(world: World, state: PlanState) -> None:
    other = submitted(world)
    reach(other, state)
    aside = {"draft", "withdrawn", "excluded", "merged", "cancelled"}
    assert bool(found(world, world.draft(**OURS))) is (state not in aside)


def test_after_the_meeting_struck_it_the_other_is_alone(world: World) -> None:
    other = submitted(world)
    plan = submitted(world, "xuanchuan")
    assert found(world, plan)
    acts.to_meeting(world, other)
    acts.settle(world, other, MeetingOutcome.EXCLUDED, opinion="与宣传网络部合办")
    assert found(world, plan) == []


def test_another_unions_plans_are_no_concern(world: World) -> None:
    # Both books have the business YW-03 and the unit non-public.
    neighbour = worlds.build(
        "mianyang",
        "mianyang-2018.toml",
        name="绵阳市总工会",
        departments=worlds.DEPARTMENTS,
        meeting="党组会议",
    )
    theirs = neighbour.draft("quanyi", audience_units=["non-public"])
    acts.submit(neighbour, theirs)
    assert found(world, world.draft(audience_units=["non-public"])) == []


def test_a_list_takes_one_query(world: World) -> None:
    for n in range(6):
        submitted(world, ("quanyi", "caiwu", "xuanchuan")[n % 3])
    plans = list(ClassPlan.objects.order_by("pk"))
    for part in (plans[:2], plans):
        with CaptureQueriesContext(connection) as queries:
            doubles = suspected(part, world.book.book)
        assert len(queries) == 1
        assert {i: [d.plan.pk for d in found_] for i, found_ in doubles.items()} == {
            i: [p.pk for p in plans if p.department_id != plan.department_id] for i, plan in enumerate(part)
        }


def test_an_unsaved_plan_is_compared_too(world: World) -> None:
    other = submitted(world)
    plan = plan_of(**OURS)
    plan.pk, plan.union, plan.department = None, world.union, world.departments["xuanchuan"]
    assert found(world, plan) == [(other.pk, Decimal(1), ["zone", "town"])]
