"""Working days of the People's Republic: weekends, public holidays and the weekends worked for them.

Years the calendar doesn't know yet (it is published each November) count Monday to Friday.
"""

from __future__ import annotations

import datetime
from functools import cache

import chinese_calendar
from django.utils import timezone

ONE_DAY = datetime.timedelta(days=1)


@cache
def is_workday(day: datetime.date) -> bool:
    try:
        worked: bool = chinese_calendar.is_workday(day)
    except NotImplementedError:
        return day.weekday() < 5
    return worked


def add_workdays(start: datetime.datetime, days: int) -> datetime.datetime:
    """The same time of day, ``days`` working days later; the day of ``start`` itself isn't counted.

    ``start`` is aware; the result is in the office's time zone. Raises ``ValueError`` for negative days.
    """
    if days < 0:
        raise ValueError("days must not be negative")
    moment = timezone.localtime(start)
    while days:
        moment += ONE_DAY
        if is_workday(moment.date()):
            days -= 1
    return moment


def workdays_between(a: datetime.date, b: datetime.date) -> int:
    """Working days after the day of ``a`` up to and including the day of ``b``; negative if ``b`` is earlier.

    Takes dates or aware datetimes. ``workdays_between(a, add_workdays(a, n)) == n``.
    """
    first, last = _day(a), _day(b)
    if last < first:
        return -workdays_between(last, first)
    span = (last - first).days
    return sum(is_workday(first + ONE_DAY * step) for step in range(1, span + 1))


def _day(moment: datetime.date) -> datetime.date:
    return timezone.localtime(moment).date() if isinstance(moment, datetime.datetime) else moment
