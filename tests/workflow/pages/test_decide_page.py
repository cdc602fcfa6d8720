"""Deciding on the page: buttons as the gate answers, refusals that keep what was typed, conflicts."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from org.models import Duty
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.test_chains import CHAINS, yanjiang
from tests.workflow.world import World, at
from workflow.models import ClassPlan, Decision
from workflow.rules.gate import Act, allowed
from workflow.states import DecisionAction, MeetingOutcome


@pytest.fixture(autouse=True)
def january():
    with time_machine.travel(at(1, 13, 10), tick=False):
        yield


def address(plan: ClassPlan, name: str = "plan") -> str:
    return reverse(f"workflow:{name}", args=[plan.pk])


def post(client: Client, plan: ClassPlan, who, task: int, action: str, **more: str):
    client.force_login(who)
    return client.post(address(plan, "decide"), {"task": task, "action": action, **more})


def buttons(text: str) -> set[str]:
    """The acts the page offers, by what it would post or open."""
    offered = set(re.findall(r'<button[^>]*name="action" value="(\w+)"', text))
    for act, mark in (("edit", "/edit/"), ("submit", "/submit/"), ("delete", "/delete/")):
        if re.search(rf'class="button[^"]*" href="[^"]*{mark}"', text):
            offered.add(act)
    if re.search(r'action="[^"]*/withdraw/"', text):
        offered.add("withdraw")
    return offered


ACTS = {
    "agree": Act.AGREE,
    "return": Act.RETURN,
    "advise_exclusion": Act.ADVISE_EXCLUSION,
    "withdraw": Act.WITHDRAW,
    "edit": Act.EDIT,
    "submit": Act.SUBMIT,
    "delete": Act.DELETE,
}


def bring(world: World, plan: ClassPlan, place: str) -> ClassPlan:
    """The plan in one of the states there are."""
    match place:
        case "draft":
            pass
        case "sign" | "review" | "finance" | "decide":
            acts.pass_to(world, plan, place)
        case "returned":
            acts.give_back(world, acts.pass_to(world, plan, "review"))
        case "withdrawn":
            acts.submit(world, plan)
            acts.withdraw(world, plan)
        case "approved":
            acts.approve(world, plan)
        case "deferred":
            acts.settle(world, acts.to_meeting(world, plan), MeetingOutcome.DEFERRED)
        case "excluded":
            acts.settle(world, acts.to_meeting(world, plan), MeetingOutcome.EXCLUDED, opinion="不办")
    return acts.fresh(plan)


PLACES = (
    "draft",
    "sign",
    "review",
    "finance",
    "decide",
    "returned",
    "withdrawn",
    "approved",
    "deferred",
    "excluded",
)


@pytest.mark.parametrize("place", PLACES)
def test_every_button_is_there_exactly_when_the_gate_lets_it_through(
    world: World, client: Client, place: str
) -> None:
    plan = bring(world, world.draft(), place)
    seen = 0
    for who, person in world.people.items():
        client.force_login(person)
        answer = client.get(address(plan))
        if answer.status_code == 404:
            continue
        seen += 1
        reasons = allowed(plan, actor=person, at=at(1, 13, 10))
        expected = {name for name, act in ACTS.items() if reasons[act] is None}
        text = answer.content.decode()
        assert buttons(text) - {"withdraw"} == expected - {"withdraw"}, who
        assert ("withdraw" in buttons(text)) == ("withdraw" in expected), who
        if not expected:  # he may look: the page says why he can't act
            assert '<div class="decide">' in text, who
    assert seen >= 2


@pytest.mark.parametrize("place", ["sign", "review", "finance"])
def test_who_may_look_but_not_act_reads_the_reason(world: World, client: Client, place: str) -> None:
    plan = bring(world, world.draft(), place)
    client.force_login(world.people["jiceng-staff"])
    text = client.get(address(plan)).content.decode()
    reason = allowed(plan, actor=world.people["jiceng-staff"], at=at(1, 13, 10))[Act.AGREE]
    assert reason is not None
    assert reason in text


def test_agreeing_passes_it_on_and_keeps_the_opinion(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    answer = post(
        client, plan, world.people["jiceng-head"], world.task(plan).pk, "agree", opinion=" 拟同意。 "
    )
    assert answer.status_code == 302
    last = Decision.objects.filter(plan=plan).latest("id")
    assert (last.action, last.opinion, last.step) == ("agree", "拟同意。", "review")
    assert world.task(plan).step == "finance"


def test_returning_to_an_earlier_step_and_to_the_author(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    finance = world.people["caiwu-head"]
    client.force_login(finance)
    text = client.get(address(plan)).content.decode()
    assert re.findall(r'name="target" value="(\w+)"', text) == ["author", "sign", "review"]
    post(client, plan, finance, world.task(plan).pk, "return", opinion="请复核", target="review")
    assert world.task(plan).step == "review"
    post(
        client,
        plan,
        world.people["jiceng-head"],
        world.task(plan).pk,
        "return",
        opinion="请改",
        target="author",
    )
    assert acts.fresh(plan).state == "returned"


@pytest.mark.parametrize("action", ["return", "advise_exclusion"])
def test_a_missing_reason_asks_again_and_keeps_the_target(world: World, client: Client, action: str) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    answer = post(
        client, plan, world.people["jiceng-head"], world.task(plan).pk, action, opinion="  ", target="sign"
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "须填写意见" in text
    assert re.findall(r'name="target" value="(\w+)" checked', text) == ["sign"]
    assert Decision.objects.filter(plan=plan, action=action).count() == 0


def test_an_exception_wants_words_and_keeps_none_it_has_not(world: World, client: Client) -> None:
    plan = world.draft(costs={"meals": "99000.00"}, explanation="场地涨价")
    acts.submit(world, plan)
    head = world.people["xuanchuan-head"]
    answer = post(client, plan, head, world.task(plan).pk, "agree", opinion="")
    assert answer.status_code == 422
    assert "须经批准的例外" in answer.content.decode()
    assert post(client, plan, head, world.task(plan).pk, "agree", opinion="情况属实").status_code == 302


def test_a_refusal_keeps_what_was_typed(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    answer = post(
        client,
        plan,
        world.people["jiceng-head"],
        world.task(plan).pk,
        "return",
        opinion='请"核减"人数',
        target="decide",
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "只能退回" in text
    assert 'value="请&quot;核减&quot;人数"' in text


def test_somebody_faster_is_told_with_what_was_typed(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task = world.task(plan).pk
    acts.decide(world, plan, when=at(1, 12, 15))
    answer = post(client, plan, world.people["jiceng-head"], task, "agree", opinion="写了很久的意见")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "已由 周敏（基层工作部 部长）" in text
    assert "写了很久的意见" in text
    assert Decision.objects.filter(plan=plan, action="agree").count() == 2


def test_the_second_press_changes_nothing(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task, head = world.task(plan).pk, world.people["jiceng-head"]
    assert post(client, plan, head, task, "agree").status_code == 302
    assert post(client, plan, head, task, "agree").status_code == 409
    assert world.task(plan).step == "finance"


def test_a_plan_taken_back_meanwhile_is_a_conflict(world: World, client: Client) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    task = world.task(plan).pk
    acts.withdraw(world, plan)
    answer = post(client, plan, world.people["xuanchuan-head"], task, "agree", opinion="好")
    assert answer.status_code == 409


def test_who_has_not_the_turn_is_refused(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    for who in ("jiceng-staff", "caiwu-head", "secretary", "xuanchuan-staff", "xuanchuan-head"):
        answer = post(client, plan, world.people[who], world.task(plan).pk, "agree", opinion="好")
        assert answer.status_code == 422, who
        assert "由 基层工作部 部长（周敏） 办理" in answer.content.decode()
    assert world.task(plan).step == "review"


def test_an_outsider_finds_nothing(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会")
    outsiders = [world.people["quanyi-head"], world.people["principal"], *other.people.values()]
    for person in outsiders:
        assert post(client, plan, person, world.task(plan).pk, "agree").status_code == 404
    assert world.task(plan).step == "review"


@pytest.mark.parametrize(
    ("task", "action"), [("", "agree"), ("x", "agree"), ("9" * 30, "agree"), (None, "delete"), (None, "")]
)
def test_a_mangled_form_is_answered_not_crashed_on(
    world: World, client: Client, task: str | None, action: str
) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    client.force_login(world.people["jiceng-head"])
    number = world.task(plan).pk if task is None else task
    answer = client.post(address(plan, "decide"), {"task": number, "action": action, "opinion": "好"})
    assert answer.status_code == 422
    assert 'value="好"' in answer.content.decode()


def test_deciding_is_a_post_with_a_token(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    client.force_login(world.people["jiceng-head"])
    assert client.get(address(plan, "decide")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["jiceng-head"])
    answer = strict.post(address(plan, "decide"), {"task": world.task(plan).pk, "action": "agree"})
    assert answer.status_code == 403
    assert world.task(plan).step == "review"


def test_advice_against_a_plan_is_seen_by_finance_and_the_meeting(world: World, client: Client) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    post(
        client, plan, world.people["jiceng-head"], world.task(plan).pk, "advise_exclusion", opinion="内容重复"
    )
    for who in ("caiwu-head", "secretary", "xuanchuan-staff"):
        client.force_login(world.people[who])
        text = client.get(address(plan)).content.decode()
        assert "建议不列入" in text, who
        assert "内容重复" in text, who
    assert Decision.objects.filter(action=DecisionAction.ADVISE_EXCLUSION).count() == 1


def test_own_words_come_back_as_phrases(world: World, client: Client) -> None:
    for number in range(2):
        acts.decide(
            world, acts.pass_to(world, world.draft(name=f"{number}班"), "review"), opinion="拟同意，请会审。"
        )
    plan = acts.pass_to(world, world.draft(name="三班"), "review")
    client.force_login(world.people["jiceng-head"])
    bar = client.get(address(plan)).context["bar"]["form"]
    assert bar["phrases"][0] == "拟同意，请会审。"
    client.force_login(world.people["xuanchuan-head"])
    acts.submit(world, other := world.draft(name="四班"))
    assert "拟同意，请会审。" not in client.get(address(other)).context["bar"]["form"]["phrases"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHAINS)
def test_each_holder_of_each_book_decides_on_the_page(name: str, client: Client) -> None:
    """From his own inbox, the superior union's reviewer too."""
    make, department, expected = CHAINS[name]
    world = make()
    plan = world.draft(department)
    acts.submit(world, plan)
    for index, (_, title, holder) in enumerate(expected[:-1]):
        client.force_login(world.holder(plan))
        assert address(plan) in client.get("/").content.decode(), holder
        answer = client.get(address(plan))
        assert [s.title for s in answer.context["stages"] if s.tone == "now"] == [title]
        assert len([s for s in answer.context["stages"] if s.tone == "next"]) == len(expected) - index
        sent = client.post(address(plan, "decide"), {"task": world.task(plan).pk, "action": "agree"})
        assert sent.status_code == 302, holder
    assert world.task(plan).kind == "decide"


def test_a_step_nobody_can_take_is_said_before_and_when_agreeing(client: Client, db: None) -> None:
    world = yanjiang()
    plan = acts.pass_to(world, world.draft("xuanjiao"), "leader")
    Duty.objects.filter(union__code="jiangcheng").delete()
    client.force_login(world.people["leader"])
    assert "不能进入下一环节" in client.get(address(plan)).content.decode()
    answer = client.post(
        address(plan, "decide"), {"task": world.task(plan).pk, "action": "agree", "opinion": "同意报上级"}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "没有指定承担" in page
    assert 'value="同意报上级"' in page
