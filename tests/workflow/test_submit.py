"""报送: what a department hands in, and each thing that alone refuses it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from office.refusals import Conflict, Refused
from org.models import Department, Duty, Post
from rulebook import loader
from tests.workflow import acts
from tests.workflow.world import BOOKS, World, at
from workflow.models import ClassPlan, Decision, PlanVersion, WorkProcess, WorkTask
from workflow.rules import content
from workflow.services import drafts, submission
from workflow.states import AttachmentKind

SURVEY = (
    "《工会信息员培训班》不能报送：1. 没有需求调研依据。"
    "请填写“需求调研依据”或上传调研材料。（《意见》四(三)）"
)


def nothing_happened(plan: ClassPlan, state: str = "draft", versions: int = 0) -> None:
    after = acts.fresh(plan)
    assert (after.state, PlanVersion.objects.filter(plan=plan).count()) == (state, versions)
    assert WorkTask.objects.filter(plan=plan, is_open=True).count() == (1 if state == "returned" else 0)
    assert not WorkProcess.objects.filter(plan=plan, is_open=True).exists() or state == "returned"
    if state == "draft":
        assert (after.serial, after.version_id) == (None, None)
        assert not Decision.objects.filter(plan=plan).exists()


def test_a_first_submission_makes_a_version_a_number_and_the_first_desk(world: World) -> None:
    plan = world.draft()
    decision = acts.submit(world, plan, when=at(1, 11, 10), explanation="人数按去年测算")
    plan = acts.fresh(plan)
    assert (plan.state, plan.declaration_number, plan.plan_number) == ("reviewing", "2027-0001", None)
    assert plan.version is not None
    version = plan.version
    assert (version.number, version.book, version.restarted, version.by_meeting) == (
        1,
        world.book,
        True,
        False,
    )
    assert version.submitted_by == world.people["xuanchuan-staff"]
    files: list = []
    assert version.content == content.snapshot(plan, plan.costs.all(), files)
    task = world.task(plan)
    assert (task.kind, task.step, task.step_title, task.post) == (
        "review",
        "sign",
        "部门审签",
        world.posts["xuanchuan-head"],
    )
    assert (task.arrived_at, task.due_at) == (at(1, 11, 10), at(1, 13, 10))
    assert (decision.action, decision.step, decision.step_title) == ("submit", "author", "经办")
    assert (decision.actor_name, decision.post_title) == ("林晓峰", "宣传网络部 干事")
    assert (decision.opinion, decision.version, decision.task) == ("人数按去年测算", version, None)
    assert [finding["severity"] for finding in decision.findings] == ["pass"] * len(decision.findings)
    assert len(decision.findings) >= 6


def test_numbers_follow_submission_not_drafting(world: World) -> None:
    first, second, third = world.draft(), world.draft("quanyi"), world.draft()
    acts.submit(world, third)
    acts.submit(world, first)
    assert acts.fresh(third).declaration_number == "2027-0001"
    assert acts.fresh(first).declaration_number == "2027-0002"
    assert acts.fresh(second).declaration_number == ""


def test_a_number_is_kept_by_the_plan_through_withdrawal_and_return(world: World) -> None:
    plan = world.draft()
    acts.submit(world, plan)
    acts.withdraw(world, plan)
    acts.submit(world, plan)
    acts.give_back(world, plan)
    acts.edit(world, plan, trainees=50)
    acts.submit(world, plan)
    assert acts.fresh(plan).serial == 1
    other = world.draft()
    acts.submit(world, other)
    assert acts.fresh(other).serial == 2


def test_a_refused_submission_takes_no_number(world: World) -> None:
    bad, good = world.draft(survey_reference=""), world.draft()
    with pytest.raises(Refused):
        acts.submit(world, bad)
    acts.submit(world, good)
    assert acts.fresh(good).serial == 1


def test_a_blocking_finding_alone_refuses(world: World) -> None:
    plan = world.draft(survey_reference="")
    with pytest.raises(Refused) as refused:
        acts.submit(world, plan)
    assert str(refused.value) == SURVEY
    nothing_happened(plan)


def test_every_blocking_finding_is_named_at_once(world: World) -> None:
    plan = world.draft(survey_reference="", place="", fee="200.00")
    with pytest.raises(Refused) as refused:
        acts.submit(world, plan)
    text = str(refused.value)
    assert [f"{n}. " in text for n in (1, 2, 3, 4)] == [True, True, True, False]
    for clause in ("《意见》四(三)", "《意见》五(二)", "总工发〔2011〕49号 四(二)2"):
        assert f"（{clause}）" in text


def test_a_warning_never_refuses(world: World) -> None:
    plan = world.draft(hours="17.0")
    decision = acts.submit(world, plan)
    assert [f["code"] for f in decision.findings if f["severity"] == "warn"] == ["hours_fit"]


def test_an_exception_without_an_explanation_alone_refuses(world: World) -> None:
    plan = world.draft(costs={"meals": "99000.00"})
    for blank in (None, "", "  "):
        with pytest.raises(
            Refused, match=r"^《工会信息员培训班》有须经批准的例外，请填写说明后报送：1. 综合定额内"
        ):
            acts.submit(world, plan, explanation=blank)
        nothing_happened(plan)
    acts.submit(world, plan, explanation="合同价已签")
    assert acts.fresh(plan).explanation == "合同价已签"


def test_somebody_of_another_department_alone_is_refused(world: World) -> None:
    plan = world.draft()
    with pytest.raises(Refused, match=r"^只有宣传网络部的人员可以办理。$"):
        acts.submit(world, plan, "quanyi-head")
    nothing_happened(plan)


def test_a_colleague_may_hand_in_and_answers_for_it(world: World) -> None:
    plan = world.draft()
    decision = acts.submit(world, plan, "xuanchuan-head")
    assert (decision.actor_name, decision.post_title) == ("孙莉", "宣传网络部 部长")
    version = acts.fresh(plan).version
    assert version is not None
    assert version.submitted_by == world.people["xuanchuan-head"]


@pytest.mark.parametrize("step", ["sign", "decide"])
def test_a_plan_under_way_alone_is_refused(world: World, step: str) -> None:
    plan = acts.pass_to(world, world.draft(), step)
    with pytest.raises(Refused, match=rf"^《工会信息员培训班》现为“{plan.get_state_display()}”"):
        acts.submit(world, plan)
    assert PlanVersion.objects.filter(plan=plan).count() == 1


def test_a_stale_page_alone_is_a_conflict(world: World) -> None:
    plan = world.draft()
    seen = plan.revision
    acts.edit(world, plan, remark="补充")
    with pytest.raises(Conflict, match=r"^计划在您打开后又被修改过"):
        acts.submit(world, plan, revision=seen)
    nothing_happened(plan)
    acts.submit(world, plan, revision=acts.fresh(plan).revision)


def test_a_department_without_head_post_alone_is_refused(world: World) -> None:
    department = Department.objects.create(union=world.union, code="xin", name="新设部", ordinal=9)
    post = Post.objects.create(
        union=world.union, department=department, code="xin-staff", title="干事", kind="staff", ordinal=99
    )
    world.posts["xin-staff"], world.departments["xin"] = post, department
    world.people["xin-staff"] = world.people["quanyi-staff"]
    world.appoint("xin-staff", world.people["quanyi-staff"], at(1, 2).date())
    plan = world.draft("xin")
    with pytest.raises(
        Refused,
        match=r"^“部门审签”无人办理：新设部没有设置负责人岗位。请联系系统管理员在“组织机构”中设置。$",
    ):
        acts.submit(world, plan)
    nothing_happened(plan)


def test_a_union_without_a_book_in_force_alone_is_refused(world: World) -> None:
    plan = world.draft()
    with pytest.raises(Refused, match=r"^滨海新区总工会在 2017-12-31 没有施行中的制度"):
        acts.submit(world, plan, when=at(12, 31, year=2017), who=_early(world))
    nothing_happened(plan)


def _early(world: World):
    """The author, in office long before the book."""
    from django.db.backends.postgresql.psycopg_any import DateRange

    from org.models import Tenure

    tenure = Tenure.objects.get(post=world.posts["xuanchuan-staff"])
    tenure.period = DateRange(at(1, 1, year=2010).date(), None)
    tenure.save()
    return world.people["xuanchuan-staff"]


def test_a_step_whose_duty_nobody_has_is_said_when_the_plan_would_come_there(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    Duty.objects.filter(code="finance").delete()
    task = world.task(plan)
    with pytest.raises(
        Refused, match=r"^“财务会审”无人办理：滨海新区总工会没有指定承担“财务会审”的部门或会议"
    ):
        acts.decide(world, plan)
    assert world.task(plan) == task
    assert Decision.objects.filter(plan=plan).count() == 2


def test_a_plan_is_judged_by_the_book_of_the_day_it_was_handed_in(world: World, tmp_path: Path) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    stricter = tmp_path / "binhai.toml"
    text = (BOOKS / "binhai-2018.toml").read_text(encoding="utf-8")
    stricter.write_text(text.replace('title = "财务会审"', 'title = "财务审核"'), encoding="utf-8")
    second, created = loader.load(stricter, at=at(1, 12))
    assert created
    acts.decide(world, plan)
    assert world.task(plan).step_title == "财务会审"
    later = world.draft()
    acts.pass_to(world, later, "finance")
    version = acts.fresh(later).version
    assert version is not None
    assert version.book == second
    assert world.task(later).step_title == "财务审核"


def test_a_survey_file_serves_as_well_as_a_reference(world: World) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    plan = world.draft(survey_reference="")
    drafts.attach(
        plan_id=plan.pk,
        upload=SimpleUploadedFile("需求.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf"),
        kind=AttachmentKind.SURVEY,
        actor=world.people["xuanchuan-staff"],
        at=world.now(),
    )
    acts.submit(world, plan)
    version = acts.fresh(plan).version
    assert version is not None
    assert list(version.content["files"]) == ["需求.pdf"]


def test_many_are_handed_in_each_on_its_own(world: World) -> None:
    good, bad, other = world.draft(), world.draft(survey_reference=""), world.draft("quanyi")
    results = submission.submit_many(
        plan_ids=[other.pk, bad.pk, good.pk, good.pk],
        actor=world.people["xuanchuan-staff"],
        at=world.now(),
    )
    assert [(pk, decision is not None, why) for pk, decision, why in results] == [
        (good.pk, True, ""),
        (bad.pk, False, SURVEY),
        (other.pk, False, "只有权益保障部的人员可以办理。"),
    ]
    assert [acts.fresh(plan).state for plan in (good, bad, other)] == ["reviewing", "draft", "draft"]


def test_time_limits_count_working_days(world: World) -> None:
    plan = world.draft()
    friday = at(1, 15, 16)
    acts.submit(world, plan, when=friday)
    due = world.task(plan).due_at
    assert due == friday + timedelta(days=4)
    assert not world.task(plan).is_overdue(due)
    assert world.task(plan).is_overdue(due + timedelta(minutes=1))
