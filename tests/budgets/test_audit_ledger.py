"""The audit proves the ledger from its rows; here somebody with the keys of the database bends them."""

from __future__ import annotations

import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from budgets.management.commands.audit_ledger import RULES
from budgets.models import Account, Entry, Fund, Project
from budgets.selectors import LedgerFault, first_fault
from budgets.services import reverse_payment
from budgets.states import carry_fault_sql, entry_fault_sql
from tests.budgets.cast import NOW, Cast, adjust, fund_of, give
from tests.budgets.spend import commit_to, pay_out, refund_of, row


def tamper(*statements: str) -> None:
    """Run SQL with every trigger on the ledger's tables off, and the constraints of two of them."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("budgets_entry", "budgets_account", "budgets_commitment", "budgets_payment"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for name in ("budgets_entry_amount", "budgets_entry_two_accounts"):
            cursor.execute(f"ALTER TABLE budgets_entry DROP CONSTRAINT {name}")
        cursor.execute("ALTER TABLE budgets_account DROP CONSTRAINT budgets_account_balance")
        for statement in statements:
            cursor.execute(statement)


def audit() -> str:
    out = StringIO()
    call_command("audit_ledger", stdout=out)
    return out.getvalue()


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    return give(binhai, fund, "20000.00", "14860.00")


@pytest.mark.django_db
def test_an_empty_ledger_is_proven() -> None:
    assert audit() == "账本相符：0 个账户，0 条流水。\n"


def test_a_ledger_that_fits_is_proven_with_its_figures(project: Project, mianyang: Cast) -> None:
    give(mianyang, fund_of(mianyang, "500.00", year=2026), "0.50")
    assert audit().splitlines() == [
        "滨海新区总工会 2027年度 工会干部教育培训经费：设立与追加 100,000.00 = 可安排 65,140.00"
        " + 项目可用 34,860.00 + 预占 0.00 + 已支出 0.00",
        "　　流水合计：下达 34,860.00 = 可用 34,860.00 + 预占 0.00 + 支出 0.00 + 收回 0.00",
        "绵阳市总工会 2026年度 工会干部教育培训经费：设立与追加 500.00 = 可安排 499.50"
        " + 项目可用 0.50 + 预占 0.00 + 已支出 0.00",
        "　　流水合计：下达 0.50 = 可用 0.50 + 预占 0.00 + 支出 0.00 + 收回 0.00",
        "账本相符：13 个账户，5 条流水。",
    ]


def test_a_changed_balance_is_named_with_both_figures(project: Project) -> None:
    line = Account.objects.filter(kind="line").order_by("id")[1]
    tamper(f"UPDATE budgets_account SET balance = balance + 0.01 WHERE id = {line.pk}")
    assert first_fault() == LedgerFault(
        "account", line.pk, "budgets_account_moved", Decimal("14860.01"), Decimal("14860.00")
    )
    with pytest.raises(CommandError) as error:
        audit()
    assert error.value.returncode == 1
    assert str(error.value) == (
        f"账本不符，第一条：账户 {line.pk}（budgets_account.id={line.pk}）余额与流水合计不一致："
        "记录 14,860.01 元，流水合计 14,860.00 元。"
    )


def test_a_deleted_entry_is_seen_in_the_account_it_left(project: Project) -> None:
    entry = Entry.objects.filter(project=project).order_by("id")[0]
    tamper(f"DELETE FROM budgets_entry WHERE id = {entry.pk}")
    fault = first_fault()
    assert fault is not None
    first = min(entry.debit_id, entry.credit_id)
    assert (fault.table, fault.pk, fault.rule) == ("account", first, "budgets_account_moved")


def test_a_changed_amount_is_seen_too(project: Project) -> None:
    tamper("UPDATE budgets_entry SET amount = amount - 1 WHERE kind = 'grant'")
    fault = first_fault()
    assert fault is not None
    assert (fault.stored, fault.proven) == (Decimal("-100000.00"), Decimal("-99999.00"))


def test_money_from_nowhere_that_adds_up_is_still_no_route(project: Project) -> None:
    """Balances and sums agree: only the table of routes knows that a line isn't fed by the outside world."""
    line = Account.objects.filter(kind="line").order_by("id")[0]
    source = Account.objects.get(kind="source")
    tamper(
        "INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, actor_id, at,"
        f" reason, reference) SELECT kind, {source.pk}, {line.pk}, 5, batch, {project.pk}, actor_id, at,"
        " '', '' FROM budgets_entry WHERE kind = 'grant'",
        f"UPDATE budgets_account SET balance = balance + 5 WHERE id = {line.pk}",
        f"UPDATE budgets_account SET balance = balance - 5 WHERE id = {source.pk}",
    )
    fault = first_fault()
    assert fault is not None
    assert (fault.table, fault.rule) == ("entry", "budgets_entry_route")
    assert fault.pk == max(Entry.objects.values_list("pk", flat=True))
    with pytest.raises(CommandError, match="这类流水不能在这两类账户之间移动。"):
        audit()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("amount = -amount", "budgets_entry_amount"),
        ("debit_id = credit_id", "budgets_entry_amount"),
        ("credit_id = 987654", "budgets_entry_account"),
        ("project_id = NULL", "budgets_entry_project"),
        ("kind = 'grant'", "budgets_entry_route"),
    ],
)
def test_a_bent_entry_is_named_before_the_balances(project: Project, change: str, rule: str) -> None:
    entry = Entry.objects.filter(project=project).order_by("id")[1]
    tamper(f"UPDATE budgets_entry SET {change} WHERE id = {entry.pk}")
    fault = first_fault()
    assert fault is not None
    assert (fault.table, fault.pk, fault.rule) == ("entry", entry.pk, rule)


def test_an_entry_between_two_funds_is_named(binhai: Cast, project: Project) -> None:
    other = Account.objects.get(fund=fund_of(binhai, "900000.00", source="fiscal"), kind="fund")
    entry = Entry.objects.filter(project=project).order_by("id")[0]
    tamper(f"UPDATE budgets_entry SET debit_id = {other.pk} WHERE id = {entry.pk}")
    fault = first_fault()
    assert fault is not None
    assert (fault.table, fault.pk, fault.rule) == ("entry", entry.pk, "budgets_entry_one_fund")


def test_a_negative_balance_that_adds_up_is_named(project: Project) -> None:
    money = Account.objects.get(kind="fund")
    line = Account.objects.filter(kind="line").order_by("id")[0]
    tamper(
        f"UPDATE budgets_entry SET amount = amount + 70000 WHERE credit_id = {line.pk}",
        f"UPDATE budgets_account SET balance = balance + 70000 WHERE id = {line.pk}",
        f"UPDATE budgets_account SET balance = balance - 70000 WHERE id = {money.pk}",
    )
    assert first_fault() == LedgerFault(
        "account", money.pk, "budgets_account_balance", Decimal("-4860.00"), Decimal("-4860.00")
    )


COPIED = (
    "INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, actor_id, at, reason,"
    " reference, commitment_id, payment_id, reverses_id) SELECT {kind}, {ways}, {amount}, batch, project_id,"
    " actor_id, at, '', '', commitment_id, {payment}, {reverses} FROM budgets_entry WHERE id = {entry}"
)


def test_a_commitment_is_what_its_entries_add_up_to(binhai: Cast, project: Project) -> None:
    commitment = commit_to(binhai, project, "100.00")
    pay_out(binhai, project, row(project, "30.00", commitment=commitment))
    assert first_fault() is None
    tamper(f"UPDATE budgets_commitment SET outstanding = 70.01 WHERE id = {commitment.pk}")
    assert first_fault() == LedgerFault(
        "commitment", commitment.pk, "budgets_commitment_moved", Decimal("70.01"), Decimal("70.00")
    )
    with pytest.raises(CommandError) as error:
        audit()
    assert str(error.value) == (
        f"账本不符，第一条：预占 {commitment.pk}（budgets_commitment.id={commitment.pk}）"
        "预占余额与流水合计不一致：记录 70.01 元，流水合计 70.00 元。"
    )


def test_a_payment_is_what_its_entries_add_up_to(binhai: Cast, project: Project) -> None:
    payment = pay_out(binhai, project, "30.00", row(project, "12.00", number=2))
    assert first_fault() is None
    tamper(f"UPDATE budgets_payment SET amount = 42.01 WHERE id = {payment.pk}")
    assert first_fault() == LedgerFault(
        "payment", payment.pk, "budgets_payment_entries", Decimal("42.01"), Decimal("42.00")
    )


def test_a_payment_reversed_by_half_is_named(binhai: Cast, project: Project) -> None:
    """All balances agree: only the payment's other line says that something is missing."""
    payment = pay_out(binhai, project, "30.00", row(project, "12.00", number=2))
    entry = payment.entries.order_by("id")[1]
    tamper(
        COPIED.format(
            kind="'reverse'",
            ways="credit_id, debit_id",
            amount="amount",
            payment="payment_id",
            reverses="id",
            entry=entry.pk,
        ),
        f"UPDATE budgets_account SET balance = balance + 12 WHERE id = {entry.debit_id}",
        f"UPDATE budgets_account SET balance = balance - 12 WHERE id = {entry.credit_id}",
    )
    assert first_fault() == LedgerFault(
        "payment", payment.pk, "budgets_payment_half_reversed", Decimal("42.00"), Decimal("12.00")
    )


def test_more_back_than_was_paid_is_named(binhai: Cast, project: Project) -> None:
    """Another payment of the line has the money, so that every balance agrees."""
    pay_out(binhai, project, "500.00")
    payment = pay_out(binhai, project, "30.00")
    back = refund_of(binhai, payment, "20.00")
    assert first_fault() is None
    entry = back.entries.get()
    tamper(
        f"UPDATE budgets_entry SET amount = 30.01 WHERE id = {entry.pk}",
        f"UPDATE budgets_payment SET amount = 30.01 WHERE id = {back.pk}",
        f"UPDATE budgets_account SET balance = balance + 10.01 WHERE id = {entry.credit_id}",
        f"UPDATE budgets_account SET balance = balance - 10.01 WHERE id = {entry.debit_id}",
    )
    assert first_fault() == LedgerFault(
        "payment", payment.pk, "budgets_payment_refunded", Decimal("30.00"), Decimal("30.01")
    )


def test_conservation_follows_every_movement(binhai: Cast, project: Project) -> None:
    """Σ下达 = Σ可用 + Σ预占 + Σ支出 + Σ收回, as the command prints it."""
    commit_to(binhai, project, "1000.00")
    payment = pay_out(binhai, project, "300.00")
    reverse_payment(payment=payment, reason="填错", actor=binhai.finance, at=NOW)
    refund_of(binhai, pay_out(binhai, project, "200.00"), "50.00")
    adjust(binhai, project, {"item-1": Decimal("40.00"), "item-2": Decimal("-860.00")})
    assert audit().splitlines()[:2] == [
        "滨海新区总工会 2027年度 工会干部教育培训经费：设立与追加 100,000.00 = 可安排 65,960.00"
        " + 项目可用 32,890.00 + 预占 1,000.00 + 已支出 150.00",
        "　　流水合计：下达 34,900.00 = 可用 32,890.00 + 预占 1,000.00 + 支出 150.00 + 收回 860.00",
    ]


def test_every_rule_has_its_words() -> None:
    sql = entry_fault_sql() + carry_fault_sql("budgets_entry")
    assert set(re.findall("budgets_entry_[a-z_]+(?=')", sql)) == {
        rule
        for rule in RULES
        if rule.startswith("budgets_entry_") and rule not in ("budgets_entry_amount", "budgets_entry_account")
    }
