"""培训经费: setting up the year's money, what each class holds of it, and the ledger behind."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from budgets.models import Entry, Fund, Project
from budgets.services import open_fund
from budgets.states import EntryKind, FundStatus
from org.models import User
from org.services import share
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import as_, bulk, queries, workbook
from tests.workflow.world import World, at
from workflow.states import MeetingOutcome

FUNDS = "/funds/"
NEW = "/funds/new/"
PDF = b"%PDF-1.4 made up"


def scan(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


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
        ({"source": "lottery"}, "请从列表中选择列支渠道"),
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


def test_what_was_typed_comes_back_to_be_mended(client: Client, world: World) -> None:
    as_(client, world, "caiwu-staff")
    asked = client.post(NEW, FORM | {"file_fund-basis": scan("批复.pdf")})
    for said in ("业务培训费，控制数", "依据：预算〔2027〕1号", "附件：批复.pdf", "返回修改"):
        assert said in asked.text, said
    kept = dict(asked.context["ask"]["hidden"])
    back = client.post(NEW, kept | {"confirmed": "1", "revise": "1"})
    assert [field in back.text for field in ("420,000.50元", "业务培训费", "批复.pdf")] == [True] * 3
    assert not Fund.objects.filter(source="business").exists()
    client.post(NEW, kept | {"confirmed": "1"})
    fund = Fund.objects.get(source="business")
    page = client.get(url("fund", fund.pk))
    (paper,) = page.context["origins"][0].papers
    assert url("paper_file", paper[0]) in page.text
    assert client.get(url("paper_file", paper[0])).content == PDF


def test_sent_twice_leads_to_what_there_is(client: Client, world: World) -> None:
    as_(client, world, "caiwu-staff")
    answer = client.post(NEW, FORM | {"source": "special", "confirmed": "1"}, follow=True)
    assert answer.redirect_chain[-1][0] == url("fund", the_fund(world).pk)
    assert "已经设立，没有重复入账" in answer.text
    assert Entry.objects.count() == 1


def test_the_control_figure_becomes_the_approved_one(client: Client, world: World) -> None:
    as_(client, world, "caiwu-staff")
    client.post(NEW, FORM | {"confirmed": "1"})
    fund = Fund.objects.get(source="business")
    page = url("fund_restate", fund.pk)
    assert "录入批复数" in client.get(url("fund", fund.pk)).text
    assert "设立 420,000.50 元（控制数）" in client.get(page).text
    typed = {"amount": "400000", "basis": "批复〔2027〕8号", "file_fund-basis": scan("批复.pdf")}
    asked = client.post(page, typed)
    assert "肆拾万元整" in asked.text
    assert "原设立 420,000.50 元" in asked.text
    done = client.post(page, dict(asked.context["ask"]["hidden"]) | {"confirmed": "1"}, follow=True)
    assert [(str(row.entry.get_kind_display()), row.signed) for row in done.context["origins"]] == [
        ("设立", Decimal("420000.50")),
        ("红字冲销", Decimal("-420000.50")),
        ("设立", Decimal("400000.00")),
    ]
    assert done.context["origins"][2].papers[0][1] == "批复.pdf"
    assert done.context["granted"] == Decimal("400000.00")
    fund.refresh_from_db()
    assert (fund.status, fund.basis) == ("approved", "批复〔2027〕8号")
    assert "更正设立金额" in done.text
    again = client.post(page, {"amount": "0", "basis": "", "confirmed": "1"})
    for said in ("请填写大于 0 元的金额", "请填写批复依据", "请填写更正原因"):
        assert said in again.text, said


def test_less_than_was_handed_out_is_refused_with_the_figures(client: Client, world: World) -> None:
    acts.approve(world, world.draft(name="信息员班"))
    as_(client, world, "caiwu-head")
    page = client.post(
        url("fund_restate", the_fund(world).pk),
        {"amount": "9999.99", "basis": "批复", "why": "笔误", "confirmed": "1"},
    )
    assert "已下达 10,000.00 元，不能改为 9,999.99 元，差 0.01 元" in page.text
    as_(client, world, "jiceng-head")
    assert client.get(url("fund_restate", the_fund(world).pk)).status_code == 403


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
    for shown in ("1,000,000.00", "19,000.55", "980,999.45", "P2027-0001", "未启动", "占预算 2%"):
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
    # Parts of 万元 may not add up: each page that shows them says why.
    assert "四舍五入" not in text
    for address in (url("fund", the_fund(world).pk), url("project", plan.project_id), FUNDS):
        assert "四舍五入到 0.01 万元" in client.get(f"{address}?unit=wan").text, address
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


def test_the_funds_of_every_year_as_a_workbook(client: Client, world: World) -> None:
    acts.approve(world, world.draft(name="信息员班"))
    open_fund(
        union=world.union,
        year=2026,
        source="business",
        title="业务培训费",
        status=FundStatus.APPROVED,
        basis="=预算〔2026〕1号",
        amount=Decimal("300.00"),
        actor=world.people["caiwu-head"],
        at=at(1, 20),
    )
    address = reverse("workflow:funds_export")
    assert f"{address}?union=binhai&amp;year=2027" in as_(client, world, "caiwu-head").get(FUNDS).text
    book = workbook(client.get(f"{address}?union=binhai&year=2027"))
    assert book.sheetnames == ["2027年", "历年"]
    title, note, head, only, total = list(book["2027年"].iter_rows(max_row=5, values_only=True))
    assert (title[0], "单位：元" in note[0]) == ("2027年培训经费专项预算", True)
    fund = the_fund(world)
    figures = (1000000, 10000, 0, 0, 10000, 990000, 0)
    assert only[:10] == (2027, fund.title, fund.get_status_display(), *figures)
    assert (head[3], total[1], total[3:10]) == ("年度预算", "合计（1 个渠道）", figures)
    rows = list(book["历年"].iter_rows(min_row=4, max_row=7, values_only=True))
    assert [(row[0], row[3]) for row in rows] == [(2027, 1000000), (2027, 1000000), (2026, 300), (2026, 300)]
    assert book["历年"]["K6"].data_type == "s"
    assert as_(client, world, "xuanchuan-staff").get(address).status_code == 404


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
    assert queries(lambda: client.get(url("project", plan.project_id))) <= 19
