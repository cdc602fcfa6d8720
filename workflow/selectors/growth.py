"""经费逐年增加 (B-29): what a union was granted for training in a year, beside the year before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db.models import Sum

from budgets.models import Entry, Fund
from budgets.states import AccountKind, EntryKind
from workflow.models import GrowthReason

if TYPE_CHECKING:
    from collections.abc import Collection

ZERO: Final = Decimal("0.00")

#: Money of another year isn't granted anew.
_CARRIED: Final = (EntryKind.CARRY_IN, EntryKind.CARRY_OUT)


@dataclass(frozen=True)
class Growth:
    """What was granted in ``year`` and the year before, in yuan; ``reason``: the last that was written.

    ``awaited``: sources that had money the year before and aren't set up yet.
    ``before`` is None where nothing was granted the year before: there is nothing to compare.
    """

    year: int
    now: Decimal
    before: Decimal | None
    reason: GrowthReason | None = None
    awaited: tuple[str, ...] = ()

    @property
    def more(self) -> Decimal:
        return self.now - (self.before or ZERO)

    @property
    def shortfall(self) -> Decimal:
        """By how much it is less; 0.00 where it isn't."""
        return max(ZERO, -self.more)

    @property
    def grows(self) -> bool:
        """Whether it is more than the year before, strictly; true where there is nothing to compare."""
        return self.before is None or self.now > self.before

    def with_fund(self, source: str, amount: Decimal) -> Growth:
        """As it will be with another source set up."""
        awaited = tuple(code for code in self.awaited if code != source)
        return replace(self, now=self.now + amount, awaited=awaited)

    @property
    def percent(self) -> str:
        """+5.2%; empty where there is nothing to compare."""
        if not self.before:
            return ""
        share = self.more * 100 / self.before
        return f"{'+' if share > 0 else ''}{share:.1f}%"


def granted(union_id: int, years: Collection[int]) -> dict[int, Decimal]:
    """What was granted and added in each of the years, of all sources, what was carried over left out.

    Reversals are taken off. A year in which nothing was granted is left out. Two queries.
    """
    sums: dict[int, Decimal] = {}
    for side, sign in (("debit", 1), ("credit", -1)):
        rows = (
            Entry.objects.filter(
                **{
                    f"{side}__kind": AccountKind.SOURCE,
                    f"{side}__fund__union": union_id,
                    f"{side}__fund__year__in": tuple(years),
                }
            )
            .exclude(kind__in=_CARRIED)
            .order_by()
            .values_list(f"{side}__fund__year")
            .annotate(Sum("amount"))
        )
        for year, amount in rows:
            sums[year] = sums.get(year, ZERO) + sign * amount
    return sums


def growth_of(union_id: int, year: int) -> Growth:
    """The comparison as it stands, with the last reason of that year; four queries."""
    sums = granted(union_id, (year - 1, year))
    reason = (
        GrowthReason.objects.filter(union=union_id, year=year)
        .select_related("actor", "post__department")
        .order_by("at", "id")
        .last()
    )
    sources = Fund.objects.filter(union=union_id, year__in=(year - 1, year)).order_by("source")
    by_year = list(sources.values_list("year", "source"))
    awaited = [source for of, source in by_year if of < year and (year, source) not in by_year]
    return Growth(year, sums.get(year, ZERO), sums.get(year - 1), reason, tuple(awaited))
