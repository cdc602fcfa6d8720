"""The kinds of values a rule book is written in: figures, shares, codes, days.

Figures are read exactly: money is ``Decimal`` yuan with two places, a share is
``Decimal`` above 0 and at most 1. What doesn't fit is a fault, never a guess.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, StringConstraints
from pydantic_core import PydanticCustomError


def _decimal(value: object) -> Decimal:
    """Read a figure exactly; binary fractions and truth values are refused."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise PydanticCustomError("figure_type", '金额和比例请写成整数或带引号的小数，如 "340.00"')
    try:
        figure = Decimal(value)
    except InvalidOperation:
        raise PydanticCustomError("figure_text", '不是数字，请写成如 "340.00"') from None
    if not figure.is_finite():
        raise PydanticCustomError("figure_text", '不是数字，请写成如 "340.00"')
    return figure


def _parameter(value: object) -> object:
    if not isinstance(value, bool | int | str):
        raise PydanticCustomError("parameter", "应为文字、整数或 true / false")
    return value


def _yuan(value: Decimal) -> Decimal:
    if value < 0:
        raise PydanticCustomError("yuan_negative", "金额不能为负数")
    if value >= Decimal("1e10"):
        raise PydanticCustomError("yuan_large", "金额过大，单位是元")
    cents = value.quantize(Decimal("0.01"))
    if cents != value:
        raise PydanticCustomError("yuan_places", "金额最多两位小数，单位是元")
    return cents


def _share(value: Decimal) -> Decimal:
    if not 0 < value <= 1:
        raise PydanticCustomError("share_range", '比例应大于 0、不超过 1，如 "0.10" 表示 10%')
    return Decimal(format(value.normalize(), "f"))


def _day_of_year(value: str) -> str:
    try:
        # A year that is not a leap year: the window must exist every year.
        moment = dt.date.fromisoformat(f"2001-{value}")
    except ValueError:
        raise PydanticCustomError("month_day", '应写成“月-日”，如 "01-31"，且每年都有这一天') from None
    return moment.strftime("%m-%d")


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=40)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Yuan = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_yuan)]
Share = Annotated[Decimal, BeforeValidator(_decimal), AfterValidator(_share)]
Parameter = Annotated[bool | int | str, BeforeValidator(_parameter)]
# The letters before the bracketed year of a document number, such as 滨工发 in 滨工发〔2018〕3号.
Prefix = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s0-9〔〕\[\]（）()]+$", max_length=20)
]
MonthDay = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{2}$"), AfterValidator(_day_of_year)]
T = TypeVar("T")
# TOML has lists and plain text only; tuples and enums are made from them.
Rows = Annotated[tuple[T, ...], Strict(False)]


class Strictly(BaseModel):
    """Base of all parts: frozen, no unknown keys, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=False)
