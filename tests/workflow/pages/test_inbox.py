"""待办: what waits, narrowed, paged, exported; the main path from there to 同意."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from tests.workflow.world import World, at
from workflow.services import submission


@pytest.fixture
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def submitted(world: World, department="xuanchuan", when=None, **fields):
    plan = world.draft(department, **fields)
    submission.submit(plan_id=plan.pk, actor=world.people[f"{department}-staff"], at=when or at(1, 11))
    return type(plan).objects.get(pk=plan.pk)


def test_from_the_inbox_to_an_agreement_without_javascript(world: World, client, january) -> None:
    plan = submitted(world)
    client.force_login(world.people["xuanchuan-head"])
    page = client.get(reverse("workflow:inbox"))
    assert "工会信息员培训班" in page.content.decode()
    shown = client.get(reverse("workflow:plan", args=[plan.pk]))
    assert shown.status_code == 200
    task = world.task(plan)
    answer = client.post(
        reverse("workflow:decide", args=[plan.pk]), {"action": "agree", "task": task.pk, "opinion": ""}
    )
    assert answer.status_code == 302
    assert world.task(plan).step == "review"
