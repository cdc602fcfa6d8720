"""Two at once about money: one decision, the money moved once (S29)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from budgets.models import Entry, FundAct
from budgets.selectors import first_fault
from budgets.services import close_year
from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.invariants import faults
from tests.workflow.money import asking
from workflow.models import Decision, MoneyRequest
from workflow.services import money_requests
from workflow.states import DecisionAction, MoneyKind

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal


def test_two_decide_the_same_last_step_and_the_money_moves_once() -> None:
    world = worlds.build()
    project = asking.project(world)
    request = asking.hand_in(
        world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "500.00"), project
    )
    asking.decide(world, request)
    task, head, when = asking.task_of(request).pk, world.people["caiwu-head"], world.now()

    def decide(action: DecisionAction) -> Decision:
        return money_requests.decide(
            request_id=request.pk, task_id=task, action=action, actor=head, at=when, opinion="核过"
        )

    results = acts.race(
        lambda: decide(DecisionAction.AGREE),
        lambda: decide(DecisionAction.RETURN),
        lambda: decide(DecisionAction.AGREE),
    )
    done = [result for result in results if isinstance(result, Decision)]
    late = [result for result in results if isinstance(result, Conflict)]
    assert (len(done), len(late)) == (1, 2)
    assert all("“财务会审”已由 李想（财务资产部 部长）" in str(conflict) for conflict in late)
    moved = D("500.00") if done[0].action == DecisionAction.AGREE else D("0.00")
    assert asking.budgets(project)["meals"] == D("8000.00") + moved
    assert first_fault() is None
    assert faults() == []


def test_two_requests_about_one_project_handed_in_at_once_and_one_waits() -> None:
    world = worlds.build()
    project = asking.project(world)
    first = asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    second = asking.draft(
        world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "1.00"), project, "caiwu-staff"
    )
    when = world.now()

    def submit(request: MoneyRequest) -> Decision:
        return money_requests.submit(request_id=request.pk, actor=request.created_by, at=when)

    results = acts.race(lambda: submit(first), lambda: submit(second))
    assert sum(isinstance(result, Decision) for result in results) == 1, results
    (late,) = [result for result in results if isinstance(result, Conflict)]
    assert "已有一份申请在办" in str(late)
    assert sorted(MoneyRequest.objects.values_list("state", flat=True)) == ["draft", "reviewing"]


def test_one_form_sent_twice_at_once_is_one_request() -> None:
    world = worlds.build()
    when = world.now()

    def save() -> MoneyRequest:
        return asking.draft(world, MoneyKind.SUPPLEMENT, asking.amount("50000.00", "3号"), when=when)

    results = acts.race(save, save, save)
    assert all(isinstance(result, MoneyRequest) for result in results), results
    assert MoneyRequest.objects.count() == 1


def test_two_budgets_draw_on_the_fund_in_turn() -> None:
    """Two projects each want 600,000 more and the fund has 980,000: one gets it, the other nothing."""
    world = worlds.build()
    projects = [asking.project(world), asking.project(world, name="提高班", subject="YW-04")]
    asked = []
    for project in projects:
        request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(lecture="600000.00"), project)
        asking.decide(world, request, opinion="同意")
        asked.append((request.pk, asking.task_of(request).pk))
    head, when = world.people["caiwu-head"], world.now()

    def agree(pair: tuple[int, int]) -> Decision:
        return money_requests.decide(
            request_id=pair[0],
            task_id=pair[1],
            action=DecisionAction.AGREE,
            actor=head,
            at=when,
            opinion="同意",
        )

    results = acts.race(*(lambda pair=pair: agree(pair) for pair in asked))
    assert sum(isinstance(result, Decision) for result in results) == 1, results
    (refused,) = [result for result in results if isinstance(result, Refused)]
    assert "差 " in str(refused)
    assert sorted(MoneyRequest.objects.values_list("state", flat=True)) == ["approved", "reviewing"]
    assert first_fault() is None


def test_an_agreement_against_the_closing_of_the_year() -> None:
    """Either the money moved before the year was closed, or nothing moved."""
    world = worlds.build()
    project = asking.project(world)
    request = asking.hand_in(
        world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "500.00"), project
    )
    asking.decide(world, request)
    task, head, when = asking.task_of(request).pk, world.people["caiwu-head"], world.now()
    results = acts.race(
        lambda: money_requests.decide(
            request_id=request.pk, task_id=task, action=DecisionAction.AGREE, actor=head, at=when
        ),
        lambda: close_year(fund=project.fund, actor=head, at=when),
    )
    assert isinstance(results[1], FundAct), results
    moved = Entry.objects.filter(reference=request.code).exists()
    assert moved == isinstance(results[0], Decision), results
    assert (asking.fresh(request).state == "approved") == moved
    if not moved:
        assert isinstance(results[0], Refused)
        assert "结账" in str(results[0])
    assert first_fault() is None
