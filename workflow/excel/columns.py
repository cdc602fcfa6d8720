"""What a column of the plan form is, how headers are compared, and what an export writes into a cell."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from office.wording import days_text
from workflow import timing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workflow.models import ClassPlan

LODGED, DAILY = "住宿", "走读"
TENTATIVE = "（拟）"


class Kind(Enum):
    """How a cell of the column is read."""

    IGNORED = "ignored"
    TEXT = "text"
    CHOICE = "choice"
    MANY = "many"
    COUNT = "count"
    HOURS = "hours"
    DAYS = "days"
    MONEY = "money"
    TIME = "time"
    PLACE = "place"
    PHONE = "phone"
    IDENTITY = "identity"


@dataclass(frozen=True)
class Option:
    """One value of a closed list: what is stored, what stands in the cell, what else means it."""

    code: str
    title: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One column. ``key``: a field of the plan, ``module:<code>``, ``cost:<item>``, ``number``, ``total`` or
    ``identity``. ``same_down``: a vertical merge says the same of each row; elsewhere (names, people, money)
    it would multiply, and is a fault. ``extra``: to the right of what is printed and signed.
    """

    key: str
    title: str
    kind: Kind
    width: float
    hint: str
    names: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    example: str = ""
    required: bool = False
    same_down: bool = False
    extra: bool = False
    most: int = 0

    @cached_property
    def lookup(self) -> Mapping[str, str]:
        """What a cell may say → the code it means."""
        found: dict[str, str] = {}
        for option in self.options:
            for name in (option.title, option.code, f"{option.code}{option.title}", *option.names):
                found.setdefault(squeeze(name), option.code)
        return found


@lru_cache(maxsize=4096)
def squeeze(text: str) -> str:
    """Text as it is compared: width and case folded, no spaces, no quotation marks."""
    return re.sub(r"[\s\u200b\ufeff“”\"‘’'`]", "", unicodedata.normalize("NFKC", text)).casefold()


def heading(text: str) -> tuple[str, Decimal]:
    """A header as it is compared, without its unit, and how many yuan one of its unit is."""
    plain = squeeze(text)
    scale = Decimal(10_000) if "万元" in plain else Decimal(1)
    plain = re.sub(r"[(\[【].*?[)\]】]", "", plain)
    return re.sub(r"[*★:/、,，。.·\-—_]|必填|每期|万?元$", "", plain), scale


def written(column: Column, plan: ClassPlan, costs: Mapping[str, Decimal]) -> str | int | Decimal | None:
    """What an export writes into the cell of ``plan``; None leaves it empty. The reader reads it back."""
    head, _, tail = column.key.partition(":")
    match column.key if not tail else head:
        case "number" | "total":
            return None
        case "identity":
            return f"{plan.pk}-{plan.revision}" if plan.pk else None
        case "module":
            value = plan.modules.get(tail)
            return _short(Decimal(str(value))) if value not in (None, "") else None
        case "cost":
            return costs.get(tail) or None
        case "time_slots":
            return timing.time_text(plan.time_slots) or None
        case "half_days":
            return Decimal(days_text(plan.half_days)) if plan.half_days else None
        case "place":
            return f"{plan.place}{TENTATIVE}" if plan.place_tentative else plan.place or None
        case "residential":
            return LODGED if plan.residential else DAILY
        case "hours":
            return _short(plan.hours) if plan.hours or plan.modules else None
        case "fee" | "lecture_hours":
            return _short(getattr(plan, column.key)) or None
        case "trainees":
            return plan.trainees or None
    value = getattr(plan, column.key)
    if column.kind is Kind.MANY:
        titles = {option.code: option.title for option in column.options}
        return "、".join(titles.get(code, code) for code in value) or None
    if column.kind is Kind.CHOICE:
        return next((option.title for option in column.options if option.code == value), value) or None
    return value if isinstance(value, int) else value or None


def _short(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value.normalize()
