"""期: made with the approval of their class, and locked by everything that happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from workflow.models import ClassRun
from workflow.services import base
from workflow.states import PlanState

if TYPE_CHECKING:
    from workflow.models import ClassPlan


@transaction.atomic
def ensure_runs(plan: ClassPlan) -> list[ClassRun]:
    """The 期 of an approved class, those missing made now: P2027-0001-1, P2027-0001-2, …

    A plan that isn't approved has none.
    """
    found = list(ClassRun.objects.filter(plan=plan).order_by("session_no"))
    if plan.state != PlanState.APPROVED:
        return found
    there = {run.session_no for run in found}
    missing = [
        ClassRun(plan=plan, session_no=number, code=f"{plan.plan_number}-{number}")
        for number in range(1, plan.sessions + 1)
        if number not in there
    ]
    return sorted([*found, *ClassRun.objects.bulk_create(missing)], key=lambda run: run.session_no)


def locked_run(run_id: int) -> ClassRun:
    """The 期 with its plan, fresh, both rows locked until the transaction ends; the plan first.

    Locks go plan → run → request → process → ledger. Raises ``ClassRun.DoesNotExist``.
    """
    plan_id = ClassRun.objects.values_list("plan", flat=True).filter(pk=run_id).first()
    if plan_id is None:
        raise ClassRun.DoesNotExist(run_id)
    plan = base.locked(plan_id)
    run = ClassRun.objects.select_for_update(of=("self",)).get(pk=run_id)
    run.plan = plan
    return run
