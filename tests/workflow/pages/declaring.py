"""What a browser sends of the plan form, for tests of writing and handing in."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.workflow.world import World
from workflow.models import ClassPlan


def form_data(**more: Any) -> dict[str, Any]:
    """A sound class: 60 + 3 people, 2 days 走读; ``more`` changes or adds inputs, None leaves one out."""
    sent = {
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
    return {key: value for key, value in sent.items() if value is not None}


def save_new(client: Client, **more: Any) -> ClassPlan:
    """A draft written through the page."""
    answer = client.post(reverse("workflow:plan_new"), form_data(**more))
    assert answer.status_code == 302, answer.content.decode()
    return ClassPlan.objects.latest("pk")


def save(client: Client, plan: ClassPlan, *, revision: int | None = None, **more: Any) -> Any:
    """Posts the edit page of a draft as it stands, ``more`` changed."""
    sent = form_data(revision=plan.revision if revision is None else revision, plan=plan.pk, **more)
    return client.post(reverse("workflow:plan_edit", args=[plan.pk]), sent)


def fresh(plan: ClassPlan) -> ClassPlan:
    """The plan as the database has it; ``state`` is protected, so not refresh_from_db."""
    return ClassPlan.objects.get(pk=plan.pk)


def signed_in(world: World, who: str, **options: Any) -> Client:
    """A browser of its own for one of the cast."""
    client = Client(**options)
    client.force_login(world.people[who])
    return client
