"""When a class is planned for: January knows months, not days (DOMAIN §5.8, two gates).

A plan's time is a list of *slots*, one a 期 or fewer: ``0621`` a day, ``06U`` ``06M`` ``06L`` a 旬,
``06`` a month, ``Q2`` a quarter. People write and read them as offices do: 6月21日, 6月上旬, 6月,
二季度, 3、6、9月, 每两月.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from itertools import groupby

from office.refusals import Refused

_XUN = {"上": "U", "中": "M", "下": "L"}
_XUN_BACK = {letter: f"{name}旬" for name, letter in _XUN.items()}
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_QUARTER = re.compile(r"(?:第)?([一二三四1-4])季度")
_DAY = re.compile(r"(1[0-2]|0?[1-9])(?:月|\.|-|/)(3[01]|[12]\d|0?[1-9])日?")
_MONTH = re.compile(r"(1[0-2]|0?[1-9])月?")
_XUN_MONTH = re.compile(r"(1[0-2]|0?[1-9])月([上中下])旬")
_SLOT = re.compile(r"(Q[1-4]|(0[1-9]|1[0-2])([UML]|\d\d)?)")


def parse_time(text: str, *, year: int) -> list[str]:
    """Slots of what an office wrote in the 时间 cell, in calendar order.

    Raises :class:`Refused` naming the part that can't be read and how to write it.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    plain = re.sub(rf"^{year}年", "", plain)
    if not plain:
        return []
    if plain in {"每两月", "每两个月", "每两月一期"}:
        return [f"{month:02}" for month in range(1, 12, 2)]
    if plain in {"每季度", "每季度一期"}:
        return ["Q1", "Q2", "Q3", "Q4"]
    slots: list[str] = []
    month_follows = re.fullmatch(r"(\d{1,2}[、,，])+\d{1,2}月", plain) is not None
    for part in re.split(r"[、,，;；和]", plain):
        slots.append(_slot(part, text, bare_month=month_follows, year=year))
    return sorted(dict.fromkeys(slots), key=_order)


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


def _order(slot: str) -> tuple[int, int]:
    """Calendar order; a wider slot counts from its first day."""
    if slot.startswith("Q"):
        return ((int(slot[1]) - 1) * 3 + 1, 0)
    tail = slot[2:]
    return (int(slot[:2]), {"": 0, "U": 1, "M": 11, "L": 21}.get(tail) or int(tail or 0))


def is_slot(slot: str, *, year: int) -> bool:
    """Whether ``slot`` is one this module writes, a day being one the year has."""
    if not _SLOT.fullmatch(slot):
        return False
    return not slot[2:].isdigit() or 1 <= int(slot[2:]) <= calendar.monthrange(year, int(slot[:2]))[1]


def time_text(slots: list[str]) -> str:
    """What an office writes for these slots; the empty string for none. ``parse_time`` reads it back."""
    if slots == [f"{month:02}" for month in range(1, 12, 2)]:
        return "每两月"
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
