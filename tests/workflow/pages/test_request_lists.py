"""Requests about 期 beside plans: 待办, 已办, 我发起的, search; never agreed to in bulk."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from tests.workflow import acts, runs
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import World, at
from workflow.models import RunRequest
from workflow.states import DecisionAction, RequestKind

INBOX = reverse("workflow:inbox")


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def asked(world: World, **changes: Any) -> RunRequest:
    run = runs.planned_run(world)
    return runs.hand_in(world, run, terms=replace(runs.as_planned(run.plan), **changes), reason="物价上涨")


def url(request: RunRequest) -> str:
    return reverse("workflow:run_request", args=[request.pk])


def test_the_row_speaks_of_the_request_and_not_of_the_plan(world: World) -> None:
    request = asked(world, trainees=50, costs={"meals": Decimal("7000.00")})
    answer = signed_in(world, "jiceng-head").get(INBOX)
    (row,) = answer.context["rows"]
    assert (row.kind, row.step, row.can_agree, row.request) == ("开班申请", "归口审核", False, request.pk)
    assert (row.plan.name, row.plan.people, row.plan.days, row.plan.total) == (
        "工会信息员培训班",
        "50＋3",
        "2",
        Decimal("7000.00"),
    )
    assert row.plan.sub == "P2027-0001-1 · 开班申请 · 与计划不一致"
    text = answer.content.decode()
    assert f'href="{url(request)}"' in text
    assert 'name="pick"' not in text
    assert row.limit.text


def test_returned_it_waits_with_whoever_handed_it_in(world: World) -> None:
    request = asked(world)
    runs.decide(world, request, action=DecisionAction.RETURN, opinion="请补班主任")
    (row,) = signed_in(world, "xuanchuan-staff").get(INBOX).context["rows"]
    assert (row.kind, row.request) == ("申请退回修改", request.pk)
    assert signed_in(world, "jiceng-head").get(INBOX).context["rows"] == []


def test_it_is_found_by_its_kind_and_its_findings(world: World) -> None:
    request = asked(world, costs={"meals": Decimal("99000.00")})
    acts.pass_to(world, world.draft(name="计划里的班"), "review")
    client = signed_in(world, "jiceng-head")
    assert [row.request for row in client.get(f"{INBOX}?kind=request").context["rows"]] == [request.pk]
    (row,) = client.get(f"{INBOX}?found=on").context["rows"]
    assert row.request == request.pk
    assert row.found["label"].startswith("超综合定额")


def test_bulk_agreement_leaves_it_out_with_the_reason(world: World) -> None:
    request = asked(world)
    plan = acts.pass_to(world, world.draft(name="计划里的班"), "review")
    client = signed_in(world, "jiceng-head")
    picks = {"pick": [runs.task_of(request).pk, world.task(plan).pk]}
    before = client.post(reverse("workflow:decide_many"), picks)
    assert {item.plan.name: bool(item.reason) for item in before.context["items"]} == {
        "计划里的班": False,
        "工会信息员培训班": True,
    }
    assert "逐项办理" in before.content.decode()
    done = client.post(reverse("workflow:decide_many"), picks | {"confirmed": "1"})
    assert [(line["name"], line["done"]) for line in done.context["results"]] == [
        ("计划里的班", True),
        ("工会信息员培训班", False),
    ]
    assert runs.fresh_request(request).state == "reviewing"


def test_what_was_done_and_what_one_asked(world: World) -> None:
    request = asked(world)
    runs.decide(world, request, opinion="核过了")
    row = signed_in(world, "jiceng-head").get(reverse("workflow:done")).context["rows"][0]
    assert (row.request, row.step, row.result, row.plan.state_label) == (
        request.pk,
        "归口审核",
        "同意",
        "已批准",
    )
    client = signed_in(world, "xuanchuan-staff")
    page = client.get(f"{reverse('workflow:mine')}?view=requests").content.decode()
    assert url(request) in page
    assert "已批准" in page


def test_search_finds_the_session_by_its_code(world: World) -> None:
    run = asked(world).run
    page = signed_in(world, "jiceng-head").get(f"{reverse('workflow:search')}?q={run.code}").content.decode()
    assert reverse("workflow:run", args=[run.pk]) in page
    page = signed_in(world, "quanyi-head").get(f"{reverse('workflow:search')}?q={run.code}").content.decode()
    assert reverse("workflow:run", args=[run.pk]) not in page


def test_the_workbook_has_it_too(world: World) -> None:
    asked(world, trainees=50)
    answer = signed_in(world, "jiceng-head").get(f"{INBOX}?format=xlsx")
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    assert any("开班申请" in row and 50 in row for row in rows)


@pytest.mark.parametrize("address", [INBOX, reverse("workflow:done")])
def test_requests_cost_the_lists_one_statement(world: World, address: str) -> None:
    plan = acts.approve(world, world.draft(sessions=3))
    first, *others = plan.runs.order_by("session_no")
    runs.hand_in(world, runs.fresh_run(first), terms=runs.as_planned(plan))
    who = "jiceng-head"
    if address != INBOX:
        runs.agree_all(world, RunRequest.objects.get())
    client = signed_in(world, who)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for run in others:
        request = runs.hand_in(world, runs.fresh_run(run), terms=runs.as_planned(plan, run.session_no))
        if address != INBOX:
            runs.agree_all(world, request)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


def test_an_exemption_of_nobody_isnt_offered_by_address(world: World) -> None:
    run = runs.opened_run(world)
    address = reverse("workflow:run_change", args=[run.pk, RequestKind.EXEMPT])
    assert signed_in(world, "xuanchuan-staff").get(address).status_code == 404
