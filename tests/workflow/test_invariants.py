"""The invariants asked in SQL see what is planted: a check that can't fail proves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction

from tests.workflow import acts, runs
from tests.workflow.invariants import QUERIES, faults
from tests.workflow.money import asking
from tests.workflow.world import World
from workflow.states import MeetingOutcome, MoneyKind

#: What must be true → the statement that breaks it, with every guard of the database off.
PLANTS = {
    "a pending plan has exactly one open task": "UPDATE workflow_worktask SET is_open = false",
    "no other plan has an open task": (
        "UPDATE workflow_classplan SET state = 'withdrawn' WHERE state <> 'draft'"
    ),
    "the open task is of the state's kind": "UPDATE workflow_worktask SET kind = 'hold' WHERE is_open",
    "a request somebody must act on has exactly one open task of its kind, another none": (
        "UPDATE workflow_worktask SET kind = 'amend' WHERE request_id IS NOT NULL AND is_open"
    ),
    "a request about money somebody must act on has one open task of its kind, another none": (
        "UPDATE workflow_worktask SET kind = 'request' WHERE money_id IS NOT NULL AND is_open"
    ),
    "money moves by its approved request and by no other": (
        "UPDATE workflow_moneyrequest SET state = 'refused' WHERE state = 'approved'"
    ),
    "a decision about money is on a task of its request that is closed by him": (
        "UPDATE viewflow_task SET owner_id = NULL WHERE id IN "
        "(SELECT task_ptr_id FROM workflow_worktask WHERE money_id IS NOT NULL)"
    ),
    "a 期 is in 开班审批 while its application is, and only then": (
        "UPDATE workflow_classrun SET state = 'opening' WHERE state = 'enrolling'"
    ),
    "an open 期 has the application that opened it, and its terms": (
        "UPDATE workflow_runrequest SET kind = 'change' WHERE state = 'approved'"
    ),
    "an approved plan has its 期, and a cancelled one none that lives": (
        "UPDATE workflow_classrun SET state = 'cancelled'"
    ),
    "a project's lines hold what its living 期 are held by": (
        "UPDATE workflow_runcost SET amount = amount + 0.01"
    ),
    "nobody agrees to a request he handed in last": (
        "UPDATE workflow_decision d SET actor_id = s.actor_id FROM workflow_decision s "
        "WHERE s.request_id = d.request_id AND s.action = 'submit' AND d.action = 'agree'"
    ),
    "an open task is viewflow's own open task, of an open process of the same plan": (
        "UPDATE viewflow_task SET status = 'DONE' WHERE id IN "
        "(SELECT task_ptr_id FROM workflow_worktask WHERE is_open)"
    ),
    "viewflow knows no open task that we don't": (
        "UPDATE viewflow_task SET status = 'NEW' WHERE id NOT IN "
        "(SELECT task_ptr_id FROM workflow_worktask WHERE is_open)"
    ),
    "an open process has one open task and a closed one none": (
        "UPDATE workflow_workprocess SET is_open = NOT is_open"
    ),
    "a process is finished when it is closed": "UPDATE viewflow_process SET status = 'DONE'",
    "versions are numbered from 1 without gaps and the plan has the last": (
        "UPDATE workflow_planversion SET number = number + 1"
    ),
    "a plan says what its last version says unless it is being edited": (
        "UPDATE workflow_classplan SET trainees = trainees + 1"
    ),
    "a draft has no number and what was submitted has one": (
        "UPDATE workflow_classplan SET serial = 99 WHERE state = 'draft'"
    ),
    "declaration numbers have no gap": "UPDATE workflow_classplan SET serial = serial + 10",
    "plan numbers have no gap": (
        "UPDATE workflow_classplan SET plan_number = 'P2027-0007' WHERE plan_number = 'P2027-0001'"
    ),
    "approved means number and project, and nothing else has them": (
        "UPDATE workflow_classplan SET plan_number = NULL"
    ),
    "an approved plan's project holds its cost lines and what was adjusted since": (
        "UPDATE workflow_plancost SET amount = amount + 0.01"
    ),
    "a project belongs to an approved plan of its department": (
        "UPDATE budgets_project SET number = 'x' WHERE number = 'P2027-0001'"
    ),
    "a fund has what was granted less what its approved plans cost and were adjusted by": (
        "UPDATE budgets_account SET balance = balance - 0.01 WHERE kind = 'fund'"
    ),
    "a decision is by one who held the post that day": (
        "UPDATE org_tenure SET period = daterange('2027-06-01', NULL)"
    ),
    "a review or a settlement is by the post its task lay at": (
        "UPDATE workflow_worktask SET post_id = (SELECT min(id) FROM org_post)"
    ),
    "nobody reviews what he handed in": (
        "UPDATE workflow_decision d SET actor_id = v.submitted_by_id FROM workflow_planversion v "
        "WHERE v.id = d.version_id"
    ),
    "a decision is on a version of its plan and a task of its plan that is closed by him": (
        "UPDATE viewflow_task SET owner_id = NULL"
    ),
    "every closed task has its decision, but for those a withdrawal cancelled": (
        "UPDATE workflow_decision SET task_id = NULL"
    ),
    "the last decision led to the state": (
        "UPDATE workflow_decision SET action = 'withdraw' WHERE action = 'approve'"
    ),
    "an open agenda item is of a plan that awaits the meeting": (
        "UPDATE workflow_agendaitem SET outcome = '', settled_at = NULL"
    ),
    "a settled agenda item has its decision": "UPDATE workflow_decision SET meeting_id = NULL",
}


@pytest.mark.django_db
def test_each_invariant_sees_what_breaks_it(world: World) -> None:
    acts.approve(world, world.draft())
    costs = {"meals": Decimal("9000.00")}
    runs.opened_run(world, department="caiwu", subject="YW-07", terms={"costs": costs})
    asked = runs.planned_run(world, department="bangongshi", subject="YW-99")
    runs.hand_in(world, asked, terms=runs.as_planned(asked.plan))
    acts.pass_to(world, world.draft("quanyi", subject="YW-99"), "review")
    deferred = acts.to_meeting(world, world.draft("quanyi", subject="YW-99"))
    acts.settle(world, deferred, MeetingOutcome.DEFERRED)
    world.draft()
    moved = asking.project(world, department="caiwu", subject="YW-99")
    asking.grant(world, MoneyKind.TRANSFER, asking.shift(moved, "venue", "meals", "1.00"), moved)
    asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), moved)
    assert faults() == []
    assert set(PLANTS) == set(QUERIES)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, statement in PLANTS.items():
            mark = transaction.savepoint()
            cursor.execute(statement)
            assert name in {fault for fault, _ in faults()}, name
            transaction.savepoint_rollback(mark)
    assert faults() == []
