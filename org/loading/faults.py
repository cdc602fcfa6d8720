"""The rows that couldn't be taken in, in a file beside the original; mended there, it is imported again."""

from __future__ import annotations

import csv
import os
import tempfile
from typing import TYPE_CHECKING, Any, Final, Self

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from office.cells import FORMULA_STARTS, safe_text
from org.excel.grid import shown
from org.excel.problems import MEND, PROBLEM, ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from org.excel.problems import Problem

#: Beyond this the file is text: a workbook of more takes Excel long to open.
MOST: Final = 100_000
_ADDED: Final = (ROW, PROBLEM, MEND)


class Faults:
    """Collects faulty rows on disk, not in memory, and writes them out once the import has ended.

    ``with Faults(path, titles) as faults``: leaving writes ``<path>.问题.xlsx`` (``.csv`` beyond
    :data:`MOST` rows), readable by the owner alone; without a faulty row an older one is removed.
    """

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path = path
        self._titles = tuple(titles)
        self.count = 0
        self.written: Path | None = None

    def __enter__(self) -> Self:
        # It holds people's numbers: no name in the folder until it is whole.
        self._kept = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")
        self._writer = csv.writer(self._kept)
        return self

    def add(self, number: int, cells: Sequence[Any], problems: Iterable[Problem]) -> None:
        """One row with its original cells and all that is wrong with it."""
        told = list(problems)
        reason = "；".join(dict.fromkeys(problem.message.rstrip("。") for problem in told))
        mend = "；".join(dict.fromkeys(problem.mend.rstrip("。") for problem in told if problem.mend))
        texts = [shown(cell) for cell in cells][: len(self._titles)]
        texts += [""] * (len(self._titles) - len(texts))
        self._writer.writerow([*texts, number, reason, mend])
        self.count += 1

    def __exit__(self, *_: object) -> None:
        with self._kept:
            for suffix in ("xlsx", "csv"):
                self._beside(suffix).unlink(missing_ok=True)
            if self.count:
                self._kept.seek(0)
                rows = csv.reader(self._kept)
                self.written = self._beside("xlsx" if self.count <= MOST else "csv")
                (self._workbook if self.count <= MOST else self._text)(self.written, rows)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(f"{self._path.name}.问题.{suffix}")

    def _workbook(self, path: Path, rows: Iterable[Sequence[str]]) -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("问题")
        for line in ([*self._titles, *_ADDED], *rows):
            cells = []
            for text in line:
                cell = WriteOnlyCell(sheet, safe_text(text))
                cell.data_type, cell.number_format = "s", "@"
                cell.quotePrefix = text.startswith(FORMULA_STARTS)
                cells.append(cell)
            sheet.append(cells)
        with os.fdopen(_private(path), "wb") as file:
            book.save(file)

    def _text(self, path: Path, rows: Iterable[Sequence[str]]) -> None:
        with os.fdopen(_private(path), "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            for line in ([*self._titles, *_ADDED], *rows):
                writer.writerow([f"'{text}" if text.startswith(FORMULA_STARTS) else text for text in line])


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
