"""A list of people as judged rows; every row of the file is accounted for once (DOMAIN §4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from org.excel.problems import Status

if TYPE_CHECKING:
    from org.excel.headers import Header, Skipped
    from org.excel.problems import Problem


class UnitChoice(NamedTuple):
    """A unit a text may mean. ``note``: what to tell of it (an old name, a dissolved unit), then warned."""

    pk: int
    name: str
    note: str = ""


class UnitMatch(NamedTuple):
    """What a unit's name in a file means: no choice unknown, one known, more homonyms to choose from."""

    choices: tuple[UnitChoice, ...] = ()


@dataclass(slots=True)
class RosterRow:
    """One entry of the file. ``number`` is the row of the sheet from 1, ``duplicate_of`` the number of the
    row that already says the same person. ``values`` holds every field of the layout that has a column, and
    what follows from them: ``identity_kind``, ``identity_former``, ``unit_id``, ``born_precision`` …;
    an empty or unreadable cell is None.
    """

    number: int
    values: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    status: Status = Status.ACCEPTED
    hidden: bool = False
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds. ``rows``, ``skipped``, ``blank`` and the header's rows cover the sheet once."""

    sheet: str
    sheets: tuple[str, ...]
    header: Header
    rows: list[RosterRow]
    skipped: tuple[Skipped, ...]
    blank: tuple[int, ...]
    notes: tuple[str, ...]
