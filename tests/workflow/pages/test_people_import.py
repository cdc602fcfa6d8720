"""导入 by the page: who may, what is refused at once, where it leads."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from org.excel.roster import read_roster
from org.models import Cadre, LongTask, User
from tests.org.numbers import resident
from tests.workflow.test_jobs_import import NAMES, line, upload
from tests.workflow.world import World, at
from workflow.services.people_imports import Register
from workflow.views.people_import import LAYOUTS

URL = "/people/import/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20), tick=False):
        yield


@pytest.fixture
def authority(world: World, client: Client) -> Client:
    client.force_login(world.people["jiceng-staff"])
    return client


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_authority_hands_in_a_list_and_sees_what_became_of_it(
    world: World, authority: Client, run_jobs
) -> None:
    shown = authority.get(URL).content.decode()
    assert re.findall(r'<option value="(\w+)">', shown) == ["cadres", "records"]
    assert "<b>姓名</b>、" in shown
    assert "还没有导入过。" in shown
    answer = authority.post(URL, {"kind": "cadres", "file": upload(line(world, 1), line(world, 2))})
    task = LongTask.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/tasks/{task.pk}/")
    assert run_jobs() == 1
    assert set(Cadre.objects.values_list("name", flat=True)) == set(NAMES[:2])
    shown = text(authority.get(URL).content.decode())
    assert "导入干部：干部.xlsx 已完成 1月20日 09:00 共 2 行：新增 2，已有 0，有问题 0。" in shown


def test_the_administrator_takes_in_the_tree_too(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root", password="Correct-horse-9", name="管理员"))
    shown = client.get(URL).content.decode()
    assert re.findall(r'<option value="(\w+)">', shown) == ["units", "cadres", "records"]


@pytest.mark.parametrize("who", ["xuanchuan-head", "xuanchuan-staff", "caiwu-head", "leader"])
def test_nobody_else_finds_the_page(world: World, client: Client, who: str) -> None:
    client.force_login(world.people[who])
    assert client.get(URL).status_code == 404
    assert client.post(URL, {"kind": "cadres", "file": upload(line(world, 1))}).status_code == 404
    assert not LongTask.objects.exists()


@pytest.mark.parametrize(
    ("kind", "file", "reason"),
    [
        ("cadres", None, "请选择文件。"),
        ("people", SimpleUploadedFile("a.csv", "姓名,身份证号\n".encode()), "请选择文件里是什么。"),
        (
            "units",
            SimpleUploadedFile("a.csv", "单位全称\n".encode()),
            "导入单位由归口管理部门或系统管理员办理。",
        ),
        ("cadres", SimpleUploadedFile("a.exe", b"MZ"), "不能上传这种文件。"),
        ("cadres", SimpleUploadedFile("a.xlsx", b"not a workbook"), "内容"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_once(
    world: World, authority: Client, kind: str, file: SimpleUploadedFile | None, reason: str
) -> None:
    answer = authority.post(URL, {"kind": kind} | ({"file": file} if file else {}))
    assert answer.status_code == 422
    [said] = re.findall(r'<p class="errors" role="alert">(.*?)</p>', answer.content.decode())
    assert reason in said
    assert not LongTask.objects.exists()


@pytest.mark.parametrize("kind", ["cadres", "records"])
def test_the_empty_list_filled_in_is_read(authority: Client, kind: str) -> None:
    assert f'href="/people/import/{kind}.xlsx"' in authority.get(URL).content.decode()
    book = load_workbook(BytesIO(authority.get(f"/people/import/{kind}.xlsx").content))
    sheet = book.active
    titles = {cell.value: cell.column for cell in sheet[3]}
    values = {"姓名": NAMES[0], "身份证号": resident(1), "班次名称": "工会干部培训班"}
    for title in titles.keys() & values.keys():
        cell = sheet.cell(row=4, column=titles[title], value=values[title])
        assert cell.number_format == "@"
    content = BytesIO()
    book.save(content)
    roster = read_roster(
        content.getvalue(), "表.xlsx", layout=LAYOUTS[Register(kind)], today=date(2027, 1, 20)
    )
    [row] = roster.rows
    assert roster.header.unmapped == roster.header.missing == ()
    assert row.values["identity_number"] == resident(1)


def test_an_empty_list_is_for_who_may_take_it_in(world: World, authority: Client, client: Client) -> None:
    for kind in ("units", "other"):
        assert authority.get(f"/people/import/{kind}.xlsx").status_code == 404
    client.force_login(world.people["xuanchuan-staff"])
    assert client.get("/people/import/cadres.xlsx").status_code == 404
