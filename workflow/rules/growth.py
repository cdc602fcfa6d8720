"""经费逐年增加 (B-29, C-20): what the union's rule book says where a year's money isn't more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from office.wording import yuan
from rulebook.severity import Severity
from workflow.rules.findings import Finding

if TYPE_CHECKING:
    from rulebook.schema import Book
    from workflow.selectors.growth import Growth

CODE: Final = "fund_growth"


def growth_finding(book: Book, growth: Growth) -> Finding | None:
    """What is found against a year's money, with both figures; None where it grows, nothing is set up yet, or
    the book doesn't ask.

    ``hold`` asks for a reason that is recorded, ``block`` refuses. As long as a source of the year before
    isn't set up yet nobody can tell whether the year grows: then a reason is all that ``block`` asks, too.
    """
    rule = book.rule(CODE)
    if growth.grows or not growth.now or rule.severity == Severity.OFF or growth.before is None:
        return None
    severity = rule.severity
    if severity == Severity.BLOCK and growth.awaited:
        severity = Severity.HOLD
    less = f"少 {yuan(growth.shortfall)} 元" if growth.shortfall else "没有增加"
    awaited = f"；上年的{'、'.join(book.titles(growth.awaited))}本年还没有设立" if growth.awaited else ""
    return Finding(
        CODE,
        str(severity.value),
        rule.title,
        f"{growth.year} 年培训经费合计 {yuan(growth.now)} 元，"
        f"{growth.year - 1} 年 {yuan(growth.before)} 元，{less}（不含结转）{awaited}",
        rule.clause,
        _MEND.get(severity, ""),
        {"本年": yuan(growth.now), "上年": yuan(growth.before)},
    )


_MEND: Final = {
    Severity.HOLD: "经费应当逐年增加，请填写未增加的原因。",
    Severity.BLOCK: "经费应当逐年增加，请增加金额后再设立。",
}


def growth_refusal(found: Finding | None, *, reason: str) -> str:
    """Why the money can't be set up like that; empty where it can."""
    if found is None or found.severity == Severity.WARN or (found.asks and reason.strip()):
        return ""
    return f"{found.message}（{found.clause}）。{found.mend}"
