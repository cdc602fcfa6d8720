"""A list of people as judged rows; every row of the file is accounted for once (DOMAIN §4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from office.refusals import Refused
from org.excel.columns import Context, half_day, read_column, reader_of
from org.excel.compare import compare
from org.excel.grid import shown
from org.excel.headers import HALF_DAY, Header, Layout, Skipped, find_header
from org.excel.identity import Identity, read_identity, read_kind
from org.excel.problems import Problem, Status, worst
from org.excel.readings import Reading
from org.excel.rows import Body, read_body
from org.excel.tables import Table, choose, open_book, table_of
from org.excel.units import UnitChoice, UnitMatch
from org.states import IdentityKind, Precision

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from org.excel.tables import Book

__all__ = ["Roster", "RosterRow", "Skipped", "Status", "UnitChoice", "UnitMatch", "read_roster", "read_rows"]

IDENTITY: Final = frozenset({"identity_number", "identity_kind"})
SHOWN_NUMBERS: Final = 20


@dataclass(slots=True)
class RosterRow:
    """One entry of the file.

    ``number`` is the row of the sheet from 1; ``duplicate_of`` the number of an earlier row that is the same
    person, so that he counts once. ``values`` holds every field that has a column, and what follows from
    cells: ``identity_kind``, ``identity_former`` (15 digits), ``unit_id``, ``born_on``, ``born_precision``,
    ``gender``, ``leadership`` …; an empty or unreadable cell is None.
    """

    number: int
    values: dict[str, Any]
    cells: Sequence[Any]
    columns: Mapping[str, int]
    readings: tuple[Reading, ...]
    problems: list[Problem] = field(default_factory=list)
    status: Status = Status.ACCEPTED
    hidden: bool = False
    duplicate_of: int | None = None

    @property
    def raw(self) -> dict[str, str]:
        """The original text of each mapped cell by field."""
        cells = self.cells
        return {
            name: shown(cells[index]) if index < len(cells) else "" for name, index in self.columns.items()
        }

    @property
    def normalised(self) -> dict[str, list[str]]:
        """What reading made of a text, where it isn't the text itself: ``{field: [before, after]}``."""
        raw = self.raw
        return {
            name: [raw[name], reading.text]
            for name, reading in zip(self.columns, self.readings, strict=True)
            if reading.text and reading.text != raw[name]
        }

    def add(self, problem: Problem) -> None:
        """One more problem; the status follows."""
        self.problems.append(problem)
        self.status = worst(self.problems)


@dataclass(frozen=True, slots=True)
class Roster:
    """What a file holds. ``rows``, ``skipped``, ``blank`` and the header's rows cover the sheet once.

    ``notes``: Chinese sentences about the file as a whole (hidden rows, other sheets, a total that differs).
    """

    sheet: str
    sheets: tuple[str, ...]
    header: Header
    layout: Layout
    rows: list[RosterRow]
    skipped: tuple[Skipped, ...]
    blank: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def summary(self) -> dict[str, int]:
        """``{"rows": 3, "accepted": 2, "warned": 0, "held": 1, "rejected": 0}``."""
        counts = Counter(row.status for row in self.rows)
        return {"rows": len(self.rows), **{status.value: counts[status] for status in Status}}

    @property
    def people(self) -> list[RosterRow]:
        """Rows to go on with: accepted or warned, each person once."""
        good = {Status.ACCEPTED, Status.WARNED}
        return [row for row in self.rows if row.status in good and row.duplicate_of is None]


def read_roster(
    content: bytes,
    name: str,
    *,
    layout: Layout,
    today: datetime.date,
    units: Callable[[str], UnitMatch] | None = None,
    mapping: Mapping[str, str] | None = None,
    sheet: str | None = None,
    year: int | None = None,
    hours_per_day: Decimal | None = None,
    choices: Mapping[str, Mapping[str, str]] | None = None,
) -> Roster:
    """Read a file of the layout; ``name`` is the file's.

    ``units`` tells what a unit's name means (asked once for each text, with :func:`unit_text` of it).
    ``mapping`` is a person's correction of the columns (:func:`find_header`). ``sheet``: if not named, the
    first visible one with a header. ``year``: for dates of a class that name none. ``choices``: further
    closed lists, field → word → what is stored.

    Raises ``Refused`` with one Chinese line: an unreadable file, no header of the layout, no such ``sheet``.
    """
    book = open_book(content, name)
    table, header = _located(book, layout, mapping, sheet)
    context = Context(
        today=today,
        units=units,
        year=year,
        hours_per_day=hours_per_day,
        choices=choices or {},
        date1904=table.date1904,
        typeless=table.typeless,
    )
    body = read_body(table, header, layout)
    cells = [table.values[number - 1] for number in body.entries]
    rows = read_rows(body.entries, cells, header=header, layout=layout, context=context, body=body)
    for row in rows:
        row.hidden = row.number in table.hidden_rows
    return Roster(
        sheet=table.sheet,
        sheets=table.sheets,
        header=header,
        layout=layout,
        rows=rows,
        skipped=(*header.skipped, *body.skipped),
        blank=(*header.blank, *body.blank),
        notes=(*header.notes, *_notes(table, header), *body.notes),
    )


def _located(
    book: Book, layout: Layout, mapping: Mapping[str, str] | None, sheet: str | None
) -> tuple[Table, Header]:
    """The sheet to read: the one named, else the first with a header, hidden ones last."""
    first = choose(book, sheet)
    names = [first]
    if sheet is None:
        ordered = sorted(book.sheets, key=lambda known: known.hidden)
        names += [known.name for known in ordered if known.name != first]
    refusal: Refused | None = None
    for name in names:
        try:
            table = table_of(book, name)
            return table, find_header(table, layout, mapping)
        except Refused as refused:
            refusal = refusal or refused
    if refusal is None:  # pragma: no cover - there is a first name
        raise AssertionError
    raise refusal


def _notes(table: Table, header: Header) -> list[str]:
    notes = []
    hidden = sorted(number for number in table.hidden_rows if number <= len(table.values))
    hidden = [number for number in hidden if number > header.rows[1] and any(table.values[number - 1])]
    if hidden:
        some = "、".join(map(str, hidden[:SHOWN_NUMBERS])) + (" 等" if len(hidden) > SHOWN_NUMBERS else "")
        notes.append(f"第 {some} 行被隐藏（共 {len(hidden)} 行），已照常读取。")
    columns = [header.titles[i] for i in sorted(table.hidden_columns) if i < len(header.titles)]
    if any(columns):
        notes.append(f"隐藏的栏目也已读取：{'、'.join(filter(None, columns))}。")
    if table.sheet in table.hidden_sheets:
        notes.append(f"读取的是隐藏的工作表“{table.sheet}”。")
    others = [name for name in table.sheets if name != table.sheet]
    if others:
        notes.append(
            f"只读取了工作表“{table.sheet}”，没有读取：{'、'.join(f'“{name}”' for name in others)}。"
        )
    return notes


def read_rows(
    numbers: Sequence[int],
    cells: Sequence[Sequence[Any]],
    *,
    header: Header,
    layout: Layout,
    context: Context,
    body: Body | None = None,
) -> list[RosterRow]:
    """Entries of a table, read and compared with one another; ``numbers`` are their rows in the sheet."""
    columns = {name: _column(index, numbers, cells, body) for name, index in header.columns.items()}
    read: dict[str, list[Reading]] = {}
    for name, column in columns.items():
        if name not in IDENTITY:
            known = half_day(name) if name.startswith(HALF_DAY) else layout.field(name)
            if known is not None:
                read[name] = read_column(column, reader_of(known, context))
    identities = _identities(columns, read, context)
    ordered = list(zip(*(read[name] for name in header.columns), strict=True))
    names = tuple(header.columns)
    rows = [
        RosterRow(
            number, {n: r.value for n, r in zip(names, readings, strict=True)}, line, header.columns, readings
        )
        for number, line, readings in zip(numbers, cells, ordered, strict=True)
    ]
    _spread(rows, read)
    if identities is not None:
        _identify(rows, identities)
    _missing(rows, header, layout)
    for row in rows:
        for place, merged in body.clashes.get(row.number, ()) if body and body.clashes else ():
            known = layout.field(place)
            title = known.title if known else place
            message = f"{title}（{merged}）合并了几行，不能确定是一个人还是几个人。"
            row.add(Problem("merged_cells", Status.HELD, place, message, "请取消合并，每人一行。"))
    compare(rows, layout)
    return rows


def _column(
    index: int, numbers: Sequence[int], cells: Sequence[Sequence[Any]], body: Body | None
) -> list[Any]:
    try:
        column = [line[index] for line in cells]
    except IndexError:
        column = [line[index] if index < len(line) else "" for line in cells]
    if body and body.fills:
        fills = body.fills
        column = [fills.get((n, index), v) if v == "" else v for n, v in zip(numbers, column, strict=True)]
    return column


def _identities(
    columns: Mapping[str, list[Any]], read: dict[str, list[Reading]], context: Context
) -> list[Identity] | None:
    """Each row's identity, and the readings of its cells."""
    numbers = columns.get("identity_number")
    kinds = columns.get("identity_kind")
    if kinds is not None:
        known = {cell: read_kind(cell) for cell in set(kinds)}
        found = [known[cell] for cell in kinds]
        read["identity_kind"] = [
            Reading(kind or None, IdentityKind(kind).label if kind else "", problems)
            for kind, problems in found
        ]
        said = [kind for kind, _ in found]
    if numbers is None:
        return None
    today, typeless = context.today, context.typeless
    if kinds is None:
        identities = [read_identity(cell, today=today, typeless=typeless) for cell in numbers]
    else:
        identities = [
            read_identity(cell, kind=kind, today=today, typeless=typeless)
            for cell, kind in zip(numbers, said, strict=True)
        ]
    read["identity_number"] = [Reading(i.number or None, i.number, i.problems) for i in identities]
    return identities


def _spread(rows: list[RosterRow], read: Mapping[str, list[Reading]]) -> None:
    """Problems and further values of the readings into their rows."""
    for readings in read.values():
        for row, reading in zip(rows, readings, strict=True):
            if reading.extra:
                values = row.values
                for name, value in reading.extra.items():
                    if values.get(name) is None:
                        values[name] = value
            if reading.problems:
                row.problems += reading.problems
                row.status = worst(row.problems)


def _identify(rows: list[RosterRow], identities: list[Identity]) -> None:
    """What a number says of the person, beside what the columns say (DOMAIN §4 rows 12, 13)."""
    for row, identity in zip(rows, identities, strict=True):
        values = row.values
        values["identity_kind"] = identity.kind or values.get("identity_kind")
        if identity.former:
            values["identity_former"] = identity.former
        if identity.hint:
            values["identity_hint"] = identity.hint
        born = identity.born_on
        if born is None:
            continue
        said = values.get("born_on")
        if said is not None and (said.year, said.month) != (born.year, born.month):
            year_only = values["born_precision"] == Precision.YEAR
            if said.year != born.year or not year_only:
                row.add(_other_birth(row, born))
        values["born_on"], values["born_precision"] = born, Precision.DAY.value
        gender = values.get("gender")
        if gender and gender != identity.gender:
            row.add(_other_gender(identity.gender))
        values["gender"] = gender or identity.gender


def _other_birth(row: RosterRow, born: datetime.date) -> Problem:
    text = row.raw["born_on"]
    message = f"出生年月“{text}”和身份证号里的 {born.year} 年 {born.month} 月不一致，按身份证号读取。"
    return Problem("birth_differs", Status.WARNED, "born_on", message, "请核对身份证号和出生年月。")


def _other_gender(gender: str) -> Problem:
    by_number = "男" if gender == "male" else "女"
    message = f"性别和身份证号不一致：按第 17 位应为{by_number}。"
    return Problem("gender_differs", Status.HELD, "gender", message, "请核对性别和身份证号。")


def _missing(rows: list[RosterRow], header: Header, layout: Layout) -> None:
    """Required cells that are empty."""
    for known in layout.fields:
        if not known.required or known.name == "identity_number" or known.name not in header.columns:
            continue
        for row in rows:
            if row.values[known.name] is None and not any(p.field == known.name for p in row.problems):
                status = Status.HELD if known.name == "name" and layout.code != "units" else Status.REJECTED
                message = f"{known.title}是空的。"
                row.add(
                    Problem(f"{known.name}_missing", status, known.name, message, f"请补填{known.title}。")
                )
