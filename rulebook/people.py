"""The figures of the person rules, as types.

A book writes them in ``rules.<code>.params``; ``PARAMETERS`` says which
there must be and what each may be. A rule that isn't listed takes none.
The readers below may trust a ``Book``: it was checked when it was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from rulebook.judges import Judge, one_of, truth, whole

if TYPE_CHECKING:
    from rulebook.schema import Book

_SHARE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class RepeatRule:
    """Not called up twice to the same business within ``months`` (重复调训).

    Counted from the earlier class's last day (``anchor`` "end") or first day
    ("start") to the corresponding day, inclusive, and held against the first
    day of the new one. ``superior_only``: only a superior union's call-ups count.
    """

    months: int
    anchor: str
    superior_only: bool


@dataclass(frozen=True)
class NewChairRule:
    """A new chair is trained within ``months`` of the appointment; ``vice``: vice-chairs too."""

    months: int
    vice: bool


def repeat_rule(book: Book) -> RepeatRule:
    params = book.rule("repeat_call_up").params
    return RepeatRule(
        months=int(params["months"]),
        anchor=str(params["anchor"]),
        superior_only=bool(params["superior_only"]),
    )


def forgotten_years(book: Book) -> int:
    """Years without training after which a person counts as forgotten (多年不训)."""
    return int(book.rule("passed_over").params["years"])


def new_chair_rule(book: Book) -> NewChairRule:
    params = book.rule("new_chair").params
    return NewChairRule(months=int(params["months"]), vice=bool(params["vice"]))


def leave_share(book: Book) -> Fraction:
    """The share of a class's hours that leave may reach; more than that is too much."""
    return Fraction(str(book.rule("leave_over").params["share"]))


def _share(value: object) -> str | None:
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return '应写成分数，加引号，如 "1/7"'
    return None if int(found[1]) < int(found[2]) else "应大于 0、小于 1"


PARAMETERS: Final[Mapping[str, Mapping[str, Judge]]] = {
    "repeat_call_up": {
        "months": whole(1, 60),
        "anchor": one_of("end", "start"),
        "superior_only": truth,
    },
    "leave_over": {"share": _share},
    "passed_over": {"years": whole(1, 10)},
    "new_chair": {"months": whole(1, 60), "vice": truth},
}
