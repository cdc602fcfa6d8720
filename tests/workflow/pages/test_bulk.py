"""批量同意: asked on a page with the findings of this minute, answered item by item."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client

from org.models import User
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import ClassPlan

MANY = "/decide-many/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def in_review(world: World, name: str, department: str = "xuanchuan", **fields) -> ClassPlan:
    return acts.pass_to(world, world.draft(department, name=name, **fields), "review")


def send(client: Client, who: User, tasks, **more: str):
    client.force_login(who)
    return client.post(MANY, {"pick": tasks, **more})


def test_it_asks_first_and_shows_what_each_means_now(world: World, client: Client) -> None:
    one = in_review(world, "甲班")
    twin = in_review(world, "乙班", "quanyi")
    head = world.people["jiceng-head"]
    answer = send(client, head, [world.task(plan).pk for plan in (one, twin)])
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("疑似重复办班") == 2  # the first was handed in before its twin: looked up anew
    assert re.findall(r'name="pick" value="(\d+)"', page)
    assert 'name="confirmed" value="1"' in page
    assert "20,000.00" in page
