"""How the lists of a call-up tell turns, places and faults: nothing typed is lost, nothing said twice."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest
import time_machine
from openpyxl import load_workbook

from tests.workflow import called as trained_people
from tests.workflow import roster_cast as casts
from tests.workflow.roster_cast import Called
from tests.workflow.world import World, at
from workflow.models import ClassRun, Quota, Seat
from workflow.services import seats as services
from workflow.services.seats import Nominee
from workflow.states import SeatSource

ROW = re.compile(r"<tr>.*?</tr>", re.S)


@pytest.fixture(autouse=True)
def clock():
    """Ten in the morning of 12 May; a session doesn't last from one month to the next."""
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def called(world: World) -> Called:
    return casts.build(world, trainees=5)


@pytest.fixture
def chairs(world: World) -> Called:
    """A class for chairs of unions: none of the unit's people is one."""
    return casts.build(world, trainees=5, audience_posts=["chair"], residential=True)


def address(called: Called, code: str = "jia") -> str:
    return f"/nominations/{called.run.pk}/{called.units[code].pk}/"


def send(called: Called, code: str, *names: str) -> list[Seat]:
    return services.nominate(
        run_id=called.run.pk,
        unit_id=called.units[code].pk,
        people=[Nominee(called.cadres[name].pk) for name in names],
        source=SeatSource.PAGE,
        actor=called.contacts[code],
        at=at(5, 10),
    ).seats


def row(text: str, name: str) -> str:
    """The line of a table that names this person."""
    return next(found for found in ROW.findall(text) if name in found)


def order(text: str, name: str) -> str:
    return re.search(r'data-label="次序">(.*?)</td>', row(text, name))[1]


def ticked(text: str) -> set[int]:
    return {int(key) for key in re.findall(r'name="pick" value="(\d+)"[^>]* checked', text)}


def test_what_holds_of_everybody_is_said_once_above_the_list(client, chairs: Called) -> None:
    client.force_login(chairs.contacts["jia"])
    text = client.get(address(chairs)).content.decode()
    assert text.count("工会主席；以下人员都不在其中：职务是“干事”。") == 1
    assert (text.count("本班的对象是"), text.count("职务是")) == (1, 1)
    assert text.index("本班的对象是") < text.index('name="pick"')
    trained_people.trained(chairs.cadres["丁一鸣"], date(2027, 3, 5), subject=chairs.run.plan.subject)
    text = client.get(address(chairs)).content.decode()
    assert (text.count("本班的对象是"), text.count("职务是")) == (1, 1)
    assert "需审批" in row(text, "丁一鸣")


def test_whom_the_class_is_for_is_said_once_however_people_differ(client, chairs: Called) -> None:
    casts.add_cadre(chairs, "丁主席", chairs.units["jia"], leadership="chair", post_title="主席")
    casts.add_cadre(chairs, "丁会计", chairs.units["jia"], post_title="会计")
    client.force_login(chairs.contacts["jia"])
    text = client.get(address(chairs)).content.decode()
    assert text.count("工会主席；不在对象内的人员，下面分别注明。") == 1
    assert text.count("本班的对象是") == 1
    assert "不在对象内：职务是“会计”。" in row(text, "丁会计")
    assert "不在对象内：职务是“干事”。" in row(text, "丁一鸣")
    assert "对象" not in row(text, "丁主席")


def test_what_was_ticked_and_typed_stays_when_the_units_word_is_missing(client, chairs: Called) -> None:
    client.force_login(chairs.contacts["jia"])
    one, two = (chairs.cadres[name].pk for name in ("丁一鸣", "丁二妹"))
    data = {"action": "nominate", "pick": [one, two], f"lodging_{two}": "no", f"needs_{one}": "清真"}
    answer = client.post(address(chairs), data)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count("没有报上") == 1
    assert "丁一鸣、丁二妹没有报上：有提示的人员须写明说明。" in text
    assert ticked(text) == {one, two}
    assert 'value="清真"' in row(text, "丁一鸣")
    assert '<option value="no" selected>' in row(text, "丁二妹")
    assert re.search(r'id="explanation"[^>]* autofocus aria-invalid="true" aria-describedby="lacking"', text)
    # Whom one has just tried to send isn't said to be left out.
    left_out = re.search(r"本次没有报：([^<]*)。", text)[1]
    assert ("丁一鸣" in left_out, "丁三立" in left_out) == (False, True)
    done = client.post(address(chairs), data | {"explanation": "主持工会工作"})
    assert (done.status_code, Seat.objects.count()) == (302, 2)


def test_ticks_stay_when_a_late_list_lacks_its_tick(client, called: Called, clock) -> None:
    clock.move_to(at(6, 2, 9))
    client.force_login(called.contacts["jia"])
    one = called.cadres["丁一鸣"].pk
    text = client.post(
        address(called), {"action": "nominate", "pick": [one], "explanation": "负责人出差"}
    ).content.decode()
    assert "确需补报的，请选“逾期报名”" in text
    assert ticked(text) == {one}
    assert 'value="负责人出差"' in text


def test_turns_are_counted_among_formal_and_among_waiting(client, called: Called) -> None:
    first, _, third, _ = send(called, "jia", "丁一鸣", "丁二妹", "丁三立", "丁四海")
    client.force_login(called.contacts["jia"])
    names = ("丁一鸣", "丁二妹", "丁三立", "丁四海")
    text = client.get(address(called)).content.decode()
    assert [order(text, name) for name in names] == ["正式 1", "正式 2", "候补 1", "候补 2"]
    assert "备选名额 1 人，超 1 人，是否递补由主办部门决定" in text
    services.withdraw(seat_id=first.pk, reason="住院", actor=called.contacts["jia"], at=at(5, 12))
    text = client.get(address(called)).content.decode()
    assert [order(text, name) for name in names[1:]] == ["正式 1", "候补 1", "候补 2"]
    figures = re.search(r">正式</span><b>(.*?)</b><span class=\"faint\">(.*?)</span>", text)
    assert figures.groups() == ("1 人", "递补待答复 1 人")
    assert "名额 2 人已满，列为候补" in row(text, "丁三立")
    services.accept(seat_id=third.pk, actor=called.contacts["jia"], at=at(5, 12))
    text = client.get(address(called)).content.decode()
    assert [order(text, name) for name in names[1:]] == ["正式 1", "正式 2", "候补 1"]
    assert "已满，列为候补" not in row(text, "丁三立")
    assert "已满，列为候补" not in client.get(f"/seats/{third.pk}/").content.decode()
    client.force_login(called.organiser)
    book = load_workbook(BytesIO(client.get(f"/runs/{called.run.pk}/seats/?format=xlsx").content))
    told = {line[2].value: line[9].value or "" for line in book.active.iter_rows(min_row=4)}
    assert (told["丁三立"], "已满，列为候补" in told["丁四海"]) == ("", True)
    text = client.get(f"/runs/{called.run.pk}/seats/").content.decode()
    assert [order(text, name) for name in names[1:]] == ["正式 1", "正式 2", "候补 1"]


def test_more_waiting_than_were_asked_for_is_said(client, called: Called) -> None:
    client.force_login(called.contacts["jia"])
    picks = [called.cadres[name].pk for name in ("丁一鸣", "丁二妹", "丁三立")]
    sent = client.post(address(called), {"action": "nominate", "pick": picks}, follow=True)
    assert "列为候补：丁三立。<" in sent.content.decode()
    more = {"action": "nominate", "pick": [called.cadres["丁四海"].pk]}
    sent = client.post(address(called), more, follow=True).content.decode()
    assert "列为候补：丁四海。备选名额 1 人，现有候补 2 人，是否递补由主办部门决定。" in sent
    Quota.objects.filter(unit=called.units["jia"]).update(reserve=0)
    more = {"action": "nominate", "pick": [called.cadres["丁五常"].pk]}
    sent = client.post(address(called), more, follow=True).content.decode()
    assert "列为候补：丁五常。本单位没有备选名额，是否递补由主办部门决定。" in sent


def test_a_place_beyond_the_units_quota_is_offered_only_when_meant(client, called: Called) -> None:
    *_, third, fourth = send(called, "jia", "丁一鸣", "丁二妹", "丁三立", "丁四海")
    called.run.call_up.reserve_seats = 1
    called.run.call_up.save()
    client.force_login(called.organiser)
    act = f"/runs/{called.run.pk}/seats/act/"
    asked = client.post(act, {"action": "offer", "pick": [third.pk]}).content.decode()
    assert "甲街道总工会的名额已满，丁三立递补须用机动名额。机动名额还有 1 个。" in asked
    assert Seat.objects.get(pk=third.pk).state == "nominated"
    asked = client.post(f"/seats/{third.pk}/act/", {"action": "offer"}).content.decode()
    assert "确定用机动名额递补？" in asked
    client.post(f"/seats/{third.pk}/act/", {"action": "offer", "confirmed": "1"})
    assert Seat.objects.get(pk=third.pk).state == "offered"
    none_left = client.post(act, {"action": "offer", "pick": [fourth.pk]}, follow=True)
    assert "没有空出的名额，也没有机动名额" in none_left.content.decode()


def test_a_free_place_of_the_unit_is_offered_without_a_question(client, called: Called) -> None:
    first, *_, third = send(called, "jia", "丁一鸣", "丁二妹", "丁三立")
    called.run.call_up.reserve_seats = 1
    called.run.call_up.save()
    Seat.objects.filter(pk=first.pk).update(state="withdrawn")
    client.force_login(called.organiser)
    client.post(f"/runs/{called.run.pk}/seats/act/", {"action": "offer", "pick": [third.pk]})
    assert Seat.objects.get(pk=third.pk).state == "offered"


def test_a_class_that_is_over_says_so(client, called: Called, clock) -> None:
    for state in ("running", "settling"):
        ClassRun.objects.filter(pk=called.run.pk).update(state=state)
    clock.move_to(at(6, 20, 9))
    client.force_login(called.contacts["jia"])
    text = client.get(address(called)).content.decode()
    assert "本班已结束，名单不能再改。" in text
    assert "不能办理这一操作" not in text
    assert "逾期报名" not in text


def test_the_year_stands_beside_dates_of_another_year(client, called: Called, clock) -> None:
    client.force_login(called.contacts["jia"])
    assert "2027年6月8日" not in client.get("/nominations/").content.decode()
    clock.move_to(at(5, 12, 10).replace(year=2026))
    client.force_login(called.contacts["jia"])
    assert "2027年6月8日至6月9日" in client.get("/nominations/").content.decode()


def test_a_class_and_the_last_training_are_told_by_the_same_day(client, called: Called) -> None:
    trained_people.trained(
        called.cadres["丁一鸣"], date(2023, 5, 12), starts_on=date(2023, 5, 11), subject="YW-09"
    )
    client.force_login(called.contacts["jia"])
    text = client.get(address(called)).content.decode()
    assert row(text, "丁一鸣").count("2023年5月12日") == 2
    assert "2023.5.1" not in text
