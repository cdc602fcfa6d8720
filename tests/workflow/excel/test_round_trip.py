"""Download, edit, upload: unedited it changes nothing, edited it changes what was edited."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from office.refusals import Refused
from tests.workflow import world as worlds
from tests.workflow.excel.books import column_of, commit, edited, filled_book, heading, look, upload
from tests.workflow.world import World, at
from workflow.excel.form import columns
from workflow.excel.plans import plan_workbook
from workflow.excel.template import example
from workflow.models import ClassPlan
from workflow.rules.content import snapshot
from workflow.services import drafts, submission

HALL = {"sessions": 6, "time_slots": ["01", "03", "05", "07", "09", "11"], "half_days": 1}
BARE = {"modules": {}, "costs": {}, "time_slots": [], "place": "", "trainees": 0, "hours": Decimal(0)}
SEASONS = {"time_slots": ["Q2", "0930", "12L"], "sessions": 3, "mode": "blended", "rate_class": "class2"}
FEE = {"category": "certification", "subject": "ZG-02", "fee": Decimal("120.50"), "residential": True}
SUMS = {
    "lodging": (Decimal("0.01"), ""),
    "meals": (Decimal("9999999.99"), "按实"),
    "lecture": (Decimal("2300.00"), "2 人"),
    "lecturer_travel": (Decimal("860.50"), "高铁"),
}
ODD: list[dict[str, Any]] = [
    {},
    {"name": "=SUM(1)班", "remark": "+8613800001206", "owner_phone": "0816-1234567"},
    BARE | {"name": "只有班名的班"},
    HALL | {"name": "大讲堂"},
    {"name": "（拟）在名字里（拟）", "place": "待定（拟）", "place_tentative": False},
    {"name": "旧编码班", "category": "gone", "subject": "OLD-9", "audience_units": ["town", "abolished"]},
    {
        "name": "多 空格  班",
        "purpose": "一行\n另一行",
        "modules": {"theory": 3.5, "party": "2", "ability": 4},
    },
    FEE | {"name": "收费班", "costs": SUMS},
    SEASONS | {"name": "季度班", "lecturer_title": "senior", "lecture_hours": Decimal("7.5")},
]


def draft(world: World, *, costs: Any = None, **fields: Any) -> ClassPlan:
    """A draft of 宣传网络部 whose cost lines may have notes."""
    return drafts.create_draft(
        department=world.departments["xuanchuan"],
        year=2027,
        fields=worlds.SOUND | fields,
        costs={"meals": (Decimal("8000.00"), "")} if costs is None else costs,
        actor=world.people["xuanchuan-staff"],
        at=at(1, 10),
    )


def export(world: World, department: str = "xuanchuan") -> bytes:
    assert world.book is not None
    plans = ClassPlan.objects.filter(department=world.departments[department]).in_plan_order()
    return plan_workbook(world.book.book, heading(world, department), plans.prefetch_related("costs"))


def snapshots() -> dict[int, dict[str, Any]]:
    return {plan.pk: snapshot(plan, plan.costs.all()) for plan in ClassPlan.objects.order_by("pk")}


def row_of(sheet: Worksheet, name: str) -> int:
    return next(cell.row for cell in sheet["B"] if cell.value == name)


def test_an_unedited_export_changes_nothing_whatever_the_plans_hold(world: World) -> None:
    for fields in ODD:
        draft(world, **fields)
    submitted = world.draft(name="已报送的班")
    submission.submit(plan_id=submitted.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    before = snapshots()
    received = upload(world, export(world), when=at(1, 12))
    found = look(received, when=at(1, 12))
    assert found.faults == []
    assert found.good == []
    assert [item.plan.pk for item in found.same] == list(
        ClassPlan.objects.in_plan_order().values_list("pk", flat=True)
    )
    with pytest.raises(Refused, match="没有可以导入的班次"):
        commit(world, received, when=at(1, 12))
    assert snapshots() == before


def test_an_edited_export_changes_exactly_what_was_edited(world: World) -> None:
    for fields in ODD:
        draft(world, **fields)
    before = snapshots()

    def edit(sheet: Worksheet) -> None:
        row = row_of(sheet, "收费班")
        sheet.cell(row=row, column=column_of(sheet, "每期学员人数")).value = 45
        sheet.cell(row=row, column=column_of(sheet, "伙食费（元）")).value = 8000
        sheet.cell(row=row, column=column_of(sheet, "住宿费（元）")).value = None
        sheet.cell(row=row, column=column_of(sheet, "党性教育学时")).value = 2
        sheet.cell(row=sheet.max_row - 5, column=2).value = "新增的班"

    received = upload(world, edited(export(world), edit))
    found = look(received)
    assert [(item.name, item.outcome, item.changes) for item in found.good] == [
        ("收费班", "changed", ["每期学员人数", "住宿费（元）", "伙食费（元）", "党性教育学时"]),
        ("新增的班", "new", ["班次名称"]),
    ]
    done = commit(world, received)
    assert (done.created, done.changed) == (1, 1)
    after = snapshots()
    changed = ClassPlan.objects.get(name="收费班")
    expected = before[changed.pk] | {"trainees": 45, "modules": {"party": 2}}
    expected["costs"] = {
        "lecture": {"amount": "2300.00", "note": "2 人"},
        "lecturer_travel": {"amount": "860.50", "note": "高铁"},
        "meals": {"amount": "8000.00", "note": "按实"},
    }
    assert after[changed.pk] == expected
    assert {pk: content for pk, content in after.items() if pk in before and pk != changed.pk} == {
        pk: content for pk, content in before.items() if pk != changed.pk
    }


def edit_one(world: World, plan: ClassPlan, title: str, value: Any, content: bytes | None = None) -> bytes:
    def edit(sheet: Worksheet) -> None:
        row = row_of(sheet, plan.name)
        sheet.cell(row=row, column=column_of(sheet, title)).value = value

    return edited(content or export(world), edit)


def test_what_is_under_review_is_not_changed_by_a_file(world: World) -> None:
    plan = world.draft()
    submission.submit(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 11))
    found = look(upload(world, edit_one(world, plan, "每期学员人数", 45)))
    assert [fault.problem for fault in found.faults] == [
        "《工会信息员培训班》现为“审核中”，不能修改（改动：每期学员人数）。"
    ]


def test_a_plan_edited_on_the_page_after_the_download_is_not_overwritten(world: World) -> None:
    plan = world.draft()
    content = edit_one(world, plan, "每期学员人数", 45)
    drafts.edit_draft(
        plan_id=plan.pk,
        revision=plan.revision,
        fields={"staff": 2},
        costs={},
        actor=world.people["xuanchuan-head"],
        at=at(1, 11),
    )
    found = look(upload(world, content))
    assert [fault.problem for fault in found.faults] == ["《工会信息员培训班》在下载之后又在系统中修改过。"]


def test_a_number_copied_with_its_row_or_from_elsewhere_is_a_fault(world: World) -> None:
    plan = world.draft()
    other = world.draft(department="quanyi", name="权益班")

    def copy(sheet: Worksheet) -> None:
        place = column_of(sheet, "系统编号")
        for row, number in ((5, sheet.cell(row=4, column=place).value), (6, f"{other.pk}-{other.revision}")):
            sheet.cell(row=row, column=2).value = f"第{row}行"
            sheet.cell(row=row, column=place).value = number

    found = look(upload(world, edited(export(world), copy)))
    assert [fault.problem for fault in found.faults] == [
        "系统编号与第 4 行相同。",
        "系统编号不是本部门本年度的班次。",
    ]
    assert [item.plan.pk for item in found.same] == [plan.pk]


def test_text_that_looks_like_a_formula_is_written_as_text(world: World) -> None:
    world.draft(name='=HYPERLINK("x")', remark="@cmd")
    sheet = load_workbook(BytesIO(export(world))).worksheets[0]
    assert (sheet["B4"].data_type, sheet["B4"].quotePrefix) == ("s", True)


def test_the_form_says_of_each_column_what_to_write(world: World) -> None:
    assert world.book is not None
    book = load_workbook(BytesIO(filled_book(world, [])))
    assert book.sheetnames == ["计划申报表", "填写说明", "字典"]
    assert book["字典"].sheet_state == "veryHidden"
    sheet, guide = book["计划申报表"], book["填写说明"]
    shown = [column for column in columns(world.book.book) if column.key != "identity"]
    assert [cell.value for cell in sheet[3]] == [column.title for column in shown]
    told = {row[0].value for row in guide.iter_rows(min_row=7)}
    assert {column.title for column in shown} <= told
    for rule in sheet.data_validations.dataValidation:
        assert len(rule.prompt) <= 255
        if rule.type == "list":
            assert rule.formula1 in book.defined_names
    assert sheet.freeze_panes == "C4"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape",
        1,
        0,
    )


def test_the_guides_example_can_be_handed_in_as_it_is(world: World) -> None:
    assert world.book is not None
    found = look(upload(world, filled_book(world, [dict.fromkeys(BLANK) | example(world.book.book)])))
    assert found.faults == []
    assert len(found.good) == 1


BLANK = ("purpose", "audience_levels", "audience_posts")


def test_a_form_downloaded_before_there_was_lecturers_travel_still_imports(world: World) -> None:
    """Its column is missing: an existing plan keeps what it has, a new one has none."""
    plan = draft(world, name="外请教师班", costs=SUMS)

    def earlier(sheet: Worksheet) -> None:
        sheet.delete_cols(column_of(sheet, "师资差旅费（元）"))
        sheet.cell(row=row_of(sheet, plan.name), column=column_of(sheet, "每期学员人数")).value = 45
        sheet.cell(row=sheet.max_row - 5, column=2).value = "新增的班"

    received = upload(world, edited(export(world), earlier))
    found = look(received)
    assert found.faults == []
    assert [(item.name, item.changes) for item in found.good] == [
        ("外请教师班", ["每期学员人数"]),
        ("新增的班", ["班次名称"]),
    ]
    assert "表中没有这些栏目，导入后为空：师资差旅费（元）。" in found.notes
    commit(world, received)
    assert world.costs(plan) == {item: amount for item, (amount, _) in SUMS.items()}
    assert world.costs(ClassPlan.objects.get(name="新增的班")) == {}
