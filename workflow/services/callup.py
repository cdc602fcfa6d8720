"""名额分配 and 调训通知: how many people each unit sends, and the paper that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from office.refusals import Conflict, Refused
from office.wording import chinese_date, moment
from org.models import Union
from workflow.models import CallUp, Quota
from workflow.rules.run_gate import RunAct
from workflow.services.runs import locked_run
from workflow.services.seating import desk, offer_vacancies, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from org.models import User
    from workflow.models import ClassRun
    from workflow.services.seating import Desk

#: What the notice says beside its dates.
NOTICE_FIELDS: Final = (
    "document_number",
    "contact_name",
    "contact_phone",
    "contact_email",
    "addressees",
    "requirements",
)


@transaction.atomic
def set_quotas(
    *,
    run_id: int,
    rows: Iterable[tuple[int, int, int, str]],
    reserve_seats: int,
    actor: User,
    at: datetime,
) -> list[Quota]:
    """The whole quota table: (unit, seats, 备选 seats, 其中) each, in place of what there was.

    ``reserve_seats``: 机动名额 the organiser keeps back. Together they may not be more than the class's
    trainees (S7), nor less than units hold already. Seats that fall free by it are offered to 候补.
    """
    run = locked_run(run_id)
    place = desk(RunAct.QUOTA, run, actor=actor, at=at)
    lines = list(rows)
    units = _units(run, [unit for unit, *_ in lines])
    if any(seats < 0 or reserve < 0 for _, seats, reserve, _ in lines) or reserve_seats < 0:
        raise Refused("名额不能是负数。")
    total = sum(seats for _, seats, _, _ in lines) + reserve_seats
    if total > run.trainees:
        more = f"（含机动名额 {reserve_seats} 人）" if reserve_seats else ""
        raise Refused(f"名额合计 {total} 人{more}，超过 {run.trainees} 人。请核减后再保存。")
    _demand_kept(run, {unit: seats for unit, seats, _, _ in lines}, reserve_seats)
    there = {quota.unit_id: quota for quota in Quota.objects.select_for_update().filter(run=run)}
    for unit, seats, reserve, note in lines:
        note = note.strip()[:200]
        quota = there.pop(unit, None)
        if quota is None:
            Quota.objects.create(run=run, unit=units[unit], seats=seats, reserve=reserve, note=note)
        elif (quota.seats, quota.reserve, quota.note) != (seats, reserve, note):
            quota.seats, quota.reserve, quota.note = seats, reserve, note
            quota.save()
    for quota in there.values():
        quota.delete()
    CallUp.objects.update_or_create(run=run, defaults={"reserve_seats": reserve_seats})
    for unit in units:
        offer_vacancies(place, unit)
    return list(Quota.objects.filter(run=run).select_related("unit"))


def _units(run: ClassRun, ids: Sequence[int]) -> dict[int, Union]:
    """The units of the table, each once, all of the organiser's own union or below it."""
    found: dict[int, Union] = Union.objects.in_bulk(ids)
    names = [found[unit].name for unit in ids if unit in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"{'、'.join(twice)}在名额表中写了两次。")
    if len(found) < len(set(ids)):
        raise Refused("名额表中有的单位不存在，请重新选择。")
    own = run.plan.union
    if far := [unit.name for unit in found.values() if not unit.path.startswith(own.path)]:
        raise Refused(f"{'、'.join(far)}不是{own.name}的下级单位，不能分配名额。")
    return found


def _demand_kept(run: ClassRun, quotas: dict[int, int], reserve_seats: int) -> None:
    """What units hold already stays theirs: beyond their quota only as far as the 机动名额 go."""
    taken = places(run).taken
    beyond = {unit: held - quotas.get(unit, 0) for unit, held in taken.items() if held > quotas.get(unit, 0)}
    if sum(beyond.values()) <= reserve_seats:
        return
    names = Union.objects.in_bulk(beyond)
    held_text = "、".join(f"{names[unit].name} {taken[unit]} 人" for unit in sorted(beyond))
    raise Refused(f"已有正式学员，名额不能再少：{held_text}。请先办理退出，或多留机动名额。")


@transaction.atomic
def save_notice(
    *,
    run_id: int,
    fields: dict[str, Any],
    deadline: datetime | None,
    issued_on: date | None,
    actor: User,
    at: datetime,
) -> CallUp:
    """What the notice says, while it hasn't gone out. ``fields``: of :data:`NOTICE_FIELDS`."""
    run = locked_run(run_id)
    desk(RunAct.NOTICE, run, actor=actor, at=at)
    if unknown := fields.keys() - set(NOTICE_FIELDS):
        raise ValueError(f"not said by a notice: {sorted(unknown)}")
    notice = CallUp.objects.select_for_update().filter(run=run).first() or CallUp(run=run)
    _demand_unissued(notice, at)
    for name, value in fields.items():
        setattr(notice, name, value.strip())
    notice.deadline, notice.issued_on = deadline, issued_on
    notice.save()
    return notice


def _demand_unissued(notice: CallUp, now: datetime) -> None:
    if notice.issued_at is not None:
        raise Conflict(f"调训通知已于 {moment(notice.issued_at, now=now)} 发出，不能再改；报名截止可以延长。")


@transaction.atomic
def why_not_issue(*, run_id: int, actor: User, at: datetime) -> list[str]:
    """All that is missing before the notice can go out, [] where it can; refuses as :func:`issue` does."""
    run = locked_run(run_id)
    place = desk(RunAct.NOTICE, run, actor=actor, at=at)
    notice = CallUp.objects.filter(run=run).first() or CallUp(run=run)
    _demand_unissued(notice, at)
    return _missing(place, notice)


@transaction.atomic
def issue(*, run_id: int, actor: User, at: datetime) -> CallUp:
    """发出调训通知: from now on units see the class and nominate.

    Every seat of the class is given out, to units or kept back as 机动名额; the deadline is to come and isn't
    after the first day. Raises :class:`Refused` with all that is missing.
    """
    run = locked_run(run_id)
    place = desk(RunAct.NOTICE, run, actor=actor, at=at)
    notice = CallUp.objects.select_for_update().filter(run=run).first() or CallUp(run=run)
    _demand_unissued(notice, at)
    if missing := _missing(place, notice):
        raise Refused("调训通知还不能发出：" + "".join(f"{n}. {text}" for n, text in enumerate(missing, 1)))
    notice.issued_at, notice.issued_by = at, actor
    notice.issued_on = notice.issued_on or timezone.localdate(at)
    notice.save()
    return notice


def _missing(place: Desk, notice: CallUp) -> list[str]:
    run, missing = place.run, []
    given = sum(Quota.objects.filter(run=run).order_by().values_list("seats", flat=True))
    total = given + notice.reserve_seats
    if total != run.trainees:
        kept = f"（含机动名额 {notice.reserve_seats} 人）" if notice.reserve_seats else ""
        missing.append(f"名额合计 {total} 人{kept}，应为 {run.trainees} 人；余下的可以留作机动名额。")
    missing += _deadline_faults(run, notice.deadline, place.at)
    if not notice.contact_name.strip() or not notice.contact_phone.strip():
        missing.append("请填写联系人和联系电话。")
    return missing


def _deadline_faults(run: ClassRun, deadline: datetime | None, at: datetime) -> list[str]:
    if deadline is None:
        return ["请填写报名截止时间。"]
    if deadline <= at:
        return [f"报名截止时间 {moment(deadline, now=at)} 已过，请改为以后的时间。"]
    first_day = run.start()[0]
    if timezone.localdate(deadline) >= first_day:
        return [f"报名截止时间须早于开班日期 {chinese_date(first_day)}，请留出确认学员的时间。"]
    return []


@transaction.atomic
def prolong(*, run_id: int, deadline: datetime, actor: User, at: datetime) -> CallUp:
    """延长报名: a later deadline of a notice that has gone out."""
    run = locked_run(run_id)
    desk(RunAct.NOTICE, run, actor=actor, at=at)
    notice = CallUp.objects.select_for_update().filter(run=run, issued_at__isnull=False).first()
    if notice is None or notice.deadline is None:
        raise Refused("调训通知还没有发出。")
    if deadline <= notice.deadline:
        raise Refused(f"现在的截止时间是 {moment(notice.deadline, now=at)}，只能往后延。")
    if faults := _deadline_faults(run, deadline, at):
        raise Refused("".join(faults))
    notice.deadline = deadline
    notice.save(update_fields=["deadline"])
    return notice
