"""Nobody decides on his own plan: the book's stand-in does, for a person and for a department."""

from __future__ import annotations

import pytest

from office.refusals import Refused
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import ClassPlan


def way(world: World, plan: ClassPlan) -> list[tuple[str, str]]:
    """(step, post) of every desk the plan comes to, until the meeting."""
    found = []
    for _ in range(9):
        task = world.task(plan)
        found.append((task.step, task.post.code))
        if task.step == "decide":
            return found
        acts.decide(world, plan)
    raise AssertionError(found)


ORDINARY = [
    ("sign", "xuanchuan-head"),
    ("review", "jiceng-head"),
    ("finance", "caiwu-head"),
    ("decide", "secretary"),
]


@pytest.mark.parametrize(
    ("department", "author", "expected"),
    [
        ("xuanchuan", "xuanchuan-staff", ORDINARY),
        # The head himself drew it up.
        ("xuanchuan", "xuanchuan-head", [("sign", "leader"), *ORDINARY[1:]]),
        # Finance's own.
        (
            "caiwu",
            "caiwu-staff",
            [("sign", "caiwu-head"), ("review", "jiceng-head"), ("finance", "leader"), ORDINARY[3]],
        ),
        (
            "caiwu",
            "caiwu-head",
            [("sign", "leader"), ("review", "jiceng-head"), ("finance", "leader"), ORDINARY[3]],
        ),
        # The authority's own.
        (
            "jiceng",
            "jiceng-staff",
            [("sign", "jiceng-head"), ("review", "leader"), ("finance", "caiwu-head"), ORDINARY[3]],
        ),
        (
            "jiceng",
            "jiceng-head",
            [("sign", "leader"), ("review", "leader"), ("finance", "caiwu-head"), ORDINARY[3]],
        ),
        # The secretary only records what the meeting decided: his department's plans are no exception.
        ("bangongshi", "secretary", [("sign", "bangongshi-head"), *ORDINARY[1:]]),
        ("bangongshi", "bangongshi-head", [("sign", "leader"), *ORDINARY[1:]]),
    ],
)
def test_who_comes_after_whom(
    world: World, department: str, author: str, expected: list[tuple[str, str]]
) -> None:
    person = world.people[author]
    plan = world.draft(department, author=person)
    acts.submit(world, plan, person)
    assert way(world, plan) == expected
    acts.settle(world, plan)
    assert acts.fresh(plan).state == "approved"
    deciders = {d.actor for d in plan.decisions.filter(action="agree")}
    assert person not in deciders


def test_a_person_with_two_posts_doesnt_review_what_he_handed_in(world: World) -> None:
    """The author of 宣传网络部 also acts as head of the training authority."""
    author = world.people["xuanchuan-staff"]
    world.appoint("jiceng-head", author, at(1, 5).date())
    plan = world.draft()
    acts.submit(world, plan)
    assert way(world, plan) == [ORDINARY[0], ("review", "leader"), *ORDINARY[2:]]


def test_what_counts_is_who_handed_it_in(world: World) -> None:
    """Drawn up by the staff, handed in by the head: the head doesn't sign it."""
    plan = world.draft()
    acts.submit(world, plan, "xuanchuan-head")
    assert world.task(plan).post.code == "leader"


def test_the_own_head_is_refused_while_the_stand_in_has_the_turn(world: World) -> None:
    plan = world.draft("caiwu")
    acts.pass_to(world, plan, "finance")
    with pytest.raises(Refused, match=r"^“财务会审”由 副主席（钱文博） 办理。$"):
        acts.decide(world, plan, "caiwu-head")


def test_a_return_to_a_step_finds_its_stand_in_too(world: World) -> None:
    plan = world.draft("jiceng")
    acts.pass_to(world, plan, "finance")
    acts.give_back(world, plan, "review", opinion="请复核")
    assert (world.task(plan).step, world.task(plan).post.code) == ("review", "leader")
