"""决算: what a 期 cost is recorded once; what is left goes back to the fund."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from budgets.models import Fund, Project, Settlement, SettlementLine
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import SettledLine, give_back_remainder, release, settle
from office.refusals import Conflict, Refused
from tests.budgets.cast import NOW, Cast, give
from tests.budgets.spend import commit_to, line, pay_out, row, stands

D = Decimal


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    """20,000 and 10,000 of the fund's 100,000; 12,000.50 of the first are paid."""
    made = give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")
    pay_out(binhai, made, "12000.50", session_no=1)
    return made


def settled(project: Project, *explanations: str) -> list[SettledLine]:
    first, second = explanations or ("少住一晚", "没有用")
    return [
        SettledLine(line(project).pk, "费用1", D("20000.00"), D("20000.00"), D("12000.50"), first),
        SettledLine(line(project, 2).pk, "费用2", D("10000.00"), D("10000.00"), D("0.00"), second),
    ]


def close(cast: Cast, project: Project, **changes: Any) -> Settlement:
    values: dict[str, Any] = {
        "project": project,
        "session_no": 1,
        "trainees": 46,
        "staff": 4,
        "days": D("3.5"),
        "facts": {"ceiling": "18425.00"},
        "lines": settled(project),
        "note": " 按实到 46 人 ",
        "actor": cast.finance,
        "at": NOW,
    }
    return settle(**(values | changes))


def give_back(cast: Cast, project: Project) -> list[Any]:
    return give_back_remainder(
        project=project,
        actor=cast.finance,
        post=cast.posts["caiwu"],
        at=NOW,
        reason="决算结余收回",
        reference="P2027-0013",
    )


def test_it_is_recorded_as_it_was_judged(binhai: Cast, project: Project) -> None:
    """S24: 46 came, not the 50 who were nominated."""
    close(binhai, project)
    kept = Settlement.objects.get()
    assert (kept.project, kept.session_no, kept.trainees, kept.staff, kept.days) == (
        project,
        1,
        46,
        4,
        D("3.5"),
    )
    assert (kept.facts, kept.note, kept.actor, kept.post, kept.at) == (
        {"ceiling": "18425.00"},
        "按实到 46 人",
        binhai.finance,
        binhai.posts["caiwu"],
        NOW,
    )
    assert list(kept.lines.values_list("line__item", "budget", "adjusted", "actual", "explanation")) == [
        ("item-1", D("20000.00"), D("20000.00"), D("12000.50"), "少住一晚"),
        ("item-2", D("10000.00"), D("10000.00"), D("0.00"), "没有用"),
    ]


def test_open_commitments_of_the_session_are_named(binhai: Cast, project: Project) -> None:
    commit_to(binhai, project, "5.00", session_no=2)
    open_ones = [commit_to(binhai, project, f"{n}.50", session_no=1) for n in range(1, 5)]
    with pytest.raises(Refused) as refused:
        close(binhai, project)
    named = "；".join(f"{one.number}“住宿合同”{n}.50 元" for n, one in enumerate(open_ones[:3], start=1))
    assert str(refused.value) == f"还有预占未了，请先支付或释放：{named}等 4 笔。"
    for one in open_ones:
        release(commitment=one, amount=None, reason="不再需要", actor=binhai.finance, at=NOW)
    close(binhai, project)


def test_a_difference_is_explained_line_by_line(binhai: Cast, project: Project) -> None:
    with pytest.raises(Refused) as refused:
        close(binhai, project, lines=settled(project, " ", "　"))
    assert str(refused.value) == "请说明决算与预算不一致的原因：费用1、费用2。"
    spent = [SettledLine(line(project).pk, "费用1", D("12000.50"), D("12000.50"), D("12000.50"))]
    assert close(binhai, project, lines=spent).lines.count() == 1


def test_a_session_is_settled_once(binhai: Cast, project: Project) -> None:
    close(binhai, project)
    with pytest.raises(Conflict, match="这一期已经办结决算。"):
        close(binhai, project)
    close(binhai, project, session_no=2)
    assert list(Settlement.objects.values_list("session_no", flat=True)) == [1, 2]


@pytest.mark.parametrize("who", ["jiceng", "xuanchuan"])
def test_only_finance_settles(binhai: Cast, mianyang: Cast, project: Project, who: str) -> None:
    for actor in (binhai.people[who], mianyang.finance):
        with pytest.raises(Refused, match=f"办理决算由承担财务职责的部门办理，{actor.name}不在该部门任职。"):
            close(binhai, project, actor=actor)


def test_it_stands(binhai: Cast, project: Project) -> None:
    close(binhai, project)
    for attempt in (
        lambda: Settlement.objects.update(trainees=50),
        lambda: SettlementLine.objects.update(actual=D("1.00")),
        lambda: SettlementLine.objects.all().delete(),
        lambda: Settlement.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            attempt()


def test_what_is_left_goes_back_to_the_fund(binhai: Cast, fund: Fund, project: Project) -> None:
    entries = give_back(binhai, project)
    assert [(e.kind, e.amount) for e in entries] == [("recall", D("7999.50")), ("recall", D("10000.00"))]
    assert stands(project) == {"item-1": ("0.00", "0.00", "12000.50"), "item-2": ("0.00", "0.00", "0.00")}
    assert fund_totals([fund.pk])[fund.pk].available == D("87999.50")
    sums = conservation()[fund.pk]
    assert (sums.given, sums.paid, sums.taken_back, sums.holds) == (
        D("30000.00"),
        D("12000.50"),
        D("17999.50"),
        True,
    )
    assert give_back(binhai, project) == []
    assert first_fault() is None


def test_what_is_promised_stays(binhai: Cast, project: Project) -> None:
    commit_to(binhai, project, "100.00", number=2)
    give_back(binhai, project)
    assert stands(project)["item-2"] == ("0.00", "100.00", "0.00")


def test_a_closed_year_gives_nothing_back_but_may_be_settled(
    binhai: Cast, fund: Fund, project: Project
) -> None:
    """A 决算 moves no money."""
    Fund.objects.filter(pk=fund.pk).update(closed_on=dt.date(2028, 1, 10))
    with pytest.raises(Refused, match="已于2028年1月10日结账"):
        give_back(binhai, Project.objects.get(pk=project.pk))
    assert close(binhai, project).pk


def test_paying_after_the_remainder_went_back_is_refused_with_the_figures(
    binhai: Cast, project: Project
) -> None:
    give_back(binhai, project)
    with pytest.raises(Refused, match=r"“费用2”可用 0\.00 元，本次支付 0\.01 元，差 0\.01 元"):
        pay_out(binhai, project, row(project, "0.01", number=2))
