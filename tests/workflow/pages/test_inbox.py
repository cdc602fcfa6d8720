"""待办: what waits at one's posts, narrowed, sorted, paged, exported; nobody else's."""

from __future__ import annotations

import datetime
from io import BytesIO

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from org import services as organisation
from org.models import User
from tests.workflow import acts, called
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import WorkTask
from workflow.rules.route import limit

INBOX = "/"


@pytest.fixture(autouse=True)
def january():
    """Wednesday of the week in which the world's clock runs."""
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def page(client: Client, who: User, query: str = "") -> str:
    client.force_login(who)
    answer = client.get(INBOX + query)
    assert answer.status_code == 200
    return answer.content.decode()


def names(client: Client, who: User, query: str = "") -> list[str]:
    client.force_login(who)
    return [row.plan.name for row in client.get(INBOX + query).context["rows"]]


def waiting(world: World, count: int, department: str = "xuanchuan", **fields) -> None:
    for number in range(count):
        acts.submit(world, world.draft(department, name=f"第{number:02}班", **fields))


def test_the_holder_of_the_post_sees_it_and_nobody_else(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="工会信息员培训班"))
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会", authority="jiceng")
    assert names(client, world.people["xuanchuan-head"]) == ["工会信息员培训班"]
    for who, person in world.people.items():
        if who != "xuanchuan-head":
            assert "工会信息员培训班" not in page(client, person), who
    for who, person in other.people.items():
        assert "工会信息员培训班" not in page(client, person), who


def test_a_signed_out_visitor_is_sent_to_sign_in(client: Client, db: None) -> None:
    answer = client.get(INBOX)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")


def test_the_row_says_what_the_reader_needs(world: World, client: Client) -> None:
    plan = world.draft(sessions=3, time_slots=["03", "06", "09"], residential=True)
    acts.submit(world, plan, when=at(1, 11, 10, 40))
    client.force_login(world.people["xuanchuan-head"])
    (row,) = client.get(INBOX).context["rows"]
    assert (row.kind, row.step, row.plan.people, row.plan.days) == ("计划审核", "部门审签", "60＋3 ×3", "2")
    assert row.plan.sub == "申报 2027-0001 · 业务班 · 住宿"
    text = client.get(INBOX).content.decode()
    assert "10,000.00" in text
    assert "1月11日 10:40" in text
    assert '<span class="st back">今日</span>' in text  # two working days from the 11th
    assert "1 项今日到期或已超期" in text


def test_a_resubmission_says_so(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan)
    acts.edit(world, plan, purpose="另一目的")
    acts.submit(world, plan)
    client.force_login(world.people["jiceng-head"])
    (row,) = client.get(INBOX).context["rows"]
    assert row.kind == "修改后报送"
    assert "第 2 次报送" in row.plan.sub


def test_findings_are_named_and_can_be_asked_for(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="合规的班"))
    acts.submit(world, world.draft(name="超标的班", costs={"meals": "99000.00"}, explanation="场地涨价"))
    head = world.people["xuanchuan-head"]
    client.force_login(head)
    found = {row.plan.name: row.found for row in client.get(INBOX).context["rows"]}
    assert found["合规的班"]["label"] == "符合"
    assert found["超标的班"]["tone"] == "back"
    assert found["超标的班"]["label"].startswith("超综合定额")
    assert names(client, head, "?found=on") == ["超标的班"]


def test_it_can_be_narrowed_by_kind_department_category_and_words(world: World, client: Client) -> None:
    jiceng = world.people["jiceng-head"]
    acts.pass_to(world, world.draft(name="甲班"), "review")
    acts.pass_to(
        world, world.draft("quanyi", name="乙班", category="certification", subject="ZG-05"), "review"
    )
    quanyi = world.departments["quanyi"].pk
    assert names(client, jiceng) == ["乙班", "甲班"]
    assert names(client, jiceng, f"?department={quanyi}") == ["乙班"]
    assert names(client, jiceng, "?category=professional") == ["甲班"]
    assert names(client, jiceng, "?kind=review") == ["乙班", "甲班"]
    back = acts.pass_to(world, world.draft("jiceng", name="退回的班"), "review")
    acts.give_back(world, back)
    staff = world.people["jiceng-staff"]
    assert names(client, staff) == names(client, staff, "?kind=revise") == ["退回的班"]
    assert names(client, jiceng, "?q=2027-0002") == ["乙班"]
    assert names(client, jiceng, "?q=甲") == ["甲班"]
    assert names(client, jiceng, "?q=林晓峰") == ["乙班", "甲班"]
    assert "没有符合条件的事项" in page(client, jiceng, "?q=没有这个班")


@pytest.mark.parametrize("query", ["?department=x", "?kind=%00", "?page=99", "?page=x", "?sort=x", "?view=x"])
def test_nonsense_in_the_address_counts_as_not_asked(world: World, client: Client, query: str) -> None:
    acts.submit(world, world.draft(name="甲班"))
    assert names(client, world.people["xuanchuan-head"], query) == ["甲班"]


def test_the_newest_stands_first_or_the_most_urgent(world: World, client: Client) -> None:
    old, new = world.draft(name="先到"), world.draft(name="后到")
    acts.submit(world, old, when=at(1, 11))
    acts.submit(world, new, when=at(1, 12))
    head = world.people["xuanchuan-head"]
    assert names(client, head) == ["后到", "先到"]
    assert names(client, head, "?sort=due") == ["先到", "后到"]


def test_two_posts_share_one_list(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="宣传的班"), when=at(1, 11))
    acts.submit(world, world.draft("quanyi", name="权益的班", subject="YW-05"), when=at(1, 12))
    head = world.people["xuanchuan-head"]
    assert names(client, head) == ["宣传的班"]
    world.appoint("quanyi-head", head, datetime.date(2027, 1, 12))
    assert names(client, head) == ["权益的班", "宣传的班"]


def test_a_returned_plan_waits_for_its_author_without_a_limit(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan)
    client.force_login(world.people["xuanchuan-staff"])
    (row,) = client.get(INBOX).context["rows"]
    assert (row.kind, row.limit.text, row.can_agree) == ("退回修改", "", False)
    assert 'name="pick"' not in client.get(INBOX).content.decode()


@pytest.mark.parametrize("count", [5, 60])
def test_the_page_costs_the_same_however_much_waits(world: World, client: Client, count: int) -> None:
    waiting(world, count)
    client.force_login(world.people["xuanchuan-head"])
    client.get(INBOX)  # the book is parsed once a process
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(INBOX)
    assert len(answer.context["rows"]) == min(count, 25)
    assert len(queries) <= 10
    with CaptureQueriesContext(connection) as queries:
        client.get(INBOX + "?found=on&q=班&sort=due&page=2")
    assert len(queries) <= 10


def test_pages_of_twenty_five(world: World, client: Client) -> None:
    waiting(world, 30)
    head = world.people["xuanchuan-head"]
    assert len(names(client, head)) == 25
    assert len(names(client, head, "?page=2")) == 5
    assert "第 26—30 项，共 30 项" in page(client, head, "?page=2")


def test_the_export_holds_exactly_the_narrowed_rows(world: World, client: Client) -> None:
    waiting(world, 27)
    acts.submit(world, world.draft(name="=1+1"))
    client.force_login(world.people["xuanchuan-head"])
    answer = client.get(INBOX + "?format=xlsx")
    assert answer["Content-Type"].startswith("application/vnd.openxmlformats")
    assert "filename*=UTF-8''%E5%BE%85%E5%8A%9E" in answer["Content-Disposition"]
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert len(rows) == 28
    assert [cell.value for cell in sheet[3]][:4] == ["序号", "事项", "环节", "班次名称"]
    assert rows[0][3] == "=1+1"
    assert sheet.cell(4, 4).data_type == "s"
    assert rows[0][10:12] == (2, 10000)  # days and yuan are numbers
    narrowed = client.get(INBOX + "?format=xlsx&q=第07班")
    sheet = load_workbook(BytesIO(narrowed.content)).worksheets[0]
    assert [row[3] for row in sheet.iter_rows(min_row=4, values_only=True)] == ["第07班"]


def test_names_are_escaped(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name='<script>alert("x")</script>'))
    text = page(client, world.people["xuanchuan-head"])
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_post_without_a_holder_is_shown_to_the_training_authority(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="无人审签的班"))
    organisation.vacate(
        post=world.posts["xuanchuan-head"], on=datetime.date(2027, 1, 12), actor=world.admin, at=at(1, 12)
    )
    staff, head = world.people["jiceng-staff"], world.people["jiceng-head"]
    for person in (staff, head):
        assert names(client, person) == []
        assert names(client, person, "?view=unmanned") == ["无人审签的班"]
        assert "无人办理" in page(client, person)
    assert 'name="pick"' not in page(client, head, "?view=unmanned")
    for who in ("quanyi-head", "caiwu-head", "xuanchuan-staff", "secretary"):
        assert names(client, world.people[who], "?view=unmanned") == []
        assert "无人办理" not in page(client, world.people[who])
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    assert names(client, other.people["jiceng-head"], "?view=unmanned") == []


def test_a_deactivated_holder_is_nobody(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="甲班"))
    User.objects.filter(pk=world.people["xuanchuan-head"].pk).update(is_active=False)
    assert names(client, world.people["jiceng-head"], "?view=unmanned") == ["甲班"]


def test_the_successor_finds_what_waits(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="甲班"))
    successor = User.objects.create_user("new", name="许诺")
    world.appoint("xuanchuan-head", successor, datetime.date(2027, 1, 12))
    assert names(client, successor) == ["甲班"]
    assert names(client, world.people["xuanchuan-head"]) == []


@pytest.mark.parametrize(
    ("due", "text", "tone"),
    [
        (at(1, 13, 9), "今日", "back"),
        (at(1, 13, 18), "今日", "back"),
        (at(1, 14, 9), "剩 1 天", "wait"),
        (at(1, 18, 9), "剩 3 天", ""),  # over a weekend
        (at(1, 12, 9), "超期 1 天", "back"),
        (at(1, 8, 9), "超期 3 天", "back"),
    ],
)
def test_limits_count_working_days(due: datetime.datetime, text: str, tone: str) -> None:
    assert (limit(due, at(1, 13, 10)).text, limit(due, at(1, 13, 10)).tone) == (text, tone)


def test_the_rows_come_by_the_partial_index(world: World) -> None:
    waiting(world, 3)
    post = world.posts["xuanchuan-head"].pk
    with connection.cursor() as cursor:
        for way in ("seqscan", "sort", "bitmapscan"):  # what a few rows would tempt the planner to
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = WorkTask.objects.open_for([post]).only("step")[:25].explain()
    assert "open_by_post" in plan


def test_from_the_inbox_to_an_agreement_without_javascript(world: World, client: Client) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    assert reverse("workflow:plan", args=[plan.pk]) in page(client, world.people["xuanchuan-head"])
    task = world.task(plan)
    answer = client.post(
        reverse("workflow:decide", args=[plan.pk]), {"action": "agree", "task": task.pk, "opinion": ""}
    )
    assert answer.status_code == 302
    assert world.task(plan).step == "review"
    assert "已办理：同意" in client.get(answer["Location"]).content.decode()


def test_a_units_contact_is_led_to_where_his_work_waits(world: World, client: Client) -> None:
    contact = called.unit(world).contact
    assert reverse("workflow:nominations") in page(client, contact).split("<main", 1)[1]
    assert "轮到您办理时" in page(client, world.people["xuanchuan-head"])
