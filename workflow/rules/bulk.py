"""What a bulk 同意 would mean for each item: looked up anew, just before somebody signs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rulebook.severity import Severity
from workflow.models import PlanCost
from workflow.rules import gate
from workflow.rules.brief import brief, words
from workflow.rules.evaluate import findings_of_many
from workflow.rules.gate import Act

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from org.models import User
    from workflow.models import ClassPlan, MoneyRequest, WorkTask
    from workflow.rules.findings import Finding


#: Why a request about a 期 or about money isn't agreed to along with others.
ONE_BY_ONE: Final = "班次申请须对照原批准内容逐项办理，请打开申请办理。"
MONEY_ONE_BY_ONE: Final = "经费申请须核对余额逐项办理，请打开申请办理。"


@dataclass(frozen=True)
class Item:
    """One picked task. ``reason``: why it can't be agreed to along with others; empty where it can."""

    task: int
    plan: ClassPlan | None
    step: str
    total: Decimal
    found: dict[str, Any]
    reason: str
    request: int | None = None
    money: MoneyRequest | None = None


def ready(tasks: Sequence[WorkTask], *, actor: User, at: datetime) -> list[Item]:
    """Each task with its gate's answer and the findings as they are now, requests last.

    ``tasks`` with plan, department, union, version and book loaded. Constant statements for each union,
    year and book among them.
    """
    of_plans = [task for task in tasks if task.plan is not None and task.request_id is None]
    plans: list[ClassPlan] = [task.plan for task in of_plans if task.plan is not None]
    costs: dict[int, list[PlanCost]] = defaultdict(list)
    for cost in PlanCost.objects.filter(plan__in=[plan.pk for plan in plans]):
        costs[cost.plan_id].append(cost)
    groups: dict[tuple[int, int, int], list[ClassPlan]] = defaultdict(list)
    for plan in plans:
        if plan.version is not None:
            groups[plan.union_id, plan.year, plan.version.book_id].append(plan)
    found: dict[int, list[Finding]] = {}
    for group in groups.values():
        version = group[0].version
        if version is not None:
            rows = findings_of_many(group, version.book.book, at=at, costs=[costs[plan.pk] for plan in group])
            found |= {plan.pk: findings for plan, findings in zip(group, rows, strict=True)}
    cases = gate.cases(plans, actor=actor, at=at)
    items = []
    for task, case in zip(of_plans, cases, strict=True):
        reason = gate.judge(Act.AGREE, case)
        if reason is None and (case.task is None or case.task.pk != task.pk):
            reason = f"《{case.plan.name}》的“{task.step_title}”已经办理。"
        findings = found.get(case.plan.pk, [])
        held = [words(finding) for finding in findings if finding.severity == Severity.HOLD]
        if reason is None and held:
            # An exemption is decided in somebody's own words, on its own page.
            reason = f"有须经批准的例外（{'、'.join(held)}），请逐项办理并填写意见。"
        items.append(
            Item(
                task=task.pk,
                plan=case.plan,
                step=task.step_title,
                total=sum((cost.amount for cost in costs[case.plan.pk]), Decimal("0.00")),
                found=brief(finding.as_json() for finding in findings),
                reason=reason or "",
            )
        )
    asked = [task for task in tasks if task.request_id is not None or task.money_id is not None]
    return items + [_apart(task) for task in asked]


def _apart(task: WorkTask) -> Item:
    """A request: left out, with the reason."""
    return Item(
        task=task.pk,
        plan=task.plan,
        step=task.step_title,
        total=Decimal("0.00"),
        found=brief([]),
        reason=ONE_BY_ONE if task.money_id is None else MONEY_ONE_BY_ONE,
        request=task.request_id,
        money=task.money,
    )
