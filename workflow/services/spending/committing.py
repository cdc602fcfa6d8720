"""预占 of a class's money, and what is taken back of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from budgets import services as ledger
from budgets.models import Commitment
from budgets.services import GivenPaper
from budgets.states import EntryKind
from office.refusals import Refused
from workflow.services.spending.case import class_project, demand, demand_not_carried

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence
    from decimal import Decimal

    from budgets.models import BudgetLine, Entry, Project
    from office.models import StoredFile
    from org.models import User

CONTRACT: Final = "contract"


@transaction.atomic
def commit(
    *,
    project_id: int,
    line_id: int,
    amount: Decimal,
    title: str,
    payee: str,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    session_no: int | None = None,
    contract_number: str = "",
    contract_on: datetime.date | None = None,
    files: Sequence[StoredFile] = (),
) -> Commitment:
    """预占 for a 期, or for the class as a whole. Raises `Refused` as budgets.services.commit does, and where
    the 期 hasn't passed the second gate or the minutes are missing."""
    project, case = class_project(project_id)
    demand_not_carried(project)
    demand(case, session_no)
    line = _line(project, line_id)
    paper = case.book.money.paper(CONTRACT)
    name = paper.title if paper is not None else "合同或协议"
    return ledger.commit(
        line=line,
        amount=amount,
        title=title,
        payee=payee,
        key=key,
        actor=actor,
        at=at,
        session_no=case.session(session_no),
        contract_number=contract_number,
        contract_on=contract_on,
        papers=[GivenPaper(CONTRACT, name, file) for file in files],
    )


@transaction.atomic
def release(
    *, commitment_id: int, amount: Decimal | None, reason: str, actor: User, at: datetime.datetime
) -> Entry:
    """释放 part of a commitment, or all that is outstanding of it. Raises as budgets.services.release."""
    commitment = _commitment(commitment_id)
    class_project(commitment.project_id)
    return ledger.release(commitment=commitment, amount=amount, reason=reason, actor=actor, at=at)


@transaction.atomic
def reverse_commitment(*, commitment_id: int, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """红字冲销 of a commitment nothing was paid or released of. Raises as budgets.services.reverse_entry."""
    commitment = _commitment(commitment_id)
    class_project(commitment.project_id)
    entry = commitment.entries.select_related("payment", "credit__fund__union").get(kind=EntryKind.COMMIT)
    moved = commitment.entries.exclude(pk=entry.pk).filter(reversal=None)
    if moved.exclude(kind=EntryKind.REVERSE).exists():
        raise Refused(f"{commitment.number} 已有支付或释放，不能整笔冲销；未支付的余额请办理释放。")
    return ledger.reverse_entry(entry=entry, reason=reason, actor=actor, at=at)


def _line(project: Project, line_id: int) -> BudgetLine:
    line = project.lines.filter(pk=line_id).first()
    if line is None:
        raise Refused(f"预算行不属于项目 {project.number}，请从本项目的预算行中选。")
    line.project = project
    return line


def _commitment(commitment_id: int) -> Commitment:
    return Commitment.objects.select_related("project__union", "project__fund", "line").get(pk=commitment_id)
