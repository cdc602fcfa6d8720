"""Somebody holds a plan's row for too long: the other reads so, and nothing has changed."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse

from tests.workflow import world as worlds
from tests.workflow.world import at
from workflow.models import ClassPlan, Decision, WorkTask
from workflow.services import submission


@pytest.mark.django_db(transaction=True)
def test_a_row_held_too_long_is_said_in_words() -> None:
    world = worlds.build()
    plan = world.draft()
    submission.submit(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            ClassPlan.objects.select_for_update().get(pk=plan.pk)
            held.set()
            done.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        client = Client()
        client.force_login(world.people["xuanchuan-head"])
        task = WorkTask.objects.get(plan=plan, is_open=True)
        answer = client.post(
            reverse("workflow:decide", args=[plan.pk]),
            {"task": task.pk, "action": "agree", "opinion": "同意"},
        )
    finally:
        done.set()
        holder.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert answer.status_code == 409
    assert "他人正在办理同一事项" in answer.content.decode()
    assert Decision.objects.count() == 1
