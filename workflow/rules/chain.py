"""The book's steps applied to one plan, or to a request about its 期 or about money: whose turn is it, and
who acts after.

A step names a duty or a post; here it becomes the post of this union on this day. A post whose holder
is the plan's own author stands aside for the step's stand-in, as does a department that would judge
its own plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from office.refusals import Refused
from org.models import Post, PostKind
from org.selectors import Seat, duty_on, duty_seat, head_post, head_seat, seat_by_code
from rulebook.steps import HolderKind, StepLevel

if TYPE_CHECKING:
    from datetime import date

    from org.models import Union, User
    from rulebook.steps import Holder, Step
    from workflow.models import ClassPlan, MoneyRequest

    #: What a chain is worked out for: its union, the department it comes from, whose interest it is.
    About = ClassPlan | MoneyRequest


@dataclass(frozen=True)
class Turn:
    """A step with the post that has it; ``stands_in`` when it isn't the step's own."""

    step: Step
    post: Post
    stands_in: bool


def turn(about: About, step: Step, on: date, *, author_id: int, meeting: bool = False) -> Turn:
    """The post whose turn ``step`` is for a plan or a request about one of its 期, or a request about money.

    ``author_id``: who handed it in. ``meeting``: whether the step is the meeting's: its secretary only
    writes down what was decided, so nobody stands in for him.
    Raises :class:`Refused` naming the duty or post that isn't set up.
    """
    seat = _seat(step.holder, step, about, on)
    own_head = step.holder.kind == HolderKind.OWN_HEAD
    own = (
        not own_head
        and seat.post.department_id is not None
        and seat.post.department_id == about.interested_id
    )
    if not meeting and (own or seat.holder_id == author_id) and step.stand_in is not None:
        return Turn(step, _seat(step.stand_in, step, about, on).post, stands_in=True)
    return Turn(step, seat.post, stands_in=False)


def _seat(holder: Holder, step: Step, about: About, on: date) -> Seat:
    """The post with its holder, in one query."""
    union = about.union
    if step.level == StepLevel.SUPERIOR:
        union = _superior(union, step)
    match holder.kind:
        case HolderKind.OWN_HEAD:
            seat = head_seat(about.department, on)
        case HolderKind.POST:
            seat = seat_by_code(union, holder.code, on)
        case _:
            seat = duty_seat(union, holder.code, on)
    if seat is None:
        missing = _missing(holder, step, about, union, on)
        raise Refused(f"“{step.title}”无人办理：{missing}。请联系系统管理员在“组织机构”中设置。")
    return seat


def _missing(holder: Holder, step: Step, about: About, union: Union, on: date) -> str:
    """What isn't set up."""
    match holder.kind:
        case HolderKind.OWN_HEAD:
            return f"{about.department.name}没有设置负责人岗位"
        case HolderKind.POST:
            return f"{union.name}没有设置“{holder.code}”岗位"
    duty = duty_on(union, holder.code, on)
    if duty is not None and duty.department is not None:
        return f"{duty.department.name}没有设置负责人岗位"
    return f"{union.name}没有指定承担“{step.title}”的部门或会议"


def _superior(union: Union, step: Step) -> Union:
    superior: Union | None = union.superior
    if superior is None:
        raise Refused(f"“{step.title}”由上级工会办理，{union.name}没有设置上级工会。")
    return superior


def author_post(about: About, author: User, on: date) -> Post:
    """Where what was returned goes: its author's post in the department, or, he gone, its staff or head."""
    posts = Post.objects.filter(department=about.department)
    own = posts.filter(tenures__user=author, tenures__period__contains=on).order_by("ordinal").first()
    if own is not None:
        return own
    other = posts.filter(kind=PostKind.STAFF).order_by("ordinal").first() or head_post(about.department)
    if other is None:
        raise Refused(f"{about.department.name}没有设置岗位，无法退回。请联系系统管理员。")
    return other
