"""Drafts: written, changed and thrown away by their department."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from office.refusals import Conflict, Refused
from office.uploads import store
from org.selectors import standing
from workflow.models import ClassPlan, PlanAttachment, PlanCost
from workflow.models.plan import CONTENT_FIELDS
from workflow.rules.gate import Act
from workflow.services import base

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from org.models import Department, User
    from workflow.states import AttachmentKind

#: What a plan's attachments may be.
ATTACHABLE = frozenset({"pdf", "docx", "xlsx", "doc", "jpg", "png"})

Costs = dict[str, tuple[Decimal, str]]


class StaleDraft(Conflict):
    """Somebody saved the draft after this editor opened it; ``plan`` is how it stands now."""

    def __init__(self, plan: ClassPlan) -> None:
        super().__init__("您编辑期间，他人已修改并保存了这份计划。请对照两份内容后再保存。")
        self.plan = plan


@transaction.atomic
def create_draft(
    *, department: Department, year: int, fields: Mapping[str, Any], costs: Costs, actor: User, at: datetime
) -> ClassPlan:
    """A new draft of ``department``. ``costs``: item → (yuan for all 期, note), empty lines left out.

    Findings never stop it. Raises :class:`Refused` where the actor isn't of that department.
    """
    if department.pk not in standing(actor, timezone.localdate(at), to_act=True).department_ids:
        raise Refused(f"只有{department.name}的人员可以为该部门编制计划。")
    if department.closed_on is not None and department.closed_on <= timezone.localdate(at):
        raise Refused(f"{department.name}已撤销，不能再编制计划。")
    plan = ClassPlan(
        union_id=department.union_id,
        department=department,
        year=year,
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    _write(plan, fields)
    plan.save()
    _write_costs(plan, costs)
    return plan


@transaction.atomic
def edit_draft(
    *, plan_id: int, revision: int, fields: Mapping[str, Any], costs: Costs, actor: User, at: datetime
) -> ClassPlan:
    """Saves a draft. ``revision``: what the editor opened; another is :class:`StaleDraft`."""
    plan = base.locked(plan_id)
    base.demand(Act.EDIT, plan, actor=actor, at=at)
    if plan.revision != revision:
        raise StaleDraft(plan)
    _write(plan, fields)
    plan.revision += 1
    plan.updated_at = at
    plan.save()
    _write_costs(plan, costs)
    return plan


@transaction.atomic
def delete_draft(*, plan_id: int, actor: User, at: datetime) -> None:
    """Deletes a draft that was never submitted."""
    plan = base.locked(plan_id)
    base.demand(Act.DELETE, plan, actor=actor, at=at)
    plan.delete()


@transaction.atomic
def attach(
    *, plan_id: int, upload: UploadedFile[Any], kind: AttachmentKind, actor: User, at: datetime
) -> PlanAttachment:
    """Attaches a file to a plan its department may still change."""
    plan = base.locked(plan_id)
    base.demand(Act.EDIT, plan, actor=actor, at=at)
    file = store(upload, allow=ATTACHABLE, at=at)
    plan.revision += 1
    plan.updated_at = at
    plan.save(update_fields=["revision", "updated_at"])
    return PlanAttachment.objects.create(plan=plan, file=file, kind=kind, uploaded_by=actor, uploaded_at=at)


@transaction.atomic
def detach(*, attachment_id: int, actor: User, at: datetime) -> None:
    """Takes a file off a plan its department may still change. The stored file stays: versions name it."""
    attachment = PlanAttachment.objects.get(pk=attachment_id)
    plan = base.locked(attachment.plan_id)
    base.demand(Act.EDIT, plan, actor=actor, at=at)
    attachment.delete()
    plan.revision += 1
    plan.updated_at = at
    plan.save(update_fields=["revision", "updated_at"])


def _write(plan: ClassPlan, fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - set(CONTENT_FIELDS)
    if unknown:
        raise ValueError(f"not content of a plan: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(plan, name, value)


def _write_costs(plan: ClassPlan, costs: Costs) -> None:
    PlanCost.objects.filter(plan=plan).delete()
    PlanCost.objects.bulk_create(
        PlanCost(plan=plan, item=item, amount=amount, note=note)
        for item, (amount, note) in costs.items()
        if amount or note
    )
