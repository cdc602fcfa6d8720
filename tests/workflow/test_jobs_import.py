"""Taking in people from the page: by whom, what comes of it, and a worker killed in the middle."""

from __future__ import annotations

import signal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from office.models import StoredFile
from office.refusals import Refused
from org.models import Cadre, LongTask, Membership, User
from org.services import long_tasks
from tests.config.processes import wait_until
from tests.org.loading.files import CADRES
from tests.org.numbers import resident
from tests.workflow.test_jobs_workers import SECONDS, Start, alone, becomes, end, worker
from tests.workflow.world import World, at
from workflow.services import people_imports
from workflow.services.people_imports import Register, begin_import, open_to

__all__ = ("worker",)  # the fixture

AUTHORITY = "jiceng-head"
NAMES = ("钱一鸣", "钱二妹", "钱三立", "钱四海", "钱五常", "钱六合", "钱七星")


@pytest.fixture
def january():
    with time_machine.travel(at(1, 20), tick=False):
        yield


def line(world: World, serial: int, **changes: Any) -> list[Any]:
    values = {"姓名": NAMES[serial - 1], "身份证号": resident(serial), "单位": world.union.name} | changes
    return [values.get(title, "") for title in CADRES]


def upload(*lines: list[Any], name: str = "干部.xlsx") -> SimpleUploadedFile:
    book = Workbook()
    for row in (CADRES, *lines):
        book.worksheets[0].append(row)
    buffer = BytesIO()
    book.save(buffer)
    return SimpleUploadedFile(name, buffer.getvalue())


def begin(world: World, *lines: list[Any], register: str = "cadres", who: str = AUTHORITY) -> LongTask:
    return begin_import(register=register, upload=upload(*lines), actor=world.people[who], at=at(1, 20))


def fresh(task: LongTask) -> LongTask:
    return LongTask.objects.get(pk=task.pk)


@pytest.mark.usefixtures("january")
def test_sound_rows_come_in_and_the_others_can_be_fetched(world: World, client: Client, run_jobs) -> None:
    task = begin(world, line(world, 1), line(world, 2), line(world, 3, 身份证号="110105198001011"))
    assert (task.title, task.params["register"]) == ("导入干部：干部.xlsx", "cadres")
    assert run_jobs() == 1
    task = fresh(task)
    # The header is no row of the list.
    assert (task.state, task.message, task.done, task.total) == ("done", "", 3, 3)
    assert task.result["summary"] == "共 3 行：新增 2，已有 0，有问题 1。"
    assert (task.result["url"], task.result["link"]) == (f"/tasks/{task.pk}/file/", "下载未导入的行")
    assert set(Cadre.objects.values_list("name", flat=True)) == set(NAMES[:2])

    client.force_login(world.people[AUTHORITY])
    answer = client.get(task.result["url"])
    assert "attachment" in answer["Content-Disposition"]
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["姓名", NAMES[2]]
    client.force_login(world.people["xuanchuan-head"])
    assert client.get(task.result["url"]).status_code == 404


@pytest.mark.usefixtures("january")
def test_a_task_without_a_file_hands_out_none(world: World, client: Client, run_jobs) -> None:
    task = begin(world, line(world, 1))
    run_jobs()
    assert fresh(task).result == {
        "summary": "共 1 行：新增 1，已有 0，有问题 0。",
        "rows": 1,
        "tally": {"rows": 1, "added": 1, "known": 0, "warned": 0, "bad": 0, "skipped": 0},
        "file_id": None,
    }
    client.force_login(world.people[AUTHORITY])
    assert client.get(reverse("workflow:long_task_file", args=[task.pk])).status_code == 404


@pytest.mark.usefixtures("january")
def test_twice_adds_nothing(world: World, run_jobs) -> None:
    begin(world, line(world, 1), line(world, 2))
    again = begin(world, line(world, 1), line(world, 2))
    assert run_jobs() == 2
    assert fresh(again).result["summary"] == "共 2 行：新增 0，已有 2，有问题 0。"
    assert (Cadre.objects.count(), Membership.objects.count()) == (2, 2)


@pytest.mark.usefixtures("january")
def test_a_file_that_is_no_list_fails_in_words(world: World, run_jobs) -> None:
    book = upload(name="x.xlsx")
    task = begin_import(register="records", upload=book, actor=world.people[AUTHORITY], at=at(1, 20))
    run_jobs()
    assert fresh(task).state == "failed"
    assert "缺少栏目" in fresh(task).message


@pytest.mark.usefixtures("january")
def test_who_may_take_in_what(world: World) -> None:
    administrator = User.objects.create_superuser("root", password="Correct-horse-9", name="管理员")
    assert open_to(actor=administrator, at=at(1, 20)) == [Register.UNITS, Register.CADRES, Register.RECORDS]
    assert open_to(actor=world.people[AUTHORITY], at=at(1, 20)) == [Register.CADRES, Register.RECORDS]
    for who in ("xuanchuan-head", "xuanchuan-staff", "caiwu-head"):
        assert open_to(actor=world.people[who], at=at(1, 20)) == []
        with pytest.raises(Refused, match="导入干部由归口管理部门或系统管理员办理。"):
            begin(world, line(world, 1), who=who)
    with pytest.raises(Refused, match="导入单位由归口管理部门或系统管理员办理。"):
        begin(world, line(world, 1), register="units")
    assert not LongTask.objects.exists()
    assert not StoredFile.objects.exists()


@pytest.mark.usefixtures("january")
def test_who_has_lost_the_duty_meanwhile_takes_nothing_in(world: World, run_jobs) -> None:
    task = begin(world, line(world, 1))
    User.objects.filter(pk=task.created_by_id).update(is_active=False)
    run_jobs()
    assert (fresh(task).state, Cadre.objects.count()) == ("failed", 0)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_an_import_is_followed_by_another_and_nobody_is_doubled(
    world: World, worker: Start, tmp_path: Path
) -> None:
    """Batches of two rows; the worker is held after the second batch and killed there."""
    lines = [line(world, serial) for serial in range(1, 8)]
    lines[4][CADRES.index("身份证号")] = "不是号码"
    gate = tmp_path / "gate"
    # The administrator may at any time; the units' names are known from 2020 on.
    User.objects.filter(pk=world.people[AUTHORITY].pk).update(is_superuser=True)
    task = begin(world, *lines)
    LongTask.objects.filter(pk=task.pk).update(
        kind="held import", params=task.params | {"stop_after": 4, "gate": str(gate)}
    )
    first = worker()
    assert wait_until((tmp_path / "reached").exists, seconds=SECONDS)
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=SECONDS)
    assert wait_until(alone, seconds=SECONDS)
    assert (Cadre.objects.count(), Membership.objects.count()) == (4, 4)
    assert not StoredFile.objects.exclude(pk=task.params["file_id"]).exists()
    gate.touch()
    second = worker()
    assert becomes(task, LongTask.State.DONE)
    assert end(second) == 0
    assert sorted(Cadre.objects.values_list("name", flat=True)) == sorted(set(NAMES) - {NAMES[4]})
    assert Membership.objects.count() == 6
    assert fresh(task).result["summary"] == "共 7 行：新增 2，已有 4，有问题 1。"
    assert StoredFile.objects.count() == 2


def test_the_file_is_kept_only_with_its_task(world: World, monkeypatch) -> None:
    def full(**_: Any) -> None:
        raise Refused("排队已满。")

    monkeypatch.setattr(long_tasks, "begin", full)
    with pytest.raises(Refused, match="排队已满"), time_machine.travel(at(1, 20), tick=False):
        begin(world, line(world, 1))
    assert not StoredFile.objects.exists()
    assert people_imports.KIND == "import_people"
