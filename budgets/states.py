"""What kinds of accounts and entries there are, and the ONE table of ways money may take.

The table of routes is read by the services' callers and rendered to SQL for two readers: the trigger that
lets an entry into the ledger and the command that audits it. Migrations hold the rendered SQL frozen, so
everything rendered here is sorted: the same table always gives the same text.
"""

from __future__ import annotations

from typing import Final

from django.db import models


class FundStatus(models.TextChoices):
    """How firm the amount of a year's fund is."""

    CONTROL = "control", "控制数"
    APPROVED = "approved", "已批复"
    ADJUSTED = "adjusted", "已调整"


class AccountKind(models.TextChoices):
    """Where an amount of yuan stands. Only a `source` may be negative: it is the outside world."""

    SOURCE = "source", "资金来源"
    FUND = "fund", "年度专项预算"
    LINE = "line", "预算行可用"
    COMMITTED = "committed", "预占"
    PAID = "paid", "已支出"


class EntryKind(models.TextChoices):
    """Why an amount moved."""

    GRANT = "grant", "批复"
    SUPPLEMENT = "supplement", "追加"
    APPROPRIATE = "appropriate", "下达"
    ADJUST = "adjust", "预算调整"
    RECALL = "recall", "收回"


FUND_ACCOUNTS: Final = (AccountKind.SOURCE, AccountKind.FUND)
"""The accounts every fund has, one of each."""

LINE_ACCOUNTS: Final = (AccountKind.LINE, AccountKind.COMMITTED, AccountKind.PAID)
"""The accounts every budget line has, one of each."""

ROUTES: Final[dict[EntryKind, tuple[tuple[AccountKind, AccountKind], ...]]] = {
    EntryKind.GRANT: ((AccountKind.SOURCE, AccountKind.FUND),),
    EntryKind.SUPPLEMENT: ((AccountKind.SOURCE, AccountKind.FUND),),
    EntryKind.APPROPRIATE: ((AccountKind.FUND, AccountKind.LINE),),
    EntryKind.ADJUST: ((AccountKind.FUND, AccountKind.LINE),),
    EntryKind.RECALL: ((AccountKind.LINE, AccountKind.FUND),),
}
"""Kind of entry → the (from, to) kinds of account it may join. Anything else is refused by the database."""


def routes_sql() -> str:
    """The table of routes as a sorted SQL list of rows `('kind', 'from', 'to'), …`."""
    rows = sorted((kind.value, a.value, b.value) for kind, pairs in ROUTES.items() for a, b in pairs)
    return ", ".join(f"('{kind}', '{a}', '{b}')" for kind, a, b in rows)


ENTRY_JOINS_SQL: Final = """
    JOIN budgets_account d ON d.id = e.debit_id
    JOIN budgets_account c ON c.id = e.credit_id
    JOIN budgets_fund f ON f.id = c.fund_id
    LEFT JOIN budgets_budgetline dl ON dl.id = d.line_id
    LEFT JOIN budgets_budgetline cl ON cl.id = c.line_id
"""
"""What `entry_fault_sql` needs beside the entries, which are called `e`."""


def entry_fault_sql() -> str:
    """An SQL expression over one entry: the name of the rule it breaks, or NULL.

    Money stays inside one fund and takes a route of the table; an entry that touches a budget line names
    that line's project (either project, when both ends are lines), any other entry names none.
    """
    return f"""CASE
        WHEN d.fund_id <> c.fund_id THEN 'budgets_entry_one_fund'
        WHEN (e.kind, d.kind, c.kind) NOT IN ({routes_sql()}) THEN 'budgets_entry_route'
        WHEN COALESCE(dl.project_id, cl.project_id) IS NULL AND e.project_id IS NOT NULL
            THEN 'budgets_entry_project'
        WHEN COALESCE(dl.project_id, cl.project_id) IS NOT NULL
             AND COALESCE(e.project_id NOT IN (COALESCE(dl.project_id, cl.project_id),
                                               COALESCE(cl.project_id, dl.project_id)), TRUE)
            THEN 'budgets_entry_project'
    END"""
