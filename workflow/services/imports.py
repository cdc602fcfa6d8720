"""Uploaded plan workbooks: taken in, and their good rows written as drafts, once.

The reading of a file belongs to ``workflow.excel``, a room above; a service is handed it as a function, so
that the file is read again under the lock, by the very code that made the preview.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from office.refusals import Conflict, Refused
from office.uploads import store
from office.wording import moment
from org.selectors import standing
from workflow.models import ClassPlan, PlanCost, PlanImport
from workflow.models.plan import CONTENT_FIELDS
from workflow.services import drafts

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.files.uploadedfile import UploadedFile

    from org.models import Department, User

ALLOWED = frozenset({"xlsx"})


@dataclass(frozen=True)
class Draft:
    """A good row: what to write. ``plan_id`` and ``revision`` where it changes a plan that exists."""

    row: int
    fields: dict[str, Any]
    costs: dict[str, tuple[Decimal, str]]
    plan_id: int | None = None
    revision: int | None = None


@dataclass(frozen=True)
class Batch:
    """What a file would write now; ``digest`` stands for all of it."""

    digest: str
    drafts: tuple[Draft, ...]


@dataclass(frozen=True)
class Written:
    """What a commit wrote."""

    created: int
    changed: int


def refusal(department: Department, *, actor: User, at: datetime) -> str | None:
    """Why ``actor`` may not import plans of ``department``; None if he may."""
    day = timezone.localdate(at)
    if department.pk not in standing(actor, day).department_ids:
        return f"只有{department.name}的人员可以为该部门导入计划。"
    if department.is_closed(day):
        return f"{department.name}已撤销，不能再编制计划。"
    return None


def receive(
    *,
    department: Department,
    year: int,
    upload: UploadedFile[bytes],
    check: Callable[[PlanImport], object],
    actor: User,
    at: datetime,
) -> PlanImport:
    """Keeps an uploaded workbook for its preview; no plan is touched.

    ``check`` reads it once: a file it refuses isn't kept. Raises :class:`Refused`.
    """
    if reason := refusal(department, actor=actor, at=at):
        raise Refused(reason)
    name = ""
    try:
        with transaction.atomic():
            file = store(upload, allow=ALLOWED, at=at)
            name = str(file.file.name)
            received = PlanImport.objects.create(
                department=department, year=year, file=file, uploaded_by=actor, uploaded_at=at
            )
            check(received)
    except Exception:
        if name:
            default_storage.delete(name)
        raise
    return received


@transaction.atomic
def commit(
    *,
    import_id: int,
    read: Callable[[PlanImport], Batch],
    digest: str,
    actor: User,
    at: datetime,
) -> Written:
    """Writes the good rows of an upload as drafts, all of them or none, and once only.

    ``read`` reads the stored file again; ``digest`` is the preview the actor saw. Raises
    :class:`Conflict` when it was imported already (by whom, when, how many) or the preview no longer
    holds, :class:`Refused` for anyone but the uploader.
    """
    received = (
        PlanImport.objects.select_for_update(of=("self",))
        .select_related("department", "department__union", "file", "uploaded_by")
        .get(pk=import_id)
    )
    if reason := already(received, now=at):
        raise Conflict(reason)
    if received.uploaded_by_id != actor.pk:
        raise Refused(f"这份申报表由上传人 {received.uploaded_by.name} 导入；您可以自己上传一份。")
    if reason := refusal(received.department, actor=actor, at=at):
        raise Refused(reason)
    batch = read(received)
    if batch.digest != digest:
        raise Conflict("预览之后，已有的计划或办班规则有了变化，结果与您看到的不同。请核对新的预览后再导入。")
    if not batch.drafts:
        raise Refused("没有可以导入的班次。")
    created = _create([draft for draft in batch.drafts if draft.plan_id is None], received, actor, at)
    changed = 0
    for draft in batch.drafts:
        if draft.plan_id is not None and draft.revision is not None:
            drafts.edit_draft(
                plan_id=draft.plan_id,
                revision=draft.revision,
                fields=draft.fields,
                costs=draft.costs,
                actor=actor,
                at=at,
            )
            changed += 1
    received.committed_at, received.created_count = at, created + changed
    received.save(update_fields=["committed_at", "created_count"])
    return Written(created, changed)


def already(received: PlanImport, *, now: datetime) -> str | None:
    """Who imported it, when and how many classes; None while it waits."""
    if received.committed_at is None:
        return None
    return (
        f"这份申报表已由 {received.uploaded_by.name} 于 {moment(received.committed_at, now)} 导入，"
        f"共 {received.created_count} 个班次，不能重复导入。"
    )


def _create(rows: list[Draft], received: PlanImport, actor: User, at: datetime) -> int:
    """New drafts in two statements a hundred rows; triggers admit drafts only and write the history."""
    unknown = {name for row in rows for name in row.fields} - set(CONTENT_FIELDS)
    if unknown:
        raise ValueError(f"not content of a plan: {sorted(unknown)}")
    plans = ClassPlan.objects.bulk_create(
        (
            ClassPlan(
                union_id=received.department.union_id,
                department=received.department,
                year=received.year,
                created_by=actor,
                created_at=at,
                updated_at=at,
                **row.fields,
            )
            for row in rows
        ),
        batch_size=100,
    )
    PlanCost.objects.bulk_create(
        (
            PlanCost(plan=plan, item=item, amount=amount, note=note)
            for plan, row in zip(plans, rows, strict=True)
            for item, (amount, note) in row.costs.items()
            if amount
        ),
        batch_size=500,
    )
    return len(plans)
