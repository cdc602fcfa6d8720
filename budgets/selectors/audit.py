"""Whether the ledger proves itself, from its rows alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

from budgets.states import ENTRY_JOINS_SQL, AccountKind, carry_fault_sql, entry_fault_sql


@dataclass(frozen=True)
class LedgerFault:
    """The first row that doesn't fit: its table (`entry`, `account`, `commitment`, `payment`, `project`), its
    key, the rule, and for an amount what is stored and what the entries add up to (yuan)."""

    table: str
    pk: int
    rule: str
    stored: Decimal | None
    proven: Decimal | None


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
          FROM (SELECT e.id, COALESCE({entry_fault_sql()}, {carry_fault_sql("budgets_entry")}) AS rule
                  FROM budgets_entry e {ENTRY_JOINS_SQL} OFFSET 0) x
         WHERE x.rule IS NOT NULL
        UNION ALL
        SELECT 2, 'account', a.id, 'budgets_account_moved', a.balance, COALESCE(p.total, 0.00)
          FROM budgets_account a LEFT JOIN proven p ON p.account_id = a.id
         WHERE a.balance <> COALESCE(p.total, 0)
        UNION ALL
        SELECT 3, 'commitment', m.id, 'budgets_commitment_moved', m.outstanding, COALESCE(t.total, 0.00)
          FROM budgets_commitment m LEFT JOIN (
            SELECT e.commitment_id,
                   SUM(CASE c.kind WHEN 'committed' THEN e.amount ELSE -e.amount END) AS total
              FROM budgets_entry e JOIN budgets_account c ON c.id = e.credit_id
             WHERE e.commitment_id IS NOT NULL GROUP BY e.commitment_id
          ) t ON t.commitment_id = m.id
         WHERE m.outstanding <> COALESCE(t.total, 0)
        UNION ALL
        SELECT 4, 'payment', p.id, 'budgets_payment_entries', p.amount, COALESCE(t.total, 0.00)
          FROM budgets_payment p LEFT JOIN (
            SELECT payment_id, SUM(amount) AS total FROM budgets_entry
             WHERE payment_id IS NOT NULL AND kind <> 'reverse' GROUP BY payment_id
          ) t ON t.payment_id = p.id
         WHERE p.amount <> COALESCE(t.total, 0)
        UNION ALL
        SELECT 4, 'payment', p.id, 'budgets_payment_half_reversed', p.amount, t.total
          FROM budgets_payment p JOIN (
            SELECT payment_id, SUM(amount) AS total FROM budgets_entry
             WHERE payment_id IS NOT NULL AND kind = 'reverse' GROUP BY payment_id
          ) t ON t.payment_id = p.id
         WHERE p.amount <> t.total
        UNION ALL
        SELECT 4, 'payment', t.root, 'budgets_payment_refunded', t.total + t.back, t.back FROM (
            SELECT COALESCE(p.refunds_id, p.id) AS root,
                   SUM(CASE t.credit_id WHEN a.id THEN t.amount ELSE -t.amount END) AS total,
                   COALESCE(SUM(t.amount) FILTER (WHERE t.debit_id = a.id), 0.00) AS back
              FROM budgets_payment p JOIN budgets_entry t ON t.payment_id = p.id
              JOIN budgets_account a ON a.kind = 'paid' AND a.id IN (t.debit_id, t.credit_id)
             GROUP BY 1, a.id
          ) t WHERE t.total < 0
        UNION ALL
        SELECT 5, 'project', j.id, 'budgets_project_continues', NULL, NULL
          FROM budgets_project j JOIN budgets_fund f ON f.id = j.fund_id
          LEFT JOIN budgets_project p ON p.id = j.continues_id
          LEFT JOIN budgets_fund was ON was.id = p.fund_id
         WHERE (j.continues_id IS NOT NULL OR j.origin_id IS NOT NULL)
           AND (f.union_id, f.source, f.year, j.origin_id)
               IS DISTINCT FROM (was.union_id, was.source, was.year + 1, COALESCE(p.origin_id, p.id))
        UNION ALL
        SELECT 5, 'project', t.id, 'budgets_project_carried', t.given, LEAST(t.came, t.gone) FROM (
            SELECT b.id, SUM(e.amount) FILTER (WHERE e.kind = 'appropriate') AS given,
                   COALESCE(SUM(e.amount) FILTER (WHERE e.kind = 'carry_in'), 0.00) AS came,
                   COALESCE(SUM(e.amount) FILTER (
                       WHERE e.kind = 'recall' AND e.project_id = b.continues_id), 0.00) AS gone
              FROM (SELECT DISTINCT j.id, j.continues_id, e.batch
                      FROM budgets_project j JOIN budgets_entry e ON e.project_id = j.id
                     WHERE j.continues_id IS NOT NULL AND e.kind = 'appropriate') b
              JOIN budgets_entry e ON e.batch = b.batch GROUP BY b.id
          ) t WHERE t.came <> t.given OR t.gone < t.given
        UNION ALL
        SELECT 6, 'account', a.id, 'budgets_account_balance', a.balance, a.balance
          FROM budgets_account a WHERE a.balance < 0 AND a.kind <> '{AccountKind.SOURCE.value}'
    )
    SELECT name, id, rule, stored, proven FROM faults ORDER BY rank, id LIMIT 1
"""  # noqa: S608 - made of constants


def first_fault() -> LedgerFault | None:
    """Prove the ledger from its rows alone, in one statement and so in one snapshot, while others work.

    Every entry obeys the rules of entries; every balance is the sum of its entries, so is what is
    outstanding of a commitment and the amount of a payment; a payment is reversed whole, and no more of it
    comes back to a line than left it; what a project was carried over with left the one it continues in the
    same batch; none but a source is negative. As each entry moves one amount inside one fund, each fund's
    balances then add up to 0.00: 设立 + 追加 = 可安排 + 可用 + 预占 + 已支出. Faults of entries come before
    those of accounts, each by id.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_FAULT_SQL)
        row = cursor.fetchone()
    return None if row is None else LedgerFault(*row)


@dataclass(frozen=True)
class Conservation:
    """What a fund's budget lines received and where it is, in yuan, added up from the entries alone.

    given (下达, with 预算调整) = available + committed + paid + taken back (收回); 调剂 stays inside.
    """

    given: Decimal
    available: Decimal
    committed: Decimal
    paid: Decimal
    taken_back: Decimal

    @property
    def holds(self) -> bool:
        return self.given == self.available + self.committed + self.paid + self.taken_back


_CONSERVATION_SQL: Final = """
    WITH moves AS (
        SELECT d.fund_id, d.kind AS left_kind, c.kind AS came_kind, e.amount,
               COALESCE(o.kind, e.kind) AS kind,
               CASE WHEN e.reverses_id IS NULL THEN e.amount ELSE -e.amount END AS signed
          FROM budgets_entry e
          JOIN budgets_account d ON d.id = e.debit_id
          JOIN budgets_account c ON c.id = e.credit_id
          LEFT JOIN budgets_entry o ON o.id = e.reverses_id
    )
    SELECT f.id,
           COALESCE(SUM(signed) FILTER (WHERE kind IN ('appropriate', 'adjust')), 0.00),
           COALESCE(SUM(amount) FILTER (WHERE came_kind = 'line'), 0.00)
             - COALESCE(SUM(amount) FILTER (WHERE left_kind = 'line'), 0.00),
           COALESCE(SUM(amount) FILTER (WHERE came_kind = 'committed'), 0.00)
             - COALESCE(SUM(amount) FILTER (WHERE left_kind = 'committed'), 0.00),
           COALESCE(SUM(amount) FILTER (WHERE came_kind = 'paid'), 0.00)
             - COALESCE(SUM(amount) FILTER (WHERE left_kind = 'paid'), 0.00),
           COALESCE(SUM(signed) FILTER (WHERE kind = 'recall'), 0.00)
      FROM budgets_fund f LEFT JOIN moves m ON m.fund_id = f.id
     GROUP BY f.id
"""


def conservation() -> dict[int, Conservation]:
    """Σ下达 = Σ可用 + Σ预占 + Σ支出 + Σ收回 of each fund, by its key; one query over the entries."""
    with connection.cursor() as cursor:
        cursor.execute(_CONSERVATION_SQL)
        return {pk: Conservation(*sums) for pk, *sums in cursor.fetchall()}
