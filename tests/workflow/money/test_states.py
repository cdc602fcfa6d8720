"""A request about money in the database: what the one table admits, what stands, what belongs together."""

from __future__ import annotations

import importlib
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from psycopg.errors import CheckViolation, RaiseException

from office.refusals import Conflict, Refused
from tests import databases
from tests.workflow import acts
from tests.workflow.money import asking
from tests.workflow.test_run_states import copied, reach
from tests.workflow.world import World
from workflow.models import Decision, GrowthReason, MoneyRequest, WorkProcess, WorkTask
from workflow.services import money_requests
from workflow.states import (
    REQUEST_TRANSITIONS,
    TASK_OF_MONEY,
    DecisionAction,
    MoneyKind,
    RequestState,
    moves,
)

REFUSED_BY_DATABASE = (ProgrammingError, IntegrityError)


def test_somebody_has_a_task_in_every_state_that_waits() -> None:
    assert {state for state in RequestState if MoneyRequest(state=state).is_pending} == set(TASK_OF_MONEY)


@pytest.mark.django_db
def test_the_database_admits_moves_of_the_table_only(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    admitted = set(moves(REQUEST_TRANSITIONS))
    for before, after in product(RequestState.values, repeat=2):
        if before == after:
            continue
        reach(request, before)
        plain = MoneyRequest.objects.filter(pk=request.pk)
        if (before, after) in admitted:
            assert plain.update(state=after) == 1
        else:
            with pytest.raises(REFUSED_BY_DATABASE, match="Invalid transition"), transaction.atomic():
                plain.update(state=after)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [s for s in RequestState.values if s != "draft"])
def test_it_begins_as_a_draft_by_whatever_road(world: World, state: str) -> None:
    project = asking.project(world)
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(), project)
    names = ("union", "department", "fund", "project", "kind", "created_by", "created_at")
    common = {name: getattr(draft, name) for name in names}
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        MoneyRequest.objects.create(state=state, **common)
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        MoneyRequest.objects.bulk_create([MoneyRequest(state=state, **common)])
    with pytest.raises((RaiseException, CheckViolation)), transaction.atomic():
        copied(MoneyRequest, state)
    assert MoneyRequest.objects.count() == 1


@pytest.mark.django_db
def test_what_was_handed_in_is_what_is_read(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    changes = {"content": {}, "before": {}, "reason": "改过", "chain": "x", "book": None, "kind": "transfer"}
    changes |= {"code": "JF2027-0009"}
    for field, value in changes.items():
        with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
            MoneyRequest.objects.filter(pk=request.pk).update(**{field: value})
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        request.delete()


@pytest.mark.django_db
def test_it_is_of_one_union_of_its_projects_fund_and_of_a_project_or_a_fund(world: World) -> None:
    project = asking.project(world)
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(), project)
    names = ("union", "department", "fund", "project", "kind", "created_by", "created_at")
    common = {name: getattr(draft, name) for name in names}
    other = asking.next_fund(world)
    wrong = (
        ({"fund": other}, "of its project's fund"),
        ({"kind": MoneyKind.SUPPLEMENT}, "money_of_project_or_fund"),
        ({"project": None}, "money_of_project_or_fund"),
        ({"kind": "gift"}, "money_kind_known"),
    )
    for change, name in wrong:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            MoneyRequest.objects.create(**common | change)


@pytest.mark.django_db
def test_tasks_processes_and_decisions_are_about_a_plan_or_about_money(world: World) -> None:
    plan = acts.approve(world, world.draft())
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), plan.project)
    for model, name in ((WorkTask, "task_of_plan_or_money"), (WorkProcess, "process_of_plan_or_money")):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            model.objects.filter(money=request).update(plan=plan)
    said = Decision.objects.get(money=request)
    for change in ({"plan": plan, "version": plan.version}, {"money": None}, {"plan": plan}):
        said.pk = None
        for field, value in {"plan": None, "version": None, "money": request, "task": None, **change}.items():
            setattr(said, field, value)
        with pytest.raises(IntegrityError, match="decision_of_plan_or_money"), transaction.atomic():
            said.save(force_insert=True)


@pytest.mark.django_db
def test_reasons_of_a_year_stand(world: World) -> None:
    common = {"union": world.union, "year": 2027, "actor": world.people["caiwu-head"], "at": world.now()}
    kept = GrowthReason.objects.create(amount=1, before=2, reason="压缩", **common)
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        GrowthReason.objects.update(reason="改过")
    with pytest.raises(REFUSED_BY_DATABASE), transaction.atomic():
        kept.delete()
    with pytest.raises(IntegrityError, match="growth_reason_needed"), transaction.atomic():
        GrowthReason.objects.create(amount=Decimal(3), before=2, reason="压缩", **common)
    with pytest.raises(IntegrityError, match="growth_reason_given"), transaction.atomic():
        GrowthReason.objects.create(amount=1, before=2, reason="", **common)


@pytest.mark.django_db
@pytest.mark.parametrize("state", list(RequestState))
def test_in_every_state_each_act_is_done_or_refused_with_a_reason(world: World, state: str) -> None:
    """What the gate lets the right person do, by the state of the request; nobody else does anything."""
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    staff, head = world.people["xuanchuan-staff"], world.people["jiceng-head"]
    task = asking.task_of(request).pk
    match state:
        case RequestState.DRAFT:
            money_requests.withdraw(request_id=request.pk, actor=staff, at=world.now())
            request = asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
        case RequestState.RETURNED:
            asking.decide(world, request, action=DecisionAction.RETURN, opinion="请修改")
        case RequestState.APPROVED:
            asking.agree_all(world, request)
        case RequestState.REFUSED:
            asking.decide(world, request, action=DecisionAction.REFUSE, opinion="不同意")
        case RequestState.WITHDRAWN:
            money_requests.withdraw(request_id=request.pk, actor=staff, at=world.now())
    assert asking.fresh(request).state == state
    key: dict[str, Any] = {"request_id": request.pk}

    def edit(who: str) -> None:
        asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8200.00"), project, who, **key)

    tried = {
        "edit": edit,
        "submit": lambda who: asking.submit(world, request, who),
        "agree": lambda who: asking.decide(world, request, who, task_id=task),
        "withdraw": lambda who: money_requests.withdraw(**key, actor=world.people[who], at=world.now()),
        "discard": lambda who: money_requests.discard(**key, actor=world.people[who], at=world.now()),
    }
    done = set()
    for name, act in tried.items():
        for who in ("quanyi-staff", "leader"):
            with pytest.raises(Refused):
                act(who)
        mark = transaction.savepoint()
        try:
            act(head.username.removeprefix("binhai-") if name == "agree" else "xuanchuan-staff")
        except Conflict:
            assert name == "agree"
        except Refused:
            pass
        else:
            done.add(name)
        transaction.savepoint_rollback(mark)
    assert done == {
        RequestState.DRAFT: {"edit", "submit", "discard"},
        RequestState.REVIEWING: {"agree", "withdraw"},
        RequestState.RETURNED: {"edit", "withdraw"},
    }.get(RequestState(state), set())


@pytest.mark.django_db
def test_a_request_of_an_earlier_release_keeps_its_number(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    draft = asking.draft(world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "1.00"), project)
    migration = importlib.import_module("workflow.migrations.0009_numbers_of_requests")
    databases.replay(migration.AS_PRINTED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT state, code FROM workflow_moneyrequestevent WHERE code <> ''")
        kept = cursor.fetchall()
    old = f"JF{request.pk:06d}"
    assert (asking.fresh(request).code, asking.fresh(draft).code) == (old, "")
    assert kept == [("reviewing", old)]
