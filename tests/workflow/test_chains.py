"""Three unions' chains from draft to money by the same code: two real books and a longer one, data alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from budgets.selectors import first_fault, fund_totals, project_totals
from office.refusals import Refused
from org.models import Duty
from org.selectors import standing
from tests.workflow import acts
from tests.workflow import world as worlds
from tests.workflow.world import SINCE, World, at
from workflow.models import ClassPlan
from workflow.states import MeetingOutcome

ROOT = Path(__file__).parents[2]
COUNTY = ROOT / "tests" / "rulebook" / "books" / "yanjiang-2024.toml"

MIANYANG = {
    "zuzhi": "组织部",
    "xuanjiao": "宣教部",
    "falv": "法律部",
    "baozhang": "保障部",
    "jingshen": "经审办",
    "caiwu": "财务部",
    "nvgong": "女职工委员会",
    "bangongshi": "办公室",
}
YANJIANG = {"zuzhi": "组织部", "xuanjiao": "宣教部", "caiwu": "财务部", "bangongshi": "办公室"}


def binhai() -> World:
    return worlds.build()


def mianyang() -> World:
    return worlds.build(
        "mianyang",
        "mianyang-2018.toml",
        name="绵阳市总工会",
        departments=MIANYANG,
        authority="zuzhi",
        meeting="党组会议",
    )


def yanjiang() -> World:
    """A county whose plans its city looks at too: six steps, one of them in another union."""
    city = worlds.found("jiangcheng", "江城市总工会", {"jiaoyu": "教育部"})
    Duty.objects.create(
        union=city.union, code="training_authority", department=city.departments["jiaoyu"], period=SINCE
    )
    world = worlds.build(
        "yanjiang",
        COUNTY,
        name="沿江县总工会",
        departments=YANJIANG,
        authority="zuzhi",
        parent=city.union,
    )
    world.sound |= {"subject": "B-01"}
    world.people["city-head"] = city.people["jiaoyu-head"]
    world.people["city-staff"] = city.people["jiaoyu-staff"]
    world.people["city-leader"] = city.people["leader"]
    return world


CHAINS = {
    "binhai": (
        binhai,
        "xuanchuan",
        [
            ("sign", "部门审签", "宣传网络部 部长"),
            ("review", "归口审核", "基层工作部 部长"),
            ("finance", "财务会审", "财务资产部 部长"),
            ("decide", "主席办公会审定", "办公室 会议秘书"),
        ],
    ),
    "mianyang": (
        mianyang,
        "falv",
        [
            ("sign", "部门审签", "法律部 部长"),
            ("review", "归口审核", "组织部 部长"),
            ("finance", "财务会审", "财务部 部长"),
            ("decide", "党组会议审定", "办公室 会议秘书"),
        ],
    ),
    "yanjiang": (
        yanjiang,
        "xuanjiao",
        [
            ("sign", "部门审签", "宣教部 部长"),
            ("review", "归口审核", "组织部 部长"),
            ("finance", "财务会审", "财务部 部长"),
            ("leader", "分管领导审核", "副主席"),
            ("superior", "上级工会审核", "教育部 部长"),
            ("decide", "主席办公会审定", "办公室 会议秘书"),
        ],
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHAINS)
def test_a_class_goes_the_way_of_its_book_to_its_money(name: str) -> None:
    make, department, expected = CHAINS[name]
    world = make()
    plan = world.draft(department)
    acts.submit(world, plan)
    for key, title, post in expected[:-1]:
        task = world.task(plan)
        assert (task.kind, task.step, task.step_title, task.post.full_title) == ("review", key, title, post)
        assert acts.fresh(plan).state == "reviewing"
        acts.decide(world, plan)
    task = world.task(plan)
    assert (task.kind, task.step, task.step_title, task.post.full_title) == ("decide", *expected[-1])
    acts.settle(world, plan)
    plan = acts.fresh(plan)
    assert (plan.state, plan.plan_number, plan.declaration_number) == ("approved", "P2027-0001", "2027-0001")
    assert [(d.step, d.step_title, d.post_title) for d in plan.decisions.exclude(action="submit")] == expected
    assert project_totals([plan.project_id])[plan.project_id].appropriated == Decimal("10000.00")
    assert fund_totals([world.fund.pk])[world.fund.pk].available == Decimal("990000.00")
    assert first_fault() is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHAINS)
def test_every_step_of_every_book_returns_to_the_author_and_to_each_step_before(name: str) -> None:
    make, department, expected = CHAINS[name]
    world = make()
    keys = [key for key, _, _ in expected]
    plan = world.draft(department)
    for here in range(1, len(keys) - 1):
        for back in range(here):
            acts.pass_to(world, plan, keys[here])
            acts.give_back(world, plan, keys[back], opinion="请复核")
            assert world.task(plan).step == keys[back]
    acts.to_meeting(world, plan)
    for back in range(len(keys) - 1):
        acts.settle(world, plan, MeetingOutcome.RETURNED, opinion="请复核", return_to=keys[back])
        assert (acts.fresh(plan).state, world.task(plan).step) == ("reviewing", keys[back])
        acts.to_meeting(world, plan)
    acts.settle(world, plan)
    assert acts.fresh(plan).state == "approved"
    assert acts.fresh(plan).versions.count() == 1


@pytest.mark.django_db
def test_two_unions_in_one_system_count_and_spend_apart() -> None:
    worlds_ = [(binhai(), "xuanchuan"), (mianyang(), "falv")]
    for world, department in worlds_:
        plan = acts.approve(world, world.draft(department))
        assert (plan.plan_number, plan.declaration_number) == ("P2027-0001", "2027-0001")
    for world, _ in worlds_:
        assert fund_totals([world.fund.pk])[world.fund.pk].appropriated == Decimal("10000.00")
        seen = ClassPlan.objects.visible_to(standing(world.people["secretary"], at(2, 1).date()))
        assert {plan.union_id for plan in seen} == {world.union.pk}


@pytest.mark.django_db
def test_the_superior_union_sees_a_plan_once_it_comes_there_and_only_who_must() -> None:
    world = yanjiang()
    plan = acts.pass_to(world, world.draft("xuanjiao"), "leader")

    def seeing() -> list[str]:
        return [
            who
            for who in ("city-head", "city-staff", "city-leader")
            if ClassPlan.objects.visible_to(standing(world.people[who], at(2, 1).date())).exists()
        ]

    assert seeing() == []
    acts.decide(world, plan)
    assert seeing() == ["city-head"]
    with pytest.raises(Refused, match=r"^“上级工会审核”由 教育部 部长（jiaoyu-head） 办理。$"):
        acts.decide(world, plan, "city-staff")
    acts.decide(world, plan, "city-head")
    assert acts.fresh(plan).state == "awaiting_meeting"


@pytest.mark.django_db
def test_the_leaders_own_step_has_its_own_stand_in() -> None:
    world = yanjiang()
    world.appoint("xuanjiao-staff", world.people["leader"], at(1, 5).date())
    plan = world.draft("xuanjiao", author=world.people["leader"])
    acts.submit(world, plan, "leader")
    acts.pass_to(world, plan, "leader")
    assert world.task(plan).post == world.posts["principal"]


@pytest.mark.django_db
def test_a_county_without_a_superior_is_told_so() -> None:
    world = yanjiang()
    plan = acts.pass_to(world, world.draft("xuanjiao"), "leader")
    Duty.objects.filter(union__code="jiangcheng").delete()
    with pytest.raises(Refused, match=r"^“上级工会审核”无人办理：江城市总工会没有指定承担"):
        acts.decide(world, plan)
    assert world.task(plan).step == "leader"


# ---- no union in the code

#: Made-up data to show the product with; it names unions as data does.
DATA = ("demo", "migrations")
NAMES = ("binhai", "mianyang", "滨海", "绵阳", "jiceng", "基层工作部", "组织部", "主席办公会", "党组会议")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string the module works with, docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_module_of_the_process_names_a_union_its_departments_or_its_meeting() -> None:
    modules = [
        path
        for path in (ROOT / "workflow").rglob("*.py")
        if not set(path.relative_to(ROOT / "workflow").parts) & set(DATA)
    ]
    assert len(modules) > 20
    named = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in modules
        for line, text in texts(path)
        for name in NAMES
        if name in text
    ]
    assert named == []
