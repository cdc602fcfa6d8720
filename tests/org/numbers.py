"""Made-up identity numbers that pass every check."""

from __future__ import annotations

import datetime

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident(serial: int, *, born: datetime.date = datetime.date(1980, 6, 12), area: str = "110105") -> str:
    """The ``serial``-th number (from 0): a thousand a day of birth from ``born`` on."""
    days, order = divmod(serial, 1000)
    body = f"{area}{born + datetime.timedelta(days=days):%Y%m%d}{order:03}"
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]
