"""Many people at once: one of them succeeds, the others read why not, and nothing is written twice."""

from __future__ import annotations

import datetime
import re
from collections import Counter as Tally
from decimal import Decimal

import pytest

from budgets.models import Project
from budgets.selectors import first_fault, fund_totals, project_totals
from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.invariants import faults
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting, PlanVersion, WorkProcess, WorkTask
from workflow.services import decisions, drafts, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

pytestmark = pytest.mark.django_db(transaction=True)

PASSED = MeetingOutcome.PASSED


def kinds(results: list[object]) -> Tally[str]:
    return Tally(type(result).__name__ for result in results)


def open_tasks(plan: ClassPlan) -> int:
    return WorkTask.objects.filter(plan=plan, is_open=True).count()


def test_eight_people_at_one_task_give_one_decision_and_seven_readable_conflicts(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task = world.task(plan)

    def agree() -> Decision:
        return decisions.decide(
            plan_id=plan.pk,
            task_id=task.pk,
            action=DecisionAction.AGREE,
            actor=world.people["jiceng-head"],
            at=at(1, 20, 10, 40),
        )

    results = acts.race(*[agree] * 8)
    assert kinds(results) == {"Decision": 1, "Conflict": 7}
    assert {str(result) for result in results if isinstance(result, Conflict)} == {
        "《工会信息员培训班》的“归口审核”已由 周敏（基层工作部 部长）于 1月20日 10:40 办理：同意。"
    }
    assert world.task(plan).step == "finance"
    assert open_tasks(plan) == 1
    assert Decision.objects.filter(plan=plan, step="review").count() == 1
    assert WorkTask.objects.filter(plan=plan, step="finance").count() == 1
    assert faults() == []


def test_agreeing_and_returning_at_once_one_of_them_counts(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task = world.task(plan)

    def decide(action: DecisionAction) -> Decision:
        return decisions.decide(
            plan_id=plan.pk,
            task_id=task.pk,
            action=action,
            actor=world.people["jiceng-head"],
            at=at(1, 20),
            opinion="意见",
        )

    three = (DecisionAction.AGREE, DecisionAction.RETURN, DecisionAction.ADVISE_EXCLUSION)
    results = acts.race(*[lambda a=action: decide(a) for action in three * 3])
    assert kinds(results) == {"Decision": 1, "Conflict": 8}
    [decision] = [result for result in results if isinstance(result, Decision)]
    assert (acts.fresh(plan).state == "returned") is (decision.action == "return")
    assert faults() == []


def test_eight_submissions_of_one_draft_make_one_version(world: World) -> None:
    plan = world.draft()
    author = world.people["xuanchuan-staff"]
    results = acts.race(*[lambda: submission.submit(plan_id=plan.pk, actor=author, at=at(1, 11))] * 8)
    assert kinds(results) == {"Decision": 1, "Refused": 7}
    assert {str(result) for result in results if isinstance(result, Refused)} == {
        "《工会信息员培训班》现为“审核中”，不能办理这一操作。"
    }
    assert PlanVersion.objects.filter(plan=plan).count() == 1
    assert WorkProcess.objects.filter(plan=plan).count() == 1
    assert acts.fresh(plan).serial == 1
    assert faults() == []


def test_withdrawing_against_agreeing_exactly_one_wins(world: World) -> None:
    seen = set()
    for _ in range(6):
        plan = acts.pass_to(world, world.draft(), "sign")
        task = world.task(plan)

        def withdraw(plan=plan) -> Decision:
            return submission.withdraw(
                plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=at(1, 20, 10)
            )

        def agree(plan=plan, task=task) -> Decision:
            return decisions.decide(
                plan_id=plan.pk,
                task_id=task.pk,
                action=DecisionAction.AGREE,
                actor=world.people["xuanchuan-head"],
                at=at(1, 20, 10),
            )

        results = acts.race(withdraw, agree, withdraw, agree)
        won = [result.action for result in results if isinstance(result, Decision)]
        assert len(won) == 1, results
        why = {str(result) for result in results if isinstance(result, Refused)}
        if won == ["withdraw"]:
            assert acts.fresh(plan).state == "withdrawn"
            assert open_tasks(plan) == 0
            assert any("已由 林晓峰" in text and "撤回" in text for text in why)
        else:
            assert world.task(plan).step == "review"
            assert "宣传网络部 部长 孙莉 已办理（同意），不能撤回。" in why
        seen.update(won)
    assert seen <= {"withdraw", "agree"}
    assert faults() == []


def test_two_editors_of_one_draft_one_saves(world: World) -> None:
    plan = world.draft()
    costs = acts.costs_of(world, plan)
    author = world.people["xuanchuan-staff"]

    def save(n: int) -> ClassPlan:
        return drafts.edit_draft(
            plan_id=plan.pk,
            revision=plan.revision,
            fields={"trainees": n},
            costs=costs,
            actor=author,
            at=at(1, 11),
        )

    results = acts.race(*[lambda n=n: save(n) for n in range(40, 48)])
    assert kinds(results) == {"ClassPlan": 1, "StaleDraft": 7}
    [saved] = [result for result in results if isinstance(result, ClassPlan)]
    assert acts.fresh(plan).trainees == saved.trainees
    assert world.costs(plan) == {"meals": Decimal("8000.00"), "venue": Decimal("2000.00")}


def test_editing_against_submitting_never_changes_what_was_submitted(world: World) -> None:
    author = world.people["xuanchuan-staff"]
    for _ in range(4):
        plan = world.draft()
        costs = acts.costs_of(world, plan)

        def edit(plan=plan, costs=costs) -> object:
            return drafts.edit_draft(
                plan_id=plan.pk, revision=0, fields={"trainees": 10}, costs=costs, actor=author, at=at(1, 11)
            )

        def submit(plan=plan) -> object:
            return submission.submit(plan_id=plan.pk, actor=author, at=at(1, 11), revision=0)

        acts.race(edit, submit)
        version = PlanVersion.objects.filter(plan=plan).first()
        if version is not None:
            assert version.content["trainees"] == acts.fresh(plan).trainees
    assert faults() == []


def sitting(world: World, number: str) -> Meeting:
    return Meeting.objects.create(
        union=world.union,
        body=world.body,
        year=2027,
        number=number,
        held_on=at(1, 20).date(),
        created_by=world.people["secretary"],
        created_at=at(1, 15),
    )


def test_two_meetings_want_the_same_plan_and_one_gets_it(world: World) -> None:
    plan = acts.to_meeting(world, world.draft())
    sittings = [sitting(world, f"第{n}次") for n in range(4)]

    def put(meeting: Meeting) -> str:
        [result] = meetings.put_on_agenda(
            meeting_id=meeting.pk, plan_ids=[plan.pk], actor=world.people["secretary"], at=at(1, 16)
        )
        return result.reason

    reasons = acts.race(*[lambda m=meeting: put(m) for meeting in sittings])
    assert sorted(reasons, key=str)[0] == ""
    item = AgendaItem.objects.get(plan=plan)
    assert [reason for reason in reasons if reason] == [
        f"《工会信息员培训班》已在 {item.meeting} 的议题中。"
    ] * 3


def test_one_sitting_opened_by_four_at_once_is_opened_once(world: World) -> None:
    def call() -> Meeting:
        return meetings.call_meeting(
            union=world.union,
            year=2027,
            number="第1次",
            held_on=at(1, 20).date(),
            actor=world.people["secretary"],
            at=at(1, 15),
        )

    results = acts.race(*[call] * 4)
    assert kinds(results) == {"Meeting": 1, "Refused": 3}
    assert {str(r) for r in results if isinstance(r, Refused)} == {"主席办公会“第1次”已经建立。"}


def test_items_put_on_one_agenda_at_once_are_numbered_one_after_another(world: World) -> None:
    plans = [acts.to_meeting(world, world.draft(name=f"班{n}", subject="YW-99")) for n in range(6)]
    meeting = sitting(world, "第1次")

    def put(plan: ClassPlan) -> object:
        return meetings.put_on_agenda(
            meeting_id=meeting.pk, plan_ids=[plan.pk], actor=world.people["jiceng-head"], at=at(1, 16)
        )

    acts.race(*[lambda p=plan: put(p) for plan in plans])
    assert sorted(meeting.items.values_list("ordinal", flat=True)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("other", [PASSED, MeetingOutcome.EXCLUDED, MeetingOutcome.DEFERRED])
def test_one_item_settled_by_two_is_settled_once(world: World, other: MeetingOutcome) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.call(world, plan)
    item = acts.item_of(plan)

    def settle(outcome: MeetingOutcome) -> Decision:
        return meetings.settle(
            item_id=item.pk,
            outcome=outcome,
            actor=world.people["secretary"],
            at=at(1, 20),
            opinion="会议决定",
        )

    results = acts.race(*[lambda o=o: settle(o) for o in (PASSED, other) * 4])
    assert kinds(results) == {"Decision": 1, "Conflict": 7}
    item.refresh_from_db()
    assert {str(r) for r in results if isinstance(r, Conflict)} == {
        f"《工会信息员培训班》已记录为“{item.get_outcome_display()}”。"
    }
    assert Project.objects.count() == (1 if item.outcome == "passed" else 0)
    assert (faults(), first_fault()) == ([], None)


def test_settling_against_taking_off_the_agenda(world: World) -> None:
    for _ in range(4):
        plan = acts.to_meeting(world, world.draft())
        acts.call(world, plan)
        item = acts.item_of(plan)

        def settle(item=item) -> object:
            return meetings.settle(
                item_id=item.pk, outcome=PASSED, actor=world.people["secretary"], at=at(1, 20)
            )

        def take_off(item=item) -> object:
            meetings.take_off_agenda(item_id=item.pk, actor=world.people["secretary"], at=at(1, 20))
            return "off"

        results = acts.race(settle, take_off, settle, take_off)
        assert sum(not isinstance(result, Conflict) for result in results) == 1, results
        settled = any(isinstance(result, Decision) for result in results)
        assert AgendaItem.objects.filter(plan=plan).count() == (1 if settled else 0)
        assert acts.fresh(plan).state == ("approved" if settled else "awaiting_meeting")
    assert (faults(), first_fault()) == ([], None)


@pytest.mark.parametrize("enough", [7, 16])
def test_sixteen_approvals_never_overdraw_a_fund(db: None, enough: int) -> None:
    world = worlds.build(granted=f"{enough * 10000 + 9999}.99")
    plans = [acts.to_meeting(world, world.draft(name=f"班{n}", subject="YW-99")) for n in range(16)]
    acts.call(world, *plans)
    items = [acts.item_of(plan).pk for plan in plans]

    def settle(item: int) -> Decision:
        return meetings.settle(item_id=item, outcome=PASSED, actor=world.people["secretary"], at=at(1, 20))

    results = acts.race(*[lambda i=item: settle(i) for item in items])
    assert sum(isinstance(result, Decision) for result in results) == enough
    for result in results:
        if not isinstance(result, Decision):
            assert str(result) == (
                "年度专项预算可安排 9,999.99 元，本班需 10,000.00 元，差 0.01 元"
                "（2027年度 工会干部教育培训专项）。"
            )
    states = Tally(ClassPlan.objects.values_list("state", flat=True))
    assert states == Tally(["approved"] * enough + ["awaiting_meeting"] * (16 - enough))
    totals = fund_totals([world.fund.pk])[world.fund.pk]
    assert (totals.appropriated, totals.available) == (Decimal(enough * 10000), Decimal("9999.99"))
    assert Project.objects.count() == enough
    sums = project_totals(Project.objects.values_list("pk", flat=True))
    assert {t.appropriated for t in sums.values()} <= {Decimal("10000.00")}
    numbers = ClassPlan.objects.filter(state="approved").values_list("plan_number", flat=True)
    assert sorted(numbers) == [f"P2027-{n:04}" for n in range(1, enough + 1)]
    waiting = ClassPlan.objects.filter(state="awaiting_meeting")
    for plan in waiting:
        assert (plan.plan_number, plan.project_id, open_tasks(plan)) == (None, None, 1)
        assert AgendaItem.objects.get(plan=plan).outcome == ""
    assert Decision.objects.filter(action="approve").count() == enough
    assert (faults(), first_fault()) == ([], None)


def test_declaration_numbers_have_no_gap_and_no_double(world: World) -> None:
    good = [world.draft(name=f"班{n}", subject="YW-99") for n in range(8)]
    bad = [world.draft(name=f"坏班{n}", survey_reference="") for n in range(4)]
    author = world.people["xuanchuan-staff"]
    results = acts.race(
        *[
            lambda p=plan: submission.submit(plan_id=p.pk, actor=author, at=at(1, 11))
            for pair in zip(good, [*bad, *bad], strict=True)
            for plan in pair
        ]
    )
    assert kinds(results) == {"Decision": 8, "Refused": 8}
    serials = ClassPlan.objects.filter(serial__isnull=False).values_list("serial", flat=True)
    assert sorted(serials) == list(range(1, 9))
    assert faults() == []


def test_a_succession_at_the_same_moment_leaves_one_decision_by_one_who_held_the_post(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task, old, new = world.task(plan), world.people["jiceng-head"], world.people["quanyi-staff"]

    def decide(actor) -> Decision:
        return decisions.decide(
            plan_id=plan.pk, task_id=task.pk, action=DecisionAction.AGREE, actor=actor, at=at(2, 1)
        )

    def succeed() -> str:
        world.appoint("jiceng-head", new, datetime.date(2027, 2, 1))
        return "appointed"

    results = acts.race(succeed, lambda: decide(old), lambda: decide(new))
    assert results[0] == "appointed"
    made = [result for result in results if isinstance(result, Decision)]
    assert len(made) <= 1
    assert open_tasks(plan) == 1
    for result in results:
        if isinstance(result, Refused):
            assert re.search("由 .* 办理", str(result))


def test_bulk_agreement_of_two_people_crosses_without_deadlock(world: World) -> None:
    plans = [acts.pass_to(world, world.draft(name=f"班{n}", subject="YW-99"), "review") for n in range(6)]
    rows = [(plan.pk, world.task(plan).pk, plan.name) for plan in plans]

    def many(rows: list[tuple[int, int, str]]) -> list[decisions.Result]:
        return decisions.decide_many(
            tasks=rows, action=DecisionAction.AGREE, actor=world.people["jiceng-head"], at=at(1, 20)
        )

    results = acts.race(lambda: many(rows), lambda: many(rows[::-1]), lambda: many(rows))
    done = [r for result in results for r in result]  # type: ignore[attr-defined]
    assert sum(r.decision is not None for r in done) == 6
    assert sum("已由 周敏" in r.reason for r in done) == 12
    assert faults() == []
