"""Charts drawn as SVG on the server: rectangles in whole tenths, no script, readable in print.

A chart is numbers for a template: the view makes no markup and the template no arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The drawing's own units.
WIDTH: Final = 960
HEIGHT: Final = 240
TOP: Final = 14
FOOT: Final = 24
LEFT: Final = 84
#: Classes of colour there are; what comes after them is drawn as the last.
TONES: Final = 8
NOTHING: Final = Decimal(0)
_STEPS: Final = tuple(map(Decimal, ("1", "1.2", "1.6", "2", "3", "4", "6", "8", "10")))


@dataclass(frozen=True)
class Block:
    """A rectangle with the words that name it."""

    x: str
    y: str
    width: str
    height: str
    tone: int
    label: str


@dataclass(frozen=True)
class Tick:
    """A line across with its amount, or a label under a column."""

    at: str
    label: str


@dataclass(frozen=True)
class Columns:
    """Stacked columns, one for each label."""

    blocks: tuple[Block, ...]
    lines: tuple[Tick, ...]
    labels: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    foot: int = HEIGHT - 6


def stacked(
    columns: Sequence[tuple[str, Mapping[str, Decimal]]],
    titles: Mapping[str, str],
    *,
    unit: str,
    together: int = 1,
    tones: Mapping[str, int] | None = None,
) -> Columns | None:
    """Columns of ``{series: amount}`` by label; ``titles`` orders the series. None where all is nothing.

    ``together``: so many columns share the label of their first, and its middle. ``unit``: "wan" writes the
    scale in 万元. ``tones``: the colour of a series that has one of its own on the page; the others take
    theirs by their order.
    A negative amount (more came back than was paid) isn't drawn: the table beside the chart has it.
    """
    heights = (sum((max(v, NOTHING) for v in parts.values()), NOTHING) for _, parts in columns)
    tallest = max(heights, default=NOTHING)
    if tallest <= 0:
        return None
    top = _round_up(tallest)
    scale = Decimal(HEIGHT - TOP - FOOT) / top
    step = Decimal(WIDTH - LEFT) / len(columns)
    bar = step * Decimal("0.56")
    blocks: list[Block] = []
    labels: list[Tick] = []
    for place, (label, parts) in enumerate(columns):
        x = LEFT + step * place + (step - bar) / 2
        base = Decimal(HEIGHT - FOOT)
        if place % together == 0:
            labels.append(Tick(_tenths(LEFT + step * place + step * together / 2), label))
        for tone, (series, title) in enumerate(titles.items()):
            amount = parts.get(series, NOTHING)
            if amount <= 0:
                continue
            height = amount * scale
            base -= height
            words = f"{label} {title} {amount:,.2f} 元"
            blocks.append(
                Block(
                    *(_tenths(x), _tenths(base), _tenths(bar), _tenths(height)),
                    min((tones or {}).get(series, tone), TONES - 1),
                    words,
                )
            )
    quarters = [top * part / 4 for part in range(5)]
    lines = tuple(Tick(_tenths(HEIGHT - FOOT - one * scale), _amount(one, unit)) for one in quarters)
    return Columns(tuple(blocks), lines, tuple(labels))


def _round_up(amount: Decimal) -> Decimal:
    """The next step of its power of ten whose quarters one reads at a glance."""
    power = Decimal(10) ** amount.adjusted()
    return next(power * step for step in _STEPS if power * step >= amount)


def _amount(amount: Decimal, unit: str) -> str:
    """In the unit the page names, without it: 15,000; 1.5."""
    return f"{(amount / 10000 if unit == 'wan' else amount).normalize():,f}"


def _tenths(value: Decimal) -> str:
    return f"{value:.1f}"
