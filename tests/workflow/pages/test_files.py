"""Attachments: to be kept, never shown; for whoever sees the plan and nobody else."""

from __future__ import annotations

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanAttachment
from workflow.services import drafts
from workflow.states import AttachmentKind
from workflow.views.common import disposition

BODY = b"%PDF-1.4\n" + b"x" * 500 + b"\n%%EOF"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def attached(world: World, name: str = "需求汇总.pdf") -> tuple[ClassPlan, PlanAttachment]:
    plan = world.draft()
    attachment = drafts.attach(
        plan_id=plan.pk,
        upload=SimpleUploadedFile(name, BODY),
        kind=AttachmentKind.SURVEY,
        actor=world.people["xuanchuan-staff"],
        at=at(1, 11),
    )
    return plan, attachment


def fetch(client: Client, attachment: PlanAttachment, who):
    client.force_login(who)
    return client.get(reverse("workflow:file", args=[attachment.pk]))


def test_it_is_handed_over_as_it_came_to_be_kept(world: World, client: Client) -> None:
    plan, attachment = attached(world)
    acts.submit(world, plan)
    answer = fetch(client, attachment, world.people["jiceng-head"])
    assert answer.status_code == 200
    assert answer.content == BODY
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E9%9C%80%E6%B1%82%E6%B1%87%E6%80%BB.pdf"
    )
    assert "no-store" in answer["Cache-Control"]


def test_only_for_who_sees_the_plan(world: World, client: Client) -> None:
    plan, attachment = attached(world)
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    for who in ("jiceng-head", "caiwu-head", "secretary", "quanyi-staff"):  # still a draft
        assert fetch(client, attachment, world.people[who]).status_code == 404, who
    acts.submit(world, plan)
    assert fetch(client, attachment, world.people["jiceng-head"]).status_code == 200
    for who in ("quanyi-staff", "quanyi-head", "principal", "leader"):
        assert fetch(client, attachment, world.people[who]).status_code == 404, who
    for person in other.people.values():
        assert fetch(client, attachment, person).status_code == 404
    client.logout()
    assert client.get(reverse("workflow:file", args=[attachment.pk])).status_code == 302


def test_a_file_gone_from_the_disk_is_not_a_crash(world: World, client: Client) -> None:
    _, attachment = attached(world)
    attachment.file.file.storage.delete(attachment.file.file.name)
    assert fetch(client, attachment, world.people["xuanchuan-staff"]).status_code == 404


def test_no_such_file(world: World, client: Client) -> None:
    client.force_login(world.people["jiceng-head"])
    assert client.get(reverse("workflow:file", args=[999999])).status_code == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('a"b.pdf', "attachment; filename=\"file.pdf\"; filename*=UTF-8''ab.pdf"),
        (
            "a\r\nSet-Cookie: x.pdf",
            "attachment; filename=\"file.pdf\"; filename*=UTF-8''aSet-Cookie%3A%20x.pdf",
        ),
        ("../../etc/passwd", "attachment; filename=\"file\"; filename*=UTF-8''....etcpasswd"),
    ],
)
def test_a_name_never_breaks_the_header(name: str, header: str) -> None:
    assert disposition(name) == header
