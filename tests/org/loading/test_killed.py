"""kill -9 in an import leaves whole batches and nothing else; a second run adds what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from org.models import Cadre, Membership, Union, UnitAlias
from org.services import register_cadre
from tests.org.cast import Cast, M, day
from tests.org.loading.files import CADRES, RECORDS, UNITS, workbook
from tests.org.numbers import resident
from training.models import TrainingRecord
from training.selectors import wrong_last_trained

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[3]
PEOPLE = 35


def run(command: str, path: Path, point: str = "never") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.org.loading.killed_child", command, str(path), point],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GUIKOU_TEST_DATABASE": str(connection.settings_dict["NAME"]),
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(("point", "left"), [("2:before", 10), ("2:after", 20), ("4:before", 30)])
def test_cadres(lasting_cast: Cast, tmp_path: Path, point: str, left: int) -> None:
    lines = [("岳明", "", resident(n), "", "临海区总工会") for n in range(PEOPLE)]
    path = workbook(tmp_path / "干部.xlsx", CADRES, *lines)
    assert run("import_cadres", path, point)[0] == -9
    assert (Cadre.objects.count(), Membership.objects.count()) == (left, left)
    assert Cadre.objects.filter(unit=lasting_cast.district).count() == left
    code, said = run("import_cadres", path)
    assert (code, said.partition("；")[0]) == (0, f"共 35 行：新增 {PEOPLE - left}，已有 {left}，有问题 0")
    assert (Cadre.objects.count(), Membership.objects.count()) == (PEOPLE, PEOPLE)


@pytest.mark.parametrize(("point", "left"), [("1:before", 0), ("3:after", 30)])
def test_records(lasting_cast: Cast, tmp_path: Path, point: str, left: int) -> None:
    cadre = register_cadre(
        identity_kind="resident",
        number=resident(1),
        name="岳明",
        unit=lasting_cast.district,
        since=day("2019-01-01"),
        actor=lasting_cast.admin,
        at=M,
    )
    days = [f"2020-0{1 + n // 28}-{1 + n % 28:02}" for n in range(PEOPLE)]
    lines = [(resident(1), "岳明", "财务班", "YW-05", one, one, 8, "东江市总工会", "结业") for one in days]
    path = workbook(tmp_path / "记录.xlsx", RECORDS, *lines)
    assert run("import_records", path, point)[0] == -9
    assert TrainingRecord.objects.count() == left
    assert wrong_last_trained() == []
    assert run("import_records", path) == (0, f"共 35 行：新增 {PEOPLE - left}，已有 {left}，有问题 0。\n")
    assert TrainingRecord.objects.filter(cadre=cadre).count() == PEOPLE
    assert wrong_last_trained() == []


@pytest.mark.parametrize("point", ["3:before", "3:after", "4:before", "5:after", "6:after"])
def test_units(transactional_db: None, tmp_path: Path, point: str) -> None:
    """Whatever is in is a sound tree; in the end it is the one an undisturbed import makes."""
    top = ("东江市总工会", "", "", "市级", "市总")
    districts = [(f"{n}区总工会", "", "市总", "", f"{n}区工会") for n in range(12)]
    streets = [(f"{n}街道总工会", "", f"{n % 12}区总工会", "", "") for n in range(15)]
    path = workbook(tmp_path / "单位.xlsx", UNITS, *streets, *districts, top)
    assert run("import_units", path, point)[0] == -9
    before = Union.objects.count()
    assert before < 28
    assert Union.objects.find_problems() == ([], [], [], [], [])
    assert run("import_units", path) == (0, f"共 28 行：新增 {28 - before}，已有 {before}，有问题 0。\n")
    assert Union.objects.find_problems() == ([], [], [], [], [])
    assert {unit.name: str(unit.superior or "") for unit in Union.objects.all()} == {
        "东江市总工会": "",
        **{name: "东江市总工会" for name, *_ in districts},
        **{name: above for name, _, above, *_ in streets},
    }
    assert UnitAlias.objects.count() == 13
