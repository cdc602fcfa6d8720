"""The corresponding day (对应日) of a period counted in months: X7, DOMAIN §7 S8, §8 no. 1.

A month without that day ends the period on its last day: 2016-02-29 and twelve months are 2017-02-28.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta


def months_after(day: date, months: int) -> date:
    """The corresponding day ``months`` later; the month's last day where it has no such day."""
    year, month = _shifted(day, months)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def months_before(day: date, months: int) -> date:
    """The earliest day whose corresponding day ``months`` later is ``day`` or after it.

    ``months_after(months_before(d, n), n) >= d``, and of the day before it that isn't true: so "a class that
    ended on or after this day" is the same as "whose period reaches ``day``", and an index can answer it.
    """
    year, month = _shifted(day, -months)
    last = calendar.monthrange(year, month)[1]
    if day.day > last:
        return date(year, month, last) + timedelta(1)
    return date(year, month, day.day)


def _shifted(day: date, months: int) -> tuple[int, int]:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return year, month + 1
