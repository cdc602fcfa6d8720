"""培训经费: setting up the year's money, what each class holds of it, and the ledger behind."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from budgets.models import Entry, Fund, Project
from budgets.states import EntryKind
from org.models import User
from org.services import share
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import as_, bulk, queries, workbook
from tests.workflow.world import World, at
from workflow.states import MeetingOutcome

FUNDS = "/funds/"
NEW = "/funds/new/"


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 20, 16), tick=False):
        yield


def url(name: str, pk: int) -> str:
    return reverse(f"workflow:{name}", args=[pk])


def the_fund(world: World) -> Fund:
    assert world.fund is not None
    return world.fund


FORM = {
    "source": "business",
    "title": "业务培训费",
    "amount": "420,000.50元",
    "status": "control",
    "basis": "预算〔2027〕1号",
}


def test_finance_sets_up_a_fund_after_reading_the_amount_once_more(client: Client, world: World) -> None:
    as_(client, world, "caiwu-staff")
    form = client.get(NEW)
    assert [entry.code for entry in form.context["sources"]] == ["business"]  # special has its fund
    asked = client.post(NEW, FORM)
    assert "420,000.50 元（肆拾贰万元伍角整）" in asked.text
    assert Fund.objects.count() == 1
    response = client.post(NEW, FORM | {"confirmed": "1"})
    fund = Fund.objects.get(source="business")
    assert response["Location"] == url("fund", fund.pk)
    assert (fund.status, fund.year, fund.basis) == ("control", 2027, "预算〔2027〕1号")
    page = client.get(response["Location"]).text
    assert "控制数" in page
    assert "420,000.50" in page
    assert "预算〔2027〕1号" in page
    assert "各列支渠道都已设立专项预算" in client.get(NEW).text


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"amount": "0"}, "大于 0 元"),
        ({"amount": "-5"}, "是负数"),
        ({"amount": "很多"}, "不是数字"),
        ({"basis": ""}, "请填写依据"),
        ({"source": "special"}, "请从列表中选择列支渠道"),
        ({"title": ""}, "请填写名称"),
    ],
)
def test_what_is_wrong_with_a_fund_is_said(
    client: Client, world: World, typed: dict[str, str], reason: str
) -> None:
    as_(client, world, "caiwu-head")
    page = client.post(NEW, FORM | {"confirmed": "1"} | typed)
    assert page.status_code == 200
    assert reason in page.text
    assert Fund.objects.count() == 1


@pytest.mark.parametrize("who", ["jiceng-head", "secretary"])
def test_only_finance_moves_the_years_money(client: Client, world: World, who: str) -> None:
    fund = the_fund(world)
    as_(client, world, who)
    assert client.get(url("fund", fund.pk)).status_code == 200
    assert "设立专项预算" not in client.get(FUNDS).text
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, FORM | {"confirmed": "1"}).status_code == 403
    assert client.post(url("fund_supplement", fund.pk), {"amount": "1", "basis": "x"}).status_code == 403
    assert Entry.objects.count() == 1


def test_a_closed_year_takes_no_more(client: Client, world: World) -> None:
    Fund.objects.update(closed_on=at(1, 10).date())
    as_(client, world, "caiwu-head")
    refused = client.post(
        url("fund_supplement", the_fund(world).pk), {"amount": "1", "basis": "x", "confirmed": "1"}
    )
    assert refused.status_code == 403
    assert "结账" in refused.text
    assert "已结账" in client.get(url("fund", the_fund(world).pk)).text


def test_the_funds_figures_and_every_project_with_its_plan(client: Client, world: World) -> None:
    plan = acts.approve(world, world.draft(name="信息员班"))
    changed = acts.to_meeting(world, world.draft("quanyi", name="女工班", subject="YW-07"))
    acts.settle(world, changed, MeetingOutcome.PASSED_CHANGED, costs={"meals": Decimal("7000.55")})
    page = as_(client, world, "caiwu-head").get(url("fund", the_fund(world).pk))
    text = page.text
    for shown in ("1,000,000.00", "19,000.55", "980,999.45", "P2027-0001", "未启动", "占预算 1.9%"):
        assert shown in text, shown
    assert url("plan", plan.pk) in text
    assert url("project", plan.project_id) in text
    assert page.context["totals"].appropriated == Decimal("19000.55")
    quanyi = world.departments["quanyi"].pk
    one = client.get(url("fund", the_fund(world).pk) + f"?department={quanyi}")
    assert [row.project.name for row in one.context["page"]] == ["女工班"]
    wan = client.get(url("fund", the_fund(world).pk) + "?unit=wan").text
    assert "98.10" in wan
    assert "980,999.45" not in wan
    listed = client.get(FUNDS).text
    assert "980,999.45" in listed
    assert client.get(f"{FUNDS}?year=2026").context["rows"] == []


def test_a_project_shows_its_lines_its_ledger_and_what_decided_it(client: Client, world: World) -> None:
    plan = acts.approve(world, world.draft(name="信息员班"))
    meeting = plan.agenda_items.get().meeting
    page = as_(client, world, "caiwu-head").get(url("project", plan.project_id))
    text = page.text
    assert [(row.line.title, row.held.available) for row in page.context["rows"]] == [
        ("伙食费", Decimal("8000.00")),
        ("场地、资料、交通费", Decimal("2000.00")),
    ]
    for shown in (f"{meeting}审定，申报 2027-0001", "办公室 会议秘书", "下达", "10,000.00", "纪要编号"):
        assert shown in text, shown
    for address in (
        url("plan", plan.pk),
        url("meeting", meeting.pk),
        url("fund", the_fund(world).pk),
    ):
        assert address in text


def test_a_department_sees_its_own_projects_and_no_fund(client: Client, world: World) -> None:
    own = acts.approve(world, world.draft(name="信息员班"))
    other = acts.approve(world, world.draft("quanyi", name="女工班", subject="YW-07"))
    fund = the_fund(world)
    for who in ("xuanchuan-staff", "xuanchuan-head"):
        as_(client, world, who)
        page = client.get(url("project", own.project_id))
        assert page.status_code == 200
        assert url("fund", fund.pk) not in page.text
        assert client.get(url("project", other.project_id)).status_code == 404
        for address in (
            FUNDS,
            NEW,
            url("fund", fund.pk),
            url("fund_export", fund.pk),
            url("fund_supplement", fund.pk),
        ):
            assert client.get(address).status_code == 404, (who, address)


def test_another_union_and_an_auditor(client: Client, world: World) -> None:
    plan = acts.approve(world, world.draft(name="信息员班"))
    fund = the_fund(world)
    addresses = [url("fund", fund.pk), url("fund_export", fund.pk), url("project", plan.project_id)]
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    client.force_login(other.people["caiwu-head"])
    for address in (*addresses, f"{FUNDS}?union=binhai", f"{NEW}?union=binhai"):
        assert client.get(address).status_code == 404, address
    assert "1,000,000.00" in client.get(FUNDS).text  # its own
    auditor = User.objects.create_user("auditor", name="审计员")
    assert world.admin is not None
    share(target=world.union, users=[auditor], groups=[], actor=world.admin, at=at(1, 11))
    client.force_login(auditor)
    for address in (*addresses, FUNDS):
        assert client.get(address).status_code == 200, address
    assert client.get(url("fund_supplement", fund.pk)).status_code == 403


def test_the_sheet_adds_up_to_the_ledger(client: Client, world: World) -> None:
    for number in range(3):
        acts.approve(world, world.draft(name=f"+{number}班", costs={"meals": f"{1000 + number}.15"}))
    response = as_(client, world, "caiwu-head").get(url("fund_export", the_fund(world).pk))
    sheet = workbook(response).active
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    lines = [row for row in rows if isinstance(row[0], int)]
    moved = Entry.objects.filter(kind=EntryKind.APPROPRIATE).aggregate(s=Sum("amount"))["s"]
    assert sum(Decimal(str(row[6])) for row in lines) == moved
    total = next(row for row in rows if str(row[2]).startswith("合计"))
    assert Decimal(str(total[6])) == moved
    assert "可安排余额 996,996.55" in sheet["A2"].value
    assert sheet["C4"].data_type == "s"


@pytest.mark.parametrize("name", ["fund", "fund_export"])
def test_a_fund_costs_the_same_however_many_projects(client: Client, world: World, name: str) -> None:
    bulk(world, 5, "approved")
    fund = the_fund(world)
    as_(client, world, "caiwu-head").get(url(name, fund.pk))
    few = queries(lambda: client.get(url(name, fund.pk)))
    bulk(world, 55, "approved")
    assert Project.objects.count() == 60
    assert queries(lambda: client.get(url(name, fund.pk))) == few
    assert few <= 20


def test_a_projects_page_is_cheap(client: Client, world: World) -> None:
    plan = acts.approve(world, world.draft())
    as_(client, world, "caiwu-head").get(url("project", plan.project_id))
    assert queries(lambda: client.get(url("project", plan.project_id))) <= 18
