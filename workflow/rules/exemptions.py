"""Which findings of a seat are excused: by an approved request that names the person and the rule (S8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rulebook.severity import Severity
from workflow.states import RequestState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.models import Seat
    from workflow.rules.findings import Finding


def asked_for(seats: Iterable[tuple[Seat, Iterable[Finding]]]) -> dict[str, Any]:
    """What a request for exemption says (``RunRequest.content``): each person and the findings held."""
    return {
        "seats": [
            {
                "seat": seat.pk,
                "name": seat.name,
                "unit": seat.unit_name,
                "explanation": seat.explanation,
                "findings": [finding.as_json() for finding in findings],
            }
            for seat, findings in seats
        ]
    }


def covered(seat: Seat) -> frozenset[str]:
    """The codes of the rules an approved exemption excuses this person of; ``seat.exemption`` loaded."""
    request = seat.exemption
    if request is None or request.state != RequestState.APPROVED:
        return frozenset()
    return _codes(seat)


def _codes(seat: Seat) -> frozenset[str]:
    lines = seat.exemption.content.get("seats", ()) if seat.exemption is not None else ()
    return frozenset(
        finding["code"] for line in lines if line["seat"] == seat.pk for finding in line["findings"]
    )


def is_asked(seat: Seat) -> bool:
    """Whether an exemption is being decided on, or was refused; ``seat.exemption`` loaded."""
    request = seat.exemption
    return request is not None and request.state not in (RequestState.WITHDRAWN, RequestState.APPROVED)


def held(seat: Seat, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that hold the seat and that nothing excuses."""
    excused = covered(seat)
    return [
        finding for finding in findings if finding.severity == Severity.HOLD and finding.code not in excused
    ]


def why_held(seat: Seat, findings: Iterable[Finding]) -> str | None:
    """What stands between the seat and its confirmation, in words; None where nothing does."""
    left = held(seat, findings)
    if not left:
        return None
    what = "；".join(finding.message.rstrip("。") for finding in left)
    request = seat.exemption
    asked = request is not None and {finding.code for finding in left} <= _codes(seat)
    if not asked or request is None or request.state == RequestState.WITHDRAWN:
        return f"{seat.name}：{what}。须先报重复调训审批。"
    if request.state == RequestState.REFUSED:
        return f"{seat.name}：{what}。重复调训审批未获同意，不能确认。"
    return f"{seat.name}：{what}。重复调训审批现为“{request.get_state_display()}”，批准后才能确认。"
