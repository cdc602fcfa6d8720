"""A roster held against register, classes and book: one answer a row, no whole number in it."""

from __future__ import annotations

import json

import pytest

from office.refusals import Refused
from org.states import CadreStatus
from rulebook.selectors import book_for
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.rules import roster as rosters
from workflow.rules.roster import CheckResult


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world)


def check(called: Called, content: bytes, name: str = "名册.xlsx", **more) -> CheckResult:
    when = more.pop("when", at(5, 10))
    book = book_for(called.world.union, when.date()).book
    return rosters.check(
        content=content, name=name, run=called.run, at=when, today=when.date(), book=book, **more
    )


def said(result: CheckResult) -> list[tuple[int, str, list[str]]]:
    return [(row.number, row.status.value, [f["code"] for f in row.findings]) for row in result.rows]


def test_people_nothing_stands_against(called: Called, django_assert_num_queries) -> None:
    content = called.file("丁一鸣", "范一舟")
    book_for(called.world.union, at(5, 10).date())
    with django_assert_num_queries(4):
        result = check(called, content)
    assert said(result) == [(2, "accepted", []), (3, "accepted", [])]
    number = called.numbers["丁一鸣"]
    assert result.as_json() == {
        "summary": {"rows": 2, "accepted": 2, "warned": 0, "held": 0, "rejected": 0},
        "rows": [
            {
                "row": 2,
                "status": "accepted",
                "name": "丁一鸣",
                "id_number": f"{number[:6]}********{number[-4:]}",
                "normalised": {},
                "findings": [],
            },
            {
                "row": 3,
                "status": "accepted",
                "name": "范一舟",
                "id_number": result.rows[1].id_number,
                "normalised": {},
                "findings": [],
            },
        ],
    }
    units = called.units
    assert [(row.known.cadre_id, row.unit_id, row.reserve) for row in result.rows] == [
        (called.cadres["丁一鸣"].pk, units["jia"].pk, False),
        (called.cadres["范一舟"].pk, units["yi"].pk, False),
    ]


def test_no_more_queries_for_more_people(called: Called, django_assert_num_queries) -> None:
    many = [casts.add_cadre(called, f"丁{n}", called.units["jia"]).name for n in range(60)]
    content = called.file(*many)
    with django_assert_num_queries(4):
        result = check(called, content)
    assert result.summary["rows"] == 60


def test_a_finding_has_its_clause_and_evidence(called: Called) -> None:
    retired = called.cadres["丁二妹"]
    retired.status, retired.status_on = CadreStatus.RETIRED, at(5, 2).date()
    retired.save()
    (row,) = check(called, called.file("丁二妹")).as_json()["rows"]
    assert row["status"] == "rejected"
    assert row["findings"] == [
        {
            "code": "not_active",
            "severity": "block",
            "message": "自2027年5月2日起已“退休”，开班首日（2027年6月8日）不在岗。",
            "clause": "自定",
            "evidence": {
                "mend": "请另选人员；状态有误的，先在干部名册中更正。",
                "figures": {"状态": "退休", "状态日期": "2027-05-02", "开班首日": "2027-06-08"},
                "classes": [],
            },
        }
    ]


def test_what_the_reader_says_has_the_same_shape(called: Called) -> None:
    number = called.numbers["丁一鸣"]
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    (row,) = check(called, called.file(called.line("丁一鸣", 身份证号=wrong))).as_json()["rows"]
    (finding,) = row["findings"]
    assert (row["status"], finding["code"], finding["severity"], finding["clause"]) == (
        "rejected",
        "identity_check_digit",
        "block",
        "GB 11643—1999《公民身份号码》",
    )
    assert finding["evidence"]["column"] == "身份证号"
    assert finding["evidence"]["text"] == f"{wrong[:6]}********{wrong[-4:]}"


def test_no_whole_number_comes_out(called: Called) -> None:
    """Whatever is wrong with it, and wherever it was written."""
    number = called.numbers["丁一鸣"]
    spaced = f"{number[:6]} {number[6:14]} {number[14:]}"
    content = called.file(
        called.line("丁一鸣", 身份证号=spaced),
        called.line("丁二妹", 备注=f"证号{called.numbers['丁二妹']}"),
        called.line("丁三立", 身份证号=called.numbers["丁三立"][:17] + "?"),
        called.line("丁四海", 身份证号=called.numbers["丁四海"].lower(), 手机="138000012"),
        called.line("丁五常", 身份证号=called.numbers["丁一鸣"]),
    )
    result = check(called, content)
    text = json.dumps(result.as_json(), ensure_ascii=False).upper()
    assert [name for name, whole in called.numbers.items() if whole in text or whole[:17] in text] == []
    assert spaced not in text
    assert result.rows[0].as_json()["normalised"]["identity_number"] == [
        f"{spaced[:6]}{'*' * (len(spaced) - 10)}{spaced[-4:]}",
        f"{number[:6]}********{number[-4:]}",
    ]


def test_beyond_the_quota_one_stands_in_reserve(called: Called) -> None:
    result = check(called, called.file("丁一鸣", "丁二妹", "丁三立", "范一舟"))
    assert said(result) == [
        (2, "accepted", []),
        (3, "accepted", []),
        (4, "warned", ["over_quota"]),
        (5, "accepted", []),
    ]
    assert [row.reserve for row in result.rows] == [False, False, True, False]


def test_who_is_not_taken_over_leaves_his_place_to_the_next(called: Called) -> None:
    """The second row is held, the third therefore formal: what one sees is what is taken over."""
    content = called.file("丁一鸣", called.line("丁二妹", 姓名="丁贰妹"), "丁三立")
    result = check(called, content)
    assert said(result) == [(2, "accepted", []), (3, "held", ["name_differs"]), (4, "accepted", [])]
    assert [(row.number, row.reserve) for row in result.going_in] == [(2, False), (4, False)]


def test_the_same_row_twice_counts_once(called: Called) -> None:
    result = check(called, called.file("丁一鸣", "丁二妹", "丁一鸣"))
    assert said(result) == [(2, "accepted", []), (3, "accepted", []), (4, "accepted", ["roster_twice"])]
    assert result.rows[2].findings[0]["message"] == "与第 2 行完全相同，只算一次。"
    assert [row.number for row in result.going_in] == [2, 3]


def test_the_same_person_with_something_else_must_be_settled(called: Called) -> None:
    result = check(called, called.file("丁一鸣", called.line("丁一鸣", 手机="13900001207")))
    assert said(result) == [
        (2, "warned", ["identity_repeated"]),
        (3, "rejected", ["identity_repeated", "roster_twice"]),
    ]


def test_the_same_person_in_two_units_counts_once(called: Called) -> None:
    result = check(called, called.file("丁一鸣", called.line("丁一鸣", 单位="乙街道总工会")))
    assert said(result) == [
        (2, "warned", ["identity_two_units"]),
        (3, "warned", ["identity_two_units"]),
    ]
    assert [(row.number, row.unit_id) for row in result.going_in] == [(2, called.units["jia"].pk)]


def test_one_number_with_two_names_holds_both_rows(called: Called) -> None:
    result = check(called, called.file("丁一鸣", called.line("丁一鸣", 姓名="丁二妹")))
    assert [(row.status.value, row.goes_in) for row in result.rows] == [
        ("rejected", False),
        ("rejected", False),
    ]
    assert "identity_two_names" in {f["code"] for f in result.rows[0].findings}


def test_a_unit_s_own_roster_counts_against_its_quota(called: Called) -> None:
    """Somebody of another unit on it is said to be so."""
    result = check(called, called.file("丁一鸣", "范一舟"), unit=called.units["jia"])
    assert said(result) == [(2, "accepted", []), (3, "warned", ["audience_mismatch"])]
    assert {row.unit_id for row in result.rows} == {called.units["jia"].pk}


def test_late_rows_are_warned(called: Called) -> None:
    assert said(check(called, called.file("丁一鸣"), when=at(6, 2))) == [(2, "warned", ["after_deadline"])]


def test_a_column_nobody_knows_has_to_be_named(called: Called) -> None:
    content = casts.workbook(
        ["单位", "同志", "身份证号"], ["甲街道总工会", "丁一鸣", called.numbers["丁一鸣"]]
    )
    with pytest.raises(rosters.MissingColumns) as refusal:
        check(called, content)
    assert str(refusal.value) == ("没有找到“姓名”一栏。请指明哪一列是“姓名”，或改好表头后重新上传。")
    assert said(check(called, content, mapping={"同志": "name"})) == [(2, "accepted", [])]


def test_a_file_that_is_no_roster(called: Called) -> None:
    with pytest.raises(Refused, match=r"^“Sheet”里没有找到报名表的表头。"):
        check(called, casts.workbook(["甲", "乙"], ["丙", "丁"]))


def test_another_outcome_another_digest(called: Called) -> None:
    content = called.file("丁一鸣", "丁二妹")
    first = check(called, content).digest
    assert check(called, content).digest == first
    retired = called.cadres["丁二妹"]
    retired.status, retired.status_on = CadreStatus.RETIRED, at(5, 2).date()
    retired.save()
    assert check(called, content).digest != first
