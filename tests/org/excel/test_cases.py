"""The 52 messy cases of DOMAIN §4, each as it is to be handled, in one real workbook."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from office.refusals import Refused
from org.excel.headers import CADRES, RECORDS, ROSTER, Layout, find_header
from org.excel.roster import Roster, RosterRow, read_roster
from org.excel.tables import read_table
from tests.org.excel import messy, messy_book, messy_rows


class Read(NamedTuple):
    content: bytes
    rosters: dict[str, Roster]
    rows: dict[str, list[RosterRow]]

    @property
    def roster(self) -> Roster:
        return self.rosters[ROSTER.code]


def read(content: bytes, layout: Layout) -> Roster:
    return read_roster(
        *(content, "名单.xlsx"),
        layout=layout,
        sheet=layout.title,
        today=messy.TODAY,
        units=messy.units,
        year=messy.YEAR,
        hours_per_day=Decimal(8),
        choices=messy.SUBJECTS,
    )


@pytest.fixture(scope="module")
def found() -> Read:
    content = messy_book.workbook()
    rosters = {layout.code: read(content, layout) for layout in (ROSTER, CADRES, RECORDS)}
    rows: dict[str, list[RosterRow]] = {}
    for roster in rosters.values():
        for row in roster.rows:
            rows.setdefault(row.values["remark"], []).append(row)
    return Read(content, rosters, rows)


class Case(NamedTuple):
    name: str
    check: Callable[[Read], None]


def as_expected(expected: messy.Row) -> Case:
    def check(found: Read) -> None:
        (row,) = found.rows[expected.tag]
        assert row.number == expected.number
        assert (row.status, tuple(problem.code for problem in row.problems)) == (
            expected.status,
            expected.codes,
        )
        assert {name: row.values[name] for name in expected.values} == expected.values
        assert {name: row.normalised.get(name) for name in expected.normalised} == expected.normalised
        assert all(problem.message and problem.field for problem in row.problems)

    return Case(expected.tag, check)


def header_flattened(found: Read) -> None:
    header = found.roster.header
    assert header.rows == (3, 4)
    assert header.titles == tuple(title.replace(" ", "") for title in messy_book.HEADS.values())
    assert list(header.columns) == list(messy_book.HEADS)


def title_and_foot_skipped(found: Read) -> None:
    texts = [(row.text, row.reason) for row in found.roster.skipped]
    assert texts == [
        (messy_book.TITLE, "表头上方的标题或说明"),
        (messy_book.NOTE, "表头上方的标题或说明"),
        (str(len(found.roster.rows) + 1), "只有序号，没有填写"),
        ("合计 45人", "合计行"),
        ("填表人：秦一帆 填表日期：2026年3月1日", "表尾"),
        ("注：本表一式两份", "表尾"),
    ]


def total_differs(found: Read) -> None:
    (note,) = [note for note in found.roster.notes if "合计" in note]
    total = next(row.number for row in found.roster.skipped if row.reason == "合计行")
    assert note == f"第 {total} 行合计写的是 45，实际读到 {len(found.roster.rows)} 行，请核对。"


def hidden_are_read(found: Read) -> None:
    (row,) = found.rows[messy_book.HIDDEN]
    assert (row.hidden, row.status) == (True, "accepted")
    assert [other.number for other in found.roster.rows if other.hidden] == [row.number]
    notes = found.roster.notes
    assert f"第 {row.number} 行被隐藏（共 1 行），已照常读取。" in notes
    assert "隐藏的栏目也已读取：基本情况/民族。" in notes


def other_sheets_told(found: Read) -> None:
    assert found.roster.sheets == ("报名表", "干部", "培训记录")
    assert "只读取了工作表“报名表”，没有读取：“干部”、“培训记录”。" in found.roster.notes


def blank_row_counted(found: Read) -> None:
    assert found.roster.blank == (messy_book.FIRST + messy_book.BLANK_AT,)


def synonyms(found: Read) -> None:
    titles = {name: found.roster.header.title(name) for name in ("identity_number", "phone", "kind")}
    assert titles == {"identity_number": "证件号码", "phone": "联系方式", "kind": "专（兼/挂）职"}
    assert found.rosters["cadres"].header.title("identity_number") == "ID"


def mapping_kept(found: Read) -> None:
    """What somebody corrects goes before the synonyms; the form is known again by its fingerprint."""
    table = read_table(found.content, "名单.xlsx", sheet="报名表")
    header = find_header(table, ROSTER, {"现任职务": "rank", "职级": ""})
    assert (header.title("rank"), header.title("post_title")) == ("现任职务", "")
    assert header.unmapped == ("职级",)
    assert header.fingerprint == found.roster.header.fingerprint


def exact_duplicate(found: Read) -> None:
    first, second = found.rows["47-duplicate"]
    assert (first.status, second.status) == ("accepted", "accepted")
    assert (first.duplicate_of, second.duplicate_of) == (None, first.number)
    assert [row.number for row in found.roster.people if row.values["name"] == "齐双生"] == [first.number]


def two_units_once(found: Read) -> None:
    (first,), (second,) = found.rows["47-two-units"], found.rows["47-two-units-other"]
    assert (first.duplicate_of, second.duplicate_of) == (None, first.number)


def originals_kept(found: Read) -> None:
    (row,) = found.rows["25-brackets"]
    assert row.raw["name"] == "高远山（主席）"
    (row,) = found.rows["01-cut-by-excel"]
    assert row.raw["identity_number"] == "1.10105E+17"


def other_formats_refused(found: Read) -> None:
    for name, words in {
        "名单.et": "这是 WPS 表格格式（.et）",
        "名单.wps": "这是 WPS 文字格式（.wps）",
        "名单.xls": "文件名写的是 .xls，内容却是新版 Excel 工作簿（.xlsx）",
        "名单.csv": "文件名写的是 .csv，内容却是新版 Excel 工作簿（.xlsx）",
        "名单.pdf": "不能上传这种文件",
        "名单": "不能上传这种文件",
    }.items():
        with pytest.raises(Refused) as refused:
            read_table(found.content, name)
        assert str(refused.value).startswith(words)


STRUCTURE = (
    Case("28-header-flattened", header_flattened),
    Case("29-title-and-foot-skipped", title_and_foot_skipped),
    Case("29-total-differs", total_differs),
    Case("31-hidden-are-read", hidden_are_read),
    Case("31-other-sheets-told", other_sheets_told),
    Case("31-blank-row-counted", blank_row_counted),
    Case("32-synonyms", synonyms),
    Case("32-mapping-kept", mapping_kept),
    Case("47-exact-duplicate", exact_duplicate),
    Case("47-two-units-once", two_units_once),
    Case("49-originals-kept", originals_kept),
    Case("49-other-formats-refused", other_formats_refused),
)
CASES = sorted([*map(as_expected, messy_rows.ROWS), *STRUCTURE], key=lambda case: case.name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_messy_case(case: Case, found: Read) -> None:
    case.check(found)


def test_every_case_is_there() -> None:
    assert {int(case.name[:2]) for case in CASES} == set(range(1, 53))


def test_every_row_of_the_file_is_accounted_for_once(found: Read) -> None:
    table = read_table(found.content, "名单.xlsx", sheet="报名表")
    roster = found.roster
    first, last = roster.header.rows
    numbers: list[Any] = [row.number for row in roster.rows]
    numbers += [row.number for row in roster.skipped]
    numbers += [*roster.blank, *range(first, last + 1)]
    assert sorted(numbers) == list(range(1, len(table.values) + 1))


def test_problems_name_the_column_and_how_to_mend(found: Read) -> None:
    problems = {problem.code: problem for row in found.roster.rows for problem in row.problems}
    problem = problems["identity_as_number"]
    assert problem.field == "identity_number"
    assert problem.message.startswith("身份证号是按数字保存的（1.10105E+17）")
    assert problem.mend == "请先把整列设为文本格式，再按证件重新填写。"
    assert [code for code, said in problems.items() if said.status != "warned" and not said.mend] == []
