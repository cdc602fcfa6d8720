"""Working days with the public holidays of the years the calendar knows."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office.workdays import add_workdays, is_workday, workdays_between

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2024-06-03T10:40", 0, "2024-06-03T10:40"),
        ("2024-06-03T10:40", 1, "2024-06-04T10:40"),
        ("2024-06-07T10:40", 1, "2024-06-11T10:40"),  # Friday; Monday 10 June is 端午
        ("2024-06-08T10:40", 1, "2024-06-11T10:40"),  # a Saturday
        ("2024-09-13T09:00", 1, "2024-09-14T09:00"),  # Saturday worked for 中秋
        ("2024-09-30T09:00", 1, "2024-10-08T09:00"),  # 国庆
        ("2024-09-30T09:00", 5, "2024-10-12T09:00"),  # Saturday 12 October is worked
        ("2099-01-01T09:00", 2, "2099-01-05T09:00"),  # unknown year: Thursday, Friday counts, Monday
    ],
)
def test_add(start: str, days: int, end: str) -> None:
    assert add_workdays(at(start), days) == at(end)


def test_a_moment_counts_by_the_day_in_shanghai() -> None:
    """Sunday 23:00 in London is Monday in the office: Tuesday follows."""
    start = datetime.datetime(2024, 6, 16, 23, 0, tzinfo=datetime.UTC)
    assert add_workdays(start, 1) == at("2024-06-18T07:00")


def test_no_negative_days() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_workdays(at("2024-06-03T10:40"), -1)


@pytest.mark.parametrize(
    ("a", "b", "days"),
    [
        ("2024-06-03T10:40", "2024-06-03T18:00", 0),
        ("2024-06-03T10:40", "2024-06-04T00:01", 1),
        ("2024-06-07T10:40", "2024-06-10T10:40", 0),
        ("2024-06-07T10:40", "2024-06-11T10:40", 1),
        ("2024-06-11T10:40", "2024-06-07T10:40", -1),
    ],
)
def test_between(a: str, b: str, days: int) -> None:
    assert workdays_between(at(a), at(b)) == days
    assert workdays_between(at(a).date(), at(b).date()) == days


@given(
    st.datetimes(datetime.datetime(2005, 1, 1), datetime.datetime(2035, 1, 1)),  # noqa: DTZ001
    st.integers(0, 60),
)
def test_the_two_agree(start: datetime.datetime, days: int) -> None:
    aware = start.replace(tzinfo=SHANGHAI)
    end = add_workdays(aware, days)
    assert workdays_between(aware, end) == days
    assert not days or is_workday(end.date())
    assert (end.hour, end.minute) == (aware.hour, aware.minute)
