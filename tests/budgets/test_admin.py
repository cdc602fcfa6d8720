from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from budgets.models import (
    Account,
    Commitment,
    Entry,
    Fund,
    FundAct,
    Invoice,
    LectureFee,
    Payment,
    Project,
    Settlement,
    SettlementLine,
    SupportingPaper,
)
from budgets.services import GivenFee, GivenInvoice, SettledLine, close_year, release, settle
from org.models import User
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import commit_to, line, pay_out

MODELS = [
    Fund,
    Project,
    Account,
    Entry,
    Commitment,
    Payment,
    Invoice,
    LectureFee,
    SupportingPaper,
    FundAct,
    Settlement,
    SettlementLine,
]


@pytest.fixture
def ledger(binhai: Cast, fund: Fund) -> Project:
    """A row of every table: committed, lectured for, settled, and the year closed."""
    project = give(binhai, fund, "5000.00")
    promised = commit_to(binhai, project, "10.00")
    release(commitment=promised, amount=None, reason="合同取消", actor=binhai.finance, at=NOW)
    fee = GivenFee("授课人甲", "associate", Decimal("4.0"), Decimal("2000.00"), Decimal("2300.00"))
    pay_out(
        binhai,
        project,
        "2300.00",
        kind="lecture",
        title="讲课费",
        fees=[fee],
        invoices=[GivenInvoice("26120000000012345678")],
    )
    settle(
        project=project,
        session_no=1,
        trainees=46,
        staff=4,
        days=Decimal("3.5"),
        facts={},
        lines=[
            SettledLine(
                line(project).pk,
                "费用1",
                Decimal("5000.00"),
                Decimal("5000.00"),
                Decimal("2300.00"),
                "少住一晚",
            )
        ],
        note="按实到 46 人",
        actor=binhai.finance,
        at=NOW,
    )
    close_year(fund=fund, actor=binhai.finance, at=NOW + dt.timedelta(365))
    return project


@pytest.mark.parametrize("model", MODELS)
def test_the_admin_shows_the_ledger_and_changes_nothing(ledger: Project, model: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("guanli", name="管理员", password=None))
    name = f"admin:budgets_{model._meta.model_name}"
    row = model.objects.first()
    listed = client.get(reverse(f"{name}_changelist"))
    assert listed.status_code == 200
    page = client.get(reverse(f"{name}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client.get(reverse(f"{name}_add")).status_code == 403
    assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    # What a column or a field is called is Chinese; the key alone is not.
    titles = re.findall(r"<label>([^<]+):</label>", page.text)
    titles += re.findall(r'<th scope="col"[^>]*>.*?<div class="text">(.*?)</div>', listed.text, re.DOTALL)
    words = [re.sub(r"<[^>]+>", "", title).strip() for title in titles]
    assert [word for word in words if re.fullmatch(r"[A-Za-z _]+", word) and word != "ID"] == []


def test_a_list_of_the_ledger_costs_the_same_however_long(binhai: Cast, fund: Fund) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("guanli", name="管理员", password=None))
    projects = [give(binhai, fund, "1000.00") for _ in range(4)]
    names = ("commitment", "payment", "invoice", "supportingpaper")

    def spend(project: Project, number: int) -> None:
        commit_to(binhai, project, "10.00")
        pay_out(binhai, project, "10.00", invoices=[GivenInvoice(f"2700{number}")])

    def look(name: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse(f"admin:budgets_{name}_changelist")).status_code == 200
        return len(seen)

    spend(projects[0], 0)
    for name in names:
        look(name)
    few = [look(name) for name in names]
    for number, project in enumerate(projects[1:], 1):
        spend(project, number)
    assert [look(name) for name in names] == few
