"""Training records: written once, voided with a reason, never changed or deleted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final

import pghistory
from django.db import connection, transaction
from django.utils import timezone

from office.refusals import Conflict
from org.selectors import reach, standing
from training import rules
from training.models import TrainingRecord
from training.states import RecordResult, RecordSource

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence

    from org.models import User

BATCH: Final = 5000
#: What keys are derived in; it never changes, or the same record would be written twice.
_NAMESPACE: Final = uuid.UUID("6d4a3c0e-5f0b-5c63-9a35-2f1b7c9e8d10")

_INSERT: Final = """
    INSERT INTO training_trainingrecord (
        key, cadre_id, unit_id, class_name, subject, organizer_id, organizer_name, by_superior,
        starts_on, ends_on, hours, result, source, reference, recorded_at, void_reason
    )
    SELECT t.*, %s, '' FROM unnest(
        %s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bool[],
        %s::date[], %s::date[], %s::numeric[], %s::text[], %s::text[], %s::text[]
    ) t
    ON CONFLICT (key) DO NOTHING
"""


def record_key(natural: str) -> uuid.UUID:
    """The key of a record by what makes it one: ``record_key(seat_key(seat))`` for a seat of a class."""
    return uuid.uuid5(_NAMESPACE, natural)


def imported_key(
    cadre_id: int, class_name: str, starts_on: datetime.date, ends_on: datetime.date, organizer: str
) -> uuid.UUID:
    """The key of a record that comes in from a list: the person, the class, its days and who held it."""
    parts = (str(cadre_id), class_name, starts_on.isoformat(), ends_on.isoformat(), organizer)
    return record_key("import:" + "\x1f".join(parts))


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be written. ``unit_id`` and ``by_superior`` are of the time of the class."""

    key: uuid.UUID
    cadre_id: int
    unit_id: int | None
    class_name: str
    starts_on: datetime.date
    ends_on: datetime.date
    hours: Decimal = Decimal(0)
    subject: str = ""
    organizer_id: int | None = None
    organizer_name: str = ""
    by_superior: bool = False
    result: str = RecordResult.COMPLETED.value
    source: str = RecordSource.CLASS_RUN.value
    reference: str = ""


def record_many(rows: Iterable[NewRecord], *, at: datetime.datetime) -> int:
    """Write the records there are none of yet, by their keys, one statement a batch; return how many.

    Doing it again adds nothing. Part of the caller's transaction, if there is one; each batch by itself, if
    there is none. The database brings ``last_trained`` of the cadres up to date in the same statement.
    """
    if at.tzinfo is None:
        raise ValueError("the moment must be aware")
    written = 0
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        written += _insert(batch, at)
    return written


def _insert(batch: Sequence[NewRecord], at: datetime.datetime) -> int:
    columns = (
        [row.key for row in batch],
        [row.cadre_id for row in batch],
        [row.unit_id for row in batch],
        [row.class_name for row in batch],
        [row.subject for row in batch],
        [row.organizer_id for row in batch],
        [row.organizer_name for row in batch],
        [row.by_superior for row in batch],
        [row.starts_on for row in batch],
        [row.ends_on for row in batch],
        [row.hours for row in batch],
        [str(row.result) for row in batch],
        [str(row.source) for row in batch],
        [row.reference for row in batch],
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT, [at, *columns])
        return int(cursor.rowcount)


def void(*, record: TrainingRecord, reason: str, actor: User, at: datetime.datetime) -> TrainingRecord:
    """Take a record out of what counts; it stays to be read, with the reason.

    Raises ``Refused`` without the duty of training authority over the cadre's unit or without a reason,
    ``Conflict`` if it is voided already.
    """
    if at.tzinfo is None:
        raise ValueError("the moment must be aware")
    able = reach(standing(actor, timezone.localdate(at), to_act=True))
    with pghistory.context(user=actor.pk), transaction.atomic():
        # The cadre first, as whoever writes records of his does: two never wait for each other.
        locked = (
            TrainingRecord.objects.select_for_update(of=("self", "cadre"), no_key=True)
            .select_related("cadre__unit")
            .get(pk=record.pk)
        )
        refusal = rules.void_refusal(locked, reach=able, reason=reason)
        if refusal is not None:
            raise refusal
        if locked.voided_at is not None:
            raise Conflict("这条培训记录已经作废。")
        locked.voided_at, locked.void_reason = at, reason.strip()
        locked.save(update_fields=["voided_at", "void_reason"])
        return locked
