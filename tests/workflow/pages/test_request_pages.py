"""One request about a 期: read beside what is approved, decided, taken back, printed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.workflow import called, runs
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import World, at
from workflow.models import RunRequest
from workflow.services import seats
from workflow.states import RequestKind


@pytest.fixture(autouse=True)
def spring():
    with time_machine.travel(at(4, 1, 10), tick=False):
        yield


def url(request: RunRequest) -> str:
    return reverse("workflow:run_request", args=[request.pk])


def decide(client, request: RunRequest, action: str = "agree", opinion: str = "", task: int = 0, **more):
    sent = {"action": action, "opinion": opinion, "task": task or runs.task_of(request).pk}
    return client.post(reverse("workflow:run_request_decide", args=[request.pk]), sent, **more)


def other_than_planned(world: World) -> RunRequest:
    run = runs.planned_run(world)
    terms = replace(
        runs.as_planned(run.plan),
        trainees=50,
        costs={"meals": Decimal("9000.00"), "venue": Decimal("2000.00")},
    )
    return runs.hand_in(world, run, terms=terms, reason="部分单位未报")


def test_both_sides_stand_beside_each_other(world: World) -> None:
    request = other_than_planned(world)
    answer = signed_in(world, "jiceng-head").get(url(request))
    weighty = {line.label: (line.before, line.after) for line in answer.context["lines"] if line.weighty}
    assert weighty == {
        "学员人数": ("60 人", "50 人"),
        "伙食费": ("8,000.00", "9,000.00"),
        "经费合计": ("10,000.00", "11,000.00"),
    }
    text = answer.content.decode()
    assert "与计划不一致，须经归口审核、财务会审、分管领导审批。" in text
    assert "经费增加，从年度专项预算安排 1,000.00 元。" in text
    assert "部分单位未报" in text


def test_the_buttons_are_the_holders_alone(world: World) -> None:
    request = other_than_planned(world)
    assert signed_in(world, "jiceng-head").get(url(request)).context["bar"]["form"]
    for who in ("xuanchuan-staff", "caiwu-head", "leader"):
        answer = signed_in(world, who).get(url(request))
        if answer.status_code == 200:
            assert "form" not in answer.context["bar"], who
    assert signed_in(world, "quanyi-head").get(url(request)).status_code == 404


def test_a_phone_number_is_for_whoever_writes_or_decides(world: World) -> None:
    request = other_than_planned(world)
    for who, whole in (("xuanchuan-staff", True), ("jiceng-head", True), ("caiwu-head", False)):
        page = signed_in(world, who).get(url(request)).content.decode()
        assert ("13800001206" in page) is whole, who


def test_agreed_step_by_step_it_opens(world: World) -> None:
    request = other_than_planned(world)
    for who in ("jiceng-head", "caiwu-head", "leader"):
        answer = decide(signed_in(world, who), request, opinion="同意", follow=True)
        assert "已办理：同意" in answer.content.decode()
    run = runs.fresh_run(request.run)
    assert (run.state, run.trainees) == ("enrolling", 50)


def test_without_a_reason_it_is_neither_returned_nor_refused(world: World) -> None:
    request = other_than_planned(world)
    client = signed_in(world, "jiceng-head")
    for action in ("return", "refuse"):
        answer = decide(client, request, action)
        assert answer.status_code == 422
        assert "须填写意见" in answer.content.decode()
    assert decide(client, request, "nonsense").status_code == 422
    assert runs.fresh_request(request).state == "reviewing"


def test_the_second_of_two_reads_who_was_faster(world: World) -> None:
    request = other_than_planned(world)
    task = runs.task_of(request).pk
    runs.decide(world, request, opinion="同意")
    answer = decide(signed_in(world, "jiceng-head"), request, opinion="我也同意", task=task)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "“归口审核”已由 周敏（基层工作部 部长）" in text
    assert "我也同意" in text


def test_it_is_taken_back_after_asking(world: World) -> None:
    request = other_than_planned(world)
    client = signed_in(world, "xuanchuan-staff")
    taking_back = reverse("workflow:run_request_withdraw", args=[request.pk])
    assert taking_back in client.get(url(request)).content.decode()
    assert "即终止" in client.get(taking_back).content.decode()
    client.post(taking_back, {"confirmed": "1"})
    assert runs.fresh_request(request).state == "withdrawn"
    assert runs.fresh_run(request.run).state == "planned"
    assert client.get(taking_back).status_code == 403


def test_the_print_says_who_decided_what(world: World) -> None:
    request = other_than_planned(world)
    runs.agree_all(world, request)
    answer = signed_in(world, "xuanchuan-staff").get(reverse("workflow:run_request_print", args=[request.pk]))
    text = answer.content.decode()
    for said in ("培训班开班申请审批单", "财务会审", "李想", "50 人", "第 1 讲"):
        assert said in text


def test_a_cancellation_says_what_it_leads_to(world: World) -> None:
    request = runs.hand_in(world, runs.opened_run(world), RequestKind.CANCEL, reason="报名不足")
    for who in ("jiceng-head", "caiwu-head"):
        decide(signed_in(world, who), request, opinion="同意")
    text = signed_in(world, "leader").get(url(request)).content.decode()
    assert "人员全部释放，不计入一年内调训" in text
    decide(signed_in(world, "leader"), request, opinion="同意")
    assert runs.fresh_run(request.run).state == "cancelled"


def test_an_exemption_names_the_people_and_what_holds_them(world: World) -> None:
    run = called.opened(world)
    unit = called.unit(world, "甲街道", people=2)
    called.trained(unit.cadres[0], date(2026, 9, 1))
    called.call_up(world, run, [(unit, 2)])
    called.nominate(world, run, unit)
    request = seats.ask_exemption(
        seat_ids=[called.seat(run, unit.cadres[0]).pk],
        reason="新任业务负责人",
        actor=unit.contact,
        at=world.now(),
    )
    head = signed_in(world, "jiceng-head")
    inbox = head.get(reverse("workflow:inbox"))
    (row,) = inbox.context["rows"]
    assert (row.kind, row.request, row.plan.name) == ("重复调训审批", request.pk, run.title)
    # It is about a person of that unit, not about the class's size and money.
    assert (row.plan.department, row.plan.people, row.plan.days, row.plan.total) == ("甲街道", "", "", None)
    assert '<option value="request:exempt">重复调训审批</option>' in inbox.content.decode()
    planned = runs.planned_run(world, name="另一个班")
    opening = runs.hand_in(world, planned, terms=runs.as_planned(planned.plan))
    for kind, keys in (("request:exempt", [request.pk]), ("request:open", [opening.pk])):
        narrowed = head.get(reverse("workflow:inbox"), {"kind": kind})
        assert [one.request for one in narrowed.context["rows"]] == keys
    assert head.get(reverse("workflow:inbox"), {"format": "xlsx"}).status_code == 200
    page = head.get(url(request))
    assert page.context["bar"]["form"]["phrases"][0] == "情况属实，同意例外参训。"
    text = page.content.decode()
    for said in (unit.cadres[0].name, "甲街道", "再次调训须经批准", "新任业务负责人", "记入例外情况"):
        assert said in text
    mine = Client()
    mine.force_login(unit.contact)
    assert mine.get(url(request)).status_code == 200
    # Who draws up no plans sees what he asked at once.
    assert list(mine.get(reverse("workflow:mine")).context["requests"]) == [request]
    assert mine.get(reverse("workflow:mine"), {"view": "plans"}).context["rows"] == []
    decide(head, request, "return", opinion="请说明原因")
    edit = reverse("workflow:run_request_edit", args=[request.pk])
    assert "请说明原因" in mine.get(edit).content.decode()
    sent = {"reason": "新任业务负责人，上年仅参加半程", "revision": 0, "action": "submit"}
    assert mine.post(edit, sent)["Location"] == url(request)
    assert runs.fresh_request(request).content["seats"] == request.content["seats"]
    decide(head, request, opinion="情况属实")
    assert runs.fresh_request(request).state == "approved"
