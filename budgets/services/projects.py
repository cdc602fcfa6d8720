"""A class's project: its money from the fund, more of it or less, from one line to another."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from budgets import rules
from budgets.models import Account, BudgetLine, Entry, Fund, Project
from budgets.services.posting import LEDGER_REFUSALS, check_amount, check_moment, fund_account, posting
from budgets.states import LINE_ACCOUNTS, AccountKind, EntryKind
from office.prepared import Prepared
from office.refusals import Refused
from office.wording import yuan

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from org.models import Department, Post, User


@dataclass(frozen=True)
class LineAmount:
    """A budget line to be: code and title of the cost item, and its approved amount in yuan (0.00 is a line
    that starts empty)."""

    item: str
    title: str
    amount: Decimal


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
    check_moment(at)
    if department.union_id != fund.union_id:
        raise Refused(LEDGER_REFUSALS["budgets_project_union"].message)
    items = [line.item for line in lines]
    for line in lines:
        check_amount(line.amount, line.title, zero=True)
        if items.count(line.item) > 1:
            raise Refused(f"预算行“{line.title}”重复。")
    needed = sum((line.amount for line in lines), Decimal("0.00"))
    with posting():
        account = fund_account(fund, AccountKind.FUND)
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
    check_moment(at)
    wanted = {item: delta for item, delta in deltas.items() if delta}
    for item, delta in wanted.items():
        check_amount(abs(delta), titles.get(item, item))
    more = sum(wanted.values(), Decimal("0.00"))
    with posting():
        money = fund_account(project.fund, AccountKind.FUND)
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


@dataclass(frozen=True)
class Shift:
    """调剂 in yuan: from one budget line to another, of the same project or of one of the same fund."""

    source: int
    target: int
    amount: Decimal


def transfer(
    *,
    shifts: Sequence[Shift],
    actor: User,
    post: Post | None,
    at: datetime.datetime,
    reason: str,
    reference: str,
) -> list[Entry]:
    """调剂: move free money between budget lines. Joins the caller's transaction, whose approval it rests on.

    Raises `Refused`, nothing changed, if a line has less free than it should give (what is committed or paid
    isn't free, S19), the lines are of different funds, or the year is closed.
    """
    check_moment(at)
    for shift in shifts:
        check_amount(shift.amount, "调剂")
        if shift.source == shift.target:
            raise Refused("调出和调入是同一预算行，请重新选择。")
    ids = {line for shift in shifts for line in (shift.source, shift.target)}
    with posting():
        locked = {
            account.line_id: account
            for account in Account.objects.select_for_update(of=("self",), no_key=True)
            .select_related("line__project", "fund")
            .filter(line__in=ids, kind=AccountKind.LINE)
            .order_by("id")
        }
        if ids - locked.keys():
            raise Refused("调剂的预算行不存在，请重新选择。")
        funds = {account.fund for account in locked.values()}
        if len(funds) > 1:
            raise Refused("只能在同一年度专项预算的预算行之间调剂。")
        if closed := next(filter(None, map(rules.closed, funds)), None):
            raise Refused(closed)
        giving: dict[int, Decimal] = {}
        for shift in shifts:
            giving[shift.source] = giving.get(shift.source, Decimal("0.00")) + shift.amount
        for line, amount in giving.items():
            account = locked[line]
            if account.balance < amount and account.line is not None:
                raise Refused(
                    f"{account.line.project.number}“{account.line.title}”可用 {yuan(account.balance)} 元，"
                    f"不能调出 {yuan(amount)} 元，差 {yuan(amount - account.balance)} 元"
                    "（已预占和支出的不能调剂）。"
                )
        batch = uuid.uuid4()
        return Entry.objects.bulk_create(
            Entry(
                kind=EntryKind.TRANSFER,
                debit=locked[shift.source],
                credit=locked[shift.target],
                amount=shift.amount,
                batch=batch,
                project_id=_project_of(locked[shift.source]),
                actor=actor,
                post=post,
                at=at,
                reason=reason,
                reference=reference,
            )
            for shift in shifts
        )


def _project_of(account: Account) -> int | None:
    return account.line.project_id if account.line is not None else None


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
