"""Who belongs where: people, unions, departments, posts, and who holds them from when."""

from __future__ import annotations

from org.models.people import User, UserManager
from org.models.structure import Body, Department, Post, Union
from org.models.terms import Duty, Tenure
from org.states import DutyCode, PostKind, UnionLevel

__all__ = (
    "Body",
    "Department",
    "Duty",
    "DutyCode",
    "Post",
    "PostKind",
    "Tenure",
    "Union",
    "UnionLevel",
    "User",
    "UserManager",
)
