"""历次报送 and the printed 审批单: what was said, by whom, and what changed between."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from org.models import User
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.states import MeetingOutcome


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


@pytest.fixture
def revised(world: World) -> ClassPlan:
    """Returned by the training authority, mended, handed in again."""
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan, opinion="请核减人数")
    acts.edit(world, plan, trainees=45, purpose="新目的", costs={"meals": "7000.00"})
    acts.submit(world, plan)
    return acts.fresh(plan)


def get(client: Client, name: str, plan: ClassPlan, who: User, query: str = ""):
    client.force_login(who)
    return client.get(reverse(f"workflow:{name}", args=[plan.pk]) + query)


def test_the_last_two_stand_side_by_side(world: World, client: Client, revised: ClassPlan) -> None:
    answer = get(client, "versions", revised, world.people["jiceng-head"])
    changes = {change.label: (change.before, change.after) for change in answer.context["changes"]}
    assert changes == {
        "培训目的": ("提高基层信息报送质量", "新目的"),
        "每期学员人数": ("60", "45"),
        "伙食费": ("8,000.00", "7,000.00"),
        "场地、资料、交通费": ("2,000.00", ""),
        "经费合计": ("10,000.00", "7,000.00"),
    }
    page = answer.content.decode()
    assert "请核减人数" in page
    assert "<del>60</del>" in page
    assert "<ins>45</ins>" in page
    assert "重新走流程" in page


def test_any_two_can_be_asked_for_the_older_left(world: World, client: Client, revised: ClassPlan) -> None:
    acts.give_back(world, revised, opinion="再改", who="xuanchuan-head")
    acts.edit(world, revised, remark="第三次")
    acts.submit(world, revised)
    who = world.people["jiceng-head"]
    answer = get(client, "versions", revised, who, "?a=3&b=1")
    assert (answer.context["left"].number, answer.context["right"].number) == (1, 3)
    for query in ("?a=2&b=2", "?a=x&b=9", "?a=1"):
        answer = get(client, "versions", revised, who, query)
        assert (answer.context["left"].number, answer.context["right"].number) == (2, 3)


def test_each_version_has_its_own_record(world: World, client: Client, revised: ClassPlan) -> None:
    answer = get(client, "versions", revised, world.people["jiceng-head"])
    second, first = answer.context["versions"]
    assert [stage.title for stage in first["stages"]] == ["经办", "部门审签", "归口审核"]
    assert [stage.title for stage in second["stages"]] == ["经办"]
    assert first["returned"].opinion == "请核减人数"
    assert second["returned"] is None


def test_one_version_has_nothing_to_compare(world: World, client: Client) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    page = get(client, "versions", plan, world.people["jiceng-head"]).content.decode()
    assert "只报送过一次" in page


def test_what_the_meeting_changed_is_a_version_of_its_own(world: World, client: Client) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.settle(world, plan, MeetingOutcome.PASSED_CHANGED, figures={"trainees": 50})
    page = get(client, "versions", plan, world.people["jiceng-head"]).content.decode()
    assert "第 2 次（会议修改）" in page
    assert "<ins>50</ins>" in page


def test_who_does_not_see_the_plan_sees_none_of_it(world: World, client: Client, revised: ClassPlan) -> None:
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    for person in (world.people["quanyi-head"], other.people["jiceng-head"]):
        for name in ("versions", "plan_print"):
            assert get(client, name, revised, person).status_code == 404


def test_a_draft_has_neither(world: World, client: Client) -> None:
    plan = world.draft()
    for name in ("versions", "plan_print"):
        assert get(client, name, plan, world.people["xuanchuan-staff"]).status_code == 404


def test_the_sheet_has_every_signer_opinion_and_date(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.decide(world, plan, opinion="同意列入", when=at(1, 12, 9))
    acts.decide(world, plan, opinion="经费合理", when=at(1, 13, 9))
    acts.settle(
        world,
        plan,
        MeetingOutcome.PASSED_CHANGED,
        figures={"trainees": 50},
        costs={"meals": Decimal("7000.00"), "venue": Decimal("2000.00")},
    )
    page = get(client, "plan_print", plan, world.people["jiceng-head"]).content.decode()
    for words in (
        "滨海新区总工会培训班次审批单",
        "申报号：2027-0001",
        "计划号：P2027-0001",
        "林晓峰",
        "宣传网络部 部长 孙莉",
        "同意列入",
        "基层工作部 部长 周敏　2027年1月12日",
        "经费合理",
        "财务资产部 部长 李想　2027年1月13日",
        "修改后通过，主席办公会（2027年第1次）",
        "会议秘书 何静",
        "每期学员人数由 60 改为 50",
        "玖仟元整",
    ):
        assert words in page, words
    assert 'class="paper' in page


def test_an_unfinished_sheet_says_so(world: World, client: Client, revised: ClassPlan) -> None:
    """A print must never look approved while it isn't."""
    page = get(client, "plan_print", revised, world.people["jiceng-head"]).content.decode()
    assert "办理中，审核中" in page
    assert "计划号" not in page
    assert "请核减人数" not in page  # the earlier run stays in 历次报送
    assert "第 2 次报送" in page


def test_the_telephone_is_masked_on_paper_too(world: World, client: Client, revised: ClassPlan) -> None:
    assert "13800001206" not in get(client, "plan_print", revised, world.people["secretary"]).content.decode()
    own = get(client, "plan_print", revised, world.people["xuanchuan-staff"]).content.decode()
    assert "13800001206" in own
