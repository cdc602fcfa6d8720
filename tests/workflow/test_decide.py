"""同意, 退回, 建议不列入: what a step of review does, and each guard that alone refuses it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import Decision, WorkTask
from workflow.rules.findings import stored
from workflow.services import decisions
from workflow.states import DecisionAction, MeetingOutcome

RETURN, ADVISE = DecisionAction.RETURN, DecisionAction.ADVISE_EXCLUSION


def test_agreeing_passes_the_plan_on_and_keeps_what_was_seen(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan, when=at(1, 11, 10))
    task = world.task(plan)
    decision = acts.decide(world, plan, when=at(1, 12, 11))
    assert (decision.action, decision.opinion, decision.return_to) == ("agree", "同意", "")
    assert (decision.step, decision.step_title) == ("sign", "部门审签")
    assert (decision.actor_name, decision.post_title) == ("孙莉", "宣传网络部 部长")
    assert decision.post == world.posts["xuanchuan-head"]
    assert (decision.task, decision.received_at, decision.spent) == (
        task,
        at(1, 11, 10),
        timedelta(days=1, hours=1),
    )
    assert {finding.code for finding in stored(decision.findings)} >= {"survey_missing", "over_ceiling_total"}
    task.refresh_from_db()
    assert (task.is_open, task.status, task.owner) == (False, "DONE", world.people["xuanchuan-head"])
    after = world.task(plan)
    assert (after.step, after.arrived_at, after.due_at) == ("review", at(1, 12, 11), at(1, 15, 11))
    assert acts.fresh(plan).state == "reviewing"


def test_the_last_step_of_review_sends_it_to_the_meeting(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    acts.decide(world, plan)
    assert acts.fresh(plan).state == "awaiting_meeting"
    task = world.task(plan)
    assert (task.kind, task.step, task.post) == ("decide", "decide", world.posts["secretary"])


@pytest.mark.parametrize("who", ["xuanchuan-staff", "caiwu-head", "leader", "secretary", "xuanchuan-head"])
def test_the_wrong_post_alone_refuses(world: World, who: str) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    with pytest.raises(Refused, match=r"^“归口审核”由 基层工作部 部长（周敏） 办理。$") as refused:
        acts.decide(world, plan, who)
    assert not isinstance(refused.value, Conflict)
    assert world.task(plan).step == "review"
    assert Decision.objects.filter(plan=plan).count() == 2


def test_a_deactivated_holder_alone_is_refused(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    holder = world.people["jiceng-head"]
    holder.is_active = False
    holder.save()
    with pytest.raises(Refused, match="现无人任职"):
        acts.decide(world, plan, holder)


def test_ones_own_plan_alone_refuses(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    world.appoint("caiwu-head", world.people["xuanchuan-staff"], at(1, 12).date())
    with pytest.raises(Refused, match=r"^不能审批本人报送的计划，请由本环节的其他负责人办理。$"):
        acts.decide(world, plan, "xuanchuan-staff", when=at(1, 13))
    assert world.task(plan).step == "finance"


@pytest.mark.parametrize(("action", "word"), [(RETURN, "退回"), (ADVISE, "建议不列入")])
@pytest.mark.parametrize("opinion", ["", "  \n"])
def test_a_missing_reason_alone_refuses(
    world: World, action: DecisionAction, word: str, opinion: str
) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    with pytest.raises(Refused, match=f"^{word}须填写意见，说明理由。$"):
        acts.decide(world, plan, action=action, opinion=opinion)
    assert world.task(plan).step == "review"


def test_a_stale_task_is_a_conflict_that_names_who_when_and_what(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    seen = world.task(plan).pk
    acts.decide(world, plan, when=at(1, 20, 10, 40))
    with pytest.raises(
        Conflict,
        match=(
            r"^《工会信息员培训班》的“归口审核”已由 周敏（基层工作部 部长）"
            r"于 1月20日 10:40 办理：同意。$"
        ),
    ):
        acts.decide(world, plan, "jiceng-head", task_id=seen, when=at(1, 20, 11))
    assert world.task(plan).step == "finance"


def test_a_stale_task_stays_one_when_the_plan_comes_back_to_the_same_desk(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    seen = world.task(plan).pk
    acts.decide(world, plan)
    acts.give_back(world, plan, "review", opinion="请复核人数")
    assert world.task(plan).step == "review"
    with pytest.raises(Conflict, match="已由 周敏"):
        acts.decide(world, plan, "jiceng-head", task_id=seen)


def test_a_task_of_another_plan_is_a_conflict(world: World) -> None:
    plan, other = acts.pass_to(world, world.draft(), "review"), acts.pass_to(world, world.draft(), "review")
    with pytest.raises(Conflict):
        acts.decide(world, plan, "jiceng-head", task_id=world.task(other).pk)
    assert [world.task(p).step for p in (plan, other)] == ["review", "review"]


def test_returned_to_the_author_it_waits_at_his_own_post(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    decision = acts.give_back(world, plan, opinion="人数依据不足")
    plan = acts.fresh(plan)
    task = world.task(plan)
    assert plan.state == "returned"
    assert (task.kind, task.step, task.post, task.due_at) == (
        "revise",
        "author",
        world.posts["xuanchuan-staff"],
        None,
    )
    assert (decision.action, decision.return_to, decision.opinion) == ("return", "author", "人数依据不足")


def test_returned_to_a_colleague_when_the_author_has_left(world: World) -> None:
    plan = acts.pass_to(world, world.draft(author=world.people["xuanchuan-head"]), "review")
    world.appoint("xuanchuan-head", world.people["bangongshi-staff"], at(1, 11).date())
    acts.give_back(world, plan)
    assert world.task(plan).post == world.posts["xuanchuan-staff"]


@pytest.mark.parametrize(
    ("here", "back"),
    [("review", "sign"), ("finance", "sign"), ("finance", "review")],
)
def test_returned_to_each_earlier_step_it_takes_the_way_again(world: World, here: str, back: str) -> None:
    plan = acts.pass_to(world, world.draft(), here)
    decision = acts.give_back(world, plan, back, opinion="请复核")
    assert decision.return_to == back
    assert (acts.fresh(plan).state, world.task(plan).step) == ("reviewing", back)
    acts.to_meeting(world, plan)
    assert acts.fresh(plan).versions.count() == 1


@pytest.mark.parametrize(
    ("here", "to"),
    [
        ("sign", "sign"),
        ("sign", "review"),
        ("review", "review"),
        ("review", "finance"),
        ("finance", "decide"),
        ("finance", "nowhere"),
        ("finance", ""),
    ],
)
def test_a_step_that_isnt_earlier_alone_refuses(world: World, here: str, to: str) -> None:
    plan = acts.pass_to(world, world.draft(), here)
    before = Decision.objects.filter(plan=plan).count()
    with pytest.raises(Refused, match=r"^只能退回经办人或前面的环节。$"):
        acts.give_back(world, plan, to)
    assert (world.task(plan).step, Decision.objects.filter(plan=plan).count()) == (here, before)


def test_advice_to_exclude_goes_on_and_the_meeting_decides(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    decision = acts.decide(world, plan, action=ADVISE, opinion="与权益保障部的班重复")
    assert decision.action == "advise_exclusion"
    assert (acts.fresh(plan).state, world.task(plan).step) == ("reviewing", "finance")
    acts.to_meeting(world, plan)
    acts.settle(world, plan, MeetingOutcome.PASSED)
    assert acts.fresh(plan).state == "approved"


@pytest.mark.parametrize(("step", "title"), [("sign", "部门审签"), ("finance", "财务会审")])
def test_a_step_that_may_not_advise_alone_refuses(world: World, step: str, title: str) -> None:
    plan = acts.pass_to(world, world.draft(), step)
    with pytest.raises(Refused, match=f"^“{title}”不能建议不列入，可以退回。$"):
        acts.decide(world, plan, action=ADVISE, opinion="重复")
    assert world.task(plan).step == step


#: 3 人以内的工作人员, 60 人 2 天走读: the quota is 63 × 2 × 210 = 26 460.
OVER = {"meals": "30000.00"}
HELD = r"^《工会信息员培训班》有须经批准的例外（综合定额内），同意时请填写意见。$"


def test_an_exception_alone_asks_each_step_for_its_own_opinion(world: World) -> None:
    plan = world.draft(costs=OVER, explanation="合同价已签")
    acts.submit(world, plan)
    for opinion in ("", "   "):
        with pytest.raises(Refused, match=HELD):
            acts.decide(world, plan, opinion=opinion)
    acts.decide(world, plan, opinion="场地另由区委党校提供，伙食按合同价")
    assert world.task(plan).step == "review"
    with pytest.raises(Refused, match=HELD):
        acts.decide(world, plan)


def test_an_exception_is_returned_like_any_plan(world: World) -> None:
    plan = world.draft(costs=OVER, explanation="合同价已签")
    acts.submit(world, plan)
    acts.give_back(world, plan, opinion="超标准")
    assert acts.fresh(plan).state == "returned"


@pytest.mark.parametrize("place", ["returned", "meeting", "deferred", "approved"])
def test_where_no_review_waits_nobody_reviews(world: World, place: str) -> None:
    plan = world.draft()
    if place == "returned":
        acts.submit(world, plan)
        acts.give_back(world, plan)
    else:
        acts.to_meeting(world, plan)
    if place == "deferred":
        acts.settle(world, plan, MeetingOutcome.DEFERRED)
    if place == "approved":
        acts.settle(world, plan)
    open_ = WorkTask.objects.filter(plan=plan, is_open=True).first()
    last = WorkTask.objects.filter(plan=plan, kind__gt="").last()
    assert last is not None
    task_id = open_.pk if open_ is not None else last.pk
    for actor in ("secretary", "xuanchuan-staff", "caiwu-head"):
        with pytest.raises(Refused):
            acts.decide(world, plan, actor, task_id=task_id)


def test_many_are_decided_each_on_its_own(world: World) -> None:
    ready = [acts.pass_to(world, world.draft(name=f"班{n}"), "review") for n in range(3)]
    held = acts.pass_to(world, world.draft(name="超标准班", costs=OVER, explanation="合同价"), "sign")
    acts.decide(world, held, opinion="同意例外")
    gone = acts.pass_to(world, world.draft(name="已办班"), "review")
    stale = (gone.pk, world.task(gone).pk, gone.name)
    acts.decide(world, gone)
    rows = [(plan.pk, world.task(plan).pk, plan.name) for plan in [*ready, held]]
    results = decisions.decide_many(
        tasks=[*rows, stale, rows[0]],
        action=DecisionAction.AGREE,
        actor=world.people["jiceng-head"],
        at=at(1, 20),
    )
    assert [(r.name, r.decision is not None) for r in results] == [
        ("班0", True),
        ("班1", True),
        ("班2", True),
        ("超标准班", False),
        ("已办班", False),
    ]
    assert results[3].reason == "《超标准班》有须经批准的例外（综合定额内），同意时请填写意见。"
    assert results[4].reason.startswith("《已办班》的“归口审核”已由 周敏（基层工作部 部长）")
    assert [world.task(plan).step for plan in [*ready, held, gone]] == [
        "finance",
        "finance",
        "finance",
        "review",
        "finance",
    ]
