"""Rows given back: everything as it stood, what is wrong, how to mend it, and fit to be sent in again."""

from __future__ import annotations

from io import BytesIO

from openpyxl import Workbook, load_workbook

from org.excel.problems import Status
from org.excel.roster import error_workbook
from tests.org.excel import books, messy
from tests.org.excel.books import saved, xlsx
from tests.org.numbers import resident


def table() -> list[list[object]]:
    return [
        [*books.HEAD, "备注"],
        [*books.people()[0], None],
        ["尤思远", resident(1)[:17] + "?", messy.UNIT, "1.38E+10", "=1+1"],
        ["许若水", 110105199003071976, messy.UNIT, None, "@SUM(A1)"],
        ["何云舒", resident(3), "没听说过的工会", None, None],
    ]


def text_cells(book: Workbook) -> None:
    for row in book.active.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"


def given_back(*statuses: Status) -> list[list[object]]:
    roster = books.roster(xlsx(table(), text_cells))
    book = error_workbook(roster, statuses=statuses) if statuses else error_workbook(roster)
    sheet = load_workbook(BytesIO(saved(book))).active
    return [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]


def test_faulty_rows_with_their_problems() -> None:
    note, head, *rows = given_back()
    assert note[0] == "共 4 行，列出 3 行；改好后可直接上传本表。"
    assert head == [*books.HEAD, "备注", "原行号", "核查结果", "问题", "怎么改"]
    assert [row[:7] for row in rows] == [
        ["尤思远", resident(1)[:17] + "?", messy.UNIT, "1.38E+10", "=1+1", 3, "不符合"],
        ["许若水", "1.10105E+17", messy.UNIT, None, "@SUM(A1)", 4, "不符合"],
        ["何云舒", resident(3), "没听说过的工会", None, None, 5, "需处理"],
    ]
    assert rows[2][7:] == [
        "单位“没听说过的工会”不在单位名录里，也不是登记过的别名。",
        "请写单位全称，或请管理员登记这个别名。",
    ]
    assert str(rows[0][7]).count("\n") == 1


def test_no_text_became_a_formula() -> None:
    roster = books.roster(xlsx(table(), text_cells))
    sheet = load_workbook(BytesIO(saved(error_workbook(roster)))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {
        "s",
        "n",
    }


def test_only_some() -> None:
    assert [row[0] for row in given_back(Status.HELD)[2:]] == ["何云舒"]


def test_mended_it_can_be_sent_in_again() -> None:
    book = error_workbook(books.roster(xlsx(table(), text_cells)))
    sheet = book.active
    sheet["B4"], sheet["D4"] = resident(1), "13800138000"
    sheet["B5"], sheet["C6"] = resident(2), messy.UNIT
    roster = books.roster(saved(book))
    assert roster.summary == {"rows": 3, "accepted": 3, "warned": 0, "held": 0, "rejected": 0}
    assert roster.header.unmapped == ()


def test_unmended_nothing_gets_through() -> None:
    book = error_workbook(books.roster(xlsx(table(), text_cells)))
    assert [row.status for row in books.roster(saved(book)).rows] == ["rejected", "rejected", "held"]


def test_a_column_somebody_had_to_name_needs_no_naming_again() -> None:
    """同志 was said to be the name, and the first of two numbers to be left out."""
    lines = [
        ["身份证号", "同志", "单位", "号码"],
        ["旧的", "何云舒", "没听说过的工会", resident(3)],
    ]
    mapping = {"同志": "name", "号码": "identity_number", "身份证号": ""}
    roster = books.roster(xlsx(lines), mapping=mapping)
    assert roster.header.missing == ()
    content = saved(error_workbook(roster))
    head = [cell.value for cell in load_workbook(BytesIO(content)).active[3]]
    assert head[:4] == ["不读取：身份证号", "姓名", "单位", "身份证号"]
    again = books.roster(content)
    assert [row.values["name"] for row in again.rows] == ["何云舒"]
    assert again.rows[0].values["identity_number"] == resident(3)
    assert again.header.unmapped == ("不读取：身份证号",)


def test_a_workbook_given_back_is_of_the_same_form() -> None:
    roster = books.roster(xlsx(table(), text_cells))
    again = books.roster(saved(error_workbook(roster)))
    assert again.header.fingerprint == roster.header.fingerprint
    assert again.header.unmapped == roster.header.unmapped == ()
