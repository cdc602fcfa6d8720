"""时间 as offices write it, read and written back (DOMAIN §5.8)."""

from __future__ import annotations

import calendar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.refusals import Refused
from workflow import timing

YEAR = 2027

MONTHS = [f"{month:02}" for month in range(1, 13)]


@pytest.mark.parametrize(
    ("written", "slots"),
    [
        ("", []),
        ("  ", []),
        ("6月21日", ["0621"]),
        ("6.21", ["0621"]),
        ("6/21", ["0621"]),
        ("6-21", ["0621"]),
        ("06月05日", ["0605"]),
        ("2027年6月21日", ["0621"]),
        ("2027.6.21", ["0621"]),
        ("2027-06-21", ["0621"]),
        ("2027/6/21", ["0621"]),
        ("６月２１日", ["0621"]),
        ("6 月 21 日", ["0621"]),
        ("六月上旬", ["06U"]),
        ("6月上旬", ["06U"]),
        ("6月中旬、7月下旬", ["06M", "07L"]),
        ("6月", ["06"]),
        ("6月份", ["06"]),
        ("十二月", ["12"]),
        ("十月", ["10"]),
        ("二季度", ["Q2"]),
        ("第三季度", ["Q3"]),
        ("第 3 季度", ["Q3"]),
        ("4季度", ["Q4"]),
        ("3、6、9月", ["03", "06", "09"]),
        ("3,6,9月份", ["03", "06", "09"]),
        ("3月、6月和9月", ["03", "06", "09"]),
        ("3月 6月 9月", ["03", "06", "09"]),
        ("9月，3月；6月", ["03", "06", "09"]),
        ("6月、6月", ["06"]),
        ("6月、", ["06"]),
        ("每两月", MONTHS[::2]),
        ("每两个月一期", MONTHS[::2]),
        ("每二月", MONTHS[::2]),
        ("每季度", ["Q1", "Q2", "Q3", "Q4"]),
        ("每月", MONTHS),
        ("每月一期", MONTHS),
        ("一季度、6月上旬、9月15日", ["Q1", "06U", "0915"]),
    ],
)
def test_what_offices_write_is_read(written: str, slots: list[str]) -> None:
    assert timing.parse_time(written, year=YEAR) == slots


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("年初", "年初"),
        ("上半年", "上半年"),
        ("13月", "13月"),
        ("0月", "0月"),
        ("6月31日", "6月31日"),
        ("2月29日", "2月29日"),
        ("6月上旬、待定", "待定"),
        ("3、6、9", "3"),
        ("6", "6"),
        ("2026年6月", "2026年6月"),
        ("6月21日至23日", "6月21日至23日"),
        ("第五季度", "第五季度"),
        ("=1+1", "=1+1"),
    ],
)
def test_what_cant_be_read_is_named_with_a_way_to_write_it(written: str, part: str) -> None:
    with pytest.raises(Refused) as refused:
        timing.parse_time(written, year=YEAR)
    assert str(refused.value) == (
        f"时间“{written}”中的“{part}”无法识别，请写成 6月21日、6月上旬、6月、二季度，"
        "多期写成 3、6、9月 或 每两月。"
    )


def test_a_leap_day_is_one_in_a_leap_year_only() -> None:
    assert timing.parse_time("2月29日", year=2028) == ["0229"]
    assert timing.is_slot("0229", year=2028)
    assert not timing.is_slot("0229", year=2027)


@pytest.mark.parametrize(
    ("slots", "text"),
    [
        ([], ""),
        (["0621"], "6月21日"),
        (["06U"], "6月上旬"),
        (["06"], "6月"),
        (["Q2"], "二季度"),
        (["03", "06", "09"], "3、6、9月"),
        (["03", "06U", "09"], "3月、6月上旬、9月"),
        (["Q1", "03", "06"], "一季度、3月、6月"),
        (MONTHS[::2], "每两月"),
        (MONTHS, "每月"),
        (["Q1", "Q2", "Q3", "Q4"], "每季度"),
    ],
)
def test_slots_are_written_as_offices_do(slots: list[str], text: str) -> None:
    assert timing.time_text(slots) == text


days = st.integers(1, 12).flatmap(
    lambda month: st.integers(1, calendar.monthrange(YEAR, month)[1]).map(lambda day: f"{month:02}{day:02}")
)
slot = st.one_of(
    days,
    st.sampled_from(MONTHS),
    st.sampled_from([f"Q{n}" for n in range(1, 5)]),
    st.builds(lambda month, tail: month + tail, st.sampled_from(MONTHS), st.sampled_from("UML")),
)


@given(st.lists(slot, max_size=14))
def test_what_is_written_is_read_back(slots: list[str]) -> None:
    canonical = timing.parse_time("、".join(timing.time_text([one]) for one in slots), year=YEAR)
    assert set(canonical) == set(slots)
    assert timing.parse_time(timing.time_text(canonical), year=YEAR) == canonical
    assert all(timing.is_slot(one, year=YEAR) for one in canonical)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        slots = timing.parse_time(text, year=YEAR)
    except Refused:
        return
    assert all(timing.is_slot(one, year=YEAR) for one in slots)


@given(st.text(alphabet="0123456789年月日上中下旬季度一二三四每两个期、，,; ./-", max_size=16))
def test_text_much_like_a_time_is_read_or_refused(text: str) -> None:
    try:
        slots = timing.parse_time(text, year=YEAR)
    except Refused:
        return
    assert all(timing.is_slot(one, year=YEAR) for one in slots)
    assert slots == sorted(slots, key=lambda one: timing.first_month([one]) or 0)


@pytest.mark.parametrize(
    ("slots", "month"), [([], None), (["0621"], 6), (["Q3"], 7), (["12L"], 12), (["03", "06"], 3)]
)
def test_the_first_month_sorts_a_year(slots: list[str], month: int | None) -> None:
    assert timing.first_month(slots) == month


@pytest.mark.parametrize("text", ["", "6", "06X", "Q5", "Q", "1301", "0600", "0631", "062", "06UU"])
def test_what_is_no_slot(text: str) -> None:
    assert not timing.is_slot(text, year=YEAR)
