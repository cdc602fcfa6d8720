"""上会议题 through the pages: the agenda, a result for each item in one go, the minutes later (S3)."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from budgets.models import Project
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.pages.meeting_room import advised, as_, available, posted, waiting
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Decision, Meeting, PlanVersion
from workflow.states import DecisionAction

THE_DAY = at(1, 20, 16)


@pytest.fixture(autouse=True)
def january():
    """The afternoon of the meeting."""
    with time_machine.travel(THE_DAY, tick=False):
        yield


def url(name: str, *args: int) -> str:
    return reverse(f"workflow:{name}", args=args)


def open_meeting(client: Client, plans: list[ClassPlan], day: str = "2027-01-20") -> Meeting:
    """Through the form of a new meeting."""
    data = {"number": "2027年第1次", "held_on": day, "chair": "赵启明", "pick": [p.pk for p in plans]}
    response = client.post(url("meeting_new"), data)
    assert response.status_code == 302
    return Meeting.objects.latest("pk")


def settle(client: Client, meeting: Meeting, **by_name: dict[str, str]) -> str:
    response = client.post(url("settle", meeting.pk), posted(meeting, by_name))
    assert response.status_code == 200
    return response.text


def states() -> dict[str, str]:
    return dict(ClassPlan.objects.values_list("name", "state"))


def test_from_the_agenda_to_the_money(client: Client, world: World) -> None:
    plans = waiting(world)
    as_(client, world, "secretary")
    form = client.get(url("meeting_new")).text
    assert 'value="2027年第1次"' in form
    assert f'name="pick" value="{plans[0].pk}" aria-label="列入 第00班" checked' in form
    meeting = open_meeting(client, plans)
    page = client.get(url("meeting", meeting.pk)).text
    assert "990,000.00" in page  # 通过后余额
    assert "已记录 1 项审定结果。" in settle(client, meeting)
    plan = acts.fresh(plans[0])
    assert (plan.state, plan.plan_number) == ("approved", "P2027-0001")
    assert available(world) == Decimal("990000.00")
    assert "P2027-0001" in client.get(url("meeting", meeting.pk)).text


def test_twelve_items_ten_passed_one_changed_one_deferred(client: Client, world: World) -> None:
    """S3, word for word."""
    plans = waiting(world, 12)
    as_(client, world, "secretary")
    meeting = open_meeting(client, plans)
    page = settle(
        client,
        meeting,
        第03班={
            "outcome": "passed_changed",
            "trainees": "50",
            "cost_meals": "6500",
            "opinion": "按上年实到核减",
        },
        第07班={"outcome": "deferred", "opinion": "待统一安排"},
    )
    assert page.count('<b class="good">已记录</b>') == 12
    found = states()
    assert found.pop("第07班") == "deferred"
    assert set(found.values()) == {"approved"}
    changed = ClassPlan.objects.get(name="第03班")
    assert (changed.trainees, changed.staff, changed.half_days) == (50, 3, 4)
    assert world.costs(changed) == {"meals": Decimal("6500.00"), "venue": Decimal("2000.00")}
    versions = PlanVersion.objects.filter(plan=changed).order_by("number")
    assert [(v.number, v.by_meeting, v.content["trainees"]) for v in versions] == [
        (1, False, 60),
        (2, True, 50),
    ]
    assert available(world) == Decimal("1000000.00") - 10 * 10000 - 8500
    assert sorted(Project.objects.values_list("number", flat=True))[-1] == "P2027-0011"
    page = client.get(url("meeting", meeting.pk)).text
    assert "<del>60</del> <ins>50</ins>" in page
    assert "8,500.00" in page
    # The year's plan is published without the deferred one, which goes to the next meeting.
    plan_page = client.get(f"{url('year_plan')}?year=2027").text
    assert "第06班" in plan_page
    assert "第07班" not in plan_page
    deferred = ClassPlan.objects.get(name="第07班")
    client.post(url("meeting_new"), {"number": "2027年第2次", "held_on": "2027-01-20", "pick": [deferred.pk]})
    assert acts.fresh(deferred).state == "awaiting_meeting"
    settle(client, Meeting.objects.latest("pk"))
    assert acts.fresh(deferred).plan_number == "P2027-0012"


def test_the_meeting_changes_lecturers_travel_too(client: Client, world: World) -> None:
    waiting(world, 1)
    as_(client, world, "secretary")
    meeting = open_meeting(client, list(ClassPlan.objects.all()))
    changed = {"outcome": "passed_changed", "cost_lecturer_travel": "1200", "opinion": "外请教师"}
    settle(client, meeting, 第00班=changed)
    plan = ClassPlan.objects.get()
    assert world.costs(plan)["lecturer_travel"] == Decimal("1200.00")
    lines = plan.project.lines.order_by("ordinal").values_list("title", flat=True)
    assert list(lines)[-1] == "师资差旅费"
    assert available(world) == Decimal("988800.00")


def test_the_fund_runs_short_and_only_that_item_is_refused(client: Client, db: None) -> None:
    world = worlds.build(granted="25000.00")
    plans = waiting(world, 3)
    as_(client, world, "secretary")
    meeting = open_meeting(client, plans)
    page = client.get(url("meeting", meeting.pk)).text
    assert '<span class="bad">-5,000.00</span>' in page
    page = settle(client, meeting)
    assert page.count('<b class="good">已记录</b>') == 2
    assert "年度专项预算可安排 5,000.00 元，本班需 10,000.00 元，差 5,000.00 元" in page
    assert page.index('<b class="bad">未记录</b>') < page.index('<b class="good">已记录</b>')
    assert states() == {"第00班": "approved", "第01班": "approved", "第02班": "awaiting_meeting"}
    left = acts.fresh(plans[2])
    assert (left.plan_number, left.project_id) == (None, None)
    assert acts.item_of(left).settled_at is None
    assert world.task(left).step == "decide"
    assert not Decision.objects.filter(plan=left, meeting=meeting).exists()
    assert available(world) == Decimal("5000.00")
    # No number was used up by what was refused.
    settle(client, meeting, 第02班={"outcome": "passed_changed", "cost_meals": "2,000元"})
    assert acts.fresh(left).plan_number == "P2027-0003"
    assert available(world) == Decimal("1000.00")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"outcome": "passed_changed"}, "人数、天数和经费都没有改动"),
        ({"outcome": "passed", "trainees": "50"}, "改动了核定数，结果却选“通过”"),
        ({"outcome": "returned"}, "退回，请填写会议意见"),
        ({"outcome": "excluded"}, "不列入计划，请填写会议意见"),
        ({"outcome": "passed_changed", "trainees": "0"}, "每期学员人数不能改为 0"),
        ({"outcome": "passed_changed", "trainees": "五十"}, "不是数字"),
        ({"outcome": "rejected"}, "审定结果"),
    ],
)
def test_what_cannot_be_recorded_says_why_and_the_rest_is(
    client: Client, world: World, typed: dict[str, str], reason: str
) -> None:
    meeting = acts.call(world, *waiting(world, 2))
    as_(client, world, "secretary")
    page = settle(client, meeting, 第00班=typed)
    assert reason in page
    assert states() == {"第00班": "awaiting_meeting", "第01班": "approved"}
    if "trainees" in typed:
        assert f'value="{typed["trainees"]}"' in page  # what was typed is still there


def test_each_result_leads_where_it_says(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world, 5))
    as_(client, world, "secretary")
    settle(
        client,
        meeting,
        第00班={"outcome": "returned", "opinion": "请补调研", "return_to": "review"},
        第01班={"outcome": "returned", "opinion": "请核减"},
        第02班={"outcome": "excluded", "opinion": "与其他班重复"},
        第03班={"outcome": ""},
        第04班={"outcome": "deferred"},
    )
    assert states() == {
        "第00班": "reviewing",
        "第01班": "returned",
        "第02班": "excluded",
        "第03班": "awaiting_meeting",
        "第04班": "deferred",
    }
    assert world.task(ClassPlan.objects.get(name="第00班")).step == "review"
    assert [item.plan.name for item in AgendaItem.objects.filter(outcome="")] == ["第03班"]
    assert available(world) == Decimal("1000000.00")


def test_the_last_look_tries_everything_and_keeps_nothing(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world, 3))
    as_(client, world, "secretary")
    data = posted(
        meeting,
        {"第01班": {"outcome": "passed_changed", "trainees": "50"}, "第02班": {"outcome": "returned"}},
        confirmed=False,
    )
    page = client.post(url("settle", meeting.pk), data).text
    assert "将记录 2 项" in page
    assert "1 项不能记录" in page
    assert "1,000,000.00 → 980,000.00" in page
    assert "<del>60</del> <ins>50</ins>" in page
    assert set(states().values()) == {"awaiting_meeting"}
    assert available(world) == Decimal("1000000.00")
    again = client.post(url("settle", meeting.pk), data | {"back": "1"}).text
    assert 'value="50"' in again
    assert set(states().values()) == {"awaiting_meeting"}


def test_the_balance_follows_what_is_chosen_and_nothing_is_recorded(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world, 3))
    as_(client, world, "secretary")
    data = posted(
        meeting,
        {
            "第00班": {"outcome": "passed_changed", "cost_meals": "7000"},
            "第01班": {"outcome": "deferred"},
            "第02班": {"outcome": "passed_changed", "cost_meals": "七千"},
        },
        confirmed=False,
    )
    text = client.post(url("meeting_balance", meeting.pk), data).text
    assert "核定 9,000.00" in text
    assert text.count('<span class="muted">991,000.00</span>') == 2
    assert "981,000.00" in text  # what can't be read counts as declared
    assert "按所选结果记录后 981,000.00" in text
    assert set(states().values()) == {"awaiting_meeting"}


def test_one_item_on_its_own_page(client: Client, world: World) -> None:
    plan = advised(world, "与大讲堂重复", name="第00班")
    acts.call(world, plan)
    item = acts.item_of(plan)
    as_(client, world, "secretary")
    page = client.get(url("agenda_item", item.pk)).text
    assert "建议不列入：与大讲堂重复" in page
    typed = {f"i{item.pk}-outcome": "passed_changed", f"i{item.pk}-half_days": "2", "confirmed": "1"}
    nothing = client.post(url("agenda_item", item.pk), typed | {f"i{item.pk}-half_days": "4"})
    assert "都没有改动" in nothing.text
    response = client.post(url("agenda_item", item.pk), typed)
    assert response["Location"] == url("meeting", item.meeting_id)
    assert acts.fresh(plan).half_days == 2
    assert "核定" in client.get(url("agenda_item", item.pk)).text
    assert client.post(url("agenda_item", item.pk), typed).status_code == 302


def test_advice_against_a_class_stands_on_its_row(client: Client, world: World) -> None:
    meeting = acts.call(world, advised(world, "建议并入大讲堂", name="第00班"))
    page = as_(client, world, "secretary").get(url("meeting", meeting.pk)).text
    assert "建议不列入" in page
    assert "基层工作部 部长 周敏：建议并入大讲堂" in page


def test_nothing_is_recorded_before_the_day(client: Client, world: World) -> None:
    plans = waiting(world)
    as_(client, world, "secretary")
    meeting = open_meeting(client, plans, day="2027-02-05")
    page = client.get(url("meeting", meeting.pk)).text
    assert "会议定于 2027年2月5日召开，会后记录结果。" in page
    assert "-outcome" not in page
    assert "会后才能记录结果" in settle(client, meeting)
    assert acts.fresh(plans[0]).state == "awaiting_meeting"


def test_an_item_taken_off_meanwhile_is_reported_and_the_rest_recorded(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world, 2))
    as_(client, world, "secretary")
    data = posted(meeting)
    gone = AgendaItem.objects.get(plan__name="第00班")
    assert client.post(url("agenda_remove", gone.pk)).status_code == 302
    assert "这项议题已被撤下" in client.post(url("settle", meeting.pk), data).text
    assert states() == {"第00班": "awaiting_meeting", "第01班": "approved"}
    assert client.post(url("agenda_remove", gone.pk)).status_code == 404
    settled = AgendaItem.objects.get(plan__name="第01班")
    client.post(url("agenda_remove", settled.pk))
    assert AgendaItem.objects.filter(pk=settled.pk).exists()
    # And back again.
    plan = ClassPlan.objects.get(name="第00班")
    page = client.get(url("meeting", meeting.pk)).text
    assert f'name="pick" value="{plan.pk}"' in page
    client.post(url("meeting_add", meeting.pk), {"pick": [plan.pk]})
    assert acts.item_of(plan).meeting == meeting


def test_the_same_results_sent_twice_say_what_stands(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world, 2))
    as_(client, world, "secretary")
    data = posted(meeting, {"第01班": {"outcome": "deferred"}})
    for _ in range(2):
        page = client.post(url("settle", meeting.pk), data).text
    assert "《第00班》已记录为“通过”，本次没有改动。" in page
    assert "《第01班》已记录为“缓议”，本次没有改动。" in page
    assert available(world) == Decimal("990000.00")
    assert Decision.objects.filter(meeting=meeting).count() == 2


def test_the_minutes_come_later(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world), held=at(1, 20))
    as_(client, world, "secretary")
    assert "纪要待补" in client.get(url("meeting", meeting.pk)).text
    settle(client, meeting)
    form = {"chair": "赵启明", "attendees": "钱文博、周敏", "minutes_number": "办纪〔2027〕2号"}
    response = client.post(url("minutes", meeting.pk), form)
    assert response.status_code == 302
    meeting.refresh_from_db()
    assert (meeting.minutes_number, meeting.number) == ("办纪〔2027〕2号", "2027年第1次")
    page = client.get(url("meeting", meeting.pk)).text
    assert "纪要待补" not in page
    assert "办纪〔2027〕2号" in page
    project = Project.objects.get()
    assert "办纪〔2027〕2号" in client.get(url("project", project.pk)).text


def test_day_and_number_are_fixed_by_the_first_result(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world), held=at(1, 20))
    as_(client, world, "secretary")
    client.post(url("minutes", meeting.pk), {"number": "2027年第2次", "held_on": "2027-01-19"})
    meeting.refresh_from_db()
    assert (meeting.number, meeting.held_on) == ("2027年第2次", datetime.date(2027, 1, 19))
    settle(client, meeting)
    client.post(url("minutes", meeting.pk), {"number": "2027年第9次", "held_on": "2027-01-18"})
    meeting.refresh_from_db()
    assert (meeting.number, meeting.held_on) == ("2027年第2次", datetime.date(2027, 1, 19))


def test_a_meeting_is_numbered_once(client: Client, world: World) -> None:
    acts.call(world, number="2027年第1次")
    as_(client, world, "secretary")
    response = client.post(url("meeting_new"), {"number": "2027年第1次", "held_on": "2027-01-20"})
    assert response.status_code == 200
    assert "“2027年第1次”已经建立" in response.text
    assert Meeting.objects.count() == 1
    assert 'value="2027年第2次"' in client.get(url("meeting_new")).text
    wrong = client.post(url("meeting_new"), {"number": "", "held_on": "下周五"}).text
    assert "日期无法识别" in wrong


def test_changed_figures_are_the_meetings_and_the_record_says_so(client: Client, world: World) -> None:
    meeting = acts.call(world, *waiting(world))
    as_(client, world, "secretary")
    settle(client, meeting, 第00班={"outcome": "passed_changed", "sessions": "2", "opinion": "增加一期"})
    decision = Decision.objects.latest("pk")
    assert decision.action == DecisionAction.APPROVE_CHANGED
    assert (decision.opinion, decision.meeting, decision.version.by_meeting) == ("增加一期", meeting, True)
    assert decision.post == world.posts["secretary"]
