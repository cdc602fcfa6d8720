"""年度计划: the approved lines with their numbers, as a page, on paper, in Excel."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum
from django.test import Client

from org.models import User
from org.services import share
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import as_, bulk, queries, workbook
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanCost
from workflow.states import MeetingOutcome

PLAN = "/year-plan/"
EXPORT = "/year-plan/export/"
PRINT = "/year-plan/print/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20, 16), tick=False):
        yield


def year(world: World) -> None:
    """Two approved, one of them 计划外; one deferred; one in review."""
    acts.approve(world, world.draft(name="信息员班", costs={"meals": "8000.50"}))
    outside = world.draft(
        "quanyi",
        name="增加的班",
        subject="YW-07",
        costs={"meals": "700.25"},
        off_plan_reason="上级部署",
        principal_approval="同意，赵启明",
    )
    acts.approve(world, outside)
    deferred = acts.to_meeting(world, world.draft(name="缓议的班"))
    acts.settle(world, deferred, MeetingOutcome.DEFERRED)
    acts.submit(world, world.draft(name="审核中的班"))


def test_approved_lines_with_numbers_and_what_is_outside_the_plan(client: Client, world: World) -> None:
    year(world)
    page = as_(client, world, "secretary").get(PLAN)
    text = page.text
    for shown in ("P2027-0001", "P2027-0002", "信息员班", "增加的班", "计划外", "8,700.75"):
        assert shown in text, shown
    assert "缓议的班" not in text
    assert "审核中的班" not in text
    assert page.context["totals"].approved == Decimal("8700.75")
    assert [entry["totals"].title for entry in page.context["page"] if "totals" in entry] == ["业务班"]
    paper = client.get(PRINT).text
    assert 'class="paper wide"' in paper
    assert "业务班小计（2 班）" in paper
    assert "计划外" in paper


def test_a_department_sees_its_own_lines(client: Client, world: World) -> None:
    year(world)
    for address in (PLAN, PRINT):
        text = as_(client, world, "quanyi-staff").get(address).text
        assert "增加的班" in text
        assert "信息员班" not in text
        assert ("您可查看的部分" in text) == (address == PLAN)
    sheet = workbook(client.get(EXPORT)).active
    assert [row[2] for row in sheet.iter_rows(min_row=4, max_row=4, values_only=True)] == ["增加的班"]


def test_a_shared_department_and_another_union(client: Client, world: World) -> None:
    year(world)
    guest = User.objects.create_user("guest", name="挂职干部")
    client.force_login(guest)
    assert client.get(PLAN).status_code == 404
    assert world.admin is not None
    department = world.departments["quanyi"]
    share(target=department, users=[guest], groups=[], actor=world.admin, at=at(1, 11))
    text = client.get(PLAN).text
    assert "增加的班" in text
    assert "信息员班" not in text
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    acts.approve(other, other.draft(name="绵阳的班"))
    client.force_login(other.people["jiceng-head"])
    assert "绵阳的班" in client.get(PLAN).text
    assert "信息员班" not in client.get(PLAN).text
    for address in (PLAN, PRINT, EXPORT):
        assert client.get(f"{address}?union=binhai").status_code == 404


def test_the_sheet_adds_up_to_the_cent(client: Client, world: World) -> None:
    year(world)
    sheet = workbook(as_(client, world, "caiwu-head").get(EXPORT)).active
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    lines = [row for row in rows if isinstance(row[0], int)]
    spent = PlanCost.objects.filter(plan__state="approved").aggregate(s=Sum("amount"))["s"]
    assert sum(Decimal(str(row[10])) for row in lines) == spent
    total = next(row for row in rows if str(row[2]).startswith("合计"))
    assert Decimal(str(total[10])) == spent
    outside = next(row for row in rows if str(row[2]).startswith("其中：计划外"))
    assert Decimal(str(outside[10])) == Decimal("700.25")
    assert lines[1][12] == "计划外"


def test_a_changed_line_shows_the_approved_figures(client: Client, world: World) -> None:
    plan = acts.to_meeting(world, world.draft(name="信息员班"))
    acts.settle(world, plan, MeetingOutcome.PASSED_CHANGED, figures={"trainees": 45, "sessions": 2})
    line = as_(client, world, "secretary").get(PLAN).context["found"].lines[0]
    assert (line.figures.people, line.declared.people) == (90, 60)


@pytest.mark.parametrize("address", [PLAN, PRINT, EXPORT])
def test_the_years_plan_costs_the_same_however_long(client: Client, world: World, address: str) -> None:
    bulk(world, 5, "approved")
    as_(client, world, "jiceng-head").get(address)
    few = queries(lambda: client.get(address))
    bulk(world, 55, "approved")
    assert ClassPlan.objects.filter(state="approved").count() == 60
    assert queries(lambda: client.get(address)) == few
    assert few <= 14
