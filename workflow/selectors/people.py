"""Cadres as the pages list them, and what one's training file shows of classes under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from django.db.models import F, Q

from org.models import Cadre, Union
from rulebook.models import RuleBook
from workflow.models import Seat

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from org.models.cadres import CadreQuerySet
    from rulebook.schema import Book

#: As many people as one list shows with all below; more are found by unit or by name.
MOST: Final = 10_000
#: As many unions as a select can sensibly offer.
MOST_UNITS: Final = 500
_STEP: Final = 4


class Listed(NamedTuple):
    """``rows`` in the order of the tree; ``narrowed``: too many, so only the unit's own people are in it."""

    rows: CadreQuerySet
    narrowed: bool


def units_seen(paths: Sequence[str]) -> list[Union]:
    """The unions of these areas from the top down, at most :data:`MOST_UNITS`."""
    areas = Q(pk__in=[])
    for path in paths:
        areas |= Q(path__startswith=path)
    return list(Union.objects.filter(areas).order_by("path")[:MOST_UNITS])


def listed(unit: Union, *, own: bool = False, status: str = "", q: str = "") -> Listed:
    """The cadres of a unit and below. Of a small area any part of a name is found, of a large one its
    beginning; without a name a large area shows the unit's own people alone. Two queries with the list's.
    """
    area = Cadre.objects.filter(unit=unit) if own else Cadre.objects.under(unit)
    if status:
        area = area.filter(status=status)
    large = not own and area.order_by()[: MOST + 1].count() > MOST
    if q:
        named = Q(name__startswith=q) if large else Q(name__icontains=q) | Q(former_name__icontains=q)
        area = area.filter(named)
    elif large:
        area = area.filter(unit=unit)
    rows = area.select_related("unit").order_by("unit_path", "pk")
    return Listed(rows, narrowed=large and not q)


def named_like(areas: Sequence[str], text: str, *, limit: int) -> list[Cadre]:
    """Cadres of these areas whose name begins with ``text``, by unit; at most ``limit``, one query."""
    rows = Cadre.objects.within(areas).filter(name__startswith=text).select_related("unit")
    return list(rows.order_by("unit_path", "pk")[:limit])


def seats_of(cadre: Cadre) -> QuerySet[Seat]:
    """What he was nominated for, by the days of the classes, the latest first."""
    return (
        Seat.objects.filter(cadre=cadre)
        .select_related("run__plan__union", "run__plan__department", "unit")
        .order_by(F("run__starts_on").desc(nulls_first=True), "-nominated_at", "-pk")
    )


def book_over(unit: Union, on: datetime.date) -> Book | None:
    """The rule book in force for the unit, or for the nearest union above that has one."""
    paths = [unit.path[:end] for end in range(_STEP, len(unit.path) + 1, _STEP)]
    books = RuleBook.objects.in_force(on).without_text().filter(union__path__in=paths)
    found = books.order_by("-union__path").first()
    return found.book if found is not None else None
