"""A cadre's training file, and the proof that what is kept about it follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from training.models import COUNTS, TrainingRecord

if TYPE_CHECKING:
    import datetime

    from org.models import Cadre


@dataclass(frozen=True)
class TrainingYear:
    """Records by the year they ended in. ``hours`` and ``classes`` count what stands and was finished."""

    year: int
    records: tuple[TrainingRecord, ...]
    hours: Decimal
    classes: int


class WrongDay(NamedTuple):
    """A cadre whose kept day isn't the one his records give; None for never."""

    cadre_id: int
    kept: datetime.date | None
    proven: datetime.date | None


def training_file(cadre: Cadre) -> list[TrainingYear]:
    """All records of a cadre by year, the latest first, voided ones among them; one query."""
    records = (
        TrainingRecord.objects.filter(cadre=cadre)
        .select_related("unit", "organizer")
        .order_by("-ends_on", "-id")
    )
    years = []
    for year, group in groupby(records, key=lambda record: record.ends_on.year):
        rows = tuple(group)
        counted = [row for row in rows if row.voided_at is None and row.result in COUNTS]
        hours = sum((row.hours for row in counted), Decimal(0))
        years.append(TrainingYear(year, rows, hours, len(counted)))
    return years


def wrong_last_trained(most: int = 100) -> list[WrongDay]:
    """Cadres whose ``last_trained`` isn't the last day of what they finished, at most ``most``, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, c.last_trained, r.day
            FROM org_cadre c LEFT JOIN (
                SELECT cadre_id, max(ends_on) AS day FROM training_trainingrecord
                WHERE voided_at IS NULL AND result = ANY(%s) GROUP BY cadre_id
            ) r ON r.cadre_id = c.id
            WHERE c.last_trained IS DISTINCT FROM r.day ORDER BY c.id LIMIT %s
            """,
            [[result.value for result in COUNTS], most],
        )
        return [WrongDay(*row) for row in cursor.fetchall()]
