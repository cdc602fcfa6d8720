"""Changes of holders: posts and duties pass from one to the next, nothing else is touched.

Whoever holds a post is looked up when somebody acts, so a succession moves no task and no decision (S4).
Each change is kept in history with its actor.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pghistory
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from guardian.shortcuts import assign_perm, remove_perm

from office.refusals import Conflict, Refused
from org import rules
from org.models import Body, Department, Duty, Post, Tenure, Union, User
from org.selectors import duties_of, look_permission, lookers, looking_groups, tenures_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Sequence

    from django.contrib.auth.models import Group


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
    of somebody else would be wiped out. ``Conflict``: somebody else was appointed meanwhile.
    """
    seen = tenures_of(post)
    with _administering(actor, "org.add_tenure", at):
        locked = _lock(post.pk)
        tenures = tenures_of(locked)
        if _periods(tenures) != _periods(seen):
            raise Conflict(f"{locked.full_title}的任职刚刚被别人改过，请刷新后核对。")
        _raise(rules.appointment_refusal(post=locked, user=user, since=since, acting=acting, tenures=tenures))
        current = next((tenure for tenure in tenures if since in tenure), None)
        if current is not None:
            current.end(since)
        own = next((tenure for tenure in tenures if tenure.first_day > since), None)
        if own is not None:
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
    with _administering(actor, "org.change_tenure", at):
        locked = _lock(post.pk)
        current = next((tenure for tenure in tenures_of(locked) if on in tenure), None)
        _raise(rules.vacancy_refusal(post=locked, on=on, current=current))
        assert current is not None  # noqa: S101 - the rule has just said so
        current.end(on)
        return current


def revoke(*, tenure: Tenure, actor: User, at: datetime.datetime) -> None:
    """Take back an appointment made by mistake; history keeps the row.

    The predecessor's tenure stays ended: appoint him, or the right person, anew from the same day.
    """
    with _administering(actor, "org.delete_tenure", at):
        _lock(tenure.post_id)
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
    """Give a duty of the union to a department or a meeting from ``since`` on; the bearer before ends there.

    Raises ``Refused``: no right, not exactly one bearer, the wrong kind of bearer, one of another union,
    already the bearer, or a later assignment would be wiped out. ``Conflict``: changed meanwhile.
    """
    seen = duties_of(union, code)
    with _administering(actor, "org.add_duty", at):
        _lock_union(union.pk)
        duties = duties_of(union, code)
        if _periods(duties) != _periods(seen):
            raise Conflict("这项职责刚刚被别人改过，请刷新后核对。")
        _raise(
            rules.duty_refusal(
                union=union, code=code, department=department, body=body, since=since, duties=duties
            )
        )
        for duty in duties:
            if since in duty:
                duty.end(since)
        return Duty.objects.create(
            union=union, code=code, department=department, body=body, period=DateRange(since, None)
        )


def withdraw_duty(*, duty: Duty, actor: User, at: datetime.datetime) -> None:
    """Take back a duty assigned by mistake; history keeps the row. The bearer before stays ended."""
    with _administering(actor, "org.delete_duty", at):
        _lock_union(duty.union_id)
        deleted, _ = Duty.objects.filter(pk=duty.pk).delete()
        if not deleted:
            raise Conflict("这条职责已被别人撤销。")


def share(
    *,
    target: Department | Union,
    users: Iterable[User],
    groups: Iterable[Group],
    actor: User,
    at: datetime.datetime,
) -> None:
    """Let exactly these people and groups look at everything of the department or union."""
    permission = look_permission(target)
    wanted: set[User | Group] = {*users, *groups}
    with _administering(actor, "org.change_tenure", at):
        type(target).objects.select_for_update(no_key=True).get(pk=target.pk)
        have: set[User | Group] = {*lookers(target), *looking_groups(target)}
        for who in have - wanted:
            remove_perm(permission, who, target)
        for who in wanted - have:
            assign_perm(permission, who, target)


@contextmanager
def _administering(actor: User, permission: str, at: datetime.datetime) -> Iterator[None]:
    if at.tzinfo is None:
        raise ValueError("the moment must be aware")
    _raise(rules.administration_refusal(actor, permission))
    with pghistory.context(user=actor.pk), transaction.atomic():
        yield


def _lock(post_id: int) -> Post:
    # no_key: whoever writes a row that only points to the post doesn't wait for us.
    rows = Post.objects.select_for_update(of=("self",), no_key=True).select_related("department")
    return rows.get(pk=post_id)


def _lock_union(union_id: int) -> None:
    Union.objects.select_for_update(no_key=True).get(pk=union_id)


def _periods(rows: Sequence[Tenure | Duty]) -> list[tuple[int, object]]:
    return [(row.pk, row.period) for row in rows]


def _raise(refusal: Refused | None) -> None:
    if refusal is not None:
        raise refusal
