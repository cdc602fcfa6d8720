"""All acts × places of a plan × people: the whole table, written out."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm

from org.models import PostKind, User
from org.selectors import standing
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import World, at
from workflow.models import ClassPlan
from workflow.rules import gate
from workflow.rules.gate import Act
from workflow.states import MeetingOutcome, PlanState

#: author own-head other-head authority finance secretary leader auditor outsider gone
PEOPLE = (
    "author",
    "own_head",
    "other_head",
    "authority",
    "finance",
    "secretary",
    "leader",
    "auditor",
    "outsider",
    "gone",
)

PLACES = (
    "draft",
    "sign",
    "review",
    "finance",
    "meeting",
    "returned",
    "deferred",
    "approved",
    "excluded",
    "withdrawn",
    "merged",
    "cancelled",
)

#: What each letter of the table says. ``.`` is yes.
SAYS = {
    ".": None,
    "s": "《工会信息员培训班》现为“{state}”，不能办理这一操作。",
    "d": "只有宣传网络部的人员可以办理。",
    "x": "账号已停用。",
    "t": "“{step}”由 {holder} 办理。",
    "e": "“{step}”不能建议不列入，可以退回。",
    "m": "只有归口管理部门和会议秘书可以安排议题。",
    "a": "宣传网络部 部长 孙莉 已办理（同意），不能撤回。",
}

HOLDERS = {
    "sign": ("部门审签", "宣传网络部 部长（孙莉）"),
    "review": ("归口审核", "基层工作部 部长（周敏）"),
    "finance": ("财务会审", "财务资产部 部长（李想）"),
    "meeting": ("主席办公会审定", "办公室 会议秘书（何静）"),
}

EDITING = """
draft      . . d d d d d d d x
sign       s s s s s s s s s s
review     s s s s s s s s s s
finance    s s s s s s s s s s
meeting    s s s s s s s s s s
returned   . . d d d d d d d x
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  . . d d d d d d d x
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
"""

REVIEWING = """
draft      s s s s s s s s s s
sign       t . t t t t t t t t
review     t t t . t t t t t t
finance    t t t t . t t t t t
meeting    s s s s s s s s s s
returned   s s s s s s s s s s
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
"""

TABLES = {
    Act.EDIT: EDITING,
    Act.SUBMIT: EDITING,
    Act.DELETE: """
draft      . . d d d d d d d x
sign       s s s s s s s s s s
review     s s s s s s s s s s
finance    s s s s s s s s s s
meeting    s s s s s s s s s s
returned   s s s s s s s s s s
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
""",
    Act.WITHDRAW: """
draft      s s s s s s s s s s
sign       . . d d d d d d d x
review     a a d d d d d d d x
finance    a a d d d d d d d x
meeting    s s s s s s s s s s
returned   s s s s s s s s s s
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
""",
    Act.AGREE: REVIEWING,
    Act.RETURN: REVIEWING,
    Act.ADVISE_EXCLUSION: """
draft      s s s s s s s s s s
sign       t e t t t t t t t t
review     t t t . t t t t t t
finance    t t t t e t t t t t
meeting    s s s s s s s s s s
returned   s s s s s s s s s s
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
""",
    Act.PUT_ON_AGENDA: """
draft      s s s s s s s s s s
sign       s s s s s s s s s s
review     s s s s s s s s s s
finance    s s s s s s s s s s
meeting    m m m . m . m m m m
returned   s s s s s s s s s s
deferred   m m m . m . m m m m
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
""",
    Act.SETTLE: """
draft      s s s s s s s s s s
sign       s s s s s s s s s s
review     s s s s s s s s s s
finance    s s s s s s s s s s
meeting    t t t t t . t t t t
returned   s s s s s s s s s s
deferred   s s s s s s s s s s
approved   s s s s s s s s s s
excluded   s s s s s s s s s s
withdrawn  s s s s s s s s s s
merged     s s s s s s s s s s
cancelled  s s s s s s s s s s
""",
}


@pytest.fixture
def cast(world: World) -> dict[str, User]:
    """Who has to do with 宣传网络部's plan, and who must not."""
    auditor = User.objects.create_user("auditor", name="秦朗")
    assign_perm("org.look_union", auditor, world.union)
    gone = User.objects.create_user("gone", name="离岗人")
    worlds.post(world, "xuanchuan-deputy", "副部长", PostKind.DEPUTY, world.departments["xuanchuan"], gone)
    gone.is_active = False
    gone.save()
    other = worlds.found("gaoxin", "高新区总工会", {"zonghe": "综合部"})
    return {
        "author": world.people["xuanchuan-staff"],
        "own_head": world.people["xuanchuan-head"],
        "other_head": world.people["quanyi-head"],
        "authority": world.people["jiceng-head"],
        "finance": world.people["caiwu-head"],
        "secretary": world.people["secretary"],
        "leader": world.people["leader"],
        "auditor": auditor,
        "outsider": other.people["zonghe-staff"],
        "gone": gone,
    }


def reach(plan: ClassPlan, state: PlanState) -> None:
    """A state no service leads to yet, with the database's guards off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE workflow_classplan DISABLE TRIGGER USER")
        cursor.execute("UPDATE workflow_classplan SET state = %s WHERE id = %s", [state, plan.pk])
        cursor.execute("ALTER TABLE workflow_classplan ENABLE TRIGGER USER")


def placed(world: World, place: str) -> ClassPlan:
    """A plan of 宣传网络部 at that place of its way."""
    plan = world.draft()
    match place:
        case "draft":
            pass
        case "sign" | "review" | "finance":
            acts.pass_to(world, plan, place)
        case "returned":
            acts.pass_to(world, plan, "review")
            acts.give_back(world, plan)
        case "withdrawn":
            acts.submit(world, plan)
            acts.withdraw(world, plan)
        case "merged" | "cancelled":
            acts.approve(world, plan)
            reach(plan, PlanState(place))
        case _:
            acts.to_meeting(world, plan)
            outcomes = {
                "deferred": MeetingOutcome.DEFERRED,
                "approved": MeetingOutcome.PASSED,
                "excluded": MeetingOutcome.EXCLUDED,
            }
            if place in outcomes:
                acts.settle(world, plan, outcomes[place], opinion="会议决定")
    return acts.fresh(plan)


def table(act: Act, place: str) -> str:
    rows = dict(line.split(maxsplit=1) for line in TABLES[act].strip().splitlines())
    assert tuple(rows) == PLACES
    return rows[place].replace(" ", "")


def said(letter: str, plan: ClassPlan, place: str) -> str | None:
    step, holder = HOLDERS.get(place, ("", ""))
    text = SAYS[letter]
    return text and text.format(state=plan.get_state_display(), step=step, holder=holder)


@pytest.mark.parametrize("place", PLACES)
def test_everyone_gets_the_answer_of_the_table(world: World, cast: dict[str, User], place: str) -> None:
    plan = placed(world, place)
    expected = {
        (name, act): said(letter, plan, place)
        for act in Act
        for name, letter in zip(PEOPLE, table(act, place), strict=True)
    }
    found = {
        (name, act): gate.refusal(act, plan, actor=cast[name], at=at(2, 1)) for name in PEOPLE for act in Act
    }
    assert found == expected
    assert {
        (name, act): reason
        for name in PEOPLE
        for act, reason in gate.allowed(plan, actor=cast[name], at=at(2, 1)).items()
    } == expected


#: Who sees a plan at that place: the department from the first line, the office from its submission on.
SEEN = {"draft": {"author", "own_head"}} | {
    place: {"author", "own_head", "authority", "finance", "secretary", "auditor"}
    for place in PLACES
    if place != "draft"
}


@pytest.mark.parametrize("place", PLACES)
def test_the_same_people_see_the_plan(world: World, cast: dict[str, User], place: str) -> None:
    plan = placed(world, place)
    seeing = {
        name
        for name, user in cast.items()
        if ClassPlan.objects.visible_to(standing(user, at(2, 1).date())).filter(pk=plan.pk).exists()
    }
    assert seeing == SEEN[place]


def test_a_plan_handed_in_by_ones_own_hand_is_for_others(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "finance")
    world.appoint("caiwu-head", world.people["xuanchuan-staff"], at(2, 1).date())
    for act in (Act.AGREE, Act.RETURN, Act.ADVISE_EXCLUSION):
        answer = gate.refusal(act, plan, actor=world.people["xuanchuan-staff"], at=at(2, 1))
        assert answer == "不能审批本人报送的计划，请由本环节的其他负责人办理。"


def test_a_vacant_post_is_named_as_vacant(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    world.people["jiceng-head"].is_active = False
    world.people["jiceng-head"].save()
    answer = gate.refusal(Act.AGREE, plan, actor=world.people["leader"], at=at(2, 1))
    assert answer == "“归口审核”由 基层工作部 部长（现无人任职） 办理。"


def many(world: World, number: int) -> list[ClassPlan]:
    """Plans of two departments, in turn at every place where people have something to do."""
    places = ("draft", "sign", "review", "meeting", "returned")
    for index in range(number):
        plan = world.draft(("xuanchuan", "quanyi")[index % 2], subject="YW-99")
        place = places[index % len(places)]
        if place == "returned":
            acts.submit(world, plan)
            acts.give_back(world, plan)
        elif place != "draft":
            acts.pass_to(world, plan, "decide" if place == "meeting" else place)
    return list(ClassPlan.objects.select_related("union", "department", "version__book").order_by("pk"))


def test_a_list_costs_the_same_queries_whatever_its_length(world: World) -> None:
    plans = many(world, 20)
    people = ["xuanchuan-head", "jiceng-head", "secretary"]
    for act in Act:
        for name in people:
            actor, when = world.people[name], at(2, 1)
            costs = []
            for part in (plans[:5], plans):
                with CaptureQueriesContext(
                    connection,
                ) as queries:
                    answers = gate.refusals(act, part, actor=actor, at=when)
                costs.append(len(queries))
                assert answers == [gate.refusal(act, plan, actor=actor, at=when) for plan in part]
            assert costs[0] == costs[1] <= 5, (act, name)


def test_no_plan_no_answer(world: World) -> None:
    assert gate.refusals(Act.AGREE, [], actor=world.people["leader"], at=at(2, 1)) == []
