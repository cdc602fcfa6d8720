"""我的培训 and 单位负荷: what one is called to; which weeks and which people bear too much."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from org.models import Cadre, User
from tests.workflow import called
from tests.workflow.world import World, at
from workflow.models import ClassRun

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def may():
    """A fortnight before the class of 8 June 2027."""
    with time_machine.travel(at(5, 25, 10), tick=False):
        yield


@pytest.fixture
def run(world: World) -> ClassRun:
    return called.opened(world)


def my(client: Client) -> str:
    answer = client.get(reverse("workflow:my_training"))
    assert answer.status_code == 200
    return answer.content.decode()


def link(who: Cadre, world: World, person: str) -> None:
    Cadre.objects.filter(pk=who.pk).update(user=world.people[person])


def test_one_reads_where_and_when_one_is_called_to_and_nothing_of_others(
    world: World, client: Client, run: ClassRun
) -> None:
    unit = called.unit(world, people=2)
    me, other = unit.cadres
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    called.trained(me, date(2025, 4, 11), class_name="上年信息员班")
    called.trained(other, date(2025, 4, 18), class_name="别人的班")
    link(me, world, "leader")
    client.force_login(world.people["leader"])
    page = my(client)
    for text in (run.title, run.venue, "6月8日", "等待主办部门确认", "上年信息员班", "2025年4月11日"):
        assert text in page
    assert "别人的班" not in page
    called.confirm(world, run, me)
    assert "已确认" in my(client)


def test_a_class_that_is_over_stands_apart(world: World, client: Client, run: ClassRun) -> None:
    unit = called.unit(world, people=1)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit)
    link(unit.cadres[0], world, "leader")
    client.force_login(world.people["leader"])
    assert "参加过的班次" not in my(client)
    with time_machine.travel(at(7, 1, 10), tick=False):
        client.force_login(world.people["leader"])
        page = my(client)
    assert "参加过的班次" in page
    assert "近期没有调训安排" in page


def test_whoever_is_no_cadre_is_told_whom_to_ask(world: World, client: Client) -> None:
    client.force_login(world.people["secretary"])
    assert "还没有对应到干部名册" in my(client)


def load(client: Client, **query: str | int) -> str:
    answer = client.get(reverse("workflow:unit_load"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_week_with_too_many_away_is_marked(world: World, client: Client, run: ClassRun) -> None:
    unit = called.unit(world, "甲街道总工会", people=4)
    called.call_up(world, run, [(unit, 1)])
    called.nominate(world, run, unit, unit.cadres[:1])
    client.force_login(world.people["jiceng-head"])
    page = load(client, unit=unit.union.pk, share=20)
    assert "有 1 周离岗人数达到在职人数的 20%" in page
    assert "25.0% 偏多" in page
    assert "没有一周离岗人数达到在职人数的 30%" in load(client, unit=unit.union.pk, share=30)


def test_the_units_below_stand_beside_one_another_the_most_loaded_first(
    world: World, client: Client, run: ClassRun
) -> None:
    light = called.unit(world, "甲街道总工会", people=4)
    heavy = called.unit(world, "乙街道总工会", people=1)
    below = called.unit(world, "乙街道某厂工会", people=1, parent=heavy.union)
    called.unit(world, "丙街道总工会", people=3)
    called.call_up(world, run, [(light, 1), (heavy, 1), (below, 1)])
    called.nominate(world, run, light, light.cadres[:1])
    called.nominate(world, run, below)
    client.force_login(world.people["jiceng-head"])
    rows = client.get(reverse("workflow:unit_load"), {"share": 30}).context["branches"]
    told = [(row["branch"].name, row["week"].away, row["week"].staff, row["heavy"]) for row in rows]
    # Whoever belongs further down counts for the branch; a branch nobody leaves isn't listed.
    assert told == [("乙街道总工会", 1, 2, 1), ("甲街道总工会", 1, 4, 0)]
    assert client.get(reverse("workflow:unit_load") + rows[0]["url"]).context["unit"] == heavy.union


def test_who_is_called_again_and_again_is_named(world: World, client: Client, run: ClassRun) -> None:
    unit = called.unit(world, people=2)
    second = called.on(called.opened(world, name="统计业务班", subject="YW-02"), date(2027, 6, 22))
    for held in (run, second):
        called.call_up(world, held, [(unit, 2)])
    called.nominate(world, run, unit)
    called.nominate(world, second, unit, unit.cadres[:1])
    client.force_login(world.people["jiceng-head"])
    page = load(client, unit=unit.union.pk)
    assert unit.cadres[0].name in page
    assert unit.cadres[1].name not in page
    assert "没有人达到这一次数" in load(client, unit=unit.union.pk, least=3)


def test_a_contact_sees_his_own_unit_and_below_whatever_he_asks_for(
    world: World, client: Client, run: ClassRun
) -> None:
    mine, theirs = called.unit(world, "甲街道总工会", people=1), called.unit(world, "乙街道总工会", people=1)
    called.call_up(world, run, [(theirs, 1)])
    called.nominate(world, run, theirs)
    client.force_login(mine.contact)
    for query in ({}, {"unit": theirs.union.pk}, {"unit": "x", "weeks": "999", "least": "-1"}):
        page = load(client, **query)
        assert "甲街道总工会及所属，在职 1 人" in page
        assert "乙街道" not in page


def test_an_outsider_finds_no_such_page(world: World, client: Client) -> None:
    client.force_login(User.objects.create_user("guest", name="外人"))
    assert client.get(reverse("workflow:unit_load")).status_code == 404


def test_neither_page_asks_more_for_more_people(world: World, client: Client, run: ClassRun) -> None:
    unit = called.unit(world, people=6)
    called.call_up(world, run, [(unit, 6)])

    def asked(name: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse(f"workflow:{name}")).status_code == 200
        return len(queries)

    called.nominate(world, run, unit, unit.cadres[:1])
    client.force_login(world.people["jiceng-head"])
    few = {name: asked(name) for name in ("unit_load", "my_training")}
    called.nominate(world, run, unit, unit.cadres[1:])
    assert {name: asked(name) for name in few} == few
