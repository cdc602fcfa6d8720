"""Which rows below the header are entries: each row is an entry, skipped with its reason, or blank."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from openpyxl.utils import get_column_letter

from org.excel.grid import shown
from org.excel.headers import Header, Layout, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from org.excel.grid import Merge
    from org.excel.tables import Table

_TOTAL: Final = re.compile(r"^(合计|总计|小计|共计|累计|总人数|本页合计)")
_FOOTER: Final = re.compile(
    r"^(合计|总计|小计|共计|累计|总人数|本页合计|注[:：]|注$|注\d|备注[:：]|说明[:：]|填表|填报|制表|审核|复核|报送|"
    r"部门负责人|负责人签|负责人[:：]|主要负责人|分管领导|经办人|签字|盖章|日期[:：]|联系人[:：]|联系电话[:：]|"
    r"单位[(（]?盖|公章|单位意见|单位审核|[(（]盖章|\d{4}年\d{1,2}月\d{1,2}日$)"
)
_CAPTION: Final = re.compile(r"^[（(]?[一二三四五六七八九十]+[、）).．]")
_COUNT: Final = re.compile(r"(\d+)(?:人|名|个|$)")


@dataclass
class Body:
    """The rows below the header. ``entries``: numbers of rows; ``fills``: (row number, column) → what a real
    merge says there; ``clashes``: row number → fields whose merge spans several people.
    """

    entries: list[int] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    fills: dict[tuple[int, int], Any] = field(default_factory=dict)
    clashes: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_body(table: Table, header: Header, layout: Layout) -> Body:
    """Every row below the header, once. A chunk (``table.first`` > 1) has the header above it."""
    body = Body()
    first = max(header.rows[1] + 1, table.first)
    _merges(body, table, header, layout)
    keys = [header.columns[f.name] for f in layout.fields if f.required and f.name in header.columns]
    judge = _Judge(body, table, header, layout)
    key, other = keys[0], keys[-1]
    title = header.titles[key]
    entries, blank = body.entries, body.blank
    for number, values in enumerate(table.values[first - table.first :], first):
        name = values[key] if key < len(values) else ""
        # The usual row, told quickly: both keys are there, and neither repeats the header.
        if name and name != title and other < len(values) and values[other] and key != other:
            if isinstance(name, str) and name[0] in _SUSPECT:
                judge.row(number, values)
            else:
                entries.append(number)
        elif not any(values):
            blank.append(number)
        else:
            judge.row(number, values)
    judge.totals()
    return body


#: First characters of words that end a table; a name may begin so too, then it is looked at again.
_SUSPECT: Final = frozenset("合总小共累本注备说填制审复报部负主分经签盖日联单公（( \u3000\t\n0123456789")


class _Judge:
    """Rows that aren't told at a glance."""

    def __init__(self, body: Body, table: Table, header: Header, layout: Layout) -> None:
        self.body = body
        self.header = header
        self.fields = {index: name for name, index in header.columns.items()}
        # What makes a row an entry though a required cell of it is empty.
        wanted = {field.name for field in layout.fields if field.required} | {"phone", "seat", "credit"}
        self.keys = [index for index, name in self.fields.items() if name in wanted]
        self.across = Counter(
            {m.top: m.right - m.left + 1 for m in table.merges if m.top == m.bottom and m.right > m.left}
        )
        self.counted = not layout.adds_up_money
        self.expected: list[tuple[int, int, bool]] = []

    def row(self, number: int, values: Sequence[Any]) -> None:
        cells = [(index, text) for index, value in enumerate(values) if (text := shown(value).strip())]
        if not cells and number not in self.body.clashes:
            self.body.blank.append(number)
        elif reason := self._not_an_entry(number, cells):
            text = " ".join(text for _, text in cells)
            self.body.skipped.append(Skipped(number, text[:200], reason))
            if reason == "合计行" and self.counted:
                self._remember(number, cells)
        else:
            self.body.entries.append(number)

    def _not_an_entry(self, number: int, cells: list[tuple[int, str]]) -> str | None:
        if number in self.body.clashes:
            return None
        found = dict(cells)
        first = re.sub(r"\s", "", cells[0][1])
        keyed = [found[index] for index in self.keys if index in found]
        identity = found.get(self.header.columns.get("identity_number", -1), "")
        if len(re.findall(r"[0-9A-Za-z]", identity)) >= 5:
            return None  # whatever its name begins with, a document's number is a person
        if _TOTAL.match(first) or any(_TOTAL.match(re.sub(r"\s", "", text)) for text in keyed):
            return "合计行"
        if _FOOTER.match(first) and (len(cells) <= 2 or not keyed):
            return "表尾"
        titles = self.header.titles
        if len(cells) >= 2 and all(
            re.sub(r"\s", "", text) in titles[index].split("/") for index, text in cells
        ):
            return "重复的表头"
        if len(cells) == 1 and (self.across[number] >= 2 or _CAPTION.match(first)):
            return "小标题或说明"
        if not keyed:
            mapped = [self.fields[index] for index, _ in cells if index in self.fields]
            if mapped == ["number"] and len(cells) == 1 and re.fullmatch(r"\d+[.、]?", first):
                return "只有序号，没有填写"
            if not mapped or mapped == ["number"]:
                return "表格栏目以外的文字"
            return f"没有{'、'.join(self._titles())}"
        return None

    def _titles(self) -> list[str]:
        return [self.header.titles[index] for index in self.keys if self.fields[index] != "phone"]

    def _remember(self, number: int, cells: list[tuple[int, str]]) -> None:
        """A total that states one number, to compare with what was read."""
        texts = [text for _, text in cells]
        counts = [int(found[1]) for text in texts if (found := _COUNT.search(text))]
        if len(counts) == 1:
            subtotal = any(re.sub(r"\s", "", text).startswith("小计") for text in texts)
            self.expected.append((number, counts[0], subtotal))

    def totals(self) -> None:
        """Say where a total isn't the number of entries it stands under."""
        since = 0
        for number, count, subtotal in self.expected:
            entries = sum(1 for row in self.body.entries if row < number and (not subtotal or row > since))
            what = "小计" if subtotal else "合计"
            if subtotal:
                since = number
            if entries != count:
                self.body.notes.append(f"第 {number} 行{what}写的是 {count}，实际读到 {entries} 行，请核对。")


def _merges(body: Body, table: Table, header: Header, layout: Layout) -> None:
    fields = {index: layout.field(name) for name, index in header.columns.items()}
    first = header.rows[1]
    for merge in table.merges:
        if merge.bottom == merge.top or merge.top <= first:
            continue
        known = fields.get(merge.left)
        if known is None or known.name == "number":
            continue
        line = table.values[merge.top - 1] if merge.top <= len(table.values) else []
        value = line[merge.left] if merge.left < len(line) else ""
        last = min(merge.bottom, len(table.values))
        for number in range(merge.top, last + 1):
            if known.same_down:
                if number > merge.top:
                    body.fills[number, merge.left] = value
            elif known.required and value != "":
                body.clashes.setdefault(number, []).append((known.name, address(merge)))


def address(merge: Merge) -> str:
    """``A5:A6``."""
    left, right = get_column_letter(merge.left + 1), get_column_letter(merge.right + 1)
    return f"{left}{merge.top}:{right}{merge.bottom}"
