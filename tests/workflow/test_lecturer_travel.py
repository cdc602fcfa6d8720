"""师资差旅费 from the plan to the 期: a line of its own beside the quota and 师资费 (X1 art. 10(2))."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Project
from tests.workflow import acts, runs
from tests.workflow.world import World, at
from workflow.models import ClassPlan, ClassRun, PlanCost
from workflow.rules import content
from workflow.rules.budget_table import BudgetTable, budget_table
from workflow.rules.differences import comparison
from workflow.rules.evaluate import findings_of
from workflow.rules.lecture_exceptions import allowance
from workflow.rules.run_checks import Asked, findings_of_terms
from workflow.rules.terms import planned_terms, terms_of
from workflow.selectors.money_reports import budget_report
from workflow.states import MeetingOutcome, RequestKind

D = Decimal
#: 8 学时 of a 正高级 before tax are 9,523.84.
COSTS = {"meals": "8000.00", "lecturer_travel": "2600.00", "lecture": "9523.84"}
TAUGHT: dict[str, Any] = {"lecturer_title": "senior", "lecture_hours": D(8)}
FEES, TRAVEL = "师资费（税前）", "师资差旅费"


def table(world: World, plan: ClassPlan) -> BudgetTable:
    return budget_table(plan, list(PlanCost.objects.filter(plan=plan)), world.book.book)


def lines(plan: ClassPlan) -> list[tuple[str, str]]:
    return list(acts.fresh(plan).project.lines.order_by("ordinal").values_list("item", "title"))


def test_it_stands_after_the_fees_outside_the_quota_and_inside_the_total(world: World) -> None:
    money = table(world, world.draft(costs=COSTS, **TAUGHT))
    assert [(row.title, row.standard, row.quantity, row.ceiling, row.amount) for row in money.apart] == [
        (FEES, D("1190.48"), "8 学时", D("9523.84"), D("9523.84")),
        (TRAVEL, None, "", None, D("2600.00")),
    ]
    assert (money.subtotal, money.total) == (D("8000.00"), D("20123.84"))


def test_unsaid_it_is_not_shown(world: World) -> None:
    money = table(world, world.draft(costs={"meals": "8000.00", "lecturer_travel": "0.00"}))
    assert money.apart == ()


def test_the_fees_ceiling_counts_fees_alone(world: World) -> None:
    plan = world.draft(costs=COSTS, **TAUGHT)
    costs = list(PlanCost.objects.filter(plan=plan))
    found = [
        (one.severity, one.message)
        for one in findings_of(plan, world.book.book, at=at(1, 11), costs=costs)
        if one.code in ("lecture_over", "over_ceiling_total")
    ]
    sum_text = "63 人 × 2 天 × 1 期，走读不含住宿"
    assert sorted(found) == [
        ("pass", "师资费 9,523.84 元（税前）另计，未超标准。"),
        ("pass", f"综合定额内 8,000.00 元，上限 26,460.00 元（{sum_text}），余 18,460.00 元。"),
    ]


def test_a_version_written_before_there_was_such_a_line_is_restored(world: World) -> None:
    plan = world.draft(costs={"meals": "8000.00", "lecture": "9523.84"}, **TAUGHT)
    old = content.snapshot(plan, PlanCost.objects.filter(plan=plan))
    again, costs = content.restore(old)
    assert [row.title for row in budget_table(again, costs, world.book.book).apart] == [FEES]
    now = {**old, "costs": {**old["costs"], "lecturer_travel": {"amount": "2600.00", "note": "2 人"}}}
    now["costs"]["meals"] = {"amount": "9000.00", "note": ""}
    assert [(one.label, one.before, one.after) for one in content.differences(old, now, world.book.book)] == [
        ("伙食费", "8,000.00", "9,000.00"),
        (TRAVEL, "", "2,600.00（2 人）"),
        ("经费合计", "17,523.84", "21,123.84"),
    ]


def test_the_meeting_adds_it_and_the_project_has_its_lines_in_order(world: World) -> None:
    plan = acts.to_meeting(world, world.draft(costs={"lecturer_travel": "100.00", "venue": "2000.00"}))
    more = {"meals": D("8000.00"), "lecturer_travel": D("2600.00")}
    acts.settle(world, plan, MeetingOutcome.PASSED_CHANGED, costs=more)
    assert lines(plan) == [
        ("meals", "伙食费"),
        ("venue", "场地、资料、交通费"),
        ("lecturer_travel", TRAVEL),
    ]


def test_the_table_of_budgets_has_it_last_whichever_class_comes_first(world: World) -> None:
    first = world.draft(costs={"meals": "8000.00", "lecturer_travel": "2600.00"}, **TAUGHT)
    later = world.draft(
        name="第二班", subject="YW-05", costs={"venue": "2000.00", "lecture": "9000.00"}, **TAUGHT
    )
    for plan in (first, later):
        acts.approve(world, plan)
    report = budget_report(Project.objects.order_by("number"))
    titles = [column.title for column in report.columns]
    assert titles[-5:] == ["伙食费", "场地、资料、交通费", FEES, TRAVEL, "合计"]
    assert [row[-5:] for row in report.rows] == [
        (D("8000.00"), D("0.00"), D("0.00"), D("2600.00"), D("10600.00")),
        (D("0.00"), D("2000.00"), D("9000.00"), D("0.00"), D("11000.00")),
    ]


def test_the_second_gate_shows_it_as_a_line_and_holds_no_fee_against_it(world: World) -> None:
    run = runs.planned_run(world, costs=COSTS, **TAUGHT)
    before = planned_terms(run.plan, 1)
    assert before.costs["lecturer_travel"] == D("2600.00")
    terms = runs.as_planned(run.plan, costs={**before.costs, "lecturer_travel": D("60000.00")})
    book = world.book.book
    asked = Asked(run, RequestKind.OPEN, before, terms, book, at(4, 1))
    assert [one.code for one in findings_of_terms(asked) if one.severity != "pass"] == []
    money = [
        (one.label, one.before, one.after, one.weighty)
        for one in comparison(before, terms, run.plan, book)
        if one.label in (FEES, TRAVEL)
    ]
    assert money == [
        (FEES, "9,523.84", "9,523.84", False),
        (TRAVEL, "2,600.00", "60,000.00", True),
    ]


def test_a_change_brings_it_to_a_class_approved_without(world: World) -> None:
    run = runs.opened_run(world)
    old = terms_of(run)
    new = replace(old, costs={**old.costs, "lecturer_travel": D("1200.00")})
    run = runs.grant(world, run, RequestKind.CHANGE, new, reason="外请教师")
    assert terms_of(run) == new
    assert lines(run.plan)[-1] == ("lecturer_travel", TRAVEL)


@pytest.mark.parametrize(("fees", "allowed"), [("19047.68", "0.00"), ("19047.69", "0.01")])
def test_an_exception_for_fees_is_not_widened_by_travel(world: World, fees: str, allowed: str) -> None:
    """16 学时 of the timetable at the senior rate; what the request asks for travel is nobody's fee."""
    run = _asked(world, fees)
    assert allowance(world.book.book, [run.requests.get()], []).allowed == D(allowed)


def _asked(world: World, fees: str) -> ClassRun:
    costs = {"meals": D("8000.00"), "lecture": D(fees), "lecturer_travel": D("5000.00")}
    run = runs.planned_run(world, costs=COSTS, **TAUGHT)
    runs.hand_in(world, run, terms=runs.as_planned(run.plan, costs=costs), reason="外请教师")
    return runs.fresh_run(run)
