"""A class that won't be held frees its people: their half-days are free and no one-year rule runs (S20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.models import Seat, SeatAct
from workflow.states import LIVE_SEATS, SEAT_TRANSITIONS

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import Post, User
    from workflow.models import ClassRun


def release_all(run: ClassRun, *, actor: User, post: Post | None, at: datetime, reason: str) -> int:
    """Releases every live seat of ``run``, each with its line; the number of people set free.

    The caller holds the run's row lock. Persons aren't locked: half-days are only given up.
    """
    seats = list(Seat.objects.select_for_update().filter(run=run, state__in=LIVE_SEATS).order_by("pk"))
    for seat in seats:
        seat.release()
        seat.changed_at = at
    Seat.objects.bulk_update(seats, ["state", "changed_at"])
    SeatAct.objects.bulk_create(
        SeatAct(
            seat=seat,
            action="release",
            title=SEAT_TRANSITIONS["release"].title,
            reason=reason[:300],
            actor=actor,
            actor_name=actor.name,
            post_title=post.full_title if post is not None else "",
            at=at,
        )
        for seat in seats
    )
    return len(seats)
