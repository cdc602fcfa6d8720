"""The tree from a list: superiors first whatever the order, circles refused, nothing twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from org.models import Union, UnitAlias
from org.selectors import unit_matcher
from tests.org.cast import M
from tests.org.loading.files import UNITS, faults, run, text, workbook

pytestmark = pytest.mark.django_db

TREE = (
    ("东江市总工会", "市总", "", "市级", ""),
    ("临海区总工会", "区总", "东江市总工会", "区县级", "临海总工会、临海工会"),
    ("南山区总工会", "", "东江市总工会", "", ""),
    ("大桥街道总工会", "", "临海区总工会", "", ""),
    ("海阔（东江）公司工会", "", "大桥街道总工会", "基层", ""),
    ("第一小学工会", "", "临海区总工会", "", ""),
)


def tree() -> list[tuple[str, str, str]]:
    return [(unit.name, unit.level, str(unit.superior or "")) for unit in Union.objects.in_order()]


GROWN = [
    ("东江市总工会", "city", ""),
    ("临海区总工会", "district", "东江市总工会"),
    ("大桥街道总工会", "town", "临海区总工会"),
    ("海阔（东江）公司工会", "grassroots", "大桥街道总工会"),
    ("第一小学工会", "grassroots", "临海区总工会"),
    ("南山区总工会", "district", "东江市总工会"),
]


def test_a_list_becomes_a_sound_tree(tmp_path: Path) -> None:
    code, said = run("import_units", workbook(tmp_path / "单位.xlsx", UNITS, *TREE))
    assert (code, said) == (0, "共 6 行：新增 6，已有 0，有问题 0。\n")
    assert tree() == GROWN
    assert Union.objects.find_problems() == ([], [], [], [], [])
    assert set(UnitAlias.objects.values_list("union__name", "alias", "key")) == {
        ("临海区总工会", "临海总工会", "临海总工会"),
        ("临海区总工会", "临海工会", "临海工会"),
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_the_lines_doesnt_matter(tmp_path: Path, seed: int) -> None:
    lines = list(TREE)
    random.Random(seed).shuffle(lines)
    assert run("import_units", text(tmp_path / "单位.csv", UNITS, *lines))[0] == 0
    assert {(name, level, above) for name, level, above in tree()} == set(GROWN)
    assert Union.objects.find_problems() == ([], [], [], [], [])


def test_a_second_time_adds_nothing_and_a_longer_list_only_what_is_new(tmp_path: Path) -> None:
    path = workbook(tmp_path / "单位.xlsx", UNITS, *TREE)
    run("import_units", path)
    before = list(Union.objects.order_by("path").values_list("path", "code", "name"))
    assert run("import_units", path) == (0, "共 6 行：新增 0，已有 6，有问题 0。\n")
    assert list(Union.objects.order_by("path").values_list("path", "code", "name")) == before
    more = ("青山街道总工会", "", "南山区", "", "")
    code, said = run("import_units", workbook(tmp_path / "单位2.xlsx", UNITS, *TREE, more))
    assert (code, said) == (1, said)
    assert faults(tmp_path / "单位2.xlsx") == [
        (
            "8",
            "上级单位“南山区”不在系统里，也不在本文件里",
            "请写上级单位全称，或在文件里加上它",
        )
    ]
    mended = ("青山街道总工会", "", "东江市南山区总工会", "", "青山街")
    assert run("import_units", workbook(tmp_path / "单位3.xlsx", UNITS, *TREE, mended))[1].startswith(
        "共 7 行：新增 1，已有 6，有问题 0。"
    )
    assert unit_matcher(None, M.date())("青山街").sure is not None


def test_existing_units_get_further_aliases(tmp_path: Path) -> None:
    run("import_units", workbook(tmp_path / "单位.xlsx", UNITS, *TREE))
    line = ("临海区总工会", "", "市总", "", "临海总工会；新临海")
    assert run("import_units", workbook(tmp_path / "别名.xlsx", UNITS, line))[0] == 0
    assert set(UnitAlias.objects.values_list("alias", flat=True)) == {"临海总工会", "临海工会", "新临海"}


def test_circles_and_what_hangs_below_bad_lines_are_refused_one_by_one(tmp_path: Path) -> None:
    lines = (
        ("东江市总工会", "", "", "市级", ""),
        ("甲工会", "", "乙工会", "", ""),
        ("乙工会", "", "甲工会", "", ""),
        ("丙工会", "", "丙工会", "", ""),
        ("丁工会", "", "没有的工会", "", ""),
        ("戊工会", "", "丁工会", "", ""),
        ("己工会", "", "", "", ""),
        ("庚总工会", "", "东江市总工会", "", ""),
    )
    path = workbook(tmp_path / "单位.xlsx", UNITS, *lines)
    code, said = run("import_units", path)
    assert code == 1
    assert said.splitlines()[0] == "共 8 行：新增 0，已有 0，有问题 8。"
    top, circle = "上级单位是空的", "上级单位互相循环，找不到最上一级"
    assert {row: reason for row, reason, _ in faults(path)} == {
        "2": top,
        "3": circle,
        "4": circle,
        "5": circle,
        "6": "上级单位“没有的工会”不在系统里，也不在本文件里",
        "7": "上级单位“丁工会”那一行没有导入",
        "8": top,
        "9": "“庚总工会”没有写级别",
    }
    assert not Union.objects.exists()


def test_homonyms_live_under_different_superiors_and_must_be_told_apart(tmp_path: Path) -> None:
    lines = (
        *TREE,
        ("大桥街道总工会", "", "南山区总工会", "", ""),
        ("小站工会", "", "大桥街道总工会", "", ""),
        ("大站工会", "", "南山区总工会大桥街道总工会", "", ""),
        ("中站工会", "", "临海区大桥街道总工会", "", ""),
    )
    # The child of a homonym waits for both, wherever they stand; TREE's own firm becomes ambiguous too.
    path = workbook(tmp_path / "单位.xlsx", UNITS, *reversed(lines))
    assert run("import_units", path)[0] == 1
    several = "上级单位“大桥街道总工会”有几个同名的"
    assert {reason for _, reason, _ in faults(path)} == {several}
    found = {unit.name: unit.superior.superior.name for unit in Union.objects.filter(name__endswith="站工会")}
    assert found == {"大站工会": "南山区总工会", "中站工会": "临海区总工会"}


def test_a_line_twice_is_one_unit(tmp_path: Path) -> None:
    path = workbook(tmp_path / "单位.xlsx", UNITS, *TREE, TREE[3])
    assert run("import_units", path) == (0, "共 7 行：新增 6，已有 1，有问题 0。\n")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("没有.xlsx", None, "打不开文件 没有.xlsx：No such file or directory。"),
        ("空.xlsx", b"", "这个文件是空的，请重新选择文件。"),
    ],
)
def test_a_file_that_cant_be_read_is_one_line_and_exit_2(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run("import_units", path) == (2, said)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    code, said = run("import_units", workbook(tmp_path / "单位.xlsx", ("姓名", "职务"), ("岳明", "干事")))
    assert code == 2
    assert "没有找到单位的表头" in said
