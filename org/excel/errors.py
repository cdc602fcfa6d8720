"""The rows of a list that need mending, given back with what is wrong and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from office import cells
from org.excel.grid import shown
from org.excel.headers import plain_titles
from org.excel.problems import MEND, PROBLEM, RESULT, ROW, Status

if TYPE_CHECKING:
    from collections.abc import Collection

    from openpyxl import Workbook

    from org.excel.roster import Roster

FAULTY: Final = frozenset({Status.WARNED, Status.HELD, Status.REJECTED})
NARROWEST, WIDEST = 8, 30


def error_workbook(roster: Roster, *, statuses: Collection[Status] = FAULTY) -> Workbook:
    """The faulty rows under their own header, every cell as text as it stood.

    Behind them stand 原行号, 核查结果, 问题 and 怎么改. Mended there, the file can be sent in again:
    nothing is made of those four columns, and a column that somebody had to name bears that name.
    """
    rows = [row for row in roster.rows if row.status in statuses]
    titles = plain_titles(roster.header, roster.layout)
    texts = [[shown(value) for value in row.cells] for row in rows]
    book, ws = cells.new_book(roster.layout.title)
    widths = [
        min(max([NARROWEST, len(title) * 2, *(_width(line, index) for line in texts)]) + 2, WIDEST)
        for index, title in enumerate(titles)
    ]
    columns = [cells.Column(title, width) for title, width in zip(titles, widths, strict=True)]
    further = [
        cells.Column(ROW, 8, "number"),
        cells.Column(RESULT, 10, "center"),
        cells.Column(PROBLEM, 45),
        cells.Column(MEND, 40),
    ]
    summary = roster.summary
    sheet = cells.OfficeSheet(
        ws,
        title=f"{roster.layout.title}待改名单",
        note=f"共 {summary['rows']} 行，列出 {len(rows)} 行；改好后可直接上传本表。",
        columns=[*columns, *further],
    )
    for row, line in zip(rows, texts, strict=True):
        padded = [text or None for text in line[: len(titles)]]
        padded += [None] * (len(titles) - len(padded))
        problems = "\n".join(problem.message for problem in row.problems)
        mends = "\n".join(dict.fromkeys(problem.mend for problem in row.problems if problem.mend))
        at = sheet.add([*padded, row.number, row.status.label, problems, mends])
        for column in range(1, len(titles) + 1):
            ws.cell(row=at, column=column).number_format = "@"  # a number typed over it stays whole
    sheet.finish()
    return book


def _width(line: list[str], index: int) -> int:
    text = line[index] if index < len(line) else ""
    return max((sum(2 if ord(char) > 0xFF else 1 for char in part) for part in text.split("\n")), default=0)
