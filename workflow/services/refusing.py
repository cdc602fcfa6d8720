"""An exemption that is refused: whom it was asked for doesn't come, and his place is free for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.models import Seat
from workflow.services import base
from workflow.services.seating import Desk, move, offer_vacancies
from workflow.states import SeatState

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import Post, User
    from org.selectors import Standing
    from workflow.models import RunRequest


def turn_away(
    request: RunRequest, *, actor: User, standing: Standing, post: Post, at: datetime, opinion: str
) -> list[Seat]:
    """Turns away those of ``request`` who aren't confirmed; their units' first 候补 are offered the places.

    Who is confirmed keeps his seat: of leave beyond its limit the attendance decides when it is closed. The
    caller holds the locks of plan, 期 and request.
    """
    run = request.run
    waiting = Seat.objects.select_for_update(of=("self",)).filter(
        run=run, exemption=request, state__in=(SeatState.NOMINATED, SeatState.OFFERED)
    )
    seats = list(waiting.order_by("pk"))
    place = Desk(run, base.book_in_force(run.plan, at).book, actor, at, standing, post.full_title)
    move(place, seats, "reject", f"{request.get_kind_display()}未获同意：{opinion}")
    for unit_id in dict.fromkeys(seat.unit_id for seat in seats):
        offer_vacancies(place, unit_id)
    return seats
