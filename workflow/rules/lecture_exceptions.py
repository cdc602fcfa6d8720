"""讲课费 over its ceiling (X1 art. 10): how much of it a decided exception of the second gate lets be paid.

The 师资费 of a 期 stands in its 开班申请 and in each 变更申请. Where it is over what the lecturers of the
timetable may have, the rule `lecture_over` holds the request and whoever agrees does so in his own words:
that decision is the exception, and it is for as much as was asked for beyond the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from budgets.rules import lecture_beyond
from office.wording import yuan
from workflow.costs import LECTURE
from workflow.rules.run_checks import lecture_ceiling
from workflow.rules.terms import RunTerms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from budgets.models import LectureFee
    from rulebook.schema import Book
    from workflow.models import RunRequest

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class Allowance:
    """Yuan beyond the ceiling: ``allowed`` by decided exceptions, and ``used`` by what was paid already."""

    allowed: Decimal = ZERO
    used: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return max(ZERO, self.allowed - self.used)

    @property
    def text(self) -> str:
        """批准超标准 1,000.00 元，已付 200.00 元."""
        return f"批准超标准 {yuan(self.allowed)} 元" + (f"，已付 {yuan(self.used)} 元" if self.used else "")


def allowance(book: Book, requests: Iterable[RunRequest], paid: Iterable[LectureFee]) -> Allowance:
    """What the approved ``requests``, the last one of each 期 with its book, allow; ``paid``: the fees of
    these 期 that stand, by whose titles and 学时 and ``book`` it is worked out what was used."""
    allowed = ZERO
    for request in requests:
        terms = RunTerms.from_json(request.content)
        allowed += max(ZERO, terms.costs.get(LECTURE, ZERO) - lecture_ceiling(terms, request.judged_by))
    return Allowance(allowed, lecture_beyond(book, paid))
