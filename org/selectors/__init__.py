"""Reads of the organisation: who holds what on a day, which unit a name means, which cadres one sees."""

from __future__ import annotations

from org.selectors.cadres import Reach, cadres_seen, reach
from org.selectors.forgotten import Overlooked, Place, Stretch, count_forgotten, forgotten, new_chairs
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
from org.selectors.units import known_mapping, unit_matcher

__all__ = (
    "LOOKS",
    "Overlooked",
    "Place",
    "Reach",
    "Seat",
    "Standing",
    "Stretch",
    "cadres_seen",
    "count_forgotten",
    "duties_of",
    "duty_on",
    "duty_seat",
    "forgotten",
    "granted",
    "head_post",
    "head_seat",
    "held",
    "holder_of",
    "holders_of",
    "known_mapping",
    "look_permission",
    "lookers",
    "looking_groups",
    "new_chairs",
    "post_by_code",
    "reach",
    "seat_by_code",
    "standing",
    "tenures_of",
    "unit_matcher",
)
