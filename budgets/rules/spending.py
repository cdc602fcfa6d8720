"""What a payment has to have: its papers, fees within their ceiling, an invoice known by one number."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from office.wording import yuan
from rulebook.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rulebook.money import Paper, PaymentKind
    from rulebook.schema import Book


class Fee(Protocol):
    """A lecturer's fee: ``title`` is a code of the rate card, amounts are yuan."""

    @property
    def lecturer(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def hours(self) -> Decimal: ...
    @property
    def after_tax(self) -> Decimal: ...
    @property
    def before_tax(self) -> Decimal: ...


_FILLING = re.compile(r"[\s\-—_.·:#]+")


def invoice_number(text: str) -> str:
    """The number as it is compared: full width narrowed, capitals, no spaces, dashes or leading No."""
    return _FILLING.sub("", unicodedata.normalize("NFKC", text).upper()).removeprefix("NO")


def missing_papers(book: Book, kind: PaymentKind, given: Collection[str]) -> tuple[Paper, ...]:
    """The papers of that kind of payment that aren't there yet, in the book's order (X1 art. 17)."""
    return tuple(paper for paper in book.money.papers_of(kind) if paper.code not in given)


def lecture_faults(book: Book, fees: Iterable[Fee], *, explained: bool) -> list[str]:
    """What is over the ceiling for lecturers (X1 art. 10), in words; empty where nothing is.

    The ceiling is after tax, by title and 学时; before tax the card's own figure. A rule that only holds or
    warns lets it pass once it is ``explained``.
    """
    card, severity = book.rate_card, book.rule("lecture_over").severity
    if not card.enabled or severity == Severity.OFF or (explained and severity != Severity.BLOCK):
        return []
    known = {rate.code: rate for rate in card.lecture}
    faults = []
    for fee in fees:
        rate = known.get(fee.title)
        if rate is None:
            faults.append(f"{fee.lecturer}的职称不在讲课费标准中，请从列表中选。")
            continue
        for word, amount, ceiling in (
            ("税后", fee.after_tax, rate.after_tax * fee.hours),
            ("税前", fee.before_tax, rate.before_tax * fee.hours),
        ):
            if amount > ceiling:
                faults.append(
                    f"{fee.lecturer}（{rate.title}，{fee.hours.normalize():f} 学时）"
                    f"{word} {yuan(amount)} 元，"
                    f"上限 {yuan(ceiling)} 元，超 {yuan(amount - ceiling)} 元（{card.clause}）。"
                )
                break
    return faults


def lecture_beyond(book: Book, fees: Iterable[Fee]) -> Decimal:
    """By how many yuan these fees are over their ceilings together, each by what it is over more: before tax
    or after it. A title the card doesn't know has none."""
    rates = {rate.code: rate for rate in book.rate_card.lecture}
    beyond = Decimal("0.00")
    for fee in fees:
        if (rate := rates.get(fee.title)) is not None:
            after = fee.after_tax - rate.after_tax * fee.hours
            before = fee.before_tax - rate.before_tax * fee.hours
            beyond += max(Decimal(0), after, before)
    return beyond


def carry_fault(line: str, *, free: Decimal, promised: Decimal, amount: Decimal) -> str | None:
    """Why `amount` yuan of a budget line can't be carried over with its class (S21); None if they can.

    All that is free or promised leaves the line; what is promised goes along, so it has to fit.
    """
    held = f"{line}可用 {yuan(free)} 元、预占 {yuan(promised)} 元"
    if amount > free + promised:
        return (
            f"{held}，合计 {yuan(free + promised)} 元，不能结转 {yuan(amount)} 元，"
            f"差 {yuan(amount - free - promised)} 元。"
        )
    if amount < promised:
        return (
            f"{held}，结转 {yuan(amount)} 元不够随班转入的预占，差 {yuan(promised - amount)} 元；"
            "不再需要的预占请先释放。"
        )
    return None
