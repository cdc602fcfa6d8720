"""Numbers of a project's papers: none is missing, and what was printed with another keeps that."""

from __future__ import annotations

import importlib
from decimal import Decimal

import pytest
from django.db import connection, transaction

from budgets.models import Commitment, Fund, Payment, Project
from budgets.services import set_voucher
from office.refusals import Refused
from tests import databases
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import commit_to, pay_out, refund_of, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    return give(binhai, fund, "1000.00", "500.00", number="P2027-0013")


def test_what_is_refused_or_undone_takes_no_number(binhai: Cast, project: Project) -> None:
    first = pay_out(binhai, project, "100.00")
    with pytest.raises(Refused):
        pay_out(binhai, project, "900.01")
    with transaction.atomic():
        assert pay_out(binhai, project, "5.00").number == "P2027-0013-ZF02"
        transaction.set_rollback(True)
    promised = [commit_to(binhai, project, amount).number for amount in ("10.00", "20.00")]
    second = pay_out(binhai, project, "200.00")
    back = refund_of(binhai, first, row(project, "50.00"))
    assert promised == ["P2027-0013-YZ01", "P2027-0013-YZ02"]
    assert [each.number for each in (first, second, back)] == [f"P2027-0013-ZF0{n}" for n in (1, 2, 3)]


def test_papers_of_an_earlier_release_keep_their_numbers(binhai: Cast, project: Project) -> None:
    paid, promised = pay_out(binhai, project, "100.00"), commit_to(binhai, project, "10.00")
    set_voucher(payment=paid, voucher="记-1", actor=binhai.finance, at=NOW)
    migration = importlib.import_module("budgets.migrations.0008_numbers_by_project")
    databases.replay(migration.AS_PRINTED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM budgets_paymentevent")
        kept = cursor.fetchall()
    old = f"ZF{paid.pk:06d}"
    assert (Payment.objects.get().number, kept) == (old, [(old,)])
    assert Commitment.objects.get().number == f"YZ{promised.pk:06d}"
    assert Commitment.objects.get().outstanding == Decimal("10.00")
    assert pay_out(binhai, project, "1.00").number == "P2027-0013-ZF02"
