"""Dates as they are written in lists, with how exactly they are known (DOMAIN §4 rows 37–41)."""

from __future__ import annotations

import datetime
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from org.excel.grid import ERRORS, shown
from org.excel.problems import Problem, Status
from org.excel.readings import EMPTY, Reading, broken, held, plain, rejected
from org.states import Precision

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY, MONTH, YEAR = Precision.DAY.value, Precision.MONTH.value, Precision.YEAR.value
JANUARY_OR_OCTOBER: Final = "date_january_or_october"
FIRST_YEAR, LAST_YEAR = 1900, 2100
#: Numbers that are dates to a spreadsheet: 1930 to 2064 in the system of 1900.
SERIALS: Final = range(10_959, 60_268)
EPOCH_1900: Final = datetime.date(1899, 12, 30)
EPOCH_1904: Final = datetime.date(1904, 1, 1)

_MEND: Final = "请写成 2023-09-01 或 2023年9月1日。"
_ISO: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_FULL: Final = re.compile(
    r"(\d{4})\s*(?:年|[-./])\s*(\d{1,2})\s*(?:月|[-./])\s*(\d{1,2})\s*日?(?:[T\s]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_MONTH: Final = re.compile(r"(\d{4})\s*(?:年|[-./])\s*(\d{1,2})\s*月?份?")
_YEAR: Final = re.compile(r"(\d{4})\s*年?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_SHORT: Final = re.compile(r"['‘’]?(\d{2})\s*(?:年|[-./])\s*(\d{1,2})\s*(?:(?:月|[-./])\s*(\d{1,2})?\s*日?)?")
#: 10.5 and 10/5: a day without its year as likely as a month of 2010. 85.1 may have been 85.10 as a number.
_YEARLESS: Final = re.compile(r"(?:0?\d|1[0-2])[-./]\d{1,2}|\d{2}\.1")
_SLASHED: Final = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_NO_YEAR: Final = re.compile(r"(\d{1,2})\s*(?:月|[-./])\s*(\d{1,2})\s*[日号]?")
_HAN_DIGITS: Final = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_HAN_YEAR: Final = re.compile(r"[〇○零一二三四五六七八九]{4}年")
_HAN_NUMBER: Final = re.compile(r"[一二三四五六七八九十]{1,3}(?=[月日号])")
_HAN_DATE: Final = re.compile(r"[一二三四五六七八九十]{1,3}月([一二三四五六七八九十]{1,3}[日号])?")
_TO: Final = re.compile(r"\s*[至到]\s*")
_UNTIL: Final = re.compile(r"\s*(?:--+|[-—–－~～〜]+)\s*")
_PART: Final = re.compile(
    r"(?:(\d{4})\s*(?:年|[-./])\s*)?(?:(\d{1,2})\s*(?:月|[-./])\s*)?(\d{1,2})\s*[日号]?"
)


class Span(NamedTuple):
    """First and last day."""

    start: datetime.date
    end: datetime.date


def read_date(
    value: Any,
    *,
    field: str,
    title: str,
    today: datetime.date,
    date1904: bool = False,
    month_enough: bool = True,
) -> Reading:
    """A date; ``extra["<field's stem>_precision"]`` is day, month or year, ``value`` the first day of it.

    ``today`` places two-digit years. 2023.1 may have been 2023.10 before it became a number, in a text as
    well: held. Without ``month_enough`` a month alone is held.
    """
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, datetime.date):
        return _exact(field, value, DAY, month_enough, title)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value, field, title, today, date1904, month_enough)
    if isinstance(value, str) and (found := _ISO.fullmatch(value)):  # the usual text, told quickly
        parts = (int(found[1]), int(found[2]), int(found[3]))
        return _made(field, title, value, parts, DAY, month_enough)
    text = unicodedata.normalize("NFKC", plain(value))
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    return _text(text, field, title, today, month_enough)


def _stem(field: str) -> str:
    return field.removesuffix("_on")


@cache
def _extra(field: str, precision: str) -> Mapping[str, str]:
    return {f"{_stem(field)}_precision": precision}


def _written(day: datetime.date, precision: str) -> str:
    if precision == DAY:
        return day.isoformat()
    return f"{day.year}-{day.month:02}" if precision == MONTH else str(day.year)


def _exact(field: str, day: datetime.date, precision: str, month_enough: bool, title: str) -> Reading:
    text = _written(day, precision)
    extra = _extra(field, precision)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return rejected("date_range", field, f"{title}“{text}”的年份不对。", _MEND)
    if precision != DAY and not month_enough:
        return held("date_no_day", field, f"{title}“{text}”没有写到日。", _MEND, day, text)._replace(
            extra=extra
        )
    if precision == YEAR:
        problem = Problem(
            "date_year_only", Status.WARNED, field, f"{title}“{text}”只写了年份。", "请补上月份。"
        )
        return Reading(day, text, (problem,), extra)
    return Reading(day, text, (), extra)


def _made(
    field: str, title: str, raw: str, parts: tuple[int, int, int], precision: str, month_enough: bool
) -> Reading:
    try:
        day = datetime.date(*parts)
    except ValueError:
        return rejected("date_impossible", field, f"{title}“{raw}”这一天不存在。", _MEND)
    return _exact(field, day, precision, month_enough, title)


def _january_or_october(field: str, title: str, raw: str) -> Reading:
    return held(
        JANUARY_OR_OCTOBER,
        field,
        f"{title}“{raw}”可能是 {raw[:4]} 年 1 月，也可能是 10 月（按数字保存时末尾的 0 会丢失）。",
        f"请写成 {raw[:4]}年1月 或 {raw[:4]}年10月。",
    )


def _number(
    value: float, field: str, title: str, today: datetime.date, date1904: bool, month_enough: bool
) -> Reading:
    """A number: 20230901, 202309, 2023.9, or a spreadsheet's count of days."""
    text = shown(value)
    if value == int(value):
        whole = int(value)
        if whole >= 10_000_000 or 190_000 <= whole <= 210_012:
            return _text(text, field, title, today, month_enough)
        if FIRST_YEAR <= whole <= LAST_YEAR:
            return _exact(field, datetime.date(whole, 1, 1), YEAR, month_enough, title)
        if whole in SERIALS:
            day = (EPOCH_1904 if date1904 else EPOCH_1900) + datetime.timedelta(whole)
            problem = Problem(
                "date_serial",
                Status.WARNED,
                field,
                f"{title}“{text}”是 Excel 的日期序号，按 {day} 读取。",
                "请把单元格设为日期格式后核对。",
            )
            return _exact(field, day, DAY, month_enough, title)._replace(problems=(problem,))
    elif 0 < value < 100 or FIRST_YEAR <= int(value) <= LAST_YEAR:
        return _text(text, field, title, today, month_enough)
    return rejected("date_unreadable", field, f"{title}“{text}”不是日期。", _MEND)


def _text(text: str, field: str, title: str, today: datetime.date, month_enough: bool) -> Reading:
    raw = text
    if len(text) == 6 and text.endswith(".1") and text[:4].isdecimal():
        return _january_or_october(field, title, text)
    if _HAN_YEAR.match(text):
        text = text[:4].translate(_HAN_DIGITS) + _HAN_NUMBER.sub(lambda m: str(_han(m[0])), text[4:])
    if found := _MONTH.fullmatch(text):
        return _made(field, title, raw, (int(found[1]), int(found[2]), 1), MONTH, month_enough)
    if found := _FULL.fullmatch(text):
        parts = (int(found[1]), int(found[2]), int(found[3]))
        return _made(field, title, raw, parts, DAY, month_enough)
    if found := _COMPACT.fullmatch(text):
        parts = (int(found[1]), int(found[2]), int(found[3] or 1))
        return _made(field, title, raw, parts, DAY if found[3] else MONTH, month_enough)
    if found := _YEAR.fullmatch(text):
        return _made(field, title, raw, (int(found[1]), 1, 1), YEAR, month_enough)
    if found := _SLASHED.fullmatch(text):
        return _day_or_month(field, title, raw, found, month_enough)
    if _YEARLESS.fullmatch(text):
        return rejected("date_no_year", field, f"{title}“{raw}”没有写四位年份。", _MEND)
    if found := _SHORT.fullmatch(text):
        return _two_digits(field, title, raw, found, today, month_enough)
    if _HAN_DATE.fullmatch(text) or _NO_YEAR.fullmatch(text):
        return rejected("date_no_year", field, f"{title}“{raw}”没有写年份。", _MEND)
    return rejected("date_unreadable", field, f"{title}“{raw[:40]}”不是日期。", _MEND)


def _day_or_month(field: str, title: str, raw: str, found: re.Match[str], month_enough: bool) -> Reading:
    """3/4/2023: which is the month? Certain only where one of the two can't be."""
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if first > 12 >= second:
        return _made(field, title, raw, (year, second, first), DAY, month_enough)
    if second > 12 >= first:
        return _made(field, title, raw, (year, first, second), DAY, month_enough)
    if first == second:
        return _made(field, title, raw, (year, first, second), DAY, month_enough)
    if first > 12:
        return rejected("date_impossible", field, f"{title}“{raw}”这一天不存在。", _MEND)
    return held(
        "date_order",
        field,
        f"{title}“{raw}”可能是 {first} 月 {second} 日，也可能是 {second} 月 {first} 日。",
        _MEND,
    )


def _two_digits(
    field: str, title: str, raw: str, found: re.Match[str], today: datetime.date, month_enough: bool
) -> Reading:
    """23.9.1: the latest such year that isn't more than a year ahead."""
    year = today.year - today.year % 100 + int(found[1])
    if year > today.year + 1:
        year -= 100
    precision = DAY if found[3] else MONTH
    reading = _made(field, title, raw, (year, int(found[2]), int(found[3] or 1)), precision, month_enough)
    if reading.value is None:
        return reading
    problem = Problem(
        "date_two_digit_year",
        Status.WARNED,
        field,
        f"{title}“{raw}”的年份只有两位，按 {year} 年读取。",
        _MEND,
    )
    return reading._replace(problems=(*reading.problems, problem))


def _han(text: str) -> int:
    """一 to 三十一."""
    tens, ten, units = text.rpartition("十")
    digits = {digit: number for number, digit in enumerate("一二三四五六七八九", 1)}
    if not ten:
        return digits.get(units, 0)
    return digits.get(tens, 1) * 10 + digits.get(units, 0)


@lru_cache(maxsize=4096)
def read_period(value: Any, *, field: str, title: str, year: int | None = None) -> Reading:
    """A range of days as a :class:`Span`; ``year`` is the class's, for a range that names none. A sure one
    gives ``extra["starts_on"]`` and ``extra["ends_on"]``.

    A month or year the text leaves out is the first day's; where the end would come before the start it is
    the next one's, and held. Source: DOMAIN §4 row 40.
    """
    if isinstance(value, datetime.date):
        day = value.date() if isinstance(value, datetime.datetime) else value
        return Reading(Span(day, day), day.isoformat(), (), {"starts_on": day, "ends_on": day})
    text = unicodedata.normalize("NFKC", shown(value)).strip()
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    single = _PART.fullmatch(text)
    # 2023-9-1 is one day: its hyphens separate nothing.
    halves = [text, text] if single and single[1] and single[2] else _halves(text)
    parts = [_PART.fullmatch(half) for half in halves]
    if len(parts) != 2 or not all(parts) or not parts[0] or not parts[1] or not parts[0][2]:
        return rejected(
            "period_unreadable", field, f"{title}“{text[:40]}”不是起止日期。", "请写成 2023年9月1日-9月5日。"
        )
    return _span(parts[0], parts[1], field, title, text, year)


def _halves(text: str) -> list[str]:
    """Both sides of 至; where hyphens join the dates' own parts too, the middle one separates."""
    for separator in (_TO, _UNTIL):
        halves = separator.split(text)
        if len(halves) == 2:
            return halves
    pieces = text.split("-")
    if len(pieces) % 2:
        return [text, text]
    middle = len(pieces) // 2
    return ["-".join(pieces[:middle]), "-".join(pieces[middle:])]


def _span(
    first: re.Match[str], last: re.Match[str], field: str, title: str, text: str, year: int | None
) -> Reading:
    start_year = int(first[1]) if first[1] else year
    if start_year is None:
        return held("period_no_year", field, f"{title}“{text}”没有写年份。", "请写成 2023年9月1日-9月5日。")
    month = int(last[2] or first[2])
    end_year = int(last[1]) if last[1] else start_year
    try:
        start = datetime.date(start_year, int(first[2]), int(first[3]))
        end = datetime.date(end_year, month, int(last[3]))
    except ValueError:
        return rejected("date_impossible", field, f"{title}“{text}”里有不存在的日期。", "请核对。")
    if end >= start:
        days = f"{start} 至 {end}" if end > start else str(start)
        return Reading(Span(start, end), days, (), {"starts_on": start, "ends_on": end})
    if last[1]:
        return rejected("period_reversed", field, f"{title}“{text}”的结束早于开始。", "请核对。")
    try:
        if last[2]:
            end = datetime.date(end_year + 1, month, int(last[3]))
        else:
            end = datetime.date(end_year + month // 12, month % 12 + 1, int(last[3]))
    except ValueError:
        return rejected("period_reversed", field, f"{title}“{text}”的结束早于开始。", "请核对。")
    shown_span = f"{start} 至 {end}"
    return held(
        *("period_crosses", field, f"{title}“{text}”的结束早于开始，可能是 {shown_span}。"),
        *("请把起止日期写全。", Span(start, end), shown_span),
    )
