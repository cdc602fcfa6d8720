"""What every act on people's seats shares: who acts, locks in one order, lines of record, free places.

Locks go persons (by key) → plan → run → seats. Whoever gives somebody half-days for good locks the person
first: two organisers at two servers then come one after the other, and the database's exclusion constraint
has the last word where something else moved (docs/decisions/0021-call-ups-and-half-days.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Max, Q

from office.refusals import Refused
from org.models import Cadre
from workflow.models import CallUp, Quota, Seat, SeatAct
from workflow.rules.run_gate import case, judge
from workflow.services import base
from workflow.states import SEAT_TRANSITIONS, RunState, SeatRank, SeatSource, SeatState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from org.models import Union, User
    from org.selectors import Standing
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.findings import Finding
    from workflow.rules.run_gate import RunAct

#: What a line of record says was done; the moves of the table say it in their own words.
TITLES: Final = {
    **{action: move.title for action, move in SEAT_TRANSITIONS.items()},
    "nominate": "报名",
    "enter": "代为录入",
    "name": "点名调训",
    "on_site": "列为计划外学员",
    "decline": "不接受递补",
    "exempt": "报重复调训审批",
    "correct": "更正报名信息",
}

#: Formal seats that are taken: those offered count, or one place would be offered twice.
TAKEN: Final = Q(rank=SeatRank.FORMAL, state__in=(SeatState.NOMINATED, SeatState.CONFIRMED)) | Q(
    state=SeatState.OFFERED
)


@dataclass(frozen=True)
class Nominee:
    """Somebody a unit sends. ``name``, ``row``: as its list had them; ``explanation``: of warnings."""

    cadre_id: int
    explanation: str = ""
    name: str = ""
    row: int = 0
    post_title: str = ""
    phone: str = ""
    lodging: bool | None = None
    needs: str = ""
    arrival: str = ""


@dataclass(frozen=True)
class Result:
    """What became of one nominee: his ``seat``, or the ``reason`` he has none."""

    nominee: Nominee
    seat: Seat | None
    findings: list[Finding]
    reason: str = ""


@dataclass(frozen=True)
class Nominated:
    """What became of a list, in its order. ``notices`` are about the unit: whom it passed over."""

    results: list[Result]
    notices: list[Finding] = field(default_factory=list)

    @property
    def seats(self) -> list[Seat]:
        """Those who have a seat now."""
        return [result.seat for result in self.results if result.seat is not None]


@dataclass(frozen=True)
class Desk:
    """Somebody acting on a locked 期: the book in force, and what his lines of record are signed with."""

    run: ClassRun
    book: Book
    actor: User
    at: datetime
    standing: Standing
    post_title: str


def desk(act: RunAct, run: ClassRun, *, actor: User, at: datetime, unit: Union | None = None) -> Desk:
    """The desk where the gate lets ``act`` through; :class:`Refused` with the reason where not.

    ``run`` is locked by :func:`workflow.services.runs.locked_run`.
    """
    seen = case(run, actor=actor, at=at, unit=unit)
    if reason := judge(act, seen):
        raise Refused(reason)
    post = base.post_in(seen.standing, run.plan)
    if unit is not None and not seen.is_organiser:
        post = next((mine for mine in seen.standing.posts if mine.union_id == unit.pk), post)
    book = base.book_in_force(run.plan, at).book
    return Desk(run, book, actor, at, seen.standing, post.full_title if post is not None else "")


def lock_people(cadre_ids: Iterable[int]) -> None:
    """Locks these persons by key until the transaction ends; before any plan or run is locked."""
    locked = Cadre.objects.select_for_update(no_key=True).filter(pk__in=set(cadre_ids))
    list(locked.order_by("pk").values_list("pk", flat=True))


def locked_seats(seat_ids: Iterable[int]) -> list[Seat]:
    """These seats, fresh and locked, by key, with what the acts on them read."""
    found = Seat.objects.select_for_update(of=("self",)).filter(pk__in=set(seat_ids))
    return list(found.select_related("unit", "exemption", "run").order_by("pk"))


def record(desk: Desk, seats: Iterable[Seat], action: str, reason: str = "") -> None:
    """One line for each seat, names and titles as they are today."""
    SeatAct.objects.bulk_create(
        SeatAct(
            seat=seat,
            action=action,
            title=TITLES[action],
            reason=reason[:300],
            actor=desk.actor,
            actor_name=desk.actor.name,
            post_title=desk.post_title,
            at=desk.at,
        )
        for seat in seats
    )


def move(desk: Desk, seats: Sequence[Seat], action: str, reason: str = "", line: str = "") -> None:
    """Moves the seats by ``action`` of their table, in one statement, and records it (as ``line``)."""
    for seat in seats:
        getattr(seat, action)()
        seat.changed_at = desk.at
        if action == "accept":
            seat.rank = SeatRank.FORMAL
    Seat.objects.bulk_update(seats, ["state", "rank", "changed_at"])
    record(desk, seats, line or action, reason)


@dataclass(frozen=True)
class Places:
    """The quota table with who counts against it; on-site people count against nothing."""

    quotas: dict[int, int]
    taken: dict[int, int]
    reserve: int

    def free(self, unit_id: int) -> int:
        """Seats of the unit's own quota nobody has; never negative."""
        return max(0, self.quotas.get(unit_id, 0) - self.taken.get(unit_id, 0))

    @property
    def spare(self) -> int:
        """机动名额 nobody has: what units hold beyond their quotas is taken out of them."""
        beyond = (max(0, held - self.quotas.get(unit, 0)) for unit, held in self.taken.items())
        return self.reserve - sum(beyond)


def places(run: ClassRun) -> Places:
    """The places of ``run`` as they stand now, in three queries."""
    quotas = dict(Quota.objects.filter(run=run).order_by().values_list("unit", "seats"))
    held = Seat.objects.filter(TAKEN, run=run).exclude(source=SeatSource.ON_SITE).order_by()
    taken = dict(held.values("unit").annotate(held=Count("pk")).values_list("unit", "held"))
    reserve = CallUp.objects.filter(run=run).values_list("reserve_seats", flat=True).first()
    return Places(quotas, taken, reserve or 0)


def next_position(run: ClassRun, unit_id: int) -> int:
    """The next in the unit's order."""
    last = Seat.objects.filter(run=run, unit=unit_id).aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def offer_vacancies(desk: Desk, unit_id: int) -> list[Seat]:
    """Offers what the unit has free to its first 候补, in their order: never silently promoted (S7)."""
    if desk.run.state not in (RunState.ENROLLING, RunState.RUNNING):
        return []
    free = places(desk.run).free(unit_id)
    waiting = Seat.objects.select_for_update(of=("self",)).filter(
        run=desk.run, unit=unit_id, rank=SeatRank.RESERVE, state=SeatState.NOMINATED
    )
    first = list(waiting.order_by("position", "pk")[:free])
    if first:
        move(desk, first, "offer")
    return first


def written(desk: Desk, nominee: Nominee, cadre: Cadre, unit: Union, **fields: Any) -> Seat:
    """A new seat, not saved: name, unit and post stand as they are today."""
    return Seat(
        run=desk.run,
        cadre=cadre,
        unit=unit,
        name=cadre.name,
        unit_name=cadre.unit.name if cadre.unit is not None else unit.name,
        post_title=nominee.post_title or cadre.post_title,
        phone=nominee.phone or cadre.phone,
        lodging=nominee.lodging,
        needs=nominee.needs,
        arrival=nominee.arrival,
        explanation=nominee.explanation.strip(),
        nominated_at=desk.at,
        changed_at=desk.at,
        **fields,
    )
