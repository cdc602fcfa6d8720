"""Amounts of money as people and programs write them in a cell."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

from org.excel.grid import ERRORS
from org.excel.readings import EMPTY, Reading, broken, plain, rejected

CENT: Final = Decimal("0.01")
LIMIT: Final = Decimal(10) ** 12
_FIGURE: Final = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+")
_MEND: Final = "请只填数字，以元为单位，如 1234.50。"


def read_amount(value: Any, *, field: str, title: str) -> Reading:
    """Yuan with two places, below nought where the cell says so: ``-500``, ``(500.00)``, ``￥1,234.50元``.

    A number of a spreadsheet is taken to the cent it means (1234.5 is stored as 1234.4999…); a third place
    that isn't nought is refused, as is 万元: what was meant isn't guessed.
    """
    if isinstance(value, bool):
        return rejected("amount_unreadable", field, f"{title}“{plain(value)}”不是金额。", _MEND)
    if isinstance(value, (int, float)):
        return _made(Decimal(repr(value)), field, title, plain(value), exact=False)
    text = unicodedata.normalize("NFKC", plain(value))
    if text in ERRORS or text.startswith("="):
        return broken(field, title, text)
    bare = re.sub(r"[\s¥$]|元$|RMB|CNY", "", text).replace("−", "-").replace("–", "-")
    if bare in {"", "-", "--", "—", "——"}:
        return EMPTY
    below = bare.startswith("-") or (bare.startswith("(") and bare.endswith(")"))
    figure = bare.strip("()").removeprefix("-").removeprefix("+")
    if not _FIGURE.fullmatch(figure):
        return rejected("amount_unreadable", field, f"{title}“{text[:30]}”不是金额。", _MEND)
    number = Decimal(figure.replace(",", ""))
    return _made(-number if below else number, field, title, text, exact=True)


def _made(number: Decimal, field: str, title: str, text: str, *, exact: bool) -> Reading:
    if not number.is_finite() or abs(number) >= LIMIT:
        return rejected("amount_range", field, f"{title}“{text[:30]}”太大，不是一笔支出。", "请核对金额。")
    cents = number.quantize(CENT)
    if abs(number - cents) > (0 if exact else Decimal("0.000001")):
        return rejected("amount_places", field, f"{title}“{text[:30]}”多于两位小数。", _MEND)
    return Reading(cents + 0, str(cents + 0))
