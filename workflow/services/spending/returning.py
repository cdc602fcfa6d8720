"""退款 and 红字冲销: money of a payment that comes back to its class, or through it to the fund."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from budgets import rules as ledger_rules
from budgets import services as ledger
from office.refusals import Refused
from workflow.rules.spending import sends_back, settled_refusal
from workflow.services.spending.case import booked_payment, class_project, uploaded

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence

    from budgets.models import Entry, Payment, Project
    from budgets.services import PaidRow
    from org.models import User
    from workflow.rules.spending import SpendingCase
    from workflow.services.spending.case import Files


@transaction.atomic
def refund(
    *,
    payment_id: int,
    rows: Sequence[PaidRow],
    title: str,
    paid_on: datetime.date,
    handler: str,
    key: uuid.UUID,
    actor: User,
    at: datetime.datetime,
    voucher: str = "",
    attachments: int = 0,
    note: str = "",
    files: Files | None = None,
) -> Payment:
    """退款 of a payment, also of a cancelled class: then it goes on to the fund. Raises as
    budgets.services.refund, and after the 决算."""
    payment = booked_payment(payment_id)
    project, case = class_project(payment.project_id)
    _demand_unsettled(case, payment.session_no)
    kind = next((kind for kind in case.book.money.kinds if kind.refund), None)
    if kind is None:
        raise Refused(f"{case.book.short_title}没有“退款”这一类，请联系系统管理员。")
    back = ledger.refund(
        payment=payment,
        rows=rows,
        title=title,
        paid_on=paid_on,
        handler=handler,
        key=key,
        book=case.book,
        actor=actor,
        at=at,
        kind=kind.code,
        voucher=voucher,
        attachments=attachments,
        note=note,
        papers=uploaded(case, files or {}),
    )
    _give_back(project, case, back.number, actor=actor, at=at)
    return back


@transaction.atomic
def reverse_payment(*, payment_id: int, reason: str, actor: User, at: datetime.datetime) -> list[Entry]:
    """红字冲销 of a payment or a refund; of a cancelled class the money goes on to the fund. Raises as
    budgets.services.reverse_payment, and after the 决算."""
    payment = booked_payment(payment_id)
    project, case = class_project(payment.project_id)
    _demand_unsettled(case, payment.session_no)
    undone = ledger.reverse_payment(payment=payment, reason=reason, actor=actor, at=at)
    _give_back(project, case, payment.number, actor=actor, at=at)
    return undone


def _give_back(
    project: Project, case: SpendingCase, number: str, *, actor: User, at: datetime.datetime
) -> None:
    """What came back to a project that has no more use for it doesn't stay on its lines."""
    if sends_back(case, project):
        ledger.give_back_remainder(
            project=project,
            actor=actor,
            post=ledger_rules.finance_post(project.union, actor, at),
            at=at,
            reason=f"不再用款，收回：{case.plan.name}",
            reference=number,
        )


def _demand_unsettled(case: SpendingCase, session_no: int | None) -> None:
    if reason := settled_refusal(case, session_no):
        raise Refused(reason)
