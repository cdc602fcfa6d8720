"""What was submitted stays as it was, whatever road a change takes: ORM, bulk, raw SQL, COPY."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from psycopg.errors import RaiseException

from office.models import StoredFile
from office.refusals import Refused
from org.models import Union
from tests.workflow import acts
from tests.workflow.world import World, at
from workflow.models import AgendaItem, ClassPlan, Decision, PlanAttachment, PlanCost, PlanVersion
from workflow.models.plan import CONTENT_FIELDS
from workflow.services import drafts
from workflow.states import AttachmentKind, MeetingOutcome

REFUSED = (ProgrammingError, IntegrityError, InternalError)

#: Another value for each field of the content.
OTHER: dict[str, Any] = {
    "name": "改名班",
    "category": "core",
    "subject": "YW-04",
    "purpose": "另一目的",
    "audience_units": ["zone"],
    "audience_levels": ["district"],
    "audience_posts": ["chair"],
    "audience_note": "另一对象",
    "modules": {"party": "16"},
    "sessions": 9,
    "time_slots": ["12"],
    "half_days": 9,
    "hours": Decimal("9.0"),
    "mode": "online",
    "residential": True,
    "place": "另一地点",
    "place_tentative": False,
    "implementer": "另一机构",
    "trainees": 999,
    "staff": 9,
    "survey_reference": "另一调研",
    "owner_name": "另一人",
    "owner_phone": "13900000000",
    "source": "business",
    "fee": Decimal("9.00"),
    "fee_basis": "另一依据",
    "off_plan_reason": "另一理由",
    "principal_approval": "另一意见",
    "rate_class": "class1",
    "lecturer_title": "senior",
    "lecture_hours": Decimal("9.0"),
    "explanation": "另一说明",
    "remark": "另一备注",
}

PLACES = ("sign", "decide", "deferred", "approved", "excluded")


def at_place(world: World, place: str, plan: ClassPlan | None = None) -> ClassPlan:
    plan = plan or world.draft()
    if place == "approved":
        return acts.approve(world, plan)
    acts.pass_to(world, plan, "sign" if place == "sign" else "decide")
    if place in ("deferred", "excluded"):
        acts.settle(world, plan, MeetingOutcome(place), opinion="会议决定")
    return acts.fresh(plan)


def refused(act: Callable[[], object], match: str) -> None:
    with pytest.raises(REFUSED, match=match), transaction.atomic():
        act()


def sql(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_every_field_of_the_content_is_tried() -> None:
    assert set(OTHER) == set(CONTENT_FIELDS)


@pytest.mark.parametrize("place", PLACES)
def test_no_field_of_a_plan_handed_in_changes(world: World, place: str) -> None:
    plan = at_place(world, place)
    before = {name: getattr(plan, name) for name in CONTENT_FIELDS}
    for name, value in OTHER.items():
        assert before[name] != value, name
        refused(partial(ClassPlan.objects.filter(pk=plan.pk).update, **{name: value}), "is frozen")
    changed = acts.fresh(plan)
    changed.trainees = 999
    refused(changed.save, "is frozen")
    refused(lambda: ClassPlan.objects.bulk_update([changed], ["trainees"]), "is frozen")
    refused(lambda: sql("UPDATE workflow_classplan SET trainees = 999 WHERE id = %s", plan.pk), "is frozen")
    after = acts.fresh(plan)
    assert {name: getattr(after, name) for name in CONTENT_FIELDS} == before


@pytest.mark.parametrize("place", PLACES)
def test_a_plan_handed_in_isnt_edited_by_the_service_either(world: World, place: str) -> None:
    plan = at_place(world, place)
    with pytest.raises(Refused, match="不能办理这一操作"):
        acts.edit(world, plan, trainees=999)
    with pytest.raises(Refused, match="不能办理这一操作"):
        drafts.delete_draft(plan_id=plan.pk, actor=world.people["xuanchuan-staff"], at=world.now())


@pytest.mark.parametrize("place", ["sign", "deferred", "approved", "excluded"])
def test_no_cost_of_a_plan_handed_in_changes(world: World, place: str) -> None:
    plan = at_place(world, place)
    row = PlanCost.objects.filter(plan=plan).first()
    assert row is not None
    before = world.costs(plan)
    row.amount = Decimal("1.00")
    refused(row.save, "are frozen")
    refused(lambda: PlanCost.objects.filter(plan=plan).update(amount=1), "are frozen")
    refused(lambda: PlanCost.objects.bulk_update([row], ["amount"]), "are frozen")
    refused(lambda: PlanCost.objects.create(plan=plan, item="other", amount=1), "are frozen")
    refused(
        lambda: PlanCost.objects.bulk_create([PlanCost(plan=plan, item="other", amount=Decimal(1))]),
        "are frozen",
    )
    refused(lambda: PlanCost.objects.filter(plan=plan).delete(), "are frozen")
    refused(lambda: sql("DELETE FROM workflow_plancost WHERE plan_id = %s", plan.pk), "are frozen")
    elsewhere = world.draft()
    refused(lambda: PlanCost.objects.filter(plan=plan).update(plan=elsewhere), "are frozen")
    refused(lambda: PlanCost.objects.filter(plan=elsewhere, item="meals").update(plan=plan), "are frozen")
    with (
        pytest.raises(RaiseException, match="are frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy("COPY workflow_plancost (plan_id, item, amount, note) FROM STDIN") as copy,
    ):
        copy.write(f"{plan.pk}\tother\t1.00\t\n")
    assert world.costs(plan) == before


@pytest.mark.parametrize("place", PLACES)
def test_no_file_of_a_plan_handed_in_changes(world: World, place: str) -> None:
    plan = world.draft()
    upload = SimpleUploadedFile("课程.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")
    author = world.people["xuanchuan-staff"]
    file = drafts.attach(
        plan_id=plan.pk, upload=upload, kind=AttachmentKind.COURSES, actor=author, at=world.now()
    )
    elsewhere = world.draft()
    at_place(world, place, plan)
    refused(file.delete, "are frozen")
    refused(lambda: PlanAttachment.objects.filter(pk=file.pk).update(kind="other"), "are frozen")
    refused(lambda: PlanAttachment.objects.filter(pk=file.pk).update(plan=elsewhere), "are frozen")
    refused(lambda: sql("DELETE FROM workflow_planattachment WHERE plan_id = %s", plan.pk), "are frozen")
    spare = StoredFile.objects.create(name="x", size=1, mime="x", sha256="0" * 64, stored_at=at(1, 1))
    row = PlanAttachment(plan=plan, file=spare, kind="other", uploaded_by=author, uploaded_at=at(1, 1))
    refused(lambda: PlanAttachment.objects.bulk_create([row]), "are frozen")
    assert PlanAttachment.objects.get(plan=plan) == file


def test_a_draft_is_thrown_away_with_its_files(world: World) -> None:
    plan = world.draft()
    upload = SimpleUploadedFile("课程.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")
    author = world.people["xuanchuan-staff"]
    drafts.attach(plan_id=plan.pk, upload=upload, kind=AttachmentKind.COURSES, actor=author, at=world.now())
    drafts.delete_draft(plan_id=plan.pk, actor=author, at=world.now())
    assert not PlanAttachment.objects.exists()


@pytest.mark.parametrize("outcome", list(MeetingOutcome))
def test_a_meetings_result_is_recorded_once(world: World, outcome: MeetingOutcome) -> None:
    plan = acts.to_meeting(world, world.draft())
    figures = {"trainees": 50} if outcome == MeetingOutcome.PASSED_CHANGED else None
    acts.settle(world, plan, outcome, opinion="会议决定", figures=figures)
    item = AgendaItem.objects.get(plan=plan)
    item.opinion = "改口"
    refused(item.save, "Cannot update or delete")
    refused(item.delete, "Cannot update or delete")
    refused(lambda: AgendaItem.objects.update(outcome="", settled_at=None), "Cannot update or delete")
    refused(item.meeting.delete, "Cannot update or delete|protected")


@pytest.mark.parametrize("place", ["sign", "approved"])
def test_no_version_and_no_decision_changes(world: World, place: str) -> None:
    plan = at_place(world, place)
    version, decision = PlanVersion.objects.get(plan=plan), Decision.objects.filter(plan=plan).first()
    assert decision is not None
    version.content = {}
    decision.opinion = "改口"
    for row in (version, decision):
        refused(row.save, "Cannot update")
        refused(row.delete, r"Cannot (update or )?delete")
    refused(lambda: PlanVersion.objects.filter(pk=version.pk).update(content={}), "Cannot update")
    refused(lambda: Decision.objects.filter(pk=decision.pk).update(actor_name="他人"), "Cannot update")
    refused(lambda: Decision.objects.bulk_update([decision], ["opinion"]), "Cannot update")
    refused(lambda: sql("UPDATE workflow_decision SET at = now()"), "Cannot update")
    refused(lambda: sql("UPDATE workflow_planversion SET number = 9"), "Cannot update")
    refused(lambda: sql("DELETE FROM workflow_decision"), r"Cannot (update or )?delete")
    refused(lambda: sql("DELETE FROM workflow_planversion"), r"Cannot (update or )?delete")


@pytest.mark.parametrize("place", ["sign", "approved"])
def test_a_plan_handed_in_isnt_deleted(world: World, place: str) -> None:
    plan = at_place(world, place)
    refused(lambda: sql("DELETE FROM workflow_classplan WHERE id = %s", plan.pk), "is not deleted")


@pytest.mark.parametrize("place", ["sign", "decide", "approved"])
def test_number_and_project_come_with_the_approval_only(world: World, place: str) -> None:
    plan = at_place(world, place)
    plain = ClassPlan.objects.filter(pk=plan.pk)
    refused(lambda: plain.update(plan_number="P2027-9999"), "with its approval only")
    other = acts.approve(world, world.draft("quanyi", subject="YW-99"))
    refused(lambda: plain.update(project=other.project_id), "with its approval only")


#: Whose it is never changes; what came with the submission changes with the next one only.
SAYS = {
    "department": "Cannot update",
    "year": "Cannot update",
    "created_by": "Cannot update",
    "union": "Cannot update",
    "serial": "is frozen",
    "version": "is frozen",
}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_plan_is_doesnt_change_under_its_reviewers(world: World, place: str) -> None:
    plan = at_place(world, place)
    elsewhere = acts.pass_to(world, world.draft("quanyi", subject="YW-99"), "sign")
    values: dict[str, object] = {
        "department": world.departments["quanyi"],
        "year": 2028,
        "serial": 77,
        "version": elsewhere.version,
        "created_by": world.people["leader"],
        "union": Union.objects.found(code="other", name="别的工会", level="city"),
    }
    for column, words in SAYS.items():
        refused(partial(ClassPlan.objects.filter(pk=plan.pk).update, **{column: values[column]}), words)


def test_what_a_returned_plan_says_may_change_and_what_was_submitted_stays(world: World) -> None:
    plan = acts.pass_to(world, world.draft(), "review")
    acts.give_back(world, plan)
    acts.edit(world, plan, trainees=30, costs={"meals": "1.00"})
    assert (acts.fresh(plan).trainees, world.costs(plan)) == (30, {"meals": Decimal("1.00")})
    first = PlanVersion.objects.get(plan=plan)
    assert (first.content["trainees"], first.content["costs"]["meals"]["amount"]) == (60, "8000.00")
