"""A fund's projects with what they hold, and those one sees of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from budgets.models import Fund
from org.selectors import standing
from tests.budgets.cast import NOW, Cast, found, fund_of, give
from workflow.selectors.fund_lists import departments_of, funded, held_together, projects_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def binhai() -> Cast:
    return found("binhai", "滨海新区总工会")


@pytest.fixture
def fund(binhai: Cast) -> Fund:
    made = fund_of(binhai, "100000.00")
    give(binhai, made, "10.00", department="xuanchuan")
    give(binhai, made, "20.00", "5.00", department="quanyi")
    other = found("mianyang", "绵阳市总工会")
    give(other, fund_of(other, "1000.00"), "30.00", department="quanyi")
    return made


@pytest.mark.parametrize("more", [0, 5])
def test_the_projects_of_a_fund_take_three_queries(
    binhai: Cast, fund: Fund, more: int, django_assert_num_queries: Any
) -> None:
    for _ in range(more):
        give(binhai, fund, "1.00")
    person = standing(binhai.finance, NOW.date())
    with django_assert_num_queries(3):
        rows = funded(list(projects_of(fund, person)))
        names = [row.project.department.name for row in rows]
    assert len(rows) == 2 + more
    assert names[:2] == ["宣传网络部", "权益保障部"]
    assert [row.project.number for row in rows] == sorted(row.project.number for row in rows)
    assert (rows[1].held.appropriated, rows[1].held.available) == (Decimal("25.00"), Decimal("25.00"))
    assert (rows[1].held.committed, rows[1].held.paid) == (Decimal("0.00"), Decimal("0.00"))


def test_a_project_without_lines_is_a_row_of_noughts(binhai: Cast, fund: Fund) -> None:
    empty = give(binhai, fund)
    rows = {row.project: row for row in funded(list(projects_of(fund, standing(binhai.finance, NOW.date()))))}
    assert rows[empty].held.appropriated == rows[empty].held.available == Decimal("0.00")


@pytest.mark.parametrize(
    ("who", "seen", "together"),
    [("caiwu", ["宣传网络部", "权益保障部"], "35.00"), ("xuanchuan", ["宣传网络部"], "10.00")],
)
def test_who_sees_which_of_them(binhai: Cast, fund: Fund, who: str, seen: list[str], together: str) -> None:
    person = standing(binhai.people[who], NOW.date())
    assert [row.name for row in departments_of(fund, person)] == seen
    projects = projects_of(fund, person)
    assert [project.department.name for project in projects] == seen
    assert held_together(projects).appropriated == Decimal(together)
