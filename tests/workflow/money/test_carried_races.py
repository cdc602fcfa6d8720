"""A class carried over while somebody pays for it, or closes its year."""

from __future__ import annotations

from decimal import Decimal

import pytest

from budgets.models import Commitment, FundAct, Payment, Project
from budgets.selectors import first_fault
from budgets.services import close_year
from office.refusals import Refused
from tests.workflow import acts as doing
from tests.workflow import world as worlds
from tests.workflow.money import asking, carried
from tests.workflow.money import spending as acts
from tests.workflow.world import World
from workflow.models import ClassRun, Decision, MoneyRequest
from workflow.states import MoneyKind, RequestState

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def run(world: World) -> ClassRun:
    return acts.ready(world)


def before_the_last_step(world: World, run: ClassRun) -> MoneyRequest:
    """A request about the whole class that one more agreement carries out."""
    asking.next_fund(world)
    terms = carried.taking(acts.project_of(run))
    request = asking.hand_in(world, MoneyKind.CARRY_OVER, terms)
    asking.decide(world, request, opinion="同意")
    return request


def test_a_payment_comes_before_the_carry_over_or_not_at_all(world: World, run: ClassRun) -> None:
    promised = acts.commit(world, run, "1200.00")
    request = before_the_last_step(world, run)
    task, when = asking.task_of(request).pk, world.now()

    def pay() -> Payment:
        return acts.pay(world, run, "700.00", commitment=promised)

    def carry() -> Decision:
        return asking.decide(world, request, task_id=task, when=when, opinion="同意")

    paid, agreed = doing.race(pay, carry)
    if isinstance(paid, Payment):
        # What was to go along is no longer there: the request has to be handed in again.
        assert isinstance(agreed, Refused), agreed
        assert "不能结转 2,000.00 元，差 700.00 元" in str(agreed)
        assert asking.fresh(request).state == RequestState.REVIEWING
        assert acts.balances(run) == (D("800.00"), D("500.00"), D("700.00"))
        assert not Project.objects.exclude(continues=None).exists()
    else:
        assert isinstance(paid, Refused)
        assert "本班结余已结转到 P2028-0001，请在该项目办理" in str(paid)
        assert isinstance(agreed, Decision), agreed
        assert acts.balances(run) == (D("0.00"), D("0.00"), D("0.00"))
        assert Commitment.objects.open().get().project.number == "P2028-0001"
    assert first_fault() is None


def test_its_year_closes_after_the_carry_over_or_stops_it(world: World, run: ClassRun) -> None:
    request = before_the_last_step(world, run)
    task, when = asking.task_of(request).pk, world.now()
    head = world.people["caiwu-head"]

    def close() -> FundAct:
        return close_year(fund=world.fund, actor=head, at=acts.NOW)

    def carry() -> Decision:
        return asking.decide(world, request, task_id=task, when=when, opinion="同意")

    closed, agreed = doing.race(close, carry)
    assert isinstance(closed, FundAct), closed
    if isinstance(agreed, Decision):
        assert carried.later_of(acts.project_of(run)).number == "P2028-0001"
    else:
        assert isinstance(agreed, Refused)
        assert "结账" in str(agreed)
        assert not Project.objects.exclude(continues=None).exists()
    assert first_fault() is None
