"""Whom a class is for, as far as the register of cadres can say.

A plan names its audience by the book's own codes (``town``, ``full-time``, ``informant``), the register
knows levels of unions, 专兼职, chairs and committees. An entry of the book is judged by the register where
one of its words is the office's word for something the register knows; where one of the entries named
can't be judged, nobody is said to be outside: absence of proof is no finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from org.states import CadreKind, Leadership, UnionLevel
from rulebook.people import new_chair_rule
from rulebook.schema import UnknownCode
from workflow.rules.corresponding import months_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from rulebook.schema import Book, Entry
    from workflow.models import ClassPlan

#: Words for levels of unions that leave nothing else to be meant.
_LEVELS: Final[dict[str, tuple[str, ...]]] = {
    UnionLevel.NATIONAL: ("全总机关", "全国级"),
    UnionLevel.PROVINCE: ("省总机关", "省级", "省总工会机关"),
    UnionLevel.CITY: ("市总机关", "市级", "市总工会机关"),
    UnionLevel.DISTRICT: ("区总机关", "区级", "县级", "区总工会机关", "县总工会机关"),
    UnionLevel.TOWN: ("街镇", "乡镇", "乡镇街道", "乡镇（街道）", "街镇工会"),
    UnionLevel.GRASSROOTS: ("基层工会", "基层", "基层级", "基层单位工会"),
}
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    CadreKind.FULL_TIME: ("专职", "专职工会干部", "专职干部"),
    CadreKind.PART_TIME: ("兼职", "兼职工会干部", "兼职干部"),
    CadreKind.SECONDED: ("挂职", "挂职干部"),
    CadreKind.SOCIALIZED: ("社会化工会工作者", "社会化工作者", "社工"),
}
_LEADERSHIP: Final[dict[str, tuple[str, ...]]] = {
    Leadership.CHAIR: ("主席", "工会主席"),
    Leadership.VICE_CHAIR: ("副主席", "工会副主席"),
}
_COMMITTEE: Final = ("三委委员",)
_NEW_CHAIR: Final = ("新任工会主席", "新任主席")


@dataclass(frozen=True)
class Audience:
    """``levels`` None and ``posts_known`` False: everybody may belong to it."""

    levels: frozenset[str] | None = None
    posts_known: bool = False
    kinds: frozenset[str] = frozenset()
    leaderships: frozenset[str] = frozenset()
    committee: bool = False
    appointed_since: date | None = None
    #: The audience in the plan's words, for the message.
    words: tuple[str, ...] = field(default=())


def audience_of(plan: ClassPlan, book: Book, first_day: date) -> Audience:
    """What the register can hold a candidate of ``plan`` against on the first day of the class."""
    levels = _both(_levels(plan.audience_units, book.unit), _levels(plan.audience_levels, book.level))
    words = _told(plan, book)
    posts = [_entry(code, book.post) for code in plan.audience_posts]
    kinds, leaderships = _matching(posts, _KINDS), _matching(posts, _LEADERSHIP)
    committee, new_chair = _any(posts, _COMMITTEE), _any(posts, _NEW_CHAIR)
    known = bool(posts) and all(
        entry is not None and _says(entry, (*_words(_KINDS), *_words(_LEADERSHIP), *_COMMITTEE, *_NEW_CHAIR))
        for entry in posts
    )
    since = months_before(first_day, new_chair_rule(book).months) if new_chair else None
    return Audience(levels, known, kinds, leaderships, committee, since, words)


def _told(plan: ClassPlan, book: Book) -> tuple[str, ...]:
    """The audience in the book's words, each once: “街镇、系统一级” names its units already."""
    levels = book.titles(plan.audience_levels)
    named = [part for title in levels for part in title.removesuffix("一级").split("、")]
    units = [_entry(code, book.unit) for code in plan.audience_units]
    kept = [
        code
        for code, entry in zip(plan.audience_units, units, strict=True)
        if entry is None or not any(entry.answers_to(part) for part in named)
    ]
    return tuple(dict.fromkeys([*book.titles(kept), *levels, *book.titles(plan.audience_posts)]))


def _levels(codes: Iterable[str], find: Callable[[str], Entry]) -> frozenset[str] | None:
    entries = [_entry(code, find) for code in codes]
    if not entries or not all(entry is not None and _says(entry, _words(_LEVELS)) for entry in entries):
        return None
    return _matching(entries, _LEVELS)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _entry(code: str, find: Callable[[str], Entry]) -> Entry | None:
    try:
        return find(code)
    except UnknownCode:
        return None


def _words(table: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for words in table.values() for word in words)


def _says(entry: Entry, words: Iterable[str]) -> bool:
    return any(entry.answers_to(word) for word in words)


def _any(entries: Iterable[Entry | None], words: Iterable[str]) -> bool:
    return any(entry is not None and _says(entry, words) for entry in entries)


def _matching(entries: Iterable[Entry | None], table: dict[str, tuple[str, ...]]) -> frozenset[str]:
    found = [entry for entry in entries if entry is not None]
    return frozenset(
        str(value) for value, words in table.items() if any(_says(entry, words) for entry in found)
    )
