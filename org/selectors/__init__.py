"""Reads of the organisation: who holds what on a day, which unit a name means, which cadres one sees."""

from __future__ import annotations

from org.selectors.holders import (
    LOOKS,
    Seat,
    Standing,
    duties_of,
    duty_on,
    duty_seat,
    granted,
    head_post,
    head_seat,
    held,
    holder_of,
    holders_of,
    look_permission,
    lookers,
    looking_groups,
    post_by_code,
    seat_by_code,
    standing,
    tenures_of,
)

__all__ = (
    "LOOKS",
    "Seat",
    "Standing",
    "duties_of",
    "duty_on",
    "duty_seat",
    "granted",
    "head_post",
    "head_seat",
    "held",
    "holder_of",
    "holders_of",
    "look_permission",
    "lookers",
    "looking_groups",
    "post_by_code",
    "seat_by_code",
    "standing",
    "tenures_of",
)
