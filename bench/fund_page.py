"""8: the page of a fund with many classes and entries, beside the SQL it asks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import clock
from bench.inbox import Page, page, signed_in
from bench.load import YEAR, at
from budgets.models import Entry, Fund
from budgets.selectors import first_fault
from budgets.services import open_fund
from budgets.states import FundStatus
from org.models import Department, Union

if TYPE_CHECKING:
    from bench.load import World

# Every statement passes the ledger's own trigger. Names of classes come from one plan: what is asked of plans
# is asked by number and union, and there are none of these numbers.
_PROJECTS = """
WITH made AS (
    INSERT INTO budgets_project (union_id, fund_id, number, name, department_id)
    SELECT %(union)s, %(fund)s, 'PAGE-' || lpad(n::text, 6, '0'), '工会信息员培训班',
           (%(departments)s::bigint[])[1 + n %% cardinality(%(departments)s::bigint[])]
      FROM generate_series(1, %(projects)s) n RETURNING id
), lines AS (
    INSERT INTO budgets_budgetline (project_id, item, title, ordinal)
    SELECT id, 'meals', '伙食费', 1 FROM made RETURNING id, project_id
) SELECT count(*) FROM lines
"""
_ACCOUNTS = """
INSERT INTO budgets_account (fund_id, line_id, kind, balance)
SELECT p.fund_id, l.id, k, 0 FROM budgets_budgetline l JOIN budgets_project p ON p.id = l.project_id,
       unnest(ARRAY['line', 'committed', 'paid']) k
 WHERE p.fund_id = %(fund)s ORDER BY l.id
"""
_COMMITMENTS = """
INSERT INTO budgets_commitment (project_id, number, line_id, title, payee, contract_number, outstanding, key,
                                created_by_id, at)
SELECT l.project_id, p.number || '-YZ01', l.id, '住宿合同', '测速', '', 0, gen_random_uuid(),
       %(actor)s, %(at)s
  FROM budgets_budgetline l JOIN budgets_project p ON p.id = l.project_id WHERE p.fund_id = %(fund)s
"""
_ENTRIES = """
INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, commitment_id, actor_id, at,
                           reason, reference)
SELECT %(kind)s, d.id, c.id, %(amount)s, gen_random_uuid(), p.id,
       CASE WHEN %(kind)s = 'appropriate' THEN NULL ELSE m.id END, %(actor)s, %(at)s, '', '测速'
  FROM budgets_project p JOIN budgets_budgetline l ON l.project_id = p.id
  JOIN budgets_commitment m ON m.line_id = l.id
  JOIN budgets_account d ON d.fund_id = p.fund_id AND d.kind = %(from)s
       AND (d.line_id = l.id OR d.line_id IS NULL)
  JOIN budgets_account c ON c.line_id = l.id AND c.kind = %(to)s
 WHERE p.fund_id = %(fund)s
"""


@dataclass(frozen=True)
class Measured:
    """The page, the SQL it asks by itself (seconds), and how much there is."""

    page: Page
    sql: float
    projects: int
    entries: int


def load(world: World, *, projects: int, entries: int) -> Fund:
    """A fund of that many classes with a line each, and so many entries: given out, then committed and
    released again and again."""
    actor = world.person(0, "caiwu-head")
    union = Union.objects.get(code="u0")
    fund = open_fund(
        union=union,
        # A year of its own: the other parts know one fund a year.
        year=YEAR + 4,
        source="bench",
        title="测速经费",
        amount=Decimal(10) ** 9,
        status=FundStatus.APPROVED,
        basis="测速",
        actor=actor,
        at=at(1, 20),
    )
    departments = list(
        Department.objects.filter(union=union).order_by("ordinal").values_list("pk", flat=True)
    )
    common = {
        "union": union.pk,
        "fund": fund.pk,
        "departments": departments,
        "projects": projects,
        "actor": actor.pk,
        "at": at(1, 20),
    }
    moves = [("appropriate", "fund", "line", 50_000)]
    moves += [("commit", "line", "committed", 7), ("release", "committed", "line", 5)] * (
        entries // projects // 2
    )
    with connection.cursor() as cursor:
        for statement in (_PROJECTS, _ACCOUNTS, _COMMITMENTS):
            cursor.execute(statement, common)
        for kind, source, target, amount in moves[: entries // projects]:
            cursor.execute(_ENTRIES, common | {"kind": kind, "from": source, "to": target, "amount": amount})
        for table in ("project", "budgetline", "account", "commitment", "entry"):
            cursor.execute(f"VACUUM ANALYZE budgets_{table}")
    if fault := first_fault():
        raise RuntimeError(str(fault))
    return fund


def fund_page(world: World, *, projects: int, entries: int, times: int) -> Measured:
    """The fund's first page as its finance sees it, and the statements it runs by themselves."""
    fund = load(world, projects=projects, entries=entries)
    client = signed_in(world.person(0, "caiwu-head"))
    url = f"/funds/{fund.pk}/"
    seen = page(client, url, times)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]

    def ask() -> None:
        with connection.cursor() as cursor:
            for statement in asked:
                cursor.execute(statement)
                cursor.fetchall()

    ask()
    return Measured(seen, clock.once(ask, times), projects, Entry.objects.filter(project__fund=fund).count())
