"""Who of a list of people may be called up to a 期, who not, and why: the rules of people (issue §5).

One statement (:mod:`workflow.rules.people_sql`) answers for the whole list, whatever its length; what
follows is composition. Every finding has the severity and clause of the book and the evidence: the class,
its dates, who organises it, where it can be looked at. A rule the book switches off says nothing. Nothing
is made for a person with whom nothing is wrong, so that ten thousand cost little more than the statement.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from rulebook.people import RepeatRule, repeat_rule
from rulebook.schema import UnknownCode
from rulebook.severity import Severity
from workflow.rules import person_findings as say
from workflow.rules.audience import audience_of
from workflow.rules.corresponding import months_before
from workflow.rules.findings import Finding, ordered, worst
from workflow.rules.people_sql import PERSON, RECORD, SEAT, Question, Row, answers, array, memberships

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from org.models import Union
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.audience import Audience


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of a list of people.

    ``row`` is what the reader knows the line by. He is known by ``cadre_id`` or by ``digests``, those of his
    identity number under every key (:func:`office.sealing.digests`), never by ``name``, which is only held
    against the register's. ``unit_id``: whose list he is on, where several units are checked at once.
    """

    row: int
    cadre_id: int | None = None
    digests: tuple[UUID, ...] = ()
    name: str = ""
    unit_id: int | None = None


class Known(NamedTuple):
    """Who a candidate is in the register: key, name, and his unit on the first day of the class."""

    cadre_id: int
    name: str
    unit_id: int | None
    path: str


class Allotment(NamedTuple):
    """A unit's line of the quota table."""

    unit_id: int
    path: str
    name: str
    seats: int
    reserve: int


@dataclass(frozen=True)
class Checked:
    """What is said of a list, in its order: ``findings`` worst first, ``known`` None for the unknown.

    ``reserves``: the numbers (from 0) of those beyond their unit's quota, who stand as 候补. ``taken``: the
    formal seats each unit holds already. ``deadline``: of the notice, None before it is written.
    """

    findings: list[list[Finding]]
    known: list[Known | None]
    reserves: frozenset[int]
    quotas: tuple[Allotment, ...]
    taken: dict[int, int]
    deadline: str | None

    def worst(self, index: int) -> str:
        """The gravest severity of a line, ``pass`` for none."""
        return worst(self.findings[index])


@dataclass(frozen=True)
class _Case:
    """What the composition of one list shares."""

    run: ClassRun
    book: Book
    unit: Union | None
    said: say.Rules
    days: say.Days
    subject: str | None
    repeat: RepeatRule
    audience: Audience
    seats: dict[int, dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    records: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    details: dict[int, dict[str, Any]] = field(default_factory=dict)


def check(
    run: ClassRun, people: Sequence[Candidate], *, at: datetime, book: Book, unit: Union | None = None
) -> list[list[Finding]]:
    """The findings of each candidate, worst first, in the order given; :func:`examine` says more."""
    return examine(run, people, at=at, book=book, unit=unit).findings


def examine(
    run: ClassRun,
    people: Sequence[Candidate],
    *,
    at: datetime,
    book: Book,
    unit: Union | None = None,
    seated: bool = False,
) -> Checked:
    """Checks a list of people for ``run``, which has passed the second gate; plan and union loaded.

    ``unit``: the one that nominates them all; without it each is counted against his line's ``unit_id``, or
    against the nearest unit above his own that has a quota. ``seated``: they have their seats already
    (before a confirmation): what only a new nomination must answer to isn't asked.
    One query, and one more where somebody doesn't belong to the unit that nominates him.
    """
    subject = _comparable(run, book)
    days = say.days_of(run)
    audience = audience_of(run.plan, book, days.first)
    case = _Case(run, book, unit, say.rules_of(book), days, subject, repeat_rule(book), audience)
    known: list[Known | None] = [None] * len(people)
    formers: dict[int, str] = {}
    facts: dict[str, Any] = {}
    for row in answers(_question(case, people)):
        index, what = row[0], row[1]
        if what == PERSON:
            known[index] = Known(row[2], row[3], row[5], row[6])
            if row[4]:
                formers[index] = row[4]
            if row[7] is not None:
                case.details[index] = json.loads(row[7])
        elif what == SEAT:
            case.seats[index][row[5]] = json.loads(row[7])
        elif what == RECORD:
            case.records[index].append(json.loads(row[7]))
        else:
            facts = json.loads(Row(*row).detail or "{}")
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    _who(case, people, known, formers, found)
    _state(case, found)
    _classes(case, known, found, seated=seated)
    quotas = tuple(Allotment(*line) for line in facts["quotas"] or ())
    _belonging(case, people, known, found, {line.unit_id: line for line in quotas})
    taken = {int(key): held for key, held in (facts["formal"] or {}).items()}
    reserves: set[int] = set()
    if not seated:
        _twice(case, people, known, found)
        reserves = _quota(case, people, known, found, quotas, taken)
    findings = [_sorted(found[index]) if index in found else [] for index in range(len(people))]
    if not seated and (late := say.after_deadline(case.said, facts["deadline"], at)):
        findings = [_sorted([*line, late]) for line in findings]
    return Checked(findings, known, frozenset(reserves), quotas, taken, facts["deadline"])


def _sorted(findings: list[Finding]) -> list[Finding]:
    return ordered(findings) if len(findings) > 1 else findings


def _comparable(run: ClassRun, book: Book) -> str | None:
    """The business code that equal codes prove the same business by; None for "其他" and for none."""
    code = run.plan.subject
    try:
        catch_all = bool(code) and book.subject(code).catch_all
    except UnknownCode:
        catch_all = False
    off = book.rule("repeat_call_up").severity == Severity.OFF
    return None if not code or catch_all or off else code


def _question(case: _Case, people: Sequence[Candidate]) -> Question:
    run, audience = case.run, case.audience
    by_id = [pair for pair in enumerate(people) if pair[1].cadre_id is not None]
    by_digest = [pair for pair in enumerate(people) if pair[1].cadre_id is None]
    return Question(
        digest_rows=array(index for index, person in by_digest for _ in person.digests),
        digests=array(digest.hex for _, person in by_digest for digest in person.digests),
        id_rows=array(index for index, _ in by_id),
        ids=array(person.cadre_id for _, person in by_id),
        run=run.pk,
        first_day=case.days.first,
        window="{" + ",".join(f"[{part.lower},{part.upper})" for part in run.stretches) + "}",
        subject=case.subject,
        earliest=months_before(case.days.first, case.repeat.months),
        by_start=case.repeat.anchor == "start",
        levels=None if audience.levels is None else sorted(audience.levels),
        posts_known=audience.posts_known,
        kinds=sorted(audience.kinds),
        leaderships=sorted(audience.leaderships),
        committee=audience.committee,
        appointed_since=audience.appointed_since,
    )


def _who(
    case: _Case,
    people: Sequence[Candidate],
    known: Sequence[Known | None],
    formers: dict[int, str],
    found: dict[int, list[Finding]],
) -> None:
    """Is he in the register, and by the name on the list?"""
    unknown, differs = case.said.get("unknown_person"), case.said.get("name_differs")
    for index, (person, him) in enumerate(zip(people, known, strict=True)):
        if him is None:
            if unknown is not None:
                found[index].append(say.unknown_person(unknown))
        elif person.name and person.name not in (him.name, formers.get(index)) and differs is not None:
            found[index].append(say.name_differs(differs, person.name, him.name))


def _state(case: _Case, found: dict[int, list[Finding]]) -> None:
    """Is he in office on the first day, and of those the class is for?"""
    for index, detail in case.details.items():
        if detail["away"] and (rule := case.said.get("not_active")):
            found[index].append(say.not_active(rule, detail, case.days.first))
        if (detail["other_post"] or detail["other_level"]) and (rule := case.said.get("audience_mismatch")):
            found[index].append(say.outside(rule, detail, case.audience.words))


def _classes(
    case: _Case, known: Sequence[Known | None], found: dict[int, list[Finding]], *, seated: bool
) -> None:
    """Where else is he, or was he within the window?"""
    run, own = case.run, case.run.plan.department_id
    for index in case.seats.keys() | case.records.keys():
        him = known[index]
        if him is None:
            continue
        others = dict(case.seats.get(index, {}))
        here = others.pop(run.pk, None)
        rule = case.said.get("already_in_class")
        if here is not None and not seated and rule is not None:
            found[index].append(say.already_in_class(rule, here))
        clashing = [other for other in others.values() if other["overlaps"]]
        firm = [other for other in clashing if other["firm"]]
        callers = [
            other for other in clashing if other["department_id"] != own and other["state"] != "completed"
        ]
        if firm and (rule := case.said.get("overlap")):
            found[index].append(say.overlap(rule, firm, case.days))
        if callers and (rule := case.said.get("many_callers")):
            found[index].append(say.many_callers(rule, callers, case.days))
        if rule := case.said.get("repeat_call_up"):
            same = [
                other
                for other in others.values()
                if other["subject"] == case.subject and say.is_within(other, case.days, case.repeat)
            ]
            superior = not case.repeat.superior_only
            earlier = [
                *(row for row in case.records.get(index, ()) if superior or row["by_superior"]),
                *(other for other in same if superior or _above(other["union_path"], him.path)),
            ]
            if earlier:
                found[index].append(
                    say.repeat_call_up(rule, earlier, case.days, _business(case), case.repeat)
                )


def _business(case: _Case) -> str:
    code = case.run.plan.subject
    try:
        return f"{code} {case.book.subject(code).title}"
    except UnknownCode:
        return code


def _above(union: str, path: str) -> bool:
    """Whether the union of that path is a superior of the unit."""
    return path.startswith(union) and path != union


def _belonging(
    case: _Case,
    people: Sequence[Candidate],
    known: Sequence[Known | None],
    found: dict[int, list[Finding]],
    by_unit: dict[int, Allotment],
) -> None:
    """Is he of the unit that nominates him, or of one below it, on the first day? By any membership."""
    rule = case.said.get("audience_mismatch")
    if rule is None:
        return
    base: Union | Allotment = case.unit or case.run.plan.union
    lines = {} if case.unit is not None else by_unit
    far: dict[int, tuple[Known, Union | Allotment]] = {}
    for index, him in enumerate(known):
        if him is not None:
            his = lines.get(people[index].unit_id or 0, base) if lines else base
            if not him.path.startswith(his.path):
                far[index] = (him, his)
    if not far:
        return
    units: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for cadre, path, name in memberships([him.cadre_id for him, _ in far.values()], case.days.first):
        units[cadre].append((path, name))
    for index, (him, his) in far.items():
        theirs = units[him.cadre_id]
        if not any(path.startswith(his.path) for path, _ in theirs):
            names = "、".join(sorted(name for _, name in theirs))
            found[index].append(say.of_another_unit(rule, names, his.name, case.days.first))


def _twice(
    case: _Case,
    people: Sequence[Candidate],
    known: Sequence[Known | None],
    found: dict[int, list[Finding]],
) -> None:
    """Is he on the list twice? The first line stands unless the lines name him differently."""
    rule = case.said.get("roster_twice")
    if rule is None:
        return
    first: dict[Any, int] = {}
    again: defaultdict[int, list[int]] = defaultdict(list)
    for index, (person, him) in enumerate(zip(people, known, strict=True)):
        key = him.cadre_id if him is not None else person.digests
        if key and (earlier := first.setdefault(key, index)) != index:
            again[earlier].append(index)
    for earlier, later in again.items():
        lines = [earlier, *later]
        agreed = len({people[index].name for index in lines}) == 1
        rows = [people[index].row for index in lines]
        for index in later if agreed else lines:
            found[index].append(say.roster_twice(rule, people[index].row, rows, agreed=agreed))


def _quota(
    case: _Case,
    people: Sequence[Candidate],
    known: Sequence[Known | None],
    found: dict[int, list[Finding]],
    quotas: Sequence[Allotment],
    taken: dict[int, int],
) -> set[int]:
    """Who is beyond his unit's quota: those that are stopped anyway take no seat of it."""
    rule = case.said.get("over_quota")
    by_unit = {line.unit_id: line for line in quotas}
    held = dict(taken)
    beyond: set[int] = set()
    shared: dict[int | None, Finding] = {}
    stopped = {index for index, line in found.items() if any(finding.stops for finding in line)}
    for index, (person, him) in enumerate(zip(people, known, strict=True)):
        if him is None or index in stopped:
            continue
        line = _charged(case.unit, person, him, by_unit, quotas)
        if line is not None:
            held[line.unit_id] = held.get(line.unit_id, 0) + 1
            if held[line.unit_id] <= line.seats:
                continue
        beyond.add(index)
        if rule is not None:
            key = line.unit_id if line is not None else None
            if key not in shared:
                shared[key] = say.over_quota(rule, line)
            found[index].append(shared[key])
    return beyond


def _charged(
    unit: Union | None,
    person: Candidate,
    him: Known,
    by_unit: dict[int, Allotment],
    quotas: Sequence[Allotment],
) -> Allotment | None:
    """The line of the quota table a candidate counts against; longer paths come first."""
    if unit is not None:
        return by_unit.get(unit.pk)
    if person.unit_id is not None and person.unit_id in by_unit:
        return by_unit[person.unit_id]
    return next((line for line in quotas if him.path.startswith(line.path)), None)
