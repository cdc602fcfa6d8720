"""Whom and what the messy rosters of DOMAIN §4 speak of; all people are made up."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Final

from org.excel.headers import ROSTER, Layout
from org.excel.roster import UnitChoice, UnitMatch
from org.unit_names import unit_key
from tests.org.numbers import WEIGHTS

TODAY: Final = datetime.date(2026, 3, 1)
YEAR: Final = 2026
UNIT: Final = "样例区总工会"
FACTORY: Final = "样例机械（天津）有限公司工会"

#: What the organisation knows: full names, short names, an old name, two of one name.
KNOWN: Final = {
    unit_key(text): UnitMatch(choices)
    for text, choices in {
        UNIT: (UnitChoice(1, UNIT),),
        "区总": (UnitChoice(1, UNIT),),
        "样例总工会": (UnitChoice(1, UNIT),),
        "新街街道总工会": (UnitChoice(2, "新街街道总工会"),),
        "老街街道工会": (UnitChoice(2, "新街街道总工会", "“老街街道工会”是 2020 年以前的名称"),),
        FACTORY: (UnitChoice(3, FACTORY),),
        "朝阳街道总工会": (
            UnitChoice(4, "朝阳街道总工会（甲市）"),
            UnitChoice(5, "朝阳街道总工会（乙市）"),
        ),
    }.items()
}
#: The dictionary of business codes a book brings along.
SUBJECTS: Final = {"subject": {"财务经审": "finance", "经审业务": "finance", "劳动法律监督": "law"}}


def units(text: str) -> UnitMatch:
    return KNOWN.get(unit_key(text), UnitMatch())


def numbered(body: str) -> str:
    """17 digits and their check digit, by GB 11643."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return body + "10X98765432"[total % 11]


@dataclass
class Row:
    """A row and what is to become of it. ``case`` is its number in DOMAIN §4; ``codes`` in their order."""

    case: int
    name: str
    cells: dict[str, Any]
    status: str = "accepted"
    codes: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    normalised: dict[str, list[str]] = field(default_factory=dict)
    layout: Layout = ROSTER
    number: int = 0

    @property
    def tag(self) -> str:
        return f"{self.case:02}-{self.name}"
