"""What becomes of a long task: done, refused, broken, cancelled, tried again; and how it is queued."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from office.refusals import Conflict, Refused
from org.models import LongTask, UnitAlias
from org.services import long_tasks
from tests.workflow import demonstration
from tests.workflow.world import World, at
from workflow import jobs

STATE = LongTask.State
WHO = "xuanchuan-staff"


def begin(world: World, kind: str = "demonstration", **params: Any) -> LongTask:
    return long_tasks.begin(
        kind=kind,
        title="导入别名",
        params={"union": world.union.pk, **params},
        actor=world.people[WHO],
        at=at(1, 20),
    )


def fresh(task: LongTask) -> LongTask:
    return LongTask.objects.get(pk=task.pk)


def queued() -> list[tuple[str, dict[str, Any]]]:
    return list(ProcrastinateJob.objects.filter(status="todo").values_list("task_name", "args"))


def perform(task: LongTask, *, last: bool = False) -> None:
    jobs.perform(task.pk, stopping=lambda: False, last=last)


def test_a_task_is_done_once_and_keeps_its_result(world: World, run_jobs) -> None:
    task = begin(world, rows=3)
    assert (task.state, queued()) == (STATE.WAITING, [("long_task", {"task_id": task.pk})])
    assert run_jobs() == 1
    task = fresh(task)
    assert (task.state, task.done, task.total, task.message) == (STATE.DONE, 3, 3, "")
    assert task.result == {
        "summary": "写入 3 行",
        "url": f"/search/?q={world.union.code}",
        "link": "查看单位",
    }
    assert None not in (task.started_at, task.finished_at)
    assert UnitAlias.objects.count() == 3
    assert run_jobs() == 0


def test_what_is_over_is_not_done_again(world: World) -> None:
    task = begin(world, rows=1)
    perform(task)
    UnitAlias.objects.all().delete()
    perform(task)
    assert not UnitAlias.objects.exists()


def test_a_task_exists_only_if_what_it_is_about_does(world: World) -> None:
    with transaction.atomic():
        begin(world, rows=1)
        transaction.set_rollback(True)
    assert (queued(), LongTask.objects.count()) == ([], 0)


def test_changes_made_by_a_task_are_its_askers(world: World) -> None:
    from pghistory.models import Context

    task = begin(world, rows=1)
    perform(task)
    context = Context.objects.get()
    assert context.metadata == {"user": world.people[WHO].pk, "url": f"/tasks/{task.pk}/"}


# ---- failing


def test_a_refusal_is_shown_as_it_was_said(world: World) -> None:
    task = begin(world, "refusing")
    perform(task)
    assert (fresh(task).state, fresh(task).message) == (STATE.FAILED, "第 3 行：没有身份证号，请补填。")


@pytest.mark.parametrize("kind", ["broken", "a kind of an older version"])
def test_a_mistake_of_the_program_is_logged_and_told_in_chinese(world: World, caplog, kind: str) -> None:
    task = begin(world, kind)
    with caplog.at_level(logging.ERROR):
        perform(task)
    task = fresh(task)
    assert task.state == STATE.FAILED
    assert task.message == (f"处理中出了意外，没有做完。原因已记入日志，请把编号 {task.pk} 告诉系统管理员。")
    assert f"long task {task.pk} ({kind}) failed" in caplog.text
    assert "Traceback" in caplog.text


def test_a_database_that_goes_away_is_waited_for_and_then_given_up(world: World, caplog) -> None:
    task = begin(world, "disturbed")
    with pytest.raises(OperationalError):
        perform(task)
    assert fresh(task).state == STATE.RUNNING
    perform(task, last=True)
    assert fresh(task).state == STATE.FAILED
    assert "没有做完" in fresh(task).message
    assert "server closed" not in fresh(task).message


def test_each_reason_to_try_again_has_its_wait(world: World) -> None:
    from procrastinate.utils import utcnow

    def seconds(reason: Exception) -> float:
        turn = Job(id=1, queue="default", task_name="x", lock="x", queueing_lock=None)
        decision = jobs.TryAgain().get_retry_decision(exception=reason, job=turn)
        return round((decision.retry_at - utcnow()).total_seconds())

    assert [
        seconds(reason) for reason in (long_tasks.Interrupted(), OperationalError(), jobs.Elsewhere())
    ] == [0, jobs.WAIT_DATABASE, jobs.WAIT_ELSEWHERE]


def test_a_stopped_worker_puts_its_task_back(world: World) -> None:
    task = begin(world, rows=3)
    with pytest.raises(long_tasks.Interrupted):
        jobs.perform(task.pk, stopping=lambda: True, last=True)
    task = fresh(task)
    assert (task.state, task.message) == (STATE.WAITING, "处理程序重新启动，稍后从头继续。")
    perform(task)
    assert (fresh(task).state, fresh(task).message) == (STATE.DONE, "")


# ---- cancelling


def cancel(task: LongTask, world: World, who: str = WHO) -> LongTask:
    return long_tasks.cancel(task_id=task.pk, actor=world.people[who], at=at(1, 21))


def test_what_waits_is_cancelled_at_once(world: World, run_jobs) -> None:
    task = cancel(begin(world, rows=3), world)
    assert (task.state, task.finished_at) == (STATE.CANCELLED, at(1, 21))
    assert run_jobs() == 1
    assert not UnitAlias.objects.exists()
    assert fresh(task).state == STATE.CANCELLED


def test_what_runs_stops_when_it_next_says_how_far_it_is(world: World, monkeypatch) -> None:
    monkeypatch.setattr(long_tasks, "PAUSE_AFTER_OTHER", 0)
    task = begin(world, rows=5)

    def cancelled_at_three(self: long_tasks.Progress, done: int, total: int, message: str = "") -> None:
        if done == 3:
            assert cancel(task, world).state == STATE.RUNNING
        real(self, done, total, message)

    real = long_tasks.Progress.__call__
    monkeypatch.setattr(long_tasks.Progress, "__call__", cancelled_at_three)
    perform(task)
    task = fresh(task)
    assert (task.state, task.cancel_asked, task.message) == (STATE.CANCELLED, True, "")
    assert UnitAlias.objects.count() == 3


def test_a_task_cancelled_after_its_worker_died_is_not_begun_again(world: World) -> None:
    task = begin(world, rows=3)
    LongTask.objects.filter(pk=task.pk).update(state=STATE.RUNNING)
    cancel(task, world)
    perform(task)
    assert fresh(task).state == STATE.CANCELLED
    assert not UnitAlias.objects.exists()


def test_what_ended_while_it_was_being_cancelled_is_done(world: World) -> None:
    task = begin(world, rows=0)
    LongTask.objects.filter(pk=task.pk).update(state=STATE.RUNNING)
    cancel(task, world)
    long_tasks.finish(task_id=task.pk, result={}, at=at(1, 22))
    assert fresh(task).state == STATE.DONE


@pytest.mark.parametrize("state", [STATE.DONE, STATE.FAILED, STATE.CANCELLED])
def test_what_is_over_cannot_be_cancelled(world: World, state: LongTask.State) -> None:
    task = begin(world, rows=1)
    LongTask.objects.filter(pk=task.pk).update(state=state)
    with pytest.raises(Conflict, match=f"“导入别名”{state.label}，不能再取消。"):
        cancel(task, world)


def test_nobody_else_cancels_it(world: World) -> None:
    task = begin(world, rows=1)
    with pytest.raises(Refused, match="只有发起人可以取消。"):
        cancel(task, world, "xuanchuan-head")
    assert fresh(task).state == STATE.WAITING


# ---- how far it is


def test_progress_is_written_twice_a_second_and_sooner_when_something_else_is_done(
    world: World, monkeypatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("org.services.long_tasks.time.monotonic", lambda: clock[0])
    task = begin(world, rows=9)
    LongTask.objects.filter(pk=task.pk).update(state=STATE.RUNNING)
    progress = long_tasks.Progress(task.pk, through=connection, stopping=lambda: False)
    seen = []
    for done, second, message in (
        (1, 100.0, "导入"),
        (2, 100.3, "导入"),
        (3, 100.5, "导入"),
        (4, 100.75, "核对"),
        (5, 100.9, "核对"),
        (6, 101.0, "核对"),
        (7, 101.25, "核对"),
    ):
        clock[0] = second
        progress(done, 9, message)
        seen.append((fresh(task).done, fresh(task).message))
    assert [done for done, _ in seen] == [1, 1, 3, 4, 4, 4, 7]
    assert [message for _, message in seen] == ["导入"] * 3 + ["核对"] * 4


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_work_is_not_yet_committed(world: World, monkeypatch) -> None:
    task, seen = begin(world, rows=1), []

    def look(_params: dict[str, Any], _line: str) -> None:
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT state, done, total, message FROM org_longtask")
            seen.append(cursor.fetchone())
        other.close()

    def work(_task: LongTask, progress: long_tasks.Progress) -> dict[str, Any]:
        with transaction.atomic():
            progress(4, 9, "正在核对")
            look({}, "")
        return {}

    monkeypatch.setitem(jobs.WORKS, "demonstration", work)
    perform(task)
    assert seen == [("running", 4, 9, "正在核对")]


# ---- one at a time


@pytest.mark.django_db(transaction=True)
def test_a_task_another_worker_has_is_left_to_it(world: World) -> None:
    task = begin(world, rows=3)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"org.LongTask:{task.pk}"])
        with pytest.raises(jobs.Elsewhere):
            perform(task)
        assert fresh(task).state == STATE.WAITING
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()
    perform(task)
    assert fresh(task).state == STATE.DONE
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)


def test_the_works_of_tests_are_known_here() -> None:
    assert demonstration.demonstrate is jobs.WORKS["demonstration"]
