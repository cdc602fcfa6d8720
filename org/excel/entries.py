"""Entries of a table as judged rows: whole columns are read, then each row is put together once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from org.excel.checks import check
from org.excel.columns import half_day, read_column
from org.excel.compare import compare
from org.excel.dates import DAY, JANUARY_OR_OCTOBER, YEAR
from org.excel.grid import shown
from org.excel.headers import HALF_DAY
from org.excel.identity import Identity, read_identities, read_kind
from org.excel.problems import Problem, Status, worst
from org.excel.readings import EMPTY, Reading
from org.states import IdentityKind

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence

    from org.excel.columns import Context
    from org.excel.headers import Header, Layout
    from org.excel.rows import Body
    from org.excel.tables import Table

_KIND_LABELS: Final = {"": ""} | dict(IdentityKind.choices)


class Shown(Protocol):
    """What a cell reads as, as text."""

    @property
    def text(self) -> str: ...


class Source(NamedTuple):
    """What the rows of one reading share: field → column, field → what each of its cells reads as.

    ``rewritten``: the fields in which some row's text isn't what its cell says.
    """

    columns: Mapping[str, int]
    readings: Mapping[str, Sequence[Shown]]
    rewritten: Sequence[str]


@dataclass(slots=True)
class RosterRow:
    """One entry of the file.

    ``number`` is the row of the sheet from 1; ``duplicate_of`` the number of an earlier row that is the same
    person, so that he counts once. ``values`` holds every field that has a column, and what follows from
    cells: ``identity_kind``, ``identity_former`` (15 digits), ``unit_id``, ``born_on``, ``born_precision``,
    ``gender``, ``leadership`` …; an empty or unreadable cell is None. Equal cells share their
    values, lists among them: change none in place.
    """

    number: int
    values: dict[str, Any]
    cells: Sequence[Any]
    source: Source
    place: int
    problems: tuple[Problem, ...] = ()
    status: Status = Status.ACCEPTED
    hidden: bool = False
    duplicate_of: int | None = None

    @property
    def raw(self) -> dict[str, str]:
        """The original text of each mapped cell by field."""
        cells, columns = self.cells, self.source.columns
        return {name: shown(cells[index]) if index < len(cells) else "" for name, index in columns.items()}

    @property
    def normalised(self) -> dict[str, list[str]]:
        """What reading made of a text, where it isn't the text itself: ``{field: [before, after]}``."""
        if not self.source.rewritten:
            return {}
        raw, readings = self.raw, self.source.readings
        texts = {name: readings[name][self.place].text for name in self.source.rewritten}
        return {name: [raw[name], text] for name, text in texts.items() if text and text != raw[name]}

    def add(self, *problems: Problem) -> None:
        """More problems; the status follows."""
        self.problems = (*self.problems, *problems)
        self.status = worst(self.problems)


def read_entries(
    table: Table, body: Body, *, header: Header, layout: Layout, context: Context
) -> list[RosterRow]:
    """The entries of ``body``, read and compared with one another."""
    first = table.first
    cells = [table.values[number - first] for number in body.entries]
    columns = {name: _column(index, cells, body) for name, index in header.columns.items()}
    found = _Found(columns, layout, context)
    source = Source(header.columns, found.readings, _rewritten(columns, found.readings, header, body))
    names = tuple(found.values)
    rows = [
        RosterRow(number, dict(zip(names, values, strict=True)), line, source, place)
        for place, (number, line, values) in enumerate(
            zip(body.entries, cells, zip(*found.values.values(), strict=True), strict=True)
        )
    ]
    for place, problems in found.problems.items():
        rows[place].add(*problems)
    if table.hidden_rows:
        for row in rows:
            row.hidden = row.number in table.hidden_rows
    check(rows, header, layout, body)
    compare(rows, layout)
    return rows


def _column(index: int, cells: Sequence[Sequence[Any]], body: Body) -> list[Any]:
    try:
        column = [line[index] for line in cells]
    except IndexError:
        column = [line[index] if index < len(line) else "" for line in cells]
    if body.fills:
        for place, number in enumerate(body.entries):
            if column[place] == "":
                column[place] = body.fills.get((number, index), "")
    return column


def _rewritten(
    columns: Mapping[str, list[Any]], readings: Mapping[str, Sequence[Shown]], header: Header, body: Body
) -> list[str]:
    """The fields in which some row's text isn't what its cell says; a cell filled by a merge says nothing."""
    filled = {index for _, index in body.fills}
    found = []
    for name, cells in columns.items():
        texts = [reading.text for reading in readings[name]]
        differing = texts != cells and any(
            text and text != shown(cell) for text, cell in zip(texts, cells, strict=True)
        )
        if differing or header.columns[name] in filled:
            found.append(name)
    return found


class _Found:
    """What the columns say: ``values`` a list for each name, ``problems`` by place."""

    def __init__(self, columns: Mapping[str, list[Any]], layout: Layout, context: Context) -> None:
        self.values: dict[str, list[Any]] = {}
        self.readings: dict[str, Sequence[Shown]] = {}
        self.problems: defaultdict[int, list[Problem]] = defaultdict(list)
        self.columns = columns
        further: dict[str, list[Any]] = {}
        for name, column in columns.items():
            known = half_day(name) if name.startswith(HALF_DAY) else layout.field(name)
            if known is None or known.name in {"identity_number", "identity_kind"}:
                self.values[name] = []  # keeps its place among the fields
                continue
            if name == "number":  # the sender's running number: nothing is made of it
                self.values[name] = [shown(cell) or None for cell in column]
                self.readings[name] = [EMPTY] * len(column)
                continue
            readings, distinct = read_column(known, column, context)
            self.readings[name] = readings
            self.values[name] = [reading.value for reading in readings]
            self._problems(readings, distinct)
            for key in {key for reading in distinct if reading.extra for key in reading.extra}:
                said = [reading.extra.get(key) if reading.extra else None for reading in readings]
                further[key] = _first(further[key], said) if key in further else said
        for key, said in further.items():
            # A column of its own says more than what another implies.
            self.values[key] = _first(self.values[key], said) if key in self.values else said
        if "identity_kind" in columns or "identity_number" in columns:
            self._identities(columns, context)

    def _problems(self, readings: list[Reading], distinct: Iterable[Reading]) -> None:
        if any(reading.problems for reading in distinct):
            for place, reading in enumerate(readings):
                if reading.problems:
                    self.problems[place] += reading.problems

    def _identities(self, columns: Mapping[str, list[Any]], context: Context) -> None:
        numbers, kinds = columns.get("identity_number"), columns.get("identity_kind")
        said = [""] * len(numbers or kinds or ())
        if kinds is not None:
            known = {cell: read_kind(cell) for cell in set(kinds)}
            said = [known[cell][0] for cell in kinds]
            distinct = {
                cell: Reading(kind or None, _KIND_LABELS[kind], problems)
                for cell, (kind, problems) in known.items()
            }
            readings = [distinct[cell] for cell in kinds]
            self.readings["identity_kind"] = readings
            self.values["identity_kind"] = [kind or None for kind in said]
            self._problems(readings, distinct.values())
        if numbers is None:
            return
        identities = read_identities(numbers, said, today=context.today, typeless=context.typeless)
        self.readings["identity_number"] = identities
        self.values["identity_number"] = [i.number or None for i in identities]
        self.values["identity_kind"] = [i.kind or k or None for i, k in zip(identities, said, strict=True)]
        for place, identity in enumerate(identities):
            if identity.problems:
                self.problems[place] += identity.problems
        for key, column in (
            ("identity_former", [i.former or None for i in identities]),
            ("identity_hint", [i.hint or None for i in identities]),
        ):
            if any(column):
                self.values[key] = column
        self._births(identities)
        self._genders(identities)

    def _births(self, identities: Sequence[Identity]) -> None:
        """The number's date of birth goes before the column's (DOMAIN §4 row 13)."""
        said, precise = self.values.get("born_on"), self.values.get("born_precision")
        born = [identity.born_on for identity in identities]
        if said is None:
            self.values["born_on"] = born
            self.values["born_precision"] = [DAY if day else None for day in born]
            return
        self._octobers(said, born)
        precise = precise or [None] * len(born)
        for place, (column, number) in enumerate(zip(said, born, strict=True)):
            if column is None or number is None:
                continue
            other_month = column.month != number.month and precise[place] != YEAR
            if other_month or column.year != number.year:
                text = shown(self.columns["born_on"][place])
                self.problems[place].append(_other_birth(text, number))
        self.values["born_on"] = _first(born, said)
        self.values["born_precision"] = [
            DAY if day else before for day, before in zip(born, precise, strict=True)
        ]

    def _octobers(self, said: Sequence[Any], born: Sequence[datetime.date | None]) -> None:
        """1980.1 may be January or October: the number of the document knows."""
        for place, (column, day) in enumerate(zip(said, born, strict=True)):
            if column is not None or day is None or place not in self.problems:
                continue
            problems = self.problems[place]
            unsure = [p for p in problems if p.field == "born_on" and p.code == JANUARY_OR_OCTOBER]
            if unsure:
                problems.remove(unsure[0])
                text = shown(self.columns["born_on"][place]).strip()
                if int(text[:4]) != day.year or day.month not in (1, 10):
                    problems.append(_other_birth(text, day))

    def _genders(self, identities: Sequence[Identity]) -> None:
        """Row 12: a contradiction is held, the column's word is kept."""
        by_number = [identity.gender or None for identity in identities]
        said = self.values.get("gender")
        if said is None:
            self.values["gender"] = by_number
            return
        for place, (column, number) in enumerate(zip(said, by_number, strict=True)):
            if column != number and column and number:
                self.problems[place].append(_other_gender(number))
        self.values["gender"] = _first(said, by_number)


def _first(before: list[Any], after: list[Any]) -> list[Any]:
    """Place by place what the first says, else the second."""
    return [b if a is None else a for a, b in zip(before, after, strict=True)]


def _other_birth(text: str, born: datetime.date) -> Problem:
    message = f"出生年月“{text}”和身份证号里的 {born.year} 年 {born.month} 月不一致，按身份证号读取。"
    return Problem("birth_differs", Status.WARNED, "born_on", message, "请核对身份证号和出生年月。")


def _other_gender(gender: str) -> Problem:
    by_number = "男" if gender == "male" else "女"
    message = f"性别和身份证号不一致：按第 17 位应为{by_number}。"
    return Problem("gender_differs", Status.HELD, "gender", message, "请核对性别和身份证号。")
