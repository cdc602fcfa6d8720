"""Who of a list of people may be called up to a 期, who not, and why: the rules of people.

One statement (:mod:`workflow.rules.people_sql`) answers for the whole list, whatever its length; what
follows is composition. Every finding has the severity and clause of the book and the evidence: the class,
its dates, who organises it, where it can be looked at. A rule the book switches off says nothing. Nothing
is made for a person with whom nothing is wrong, so that ten thousand cost little more than the statement.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rulebook.people import RepeatRule, repeat_rule
from rulebook.schema import UnknownCode
from rulebook.severity import Severity
from workflow.rules import person_findings as say
from workflow.rules.audience import audience_of
from workflow.rules.candidates import Allotment, Candidate, Checked, Known
from workflow.rules.corresponding import months_before
from workflow.rules.findings import Finding, ordered
from workflow.rules.people_sql import PERSON, RECORD, RUN, SEAT, Question, answers, array, memberships

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from org.models import Union
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.audience import Audience


__all__ = ("Allotment", "Candidate", "Checked", "Known", "check", "examine", "nearest_quota")


@dataclass(frozen=True)
class _Case:
    """What the composition of one list shares. ``persons``: the register's row of each known candidate, as
    :data:`people_sql.SQL` answers it; ``found``: the findings of each line."""

    run: ClassRun
    book: Book
    unit: Union | None
    people: Sequence[Candidate]
    said: say.Rules
    days: say.Days
    subject: str | None
    repeat: RepeatRule
    audience: Audience
    found: list[list[Finding]]
    #: Whether the lines say of which unit's list they are.
    listed: bool
    business: str
    persons: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    seats: dict[int, dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    records: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


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
    One query, one more where some are known by digest and some by key, and one more where somebody doesn't
    belong to the unit that nominates him.
    """
    days = say.days_of(run)
    case = _Case(
        run,
        book,
        unit,
        people,
        say.rules_of(book),
        days,
        _comparable(run, book),
        repeat_rule(book),
        audience_of(run.plan, book, days.first),
        [[] for _ in people],
        any(person.unit_id is not None for person in people),
        _business(run, book),
    )
    facts = _read(case)
    quotas = tuple(Allotment(*line) for line in facts["quotas"] or ())
    taken = {int(key): held for key, held in (facts["formal"] or {}).items()}
    _who(case)
    _state(case)
    _classes(case, seated=seated)
    _belonging(case, {line.unit_id: line for line in quotas})
    reserves: set[int] = set()
    if not seated:
        _twice(case)
        reserves = _quota(case, quotas, taken)
        if late := say.after_deadline(case.said, facts["deadline"], at):
            for line in case.found:
                line.append(late)
    findings = [ordered(line) if len(line) > 1 else line for line in case.found]
    return Checked(findings, case.persons, frozenset(reserves), quotas, taken, facts["deadline"])


def _read(case: _Case) -> dict[str, Any]:
    """Asks, sorts the answers to those they are about, and returns what is said of the run itself."""
    digests: list[str] = []
    ids: list[int] = []
    of_digests: list[int] = []
    of_ids: list[int] = []
    # Numbers and texts only: ten thousand small tuples more would cost a collection of garbage.
    for index, person in enumerate(case.people):
        if person.cadre_id is not None:
            ids.append(person.cadre_id)
            of_ids.append(index)
        else:
            for digest in person.digests:
                digests.append(digest.hex)
                of_digests.append(index)
    facts: dict[str, Any] = {}
    if digests or not ids:
        facts = _sort(case, of_digests, answers(_question(case, array(digests), by_digest=True)))
    if ids:
        facts = _sort(case, of_ids, answers(_question(case, array(ids), by_digest=False)))
    return facts


def _sort(case: _Case, places: list[int], rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Answers count the places from 1; ``places`` are the lines they stand for."""
    case.persons.update({places[row[0] - 1]: row for row in rows if row[1] == PERSON})
    facts: dict[str, Any] = {}
    for row in rows:
        if row[1] == SEAT:
            case.seats[places[row[0] - 1]][row[5]] = json.loads(row[7])
        elif row[1] == RECORD:
            case.records[places[row[0] - 1]].append(json.loads(row[7]))
        elif row[1] == RUN:
            facts = json.loads(row[7])
    return facts


def _comparable(run: ClassRun, book: Book) -> str | None:
    """The business code that equal codes prove the same business by; None for "其他" and for none."""
    code = run.plan.subject
    try:
        catch_all = bool(code) and book.subject(code).catch_all
    except UnknownCode:
        catch_all = False
    off = book.rule("repeat_call_up").severity == Severity.OFF
    return None if not code or catch_all or off else code


def _question(case: _Case, keys: str, *, by_digest: bool) -> Question:
    audience = case.audience
    parts = (f"[{part.lower},{part.upper})" for part in case.run.stretches)
    return Question(
        keys=keys,
        by_digest=by_digest,
        run=case.run.pk,
        first_day=case.days.first,
        window="{" + ",".join(parts) + "}",
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


def _who(case: _Case) -> None:
    """Is he in the register, and by the name on the list?"""
    if (rule := case.said.get("unknown_person")) and len(case.persons) < len(case.people):
        nobody = say.unknown_person(rule)
        for index in range(len(case.people)):
            if index not in case.persons:
                case.found[index].append(nobody)
    if rule := case.said.get("name_differs"):
        for index, row in case.persons.items():
            name = case.people[index].name
            if name and name != row[3] and name != row[4]:
                case.found[index].append(say.name_differs(rule, name, row[3]))


def _state(case: _Case) -> None:
    """Is he in office on the first day, and of those the class is for?"""
    for index, row in case.persons.items():
        if row[7] is None:
            continue
        detail = json.loads(row[7])
        if detail["away"] and (rule := case.said.get("not_active")):
            case.found[index].append(say.not_active(rule, detail, case.days.first))
        if (detail["other_post"] or detail["other_level"]) and (rule := case.said.get("audience_mismatch")):
            case.found[index].append(say.outside(rule, detail, case.audience.words))


def _classes(case: _Case, *, seated: bool) -> None:
    """Where else is he, or was he within the window?"""
    run, own, found = case.run, case.run.plan.department_id, case.found
    for index in case.seats.keys() | case.records.keys():
        path = case.persons[index][6]
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
                *(other for other in same if superior or _above(other["union_path"], path)),
            ]
            if earlier:
                found[index].append(say.repeat_call_up(rule, earlier, case.days, case.business, case.repeat))


def _business(run: ClassRun, book: Book) -> str:
    try:
        return f"{run.plan.subject} {book.subject(run.plan.subject).title}"
    except UnknownCode:
        return run.plan.subject


def _above(union: str, path: str) -> bool:
    """Whether the union of that path is a superior of the unit."""
    return path.startswith(union) and path != union


def _belonging(case: _Case, by_unit: dict[int, Allotment]) -> None:
    """Is he of the unit that nominates him, or of one below it, on the first day?

    Today's unit answers for it unless his time there ends before.
    """
    rule = case.said.get("audience_mismatch")
    if rule is None:
        return
    base: Union | Allotment = case.unit or case.run.plan.union
    if case.unit is not None or not case.listed:
        path = base.path
        far = {index: base for index, row in case.persons.items() if not _stays(row, path)}
    else:
        own = {index: by_unit.get(case.people[index].unit_id or 0, base) for index in case.persons}
        far = {index: his for index, his in own.items() if not _stays(case.persons[index], his.path)}
    if not far:
        return
    units: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for cadre, path, name in memberships([case.persons[index][2] for index in far], case.days.first):
        units[cadre].append((path, name))
    for index, his in far.items():
        theirs = units[case.persons[index][2]]
        if not any(path.startswith(his.path) for path, _ in theirs):
            names = "、".join(sorted({name for _, name in theirs}))
            case.found[index].append(say.of_another_unit(rule, names, his.name, case.days.first))


def _stays(row: tuple[Any, ...], path: str) -> bool:
    """Whether his unit of today lies within ``path`` and is his on the first day too."""
    return row[6].startswith(path) and (row[7] is None or not json.loads(row[7])["ended"])


def _twice(case: _Case) -> None:
    """Is he on the list twice? The first line stands unless the lines name him differently."""
    rule = case.said.get("roster_twice")
    persons = case.persons
    if rule is None or (len(persons) == len(case.people) == len({row[2] for row in persons.values()})):
        return
    first: dict[Any, int] = {}
    again: defaultdict[int, list[int]] = defaultdict(list)
    for index, person in enumerate(case.people):
        key = persons[index][2] if index in persons else person.digests
        if key and (earlier := first.setdefault(key, index)) != index:
            again[earlier].append(index)
    for earlier, later in again.items():
        lines = [earlier, *later]
        agreed = len({case.people[index].name for index in lines}) == 1
        rows = [case.people[index].row for index in lines]
        for index in later if agreed else lines:
            case.found[index].append(say.roster_twice(rule, case.people[index].row, rows, agreed=agreed))


def _quota(case: _Case, quotas: Sequence[Allotment], taken: dict[int, int]) -> set[int]:
    """Who is beyond his unit's quota: those that are stopped anyway take no seat of it."""
    by_unit = {line.unit_id: line for line in quotas}
    nearest = nearest_quota(quotas)
    if not case.listed and _has_room(case, by_unit, nearest, taken):
        return set()
    rule = case.said.get("over_quota")
    held = dict(taken)
    beyond: set[int] = set()
    shared: dict[int | None, Finding] = {}
    for index, person in enumerate(case.people):
        if index not in case.persons or any(finding.stops for finding in case.found[index]):
            continue
        if case.unit is not None:
            line = by_unit.get(case.unit.pk)
        elif person.unit_id in by_unit:
            line = by_unit[person.unit_id]
        else:
            line = nearest(case.persons[index][6])
        if line is not None:
            held[line.unit_id] = held.get(line.unit_id, 0) + 1
            if held[line.unit_id] <= line.seats:
                continue
        beyond.add(index)
        if rule is not None:
            key = line.unit_id if line is not None else None
            if key not in shared:
                shared[key] = say.over_quota(rule, line)
            case.found[index].append(shared[key])
    return beyond


def nearest_quota(quotas: Sequence[Allotment]) -> Callable[[str], Allotment | None]:
    """The quota of a unit, or of the nearest one above it that has one, by the unit's path."""
    by_path = {line.path: line for line in quotas}
    lengths = sorted({len(path) for path in by_path}, reverse=True)

    def find(path: str) -> Allotment | None:
        for length in lengths:
            if (line := by_path.get(path[:length])) is not None:
                return line
        return None

    return find


def _has_room(
    case: _Case,
    by_unit: dict[int, Allotment],
    nearest: Callable[[str], Allotment | None],
    taken: dict[int, int],
) -> bool:
    """Whether everybody fits even if nobody is stopped: then nobody has to be counted one by one."""
    if case.unit is not None:
        more = {case.unit.pk: len(case.persons)}
    else:
        more = {}
        for path, number in Counter(row[6] for row in case.persons.values()).items():
            line = nearest(path)
            if line is None:
                return False
            more[line.unit_id] = more.get(line.unit_id, 0) + number
    return all(
        unit in by_unit and taken.get(unit, 0) + number <= by_unit[unit].seats
        for unit, number in more.items()
    )
