"""The database keeps what the loader promises, whoever writes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from org.models import Union
from rulebook import loader
from rulebook.models import RuleBook
from tests.rulebook.conftest import COUNTY, LOADED_AT


@pytest.fixture
def row(county: Union) -> RuleBook:
    return loader.load(COUNTY, at=LOADED_AT)[0]


def another(row: RuleBook, **changes: Any) -> RuleBook:
    """An unsaved next edition of ``row``; dates and code are carried into the content."""
    fields: dict[str, Any] = {
        "union": row.union,
        "code": row.code,
        "edition": row.edition + 1,
        "title": row.title,
        "valid": row.valid,
        "digest": "0" * 64,
        "source_text": "",
        "loaded_at": LOADED_AT,
    } | changes
    valid: DateRange = fields["valid"]
    last = valid.upper and valid.upper - datetime.timedelta(days=1)
    content = row.content | {
        "code": fields["code"],
        "valid_from": valid.lower and valid.lower.isoformat(),
        "valid_until": last and last.isoformat(),
    }
    return RuleBook(**{"content": content} | fields)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE rulebook_rulebook SET content = '{}'",
        "UPDATE rulebook_rulebook SET valid = daterange('2020-01-01', NULL)",
        "UPDATE rulebook_rulebook SET title = title",
        "DELETE FROM rulebook_rulebook",
    ],
)
def test_an_edition_never_changes(row: RuleBook, sql: str) -> None:
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert RuleBook.objects.get(pk=row.pk).content == row.content


def test_nor_through_the_orm(row: RuleBook) -> None:
    for change in (row.save, row.delete, lambda: RuleBook.objects.update(title="别的")):
        with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
            change()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.union.delete()


def test_its_history_can_only_grow(row: RuleBook) -> None:
    events = RuleBook.pgh_event_models["insert"].objects  # type: ignore[attr-defined]
    with pytest.raises(DatabaseError), transaction.atomic():
        events.update(title="别的")
    with pytest.raises(DatabaseError), transaction.atomic():
        events.all().delete()


def test_the_next_edition_is_welcome(row: RuleBook) -> None:
    another(row).save()
    assert RuleBook.objects.latest_editions().get().edition == 2


@pytest.mark.parametrize("edition", [0, 1, 3])
def test_editions_count_up_by_one(row: RuleBook, edition: int) -> None:
    with pytest.raises(IntegrityError, match="版次须逐次加一"), transaction.atomic():
        another(row, edition=edition).save()


def test_a_first_edition_is_one(row: RuleBook) -> None:
    later = DateRange(datetime.date(2030, 1, 1), None)
    with pytest.raises(IntegrityError, match="版次须逐次加一"), transaction.atomic():
        another(row, code="next", edition=2, valid=later).save()
    another(row, code="next", edition=1, valid=later).save()


@pytest.mark.parametrize("how", ["save", "bulk_create", "copy"])
def test_two_books_of_a_union_never_overlap(row: RuleBook, how: str) -> None:
    rival = another(row, code="rival", edition=1, valid=DateRange(datetime.date(2028, 12, 31), None))
    ways: dict[str, Callable[[], object]] = {
        "save": rival.save,
        "bulk_create": lambda: RuleBook.objects.bulk_create([rival]),
        "copy": lambda: copy_in(rival),
    }
    refused = (IntegrityError, psycopg.errors.ExclusionViolation)
    with pytest.raises(refused, match="施行期间重叠"), transaction.atomic():
        ways[how]()
    assert RuleBook.objects.count() == 1


def test_nor_two_in_one_statement(row: RuleBook) -> None:
    since = DateRange(datetime.date(2029, 1, 1), None)
    rivals = [another(row, code=code, edition=1, valid=since) for code in ("one", "two")]
    with pytest.raises(IntegrityError, match="施行期间重叠"), transaction.atomic():
        RuleBook.objects.bulk_create(rivals)


def test_a_new_edition_can_not_grow_over_another_book(row: RuleBook) -> None:
    another(row, code="next", edition=1, valid=DateRange(datetime.date(2029, 1, 1), None)).save()
    with pytest.raises(IntegrityError, match="施行期间重叠"), transaction.atomic():
        another(row, valid=DateRange(datetime.date(2024, 3, 1), None)).save()


@pytest.mark.parametrize(
    "change",
    [
        {"content": {}},
        {"content": {"code": "yanjiang-2024", "valid_from": "2024-03-01", "valid_until": None}},
        {"content": {"code": "other", "valid_from": "2024-03-01", "valid_until": "2028-12-31"}},
    ],
)
def test_columns_say_what_the_content_says(row: RuleBook, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="与内容不一致"), transaction.atomic():
        another(row, **change).save()


@pytest.mark.parametrize("valid", [DateRange(None, datetime.date(2029, 1, 1)), DateRange(empty=True)])
def test_a_book_has_a_first_day(row: RuleBook, valid: DateRange) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        another(row, valid=valid).save()


def copy_in(row: RuleBook) -> None:
    """The row by COPY, as a restore or a foreign tool would write it."""
    columns = "union_id, code, edition, title, number, valid, content, digest, source_text, loaded_at"
    values = (
        row.union_id,
        row.code,
        row.edition,
        row.title,
        "",
        f"[{row.valid.lower},)",
        json.dumps(row.content),
        row.digest,
        "",
        row.loaded_at.isoformat(),
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY rulebook_rulebook ({columns}) FROM STDIN") as copy:
        copy.write_row(values)
