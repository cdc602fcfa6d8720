"""Half-days of a class in words: for notices, sign-in sheets and pages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from office.wording import days_text
from workflow.models.run import day_of
from workflow.states import Half

if TYPE_CHECKING:
    from workflow.models import ClassRun

WEEKDAYS = "一二三四五六日"


def half_day_text(day: date, half: int) -> str:
    """``6月21日（星期一）上午``."""
    return f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）{Half(half).label}"


def short_title(day: date, half: int) -> str:
    """``6-21 上午``: where many stand in a row."""
    return f"{day.month}-{day.day} {Half(half).label}"


def column_title(day: date, half: int) -> str:
    """The head of a half-day's column: ``6月21日上午``; what a filled sheet is read back by."""
    return f"{day.month}月{day.day}日{Half(half).label}"


def when_text(run: ClassRun) -> str:
    """``2027年6月21日至23日``, ``2027年6月21日下午至6月23日上午；6月28日上午``: all the stretches.

    Whole days need no half; a year is written where it is new. Empty before the second gate.
    """
    parts: list[str] = []
    year = 0
    for part in run.stretches:
        (first, first_half), (last, last_half) = day_of(part.lower), day_of(part.upper - 1)
        whole = first_half == Half.MORNING and last_half == Half.AFTERNOON
        text = _day(first, year)
        year = last.year
        if first == last:
            parts.append(text if whole else f"{text}{Half(first_half).label}")
        elif whole and (first.year, first.month) == (last.year, last.month):
            parts.append(f"{text}至{last.day}日")
        elif whole:
            parts.append(f"{text}至{_day(last, first.year)}")
        else:
            end = _day(last, first.year)
            parts.append(f"{text}{Half(first_half).label}至{end}{Half(last_half).label}")
    return "；".join(parts)


def dates_text(run: ClassRun) -> str:
    """``6月8日至6月9日``, ``3月4日至3月5日、3月8日``: the days of the class, for a column of a list.

    Days off between two stretches are never written as the class's. A year is written where it isn't the
    plan's. Empty before the second gate.
    """
    spans: list[tuple[date, date]] = []
    for part in run.stretches:
        first, last = day_of(part.lower)[0], day_of(part.upper - 1)[0]
        if spans and first <= spans[-1][1] + timedelta(days=1):
            first = spans.pop()[0]
        spans.append((first, last))
    parts: list[str] = []
    year = run.plan.year
    for first, last in spans:
        text = _day(first, year)
        parts.append(text if first == last else f"{text}至{_day(last, first.year)}")
        year = last.year
    return "、".join(parts)


def length_text(run: ClassRun) -> str:
    """``共 2.5 天（5 个半天）``."""
    half_days = len(run.half_days)
    return f"共 {days_text(half_days)} 天（{half_days} 个半天）"


def _day(day: date, known_year: int) -> str:
    return f"{'' if day.year == known_year else f'{day.year}年'}{day.month}月{day.day}日"
