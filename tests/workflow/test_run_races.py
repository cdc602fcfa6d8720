"""Two at once about one 期: one decision, one opening, the money moved once (S29)."""

from __future__ import annotations

import pytest

from budgets.selectors import first_fault, project_totals
from office.refusals import Conflict, Refused
from tests.workflow import acts, runs
from tests.workflow import world as worlds
from workflow.models import ClassRun, Decision, RunRequest
from workflow.services import requests
from workflow.states import DecisionAction, RequestKind

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_officers_decide_the_same_request() -> None:
    world = worlds.build()
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    task = runs.task_of(request).pk
    head = world.people["jiceng-head"]
    when = world.now()

    def agree() -> Decision:
        return requests.decide(
            request_id=request.pk, task_id=task, action=DecisionAction.AGREE, actor=head, at=when
        )

    def give_back() -> Decision:
        return requests.decide(
            request_id=request.pk,
            task_id=task,
            action=DecisionAction.RETURN,
            actor=head,
            at=when,
            opinion="请修改",
        )

    results = acts.race(agree, give_back, agree)
    done = [result for result in results if isinstance(result, Decision)]
    late = [result for result in results if isinstance(result, Conflict)]
    assert (len(done), len(late)) == (1, 2)
    assert all("“归口审核”已由 周敏（基层工作部 部长）" in str(conflict) for conflict in late)
    assert Decision.objects.filter(request=request).exclude(action="submit").count() == 1
    expected = "enrolling" if done[0].action == DecisionAction.AGREE else "planned"
    assert runs.fresh_run(run).state == expected
    assert first_fault() is None


def test_two_clerks_draw_up_at_once_and_one_request_remains() -> None:
    world = worlds.build()
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    when = world.now()

    def write(who: str) -> RunRequest:
        return requests.save_draft(
            run_id=run.pk,
            kind=RequestKind.OPEN,
            content=terms.as_json(),
            reason="",
            actor=world.people[who],
            at=when,
        )

    results = acts.race(lambda: write("xuanchuan-staff"), lambda: write("xuanchuan-head"))
    assert sum(isinstance(result, RunRequest) for result in results) == 1
    (refused,) = [result for result in results if isinstance(result, Refused)]
    assert "已有一份开班申请（草稿）" in str(refused)
    assert RunRequest.objects.count() == 1


def test_sessions_opened_at_once_draw_on_the_fund_in_turn() -> None:
    """Each wants 500,000 more and the fund has 990,000: one opens, the other is refused whole."""
    world = worlds.build()
    plan = acts.approve(world, world.draft(sessions=2))
    asked = []
    for run in plan.runs.order_by("session_no"):
        run = runs.fresh_run(run)
        costs = {"meals": runs.as_planned(plan).costs["meals"] + 500_000}
        terms = runs.as_planned(run.plan, run.session_no, costs=costs)
        request = runs.hand_in(world, run, terms=terms, reason="扩大规模")
        runs.decide(world, request, opinion="同意")
        runs.decide(world, request, opinion="同意")
        asked.append((request.pk, runs.task_of(request).pk))
    leader, when = world.people["leader"], world.now()

    def agree(pair: tuple[int, int]) -> Decision:
        return requests.decide(
            request_id=pair[0],
            task_id=pair[1],
            action=DecisionAction.AGREE,
            actor=leader,
            at=when,
            opinion="同意",
        )

    results = acts.race(*(lambda pair=pair: agree(pair) for pair in asked))
    assert sum(isinstance(result, Decision) for result in results) == 1, results
    (refused,) = [result for result in results if isinstance(result, Refused)]
    assert "差 " in str(refused)
    assert sorted(ClassRun.objects.values_list("state", flat=True)) == ["enrolling", "opening"]
    assert sorted(RunRequest.objects.values_list("state", flat=True)) == ["approved", "reviewing"]
    assert project_totals([plan.project_id])[plan.project_id].appropriated == 10_000 + 499_000
    assert first_fault() is None
