"""班次: the list of 期, one 期, and the way from the plan to its opening."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from org.models import PostKind, Union
from tests.workflow import acts, called, runs
from tests.workflow import world as worlds
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import World, at
from workflow.models import CallUp, Quota
from workflow.states import RequestKind

RUNS = reverse("workflow:runs")


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel(at(4, 1, 10), tick=False):
        yield


def codes(client: Any, query: str = "") -> list[str]:
    return [row["run"].code for row in client.get(RUNS + query).context["rows"]]


def test_the_plan_page_leads_on_to_the_opening(world: World) -> None:
    plan = acts.approve(world, world.draft(sessions=2))
    first, second = plan.runs.order_by("session_no")
    client = signed_in(world, "xuanchuan-staff")
    page = client.get(reverse("workflow:plan", args=[plan.pk])).content.decode()
    for run in (first, second):
        assert f'<a href="{reverse("workflow:run_open", args=[run.pk])}">申请开班</a>' in page
    assert "申请第 1 期开班" in page
    other = signed_in(world, "jiceng-head").get(reverse("workflow:plan", args=[plan.pk])).content.decode()
    assert reverse("workflow:run", args=[first.pk]) in other
    assert reverse("workflow:run_open", args=[first.pk]) not in other


def test_the_list_shows_each_session_and_narrows(world: World) -> None:
    opened = runs.opened_run(world, name="信息员培训班")
    other = runs.planned_run(world, department="quanyi", name="维权干部培训班")
    client = signed_in(world, "jiceng-head")
    assert codes(client) == [opened.code, other.code]
    assert codes(client, "?state=enrolling") == [opened.code]
    assert codes(client, f"?department={world.departments['quanyi'].pk}") == [other.code]
    assert codes(client, "?q=信息员") == codes(client, f"?q={opened.code}") == [opened.code]
    assert codes(client, "?year=2026&state=nonsense") == [opened.code, other.code]
    text = client.get(RUNS).content.decode()
    assert "6月8日至6月9日" in text
    assert "6月上旬（计划）" in text
    assert "10,000.00" in text


def test_only_classes_one_may_see(world: World) -> None:
    run = runs.planned_run(world)
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    for who in ("quanyi-staff", "quanyi-head"):
        client = signed_in(world, who)
        assert codes(client) == []
        assert client.get(reverse("workflow:run", args=[run.pk])).status_code == 404
    stranger = signed_in(other, "jiceng-head")
    assert codes(stranger) == []
    assert stranger.get(reverse("workflow:run", args=[run.pk])).status_code == 404


def test_what_is_under_way_stands_in_the_list_and_a_draft_is_its_departments(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.draft(world, run, terms=runs.as_planned(run.plan))
    url = reverse("workflow:run_request", args=[request.pk])
    assert url in signed_in(world, "xuanchuan-head").get(RUNS).content.decode()
    assert url not in signed_in(world, "jiceng-head").get(RUNS).content.decode()
    assert signed_in(world, "jiceng-head").get(url).status_code == 404
    runs.submit(world, request)
    text = signed_in(world, "jiceng-head").get(RUNS).content.decode()
    assert url in text
    assert "归口审核" in text


def test_one_session_with_everything_about_it(world: World) -> None:
    run = runs.opened_run(world, terms={"class_teacher": "吴桐", "check_in": "6月8日 8:30"})
    client = signed_in(world, "xuanchuan-staff")
    answer = client.get(reverse("workflow:run", args=[run.pk]))
    text = answer.content.decode()
    for said in ("2027年6月8日上午至6月9日下午", "吴桐", "第 1 讲", "何老师", "开班申请", "已批准"):
        assert said in text
    changes = {item["label"] for item in answer.context["changes"]}
    assert changes == {"变更申请", "延期申请", "取消办班申请"}
    assert "13800001206" in text  # the department's own number, whole
    other = signed_in(world, "caiwu-head").get(reverse("workflow:run", args=[run.pk]))
    assert "13800001206" not in other.content.decode()


def test_what_is_next_is_said_to_whoever_does_it(world: World) -> None:
    run = runs.planned_run(world)
    url, opening = reverse("workflow:run", args=[run.pk]), reverse("workflow:run_open", args=[run.pk])
    assert signed_in(world, "xuanchuan-staff").get(url).context["next"]["url"] == opening
    told = signed_in(world, "caiwu-head").get(url).context["next"]
    assert told["url"] == ""
    assert "由宣传网络部申请" in told["text"]
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    told = signed_in(world, "xuanchuan-staff").get(url).context["next"]
    assert told["url"] == reverse("workflow:run_request", args=[request.pk])


def test_who_looks_on_reads_where_a_call_up_stands(world: World) -> None:
    """The auditor and the organiser read the same sentence; the button is the organiser's."""
    run = called.opened(world)
    url = reverse("workflow:run", args=[run.pk])

    def told(who: str) -> tuple[str, str]:
        found = signed_in(world, who).get(url).context["next"]
        return found["text"], found["url"]

    preparing, quota = "分配各单位名额，发出调训通知。", reverse("workflow:run_quota", args=[run.pk])
    assert (told("xuanchuan-staff"), told("caiwu-head")) == ((preparing, quota), (preparing, ""))
    called.call_up(world, run, [(called.unit(world), 2)])
    enrolling, people = "各单位正在报名，截止后确认学员。", reverse("workflow:run_seats", args=[run.pk])
    assert (told("xuanchuan-staff"), told("caiwu-head")) == ((enrolling, people), (enrolling, ""))


def test_the_list_costs_the_same_however_long(world: World) -> None:
    plan = acts.approve(world, world.draft(sessions=2))
    client = signed_in(world, "jiceng-head")
    client.get(RUNS)
    with CaptureQueriesContext(connection) as few:
        assert len(codes(client)) == 2
    acts.approve(world, world.draft(name="十二期的班", sessions=12))
    runs.hand_in(world, plan.runs.first(), terms=runs.as_planned(plan, first=date(2027, 6, 1)))
    with CaptureQueriesContext(connection) as many:
        assert len(codes(client)) == 14
    assert len(many) == len(few)


def test_a_cancelled_session_is_off_the_plan(world: World) -> None:
    run = runs.opened_run(world)
    run = runs.grant(world, run, RequestKind.CANCEL, reason="报名不足")
    text = signed_in(world, "xuanchuan-staff").get(reverse("workflow:run", args=[run.pk])).content.decode()
    assert "已取消" in text
    page = signed_in(world, "xuanchuan-staff").get(reverse("workflow:plan", args=[run.plan_id]))
    assert "取消办班" in page.content.decode()


def test_people_of_a_unit_see_what_they_are_called_to_and_nothing_of_its_money(world: World) -> None:
    run = runs.opened_run(world)
    unit = Union.objects.found(
        parent=world.union, code="town", name="甲街道总工会", short_name="甲街道", level="town", ordinal=2
    )
    below = worlds.World(unit)
    worlds.post(below, "town-staff", "干事", PostKind.STAFF, None)
    client = signed_in(below, "town-staff")
    assert codes(client) == []
    Quota.objects.create(run=run, unit=unit, seats=5)
    CallUp.objects.create(
        run=run,
        issued_on=at(4, 1).date(),
        deadline=at(5, 20),
        issued_at=at(4, 1),
        issued_by=world.people["xuanchuan-staff"],
    )
    runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    assert codes(client) == [run.code]
    listed = client.get(RUNS).content.decode()
    page = client.get(reverse("workflow:run", args=[run.pk])).content.decode()
    assert "2027年6月8日上午至6月9日下午" in page
    for text in (listed, page):
        assert "10,000.00" not in text
        assert "取消办班申请" not in text
        assert "13800001206" not in text
    request = run.requests.get(kind=RequestKind.CANCEL)
    assert client.get(reverse("workflow:run_request", args=[request.pk])).status_code == 404
    assert client.get(reverse("workflow:run_open", args=[run.pk])).status_code == 404
