"""Ceilings from a rate card. Pure arithmetic: no database, no clock.

Money is ``Decimal`` yuan with two places; a day is two half-days, so days
come in steps of 0.5 and one half-day counts 0.5. Whether the union uses its
card at all is ``card.enabled``: ask before calling. Source: 财行〔2016〕540号
art. 9 and 10, as far as a book carries it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rulebook.schema import RateCard

CENT = Decimal("0.01")
HALF = Decimal("0.5")

LectureBasis = Literal["before_tax", "after_tax"]


@dataclass(frozen=True)
class CeilingLine:
    """The most one item may cost: ``standard`` × people × days × sessions.

    ``standard`` is yuan per person and day, ``days`` the days of one session
    of which ``beyond_days`` count at ``beyond_rate``.
    """

    item: str
    title: str
    standard: Decimal
    people: int
    days: Decimal
    sessions: int
    amount: Decimal
    beyond_days: Decimal = Decimal(0)
    beyond_rate: Decimal = Decimal(1)

    @property
    def working(self) -> str:
        """The sum in words: ``130.00 × 55 人 × 3 天 × 2 期``."""
        text = f"{self.standard} × {self.people} 人 × {_plain(self.days)} 天"
        if self.beyond_days:
            within = _plain(self.days - self.beyond_days)
            percent = _plain(self.beyond_rate * 100)
            text += f"（{within} 天，另 {_plain(self.beyond_days)} 天按 {percent}%）"
        if self.sessions > 1:
            text += f" × {self.sessions} 期"
        return text


def days_of(half_days: int) -> Decimal:
    """Half-days as days: 1 → 0.5, 6 → 3."""
    return half_days * HALF


def counted_people(card: RateCard, *, trainees: int, staff: int) -> int:
    """Heads the daily standard is multiplied by; staff only if the card counts them."""
    return trainees + staff if card.count_staff else trainees


def ceilings(
    card: RateCard,
    *,
    class_code: str,
    people: int,
    half_days: int,
    residential: bool,
    sessions: int = 1,
) -> tuple[CeilingLine, ...]:
    """Ceiling of every item of the card, in the card's order.

    ``people`` are the heads to count (see :func:`counted_people`),
    ``half_days`` the half-days of one session. Items marked ``lodging`` are
    left out when the class isn't residential. Days of one session beyond
    ``card.full_days`` count at ``card.beyond_rate``.

    Raises ``UnknownCode`` for a class the card doesn't have, ``ValueError``
    for a negative figure or no session.
    """
    if people < 0 or half_days < 0 or sessions < 1:
        raise ValueError(f"people={people} half_days={half_days} sessions={sessions}")
    standards = card.rate_class(class_code).items
    days = days_of(half_days)
    beyond = max(days - card.full_days, Decimal(0))
    weighted = (days - beyond) + beyond * card.beyond_rate
    return tuple(
        CeilingLine(
            item=item.code,
            title=item.title,
            standard=standards[item.code],
            people=people,
            days=days,
            sessions=sessions,
            amount=_cents(standards[item.code] * people * weighted * sessions),
            beyond_days=beyond,
            beyond_rate=card.beyond_rate,
        )
        for item in card.items
        if residential or not item.lodging
    )


def total(lines: Iterable[CeilingLine]) -> Decimal:
    """Sum of the lines, two places; the items may make up for each other inside it."""
    return sum((line.amount for line in lines), Decimal("0.00"))


def daily_standard(card: RateCard, *, class_code: str, residential: bool) -> Decimal:
    """Yuan per person and day of all items that count."""
    standards = card.rate_class(class_code).items
    counted = (standards[item.code] for item in card.items if residential or not item.lodging)
    return sum(counted, Decimal("0.00"))


def lecture_ceiling(
    card: RateCard,
    *,
    title_code: str,
    hours: int | Decimal,
    sessions: int = 1,
    basis: LectureBasis = "before_tax",
) -> Decimal:
    """The most the lectures of one title may cost: rate per 学时 × hours × sessions.

    ``hours`` are those of one session. Budgets hold the amount before tax.
    Raises ``UnknownCode`` for a title the card doesn't have, ``ValueError``
    for negative hours or no session.
    """
    if hours < 0 or sessions < 1:
        raise ValueError(f"hours={hours} sessions={sessions}")
    rate = card.lecture_rate(title_code)
    standard = rate.before_tax if basis == "before_tax" else rate.after_tax
    return _cents(standard * hours * sessions)


def staff_limit(card: RateCard, trainees: int) -> int:
    """Most staff a class of so many trainees may have: share rounded down, and the fixed maximum."""
    share = (trainees * card.staff_ratio).to_integral_value(rounding=ROUND_FLOOR)
    return min(int(share), card.staff_max)


def before_tax(after_tax: Decimal) -> Decimal:
    """One payment for labour grossed up by the statutory withholding, two places.

    Withheld are 20 % of the payment less 800 yuan up to 4 000 yuan, and 20 %
    of four fifths of it beyond; nothing up to 800 yuan. The rates of a book
    are this figure for one half-day's pay, spread over its 学时.
    """
    if after_tax < 0:
        raise ValueError(f"after_tax={after_tax}")
    if after_tax <= 800:
        return _cents(after_tax)
    low = (after_tax - 160) / Decimal("0.8")
    return _cents(low if low <= 4000 else after_tax / Decimal("0.84"))


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
