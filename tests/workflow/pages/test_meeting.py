"""上会议题 through the pages: the agenda, a result for each item in one go, the minutes later (S3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from budgets.selectors import fund_totals
from tests.workflow.pages.lines import awaiting
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Meeting

THE_DAY = at(1, 20, 16)


@pytest.fixture(autouse=True)
def in_january():
    with time_machine.travel(THE_DAY, tick=False):
        yield


def enter(client, world: World, who: str):
    client.force_login(world.people[who])
    return client


def available(world: World) -> Decimal:
    """What the fund can still give."""
    assert world.fund is not None
    return fund_totals([world.fund.pk])[world.fund.pk].available


def open_meeting(client, plans, number="2027年第1次", day="2027-01-20"):
    return client.post(
        reverse("workflow:meeting_new"),
        {"number": number, "held_on": day, "chair": "赵启明", "pick": [plan.pk for plan in plans]},
    )


def results(meeting: Meeting, **by_plan) -> dict[str, str]:
    """The fields of the page as it stands, with what the secretary changes: plan id → field → value."""
    data: dict[str, str] = {"confirmed": "1"}
    for item in AgendaItem.objects.filter(meeting=meeting, outcome=""):
        data[f"i{item.pk}-outcome"] = "passed"
        for name, value in by_plan.get(f"p{item.plan_id}", {}).items():
            data[f"i{item.pk}-{name}"] = value
    return data


def test_from_the_desk_to_the_money(client, world: World) -> None:
    plan = awaiting(world)
    enter(client, world, "secretary")
    assert "2027年第1次" in client.get(reverse("workflow:meeting_new")).text
    response = open_meeting(client, [plan])
    meeting = Meeting.objects.get()
    assert response.url == reverse("workflow:meeting", args=[meeting.pk])
    page = client.get(response.url)
    assert "通过后余额" in page.text
    assert "990,000.00" in page.text
    response = client.post(reverse("workflow:settle", args=[meeting.pk]), results(meeting))
    assert response.status_code == 200
    plan = ClassPlan.objects.get(pk=plan.pk)
    assert (plan.state, plan.plan_number) == ("approved", "P2027-0001")
    assert available(world) == Decimal("990000.00")
    assert "P2027-0001" in client.get(reverse("workflow:meeting", args=[meeting.pk])).text
