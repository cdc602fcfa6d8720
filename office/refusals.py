"""Refusals: the one way in which a service says no."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - not an error: an answer
    """The act isn't allowed; ``str(e)`` is Chinese text fit to be shown to the person who tried."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class Conflict(Refused):
    """Somebody was faster, or the form is stale: look again, then act."""
