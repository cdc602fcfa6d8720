"""May this person take this post, may this department take this duty? Reads nothing, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from office.refusals import Conflict, Refused
from office.wording import chinese_date
from org.states import DutyCode

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from org.models import Body, Department, Duty, Post, Tenure, Union, User


def administration_refusal(actor: User, permission: str) -> Refused | None:
    """Holders and duties are changed by the system administrator or whom he trusts with it."""
    if actor.has_perm(permission):
        return None
    return Refused("只有系统管理员可以变更任职、职责和查阅授权。")


def appointment_refusal(
    *, post: Post, user: User, since: datetime.date, acting: bool, tenures: Sequence[Tenure]
) -> Refused | None:
    """Why ``user`` can't take ``post`` from ``since`` on; ``tenures`` are all of the post, in order.

    A successor cuts the tenure that covers ``since`` (S4). Nothing that begins on that day or later may be
    lost; only the user's own later tenure can be brought forward.
    """
    title, day = post.full_title, chinese_date(since)
    if not user.is_active:
        return Refused(f"{user}的账号已停用，不能任职。")
    if post.department and post.department.is_closed(since):
        return Refused(f"{post.department}到{day}时已经撤销，不能再任命。")
    current = next((tenure for tenure in tenures if since in tenure), None)
    if current and current.user_id == user.pk and current.acting == acting:
        return Refused(f"{user}自{chinese_date(current.first_day)}起一直任{title}，不用再任命。")
    if current and current.first_day == since:
        return Conflict(f"{title}自{day}起已由{current.user}担任。如系误任，请先撤销该任职。")
    later = [tenure for tenure in tenures if tenure.first_day > since]
    if later and not brought_forward(user=user, acting=acting, later=later):
        return Refused(
            f"{title}自{chinese_date(later[0].first_day)}起已由{later[0].user}担任，"
            f"从{day}起任命会冲掉该任职。请先撤销后面的任职，或改任命日期。"
        )
    return None


def brought_forward(*, user: User, acting: bool, later: Sequence[Tenure]) -> bool:
    """Whether the only later tenure is the user's own in the same capacity: it just begins earlier."""
    return len(later) == 1 and later[0].user_id == user.pk and later[0].acting == acting


def vacancy_refusal(*, post: Post, on: datetime.date, current: Tenure | None) -> Refused | None:
    """Why the post can't fall vacant on ``on``; ``current`` is the tenure that covers the day."""
    title, day = post.full_title, chinese_date(on)
    if current is None:
        return Refused(f"{day}没有人任{title}。")
    if current.first_day == on:
        return Refused(f"{current.user}自{day}起才任{title}。如系误任，请撤销该任职。")
    return None


def duty_refusal(
    *,
    union: Union,
    code: str,
    department: Department | None,
    body: Body | None,
    since: datetime.date,
    duties: Sequence[Duty],
) -> Refused | None:
    """Why the duty can't go to the department or meeting from ``since`` on; ``duties``: all of the code."""
    if code not in DutyCode.values:
        return Refused(f"没有“{code}”这项职责。")
    label, day = DutyCode(code).label, chinese_date(since)
    bearer = department or body
    if bearer is None or (department is not None and body is not None):
        return Refused("请指定一个部门或一个会议来承担职责，只能选一个。")
    if code == DutyCode.DECISION_BODY and body is None:
        return Refused("审定会议这项职责须由会议承担。")
    if bearer.union_id != union.pk:
        return Refused(f"{bearer}不属于{union}。")
    if department is not None and department.is_closed(since):
        return Refused(f"{department}到{day}时已经撤销，不能承担“{label}”。")
    current = next((duty for duty in duties if since in duty), None)
    if current and current.bearer == bearer:
        return Refused(f"{bearer}自{chinese_date(current.first_day)}起一直承担“{label}”，不用再指定。")
    if current and current.first_day == since:
        return Conflict(f"自{day}起“{label}”已由{current.bearer}承担。如系误设，请先撤销该条。")
    later = next((duty for duty in duties if duty.first_day > since), None)
    if later:
        return Refused(
            f"自{chinese_date(later.first_day)}起“{label}”已定由{later.bearer}承担，"
            f"从{day}起另行指定会冲掉它。请先撤销后面的一条。"
        )
    return None


def closing_refusal(*, closed_on: datetime.date, duties: Sequence[Duty]) -> Refused | None:
    """Why a department can't close on ``closed_on``; ``duties`` are all it ever bore."""
    for duty in duties:
        if duty.last_day is None or duty.last_day >= closed_on:
            label = DutyCode(duty.code).label
            return Refused(f"到{chinese_date(closed_on)}时该部门还承担“{label}”，请先指定由谁接替。")
    return None
