"""A decided exception lets finance pay lecturers so much beyond their ceiling, no more (S23, X1 art. 10)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Payment
from budgets.rules import lecture_beyond
from budgets.services import GivenFee
from office.refusals import Refused
from tests.workflow import runs
from tests.workflow.money import spending as acts
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.rules.terms import terms_of
from workflow.services import spending
from workflow.states import RequestKind

D = Decimal
#: 正高级, one lesson of 4 学时: 4,000.00 after tax, 4,761.92 before.
ONE_LESSON = runs.lessons(runs.FIRST_DAY, 1)


def taught(world: World, money: str) -> ClassRun:
    """An opened 期 with `money` for its lecturers, of whom the timetable has one with one lesson."""
    others = runs.lessons(runs.FIRST_DAY, 4)[1:]
    quiet = tuple(replace(lesson, lecturer="", lecturer_title="") for lesson in others)
    return acts.ready(
        world,
        costs={"meals": "8000.00", "lecture": "9000.00"},
        lecturer_title="senior",
        lecture_hours=D(8),
        terms={"lessons": ONE_LESSON + quiet, "costs": {"meals": D("8000.00"), "lecture": D(money)}},
    )


def half(after: str, before: str) -> GivenFee:
    """2 of his 4 学时: 2,000.00 after tax, 2,380.96 before."""
    return GivenFee("何老师", "senior", D(2), D(after), D(before))


def pay(world: World, run: ClassRun, fee: GivenFee, **more: Any) -> Payment:
    slip = {"slip": [acts.file("签收单.pdf")]}
    given = {"kind": "lecture", "item": "lecture", "fees": [fee], "files": slip, "note": "按批准的标准"}
    return acts.pay(world, run, str(fee.before_tax), **(given | more))


def test_no_more_than_was_decided_all_payments_together(world: World) -> None:
    run = taught(world, "5761.92")
    first = pay(world, run, half("2500.00", "3119.04"))
    assert "，批准超标准 1,000.00 元。" in first.findings[0]["message"]
    with pytest.raises(Refused, match=r"批准超标准 1,000\.00 元，已付 738\.08 元，本次还多 0\.01 元"):
        pay(world, run, half("2000.00", "2642.89"))
    second = pay(world, run, half("2000.00", "2642.88"))
    assert "，批准超标准 1,000.00 元，已付 738.08 元。" in second.findings[0]["message"]


def test_what_was_taken_back_may_be_paid_again(world: World) -> None:
    run = taught(world, "5761.92")
    first = pay(world, run, half("2500.00", "3380.96"))
    with pytest.raises(Refused, match=r"本次还多 0\.01 元"):
        pay(world, run, half("2000.01", "2380.96"))
    who = world.people["caiwu-staff"]
    spending.reverse_payment(payment_id=first.pk, reason="填错", actor=who, at=acts.NOW)
    assert pay(world, run, half("2500.00", "3380.96")).pk


def test_a_change_that_is_agreed_to_is_the_way_to_one(world: World) -> None:
    run = taught(world, "4761.92")
    with pytest.raises(Refused, match="由主办部门在变更申请中说明理由报批"):
        pay(world, run, half("2100.00", "2500.00"))
    now = terms_of(run)
    dearer = replace(now, costs={**now.costs, "lecture": D("5000.00")})
    request = runs.hand_in(world, run, RequestKind.CHANGE, dearer, reason="远道聘请")
    with pytest.raises(Refused, match="由主办部门在变更申请中说明理由报批"):
        pay(world, run, half("2100.00", "2500.00"))
    runs.agree_all(world, request)
    paid = pay(world, run, half("2100.00", "2500.00"))
    assert "，批准超标准 238.08 元。" in paid.findings[0]["message"]


@pytest.mark.parametrize(
    ("fee", "beyond"),
    [
        (half("2000.00", "2380.96"), "0.00"),
        (half("1000.00", "1000.00"), "0.00"),
        (half("2000.01", "2380.96"), "0.01"),
        (half("2000.00", "2380.98"), "0.02"),
        (half("2100.00", "2380.98"), "100.00"),
        (GivenFee("何老师", "unknown", D(2), D(9000), D(9000)), "0.00"),
    ],
)
def test_a_fee_is_over_by_what_it_is_over_more(world: World, fee: GivenFee, beyond: str) -> None:
    book = world.book.book
    assert lecture_beyond(book, [fee]) == D(beyond)
    assert lecture_beyond(book, [fee, half("2000.01", "2380.96")]) == D(beyond) + D("0.01")
