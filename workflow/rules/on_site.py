"""More people than the class was approved for (S25): said, and the money gone over again."""

from __future__ import annotations

from copy import copy
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from office.wording import CENT, days_text, yuan
from rulebook.rates import total
from workflow.models import RunCost, Seat
from workflow.rules import person_findings as say
from workflow.rules.money import rate_ceilings
from workflow.states import SeatState

if TYPE_CHECKING:
    from rulebook.schema import Book
    from workflow.models import ClassPlan, ClassRun
    from workflow.rules.findings import Finding

ZERO = Decimal("0.00")


def over_class(run: ClassRun, book: Book, *, more: int = 1) -> list[Finding]:
    """What is to be said when ``more`` people join those confirmed: nothing up to the approved number.

    Of the class, not of a person: it goes with a change of the class, not with an exemption.

    The money is worked out for the people there would be, days and heads as approved: what the same cost a
    head would come to, and what the rate card allows where the union uses it.
    """
    people = Seat.objects.filter(run=run, state=SeatState.CONFIRMED).count() + more
    if people <= run.trainees:
        return []
    findings = []
    over = f"{people - run.trainees} 人"
    if rule := say.rule_of(book, "over_quota"):
        findings.append(
            say.finding(
                rule,
                f"批准学员 {run.trainees} 人，现为 {people} 人，超 {over}。",
                "请说明原因，决算时按实到人数核算。",
                figures={"批准人数": str(run.trainees), "现有人数": str(people), "超出": over},
            )
        )
    if rule := say.rule_of(book, "over_ceiling_total"):
        findings += _money(run, book, rule, people)
    return findings


def _money(run: ClassRun, book: Book, rule: say.Said, people: int) -> list[Finding]:
    items = {item.code for item in book.rate_card.items}
    costs = RunCost.objects.filter(run=run).values_list("item", "amount")
    approved = sum((amount for item, amount in costs if item in items), ZERO)
    staff = run.staff if book.rate_card.count_staff else 0
    if not approved or not run.trainees + staff:
        return []
    needed = (approved * (people + staff) / (run.trainees + staff)).quantize(CENT, ROUND_HALF_UP)
    half_days = len(run.half_days)
    heads = f"{people + staff} 人 × {days_text(half_days)} 天"
    figures = {
        "批准经费": yuan(approved),
        "需要": yuan(needed),
        "超出": yuan(needed - approved),
        "计算": heads,
    }
    limit_text = ""
    if lines := rate_ceilings(_as_held(run, people), book):
        figures["上限"] = yuan(total(lines))
        limit_text = f"，综合定额上限 {yuan(total(lines))} 元"
    return [
        say.finding(
            rule,
            f"{heads}，按批准的人均标准需 {yuan(needed)} 元{limit_text}；批准 {yuan(approved)} 元，"
            f"差 {yuan(needed - approved)} 元。",
            "请核实经费；不够的，请主办部门办理变更申请，增加人数和经费。",
            figures=figures,
        )
    ]


def _as_held(run: ClassRun, people: int) -> ClassPlan:
    """The plan as if it were this 期 with so many people; nothing is saved."""
    plan = copy(run.plan)
    plan.trainees, plan.staff, plan.sessions = people, run.staff, 1
    plan.half_days, plan.residential = len(run.half_days), run.residential
    return plan
