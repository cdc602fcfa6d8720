"""When the demo's acts happened: in office hours of the last weeks, inside the plan year's window."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from office.workdays import is_workday

if TYPE_CHECKING:
    from rulebook.schema import Window

_HOURS: Final = (9, 10, 11, 14, 15, 16)
_SPAN: Final = timedelta(days=18)
#: Fewer office hours than this and the acts are spread evenly over whatever time there was.
_FEWEST: Final = 24


class Clock:
    """``clock(step, index)``: the moment of the ``index``-th act of a step; steps follow one another, none
    is before the window opened or after ``now``."""

    def __init__(self, window: Window, year: int, now: datetime, *, steps: int) -> None:
        opens, closes = window.bounds(year)
        begins = timezone.make_aware(datetime.combine(opens, time(0)))
        ends = min(now, timezone.make_aware(datetime.combine(closes, time(17))))
        begins = max(begins, ends - _SPAN) if ends > begins else ends - timedelta(hours=1)
        slots = _office_hours(begins, ends)
        self._steps = steps
        if len(slots) >= _FEWEST:
            self._starts = [slots[len(slots) * step // steps] for step in range(steps)]
            self._minute = timedelta(minutes=1)
        else:
            width = (ends - begins) / steps
            self._starts = [begins + width * step for step in range(steps)]
            self._minute = min(timedelta(minutes=1), width / 60)

    def __call__(self, step: int, index: int = 0) -> datetime:
        return self._starts[step] + self._minute * min(index, 55)


def working_day(today: date, number: int) -> date:
    """The ``number``-th working day after ``today``, or before it where negative; for 0 the first from
    ``today`` on."""
    step = timedelta(days=-1 if number < 0 else 1)
    day = today
    if number == 0:
        while not is_workday(day):
            day += step
        return day
    for _ in range(abs(number)):
        day += step
        while not is_workday(day):
            day += step
    return day


def at_work(today: date, number: int, hour: int, minute: int = 0) -> datetime:
    """A moment of that working day."""
    return timezone.make_aware(datetime.combine(working_day(today, number), time(hour, minute)))


def _office_hours(begins: datetime, ends: datetime) -> list[datetime]:
    day, found = timezone.localdate(begins), []
    while day <= timezone.localdate(ends):
        if is_workday(day):
            moments = (timezone.make_aware(datetime.combine(day, time(hour, 2))) for hour in _HOURS)
            # The last act of an hour must have happened, too.
            found += [moment for moment in moments if begins <= moment <= ends - timedelta(hours=1)]
        day += timedelta(days=1)
    return found
