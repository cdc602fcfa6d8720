"""撤回: until somebody has acted, by the department that handed it in."""

from __future__ import annotations

import pytest

from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import WorkProcess
from workflow.states import DecisionAction, MeetingOutcome


def test_a_withdrawn_plan_waits_for_nobody_and_can_be_handed_in_again(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    task = world.task(plan)
    decision = acts.withdraw(world, plan, when=at(1, 12, 10))
    plan = acts.fresh(plan)
    task.refresh_from_db()
    assert plan.state == "withdrawn"
    assert (task.is_open, task.status) == (False, "CANCELED")
    process = WorkProcess.objects.get(plan=plan)
    assert (process.is_open, process.status, process.finished) == (False, "CANCELED", at(1, 12, 10))
    assert (decision.action, decision.actor_name, decision.post_title) == (
        "withdraw",
        "林晓峰",
        "宣传网络部 干事",
    )
    acts.edit(world, plan, trainees=40)
    acts.submit(world, plan)
    assert world.task(plan).step == "sign"
    assert [v.number for v in plan.versions.all()] == [1, 2]
    assert WorkProcess.objects.filter(plan=plan).count() == 2


def test_it_may_be_handed_in_again_unchanged(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    acts.withdraw(world, plan)
    acts.submit(world, plan)
    assert world.task(plan).step == "sign"


def test_a_colleague_may_withdraw(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    decision = acts.withdraw(world, plan, "xuanchuan-head")
    assert decision.post_title == "宣传网络部 部长"


def test_another_department_alone_is_refused(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    with pytest.raises(Refused, match=r"^只有宣传网络部的人员可以办理。$"):
        acts.withdraw(world, plan, "jiceng-head")
    assert acts.fresh(plan).state == "reviewing"


def test_an_act_on_it_alone_refuses(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    with pytest.raises(Refused, match=r"^宣传网络部 部长 孙莉 已办理（同意），不能撤回。$"):
        acts.withdraw(world, plan)
    assert world.task(plan).step == "review"


def test_a_return_to_an_earlier_step_is_an_act_too(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan, "sign")
    with pytest.raises(Refused, match=r"不能撤回。$"):
        acts.withdraw(world, plan)


def test_a_light_resubmission_may_be_withdrawn_until_the_returner_acts(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan)
    acts.edit(world, plan, place="区工人文化宫")
    acts.submit(world, plan)
    assert world.task(plan).step == "review"
    acts.withdraw(world, plan)
    acts.submit(world, plan)
    assert world.task(plan).step == "sign"


@pytest.mark.parametrize("state", ["draft", "withdrawn", "returned", "meeting", "deferred", "approved"])
def test_the_wrong_state_alone_refuses(world: World, state: str) -> None:
    plan = world.draft()
    match state:
        case "withdrawn":
            acts.submit(world, plan)
            acts.withdraw(world, plan)
        case "returned":
            acts.submit(world, plan)
            acts.give_back(world, plan)
        case "meeting":
            acts.to_meeting(world, plan)
        case "deferred":
            acts.to_meeting(world, plan)
            acts.settle(world, plan, MeetingOutcome.DEFERRED)
        case "approved":
            acts.approve(world, plan)
    before = acts.fresh(plan)
    with pytest.raises(Refused, match=rf"^《工会信息员培训班》现为“{before.get_state_display()}”"):
        acts.withdraw(world, plan)
    assert acts.fresh(plan).state == before.state


def test_who_decides_on_a_withdrawn_plan_hears_who_withdrew_it_and_when(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    seen = world.task(plan).pk
    acts.withdraw(world, plan, when=at(1, 12, 10, 40))
    with pytest.raises(
        Conflict,
        match=(
            r"^《工会信息员培训班》的“经办”已由 林晓峰（宣传网络部 干事）"
            r"于 1月12日 10:40 办理：撤回。$"
        ),
    ):
        acts.decide(world, plan, "xuanchuan-head", DecisionAction.AGREE, task_id=seen)
