"""The auditor's net: every change of a plan with who was signed in, written once (pghistory)."""

from __future__ import annotations

import pghistory
import pghistory.models
import pytest
import time_machine
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from office.refusals import Refused
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.services import drafts

REFUSED = (InternalError, ProgrammingError)


def events(pk: int) -> list[tuple[str, str, str]]:
    """(label, state, name) of every event of a plan, the first one first."""
    model = ClassPlan.pgh_event_models["insert"]  # type: ignore[attr-defined]
    return list(
        model.objects.filter(pgh_obj_id=pk).order_by("pgh_id").values_list("pgh_label", "state", "name")
    )


def test_each_change_is_kept_in_order(world: World) -> None:
    plan = world.draft(name="甲班")
    acts.edit(world, plan, name="乙班")
    acts.approve(world, plan)
    assert events(plan.pk) == [
        ("insert", "draft", "甲班"),
        ("update", "draft", "乙班"),
        ("update", "reviewing", "乙班"),
        ("update", "reviewing", "乙班"),
        ("update", "reviewing", "乙班"),
        ("update", "awaiting_meeting", "乙班"),
        ("update", "approved", "乙班"),
    ]


def test_a_thrown_away_draft_leaves_its_history(world: World) -> None:
    plan = world.draft()
    pk = plan.pk
    drafts.delete_draft(plan_id=pk, actor=world.people["xuanchuan-staff"], at=world.now())
    assert [label for label, _, _ in events(pk)] == ["insert", "delete"]


def test_changes_past_the_services_are_kept_too(world: World) -> None:
    plan = world.draft()
    ClassPlan.objects.filter(pk=plan.pk).update(name="丙班")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflow_classplan SET name = '丁班' WHERE id = %s", [plan.pk])
    assert [name for _, _, name in events(plan.pk)] == ["工会信息员培训班", "丙班", "丁班"]


def test_a_refused_act_leaves_no_trace(world: World) -> None:
    plan = world.draft(survey_reference="")
    with pytest.raises(Refused):
        acts.submit(world, plan)
    assert [label for label, _, _ in events(plan.pk)] == ["insert"]


def test_an_act_through_the_pages_keeps_who_was_signed_in(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "sign")
    with time_machine.travel(at(1, 12), tick=False):
        client.force_login(world.people["xuanchuan-head"])
        answer = client.post(
            reverse("workflow:decide", args=[plan.pk]), {"task": world.task(plan).pk, "action": "agree"}
        )
    assert answer.status_code == 302
    model = ClassPlan.pgh_event_models["update"]  # type: ignore[attr-defined]
    last = model.objects.filter(pgh_obj_id=plan.pk).order_by("pgh_id").last()
    assert last.pgh_context.metadata["user"] == world.people["xuanchuan-head"].pk
    assert last.pgh_context.metadata["url"] == reverse("workflow:decide", args=[plan.pk])
    assert acts.fresh(plan).tasks.get(is_open=True).step == "review"


def test_an_act_inside_a_context_keeps_it(world: World) -> None:
    with pghistory.context(user=world.people["xuanchuan-staff"].pk, source="导入"):
        plan = world.draft()
    model = ClassPlan.pgh_event_models["insert"]  # type: ignore[attr-defined]
    event = model.objects.get(pgh_obj_id=plan.pk)
    assert event.pgh_context.metadata == {"user": world.people["xuanchuan-staff"].pk, "source": "导入"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workflow_classplanevent SET name = 'x'",
        "UPDATE workflow_classplanevent SET pgh_context_id = NULL, pgh_label = 'x'",
        "DELETE FROM workflow_classplanevent",
    ],
)
def test_history_is_written_once(world: World, statement: str) -> None:
    world.draft()
    with pytest.raises(REFUSED, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
