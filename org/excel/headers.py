"""Where the table begins, and which column is which field (DOMAIN §4 rows 28, 29, 32)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from openpyxl.utils import get_column_letter

from office.refusals import Refused
from org.excel.grid import shown
from org.excel.layouts import ATTENDANCE, CADRES, LAYOUTS, RECORDS, ROSTER, UNITS, Field, Layout
from org.excel.problems import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from org.excel.tables import Table

__all__ = [
    "ATTENDANCE",
    "CADRES",
    "LAYOUTS",
    "RECORDS",
    "ROSTER",
    "UNITS",
    "Field",
    "Header",
    "Layout",
    "Skipped",
    "find_header",
    "heading",
]

HEADER_WITHIN: Final = 60
MOST_HEADER_ROWS: Final = 3
#: In a mapping: a column that is to be left out.
IGNORED: Final = ""
HALF_DAY: Final = "half_day:"

_HINT: Final = re.compile(r"[(\[【].*?[)\]】]")
_NOISE: Final = re.compile(r"[\s\u200b\ufeff*★:、,，。.·\-—_\"“”/]|必填|选填")
_HALF_DAY: Final = re.compile(
    r"上午|下午|晚上|晚间|早上|中午|[ap]m\b|第[一二三四五六七八九十\d]+[天次节]", re.IGNORECASE
)


class Skipped(NamedTuple):
    """A row that is no entry (title, note, total, signature): its number, its text and why."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True)
class Header:
    """The header of a table.

    ``rows``: first and last row of it; ``titles``: each column's title as flattened (``名额/主席``), by index
    from 0; ``columns``: field → index; ``unmapped``: titles nothing was made of; ``missing``: titles of
    required fields without a column; ``skipped`` and ``blank``: rows above; ``notes``: what to tell of the
    columns. ``fingerprint`` is the same for files of the same form.
    """

    rows: tuple[int, int]
    titles: tuple[str, ...]
    columns: dict[str, int]
    unmapped: tuple[str, ...]
    missing: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    blank: tuple[int, ...]
    fingerprint: str
    notes: tuple[str, ...] = ()

    def title(self, field: str) -> str:
        """The column's title in the file, or empty."""
        return self.titles[self.columns[field]] if field in self.columns else ""


class _Found(NamedTuple):
    score: int
    first: int
    depth: int
    titles: tuple[str, ...]


@lru_cache(maxsize=4096)
def heading(text: str) -> str:
    """A title as titles are compared: width and case folded, no spaces, marks or hints in brackets."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()
    return _NOISE.sub("", _HINT.sub("", plain)) or _NOISE.sub("", plain)


def _synonyms(layout: Layout, mapping: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for field in layout.fields:
        for name in (field.title, *field.synonyms):
            names.setdefault(_whole(name), field.name)
    for field in layout.fields:
        for name in (field.title, *field.synonyms):
            names.setdefault(heading(name), field.name)
    for title, name in mapping.items():
        names[_whole(title)] = name
    return names


@lru_cache(maxsize=4096)
def _whole(text: str) -> str:
    """Like :func:`heading`, the hint in brackets kept: 专(兼)职."""
    return _NOISE.sub("", re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold())


def find_header(table: Table, layout: Layout, mapping: Mapping[str, str] | None = None) -> Header:
    """The header of ``table``. ``mapping``: a person's correction, title of a column → field, ``""`` to leave
    the column out; it goes before the synonyms. Raises ``Refused`` where no header can be found.
    """
    corrected = mapping or {}
    known = {field.name for field in layout.fields}
    wrong = [name for name in corrected.values() if name and name not in known]
    if wrong:
        raise ValueError(f"unknown fields: {wrong}")
    names = _synonyms(layout, corrected)
    found = _best(table, layout, names)
    if found is None:
        wanted = "、".join(f"“{field.title}”" for field in layout.fields if field.required)
        raise Refused(
            f"“{table.sheet}”里没有找到{layout.title}的表头。请确认有一行写着{wanted}等栏目名称，保存后再上传。"
        )
    return _header(table, layout, names, found)


def _best(table: Table, layout: Layout, names: Mapping[str, str]) -> _Found | None:
    """The block of one to three rows that names most fields; of equals the lower in tiers, then the first."""
    required = {field.name for field in layout.fields if field.required}
    best: _Found | None = None
    last = min(len(table.values), HEADER_WITHIN)
    for first in range(1, last + 1):
        for depth in range(1, MOST_HEADER_ROWS + 1):
            if first + depth - 1 > len(table.values) or (depth > 1 and not _goes_on(table, first, depth)):
                break
            titles = _titles(table, first, depth)
            matched = {_field(title, names) for title in titles} - {None}
            if not matched & required or (len(matched) < 2 and not required <= matched):
                continue
            # A tier more must name more: the sheet's title above a header isn't part of it.
            if best is None or (len(matched), -depth) > (best.score, -best.depth):
                best = _Found(len(matched), first, depth, titles)
    return best and _deepened(table, best)


def _deepened(table: Table, found: _Found) -> _Found:
    """With the tiers that a vertical merge of the header reaches down to, though they name no field."""
    top, bottom = found.first, found.first + found.depth - 1
    deepest = max((m.bottom for m in table.merges if m.top >= top and m.top <= bottom), default=bottom)
    deepest = min(deepest, top + MOST_HEADER_ROWS - 1, len(table.values))
    if deepest > bottom and _goes_on(table, top, deepest - top + 1):
        depth = deepest - top + 1
        return found._replace(depth=depth, titles=_titles(table, top, depth))
    return found


def _goes_on(table: Table, first: int, depth: int) -> bool:
    """Whether the last row of the block belongs to a header: merges say so, or groups stand above it."""
    row = first + depth - 1
    line = table.values[row - 1]
    if any(not isinstance(value, str) for value in line):
        return False
    above = first + depth - 2
    if any(m.top <= above and first <= m.top and (m.bottom >= row or m.right > m.left) for m in table.merges):
        return True
    if table.merges:
        return False
    # Without merges (a text file): words only where the row above is empty or begins a group.
    upper = table.values[above - 1]
    filled = [index for index, value in enumerate(line) if value.strip()]
    return (
        len(filled) >= 2
        and len(filled) < sum(1 for value in upper if isinstance(value, str) and value.strip()) + len(filled)
        and any(not _text(upper, index) for index in filled)
        and all(not _text(upper, index) or not _text(upper, index + 1) for index in filled)
    )


def _text(line: Sequence[Any], index: int) -> str:
    return re.sub(r"\s+", "", shown(line[index])) if index < len(line) else ""


def _titles(table: Table, first: int, depth: int) -> tuple[str, ...]:
    """Each column's tiers, joined by ``/``; a merged word counts for each cell of its merge."""
    last = first + depth - 1
    lines = [list(table.values[row - 1]) for row in range(first, last + 1)]
    width = max(map(len, lines), default=0)
    for line in lines:
        line += [""] * (width - len(line))
    for merge in table.merges:
        if merge.top < first or merge.top > last:
            continue
        word = lines[merge.top - first][merge.left] if merge.left < width else ""
        for row in range(merge.top, min(merge.bottom, last) + 1):
            for column in range(merge.left, min(merge.right + 1, width)):
                lines[row - first][column] = word
    if depth > 1 and not table.merges:
        _spread(lines[0])
    titles = []
    for column in range(width):
        tiers: list[str] = []
        for line in lines:
            word = _text(line, column)
            if word and word not in tiers:
                tiers.append(word)
        titles.append("/".join(tiers))
    return tuple(titles)


def plain_titles(header: Header, layout: Layout) -> list[str]:
    """Titles in one row that are read like the header's, without anybody's correction."""
    names = _synonyms(layout, {})
    fields = {
        index: field for name, index in header.columns.items() if (field := layout.field(name)) is not None
    }
    plain = []
    for index, title in enumerate(header.titles):
        last = title.rpartition("/")[2]
        read, field = _field(last, names), fields.get(index)
        if field is not None and read != field.name:
            last = field.title
        elif field is None and read is not None:
            last = f"不读取：{last}"
        plain.append(last)
    return plain


def _spread(line: list[Any]) -> None:
    """A group's word over the empty cells to its right, where no merge says how far it goes."""
    for index in range(1, len(line)):
        if not _text(line, index):
            line[index] = line[index - 1]


def _field(title: str, names: Mapping[str, str]) -> str | None:
    """The field a flattened title names: the whole of it, its last tier, then the ones above."""
    if not title:
        return None
    tiers = title.split("/")
    for text in (title, *reversed(tiers)):
        for plain in (_whole(text), heading(text)):
            if plain in names:
                return names[plain] or None
    return None


def _header(table: Table, layout: Layout, names: Mapping[str, str], found: _Found) -> Header:
    columns: dict[str, int] = {}
    unmapped: list[str] = []
    notes: list[str] = []
    for index, title in enumerate(found.titles):
        name = _field(title, names)
        if layout.half_days and name is None and _HALF_DAY.search(title):
            columns[f"{HALF_DAY}{title}"] = index
        elif name is None:
            if title and title not in OURS:
                unmapped.append(title)
        elif name in columns:
            unmapped.append(title)
            notes.append(f"{get_column_letter(index + 1)} 列“{title}”与前面的栏目重复，只读取左边的一列。")
        else:
            columns[name] = index
    missing = [
        field.title
        for field in layout.fields
        if field.required and field.name not in columns and not (layout.half_days and field.name == "seat")
    ]
    if layout.half_days and not {"identity_number", "seat"} & columns.keys():
        missing.append("身份证号或座号")
    above = tuple(
        Skipped(row, text, "表头上方的标题或说明")
        for row in range(1, found.first)
        if (text := " ".join(filter(None, (shown(v).strip() for v in table.values[row - 1]))))
    )
    theirs = "\n".join(_whole(title) for title in found.titles if title not in OURS)
    digest = hashlib.sha256(theirs.strip().encode()).hexdigest()
    return Header(
        rows=(found.first, found.first + found.depth - 1),
        titles=found.titles,
        columns=columns,
        unmapped=tuple(unmapped),
        missing=tuple(missing),
        skipped=above,
        blank=tuple(row for row in range(1, found.first) if row not in {said.number for said in above}),
        fingerprint=digest,
        notes=tuple(notes),
    )
