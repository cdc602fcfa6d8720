"""How a class of the demo is written down, and what it stands for in a department's workbook."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

LECTURERS: Final = {"副高": ("副高级技术职称", 500), "正高": ("正高级技术职称", 1100)}


class Stage(StrEnum):
    """How far the demo has taken a class."""

    DRAFT = "草稿"
    HEAD = "等部门审签"
    AUTHORITY = "等归口审核"
    FINANCE = "等财务会审"
    MEETING = "等上会"
    AGENDA = "已列入议题，等记录结果"
    APPROVED = "已审定"
    CUT = "修改后通过"
    DEFERRED = "缓议"
    RETURNED = "归口退回修改"
    ADVISED = "归口建议不列入，等上会"


@dataclass(frozen=True)
class Topic:
    """A class as its department fills it in. ``rates``: yuan per person and day for lodging, meals, venue,
    other; ``modules``: hours in the book's order; ``lecture``: (title, hours paid in each 期);
    ``travel``: yuan of lecturers' travel in each 期. ``begins``, of a class being held: on the how manieth
    working day from the day of loading each 期 begins."""

    name: str
    category: str
    subject: str
    units: str
    posts: str
    trainees: int
    staff: int
    days: str
    modules: tuple[int, ...]
    rates: tuple[int, int, int, int]
    lecture: tuple[str, int] = ("", 0)
    travel: int = 0
    when: str = ""
    begins: tuple[int, ...] = ()
    sessions: int = 1
    levels: str = ""
    purpose: str = ""
    place: str = ""
    implementer: str = ""
    survey: str = ""
    explanation: str = ""
    stage: Stage = Stage.DRAFT

    @property
    def residential(self) -> bool:
        return self.rates[0] > 0


@cache
def topics(name: str) -> Mapping[str, tuple[Topic, ...]]:
    """The classes of a file of the demo by department code, each in the order written."""
    with (Path(__file__).parent / f"{name}.toml").open("rb") as file:
        found = tomllib.load(file)
    return {department: tuple(_topic(row) for row in rows) for department, rows in found.items()}


def _topic(row: Mapping[str, Any]) -> Topic:
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    plain["stage"] = Stage(row.get("stage", Stage.DRAFT))
    return Topic(**plain)


#: Items of the rate card in the order of ``Topic.rates``.
ITEMS: Final = ("lodging", "meals", "venue", "other")


def costs(topic: Topic) -> dict[str, Decimal]:
    """Yuan of each cost line, all 期 together."""
    days = (topic.trainees + topic.staff) * Decimal(topic.days) * topic.sessions
    found = {item: rate * days for item, rate in zip(ITEMS, topic.rates, strict=True) if rate}
    title, hours = topic.lecture
    if hours:
        found["lecture"] = Decimal(LECTURERS[title][1] * hours * topic.sessions)
    if topic.travel:
        found["lecturer_travel"] = Decimal(topic.travel * topic.sessions)
    return found


def cells(topic: Topic, *, modules: tuple[str, ...], source: str, owner: str, phone: str) -> dict[str, Any]:
    """The topic as the cells of its row, by column key."""
    title, hours = topic.lecture
    row: dict[str, Any] = {
        "name": topic.name,
        "category": topic.category,
        "subject": topic.subject,
        "purpose": topic.purpose or f"提高{topic.posts or '工会干部'}履职能力",
        "audience_units": topic.units,
        "audience_levels": topic.levels,
        "audience_posts": topic.posts,
        "sessions": topic.sessions,
        "time_slots": topic.when,
        "half_days": Decimal(topic.days),
        "hours": sum(topic.modules),
        "mode": "脱产",
        "residential": "住宿" if topic.residential else "走读",
        "place": topic.place,
        "implementer": topic.implementer,
        "trainees": topic.trainees,
        "staff": topic.staff,
        "survey_reference": topic.survey,
        "owner_name": owner,
        "owner_phone": phone,
        "source": source,
        "lecturer_title": LECTURERS[title][0] if title else "",
        "lecture_hours": hours or None,
        "explanation": topic.explanation,
    }
    row |= {f"module:{code}": n for code, n in zip(modules, topic.modules, strict=True) if n}
    row |= {f"cost:{item}": amount for item, amount in costs(topic).items()}
    return row
