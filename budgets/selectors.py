"""Reads that add up: what a fund and its projects hold, and whether the ledger proves itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Q, Sum

from budgets.models import Account, Entry, Project
from budgets.states import ENTRY_JOINS_SQL, LINE_ACCOUNTS, AccountKind, EntryKind, entry_fault_sql

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from budgets.models import Fund
    from org.selectors import Standing

ZERO: Final = Decimal("0.00")


@dataclass(frozen=True)
class FundTotals:
    """A fund in yuan: granted = available + appropriated; appropriated holds committed and paid."""

    granted: Decimal = ZERO
    appropriated: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO


@dataclass(frozen=True)
class ProjectTotals:
    """A project in yuan: appropriated = available + committed + paid."""

    appropriated: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO
    available: Decimal = ZERO


@dataclass(frozen=True)
class ProjectRow:
    """One line of the fund page; the project's department is loaded."""

    project: Project
    appropriated: Decimal
    committed: Decimal
    paid: Decimal
    available: Decimal


@dataclass(frozen=True)
class LedgerFault:
    """The first row that doesn't fit: its table (`entry` or `account`), its key, the rule, and for a balance
    what is stored and what the entries add up to (yuan)."""

    table: str
    pk: int
    rule: str
    stored: Decimal | None
    proven: Decimal | None


def fund_totals(fund_ids: Iterable[int]) -> dict[int, FundTotals]:
    """The totals of each fund asked for, in one query; an unknown fund has noughts."""
    asked = tuple(fund_ids)
    sums = _sums(Q(fund_id__in=asked), "fund_id")
    return {pk: _fund_totals(sums[pk]) for pk in asked}


def project_totals(project_ids: Iterable[int]) -> dict[int, ProjectTotals]:
    """The totals of each project asked for, in one query; an unknown project has noughts."""
    asked = tuple(project_ids)
    sums = _sums(Q(line__project_id__in=asked), "line__project_id")
    return {pk: _project_totals(sums[pk]) for pk in asked}


def project_rows(fund: Fund, *, standing: Standing | None = None) -> list[ProjectRow]:
    """The fund's projects by number with their totals, in two queries; with `standing`, those it may see."""
    projects = Project.objects.filter(fund=fund)
    if standing is not None:
        projects = projects.visible_to(standing)
    sums = _sums(Q(fund=fund, line__isnull=False), "line__project_id")
    rows = []
    for project in projects.select_related("department").order_by("number"):
        t = _project_totals(sums[project.pk])
        rows.append(ProjectRow(project, t.appropriated, t.committed, t.paid, t.available))
    return rows


def line_totals(project_id: int) -> dict[str, ProjectTotals]:
    """The totals of each budget line of a project, by cost item; one query."""
    sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    accounts = Account.objects.filter(line__project=project_id).order_by()
    for item, kind, balance in accounts.values_list("line__item", "kind", "balance"):
        sums[item][kind] = balance
    return {item: _project_totals(of_line) for item, of_line in sums.items()}


def recalled(project_id: int, at: datetime.datetime) -> Decimal:
    """What was taken back from a project to its fund (收回) by the decision of that moment, in yuan."""
    entries = Entry.objects.filter(project=project_id, kind=EntryKind.RECALL, at=at).order_by()
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def _sums(accounts: Q, owner: str) -> defaultdict[int, defaultdict[str, Decimal]]:
    sums: defaultdict[int, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    found = Account.objects.filter(accounts).order_by().values_list(owner, "kind").annotate(Sum("balance"))
    for pk, kind, balance in found:
        sums[pk][kind] = balance
    return sums


def _fund_totals(sums: defaultdict[str, Decimal]) -> FundTotals:
    return FundTotals(
        granted=ZERO - sums[AccountKind.SOURCE],
        appropriated=sum((sums[kind] for kind in LINE_ACCOUNTS), ZERO),
        committed=sums[AccountKind.COMMITTED],
        paid=sums[AccountKind.PAID],
        available=sums[AccountKind.FUND],
    )


def _project_totals(sums: defaultdict[str, Decimal]) -> ProjectTotals:
    return ProjectTotals(
        appropriated=sum((sums[kind] for kind in LINE_ACCOUNTS), ZERO),
        committed=sums[AccountKind.COMMITTED],
        paid=sums[AccountKind.PAID],
        available=sums[AccountKind.LINE],
    )


_FIRST_FAULT_SQL: Final = f"""
    WITH proven AS (
        SELECT account_id, SUM(delta) AS total FROM (
            SELECT debit_id AS account_id, -amount AS delta FROM budgets_entry
            UNION ALL SELECT credit_id, amount FROM budgets_entry
        ) moved GROUP BY account_id
    ), faults AS (
        SELECT 1 AS rank, 'entry' AS name, e.id, 'budgets_entry_amount' AS rule,
               e.amount AS stored, NULL::numeric AS proven
          FROM budgets_entry e WHERE e.amount <= 0 OR e.debit_id = e.credit_id
        UNION ALL
        SELECT 1, 'entry', e.id, 'budgets_entry_account', NULL, NULL FROM budgets_entry e
         WHERE NOT EXISTS (SELECT 1 FROM budgets_account WHERE id = e.debit_id)
            OR NOT EXISTS (SELECT 1 FROM budgets_account WHERE id = e.credit_id)
        UNION ALL
        SELECT 1, 'entry', x.id, x.rule, NULL, NULL
          FROM (SELECT e.id, {entry_fault_sql()} AS rule FROM budgets_entry e {ENTRY_JOINS_SQL}) x
         WHERE x.rule IS NOT NULL
        UNION ALL
        SELECT 2, 'account', a.id, 'budgets_account_moved', a.balance, COALESCE(p.total, 0.00)
          FROM budgets_account a LEFT JOIN proven p ON p.account_id = a.id
         WHERE a.balance <> COALESCE(p.total, 0)
        UNION ALL
        SELECT 3, 'account', a.id, 'budgets_account_balance', a.balance, a.balance
          FROM budgets_account a WHERE a.balance < 0 AND a.kind <> '{AccountKind.SOURCE.value}'
    )
    SELECT name, id, rule, stored, proven FROM faults ORDER BY rank, id LIMIT 1
"""  # noqa: S608 - made of constants


def first_fault() -> LedgerFault | None:
    """Prove the ledger from its rows alone, in one statement and so in one snapshot, while others work.

    Every entry obeys the rules of entries; every balance is the sum of its entries; none but a source is
    negative. As each entry moves one amount inside one fund, each fund's balances then add up to 0.00:
    批复 + 追加 = 可安排 + 可用 + 预占 + 已支出. Faults of entries come before those of
    accounts, each by id.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_FAULT_SQL)
        row = cursor.fetchone()
    return None if row is None else LedgerFault(*row)
