"""1: a roster checked through our service, beside the one set-based SQL over the same tables."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import clock, national_sql
from bench.load import at
from bench.national_people import KIND, STRANGERS, UNKNOWN_AREA, number
from office import sealing
from org.models import Cadre, Union
from org.states import CadreStatus, UnionLevel
from rulebook.models import RuleBook
from training.models import COUNTS, TrainingRecord
from workflow.models import ClassRun, Quota
from workflow.models.run import half_day
from workflow.rules.corresponding import months_after, months_before
from workflow.rules.people import Candidate, check
from workflow.rules.people_sql import SQL
from workflow.states import FIRM_SEATS, LIVE_SEATS, RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.national_world import Size
    from rulebook.schema import Book
    from workflow.rules.findings import Finding

MOMENT: Final = at(2, 25)
#: Of a hundred numbers on a roster, those that nobody in the register has.
UNKNOWN: Final = 2
#: What the set-based SQL is asked; every other rule must be silent about these rosters.
CODES: Final = (
    "unknown_person",
    "not_active",
    "repeat_call_up",
    "overlap",
    "many_callers",
    "already_in_class",
)


class Differs(RuntimeError):  # noqa: N818 - said aloud, it is the reason
    """Service, SQL and the naive loop don't give the same answers."""


@dataclass(frozen=True)
class Roster:
    """The same people, as the service and as SQL are asked about them."""

    people: list[Candidate]
    digests: list[UUID]


def asked_by(numbers: Sequence[str]) -> Roster:
    """The roster of these identity numbers, its lines counted as in a sheet with one line above."""
    digests = [sealing.digest(text, about=KIND) for text in numbers]
    return Roster([Candidate(row, digests=(digest,)) for row, digest in enumerate(digests, 2)], digests)


class Case:
    """A class of the whole nation's union, or of another's, with room for everybody on any roster."""

    def __init__(self, size: Size, union: Union | None = None) -> None:
        self.size = size
        union = union or Union.objects.get(level=UnionLevel.NATIONAL)
        self.book: Book = RuleBook.objects.get(union=union).book
        comparable = [subject.code for subject in self.book.subjects if not subject.catch_all]
        self.run = (
            ClassRun.objects.select_related("plan__union", "plan__department")
            .filter(plan__union=union, plan__subject__in=comparable, state=RunState.ENROLLING)
            .order_by("pk")[0]
        )
        self.subject = self.run.plan.subject
        self._room()

    def _room(self) -> None:
        """A quota for each province, large enough for all of its people."""
        Quota.objects.filter(run=self.run).delete()
        provinces = Union.objects.filter(level=UnionLevel.PROVINCE)
        Quota.objects.bulk_create(
            Quota(run=self.run, unit=union, seats=self.size.cadres) for union in provinces
        )

    def roster(self, count: int, chance: random.Random) -> Roster:
        """``count`` people from all over the country, a few of them unknown."""
        unknown = count * UNKNOWN // 100
        numbers = [number(n) for n in chance.sample(range(1, self.size.cadres + 1), count - unknown)]
        numbers += [number(n, UNKNOWN_AREA) for n in chance.sample(STRANGERS, unknown)]
        chance.shuffle(numbers)
        return asked_by(numbers)

    def check(self, roster: Roster) -> list[list[Finding]]:
        return check(self.run, roster.people, at=MOMENT, book=self.book)

    def parameters(self, roster: Roster) -> dict[str, Any]:
        """What :data:`bench.national_sql.CHECK` is asked with."""
        run = self.run
        since, until = months_before(run.starts_on, 12), months_after(run.ends_on, 12)
        return {
            "digests": roster.digests,
            "first": run.starts_on,
            "since": since,
            "near": f"[{half_day(since, 0)},{half_day(until, 1)}]",
            "window": "{" + ",".join(f"[{part.lower},{part.upper})" for part in run.stretches) + "}",
            "subject": self.subject,
            "department": run.plan.department_id,
            "run": run.pk,
        }

    def naive(self, roster: Roster) -> list[frozenset[str]]:
        """Person by person through the ORM, in as plain words as there are."""
        return [frozenset(self._naive(digest)) for digest in roster.digests]

    def _naive(self, digest: UUID) -> Iterator[str]:
        run = self.run
        cadre = Cadre.objects.filter(identity_digest=digest).first()
        if cadre is None:
            yield "unknown_person"
            return
        if cadre.status != CadreStatus.ACTIVE and cadre.status_on <= run.starts_on:
            yield "not_active"
        trained = any(
            record.result in COUNTS and months_after(record.ends_on, 12) >= run.starts_on
            for record in TrainingRecord.objects.standing().filter(cadre=cadre, subject=self.subject)
        )
        seats = {
            seat.run: seat for seat in cadre.seats.select_related("run__plan").filter(state__in=LIVE_SEATS)
        }
        if seats.pop(run, None):
            yield "already_in_class"
        if trained or any(self._same_business(other) for other in seats):
            yield "repeat_call_up"
        clashing = [other for other in seats if set(other.half_days) & set(run.half_days)]
        if any(seats[other].state in FIRM_SEATS for other in clashing):
            yield "overlap"
        if any(other.plan.department_id != run.plan.department_id for other in clashing):
            yield "many_callers"

    def _same_business(self, other: ClassRun) -> bool:
        earlier, later = sorted([other, self.run], key=lambda run: run.starts_on)
        return other.plan.subject == self.subject and months_after(earlier.ends_on, 12) >= later.starts_on


def answered(row: Sequence[Any]) -> frozenset[str]:
    """The codes a line of the SQL stands for."""
    _, cadre, active, trained, again, overlaps, called, here = row
    if cadre is None:
        return frozenset({"unknown_person"})
    said = (False, not active, trained or again, overlaps, called, here)
    return frozenset(code for code, yes in zip(CODES, said, strict=True) if yes)


class Raw:
    """A connection of psycopg's own, with the product's session settings and nothing of Django."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.connection = psycopg.connect(
            **{**connection.get_connection_params(), "cursor_factory": psycopg.Cursor, "context": None},
            autocommit=True,
        )

    def rows(self, query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, parameters).fetchall()


def same(case: Case, raw: Raw, roster: Roster, *, naive: bool) -> dict[str, int]:
    """How many were told what; raises :class:`Differs` unless everybody is told the same by every way."""
    service = [frozenset(finding.code for finding in line) for line in case.check(roster)]
    by_sql = [answered(row) for row in raw.rows(national_sql.CHECK, case.parameters(roster))]
    ways = {"SQL": by_sql} | ({"loop": case.naive(roster)} if naive else {})
    for way, answers in ways.items():
        for person, ours, theirs in zip(roster.people, service, answers, strict=True):
            if ours != theirs:
                raise Differs(f"line {person.row}: service {sorted(ours)}, {way} {sorted(theirs)}")
    return {code: sum(code in line for line in service) for code in CODES}


def statements(case: Case, count: int) -> int:
    """How many the service takes for a roster of ``count``."""
    roster = case.roster(count, random.Random(-count))
    with CaptureQueriesContext(connection) as queries:
        case.check(roster)
    return len(queries)


def measure(
    case: Case, count: int, *, rounds: int, times: int, naive: bool
) -> tuple[dict[str, clock.Series], dict[str, int]]:
    """Series by way, and how many people were told what."""
    chance, raw = random.Random(count), Raw()
    rosters = [case.roster(count, chance) for _ in range(8)]
    told = same(case, raw, rosters[0], naive=naive)

    def turn(act: Callable[[Roster], object]) -> Callable[[], float]:
        following = cycle(rosters)
        return lambda: clock.once(lambda: act(next(following)), times)

    own = _own_question(case, rosters)
    series = clock.in_turns(
        {
            "service": turn(case.check),
            "sql": turn(lambda roster: raw.rows(national_sql.CHECK, case.parameters(roster))),
            "own": turn(lambda roster: raw.rows(SQL, own[id(roster)])),
        },
        rounds,
    )
    if naive:
        series |= clock.in_turns({"naive": lambda: clock.once(lambda: case.naive(rosters[0]), 1)}, 1)
    return series, told


def _own_question(case: Case, rosters: Sequence[Roster]) -> dict[int, dict[str, Any]]:
    """What the service itself asks about each roster, heard from its own mouth."""
    from workflow.rules import people  # noqa: PLC0415 - its name is borrowed for a moment

    asked: list[dict[str, Any]] = []
    answers = people.answers
    people.answers = lambda question: (asked.append(question._asdict()), answers(question))[1]
    try:
        for roster in rosters:
            case.check(roster)
    finally:
        people.answers = answers
    return {id(roster): question for roster, question in zip(rosters, asked, strict=True)}
