"""A gate of a chain of approval: who acts, within how many working days, by which clause."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, Strict, StringConstraints

from rulebook.fields import Code, Strictly, Text


class HolderKind(StrEnum):
    OWN_HEAD = "own_head"
    DUTY = "duty"
    POST = "post"


class StepLevel(StrEnum):
    OWN = "own"
    SUPERIOR = "superior"


class Holder(Strictly):
    """Who acts: the proposer's own head, whoever has a duty, or a named post."""

    kind: Annotated[HolderKind, Strict(False)]
    code: Annotated[str, StringConstraints(max_length=60)] = ""


class Step(Strictly):
    """One gate of the chain. ``days`` is the time limit in working days."""

    key: Code
    title: Text
    holder: Holder
    level: Annotated[StepLevel, Strict(False)] = StepLevel.OWN
    days: Annotated[int, Field(ge=1, le=90)]
    stand_in: Holder | None = None
    may_exclude: bool = False
    clause: Text
