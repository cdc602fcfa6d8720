"""``{% load amounts %}``: yuan in the unit a page was asked for (``?unit=wan``)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django import template

from office.wording import yuan

register = template.Library()

WAN = "wan"


@register.filter
def money(amount: Decimal | None, unit: str = "") -> str:
    """``34,860.00``, or ``3.49`` where the unit is 万元; nothing for None."""
    if amount is None:
        return ""
    if unit == WAN:
        return f"{(amount / 10000).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    return yuan(amount)


@register.filter
def thousands(number: int | None) -> str:
    """``4325`` → ``4,325``; nothing for None."""
    return "" if number is None else f"{number:,}"
