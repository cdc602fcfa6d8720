"""Cadres from a list: sealed, as members of known units, nobody twice, nobody overwritten, nobody guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from openpyxl import load_workbook

from office import sealing
from org.loading.cadres import CadreLoader
from org.loading.run import Tally, load
from org.models import Cadre, Membership, Union
from org.selectors import reach, standing, unit_matcher
from org.services import appoint
from tests.org.cast import START, Cast, M, day, term
from tests.org.loading.files import CADRES, faults, run, text, workbook
from tests.org.numbers import resident

pytestmark = pytest.mark.django_db

TODAY = day("2024-06-10")


@pytest.fixture(autouse=True)
def today(time_machine) -> None:
    time_machine.move_to(M, tick=False)


def line(serial: int, name: str = "岳明", unit: str = "临海区总工会", **cells: object) -> tuple[object, ...]:
    values: dict[str, object] = {
        "姓名": name,
        "身份证号": resident(serial),
        "单位": unit,
        "专兼职": "专职",
    }
    values |= cells
    return tuple(values.get(title, "") for title in CADRES)


def test_people_come_in_sealed_as_members_of_their_unit(cast: Cast, tmp_path: Path) -> None:
    given = line(
        5, 性别="男", 职务="工会主席", 职级="四级调研员", 任职日期="2021年3月5日", 手机="138 0000 0001"
    )
    path = workbook(tmp_path / "干部.xlsx", CADRES, given, line(6, "乔木", 任职日期="2023.9"))
    assert run("import_cadres", path) == (0, "共 2 行：新增 2，已有 0，有问题 0。\n")
    cadre = Cadre.objects.get(name="岳明")
    shown = (cadre.identity_number, cadre.kind, cadre.post_title, cadre.leadership, cadre.rank, cadre.phone)
    assert shown == (resident(5), "full_time", "工会主席", "chair", "四级调研员", "13800000001")
    assert (cadre.unit, cadre.unit_path) == (cast.district, cast.district.path)
    assert (cadre.born_on, cadre.appointed_on) == (day("1980-06-12"), day("2021-03-05"))
    assert list(Membership.objects.order_by("cadre__name").values_list("cadre__name", "union", "period")) == [
        ("乔木", cast.district.pk, term("2023-09-01")),
        ("岳明", cast.district.pk, term("2021-03-05")),
    ]
    assert Cadre.objects.get(name="乔木").appointed_precision == "month"


def test_without_a_day_of_appointment_he_is_a_member_from_today(cast: Cast, tmp_path: Path) -> None:
    run("import_cadres", workbook(tmp_path / "干部.xlsx", CADRES, line(1), line(2, 任职日期="2024-09-01")))
    assert set(Membership.objects.values_list("period", flat=True)) == {term("2024-06-10")}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_text_file_in_either_encoding(cast: Cast, tmp_path: Path, encoding: str) -> None:
    path = text(tmp_path / "干部.csv", CADRES, line(1), line(2, "买买提·艾力"), encoding=encoding)
    assert run("import_cadres", path)[0] == 0
    assert set(Cadre.objects.values_list("name", flat=True)) == {"岳明", "买买提·艾力"}


def test_a_second_time_adds_nothing_and_overwrites_nothing(cast: Cast, tmp_path: Path) -> None:
    run("import_cadres", workbook(tmp_path / "干部.xlsx", CADRES, line(1, 职务="干事")))
    again = workbook(tmp_path / "再来.xlsx", CADRES, line(1, 职务="部长"), line(2, "乔木"))
    assert run("import_cadres", again) == (0, "共 2 行：新增 1，已有 1，有问题 0。\n")
    assert Cadre.objects.get(name="岳明").post_title == "干事"
    assert Membership.objects.count() == 2


def test_while_keys_are_changed_nobody_comes_in_twice(cast: Cast, tmp_path: Path, settings) -> None:
    path = workbook(tmp_path / "干部.xlsx", CADRES, line(1))
    run("import_cadres", path)
    settings.IDENTITY_KEYS = ["another-key-of-this-test" * 3, *settings.IDENTITY_KEYS]
    assert run("import_cadres", path) == (0, "共 1 行：新增 0，已有 1，有问题 0。\n")


def test_bad_rows_stand_beside_the_file_and_can_be_mended_there(cast: Cast, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "干部.xlsx",
        ("临海区工会干部名册", *[""] * 9),
        CADRES,
        line(1),
        line(2, "乔木", unit="没有的单位"),
        line(3, "石舟", 身份证号=float(110105198006120031)),
        line(4, "=林泉", unit=""),
        line(5, "谷雨", 身份证号=resident(5)[:17] + "Y"),
        line(1, "岳鸣"),
    )
    code, said = run("import_cadres", path)
    assert code == 1
    beside = tmp_path / "干部.xlsx.问题.xlsx"
    assert said.splitlines() == [
        "共 6 行：新增 0，已有 0，有问题 6。",
        f"有问题的行写在 {beside}，改好后可以直接再导入这个文件。",
    ]
    assert beside.stat().st_mode & 0o777 == 0o600
    found = faults(path)
    assert [row for row, *_ in found] == ["3", "4", "5", "6", "7", "8"]
    assert found[1][1:] == (
        "单位“没有的单位”不在单位名录里，也不是登记过的别名",
        "请写单位全称，或请管理员登记这个别名",
    )
    assert all(reason and mend for _, reason, mend in found)
    sheet = load_workbook(beside).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [*CADRES, "原行号", "问题", "怎么改"]
    assert sheet["C2"].data_type == "s"
    name = sheet["A5"]
    assert (name.value, name.data_type, name.quotePrefix) == ("=林泉", "s", True)
    # Mended where it stands, the file is taken in as it is.
    book = load_workbook(beside)
    sheet = book.worksheets[0]
    for row in range(sheet.max_row, 1, -1):
        if sheet.cell(row, 1).value not in ("乔木", "岳明"):
            sheet.delete_rows(row)
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, 5).value = "临海区总工会"
    book.save(beside)
    assert run("import_cadres", beside) == (0, "共 2 行：新增 2，已有 0，有问题 0。\n")


def test_a_document_known_under_another_name_is_held(cast: Cast, tmp_path: Path) -> None:
    run("import_cadres", workbook(tmp_path / "干部.xlsx", CADRES, line(1)))
    path = workbook(tmp_path / "再来.xlsx", CADRES, line(1, "岳鸣"))
    assert run("import_cadres", path)[0] == 1
    assert faults(path) == [
        (
            "2",
            "这个证件号码登记的姓名是“岳明”，表中是“岳鸣”",
            "请核对号码和姓名；确已改名的，先在干部信息里改姓名或填曾用名",
        )
    ]
    Cadre.objects.update(former_name="岳鸣")
    assert run("import_cadres", path) == (0, "共 1 行：新增 0，已有 1，有问题 0。\n")
    assert not (tmp_path / "再来.xlsx.问题.xlsx").exists()


def test_whoever_imports_on_a_page_writes_only_where_he_keeps_the_data(cast: Cast, tmp_path: Path) -> None:
    appoint(post=cast.publicity_staff, user=cast.bo, since=START, actor=cast.admin, at=M)
    street = Union.objects.found(parent=cast.district, code="hedong", name="河东街道总工会", level="town")
    path = workbook(tmp_path / "干部.xlsx", CADRES, line(1), line(2, unit=street.name))
    loader = CadreLoader(
        unit_matcher(cast.district, TODAY), today=TODAY, reach=reach(standing(cast.bo, TODAY, to_act=True))
    )
    tally = Tally()
    load(path, loader, today=TODAY, progress=lambda *_: None, tally=tally)
    assert (tally.added, tally.bad) == (1, 1)
    assert faults(path)[0][1] == "“河东街道总工会”的干部信息由该单位或上级工会归口管理部门维护"


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_file_read_in_pieces_says_the_same_as_read_whole(
    cast: Cast, tmp_path: Path, monkeypatch, ending: str
) -> None:
    monkeypatch.setattr("org.loading.sheets.BATCH", 7)
    lines = [line(n, "岳明") for n in range(20)] + [line(3, "乔木"), ("合计", "", 21), line(30, unit="无")]
    make = workbook if ending == "xlsx" else text
    path = make(tmp_path / f"干部.{ending}", ("名册",), CADRES, *lines)
    pieces, whole = Tally(), Tally()
    loader = CadreLoader(unit_matcher(None, TODAY), today=TODAY)
    load(path, loader, today=TODAY, progress=lambda *_: None, tally=pieces, whole=0)
    in_pieces = faults(path)
    assert (pieces.rows, pieces.added, pieces.known, pieces.bad, pieces.skipped) == (22, 20, 0, 2, 1)
    assert [row for row, *_ in in_pieces] == ["23", "25"]
    # Read whole, both rows of the contradicted document are held, though one is in the books by now.
    load(path, loader, today=TODAY, progress=lambda *_: None, tally=whole)
    assert (whole.rows, whole.added, whole.bad, whole.skipped) == (22, 0, 3, 1)
    assert [row for row, *_ in faults(path)] == ["6", "23", "25"]


def test_beyond_a_hundred_thousand_faults_the_file_is_text(cast: Cast, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("org.loading.faults.MOST", 1)
    path = workbook(tmp_path / "干部.xlsx", CADRES, line(1, "=岳明", unit="无"), line(2, unit="无"))
    assert run("import_cadres", path)[0] == 1
    beside = tmp_path / "干部.xlsx.问题.csv"
    written = beside.read_text("utf-8-sig").splitlines()
    assert len(written) == 3
    assert written[1].startswith("'=岳明,")
    assert os.stat(beside).st_mode & 0o777 == 0o600


def test_the_progress_goes_from_the_first_row_to_the_last(cast: Cast, tmp_path: Path) -> None:
    path = workbook(tmp_path / "干部.xlsx", CADRES, *(line(n) for n in range(12)))
    seen: list[tuple[int, int, str]] = []
    loader = CadreLoader(unit_matcher(None, TODAY), today=TODAY)
    load(path, loader, today=TODAY, progress=lambda *step: seen.append(step), tally=Tally())
    assert seen == [(0, 12, "正在导入"), (12, 12, "正在导入")]


def test_a_batch_costs_the_same_few_queries_however_many_people(
    cast: Cast, tmp_path: Path, django_assert_num_queries
) -> None:
    loader = CadreLoader(unit_matcher(None, TODAY), today=TODAY)
    for count, start in ((3, 0), (60, 100)):
        path = workbook(tmp_path / f"{count}.xlsx", CADRES, *(line(start + n) for n in range(count)))
        with django_assert_num_queries(4):  # who is there, and the insert between its savepoint's two
            load(path, loader, today=TODAY, progress=lambda *_: None, tally=Tally())
    assert Cadre.objects.count() == 63


def test_an_interruption_leaves_whole_batches_and_a_second_run_the_rest(
    cast: Cast, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("org.loading.run.BATCH", 10)
    path = workbook(tmp_path / "干部.xlsx", CADRES, line(99, unit="无"), *(line(n) for n in range(34)))
    loader = CadreLoader(unit_matcher(None, TODAY), today=TODAY)

    def stop(done: int, *_: object) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    tally = Tally()
    with pytest.raises(KeyboardInterrupt):
        load(path, loader, today=TODAY, progress=stop, tally=tally)
    assert (Cadre.objects.count(), tally.added, tally.bad) == (19, 19, 1)
    assert tally.faults == tmp_path / "干部.xlsx.问题.xlsx"
    assert run("import_cadres", path)[1].startswith("共 35 行：新增 15，已有 19，有问题 1；")
    assert all(
        sealing.sealed_by_current_key(bytes(row))
        for row in Cadre.objects.values_list("identity_sealed", flat=True)
    )
