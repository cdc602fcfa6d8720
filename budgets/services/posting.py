"""What every write of the ledger stands on: its savepoint and refusals, amounts, the fund's account."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from budgets.models import MONEY_DIGITS, Account, Fund
from budgets.states import AccountKind
from office.numbering import next_number
from office.prepared import Prepared
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator
    from typing import Literal

    from budgets.models import Project

    Series = Literal["YZ", "ZF"]

LIMIT: Final = Decimal(10) ** (MONEY_DIGITS - 2)
"""Amounts are below this; the column holds no more."""

CENT: Final = Decimal("0.01")

LEDGER_REFUSALS: Final[dict[str, Refused]] = {
    "budgets_account_balance": Conflict(
        "可用余额不足：这笔经费刚被别人动用，请刷新后再办。本次未作任何改动。"
    ),
    "budgets_entry_closed": Conflict("年度专项预算刚刚结账，不能再下达或入账。本次未作任何改动。"),
    "budgets_commitment_outstanding": Conflict(
        "预占余额不足：这笔预占刚被别人支付或释放，请刷新后再办。本次未作任何改动。"
    ),
    "budgets_invoice_once": Conflict("发票刚被另一笔支付使用，请核对发票号。本次未作任何改动。"),
    "budgets_settlement_once": Conflict("这一期刚由别人办结决算。本次未作任何改动。"),
    "budgets_entry_reverses_id_key": Conflict("这笔流水刚被别人冲销。本次未作任何改动。"),
    "budgets_payment_key_key": Conflict("这笔支付刚刚登记过，请到项目页核对。"),
    "budgets_commitment_key_key": Conflict("这笔预占刚刚登记过，请到项目页核对。"),
    "budgets_fund_once": Refused("该工会本年度已设立同一渠道的专项预算，需要增加金额时请办理追加。"),
    "budgets_project_number": Conflict("项目编号已被占用，请重新办理。本次未作任何改动。"),
    "budgets_project_continues_id_key": Conflict("本班结余刚刚已结转，不能再次结转。本次未作任何改动。"),
    "budgets_project_union": Refused("承办部门与年度专项预算不属于同一工会。"),
}
"""What the database refuses although the checks before it passed, by the constraint's name: what can happen
when somebody was faster. Every other constraint is a fault of the program and stays an IntegrityError."""


@contextmanager
def posting(again: Callable[[], object] | None = None) -> Iterator[None]:
    """A savepoint in which what the ledger's constraints say is said as `Refused`.

    Somebody was faster then: `again` looks a second time at what the service checked before it posted, and
    refuses with the figures as they are now.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refused = LEDGER_REFUSALS.get(constraint_name(error))
        if refused is None:
            raise
        if again is not None:
            again()
        raise type(refused)(refused.message) from error


def paper_number(project: Project, series: Series) -> str:
    """The next number of the project's papers of that series: P2027-0013-ZF03. No gap stays: an auditor asks
    for the paper that is missing.

    Draw before an account is taken: who has one waits for nobody's number. Inside a transaction only.
    """
    return f"{project.number}-{series}{next_number(f'{series}:{project.pk}'):02}"


def constraint_name(error: IntegrityError) -> str:
    """The constraint that refused, by its name in the database; empty if it wasn't one."""
    diag = getattr(error.__cause__, "diag", None)
    return getattr(diag, "constraint_name", None) or ""


def check_amount(amount: Decimal, what: str, *, zero: bool = False) -> None:
    if not amount.is_finite() or amount < 0 or (amount == 0 and not zero):
        raise Refused(f"{what}的金额应当{'不小于' if zero else '大于'} 0 元。")
    if amount >= LIMIT or amount != amount.quantize(CENT):
        raise Refused(f"{what}的金额 {amount} 元不正确：最多两位小数，且小于 {yuan(LIMIT)} 元。")


def check_moment(at: datetime.datetime) -> None:
    if timezone.is_naive(at):
        raise ValueError("`at` must be an aware datetime")


_FUND_ACCOUNT: Prepared[Account] = Prepared(
    lambda fund, kind: (
        Account.objects.select_for_update(of=("self",), no_key=True)
        .select_related("fund")
        .filter(fund=fund, kind=kind, line=None)
        .order_by()
    ),
    fund=int,
    kind=str,
)


def fund_account(fund: Fund, kind: AccountKind) -> Account:
    """The fund's own account with its fund as they stand now, locked until the transaction ends."""
    account = _FUND_ACCOUNT.first(fund=fund.pk, kind=kind.value)
    if account is None:
        raise Account.DoesNotExist(f"{fund.pk} {kind}")
    return account
