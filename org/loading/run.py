"""From a file to the database: read a piece, judge its rows, write them, say what came of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from office.refusals import Refused
from org.excel.columns import Context
from org.excel.problems import Problem, Status
from org.excel.roster import read_chunk
from org.loading.faults import Faults
from org.loading.sheets import BATCH, WHOLE, open_sheet

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from org.excel.headers import Layout
    from org.excel.roster import RosterRow
    from org.loading.sheets import Sheet
    from org.unit_names import UnitMatch

    #: Called with rows done, rows in all (0 if unknown) and what is being done; may raise to stop the import.
    Progress = Callable[[int, int, str], None]

BAD: Final = frozenset({Status.HELD, Status.REJECTED})


@dataclass
class Tally:
    """What came of the rows. ``known``: there before, or twice in the file; ``warned`` counts among these."""

    rows: int = 0
    added: int = 0
    known: int = 0
    warned: int = 0
    bad: int = 0
    skipped: int = 0
    faults: Path | None = None

    @property
    def line(self) -> str:
        """``共 10 行：新增 8，已有 1，有问题 1；2 行有提醒。``"""
        told = f"共 {self.rows:,} 行：新增 {self.added:,}，已有 {self.known:,}，有问题 {self.bad:,}"
        if self.warned:
            told += f"；{self.warned:,} 行有提醒"
        if self.skipped:
            told += f"；合计、说明等 {self.skipped:,} 行不算"
        return f"{told}。"


class Bad(NamedTuple):
    """A row that couldn't be taken in, with its original cells."""

    number: int
    cells: Sequence[Any]
    problems: Sequence[Problem]


class Loader(Protocol):
    """A register that can be taken in. A batch is one transaction: it is in whole or not at all."""

    layout: Layout
    units: Callable[[str], UnitMatch] | None
    choices: Mapping[str, Mapping[str, str]]

    def take(self, rows: Sequence[RosterRow]) -> int:
        """Write the rows; return how many were new. A row that can't be written gets a problem instead."""

    def finish(self, progress: Progress) -> tuple[int, Iterable[Bad]]:
        """Whatever can be written only after the last row: how many were new, and the rows that can't be."""


def load(
    path: Path,
    loader: Loader,
    *,
    today: datetime.date,
    progress: Progress,
    tally: Tally,
    mapping: Mapping[str, str] | None = None,
    beside: Path | None = None,
    whole: int = WHOLE,
) -> None:
    """Take the file in; ``tally`` is right at every moment, also when something stops it in the middle.

    However it ends, whole batches are in and nothing else; doing it again adds what is missing. Bad rows go
    into a file ``beside`` the given path (the file itself if there is none), also when it is stopped. Files
    up to ``whole`` bytes are read at once. Raises ``Refused`` if the file can't be read.
    """
    with open_sheet(path, loader.layout, mapping=mapping, whole=whole) as sheet:
        if sheet.header.missing:
            raise Refused(f"缺少栏目：{'、'.join(sheet.header.missing)}。请补上后再导入。")
        context = context_of(sheet, loader, today)
        faults = Faults(beside or path, sheet.header.titles)
        try:
            with faults:
                # Told by rows of the list: those above it and its header aren't counted.
                above = sheet.header.rows[1]
                total = max(sheet.total - above, 0)
                progress(0, total, "正在导入")
                for table in sheet.chunks:
                    rows, skipped, _ = read_chunk(table, sheet.header, layout=loader.layout, context=context)
                    tally.skipped += len(skipped)
                    for start in range(0, len(rows), BATCH):
                        batch = rows[start : start + BATCH]
                        _take(batch, loader, tally, faults)
                        seen = batch[-1].number - above
                        progress(seen, max(total, seen), "正在导入")
                added, refused = loader.finish(progress)
                tally.added += added
                tally.known -= added
                for bad in refused:
                    tally.known -= 1
                    tally.bad += 1
                    faults.add(*bad)
        finally:
            tally.faults = faults.written


def context_of(sheet: Sheet, loader: Loader, today: datetime.date) -> Context:
    """What reading the sheet's cells needs to know."""
    return Context(
        today=today,
        units=loader.units,
        choices=loader.choices,
        date1904=sheet.date1904,
        typeless=sheet.typeless,
    )


def _take(rows: list[RosterRow], loader: Loader, tally: Tally, faults: Faults) -> None:
    added = loader.take([row for row in rows if row.status not in BAD and row.duplicate_of is None])
    bad = [row for row in rows if row.status in BAD]
    tally.rows += len(rows)
    tally.added += added
    tally.known += len(rows) - len(bad) - added
    tally.warned += sum(1 for row in rows if row.status == Status.WARNED)
    tally.bad += len(bad)
    for row in bad:
        faults.add(row.number, row.cells, [problem for problem in row.problems if problem.status in BAD])


def held(code: str, field: str, message: str, mend: str) -> Problem:
    """A row a person has to look at."""
    return Problem(code, Status.HELD, field, message, mend)
