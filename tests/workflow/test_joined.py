"""Tasks and processes are kept in two tables; one statement saves both, as Django would leave them."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS, STATUS

from tests.workflow.world import World, at
from workflow.flows import PlanFlow
from workflow.models import WorkProcess, WorkTask
from workflow.services import submission


@pytest.fixture
def task(world: World) -> WorkTask:
    plan = world.draft()
    submission.submit(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    return world.task(plan)


def test_an_insert_writes_both_rows_and_the_link_at_once(task: WorkTask, django_assert_num_queries) -> None:
    new = WorkTask(
        process=task.process, plan=None, flow_task=PlanFlow.review, token=task.token, step="x", data={"a": 1}
    )
    with django_assert_num_queries(1):
        new.save_after(task)
    base, whole = Task.objects.get(pk=new.pk), WorkTask.objects.get(pk=new.pk)
    assert (base.process_id, base.flow_task, base.data) == (task.process_id, PlanFlow.review, {"a": 1})
    assert base.flow_task_type == task.flow_task_type == "HUMAN"
    assert (whole.step, whole.is_open, whole.status, whole.pk) == ("x", False, STATUS.NEW, new.task_ptr_id)
    assert [one.pk for one in whole.previous.all()] == [task.pk]


def test_an_update_writes_both_rows_at_once(task: WorkTask, django_assert_num_queries) -> None:
    process = WorkProcess.objects.get(pk=task.process_id)
    process.status, process.is_open = PROCESS.CANCELED, False
    with django_assert_num_queries(1):
        process.save()
    assert Process.objects.get(pk=process.pk).status == PROCESS.CANCELED
    assert WorkProcess.objects.get(pk=process.pk).is_open is False


def test_some_fields_only_go_djangos_way(task: WorkTask) -> None:
    task.step, task.step_title = "y", "not written"
    task.save(update_fields=["step"])
    whole = WorkTask.objects.get(pk=task.pk)
    assert (whole.step, whole.step_title) == ("y", "部门审签")


def test_a_row_that_is_gone_is_no_quiet_success(task: WorkTask) -> None:
    WorkTask.objects.filter(pk=task.pk).update(is_open=False)
    copy = WorkTask.objects.get(pk=task.pk)
    WorkTask.previous.through.objects.all().delete()
    WorkTask.objects.filter(pk=task.pk).delete()
    with pytest.raises(DatabaseError):
        copy.save()
