"""A class that never was, with its notice: nothing of it in the database."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from org.models import Union
from rulebook import loader
from rulebook.schema import Book
from tests.workflow.world import BOOKS, SHANGHAI
from workflow.models import CallUp, ClassPlan, ClassRun, Lesson, Quota
from workflow.models.run import stretch
from workflow.prints.notice_text import NoticeText, notice_text


@cache
def book() -> Book:
    return loader.read(BOOKS / "binhai-2018.toml")


def plan(**fields: Any) -> ClassPlan:
    return ClassPlan(
        **{
            "name": "工会信息员培训班",
            "year": 2027,
            "plan_number": "2027-018",
            "purpose": "提高基层信息报送质量",
            "audience_units": ["zone", "town"],
            "audience_posts": ["informant"],
            "audience_note": "从事信息工作满半年",
            "modules": {"ability": "16"},
            **fields,
        }
    )


def run(plan_fields: dict[str, Any] | None = None, **fields: Any) -> ClassRun:
    """Two days and a morning a week later, for fifty people."""
    return ClassRun(
        **{
            "plan": plan(**plan_fields or {}),
            "session_no": 1,
            "stretches": [
                stretch(date(2027, 6, 21), 0, date(2027, 6, 22), 1),
                stretch(date(2027, 6, 28), 0, date(2027, 6, 28), 0),
            ],
            "venue": "区委党校",
            "address": "学府路 12 号",
            "trainees": 50,
            "hours": Decimal("20.0"),
            "check_in": "6月21日 8:00，一楼大厅",
            **fields,
        }
    )


def call_up(of: ClassRun, **fields: Any) -> CallUp:
    return CallUp(
        **{
            "run": of,
            "document_number": "滨工发〔2027〕12号",
            "issued_on": date(2027, 5, 31),
            "deadline": datetime(2027, 6, 11, 17, 0, tzinfo=SHANGHAI),
            "contact_name": "吴桐",
            "contact_phone": "022-65300000",
            "contact_email": "jcgzb@example.org",
            "addressees": "各街镇总工会",
            "reserve_seats": 2,
            "requirements": "请自带笔记本",
            **fields,
        }
    )


def quotas(of: ClassRun) -> list[Quota]:
    return [
        Quota(run=of, unit=Union(name="甲街道总工会"), seats=30, reserve=3, note="女职工 5 人"),
        Quota(run=of, unit=Union(name="乙街道总工会"), seats=18),
    ]


def notice(of: ClassRun | None = None, lessons: list[Lesson] | None = None, **fields: Any) -> NoticeText:
    of = of or run()
    return notice_text(
        run=of, call_up=call_up(of, **fields), quotas=quotas(of), lessons=lessons or [], book=book()
    )
