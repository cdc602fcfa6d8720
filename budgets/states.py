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


class PayMethod(models.TextChoices):
    """支付方式."""

    TRANSFER = "transfer", "银行转账"
    CARD = "card", "公务卡"
    CASH = "cash", "现金"
    CHEQUE = "cheque", "支票"
    OTHER = "other", "其他"


class Subject(models.TextChoices):
    """预算科目: two of them, which are never mixed (X4: 培训费 is 业务支出, 职工教育 is 职工活动支出)."""

    CADRES = "cadres", "业务支出—培训费"
    WORKERS = "workers", "职工活动支出—职工教育费"


class YearAct(models.TextChoices):
    """What was done to a fund's year."""

    CLOSE = "close", "结账"
    REOPEN = "reopen", "反结账"


class AccountKind(models.TextChoices):
    """Where an amount of yuan stands. Only a `source` may be negative: it is the outside world."""

    SOURCE = "source", "资金来源"
    FUND = "fund", "年度专项预算"
    LINE = "line", "预算行可用"
    COMMITTED = "committed", "预占"
    PAID = "paid", "已支出"


class EntryKind(models.TextChoices):
    """Why an amount moved."""

    GRANT = "grant", "设立"
    SUPPLEMENT = "supplement", "追加"
    APPROPRIATE = "appropriate", "下达"
    ADJUST = "adjust", "预算调整"
    RECALL = "recall", "收回"
    TRANSFER = "transfer", "调剂"
    COMMIT = "commit", "预占"
    RELEASE = "release", "释放"
    PAY = "pay", "支出"
    REFUND = "refund", "退款"
    CARRY_OUT = "carry_out", "结转下年"
    CARRY_IN = "carry_in", "上年结转"
    REVERSE = "reverse", "红字冲销"


FUND_ACCOUNTS: Final = (AccountKind.SOURCE, AccountKind.FUND)
"""The accounts every fund has, one of each."""

REVERSIBLE: Final = frozenset(
    {
        EntryKind.GRANT,
        EntryKind.SUPPLEMENT,
        EntryKind.COMMIT,
        EntryKind.RELEASE,
        EntryKind.PAY,
        EntryKind.REFUND,
    }
)
"""What finance entered itself and may take back by a reversal; what was decided in the inbox or by the
meeting is changed there."""

LINE_ACCOUNTS: Final = (AccountKind.LINE, AccountKind.COMMITTED, AccountKind.PAID)
"""The accounts every budget line has, one of each."""

ROUTES: Final[dict[EntryKind, tuple[tuple[AccountKind, AccountKind], ...]]] = {
    EntryKind.GRANT: ((AccountKind.SOURCE, AccountKind.FUND),),
    EntryKind.SUPPLEMENT: ((AccountKind.SOURCE, AccountKind.FUND),),
    EntryKind.APPROPRIATE: ((AccountKind.FUND, AccountKind.LINE),),
    EntryKind.ADJUST: ((AccountKind.FUND, AccountKind.LINE),),
    EntryKind.RECALL: ((AccountKind.LINE, AccountKind.FUND),),
    EntryKind.TRANSFER: ((AccountKind.LINE, AccountKind.LINE),),
    EntryKind.COMMIT: ((AccountKind.LINE, AccountKind.COMMITTED),),
    EntryKind.RELEASE: ((AccountKind.COMMITTED, AccountKind.LINE),),
    EntryKind.PAY: ((AccountKind.LINE, AccountKind.PAID), (AccountKind.COMMITTED, AccountKind.PAID)),
    EntryKind.REFUND: ((AccountKind.PAID, AccountKind.LINE),),
    EntryKind.CARRY_OUT: ((AccountKind.FUND, AccountKind.SOURCE),),
    EntryKind.CARRY_IN: ((AccountKind.SOURCE, AccountKind.FUND),),
}
"""Kind of entry → the (from, to) kinds of account it may join. Anything else is refused by the database.
A reversal has no route of its own: it goes the way of what it reverses, backwards."""


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
    LEFT JOIN budgets_commitment m ON m.id = e.commitment_id
    LEFT JOIN budgets_payment p ON p.id = e.payment_id
    LEFT JOIN budgets_entry o ON o.id = e.reverses_id
"""
"""What `entry_fault_sql` needs beside the entries, which are called `e`."""


def _kinds_sql(kinds: frozenset[EntryKind]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(kind.value for kind in kinds))


def entry_fault_sql() -> str:
    """An SQL expression over one entry: the name of the rule it breaks, or NULL.

    Money stays inside one fund and, transfers apart, inside one line; it takes a route of the table. An entry
    that touches a budget line names that line's project (either project, when both ends are lines), any other
    names none. What is committed belongs to a commitment of that line, what is paid to a payment of that
    project, and to these alone; money comes back by a payment that names the one it refunds. A reversal
    undoes one entry of a kind that may be reversed, whole.
    """
    return f"""CASE
        WHEN d.fund_id <> c.fund_id THEN 'budgets_entry_one_fund'
        WHEN (e.kind = 'reverse') <> (e.reverses_id IS NOT NULL)
             OR e.kind = 'reverse' AND (
                 o.kind NOT IN ({_kinds_sql(REVERSIBLE)})
                 OR (o.debit_id, o.credit_id, o.amount) <> (e.credit_id, e.debit_id, e.amount)
                 OR (o.project_id, o.commitment_id, o.payment_id)
                    IS DISTINCT FROM (e.project_id, e.commitment_id, e.payment_id)
             ) THEN 'budgets_entry_reversal'
        WHEN e.kind <> 'reverse' AND (e.kind, d.kind, c.kind) NOT IN ({routes_sql()})
            THEN 'budgets_entry_route'
        WHEN e.kind NOT IN ('transfer', 'reverse') AND d.line_id <> c.line_id THEN 'budgets_entry_one_line'
        WHEN COALESCE(dl.project_id, cl.project_id) IS NULL AND e.project_id IS NOT NULL
            THEN 'budgets_entry_project'
        WHEN COALESCE(dl.project_id, cl.project_id) IS NOT NULL
             AND COALESCE(e.project_id NOT IN (COALESCE(dl.project_id, cl.project_id),
                                               COALESCE(cl.project_id, dl.project_id)), TRUE)
            THEN 'budgets_entry_project'
        WHEN ('committed' IN (d.kind, c.kind)) <> (e.commitment_id IS NOT NULL)
             OR e.commitment_id IS NOT NULL AND m.line_id <> COALESCE(d.line_id, c.line_id)
            THEN 'budgets_entry_commitment'
        WHEN ('paid' IN (d.kind, c.kind)) <> (e.payment_id IS NOT NULL)
             OR e.payment_id IS NOT NULL AND p.project_id <> e.project_id
             OR e.kind IN ('pay', 'refund') AND (e.kind = 'refund') <> (p.refunds_id IS NOT NULL)
            THEN 'budgets_entry_payment'
    END"""


def carry_fault_sql(entries: str) -> str:
    """The same for what is carried over: it leaves one year and comes to the next of the same union and
    source, in one batch; `entries` is the table the other half is looked for in."""
    return f"""CASE
        WHEN e.kind = 'carry_out' AND 1 <> (
                 SELECT COUNT(*) FROM {entries} t JOIN budgets_account ta ON ta.id = t.credit_id
                   JOIN budgets_fund tf ON tf.id = ta.fund_id
                  WHERE t.batch = e.batch AND t.kind = 'carry_in' AND t.amount = e.amount
                    AND (tf.union_id, tf.source, tf.year) = (f.union_id, f.source, f.year + 1))
             OR e.kind = 'carry_in' AND 1 <> (
                 SELECT COUNT(*) FROM {entries} t JOIN budgets_account ta ON ta.id = t.debit_id
                   JOIN budgets_fund tf ON tf.id = ta.fund_id
                  WHERE t.batch = e.batch AND t.kind = 'carry_out' AND t.amount = e.amount
                    AND (tf.union_id, tf.source, tf.year) = (f.union_id, f.source, f.year - 1))
            THEN 'budgets_entry_carry_pair'
    END"""  # noqa: S608 - made of constants


PAYMENT_FAULT_SQL: Final = """CASE
        WHEN e.payment_id IS NOT NULL AND EXISTS (
                 SELECT 1 FROM budgets_entry t WHERE t.payment_id = e.payment_id
                 HAVING p.amount <> SUM(t.amount) FILTER (WHERE t.kind <> 'reverse')
                     OR p.amount <> SUM(t.amount) FILTER (WHERE t.kind = 'reverse'))
            THEN 'budgets_entry_whole_payment'
        WHEN e.payment_id IS NOT NULL AND e.kind <> 'pay' AND 0 > (
                 SELECT SUM(CASE t.credit_id WHEN a.id THEN t.amount ELSE -t.amount END)
                   FROM budgets_payment q JOIN budgets_entry t ON t.payment_id = q.id
                   JOIN budgets_account a ON a.kind = 'paid' AND a.id IN (t.debit_id, t.credit_id)
                  WHERE COALESCE(p.refunds_id, p.id) IN (q.id, q.refunds_id) AND a.id IN (d.id, c.id))
            THEN 'budgets_entry_refunded'
    END"""
"""The rule of payments an entry breaks as it comes in, or NULL; reads the ledger with the new rows in it.

The entries of a payment come all at once and add up to its amount, and they are reversed all at once. From
one budget line never comes back more than a payment took from it: refunds and its own reversal together.
Whoever posts holds the account of what the line paid, so two that come back at once are seen here.
"""
