"""Classes carried over to the next year, on the pages: chosen, line by line, decided, and where it leads."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from budgets.models import Commitment, Project
from tests.workflow.money import asking, carried
from tests.workflow.money import spending as spend
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import World
from workflow.models import ClassRun, MoneyRequest
from workflow.states import MoneyKind

D = Decimal


@pytest.fixture(autouse=True)
def finance_works():
    with time_machine.travel(spend.NOW, tick=False):
        yield


@pytest.fixture
def run(world: World) -> ClassRun:
    """伙食费 8,000, 场地费 2,000, of which 1,500 are promised."""
    run = spend.ready(world)
    spend.commit(world, run)
    return run


@pytest.fixture
def old(run: ClassRun) -> Project:
    return spend.project_of(run)


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world, "caiwu-staff")


def form_of(project: Project) -> str:
    return reverse("workflow:money_carry_over", args=[project.fund_id])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def value_of(html: str, name: str) -> str:
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
    assert tag, name
    found = re.search(r'value="([^"]*)"', tag[0])
    return found[1] if found else ""


def lines_of(project: Project) -> dict[str, str]:
    return {item: f"line-{asking.line(project, item).pk}" for item in ("meals", "venue")}


def test_classes_that_are_not_settled_are_offered(world: World, client: Client, old: Project) -> None:
    asking.next_fund(world)
    page = client.get(form_of(old)).text
    assert f'name="classes" value="{old.pk}"' in page
    assert "P2027-0001 工会信息员培训班 宣传网络部 8,500.00 1,500.00 10,000.00" in text_of(page)
    # Their lines come when they are chosen.
    assert lines_of(old)["meals"] not in page


def test_chosen_ones_come_back_line_by_line_with_what_was_typed(
    world: World, client: Client, old: Project
) -> None:
    asking.next_fund(world)
    sent = {"classes": [old.pk], "amount": "300", "reason": "尾款未付", "action": "choose"}
    page = client.post(form_of(old), sent).text
    assert {item: value_of(page, name) for item, name in lines_of(old).items()} == {
        "meals": "8000.00",
        "venue": "2000.00",
    }
    assert (value_of(page, "amount"), "尾款未付" in page) == ("300", True)
    assert re.search(rf'value="{old.pk}"[^>]* checked', page)
    assert not MoneyRequest.objects.exists()


def test_ticked_without_lines_it_goes_with_all_it_has(world: World, client: Client, old: Project) -> None:
    asking.next_fund(world)
    sent = {"classes": [old.pk], "amount": "", "reason": "尾款未付", "action": "submit"}
    page = client.post(form_of(old), sent, follow=True).text
    assert MoneyRequest.objects.get().content["classes"] == [
        {"project": old.pk, "lines": {"meals": "8000.00", "venue": "2000.00"}}
    ]
    assert "从 2027 年结转 10,000.00 元到 2028 年：随 1 个班次结转 10,000.00 元。" in page


def test_a_line_above_what_it_has_is_told_at_its_field(world: World, client: Client, old: Project) -> None:
    asking.next_fund(world)
    names = lines_of(old)
    sent: dict[str, Any] = {
        "classes": [old.pk],
        names["meals"]: "8000.01",
        names["venue"]: "1500",
        "reason": "尾款未付",
        "action": "submit",
    }
    answer = client.post(form_of(old), sent)
    assert answer.status_code == 422
    assert "合计 8,000.00 元，不能结转 8,000.01 元，差 0.01 元。</small>" in answer.text
    assert value_of(answer.text, names["venue"]) == "1500"
    page = client.post(form_of(old), sent | {names["meals"]: "7000"}, follow=True).text
    words = text_of(page)
    assert "伙食费 8,000.00 0.00 0.00 8,000.00 7,000.00 1,000.00" in words
    assert "场地、资料、交通费 2,000.00 0.00 1,500.00 500.00 1,500.00 500.00" in words
    assert "合计 10,000.00 0.00 1,500.00 8,500.00 8,500.00 1,500.00" in words
    assert "其余 1,500.00 元收回本年专项预算" in words


def test_a_class_that_may_not_be_chosen_is_refused(world: World, client: Client, old: Project) -> None:
    asking.next_fund(world)
    answer = client.post(form_of(old), {"classes": [0], "reason": "尾款", "action": "save"})
    assert answer.status_code == 422
    assert "所选班次已办结、已结转或没有余额" in answer.text


def test_a_draft_keeps_what_was_chosen(world: World, client: Client, old: Project) -> None:
    asking.next_fund(world)
    names = lines_of(old)
    sent = {"classes": [old.pk], names["meals"]: "6000", names["venue"]: "1800", "action": "save"}
    page = client.post(form_of(old), sent, follow=True).text
    assert (value_of(page, names["meals"]), value_of(page, names["venue"])) == ("6000.00", "1800.00")


def test_the_approver_sees_it_by_class_and_the_pages_lead_on(
    world: World, client: Client, run: ClassRun, old: Project
) -> None:
    asking.next_fund(world)
    request = asking.hand_in(world, MoneyKind.CARRY_OVER, carried.taking(old), reason="尾款未付")
    page = signed_in(world, "caiwu-head").get(reverse("workflow:money_request", args=[request.pk])).text
    assert 'name="action" value="agree"' in page or "同意" in page
    assert "随班结转" in page
    printed = client.get(reverse("workflow:money_request_print", args=[request.pk])).text
    assert "随班结转：P2027-0001 工会信息员培训班" in printed
    asking.agree_all(world, request)
    new = carried.later_of(old)
    links = {each.pk: reverse("workflow:project", args=[each.pk]) for each in (old, new)}
    done = client.get(reverse("workflow:money_request", args=[request.pk])).text
    assert f'已结转到 <a href="{links[new.pk]}">P2028-0001</a>' in done
    before = client.get(links[old.pk]).text
    assert "本班结余已结转到 P2028-0001，请在该项目办理。" in before
    assert f'<a href="{links[new.pk]}">P2028-0001</a>' in before
    assert reverse("workflow:payment_new", args=[old.pk]) not in before
    after = client.get(links[new.pk]).text
    assert f'上年结转：本班 2027 年的经费在 <a href="{links[old.pk]}">P2027-0001</a>' in after
    assert reverse("workflow:payment_new", args=[new.pk]) in after
    promised = Commitment.objects.get(project=new)
    shown = client.get(reverse("workflow:commitment", args=[promised.pk])).text
    assert promised.continues is not None
    assert promised.continues.number in shown
    refused = client.get(reverse("workflow:payment_new", args=[old.pk]), follow=True).text
    assert "本班结余已结转到 P2028-0001" in refused
    assert f'href="{links[new.pk]}">打开 P2028-0001</a>' in refused
    for page_name, pk in (("plan", run.plan_id), ("run", run.pk)):
        page = client.get(reverse(f"workflow:{page_name}", args=[pk])).text
        assert links[old.pk] in page
        assert links[new.pk] in page
    for each, mark in ((old, "已结转到 P2028-0001"), (new, "上年结转 P2027-0001")):
        assert mark in client.get(reverse("workflow:fund", args=[each.fund_id])).text


def test_closing_the_year_names_the_classes_it_would_strand(
    world: World, client: Client, old: Project
) -> None:
    page = client.get(reverse("workflow:fund_close", args=[old.fund_id])).text
    assert "未办结决算的班次 1 个，尚有 10,000.00 元" in text_of(page)
    asking.next_fund(world)
    carried.carry(world, old)
    assert "未办结决算的班次" not in client.get(reverse("workflow:fund_close", args=[old.fund_id])).text
