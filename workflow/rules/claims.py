"""A payment of a class as it is filled in, before it is booked, and how what is odd about it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow.rules.findings import Finding

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Sequence
    from decimal import Decimal
    from typing import Protocol

    from budgets.models import Project
    from budgets.rules import Fee
    from rulebook.money import PaymentKind

    class Billed(Protocol):
        """An invoice as typed; ``amount`` is what stands on it in yuan, where somebody wrote it."""

        @property
        def number(self) -> str: ...
        @property
        def amount(self) -> Decimal | None: ...


@dataclass(frozen=True)
class Claim:
    """A payment as it is filled in; what isn't typed yet is empty.

    ``lines``: the budget lines it is taken from. ``uploaded``: the codes of the papers a file is there for.
    ``unnumbered``: what stands in place of invoices with a number (定额发票, 收据).
    """

    project: Project
    kind: PaymentKind
    session_no: int | None
    total: Decimal
    lines: Collection[int] = ()
    paid_on: datetime.date | None = None
    invoices: Sequence[Billed] = ()
    fees: Sequence[Fee] = ()
    uploaded: Collection[str] = ()
    unnumbered: str = ""


def odd(
    code: str,
    severity: str,
    title: str,
    message: str,
    clause: str,
    mend: str = "",
    link: tuple[str, int, str] | None = None,
) -> Finding:
    """What is odd, and the page where it is mended: ``link`` is (page, key, text)."""
    links = [] if link is None else [{"page": link[0], "pk": link[1], "text": link[2]}]
    return Finding(code, str(severity), title, message, clause, mend, links=links)
