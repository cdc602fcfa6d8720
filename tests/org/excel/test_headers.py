"""Where a table begins and which column is which."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

from office.refusals import Refused
from org.excel.headers import ATTENDANCE, CADRES, LAYOUTS, RECORDS, ROSTER, UNITS, Layout, find_header
from org.excel.tables import read_table
from tests.org.excel import books, messy
from tests.org.excel.books import text, xlsx
from tests.org.numbers import resident


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_title_and_synonym_is_known(layout: Layout) -> None:
    required = [field for field in layout.fields if field.required]
    for field in layout.fields:
        for title in (field.title, *field.synonyms):
            others = [other.title for other in required if other.name != field.name]
            content = text([[title, *others, "无关的栏目"]], "\t").encode()
            header = find_header(read_table(content, "a.csv"), layout)
            assert header.columns.get(field.name) == 0, title
            assert header.unmapped[-1:] == ("无关的栏目",)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_no_synonym_stands_for_two_fields(layout: Layout) -> None:
    titles = [title for field in layout.fields for title in (field.title, *field.synonyms)]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    "title", ["* 身份证号（必填）", "身 份 证 号", "身份证号\n（18位）", "【必填】身份证号："]
)
def test_marks_and_hints_do_not_matter(title: str) -> None:
    header = find_header(read_table(xlsx([["姓名", title]]), "a.xlsx"), ROSTER)
    assert header.columns == {"name": 0, "identity_number": 1}


def test_two_tiers_without_merges() -> None:
    """A text file says nothing of merges: the group stands above its first column."""
    rows = [
        ["序号", "基本情况", "", "", "联系方式", ""],
        ["", "姓名", "性别", "身份证号", "手机", "邮箱"],
        ["1", "秦一帆", "女", resident(0), "13800138000", "a@example.org"],
    ]
    roster = books.roster(text(rows).encode(), "a.csv")
    assert roster.header.rows == (1, 2)
    assert roster.header.columns == {
        **{"number": 0, "name": 1, "gender": 2, "identity_number": 3, "phone": 4},
    }
    assert [row.number for row in roster.rows] == [3]


def test_a_merged_title_is_no_part_of_the_header() -> None:
    def change(book: Workbook) -> None:
        book.active.merge_cells("A1:D1")

    header = books.roster(xlsx([["某班报名表"], *books.table()], change)).header
    assert (header.rows, header.titles) == ((2, 2), tuple(books.HEAD))
    assert [row.text for row in header.skipped] == ["某班报名表"]


def test_the_header_is_found_far_down() -> None:
    above = [[f"说明第 {n} 行"] for n in range(1, 51)]
    assert books.roster(xlsx([*above, *books.table()])).header.rows == (51, 51)


def test_a_column_that_comes_twice() -> None:
    rows = [[*books.HEAD, "联系电话"], [*books.people()[0], "13900139000"]]
    roster = books.roster(xlsx(rows))
    assert roster.rows[0].values["phone"] == "13800138000"
    assert roster.header.unmapped == ("联系电话",)
    assert roster.notes == ("E 列“联系电话”与前面的栏目重复，只读取左边的一列。",)


def test_what_is_missing_is_told_and_every_row_held() -> None:
    roster = books.roster(xlsx([["姓名", "单位"], ["秦一帆", messy.UNIT]]))
    assert roster.header.missing == ("身份证号",)
    assert [(row.status, [p.code for p in row.problems]) for row in roster.rows] == [
        ("held", ["identity_missing"])
    ]


def test_a_correction_of_titles_nobody_knows() -> None:
    rows = [["甲", "乙", "丙"], ["秦一帆", resident(0), messy.UNIT]]
    mapping = {"甲": "name", "乙": "identity_number", "丙": "unit"}
    with pytest.raises(Refused):
        books.roster(xlsx(rows))
    roster = books.roster(xlsx(rows), mapping=mapping)
    assert roster.rows[0].values["unit_id"] == 1
    with pytest.raises(ValueError, match="unknown fields"):
        books.roster(xlsx(rows), mapping={"甲": "shoe_size"})


def test_the_fingerprint_is_the_forms() -> None:
    def mark(rows: list[list[object]]) -> str:
        return books.roster(xlsx(rows)).header.fingerprint

    same = [[" 姓 名", "身份证号：", "单位", "手机"], *books.people(3)]
    assert mark(books.table()) == mark(same) == mark([["标题"], *books.table()])
    assert mark(books.table()) != mark([[*books.HEAD, "备注"], *books.people()])


def test_attendance_has_a_column_for_each_half_day() -> None:
    rows: list[list[object]] = [
        ["序号", "姓名", "座号", "3月4日上午", "3月4日下午", "第二天上午", "合计"],
        [1, "秦一帆", "A1", "√", "请假", None, 2],
        [2, "尤思远", "A2", "迟到", "×", "到了吗", 1],
    ]
    roster = books.roster(xlsx(rows), layout=ATTENDANCE)
    days = [name for name in roster.header.columns if name.startswith("half_day:")]
    assert days == ["half_day:3月4日上午", "half_day:3月4日下午", "half_day:第二天上午"]
    assert [[row.values[day] for day in days] for row in roster.rows] == [
        ["present", "leave", None],
        ["late", "absent", None],
    ]
    assert [(row.status, [p.code for p in row.problems]) for row in roster.rows] == [
        ("accepted", []),
        ("held", ["attendance_unknown"]),
    ]
    assert roster.header.missing == ()
    without = books.roster(xlsx([["姓名", "上午"], ["秦一帆", "√"]]), layout=ATTENDANCE)
    assert without.header.missing == ("身份证号或座号",)


def test_units_with_their_aliases() -> None:
    rows = [
        ["单位全称", "简称", "上级单位", "级别", "别名"],
        ["甲街道总工会", "甲街道", "样例区总工会", "街道", "甲办事处工会、甲街"],
        ["乙(天津)公司工会", None, "样例区总工会", "基层", None],
        ["甲街道总工会", "甲街道", "样例区总工会", "街道", "甲办事处工会、甲街"],
        ["甲 街道总工会", "别的简称", "样例区总工会", "街道", None],
        [None, "没有全称", None, None, None],
    ]
    roster = books.roster(xlsx(rows), layout=UNITS)
    assert [row.values for row in roster.rows[:2]] == [
        {
            **{"name": "甲街道总工会", "short_name": "甲街道", "parent": "样例区总工会", "level": "town"},
            "aliases": ["甲办事处工会", "甲街"],
        },
        {
            **{"name": "乙（天津）公司工会", "short_name": None, "parent": "样例区总工会"},
            **{"level": "grassroots", "aliases": None},
        },
    ]
    assert [(row.number, row.status, row.duplicate_of) for row in roster.rows] == [
        (2, "accepted", None),
        (3, "accepted", None),
        (4, "accepted", 2),
        (5, "held", 2),
    ]
    assert [(row.number, row.reason) for row in roster.skipped] == [(6, "没有单位全称")]


def test_records_of_one_person_in_several_classes() -> None:
    head: list[object] = ["身份证号", "姓名", "班次名称", "业务编码", "起止时间", "学时", "结果"]
    person: list[object] = [resident(0), "秦一帆"]
    rows: list[list[object]] = [
        head,
        [*person, "经审班", "财务经审", "2025年9月1日-5日", 32, "结业"],
        [*person, "监督班", "没有的业务", "9月1日-5日", 16, "结业"],
        [*person, "经审班", "财务经审", "2025年9月1日-5日", 32, "结业"],
        [*person, None, "财务经审", "2025年9月5日-2025年9月1日", 32, "结业"],
    ]
    roster = books.roster(xlsx(rows), layout=RECORDS, choices=messy.SUBJECTS, year=2026)
    first = roster.rows[0].values
    assert (first["subject"], str(first["starts_on"]), str(first["ends_on"])) == (
        *("finance", "2025-09-01", "2025-09-05"),
    )
    assert str(roster.rows[1].values["ends_on"]) == "2026-09-05"
    assert [(row.status, row.duplicate_of, [p.code for p in row.problems]) for row in roster.rows] == [
        ("accepted", None, []),
        ("held", None, ["choice_unknown"]),
        ("accepted", 2, []),
        ("rejected", None, ["period_reversed", "class_name_missing"]),
    ]


def test_persons_merged_over_rows_are_held() -> None:
    def change(book: Workbook) -> None:
        book.active.merge_cells("A2:A3")

    rows = [books.HEAD, books.people()[0], [None, resident(1), messy.UNIT, None]]
    roster = books.roster(xlsx(rows, change), layout=CADRES)
    assert [[p.code for p in row.problems] for row in roster.rows] == [
        ["merged_cells"],
        ["name_missing", "merged_cells"],
    ]
    assert roster.rows[0].problems[0].message == "姓名（A2:A3）合并了几行，不能确定是一个人还是几个人。"


def test_subtotals_are_compared_with_their_own_rows() -> None:
    people = books.people(4)
    rows = [
        *(books.HEAD, people[0], people[1], ["小计", "2人"], people[2], ["小计", "2人"], people[3]),
        ["合计", "4人"],
    ]
    roster = books.roster(xlsx(rows))
    assert roster.notes == ("第 6 行小计写的是 2，实际读到 1 行，请核对。",)
