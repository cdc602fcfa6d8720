from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from guardian.shortcuts import assign_perm

from budgets.models import Fund, Project
from budgets.selectors import FundTotals, ProjectTotals, fund_totals, project_totals
from org.selectors import Standing, standing
from tests.budgets.cast import NOW, SINCE, Cast, fund_of, give


def seen_by(user: Any) -> Standing:
    return standing(user, NOW.date())


@pytest.fixture
def projects(binhai: Cast, mianyang: Cast, fund: Fund) -> dict[str, Project]:
    other = fund_of(mianyang, "1000.00")
    return {
        "xuanchuan": give(binhai, fund, "10.00", department="xuanchuan"),
        "quanyi": give(binhai, fund, "20.00", "5.00", department="quanyi"),
        "mianyang": give(mianyang, other, "30.00", department="quanyi"),
    }


def test_fund_totals_of_all_asked_in_one_query(
    fund: Fund, projects: dict[str, Project], django_assert_num_queries: Any
) -> None:
    other = projects["mianyang"].fund
    with django_assert_num_queries(1):
        totals = fund_totals([fund.pk, other.pk, 0])
    assert totals == {
        fund.pk: FundTotals(
            granted=Decimal("100000.00"), appropriated=Decimal("35.00"), available=Decimal("99965.00")
        ),
        other.pk: FundTotals(
            granted=Decimal("1000.00"), appropriated=Decimal("30.00"), available=Decimal("970.00")
        ),
        0: FundTotals(),
    }


def test_project_totals_of_all_asked_in_one_query(
    projects: dict[str, Project], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        totals = project_totals([projects["quanyi"].pk, 0])
    assert totals == {
        projects["quanyi"].pk: ProjectTotals(appropriated=Decimal("25.00"), available=Decimal("25.00")),
        0: ProjectTotals(),
    }


@pytest.mark.parametrize(
    ("who", "funds", "seen"),
    [
        ("caiwu", 1, {"xuanchuan", "quanyi"}),
        ("jiceng", 1, {"xuanchuan", "quanyi"}),
        ("bangongshi", 1, {"xuanchuan", "quanyi"}),
        ("xuanchuan", 0, {"xuanchuan"}),
        ("quanyi", 0, {"quanyi"}),
    ],
)
def test_who_sees_which_money(
    binhai: Cast, fund: Fund, projects: dict[str, Project], who: str, funds: int, seen: set[str]
) -> None:
    """There is money of two departments and two unions to leak."""
    person = seen_by(binhai.people[who])
    assert list(Fund.objects.visible_to(person)) == [fund][:funds]
    assert set(Project.objects.visible_to(person)) == {projects[name] for name in seen}
    assert not Project.objects.filter(fund=projects["mianyang"].fund).visible_to(person).exists()


def test_who_holds_nothing_sees_nothing(binhai: Cast, fund: Fund, projects: dict[str, Project]) -> None:
    before = standing(binhai.finance, SINCE.replace(year=2020))
    assert not Fund.objects.visible_to(before).exists()
    assert not Project.objects.visible_to(before).exists()


def test_grants_to_look_show_a_department_or_a_whole_union(
    binhai: Cast, mianyang: Cast, fund: Fund, projects: dict[str, Project]
) -> None:
    guest = mianyang.people["xuanchuan"]
    assign_perm("org.look_department", guest, binhai.departments["quanyi"])
    assert set(Project.objects.visible_to(seen_by(guest))) == {projects["quanyi"]}
    assert not Fund.objects.visible_to(seen_by(guest)).exists()
    assign_perm("org.look_union", guest, binhai.union)
    assert set(Project.objects.visible_to(seen_by(guest))) == {projects["quanyi"], projects["xuanchuan"]}
    assert list(Fund.objects.visible_to(seen_by(guest))) == [fund]
