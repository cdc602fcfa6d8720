"""Cells of a list of people as stored values: names, dates, phones, posts, closed lists (DOMAIN §4).

Each reader takes a cell's plain value (:class:`org.excel.grid.Grid`) and gives a :class:`Reading`. Reading
the ``text`` of a reading gives the same value again.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from org.excel.dates import Span, read_date, read_period
from org.excel.grid import ERRORS
from org.excel.names import read_name
from org.excel.phones import read_phone
from org.excel.posts import read_post, read_rank
from org.excel.readings import EMPTY, Reading, broken, held, plain, rejected
from org.excel.units import read_unit, split_unit, unit_text
from org.excel.words import (
    ATTENDED,
    COMMITTEES,
    YES_NO,
    fold,
)
from org.states import Committee
from org.unit_names import UnitChoice, UnitMatch, unit_key

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Reading",
    "Span",
    "UnitChoice",
    "UnitMatch",
    "fold",
    "read_attendance",
    "read_choice",
    "read_committees",
    "read_date",
    "read_hours",
    "read_label",
    "read_labels",
    "read_name",
    "read_period",
    "read_phone",
    "read_post",
    "read_rank",
    "read_text",
    "read_unit",
    "read_yes_no",
    "split_unit",
    "unit_key",
    "unit_text",
]

_HOURS: Final = re.compile(r"(\d+(?:\.\d+)?)(个?学时|课时|个?小时|h|hours?)?", re.IGNORECASE)
_DAYS: Final = re.compile(r"(\d+(?:\.\d+)?|半)(个?天|日|个?半天)(半)?")
_HAN: Final = {digit: number for number, digit in enumerate("一二三四五六七八九", 1)} | {"两": 2, "零": 0}


def read_text(value: Any, *, field: str, title: str) -> Reading:
    """Free text, kept as it is but for its edges; formulas and errors are text like any other here."""
    text = plain(value)
    return Reading(text, text) if text else EMPTY


def read_label(value: Any, *, field: str, title: str) -> Reading:
    """A name of something: one line, folded width of brackets."""
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    label = unit_text(text)
    return Reading(label, label)


def read_labels(value: Any, *, field: str, title: str) -> Reading:
    """Several names in one cell, as a list."""
    text = plain(value)
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    labels = [unit_text(part) for part in re.split(r"[、,，;；/\n\r]+", text) if part.strip()]
    return Reading(labels, "、".join(labels)) if labels else EMPTY


def read_choice(
    value: Any, *, field: str, title: str, choices: Mapping[str, str], labels: Mapping[Any, str] | None = None
) -> Reading:
    """One of a closed list. ``choices``: folded word (:func:`fold`) → stored value; ``labels``: stored value
    → what to show. An unknown word is held.
    """
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    found = choices.get(fold(text))
    if found is None:
        known = list(dict.fromkeys((labels or {}).get(code, code) for code in choices.values()))
        return held(
            "choice_unknown",
            field,
            f"{title}“{text[:40]}”不在可选范围内。",
            f"可填：{'、'.join(known[:12])}{'等' if len(known) > 12 else ''}。",
        )
    return Reading(found, (labels or {}).get(found, found))


def read_yes_no(value: Any, *, field: str, title: str) -> Reading:
    """Yes or no; an empty cell is unknown, not no."""
    text = plain(value)
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    found = YES_NO.get(fold(text))
    if found is None:
        return held("choice_unknown", field, f"{title}“{text[:40]}”看不出是或否。", "请填“是”或“否”。")
    return Reading(found == "yes", "是" if found == "yes" else "否")


def read_attendance(value: Any, *, field: str, title: str) -> Reading:
    """A half-day of one person: present, late, leave or absent; an empty cell is unknown."""
    text = plain(value)
    if not text:
        return EMPTY
    found = ATTENDED.get(fold(text))
    if found is None:
        return held(
            "attendance_unknown", field, f"“{title}”一栏的“{text[:20]}”看不懂。", "请填 √、请假、迟到或 ×。"
        )
    label = {"present": "√", "late": "迟到", "leave": "请假", "absent": "×"}[found]
    return Reading(found, label)


def read_committees(value: Any, *, field: str, title: str) -> Reading:
    """三委, as a list of :class:`org.states.Committee` in their order."""
    text = fold(plain(value))
    if not text or text in {"无", "否", "-", "/", "不是"}:
        return EMPTY if not text else Reading([], "无")
    if text.upper() in ERRORS or text.startswith("="):
        return broken(field, title, text)
    found: set[str] = set()
    for part in re.split(r"[、,;/+和及]+", re.sub(r"委员会?(委员|主任|副主任)?|委员", "委", text)):
        if part not in COMMITTEES:
            message = f"{title}“{plain(value)[:40]}”看不懂。"
            return held("choice_unknown", field, message, "可填：工会委员、经审委员、女工委员。")
        found.add(COMMITTEES[part])
    ordered = [code for code in Committee.values if code in found]
    return Reading(ordered, "、".join(Committee(code).label for code in ordered))


def _number(text: str) -> Decimal | None:
    """十六, 三十二, 16, 16.5."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return Decimal(text)
    found = re.fullmatch(r"(?:([一二两三四五六七八九])?(十))?([一二三四五六七八九])?", text)
    if not text or not found:
        return None
    tens = (_HAN[found[1]] if found[1] else 1) * 10 if found[2] else 0
    return Decimal(tens + (_HAN[found[3]] if found[3] else 0))


def read_hours(
    value: Any, *, field: str = "hours", title: str = "学时", hours_per_day: Decimal | None = None
) -> Reading:
    """Training hours as a Decimal. ``hours_per_day`` turns days into hours; without it days are held."""
    text = unicodedata.normalize("NFKC", plain(value)).replace(" ", "")
    if not text:
        return EMPTY
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    if days := _DAYS.fullmatch(text):
        return _from_days(text, days, field, title, hours_per_day)
    han = re.fullmatch(r"([一二两三四五六七八九十]+)(个?学时|课时|个?小时)?", text)
    found = _HOURS.fullmatch(text)
    number = _number(han[1]) if han else _number(found[1]) if found else None
    if number is None:
        return rejected(
            "hours_unreadable", field, f"{title}“{text[:30]}”不是学时数。", "请填写数字，如 16、4.5。"
        )
    return _hours(number, field, title, text)


def _from_days(
    text: str, found: re.Match[str], field: str, title: str, hours_per_day: Decimal | None
) -> Reading:
    if hours_per_day is None:
        return held(
            "hours_in_days", field, f"{title}写的是“{text}”，不知道一天几学时。", "请换算成学时填写。"
        )
    count = Decimal("0.5") if found[1] == "半" else Decimal(found[1])
    days = count / 2 if "半天" in found[2] else count
    return _hours((days + (Decimal("0.5") if found[3] else 0)) * hours_per_day, field, title, text)


def _hours(number: Decimal, field: str, title: str, text: str) -> Reading:
    if number <= 0 or number >= 10_000:
        return rejected("hours_range", field, f"{title}“{text}”应大于 0、小于 10000。", "请核对后填写。")
    short = number.normalize()
    short = short.quantize(Decimal(1)) if short == short.to_integral_value() else short
    return Reading(short, str(short))
