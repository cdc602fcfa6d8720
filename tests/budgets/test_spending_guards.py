"""What the database keeps of commitments, payments and their papers, whoever speaks to it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction

from budgets.models import (
    Commitment,
    Entry,
    Fund,
    FundAct,
    Invoice,
    LectureFee,
    Payment,
    Project,
    SupportingPaper,
)
from budgets.selectors import first_fault
from budgets.services import GivenInvoice, close_year, reverse_payment
from budgets.services.posting import LEDGER_REFUSALS
from tests.budgets.cast import NOW, Cast, fund_of, give
from tests.budgets.rows import Insert, a_commitment, a_payment, an_entry, back, refused, ways_in
from tests.budgets.spend import account, commit_to, line, pay_out, refund_of, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000."""
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


# Commitments


@ways_in
def test_rows_commit_and_pay_however_they_come_in(binhai: Cast, project: Project, insert: Insert) -> None:
    insert([a_commitment(binhai, project)])
    commitment = Commitment.objects.get()
    insert([an_entry(binhai, "commit", project, ("line", "committed"), "70.00", commitment=commitment)])
    insert([a_payment(binhai, project, "50.50")])
    payment = Payment.objects.get()
    of = {"commitment": commitment, "payment": payment}
    insert(
        [
            an_entry(binhai, "pay", project, ("committed", "paid"), "30.25", **of),
            an_entry(binhai, "pay", project, ("line", "paid"), "20.25", payment=payment, number=2),
        ]
    )
    commitment.refresh_from_db()
    assert commitment.outstanding == D("39.75")
    assert stands(project) == {
        "item-1": ("19930.00", "39.75", "30.25"),
        "item-2": ("9979.75", "0.00", "20.25"),
    }
    assert first_fault() is None


@ways_in
def test_no_way_overdraws_a_line_or_a_commitment(binhai: Cast, project: Project, insert: Insert) -> None:
    first, second = commit_to(binhai, project, "100.00"), commit_to(binhai, project, "50.00")
    payment = a_payment(binhai, project, "20000.00")
    payment.save()
    refused(
        "budgets_account_balance",
        lambda: insert([an_entry(binhai, "pay", project, ("line", "paid"), "20000.00", payment=payment)]),
    )
    # The line has 150.00 committed: it is the first commitment that has no more than 100.00.
    refused(
        "budgets_commitment_outstanding",
        lambda: insert(
            [an_entry(binhai, "release", project, ("committed", "line"), "100.01", commitment=first)]
        ),
    )
    insert([an_entry(binhai, "release", project, ("committed", "line"), "100.00", commitment=first)])
    assert (second.outstanding, stands(project)["item-1"]) == (D("50.00"), ("19950.00", "50.00", "0.00"))


@ways_in
def test_a_commitment_begins_empty_and_belongs_to_its_line(
    binhai: Cast, fund: Fund, project: Project, insert: Insert
) -> None:
    other = give(binhai, fund, "5.00")
    for wrong in ({"outstanding": D("0.01")}, {"project": other}, {"line": line(other)}):
        refused("budgets_commitment_line", insert, [a_commitment(binhai, project, **wrong)])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("outstanding = outstanding + 1", "by entries of the ledger only"),
        ("outstanding = outstanding", "by entries of the ledger only"),
        ("title = 'x'", "Cannot update|by entries of the ledger only"),
    ],
)
def test_a_commitment_isnt_changed_by_hand(binhai: Cast, project: Project, change: str, match: str) -> None:
    commit_to(binhai, project, "5.00")
    with pytest.raises(DatabaseError, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE budgets_commitment SET {change}")


@ways_in
def test_what_is_committed_belongs_to_a_commitment_of_that_line(
    binhai: Cast, project: Project, insert: Insert
) -> None:
    commitment = commit_to(binhai, project, "5.00", number=2)
    payment = a_payment(binhai, project, "1.00")
    payment.save()
    for wrong in (
        an_entry(binhai, "commit", project, ("line", "committed"), "1.00"),
        an_entry(binhai, "commit", project, ("line", "committed"), "1.00", commitment=commitment),
        an_entry(binhai, "pay", project, ("committed", "paid"), "1.00", payment=payment, number=2),
        an_entry(binhai, "pay", project, ("line", "paid"), "1.00", payment=payment, commitment=commitment),
    ):
        refused("budgets_entry_commitment", insert, [wrong])


# Payments


@ways_in
def test_what_is_paid_belongs_to_a_payment_of_that_project(
    binhai: Cast, fund: Fund, project: Project, insert: Insert
) -> None:
    elsewhere = a_payment(binhai, give(binhai, fund, "5.00"), "1.00")
    elsewhere.save()
    for wrong in (
        an_entry(binhai, "pay", project, ("line", "paid"), "1.00"),
        an_entry(binhai, "pay", project, ("line", "paid"), "1.00", payment=elsewhere),
    ):
        refused("budgets_entry_payment", insert, [wrong])
    refused(
        "budgets_entry_commitment",
        lambda: insert(
            [an_entry(binhai, "commit", project, ("line", "committed"), "1.00", payment=elsewhere)]
        ),
    )


@ways_in
def test_the_entries_of_a_payment_add_up_to_it_and_come_at_once(
    binhai: Cast, project: Project, insert: Insert
) -> None:
    payment = a_payment(binhai, project, "10.00")
    payment.save()

    def part(amount: str, number: int = 1) -> Entry:
        return an_entry(binhai, "pay", project, ("line", "paid"), amount, payment=payment, number=number)

    for wrong in ([part("9.99")], [part("10.01")], [part("5.00"), part("5.01", 2)]):
        refused("budgets_entry_whole_payment", insert, wrong)
    insert([part("4.00"), part("6.00", 2)])
    refused("budgets_entry_whole_payment", lambda: insert([part("0.01")]))
    assert first_fault() is None


@ways_in
def test_money_goes_out_by_a_payment_and_comes_back_by_a_refund(
    binhai: Cast, project: Project, insert: Insert
) -> None:
    paid = pay_out(binhai, project, "10.00")
    forwards, backwards = a_payment(binhai, project, "1.00"), a_payment(binhai, project, "1.00", refunds=paid)
    for one in (forwards, backwards):
        one.save()
    out = an_entry(binhai, "pay", project, ("line", "paid"), "1.00", payment=backwards)
    came = an_entry(binhai, "refund", project, ("paid", "line"), "1.00", payment=forwards)
    for wrong in (out, came):
        refused("budgets_entry_payment", insert, [wrong])
    out.payment, came.payment = forwards, backwards
    for right in (out, came):
        insert([right])
    assert first_fault() is None


@ways_in
def test_no_way_brings_more_back_than_the_payment_took_from_the_line(
    binhai: Cast, project: Project, insert: Insert
) -> None:
    """Others have paid enough from both lines: the accounts alone wouldn't notice."""
    pay_out(binhai, project, "500.00", row(project, "500.00", number=2))
    paid = pay_out(binhai, project, "10.00", row(project, "5.00", number=2))
    refund_of(binhai, paid, "4.00")

    def give_back(amount: str, number: int) -> None:
        with transaction.atomic():
            again = a_payment(binhai, project, amount, refunds=paid)
            again.save()
            insert(
                [an_entry(binhai, "refund", project, ("paid", "line"), amount, payment=again, number=number)]
            )

    for amount, number in (("6.01", 1), ("5.01", 2)):
        refused("budgets_entry_refunded", give_back, amount, number)
    entries = paid.entries.order_by("id")
    refused("budgets_entry_refunded", lambda: insert([back(entry) for entry in entries]))
    for amount, number in (("6.00", 1), ("5.00", 2)):
        give_back(amount, number)
    assert stands(project) == {
        "item-1": ("19500.00", "0.00", "500.00"),
        "item-2": ("9500.00", "0.00", "500.00"),
    }
    assert first_fault() is None


def test_a_reversed_payment_isnt_refunded(binhai: Cast, project: Project) -> None:
    pay_out(binhai, project, "500.00")
    paid = pay_out(binhai, project, "10.00")
    reverse_payment(payment=paid, reason="填错", actor=binhai.finance, at=NOW)
    again = a_payment(binhai, project, "1.00", refunds=paid)
    again.save()
    refused(
        "budgets_entry_refunded",
        an_entry(binhai, "refund", project, ("paid", "line"), "1.00", payment=again).save,
    )


def test_a_payment_of_another_project_isnt_refunded_here(binhai: Cast, fund: Fund, project: Project) -> None:
    pay_out(binhai, project, "500.00")
    elsewhere = pay_out(binhai, give(binhai, fund, "10.00"), "10.00")
    again = a_payment(binhai, project, "1.00", refunds=elsewhere)
    again.save()
    refused(
        "budgets_entry_refunded",
        an_entry(binhai, "refund", project, ("paid", "line"), "1.00", payment=again).save,
    )


# Reversals


@ways_in
def test_a_reversal_is_whole_backwards_and_of_what_may_be_reversed(
    binhai: Cast, fund: Fund, project: Project, insert: Insert
) -> None:
    commitment = commit_to(binhai, project, "100.00")
    other = commit_to(binhai, project, "100.00")
    entry = commitment.entries.get()
    for wrong in (
        {"reverses": None},
        {"amount": D("99.99")},
        {"debit_id": entry.debit_id, "credit_id": entry.credit_id},
        {"credit_id": account(project, "line", 2).pk},
        {"commitment_id": other.pk},
    ):
        rule = "budgets_entry_reversal"
        refused(rule, insert, [back(entry, **wrong)])
    refused(
        "budgets_entry_reversal",
        lambda: insert([back(Entry.objects.get(project=project, kind="appropriate", amount=20000))]),
    )
    refused(
        "budgets_entry_reversal",
        lambda: insert([back(entry, kind="release")]),
    )
    insert([back(entry)])
    undone = Entry.objects.latest("id")
    refused("budgets_entry_reverses_id_key", lambda: insert([back(entry)]))
    refused("budgets_entry_reversal", lambda: insert([back(undone)]))
    commitment.refresh_from_db()
    assert (commitment.outstanding, stands(project)["item-1"]) == (D("0.00"), ("19900.00", "100.00", "0.00"))
    assert first_fault() is None


@ways_in
def test_no_way_reverses_half_a_payment(binhai: Cast, project: Project, insert: Insert) -> None:
    paid = pay_out(binhai, project, "10.00", row(project, "5.00", number=2))
    first, second = paid.entries.order_by("id")
    for half in (first, second):
        refused("budgets_entry_whole_payment", insert, [back(half)])
    insert([back(first), back(second)])
    assert stands(project)["item-2"] == ("10000.00", "0.00", "0.00")
    assert first_fault() is None


# Carrying over


@ways_in
def test_what_is_carried_over_comes_in_pairs(binhai: Cast, fund: Fund, insert: Insert) -> None:
    later = fund_of(binhai, "300.00", year=2028)
    after = fund_of(binhai, "300.00", year=2029)
    other = fund_of(binhai, "300.00", year=2028, source="fiscal")
    kinds = {(a.fund_id, a.kind): a for each in (fund, later, after, other) for a in each.accounts.all()}

    def half(kind: str, of: Fund, amount: str, batch: uuid.UUID) -> Entry:
        ways = ("fund", "source") if kind == "carry_out" else ("source", "fund")
        return Entry(
            kind=kind,
            debit=kinds[of.pk, ways[0]],
            credit=kinds[of.pk, ways[1]],
            amount=D(amount),
            batch=batch,
            actor=binhai.finance,
            at=NOW,
            reference="x",
        )

    one, two = uuid.uuid4(), uuid.uuid4()
    out = half("carry_out", fund, "5.00", one)
    for wrong in (
        [out],
        [half("carry_in", later, "5.00", one)],
        [out, half("carry_in", later, "5.00", two)],
        [out, half("carry_in", later, "5.01", one)],
        [out, half("carry_in", after, "5.00", one)],
        [out, half("carry_in", other, "5.00", one)],
        [half("carry_out", later, "5.00", one), half("carry_in", fund, "5.00", one)],
        [out, *[half("carry_in", later, "5.00", one) for _ in range(2)]],
    ):
        refused("budgets_entry_carry_pair", insert, wrong)
    insert([out, half("carry_in", later, "5.00", one)])
    gone = Entry.objects.get(kind="carry_out")
    refused("budgets_entry_reversal", lambda: insert([back(gone)]))
    assert first_fault() is None


# Closed years


@ways_in
def test_no_way_books_on_a_closed_year(binhai: Cast, fund: Fund, project: Project, insert: Insert) -> None:
    paid = pay_out(binhai, project, "10.00")
    commitment, payment = a_commitment(binhai, project), a_payment(binhai, project, "1.00")
    returned = a_payment(binhai, project, "1.00", refunds=paid)
    for one in (commitment, payment, returned):
        one.save()
    close_year(fund=fund, actor=binhai.finance, at=NOW)
    for row_ in (
        an_entry(binhai, "commit", project, ("line", "committed"), "1.00", commitment=commitment),
        an_entry(binhai, "pay", project, ("line", "paid"), "1.00", payment=payment),
        an_entry(binhai, "refund", project, ("paid", "line"), "1.00", payment=returned),
        back(paid.entries.get()),
    ):
        refused("budgets_entry_closed", insert, [row_])


# Papers


@ways_in
def test_an_invoice_number_stands_once_in_a_union(binhai: Cast, project: Project, insert: Insert) -> None:
    paid = pay_out(binhai, project, "10.00", invoices=[GivenInvoice("12345678")])
    second = pay_out(binhai, project, "10.00")

    def invoice(**changes: Any) -> Invoice:
        values = {"payment": second, "union": binhai.union, "number": "12345678"}
        return Invoice(**(values | changes))

    refused("budgets_invoice_once", lambda: insert([invoice()]))
    refused("budgets_invoice_active", lambda: insert([invoice(active=False)]))
    insert([invoice(shared="分次列支")])
    reverse_payment(payment=paid, reason="填错", actor=binhai.finance, at=NOW)
    insert([invoice()])


def test_an_invoice_belongs_to_the_union_that_paid(binhai: Cast, mianyang: Cast, project: Project) -> None:
    paid = pay_out(binhai, project, "10.00")
    refused("budgets_invoice_union", Invoice(payment=paid, union=mianyang.union, number="1").save)


def test_an_invoice_is_in_use_until_its_payment_is_reversed_and_never_again(
    binhai: Cast, project: Project
) -> None:
    paid = pay_out(binhai, project, "10.00", invoices=[GivenInvoice("12345678")])
    refused("budgets_invoice_active", lambda: Invoice.objects.update(active=False))
    reverse_payment(payment=paid, reason="填错", actor=binhai.finance, at=NOW)
    refused("budgets_invoice_active", lambda: Invoice.objects.update(active=True))


def test_what_is_written_stands(binhai: Cast, fund: Fund, project: Project) -> None:
    commit_to(binhai, project, "5.00")
    paid = pay_out(binhai, project, "10.00", invoices=[GivenInvoice("12345678")])
    reverse_payment(payment=paid, reason="填错", actor=binhai.finance, at=NOW)
    LectureFee.objects.create(
        payment=paid, lecturer="甲", title="senior", hours=D("1.0"), after_tax=D("1.00"), before_tax=D("1.00")
    )
    FundAct.objects.create(fund=fund, kind="close", actor=binhai.finance, at=NOW)
    for model, change in (
        (Payment, {"amount": D("9.00")}),
        (Payment, {"payee": "x"}),
        (Payment, {"paid_on": dt.date(2027, 1, 1)}),
        (Payment, {"session_no": 3}),
        (Invoice, {"number": "x"}),
        (Invoice, {"shared": "x"}),
        (LectureFee, {"hours": D("2.0")}),
        (SupportingPaper, {"evidence": "x"}),
        (FundAct, {"reason": "x"}),
    ):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            model.objects.update(**change)
    written: list[type[models.Model]] = [Commitment, Payment, Invoice, LectureFee, SupportingPaper, FundAct]
    for table in written:
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            table._base_manager.all()._raw_delete("default")
    assert Payment.objects.update(voucher="记-1") == 1


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"amount": D("0.00")}, "budgets_payment_amount"),
        ({"method": "barter"}, "budgets_payment_method"),
        ({"subject": "other"}, "budgets_payment_subject"),
    ],
)
@ways_in
def test_a_payment_has_an_amount_a_method_and_a_subject(
    binhai: Cast, project: Project, insert: Insert, change: dict[str, Any], rule: str
) -> None:
    refused(rule, lambda: insert([a_payment(binhai, project, **({"amount": "1.00"} | change))]))


@pytest.mark.parametrize("change", [{"hours": D(0)}, {"after_tax": D(0)}, {"before_tax": D("0.99")}])
def test_a_fee_has_hours_and_amounts(binhai: Cast, project: Project, change: dict[str, Decimal]) -> None:
    paid = pay_out(binhai, project, "10.00")
    values: dict[str, Any] = {"hours": D("1.0"), "after_tax": D("1.00"), "before_tax": D("1.00")}
    refused(
        "budgets_lecturefee_amounts",
        LectureFee(payment=paid, lecturer="甲", title="senior", **(values | change)).save,
    )


def test_a_paper_belongs_to_one_thing_and_says_something(binhai: Cast, project: Project) -> None:
    paid, commitment = pay_out(binhai, project, "10.00"), commit_to(binhai, project, "1.00")
    for wrong in ({}, {"payment": paid, "commitment": commitment}):
        refused("budgets_paper_of_one", SupportingPaper(code="x", title="x", evidence="x", **wrong).save)
    refused("budgets_paper_has_something", SupportingPaper(code="x", title="x", payment=paid).save)


def test_a_reopening_has_a_reason(binhai: Cast, fund: Fund) -> None:
    refused("budgets_fundact_reason", FundAct(fund=fund, kind="reopen", actor=binhai.finance, at=NOW).save)


@pytest.mark.django_db
def test_every_constraint_that_has_its_words_is_there() -> None:
    """A name that doesn't exist in the database would never be said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes"
            " UNION SELECT DISTINCT (regexp_matches(prosrc, '''(budgets_[a-z_]+)''', 'g'))[1] FROM pg_proc"
        )
        known = {name for (name,) in cursor.fetchall()}
    assert set(LEDGER_REFUSALS) - known == set()


@ways_in
def test_no_way_gives_two_papers_of_a_project_one_number(
    binhai: Cast, fund: Fund, project: Project, insert: Insert
) -> None:
    paid, promised = pay_out(binhai, project, "1.00"), commit_to(binhai, project, "1.00")
    again = a_payment(binhai, project, "1.00", number=paid.number)
    refused("budgets_payment_number", insert, [again])
    refused("budgets_commitment_number", insert, [a_commitment(binhai, project, number=promised.number)])
    # Another project counts by itself.
    elsewhere = give(binhai, fund, "5.00")
    assert pay_out(binhai, elsewhere, "1.00").number == f"{elsewhere.number}-ZF01"
