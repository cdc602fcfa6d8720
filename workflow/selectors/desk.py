"""What waits for a person, in numbers: the badges of the side navigation, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery

from org.models import Tenure, User
from workflow.models import ClassPlan, Meeting, WorkTask
from workflow.states import PENDING

if TYPE_CHECKING:
    import datetime

    from org.selectors import Standing


@dataclass(frozen=True)
class Badges:
    """``waiting``: open tasks at his posts; ``under_way``: his own plans in review; ``unmanned``: tasks of
    his unions (training authority only) at posts nobody holds; ``next_meeting``: the next sitting he sees."""

    waiting: int = 0
    under_way: int = 0
    unmanned: int = 0
    next_meeting: datetime.date | None = None


def proposed_by(standing: Standing) -> QuerySet[ClassPlan]:
    """我发起的: plans he drew up or handed in, as far as he still sees them."""
    own = Q(created_by=standing.user.pk) | Q(version__submitted_by=standing.user.pk)
    return ClassPlan.objects.visible_to(standing).filter(own)


def unmanned_tasks(standing: Standing) -> QuerySet[WorkTask]:
    """Open tasks of the unions whose training authority he is, at posts that nobody holds today (S4)."""
    held = Tenure.objects.on(standing.on).filter(post=OuterRef("post"), user__is_active=True)
    return (
        WorkTask.objects.filter(is_open=True, plan__union__in=standing.authority_union_ids)
        .exclude(Exists(held))
        .order_by("-arrived_at")
    )


def badges(standing: Standing) -> Badges:
    """All of a person's badges, in one statement."""
    if not standing.user.is_active:
        return Badges()
    figures = {
        "waiting": _count(WorkTask.objects.open_for(standing.post_ids)),
        "under_way": _count(
            ClassPlan.objects.filter(created_by=standing.user.pk, state__in=[s.value for s in PENDING])
        ),
        "next_meeting": Subquery(
            Meeting.objects.visible_to(standing)
            .filter(held_on__gte=standing.on)
            .order_by("held_on")
            .values("held_on")[:1]
        ),
    }
    if standing.authority_union_ids:
        figures["unmanned"] = _count(unmanned_tasks(standing))
    row = User.objects.filter(pk=standing.user.pk).order_by().values(**figures).first()
    return Badges(**row) if row is not None else Badges()


def _count(rows: QuerySet[WorkTask] | QuerySet[ClassPlan]) -> Subquery:
    # COUNT without Django's GROUP BY, so that no rows give 0 and not NULL.
    number = Func(F("pk"), function="COUNT", output_field=IntegerField())
    return Subquery(rows.order_by().annotate(_number=number).values("_number"))
