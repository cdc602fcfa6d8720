"""重复调训审批: who is held by a rule comes only when the training authority's post has agreed (S8)."""

from __future__ import annotations

from datetime import date

import pytest

from office.refusals import Refused
from org.models import Cadre
from tests.workflow import called, runs
from tests.workflow.called import Unit
from tests.workflow.seat_invariants import faults
from tests.workflow.world import World
from workflow.models import ClassRun, RunRequest
from workflow.services import requests, seats
from workflow.states import DecisionAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world)


@pytest.fixture
def unit(world: World, run: ClassRun) -> Unit:
    """Three people; the first two were trained in the same business last September."""
    made = called.unit(world, "甲街道", people=3)
    for who in made.cadres[:2]:
        called.trained(who, date(2026, 9, 1))
    called.call_up(world, run, [(made, 3)])
    called.nominate(world, run, made)
    return made


def ask(
    world: World, run: ClassRun, *people: Cadre, actor=None, reason: str = "新任业务负责人"
) -> RunRequest:
    return seats.ask_exemption(
        seat_ids=[called.seat(run, who).pk for who in people],
        reason=reason,
        actor=actor or called.organiser(world, run),
        at=world.now(),
    )


def decide(world: World, request: RunRequest, action: DecisionAction = DecisionAction.AGREE) -> None:
    runs.decide(world, request, action=action, opinion="情况属实")


def test_held_until_the_training_authority_agrees(world: World, run: ClassRun, unit: Unit) -> None:
    first, second, third = unit.cadres
    with pytest.raises(Refused, match="2027年9月1日（含）以前再次调训须经批准。须先报重复调训审批"):
        called.confirm(world, run, first)
    request = ask(world, run, first, actor=unit.contact)
    assert (request.kind, request.state, request.chain) == ("exempt", "reviewing", "exempt")
    assert runs.task_of(request).post.code == "jiceng-head"
    [line] = request.content["seats"]
    assert (line["name"], line["unit"], [row["code"] for row in line["findings"]]) == (
        first.name,
        "甲街道",
        ["repeat_call_up"],
    )
    with pytest.raises(Refused, match="重复调训审批现为“审核中”，批准后才能确认"):
        called.confirm(world, run, first)
    decide(world, request)
    called.confirm(world, run, first)
    assert called.seat(run, first).exemption.state == "approved"
    assert [title for title, _ in called.acts_of(called.seat(run, first))] == [
        "报名",
        "报重复调训审批",
        "确认",
    ]
    # It excuses the person it names and nobody else.
    with pytest.raises(Refused, match="须先报重复调训审批"):
        called.confirm(world, run, second)
    called.confirm(world, run, third)


def test_refused_he_cant_come_and_isnt_asked_for_again(world: World, run: ClassRun, unit: Unit) -> None:
    first = unit.cadres[0]
    decide(world, ask(world, run, first), DecisionAction.REFUSE)
    with pytest.raises(Refused, match="未录取"):
        called.confirm(world, run, first)
    with pytest.raises(Refused, match="现为“未录取”，不能报审批"):
        ask(world, run, first)


def test_refused_his_place_is_offered_to_the_first_in_waiting(world: World) -> None:
    """The unit reads why, and has its seat again; who is confirmed already keeps his."""
    run = called.opened(world)
    unit = called.unit(world, people=3)
    first, second, third = unit.cadres
    called.trained(first, date(2026, 9, 1))
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit, explanation="业务骨干")
    decide(world, ask(world, run, first), DecisionAction.REFUSE)
    states = [called.seat(run, who).state for who in (first, second, third)]
    assert states == ["rejected", "nominated", "offered"]
    line = called.seat(run, first).acts.latest("id")
    assert (line.action, line.reason) == ("reject", "重复调训审批未获同意：情况属实")
    assert faults() == []


def test_several_people_on_one_paper(world: World, run: ClassRun, unit: Unit) -> None:
    request = ask(world, run, *unit.cadres[:2])
    assert [line["name"] for line in request.content["seats"]] == [who.name for who in unit.cadres[:2]]
    decide(world, request)
    called.confirm(world, run, *unit.cadres)


def test_what_isnt_to_be_asked(world: World, run: ClassRun, unit: Unit) -> None:
    first, _, third = unit.cadres
    with pytest.raises(Refused, match=f"^{third.name}没有须经批准的例外。请取消勾选后再报。$"):
        ask(world, run, first, third)
    with pytest.raises(Refused, match="请写明理由"):
        ask(world, run, first, reason=" ")
    stranger = called.unit(world)
    with pytest.raises(Refused, match="只有宣传网络部和归口管理部门的人员可以办理"):
        ask(world, run, first, actor=stranger.contact)
    ask(world, run, first)
    with pytest.raises(Refused, match="重复调训审批正在办理（审核中）"):
        ask(world, run, first)
    assert RunRequest.objects.filter(run=run, kind="exempt").count() == 1


def test_taken_back_it_can_be_asked_again(world: World, run: ClassRun, unit: Unit) -> None:
    first = unit.cadres[0]
    request = ask(world, run, first, actor=unit.contact)
    requests.withdraw(request_id=request.pk, actor=unit.contact, at=world.now())
    with pytest.raises(Refused, match="须先报重复调训审批"):
        called.confirm(world, run, first)
    decide(world, ask(world, run, first, actor=unit.contact))
    called.confirm(world, run, first)


def test_another_rule_isnt_excused_by_it(world: World, run: ClassRun, unit: Unit) -> None:
    """name_differs holds too, and was not on the paper."""
    first = unit.cadres[0]
    seat = called.seat(run, first)
    decide(world, ask(world, run, first))
    seat = called.seat(run, first)
    content = seat.exemption.content
    content["seats"][0]["findings"][0]["code"] = "name_differs"
    # The database keeps what was handed in as it was; so the paper's words are changed in memory only.
    from workflow.rules.exemptions import covered, why_held
    from workflow.rules.findings import stored

    assert covered(seat) == {"name_differs"}
    assert "须先报重复调训审批" in why_held(seat, stored(seat.findings))
