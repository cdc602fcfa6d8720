"""A list of people as it is checked: its lines, who they turn out to be, what is said of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow.rules.findings import worst

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from workflow.rules.findings import Finding


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a list of people.

    ``row`` is what the reader knows the line by. He is known by ``cadre_id`` or by ``digests``, those of his
    identity number under every key (:func:`office.sealing.digests`), never by ``name``, which is only held
    against the register's. ``unit_id``: whose list he is on, where several units are checked at once.
    """

    row: int
    cadre_id: int | None = None
    digests: tuple[UUID, ...] = ()
    name: str = ""
    unit_id: int | None = None


class Known(NamedTuple):
    """Who a candidate is in the register: key, name, and his unit of today."""

    cadre_id: int
    name: str
    unit_id: int | None
    path: str


class Allotment(NamedTuple):
    """A unit's line of the quota table."""

    unit_id: int
    path: str
    name: str
    seats: int
    reserve: int


@dataclass(frozen=True)
class Checked:
    """What is said of a list, in its order: ``findings`` worst first.

    ``reserves``: the numbers (from 0) of those beyond their unit's quota, who stand as 候补. ``taken``: the
    formal seats each unit holds already. ``deadline``: of the notice, None before it is written.
    """

    findings: list[list[Finding]]
    persons: Mapping[int, Sequence[Any]]
    reserves: frozenset[int]
    quotas: tuple[Allotment, ...]
    taken: dict[int, int]
    deadline: str | None

    @cached_property
    def known(self) -> list[Known | None]:
        """Who each of them is in the register; None for the unknown."""
        return [
            Known(row[2], row[3], row[5], row[6]) if (row := self.persons.get(index)) is not None else None
            for index in range(len(self.findings))
        ]

    def worst(self, index: int) -> str:
        """The gravest severity of a line, ``pass`` for none."""
        return worst(self.findings[index])
