"""Writes of the ledger: opening a year's fund, adding to it, giving a class its money and adjusting it.

Each service is one transaction (or a savepoint of its caller's) and either does all of it or raises
`Refused` with nothing changed. Balances aren't touched here: inserting entries moves them, in the database.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from budgets import rules
from budgets.models import MONEY_DIGITS, Account, BudgetLine, Entry, Fund, Project
from budgets.states import FUND_ACCOUNTS, LINE_ACCOUNTS, AccountKind, EntryKind, FundStatus
from office.prepared import Prepared
from office.refusals import Conflict, Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping, Sequence

    from org.models import Department, Post, Union, User

LIMIT: Final = Decimal(10) ** (MONEY_DIGITS - 2)
"""Amounts are below this; the column holds no more."""

CENT: Final = Decimal("0.01")

LEDGER_REFUSALS: Final[dict[str, Refused]] = {
    "budgets_account_balance": Conflict(
        "可用余额不足：这笔经费刚被别人动用，请刷新后再办。本次未作任何改动。"
    ),
    "budgets_entry_closed": Conflict("年度专项预算刚刚结账，不能再下达或入账。本次未作任何改动。"),
    "budgets_fund_once": Refused("该工会本年度已设立同一渠道的专项预算，需要增加金额时请办理追加。"),
    "budgets_project_number": Conflict("项目编号已被占用，请重新办理。本次未作任何改动。"),
    "budgets_project_union": Refused("承办部门与年度专项预算不属于同一工会。"),
}
"""What the database refuses although the checks before it passed, by the constraint's name: what can happen
when somebody was faster. Every other constraint is a fault of the program and stays an IntegrityError."""


@dataclass(frozen=True)
class LineAmount:
    """A budget line to be: code and title of the cost item, and its approved amount in yuan (0.00 is a line
    that starts empty)."""

    item: str
    title: str
    amount: Decimal


@contextmanager
def posting() -> Iterator[None]:
    """A savepoint in which what the ledger's constraints say is said as `Refused`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refused = LEDGER_REFUSALS.get(constraint_name(error))
        if refused is None:
            raise
        raise type(refused)(refused.message) from error


def constraint_name(error: IntegrityError) -> str:
    """The constraint that refused, by its name in the database; empty if it wasn't one."""
    diag = getattr(error.__cause__, "diag", None)
    return getattr(diag, "constraint_name", None) or ""


def _check_amount(amount: Decimal, what: str, *, zero: bool = False) -> None:
    if not amount.is_finite() or amount < 0 or (amount == 0 and not zero):
        raise Refused(f"{what}的金额应当{'不小于' if zero else '大于'} 0 元。")
    if amount >= LIMIT or amount != amount.quantize(CENT):
        raise Refused(f"{what}的金额 {amount} 元不正确：最多两位小数，且小于 {yuan(LIMIT)} 元。")


def _check_moment(at: datetime.datetime) -> None:
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


def _fund_account(fund: Fund, kind: AccountKind) -> Account:
    """The fund's own account with its fund as they stand now, locked until the transaction ends."""
    account = _FUND_ACCOUNT.first(fund=fund.pk, kind=kind.value)
    if account is None:
        raise Account.DoesNotExist(f"{fund.pk} {kind}")
    return account


def open_fund(
    *,
    union: Union,
    year: int,
    source: str,
    title: str,
    amount: Decimal,
    status: FundStatus,
    basis: str,
    actor: User,
    at: datetime.datetime,
) -> Fund:
    """Set up a year's fund from one source and book its first amount (yuan) by the paper `basis`.

    Raises `Refused` if `actor` doesn't act for the union's finance, the amount isn't positive money, the
    basis is missing, or the union already has a fund of that year and source.
    """
    _check_moment(at)
    if reason := rules.refusal("open_fund", union, actor, at):
        raise Refused(reason)
    _check_amount(amount, title)
    if not basis.strip():
        raise Refused("请填写年度专项预算的依据（批复文号或预算文件）。")
    with posting():
        fund = Fund.objects.create(
            union=union, year=year, source=source, title=title, status=status, basis=basis
        )
        accounts = Account.objects.bulk_create(Account(fund=fund, kind=kind) for kind in FUND_ACCOUNTS)
        _book_grant(EntryKind.GRANT, accounts, amount=amount, union=union, basis=basis, actor=actor, at=at)
    return fund


def supplement(*, fund: Fund, amount: Decimal, basis: str, actor: User, at: datetime.datetime) -> Entry:
    """Add `amount` yuan to a fund by the paper `basis`; an approved fund is an adjusted one from then on.

    Raises `Refused` if `actor` doesn't act for the union's finance, the amount isn't positive money, the
    basis is missing, or the year is closed.
    """
    _check_moment(at)
    if reason := rules.refusal("supplement", fund.union, actor, at):
        raise Refused(reason)
    _check_amount(amount, "追加")
    if not basis.strip():
        raise Refused("请填写追加的依据（批复文号或会议纪要）。")
    with posting():
        locked = (
            Fund.objects.select_for_update(of=("self",), no_key=True).select_related("union").get(pk=fund.pk)
        )
        if reason := rules.closed(locked):
            raise Refused(reason)
        by_kind = {account.kind: account for account in Account.objects.filter(fund=locked, line=None)}
        accounts = [by_kind[kind] for kind in FUND_ACCOUNTS]
        entry = _book_grant(
            EntryKind.SUPPLEMENT, accounts, amount=amount, union=locked.union, basis=basis, actor=actor, at=at
        )
        if locked.status == FundStatus.APPROVED:
            locked.status = FundStatus.ADJUSTED
            locked.save(update_fields=["status"])
    return entry


def _book_grant(
    kind: EntryKind,
    accounts: Sequence[Account],
    *,
    amount: Decimal,
    union: Union,
    basis: str,
    actor: User,
    at: datetime.datetime,
) -> Entry:
    source, fund = accounts
    return Entry.objects.create(
        kind=kind,
        debit=source,
        credit=fund,
        amount=amount,
        batch=uuid.uuid4(),
        actor=actor,
        post=rules.finance_post(union, actor, at),
        at=at,
        reference=basis,
    )


def appropriate(
    *,
    fund: Fund,
    number: str,
    name: str,
    department: Department,
    lines: Sequence[LineAmount],
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str,
    reference: str,
) -> Project:
    """Create the project of an approved class and move its money from the fund to its budget lines (下达).

    Joins the caller's transaction: approval and appropriation stand or fall together. The fund's account
    stays locked until that transaction ends, so approvals from one fund follow one another. Seven SQL
    statements with the savepoint, however many lines. A class without cost has a project without entries.
    `reason` and `reference` go to every entry; `number` is unique in the union.

    Raises `Refused`, nothing changed, if the fund is short (with the figures) or closed, a line's amount
    isn't money, a cost item comes twice, or the department is another union's; `Conflict` if `number` is
    taken.
    """
    _check_moment(at)
    if department.union_id != fund.union_id:
        raise Refused(LEDGER_REFUSALS["budgets_project_union"].message)
    items = [line.item for line in lines]
    for line in lines:
        _check_amount(line.amount, line.title, zero=True)
        if items.count(line.item) > 1:
            raise Refused(f"预算行“{line.title}”重复。")
    needed = sum((line.amount for line in lines), Decimal("0.00"))
    with posting():
        account = _fund_account(fund, AccountKind.FUND)
        if closed := rules.closed(account.fund):
            raise Refused(closed)
        if account.balance < needed:
            raise Refused(
                f"年度专项预算可安排 {yuan(account.balance)} 元，本班需 {yuan(needed)} 元，"
                f"差 {yuan(needed - account.balance)} 元（{account.fund}）。"
            )
        project = Project.objects.create(
            union_id=account.fund.union_id,
            fund=account.fund,
            number=number,
            name=name,
            department=department,
        )
        budget = BudgetLine.objects.bulk_create(
            BudgetLine(project=project, item=line.item, title=line.title, ordinal=ordinal)
            for ordinal, line in enumerate(lines, start=1)
        )
        accounts = Account.objects.bulk_create(
            Account(fund=account.fund, line=line, kind=kind) for line in budget for kind in LINE_ACCOUNTS
        )
        targets = {a.line_id: a for a in accounts if a.kind == AccountKind.LINE}
        batch = uuid.uuid4()
        Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.APPROPRIATE,
                debit=account,
                credit=targets[line.pk],
                amount=wanted.amount,
                batch=batch,
                project=project,
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=reference,
            )
            for line, wanted in zip(budget, lines, strict=True)
            if wanted.amount
        )
    return project


_PROJECT_ACCOUNTS: Prepared[Account] = Prepared(
    lambda project: (
        Account.objects.select_for_update(of=("self",), no_key=True)
        .select_related("line")
        .filter(line__project=project)
        .order_by("id")
    ),
    project=int,
)


def rebudget(
    *,
    project: Project,
    deltas: Mapping[str, Decimal],
    titles: Mapping[str, str],
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str,
    reference: str,
) -> list[Entry]:
    """Change an approved class's budget lines by ``deltas`` (cost item → yuan more or less): 预算调整, 收回.

    Joins the caller's transaction, as :func:`appropriate` does. More comes from the project's fund, less goes
    back to it, in one batch: what is given back pays for what is asked for. An item without a line gets one,
    named by ``titles``. Items whose delta is 0.00 stay as they are.

    Raises `Refused`, nothing changed, if the fund is short for what is more on the whole, a line has less
    free than it should give back (what is committed or paid isn't free, S19), the year is closed, or a delta
    isn't money.
    """
    _check_moment(at)
    wanted = {item: delta for item, delta in deltas.items() if delta}
    for item, delta in wanted.items():
        _check_amount(abs(delta), titles.get(item, item))
    more = sum(wanted.values(), Decimal("0.00"))
    with posting():
        money = _fund_account(project.fund, AccountKind.FUND)
        if closed := rules.closed(money.fund):
            raise Refused(closed)
        if money.balance < more:
            raise Refused(
                f"年度专项预算可安排 {yuan(money.balance)} 元，本次须增加 {yuan(more)} 元，"
                f"差 {yuan(more - money.balance)} 元（{money.fund}）。"
            )
        accounts = _line_accounts(project, wanted, titles)
        batch = uuid.uuid4()
        return Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.ADJUST if delta > 0 else EntryKind.RECALL,
                debit=money if delta > 0 else accounts[item],
                credit=accounts[item] if delta > 0 else money,
                amount=abs(delta),
                batch=batch,
                project=project,
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=reference,
            )
            for item, delta in wanted.items()
        )


def _line_accounts(
    project: Project, wanted: Mapping[str, Decimal], titles: Mapping[str, str]
) -> dict[str, Account]:
    """The account of what is free on each line, locked; a line that isn't there yet is made."""
    kept: dict[str, dict[str, Account]] = {}
    for account in _PROJECT_ACCOUNTS(project=project.pk):
        if account.line is not None:
            kept.setdefault(account.line.item, {})[account.kind] = account
    for item, delta in wanted.items():
        of_line = kept.get(item, {})
        free = of_line[AccountKind.LINE].balance if of_line else Decimal("0.00")
        if free + delta < 0:
            spent = sum(
                (a.balance for kind, a in of_line.items() if kind != AccountKind.LINE), Decimal("0.00")
            )
            raise Refused(
                f"“{titles.get(item, item)}”可用 {yuan(free)} 元，不能收回 {yuan(-delta)} 元"
                f"（已预占和支出 {yuan(spent)} 元）。"
            )
    new = [item for item in wanted if item not in kept]
    if new:
        last = max((line.ordinal for line in project.lines.all()), default=0)
        lines = BudgetLine.objects.bulk_create(
            BudgetLine(project=project, item=item, title=titles.get(item, item), ordinal=ordinal)
            for ordinal, item in enumerate(new, start=last + 1)
        )
        for account in Account.objects.bulk_create(
            Account(fund_id=project.fund_id, line=line, kind=kind) for line in lines for kind in LINE_ACCOUNTS
        ):
            if account.line is not None:
                kept.setdefault(account.line.item, {})[account.kind] = account
    return {item: kept[item][AccountKind.LINE] for item in wanted}
