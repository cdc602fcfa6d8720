"""What a plan's money goes to: the rate card's items, and beside them what the quota isn't for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rulebook.schema import Book

#: The lines every plan has beside the rate card's own: what lecturers are paid, and their travel, stand apart
#: from the comprehensive quota (X1 art. 10). Only the first is held against the fees of the card.
LECTURE: Final = "lecture"
LECTURER_TRAVEL: Final = "lecturer_travel"
#: In the order of every list, after the card's items.
COST_TITLES: Final = {LECTURE: "师资费（税前）", LECTURER_TRAVEL: "师资差旅费"}
#: X1 art. 10(2): what 师资差旅费 is made of; no figure of the card limits it.
TRAVEL_HINT: Final = "城市间交通费按差旅费规定，食宿按本办法标准；综合定额之外另列"


def cost_titles(book: Book) -> dict[str, str]:
    """What cost items are called, in the order of :func:`in_card_order`."""
    return {item.code: item.title for item in book.rate_card.items} | COST_TITLES


def in_card_order(items: Iterable[str], book: Book) -> list[str]:
    """Cost items as the rate card lists them, then what stands beside it, then what neither knows."""
    order = {code: number for number, code in enumerate(cost_titles(book))}
    return sorted(items, key=lambda item: (order.get(item, len(order)), item))


def apart_last(items: Iterable[str]) -> list[str]:
    """The items as they come, what stands beside the quota moved to the end: where books are mixed."""
    places = {code: number for number, code in enumerate(COST_TITLES, start=1)}
    return sorted(items, key=lambda item: places.get(item, 0))
