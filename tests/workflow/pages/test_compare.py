"""比较两班: only for whoever may see both."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


@pytest.fixture
def twins(world: World) -> tuple[ClassPlan, ClassPlan]:
    one, two = world.draft(), world.draft("quanyi", name="信息写作班", trainees=40)
    acts.submit(world, one)
    acts.submit(world, two)
    return one, two


def compare(client: Client, who, one: ClassPlan, two: ClassPlan):
    client.force_login(who)
    return client.get(reverse("workflow:compare", args=[one.pk, two.pk]))


def test_both_stand_side_by_side(world: World, client: Client, twins) -> None:
    answer = compare(client, world.people["jiceng-head"], *twins)
    lines = {line["label"]: line for line in answer.context["lines"]}
    assert (lines["主办部门"]["left"], lines["主办部门"]["right"]) == ("宣传网络部", "权益保障部")
    assert lines["业务"]["same"]
    assert not lines["对象"]["same"]
    page = answer.content.decode()
    assert "业务相同：YW-03 工会信息员培训" in page
    assert "对象范围重叠 100%（50% 及以上提示）" in page
    assert "13800001206" not in page


def test_seeing_one_is_not_enough(world: World, client: Client, twins) -> None:
    for who in ("xuanchuan-head", "xuanchuan-staff", "quanyi-head", "principal", "leader"):
        assert compare(client, world.people[who], *twins).status_code == 404, who
        assert compare(client, world.people[who], *reversed(twins)).status_code == 404, who
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    assert compare(client, other.people["jiceng-head"], *twins).status_code == 404


def test_another_departments_draft_is_not_compared(world: World, client: Client) -> None:
    one, draft = world.draft(), world.draft("quanyi")
    acts.submit(world, one)
    assert compare(client, world.people["jiceng-head"], one, draft).status_code == 404


def test_an_own_draft_beside_an_own_plan(world: World, client: Client) -> None:
    one, draft = world.draft(), world.draft(name="草稿班")
    acts.submit(world, one)
    assert compare(client, world.people["xuanchuan-staff"], draft, one).status_code == 200


def test_not_with_itself_nor_with_nothing(world: World, client: Client, twins) -> None:
    who = world.people["jiceng-head"]
    assert compare(client, who, twins[0], twins[0]).status_code == 404
    client.force_login(who)
    assert client.get(reverse("workflow:compare", args=[twins[0].pk, 999999])).status_code == 404
