"""Which plan year a page is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: From this month on offices plan the year to come (B-17: 年初提出, lists are gathered from November).
PLANNING_BEGINS: Final = 11


def current_year(at: datetime) -> int:
    """The year whose planning is under way at ``at``."""
    day = timezone.localdate(at)
    return day.year + 1 if day.month >= PLANNING_BEGINS else day.year


def asked_year(query: Mapping[str, str], at: datetime, *, spending: bool = False) -> int:
    """The year a page was asked for (``?year=2027``), else the one being planned, or with ``spending`` the
    one money is being paid from; nonsense counts as not asked."""
    text = query.get("year", "")
    if text.isascii() and text.isdigit() and 2000 <= int(text) <= 2100:
        return int(text)
    return timezone.localdate(at).year if spending else current_year(at)
