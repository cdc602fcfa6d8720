"""The rows that couldn't be imported, in the very sheet they came in: red, with a comment saying why.

Good rows are taken out, so what remains can be mended and uploaded again as it is.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.styles import PatternFill

from office.refusals import Refused
from workflow.excel.package import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.worksheet.worksheet import Worksheet

    from workflow.excel.preview import Preview
    from workflow.excel.reader import Mark
    from workflow.excel.rows import Item
    from workflow.models import PlanImport

RED: Final = PatternFill("solid", start_color="FFFFC7CE")
SIGNED: Final = "系统核对"
FILL_IN: Final = "请分别填写"
#: Bytes of sheets unpacked that openpyxl opens in a few seconds.
MOST_WEIGHT: Final = 40 * 1024 * 1024


def error_workbook(received: PlanImport, found: Preview) -> bytes:
    """The uploaded workbook, its faulty rows only, as .xlsx. Raises :class:`Refused` for one too large."""
    with received.file.file.open("rb") as stored:
        with opened(stored) as package:
            if package.weight() > MOST_WEIGHT:
                raise Refused("这个工作簿太大，无法生成批注文件。请按页面上列出的单元格修改后重新上传。")
        stored.seek(0)
        with warnings.catch_warnings():
            # openpyxl says what it leaves out of foreign files (newer validations, drawings).
            warnings.simplefilter("ignore")
            workbook = load_workbook(stored)
    sheet = workbook[found.table.sheet]
    good = {item.row for item in (*found.good, *found.same)}
    _settle_formulas(sheet, found)
    moved = _take_out(sheet, good, found)
    for fault in found.faults:
        _mark(sheet, moved(fault.row), fault)
    workbook.active = workbook.worksheets.index(sheet)
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _mark(sheet: Worksheet, row: int, fault: Mark) -> None:
    cell: Any = sheet.cell(row=row, column=fault.column)
    if type(cell).__name__ == "MergedCell":
        for area in sheet.merged_cells.ranges:
            if cell.coordinate in area:
                cell = sheet.cell(row=area.min_row, column=area.min_col)
                break
    text = f"{fault.problem}{fault.mend}"
    if cell.comment is not None and cell.comment.author == SIGNED:
        text = f"{cell.comment.text}\n{text}"
    comment = Comment(text, SIGNED)
    comment.width, comment.height = 280, 40 + 18 * (len(text) // 18 + 1)
    cell.comment, cell.fill = comment, RED


def _settle_formulas(sheet: Worksheet, found: Preview) -> None:
    """What formulas came to, instead of formulas whose rows are about to move."""
    for item in found.faulty:
        for key, cell in item.line.cells.items():
            if cell.formula and cell.kind != "no_result" and key in found.table.places:
                target = sheet.cell(row=item.row, column=found.table.places[key])
                if target.data_type == "f":
                    target.value = cell.value if cell.value is not None else cell.text


def _take_out(sheet: Worksheet, rows: set[int], found: Preview) -> Callable[[int], int]:
    """Deletes ``rows`` with all that hangs on row numbers; returns old row → new row."""
    if not rows:
        return lambda row: row
    ordered = sorted(rows)
    last = sheet.max_row

    def moved(row: int) -> int:
        return row - bisect_left(ordered, row)

    merges = [(a.min_row, a.min_col, a.max_row, a.max_col) for a in sheet.merged_cells.ranges]
    keys = {column: key for key, column in found.table.places.items()}
    faulty = {item.row: item for item in found.faulty}
    firsts = {(top, left): sheet.cell(row=top, column=left).value for top, left, _, _ in merges}
    for top, left, bottom, right in merges:
        sheet.unmerge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    formulas = {
        (cell.row, cell.column): cell.value
        for line in sheet.iter_rows(min_row=ordered[0])
        for cell in line
        if cell.data_type == "f" and isinstance(cell.value, str)
    }
    shapes = {
        row: (shape.height, shape.hidden) for row, shape in sheet.row_dimensions.items() if row >= ordered[0]
    }
    for first, count in _runs(ordered):
        sheet.delete_rows(first, count)
    for row in shapes:
        del sheet.row_dimensions[row]
    for row, (height, hidden) in shapes.items():
        if row not in rows:
            sheet.row_dimensions[moved(row)].height = height
            sheet.row_dimensions[moved(row)].hidden = hidden
    for (row, column), formula in formulas.items():
        if row not in rows:
            target = sheet.cell(row=moved(row), column=column)
            target.value = _shifted(formula, moved, rows)
    for top, left, bottom, right in merges:
        kept = [row for row in range(top, min(bottom, last) + 1) if row not in rows]
        if top in rows:
            # Its word was the first row's: each faulty row gets it to itself, nothing stays merged.
            for row in kept:
                _leave(sheet, moved(row), left, faulty.get(row), keys.get(left), firsts[top, left])
        elif kept and (len(kept) > 1 or right > left):
            sheet.merge_cells(
                start_row=moved(kept[0]), start_column=left, end_row=moved(kept[-1]), end_column=right
            )
    for line in sheet.iter_rows(min_row=ordered[0]):
        for cell in line:
            if cell.hyperlink is not None:
                cell.hyperlink.ref = cell.coordinate
    return moved


def _shifted(formula: str, moved: Callable[[int], int], rows: set[int]) -> str:
    """A formula after ``rows`` are gone: a range keeps to what is left of it, other sheets are left alone."""

    def shift(found: re.Match[str]) -> str:
        row = int(found[2])
        # A range that ended on a row that is gone ends on the one before.
        return f"{found[1]}{max(moved(row) - (row in rows and found.start() > 0), 1)}"

    try:
        tokens = Tokenizer(formula).items
    except TokenizerError:
        return formula
    return "=" + "".join(
        re.sub(r"(\$?[A-Z]{1,3}\$?)(\d+)", shift, token.value)
        if token.subtype == Token.RANGE and "!" not in token.value
        else token.value
        for token in tokens
    )


def _leave(sheet: Worksheet, row: int, place: int, item: Item | None, key: str | None, value: Any) -> None:
    """What a row keeps of a merge that is gone: the word it shared, or the call to fill it in.

    Left empty, people and money would be imported as none; a name is missed anyway.
    """
    if item is not None and key is not None:
        shared = key not in item.line.merged
        sheet.cell(row=row, column=place).value = value if shared else None if key == "name" else FILL_IN


def _runs(ordered: list[int]) -> list[tuple[int, int]]:
    """Consecutive rows as (first, how many), the last run first."""
    runs: list[tuple[int, int]] = []
    start = ordered[0]
    for before, after in pairwise([*ordered, 0]):
        if after != before + 1:
            runs.append((start, before - start + 1))
            start = after
    return runs[::-1]
