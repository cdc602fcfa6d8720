"""Which book counts."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from office.prepared import Prepared
from office.refusals import Refused
from rulebook.models import RuleBook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from org.models import Union
    from rulebook.schema import Book


_IN_FORCE: Prepared[RuleBook] = Prepared(
    lambda union, on: RuleBook.objects.in_force(on).without_text().filter(union=union).order_by()[:1],
    union=int,
    on=datetime.date,
)


def book_for(union: Union, on: datetime.date) -> RuleBook:
    """The edition in force for ``union`` on ``on``; ``Refused`` if there is none.

    One query, and one more where this process meets the content for the first time.
    """
    found = _IN_FORCE.first(union=union.pk, on=on)
    if found is None:
        raise Refused(f"{union}在 {on:%Y-%m-%d} 没有施行中的制度，请先载入（manage.py load_rulebook）")
    return found


def book_or_none(union: Union, on: datetime.date) -> Book | None:
    """What the edition in force says; None where there is none."""
    found = _IN_FORCE.first(union=union.pk, on=on)
    return None if found is None else found.book


def books_by_id(ids: Iterable[int]) -> dict[int, Book]:
    """Content by row id, one query; unknown ids are left out."""
    return {row.pk: row.book for row in RuleBook.objects.in_bulk(set(ids)).values()}
