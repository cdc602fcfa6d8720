"""S4: a post passes on, and with it what waits at it; decisions keep person and post as they were."""

from __future__ import annotations

import datetime

import pytest

from office.refusals import Refused
from org import services as organisation
from org.models import Duty, PostKind, Union, User
from org.selectors import standing
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan, Decision, WorkTask
from workflow.rules import gate, route
from workflow.rules.gate import Act

JUNE = datetime.date(2027, 6, 1)


@pytest.fixture
def successor(world: World) -> User:
    return User.objects.create_user("p2", name="许诺")


def waiting_for(user: User, when: datetime.datetime) -> list[ClassPlan]:
    """What the person's inbox holds."""
    place = standing(user, when.date())
    return [task.plan for task in WorkTask.objects.open_for(place.post_ids).select_related("plan")]


def test_on_the_day_the_successor_sees_it_and_the_predecessor_no_longer(
    world: World, successor: User
) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    task = world.task(plan)
    predecessor = world.people["jiceng-head"]
    world.appoint("jiceng-head", successor, JUNE)
    before, day = at(5, 31, 23, 59), at(6, 1, 0, 1)
    assert (waiting_for(predecessor, before), waiting_for(successor, before)) == ([plan], [])
    assert (waiting_for(predecessor, day), waiting_for(successor, day)) == ([], [plan])
    assert gate.refusal(Act.AGREE, plan, actor=predecessor, at=before) is None
    assert gate.refusal(Act.AGREE, plan, actor=successor, at=day) is None
    assert gate.refusal(Act.AGREE, plan, actor=successor, at=before) == (
        "“归口审核”由 基层工作部 部长（周敏） 办理。"
    )
    with pytest.raises(Refused, match=r"^“归口审核”由 基层工作部 部长（许诺） 办理。$"):
        acts.decide(world, plan, predecessor, when=day)
    unmoved = world.task(plan)
    assert (unmoved.pk, unmoved.post_id, unmoved.arrived_at) == (task.pk, task.post_id, task.arrived_at)
    decision = acts.decide(world, plan, successor, when=day)
    assert (decision.actor_name, decision.post_title) == ("许诺", "基层工作部 部长")


def test_decisions_keep_person_and_post_as_they_were(world: World, successor: User) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    world.appoint("jiceng-head", successor, JUNE)
    user, post = world.people["jiceng-head"], world.posts["jiceng-head"]
    user.name, post.title = "周敏（退休）", "处长"
    user.save()
    post.save()
    decision = Decision.objects.get(plan=plan, step="review")
    assert (decision.actor, decision.actor_name, decision.post, decision.post_title) == (
        user,
        "周敏",
        post,
        "基层工作部 部长",
    )


def test_a_back_dated_succession_leaves_decisions_valid_and_marks_them(world: World, successor: User) -> None:
    plan = world.draft(when=at(1, 10))
    acts.submit(world, plan, when=at(1, 11))
    acts.decide(world, plan, when=at(1, 12))
    acts.decide(world, plan, when=at(5, 25))
    assert world.task(plan).step == "finance"
    record = route.record(plan)
    assert route.unconfirmed(record) == set()
    world.appoint("jiceng-head", successor, datetime.date(2027, 5, 20))
    decision = Decision.objects.get(plan=plan, step="review")
    assert decision.actor == world.people["jiceng-head"]
    assert route.unconfirmed(route.record(plan)) == {decision.pk}
    assert world.task(plan).step == "finance"
    acts.decide(world, plan, when=at(6, 2))
    assert acts.fresh(plan).state == "awaiting_meeting"


def test_a_vacant_post_keeps_its_task_for_whoever_comes(world: World, successor: User) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    organisation.vacate(post=world.posts["caiwu-head"], on=JUNE, actor=world.admin, at=at(5, 1))
    with pytest.raises(Refused, match=r"^“财务会审”由 财务资产部 部长（现无人任职） 办理。$"):
        acts.decide(world, plan, "caiwu-head", when=at(6, 2))
    authority = standing(world.people["jiceng-head"], JUNE)
    assert plan in ClassPlan.objects.visible_to(authority)
    world.appoint("caiwu-head", successor, datetime.date(2027, 6, 10))
    acts.decide(world, plan, successor, when=at(6, 10))
    assert acts.fresh(plan).state == "awaiting_meeting"


def test_a_plan_comes_to_a_vacant_post_all_the_same(world: World, successor: User) -> None:
    organisation.vacate(post=world.posts["jiceng-head"], on=at(1, 5).date(), actor=world.admin, at=at(1, 5))
    plan = world.draft()
    acts.submit(world, plan)
    acts.decide(world, plan)
    assert world.task(plan).post == world.posts["jiceng-head"]
    world.appoint("jiceng-head", successor, at(1, 20).date())
    acts.decide(world, plan, successor, when=at(1, 20))


def test_the_author_leaves_and_his_colleagues_go_on(world: World, successor: User) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan)
    world.appoint("xuanchuan-staff", successor, at(1, 13).date())
    gone = world.people["xuanchuan-staff"]
    plan = acts.fresh(plan)
    assert gate.refusal(Act.SUBMIT, plan, actor=gone, at=at(1, 13)) == ("只有宣传网络部的人员可以办理。")
    acts.edit(world, plan, successor, trainees=45, when=at(1, 13))
    decision = acts.submit(world, plan, successor, when=at(1, 13))
    assert (decision.actor_name, decision.post_title) == ("许诺", "宣传网络部 干事")


def test_who_changes_departments_sees_what_he_decided_and_no_draft(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    draft = world.draft()
    head = world.people["xuanchuan-head"]
    world.appoint("xuanchuan-head", world.people["bangongshi-staff"], at(2, 1).date())
    seen = ClassPlan.objects.visible_to(standing(head, at(2, 1).date()))
    assert plan in seen
    assert draft not in seen


def test_a_duty_that_passes_on_brings_the_next_plans_to_the_new_department(world: World) -> None:
    waiting = acts.pass_to(world, world.draft(), "review")
    organisation.assign_duty(
        union=Union.objects.get(pk=world.union.pk),
        code="training_authority",
        department=world.departments["quanyi"],
        since=at(1, 20).date(),
        actor=world.admin,
        at=at(1, 15),
    )
    assert Duty.objects.filter(code="training_authority").count() == 2
    acts.decide(world, waiting, "jiceng-head", when=at(1, 21))
    later = world.draft(when=at(1, 21))
    acts.submit(world, later, when=at(1, 21))
    acts.decide(world, later, "xuanchuan-head", when=at(1, 21))
    assert world.task(later).post == world.posts["quanyi-head"]


def test_a_new_secretary_settles_what_the_old_one_put_on_the_agenda(world: World, successor: User) -> None:
    plan = acts.to_meeting(world, world.draft())
    acts.call(world, plan)
    world.appoint("secretary", successor, at(1, 20).date())
    with pytest.raises(Refused, match="“主席办公会审定”由 办公室 会议秘书（许诺） 办理。"):
        acts.settle(world, plan, who="secretary", when=at(1, 20))
    acts.settle(world, plan, who=successor, when=at(1, 20))
    assert acts.fresh(plan).state == "approved"


def test_a_second_post_brings_its_own_work_beside_the_first(world: World) -> None:
    head = world.people["xuanchuan-head"]
    worlds.post(world, "zhongxin-head", "主任", PostKind.LEADER, None, head)
    world.appoint("caiwu-head", head, at(1, 5).date())
    sign = acts.pass_to(world, world.draft(), "sign")
    finance = acts.pass_to(world, world.draft("quanyi"), "finance")
    assert {plan.pk for plan in waiting_for(head, at(1, 20))} == {sign.pk, finance.pk}
