"""名册, 签到表 and 考勤表 of a class: what stands on them, and what is read back."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from office import sealing
from office.refusals import Refused
from org.models import Cadre
from tests.workflow.prints import made_up
from workflow.excel.attendance import Fault, Marks, read_attendance
from workflow.models import Seat
from workflow.prints import sheets
from workflow.states import Half, Presence

TODAY = date(2027, 6, 29)
LI, WANG = 701, 702
LI_NUMBER = "110105199003071976"
MORNING, AFTERNOON = Half.MORNING, Half.AFTERNOON


def seats() -> list[Seat]:
    """Li with his identity number, Wang without a gender, Ouyang with a long name."""
    people = [
        (LI, "李想", "甲街道总工会", "主席", "male"),
        (WANG, "王小五", "乙街道总工会", "干事", ""),
        (703, "欧阳明月", "乙街道总工会", "", "female"),
    ]
    made = []
    for pk, name, unit, post, gender in people:
        digest = sealing.digest(LI_NUMBER if pk == LI else f"G{pk}00000", about="resident")
        cadre = Cadre(pk=pk, name=name, gender=gender, identity_digest=digest)
        seat = Seat(pk=pk, name=name, unit_name=unit, post_title=post, phone="13800001206", cadre=cadre)
        made.append(seat)
    made[0].lodging = True
    return made


def saved(book: Workbook) -> bytes:
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def filled(**changes: str) -> bytes:
    """The class's own sheet with cells changed: ``filled(F4="到")``."""
    book = sheets.attendance_book(made_up.run(), sheets.attendees(seats()), {})
    for address, value in changes.items():
        book.active[address] = value
    return saved(book)


def read(content: bytes, name: str = "考勤表.xlsx"):
    return read_attendance(content, name, run=made_up.run(), seats=seats(), today=TODAY)


def rows_of(book: Workbook) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book.active.iter_rows(min_row=3)]


def test_the_roster() -> None:
    book = sheets.roster_book(made_up.run(), sheets.attendees(seats()))
    assert book.active["A1"].value == "工会信息员培训班学员名册"
    head, *lines = rows_of(book)
    assert head == ["序号", "姓名", "性别", "单位", "职务", "手机", "住宿", "食宿需求", "到达时间", "备注"]
    assert [[value or "" for value in line[:7]] for line in lines] == [
        [1, "李想", "男", "甲街道总工会", "主席", "13800001206", "是"],
        [2, "王小五", "", "乙街道总工会", "干事", "13800001206", ""],
        [3, "欧阳明月", "女", "乙街道总工会", "", "13800001206", ""],
    ]


def test_a_sheet_to_sign_for_each_half_day() -> None:
    people = sheets.attendees(seats())
    found = sheets.sign_ins(made_up.run(), people)
    assert [sheet.title for sheet in found] == [
        "6月21日（星期一）上午",
        "6月21日（星期一）下午",
        "6月22日（星期二）上午",
        "6月22日（星期二）下午",
        "6月28日（星期一）上午",
    ]
    assert all(sheet.people == people for sheet in found)


def test_four_cards_a_page() -> None:
    people = sheets.attendees([*seats(), *seats()])
    assert [len(page) for page in sheets.cards(people)] == [4, 2]
    assert [sheets.spaced(name) for name in ("李想", "王小五", "欧阳明月")] == [
        "李　想",
        "王小五",
        "欧阳明月",
    ]


def test_the_sheet_to_fill_in() -> None:
    marks: Marks = {
        (LI, date(2027, 6, 21), MORNING): (Presence.PRESENT, ""),
        (LI, date(2027, 6, 22), AFTERNOON): (Presence.LEAVE, "开会"),
    }
    book = sheets.attendance_book(made_up.run(), sheets.attendees(seats()), marks)
    head, first, second, _ = rows_of(book)
    days = ["6月21日上午", "6月21日下午", "6月22日上午", "6月22日下午", "6月28日上午"]
    assert head == ["序号", "学号", "姓名", "单位", "职务", *days, "备注"]
    assert [value or "" for value in first[:3] + first[5:]] == [
        *(1, LI, "李想", "到", "", "", "请假", ""),
        "开会",
    ]
    assert [value or "" for value in second[5:]] == [""] * 6
    (choice,) = book.active.data_validations.dataValidation
    assert (choice.formula1, str(choice.sqref)) == ('"到,迟到,请假,缺席"', "F4:J6")


def test_what_was_filled_in_is_read_back() -> None:
    sheet = read(filled(F4="到", G4="√", H4="迟到", J4="请假", K4="母亲住院", F5="缺席", G5=""))
    assert sheet.faults == ()
    assert sheet.people == 3
    assert sheet.marks == {
        (LI, date(2027, 6, 21), MORNING): (Presence.PRESENT, ""),
        (LI, date(2027, 6, 21), AFTERNOON): (Presence.PRESENT, ""),
        (LI, date(2027, 6, 22), MORNING): (Presence.LATE, "母亲住院"),
        (LI, date(2027, 6, 28), MORNING): (Presence.LEAVE, "母亲住院"),
        (WANG, date(2027, 6, 21), MORNING): (Presence.ABSENT, ""),
    }


def test_reading_back_what_was_written_changes_nothing() -> None:
    marks: Marks = {
        (LI, date(2027, 6, 21), MORNING): (Presence.PRESENT, ""),
        (WANG, date(2027, 6, 22), AFTERNOON): (Presence.ABSENT, "未请假"),
        (703, date(2027, 6, 28), MORNING): (Presence.LATE, ""),
    }
    book = sheets.attendance_book(made_up.run(), sheets.attendees(seats()), marks)
    assert read(saved(book)).marks == marks


def test_each_fault_names_its_cell_and_nothing_is_taken() -> None:
    sheet = read(filled(F4="到", G4="早上到", B5="999", C6="欧阳明日", K4="长" * 101))
    assert sheet.marks == {}
    assert sheet.faults == (
        Fault("第 4 行", "备注有 101 个字。", "请精简到 100 个字以内。"),
        Fault("G4", "6月21日（星期一）下午的“早上到”看不懂。", "请填写 到、迟到、请假、缺席，或留空。"),
        Fault("第 5 行", "王小五：学号“999”不在本班的学员名册里。", "请按系统导出的考勤表核对。"),
        Fault("第 6 行", "学号 703 是欧阳明月，表里写的是欧阳明日。", "请核对是否填错了行。"),
    )


def test_a_trainee_stands_in_one_row() -> None:
    sheet = read(filled(B5=str(LI), C5="李想"))
    assert sheet.faults == (Fault("第 5 行", "李想在第 4 行已经有了。", "请只留一行。"),)


def test_columns_that_are_no_half_days_of_the_class() -> None:
    sheet = read(filled(F3="6月25日上午", H3="2027-06-21 下午"))
    assert sheet.faults == (
        Fault(
            "F 列",
            "“6月25日上午”不是本班的上课时间。",
            "本班的半天有：6月21日上午、6月21日下午、6月22日上午、6月22日下午、6月28日上午。",
        ),
        Fault("H 列", "“2027-06-21下午”与 G 列是同一个半天。", "请只留一列。"),
    )


def own_sheet(*lines: list[str]) -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    return saved(book)


def test_an_offices_own_sheet_is_read_by_identity_number_never_by_name() -> None:
    head = ["姓名", "身份证号", "6.21上午", "6/22 下午"]
    sheet = read(own_sheet(head, ["李想", LI_NUMBER, "√", "×"]))
    assert sheet.faults == ()
    assert sheet.marks == {
        (LI, date(2027, 6, 21), MORNING): (Presence.PRESENT, ""),
        (LI, date(2027, 6, 22), AFTERNOON): (Presence.ABSENT, ""),
    }
    unknown = read(own_sheet(head, ["李想", "110105194912310020", "√", ""], ["李想", "", "√", ""]))
    assert [fault.place for fault in unknown.faults] == ["第 2 行", "第 3 行"]
    assert unknown.marks == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [["姓名", "单位", "6月21日上午"], ["李想", "甲街道", "到"]],
            "考勤表缺少栏目：身份证号或座号。请下载本班的考勤表，在上面填写后上传。",
        ),
        (
            [["姓名", "学号"], ["李想", "701"]],
            "考勤表里没有“6月21日上午”这样的半天栏目。请下载本班的考勤表，在上面填写后上传。",
        ),
    ],
)
def test_sheets_nothing_can_be_read_from(lines, message: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(own_sheet(*lines))
    assert str(refusal.value) == message
