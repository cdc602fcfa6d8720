"""Trainings people had before: of known people only, each once, with the unit of the day."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from org.models import Cadre, Union
from org.services import move_cadre, register_cadre
from tests.org.cast import Cast, M, day
from tests.org.loading.files import RECORDS, faults, run, workbook
from tests.org.numbers import resident
from training.models import TrainingRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(time_machine) -> None:
    time_machine.move_to(M, tick=False)


@pytest.fixture
def cadre(cast: Cast) -> Cadre:
    cadre = register_cadre(
        identity_kind="resident",
        number=resident(1),
        name="岳明",
        unit=cast.other,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )
    move_cadre(cadre=cadre, unit=cast.district, since=day("2023-07-01"), actor=cast.admin, at=M)
    return cadre


def line(**cells: object) -> tuple[object, ...]:
    values: dict[str, object] = {
        "身份证号": resident(1),
        "姓名": "岳明",
        "班次名称": "工会财务培训班",
        "业务编码": "YW-05",
        "开始日期": "2024-03-04",
        "结束日期": "2024-03-06",
        "学时": 24,
        "主办单位": "东江市总工会",
        "结果": "结业",
    }
    values |= cells
    return tuple(values.get(title, "") for title in RECORDS)


def test_a_record_keeps_what_the_list_says(cast: Cast, cadre: Cadre, tmp_path: Path) -> None:
    path = workbook(tmp_path / "记录.xlsx", RECORDS, line())
    assert run("import_records", path) == (0, "共 1 行：新增 1，已有 0，有问题 0。\n")
    record = TrainingRecord.objects.get()
    assert (record.class_name, record.subject, record.hours) == ("工会财务培训班", "YW-05", Decimal(24))
    assert (record.starts_on, record.ends_on) == (day("2024-03-04"), day("2024-03-06"))
    assert (record.organizer, record.organizer_name, record.by_superior) == (cast.city, "东江市总工会", True)
    assert (record.unit, record.result, record.source) == (cast.district, "completed", "imported")
    assert Cadre.objects.get().last_trained == day("2024-03-06")


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ({"主办单位": "临海区总工会"}, {"by_superior": False, "organizer__name": "临海区总工会"}),
        ({"主办单位": "省委党校"}, {"by_superior": False, "organizer": None, "organizer_name": "省委党校"}),
        ({"主办单位": ""}, {"by_superior": False, "organizer": None, "organizer_name": ""}),
        (
            {"开始日期": "2022-05-01", "结束日期": "2022-05-02"},
            {"unit__name": "南山区总工会", "by_superior": True},
        ),
        ({"开始日期": "2018-05-01", "结束日期": "2018-05-02"}, {"unit": None, "by_superior": True}),
        ({"学时": "", "结果": ""}, {"hours": Decimal(0), "result": "attended"}),
        ({"学时": "4.5学时", "结果": "未结业"}, {"hours": Decimal("4.5"), "result": "failed"}),
        ({"业务编码": "自定-1"}, {"subject": "自定-1"}),
    ],
)
def test_what_follows_from_the_cells(
    cast: Cast, cadre: Cadre, tmp_path: Path, cells: dict[str, object], kept: dict[str, object]
) -> None:
    assert run("import_records", workbook(tmp_path / "记录.xlsx", RECORDS, line(**cells)))[0] == 0
    assert TrainingRecord.objects.values(*kept).get() == kept


def test_an_organiser_that_may_be_two_stays_text(cast: Cast, cadre: Cadre, tmp_path: Path) -> None:
    for parent in (cast.district, cast.other):
        Union.objects.found(parent=parent, code=f"b{parent.pk}", name="大桥街道总工会", level="town")
    path = workbook(
        tmp_path / "记录.xlsx",
        RECORDS,
        line(主办单位="大桥街道总工会"),
        line(主办单位="南山区大桥街道总工会"),
    )
    assert run("import_records", path)[0] == 0
    assert set(TrainingRecord.objects.values_list("organizer_name", "organizer__path")) == {
        ("大桥街道总工会", None),
        ("南山区大桥街道总工会", f"{cast.other.path}0001"),
    }


def test_again_nothing_is_added_and_a_differing_training_is_another(
    cast: Cast, cadre: Cadre, tmp_path: Path
) -> None:
    path = workbook(
        tmp_path / "记录.xlsx",
        RECORDS,
        line(),
        line(),
        line(班次名称="工会经审培训班"),
        line(开始日期="2024-03-05"),
        line(主办单位="区委党校"),
    )
    assert run("import_records", path) == (0, "共 5 行：新增 4，已有 1，有问题 0。\n")
    assert run("import_records", path) == (0, "共 5 行：新增 0，已有 5，有问题 0。\n")


def test_what_is_wrong_is_told_with_the_way_to_mend_it(cast: Cast, cadre: Cadre, tmp_path: Path) -> None:
    register_cadre(
        identity_kind="resident",
        number=resident(3),
        name="乔木",
        unit=cast.district,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )
    path = workbook(
        tmp_path / "记录.xlsx",
        RECORDS,
        line(身份证号=resident(2)),
        line(身份证号=resident(3), 姓名="乔林"),
        line(开始日期="2024-03-07"),
        line(结束日期="2024-06-11"),
        line(结束日期=""),
        line(班次名称="班" * 121),
        line(学时="许多"),
        line(结果="还行"),
        line(班次名称=""),
        line(身份证号=float(110105198006120015)),
        line(),
    )
    code, said = run("import_records", path)
    assert (code, said.splitlines()[0]) == (1, "共 11 行：新增 1，已有 0，有问题 10。")
    # The rest is said by the reader of lists (tests/org/excel).
    assert {row: reason for row, reason, _ in faults(path) if row in "2357"} == {
        "2": "这个证件号码还没有登记",
        "3": "这个证件号码登记的姓名是“乔木”，表中是“乔林”",
        "5": "结束日期 2024-06-11 还没有到",
        "7": "“班班班班班班班班班班班班班班班班班班班班…”超过 120 个字",
    }
    assert [row for row, *_ in faults(path)] == [str(number) for number in range(2, 12)]
    assert all(reason and mend for _, reason, mend in faults(path))


def test_a_batch_costs_the_same_few_queries(
    cast: Cast, cadre: Cadre, tmp_path: Path, django_assert_num_queries
) -> None:
    from org.loading.run import Tally, load
    from org.selectors import unit_matcher
    from training.loading import RecordLoader

    for start, count in ((0, 3), (10, 60)):
        days = [
            day("2020-01-01").replace(year=2020 + (start + n) // 28, day=1 + (start + n) % 28)
            for n in range(count)
        ]
        path = workbook(
            tmp_path / f"{count}.xlsx",
            RECORDS,
            *(line(开始日期=one.isoformat(), 结束日期=one.isoformat()) for one in days),
        )
        loader = RecordLoader(unit_matcher(None, M.date()), today=M.date(), at=M)
        # The people, their units of the day, two units' paths, and the insert between its savepoint's two.
        with django_assert_num_queries(7):
            load(path, loader, today=M.date(), progress=lambda *_: None, tally=Tally())
    assert TrainingRecord.objects.count() == 63
