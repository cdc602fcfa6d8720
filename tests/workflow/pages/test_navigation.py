"""The frame: entries one may open, badges that count, four statements and no more."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, resolve, reverse

from org import services as organisation
from org.models import User
from org.selectors import standing
from tests.workflow import acts, called, runs
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.context import navigation
from workflow.models import ClassPlan, Meeting, RunRequest, WorkTask
from workflow.selectors.desk import Badges, badges, unmanned_tasks
from workflow.selectors.years import asked_year, current_year
from workflow.states import PENDING


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def groups(client: Client, who: User) -> dict[str, list[str]]:
    client.force_login(who)
    nav = client.get("/").context["nav"]
    return {group["title"]: [item["title"] for item in group["items"]] for group in nav}


WORK = ["待办", "已办", "我发起的", "我的培训"]
CALLING = ["班次", "名额与报名"]
PEOPLE = ["干部名册", "长期未训"]
OVERSEEN = [*PEOPLE, "单位负荷", "后台事项"]
AUTHORITY = [*PEOPLE, "单位负荷", "单位别名", "导入", "证件查看记录", "后台事项"]
PLANNING = ["年度申报", "计划汇总", "上会议题", "年度计划"]


@pytest.mark.parametrize(
    ("who", "planning", "people", "money"),
    [
        ("xuanchuan-staff", ["年度申报", "年度计划"], PEOPLE, ["本部门经费"]),
        ("xuanchuan-head", ["年度申报", "年度计划"], PEOPLE, ["本部门经费"]),
        ("jiceng-head", PLANNING, AUTHORITY, ["培训经费"]),
        ("caiwu-staff", PLANNING, OVERSEEN, ["培训经费"]),
        ("secretary", PLANNING, OVERSEEN, ["培训经费"]),
        ("leader", None, PEOPLE, None),
    ],
)
def test_only_what_one_may_open(world: World, client: Client, who: str, planning, people, money) -> None:
    expected = {
        "我的工作": WORK,
        "年度计划": planning,
        "办班调训": CALLING,
        "干部": people,
        "经费": money,
    }
    found = {title: [entry for entry in entries or () if there(entry)] for title, entries in expected.items()}
    assert groups(client, world.people[who]) == {
        title: entries for title, entries in found.items() if entries
    }


#: Entries of pages that an office may be without, by the page's name.
NAMES = {
    "我的培训": "my_training",
    "名额与报名": "nominations",
    "干部名册": "cadres",
    "长期未训": "forgotten",
    "单位负荷": "unit_load",
    "单位别名": "unit_aliases",
    "导入": "people_import",
    "证件查看记录": "identity_log",
}


def there(entry: str) -> bool:
    try:
        reverse(f"workflow:{NAMES.get(entry, 'inbox')}")
    except NoReverseMatch:
        return False
    return True


def test_everything_offered_opens(world: World, client: Client) -> None:
    for who, person in world.people.items():
        client.force_login(person)
        for group in client.get("/").context["nav"]:
            for item in group["items"]:
                answer = client.get(item["url"])
                assert answer.status_code == 200, (who, item["url"])
                current = [i["title"] for g in answer.context["nav"] for i in g["items"] if i["current"]]
                assert current == [item["title"]]


def test_badges_count_what_waits_and_what_is_under_way(world: World, client: Client) -> None:
    for number in range(3):
        acts.submit(world, world.draft(name=f"{number}班"))
    world.draft(name="草稿")
    counts = {}
    for who in ("xuanchuan-head", "xuanchuan-staff", "jiceng-head"):
        client.force_login(world.people[who])
        items = client.get("/done/").context["nav"][0]["items"]
        counts[who] = [item["count"] for item in items[:3]]
    assert counts == {"xuanchuan-head": [3, 0, 0], "xuanchuan-staff": [0, 0, 3], "jiceng-head": [0, 0, 0]}


def test_badges_say_what_the_lists_hold(world: World) -> None:
    """The one statement, written out, against the querysets of the pages."""
    for number in range(2):
        acts.submit(world, world.draft(name=f"{number}班"))
    held = acts.to_meeting(world, world.draft("quanyi", subject="YW-05"))
    acts.call(world, held, held=at(2, 5))
    acts.call(world, number="2027年第9次", held=at(1, 12))
    back = acts.pass_to(world, world.draft("caiwu", subject="YW-07"), "review")
    acts.give_back(world, back)
    runs.hand_in(world, run := runs.planned_run(world, name="已审定的班"), terms=runs.as_planned(run.plan))
    organisation.vacate(
        post=world.posts["xuanchuan-head"], on=at(1, 12).date(), actor=world.admin, at=at(1, 12)
    )
    User.objects.filter(pk=world.people["caiwu-staff"].pk).update(is_active=False)
    worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    seen = set()
    for person in User.objects.all():
        place = standing(person, at(1, 13).date())
        mine = ClassPlan.objects.filter(created_by=person, state__in=PENDING)
        asked = RunRequest.objects.filter(created_by=person, state__in=["reviewing", "returned"])
        meetings = Meeting.objects.visible_to(place).filter(held_on__gte=place.on).order_by("held_on")
        expected = Badges(
            waiting=WorkTask.objects.open_for(place.post_ids).count(),
            under_way=mine.count() + asked.count() if person.is_active else 0,
            unmanned=unmanned_tasks(place).count(),
            next_meeting=meetings.values_list("held_on", flat=True).first(),
        )
        assert badges(place, at(1, 13, 10)) == expected, person.username
        seen.add(expected)
    assert len(seen) >= 5


def test_a_plan_page_belongs_to_no_entry(world: World, client: Client) -> None:
    plan = world.draft()
    client.force_login(world.people["xuanchuan-staff"])
    nav = client.get(reverse("workflow:plan", args=[plan.pk])).context["nav"]
    assert not any(item["current"] for group in nav for item in group["items"])


def test_who_one_is(world: World, client: Client) -> None:
    client.force_login(world.people["jiceng-head"])
    assert "基层工作部 部长 · 滨海新区总工会" in client.get("/").content.decode()
    nobody = User.objects.create_user("nobody", name="佟安")
    client.force_login(nobody)
    page = client.get("/").content.decode()
    assert "未任职" in page
    assert "没有待办事项" in page


def test_the_next_meeting_is_named_for_who_may_see_it(world: World, client: Client) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.call(world, plan, held=datetime.datetime(2027, 2, 5, tzinfo=datetime.UTC))
    client.force_login(world.people["jiceng-head"])
    assert "2027 年度计划 · 拟 2月5日 上会" in client.get("/").content.decode()
    client.force_login(world.people["xuanchuan-head"])
    page = client.get("/").content.decode()
    assert "2027 年度计划" in page
    assert "2月5日" not in page


def test_the_frame_costs_five_statements(world: World, rf: RequestFactory) -> None:
    """Standing (four) and all badges (one); nothing at all for a page that doesn't show them."""
    request = rf.get("/")
    request.user = world.people["jiceng-head"]
    request.resolver_match = resolve("/")
    with CaptureQueriesContext(connection) as queries:
        context = navigation(request)
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        list(context["nav"])
        str(context["me_line"])
        str(context["context_line"])
    assert len(queries) <= 5


def test_signed_out_and_admin_pages_ask_nothing(world: World, rf: RequestFactory, client: Client) -> None:
    assert client.get("/login/").context.get("nav") is None
    request = rf.get("/admin/")
    request.user = world.admin
    request.resolver_match = resolve("/admin/")
    assert navigation(request) == {}


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        (at(1, 13), 2027),
        (at(10, 31, 23, 59), 2027),
        (at(11, 1), 2028),
        (at(12, 31, 23, year=2026), 2027),
    ],
)
def test_the_year_that_is_planned(moment: datetime.datetime, year: int) -> None:
    assert current_year(moment) == year


@pytest.mark.parametrize(
    ("asked", "year"),
    [("2026", 2026), ("", 2027), ("x", 2027), ("1999", 2027), ("99999", 2027)],
)
def test_the_year_asked_for(asked: str, year: int) -> None:
    assert asked_year({"year": asked}, at(1, 13)) == year


def test_an_empty_inbox_sends_a_units_contact_to_his_classes_and_a_leader_nowhere(
    world: World, client: Client
) -> None:
    sending = reverse("workflow:nominations")
    client.force_login(called.unit(world).contact)
    assert f'<a class="button is-primary" href="{sending}">名额与报名</a>' in client.get("/").text
    client.force_login(world.people["leader"])
    page = client.get("/").text
    assert "轮到您办理时，事项会出现在这里" in page
    assert "名额、报名和递补" not in page
