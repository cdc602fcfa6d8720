"""3: who was forgotten longest in a province, page by page, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from bench import clock, national_sql
from org.models import Cadre, Union
from org.selectors.forgotten import Overlooked, count_forgotten, forgotten
from org.selectors.forgotten import Place as Reached

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

    def never_deepest(self) -> int:
        """The key of the cadre before the last page of those never trained."""
        rows = Cadre.objects.active().under(self.union).filter(last_trained__isnull=True)
        total = rows.count()
        return rows.order_by("last_trained", "pk").values_list("pk", flat=True)[max(total - PAGE - 1, 0)]

    def raw(self, place: Place) -> list[tuple[Any, ...]]:
        return self.sql(national_sql.PAGE, day=place.day, id=place.pk)

    def keyset(self, place: Place) -> list[Cadre]:
        """The page as Django asks for it: the goal's measure."""
        rows = Cadre.objects.active().under(self.union).filter(last_trained__lt=CUT)
        if place.behind:
            rows = rows.filter(last_trained__gte=place.day).filter(
                Q(last_trained__gt=place.day) | Q(pk__gt=place.pk)
            )
        return list(rows.order_by("last_trained", "pk").only(*FIELDS)[:PAGE])

    def never(self, beyond: int = 0) -> list[Cadre]:
        """A page of those never trained, as Django asks for it.

        In the index's own order: to PostgreSQL, IS NULL is no constant, and by key alone it would sort all.
        """
        rows = Cadre.objects.active().under(self.union).filter(last_trained__isnull=True)
        if beyond:
            rows = rows.filter(pk__gt=beyond)
        return list(rows.order_by("last_trained", "pk").only(*FIELDS)[:PAGE])

    def product(self, place: Place) -> list[Overlooked]:
        after = Reached(place.day, place.pk) if place.behind else None
        return forgotten(self.union, cut=CUT, after=after).rows

    def product_never(self, beyond: int = 0) -> list[Overlooked]:
        after = Reached(None, beyond) if beyond else None
        return forgotten(self.union, cut=CUT, never=True, after=after).rows

    def product_count(self) -> int:
        """Both segments, none left uncounted."""
        return sum(
            count_forgotten(self.union, cut=CUT, never=never, most=10_000_000) for never in (False, True)
        )


def _same(title: str, ours: list[Overlooked], theirs: list[Cadre]) -> None:
    if [cadre.pk for cadre in ours] != [cadre.pk for cadre in theirs] or len(ours) != PAGE:
        raise RuntimeError(f"{title} of the forgotten differs")


def pages(province: Province, *, rounds: int, times: int) -> dict[str, dict[str, clock.Series]]:
    """By page: the product's, Django's keyset, and SQL alone where there is one."""
    measured = {}
    for place in province.places():
        title = f"{place.title} page ({place.behind:,} before it)"
        _same(title, province.product(place), province.keyset(place))
        if [row[0] for row in province.raw(place)] != [cadre.pk for cadre in province.keyset(place)]:
            raise RuntimeError(f"{title}: SQL and Django differ")
        measured[title] = clock.in_turns(
            {
                "product": lambda at=place: clock.once(lambda: province.product(at), times),
                "keyset": lambda at=place: clock.once(lambda: province.keyset(at), times),
                "raw": lambda at=place: clock.once(lambda: province.raw(at), times),
            },
            rounds,
        )
    for title, beyond in (("first", 0), ("deepest", province.never_deepest())):
        title = f"{title} page of the never trained"
        _same(title, province.product_never(beyond), province.never(beyond))
        measured[title] = clock.in_turns(
            {
                "product": lambda at=beyond: clock.once(lambda: province.product_never(at), times),
                "keyset": lambda at=beyond: clock.once(lambda: province.never(at), times),
            },
            rounds,
        )
    return measured


def counts(province: Province, *, rounds: int) -> tuple[dict[str, clock.Series], int]:
    """How long the count takes from the kept column and from the records, and what it is."""
    column = national_sql.FORGOTTEN_COLUMN
    found = {
        province.product_count(),
        province.sql(column)[0][0],
        province.sql(national_sql.FORGOTTEN_COUNT)[0][0],
    }
    if len(found) != 1:
        raise RuntimeError(f"the forgotten are counted as {sorted(found)}")
    series = clock.in_turns(
        {
            "product": lambda: clock.once(province.product_count, 3),
            "column": lambda: clock.once(lambda: province.sql(column), 3),
            "records": lambda: clock.once(lambda: province.sql(national_sql.FORGOTTEN_COUNT), 1),
        },
        rounds,
    )
    return series, found.pop()
