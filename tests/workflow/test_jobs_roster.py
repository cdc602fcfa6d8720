"""A long roster is checked apart from the page, and comes to what the page would have found."""

from __future__ import annotations

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from org.models import LongTask
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import RosterUpload
from workflow.services import rosters


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world)


@pytest.fixture(autouse=True)
def may():
    with time_machine.travel(at(5, 10), tick=False):
        yield


def store(called: Called) -> RosterUpload:
    content = called.file("丁一鸣", "丁二妹", called.line("丁三立", 身份证号="11010519800101123"))
    return rosters.store(
        run_id=called.run.pk,
        unit_id=called.units["jia"].pk,
        upload=SimpleUploadedFile("甲街道.xlsx", content),
        actor=called.contacts["jia"],
        at=at(5, 10),
    )


def test_it_finds_what_the_page_would_have_found(called: Called, monkeypatch, run_jobs) -> None:
    at_once = store(called).result
    monkeypatch.setattr(rosters, "AT_ONCE", 2)
    received = store(called)
    assert received.result is None
    assert received.task.title == "核查名册：甲街道.xlsx（约 4 行）"
    assert run_jobs() == 1
    task = LongTask.objects.get()
    assert (task.state, task.message, task.done, task.total) == ("done", "", 3, 3)
    assert task.result == {
        "summary": "共 3 行，通过 2，提示 0，需处理 0，不符合 1。",
        "rows": 3,
        "url": f"/rosters/{received.pk}/",
        "link": "查看核查结果",
    }
    found = RosterUpload.objects.get(pk=received.pk).result
    del found["checked_at"], at_once["checked_at"]
    assert found == at_once


def test_a_second_worker_after_a_death_finds_the_same(called: Called, monkeypatch, run_jobs) -> None:
    monkeypatch.setattr(rosters, "AT_ONCE", 2)
    received = store(called)
    real = RosterUpload.objects.filter

    def dies(*_args, **_more):
        monkeypatch.setattr(RosterUpload.objects, "filter", real)
        raise SystemExit  # the process is gone just before the result is kept

    monkeypatch.setattr(RosterUpload.objects, "filter", dies)
    from workflow import jobs

    with pytest.raises(SystemExit):
        jobs.perform(received.task_id, stopping=lambda: False, last=False)
    assert RosterUpload.objects.get(pk=received.pk).result is None
    jobs.perform(received.task_id, stopping=lambda: False, last=False)
    assert LongTask.objects.get().state == "done"
    assert RosterUpload.objects.get(pk=received.pk).result["summary"]["rows"] == 3
