"""The figures of ``travel_days``: how long arriving and leaving may take of a class's days.

财行〔2016〕540号 art. 9 allows a day each; adaptations of it (咸阳) a day for both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rulebook.judges import Judge, one_of, whole

if TYPE_CHECKING:
    from rulebook.schema import Book

CODE: Final = "travel_days"


@dataclass(frozen=True)
class TravelRule:
    """Arriving (报到) and leaving (离会) take at most ``days`` days: each, or ``together``."""

    days: int
    together: bool

    @property
    def half_days(self) -> int:
        """The limit in half-days."""
        return 2 * self.days


def travel_rule(book: Book) -> TravelRule:
    params = book.rule(CODE).params
    return TravelRule(days=int(params["days"]), together=params["count"] == "together")


PARAMETERS: Final[Mapping[str, Mapping[str, Judge]]] = {
    CODE: {"days": whole(1, 5), "count": one_of("each", "together")},
}
