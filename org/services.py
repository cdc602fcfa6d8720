"""Changes of holders: posts and duties pass from one to the next, nothing else is touched.

Whoever holds a post is looked up when somebody acts, so a succession moves no task and no decision (S4).
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from office.refusals import Conflict, Refused
from org.models import Body, Department, Duty, DutyCode, Post, Tenure, Union, User

if TYPE_CHECKING:
    from collections.abc import Sequence


def appoint(
    *,
    post: Post,
    user: User,
    since: datetime.date,
    acting: bool = False,
    basis: str = "",
    actor: User,
    at: datetime.datetime,
) -> Tenure:
    """Give ``post`` to ``user`` from ``since`` on; whoever holds it then, holds it until the day before.

    Back-dating cuts the predecessor's tenure at ``since`` (S4). If the user's own tenure begins later and
    nobody else stands between, that tenure is brought forward instead of a second one being added.

    Raises ``Refused``: no right, deactivated user, closed department, already the holder, or a later tenure
    of somebody else would be wiped out. ``Conflict``: the post's tenures changed meanwhile.
    """
    _check_actor(actor, "org.add_tenure")
    _check_moment(at)
    if not user.is_active:
        raise Refused(f"{user}的账号已停用，不能任职。")
    seen = _tenures(post)
    with transaction.atomic():
        locked = Post.objects.select_for_update(of=("self",)).select_related("department").get(pk=post.pk)
        if locked.department and locked.department.is_closed(since):
            raise Refused(f"{locked.department}已于{_day(locked.department.closed_on)}撤销，不能再任命。")
        tenures = _tenures(locked)
        if _periods(tenures) != _periods(seen):
            raise Conflict(f"{locked.full_title}的任职刚刚被别人改过，请刷新后核对。")
        current = next((tenure for tenure in tenures if since in tenure), None)
        later = [tenure for tenure in tenures if tenure.first_day > since]
        if current is not None and current.first_day == since:
            if current.user_id == user.pk and current.acting == acting:
                raise Refused(f"{user}自{_day(since)}起已任{locked.full_title}，不用再任命。")
            raise Conflict(
                f"{locked.full_title}自{_day(since)}起已由{current.user}担任。如系误任，请先撤销该任职。"
            )
        if current is not None and current.user_id == user.pk and current.acting == acting:
            raise Refused(f"{user}自{_day(current.first_day)}起一直任{locked.full_title}，不用再任命。")
        if later and not _brings_forward(later, user=user, acting=acting):
            raise Refused(
                f"{locked.full_title}自{_day(later[0].first_day)}起已由{later[0].user}担任，"
                f"从{_day(since)}起任命会冲掉该任职。请先撤销后面的任职，或改任命日期。"
            )
        if current is not None:
            current.end(since)
        if later:
            own = later[0]
            own.period = DateRange(since, own.period.upper)
            own.basis = basis or own.basis
            own.save(update_fields=["period", "basis"])
            return own
        return Tenure.objects.create(
            post=locked, user=user, period=DateRange(since, None), acting=acting, basis=basis
        )


def vacate(*, post: Post, on: datetime.date, actor: User, at: datetime.datetime) -> Tenure:
    """End the tenure of whoever holds ``post`` on ``on``, which is the first day without him; return it.

    Raises ``Refused`` if nobody holds it on that day or he only begins on it (then revoke the tenure).
    """
    _check_actor(actor, "org.change_tenure")
    _check_moment(at)
    with transaction.atomic():
        locked = Post.objects.select_for_update(of=("self",)).select_related("department").get(pk=post.pk)
        current = next((tenure for tenure in _tenures(locked) if on in tenure), None)
        if current is None:
            raise Refused(f"{_day(on)}没有人任{locked.full_title}。")
        if current.first_day == on:
            raise Refused(f"{current.user}自{_day(on)}起才任{locked.full_title}。如系误任，请撤销该任职。")
        current.end(on)
        return current


def revoke(*, tenure: Tenure, actor: User, at: datetime.datetime) -> None:
    """Take back an appointment made by mistake; its history keeps the row.

    The predecessor's tenure stays ended: appoint him, or somebody else, anew from the same day.
    """
    _check_actor(actor, "org.delete_tenure")
    _check_moment(at)
    with transaction.atomic():
        Post.objects.select_for_update(of=("self",)).get(pk=tenure.post_id)
        deleted, _ = Tenure.objects.filter(pk=tenure.pk).delete()
        if not deleted:
            raise Conflict("这条任职已被别人撤销。")


def assign_duty(
    *,
    union: Union,
    code: str,
    department: Department | None = None,
    body: Body | None = None,
    since: datetime.date,
    actor: User,
    at: datetime.datetime,
) -> Duty:
    """Give a duty of the union to a department or a meeting from ``since`` on; the holder before ends there.

    Raises ``Refused``: no right, not exactly one bearer, the wrong kind of bearer, one of another union,
    already the bearer, or a later assignment would be wiped out. ``Conflict``: changed meanwhile.
    """
    _check_actor(actor, "org.add_duty")
    _check_moment(at)
    bearer = _bearer(union, code, department, body)
    label = DutyCode(code).label
    if department is not None and department.is_closed(since):
        raise Refused(f"{department}已于{_day(department.closed_on)}撤销，不能承担“{label}”。")
    seen = _duties(union, code)
    with transaction.atomic():
        Union.objects.select_for_update().get(pk=union.pk)
        duties = _duties(union, code)
        if _periods(duties) != _periods(seen):
            raise Conflict(f"“{label}”刚刚被别人改过，请刷新后核对。")
        current = next((duty for duty in duties if since in duty), None)
        later = next((duty for duty in duties if duty.first_day > since), None)
        if current is not None and current.bearer == bearer:
            raise Refused(f"{bearer}自{_day(current.first_day)}起已承担“{label}”。")
        if current is not None and current.first_day == since:
            raise Conflict(f"自{_day(since)}起“{label}”已由{current.bearer}承担。如系误设，请先删除该条。")
        if later is not None:
            raise Refused(
                f"自{_day(later.first_day)}起“{label}”已定由{later.bearer}承担，"
                f"从{_day(since)}起另行指定会冲掉它。请先删除后面的一条。"
            )
        if current is not None:
            current.end(since)
        return Duty.objects.create(
            union=union, code=code, department=department, body=body, period=DateRange(since, None)
        )


def _bearer(union: Union, code: str, department: Department | None, body: Body | None) -> Department | Body:
    if code not in DutyCode.values:
        raise Refused(f"没有“{code}”这项职责。")
    bearer = department or body
    if bearer is None or (department is not None and body is not None):
        raise Refused("请指定一个部门或一个会议来承担职责，只能选一个。")
    if code == DutyCode.DECISION_BODY and body is None:
        raise Refused("审定会议这项职责须由会议承担。")
    if bearer.union_id != union.pk:
        raise Refused(f"{bearer}不属于{union}。")
    return bearer


def _brings_forward(later: Sequence[Tenure], *, user: User, acting: bool) -> bool:
    return len(later) == 1 and later[0].user_id == user.pk and later[0].acting == acting


def _tenures(post: Post) -> list[Tenure]:
    return list(Tenure.objects.filter(post=post).select_related("user").order_by("period"))


def _duties(union: Union, code: str) -> list[Duty]:
    found = Duty.objects.filter(union=union, code=code).select_related("department", "body")
    return list(found.order_by("period"))


def _periods(rows: Sequence[Tenure | Duty]) -> list[tuple[int, object]]:
    return [(row.pk, row.period) for row in rows]


def _check_actor(actor: User, permission: str) -> None:
    if not actor.has_perm(permission):  # never true for a deactivated user
        raise Refused("只有系统管理员可以变更任职和职责。")


def _check_moment(at: datetime.datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("the moment must be aware")


def _day(day: datetime.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "（无日期）"
