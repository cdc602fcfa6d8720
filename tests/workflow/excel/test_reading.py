"""What a cell may say, and which row is a class: the reader on offices' own tables."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.workflow.excel.books import column_of, edited, filled_book, look, saved, table, upload
from tests.workflow.excel.test_bad_files import repacked
from tests.workflow.world import World
from workflow.excel.columns import heading
from workflow.excel.form import columns
from workflow.excel.preview import Item, Outcome, Preview


def own(world: World, *rows: list[Any]) -> Preview:
    """The preview of an office's own table."""
    return look(upload(world, table(rows)))


def read(item: Item, key: str) -> Any:
    """What the form's column ``key`` was read as; the fault's text where it couldn't be."""
    if item.faults:
        return item.faults[0].problem
    head, _, tail = key.partition(":")
    if head == "cost":
        return item.costs.get(tail, (None, ""))[0]
    if head == "module":
        return item.plan.modules.get(tail)
    return getattr(item.plan, key)


CELLS = [
    ("category", "资格证书班", "certification"),
    ("subject", "YW-04", "YW-04"),
    ("subject", "工会信息员培训", "YW-03"),
    ("subject", "ＹＷ－０３　工会信息员培训", "YW-03"),
    ("subject", "大讲堂", "ZT-09"),
    ("audience_units", "街道、镇、重点企业工会", ["town", "key-enterprise"]),
    ("audience_units", "街镇，功能区；系统", ["town", "zone", "system"]),
    ("audience_levels", "功能区、街镇、系统、直属单位一级、基层一级", ["middle", "grassroots"]),
    ("trainees", "60人", 60),
    ("trainees", "１，２００", 1200),
    ("trainees", 60.0, 60),
    ("trainees", "60.5", "每期学员人数“60.5”不是整数。"),
    ("trainees", "六十", "“六十”不是数字。"),
    ("trainees", -3, "每期学员人数“-3”应在 0 到 100000 之间。"),
    ("sessions", 0, "期数“0”应在 1 到 100 之间。"),
    ("half_days", "2天", 4),
    ("half_days", "半天", 1),
    ("half_days", "一天半", 3),
    ("half_days", 0.5, 1),
    ("half_days", 0.7, "天数“0.7”应是 0.5 的倍数，不超过 365 天。"),
    ("hours", "16学时", Decimal(16)),
    ("hours", 3.25, "学时“3.25”最多一位小数。"),
    ("cost:meals", "¥15,600.00元", Decimal("15600.00")),
    ("cost:meals", 0.1 + 0.2, Decimal("0.30")),
    ("cost:meals", 333.333, "金额“333.333”多于两位小数。"),
    ("cost:meals", "1.2万元", "“1.2万元”带“万”。"),
    ("cost:meals", -5, "金额“-5”是负数。"),
    ("time_slots", "3、6、9月", ["03", "06", "09"]),
    ("time_slots", "二季度", ["Q2"]),
    ("time_slots", "2027年6月21日", ["0621"]),
    ("time_slots", "2027-06", ["06"]),
    ("time_slots", datetime.date(2027, 6, 21), ["0621"]),
    ("time_slots", "年底", "时间“年底”中的“年底”无法识别。"),
    ("residential", "是", True),
    ("residential", "走读", False),
    ("mode", "线上", "online"),
    ("owner_phone", 13800001206, "13800001206"),
    ("owner_phone", 1380000120612345678, "“1380000120612346000”超过 15 位，Excel 已丢失末尾数字。"),
    ("name", "  工会　信息员\n培训班 ", "工会 信息员 培训班"),
    ("name", "=1+1班", "=1+1班"),
    ("name", "@基层", "@基层"),
    ("remark", "长" * 201, "共 201 字，超过 200 字。"),
    ("place", "区委党校(暂定)", "区委党校"),
]  # fmt: skip


def test_a_cell_means_what_an_office_means_by_it(world: World) -> None:
    found = look(
        upload(world, filled_book(world, [{"name": "一班"} | {key: said} for key, said, _ in CELLS]))
    )
    got = [(key, said, read(item, key)) for item, (key, said, _) in zip(found.items, CELLS, strict=True)]
    assert got == CELLS


def test_no_two_columns_answer_to_one_header(world: World) -> None:
    assert world.book is not None
    names: dict[str, str] = {}
    for column in columns(world.book.book):
        for name in (column.title, *column.names):
            assert names.setdefault(heading(name)[0], column.key) == column.key, name


def test_titles_totals_captions_and_signatures_are_skipped_and_reported(world: World) -> None:
    found = own(
        world,
        ["宣传网络部2027年度培训计划表"],
        [],
        ["序号", "培训班名称", "类别", "培训对象", "人数（人）", "伙食费(元)", "分管领导"],
        ["一、业务班"],
        [1, "信息员班", "业务班", "街镇", 60, 15600, "某"],
        [2, "宣传班", "业务班", "街镇", 50, 13000],
        ["小计", None, None, None, 110, 28600],
        ["序号", "培训班名称", "类别", "培训对象", "人数（人）", "伙食费(元)", "分管领导"],
        [3, "调解员班", "资格证书班", "街镇", 40, 9000],
        ["合计", None, None, None, 150, 37600],
        ["填表人：林晓峰", None, None, "部门负责人："],
        ["注：人数为预计数"],
    )
    assert [(item.row, item.name) for item in found.good] == [(5, "信息员班"), (6, "宣传班"), (9, "调解员班")]
    assert [(row.row, row.reason) for row in found.table.skipped] == [
        (4, "小标题或表外文字"),
        (7, "合计行"),
        (8, "重复的表头"),
        (10, "合计行"),
        (11, "表尾"),
        (12, "表尾"),
    ]
    assert found.good[0].costs == {"meals": (Decimal("15600.00"), "")}
    assert any("不认识的栏目没有读取：G 列“分管领导”" in note for note in found.notes)


def test_a_row_without_a_name_is_a_fault_at_the_name(world: World) -> None:
    found = own(world, ["班次名称", "类别", "人数"], ["甲班", "业务班", 50], [None, "业务班", 60])
    assert [(f.address, f.problem) for f in found.faults] == [("A3", "没有填写班次名称。")]


def test_headers_of_two_rows_and_amounts_in_wan(world: World) -> None:
    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    for row in (
        ["班次名称", "人数", "经费（万元）", None, "备注"],
        [None, None, "伙食费（万元）", "场地、资料、交通费（万元）", None],
        ["甲班", 50, 1.25, "0.6", "试"],
    ):
        sheet.append(row)
    sheet.merge_cells("C1:D1")
    sheet.merge_cells("A1:A2")
    found = look(upload(world, saved(book)))
    assert found.good[0].costs == {"meals": (Decimal("12500.00"), ""), "venue": (Decimal("6000.00"), "")}
    assert "“伙食费（万元）”按万元换算成元。" in found.notes


@pytest.mark.parametrize(
    "word",
    [
        "师资差旅费（元）",
        "师资差旅",
        "差旅费",
        "教师差旅",
        "授课人差旅费",
        "授课教师差旅费(元)",
        "差旅费（万元）",
    ],
)
def test_travel_of_lecturers_goes_by_the_words_offices_use(world: World, word: str) -> None:
    head = ["班次名称", "每期学员人数", "师资费", word]
    (item,) = own(world, head, ["外请教师班", 60, 4600, "0.26" if "万" in word else "2600"]).items
    assert (read(item, "cost:lecture"), read(item, "cost:lecturer_travel")) == (Decimal(4600), Decimal(2600))


def test_fees_and_travel_under_one_head_are_two_columns(world: World) -> None:
    head = ["班次名称", "每期学员人数", "地点", "师资费（元）", None]
    below = [None, None, None, "讲课费", "差旅费"]
    (item,) = own(world, head, below, ["外请教师班", 60, "区委党校", 4600, 2600]).items
    assert (read(item, "cost:lecture"), read(item, "cost:lecturer_travel")) == (Decimal(4600), Decimal(2600))


def test_vertical_merges_fill_words_but_never_multiply_people_or_money(world: World) -> None:
    def merge(sheet: Worksheet) -> None:
        for title in ("班次类别", "每期学员人数", "伙食费（元）"):
            place = column_of(sheet, title)
            sheet.cell(row=5, column=place).value = None
            sheet.merge_cells(start_row=4, end_row=5, start_column=place, end_column=place)

    found = look(upload(world, edited(filled_book(world, [{"name": "甲班"}, {"name": "乙班"}]), merge)))
    assert [item.name for item in found.good] == ["甲班"]
    assert found.items[1].plan.category == "professional"
    assert [fault.header for fault in found.faults] == ["每期学员人数", "伙食费（元）"]
    assert all("合并成一格" in fault.problem for fault in found.faults)


def test_formulas_give_their_results_and_faults_where_there_are_none(world: World) -> None:
    def formulas(sheet: Worksheet) -> None:
        sheet.cell(row=4, column=column_of(sheet, "每期学员人数")).value = "=50+7"
        sheet.cell(row=5, column=column_of(sheet, "每期学员人数")).value = "=VLOOKUP(1,2,3)"

    content = edited(filled_book(world, [{"name": "甲班"}, {"name": "乙班"}]), formulas)
    found = look(upload(world, content))
    assert [fault.problem for fault in found.faults] == [
        "公式 =50+7 没有计算结果。",
        "公式 =VLOOKUP(1,2,3) 没有计算结果。",
    ]
    calculated = repacked(
        content,
        lambda name, part: (
            part.replace(b"<f>50+7</f><v />", b"<f>50+7</f><v>57</v>")
            .replace(b"<f>50+7</f><v></v>", b"<f>50+7</f><v>57</v>")
            .replace(b"<f>50+7</f><v/>", b"<f>50+7</f><v>57</v>")
        ),
    )
    again = look(upload(world, calculated))
    assert again.good[0].plan.trainees == 57
    assert "按计算结果“57”读取" in again.good[0].notes[0].problem


def test_error_values_are_refused_at_their_cell(world: World) -> None:
    content = edited(
        filled_book(world, [{"name": "甲班"}]),
        lambda sheet: setattr(sheet.cell(row=4, column=column_of(sheet, "每期学员人数")), "value", "#N/A"),
    )
    fault = look(upload(world, content)).faults[0]
    assert fault.problem == "单元格是错误值 #N/A。"


def test_a_month_shown_without_its_day_is_a_month(world: World) -> None:
    def month(sheet: Worksheet) -> None:
        cell = sheet.cell(row=4, column=column_of(sheet, "时间"))
        cell.value = datetime.date(2027, 6, 1)
        cell.number_format = 'yyyy"年"m"月"'

    found = look(upload(world, edited(filled_book(world, [{}]), month)))
    assert found.good[0].plan.time_slots == ["06"]


def test_last_years_file_and_anothers_file_are_questioned(world: World) -> None:
    found = own(world, ["权益保障部2026年度培训计划"], ["班次名称", "类别", "人数"], ["甲班", "业务班", 50])
    assert "表题写的是 2026 年度，本次按 2027 年度导入，请核对是否选错了文件。" in found.notes
    assert "表题写的是权益保障部，本次导入到宣传网络部，请核对是否选错了文件。" in found.notes


def test_a_name_that_exists_or_comes_twice_is_questioned_not_refused(world: World) -> None:
    world.draft(name="工会信息员培训班")
    found = look(upload(world, filled_book(world, [{}, {"name": "新班"}, {"name": "新 班"}])))
    assert [item.outcome for item in found.items] == [Outcome.NEW] * 3
    assert "可能重复导入：本部门 2027 年度已有同名班次（草稿）。" in found.items[0].notes[0].problem
    assert "可能重复：与第 5 行同名。" in found.items[2].notes[0].problem
