"""Identity numbers sealed anew by the current key, some at a time; looking up works all the while."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import connection, transaction

from office import sealing

BATCH: Final = 2000


class Rotated(NamedTuple):
    """``done``: sealed anew; ``last``: the last id looked at, to go on from."""

    done: int
    last: int


def rotate_some(after: int, *, batch: int = BATCH) -> Rotated | None:
    """Seal the next rows beyond the id ``after`` that an earlier key sealed; None when there are no more.

    One transaction: a number and the digest it is found by change together. Raises
    :class:`office.sealing.SealBroken` for a row no key opens.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever only points at a cadre doesn't wait; whoever corrects him waits a moment.
        cursor.execute(
            "SELECT id, identity_kind, identity_sealed FROM org_cadre"
            " WHERE id > %s AND substring(identity_sealed FROM 1 FOR %s) <> %s"
            " ORDER BY id LIMIT %s FOR NO KEY UPDATE",
            [after, sealing.MARK_BYTES, sealing.current_mark(), batch],
        )
        rows = cursor.fetchall()
        if not rows:
            return None
        ids, seals, digests = [], [], []
        for pk, kind, sealed in rows:
            try:
                number = sealing.unseal(bytes(sealed), about=kind)
            except sealing.SealBroken as error:
                raise sealing.SealBroken(f"org_cadre.id={pk}: {error}") from error
            ids.append(pk)
            seals.append(sealing.seal(number, about=kind))
            digests.append(sealing.digest(number, about=kind))
        cursor.execute(
            "UPDATE org_cadre c SET identity_sealed = n.sealed, identity_digest = n.digest"
            " FROM unnest(%s::bigint[], %s::bytea[], %s::uuid[]) AS n(id, sealed, digest) WHERE c.id = n.id",
            [ids, seals, digests],
        )
        return Rotated(len(ids), ids[-1])


def left_to_rotate() -> int:
    """How many rows an earlier key sealed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM org_cadre WHERE substring(identity_sealed FROM 1 FOR %s) <> %s",
            [sealing.MARK_BYTES, sealing.current_mark()],
        )
        return int(cursor.fetchone()[0])
