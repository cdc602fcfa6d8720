"""报到 and 离会: half-days a class holds before its first lesson and after its last one (X1 art. 9).

They are days of the class like the others, so the comprehensive quota pays for them; the book says how many
there may be. Free half-days between lessons (自学, 现场教学 on the road) are neither.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from office.wording import days_text, yuan
from rulebook import rates
from rulebook.travel import CODE, travel_rule
from workflow.models.run import day_of
from workflow.rules.facts import fault, fine
from workflow.rules.half_days import column_title
from workflow.rules.money import rate_ceilings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rulebook.travel import TravelRule
    from workflow.rules.facts import Facts
    from workflow.rules.findings import Finding
    from workflow.rules.terms import RunTerms

_NONE = range(0)
_MEND = "请调整起止时间，或在这些半天补排课程。"


@dataclass(frozen=True)
class Stay:
    """Half-days by number (workflow.models.run.half_day) on which people arrive and on which they leave."""

    arriving: range
    leaving: range


def stays_of(terms: RunTerms) -> list[Stay]:
    """One for each time people come and go again; none while no lesson lies within the class.

    A stretch without a lesson is all arrival before the class's first lesson, all leaving after its last
    one, and neither between them.
    """
    held = _together(terms)
    taught = sorted({lesson.number for lesson in terms.lessons if any(lesson.number in one for one in held)})
    if not taught:
        return []
    stays = []
    for one in held:
        lessons = [number for number in taught if number in one]
        if lessons:
            stays.append(Stay(range(one.start, lessons[0]), range(lessons[-1] + 1, one.stop)))
        elif one.stop <= taught[0]:
            stays.append(Stay(one, _NONE))
        elif one.start > taught[-1]:
            stays.append(Stay(_NONE, one))
    return stays


def _together(terms: RunTerms) -> list[range]:
    """The stretches in order, those that touch as one: nobody goes home between two of their half-days."""
    found: list[range] = []
    spans = [span.numbers for span in terms.stretches if span.numbers]
    for numbers in sorted(spans, key=lambda one: one.start):
        if found and numbers.start <= found[-1].stop:
            found[-1] = range(found[-1].start, max(found[-1].stop, numbers.stop))
        else:
            found.append(numbers)
    return found


@dataclass(frozen=True)
class _Part:
    """Arriving or leaving, as it is named."""

    word: str
    numbers: range

    @property
    def text(self) -> str:
        """报到占 3 个半天（6月7日上午至6月8日上午）."""
        return f"{self.word}占 {len(self.numbers)} 个半天（{_where(self.numbers)}）"


def travel(facts: Facts, terms: RunTerms) -> Iterator[Finding]:
    """Arriving and leaving against the book's ``travel_days``, each time by itself, with the quota that the
    half-days beyond it take up. Says nothing where the union doesn't use its rate card, or nobody travels."""
    stays = [stay for stay in stays_of(terms) if stay.arriving or stay.leaving]
    if not facts.book.rate_card.enabled or not stays:
        return
    rule = travel_rule(facts.book)
    kept = True
    for stay in stays:
        parts = [_Part("报到", stay.arriving), _Part("离会", stay.leaving)]
        for held in [parts] if rule.together else [[part] for part in parts]:
            beyond = sum(len(part.numbers) for part in held) - rule.half_days
            if beyond > 0:
                kept = False
                yield _too_long(facts, [part for part in held if part.numbers], rule, beyond)
    if kept:
        share = "合计" if rule.together else "各"
        yield fine(facts, CODE, f"报到、离会{share}不超过 {rule.days} 天。")


def _too_long(facts: Facts, parts: list[_Part], rule: TravelRule, beyond: int) -> Finding:
    what = "报到、离会合计" if rule.together else parts[0].word
    said = f"每次{what}不超过 {rule.days} 天，超 {days_text(beyond)} 天"
    figures = {part.word: f"{days_text(len(part.numbers))} 天" for part in parts}
    figures |= {"限度": f"{rule.days} 天", "超出": f"{days_text(beyond)} 天"}
    if money := _quota_of(facts, beyond):
        said += f"，多占综合定额 {money} 元"
        figures["多占综合定额"] = money
    return fault(facts, CODE, f"{'，'.join(part.text for part in parts)}；{said}。", _MEND, figures=figures)


def _quota_of(facts: Facts, half_days: int) -> str:
    """Yuan by which the quota is higher for so many half-days of the class; empty where that is nothing."""
    shorter = copy(facts.plan)
    shorter.half_days -= half_days
    now, then = (rates.total(rate_ceilings(plan, facts.book)) for plan in (facts.plan, shorter))
    return yuan(now - then) if now > then else ""


def _where(part: range) -> str:
    """``6月7日上午``, ``6月7日上午至下午``, ``6月7日下午至6月8日上午``."""
    (first, first_half), (last, last_half) = day_of(part[0]), day_of(part[-1])
    begins = column_title(first, first_half)
    if len(part) == 1:
        return begins
    return f"{begins}至{last_half.label if first == last else column_title(last, last_half)}"
