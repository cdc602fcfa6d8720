"""What waits for a person, in numbers: the badges of the side navigation, in one statement."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from org.models import Post, Tenure, Union
from workflow.models import ClassPlan, WorkTask
from workflow.states import PENDING

if TYPE_CHECKING:
    from org.selectors import Standing


#: A call-up is about to close: as long as it takes to ask round a unit, a weekend between.
NEAR: Final = datetime.timedelta(days=5)


@dataclass(frozen=True)
class Badges:
    """``waiting``: open tasks at his posts; ``under_way``: his own plans and requests in review;
    ``unmanned``: tasks of his unions (training authority only) at posts nobody holds; ``next_meeting``: the
    next sitting he sees; ``offers``: people of his units who are offered a place nobody has answered for;
    ``closing``: call-ups of his units that close within :data:`NEAR` and lack people."""

    waiting: int = 0
    under_way: int = 0
    unmanned: int = 0
    next_meeting: datetime.date | None = None
    offers: int = 0
    closing: int = 0

    @property
    def called(self) -> int:
        """What a unit's contact has to see to before others can go on."""
        return self.offers + self.closing


def proposed_by(standing: Standing) -> QuerySet[ClassPlan]:
    """我发起的: plans he drew up or handed in, as far as he still sees them."""
    own = Q(created_by=standing.user.pk) | Q(version__submitted_by=standing.user.pk)
    return ClassPlan.objects.visible_to(standing).filter(own)


def unmanned_tasks(standing: Standing) -> QuerySet[WorkTask]:
    """Open tasks of the unions whose training authority he is, at posts that nobody holds today (S4).

    From the posts to their tasks: an empty post is rare, an open task is not.
    """
    own = Union.objects.filter(pk__in=standing.authority_union_ids, path__startswith=OuterRef("union__path"))
    held = Tenure.objects.on(standing.on).filter(post=OuterRef("pk"), user__is_active=True)
    empty = Post.objects.filter(Exists(own)).exclude(Exists(held)).order_by()  # theirs and their superiors'
    unions = standing.authority_union_ids
    ours = Q(plan__union__in=unions) | Q(money__union__in=unions)
    return WorkTask.objects.filter(ours, is_open=True, post__in=empty.values("pk")).order_by("-arrived_at")


#: Every page asks for the badges. Written out, because Django takes six times as long to put these
#: questions into SQL as PostgreSQL to answer them; a test holds them against the querysets.
_BADGES: Final = """
    SELECT (SELECT count(*) FROM workflow_worktask WHERE is_open AND post_id = ANY(%(posts)s)),
           (SELECT count(*) FROM workflow_classplan
             WHERE created_by_id = %(user)s AND state = ANY(%(pending)s))
           + (SELECT count(*) FROM workflow_runrequest
               WHERE created_by_id = %(user)s AND state IN ('reviewing', 'returned'))
           + (SELECT count(*) FROM workflow_moneyrequest
               WHERE created_by_id = %(user)s AND state IN ('reviewing', 'returned')),
           (SELECT count(*) FROM workflow_worktask task
             LEFT JOIN workflow_classplan plan ON plan.id = task.plan_id
             LEFT JOIN workflow_moneyrequest money ON money.id = task.money_id
             WHERE task.is_open AND COALESCE(plan.union_id, money.union_id) = ANY(%(unions)s)
               AND task.post_id IN (
                SELECT post.id FROM org_post post JOIN org_union u ON u.id = post.union_id
                 WHERE EXISTS (SELECT 1 FROM org_union own
                                WHERE own.id = ANY(%(unions)s) AND starts_with(own.path, u.path))
                   AND NOT EXISTS (SELECT 1 FROM org_tenure held JOIN org_user who ON who.id = held.user_id
                                    WHERE held.post_id = post.id AND held.period @> %(today)s::date
                                      AND who.is_active))),
           (SELECT min(held_on) FROM workflow_meeting
             WHERE union_id = ANY(%(seen)s) AND held_on >= %(today)s),
           (SELECT count(*) FROM workflow_seat seat JOIN workflow_classrun run ON run.id = seat.run_id
             WHERE seat.unit_id = ANY(%(own)s) AND seat.state = 'offered'
               AND run.state IN ('enrolling', 'running')),
           (SELECT count(*) FROM workflow_quota quota JOIN workflow_classrun run ON run.id = quota.run_id
              JOIN workflow_callup notice ON notice.run_id = run.id
             WHERE quota.unit_id = ANY(%(own)s) AND run.state = 'enrolling' AND notice.issued_at IS NOT NULL
               AND notice.deadline BETWEEN %(now)s AND %(soon)s
               AND quota.seats > (SELECT count(*) FROM workflow_seat seat
                    WHERE seat.run_id = quota.run_id AND seat.unit_id = quota.unit_id
                      AND (seat.state = 'offered'
                           OR seat.rank = 'formal' AND seat.state IN ('nominated', 'confirmed'))))
"""


def badges(standing: Standing, at: datetime.datetime) -> Badges:
    """All of a person's badges at ``at``, in one statement."""
    if not standing.user.is_active:
        return Badges()
    values: dict[str, Any] = {
        "posts": list(standing.post_ids),
        "user": standing.user.pk,
        "pending": [state.value for state in PENDING],
        "unions": list(standing.authority_union_ids),
        "seen": list(standing.whole_union_ids),
        "today": standing.on,
        "own": list(standing.union_ids),
        "now": at,
        "soon": at + NEAR,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BADGES, values)
        return Badges(*cursor.fetchone())
