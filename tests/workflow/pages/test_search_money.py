"""Search finds a payment by what its voucher says and a commitment by its number, where one sees them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Commitment, Payment
from budgets.services import GivenInvoice
from org.models import User
from org.services import share
from tests.workflow import world as worlds
from tests.workflow.money import spending as acts
from tests.workflow.money.spending import NOW
from tests.workflow.pages.meeting_room import as_, queries
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.services import spending


@dataclass
class Found:
    run: ClassRun
    promised: Commitment
    paid: Payment


@pytest.fixture
def found(world: World) -> Found:
    run = acts.ready(world)
    promised = acts.commit(world, run, "300.00", payee="丽水宾馆", contract_number="租字〔2027〕5号")
    paid = acts.pay(
        world,
        run,
        "120.00",
        payee="区委党校",
        voucher="记-0471",
        invoices=[GivenInvoice("2612 0000 5566")],
    )
    return Found(run, promised, paid)


def searched(client: Client, text: str) -> tuple[list[Payment], list[Commitment]]:
    page = client.get(reverse("workflow:search"), {"q": text})
    return page.context["payments"], page.context["commitments"]


@pytest.mark.parametrize(
    "text",
    ["{paid}", "ZF01", "zf01", "记-0471", "0471", "261200005566", "2612-0000-5566", "区委党校", " 党校 "],
)
def test_a_payment_is_found(client: Client, world: World, found: Found, text: str) -> None:
    as_(client, world, "caiwu-staff")
    text = text.format(paid=found.paid.number.lower())
    assert searched(client, text) == ([found.paid], [])
    page = client.get(reverse("workflow:search"), {"q": text})
    assert reverse("workflow:payment", args=[found.paid.pk]) in page.text
    assert "120.00 元 · 区委党校" in page.text
    assert "没有找到" not in page.text


@pytest.mark.parametrize("text", ["{promised}", "YZ01", "租字〔2027〕5号", "丽水"])
def test_a_commitment_is_found(client: Client, world: World, found: Found, text: str) -> None:
    as_(client, world, "caiwu-staff")
    text = text.format(promised=found.promised.number)
    assert searched(client, text) == ([], [found.promised])
    page = client.get(reverse("workflow:search"), {"q": text})
    assert reverse("workflow:commitment", args=[found.promised.pk]) in page.text
    assert "未支付 300.00 元" in page.text


@pytest.mark.parametrize("text", ["ZF99", "YZ", "ZF", "0001-ZF1", "100%", "_", "ZF²", "9" * 40])
def test_what_is_nowhere_is_not_found(client: Client, world: World, found: Found, text: str) -> None:
    as_(client, world, "caiwu-staff")
    assert searched(client, text) == ([], [])


def test_only_what_ones_pages_show(client: Client, world: World, found: Found) -> None:
    both = ([found.paid], [found.promised])
    auditor = User.objects.create_user("auditor", name="审计员")
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=NOW)
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    people = [
        (auditor, True),
        (world.people["caiwu-staff"], True),
        (world.people["jiceng-head"], True),
        (world.people["xuanchuan-staff"], True),
        (world.people["quanyi-head"], False),
        (other.people["caiwu-staff"], False),
    ]
    for person, sees in people:
        client.force_login(person)
        assert (*searched(client, found.paid.number)[0], *searched(client, found.promised.number)[1]) == (
            (*both[0], *both[1]) if sees else ()
        ), person.name
        answer = client.get(reverse("workflow:payment", args=[found.paid.pk]))
        assert answer.status_code == (200 if sees else 404)


def test_what_was_taken_back_says_so(client: Client, world: World, found: Found) -> None:
    actor = world.people["caiwu-staff"]
    spending.reverse_payment(payment_id=found.paid.pk, reason="录错", actor=actor, at=NOW)
    as_(client, world, "caiwu-staff")
    assert "已冲销" in client.get(reverse("workflow:search"), {"q": "记-0471"}).text


def test_it_costs_the_same_however_many(client: Client, world: World, found: Found) -> None:
    as_(client, world, "caiwu-staff")

    def look() -> Any:
        return client.get(reverse("workflow:search"), {"q": "党校"})

    look()
    few = queries(look)
    for _ in range(12):
        acts.pay(world, found.run, "1.00", payee="区委党校", key=uuid.uuid4())
        acts.commit(world, found.run, "1.00", payee="区委党校")
    assert queries(look) == few
    payments, commitments = searched(client, "党校")
    assert (len(payments), len(commitments)) == (8, 8)
