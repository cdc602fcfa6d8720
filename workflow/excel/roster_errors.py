"""The rows of a roster that need mending, with all that was said of them: mend them, upload them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from office.refusals import Refused
from org.excel.layouts import ROSTER
from org.excel.problems import Problem, Status
from org.excel.roster import error_workbook, read_roster

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from openpyxl import Workbook

SHOWN: Final = frozenset({Status.HELD, Status.REJECTED})


def error_book(
    content: bytes,
    name: str,
    *,
    sheet: str,
    mapping: Mapping[str, str],
    result: Mapping[str, Any],
    today: date,
) -> Workbook:
    """The rows of ``result`` (services.rosters.stored) that are held or rejected, in their own columns.

    Raises ``Refused`` where there are none.
    """
    wrong = {row["row"]: row for row in result.get("rows", ()) if row["status"] in SHOWN}
    if not wrong:
        raise Refused("这份名册没有需要处理的行。")
    roster = read_roster(
        content, name, layout=ROSTER, today=today, mapping=mapping or None, sheet=sheet or None
    )
    for row in roster.rows:
        found = wrong.get(row.number)
        row.status = Status(found["status"]) if found is not None else Status.ACCEPTED
        row.problems = tuple(
            Problem(said["code"], row.status, "", said["message"], said["evidence"]["mend"])
            for said in (found["findings"] if found is not None else ())
        )
    return error_workbook(roster, statuses=SHOWN)
