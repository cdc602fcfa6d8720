"""A plan's money against the union's rate card: ceilings by line and in total, lecturers, staff.

The card is the union's own switch; where it isn't enabled nothing here speaks (DOMAIN §8 no. 22).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from office.wording import days_text, yuan
from rulebook import rates
from workflow.costs import LECTURE
from workflow.rules.facts import ZERO, fault, fine, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rulebook.schema import Book, RateCard
    from workflow.models import ClassPlan
    from workflow.rules.facts import Facts
    from workflow.rules.findings import Finding


def rate_ceilings(plan: ClassPlan, book: Book) -> tuple[rates.CeilingLine, ...]:
    """The rate card applied to a plan's people, days and 期: one line an item, empty when not enabled."""
    card = book.rate_card
    if not card.enabled:
        return ()
    return rates.ceilings(
        card,
        class_code=class_code_of(plan, card),
        people=plan.trainees + (plan.staff if card.count_staff else 0),
        half_days=plan.half_days,
        residential=plan.residential,
        sessions=plan.sessions,
    )


def class_code_of(plan: ClassPlan, card: RateCard) -> str:
    """The plan's class; the card's usual one where none is given or a later edition dropped it."""
    known = {entry.code for entry in card.classes}
    return plan.rate_class if plan.rate_class in known else card.default_class


def lecture_ceiling(plan: ClassPlan, book: Book) -> Decimal:
    """What lecturers may be paid before tax, for all 期: like compared with like (S23)."""
    card = book.rate_card
    known = {rate.code for rate in card.lecture}
    if not card.enabled or plan.lecturer_title not in known or plan.lecture_hours <= 0:
        return ZERO
    return rates.lecture_ceiling(
        card,
        title_code=plan.lecturer_title,
        hours=plan.lecture_hours,
        sessions=plan.sessions,
        basis="before_tax",
    )


def ceilings(facts: Facts) -> Iterator[Finding]:
    """X1 art. 9: by item a figure to explain, in total the limit (items may offset each other)."""
    plan, book = facts.plan, facts.book
    if not book.rate_card.enabled:
        return
    lines = rate_ceilings(plan, book)
    limit = sum((line.amount for line in lines), ZERO)
    quota_items = {line.item for line in lines} | {item.code for item in book.rate_card.items}
    asked = sum((facts.amount(item) for item in quota_items), ZERO)
    people = plan.trainees + (plan.staff if book.rate_card.count_staff else 0)
    sum_text = f"{people} 人 × {days_text(plan.half_days)} 天 × {plan.sessions} 期"
    figures = {"申报": yuan(asked), "上限": yuan(limit), "计算": sum_text}
    allowed = {line.item: line.amount for line in lines}
    over = False
    for item in book.rate_card.items:
        amount, most = facts.amount(item.code), allowed.get(item.code, ZERO)
        if amount > most:
            over = True
            why = "走读班不安排住宿" if item.lodging and not plan.residential else f"标准 {yuan(most)} 元"
            yield fault(
                facts,
                "over_ceiling_line",
                f"{item.title} {yuan(amount)} 元，{why}，超 {yuan(amount - most)} 元。",
                f"请核减{item.title}，或在说明中写明用其他项目结余调剂。",
                figures={
                    "申报": yuan(amount),
                    "标准": yuan(most),
                    "超出": yuan(amount - most),
                    "计算": sum_text,
                },
            )
    if asked > limit:
        yield fault(
            facts,
            "over_ceiling_total",
            f"综合定额内 {yuan(asked)} 元，上限 {yuan(limit)} 元（{sum_text}），"
            f"超 {yuan(asked - limit)} 元。",
            "请核减经费、人数或天数。",
            figures=figures | {"超出": yuan(asked - limit)},
        )
    elif not over:
        lodging = "" if plan.residential else "，走读不含住宿"
        yield fine(
            facts,
            "over_ceiling_total",
            f"综合定额内 {yuan(asked)} 元，上限 {yuan(limit)} 元（{sum_text}{lodging}），"
            f"余 {yuan(limit - asked)} 元。",
            figures=figures,
        )


def lecturers(facts: Facts) -> Iterator[Finding]:
    """X1 art. 10: lecture fees stand apart from the quota and are budgeted before tax."""
    plan, book = facts.plan, facts.book
    asked = facts.amount(LECTURE)
    if not book.rate_card.enabled or (asked == 0 and plan.lecture_hours <= 0):
        return
    most_hours = book.rate_card.lecture_hours_per_half_day * plan.half_days
    if plan.lecture_hours > most_hours:
        yield fault(
            facts,
            "lecture_over",
            f"付酬 {plain(plan.lecture_hours)} 学时超过 {plan.half_days} 个半天可计的 {most_hours} 学时。",
            f"每半天最多按 {book.rate_card.lecture_hours_per_half_day} 学时计，请核减。",
        )
    limit = lecture_ceiling(plan, book)
    figures = {
        "申报（税前）": yuan(asked),
        "上限（税前）": yuan(limit),
        "付酬学时": f"{plain(plan.lecture_hours)}",
    }
    if asked > limit:
        reason = "没有填写授课人职称和付酬学时" if limit == 0 else f"上限 {yuan(limit)} 元（税前）"
        yield fault(
            facts,
            "lecture_over",
            f"师资费 {yuan(asked)} 元，{reason}，超 {yuan(asked - limit)} 元。",
            "请填写授课人职称和付酬学时，或核减师资费。",
            figures=figures | {"超出": yuan(asked - limit)},
        )
    elif asked:
        yield fine(facts, "lecture_over", f"师资费 {yuan(asked)} 元（税前）另计，未超标准。", figures=figures)


def staff(facts: Facts) -> Iterator[Finding]:
    """X1: staff at most a tenth of the trainees, and never more than the card's number."""
    plan, book = facts.plan, facts.book
    if not book.rate_card.enabled or plan.trainees <= 0:
        return
    limit = rates.staff_limit(book.rate_card, plan.trainees)
    if plan.staff > limit:
        yield fault(
            facts,
            "staff_over",
            f"工作人员 {plan.staff} 人，按学员 {plan.trainees} 人最多 {limit} 人。",
            f"请把工作人员核减到 {limit} 人，或说明理由。",
            figures={"工作人员": str(plan.staff), "学员": str(plan.trainees), "上限": str(limit)},
        )
