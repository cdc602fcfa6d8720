"""结账 and 反结账: a closed year takes nothing until the head of finance opens it, with a reason (S21)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from budgets.models import Fund, FundAct, Project
from budgets.selectors import first_fault
from budgets.services import close_year, release, reopen_year, supplement
from office.refusals import Conflict, Refused
from org.models import Duty, DutyCode, Post, PostKind, Tenure, User
from tests.budgets.cast import NOW, SINCE, Cast, fund_of, give
from tests.budgets.spend import commit_to, pay_out

D = Decimal
CLOSING = dt.datetime(2028, 1, 10, 16, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LATER = dt.datetime(2028, 1, 15, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def project(binhai: Cast, fund: Fund) -> Project:
    return give(binhai, fund, "20000.00", "10000.00", number="P2027-0013")


@pytest.fixture
def clerk(binhai: Cast) -> User:
    """Of the finance department, not its head."""
    post = Post.objects.create(
        union=binhai.union,
        department=binhai.departments["caiwu"],
        code="caiwu-staff",
        title="科员",
        kind=PostKind.STAFF,
    )
    user = User.objects.create_user("binhai-caiwu-2", name="滨海财务乙")
    Tenure.objects.create(post=post, user=user, period=DateRange(SINCE, None))
    return user


def closed_on(fund: Fund) -> dt.date | None:
    return Fund.objects.values_list("closed_on", flat=True).get(pk=fund.pk)


def test_a_closed_year_names_its_day_and_who_closed_it(binhai: Cast, fund: Fund, project: Project) -> None:
    act = close_year(fund=fund, actor=binhai.finance, at=CLOSING, reason="年度决算")
    assert (act.kind, act.actor, act.post, act.at, act.reason) == (
        "close",
        binhai.finance,
        binhai.posts["caiwu"],
        CLOSING,
        "年度决算",
    )
    assert closed_on(fund) == dt.date(2028, 1, 10)
    for attempt in (
        lambda: give(binhai, fund, "1.00"),
        lambda: pay_out(binhai, project, "1.00"),
        lambda: commit_to(binhai, project, "1.00"),
        lambda: supplement(fund=fund, amount=D("1.00"), basis="x", actor=binhai.finance, at=LATER),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert str(refused.value) == (
            "2027年度 工会干部教育培训经费已于2028年1月10日结账，不能再下达或入账。"
        )
    assert first_fault() is None


def test_the_day_is_that_of_shanghai(binhai: Cast, fund: Fund) -> None:
    close_year(fund=fund, actor=binhai.finance, at=dt.datetime(2028, 1, 9, 18, 0, tzinfo=dt.UTC))
    assert closed_on(fund) == dt.date(2028, 1, 10)


def test_open_commitments_are_named_with_their_sum_and_nothing_is_closed(
    binhai: Cast, fund: Fund, project: Project
) -> None:
    """Those of another fund don't count."""
    other = fund_of(binhai, "50.00", source="fiscal")
    commit_to(binhai, give(binhai, other, "50.00"), "50.00")
    first = commit_to(binhai, project, "100.50")
    commit_to(binhai, project, "200.00", number=2)
    with pytest.raises(Refused) as refused:
        close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    assert str(refused.value) == (
        "2027年度 工会干部教育培训经费还有 2 笔预占未了，共 300.50 元，请先支付、释放或结转后再结账。"
    )
    assert closed_on(fund) is None
    assert not FundAct.objects.exists()
    for commitment in project.commitments.all():
        release(commitment=commitment, amount=None, reason="不再需要", actor=binhai.finance, at=NOW)
    assert first.project_id == project.pk
    close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    assert closed_on(fund) == dt.date(2028, 1, 10)


def test_it_is_closed_once(binhai: Cast, fund: Fund) -> None:
    close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    with pytest.raises(Conflict, match="已于2028年1月10日结账"):
        close_year(fund=fund, actor=binhai.finance, at=LATER)
    assert closed_on(fund) == dt.date(2028, 1, 10)
    assert FundAct.objects.count() == 1


def test_opened_again_with_a_reason_booked_and_closed_again(
    binhai: Cast, fund: Fund, project: Project
) -> None:
    close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    act = reopen_year(fund=fund, reason=" 漏记一笔 ", actor=binhai.finance, at=LATER)
    assert (act.kind, act.reason, act.post) == ("reopen", "漏记一笔", binhai.posts["caiwu"])
    assert closed_on(fund) is None
    pay_out(binhai, project, "1.00")
    close_year(fund=fund, actor=binhai.finance, at=LATER)
    assert closed_on(fund) == dt.date(2028, 1, 15)
    assert list(fund.acts.values_list("kind", flat=True)) == ["close", "reopen", "close"]


@pytest.mark.parametrize("reason", ["", "　 "])
def test_opening_again_has_a_reason(binhai: Cast, fund: Fund, reason: str) -> None:
    close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    with pytest.raises(Refused, match="请填写反结账的理由。"):
        reopen_year(fund=fund, reason=reason, actor=binhai.finance, at=LATER)
    assert closed_on(fund) == dt.date(2028, 1, 10)


def test_an_open_year_isnt_opened(binhai: Cast, fund: Fund) -> None:
    with pytest.raises(Conflict, match="没有结账，不需要反结账。"):
        reopen_year(fund=fund, reason="x", actor=binhai.finance, at=LATER)


def test_a_clerk_closes_and_only_the_head_opens_again(binhai: Cast, fund: Fund, clerk: User) -> None:
    close_year(fund=fund, actor=clerk, at=CLOSING)
    with pytest.raises(Refused) as refused:
        reopen_year(fund=fund, reason="漏记", actor=clerk, at=LATER)
    assert str(refused.value) == "反结账由财务部门负责人办理，滨海财务乙的岗位是科员。"
    assert closed_on(fund) == dt.date(2028, 1, 10)
    reopen_year(fund=fund, reason="漏记", actor=binhai.finance, at=LATER)


@pytest.mark.parametrize("who", ["jiceng", "bangongshi", "xuanchuan"])
def test_nobody_elses_closes_or_opens(binhai: Cast, mianyang: Cast, fund: Fund, who: str) -> None:
    for actor in (binhai.people[who], mianyang.finance):
        with pytest.raises(Refused, match=f"年度结账由承担财务职责的部门办理，{actor.name}不在该部门任职"):
            close_year(fund=fund, actor=actor, at=CLOSING)
    Fund.objects.filter(pk=fund.pk).update(closed_on=CLOSING.date())
    for actor in (binhai.people[who], mianyang.finance):
        with pytest.raises(Refused, match="反结账由承担财务职责的部门办理"):
            reopen_year(fund=fund, reason="x", actor=actor, at=LATER)


def test_the_duty_goes_with_its_time(binhai: Cast, fund: Fund) -> None:
    """From 2028 on the secretary of the meeting keeps finance: his post acts, the old head's doesn't."""
    Duty.objects.filter(code=DutyCode.FINANCE, union=binhai.union).update(
        period=DateRange(SINCE, dt.date(2028, 1, 1))
    )
    body = Duty.objects.get(code=DutyCode.DECISION_BODY, union=binhai.union).body
    Duty.objects.create(
        union=binhai.union, code=DutyCode.FINANCE, body=body, period=DateRange(dt.date(2028, 1, 1), None)
    )
    with pytest.raises(Refused, match="由承担财务职责的部门办理"):
        close_year(fund=fund, actor=binhai.finance, at=CLOSING)
    act = close_year(fund=fund, actor=binhai.secretary, at=CLOSING)
    assert act.post == binhai.posts["bangongshi"]
    reopen_year(fund=fund, reason="漏记", actor=binhai.secretary, at=LATER)


@pytest.mark.parametrize("act", [close_year, reopen_year])
def test_a_moment_has_its_zone(binhai: Cast, fund: Fund, act: object) -> None:
    assert callable(act)
    naive = dt.datetime(2028, 1, 10, 9, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        act(fund=fund, actor=binhai.finance, at=naive, reason="x")
