"""Finds the plan table in an uploaded workbook and accounts for every row of it once.

Reads no plan and no database: a row comes out as its cells by column key. What a cell says is decided in
:mod:`workflow.excel.values`, what becomes of a row in :mod:`workflow.excel.preview`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Final

from openpyxl.utils import get_column_letter

from office.refusals import Refused
from workflow.excel.columns import Column, Kind, heading, squeeze
from workflow.excel.form import columns
from workflow.excel.package import DAMAGED, NUMBER, Cell, Grid, Package, Sheet, address, opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rulebook.schema import Book

#: The header stands within the first rows; a plan table has a name and some of the other columns.
HEADER_WITHIN: Final = 60
FEWEST_MATCHES: Final = 3
MOST_LINES: Final = 2_000

_TOTALS = re.compile(r"^(合计|总计|小计|共计|累计)")
_FOOTER = re.compile(
    r"^(合计|总计|小计|共计|累计|注[:：]|注$|注\d|备注[:：]|说明[:：]|填表|填报|制表|审核|复核|部门负责人|负责人签|"
    r"负责人[:：]|主要负责人|分管领导|经办人|签字|盖章|日期|联系人|联系电话[:：]|单位[（(]?盖|公章|年月日)"
)
_CAPTION = re.compile(r"^[（(]?[一二三四五六七八九十]+[、）).．]")


@dataclass(frozen=True)
class Mark:
    """A word on one cell: its address and header, what stands in it, what is wrong, how to mend it."""

    row: int
    column: int
    header: str
    text: str
    problem: str
    mend: str

    @property
    def address(self) -> str:
        return address(self.row, self.column)


@dataclass(frozen=True)
class Skipped:
    """A row below the header that isn't a class, and why it was taken for that."""

    row: int
    text: str
    reason: str


@dataclass
class Line:
    """One class as it stands in the sheet: its filled cells by column key. ``merged``: keys whose cell lies
    in a vertical merge that can't be read for this row, with the merge's address."""

    row: int
    cells: dict[str, Cell]
    merged: dict[str, str] = field(default_factory=dict)
    hidden: bool = False


@dataclass
class Table:
    """The plan table of a workbook. Every row that holds anything is above the header, the header, a line,
    skipped, or ``blank`` (nothing but numbers the form itself fills in)."""

    sheet: str
    other_sheets: tuple[str, ...]
    header_rows: tuple[int, ...]
    places: dict[str, int]
    scales: dict[str, Decimal]
    headers: dict[str, str]
    lines: list[Line] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    last_row: int = 0

    def mark(self, row: int, key: str, cell: Cell | None, problem: str, mend: str) -> Mark:
        column = self.places.get(key, 1)
        return Mark(row, column, self.headers.get(key, ""), cell.text if cell else "", problem, mend)


@dataclass(frozen=True)
class _Header:
    rows: tuple[int, ...]
    places: dict[str, int]
    scales: dict[str, Decimal]
    texts: dict[str, str]
    repeated: tuple[str, ...]
    unknown: tuple[str, ...]


def read_table(file: IO[bytes], book: Book, *, sheet: str = "") -> Table:
    """The plan table in ``file``; ``sheet`` names the one to take where several fit.

    Raises :class:`Refused`: not a sound workbook, no sheet with a plan table, too many rows.
    """
    known = columns(book)
    with opened(file) as package:
        chosen, others = _choose(package, known, sheet)
        grid = package.grid(chosen)
    header = _find_header(grid, known)
    if header is None:  # pragma: no cover - the sheet was chosen for its header
        raise Refused(DAMAGED)
    table = Table(
        sheet=chosen.name,
        other_sheets=tuple(other.name for other in others),
        header_rows=header.rows,
        places=header.places,
        scales=header.scales,
        headers=header.texts,
        unknown=list(header.unknown),
        last_row=max(grid.rows, default=0),
    )
    if chosen.hidden:
        table.notes.append(f"申报表在隐藏的工作表“{chosen.name}”中，已读取。")
    table.notes += [f"表头“{text}”重复出现，只读取最左边的一列。" for text in header.repeated]
    table.notes += [
        f"“{header.texts[key]}”按万元换算成元。" for key, scale in header.scales.items() if scale != 1
    ]
    hidden = [
        text
        for key, text in header.texts.items()
        if any(first <= header.places[key] <= last for first, last in grid.hidden_columns)
    ]
    if hidden:
        table.notes.append(f"隐藏的栏目也已读取：{'、'.join(hidden)}。")
    table.missing = [
        column.title
        for column in known
        if column.key not in header.places and column.kind not in {Kind.IGNORED, Kind.IDENTITY}
    ]
    _read_rows(table, grid, known)
    if not table.lines:
        raise Refused(
            f"“{chosen.name}”的表头下面没有填写班次。请从表头下一行开始，每行填写一个班次，保存后再上传。"
        )
    return table


def _choose(package: Package, known: Sequence[Column], wanted: str) -> tuple[Sheet, list[Sheet]]:
    """The sheet to read and the others that would do. Visible ones first, in the workbook's order."""
    fitting = [
        sheet
        for sheet in package.sheets
        if _find_header(package.grid(sheet, rows=HEADER_WITHIN), known) is not None
    ]
    visible = [sheet for sheet in fitting if not sheet.hidden] or fitting
    if not visible:
        names = "、".join(f"“{sheet.name}”" for sheet in package.sheets if not sheet.hidden)
        raise Refused(
            f"没有找到申报表的表头（已查看工作表{names or '：无'}）。"
            "请使用本页下载的模板，或确认有一行表头写着“班次名称”“班次类别”等栏目。"
        )
    chosen = next((sheet for sheet in visible if sheet.name == wanted), visible[0])
    return chosen, [sheet for sheet in visible if sheet is not chosen]


def _headings(known: Sequence[Column]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for column in known:
        for name in (column.title, *column.names):
            found.setdefault(heading(name)[0], column)
    return found


def _find_header(grid: Grid, known: Sequence[Column]) -> _Header | None:
    """The row that names most columns; a second header row below it is taken with it."""
    names = _headings(known)
    best: tuple[int, int] = (0, 0)
    for row in sorted(grid.rows):
        if row > HEADER_WITHIN:
            break
        keys = {names[plain].key for plain in _plain(grid.rows[row]) if plain in names}
        if "name" in keys and len(keys) > best[0]:
            best = (len(keys), row)
    matches, row = best
    if matches < FEWEST_MATCHES:
        return None
    return _header(grid, row, names)


def _plain(cells: Mapping[int, Cell]) -> list[str]:
    return [heading(cell.text)[0] for cell in cells.values()]


def _header(grid: Grid, row: int, names: Mapping[str, Column]) -> _Header:
    rows = [row]
    below = grid.rows.get(row + 1, {})
    texts = {place: cell.text.strip() for place, cell in grid.rows[row].items()}
    name_at = next(
        place for place, text in texts.items() if names.get(heading(text)[0], _NOBODY).key == "name"
    )
    under = [plain for plain in _plain(below) if plain in names]
    if name_at not in below and len(under) >= 2 and len(under) * 2 > len(below):
        # Two tiers: 经费（元） above 住宿费, 伙食费 …; the lower word names the column.
        rows.append(row + 1)
        upper = dict(texts)
        for place, cell in below.items():
            texts[place] = cell.text.strip()
            if heading(texts[place])[0] not in names and place in upper:
                texts[place] = upper[place]
    places: dict[str, int] = {}
    scales: dict[str, Decimal] = {}
    said: dict[str, str] = {}
    repeated: list[str] = []
    unknown: list[str] = []
    for place, text in sorted(texts.items()):
        plain, scale = heading(text)
        column = names.get(plain)
        shown = re.sub(r"\s+", "", text)
        if column is None:
            unknown.append(f"{get_column_letter(place)} 列“{shown[:20]}”")
        elif column.key in places:
            repeated.append(shown)
        else:
            places[column.key], said[column.key] = place, shown
            if column.kind is Kind.MONEY:
                scales[column.key] = scale
    return _Header(tuple(rows), places, scales, said, tuple(repeated), tuple(unknown))


_NOBODY: Final = Column("", "", Kind.IGNORED, 0, "")


def _read_rows(table: Table, grid: Grid, known: Sequence[Column]) -> None:
    keys = {table.places[column.key]: column for column in known if column.key in table.places}
    fills, clashes = _merges(grid, keys, first=table.header_rows[-1] + 1)
    across = Counter(
        {top: last - first + 1 for top, first, bottom, last in grid.merges if top == bottom and last > first}
    )
    header = {column: table.headers[known_column.key] for column, known_column in keys.items()}
    for row in sorted(grid.rows):
        cells = grid.rows[row]
        if row < table.header_rows[0]:
            table.above.append("".join(cell.text for _, cell in sorted(cells.items())).strip())
            continue
        if row in table.header_rows:
            continue
        if all(
            place in keys
            and keys[place].kind is Kind.IGNORED
            and not _CAPTION.match(cell.text.strip())
            and not _FOOTER.match(squeeze(cell.text))
            for place, cell in cells.items()
        ):
            table.blank.append(row)  # 序号 filled down, the form's own sum
            continue
        reason = _not_a_class(cells, keys, header, across[row])
        if reason is not None:
            text = next(cell.text.strip() for _, cell in sorted(cells.items()))
            table.skipped.append(Skipped(row, text[:60], reason))
            continue
        content = {
            column.key: cells[place]
            for place, column in keys.items()
            if place in cells and column.kind is not Kind.IGNORED
        }
        content |= {key: cell for key, cell in fills.get(row, {}).items() if key not in content}
        table.lines.append(Line(row, content, clashes.get(row, {}), row in grid.hidden_rows))
        if len(table.lines) > MOST_LINES:
            raise Refused(f"“{table.sheet}”超过 {MOST_LINES} 个班次。请按部门或类别拆成几个文件后再上传。")


def _not_a_class(
    cells: Mapping[int, Cell], keys: Mapping[int, Column], header: Mapping[int, str], across: int
) -> str | None:
    """Why the row is no class (total, caption, signature, note); None when it is one."""
    name = next(
        (cells[place].text.strip() for place, c in keys.items() if c.key == "name" and place in cells), ""
    )
    first = squeeze(next(cell.text for _, cell in sorted(cells.items())))
    if name:
        if _TOTALS.match(squeeze(name)):
            return "合计行"
        if len(cells) == 1 and across >= 3 and (_CAPTION.match(name) or _FOOTER.match(squeeze(name))):
            return "小标题或说明"
        if len(cells) == 1 and _FOOTER.match(squeeze(name)):
            return "表尾"
        shown = [
            squeeze(header[place]) == squeeze(cell.text) for place, cell in cells.items() if place in header
        ]
        return "重复的表头" if len(shown) >= FEWEST_MATCHES and all(shown) else None
    if _TOTALS.match(first):
        return "合计行"
    if _FOOTER.match(first):
        return "表尾"
    content = [
        cell for place, cell in cells.items() if place in keys and keys[place].kind is not Kind.IGNORED
    ]
    if not content:
        return "小标题或表外文字"
    if len(content) == 1 and len(cells) == 1 and content[0].kind != NUMBER:
        return "小标题或说明"
    return None


def _merges(
    grid: Grid, keys: Mapping[int, Column], *, first: int
) -> tuple[dict[int, dict[str, Cell]], dict[int, dict[str, str]]]:
    """Cells to fill down inside real vertical merges, and the keys where filling would multiply a class."""
    fills: dict[int, dict[str, Cell]] = {}
    clashes: dict[int, dict[str, str]] = {}
    filled = sorted(grid.rows)
    for top, left, bottom, right in grid.merges:
        column = keys.get(left)
        if bottom == top or top < first or column is None or column.kind is Kind.IGNORED:
            continue
        cell = grid.rows.get(top, {}).get(left)
        if cell is None:
            continue
        where = f"{address(top, left)}:{address(bottom, right)}"
        for row in filled[bisect_left(filled, top + 1) : bisect_right(filled, bottom)]:
            if column.same_down:
                fills.setdefault(row, {})[column.key] = cell
            else:
                clashes.setdefault(row, {})[column.key] = where
    return fills, clashes
