"""How a sender's form names its columns, kept for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from org.models import HeaderMapping, Union, User

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping


def remember_mapping(
    *,
    sender: Union,
    purpose: str,
    fingerprint: str,
    mapping: Mapping[str, str],
    actor: User,
    at: datetime.datetime,
) -> HeaderMapping:
    """Read the sender's forms of that fingerprint this way from now on (title of a column → field)."""
    row, _ = HeaderMapping.objects.update_or_create(
        sender=sender,
        purpose=purpose,
        fingerprint=fingerprint,
        defaults={"mapping": dict(mapping), "updated_by": actor, "updated_at": at},
    )
    return row
