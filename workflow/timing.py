"""When a class is planned for: January knows months, not days (DOMAIN §5.8, two gates).

A plan's time is a list of *slots*, one a 期 or fewer: ``0621`` a day, ``06U`` ``06M`` ``06L`` a 旬,
``06`` a month, ``Q2`` a quarter. People write and read them as offices do: 6月21日, 6月上旬, 6月,
二季度, 3、6、9月, 每两月.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta
from itertools import groupby

from office.refusals import Refused

_XUN = {"上": "U", "中": "M", "下": "L"}
_XUN_BACK = {letter: f"{name}旬" for name, letter in _XUN.items()}
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_QUARTER = re.compile(r"(?:第)?([一二三四1-4])季度")
_DAY = re.compile(r"(1[0-2]|0?[1-9])(?:月|\.|-|/)(3[01]|[12]\d|0?[1-9])日?")
_MONTH = re.compile(r"(1[0-2]|0?[1-9])月?")
_XUN_MONTH = re.compile(r"(1[0-2]|0?[1-9])月([上中下])旬")
_CHINESE = {"十二": 12, "十一": 11, "十": 10, **{char: n for n, char in enumerate("一二三四五六七八九", 1)}}
_CHINESE_MONTH = re.compile(r"(十[一二]?|[一二三四五六七八九])(?=月)")
_RHYTHMS = {
    "每月": [f"{month:02}" for month in range(1, 13)],
    "每两月": [f"{month:02}" for month in range(1, 12, 2)],
    "每季度": ["Q1", "Q2", "Q3", "Q4"],
}
_SLOT = re.compile(r"(Q[1-4]|(0[1-9]|1[0-2])([UML]|\d\d)?)")


def parse_time(text: str, *, year: int) -> list[str]:
    """Slots of what an office wrote in the 时间 cell, in calendar order, each once.

    Raises :class:`Refused` naming the part that can't be read and how to write it.
    """
    plain = unicodedata.normalize("NFKC", text).replace("月份", "月")
    plain = re.sub(r"每\s*[二两2]\s*个?月", "每两月", plain)
    plain = _CHINESE_MONTH.sub(lambda found: str(_CHINESE[found[0]]), plain)
    parts = _parts(plain, year)
    rhythm = _RHYTHMS.get(re.sub(r"[一1]期$", "", "".join(parts)))
    if rhythm is not None:
        return list(rhythm)
    # "3、6、9月": the last part's 月 speaks for all of them.
    bare = len(parts) > 1 and re.fullmatch(r"(\d{1,2}、)+\d{1,2}月", "、".join(parts)) is not None
    return sorted({_slot(part, text.strip(), bare_month=bare, year=year) for part in parts}, key=_order)


def _parts(plain: str, year: int) -> list[str]:
    """What is between the commas; blanks part too, unless they only stand inside a date (6 月 21 日)."""
    plain = re.sub(
        r"(?<=[年第])\s+|(?<=\d)\s+(?=[年月日季])|(?<=月)\s+(?=\d{1,2}\s*日|[上中下]旬)", "", plain
    )
    parts = (part for part in re.split(r"[、,;和及与\s]+", plain) if part)
    return [re.sub(rf"^{year}(?:年|[./-](?=\d))", "", part) for part in parts]


def _slot(part: str, text: str, *, bare_month: bool, year: int) -> str:
    if found := _QUARTER.fullmatch(part):
        return f"Q{_DIGITS[found[1]]}"
    if found := _XUN_MONTH.fullmatch(part):
        return f"{int(found[1]):02}{_XUN[found[2]]}"
    if (found := _DAY.fullmatch(part)) and int(found[2]) <= calendar.monthrange(year, int(found[1]))[1]:
        return f"{int(found[1]):02}{int(found[2]):02}"
    if (found := _MONTH.fullmatch(part)) and (bare_month or part.endswith("月")):
        return f"{int(found[1]):02}"
    raise Refused(
        f"时间“{text}”中的“{part}”无法识别，请写成 6月21日、6月上旬、6月、二季度，"
        "多期写成 3、6、9月 或 每两月。"
    )


def _order(slot: str) -> tuple[int, int, int]:
    """Calendar order; a wider slot counts from its first day, before the narrower ones that begin there."""
    if slot.startswith("Q"):
        return ((int(slot[1]) - 1) * 3 + 1, 0, 0)
    tail = slot[2:]
    if tail.isdigit():
        return (int(slot[:2]), int(tail), 3)
    return (int(slot[:2]), *{"": (0, 1), "U": (1, 2), "M": (11, 2), "L": (21, 2)}[tail])


def is_slot(slot: str, *, year: int) -> bool:
    """Whether ``slot`` is one this module writes, a day being one the year has."""
    if not _SLOT.fullmatch(slot):
        return False
    return not slot[2:].isdigit() or 1 <= int(slot[2:]) <= calendar.monthrange(year, int(slot[:2]))[1]


def time_text(slots: list[str]) -> str:
    """What an office writes for these slots; the empty string for none. ``parse_time`` reads it back."""
    for name, rhythm in _RHYTHMS.items():
        if slots == rhythm:
            return name
    parts: list[str] = []
    for bare, group in groupby(slots, key=lambda slot: len(slot) == 2 and slot.isdigit()):
        if bare:
            months = [str(int(slot)) for slot in group]
            parts.append("、".join(months) + "月" if not parts else "、".join(f"{m}月" for m in months))
        else:
            parts.extend(_one(slot) for slot in group)
    if len(parts) > 1:  # a list of bare numbers is only legible when nothing else follows
        parts = [
            p if "、" not in p else "、".join(f"{m.rstrip('月')}月" for m in p.split("、")) for p in parts
        ]
    return "、".join(parts)


def _one(slot: str) -> str:
    if slot.startswith("Q"):
        return f"{'一二三四'[int(slot[1]) - 1]}季度"
    month, tail = int(slot[:2]), slot[2:]
    if tail in _XUN_BACK:
        return f"{month}月{_XUN_BACK[tail]}"
    return f"{month}月{int(tail)}日"


def first_month(slots: list[str]) -> int | None:
    """The month the first slot begins in, for sorting a year's plan; None when no time is given."""
    return _order(slots[0])[0] if slots else None


#: First and last day of a 旬; 下旬 ends with its month.
_XUN_DAYS = {"U": (1, 10), "M": (11, 20), "L": (21, 0)}


def slot_days(slot: str, *, year: int, lasting: int = 1) -> tuple[date, date]:
    """First and last day a slot of ``year`` covers; one that names a day covers ``lasting`` days from it.

    ``slot`` is one that :func:`is_slot` admits.
    """
    if slot.startswith("Q"):
        month = (int(slot[1]) - 1) * 3 + 1
        return date(year, month, 1), _month_end(year, month + 2)
    month, tail = int(slot[:2]), slot[2:]
    if not tail:
        return date(year, month, 1), _month_end(year, month)
    if tail in _XUN_DAYS:
        first, last = _XUN_DAYS[tail]
        return date(year, month, first), date(year, month, last) if last else _month_end(year, month)
    begins = date(year, month, int(tail))
    return begins, begins + timedelta(days=max(lasting, 1) - 1)


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
