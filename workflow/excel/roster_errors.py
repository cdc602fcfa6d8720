"""The rows of a roster that need mending, with what is wrong: mend them, upload them again.

Whatever format the roster came in, the columns stay as its sender named them; cells hold the original text.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

from office.cells import BODY, HEADER, NOTE, new_book, put
from office.refusals import Refused
from org.excel.grid import shown
from org.excel.layouts import ROSTER
from org.excel.roster import read_roster

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from org.excel.roster import Roster

RED: Final = PatternFill("solid", start_color="FFFFC7CE")
#: What stands behind the sender's own columns; a reader passes over them.
MORE: Final = (("原表行号", 9), ("哪里不对", 48), ("怎么改", 40))
SHOWN: Final = frozenset({"held", "rejected"})


def error_book(
    content: bytes,
    name: str,
    *,
    sheet: str,
    mapping: Mapping[str, str],
    result: Mapping[str, Any],
    today: date,
) -> bytes:
    """The rows of ``result`` (services.rosters.stored) that are held or rejected, as .xlsx.

    Raises ``Refused`` where there are none.
    """
    wrong = {row["row"]: row for row in result.get("rows", ()) if row["status"] in SHOWN}
    if not wrong:
        raise Refused("这份名册没有需要处理的行。")
    roster = read_roster(
        content, name, layout=ROSTER, today=today, mapping=mapping or None, sheet=sheet or None
    )
    book, page = new_book("待修改")
    titles = [title or get_column_letter(index + 1) for index, title in enumerate(roster.header.titles)]
    note = f"《{name}》中需要处理的 {len(wrong)} 行。改好后可以直接上传本表；其余各行不受影响。"
    put(page, 1, 1, note, style=NOTE)
    for column, title in enumerate([*titles, *(title for title, _ in MORE)], 1):
        put(page, 2, column, title, style=HEADER)
        page.column_dimensions[get_column_letter(column)].width = 14
    for offset, (_, width) in enumerate(MORE, len(titles) + 1):
        page.column_dimensions[get_column_letter(offset)].width = width
    _widen(page, roster)
    line = 3
    for row in roster.rows:
        found = wrong.get(row.number)
        if found is None:
            continue
        for column, value in enumerate(row.cells[: len(titles)], 1):
            put(page, line, column, shown(value), style=BODY["text"]).number_format = "@"
        said = found["findings"]
        problems = "\n".join(finding["message"] for finding in said)
        mends = "\n".join(dict.fromkeys(f["evidence"]["mend"] for f in said if f["evidence"]["mend"]))
        for offset, value in enumerate((row.number, problems, mends), len(titles) + 1):
            put(page, line, offset, value, style=BODY["text"])
        for finding in said:
            title = finding["evidence"].get("column")
            if title in titles:
                page.cell(row=line, column=titles.index(title) + 1).fill = RED
        line += 1
    page.freeze_panes = "A3"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _widen(page: Any, roster: Roster) -> None:
    wide = {"identity_number": 22, "unit": 24, "unit_and_post": 28, "post_title": 18}
    for field, width in wide.items():
        if field in roster.header.columns:
            page.column_dimensions[get_column_letter(roster.header.columns[field] + 1)].width = width
