"""A returned plan handed in again (S2): where it goes, what stays readable, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from office.refusals import Refused
from rulebook import loader
from tests.workflow import acts
from tests.workflow.world import BOOKS, World, at
from workflow.models import ClassPlan, Decision, PlanVersion
from workflow.rules import content
from workflow.states import MeetingOutcome


def returned(world: World, step: str, **fields: Any) -> ClassPlan:
    """A plan the holder of ``step`` (or the meeting) has returned to its author."""
    plan = acts.pass_to(world, world.draft(**fields), step)
    if step == "decide":
        acts.settle(world, plan, MeetingOutcome.RETURNED, opinion="请补充课程安排")
    else:
        acts.give_back(world, plan, opinion="人数依据不足")
    return acts.fresh(plan)


def test_fewer_people_restart_the_chain_and_the_first_version_stays_readable(world: World) -> None:
    """S2: returned with 人数依据不足, 60 → 45 people."""
    plan = returned(world, "review")
    acts.edit(world, plan, trainees=45)
    decision = acts.submit(world, plan, when=at(1, 15))
    plan = acts.fresh(plan)
    assert (plan.state, world.task(plan).step) == ("reviewing", "sign")
    first, second = PlanVersion.objects.filter(plan=plan)
    assert (first.number, second.number, second.restarted, plan.version) == (1, 2, True, second)
    assert (first.content["trainees"], second.content["trainees"]) == (60, 45)
    assert [
        (c.label, c.before, c.after, c.weighty)
        for c in content.differences(first.content, second.content, world.book.book)
    ] == [("每期学员人数", "60", "45", True)]
    back = Decision.objects.get(plan=plan, action="return")
    assert (back.opinion, back.version, back.return_to) == ("人数依据不足", first, "author")
    assert (decision.version, decision.received_at) == (second, back.at)
    for step in ("review", "finance", "decide"):
        acts.decide(world, plan)
        assert world.task(plan).step == step
    assert [d.version.number for d in plan.decisions.filter(action="agree")] == [1, 2, 2, 2]


@pytest.mark.parametrize("step", ["sign", "review", "finance", "decide"])
def test_an_unchanged_plan_alone_is_refused(world: World, step: str) -> None:
    plan = returned(world, step)
    with pytest.raises(Refused, match=r"^与第 1 次报送完全相同。请按退回意见修改后再报送。$"):
        acts.submit(world, plan)
    acts.edit(world, plan)
    with pytest.raises(Refused, match=r"^与第 1 次报送完全相同"):
        acts.submit(world, plan)
    assert (acts.fresh(plan).state, plan.versions.count()) == ("returned", 1)
    assert world.task(plan).kind == "revise"


def test_changed_and_changed_back_is_unchanged(world: World) -> None:
    plan = returned(world, "review")
    acts.edit(world, plan, trainees=45)
    acts.edit(world, plan, trainees=60)
    with pytest.raises(Refused, match="完全相同"):
        acts.submit(world, plan)


WEIGHTY: dict[str, Any] = {
    "category": {"category": "certification", "subject": "ZG-01"},
    "audience_units": {"audience_units": ["town"]},
    "audience_levels": {"audience_levels": ["grassroots"]},
    "audience_posts": {"audience_posts": ["chair"]},
    "sessions": {"sessions": 2},
    "half_days": {"half_days": 6},
    "residential": {"residential": True},
    "trainees": {"trainees": 61},
    "staff": {"staff": 2},
    "source": {"source": "business"},
    "fee": {"fee": "0.01", "fee_basis": "某文", "category": "certification", "subject": "ZG-01"},
    "rate_class": {"rate_class": "class2"},
    "lecturer_title": {"lecturer_title": "senior"},
    "lecture_hours": {"lecture_hours": "4.0"},
    "costs": {"costs": {"meals": "8000.00", "venue": "2000.01"}},
}

LIGHT: dict[str, Any] = {
    "name": {"name": "工会信息员提升班"},
    "subject": {"subject": "YW-04"},
    "purpose": {"purpose": "另一目的"},
    "audience_note": {"audience_note": "新任优先"},
    "modules": {"modules": {"ability": "16"}},
    "time_slots": {"time_slots": ["07"]},
    "hours": {"hours": "12.0"},
    "mode": {"mode": "blended"},
    "place": {"place": "区工人文化宫"},
    "place_tentative": {"place_tentative": False},
    "implementer": {"implementer": "区委党校"},
    "survey_reference": {"survey_reference": "另一份调研"},
    "owner_name": {"owner_name": "孙莉"},
    "owner_phone": {"owner_phone": "13900001111"},
    "fee_basis": {"fee_basis": "某文"},
    "off_plan_reason": {"off_plan_reason": "临时任务"},
    "principal_approval": {"principal_approval": "已批"},
    "explanation": {"explanation": "说明"},
    "remark": {"remark": "备注"},
}


def test_every_field_is_weighty_or_light() -> None:
    from workflow.models.plan import CONTENT_FIELDS

    assert set(WEIGHTY) == content.WEIGHTY
    assert set(WEIGHTY) | set(LIGHT) == {*CONTENT_FIELDS, "costs"}
    assert not set(WEIGHTY) & set(LIGHT)


@pytest.mark.parametrize("name", WEIGHTY)
def test_people_money_days_or_category_restart_the_chain(world: World, name: str) -> None:
    plan = returned(world, "finance")
    acts.edit(world, plan, **WEIGHTY[name])
    acts.submit(world, plan)
    assert world.task(plan).step == "sign"
    version = acts.fresh(plan).version
    assert version is not None
    assert version.restarted


@pytest.mark.parametrize("name", LIGHT)
def test_anything_else_goes_straight_back(world: World, name: str) -> None:
    plan = returned(world, "finance")
    acts.edit(world, plan, **LIGHT[name])
    acts.submit(world, plan)
    assert world.task(plan).step == "finance"
    version = acts.fresh(plan).version
    assert version is not None
    assert not version.restarted


@pytest.mark.parametrize("step", ["sign", "review", "finance", "decide"])
def test_a_light_change_goes_to_whoever_returned_it(world: World, step: str) -> None:
    plan = returned(world, step)
    acts.edit(world, plan, place="区工人文化宫")
    acts.submit(world, plan)
    plan = acts.fresh(plan)
    assert world.task(plan).step == step
    assert plan.state == ("awaiting_meeting" if step == "decide" else "reviewing")
    if step == "decide":
        acts.settle(world, plan)
        assert acts.fresh(plan).plan_number == "P2027-0001"


def test_after_the_meetings_return_a_weighty_change_restarts(world: World) -> None:
    plan = returned(world, "decide")
    acts.edit(world, plan, half_days=2, hours="8.0")
    acts.submit(world, plan)
    assert (acts.fresh(plan).state, world.task(plan).step) == ("reviewing", "sign")


def test_several_rounds_each_go_to_the_last_returner(world: World) -> None:
    plan = returned(world, "finance")
    acts.edit(world, plan, place="一")
    acts.submit(world, plan)
    acts.give_back(world, plan, "review", opinion="请复核")
    acts.give_back(world, plan, opinion="再改")
    acts.edit(world, plan, place="二")
    acts.submit(world, plan)
    assert world.task(plan).step == "review"
    acts.to_meeting(world, plan)
    acts.settle(world, plan, MeetingOutcome.RETURNED, opinion="会议请改")
    acts.edit(world, plan, trainees=30)
    acts.submit(world, plan)
    acts.give_back(world, plan, opinion="部门再改")
    acts.edit(world, plan, place="三")
    acts.submit(world, plan)
    assert world.task(plan).step == "sign"
    acts.to_meeting(world, plan)
    acts.settle(world, plan)
    plan = acts.fresh(plan)
    versions = list(plan.versions.order_by("number"))
    assert [v.number for v in versions] == [1, 2, 3, 4, 5]
    assert [(v.content["place"], v.content["trainees"]) for v in versions] == [
        ("区委党校", 60),
        ("一", 60),
        ("二", 60),
        ("二", 30),
        ("三", 30),
    ]
    assert [d.opinion for d in plan.decisions.filter(action="return")] == [
        "人数依据不足",
        "请复核",
        "再改",
        "会议请改",
        "部门再改",
    ]


def test_a_new_edition_of_the_book_restarts_the_chain(world: World, tmp_path: Path) -> None:
    plan = returned(world, "finance")
    text = (BOOKS / "binhai-2018.toml").read_text(encoding="utf-8")
    edition = tmp_path / "binhai.toml"
    edition.write_text(text.replace('duplicate_share = "0.50"', 'duplicate_share = "0.60"'), encoding="utf-8")
    second, _ = loader.load(edition, at=at(1, 12))
    acts.edit(world, plan, place="区工人文化宫")
    acts.submit(world, plan)
    plan = acts.fresh(plan)
    assert plan.version is not None
    assert (plan.version.book, plan.version.restarted, world.task(plan).step) == (second, True, "sign")
    assert plan.versions.get(number=1).book == world.book


def test_a_colleague_hands_it_in_again_and_stands_for_himself(world: World) -> None:
    """The task lies at the author's post; the record says who really handed it in, and as what."""
    plan = returned(world, "review")
    acts.edit(world, plan, "xuanchuan-head", place="区工人文化宫")
    decision = acts.submit(world, plan, "xuanchuan-head")
    assert (decision.actor_name, decision.post_title) == ("孙莉", "宣传网络部 部长")
    assert decision.post == world.posts["xuanchuan-head"]
    assert decision.task is not None
    assert decision.task.post == world.posts["xuanchuan-staff"]
    assert decision.task.owner == world.people["xuanchuan-head"]


def test_another_department_alone_is_refused(world: World) -> None:
    plan = returned(world, "review")
    with pytest.raises(Refused, match="只有宣传网络部的人员可以办理。"):
        acts.edit(world, plan, "quanyi-staff", trainees=45)
    with pytest.raises(Refused, match="只有宣传网络部的人员可以办理。"):
        acts.submit(world, plan, "quanyi-staff")


def test_the_snapshot_says_the_plan_again(world: World) -> None:
    plan = returned(world, "review", residential=True, costs={"lodging": "1000.00"}, modules={"theory": "16"})
    first = plan.versions.get()
    again, costs = content.restore(first.content)
    assert content.snapshot(again, costs) == first.content
    assert content.total(first.content) == 1000
