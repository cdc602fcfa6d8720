"""What a rule's figure may be: judges for the ``params`` of a rule, with reasons in Chinese."""

from __future__ import annotations

from collections.abc import Callable

#: Says in Chinese why a value doesn't fit; None where it does.
Judge = Callable[[object], str | None]


def whole(low: int, high: int) -> Judge:
    """A whole number from ``low`` to ``high``, both included."""

    def judge(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "应为整数，不加引号"
        return None if low <= value <= high else f"应在 {low} 到 {high} 之间"

    return judge


def truth(value: object) -> str | None:
    """``true`` or ``false``."""
    return None if isinstance(value, bool) else "应为 true 或 false，不加引号"


def one_of(*words: str) -> Judge:
    """One of ``words``."""

    def judge(value: object) -> str | None:
        return None if value in words else f"只能是 {'、'.join(words)}"

    return judge
