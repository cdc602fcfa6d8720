"""What is added to booked money later: the 凭证号, a paper; and 收费, which is the fund's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from budgets import rules as ledger_rules
from budgets import services as ledger
from budgets.models import Commitment, Payment, SupportingPaper
from office.refusals import Refused
from workflow.rules.spending import income_refusal
from workflow.services.spending.case import booked_payment, class_project, given_paper

if TYPE_CHECKING:
    import datetime
    from decimal import Decimal

    from budgets.models import Entry
    from office.models import StoredFile
    from org.models import User

INCOME_BASIS: Final = "income_basis"


@transaction.atomic
def set_voucher(*, payment_id: int, voucher: str, actor: User, at: datetime.datetime) -> None:
    """The 凭证号 of the finance software. Raises as budgets.services.set_voucher."""
    ledger.set_voucher(payment=booked_payment(payment_id), voucher=voucher, actor=actor, at=at)


@transaction.atomic
def add_paper(
    *, to: Payment | Commitment, code: str, file: StoredFile, actor: User, at: datetime.datetime
) -> SupportingPaper:
    """A paper of a payment or a commitment that came later. ``code`` is one of the book's; any other is kept
    as 其他材料.

    Raises `Refused` if `actor` isn't finance.
    """
    project, case = class_project(to.project_id)
    if reason := ledger_rules.refusal("spend", project.union, actor, at):
        raise Refused(reason)
    given = given_paper(case, code, file)
    of = {"payment": to} if isinstance(to, Payment) else {"commitment": to}
    return SupportingPaper.objects.create(code=given.code, title=given.title, file=file, **of)


@transaction.atomic
def book_income(
    *,
    project_id: int,
    amount: Decimal,
    basis: str,
    file: StoredFile | None,
    actor: User,
    at: datetime.datetime,
) -> Entry:
    """收费 of a class goes to the fund of its project, never to the project itself (earmarked money).

    Raises `Refused` for every class that takes no fee (B-32, S22), without a paper, and as
    budgets.services.supplement does.
    """
    project, case = class_project(project_id)
    if reason := ledger_rules.refusal("supplement", project.union, actor, at):
        raise Refused(reason)
    if reason := income_refusal(case, amount):
        raise Refused(reason)
    if file is None:
        raise Refused("请上传收费依据文件。")
    if not basis.strip():
        raise Refused("请填写收费依据的文号或名称。")
    reference = f"{basis.strip()}（{project.number} 收费）"
    entry = ledger.supplement(fund=project.fund, amount=amount, basis=reference, actor=actor, at=at)
    SupportingPaper.objects.create(entry=entry, code=INCOME_BASIS, title="收费依据", file=file)
    return entry
