"""Number formats that show a date without its day: 2023年9月."""

from __future__ import annotations

import re
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

#: Of the numbers Excel keeps for the country, those that are yyyy"年"m"月" in Chinese versions.
_CHINESE: Final = frozenset({27, 36, 50, 52, 57})


def is_date(number: int, code: str | None) -> bool:
    """Whether the format shows a date or a time; ``code`` is None where the file defines none."""
    if code is None and (27 <= number <= 36 or 50 <= number <= 58):
        return True
    return bool(is_date_format(BUILTIN_FORMATS.get(number, "General") if code is None else code))


def month_only(number: int, code: str | None) -> bool:
    """Whether the format shows year and month alone; ``code`` is None where the file defines none."""
    if code is None and number in _CHINESE:
        return True
    written = BUILTIN_FORMATS.get(number, "") if code is None else code
    if not written or not is_date_format(written):
        return False
    # 日 in quotation marks is a day's name; other quoted words say nothing.
    shown = re.sub(r"\[[^\]]*\]|\\.|\"[^\"]*\"", lambda m: "d" if "日" in m[0] else "", written).lower()
    return "y" in shown and "m" in shown and not re.search(r"[dhs日]", shown)


def month_text(day: object) -> object:
    """A date of such a cell as it is shown; anything else as it is."""
    year, month = getattr(day, "year", None), getattr(day, "month", None)
    return f"{year}年{month}月" if year else day
