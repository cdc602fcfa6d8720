"""决算: what a 期 cost beside what it was given, and what is left goes back to the fund."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from budgets.models import Project, Settlement, SettlementLine
from budgets.selectors import line_totals
from budgets.services.posting import posting
from budgets.services.projects import rebudget
from budgets.services.spending_checks import hold, post_for
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from budgets.models import Entry
    from org.models import Post, User

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class SettledLine:
    """A line of a 决算 in yuan. ``explanation`` is needed where it was not spent as adjusted."""

    line: int
    title: str
    budget: Decimal
    adjusted: Decimal
    actual: Decimal
    explanation: str = ""


def settle(
    *,
    project: Project,
    session_no: int,
    trainees: int,
    staff: int,
    days: Decimal,
    facts: Mapping[str, Any],
    lines: Sequence[SettledLine],
    note: str,
    actor: User,
    at: datetime.datetime,
) -> Settlement:
    """Record the 决算 of one 期; `facts` is what it was judged by, as the page shows it.

    Raises `Refused` if `actor` isn't finance, the 期 still has open commitments (named), or a line differs
    from its budget without an explanation; `Conflict` if it was settled already.
    """
    post = post_for("settle", project, actor=actor, at=at)
    silent = [line.title for line in lines if line.actual != line.adjusted and not line.explanation.strip()]
    if silent:
        raise Refused(f"请说明决算与预算不一致的原因：{'、'.join(silent)}。")
    projects = Project.objects.of_class(project.first_id).order_by().values("pk")
    if Settlement.objects.filter(project__in=projects, session_no=session_no).exists():
        raise Conflict("这一期已经办结决算。")
    with posting():
        # Whoever commits or pays is waited for; what is open afterwards is all there is.
        hold(project)
        waiting = list(project.commitments.open().filter(session_no=session_no).order_by("id"))
        if waiting:
            named = [f"{each.number}“{each.title}”{yuan(each.outstanding)} 元" for each in waiting[:3]]
            names = "；".join(named) + (f"等 {len(waiting)} 笔" if len(waiting) > 3 else "")
            raise Refused(f"还有预占未了，请先支付或释放：{names}。")
        settlement = Settlement.objects.create(
            project=project,
            session_no=session_no,
            trainees=trainees,
            staff=staff,
            days=days,
            facts=dict(facts),
            note=note.strip(),
            actor=actor,
            post=post,
            at=at,
        )
        SettlementLine.objects.bulk_create(
            SettlementLine(
                settlement=settlement,
                line_id=line.line,
                budget=line.budget,
                adjusted=line.adjusted,
                actual=line.actual,
                explanation=line.explanation.strip(),
            )
            for line in lines
        )
    return settlement


def give_back_remainder(
    *, project: Project, actor: User, post: Post | None, at: datetime.datetime, reason: str, reference: str
) -> list[Entry]:
    """收回: all that is free on the project's lines goes back to its fund. Joins the caller's transaction."""
    free = {item: -held.available for item, held in line_totals(project.pk).items() if held.available}
    if not free:
        return []
    titles = {line.item: line.title for line in project.lines.all()}
    return rebudget(
        project=project,
        deltas=free,
        titles=titles,
        actor=actor,
        post=post,
        at=at,
        reason=reason,
        reference=reference,
    )
