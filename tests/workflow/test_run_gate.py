"""The gate of 期, requests and seats: who may do what, and the words of a no."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from org.models import PostKind, Union
from tests.workflow import acts, runs
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import CallUp, ClassRun
from workflow.rules.run_gate import RunAct, allowed, refusal
from workflow.rules.terms import terms_of
from workflow.states import DecisionAction, RequestKind

ASKED = {RunAct.CHANGE, RunAct.POSTPONE, RunAct.CANCEL}
CALLED = {
    RunAct.NOMINATE,
    RunAct.ENTER,
    RunAct.NAME,
    RunAct.CONFIRM,
    RunAct.CORRECT,
    RunAct.REPLACE,
    RunAct.WITHDRAW_SEAT,
    RunAct.ON_SITE,
    RunAct.BEGIN,
}
WHEN: datetime = at(5, 1)


def may(world: World, run: ClassRun, who: str, **more: Any) -> set[RunAct]:
    found = allowed(runs.fresh_run(run), actor=world.people[who], at=WHEN, **more)
    return {act for act, reason in found.items() if reason is None}


def issue(world: World, run: ClassRun) -> None:
    CallUp.objects.create(
        run=run,
        issued_on=at(4, 1).date(),
        deadline=at(5, 20),
        issued_at=at(4, 1),
        issued_by=world.people["xuanchuan-staff"],
    )


def unit_contact(world: World) -> Union:
    """A town below the union, with its own staff: 街镇经办."""
    unit = Union.objects.found(
        parent=world.union, code="town", name="甲街道总工会", short_name="甲街道", level="town", ordinal=2
    )
    below = worlds.World(unit)
    worlds.post(below, "town-staff", "干事", PostKind.STAFF, None)
    world.people["town-staff"] = below.people["town-staff"]
    return unit


def test_before_the_second_gate_its_department_asks_and_nobody_is_called_up(world: World) -> None:
    run = runs.planned_run(world)
    assert may(world, run, "xuanchuan-staff") == {RunAct.OPEN, RunAct.CANCEL}
    assert may(world, run, "xuanchuan-head") == {RunAct.OPEN, RunAct.CANCEL}
    for who in ("jiceng-head", "caiwu-head", "quanyi-staff", "leader", "secretary"):
        assert may(world, run, who) == set(), who
    reason = refusal(RunAct.CONFIRM, runs.fresh_run(run), actor=world.people["xuanchuan-staff"], at=WHEN)
    assert reason == "《工会信息员培训班》现为“未启动”，不能办理这一操作。"


def test_a_request_lies_at_one_post(world: World) -> None:
    run = runs.planned_run(world)
    runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    assert may(world, run, "jiceng-head") == {RunAct.AGREE, RunAct.RETURN, RunAct.REFUSE}
    assert may(world, run, "xuanchuan-staff") == {RunAct.WITHDRAW_REQUEST}
    assert may(world, run, "jiceng-staff") == set()
    reason = refusal(RunAct.AGREE, runs.fresh_run(run), actor=world.people["caiwu-head"], at=WHEN)
    assert reason == "“归口审核”由 基层工作部 部长（周敏） 办理。"
    reason = refusal(RunAct.OPEN, runs.fresh_run(run), actor=world.people["xuanchuan-staff"], at=WHEN)
    assert reason == "《工会信息员培训班》现为“开班审批”，不能办理这一操作。"


def test_returned_its_department_may_change_or_drop_it(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    runs.decide(world, request, action=DecisionAction.RETURN, opinion="请修改")
    acts_of_staff = {RunAct.OPEN, RunAct.EDIT_REQUEST, RunAct.WITHDRAW_REQUEST}
    assert may(world, run, "xuanchuan-staff") == acts_of_staff
    assert may(world, run, "jiceng-head") == set()


def test_nobody_decides_what_he_handed_in(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    world.appoint("jiceng-head", world.people["xuanchuan-staff"], at(2, 1).date())
    reason = refusal(
        RunAct.AGREE, runs.fresh_run(run), actor=world.people["xuanchuan-staff"], at=WHEN, request=request
    )
    assert reason == "不能审批本人报送的申请，请由本环节的其他负责人办理。"


def test_behind_the_gate_the_organiser_prepares_and_calls_up_after_the_notice(world: World) -> None:
    run = runs.opened_run(world)
    prepare = {RunAct.QUOTA, RunAct.NOTICE, RunAct.EXEMPT}
    assert may(world, run, "xuanchuan-staff") == prepare | ASKED
    assert may(world, run, "jiceng-staff") == prepare
    assert may(world, run, "caiwu-head") == set()
    reason = refusal(RunAct.NOMINATE, runs.fresh_run(run), actor=world.people["xuanchuan-staff"], at=WHEN)
    assert reason == "《工会信息员培训班》还没有发出调训通知。"
    issue(world, run)
    assert may(world, run, "xuanchuan-staff") == prepare | ASKED | CALLED
    assert may(world, run, "jiceng-staff") == prepare | CALLED


def test_people_of_a_unit_nominate_and_withdraw_their_own(world: World) -> None:
    run = runs.opened_run(world)
    unit = unit_contact(world)
    assert may(world, run, "town-staff", unit=unit) == {RunAct.EXEMPT}
    issue(world, run)
    own = {RunAct.NOMINATE, RunAct.CORRECT, RunAct.REPLACE, RunAct.WITHDRAW_SEAT, RunAct.EXEMPT}
    assert may(world, run, "town-staff", unit=unit) == own
    assert may(world, run, "town-staff") == may(world, run, "town-staff", unit=world.union) == set()
    reason = refusal(
        RunAct.NOMINATE, runs.fresh_run(run), actor=world.people["quanyi-staff"], at=WHEN, unit=unit
    )
    assert reason == "只有甲街道总工会的人员和主办部门可以办理。"


def test_a_running_class_takes_attendance_and_no_more_quotas(world: World) -> None:
    run = runs.opened_run(world)
    issue(world, run)
    locked = runs.fresh_run(run)
    locked.begin()
    locked.save()
    found = may(world, run, "xuanchuan-staff")
    assert found == {
        RunAct.CHANGE,
        RunAct.CANCEL,
        RunAct.EXEMPT,
        RunAct.ATTEND,
        RunAct.CLOSE,
        *(CALLED - {RunAct.BEGIN}),
    }


def test_a_waiting_request_keeps_others_out(world: World) -> None:
    run = runs.opened_run(world)
    runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    reason = refusal(RunAct.CHANGE, runs.fresh_run(run), actor=world.people["xuanchuan-staff"], at=WHEN)
    assert reason == "《工会信息员培训班》的取消办班申请（审核中）还没有办结。"


def test_a_deactivated_account_does_nothing(world: World) -> None:
    run = runs.opened_run(world)
    staff = world.people["xuanchuan-staff"]
    type(staff).objects.filter(pk=staff.pk).update(is_active=False)
    staff.refresh_from_db()
    assert may(world, run, "xuanchuan-staff") == set()
    assert refusal(RunAct.QUOTA, runs.fresh_run(run), actor=staff, at=WHEN) == "账号已停用。"


@pytest.mark.parametrize("kind", [None, RequestKind.CANCEL])
def test_all_answers_cost_seven_queries_at_most(world: World, kind: RequestKind | None) -> None:
    run = runs.opened_run(world)
    if kind is not None:
        runs.hand_in(world, run, kind, reason="报名不足")
    found = runs.fresh_run(run)
    with CaptureQueriesContext(connection) as queries:
        allowed(found, actor=world.people["jiceng-head"], at=WHEN)
    assert len(queries) <= 7


def test_a_change_is_no_acts_of_strangers(world: World) -> None:
    run = runs.opened_run(world)
    request = runs.draft(world, run, RequestKind.CHANGE, terms_of(run))
    for who in ("quanyi-staff", "jiceng-head", "caiwu-head"):
        reason = refusal(
            RunAct.EDIT_REQUEST, runs.fresh_run(run), actor=world.people[who], at=WHEN, request=request
        )
        assert reason == "只有宣传网络部的人员可以办理。"
    assert acts.fresh(run.plan).state == "approved"
