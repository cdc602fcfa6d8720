"""本部门经费: a department sees the money of its own classes, all of it in one place, and no fund's."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO

import time_machine
from django.urls import reverse
from openpyxl import load_workbook

from tests.workflow import acts
from tests.workflow.pages.declaring import signed_in
from tests.workflow.pages.meeting_room import queries
from tests.workflow.world import World, at

OWN = reverse("workflow:own_money")
FUNDS = reverse("workflow:funds")


@time_machine.travel(at(1, 20, 16), tick=False)
def test_a_department_sees_its_own_projects_and_their_sum(world: World) -> None:
    mine = acts.approve(world, world.draft(name="信息员班")).project
    second = acts.approve(world, world.draft(name="提高班", subject="YW-04")).project
    other = acts.approve(world, world.draft("quanyi", name="女工班", subject="YW-07")).project
    client = signed_in(world, "xuanchuan-staff")
    page = client.get(OWN)
    assert [row.project for row in page.context["rows"]] == [mine, second]
    assert page.context["totals"].appropriated == Decimal("20000.00")
    assert other.number not in page.text
    assert FUNDS not in page.text
    assert client.get(FUNDS).status_code == 404
    # The project's own page belongs under it.
    inside = client.get(reverse("workflow:project", args=[mine.pk])).text
    assert f'href="{OWN}" aria-current="page"' in inside
    assert client.get(f"{OWN}?year=2026").context["page"].paginator.count == 0
    wan = client.get(f"{OWN}?unit=wan").text
    assert "2.00" in wan
    assert "20,000.00" not in wan


@time_machine.travel(at(1, 20, 16), tick=False)
def test_its_workbook_has_the_same_sum(world: World) -> None:
    acts.approve(world, world.draft(name="信息员班"))
    answer = signed_in(world, "xuanchuan-staff").get(f"{OWN}?format=xlsx")
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    assert sheet["A1"].value == "2027年本部门经费执行情况表"
    values = [cell.value for row in sheet.iter_rows() for cell in row]
    assert values.count(10000) >= 2


@time_machine.travel(at(1, 20, 16), tick=False)
def test_more_projects_take_no_more_queries(world: World) -> None:
    acts.approve(world, world.draft(name="信息员班"))
    client = signed_in(world, "xuanchuan-staff")
    client.get(OWN)
    one = queries(lambda: client.get(OWN))
    for number in range(3):
        acts.approve(world, world.draft(name=f"提高班{number}", subject="YW-04"))
    assert queries(lambda: client.get(OWN)) == one


@time_machine.travel(at(1, 20, 16), tick=False)
def test_who_sees_the_whole_union_has_the_funds_instead(world: World) -> None:
    text = signed_in(world, "caiwu-head").get("/").text
    assert FUNDS in text
    assert OWN not in text
