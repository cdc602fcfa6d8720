"""``manage.py check_roster``: the JSON of the issue, and an exit code a script can go by."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import ClassRun


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world)


def run_command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, what it printed, what it said on the error stream."""
    out, error = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped, time_machine.travel(at(5, 10), tick=False):
        call_command("check_roster", *arguments, stdout=out, stderr=error)
    return int(stopped.value.code), out.getvalue(), error.getvalue()


def written(tmp_path: Path, content: bytes, name: str = "名册.xlsx") -> str:
    file = tmp_path / name
    file.write_bytes(content)
    return str(file)


def test_nothing_held_or_rejected(called: Called, tmp_path: Path) -> None:
    file = written(tmp_path, called.file("丁一鸣", "丁二妹", "丁三立"))
    code, out, error = run_command(file, "--class", called.run.code, "--json")
    found = json.loads(out)
    assert (code, error) == (0, "")
    assert list(found) == ["summary", "rows"]
    assert found["summary"] == {"rows": 3, "accepted": 2, "warned": 1, "held": 0, "rejected": 0}
    assert [list(row) for row in found["rows"]] == [
        ["row", "status", "name", "id_number", "normalised", "findings"]
    ] * 3
    (finding,) = found["rows"][2]["findings"]
    assert list(finding) == ["code", "severity", "message", "clause", "evidence"]
    assert (finding["code"], finding["severity"]) == ("over_quota", "warn")


def test_one_row_too_bad(called: Called, tmp_path: Path) -> None:
    file = written(tmp_path, called.file("丁一鸣", called.line("丁二妹", 姓名="丁贰妹")))
    code, out, error = run_command(file, "--class", called.run.code, "--json")
    found = json.loads(out)
    assert (code, error) == (1, "")
    assert found["summary"] == {"rows": 2, "accepted": 1, "warned": 0, "held": 1, "rejected": 0}
    assert found["rows"][1]["findings"][0]["code"] == "name_differs"


def test_in_words(called: Called, tmp_path: Path) -> None:
    file = written(tmp_path, called.file("丁一鸣", called.line("丁二妹", 姓名="丁贰妹")))
    code, out, _ = run_command(file, "--class", called.run.code, "--unit", "jia")
    assert code == 1
    assert out.splitlines() == [
        "共 2 行：通过 1，提示 0，需处理 1，不符合 0。",
        "第 3 行 丁贰妹：名单上写“丁贰妹”，这个证件号码在名册中是“丁二妹”。",
    ]


def test_files_nobody_can_read(called: Called, tmp_path: Path) -> None:
    code = called.run.code
    nothing = str(tmp_path / "没有.xlsx")
    assert run_command(nothing, "--class", code, "--json") == (
        2,
        "",
        f"没有“{nothing}”这个文件。\n",
    )
    assert run_command(str(tmp_path), "--class", code) == (
        2,
        "",
        f"“{tmp_path}”读不了：不是文件，或没有读取的权限。\n",
    )
    broken = written(tmp_path, casts.workbook(["甲"])[:-100])
    exit_code, out, error = run_command(broken, "--class", code, "--json")
    assert (exit_code, out, error.count("\n")) == (2, "", 1)
    assert "损坏" in error
    columns = written(tmp_path, casts.workbook(["单位", "同志", "身份证号"], ["甲街道总工会", "丁一鸣", "x"]))
    assert run_command(columns, "--class", code, "--json") == (
        2,
        "",
        "没有找到“姓名”一栏。请指明哪一列是“姓名”，或改好表头后重新上传。\n",
    )


def test_classes_nobody_can_check_for(called: Called, tmp_path: Path) -> None:
    file = written(tmp_path, called.file("丁一鸣"))
    assert run_command(file, "--class", "P2027-9999-1") == (
        2,
        "",
        "系统里没有编号为“P2027-9999-1”的期次，编号写在班次页面上，如 P2027-0001-1。\n",
    )
    assert run_command(file, "--class", called.run.code, "--union", "jia")[0] == 2
    assert run_command(file, "--class", called.run.code, "--unit", "nowhere") == (
        2,
        "",
        "没有代码为“nowhere”的单位。\n",
    )
    waiting = ClassRun.objects.create(plan=called.run.plan, session_no=2, code="P2027-0001-2")
    assert run_command(file, "--class", waiting.code) == (
        2,
        "",
        "《工会信息员培训班》现为“未启动”，批准开班以后才能核查名册。\n",
    )


def test_a_code_that_is_there_twice(called: Called, tmp_path: Path) -> None:
    """Plan numbers are a union's own: the union has to be named then."""
    twin = ClassRun.objects.create(plan=called.run.plan, session_no=2, code=called.run.code)
    file = written(tmp_path, called.file("丁一鸣"))
    code, _, error = run_command(file, "--class", twin.code)
    assert code == 2
    assert error == (
        f"有几个工会的期次编号是“{twin.code}”：滨海新区总工会（binhai）、滨海新区总工会（binhai）。"
        "请用 --union 写明工会代码。\n"
    )
