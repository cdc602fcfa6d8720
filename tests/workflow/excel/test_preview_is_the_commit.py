"""For any workbook: each row is accounted for once, and the commit writes exactly what the preview said."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from openpyxl.worksheet.worksheet import Worksheet

from office.refusals import Refused
from tests.workflow import world as worlds
from tests.workflow.excel.books import commit, edited, look, table, upload
from workflow.excel.errors import error_workbook
from workflow.excel.preview import Item
from workflow.models import ClassPlan, PlanCost
from workflow.rules.content import snapshot

HEADER = [
    "序号",
    "班次名称",
    "班次类别",
    "业务编码",
    "对象单位",
    "时间",
    "期数",
    "天数",
    "学时",
    "食宿",
    "地点",
    "人数",
    "伙食费",
    "师资费",
    "备注",
]

text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
CELLS: list[st.SearchStrategy[Any]] = [
    st.none() | st.integers(1, 99),
    st.none() | text | st.sampled_from(["甲班", "乙班", "=甲班", "合计", "小计", "填表人：某", "班次名称"]),
    st.none() | st.sampled_from(["主体班", "业务班", "core", "大班", " 业务 班 "]) | text,
    st.none() | st.sampled_from(["YW-03", "工会信息员培训", "YW-99"]) | text,
    st.none() | st.sampled_from(["街镇、功能区", "街镇,外星", "功能区"]) | text,
    st.none() | st.sampled_from(["6月", "3、6月", "每两月", "年底", "13月"]) | st.integers(-5, 50_000) | text,
    st.none() | st.integers(-2, 200) | text,
    st.none() | st.floats(-1, 400) | st.sampled_from(["半天", "2天", "0.5"]) | text,
    st.none() | st.floats(-1, 100) | st.integers(0, 40),
    st.none() | st.sampled_from(["住宿", "走读", "是", "也许"]) | st.booleans(),
    st.none() | st.sampled_from(["区委党校（拟）", "（拟）"]) | text,
    st.none() | st.integers(-1, 10**7) | st.sampled_from(["60人", "1,200", "六十"]),
    st.none() | st.decimals(-1, 10**10, places=3) | st.integers(0, 10**5) | text,
    st.none() | st.integers(0, 10**5) | st.sampled_from(["1万", "4,600.00元"]),
    st.none() | text,
]  # fmt: skip
FINE = [1, "丙班", "业务班", "YW-03", "街镇", "6月", 1, 2, 16, "走读", "党校（拟）", 60, 8000, None, "注"]


@st.composite
def nearly_fine(draw: st.DrawFn) -> list[Any]:
    """A good row with one cell of any kind."""
    place = draw(st.integers(0, len(FINE) - 1))
    return [*FINE[:place], draw(CELLS[place]), *FINE[place + 1 :]]


ROWS = st.lists(
    st.one_of(st.just([]), nearly_fine(), nearly_fine(), st.just(FINE), st.tuples(*CELLS).map(list)),
    max_size=8,
)


MERGES = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 15), st.integers(0, 3), st.integers(0, 1)), max_size=2
)


def merged(content: bytes, merges: list[tuple[int, int, int, int]], *, below: int) -> bytes:
    """The table with cells merged under the header: (row, column, rows more, columns more)."""

    def merge(sheet: Worksheet) -> None:
        taken: set[tuple[int, int]] = set()
        for row, column, down, right in merges:
            area = {(row + r, column + c) for r in range(down + 1) for c in range(right + 1)}
            if len(area) > 1 and not area & taken:
                taken |= area
                sheet.merge_cells(
                    start_row=below + row,
                    start_column=column,
                    end_row=below + row + down,
                    end_column=column + right,
                )

    return edited(content, merge)


class Whatever(TestCase):
    @settings(max_examples=60)
    @given(rows=ROWS, above=st.lists(text, max_size=2), merges=MERGES)
    def test_preview_is_the_commit(
        self, rows: list[list[Any]], above: list[str], merges: list[tuple[int, int, int, int]]
    ) -> None:
        world = worlds.build()
        content = merged(table([[line] for line in above] + [HEADER] + rows), merges, below=len(above) + 1)
        try:
            received = upload(world, content)
        except Refused:  # no header left, or nothing under it: tests/…/test_bad_files.py
            return
        found = look(received)
        accounted = Counter(
            [
                *range(1, len(above) + 1),
                *found.table.header_rows,
                *(item.row for item in found.items),
                *(row.row for row in found.table.skipped),
                *found.table.blank,
            ]
        )
        lines = [[line] for line in above] + [HEADER] + rows
        filled = {
            number for number, row in enumerate(lines, 1) if any(str(v or "").strip() or v == 0 for v in row)
        }
        assert set(accounted) - set(range(1, len(above) + 1)) == filled - set(range(1, len(above) + 1))
        assert set(accounted.values()) <= {1}
        shown = [snapshot(item.plan, _costs(item)) for item in found.good]
        assert all(item.faults for item in found.faulty)
        assert not any(item.faults for item in found.good)
        assert ClassPlan.objects.count() == 0
        if found.faulty:
            # What the error file holds is the faulty rows, at fault in the same cells, and nothing else.
            again = look(upload(world, error_workbook(received, found), "待修改.xlsx"))
            assert [fault.header for fault in again.faults] == [fault.header for fault in found.faults]
            assert again.good == []
        if not found.good:
            with pytest.raises(Refused):
                commit(world, received)
            return
        done = commit(world, received)
        assert (done.created, done.changed) == (len(shown), 0)
        plans = ClassPlan.objects.order_by("pk").prefetch_related("costs")
        assert [snapshot(plan, plan.costs.all()) for plan in plans] == shown


def _costs(item: Item) -> list[PlanCost]:
    return [PlanCost(item=name, amount=amount, note=note) for name, (amount, note) in item.costs.items()]
