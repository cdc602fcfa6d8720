"""年度申报: the list, its counts, and the way from an empty year to a class handed in."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from tests.workflow.world import World, at
from workflow.models import ClassPlan


@pytest.fixture
def january():
    with time_machine.travel(at(1, 11), tick=False):
        yield


def form_data(**more: str) -> dict[str, object]:
    """What a browser sends for a sound class."""
    return {
        "year": "2027",
        "name": "工会信息员培训班",
        "category": "professional",
        "subject": "YW-03",
        "purpose": "提高基层信息报送质量",
        "audience_units": ["town"],
        "trainees": "60",
        "staff": "3",
        "module_ability": "16",
        "mode": "off_the_job",
        "time_slots": "6月上旬",
        "sessions": "1",
        "half_days": "4",
        "hours": "16",
        "residential": "0",
        "place": "区委党校",
        "place_tentative": "on",
        "owner_name": "林晓峰",
        "owner_phone": "13800001206",
        "source": "special",
        "rate_class": "class3",
        "cost_meals": "8000",
        "cost_venue": "2,000.00",
        "fee": "0",
        "survey_reference": "2026年信息员需求汇总",
        "action": "save",
        **more,
    }


@pytest.mark.usefixtures("january")
def test_a_class_is_written_saved_and_handed_in(world: World, client) -> None:
    client.force_login(world.people["xuanchuan-staff"])
    assert client.get(reverse("workflow:declare")).status_code == 200
    assert client.get(reverse("workflow:plan_new")).status_code == 200
    answer = client.post(reverse("workflow:plan_new"), form_data(action="submit"))
    plan = ClassPlan.objects.get()
    assert answer.url == reverse("workflow:plan_submit", args=[plan.pk])
    assert client.get(answer.url).status_code == 200
    answer = client.post(answer.url, {"revision": plan.revision, "explanation": ""}, follow=True)
    plan = ClassPlan.objects.get()
    assert plan.state == "reviewing"
    assert "《工会信息员培训班》已报送，申报号 2027-0001。" in answer.content.decode()
