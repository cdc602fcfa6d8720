"""The cells of a sheet as plain values, whatever the file's format."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from office.refusals import Refused

MOST_ROWS: Final = 150_000
MOST_CELLS: Final = 3_000_000

DAMAGED: Final = (
    "这个文件打不开：内部已损坏或不完整。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"
)
PASSWORD: Final = "这个文件设了打开密码，系统读不了。请在 Excel 或 WPS 中取消密码，保存后再上传。"  # noqa: S105
MACROS: Final = "这个文件带有宏，不能接收。请另存为不带宏的“Excel 工作簿（.xlsx）”后再上传。"
TOO_LARGE: Final = (
    "“{sheet}”太大：第 {rows} 行、第 {columns} 列还有内容，最多可读 {most_rows} 行、{most_cells} 格。"
    "请删去表格以外的行和列，或拆成几个文件后再上传。"
)

ERRORS: Final = frozenset(
    {
        *("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"),
        *("#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!"),
    }
)


class Merge(NamedTuple):
    """Merged cells: rows from 1, columns from 0, all inclusive."""

    top: int
    left: int
    bottom: int
    right: int


class SheetName(NamedTuple):
    name: str
    hidden: bool


@dataclass
class Grid:
    """``values[row - 1][column]``: str, float, int, bool, date, datetime, time or timedelta; empty is ``""``.

    An error stands as its text (``#N/A``), a formula never calculated as itself (``=A1``), a date shown
    without its day as ``2023年9月``. Rows may differ in length.
    """

    values: list[list[Any]]
    merges: tuple[Merge, ...] = ()
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    date1904: bool = False

    @property
    def width(self) -> int:
        return max(map(len, self.values), default=0)

    def reach(self, row: int, column: int) -> None:
        """Let the grid have that cell (both from 0)."""
        while len(self.values) <= row:
            self.values.append([])
        line = self.values[row]
        line += [""] * (column + 1 - len(line))


def measure(sheet: str, rows: int, columns: int) -> None:
    """Raise ``Refused`` for a sheet beyond what one reads at once."""
    if rows > MOST_ROWS or rows * columns > MOST_CELLS:
        raise Refused(
            TOO_LARGE.format(
                sheet=sheet, rows=rows, columns=columns, most_rows=MOST_ROWS, most_cells=MOST_CELLS
            )
        )


def shown(value: Any) -> str:
    """The text of a value as a spreadsheet shows it; a long number in Excel's short scientific form."""
    if type(value) is str:
        return value
    if type(value) is float and -1e15 < value < 1e15 and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if abs(value) >= 1e15:
            return f"{value:.5E}"
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes" if not value.second else "seconds")
    return str(value)


def kind(value: Any) -> str:
    """``text number date bool error empty``."""
    if isinstance(value, str):
        return "error" if value in ERRORS else "text" if value.strip() else "empty"
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else "date"
