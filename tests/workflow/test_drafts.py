"""Drafts: written, changed, thrown away and given files by their department alone, findings or not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from office.refusals import Conflict, Refused
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import ClassPlan, PlanAttachment
from workflow.services import drafts
from workflow.states import AttachmentKind

PDF = b"%PDF-1.4\n%%EOF\n"


def attach(world: World, plan: ClassPlan, who: str = "xuanchuan-staff") -> PlanAttachment:
    return drafts.attach(
        plan_id=plan.pk,
        upload=SimpleUploadedFile("课程.pdf", PDF, "application/pdf"),
        kind=AttachmentKind.COURSES,
        actor=world.people[who],
        at=world.now(),
    )


def test_a_draft_is_what_was_typed_and_waits_for_nobody(world: World) -> None:
    plan = world.draft(costs={"meals": "1.00", "venue": "0.00"})
    plan = acts.fresh(plan)
    assert (plan.state, plan.revision, plan.serial, plan.version) == ("draft", 0, None, None)
    assert (plan.union, plan.department.code, plan.year) == (world.union, "xuanchuan", 2027)
    assert (plan.created_by, plan.created_at) == (world.people["xuanchuan-staff"], at(1, 10))
    assert world.costs(plan) == {"meals": Decimal("1.00")}
    assert not plan.tasks.exists()


def test_however_much_is_wrong_it_is_saved(world: World) -> None:
    plan = world.draft(
        category="", subject="", audience_units=[], time_slots=[], trainees=0, half_days=0, place="", fee="9"
    )
    acts.edit(world, plan, name="x", staff=99, costs={"lodging": "999999.99"})
    assert (acts.fresh(plan).name, acts.fresh(plan).revision) == ("x", 1)


@pytest.mark.parametrize("who", ["quanyi-staff", "jiceng-head", "leader", "principal"])
def test_another_departments_people_alone_are_refused(world: World, who: str) -> None:
    plan = world.draft()
    file = attach(world, plan)
    before = acts.fresh(plan)
    with pytest.raises(Refused, match=r"^只有宣传网络部的人员可以为该部门编制计划。$"):
        world.draft(author=world.people[who])
    for act in (
        lambda: acts.edit(world, plan, who, name="他人改"),
        lambda: drafts.delete_draft(plan_id=plan.pk, actor=world.people[who], at=world.now()),
        lambda: attach(world, plan, who),
        lambda: drafts.detach(attachment_id=file.pk, actor=world.people[who], at=world.now()),
    ):
        with pytest.raises(Refused, match=r"^只有宣传网络部的人员可以办理。$"):
            act()
    after = acts.fresh(plan)
    assert (after.name, after.revision, after.attachments.count()) == (before.name, before.revision, 1)


def test_a_closed_department_alone_is_refused(world: World) -> None:
    department = world.departments["xuanchuan"]
    department.closed_on = at(1, 15).date()
    department.save()
    world.draft(when=at(1, 14))
    with pytest.raises(Refused, match=r"^宣传网络部已撤销，不能再编制计划。$"):
        world.draft(when=at(1, 15))


def test_a_person_out_of_office_alone_is_refused(world: World) -> None:
    gone = world.people["xuanchuan-staff"]
    gone.is_active = False
    gone.save()
    with pytest.raises(Refused, match=r"^只有宣传网络部的人员可以为该部门编制计划。$"):
        world.draft()


def test_a_stale_editor_is_told_and_gets_the_other_text(world: World) -> None:
    plan = world.draft()
    acts.edit(world, plan, "xuanchuan-head", name="部长改的")
    with pytest.raises(drafts.StaleDraft, match="他人已修改并保存") as stale:
        acts.edit(world, plan, name="干事改的", revision=plan.revision)
    assert isinstance(stale.value, Conflict)
    assert stale.value.plan.name == "部长改的"
    assert (acts.fresh(plan).name, acts.fresh(plan).revision) == ("部长改的", 1)


def test_a_file_makes_an_open_editor_stale_too(world: World) -> None:
    plan = world.draft()
    file = attach(world, plan)
    with pytest.raises(drafts.StaleDraft):
        acts.edit(world, plan, revision=plan.revision)
    drafts.detach(attachment_id=file.pk, actor=world.people["xuanchuan-head"], at=world.now())
    assert (acts.fresh(plan).revision, plan.attachments.count()) == (2, 0)


def test_only_content_is_written(world: World) -> None:
    plan = world.draft()
    for fields in ({"state": "approved"}, {"plan_number": "P1"}, {"serial": "9"}):
        with pytest.raises(ValueError, match="not content of a plan"):
            drafts.edit_draft(
                plan_id=plan.pk,
                revision=0,
                fields=fields,
                costs={},
                actor=world.people["xuanchuan-staff"],
                at=world.now(),
            )
    assert acts.fresh(plan).state == "draft"


@pytest.mark.parametrize("place", ["sign", "meeting", "approved"])
def test_a_plan_under_way_alone_is_refused(world: World, place: str) -> None:
    plan = world.draft()
    file = attach(world, plan)
    match place:
        case "sign":
            acts.submit(world, plan)
        case "meeting":
            acts.to_meeting(world, plan)
        case _:
            acts.approve(world, plan)
    author = world.people["xuanchuan-staff"]
    for act in (
        lambda: acts.edit(world, plan, name="改"),
        lambda: drafts.delete_draft(plan_id=plan.pk, actor=author, at=world.now()),
        lambda: attach(world, plan),
        lambda: drafts.detach(attachment_id=file.pk, actor=author, at=world.now()),
    ):
        with pytest.raises(Refused, match=r"不能办理这一操作。$"):
            act()
    assert acts.fresh(plan).attachments.count() == 1


@pytest.mark.parametrize("place", ["returned", "withdrawn"])
def test_what_was_once_handed_in_is_changed_but_not_thrown_away(world: World, place: str) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    if place == "returned":
        acts.give_back(world, plan)
    else:
        acts.withdraw(world, plan)
    acts.edit(world, plan, name="改名")
    with pytest.raises(Refused, match=r"^《改名》现为“(退回修改|已撤回)”，不能办理这一操作。$"):
        drafts.delete_draft(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=world.now())
    assert acts.fresh(plan).name == "改名"


def test_a_file_alone_makes_a_resubmission_a_changed_one(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan, opinion="请附课程安排")
    attach(world, plan)
    acts.submit(world, plan)
    assert world.task(plan).step == "review"
    first, second = plan.versions.all()
    assert (first.content["files"], list(second.content["files"])) == ({}, ["课程.pdf"])
