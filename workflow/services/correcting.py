"""更正报名信息: what was written of a nominee beside who he is, put right without sending him anew."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from django.db import transaction

from office.refusals import Conflict, Refused
from rulebook.severity import Severity
from workflow.models import Seat
from workflow.rules.findings import stored
from workflow.rules.run_gate import RunAct, case, why_not_correct
from workflow.services.runs import locked_run
from workflow.services.seating import desk, locked_seats, record

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import User


@dataclass(frozen=True)
class Details:
    """What may be put right; ``lodging`` None: not said."""

    phone: str
    lodging: bool | None
    needs: str
    arrival: str
    explanation: str


TITLES: Final = {
    "phone": "手机",
    "lodging": "住宿",
    "needs": "食宿需求",
    "arrival": "到达时间",
    "explanation": "说明",
}
LODGING: Final = {True: "住宿", False: "不住宿", None: ""}

#: Dealt with by itself, so nobody has to explain it (services.nominations).
_UNEXPLAINED: Final = "over_quota"


@transaction.atomic
def correct(
    *, seat_id: int, details: Details, seen_at: datetime | None, actor: User, at: datetime
) -> list[str]:
    """Puts a seat's details right; the titles of what changed, [] where nothing did.

    The unit until he is confirmed, the organiser as long as the class isn't over. ``seen_at``: when the seat
    had last changed on the caller's page; another moment is a :class:`Conflict`. What a warning was answered
    with may be reworded, not taken away. One line of record says what was before.
    """
    run = locked_run(Seat.objects.values_list("run", flat=True).get(pk=seat_id))
    [seat] = locked_seats([seat_id])
    place = desk(RunAct.CORRECT, run, actor=actor, at=at, unit=seat.unit)
    if reason := why_not_correct(seat, case(run, actor=actor, at=at, unit=seat.unit)):
        raise Refused(reason)
    if seen_at is not None and seen_at != seat.changed_at:
        raise Conflict(f"{seat.name}的报名信息刚被别人改动，下面是最新内容，请核对后再改。")
    changed = [
        field.name for field in fields(Details) if getattr(seat, field.name) != getattr(details, field.name)
    ]
    if not changed:
        return []
    asks = any(
        finding.severity == Severity.WARN and finding.code != _UNEXPLAINED
        for finding in stored(seat.findings)
    )
    if asks and not details.explanation:
        raise Refused("核查有提示，说明不能删去；可以改写。")
    was = "；".join(f"{TITLES[name]}原为“{_words(getattr(seat, name))}”" for name in changed)
    for name in changed:
        setattr(seat, name, getattr(details, name))
    seat.changed_at = at
    seat.save(update_fields=[*changed, "changed_at"])
    record(place, [seat], "correct", was)
    return [TITLES[name] for name in changed]


def _words(value: str | bool | None) -> str:
    return value if isinstance(value, str) else LODGING[value]
