"""How figures, days and moments are written for people."""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

CENT = Decimal("0.01")
TEN_THOUSAND = Decimal(10000)

CAPITALS = "零壹贰叁肆伍陆柒捌玖"
UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))
BEYOND_WORDS = Decimal(10) ** 16


def yuan(amount: Decimal) -> str:
    """``34860`` → ``34,860.00``."""
    return f"{_cents(amount):,}"


def wan(amount: Decimal) -> str:
    """``34860`` → ``3.49 万元``."""
    return f"{(amount / TEN_THOUSAND).quantize(CENT, ROUND_HALF_UP):,} 万元"


def capital_yuan(amount: Decimal) -> str:
    """``34860`` → ``叁万肆仟捌佰陆拾元整``, as bills and forms want it.

    Rounded to 分. 整 closes whole 元 and 角, so that nothing can be added.
    Raises ``ValueError`` from 10^16 on.
    """
    amount = _cents(amount)
    if abs(amount) >= BEYOND_WORDS:
        raise ValueError("amount too large to be written out")
    sign = "负" if amount < 0 else ""
    whole, cents = divmod(int(abs(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    words = f"{_capital_integer(whole)}元" if whole or not cents else ""
    if jiao:
        words += f"{CAPITALS[jiao]}角"
    elif fen and whole:
        words += "零"
    words += f"{CAPITALS[fen]}分" if fen else "整"
    return sign + words


def percent(part: Decimal, whole: Decimal) -> int:
    """``part`` of ``whole`` in whole percent, half up: 6,860 of 36,680 → 19.

    Short of the whole by however little is never 100 yet; of nothing it is 0.
    """
    if not whole:
        return 0
    share = int((part * 100 / whole).quantize(Decimal(1), ROUND_HALF_UP))
    return 99 if share == 100 and part < whole else share


def percent_text(part: Decimal, whole: Decimal) -> str:
    """``19%``; ``不足1%`` for what is something and would read as nothing."""
    share = percent(part, whole)
    return "不足1%" if share == 0 and whole and part > 0 else f"{share}%"


def mask_phone(phone: str) -> str:
    """``13812341206`` → ``····1206``; too short a number shows nothing of itself."""
    if not phone.strip():
        return ""
    digits = [char for char in phone if char.isdigit()]
    return "····" + ("".join(digits[-4:]) if len(digits) > 6 else "")


def chinese_date(day: datetime.date) -> str:
    """``2027年6月1日``; a moment is taken in the office's time zone."""
    if isinstance(day, datetime.datetime):
        day = timezone.localtime(day).date()
    return f"{day.year}年{day.month}月{day.day}日"


def moment(at: datetime.datetime, now: datetime.datetime | None = None) -> str:
    """``1月20日 10:40``; with the year in front unless it is the year of ``now``."""
    local = timezone.localtime(at)
    this_year = timezone.localtime(now or timezone.now()).year
    year = "" if local.year == this_year else f"{local.year}年"
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


def lasting(span: datetime.timedelta) -> str:
    """``3 小时``, ``1 天 2 小时``; below an hour in minutes, rounded down; a negative span counts as none."""
    minutes = max(0, int(span.total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时"
    return f"{minutes} 分钟" if minutes else "不到 1 分钟"


def days_text(half_days: int) -> str:
    """Half-days as days: ``4`` → ``2``, ``1`` → ``0.5``."""
    whole, half = divmod(abs(half_days), 2)
    return f"{'-' if half_days < 0 else ''}{whole}{'.5' if half else ''}"


def _cents(amount: Decimal) -> Decimal:
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # no "-0.00"


def _capital_integer(number: int) -> str:
    """A whole number in capitals; one 零 stands for every gap between two written digits."""
    for value, unit in UNITS:
        if number >= value:
            high, rest = divmod(number, value)
            words = _capital_integer(high) + unit
            if not rest:
                return words
            return words + (CAPITALS[0] if rest < value // 10 else "") + _capital_integer(rest)
    return CAPITALS[number]
