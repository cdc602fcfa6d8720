"""Two at once on one class: a payment beside its cancellation, a form pressed twice."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from budgets.models import Commitment, Payment
from budgets.selectors import first_fault
from budgets.services import GivenFee
from office.refusals import Refused
from tests.workflow import acts as doing
from tests.workflow import runs
from tests.workflow import world as worlds
from tests.workflow.money import spending as acts
from workflow.models import Decision
from workflow.services import spending
from workflow.states import RequestKind, RunState

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_payment_comes_before_the_cancellation_or_not_at_all() -> None:
    world = worlds.build()
    run = acts.ready(world)
    promised = acts.commit(world, run, "1200.00")
    request = runs.hand_in(world, run, RequestKind.CANCEL, reason="人数不足")
    runs.decide(world, request, opinion="同意")
    runs.decide(world, request, opinion="同意")
    task, when = runs.task_of(request).pk, world.now()

    def pay() -> Payment:
        return acts.pay(world, run, "700.00", commitment=promised)

    def cancel() -> Decision:
        return runs.decide(world, request, task_id=task, when=when, opinion="同意")

    paid, cancelled = doing.race(pay, cancel)
    assert isinstance(cancelled, Decision), cancelled
    assert runs.fresh_run(run).state == RunState.CANCELLED
    if isinstance(paid, Payment):
        assert acts.balances(run) == (Decimal("0.00"), Decimal("0.00"), Decimal("700.00"))
    else:
        assert isinstance(paid, Refused)
        assert "已取消办班，不再用款" in str(paid)
        assert acts.balances(run) == (Decimal("0.00"), Decimal("0.00"), Decimal("0.00"))
    assert not Commitment.objects.open().exists()
    assert first_fault() is None


def test_a_form_pressed_twice_at_once_is_one_payment() -> None:
    world = worlds.build()
    run = acts.ready(world)
    given, key = acts.paying(run, "500.00"), uuid.uuid4()

    def pay() -> Payment:
        return spending.pay(
            project_id=run.plan.project_id,
            given=given,
            key=key,
            actor=world.people["caiwu-staff"],
            at=acts.NOW,
        )

    results = doing.race(pay, pay, pay)
    assert all(isinstance(result, Payment | Refused) for result in results), results
    assert any(isinstance(result, Payment) for result in results)
    assert Payment.objects.count() == 1
    assert acts.balances(run) == (Decimal("1500.00"), Decimal("0.00"), Decimal("500.00"))
    assert first_fault() is None


def test_a_lecturer_isnt_paid_twice_by_two_at_once() -> None:
    world = worlds.build()
    run = acts.ready(
        world,
        costs={"meals": "8000.00", "lecture": "9000.00"},
        lecturer_title="senior",
        lecture_hours=Decimal(8),
        half_days=2,
        hours=Decimal(8),
    )
    fee = GivenFee("何老师", "senior", Decimal(8), Decimal("100.00"), Decimal("100.00"))
    slip = {"slip": [acts.file("签收单.pdf")]}
    given = acts.paying(run, "100.00", kind="lecture", item="lecture", fees=[fee], files=slip)
    once = uuid.uuid4()

    def pay(key: uuid.UUID | None = None) -> Payment:
        return spending.pay(
            project_id=run.plan.project_id,
            given=given,
            key=key or uuid.uuid4(),
            actor=world.people["caiwu-staff"],
            at=acts.NOW,
        )

    results = doing.race(pay, pay, pay)
    refused = [str(result) for result in results if isinstance(result, Refused)]
    assert len(refused) == 2, results
    assert all("已付 8 学时，本次填写 8 学时" in text for text in refused)
    paid = Payment.objects.get()
    spending.reverse_payment(payment_id=paid.pk, reason="x", actor=world.people["caiwu-staff"], at=acts.NOW)
    again = doing.race(lambda: pay(once), lambda: pay(once))
    assert {result.pk for result in again if isinstance(result, Payment)} == {Payment.objects.latest("id").pk}
    assert Payment.objects.count() == 2
    assert first_fault() is None
