"""What a reader has to say about a row: how bad it is, where, and how to mend it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


#: What our own workbooks of faulty rows add behind the sender's columns; nothing is read from these.
ROW, RESULT, PROBLEM, MEND = "原行号", "核查结果", "问题", "怎么改"
OURS: Final = frozenset({ROW, RESULT, PROBLEM, MEND})


class Status(StrEnum):
    """What becomes of a row, from best to worst (DOMAIN §4: N, W, Q, R)."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    HELD = "held"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Status.ACCEPTED: "通过",
    Status.WARNED: "提示",
    Status.HELD: "需处理",
    Status.REJECTED: "不符合",
}
_RANK = {status: rank for rank, status in enumerate(Status)}


class Problem(NamedTuple):
    """``code`` is stable, ``field`` a field of the layout or empty for the whole row; both texts Chinese."""

    code: str
    status: Status
    field: str
    message: str
    mend: str = ""


def worst(problems: Iterable[Problem]) -> Status:
    """The status of a row with these problems."""
    return max((problem.status for problem in problems), key=_RANK.__getitem__, default=Status.ACCEPTED)
