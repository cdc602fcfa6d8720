"""Records are written once, voided with a reason, and keep when a cadre was last trained."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from office.refusals import Conflict, Refused
from org.models import Cadre
from org.services import appoint, register_cadre
from tests.org.cast import Cast, M, day
from tests.org.numbers import resident
from training.models import TrainingRecord
from training.selectors import training_file, wrong_last_trained
from training.services import NewRecord, imported_key, record_key, record_many, void

pytestmark = pytest.mark.django_db


@pytest.fixture
def cadre(cast: Cast) -> Cadre:
    appoint(post=cast.training_head, user=cast.an, since=day("2018-01-01"), actor=cast.admin, at=M)
    return register_cadre(
        identity_kind="resident",
        number=resident(1),
        name="岳明",
        unit=cast.district,
        since=day("2019-01-01"),
        actor=cast.admin,
        at=M,
    )


def new(cadre: Cadre, key: str, first: str, last: str | None = None, **fields: object) -> NewRecord:
    values: dict[str, object] = {"class_name": "工会财务班", "unit_id": cadre.unit_id, "hours": Decimal(16)}
    return NewRecord(
        key=record_key(key),
        cadre_id=cadre.pk,
        starts_on=day(first),
        ends_on=day(last or first),
        **(values | fields),  # type: ignore[arg-type]
    )


def last_trained(cadre: Cadre) -> date | None:
    return Cadre.objects.get(pk=cadre.pk).last_trained


def test_the_same_key_is_written_once(cadre: Cadre) -> None:
    rows = [new(cadre, "a", "2024-03-01", "2024-03-02"), new(cadre, "b", "2023-03-01")]
    assert record_many(rows, at=M) == 2
    assert record_many([*rows, new(cadre, "c", "2022-01-01")], at=M) == 1
    assert sorted(TrainingRecord.objects.values_list("starts_on", flat=True)) == [
        day("2022-01-01"),
        day("2023-03-01"),
        day("2024-03-01"),
    ]
    assert last_trained(cadre) == day("2024-03-02")


def test_a_batch_is_one_statement(cadre: Cadre, django_assert_num_queries) -> None:
    first = day("2020-01-01")
    rows = [new(cadre, str(n), (first + timedelta(n)).isoformat()) for n in range(50)]
    with django_assert_num_queries(3):  # savepoint, insert, release
        assert record_many(rows, at=M) == 50


def test_the_key_of_an_imported_record_tells_person_class_days_and_organiser() -> None:
    given = (7, "财务班", day("2024-03-01"), day("2024-03-02"), "市总工会")
    assert imported_key(*given) == imported_key(*given)
    others = {
        imported_key(8, *given[1:]),
        imported_key(7, "经审班", *given[2:]),
        imported_key(7, "财务班", day("2024-02-29"), *given[3:]),
        imported_key(7, "财务班", given[2], day("2024-03-03"), "市总工会"),
        imported_key(*given[:4], "区总工会"),
        imported_key(*given),
    }
    assert len(others) == 6


def test_an_unfinished_class_is_no_training_had(cadre: Cadre) -> None:
    record_many([new(cadre, "a", "2024-03-01", result="failed")], at=M)
    assert last_trained(cadre) is None


def test_voiding_gives_back_the_day_before(cadre: Cadre, cast: Cast) -> None:
    record_many([new(cadre, "a", "2024-03-01"), new(cadre, "b", "2023-05-05")], at=M)
    latest = TrainingRecord.objects.get(starts_on=day("2024-03-01"))
    voided = void(record=latest, reason="与另一条重复", actor=cast.an, at=M)
    assert (voided.voided_at, voided.void_reason) == (M, "与另一条重复")
    assert last_trained(cadre) == day("2023-05-05")
    with pytest.raises(Conflict, match="这条培训记录已经作废"):
        void(record=latest, reason="与另一条重复", actor=cast.an, at=M)


@pytest.mark.parametrize(
    ("who", "reason", "said"),
    [
        ("bo", "与另一条重复", "只有上级工会归口管理部门可以作废培训记录。"),
        ("an", " 错 ", "请写明作废的原因，例如“与另一条重复”。"),
    ],
)
def test_who_may_not_void_hears_why(cadre: Cadre, cast: Cast, who: str, reason: str, said: str) -> None:
    appoint(post=cast.publicity_head, user=cast.bo, since=day("2018-01-01"), actor=cast.admin, at=M)
    record_many([new(cadre, "a", "2024-03-01")], at=M)
    with pytest.raises(Refused) as refusal:
        void(record=TrainingRecord.objects.get(), reason=reason, actor=getattr(cast, who), at=M)
    assert refusal.value.message == said
    assert TrainingRecord.objects.get().voided_at is None


def test_the_database_keeps_records_as_they_were_written(cadre: Cadre) -> None:
    record_many([new(cadre, "a", "2024-03-01")], at=M)
    for change in (
        lambda: TrainingRecord.objects.all().delete(),
        lambda: TrainingRecord.objects.update(hours=Decimal(99)),
        lambda: TrainingRecord.objects.update(ends_on=day("2024-04-01")),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="record_days_in_order"), transaction.atomic():
        record_many([new(cadre, "b", "2024-03-02", "2024-03-01")], at=M)


def test_the_file_counts_by_year_what_stands_and_was_finished(cadre: Cadre, cast: Cast) -> None:
    record_many(
        [
            new(cadre, "a", "2024-03-01"),
            new(cadre, "b", "2024-05-01", hours=Decimal("4.5")),
            new(cadre, "c", "2024-06-01", result="failed"),
            new(cadre, "d", "2022-12-30", "2023-01-02"),
        ],
        at=M,
    )
    void(record=TrainingRecord.objects.get(key=record_key("b")), reason="与另一条重复", actor=cast.an, at=M)
    found = [(year.year, len(year.records), year.hours, year.classes) for year in training_file(cadre)]
    assert found == [(2024, 3, Decimal(16), 1), (2023, 1, Decimal(16), 1)]


def test_a_wrong_day_is_found(cadre: Cadre) -> None:
    record_many([new(cadre, "a", "2024-03-01")], at=M)
    assert wrong_last_trained() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE org_cadre SET last_trained = '2020-02-02'")
    assert wrong_last_trained() == [(cadre.pk, day("2020-02-02"), day("2024-03-01"))]
