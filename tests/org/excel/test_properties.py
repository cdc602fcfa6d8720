"""What holds of any list: no row is lost, nothing changes when read twice, no wrong number gets through."""

from __future__ import annotations

import datetime
import string
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from office.refusals import Refused
from org.excel.headers import CADRES, RECORDS, ROSTER, UNITS, Layout
from org.excel.identity import KINDS, read_identity
from org.excel.problems import Status
from org.excel.roster import Roster, read_roster
from org.states import IdentityKind
from tests.org.excel import books, messy, messy_book
from tests.org.excel.books import text, xlsx

AREAS = ("110105", "120116", "440524", "370102", "510703")
DAYS = st.dates(datetime.date(1946, 6, 1), datetime.date(2008, 6, 1))


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A sound 居民身份证 number."""
    order = draw(st.integers(1, 995))
    return messy.numbered(f"{draw(st.sampled_from(AREAS))}{draw(DAYS):%Y%m%d}{order:03}")


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.dates(datetime.date(1901, 1, 1), datetime.date(2099, 12, 31)),
    numbers(),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=12),
    st.text("张三李主席合计小注：·•. 　、()（）0123456789Xx-*/", max_size=8),
    st.sampled_from(
        [
            "合计",
            "小计 3",
            "填表人：",
            "姓名",
            "#N/A",
            "=A1",
            "2023.9",
            "1.1E+17",
            "是",
            "九月一日",
            "138 0013 8000",
        ]
    ),
)
LAYOUTS = st.sampled_from([UNITS, CADRES, RECORDS, ROSTER])


def read(content: bytes, name: str, layout: Layout, sheet: str | None = None) -> Roster:
    return read_roster(
        *(content, name),
        layout=layout,
        sheet=sheet,
        today=messy.TODAY,
        units=messy.units,
        year=messy.YEAR,
    )


def heads(layout: Layout) -> list[str]:
    return [known.title for known in layout.fields]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Layout, list[list[Any]]]:
    layout = draw(LAYOUTS)
    titles = draw(st.permutations(heads(layout)))
    rows = draw(st.lists(st.lists(CELL, max_size=len(titles) + 1), max_size=12))
    above = draw(
        st.lists(st.lists(st.sampled_from(["某班报名表", "填表说明", None]), max_size=2), max_size=2)
    )
    return layout, [*above, list(titles), *rows]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(tables(), st.booleans())
def test_every_row_is_accounted_for_once(made: tuple[Layout, list[list[Any]]], as_text: bool) -> None:
    layout, rows = made
    if as_text:
        plain = [["" if v is None else str(v).replace(",", "").replace('"', "") for v in row] for row in rows]
        content, name = text([row or [""] for row in plain]).encode("utf-16"), "名单.csv"
    else:
        content, name = xlsx(rows), "名单.xlsx"
    roster = read(content, name, layout)
    first, last = roster.header.rows
    accounted = [row.number for row in roster.rows]
    accounted += [row.number for row in roster.skipped]
    accounted += [*roster.blank, *range(first, last + 1)]
    filled = [n for n, row in enumerate(rows, 1) if any(v is not None and str(v).strip() for v in row)]
    assert sorted(accounted) == list(range(1, max(accounted) + 1))
    assert set(filled) <= set(accounted)
    assert (
        roster.summary["rows"] == len(roster.rows) == sum(roster.summary[status.value] for status in Status)
    )
    for row in roster.rows:
        assert row.raw.keys() == roster.header.columns.keys()
        if row.status in {Status.HELD, Status.REJECTED}:
            assert row.problems


def again(roster: Roster) -> Roster:
    """The list as it was read, read once more."""
    names = list(roster.header.columns)
    titles = [roster.layout.field(name).title for name in names]
    rows = []
    for row in roster.rows:
        after = {name: said[1] for name, said in row.normalised.items()}
        rows.append([after.get(name, row.raw[name]) or None for name in names])
    return read(xlsx([titles, *rows]), "名单.xlsx", roster.layout)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(tables())
def test_normalising_twice_changes_nothing(made: tuple[Layout, list[list[Any]]]) -> None:
    layout, rows = made
    once = read(xlsx(rows), "名单.xlsx", layout)
    assume(once.rows and not once.header.notes)
    twice = again(once)
    numbers_of_entries = {row.number: row for row in twice.rows}
    for place, first in enumerate(once.rows):
        second = numbers_of_entries.get(place + 2)
        if second is None:
            continue  # told apart from a note by a cell that isn't there any more
        assert {name: said for name, said in second.normalised.items() if said[0]} == {}
        known = {name: value for name, value in first.values.items() if value is not None}
        for name in first.source.columns:
            if name in known and name != "unit_and_post":
                assert second.values[name] == known[name], name


def test_the_messy_book_twice() -> None:
    content = messy_book.workbook()
    for layout in (ROSTER, CADRES, RECORDS):
        once = read(content, "名单.xlsx", layout, layout.title)
        twice = again(once)
        assert len(twice.rows) == len(once.rows)
        for first, second in zip(once.rows, twice.rows, strict=True):
            assert second.normalised == {}
            for name in first.source.columns:
                if first.values[name] is not None and name != "unit_and_post":
                    assert second.values[name] == first.values[name]


@given(numbers(), st.integers(0, 17), st.sampled_from(string.digits + "X"), st.sampled_from(["", "resident"]))
def test_a_flipped_digit_is_never_accepted(number: str, place: int, other: str, kind: str) -> None:
    assume(number[place] != other)
    wrong = number[:place] + other + number[place + 1 :]
    found = read_identity(wrong, kind=kind, today=messy.TODAY)
    assert found.number == ""
    assert {problem.status for problem in found.problems} & {Status.REJECTED, Status.HELD}


@given(numbers(), st.integers(0, 16))
def test_two_neighbours_changed_round_are_never_accepted(number: str, place: int) -> None:
    assume(number[place] != number[place + 1])
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert read_identity(wrong, today=messy.TODAY).number == ""


@given(numbers())
def test_a_number_typed_as_a_number_is_never_accepted(number: str) -> None:
    assume(number[17] != "X")
    for value in (int(number), float(number)):
        found = read_identity(value, today=messy.TODAY)
        assert (found.number, [p.code for p in found.problems]) == ("", ["identity_as_number"])


@given(numbers(), st.text(" \u3000\u00a0\t-'‘\u200b\ufeff", max_size=3), st.integers(0, 18))
@example("11010519491231002X", "'", 0)
def test_what_surrounds_a_number_does_not_matter(number: str, noise: str, place: int) -> None:
    written = number[:place] + noise + number[place:].lower()
    assert read_identity(written, today=messy.TODAY).number == number


@given(st.text(max_size=25), st.sampled_from(["", *IdentityKind.values]))
def test_any_text_is_read_or_refused_and_read_the_same_twice(written: str, kind: str) -> None:
    found = read_identity(written, kind=kind, today=messy.TODAY)
    assert bool(found.number) or bool(found.problems)
    if found.number:
        second = read_identity(found.number, kind=found.kind, today=messy.TODAY)
        assert (second.number, second.kind) == (found.number, found.kind)


@given(st.binary(max_size=300), st.sampled_from(["xlsx", "xls", "ods", "csv", "txt"]))
def test_any_bytes_are_read_or_refused(content: bytes, suffix: str) -> None:
    # Random bytes never hold the header of a list.
    with pytest.raises(Refused, match=r"。$"):
        read(content, f"名单.{suffix}", ROSTER)


OLD = (Path(__file__).parent / "files" / "old.xls").read_bytes()
SOUND = {"xls": OLD, "xlsx": xlsx(books.table()), "csv": text(books.table()).encode("gbk")}


@given(st.sampled_from(sorted(SOUND)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6))
def test_a_damaged_file_is_read_or_refused(suffix: str, changes: list[tuple[float, int]]) -> None:
    content = bytearray(SOUND[suffix])
    for place, byte in changes:
        content[int(place * (len(content) - 1))] = byte
    with suppress(Refused):
        roster = read(bytes(content), f"名单.{suffix}", ROSTER)
        assert all(row.status in Status for row in roster.rows)


@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), min_size=1, max_size=4))
def test_a_sheet_that_says_other_things_is_read_or_refused(changes: list[tuple[float, bytes]]) -> None:
    def change(name: str, part: bytes) -> bytes:
        if name.endswith("sheet1.xml"):
            for place, more in changes:
                at = int(place * len(part))
                part = part[:at] + more + part[at + 3 :]
        return part

    with suppress(Refused):
        read(books.repacked(SOUND["xlsx"], change), "名单.xlsx", ROSTER)


def test_every_word_for_a_kind_is_a_kind() -> None:
    assert set(KINDS.values()) == set(IdentityKind.values)
