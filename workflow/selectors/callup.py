"""What became of a call-up: feedback by unit, clashes seen from both sides, one's own classes, unit load."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q

from org.models import Cadre
from workflow.models import Attendance, ClassRun, Quota, Seat
from workflow.models.run import half_day
from workflow.states import LIVE_SEATS, Presence, RunState, SeatSource, SeatState

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from org.models import Union, User

#: Trainees: confirmed, or confirmed to the end of the class.
_TRAINEES: Final = Q(state__in=(SeatState.CONFIRMED, SeatState.COMPLETED, SeatState.UNFINISHED))
_CAME: Final = (Presence.PRESENT, Presence.LATE)
#: From its first day on somebody can have stayed away.
_HELD: Final = (RunState.RUNNING, RunState.SETTLING, RunState.SETTLED, RunState.ARCHIVED)


@dataclass(frozen=True)
class Feedback:
    """A unit's line of the 调训情况反馈表 (D2-27); ``unit`` empty in the sum.

    ``nominated``: people it sent, the exchanged counted once. ``came``: on at least one half-day;
    ``on_site`` of them weren't on the list. ``absent``: confirmed and never seen. ``rate``: how much of its
    quota came, in percent, None without a quota.
    """

    unit: str
    quota: int
    nominated: int
    confirmed: int
    came: int
    absent: int
    replaced: int
    withdrawn: int
    on_site: int

    @property
    def rate(self) -> float | None:
        return round(100 * (self.came - self.on_site) / self.quota, 1) if self.quota else None


def feedback(run: ClassRun) -> list[Feedback]:
    """A line for each unit with a quota or a seat, in the units' order; two queries."""
    came = Attendance.objects.filter(seat=OuterRef("pk"), presence__in=_CAME)
    on_site = Q(source=SeatSource.ON_SITE)
    rows = (
        Seat.objects.filter(run=run)
        .alias(came=Exists(came))
        .order_by()
        .values("unit", "unit__name", "unit__ordinal")
        .annotate(
            nominated=Count("pk", filter=~on_site & Q(replaces=None)),
            confirmed=Count("pk", filter=_TRAINEES),
            present=Count("pk", filter=_TRAINEES & Q(came=True)),
            absent=Count("pk", filter=_TRAINEES & Q(came=False)),
            replaced=Count("pk", filter=Q(state=SeatState.REPLACED)),
            withdrawn=Count("pk", filter=Q(state=SeatState.WITHDRAWN)),
            beside=Count("pk", filter=_TRAINEES & on_site & Q(came=True)),
        )
    )
    sent = {row["unit"]: row for row in rows}
    quotas = Quota.objects.filter(run=run).values_list("unit", "unit__name", "unit__ordinal", "seats")
    seats = {unit: number for unit, _, _, number in quotas}
    order = {unit: (ordinal, unit, name) for unit, name, ordinal, _ in quotas}
    order |= {unit: (row["unit__ordinal"], unit, row["unit__name"]) for unit, row in sent.items()}
    held = run.state in _HELD
    nothing: dict[str, int] = {}
    lines = [(unit, name, sent.get(unit, nothing)) for _, unit, name in sorted(order.values())]
    return [
        Feedback(
            unit=name,
            quota=seats.get(unit, 0),
            nominated=row.get("nominated", 0),
            confirmed=row.get("confirmed", 0),
            came=row.get("present", 0),
            absent=row.get("absent", 0) if held else 0,
            replaced=row.get("replaced", 0),
            withdrawn=row.get("withdrawn", 0),
            on_site=row.get("beside", 0),
        )
        for unit, name, row in lines
    ]


def feedback_total(lines: Collection[Feedback]) -> Feedback:
    """The sum of the lines."""
    names = ("quota", "nominated", "confirmed", "came", "absent", "replaced", "withdrawn", "on_site")
    return Feedback(unit="", **{name: sum(getattr(line, name) for line in lines) for name in names})


@dataclass(frozen=True)
class Clash:
    """Another class a person of this one is in on the same half-days: whose, and how far it has come."""

    run: ClassRun
    state: SeatState

    @property
    def firm(self) -> bool:
        """Whether he is confirmed there: only one of the two can have him."""
        return self.state in (SeatState.CONFIRMED, SeatState.COMPLETED)

    @property
    def message(self) -> str:
        """``也在某区总工会权益保障部《…》的名单中（已报名）``."""
        plan = self.run.plan
        return (
            f"也在{plan.union.name}{plan.department.name}《{self.run.title}》的名单中（{self.state.label}）"
        )


_CLASHES: Final = """
    SELECT DISTINCT mine.seat_id, other.run_id, o.state
    FROM workflow_seatspan mine
    JOIN workflow_seatspan other ON other.cadre_id = mine.cadre_id
     AND other.span && mine.span AND other.run_id <> mine.run_id
    JOIN workflow_seat o ON o.id = other.seat_id
    JOIN workflow_seat s ON s.id = mine.seat_id
    WHERE mine.run_id = %(run)s AND (%(units)s::bigint[] IS NULL OR s.unit_id = ANY(%(units)s::bigint[]))
    ORDER BY mine.seat_id, other.run_id
"""


def clashes(run: ClassRun, unit_ids: Collection[int] | None = None) -> dict[int, list[Clash]]:
    """By seat of ``run``, the other classes its person is in at the same time, whoever came first.

    Worked out anew each time, never stored: the nomination that makes a clash is seen at once by the
    organiser and the unit of the other class, too. ``unit_ids``: only seats of these units. Two queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLASHES, {"run": run.pk, "units": None if unit_ids is None else list(unit_ids)})
        rows = cursor.fetchall()
    runs = ClassRun.objects.select_related("plan__union", "plan__department").in_bulk(
        {other for _, other, _ in rows}
    )
    found: defaultdict[int, list[Clash]] = defaultdict(list)
    for seat_id, other, state in rows:
        found[seat_id].append(Clash(runs[other], SeatState(state)))
    return dict(found)


def called_to(user: User) -> QuerySet[Seat]:
    """What a person is or was called to, the latest class first; empty for a user who is no cadre.

    Classes cancelled since are among it: who was called has to hear that he need not come (S20).
    """
    shown = [*LIVE_SEATS, SeatState.COMPLETED, SeatState.UNFINISHED, SeatState.RELEASED]
    seats = Seat.objects.filter(cadre__user=user, state__in=shown)
    return seats.select_related("run__plan__union", "run__plan__department", "run__call_up", "unit").order_by(
        "-run__starts_on", "-pk"
    )


@dataclass(frozen=True)
class Week:
    """How many of a unit's people are away in classes in a week; ``share`` of those in office, in percent."""

    monday: date
    away: int
    staff: int

    @property
    def share(self) -> float:
        return round(100 * self.away / self.staff, 1) if self.staff else 0.0


def _below(unit: Union) -> dict[str, str | int]:
    """The unit's people and those below, as an index of the register finds them."""
    return {"path": unit.path, "depth": len(unit.path)}


_WEEKS: Final = """
    SELECT w.n, count(DISTINCT s.cadre_id)
    FROM generate_series(0, %(weeks)s - 1) AS w(n)
    JOIN workflow_seatspan s
      ON s.span && int4range(%(first)s + 14 * w.n, %(first)s + 14 * w.n + 14)
    JOIN org_cadre c ON c.id = s.cadre_id
    WHERE left(c.unit_path, %(depth)s) = %(path)s AND c.status = 'active'
      AND s.span && int4range(%(first)s, %(first)s + 14 * %(weeks)s)
    GROUP BY w.n
"""


def weeks_away(unit: Union, first: date, weeks: int) -> list[Week]:
    """The load of a unit and of those below it, week by week from the Monday of ``first`` on; two queries."""
    monday = first - timedelta(first.weekday())
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, {"weeks": weeks, "first": half_day(monday, 0), **_below(unit)})
        away = dict(cursor.fetchall())
    staff = Cadre.objects.active().under(unit).count()
    return [Week(monday + timedelta(7 * n), away.get(n, 0), staff) for n in range(weeks)]


@dataclass(frozen=True)
class UnitWeeks:
    """A unit below another with all below it: its weeks in which somebody is away, the heaviest first."""

    unit_id: int
    name: str
    weeks: list[Week]

    @property
    def heaviest(self) -> Week:
        """The week in which most of its people are away."""
        return self.weeks[0]

    def over(self, share: int) -> int:
        """In how many weeks ``share`` percent or more of its people are away."""
        return sum(week.share >= share for week in self.weeks)


_BRANCHES: Final = """
    WITH away AS (
        SELECT left(c.unit_path, %(depth)s + 4) AS branch, w.n, count(DISTINCT s.cadre_id) AS people
        FROM generate_series(0, %(weeks)s - 1) AS w(n)
        JOIN workflow_seatspan s
          ON s.span && int4range(%(first)s + 14 * w.n, %(first)s + 14 * w.n + 14)
        JOIN org_cadre c ON c.id = s.cadre_id
        WHERE left(c.unit_path, %(depth)s) = %(path)s AND length(c.unit_path) > %(depth)s
          AND c.status = 'active' AND s.span && int4range(%(first)s, %(first)s + 14 * %(weeks)s)
        GROUP BY 1, 2
    ), staff AS (
        SELECT left(c.unit_path, %(depth)s + 4) AS branch, count(*) AS people FROM org_cadre c
        WHERE left(c.unit_path, %(depth)s) = %(path)s AND c.status = 'active'
        GROUP BY 1
    )
    SELECT u.id, u.name, a.n, a.people, t.people
    FROM away a JOIN staff t USING (branch) JOIN org_union u ON u.path = a.branch
"""


def branches_away(unit: Union, first: date, weeks: int, *, limit: int = 50) -> list[UnitWeeks]:
    """The load of each unit right below ``unit``, with all below it, the most loaded first; one query."""
    monday = first - timedelta(first.weekday())
    with connection.cursor() as cursor:
        cursor.execute(_BRANCHES, {"weeks": weeks, "first": half_day(monday, 0), **_below(unit)})
        rows = cursor.fetchall()
    found: dict[int, UnitWeeks] = {}
    for key, name, n, away, staff in rows:
        branch = found.setdefault(key, UnitWeeks(key, name, []))
        branch.weeks.append(Week(monday + timedelta(7 * n), away, staff))
    for branch in found.values():
        branch.weeks.sort(key=lambda week: (-week.share, week.monday))
    ordered = sorted(found.values(), key=lambda branch: (-branch.heaviest.share, branch.name))
    return ordered[:limit]


@dataclass(frozen=True)
class Load:
    """How often one person is called up within a time, and for how many half-days."""

    cadre_id: int
    name: str
    unit: str
    classes: int
    half_days: int


_LOADS: Final = """
    SELECT c.id, c.name, COALESCE(u.name, ''), count(DISTINCT s.run_id),
           sum(upper(s.span * window_) - lower(s.span * window_))
    FROM workflow_seatspan s
    CROSS JOIN (SELECT int4range(%(first)s, %(last)s) AS window_) w
    JOIN org_cadre c ON c.id = s.cadre_id LEFT JOIN org_union u ON u.id = c.unit_id
    WHERE left(c.unit_path, %(depth)s) = %(path)s AND c.status = 'active' AND s.span && window_
    GROUP BY c.id, c.name, u.name HAVING count(DISTINCT s.run_id) >= %(least)s
    ORDER BY 4 DESC, 5 DESC, c.id LIMIT %(limit)s
"""


def most_called(unit: Union, first: date, last: date, *, least: int = 2, limit: int = 50) -> list[Load]:
    """People of the unit and below called up ``least`` times or more in these days, the most often first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LOADS,
            {
                "first": half_day(first, 0),
                "last": half_day(last, 1) + 1,
                "least": least,
                "limit": limit,
                **_below(unit),
            },
        )
        return [Load(*row) for row in cursor.fetchall()]
