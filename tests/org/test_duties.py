"""Duties pass from one department or meeting to the next."""

from __future__ import annotations

from typing import Any

import pytest

from office.refusals import Conflict, Refused
from org.models import Body, Department, Duty, DutyCode, Post
from org.selectors import duty_on
from org.services import assign_duty, withdraw_duty
from tests.org.cast import Cast, M, day, term


def give(cast: Cast, since: str, **more: Any) -> Duty:
    arguments: dict[str, Any] = {
        "union": cast.district,
        "code": "finance",
        "actor": cast.admin,
        "at": M,
        **more,
    }
    return assign_duty(since=day(since), **arguments)


def terms(cast: Cast, code: str = "finance") -> list[tuple[str, object]]:
    duties = Duty.objects.filter(union=cast.district, code=code).order_by("period")
    return [(str(duty.bearer), duty.period) for duty in duties]


def test_a_duty_passes_on(cast: Cast) -> None:
    give(cast, "2024-01-01", department=cast.bureau)
    assert terms(cast) == [
        ("财务资产部", term("2018-01-01", "2024-01-01")),
        ("办公室", term("2024-01-01")),
    ]


def test_a_meeting_may_take_another_duty_and_a_second_meeting_decide(cast: Cast) -> None:
    give(cast, "2024-01-01", code="leading_group_office", body=cast.meeting)
    party = Body.objects.create(union=cast.district, code="dangzu", name="党组会议", secretary=cast.secretary)
    give(cast, "2024-01-01", code="decision_body", body=party)
    found = duty_on(cast.district, DutyCode.DECISION_BODY, day("2024-01-01"))
    assert found is not None
    assert found.body == party


def foreign(cast: Cast) -> Department:
    return Department.objects.create(union=cast.other, code="caiwu", name="计财部")


@pytest.mark.parametrize(
    ("since", "more", "kind", "message"),
    [
        ("2024-01-01", {"code": "x", "department": "bureau"}, Refused, "没有“x”这项职责。"),
        ("2024-01-01", {}, Refused, "请指定一个部门或一个会议来承担职责，只能选一个。"),
        (
            "2024-01-01",
            {"department": "bureau", "body": "meeting"},
            Refused,
            "请指定一个部门或一个会议来承担职责，只能选一个。",
        ),
        (
            "2024-01-01",
            {"code": "decision_body", "department": "bureau"},
            Refused,
            "审定会议这项职责须由会议承担。",
        ),
        ("2024-01-01", {"department": foreign}, Refused, "计财部不属于临海区总工会。"),
        (
            "2024-01-01",
            {"department": "money"},
            Refused,
            "财务资产部自2018年1月1日起一直承担“财务部门”，不用再指定。",
        ),
        (
            "2018-01-01",
            {"department": "bureau"},
            Conflict,
            "自2018年1月1日起“财务部门”已由财务资产部承担。如系误设，请先撤销该条。",
        ),
        (
            "2017-12-31",
            {"department": "bureau"},
            Refused,
            "自2018年1月1日起“财务部门”已定由财务资产部承担，从2017年12月31日起另行指定会冲掉它。"
            "请先撤销后面的一条。",
        ),
    ],
)
def test_refused_and_nothing_changed(
    cast: Cast, since: str, more: dict[str, object], kind: type[Refused], message: str
) -> None:
    arguments = {
        key: value(cast) if callable(value) else getattr(cast, str(value), value)
        for key, value in more.items()
    }
    with pytest.raises(Refused) as refusal:
        give(cast, since, **arguments)
    assert (type(refusal.value), str(refusal.value)) == (kind, message)
    assert terms(cast) == [("财务资产部", term("2018-01-01"))]


def test_a_closed_department_takes_no_duty(cast: Cast) -> None:
    cast.bureau.closed_on = day("2024-01-01")
    with pytest.raises(Refused, match=r"^办公室到2024年1月1日时已经撤销，不能承担“财务部门”。$"):
        give(cast, "2024-01-01", department=cast.bureau)


def test_only_the_administrator_assigns(cast: Cast) -> None:
    with pytest.raises(Refused, match="只有系统管理员"):
        give(cast, "2024-01-01", department=cast.bureau, actor=cast.an)


def test_a_wrong_assignment_is_withdrawn(cast: Cast) -> None:
    wrong = give(cast, "2024-01-01", department=cast.bureau)
    with pytest.raises(Refused, match="只有系统管理员"):
        withdraw_duty(duty=wrong, actor=cast.an, at=M)
    withdraw_duty(duty=wrong, actor=cast.admin, at=M)
    assert terms(cast) == [("财务资产部", term("2018-01-01", "2024-01-01"))]
    give(cast, "2024-01-01", department=cast.money)
    with pytest.raises(Conflict, match=r"^这条职责已被别人撤销。$"):
        withdraw_duty(duty=wrong, actor=cast.admin, at=M)


def test_each_union_and_code_has_its_own(cast: Cast) -> None:
    dep = foreign(cast)
    Post.objects.create(union=cast.other, department=dep, code="caiwu-head", title="部长", kind="head")
    give(cast, "2018-01-01", union=cast.other, department=dep)
    assert terms(cast) == [("财务资产部", term("2018-01-01"))]
    assert terms(cast, "training_authority") == [("基层工作部", term("2018-01-01"))]
