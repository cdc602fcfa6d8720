"""What the random machine knows by itself: a few lines of arithmetic, and what must be true in SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

ZERO: Final = Decimal("0.00")

money = st.decimals(Decimal("0.01"), Decimal("60.00"), places=2) | st.decimals(1, 700, places=2)
#: The head of finance, a clerk of finance, heads of other departments, the head of another union's finance.
people = st.sampled_from(["caiwu"] * 7 + ["clerk"] * 2 + ["jiceng", "xuanchuan", "stranger"])
FINANCE: Final = frozenset({"caiwu", "clerk"})
sessions = st.sampled_from([None, None, 1, 2])
GIVEN: Final = ("900.00", "450.50", "300.00", "0.00", "700.25", "1200.00")


@dataclass
class Year:
    """A fund: of which union and year, what is free of it, whether it is closed.

    ``last``: the last entry of all when it was closed.
    """

    code: str
    year: int
    free: Decimal
    closed: bool = False
    last: int = 0


@dataclass
class Grant:
    """What finance granted, or added: by which entry, to which fund."""

    entry: int
    kind: str
    fund: int
    amount: Decimal
    reversed: bool = False


@dataclass
class Promise:
    """A commitment: of which line, what was promised, what is left."""

    line: int
    whole: Decimal
    left: Decimal
    session: int | None
    reversed: bool = False
    releases: list[tuple[int, Decimal]] = field(default_factory=list)


@dataclass
class Paid:
    """A payment: its rows as (line, commitment, amount), and what came back by line."""

    rows: list[tuple[int, int | None, Decimal]]
    back: dict[int, Decimal] = field(default_factory=dict)
    refunds: int | None = None
    reversed: bool = False
    invoice: str = ""


@dataclass
class Stand:
    """Where the yuan of a line are."""

    free: Decimal = ZERO
    committed: Decimal = ZERO
    paid: Decimal = ZERO


MISFITS: Final = """
    SELECT 'fund', fund_id FROM budgets_account GROUP BY fund_id HAVING SUM(balance) <> 0
    UNION ALL SELECT 'below nought', id FROM budgets_account WHERE balance < 0 AND kind <> 'source'
    UNION ALL SELECT 'not its entries', a.id
      FROM budgets_account a LEFT JOIN (
        SELECT debit_id AS id, -amount AS moved FROM budgets_entry
        UNION ALL SELECT credit_id, amount FROM budgets_entry) e ON e.id = a.id
     GROUP BY a.id HAVING a.balance <> COALESCE(SUM(e.moved), 0)
    UNION ALL SELECT 'committed', a.id
      FROM budgets_account a LEFT JOIN budgets_commitment m ON m.line_id = a.line_id
     WHERE a.kind = 'committed' GROUP BY a.id HAVING a.balance <> COALESCE(SUM(m.outstanding), 0)
    UNION ALL SELECT 'paid', b.project_id
      FROM budgets_budgetline b JOIN budgets_account a ON a.line_id = b.id AND a.kind = 'paid'
     GROUP BY b.project_id HAVING SUM(a.balance) <> (
        SELECT COALESCE(SUM(CASE WHEN y.refunds_id IS NULL THEN y.amount ELSE -y.amount END), 0)
          FROM budgets_payment y
         WHERE y.project_id = b.project_id AND NOT EXISTS (
            SELECT 1 FROM budgets_entry e WHERE e.payment_id = y.id AND e.kind = 'reverse'))
    UNION ALL SELECT 'reversed twice', reverses_id
      FROM budgets_entry WHERE reverses_id IS NOT NULL GROUP BY reverses_id HAVING COUNT(*) > 1
    UNION ALL SELECT 'invoice', MIN(id)
      FROM budgets_invoice WHERE active AND shared = '' GROUP BY union_id, number HAVING COUNT(*) > 1
    UNION ALL SELECT 'half carried', MIN(e.id)
      FROM budgets_entry e WHERE e.kind IN ('carry_out', 'carry_in')
     GROUP BY e.batch HAVING COUNT(*) <> 2 OR COUNT(DISTINCT e.kind) <> 2 OR COUNT(DISTINCT e.amount) <> 1
    UNION ALL SELECT 'closed with promises', f.id
      FROM budgets_fund f JOIN budgets_project p ON p.fund_id = f.id
      JOIN budgets_commitment m ON m.project_id = p.id
     WHERE f.closed_on IS NOT NULL AND m.outstanding > 0
    UNION ALL SELECT 'closed without an act', f.id
      FROM budgets_fund f WHERE (f.closed_on IS NOT NULL) <> COALESCE((
        SELECT t.kind = 'close' FROM budgets_fundact t
         WHERE t.fund_id = f.id ORDER BY t.id DESC LIMIT 1), FALSE)
    UNION ALL SELECT 'not by finance', e.id
      FROM budgets_entry e
      JOIN budgets_account c ON c.id = e.credit_id JOIN budgets_fund f ON f.id = c.fund_id
      LEFT JOIN budgets_commitment m ON m.id = e.commitment_id AND e.kind = 'commit'
     WHERE e.kind IN ('grant', 'commit', 'pay', 'refund', 'reverse') AND m.continues_id IS NULL
       AND NOT EXISTS (
        SELECT 1 FROM org_tenure t JOIN org_post p ON p.id = t.post_id
          JOIN org_duty u ON u.department_id = p.department_id AND u.union_id = f.union_id
         WHERE u.code = 'finance' AND t.user_id = e.actor_id AND e.post_id = p.id)
"""
"""What must never be found: conservation, nothing below nought, caches as the rows have them, reversals and
invoices once, carry-overs in pairs, a closed year without promises and with the act that closed it, and what
finance alone may do done by somebody of that union's finance."""

AFTER_CLOSING: Final = """
    SELECT e.id FROM budgets_entry e JOIN budgets_account a ON a.id IN (e.debit_id, e.credit_id)
      JOIN budgets_fund f ON f.id = a.fund_id
     WHERE f.id = %s AND f.closed_on IS NOT NULL AND e.id > %s
"""
"""The entries of a closed fund after its last one when it was closed."""
