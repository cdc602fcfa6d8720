"""Single cells: names, dates, phones, posts, hours, closed lists."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from org.excel.identity import read_identity
from org.excel.values import (
    Reading,
    Span,
    read_committees,
    read_date,
    read_hours,
    read_name,
    read_period,
    read_phone,
    read_post,
    read_rank,
    unit_text,
)
from tests.org.excel import messy


def said(reading: Reading) -> tuple[Any, list[str]]:
    return reading.value, [problem.code for problem in reading.problems]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("秦一帆", ("秦一帆", [])),
        ("秦一主席", ("秦一", ["name_title"])),
        ("秦一帆副主席", ("秦一帆", ["name_title"])),
        ("秦主任", ("秦", ["name_title", "name_short"])),
        ("秦一帆（女）同志*", ("秦一帆", ["name_title"])),
        ("欧阳一帆", ("欧阳一帆", [])),
        ("秦一帆\u200b", ("秦一帆", [])),
        ("  秦一帆 ", ("秦一帆", [])),
        ("秦\u3000帆", ("秦帆", [])),
        ("O'Neil-Smith", ("O'Neil-Smith", [])),
        ("Ｊｏｈｎ  Smith", ("John Smith", [])),
        ("秦一帆/尤思远", (None, ["name_several"])),
        ("秦一帆\n尤思远", (None, ["name_several"])),
        ("秦一帆 和 尤思远", (None, ["name_several"])),
        ("某" * 61, (None, ["name_too_long"])),
        ("秦1帆", ("秦1帆", ["name_characters"])),
        (123456, (None, ["name_not_text"])),
        ("待定", ("待定", ["placeholder"])),
    ],
)
def test_names(written: Any, expected: tuple[Any, list[str]]) -> None:
    assert said(read_name(written)) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023-09-01 08:30:00", datetime.date(2023, 9, 1)),
        (datetime.datetime(2023, 9, 1, 8, 30), datetime.date(2023, 9, 1)),  # noqa: DTZ001 - a cell
        ("2023年09月01日", datetime.date(2023, 9, 1)),
        ("二〇二三年十二月三十一日", datetime.date(2023, 12, 31)),
        ("31/12/2023", datetime.date(2023, 12, 31)),
        ("12/31/2023", datetime.date(2023, 12, 31)),
        ("5.5.2023", datetime.date(2023, 5, 5)),
        ("202309", datetime.date(2023, 9, 1)),
        (202309, datetime.date(2023, 9, 1)),
        (2023.12, datetime.date(2023, 12, 1)),
        ("2023年9月份", datetime.date(2023, 9, 1)),
        ("85.6", datetime.date(1985, 6, 1)),
        ("27.6.1", datetime.date(2027, 6, 1)),
        ("28.6.1", datetime.date(1928, 6, 1)),
    ],
)
def test_dates(written: Any, expected: datetime.date) -> None:
    assert read_date(written, field="born_on", title="出生年月", today=messy.TODAY).value == expected


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("32/1/2023", "date_impossible"),
        ("2023.13", "date_impossible"),
        (2023.5555, "date_unreadable"),
        (7, "date_unreadable"),
        (-45170, "date_unreadable"),
        ("去年", "date_unreadable"),
        ("9.1", "date_no_year"),
        ("1850-01-01", "date_range"),
        ("#N/A", "cell_error"),
        (True, "date_unreadable"),
    ],
)
def test_no_dates(written: Any, code: str) -> None:
    reading = read_date(written, field="born_on", title="出生年月", today=messy.TODAY)
    assert said(reading) == (None, [code])


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026年9月1日—2026年9月5日", "2026-09-01", "2026-09-05"),
        ("2026-09-01 至 2026-09-05", "2026-09-01", "2026-09-05"),
        ("2026-9-1-2026-9-5", "2026-09-01", "2026-09-05"),
        ("2026.9.1-9.5", "2026-09-01", "2026-09-05"),
        ("9月28日~10月2日", "2025-09-28", "2025-10-02"),
        ("9月1日", "2025-09-01", "2025-09-01"),
        ("2026-09-01", "2026-09-01", "2026-09-01"),
        ("2025年12月30日-2026年1月3日", "2025-12-30", "2026-01-03"),
    ],
)
def test_periods(written: str, start: str, end: str) -> None:
    reading = read_period(written, field="period", title="培训时间", year=2025)
    assert said(reading) == (Span(*map(datetime.date.fromisoformat, (start, end))), [])


def test_a_period_needs_a_year() -> None:
    reading = read_period("9月1日-5日", field="period", title="培训时间")
    assert said(reading) == (None, ["period_no_year"])
    reading = read_period("2月30日-3月1日", field="period", title="培训时间", year=2025)
    assert said(reading) == (None, ["date_impossible"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (13800138000.0, ("13800138000", [])),
        ("0086-138-0013-8000", ("13800138000", [])),
        ("(022) 6234 5678", ("022-62345678", [])),
        ("0816-2345678转8012", ("0816-2345678转8012", [])),
        ("62345678", ("62345678", [])),
        ("13800138000、13900139000", ("13800138000", ["phone_several"])),
        ("12800138000", (None, ["phone_unreadable"])),
        (1.38e10, (None, ["phone_cut"])),
        ("13800000000", (None, ["phone_cut"])),
        ("1.38E+10", (None, ["phone_cut"])),
        ("无", (None, ["phone_unreadable"])),
        (None, (None, [])),
    ],
)
def test_phones(written: Any, expected: tuple[Any, list[str]]) -> None:
    assert said(read_phone("" if written is None else written)) == expected


@pytest.mark.parametrize(
    ("written", "posts", "rank", "leadership"),
    [
        ("党组书记、主席", ["党组书记", "主席"], None, "chair"),
        ("常务副主席", ["常务副主席"], None, "vice_chair"),
        ("副主席、四级调研员", ["副主席"], "四级调研员", "vice_chair"),
        ("部长（正科级）", ["部长"], "正科级", None),
        ("科员", [], "科员", None),
        ("法律干部", ["法律干部"], None, None),
        ("社会化工会工作者", ["社会化工会工作者"], None, None),
    ],
)
def test_posts(written: str, posts: list[str], rank: str | None, leadership: str | None) -> None:
    reading = read_post(written)
    extra = dict(reading.extra or {})
    assert (extra["posts"], extra.get("rank"), extra.get("leadership")) == (posts, rank, leadership)
    assert reading.problems == ()


def test_ranks() -> None:
    assert said(read_rank("正科级")) == ("正科级", [])
    assert said(read_rank("某某级别")) == ("某某级别", ["rank_unknown"])


@pytest.mark.parametrize(
    ("written", "per_day", "expected"),
    [
        ("十六", None, (Decimal(16), [])),
        ("4.50", None, (Decimal("4.5"), [])),
        ("16 个学时", None, (Decimal(16), [])),
        ("两天半", None, (None, ["hours_unreadable"])),
        ("2天半", Decimal(8), (Decimal(20), [])),
        ("3个半天", Decimal(8), (Decimal(12), [])),
        ("半天", Decimal(8), (Decimal(4), [])),
        ("4天", None, (None, ["hours_in_days"])),
        (0, None, (None, ["hours_range"])),
        ("10000", None, (None, ["hours_range"])),
    ],
)
def test_hours(written: Any, per_day: Decimal | None, expected: tuple[Any, list[str]]) -> None:
    assert said(read_hours(written, hours_per_day=per_day)) == expected


def test_committees() -> None:
    def read(written: str) -> tuple[Any, list[str]]:
        return said(read_committees(written, field="committees", title="三委"))

    assert read("女工委员、工会委员") == (["union", "women"], [])
    assert read("经费审查委员会主任") == (["audit"], [])
    assert read("无") == ([], [])
    assert read("三委") == (None, ["choice_unknown"])


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("样例 机械 (天津) 公司", "样例机械（天津）公司"),
        ("ABC Motors 工会", "ABC Motors工会"),
        ("Ａ公司", "A公司"),
    ],
)
def test_names_of_units(written: str, shown: str) -> None:
    assert unit_text(written) == shown


@pytest.mark.parametrize(
    ("written", "kind", "code"),
    [
        (messy.numbered("81000019750612001")[:17] + "?", "hk_macao_taiwan", "identity_format"),
        (messy.numbered("11010519750612001"), "hk_macao_taiwan", "identity_format"),
        (messy.numbered("11010519750612001"), "foreign_resident", "identity_format"),
        ("ABCDEFG", "passport", "identity_format"),
        ("无", "officer", "identity_format"),
        (True, "", "identity_not_text"),
        (datetime.date(2023, 9, 1), "", "identity_not_text"),
        (12345.5, "", "identity_length"),
        ("1101051949123100٢X", "", "identity_kind_missing"),
    ],
)
def test_numbers_that_are_none(written: Any, kind: str, code: str) -> None:
    found = read_identity(written, kind=kind, today=messy.TODAY)
    assert (found.number, [problem.code for problem in found.problems]) == ("", [code])


@pytest.mark.parametrize("written", ["10.5", 10.5, "10/5", "9-1", "85.1", 85.1])
def test_a_day_without_its_year_is_no_month_of_a_guessed_one(written: Any) -> None:
    reading = read_date(written, field="born_on", title="出生年月", today=messy.TODAY)
    assert reading.value is None
    assert [problem.code for problem in reading.problems] == ["date_no_year"]
