"""People of a called-up 期 as the organiser's and the units' pages list them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q

from org.models import Cadre, Union
from rulebook.severity import Severity
from training.models import TrainingRecord
from workflow.models import ClassRun, Quota, Seat, SeatAct
from workflow.states import LIVE_SEATS, OPENED, RunState, SeatRank, SeatSource, SeatState

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from django.db.models import QuerySet

#: Somebody who is, or was to the end, a trainee of the class.
ROLL: Final = (SeatState.CONFIRMED, SeatState.COMPLETED, SeatState.UNFINISHED)
_LIVE: Final = Q(state__in=LIVE_SEATS)
_HELD: Final = Q(findings__contains=[{"severity": Severity.HOLD.value}])

#: The views of a list of seats: key, title, what is in it.
VIEWS: Final = (
    ("", "全部在册", Q(state__in=[*LIVE_SEATS, SeatState.COMPLETED, SeatState.UNFINISHED])),
    ("waiting", "待确认", Q(state=SeatState.NOMINATED, rank=SeatRank.FORMAL)),
    ("reserve", "候补", Q(state=SeatState.NOMINATED, rank=SeatRank.RESERVE)),
    ("offered", "递补待答复", Q(state=SeatState.OFFERED)),
    ("held", "需审批", _LIVE & _HELD),
    ("roll", "已确认", Q(state__in=ROLL)),
    (
        "gone",
        "不参训",
        Q(state__in=[SeatState.WITHDRAWN, SeatState.REPLACED, SeatState.REJECTED, SeatState.RELEASED]),
    ),
)
#: How many earlier classes stand beside a candidate's name.
SHOWN_RECORDS: Final = 3


def seats(run: ClassRun, unit: Union | None = None) -> QuerySet[Seat]:
    """The seats of a run, or of one unit in it, in the order of the quota table, with what a row shows."""
    rows = Seat.objects.filter(run=run) if unit is None else Seat.objects.filter(run=run, unit=unit)
    return rows.select_related("unit", "exemption", "cadre").order_by(
        "unit__ordinal", "unit", "rank", "position", "pk"
    )


def turns(run: ClassRun, unit: Union | None = None) -> dict[int, int]:
    """By seat its turn among those of its unit that are still in, from 1; 候补 and 正式 each by itself.

    计划外学员 have none: they stand outside the unit's list. One query.
    """
    rows = Seat.objects.filter(run=run) if unit is None else Seat.objects.filter(run=run, unit=unit)
    rows = rows.filter(_LIVE | Q(state__in=ROLL)).exclude(source=SeatSource.ON_SITE)
    last: Counter[tuple[int, str]] = Counter()
    found = {}
    for pk, unit_id, rank in rows.order_by("position", "pk").values_list("pk", "unit", "rank"):
        last[unit_id, rank] += 1
        found[pk] = last[unit_id, rank]
    return found


def narrowed(rows: QuerySet[Seat], *, view: str = "", unit: int | None = None, q: str = "") -> QuerySet[Seat]:
    """The seats of one of :data:`VIEWS`, of one unit, of whoever's name or unit holds ``q``."""
    rows = rows.filter(next(held for key, _, held in VIEWS if key == view))
    if unit is not None:
        rows = rows.filter(unit=unit)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(unit_name__icontains=q) | Q(post_title__icontains=q))
    return rows


def counts(run: ClassRun, unit: Union | None = None) -> dict[str, int]:
    """How many seats each of :data:`VIEWS` has; one query."""
    rows = Seat.objects.filter(run=run) if unit is None else Seat.objects.filter(run=run, unit=unit)
    found: dict[str, int] = rows.aggregate(**{f"n_{key}": Count("pk", filter=held) for key, _, held in VIEWS})
    return {key: found[f"n_{key}"] for key, _, _ in VIEWS}


def roll(run: ClassRun) -> list[Seat]:
    """The trainees of a class, in the order of units: for roster book, cards, sign-in sheets."""
    return list(seats(run).filter(state__in=ROLL))


def ended(run: ClassRun) -> tuple[int, int]:
    """How many finished the class, and how many were in it and didn't; one query."""
    seats = Seat.objects.filter(run=run)
    found: dict[str, int] = seats.aggregate(
        done=Count("pk", filter=Q(state=SeatState.COMPLETED)),
        undone=Count("pk", filter=Q(state=SeatState.UNFINISHED)),
    )
    return found["done"], found["undone"]


def units_of(run: ClassRun) -> list[tuple[int, str]]:
    """Units with a quota or a seat in the run, in their order; two queries."""
    quotas = Quota.objects.filter(run=run).values_list("unit", "unit__name", "unit__ordinal")
    sent = Seat.objects.filter(run=run).order_by().values_list("unit", "unit__name", "unit__ordinal")
    found = {pk: (ordinal, name) for pk, name, ordinal in (*quotas, *sent.distinct())}
    return [(pk, name) for pk, (_, name) in sorted(found.items(), key=lambda one: (one[1][0], one[0]))]


def with_acts(rows: QuerySet[Seat]) -> QuerySet[Seat]:
    """The same with each seat's lines of record, oldest first, in ``acts``."""
    return rows.prefetch_related(Prefetch("acts", SeatAct.objects.order_by("at", "id")))


@dataclass(frozen=True)
class Invitation:
    """A 期 that calls up people of a unit, as the unit's contact sees it; counts are of the unit's people.

    ``quota`` None: called up by name, without any seats of its own.
    """

    run: ClassRun
    unit: Union
    quota: Quota | None
    live: int
    reserve: int
    offered: int
    confirmed: int

    @property
    def formal(self) -> int:
        """Those with a formal seat; who is only offered one isn't yet."""
        return self.live - self.reserve - self.offered

    @property
    def short(self) -> int:
        """Formal seats nobody is nominated for or offered yet."""
        return max(0, (self.quota.seats if self.quota else 0) - self.formal - self.offered)


def invitations(unit_ids: Collection[int]) -> list[Invitation]:
    """The 期 these units are called up for by an issued notice, the latest first; three queries.

    Those cancelled since are among them: who was called has to hear that nobody need come (S20).
    """
    there = ClassRun.objects.filter(state__in=[*OPENED, RunState.CANCELLED], call_up__issued_at__isnull=False)
    runs = {
        run.pk: run
        for run in there.filter(
            Exists(Quota.objects.filter(run=OuterRef("pk"), unit__in=unit_ids))
            | Exists(Seat.objects.filter(run=OuterRef("pk"), unit__in=unit_ids))
        ).select_related("plan__union", "plan__department", "call_up")
    }
    quotas = {
        (quota.run_id, quota.unit_id): quota
        for quota in Quota.objects.filter(run__in=runs, unit__in=unit_ids).select_related("unit")
    }
    sent = (
        Seat.objects.filter(run__in=runs, unit__in=unit_ids)
        .order_by()
        .values("run", "unit")
        .annotate(
            live=Count("pk", filter=_LIVE | Q(state__in=ROLL)),
            reserve=Count("pk", filter=Q(rank=SeatRank.RESERVE, state=SeatState.NOMINATED)),
            offered=Count("pk", filter=Q(state=SeatState.OFFERED)),
            confirmed=Count("pk", filter=Q(state__in=ROLL)),
        )
    )
    numbers: dict[tuple[int, int], Any] = {(row["run"], row["unit"]): row for row in sent}
    named = {key for key in numbers if key not in quotas}
    units = {quota.unit_id: quota.unit for quota in quotas.values()}
    if lacking := {unit for _, unit in named} - units.keys():
        units |= Union.objects.in_bulk(lacking)
    found = []
    for run_id, unit_id in quotas.keys() | named:
        row: dict[str, int] = numbers.get((run_id, unit_id), {})
        found.append(
            Invitation(
                run=runs[run_id],
                unit=units[unit_id],
                quota=quotas.get((run_id, unit_id)),
                live=row.get("live", 0),
                reserve=row.get("reserve", 0),
                offered=row.get("offered", 0),
                confirmed=row.get("confirmed", 0),
            )
        )
    return sorted(found, key=lambda one: (one.run.starts_on, one.run.pk, -one.unit.pk), reverse=True)


@dataclass(frozen=True)
class History:
    """What stands beside a candidate's name: his last classes and how many there were in the years shown."""

    last: list[TrainingRecord]
    count: int


def candidates(
    run: ClassRun, unit: Union, *, q: str = "", kind: str = "", untrained_before: date | None = None
) -> QuerySet[Cadre]:
    """People of the unit and of those below it whom it may still send, the longest untrained first.

    ``untrained_before``: only those without a training since.
    """
    here = Seat.objects.filter(run=run, cadre=OuterRef("pk"), state__in=[*LIVE_SEATS, *ROLL])
    rows = Cadre.objects.active().under(unit).filter(~Exists(here)).select_related("unit")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(post_title__icontains=q) | Q(unit__name__icontains=q))
    if kind:
        rows = rows.filter(kind=kind)
    if untrained_before is not None:
        rows = rows.filter(Q(last_trained=None) | Q(last_trained__lt=untrained_before))
    return rows.order_by(F("last_trained").asc(nulls_first=True), "pk")


def histories(cadre_ids: Collection[int], since: date) -> dict[int, History]:
    """The classes these people took part in since a day, by cadre; one query."""
    rows: defaultdict[int, list[TrainingRecord]] = defaultdict(list)
    found = TrainingRecord.objects.standing().filter(cadre__in=cadre_ids, ends_on__gte=since)
    for record in found.order_by("-ends_on", "-pk"):
        rows[record.cadre_id].append(record)
    return {cadre: History(all_[:SHOWN_RECORDS], len(all_)) for cadre, all_ in rows.items()}


@dataclass(frozen=True)
class UnitLine:
    """A unit of a run: its quota and how many it has sent."""

    pk: int
    name: str
    seats: int
    live: int


def unit_lines(run: ClassRun) -> list[UnitLine]:
    """Each unit with a quota or people in the run; four queries."""
    quotas = dict(Quota.objects.filter(run=run).order_by().values_list("unit", "seats"))
    sent = Seat.objects.filter(_LIVE | Q(state__in=ROLL), run=run).order_by()
    live = dict(sent.values("unit").annotate(n=Count("pk")).values_list("unit", "n"))
    return [UnitLine(pk, name, quotas.get(pk, 0), live.get(pk, 0)) for pk, name in units_of(run)]
