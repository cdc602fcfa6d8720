"""核查名册: a file of people held against the register, the classes and the rule book, row by row.

The reader says what stands in the file (:mod:`org.excel.roster`), the rules of people what stands against
whom (:mod:`workflow.rules.people`); here they become one answer for each row, the same for the page, the
command and the commit. Whole identity numbers leave this module as digests only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from office import sealing
from office.refusals import Refused
from org.excel.grid import shown
from org.excel.layouts import ROSTER
from org.excel.problems import Status
from org.excel.roster import read_roster, uncollected
from org.models.cadres import mask_identity
from org.selectors import unit_matcher
from rulebook.severity import Severity
from workflow.rules import people
from workflow.rules.findings import PASS, Finding, worst
from workflow.rules.people import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from org.excel.problems import Problem
    from org.excel.roster import Roster, RosterRow
    from org.models import Union
    from rulebook.schema import Book
    from workflow.models import ClassRun
    from workflow.rules.people import Checked, Known

#: How a reader's word on a row counts beside a rule's.
SEVERITIES: Final[dict[Status, str]] = {
    Status.WARNED: Severity.WARN.value,
    Status.HELD: Severity.HOLD.value,
    Status.REJECTED: Severity.BLOCK.value,
}
STATUSES: Final[dict[str, Status]] = {
    PASS: Status.ACCEPTED,
    Severity.WARN.value: Status.WARNED,
    Severity.HOLD.value: Status.HELD,
    Severity.BLOCK.value: Status.REJECTED,
}
#: What somebody may decide about (重复调训审批) while the nomination already stands.
EXEMPTABLE: Final = frozenset({"repeat_call_up"})
#: A second row that says what an earlier one said: nobody has to decide anything about it.
_COUNTED_ONCE: Final = frozenset({"identity_two_units"})

_IDENTITY_CLAUSE: Final = "GB 11643—1999《公民身份号码》"
_FORM_CLAUSE: Final = "报名表填写要求"
#: Characters of the shortest number that is masked wherever it stands.
_SHORTEST: Final = 15
_NUMBER_LIKE: Final = re.compile(r"(?<![0-9])[0-9]{14,17}[0-9Xx](?![0-9])")


@dataclass(slots=True)
class CheckedRow:
    """One row of the file and what is said of it. ``unit_id``: whose quota it counts against.

    ``findings`` as the JSON has them. ``reserve``: beyond the quota, so 候补. ``repeats``: an earlier row
    that is the same person and stands for both.
    """

    source: RosterRow
    status: Status
    findings: list[dict[str, Any]]
    known: Known | None = None
    unit_id: int | None = None
    reserve: bool = False
    repeats: int | None = None

    @property
    def number(self) -> int:
        """The row of the sheet, from 1."""
        return self.source.number

    @property
    def name(self) -> str:
        """As read; as written where it can't be."""
        return str(self.source.values.get("name") or _cell(self.source, "name").strip())

    @property
    def id_number(self) -> str:
        """The identity number, masked; what was written where it can't be read."""
        number = self.source.values.get("identity_number")
        return mask_identity(str(number or _cell(self.source, "identity_number").strip()))

    @property
    def goes_in(self) -> bool:
        """Whether taking the roster over nominates this row."""
        if self.known is None or self.repeats is not None or self.status is Status.REJECTED:
            return False
        return self.status is not Status.HELD or self.needs_exemption

    @property
    def needs_exemption(self) -> bool:
        """Whether all that holds it back is what an exemption may be granted for."""
        if self.status is not Status.HELD:
            return False
        held = {finding["code"] for finding in self.findings if finding["severity"] == Severity.HOLD}
        return held <= EXEMPTABLE

    def as_json(self) -> dict[str, Any]:
        """The row as ``check_roster`` prints it."""
        return {
            "row": self.number,
            "status": self.status.value,
            "name": self.name,
            "id_number": self.id_number,
            "normalised": {
                name: [_hidden(name, before), _hidden(name, after)]
                for name, (before, after) in self.source.normalised.items()
            },
            "findings": self.findings,
        }


@dataclass(frozen=True)
class CheckResult:
    """What a roster comes to. ``rows`` in the order of the file, each row of it once."""

    roster: Roster
    rows: list[CheckedRow] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, int]:
        """``{"rows": 12, "accepted": 9, "warned": 1, "held": 1, "rejected": 1}``."""
        counts = Counter(row.status for row in self.rows)
        return {"rows": len(self.rows), **{status.value: counts[status] for status in Status}}

    @property
    def going_in(self) -> list[CheckedRow]:
        """The rows that taking it over would nominate."""
        return [row for row in self.rows if row.goes_in]

    def as_json(self) -> dict[str, Any]:
        """What ``check_roster --json`` prints."""
        return {"summary": self.summary, "rows": [row.as_json() for row in self.rows]}

    @property
    def digest(self) -> str:
        """Stands for what taking it over would do; another digest, another outcome."""
        lines = [
            [
                row.number,
                row.known.cadre_id,
                row.unit_id,
                row.reserve,
                sorted({f["code"] for f in row.findings}),
            ]
            for row in self.going_in
            if row.known is not None
        ]
        return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def check(
    *,
    content: bytes,
    name: str,
    run: ClassRun,
    at: datetime,
    today: date,
    book: Book,
    unit: Union | None = None,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> CheckResult:
    """Check a file of people for ``run``, which has passed the second gate; plan and union loaded.

    ``name`` is the file's. ``unit``: whose roster it is; without it each row counts against its own unit's
    quota. ``mapping``: the sender's own columns (title → field). Raises ``Refused`` with one Chinese line
    where the file can't be read as a roster at all, :class:`MissingColumns` where its columns have to be
    named first. A constant number of queries, whatever its length.
    """
    roster = read(content=content, name=name, run=run, today=today, mapping=mapping, sheet=sheet)
    return judge(roster, run=run, at=at, book=book, unit=unit)


def read(
    *,
    content: bytes,
    name: str,
    run: ClassRun,
    today: date,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> Roster:
    """The first half of :func:`check`: what stands in the file."""
    return read_roster(
        content,
        name,
        layout=ROSTER,
        today=today,
        units=unit_matcher(run.plan.union, run.start()[0]),
        mapping=mapping or None,
        sheet=sheet or None,
        year=run.start()[0].year,
    )


def judge(
    roster: Roster, *, run: ClassRun, at: datetime, book: Book, unit: Union | None = None
) -> CheckResult:
    """The second half of :func:`check`: what stands against the people of a roster."""
    if roster.header.missing:
        missing = "、".join(f"“{title}”" for title in roster.header.missing)
        raise MissingColumns(
            f"没有找到{missing}一栏。请指明哪一列是{missing}，或改好表头后重新上传。", roster
        )
    with uncollected():
        return CheckResult(roster, _judged(roster, run=run, at=at, book=book, unit=unit))


class MissingColumns(Refused):
    """A roster whose required columns aren't known yet: somebody has to name them."""

    def __init__(self, message: str, roster: Roster) -> None:
        super().__init__(message)
        self.roster = roster


def _judged(
    roster: Roster, *, run: ClassRun, at: datetime, book: Book, unit: Union | None
) -> list[CheckedRow]:
    sound = [row for row in roster.rows if row.status not in (Status.HELD, Status.REJECTED)]
    doubtful = [row for row in roster.rows if row.status == Status.HELD]
    # A row somebody has to look at first takes no seat of the quota from one that is sound.
    asked = [row for row in (*sound, *doubtful) if row.values.get("identity_number") and not _repeats(row)]
    said = _examine(asked, run=run, at=at, book=book, unit=unit)
    rows = _rows(roster, said, book=book)
    staying = {row.number for row in rows if not row.goes_in}
    going = [row for row in asked if row.number not in staying]
    if any(row.reserve for row in rows) and len(going) < len(sound):
        # Those beyond the quota move up by whoever isn't taken over.
        said |= _examine(going, run=run, at=at, book=book, unit=unit)
        rows = _rows(roster, said, book=book)
    return rows


def _repeats(row: RosterRow) -> bool:
    """Whether an earlier row stands for this one; rows that differ are for the rules to judge."""
    if row.duplicate_of is None:
        return False
    codes = {problem.code for problem in row.problems}
    return "identity_repeated" not in codes or bool(codes & _COUNTED_ONCE)


class _Said(NamedTuple):
    """What the rules of people say of one row. ``unit_id``: whose quota it counts against."""

    findings: list[Finding]
    known: Known | None
    unit_id: int | None
    reserve: bool


def _examine(
    rows: Sequence[RosterRow], *, run: ClassRun, at: datetime, book: Book, unit: Union | None
) -> dict[int, _Said]:
    """By the number of the row."""
    digests = sealing.digests_of((row.values["identity_number"], row.values["identity_kind"]) for row in rows)
    candidates = [
        Candidate(
            row=row.number,
            digests=his,
            name=row.values.get("name") or "",
            unit_id=row.values.get("unit_id"),
        )
        for row, his in zip(rows, digests, strict=True)
    ]
    checked = people.examine(run, candidates, at=at, book=book, unit=unit)
    charged = _charged(checked, candidates, unit)
    return {
        row.number: _Said(findings, known, unit_id, index in checked.reserves)
        for index, (row, findings, known, unit_id) in enumerate(
            zip(rows, checked.findings, checked.known, charged, strict=True)
        )
    }


def _charged(checked: Checked, candidates: Sequence[Candidate], unit: Union | None) -> list[int | None]:
    """Whose quota each counts against: the sender's, its own unit's, the nearest one's above."""
    if unit is not None:
        return [int(unit.pk)] * len(candidates)
    with_quota = {line.unit_id for line in checked.quotas}
    nearest = people.nearest_quota(checked.quotas)
    units: list[int | None] = []
    for candidate, known in zip(candidates, checked.known, strict=True):
        if known is None:
            units.append(None)
        elif candidate.unit_id in with_quota:
            units.append(candidate.unit_id)
        elif line := nearest(known.path):
            units.append(line.unit_id)
        else:
            units.append(candidate.unit_id or known.unit_id)
    return units


def _rows(roster: Roster, answers: Mapping[int, _Said], *, book: Book) -> list[CheckedRow]:
    twice = book.rule("roster_twice")
    rows = []
    for row in roster.rows:
        answer = answers.get(row.number)
        said = [_problem(problem, row, roster) for problem in row.problems] if row.problems else []
        repeats = row.duplicate_of if answer is None else None
        if repeats is not None and row.status == Status.ACCEPTED:
            message = f"与第 {repeats} 行完全相同，只算一次。"
            said.append(_finding(Finding("roster_twice", PASS, twice.title, message, twice.clause)))
        if answer is None:
            rows.append(CheckedRow(source=row, status=row.status, findings=said, repeats=repeats))
            continue
        said += [_finding(found) for found in answer.findings]
        rows.append(
            CheckedRow(
                source=row,
                status=worst_of(row.status, STATUSES[worst(answer.findings)])
                if answer.findings
                else row.status,
                findings=said,
                known=answer.known,
                unit_id=answer.unit_id,
                reserve=answer.reserve,
            )
        )
    return rows


_RANKS: Final = {status: rank for rank, status in enumerate(Status)}


def worst_of(*statuses: Status) -> Status:
    """The gravest of them."""
    return max(statuses, key=_RANKS.__getitem__)


def _problem(problem: Problem, row: RosterRow, roster: Roster) -> dict[str, Any]:
    """A reader's word in the shape of a finding."""
    identity = problem.code.startswith("identity_")
    return {
        "code": problem.code,
        "severity": SEVERITIES[problem.status],
        "message": _masked(problem.message),
        "clause": _IDENTITY_CLAUSE if identity else _FORM_CLAUSE,
        "evidence": {
            "mend": problem.mend,
            "column": roster.header.title(problem.field) if problem.field else "",
            "text": _hidden(problem.field, _cell(row, problem.field)),
        },
    }


def _cell(row: RosterRow, field: str) -> str:
    """The original text of one cell; empty for a field without a column."""
    column = row.source.columns.get(field)
    return shown(row.cells[column]) if column is not None and column < len(row.cells) else ""


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "clause": found.clause,
        "evidence": {"mend": found.mend, "figures": found.figures, "classes": found.links},
    }


def _hidden(name: str, text: str) -> str:
    """The text of a cell without a whole identity number in it."""
    return mask_identity(text.strip()) if name.startswith("identity_number") else _masked(text)


def _masked(text: str) -> str:
    if len(text) < _SHORTEST:
        return text
    return _NUMBER_LIKE.sub(lambda found: mask_identity(found[0]), text)
