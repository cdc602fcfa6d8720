"""A list of people as judged rows; every row of the file is accounted for once (DOMAIN §4)."""

from __future__ import annotations

import gc
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from office.refusals import Refused
from org.excel.columns import Context
from org.excel.entries import RosterRow, read_entries
from org.excel.errors import error_workbook
from org.excel.headers import Header, Layout, Skipped, find_header
from org.excel.problems import Problem, Status
from org.excel.rows import read_body
from org.excel.tables import Table, choose, open_book, table_of
from org.unit_names import UnitChoice, UnitMatch

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Mapping
    from decimal import Decimal

    from org.excel.tables import Book

__all__ = [
    "Chunk",
    "Context",
    "Problem",
    "Roster",
    "RosterRow",
    "Skipped",
    "Status",
    "UnitChoice",
    "UnitMatch",
    "error_workbook",
    "read_chunk",
    "read_roster",
]

SHOWN_NUMBERS: Final = 20


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


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing read here is a cycle: looking for some among 100,000 new cells doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@uncollected()
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
    rows = read_entries(table, body, header=header, layout=layout, context=context)
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


class Chunk(NamedTuple):
    """What some rows of a large file are: entries, rows that are none, numbers of blank rows."""

    rows: list[RosterRow]
    skipped: tuple[Skipped, ...]
    blank: tuple[int, ...]


@uncollected()
def read_chunk(table: Table, header: Header, *, layout: Layout, context: Context) -> Chunk:
    """The rows of ``table`` below the header, be it the whole sheet or a chunk with ``table.first`` set.

    Rows are compared with one another within the chunk only.
    """
    body = read_body(table, header, layout)
    rows = read_entries(table, body, header=header, layout=layout, context=context)
    return Chunk(rows, tuple(body.skipped), tuple(body.blank))


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
