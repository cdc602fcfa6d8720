"""已办, 我发起的 and search: one's own work, found again."""

from __future__ import annotations

from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from org.models import User
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.states import MeetingOutcome


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20, 10), tick=False):
        yield


def rows(client: Client, who: User, address: str):
    client.force_login(who)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.context.get("rows", [])


def names(client: Client, who: User, address: str) -> list[str]:
    return [row.plan.name for row in rows(client, who, address)]


def sheet_rows(client: Client, address: str) -> list[tuple]:
    sheet = load_workbook(BytesIO(client.get(address).content)).worksheets[0]
    return list(sheet.iter_rows(min_row=4, values_only=True))


# ---- 已办


def test_done_says_what_was_decided_and_where_it_stands_now(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    acts.give_back(world, plan, to="sign", opinion="请复核")
    (row,) = rows(client, world.people["caiwu-head"], "/done/")
    assert (row.step, row.result, row.opinion, row.plan.state_label) == (
        "财务会审",
        "退回部门审签",
        "请复核",
        "审核中",
    )
    (row,) = rows(client, world.people["xuanchuan-head"], "/done/")
    assert (row.result, row.opinion) == ("同意", "")
    assert row.spent
    (row,) = rows(client, world.people["xuanchuan-staff"], "/done/")
    assert row.result == "第 1 次报送"
    assert rows(client, world.people["quanyi-head"], "/done/") == []


def test_done_stays_with_the_person_and_its_link_opens(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft("caiwu", subject="YW-07"), "finance")
    acts.decide(world, plan)  # 副主席 stands in
    (row,) = rows(client, world.people["leader"], "/done/")
    assert client.get(f"/plans/{row.plan.pk}/").status_code == 200


def test_done_is_narrowed_searched_and_exported(world: World, client: Client) -> None:
    acts.pass_to(world, world.draft(name="甲班"), "review")
    back = acts.pass_to(world, world.draft("quanyi", name="乙班", subject="YW-05"), "review")
    acts.give_back(world, back, opinion="请核减人数")
    acts.decide(world, acts.fresh(acts.pass_to(world, world.draft(name="丙班"), "review")))
    head = world.people["jiceng-head"]
    assert names(client, head, "/done/") == ["丙班", "乙班"]
    assert names(client, head, "/done/?action=return") == ["乙班"]
    assert names(client, head, "/done/?state=returned") == ["乙班"]
    assert names(client, head, f"/done/?department={world.departments['quanyi'].pk}") == ["乙班"]
    assert names(client, head, "/done/?q=核减") == ["乙班"]
    assert [row[4] for row in sheet_rows(client, "/done/?format=xlsx&action=return")] == ["请核减人数"]


# ---- 我发起的


def test_mine_says_where_each_lies(world: World, client: Client) -> None:
    world.draft(name="草稿")
    acts.pass_to(world, world.draft(name="在审"), "review")
    acts.approve(world, world.draft(name="已定"))
    staff = world.people["xuanchuan-staff"]
    found = {row.plan.name: row for row in rows(client, staff, "/mine/")}
    assert set(found) == {"草稿", "在审", "已定"}
    assert (found["在审"].place, found["在审"].holder) == ("归口审核", "周敏")
    assert (found["已定"].place, found["已定"].plan.state_label) == ("", "已审定")
    assert found["草稿"].found == {}
    assert names(client, world.people["xuanchuan-head"], "/mine/") == []
    assert names(client, staff, "/mine/?state=approved") == ["已定"]
    assert [row[1] for row in sheet_rows(client, "/mine/?format=xlsx&state=reviewing")] == ["在审"]


def test_mine_counts_who_handed_it_in_too(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="部长代报"), "xuanchuan-head")
    assert names(client, world.people["xuanchuan-head"], "/mine/") == ["部长代报"]
    assert names(client, world.people["xuanchuan-staff"], "/mine/") == ["部长代报"]


def test_after_leaving_the_department_its_drafts_are_gone(world: World, client: Client) -> None:
    world.draft(name="草稿")
    successor = User.objects.create_user("p2", name="许诺")
    world.appoint("xuanchuan-staff", successor, at(1, 15).date())
    assert names(client, world.people["xuanchuan-staff"], "/mine/") == []


# ---- search


@pytest.fixture
def found(world: World):
    plan = acts.pass_to(world, world.draft(name="工会信息员培训班"), "review")
    acts.decide(world, plan, opinion="请与团委错开时间")
    acts.approve(world, world.draft("quanyi", name="法律干部培训班", subject="YW-06", owner_name="华安"))
    world.draft("caiwu", name="财会草稿班", subject="YW-07")
    return plan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("信息员", ["工会信息员培训班"]),
        ("2027-0001", ["法律干部培训班", "工会信息员培训班"]),  # as 计划号 and as 申报号
        ("申报2027-0001", ["工会信息员培训班"]),
        ("申报 2027-0002", ["法律干部培训班"]),
        ("2", ["法律干部培训班"]),
        ("p2027-0001", ["法律干部培训班"]),
        ("华安", ["法律干部培训班"]),
        ("团委错开", ["工会信息员培训班"]),
        ("孙莉", ["工会信息员培训班"]),
        ("没有", []),
        ("草稿", []),  # another department's
        ("100%_", []),
        ("", []),
    ],
)
def test_search_finds_by_name_number_people_and_opinion(
    world: World, client: Client, found, text: str, expected: list[str]
) -> None:
    assert names(client, world.people["jiceng-head"], f"/search/?q={text}") == expected


def test_search_shows_the_opinion_it_found(world: World, client: Client, found) -> None:
    client.force_login(world.people["jiceng-head"])
    assert "请与团委错开时间" in client.get("/search/?q=团委").content.decode()


def test_search_finds_only_what_one_may_see(world: World, client: Client, found) -> None:
    assert names(client, world.people["quanyi-staff"], "/search/?q=培训班") == ["法律干部培训班"]
    assert names(client, world.people["principal"], "/search/?q=培训班") == []
    assert names(client, world.people["caiwu-staff"], "/search/?q=草稿") == ["财会草稿班"]
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    for person in other.people.values():
        assert names(client, person, "/search/?q=培训班") == []


def test_search_escapes_what_was_asked(world: World, client: Client) -> None:
    client.force_login(world.people["jiceng-head"])
    assert "<script>" not in client.get('/search/?q="><script>').content.decode().split("</head>")[1]


@pytest.mark.parametrize("address", ["/done/", "/mine/", "/search/?q=班"])
@pytest.mark.parametrize("count", [5, 40])
def test_each_list_costs_the_same_however_long(
    world: World, client: Client, address: str, count: int
) -> None:
    for number in range(count):
        acts.submit(world, world.draft(name=f"{number}班"))
    client.force_login(world.people["xuanchuan-staff"])
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert len(answer.context["rows"]) == min(count, 25)
    # Searching also looks for 期, requests about money, payments, commitments and cadres, and where among
    # these one may look.
    assert len(queries) <= (18 if "search" in address else 13)


def test_a_deferred_plan_keeps_its_place(world: World, client: Client) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.settle(world, plan, MeetingOutcome.DEFERRED)
    (row,) = rows(client, world.people["xuanchuan-staff"], "/mine/")
    assert (row.place, row.plan.state_label) == ("缓议", "缓议")
