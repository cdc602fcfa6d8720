"""What is done to the organisation: who holds what, who its cadres are, what its units are called."""

from __future__ import annotations

from org.services.appointments import appoint, assign_duty, revoke, share, vacate, withdraw_duty
from org.services.cadres import (
    link_user,
    move_cadre,
    register_cadre,
    see_identity,
    set_status,
    take_out_identities,
    update_cadre,
)
from org.services.mappings import remember_mapping
from org.services.units import add_alias, remove_alias

__all__ = (
    "add_alias",
    "appoint",
    "assign_duty",
    "link_user",
    "move_cadre",
    "register_cadre",
    "remember_mapping",
    "remove_alias",
    "revoke",
    "see_identity",
    "set_status",
    "share",
    "take_out_identities",
    "update_cadre",
    "vacate",
    "withdraw_duty",
)
