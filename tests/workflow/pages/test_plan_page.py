"""The decision page: who sees it, what it says, and what it keeps to itself."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pgtrigger
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from org import services as organisation
from org.models import User
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanCost
from workflow.rules.budget_table import budget_table
from workflow.services import drafts
from workflow.states import AttachmentKind, DecisionAction, MeetingOutcome


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def look(client: Client, plan: ClassPlan, who: User):
    client.force_login(who)
    return client.get(reverse("workflow:plan", args=[plan.pk]))


def text(client: Client, plan: ClassPlan, who: User) -> str:
    answer = look(client, plan, who)
    assert answer.status_code == 200
    return answer.content.decode()


def seen_by(world: World, client: Client, plan: ClassPlan) -> set[str]:
    return {who for who, person in world.people.items() if look(client, plan, person).status_code == 200}


# ---- who sees it


def test_a_draft_is_its_departments_own(world: World, client: Client) -> None:
    assert seen_by(world, client, world.draft()) == {"xuanchuan-head", "xuanchuan-staff"}


def test_once_handed_in_the_overseers_see_it_and_no_other_department(world: World, client: Client) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    assert seen_by(world, client, plan) == {
        "xuanchuan-head",
        "xuanchuan-staff",
        "jiceng-head",
        "jiceng-staff",
        "caiwu-head",
        "caiwu-staff",
        "secretary",
        # the office keeps the meeting's papers
        *({"bangongshi-head", "bangongshi-staff"} & seen_by(world, client, plan)),
    }
    assert "quanyi-head" not in seen_by(world, client, plan)
    assert "principal" not in seen_by(world, client, plan)


def test_another_union_finds_nothing(world: World, client: Client) -> None:
    plan = acts.approve(world, world.draft())
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    assert seen_by(other, client, plan) == set()


def test_a_stand_in_sees_it_while_and_after_it_is_his_turn(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft("caiwu", subject="YW-07"), "finance")
    assert look(client, plan, world.people["leader"]).status_code == 200
    acts.decide(world, plan)
    assert look(client, plan, world.people["leader"]).status_code == 200


def test_a_grant_lets_look_and_not_act(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    auditor = User.objects.create_user("auditor", name="佟安")
    assert look(client, plan, auditor).status_code == 404
    assign_perm("org.look_department", auditor, world.departments["xuanchuan"])
    page = text(client, plan, User.objects.get(pk=auditor.pk))
    assert "由 基层工作部 部长（周敏） 办理" in page
    assert 'name="action"' not in page


def test_no_such_plan(world: World, client: Client) -> None:
    client.force_login(world.people["jiceng-head"])
    assert client.get(reverse("workflow:plan", args=[999999])).status_code == 404


# ---- what it says


def test_the_one_line_summary(world: World, client: Client) -> None:
    acts.submit(world, world.draft(name="另一班", costs={"meals": "2000.00"}))
    plan = world.draft(sessions=2, time_slots=["03", "09"])
    acts.submit(world, plan)
    summary = look(client, plan, world.people["jiceng-head"]).context["summary"]
    assert summary == (
        "60＋3 人 × 2 期 · 2 天走读 · 1.00 万元 · 3、9月 · 区委党校（拟） · "
        "宣传网络部 2027 年共报 2 班 1.20 万元"
    )


def test_last_years_class_of_the_same_business(world: World, client: Client) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    last = acts.approve(world, world.draft(trainees=75))
    with pgtrigger.ignore("workflow.ClassPlan:identity_fixed"):  # as 2026 would have left it
        ClassPlan.objects.filter(pk=last.pk).update(year=2026)
    summary = look(client, plan, world.people["jiceng-head"]).context["summary"]
    assert "上年办过：78 人 1.00 万元" in summary


def test_findings_are_live_while_it_waits(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    assert "疑似重复办班" not in text(client, plan, world.people["jiceng-head"])
    twin = world.draft("quanyi", name="信息写作班")
    acts.submit(world, twin, when=at(1, 12, 18))
    page = text(client, plan, world.people["jiceng-head"])
    assert "疑似重复办班：与 信息写作班（权益保障部" in page
    assert reverse("workflow:compare", args=[plan.pk, twin.pk]) in page
    assert "核查提示 1 条随附" in page


def test_the_other_class_is_linked_only_for_who_may_see_it(world: World, client: Client) -> None:
    plan, twin = world.draft(), world.draft("quanyi", name="信息写作班")
    acts.submit(world, plan)
    acts.submit(world, twin)
    link = reverse("workflow:compare", args=[plan.pk, twin.pk])
    assert link in text(client, plan, world.people["jiceng-head"])
    assert link not in text(client, plan, world.people["xuanchuan-head"])


def test_findings_of_a_settled_plan_stay_as_they_were(world: World, client: Client) -> None:
    plan = acts.approve(world, world.draft())
    acts.submit(world, world.draft("quanyi", name="后来的班"))
    page = text(client, plan, world.people["jiceng-head"])
    assert "疑似重复办班" not in page
    assert "审定时的核查结果" in page


def test_the_telephone_is_whole_for_whose_turn_it_is_and_the_department(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    for who in ("jiceng-head", "xuanchuan-staff", "xuanchuan-head"):
        assert "13800001206" in text(client, plan, world.people[who]), who
    for who in ("jiceng-staff", "caiwu-head", "secretary"):
        page = text(client, plan, world.people[who])
        assert "13800001206" not in page, who
        assert "····1206" in page, who


def test_money_stands_beside_its_standard(world: World, client: Client) -> None:
    plan = world.draft(
        costs={"meals": "16600.00", "venue": "8300.00", "other": "1960.00", "lecture": "8000.00"},
        trainees=80,
        lecturer_title="senior",
        lecture_hours=Decimal(8),
    )
    acts.submit(world, plan)
    answer = look(client, plan, world.people["jiceng-head"])
    money = answer.context["money"]
    assert [(row.title, row.quantity, row.ceiling) for row in money.quota] == [
        ("伙食费", "83 人 × 2 天", Decimal("21580.00")),
        ("场地、资料、交通费", "83 人 × 2 天", Decimal("8300.00")),
        ("其他", "83 人 × 2 天", Decimal("4980.00")),
    ]
    assert (money.ceiling, money.subtotal, money.remark) == (
        Decimal("34860.00"),
        Decimal("26860.00"),
        "余 8,000.00",
    )
    (lecture,) = money.apart
    assert (lecture.title, lecture.standard, lecture.quantity) == (
        "师资费（税前）",
        Decimal("1190.48"),
        "8 学时",
    )
    page = answer.content.decode()
    assert "叁万肆仟捌佰陆拾元整" in page
    assert "34,860.00" in page


def test_lecturers_travel_stands_below_their_fees_on_page_and_paper(world: World, client: Client) -> None:
    costs = {"meals": "8000.00", "lecture": "9000.00", "lecturer_travel": "2600.00"}
    plan = world.draft(costs=costs, lecturer_title="senior", lecture_hours=Decimal(8))
    bare = world.draft(name="本地教师班", subject="YW-05")
    for each in (plan, bare):
        acts.submit(world, each)
    client.force_login(world.people["jiceng-head"])
    for name in ("plan", "plan_print"):
        page = client.get(reverse(f"workflow:{name}", args=[plan.pk])).text
        assert page.index("伙食费") < page.index("师资费（税前）") < page.index("师资差旅费")
        assert "壹万玖仟陆佰元整" in page
        assert "师资差旅费" not in client.get(reverse(f"workflow:{name}", args=[bare.pk])).text


def test_what_is_over_the_standard_is_marked(world: World, client: Client) -> None:
    plan = world.draft(costs={"meals": "30000.00"}, explanation="物价")
    acts.submit(world, plan)
    page = text(client, plan, world.people["jiceng-head"])
    assert "超 13,620.00" in page  # 30,000 − 63 × 2 × 130
    assert "部门说明：</span>物价" in page


def test_days_beyond_the_full_ones_are_said(world: World, client: Client) -> None:
    plan = world.draft(half_days=80, hours=Decimal(300))
    acts.submit(world, plan)
    row = look(client, plan, world.people["jiceng-head"]).context["money"].quota[0]
    assert row.quantity == "63 人 × 40 天（10 天按 70%）"


# ---- the way


def stages(client: Client, plan: ClassPlan, who: User) -> list[tuple[str, str, str]]:
    return [(s.tone, s.title, s.person) for s in look(client, plan, who).context["stages"]]


def test_the_way_done_and_to_come_with_people(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    assert stages(client, plan, world.people["jiceng-head"]) == [
        ("done", "经办", "林晓峰"),
        ("done", "部门审签", "孙莉"),
        ("now", "归口审核", "周敏"),
        ("next", "财务会审", "李想"),
        ("next", "主席办公会审定", ""),
        ("next", "下达经费", ""),
    ]
    page = text(client, plan, world.people["jiceng-head"])
    assert "会议秘书 何静" in page
    assert "工会干部教育培训专项可安排 1,000,000.00 元" in page
    assert "时限 3 个工作日" in page
    assert "办理用时" in page


def test_the_funds_balance_is_for_who_may_see_the_fund(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    for who in ("xuanchuan-staff", "xuanchuan-head"):
        assert "1,000,000.00" not in text(client, plan, world.people[who])


def test_a_draft_shows_its_whole_way(world: World, client: Client) -> None:
    plan = world.draft()
    assert [title for _, title, _ in stages(client, plan, world.people["xuanchuan-staff"])] == [
        "经办",
        "部门审签",
        "归口审核",
        "财务会审",
        "主席办公会审定",
        "下达经费",
    ]


def test_a_post_with_nobody_says_so(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    for post in ("caiwu-head", "jiceng-head"):
        organisation.vacate(
            post=world.posts[post], on=datetime.date(2027, 1, 13), actor=world.admin, at=at(1, 13)
        )
    way = stages(client, plan, world.people["jiceng-staff"])
    assert ("now", "归口审核", "暂无人任职") in way
    assert ("next", "财务会审", "暂无人任职") in way
    assert "现无人任职" in text(client, plan, world.people["jiceng-staff"])


def test_the_stand_in_is_named_ahead(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft("caiwu", subject="YW-07"), "review")
    assert ("next", "财务会审", "钱文博") in stages(client, plan, world.people["jiceng-head"])
    assert "由其代办" in text(client, plan, world.people["jiceng-head"])


def test_a_succession_entered_afterwards_marks_the_decision(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    assert "待确认" not in text(client, plan, world.people["jiceng-head"])
    successor = User.objects.create_user("p2", name="许诺")
    world.appoint("xuanchuan-head", successor, datetime.date(2027, 1, 5))
    page = text(client, plan, world.people["jiceng-head"])
    assert "孙莉" in page
    assert page.count("待确认") == 1


def test_what_agreeing_leads_to(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    outlook = look(client, plan, world.people["jiceng-head"]).context["outlook"]
    assert outlook == ["送“财务会审”，由 财务资产部 部长 李想 办理，时限 3 个工作日。", "本环节不占用资金。"]
    acts.decide(world, plan)
    outlook = look(client, plan, world.people["caiwu-head"]).context["outlook"]
    assert outlook[0] == "进入计划汇总，列入议题后提请主席办公会审定（会议秘书 何静）。"
    acts.decide(world, plan)
    outlook = look(client, plan, world.people["secretary"]).context["outlook"]
    assert outlook[1] == "同时下达 10,000.00 元，建立经费项目。"
    assert outlook[2] == "工会干部教育培训专项可安排 1,000,000.00 元，下达后余 990,000.00 元。"


def test_a_short_fund_is_said_before_the_meeting(db: None, client: Client) -> None:
    world = worlds.build(granted="9000.00")
    plan = acts.to_meeting(world, world.draft())
    outlook = look(client, plan, world.people["secretary"]).context["outlook"]
    assert "差 1,000.00 元，资金不足时不能通过。" in outlook[2]


def test_the_other_book_shows_its_own_words(db: None, client: Client) -> None:
    world = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会", meeting="党组会议")
    plan = acts.to_meeting(world, world.draft())
    answer = look(client, plan, world.people["secretary"])
    assert [stage.title for stage in answer.context["stages"]] == [
        "经办",
        *(step.title for step in world.book.book.steps),
        "下达经费",
    ]
    page = answer.content.decode()
    assert world.book.book.title in page
    assert ("按标准（元）" in page) == world.book.book.rate_card.enabled
    print_page = client.get(reverse("workflow:plan_print", args=[plan.pk])).content.decode()
    assert "绵阳市总工会培训班次审批单" in print_page
    assert "壹万元整" in print_page


# ---- banners


def test_a_returned_plan_shows_the_reason_on_top_with_a_way_to_mend_it(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan, opinion="请压缩人数")
    page = text(client, plan, world.people["xuanchuan-staff"])
    assert "请压缩人数" in page
    assert "按意见修改" in page
    assert "其他修改直接送“归口审核”" in page
    assert "按意见修改" not in text(client, plan, world.people["jiceng-head"])


def test_deferred_says_why(world: World, client: Client) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.settle(world, plan, MeetingOutcome.DEFERRED, opinion="待预算调整")
    (banner,) = look(client, plan, world.people["xuanchuan-staff"]).context["banners"]
    assert (banner["title"], banner["who"].opinion) == ("缓议", "待预算调整")


def test_what_the_meeting_changed_is_shown_before_and_after(world: World, client: Client) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.settle(
        world,
        plan,
        MeetingOutcome.PASSED_CHANGED,
        figures={"trainees": 50},
        costs={"meals": Decimal("7000.00"), "venue": Decimal("2000.00")},
    )
    answer = look(client, plan, world.people["xuanchuan-staff"])
    page = answer.content.decode()
    assert "<del>60</del> → <ins>50</ins>" in page
    assert "<del>8,000.00</del>" in page
    assert "<ins>7,000.00</ins>" in page
    assert answer.context["submission"] == "会议核定"
    assert answer.context["money"].total == Decimal("9000.00")
    last = answer.context["stages"][-1]
    assert (last.tone, last.title, last.line) == ("done", "下达经费", "9,000.00 元，经费项目 P2027-0001")


def test_advice_of_an_earlier_version_no_longer_stands(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.decide(world, plan, action=DecisionAction.ADVISE_EXCLUSION, opinion="重复")
    acts.give_back(world, plan, opinion="请改")
    acts.edit(world, plan, trainees=40)
    acts.submit(world, plan)
    assert look(client, plan, world.people["jiceng-head"]).context["banners"] == []


def test_what_was_typed_by_people_is_escaped(world: World, client: Client) -> None:
    plan = world.draft(name="<b>班</b>", purpose="<i>目的</i>", remark='"><script>')
    acts.submit(world, plan)
    acts.decide(world, plan, opinion="<u>好</u>")
    page = text(client, plan, world.people["jiceng-head"])
    for raw in ("<b>班", "<i>目", '"><script>', "<u>好"):
        assert raw not in page
    assert "&lt;b&gt;班&lt;/b&gt;" in page


def test_the_page_costs_the_same_with_a_long_history(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    address = reverse("workflow:plan", args=[plan.pk])
    client.force_login(world.people["jiceng-head"])
    client.get(address)
    with CaptureQueriesContext(connection) as short:
        client.get(address)
    for number in range(3):
        acts.give_back(world, plan)
        acts.edit(world, plan, trainees=50 - number)
        acts.pass_to(world, plan, "review")
        acts.submit(world, world.draft("quanyi", name=f"相近{number}"))
    with CaptureQueriesContext(connection) as long:
        client.get(address)
    # When it was first handed in, and whether he may see the classes that look alike.
    assert len(long) <= len(short) + 2
    assert len(short) <= 32


def test_attachments_are_listed_with_kind_and_size(world: World, client: Client) -> None:
    plan = world.draft()
    upload = SimpleUploadedFile("需求汇总.pdf", b"%PDF-1.4\n" + b"x" * 2000 + b"\n%%EOF")
    drafts.attach(
        plan_id=plan.pk,
        upload=upload,
        kind=AttachmentKind.SURVEY,
        actor=world.people["xuanchuan-staff"],
        at=at(1, 11),
    )
    acts.submit(world, plan)
    page = text(client, plan, world.people["jiceng-head"])
    assert "需求汇总.pdf" in page
    assert "需求调研" in page


def test_without_a_rate_card_money_stands_alone(world: World) -> None:
    book = world.book.book
    off = book.model_copy(update={"rate_card": book.rate_card.model_copy(update={"enabled": False})})
    plan = world.draft(costs={"meals": "8000.00", "lecture": "500.00"})
    table = budget_table(plan, list(PlanCost.objects.filter(plan=plan)), off)
    assert [(row.title, row.standard, row.ceiling, row.amount) for row in (*table.quota, *table.apart)] == [
        ("伙食费", None, None, Decimal("8000.00")),
        ("师资费（税前）", None, None, Decimal("500.00")),
    ]
    page = render_to_string("workflow/_budget_table.html", {"money": table})
    assert "按标准" not in page
    assert "综合定额小计" not in page
    assert "8,500.00" in page


def test_lodging_of_a_day_class_has_no_standard_to_lean_on(world: World) -> None:
    plan = world.draft(costs={"lodging": "900.00"})
    table = budget_table(plan, list(PlanCost.objects.filter(plan=plan)), world.book.book)
    lodging = table.quota[0]
    assert (lodging.title, lodging.quantity, lodging.ceiling, lodging.over) == (
        "住宿费",
        "走读",
        Decimal("0.00"),
        Decimal("900.00"),
    )
