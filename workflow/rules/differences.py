"""What a request about a 期 asks, beside what is approved: the table its reviewers read (D2-28).

Whether an opening is "as planned", and so needs the training authority alone, is worked out here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from office.wording import days_text, yuan
from workflow import timing
from workflow.costs import cost_titles, in_card_order
from workflow.states import RequestKind

if TYPE_CHECKING:
    from rulebook.schema import Book
    from workflow.models import ClassPlan
    from workflow.rules.terms import RunTerms

ZERO = Decimal("0.00")

#: The line that isn't for everybody.
PHONE: Final = "联系电话"


@dataclass(frozen=True)
class Difference:
    """One line of 项目 | 原批准 | 现申请. ``weighty``: it isn't as planned, so the chain for changes decides;
    ``differs`` False for a line shown although both sides agree."""

    label: str
    before: str
    after: str
    weighty: bool = False
    differs: bool = True


def differences(before: RunTerms, after: RunTerms, plan: ClassPlan, book: Book) -> list[Difference]:
    """What differs, in the order of the form. ``before`` without days is a plan: months, not days (§5.8)."""
    return [line for line in comparison(before, after, plan, book) if line.differs]


def as_planned(before: RunTerms, after: RunTerms, plan: ClassPlan, book: Book) -> bool:
    """Whether nothing weighty differs."""
    return not any(line.weighty for line in comparison(before, after, plan, book))


def chain_of(kind: str, before: RunTerms, after: RunTerms, plan: ClassPlan, book: Book) -> str:
    """The name of the book's chain a request goes through (codes.LAUNCH_CHAINS)."""
    if kind != RequestKind.OPEN:
        return kind
    return "same" if as_planned(before, after, plan, book) else "changed"


def comparison(before: RunTerms, after: RunTerms, plan: ClassPlan, book: Book) -> list[Difference]:
    """Every line both sides speak of, and those only the new one does where they were approved before."""
    opening = not before.stretches
    lines = [*_days(before, after, plan), *_place(before, after, plan), *_people(before, after)]
    texts = [("项目负责人", "owner_name"), (PHONE, "owner_phone")]
    if not opening:  # a plan says nothing of these
        texts += [("班主任", "class_teacher"), ("报到时间和地点", "check_in"), ("备注", "note")]
    lines += [_text(label, getattr(before, name), getattr(after, name)) for label, name in texts]
    if not opening:
        lines.append(_timetable(before, after))
    return [*lines, *_money(before, after, book)]


def _text(label: str, before: str, after: str, *, weighty: bool = False) -> Difference:
    differs = before != after
    return Difference(label, before, after, weighty=weighty and differs, differs=differs)


def _days(before: RunTerms, after: RunTerms, plan: ClassPlan) -> list[Difference]:
    if before.stretches:
        count_before = len(before.half_days)
        when = _text("时间", before.period, after.period, weighty=True)
    else:
        count_before = plan.half_days
        outside = not within_slots(plan, after)
        planned = f"{plan.year}年{plan.time_text}" if plan.time_slots else ""
        when = Difference("时间", planned, after.period, weighty=outside, differs=outside)
    return [when, _text("天数", _days_text(count_before), _days_text(len(after.half_days)), weighty=True)]


def _days_text(half_days: int) -> str:
    return f"{days_text(half_days)} 天（{half_days} 个半天）"


def within_slots(plan: ClassPlan, terms: RunTerms) -> bool:
    """Whether every day lies in a time the plan names. A single day (6月21日) is the class's first one."""
    windows = [
        timing.slot_days(slot, year=plan.year, lasting=plan.half_days // 2 + 1) for slot in plan.time_slots
    ]
    return all(any(first <= day <= last for first, last in windows) for day in terms.days)


def _place(before: RunTerms, after: RunTerms, plan: ClassPlan) -> list[Difference]:
    tentative = not before.stretches and plan.place_tentative
    venue = f"{before.venue}（拟）" if tentative and before.venue else before.venue
    differs = before.venue != after.venue
    lines = [Difference("地点", venue, after.venue, weighty=differs and not tentative, differs=differs)]
    if before.stretches:
        lines.append(_text("详细地址", before.address, after.address))
    lines.append(_text("承办机构", before.implementer, after.implementer))
    lodging = ("走读", "住宿")
    lines.append(_text("食宿", lodging[before.residential], lodging[after.residential], weighty=True))
    return lines


def _people(before: RunTerms, after: RunTerms) -> list[Difference]:
    return [
        _text("学员人数", f"{before.trainees} 人", f"{after.trainees} 人", weighty=True),
        _text("工作人员数", f"{before.staff} 人", f"{after.staff} 人", weighty=True),
        _text("学时", f"{before.hours.normalize():f}", f"{after.hours.normalize():f}"),
    ]


def _timetable(before: RunTerms, after: RunTerms) -> Difference:
    """The lessons that came, went or changed, a line each."""
    old, new = ([lesson.text for lesson in side.lessons] for side in (before, after))
    if before.lessons == after.lessons:
        text = f"{len(new)} 项"
        return Difference("课程表", text, text, differs=False)
    gone, come = [text for text in old if text not in new], [text for text in new if text not in old]
    # Nothing a reader sees may have changed (a lecturer's title): then say all of it.
    return Difference("课程表", "\n".join(gone or old), "\n".join(come or new))


def _money(before: RunTerms, after: RunTerms, book: Book) -> list[Difference]:
    """A line above what it was by more than the book tolerates isn't as planned; less always is."""
    titles = cost_titles(book)
    lines = []
    for item in in_card_order({*before.costs, *after.costs}, book):
        old, new = before.costs.get(item, ZERO), after.costs.get(item, ZERO)
        if old or new:
            lines.append(
                Difference(
                    titles.get(item, item),
                    yuan(old),
                    yuan(new),
                    weighty=new - old > book.launch.money_tolerance,
                    differs=old != new,
                )
            )
    more = after.total - before.total > book.launch.money_tolerance
    total = Difference("经费合计", yuan(before.total), yuan(after.total), more, before.total != after.total)
    return [*lines, total]
