"""计划汇总: every department's lines side by side, what they add up to, onto an agenda at a click."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from org.models import User
from org.services import share
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import advised, as_, bulk, queries, waiting, workbook
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Meeting, PlanCost
from workflow.states import MeetingOutcome

DESK = "/desk/"
EXPORT = "/desk/export/"
AGENDA = "/desk/agenda/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20, 16), tick=False):
        yield


def test_addresses() -> None:
    assert (reverse("workflow:desk"), reverse("workflow:desk_export")) == (DESK, EXPORT)


def year(world: World) -> list[ClassPlan]:
    """Five lines: approved, approved with a cut, struck, waiting, in review; and a draft nobody sees."""
    passed, cut, struck, waits = (
        *waiting(world, name="信息员班", costs={"meals": "8000.00"}),
        *waiting(world, name="写作班", costs={"meals": "6000.50"}),
        *waiting(world, name="讲座", costs={"meals": "1000.00"}),
        *waiting(world, name="骨干班", costs={"meals": "500.25"}),
    )
    acts.settle(world, passed)
    acts.settle(
        world,
        cut,
        MeetingOutcome.PASSED_CHANGED,
        figures={"trainees": 50},
        costs={"meals": Decimal("5000.00")},
    )
    acts.settle(world, struck, MeetingOutcome.EXCLUDED, opinion="并入大讲堂")
    reviewed = world.draft("quanyi", name="女工班", costs={"meals": "300.00"}, sessions=2, subject="YW-07")
    acts.submit(world, reviewed)
    world.draft("quanyi", name="还没报的班")
    return [passed, cut, struck, waits, reviewed]


def test_what_is_declared_approved_pending_and_cut(client: Client, world: World) -> None:
    year(world)
    page = as_(client, world, "jiceng-head").get(f"{DESK}?year=2027")
    totals = page.context["totals"]
    assert (totals.classes, totals.sessions, totals.people) == (5, 6, 360)
    assert totals.declared == Decimal("15800.75")
    assert totals.approved == Decimal("13000.00")
    assert totals.pending == Decimal("800.25")
    assert totals.cut == Decimal("2000.50")
    assert (totals.approved_classes, totals.approved_people, totals.pending_classes) == (2, 110, 2)
    text = page.text
    for shown in ("15,800.75", "13,000.00", "核减 2,000.50", "800.25", "1,000,000.00", "987,000.00"):
        assert shown in text, shown
    assert '<b class="cut">50</b>' in text
    assert '<b class="cut">5,000.00</b>' in text
    assert "不列入计划：并入大讲堂" in text
    assert "还没报的班" not in text


def test_declared_is_what_the_department_handed_in(client: Client, world: World) -> None:
    plan = world.draft(name="旧名班")
    acts.submit(world, plan)
    acts.give_back(world, plan, opinion="请核减人数")
    acts.edit(world, plan, name="新名班", trainees=40, costs={"meals": "1.00"})
    text = as_(client, world, "jiceng-head").get(DESK).text
    assert "旧名班" in text
    assert "新名班" not in text
    assert "10,000.00" in text
    assert "退回：请核减人数" in text
    acts.submit(world, plan)
    text = client.get(DESK).text
    assert "新名班" in text
    assert "旧名班" not in text


def test_a_line_taken_back_is_not_declared(client: Client, world: World) -> None:
    plan = world.draft(name="撤回的班")
    acts.submit(world, plan)
    acts.withdraw(world, plan)
    page = as_(client, world, "jiceng-head").get(DESK)
    assert page.context["totals"].classes == 0
    assert "撤回的班" not in page.text
    assert "还没有部门报送" in page.text


def test_totals_by_category_and_department_add_up(client: Client, world: World) -> None:
    year(world)
    as_(client, world, "caiwu-head")
    for view in ("category", "department"):
        page = client.get(f"{DESK}?view={view}")
        groups, whole = page.context["groups"], page.context["all_totals"]
        for name in ("classes", "people", "declared", "approved", "pending", "cut"):
            assert sum(getattr(group, name) for group in groups) == getattr(whole, name), name
    assert [group.title for group in page.context["groups"]] == ["宣传网络部", "权益保障部"]


def test_departments_that_have_declared_nothing(client: Client, world: World) -> None:
    year(world)
    page = as_(client, world, "jiceng-head").get(DESK)
    assert [d.name for d in page.context["silent"]] == ["基层工作部", "财务资产部", "办公室"]
    assert "基层工作部、财务资产部、办公室" in page.text


def test_suspected_duplicates_stand_on_top_with_a_comparison(client: Client, world: World) -> None:
    one, other = world.draft("xuanchuan", name="信息员班"), world.draft("bangongshi", name="写作班")
    alone = world.draft("quanyi", name="女工班", subject="YW-07")
    for plan in (one, other, alone):
        acts.submit(world, plan)
    text = as_(client, world, "jiceng-head").get(DESK).text
    assert reverse("workflow:compare", args=[one.pk, other.pk]) in text
    assert "第 1 项 信息员班（宣传网络部）、第 3 项 写作班（办公室）" in text
    assert "与第 3 项疑似重复" in text
    assert "第 2 项" not in text
    for plan in (one, other):
        acts.approve(world, plan)
    assert "疑似重复" not in client.get(DESK).text


def test_lines_narrow_by_department_category_and_state(client: Client, world: World) -> None:
    year(world)
    as_(client, world, "secretary")

    def names(query: str) -> list[str]:
        return [row["line"].name for row in client.get(f"{DESK}?{query}").context["rows"]]

    assert names("") == ["信息员班", "写作班", "讲座", "骨干班", "女工班"]
    assert names(f"department={world.departments['quanyi'].pk}") == ["女工班"]
    assert names("state=approved") == ["信息员班", "写作班"]
    assert names("category=professional&state=excluded") == ["讲座"]
    assert names("state=nonsense&department=x") == names("")
    assert names("q=班") == ["信息员班", "写作班", "骨干班", "女工班"]
    assert names("q=2027-0003") == ["讲座"]
    assert names("q=P2027-0002") == ["写作班"]
    assert names("year=2026") == []


def test_ticked_lines_go_onto_an_agenda(client: Client, world: World) -> None:
    plans = waiting(world, 3)
    meeting = acts.call(world)
    as_(client, world, "jiceng-staff")
    page = client.get(DESK).text
    assert f'name="pick" value="{plans[0].pk}"' in page
    response = client.post(AGENDA, {"pick": [plans[0].pk, plans[1].pk], "meeting": meeting.pk})
    assert response["Location"] == reverse("workflow:meeting", args=[meeting.pk])
    assert [item.plan for item in meeting.items.all()] == plans[:2]
    page = client.get(DESK).text
    assert f'name="pick" value="{plans[0].pk}"' not in page
    assert f"已列入 {meeting}" in page
    response = client.post(AGENDA, {"pick": [plans[2].pk], "meeting": "new"})
    form = client.get(response["Location"])
    assert form.context["picks"] == {plans[2].pk}
    odd = client.post(AGENDA, {"pick": ["²", plans[2].pk], "meeting": "²"})
    assert odd["Location"] == response["Location"]
    nothing = client.post(AGENDA, {"pick": [plans[0].pk], "meeting": meeting.pk}, follow=True)
    assert "请先勾选待上会或缓议的班次" in nothing.text


def test_only_the_office_puts_lines_onto_an_agenda(client: Client, world: World) -> None:
    (plan,) = waiting(world)
    meeting = acts.call(world)
    as_(client, world, "caiwu-head")
    page = client.get(DESK).text
    assert "提交上会" not in page
    assert 'name="pick"' not in page
    assert client.post(AGENDA, {"pick": [plan.pk], "meeting": meeting.pk}).status_code == 403
    assert not AgendaItem.objects.exists()


def test_outsiders_find_no_desk(client: Client, world: World) -> None:
    (plan,) = waiting(world, name="滨海的班")
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    acts.submit(other, other.draft(name="绵阳的班"))
    for who in ("xuanchuan-head", "xuanchuan-staff", "quanyi-staff", "leader"):
        as_(client, world, who)
        assert client.get(DESK).status_code == 404, who
        assert client.get(EXPORT).status_code == 404
        assert client.post(AGENDA, {"pick": [plan.pk]}).status_code == 404
    client.force_login(other.people["jiceng-head"])
    page = client.get(DESK).text
    assert "绵阳的班" in page
    assert "滨海的班" not in page
    for address in (DESK, EXPORT):
        assert client.get(f"{address}?union=binhai").status_code == 404
    assert client.post(f"{AGENDA}?union=binhai", {"pick": [plan.pk]}).status_code == 404
    foreign = Meeting.objects.create(
        union=world.union,
        body=world.body,
        year=2027,
        number="外会",
        held_on=at(1, 20).date(),
        created_by=world.people["secretary"],
        created_at=at(1, 12),
    )
    mine = acts.to_meeting(other, ClassPlan.objects.get(name="绵阳的班"))
    assert client.post(AGENDA, {"pick": [mine.pk], "meeting": foreign.pk}).status_code == 404


def test_an_auditor_who_was_granted_two_unions_chooses(client: Client, world: World) -> None:
    waiting(world, name="滨海的班")
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    acts.submit(other, other.draft(name="绵阳的班"))
    auditor = User.objects.create_user("auditor", name="审计员")
    for place in (world, other):
        assert place.admin is not None
        share(target=place.union, users=[auditor], groups=[], actor=place.admin, at=at(1, 11))
    client.force_login(auditor)
    assert "滨海的班" in client.get(f"{DESK}?union=binhai").text
    page = client.get(f"{DESK}?union=mianyang").text
    assert "绵阳的班" in page
    assert "滨海的班" not in page
    assert '<option value="binhai">' in page


def test_amounts_in_ten_thousands(client: Client, world: World) -> None:
    waiting(world)
    page = as_(client, world, "jiceng-head").get(f"{DESK}?unit=wan").text
    assert "100.00" in page  # 年度专项预算
    assert ">1.00<" in page
    assert "10,000.00" not in page


#: What departments have declared, summed by the database alone.
DECLARED_SQL = """
    SELECT SUM((cost.value ->> 'amount')::numeric)
      FROM workflow_classplan plan
      JOIN LATERAL (SELECT content FROM workflow_planversion
                     WHERE plan_id = plan.id AND NOT by_meeting ORDER BY number DESC LIMIT 1) last ON TRUE
     CROSS JOIN LATERAL jsonb_each(last.content -> 'costs') cost
     WHERE plan.state NOT IN ('draft', 'withdrawn')
"""


def test_the_sheet_adds_up_to_the_cent_and_prints_as_an_office_wants_it(client: Client, world: World) -> None:
    year(world)
    advised(world, "与其他班重复", name="=SUM(1)班", subject="YW-09")
    response = as_(client, world, "jiceng-head").get(f"{EXPORT}?year=2027")
    sheet = workbook(response).active
    assert sheet["A1"].value == "滨海新区总工会2027年度培训计划汇总表"
    assert "A1:O1" in {str(found) for found in sheet.merged_cells.ranges}
    assert [sheet.cell(3, column).value for column in (7, 10)] == ["申报", "核定"]
    assert [sheet.cell(4, column).value for column in (7, 8, 9)] == ["人数", "天数", "经费"]
    assert sheet.freeze_panes == "C5"
    assert sheet.print_title_rows == "$1:$4"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    lines = [row for row in rows if isinstance(row[0], int)]
    total = next(row for row in rows if str(row[1]).startswith("合计"))
    subtotals = [row for row in rows if "小计" in str(row[1])]
    with connection.cursor() as cursor:
        cursor.execute(DECLARED_SQL)
        (declared,) = cursor.fetchone()
    approved = PlanCost.objects.filter(plan__state="approved").aggregate(s=Sum("amount"))["s"]
    for column, amount in ((8, declared), (11, approved)):
        assert _sum(lines, column) == amount
        assert _sum(subtotals, column) == amount
        assert Decimal(str(total[column])) == amount
    name = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "=SUM(1)班")
    assert name.data_type == "s"
    assert name.quotePrefix
    assert [row[13] for row in lines if row[13]] == ["P2027-0001", "P2027-0002"]
    notes = "".join(str(row[14]) for row in lines)
    assert "建议不列入：与其他班重复" in notes
    signatures = " ".join(str(value) for value in rows[-1] if value)
    for label in ("归口管理部门负责人", "财务部门负责人", "主要负责同志", "填表日期：2027年1月20日"):
        assert label in signatures


def _sum(rows, column: int) -> Decimal:
    return sum((Decimal(str(row[column])) for row in rows if row[column] is not None), Decimal(0))


def test_the_sheet_says_what_it_was_narrowed_to(client: Client, world: World) -> None:
    year(world)
    sheet = workbook(as_(client, world, "jiceng-head").get(f"{EXPORT}?state=approved")).active
    assert "范围：已审定" in sheet["A2"].value
    assert [row[1] for row in sheet.iter_rows(min_row=5, max_row=6, values_only=True)] == [
        "信息员班",
        "写作班",
    ]


@pytest.mark.parametrize("address", [DESK, f"{DESK}?view=category", EXPORT])
def test_the_desk_costs_the_same_however_many_lines(client: Client, world: World, address: str) -> None:
    bulk(world, 5, "awaiting_meeting")
    as_(client, world, "jiceng-head").get(DESK)
    few = queries(lambda: client.get(address))
    bulk(world, 55, "awaiting_meeting")
    assert queries(lambda: client.get(address)) == few
    assert few <= 24
