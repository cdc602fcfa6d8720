"""3: who was forgotten longest in a province, page by page, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.db.models import Q

from bench import clock, national_sql
from org.models import Cadre, Union

if TYPE_CHECKING:
    from collections.abc import Callable

#: Not trained for three years.
CUT: Final = date(2024, 3, 1)
PAGE: Final = 25
FIELDS: Final = ("pk", "name", "post_title", "unit_id", "last_trained")


@dataclass(frozen=True)
class Place:
    """Where a page begins: after whom, of the cadres trained once; ``behind`` is how many come before."""

    title: str
    behind: int
    day: date
    pk: int


class Province:
    """The first province's forgotten, in SQL and in Django's own words."""

    def __init__(self) -> None:
        self.union = Union.objects.get(code="u0")
        self.parameters = {"path": self.union.path, "cut": CUT, "width": len(self.union.path)}

    def sql(self, query: str, **more: Any) -> list[tuple[Any, ...]]:
        text = query.replace("{width}", str(len(self.union.path)))
        with connection.cursor() as cursor:
            cursor.execute(text, self.parameters | more)
            return cursor.fetchall()

    def once_trained(self) -> int:
        return Cadre.objects.active().under(self.union).filter(last_trained__lt=CUT).count()

    def places(self) -> list[Place]:
        """The first page, one in the middle, the deepest."""
        total = self.once_trained()
        found = [Place("first", 0, date.min, 0)]
        for title, behind in (("middle", total // 2), ("deepest", max(total - PAGE, 1))):
            *_, last = self.sql(national_sql.DEEP_OFFSET, offset=behind - 1)[:1]
            found.append(Place(title, behind, last[4], last[0]))
        return found

    def raw(self, place: Place) -> list[tuple[Any, ...]]:
        return self.sql(national_sql.PAGE, day=place.day, id=place.pk)

    def keyset(self, place: Place) -> list[tuple[Any, ...]]:
        """The page as Django asks for it: the goal's measure."""
        rows = Cadre.objects.active().under(self.union).filter(last_trained__lt=CUT)
        if place.behind:
            rows = rows.filter(last_trained__gte=place.day).filter(
                Q(last_trained__gt=place.day) | Q(pk__gt=place.pk)
            )
        rows = rows.order_by("last_trained", "pk").only(*FIELDS)[:PAGE]
        return [tuple(getattr(row, name) for name in FIELDS) for row in rows]

    def never(self) -> list[tuple[Any, ...]]:
        """The first page of those never trained, as Django asks for it.

        In the index's own order: to PostgreSQL, IS NULL is no constant, and by key alone it would sort all.
        """
        rows = Cadre.objects.active().under(self.union).filter(last_trained__isnull=True)
        rows = rows.order_by("last_trained", "pk").only(*FIELDS)[:PAGE]
        return [tuple(getattr(row, name) for name in FIELDS) for row in rows]


def seconds(act: Callable[[], object], times: int) -> Callable[[], float]:
    return lambda: clock.once(act, times)
