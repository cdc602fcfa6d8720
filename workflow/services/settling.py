"""办理决算 and 归档: a 期 is settled by its actual attendance; with the last one the rest goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from budgets import services as ledger
from budgets.rules import finance_post
from office.refusals import Conflict, Refused
from office.wording import yuan
from workflow.rules.settling import archive_refusal, figures_of, findings_of, held_refusal, refusal
from workflow.services.runs import locked_run
from workflow.states import RunState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from budgets.models import Settlement
    from org.models import User


@transaction.atomic
def settle_run(
    *,
    run_id: int,
    explanations: Mapping[int, str],
    note: str,
    actor: User,
    at: datetime,
    seen: Decimal | None = None,
) -> Settlement | None:
    """办结决算 of a 期: figures are worked out again under the lock; with the class's last 期 what is free on
    its lines goes back to the fund in the same transaction.

    ``explanations`` by budget line; ``seen``: what the page showed as spent, another is a Conflict. A class
    without a project is settled without a row. Raises :class:`Refused` for what stands against it.
    """
    run = locked_run(run_id)
    if reason := refusal(run, actor=actor, at=at):
        raise Refused(reason)
    plan = run.plan
    figures = figures_of(run)
    sheet = figures.sheet
    if seen is not None and seen != sheet.actual:
        raise Conflict(
            f"您核对期间支出有变化：原为 {yuan(seen)} 元，现为 {yuan(sheet.actual)} 元，请核对后再办结。"
        )
    findings = findings_of(figures)
    if stops := [finding.message for finding in findings if finding.stops]:
        raise Refused("现在不能办结决算：" + "".join(stops))
    if any(finding.asks for finding in findings) and not note.strip():
        raise Refused("合规核查有需要说明的事项，请填写决算说明。")
    if reason := held_refusal(run, findings, actor=actor, at=at):
        raise Refused(reason)
    settlement = None
    if plan.project_now is not None:
        settlement = ledger.settle(
            project=plan.project_now,
            session_no=run.session_no,
            trainees=sheet.trainees,
            staff=sheet.staff,
            days=sheet.days,
            facts={**figures.as_json(), "findings": [finding.as_json() for finding in findings]},
            lines=[
                ledger.SettledLine(
                    line=row.line_id,
                    title=row.title,
                    budget=row.budget,
                    adjusted=row.adjusted,
                    actual=row.actual,
                    explanation=explanations.get(row.line_id, ""),
                )
                for row in sheet.rows
            ],
            note=note,
            actor=actor,
            at=at,
        )
        if figures.last:
            ledger.give_back_remainder(
                project=plan.project_now,
                actor=actor,
                post=finance_post(plan.union, actor, at),
                at=at,
                reason=f"决算办结，结余收回：{plan.name}",
                reference=run.code,
            )
    run.settle()
    run.save(update_fields=["state"])
    return settlement


@transaction.atomic
def archive_run(*, run_id: int, actor: User, at: datetime) -> None:
    """归档 by the training authority: nothing more happens to the 期."""
    run = locked_run(run_id)
    if run.state == RunState.ARCHIVED:
        raise Conflict(f"《{run.title}》已归档。")
    if reason := archive_refusal(run, actor=actor, at=at):
        raise Refused(reason)
    run.archive()
    run.archived_at, run.archived_by = at, actor
    run.save(update_fields=["state", "archived_at", "archived_by"])
