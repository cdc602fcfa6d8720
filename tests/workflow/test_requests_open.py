"""开班申请: the second gate, from the department's form to a class people may be called up for (D2-28)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from budgets.selectors import fund_totals, project_totals
from office.refusals import Refused
from tests.workflow import acts, runs
from tests.workflow.invariants import faults
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.rules.terms import terms_of
from workflow.states import DecisionAction, RequestKind

D = Decimal


@pytest.fixture(autouse=True)
def sound(world: World):
    """Whatever a test did, the whole database still says what it must."""
    yield
    assert faults() == []


def way(request) -> list[tuple[str, str]]:
    """(step, post) of every decision after the submission."""
    done = request.decisions.exclude(action="submit").select_related("post")
    return [(row.step, row.post.code) for row in done]


def test_an_approved_class_has_its_sessions_waiting(world: World) -> None:
    plan = acts.approve(world, world.draft(sessions=3))
    found = list(plan.runs.values_list("session_no", "code", "state"))
    assert found == [(n, f"P2027-0001-{n}", "planned") for n in (1, 2, 3)]


def test_as_planned_the_training_authority_alone_signs(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    request = runs.hand_in(world, run, terms=terms)
    assert (request.chain, request.state, runs.fresh_run(run).state) == ("same", "reviewing", "opening")
    assert runs.task_of(request).post.code == "jiceng-head"
    runs.decide(world, request)
    run, request = runs.fresh_run(run), runs.fresh_request(request)
    assert (run.state, request.state, way(request)) == (
        "enrolling",
        "approved",
        [("review", "jiceng-head")],
    )
    assert (run.starts_on, run.ends_on) == (date(2027, 6, 8), date(2027, 6, 9))
    assert run.opened_at == request.settled_at
    assert terms_of(run) == terms
    assert project_totals([run.plan.project_id])[run.plan.project_id].appropriated == D("10000.00")
    assert not request.tasks.filter(is_open=True).exists()
    assert request.processes.get().status == "DONE"


def test_otherwise_than_planned_the_chain_for_changes_decides_and_the_money_follows(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan, costs={"meals": D("9500.00"), "venue": D("1000.00")})
    request = runs.hand_in(world, run, terms=terms, reason="物价上涨")
    assert request.chain == "changed"
    runs.agree_all(world, request)
    assert way(request) == [("review", "jiceng-head"), ("finance", "caiwu-head"), ("leader", "leader")]
    run = runs.fresh_run(run)
    assert run.state == "enrolling"
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("989500.00")
    entries = run.plan.project.entries.order_by("id").values_list("kind", "amount", "reference")
    assert list(entries)[2:] == [
        ("adjust", D("1500.00"), "P2027-0001-1"),
        ("recall", D("1000.00"), "P2027-0001-1"),
    ]


def test_nothing_is_half_done_when_the_money_is_short(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan, costs={"meals": D("1200000.00")})
    request = runs.hand_in(world, run, terms=terms, reason="扩大规模")
    runs.decide(world, request, opinion="同意超标")
    runs.decide(world, request, opinion="同意超标")
    with pytest.raises(Refused, match="差 "):
        runs.decide(world, request, opinion="同意超标")
    run, request = runs.fresh_run(run), runs.fresh_request(request)
    assert (run.state, run.stretches, run.opened_at, run.trainees) == ("opening", [], None, 0)
    assert (request.state, request.settled_at) == ("reviewing", None)
    assert runs.task_of(request).step == "leader"
    assert way(request) == [("review", "jiceng-head"), ("finance", "caiwu-head")]
    assert not run.lessons.exists()
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("990000.00")


def test_returned_changed_and_handed_in_again(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    runs.decide(world, request, action=DecisionAction.RETURN, opinion="请补班主任")
    request, task = runs.fresh_request(request), runs.task_of(request)
    assert (request.state, task.kind, task.post.code) == ("returned", "amend", "xuanchuan-staff")
    assert runs.fresh_run(run).state == "planned"
    terms = runs.as_planned(run.plan, class_teacher="吴桐")
    runs.draft(world, run, terms=terms, request_id=request.pk, revision=request.revision)
    runs.submit(world, request)
    request = runs.fresh_request(request)
    assert (request.number, request.state, runs.fresh_run(run).state) == (2, "reviewing", "opening")
    run = runs.fresh_run(run)
    runs.agree_all(world, request)
    assert runs.fresh_run(run).class_teacher == "吴桐"
    assert [row.action for row in request.decisions.all()] == ["submit", "return", "submit", "agree"]


def test_returned_it_comes_back_with_something_changed(world: World) -> None:
    run = runs.planned_run(world)
    terms = runs.as_planned(run.plan)
    request = runs.hand_in(world, run, terms=terms)
    for answer in ("请补班主任", "还是要补"):
        runs.decide(world, request, action=DecisionAction.RETURN, opinion=answer)
        with pytest.raises(Refused, match="退回后没有任何改动"):
            runs.submit(world, request)
        runs.draft(world, run, terms=terms, request_id=request.pk, reason=f"本班不设班主任：{answer}")
        runs.submit(world, request)
    assert runs.fresh_request(request).number == 3


def test_whoever_left_the_department_changes_nothing_of_what_he_drew_up(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.draft(world, run, terms=runs.as_planned(run.plan))
    gone = world.people["xuanchuan-staff"]
    world.appoint("xuanchuan-staff", world.people["quanyi-staff"], at(3, 1).date())
    with pytest.raises(Refused, match="只有宣传网络部的人员可以办理"):
        runs.submit(world, request, gone, when=at(3, 2))


def test_refused_it_is_over_and_another_may_be_drawn_up(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    runs.decide(world, request, action=DecisionAction.REFUSE, opinion="本季度不安排")
    request = runs.fresh_request(request)
    assert (request.state, runs.fresh_run(run).state) == ("refused", "planned")
    assert not request.tasks.filter(is_open=True).exists()
    assert runs.open_run(world, run).state == "enrolling"


def test_the_authoritys_own_class_is_signed_by_the_stand_in(world: World) -> None:
    run = runs.planned_run(world, department="jiceng")
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    assert runs.task_of(request).post.code == "leader"


def test_the_leader_doesnt_sign_what_he_handed_in(world: World) -> None:
    """A person with two posts: who handed it in is passed by."""
    author = world.people["xuanchuan-staff"]
    world.appoint("jiceng-head", author, at(1, 5).date())
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    assert runs.task_of(request).post.code == "leader"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stretches": ()}, "没有填写起止时间"),
        ({"lessons": ()}, "没有填写课程安排"),
        ({"trainees": 0}, "没有填写学员人数"),
    ],
)
def test_what_is_missing_stops_the_submission(world: World, changes: dict, message: str) -> None:
    run = runs.planned_run(world)
    request = runs.draft(world, run, terms=replace(runs.as_planned(run.plan), **changes))
    with pytest.raises(Refused, match=message):
        runs.submit(world, request)
    assert (runs.fresh_request(request).state, runs.fresh_run(run).state) == ("draft", "planned")


def test_opened_run_is_what_others_stand_on(world: World) -> None:
    run = runs.opened_run(world, first=date(2027, 6, 2), trainees=40, name="经审干部培训班")
    assert (run.state, run.trainees, run.title) == ("enrolling", 40, "经审干部培训班")
    assert [str(half) for _, half in run.half_days] == ["0", "1", "0", "1"]
    assert ClassRun.objects.count() == 1
    assert run.requests.get().kind == RequestKind.OPEN
