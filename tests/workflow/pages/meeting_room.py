"""What the tests of meeting, desk and fund share: who signs in, what the page posts, what is left."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from budgets.selectors import fund_totals
from budgets.services import LineAmount, appropriate
from tests.workflow import acts
from tests.workflow.world import World
from workflow.models import AgendaItem, ClassPlan, Meeting, PlanCost, PlanVersion
from workflow.models.plan import CONTENT_FIELDS
from workflow.rules.content import snapshot
from workflow.states import DecisionAction

Fields = dict[str, str]


def waiting(world: World, count: int = 1, **fields: Any) -> list[ClassPlan]:
    """Plans that wait for a meeting, 第00班 and on."""
    return [
        acts.to_meeting(world, world.draft(**{"name": f"第{number:02}班"} | fields))
        for number in range(count)
    ]


def advised(world: World, reason: str, **fields: Any) -> ClassPlan:
    """A plan the training authority would rather not have, on its way to the meeting."""
    plan = acts.pass_to(world, world.draft(**fields), "review")
    acts.decide(world, plan, action=DecisionAction.ADVISE_EXCLUSION, opinion=reason)
    return acts.to_meeting(world, plan)


def bulk(world: World, count: int, state: str, **fields: Any) -> list[ClassPlan]:
    """Many submitted plans at once, for counting statements: no tasks, nothing in the record."""
    first = world.draft(**fields)
    plans = ClassPlan.objects.bulk_create(_copy(first, number) for number in range(count))
    PlanCost.objects.bulk_create(
        PlanCost(plan=plan, item="meals", amount=Decimal("100.10")) for plan in plans
    )
    first.delete()
    for serial, plan in enumerate(plans, ClassPlan.objects.filter(serial__isnull=False).count() + 1):
        content = snapshot(plan, PlanCost.objects.filter(plan=plan))
        version = PlanVersion.objects.create(
            plan=plan,
            number=1,
            book=world.book,
            content=content,
            submitted_by=plan.created_by,
            submitted_at=plan.created_at,
        )
        ClassPlan.objects.filter(pk=plan.pk).update(serial=serial, version=version, state="reviewing")
    ids = [plan.pk for plan in plans]
    if state != "reviewing":
        ClassPlan.objects.filter(pk__in=ids).update(state="awaiting_meeting")
    if state == "approved":
        for plan in plans:
            _fund(world, plan)
    return list(ClassPlan.objects.filter(pk__in=ids))


def _copy(plan: ClassPlan, number: int) -> ClassPlan:
    fields = {
        name: getattr(plan, name) for name in (*CONTENT_FIELDS, "created_by", "created_at", "updated_at")
    }
    name = f"第{number:02}班"
    return ClassPlan(
        union=plan.union, department=plan.department, year=plan.year, **(fields | {"name": name})
    )


def _fund(world: World, plan: ClassPlan) -> None:
    assert world.fund is not None
    number = f"P2027-{plan.pk:04}"
    project = appropriate(
        fund=world.fund,
        number=number,
        name=plan.name,
        department=plan.department,
        lines=[LineAmount("meals", "伙食费", Decimal("100.10"))],
        actor=world.people["secretary"],
        post=None,
        at=world.now(),
        reason="审定",
        reference="纪要",
    )
    ClassPlan.objects.filter(pk=plan.pk).update(state="approved", plan_number=number, project=project)


def posted(meeting: Meeting, by_name: dict[str, Fields] | None = None, *, confirmed: bool = True) -> Fields:
    """The agenda as its page posts it, 通过 everywhere but where ``by_name`` (班名 → field → value) says."""
    data: Fields = {"confirmed": "1"} if confirmed else {}
    for item in AgendaItem.objects.filter(meeting=meeting, outcome="").select_related("plan"):
        data[f"i{item.pk}-outcome"] = "passed"
        for field, value in (by_name or {}).get(item.plan.name, {}).items():
            data[f"i{item.pk}-{field}"] = value
    return data


def available(world: World) -> Decimal:
    """What the fund can still give, yuan."""
    assert world.fund is not None
    return fund_totals([world.fund.pk])[world.fund.pk].available


def workbook(response: Any) -> Workbook:
    """A downloaded workbook, opened."""
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    return load_workbook(BytesIO(response.content))


def queries(ask: Callable[[], Any]) -> int:
    """How many statements a page costs."""
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


def as_(client: Client, world: World, who: str) -> Client:
    """The client, signed in as the holder of that post."""
    client.force_login(world.people[who])
    return client
