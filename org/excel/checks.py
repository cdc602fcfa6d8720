"""What is wrong with an entry as a whole: cells that are missing, merged, or at odds with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from org.excel.problems import Problem, Status

if TYPE_CHECKING:
    from org.excel.entries import RosterRow
    from org.excel.headers import Header, Layout
    from org.excel.rows import Body

_UNITS = ("unit", "unit_and_post")


def check(rows: list[RosterRow], header: Header, layout: Layout, body: Body) -> None:
    """Add to each row what only the row as a whole can tell."""
    for known in layout.fields:
        # A blank identity has been held by its own reader; here the whole column may be missing.
        if known.required and (known.name != "identity_number" or known.name not in header.columns):
            held = known.name == "identity_number" or (known.name == "name" and layout.code != "units")
            _missing(rows, known.name, known.title, Status.HELD if held else Status.REJECTED)
    places = [name for name in _UNITS if name in header.columns]
    if places and layout.code in {"cadres", "roster"}:
        _without_unit(rows, places)
    if layout.code == "records":
        _records(rows)
    if body.clashes:
        _merged(rows, body, layout)


def _missing(rows: list[RosterRow], name: str, title: str, status: Status) -> None:
    code = "identity_missing" if name == "identity_number" else f"{name}_missing"
    for row in rows:
        if row.values.get(name) is None and not any(problem.field == name for problem in row.problems):
            row.add(Problem(code, status, name, f"{title}是空的。", f"请补填{title}。"))


def _without_unit(rows: list[RosterRow], places: list[str]) -> None:
    """A blank unit isn't the one above: that is said by a real merge alone (DOMAIN §4 row 30)."""
    for row in rows:
        values = row.values
        if values["unit" if "unit" in values else places[0]] is None and not any(
            problem.field in _UNITS for problem in row.problems
        ):
            message = "单位是空的；只有合并单元格才会按上一行读取。"
            row.add(Problem("unit_missing", Status.HELD, places[0], message, "请补填单位名称。"))


def _records(rows: list[RosterRow]) -> None:
    """A class has days, in their order, and no more hours than they have (DOMAIN §4 row 46)."""
    for row in rows:
        start, end, hours = (row.values.get(name) for name in ("starts_on", "ends_on", "hours"))
        if end is None and not any(problem.field in {"ends_on", "period"} for problem in row.problems):
            row.add(Problem("ends_on_missing", Status.HELD, "ends_on", "没有结束日期。", "请补填结束日期。"))
        if start is None or end is None:
            continue
        if end < start:
            message = f"结束日期 {end} 早于开始日期 {start}。"
            row.add(Problem("dates_reversed", Status.REJECTED, "ends_on", message, "请核对两个日期。"))
        elif hours is not None and hours > 24 * ((end - start).days + 1):
            message = f"{(end - start).days + 1} 天里写了 {hours} 学时，一天超过 24 学时。"
            row.add(Problem("hours_too_many", Status.REJECTED, "hours", message, "请核对学时和日期。"))


def _merged(rows: list[RosterRow], body: Body, layout: Layout) -> None:
    """Persons' cells merged over several rows."""
    for row in rows:
        for name, merged in body.clashes.get(row.number, ()):
            known = layout.field(name)
            message = f"{known.title if known else name}（{merged}）合并了几行，不能确定是一个人还是几个人。"
            row.add(Problem("merged_cells", Status.HELD, name, message, "请取消合并，每人一行。"))
