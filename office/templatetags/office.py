"""``{% load office %}``: the wordings of :mod:`office.wording` as filters. Nothing (None, "") stays empty."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django import template

from office import wording

if TYPE_CHECKING:
    from django.template import Context

register = template.Library()


def _blank(value: object) -> bool:
    return value is None or value == ""


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


@register.filter
def yuan(amount: object) -> str:
    return "" if _blank(amount) else wording.yuan(_decimal(amount))


@register.filter
def wan(amount: object) -> str:
    return "" if _blank(amount) else wording.wan(_decimal(amount))


@register.filter
def capital(amount: object) -> str:
    return "" if _blank(amount) else wording.capital_yuan(_decimal(amount))


@register.filter
def phone(number: str | None) -> str:
    return wording.mask_phone(number or "")


@register.filter
def cdate(day: datetime.date | None) -> str:
    return wording.chinese_date(day) if isinstance(day, datetime.date) else ""


@register.filter
def moment(at: datetime.datetime | None, now: datetime.datetime | None = None) -> str:
    return wording.moment(at, now) if isinstance(at, datetime.datetime) else ""


@register.filter
def lasting(span: datetime.timedelta | None) -> str:
    return wording.lasting(span) if isinstance(span, datetime.timedelta) else ""


@register.filter
def days(half_days: int | str | None) -> str:
    return "" if half_days is None or half_days == "" else wording.days_text(int(half_days))


@register.simple_tag(takes_context=True)
def qs(context: Context, **replaced: object) -> str:
    """``?…``: the current query string with these keys replaced; an empty value takes the key out."""
    query = context["request"].GET.copy()
    for key, value in replaced.items():
        if _blank(value):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"
