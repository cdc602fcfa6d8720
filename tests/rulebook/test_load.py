"""Putting books in force: editions, dates, and the organisation they must fit."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from office.refusals import Refused
from org.models import Department, Post, Union
from rulebook import loader, selectors
from rulebook.models import RuleBook
from rulebook.severity import Severity
from tests.rulebook.conftest import BINHAI, COUNTY, LOADED_AT, Edit, leaders

DAY = datetime.date(2027, 1, 10)


def load(path: Path) -> tuple[RuleBook, bool]:
    return loader.load(path, at=LOADED_AT)


def test_a_book_is_stored_as_it_is(binhai: Union) -> None:
    row, created = load(BINHAI)
    row = RuleBook.objects.get(pk=row.pk)
    assert created
    assert (row.union, row.code, row.edition, row.loaded_at) == (binhai, "binhai-2018", 1, LOADED_AT)
    assert (row.valid.lower, row.valid.upper) == (datetime.date(2018, 1, 1), None)
    assert row.book == loader.read(BINHAI)
    assert row.source_text == BINHAI.read_text(encoding="utf-8")
    assert str(row) == f"{row.title}（第 1 版）"


def test_loading_twice_changes_nothing(binhai: Union) -> None:
    first, _ = load(BINHAI)
    again, created = loader.load(BINHAI, at=LOADED_AT + datetime.timedelta(days=9))
    assert (again.pk, created) == (first.pk, False)
    assert RuleBook.objects.get().loaded_at == LOADED_AT


def test_comments_and_layout_make_no_edition(binhai: Union, edited: Edit) -> None:
    first, _ = load(BINHAI)
    path = edited(BINHAI, "lodging = 500,", 'lodging = "500.00",', "[window]", "# 申报期\n[window]")
    assert load(path) == (first, False)


def test_a_change_is_the_next_edition_and_the_old_one_stays(binhai: Union, edited: Edit) -> None:
    old, _ = load(BINHAI)
    new, created = load(edited(BINHAI, 'severity = "warn"', 'severity = "hold"'))
    assert (created, new.edition) == (True, 2)
    old = RuleBook.objects.get(pk=old.pk)
    assert old.edition == 1
    assert old.book.rule("over_ceiling_line").severity is Severity.WARN
    assert new.book.rule("over_ceiling_line").severity is Severity.HOLD
    assert selectors.book_for(binhai, DAY) == new
    back, created = load(BINHAI)
    assert (created, back.edition, back.digest) == (True, 3, old.digest)
    assert RuleBook.objects.count() == 3


def test_a_file_with_faults_stores_nothing(binhai: Union, edited: Edit) -> None:
    with pytest.raises(loader.BookFaults):
        load(edited(BINHAI, "total = 550", "total = 551"))
    assert not RuleBook.objects.exists()


def test_every_load_is_in_the_history(binhai: Union, edited: Edit) -> None:
    load(BINHAI)
    load(BINHAI)
    load(edited(BINHAI, 'severity = "warn"', 'severity = "hold"'))
    events = RuleBook.pgh_event_models["insert"].objects  # type: ignore[attr-defined]
    assert [event.edition for event in events.order_by("pgh_id")] == [1, 2]


def test_no_such_union(db: None) -> None:
    with pytest.raises(loader.BookFaults) as found:
        load(BINHAI)
    (fault,) = found.value.faults
    assert (fault.key, fault.reason) == ("union", "系统里没有代码为“binhai”的工会")


def test_a_book_must_fit_its_organisation(county: Union) -> None:
    Department.objects.filter(union=county).update(code="other")
    Post.objects.filter(union=county, code="principal").delete()
    with pytest.raises(loader.BookFaults) as found:
        load(COUNTY)
    assert {fault.key: fault.reason for fault in found.value.faults} == {
        "categories[0].held_by[1]": "沿江县总工会没有代码为“zuzhi”的部门",
        "steps[3].stand_in.code": "沿江县总工会没有代码为“principal”的岗位",
        "launch.steps[3].stand_in.code": "沿江县总工会没有代码为“principal”的岗位",
    }


def test_a_superior_step_needs_a_superior(db: None) -> None:
    union = Union.objects.found(code="yanjiang", name="沿江县总工会", level="district")
    leaders(union)
    Department.objects.create(union=union, code="zuzhi", name="组织部")
    with pytest.raises(loader.BookFaults) as found:
        load(COUNTY)
    assert [str(fault.key) for fault in found.value.faults] == ["steps[4].level", "launch.steps[4].level"]
    assert "没有上级工会" in str(found.value)


def test_posts_of_a_superior_step_are_looked_for_there(county: Union, edited: Edit) -> None:
    old = 'holder = { kind = "duty", code = "training_authority" }\nlevel = "superior"'
    path = edited(COUNTY, old, 'holder = { kind = "post", code = "leader" }\nlevel = "superior"')
    with pytest.raises(
        loader.BookFaults, match=r"steps\[4\].holder.code：江城市总工会没有代码为“leader”的岗位"
    ):
        load(path)
    leaders(county.superior)
    assert load(path)[1]


def test_the_longer_chain_loads_as_data(county: Union) -> None:
    row, created = load(COUNTY)
    assert created
    assert len(row.book.review_steps) == 5
    assert row.valid.upper == datetime.date(2029, 1, 1)


def successor(edited: Edit, since: str) -> Path:
    return edited(
        COUNTY,
        'code = "yanjiang-2024"', 'code = "yanjiang-2029"',
        "valid_from = 2024-03-01", f"valid_from = {since}",
        "valid_until = 2028-12-31\n", "",
    )  # fmt: skip


def test_two_books_never_overlap(county: Union, edited: Edit) -> None:
    first, _ = load(COUNTY)
    with pytest.raises(loader.BookFaults, match=r"valid_from：.*施行期间重叠.*yanjiang-2024"):
        load(successor(edited, "2028-12-31"))
    second, _ = load(successor(edited, "2029-01-01"))
    day = datetime.date
    assert selectors.book_for(county, day(2024, 3, 1)) == first
    assert selectors.book_for(county, day(2028, 12, 31)) == first
    assert selectors.book_for(county, day(2029, 1, 1)) == second
    assert selectors.book_for(county, day(2040, 1, 1)) == second


def test_the_latest_edition_alone_says_when_a_book_is_in_force(county: Union, edited: Edit) -> None:
    """A shortened book doesn't come back through its older, longer edition."""
    load(COUNTY)
    load(edited(COUNTY, "2028-12-31", "2025-12-31"))
    with pytest.raises(Refused, match="沿江县总工会在 2026-01-01 没有施行中的制度"):
        selectors.book_for(county, datetime.date(2026, 1, 1))
    later, _ = load(successor(edited, "2026-01-01"))
    assert selectors.book_for(county, datetime.date(2026, 1, 1)) == later


def test_no_book_before_the_first(county: Union) -> None:
    with pytest.raises(Refused):
        selectors.book_for(county, DAY)
    load(COUNTY)
    with pytest.raises(Refused):
        selectors.book_for(county, datetime.date(2024, 2, 29))


def test_another_union_has_its_own_book(binhai: Union, county: Union) -> None:
    ours, _ = load(BINHAI)
    theirs, _ = load(COUNTY)
    assert selectors.book_for(binhai, DAY) == ours
    assert selectors.book_for(county, DAY) == theirs


def test_finding_a_book_is_one_query(binhai: Union, county: Union, edited: Edit) -> None:
    load(BINHAI)
    load(edited(BINHAI, 'severity = "warn"', 'severity = "hold"'))
    load(COUNTY)
    selectors.book_for(binhai, DAY).book  # noqa: B018 - a process reads a book's content once
    with CaptureQueriesContext(
        connection,
    ) as queries:
        row = selectors.book_for(binhai, DAY)
        assert row.book.code == "binhai-2018"
    assert len(queries) == 1


def test_books_by_id_is_one_query(binhai: Union, county: Union) -> None:
    rows = [load(BINHAI)[0], load(COUNTY)[0]]
    with CaptureQueriesContext(connection) as queries:
        found = selectors.books_by_id([rows[0].pk, rows[1].pk, rows[0].pk, 0])
    assert {pk: book.code for pk, book in found.items()} == {
        rows[0].pk: "binhai-2018",
        rows[1].pk: "yanjiang-2024",
    }
    assert len(queries) == 1


def test_a_list_leaves_the_text_in_the_database(binhai: Union) -> None:
    load(BINHAI)
    row = RuleBook.objects.without_text().get()
    assert row.get_deferred_fields() == {"content", "source_text"}
    assert row.book.code == "binhai-2018"


@pytest.mark.django_db(transaction=True)
def test_eight_loads_at_once_make_one_edition(binhai: Union) -> None:
    results: list[bool] = []

    def run() -> None:
        try:
            results.append(load(BINHAI)[1])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]
    assert RuleBook.objects.count() == 1
