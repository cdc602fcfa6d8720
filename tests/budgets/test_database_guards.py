"""What the database itself keeps, whoever speaks to it: raw SQL, `bulk_create`, `.update()`, COPY."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import ProtectedError

from budgets.models import Account, BudgetLine, Entry, Fund, Project
from budgets.selectors import first_fault, fund_totals
from budgets.services import constraint_name
from budgets.states import ROUTES, AccountKind, EntryKind, routes_sql
from tests.budgets.cast import NOW, Cast, found, fund_of, give


def account(fund: Fund, kind: str, project: Project | None = None) -> Account:
    return Account.objects.get(fund=fund, kind=kind, line__project=project)


def entry(cast: Cast, debit: Account, credit: Account, amount: str, **changes: Any) -> Entry:
    values: dict[str, Any] = {
        "kind": EntryKind.APPROPRIATE,
        "debit": debit,
        "credit": credit,
        "amount": Decimal(amount),
        "batch": uuid.uuid4(),
        "project": credit.line.project if credit.line else None,
        "actor": cast.finance,
        "at": NOW,
    }
    return Entry(**(values | changes))


def insert_raw(row: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO budgets_entry"
            " (kind, debit_id, credit_id, amount, batch, project_id, actor_id, at, reason, reference)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', '')",
            [
                row.kind,
                row.debit_id,
                row.credit_id,
                row.amount,
                row.batch,
                row.project_id,
                row.actor_id,
                row.at,
            ],
        )


def insert_copy(row: Entry) -> None:
    columns = "kind, debit_id, credit_id, amount, batch, project_id, actor_id, at, reason, reference"
    values = (
        row.kind,
        row.debit_id,
        row.credit_id,
        row.amount,
        row.batch,
        row.project_id,
        row.actor_id,
        row.at,
    )
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(f"COPY budgets_entry ({columns}) FROM STDIN") as copy,
    ):
        copy.write_row((*values, "", ""))


def insert_bulk(row: Entry) -> None:
    Entry.objects.bulk_create([row])


ways_in = pytest.mark.parametrize("insert", [insert_raw, insert_copy, insert_bulk, Entry.save])


@ways_in
def test_a_row_moves_money_however_it_comes_in(binhai: Cast, fund: Fund, insert: Any) -> None:
    project = give(binhai, fund, "10.00")
    insert(entry(binhai, account(fund, "fund"), account(fund, "line", project), "25.25"))
    assert account(fund, "line", project).balance == Decimal("35.25")
    assert account(fund, "fund").balance == Decimal("99964.75")
    assert first_fault() is None


@ways_in
def test_no_way_overdraws_a_fund(binhai: Cast, fund: Fund, insert: Any) -> None:
    project = give(binhai, fund, "10.00")
    row = entry(binhai, account(fund, "fund"), account(fund, "line", project), "99990.01")
    with pytest.raises(IntegrityError, match="budgets_account_balance"), transaction.atomic():
        insert(row)
    assert account(fund, "fund").balance == Decimal("99990.00")


@ways_in
def test_no_way_moves_money_between_funds(binhai: Cast, fund: Fund, insert: Any) -> None:
    other = fund_of(binhai, "500.00", source="fiscal")
    project = give(binhai, other, "1.00")
    row = entry(binhai, account(fund, "fund"), account(other, "line", project), "1.00")
    with pytest.raises(IntegrityError, match="budgets_entry_one_fund"), transaction.atomic():
        insert(row)


@ways_in
def test_no_way_books_on_a_closed_fund(binhai: Cast, fund: Fund, insert: Any) -> None:
    project = give(binhai, fund, "10.00")
    row = entry(binhai, account(fund, "fund"), account(fund, "line", project), "1.00")
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(IntegrityError, match="budgets_entry_closed"), transaction.atomic():
        insert(row)


@pytest.mark.parametrize("amount", ["0.00", "-5.00"])
@ways_in
def test_no_way_moves_nothing_or_backwards(binhai: Cast, fund: Fund, insert: Any, amount: str) -> None:
    project = give(binhai, fund, "10.00")
    row = entry(binhai, account(fund, "fund"), account(fund, "line", project), amount)
    with pytest.raises(IntegrityError, match="budgets_entry_amount"), transaction.atomic():
        insert(row)


#: What is asked of an entry after its route.
NEXT_RULES = {
    "budgets_entry_commitment",
    "budgets_entry_payment",
    "budgets_entry_carry_pair",
    "budgets_account_balance",
}


def test_every_route_that_is_not_in_the_table_is_refused(binhai: Cast, fund: Fund) -> None:
    """All kinds × all pairs of kinds of accounts: exactly those of the table get past it.

    What is committed, paid or carried over lacks its paper here, and is refused for that alone.
    """
    project = give(binhai, fund, "10.00")
    accounts = {AccountKind(a.kind): a for a in Account.objects.filter(fund=fund).select_related("line")}
    went_in: set[tuple[EntryKind, AccountKind, AccountKind]] = set()
    for kind in EntryKind:
        for debit_kind, debit in accounts.items():
            for credit_kind, credit in accounts.items():
                touches_line = debit.line_id or credit.line_id
                row = entry(
                    binhai, debit, credit, "0.01", kind=kind, project=project if touches_line else None
                )
                try:
                    with transaction.atomic():
                        insert_raw(row)
                except IntegrityError as error:
                    name = constraint_name(error)
                    if name in NEXT_RULES and kind != EntryKind.REVERSE:
                        went_in.add((kind, debit_kind, credit_kind))
                        continue
                    wanted = "budgets_entry_reversal" if kind == EntryKind.REVERSE else "budgets_entry_route"
                    if debit is credit:
                        wanted = "budgets_entry_two_accounts"
                    assert name == wanted, (kind, debit_kind, credit_kind)
                else:
                    went_in.add((kind, debit_kind, credit_kind))
    # A transfer needs two lines; here is one, and the same account twice is no movement.
    routes = {(kind, a, b) for kind, pairs in ROUTES.items() for a, b in pairs}
    assert went_in == routes - {(EntryKind.TRANSFER, AccountKind.LINE, AccountKind.LINE)}


def test_the_trigger_holds_the_table_as_it_is_now() -> None:
    """Migrations hold frozen SQL: a route added to the table needs a migration, in sorted order."""
    assert routes_sql() == (
        "('adjust', 'fund', 'line'), ('appropriate', 'fund', 'line'), ('carry_in', 'source', 'fund'), "
        "('carry_out', 'fund', 'source'), ('commit', 'line', 'committed'), ('grant', 'source', 'fund'), "
        "('pay', 'committed', 'paid'), ('pay', 'line', 'paid'), ('recall', 'line', 'fund'), "
        "('refund', 'paid', 'line'), ('release', 'committed', 'line'), ('supplement', 'source', 'fund'), "
        "('transfer', 'line', 'line')"
    )


@pytest.mark.django_db
def test_the_installed_trigger_has_the_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname LIKE 'pgtrigger_entry_moves_money%'")
        assert routes_sql() in cursor.fetchone()[0]


def test_an_entry_names_the_project_of_its_line(binhai: Cast, fund: Fund) -> None:
    project, other = give(binhai, fund, "10.00"), give(binhai, fund, "10.00")
    line = account(fund, "line", project)
    for wrong in (None, other):
        row = entry(binhai, account(fund, "fund"), line, "1.00", project=wrong)
        with pytest.raises(IntegrityError, match="budgets_entry_project"), transaction.atomic():
            insert_raw(row)
    grant = entry(
        binhai, account(fund, "source"), account(fund, "fund"), "1.00", kind="grant", project=project
    )
    with pytest.raises(IntegrityError, match="budgets_entry_project"), transaction.atomic():
        insert_raw(grant)


def test_one_bad_row_takes_its_whole_statement_with_it(binhai: Cast, fund: Fund) -> None:
    project = give(binhai, fund, "10.00")
    source, money, line = account(fund, "source"), account(fund, "fund"), account(fund, "line", project)
    rows = [
        entry(binhai, money, line, "5.00"),
        entry(binhai, source, line, "5.00"),
        entry(binhai, money, line, "6.00"),
    ]
    with pytest.raises(IntegrityError, match="budgets_entry_route"), transaction.atomic():
        Entry.objects.bulk_create(rows)
    assert fund_totals([fund.pk])[fund.pk].appropriated == Decimal("10.00")


def test_a_statement_is_judged_by_its_end(binhai: Cast, fund: Fund) -> None:
    """A supplement and what it makes possible may come in one statement, in whatever order."""
    project = give(binhai, fund, "100000.00")
    source, money, line = account(fund, "source"), account(fund, "fund"), account(fund, "line", project)
    Entry.objects.bulk_create(
        [entry(binhai, money, line, "7.00"), entry(binhai, source, money, "7.00", kind=EntryKind.SUPPLEMENT)]
    )
    assert account(fund, "fund").balance == Decimal("0.00")
    assert first_fault() is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE budgets_entry SET amount = amount + 1",
        "UPDATE budgets_entry SET reason = 'x'",
        "DELETE FROM budgets_entry",
    ],
)
def test_an_entry_is_never_changed_or_deleted(fund: Fund, sql: str) -> None:
    with (
        pytest.raises(DatabaseError, match="Cannot update or delete rows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_not_by_the_orm_and_not_by_an_upsert_either(binhai: Cast, fund: Fund) -> None:
    row = Entry.objects.get()
    for attempt in (
        lambda: Entry.objects.update(amount=1),
        lambda: Entry.objects.all().delete(),
        lambda: row.save(),
        lambda: Entry.objects.bulk_update([row], ["reason"]),
        lambda: Entry.objects.bulk_create(
            [row], update_conflicts=True, update_fields=["amount"], unique_fields=["id"]
        ),
    ):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            attempt()


@pytest.mark.parametrize(
    "change", ["balance = 1", "balance = balance", "kind = 'source'", "fund_id = fund_id"]
)
def test_an_account_isnt_changed_by_hand(fund: Fund, change: str) -> None:
    with (
        pytest.raises(IntegrityError, match="by entries of the ledger only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE budgets_account SET {change} WHERE fund_id = %s", [fund.pk])


def test_an_account_with_entries_isnt_deleted(fund: Fund) -> None:
    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM budgets_account")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
        delete()
    with pytest.raises(ProtectedError):
        Account.objects.all().delete()


def test_an_account_is_born_empty_in_the_fund_of_its_line(binhai: Cast, fund: Fund) -> None:
    other = fund_of(binhai, "500.00", source="fiscal")
    line = BudgetLine.objects.create(
        project=give(binhai, fund, "1.00"), item="extra", title="其他", ordinal=9
    )
    with pytest.raises(IntegrityError, match="an account begins at"), transaction.atomic():
        Account.objects.create(fund=fund, line=line, kind="line", balance=Decimal("0.01"))
    with pytest.raises(IntegrityError, match="belongs to the fund of its line"), transaction.atomic():
        Account.objects.create(fund=other, line=line, kind="line")
    Account.objects.create(fund=fund, line=line, kind="line")
    with pytest.raises(IntegrityError, match="budgets_account_line_once"), transaction.atomic():
        Account.objects.create(fund=fund, line=line, kind="line")
    with pytest.raises(IntegrityError, match="budgets_account_fund_once"), transaction.atomic():
        Account.objects.create(fund=fund, kind="fund")


def test_the_kind_of_an_account_says_whether_it_has_a_line(binhai: Cast, fund: Fund) -> None:
    line = give(binhai, fund, "1.00").lines.get()
    for kind, of in (("line", None), ("committed", None), ("paid", None), ("fund", line), ("source", line)):
        with pytest.raises(IntegrityError, match="budgets_account_kind"), transaction.atomic():
            Account.objects.create(fund=fund, line=of, kind=kind)


def test_project_and_line_stay_where_they_are(binhai: Cast, mianyang: Cast, fund: Fund) -> None:
    other = fund_of(binhai, "500.00", source="fiscal")
    project, second = give(binhai, fund, "1.00"), give(binhai, fund, "1.00")
    for attempt in (
        lambda: Project.objects.filter(pk=project.pk).update(fund=other),
        lambda: Project.objects.filter(pk=project.pk).update(number="P9"),
        lambda: Project.objects.filter(pk=project.pk).update(union=mianyang.union),
        lambda: BudgetLine.objects.filter(project=project).update(project=second),
        lambda: BudgetLine.objects.filter(project=project).update(item="x"),
        lambda: Project.objects.filter(pk=project.pk).update(department=mianyang.departments["jiceng"]),
    ):
        with (
            pytest.raises(DatabaseError, match=r"Cannot update|department of the union"),
            transaction.atomic(),
        ):
            attempt()
    Project.objects.filter(pk=project.pk).update(department=binhai.departments["quanyi"])


def test_union_department_and_fund_of_a_project_are_of_one_union(
    binhai: Cast, mianyang: Cast, fund: Fund
) -> None:
    for union, department in ((binhai, mianyang), (mianyang, binhai), (mianyang, mianyang)):
        with pytest.raises(IntegrityError, match="department of the union"), transaction.atomic():
            Project.objects.create(
                union=union.union,
                fund=fund,
                number="P1",
                name="x",
                department=department.departments["quanyi"],
            )


def in_thread(work: Any) -> BaseException | None:
    """Run `work` on a connection of its own; what it raised, or None."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except DatabaseError as error:
            raised.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()
    return raised[0] if raised else None


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_who_is_booking() -> None:
    cast = found("binhai", "滨海新区总工会")
    fund = fund_of(cast, "100.00")

    def close() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '300ms'")
            Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))

    with transaction.atomic():
        give(cast, fund, "60.00")
        waited = in_thread(close)
    assert waited is not None
    assert "lock timeout" in str(waited)
    assert in_thread(close) is None


@pytest.mark.django_db(transaction=True)
def test_statements_over_the_same_accounts_in_opposite_order_dont_deadlock() -> None:
    cast = found("binhai", "滨海新区总工会")
    funds = [fund_of(cast, "1.00", source=source) for source in ("a", "b")]
    pairs = [(account(fund, "source"), account(fund, "fund")) for fund in funds]
    barrier = threading.Barrier(4)
    raised: list[BaseException | None] = []

    def book(order: int) -> None:
        barrier.wait(timeout=30)
        for _ in range(25):
            with transaction.atomic():
                Entry.objects.bulk_create(
                    entry(cast, source, money, "1.00", kind="supplement") for source, money in pairs[::order]
                )

    threads = [
        threading.Thread(target=lambda order=order: raised.append(in_thread(lambda: book(order))))
        for order in (1, -1, 1, -1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == [None] * 4
    assert [fund_totals([f.pk])[f.pk].available for f in funds] == [Decimal("101.00")] * 2
    assert first_fault() is None
