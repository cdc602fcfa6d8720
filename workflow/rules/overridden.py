"""What a seat went beyond: the findings somebody excused or answered, as one line of the report says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workflow.rules.findings import ordered, stored

if TYPE_CHECKING:
    from workflow.models import Seat
    from workflow.rules.findings import Finding

#: Nobody's exception: 候补 beyond the quota wait their turn.
_OF_COURSE: Final = frozenset({"over_quota"})


def gone_beyond(seat: Seat) -> list[Finding]:
    """The findings of ``seat`` that ask for a word, those of its exemption included, each rule once.

    ``seat.exemption`` is loaded.
    """
    lines = seat.exemption.content.get("seats", ()) if seat.exemption is not None else ()
    asked = [row for line in lines if line["seat"] == seat.pk for row in line["findings"]]
    found = {finding.code: finding for finding in stored([*seat.findings, *asked])}
    return ordered(one for one in found.values() if one.asks and one.code not in _OF_COURSE)
