"""What is done to the organisation: who holds what, who its cadres are, what its units are called."""

from __future__ import annotations

from org.services.appointments import appoint, assign_duty, revoke, share, vacate, withdraw_duty

__all__ = ("appoint", "assign_duty", "revoke", "share", "vacate", "withdraw_duty")
