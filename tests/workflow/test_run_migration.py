"""Classes approved before 期 were kept get theirs by the migration, once."""

from __future__ import annotations

import importlib

import pytest
from django.db import connection

from tests.workflow import runs
from tests.workflow.world import World
from workflow.models import ClassRun

pytestmark = pytest.mark.django_db


def test_an_older_approved_class_gets_its_runs_once(world: World) -> None:
    plan = runs.planned_run(world, sessions=3).plan
    expected = list(ClassRun.objects.filter(plan=plan).values_list("session_no", "code", "state"))
    migration = importlib.import_module("workflow.migrations.0005_runs_of_approved_plans")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as if they had never been made
        cursor.execute("DELETE FROM workflow_classrun")
        cursor.execute("SET LOCAL session_replication_role = origin")
        for _ in range(2):
            cursor.execute(migration.RUNS)
    assert list(ClassRun.objects.filter(plan=plan).values_list("session_no", "code", "state")) == expected
    assert len(expected) == 3
