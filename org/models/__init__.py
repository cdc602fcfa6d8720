"""Who belongs where: people, unions, departments, posts, and who holds them from when."""

from __future__ import annotations

from org.models.cadres import (
    Cadre,
    HeaderMapping,
    IdentityAccess,
    LongTask,
    Membership,
    UnitAlias,
    mask_identity,
)
from org.models.people import User, UserManager
from org.models.structure import Body, Department, Post, Union
from org.models.terms import Duty, Tenure
from org.states import DutyCode, PostKind, UnionLevel

__all__ = (
    "Body",
    "Cadre",
    "Department",
    "Duty",
    "DutyCode",
    "HeaderMapping",
    "IdentityAccess",
    "LongTask",
    "Membership",
    "Post",
    "PostKind",
    "Tenure",
    "Union",
    "UnionLevel",
    "UnitAlias",
    "User",
    "UserManager",
    "mask_identity",
)
