"""名额分配 and 调训通知: who may send how many, and when units hear of it (S7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from office.refusals import Conflict, Refused
from org.models import Union
from tests.workflow import called, runs
from tests.workflow.world import World, at
from workflow.models import CallUp, ClassRun, Quota
from workflow.rules.terms import terms_of
from workflow.services import callup
from workflow.states import RequestKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World) -> ClassRun:
    """A class of 50."""
    return called.opened(world, trainees=50)


def save(world: World, run: ClassRun, *rows: tuple[Union, int], **more: Any) -> list[Quota]:
    return callup.set_quotas(
        run_id=run.pk,
        rows=[(unit.pk, seats, 0, "") for unit, seats in rows],
        reserve_seats=more.pop("reserve_seats", 0),
        actor=more.pop("actor", None) or called.organiser(world, run),
        at=world.now(),
    )


def table(run: ClassRun) -> dict[str, int]:
    return dict(Quota.objects.filter(run=run).values_list("unit__name", "seats"))


def test_more_than_the_class_holds_is_refused_and_fifty_are_saved(world: World, run: ClassRun) -> None:
    """S7: A 10, B 8 … sum 52 > 50."""
    a, b, c = (called.unit(world, name).union for name in ("甲街道", "乙街道", "丙镇"))
    with pytest.raises(Refused, match="名额合计 52 人，超过 50 人"):
        save(world, run, (a, 10), (b, 8), (c, 34))
    assert table(run) == {}
    save(world, run, (a, 10), (b, 8), (c, 32))
    assert table(run) == {"甲街道": 10, "乙街道": 8, "丙镇": 32}


def test_seats_kept_back_are_seats_of_the_class(world: World, run: ClassRun) -> None:
    unit = called.unit(world).union
    with pytest.raises(Refused, match="名额合计 51 人（含机动名额 3 人），超过 50 人"):
        save(world, run, (unit, 48), reserve_seats=3)
    save(world, run, (unit, 48), reserve_seats=2)
    assert CallUp.objects.get(run=run).reserve_seats == 2


def test_the_table_is_saved_as_a_whole(world: World, run: ClassRun) -> None:
    a, b = called.unit(world, "甲街道").union, called.unit(world, "乙街道").union
    save(world, run, (a, 10), (b, 8))
    save(world, run, (a, 12))
    assert table(run) == {"甲街道": 12}


def test_what_cant_be_a_quota_is_refused(world: World, run: ClassRun) -> None:
    unit = called.unit(world, "甲街道").union
    stranger = Union.objects.found(code="far", name="远方总工会", level="city")
    for rows, why in (
        ([(unit, 1), (unit, 2)], "甲街道在名额表中写了两次"),
        ([(stranger, 1)], "远方总工会不是滨海新区总工会的下级单位"),
        ([(Union(pk=0), 1)], "不存在"),
        ([(unit, -1)], "不能是负数"),
    ):
        with pytest.raises(Refused, match=why):
            save(world, run, *rows)
    save(world, run, (world.union, 5))  # its own people, too


def test_only_the_organiser_and_the_training_authority_give_out_seats(world: World, run: ClassRun) -> None:
    unit = called.unit(world)
    for post in ("quanyi-staff", "leader", "caiwu-head"):
        with pytest.raises(Refused, match="只有宣传网络部和归口管理部门的人员可以办理"):
            save(world, run, (unit.union, 1), actor=world.people[post])
    with pytest.raises(Refused, match="只有宣传网络部"):
        save(world, run, (unit.union, 1), actor=unit.contact)
    save(world, run, (unit.union, 1), actor=world.people["jiceng-head"])


def test_nothing_is_given_out_before_the_second_gate(world: World) -> None:
    run = runs.planned_run(world)
    with pytest.raises(Refused, match="现为“未启动”"):
        save(world, run, (called.unit(world).union, 1))


def test_what_units_hold_already_isnt_taken_from_them(world: World, run: ClassRun) -> None:
    unit, other = called.unit(world, "甲街道", people=3), called.unit(world, "乙街道")
    called.call_up(world, run, [(unit, 3), (other, 40)])
    called.nominate(world, run, unit)
    with pytest.raises(Refused, match="不能再少：甲街道 3 人"):
        save(world, run, (unit.union, 2), (other.union, 48))
    with pytest.raises(Refused, match="不能再少：甲街道 3 人"):
        save(world, run, (other.union, 50))
    save(world, run, (unit.union, 2), (other.union, 47), reserve_seats=1)


def test_a_class_isnt_made_smaller_than_what_was_given_out(world: World, run: ClassRun) -> None:
    """45 to a unit and 5 kept back: with 45 trainees those five could be given out beyond the class."""
    called.call_up(world, run, [(called.unit(world), 45)])
    terms = replace(terms_of(run), trainees=45)
    request = runs.draft(world, run, RequestKind.CHANGE, terms, reason="减员")
    with pytest.raises(Refused, match="学员人数改为 45 人，名额已分配 50 人"):
        runs.submit(world, request)


def test_more_seats_are_offered_to_those_who_wait(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=3)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    save(world, run, (unit.union, 2), reserve_seats=48)
    assert [called.seat(run, who).state for who in unit.cadres] == ["nominated", "offered", "nominated"]


# ---- the notice


def notice(world: World, run: ClassRun, **more: Any) -> CallUp:
    return callup.save_notice(
        run_id=run.pk,
        fields={"contact_name": " 林晓峰 ", "contact_phone": "13800001206"} | more.pop("fields", {}),
        deadline=more.pop("deadline", at(5, 31, 17)),
        issued_on=more.pop("issued_on", None),
        actor=more.pop("actor", None) or called.organiser(world, run),
        at=world.now(),
    )


def issue(world: World, run: ClassRun) -> CallUp:
    return callup.issue(run_id=run.pk, actor=called.organiser(world, run), at=world.now())


def test_a_notice_goes_out_when_every_seat_is_given(world: World, run: ClassRun) -> None:
    unit = called.unit(world).union
    save(world, run, (unit, 48))
    notice(world, run)
    with pytest.raises(Refused, match="名额合计 48 人，应为 50 人"):
        issue(world, run)
    save(world, run, (unit, 48), reserve_seats=2)
    sent = issue(world, run)
    assert (sent.issued_by, sent.issued_on) == (called.organiser(world, run), at(1, 11).date())
    assert (sent.contact_name, sent.issued_at.date()) == ("林晓峰", at(1, 11).date())
    with pytest.raises(Conflict, match=r"已于 .* 发出"):
        issue(world, run)
    with pytest.raises(Conflict, match=r"已于 .* 发出，不能再改"):
        notice(world, run)


@pytest.mark.parametrize(
    ("deadline", "why"),
    [
        (None, "请填写报名截止时间"),
        (at(1, 10), "已过"),
        (at(6, 9), "须早于开班日期 2027年6月8日"),
        (at(6, 8, 7), "须早于开班日期 2027年6月8日"),
    ],
)
def test_the_deadline_is_to_come_and_before_the_class(
    world: World, run: ClassRun, deadline: Any, why: str
) -> None:
    save(world, run, (called.unit(world).union, 50))
    notice(world, run, deadline=deadline)
    with pytest.raises(Refused, match=why):
        issue(world, run)


def test_all_that_is_missing_is_said_at_once(world: World, run: ClassRun) -> None:
    with pytest.raises(Refused) as refused:
        issue(world, run)
    assert str(refused.value) == (
        "调训通知还不能发出：1. 名额合计 0 人，应为 50 人；余下的可以留作机动名额。"
        "2. 请填写报名截止时间。3. 请填写联系人和联系电话。"
    )


def test_a_deadline_is_prolonged_and_never_shortened(world: World, run: ClassRun) -> None:
    called.call_up(world, run, [(called.unit(world), 50)])
    who = called.organiser(world, run)
    with pytest.raises(Refused, match="只能往后延"):
        callup.prolong(run_id=run.pk, deadline=at(5, 30), actor=who, at=world.now())
    with pytest.raises(Refused, match="须早于开班日期"):
        callup.prolong(run_id=run.pk, deadline=at(6, 9), actor=who, at=world.now())
    assert callup.prolong(run_id=run.pk, deadline=at(6, 3), actor=who, at=world.now()).deadline == at(6, 3)


def test_nobody_nominates_before_the_notice_is_out(world: World, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    save(world, run, (unit.union, 50))
    with pytest.raises(Refused, match="还没有发出调训通知"):
        called.nominate(world, run, unit)
