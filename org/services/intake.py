"""Many cadres at once, as an import brings them: one statement a batch, nobody overwritten."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import connection, transaction

from office import sealing
from org import rules
from org.states import CadreStatus, Precision

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Sequence
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewCadre:
    """A cadre to be entered as a member of a unit from ``since`` on; ``number`` has been checked."""

    identity_kind: str
    number: str
    name: str
    unit_id: int
    since: datetime.date
    former_name: str = ""
    gender: str = ""
    born_on: datetime.date | None = None
    kind: str = ""
    post_title: str = ""
    rank: str = ""
    leadership: str = ""
    appointed_on: datetime.date | None = None
    appointed_precision: str = Precision.DAY.value
    committees: Sequence[str] = field(default_factory=tuple)
    phone: str = ""
    remark: str = ""


class Registered(NamedTuple):
    """A cadre in the books, found by his document."""

    pk: int
    name: str
    former_name: str
    unit_id: int | None
    unit_path: str


_COLUMNS: Final = (
    ("identity_kind", "text"),
    ("identity_sealed", "bytea"),
    ("identity_digest", "uuid"),
    ("name", "text"),
    ("former_name", "text"),
    ("gender", "text"),
    ("born_on", "date"),
    ("kind", "text"),
    ("post_title", "text"),
    ("rank", "text"),
    ("leadership", "text"),
    ("appointed_on", "date"),
    ("appointed_precision", "text"),
    ("committees", "text"),
    ("phone", "text"),
    ("remark", "text"),
)
_NAMES: Final = ", ".join(name for name, _ in _COLUMNS)
# A list of lists isn't a column of lists to the database: committees travel as text.
_GIVEN: Final = ", ".join(
    f"i.{name}::varchar[]" if name == "committees" else f"i.{name}" for name, _ in _COLUMNS
)
_ARRAYS: Final = ", ".join(f"%s::{kind}[]" for _, kind in _COLUMNS)
_INSERT: Final = f"""
    WITH incoming AS (
        SELECT * FROM unnest({_ARRAYS}, %s::bigint[], %s::date[]) AS i({_NAMES}, unit_id, since)
    ), fresh AS (
        INSERT INTO org_cadre ({_NAMES}, unit_id, unit_path, born_precision, status)
        SELECT {_GIVEN}, u.id, u.path, '{Precision.DAY.value}', '{CadreStatus.ACTIVE.value}'
        FROM incoming i JOIN org_union u ON u.id = i.unit_id
        ORDER BY i.identity_digest
        ON CONFLICT (identity_digest) DO NOTHING
        RETURNING id, identity_digest
    )
    INSERT INTO org_membership (cadre_id, union_id, post_title, period, is_primary)
    SELECT f.id, i.unit_id, i.post_title, daterange(i.since, NULL), true
    FROM fresh f JOIN incoming i USING (identity_digest)
"""  # noqa: S608 - made of this module's own names


def find_many(documents: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Registered]:
    """The cadres of these documents (kind, number), in one query, by whichever key they were digested."""
    by_digest: dict[UUID, tuple[str, str]] = {
        digest: (kind, number) for kind, number in documents for digest in sealing.digests(number, about=kind)
    }
    if not by_digest:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT identity_digest, id, name, former_name, unit_id, unit_path FROM org_cadre"
            " WHERE identity_digest = ANY(%s)",
            [list(by_digest)],
        )
        return {by_digest[digest]: Registered(*row) for digest, *row in cursor.fetchall()}


def take_in_cadres(cadres: Sequence[NewCadre]) -> int:
    """Enter those who aren't in the books, each document once; return how many. One statement.

    The caller has read and checked the numbers, matched the units and asked whether they may be written to.
    """
    if not cadres:
        return 0
    digests = [sealing.digest(cadre.number, about=cadre.identity_kind) for cadre in cadres]
    values = {
        "identity_sealed": [sealing.seal(cadre.number, about=cadre.identity_kind) for cadre in cadres],
        "identity_digest": digests,
        "committees": ["{" + ",".join(cadre.committees) + "}" for cadre in cadres],
        "leadership": [cadre.leadership or rules.leadership_of(cadre.post_title) for cadre in cadres],
    }
    columns: list[Any] = [
        values.get(name) or [getattr(cadre, name) for cadre in cadres] for name, _ in _COLUMNS
    ]
    columns += [[cadre.unit_id for cadre in cadres], [cadre.since for cadre in cadres]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)
        return int(cursor.rowcount)
