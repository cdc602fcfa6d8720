"""What was asked about money is done: with the last agreement, in its transaction, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from budgets import services as ledger
from budgets.models import Project
from budgets.services.papers import attach
from office.refusals import Refused
from workflow.costs import cost_titles
from workflow.models import ClassPlan
from workflow.rules.money_terms import ZERO, MoneyTerms, lines_of, next_year
from workflow.services.base import project_number
from workflow.states import MoneyKind

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from org.models import Post, User
    from workflow.models import MoneyRequest

#: As much of a reason as an entry of the ledger keeps; the whole of it stands in the request it names.
KEPT = 200


def carry_out(request: MoneyRequest, *, actor: User, post: Post, at: datetime) -> None:
    """Moves the money ``request`` asks for; the caller holds its lock. Entries name the request's number.

    Raises :class:`Refused` where the ledger refuses: it has the last word on every figure (S19, S21).
    """
    terms = MoneyTerms.from_json(request.content)
    reason = f"{request.get_kind_display()}批准：{request.reason}"[:KEPT]
    reference = request.code
    match request.kind:
        case MoneyKind.TRANSFER:
            ledger.transfer(
                shifts=terms.shifts, actor=actor, post=post, at=at, reason=reason, reference=reference
            )
        case MoneyKind.BUDGET if request.project is not None:
            ledger.rebudget(
                project=request.project,
                deltas=_deltas(request.project, terms),
                titles=cost_titles(request.judged_by),
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=reference,
            )
        case MoneyKind.CARRY_OVER:
            _carry_over(request, terms, actor=actor, post=post, at=at, reason=reason)
        case MoneyKind.SUPPLEMENT:
            entry = ledger.supplement(
                fund=request.fund,
                amount=terms.amount,
                basis=f"{terms.document}（{reference}）",
                actor=actor,
                at=at,
                approved_as=post,
                reason=reason,
            )
            if request.basis is not None:
                paper = ledger.GivenPaper("basis", "追加依据", request.basis, terms.document)
                attach([paper], entry=entry)


def _carry_over(
    request: MoneyRequest, terms: MoneyTerms, *, actor: User, post: Post, at: datetime, reason: str
) -> None:
    """The fund's own money, then class by class; nobody pays for those classes meanwhile.

    Locks go plans → numbers → accounts, as those of an approval do.
    """
    fund, to = request.fund, next_year(request.fund)
    if to is None:
        raise Refused(f"{fund.year + 1} 年还没有设立同一渠道的专项预算，请先设立。")
    wanted = {each.project: each for each in terms.classes}
    projects = list(
        Project.objects.filter(pk__in=wanted, fund=fund).select_related("fund").order_by("number", "id")
    )
    if len(projects) != len(wanted):
        raise Refused("所选班次不属于本年度专项预算，请退回修改。")
    first = [project.first_id for project in projects]
    plans = ClassPlan.objects.select_for_update(no_key=True).filter(project__in=first).order_by("id")
    list(plans.values_list("pk"))
    numbers = [project_number(fund.union_id, to.year) for _ in projects]
    if projects:
        ledger.hold_years(fund, to, projects)
    if terms.amount:
        ledger.carry_over(
            fund=fund,
            to=to,
            amount=terms.amount,
            actor=actor,
            post=post,
            at=at,
            reason=reason,
            reference=request.code,
        )
    for project, number in zip(projects, numbers, strict=True):
        ledger.carry_class(
            project=project,
            to=to,
            number=number,
            amounts=wanted[project.pk].lines,
            actor=actor,
            post=post,
            at=at,
            reason=reason,
            reference=request.code,
        )


def _deltas(project: Project, terms: MoneyTerms) -> dict[str, Decimal]:
    """What each cost item gets more, below nought what it gives back; items not named stay."""
    now = {line.item: line.budget for line in lines_of([project.pk])}
    return {item: amount - now.get(item, ZERO) for item, amount in terms.lines.items()}
