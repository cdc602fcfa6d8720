"""多年不训: who has gone longest without training, page by page from where one is; nothing is counted off.

Both lists lie in the index of the union's depth (``cadre_untrained_*``) as they are shown: a page costs the
same at any depth of it. The kept ``last_trained`` stands for the records (``audit_training`` proves it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from org.models import Cadre
from org.states import CadreKind, Leadership

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from org.models import Union
    from org.models.cadres import CadreQuerySet

PAGE: Final = 25


class Place(NamedTuple):
    """Where one is in a list: the day it is ordered by, None among those never trained, and the cadre."""

    day: datetime.date | None
    pk: int


class Overlooked(NamedTuple):
    """What a line of either list shows of a cadre, and no more is read; ``unit`` is its name."""

    pk: int
    name: str
    unit: str | None
    post_title: str
    kind: str
    appointed_on: datetime.date | None
    last_trained: datetime.date | None

    @property
    def kind_label(self) -> str:
        """专职, 兼职 …; empty where it isn't known."""
        return CadreKind(self.kind).label if self.kind else ""


_COLUMNS: Final = ("pk", "name", "unit__name", "post_title", "kind", "appointed_on", "last_trained")


class Stretch(NamedTuple):
    """A page of a list. ``before`` and ``after``: ask for what is beyond its first and last row, if any."""

    rows: list[Overlooked]
    before: Place | None
    after: Place | None


def forgotten(
    union: Union,
    *,
    cut: datetime.date,
    never: bool = False,
    after: Place | None = None,
    before: Place | None = None,
    count: int = PAGE,
) -> Stretch:
    """Cadres in office of the union and below who were last trained before ``cut``, the longest ago first;
    with ``never`` those who never were, as they were entered. The page ``after`` or ``before`` a place, else
    the first. One query.
    """
    if never:
        rows = _of(union).filter(last_trained__isnull=True)
        # In the index's own order: to PostgreSQL IS NULL is no constant, by key alone it would sort them all.
        order = ("last_trained", "pk")
        if after is not None:
            rows = rows.filter(pk__gt=after.pk)
        if before is not None:
            rows = rows.filter(pk__lt=before.pk)
    else:
        rows = _of(union).filter(last_trained__lt=cut)
        order = ("last_trained", "pk")
        rows = _beyond(rows, "last_trained", after, before)
    return _stretch(rows, order, after, before, count, lambda row: row.last_trained)


def count_forgotten(union: Union, *, cut: datetime.date, never: bool, most: int) -> int:
    """How many there are, counted no further than ``most``."""
    rows = _of(union).filter(last_trained__isnull=True) if never else _of(union).filter(last_trained__lt=cut)
    return rows.order_by()[:most].count()


def new_chairs(
    union: Union,
    *,
    since: datetime.date,
    until: datetime.date,
    vice: bool,
    after: Place | None = None,
    before: Place | None = None,
    count: int = PAGE,
) -> Stretch:
    """Chairs, with ``vice`` vice-chairs too, appointed from ``since`` to ``until`` and not trained after it,
    the earliest appointed first (A-23, S13). One query.
    """
    rows = _of(union).filter(
        Q(last_trained=None) | Q(last_trained__lt=F("appointed_on")),
        appointed_on__gte=since,
        appointed_on__lte=until,
        leadership__in=[Leadership.CHAIR, *([Leadership.VICE_CHAIR] if vice else [])],
    )
    rows = _beyond(rows.exclude(leadership=""), "appointed_on", after, before)
    return _stretch(rows, ("appointed_on", "pk"), after, before, count, lambda row: row.appointed_on)


def _of(union: Union) -> CadreQuerySet:
    return Cadre.objects.active().under(union)


def _beyond(rows: CadreQuerySet, field: str, after: Place | None, before: Place | None) -> CadreQuerySet:
    """Rows compared as a whole, (day, key): the index is entered right there."""
    here = Tuple(F(field), F("pk"))
    if after is not None:
        rows = rows.filter(TupleGreaterThan(here, (after.day, after.pk)))
    if before is not None:
        rows = rows.filter(TupleLessThan(here, (before.day, before.pk)))
    return rows


def _stretch(
    rows: CadreQuerySet,
    order: tuple[str, str],
    after: Place | None,
    before: Place | None,
    count: int,
    day: Callable[[Overlooked], datetime.date | None],
) -> Stretch:
    backwards = before is not None
    ordered = rows.order_by(*(f"-{name}" if backwards else name for name in order))
    found = [Overlooked(*row) for row in ordered.values_list(*_COLUMNS)[: count + 1]]
    more = len(found) > count
    found = found[:count]
    if backwards:
        found.reverse()
    if not found:
        return Stretch([], None, None)
    first, last = (Place(day(row), row.pk) for row in (found[0], found[-1]))
    has_before = more if backwards else after is not None
    has_after = True if backwards else more
    return Stretch(found, first if has_before else None, last if has_after else None)
