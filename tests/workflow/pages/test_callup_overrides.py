"""例外情况: every exception with its reason and who decided, for whoever sees the class whole (S9, D2-24)."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
import time_machine
from openpyxl import load_workbook

from tests.workflow import called, runs
from tests.workflow.world import World, at
from workflow.services import seats
from workflow.states import DecisionAction

ADDRESS = "/runs/exceptions/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(at(5, 12, 10), tick=False) as clock:
        yield clock


@pytest.fixture
def unit(world: World) -> called.Unit:
    """Four people: one excused, one refused, one whose warning was explained, one without anything."""
    run = called.opened(world, audience_posts=["chair"])
    made = called.unit(world, "甲街道总工会", people=0)
    for name, leadership in (("丁一鸣", "chair"), ("丁二妹", "chair"), ("丁三立", ""), ("丁四海", "chair")):
        made.cadres.append(called.cadre(made.union, name, leadership=leadership))
    for who in made.cadres[:2]:
        called.trained(who, date(2026, 9, 1))
    called.call_up(world, run, [(made, 4)])
    for who in made.cadres:
        explanation = "主持日常工作" if who.name == "丁三立" else ""
        called.nominate(world, run, made, [who], explanation=explanation)
    for who, action in zip(made.cadres, (DecisionAction.AGREE, DecisionAction.REFUSE), strict=False):
        request = seats.ask_exemption(
            seat_ids=[called.seat(run, who).pk], reason=f"{who.name}新任", actor=made.contact, at=at(5, 10)
        )
        runs.decide(world, request, action=action, opinion="查明属实", when=at(5, 11))
    return made


def test_every_exception_with_its_reason_and_who_decided(client, world: World, unit: called.Unit) -> None:
    client.force_login(world.people["jiceng-head"])
    assert ADDRESS in client.get("/runs/").content.decode()
    shown = {
        view: [row["seat"].name for row in client.get(ADDRESS, {"view": view}).context["rows"]]
        for view in ("", "approved", "open", "refused", "explained")
    }
    assert shown == {
        "": ["丁三立", "丁二妹", "丁一鸣"],
        "approved": ["丁一鸣"],
        "open": [],
        "refused": ["丁二妹"],
        "explained": ["丁三立"],
    }
    text = client.get(ADDRESS).content.decode()
    for said in ("丁一鸣新任", "主持日常工作", "查明属实", "周敏", "2027年9月1日（含）以前再次调训须经批准"):
        assert said in text
    assert "丁四海" not in text
    assert [row["seat"].name for row in client.get(ADDRESS, {"q": "一鸣"}).context["rows"]] == ["丁一鸣"]
    assert client.get(ADDRESS, {"year": "2027"}).context["page"].paginator.count == 3


def test_the_workbook_has_the_rows_of_the_page(client, world: World, unit: called.Unit) -> None:
    client.force_login(world.people["jiceng-head"])
    answer = client.get(ADDRESS, {"view": "approved", "format": "xlsx"})
    sheet = load_workbook(BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    [line] = [row for row in rows if "丁一鸣" in row]
    assert (line[4], line[9:13]) == ("甲街道总工会", ["丁一鸣新任", "已批准", "周敏", "查明属实"])
    assert not any("丁二妹" in row for row in rows)


def test_only_for_who_sees_the_class_whole(client, world: World, unit: called.Unit) -> None:
    client.force_login(unit.contact)
    assert client.get(ADDRESS).status_code == 404
    assert ADDRESS not in client.get("/runs/").content.decode()
    client.force_login(world.people["xuanchuan-staff"])
    assert client.get(ADDRESS).context["page"].paginator.count == 3
    client.force_login(world.people["quanyi-staff"])
    assert client.get(ADDRESS).status_code == 404


def test_it_costs_the_same_however_long(
    client, world: World, unit: called.Unit, django_assert_max_num_queries
) -> None:
    client.force_login(world.people["jiceng-head"])
    with django_assert_max_num_queries(14):
        client.get(ADDRESS)
