"""What a unit's name in a file may mean: the words readers of lists and the tree of unions share."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class UnitChoice(NamedTuple):
    """A unit a text may mean. ``note``: what to tell of it (an old name), then the row is warned."""

    pk: int
    name: str
    note: str = ""


class UnitMatch(NamedTuple):
    """What a unit's name in a file means: no choice unknown, one known, more homonyms to choose from."""

    choices: tuple[UnitChoice, ...] = ()

    @property
    def sure(self) -> UnitChoice | None:
        """The one unit meant by the text, if there is exactly one."""
        return self.choices[0] if len(self.choices) == 1 else None


def unit_key(text: str) -> str:
    """The text as names of units are compared: width and case folded, only letters and digits kept.

    Brackets and blanks go, the legal form stays: XX（天津）公司 isn't XX天津有限公司 (DOMAIN §4, row 36).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())
