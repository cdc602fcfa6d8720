"""The people and places of these tests. Everybody is made up.

滨海: 财务 holds the finance duty, 基层 the training authority, 办公室 keeps the meeting, 宣传 and 权益 are
departments with classes. 绵阳 is the other union, whose finance must see and do nothing in 滨海.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange

from budgets.models import Entry, Fund, Project
from budgets.services import LineAmount, appropriate, open_fund, rebudget
from budgets.states import FundStatus
from org.models import Body, Department, Duty, DutyCode, Post, PostKind, Tenure, Union, UnionLevel, User

NOW = dt.datetime(2027, 1, 20, 10, 40, tzinfo=ZoneInfo("Asia/Shanghai"))
SINCE = dt.date(2026, 1, 1)
DEPARTMENTS = (
    ("caiwu", "财务资产部"),
    ("jiceng", "基层工作部"),
    ("bangongshi", "办公室"),
    ("xuanchuan", "宣传网络部"),
    ("quanyi", "权益保障部"),
)
#: A series of its own: however many came before in this process, none is a number a test writes out.
_numbers = itertools.count(1)


@dataclass
class Cast:
    union: Union
    departments: dict[str, Department] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    @property
    def finance(self) -> User:
        return self.people["caiwu"]

    @property
    def secretary(self) -> User:
        return self.people["bangongshi"]


def found(code: str, name: str) -> Cast:
    union = Union.objects.found(code=code, name=name, level=UnionLevel.DISTRICT)
    cast = Cast(union=union)
    for ordinal, (short, title) in enumerate(DEPARTMENTS):
        department = Department.objects.create(union=union, code=short, name=title, ordinal=ordinal)
        kind = PostKind.SECRETARY if short == "bangongshi" else PostKind.HEAD
        post = Post.objects.create(
            union=union, department=department, code=f"{short}-{kind}", title="部长", kind=kind
        )
        user = User.objects.create_user(f"{code}-{short}", name=f"{name[:2]}{title[:2]}甲")
        Tenure.objects.create(post=post, user=user, period=DateRange(SINCE, None))
        cast.departments[short], cast.posts[short], cast.people[short] = department, post, user
    body = Body.objects.create(
        union=union, code="huiyi", name="主席办公会", secretary=cast.posts["bangongshi"]
    )
    since = DateRange(SINCE, None)
    Duty.objects.create(
        union=union, code=DutyCode.FINANCE, department=cast.departments["caiwu"], period=since
    )
    Duty.objects.create(
        union=union, code=DutyCode.TRAINING_AUTHORITY, department=cast.departments["jiceng"], period=since
    )
    Duty.objects.create(union=union, code=DutyCode.DECISION_BODY, body=body, period=since)
    return cast


def fund_of(cast: Cast, amount: str, *, source: str = "union-funds", year: int = 2027) -> Fund:
    return open_fund(
        union=cast.union,
        year=year,
        source=source,
        title="工会干部教育培训经费",
        amount=Decimal(amount),
        status=FundStatus.APPROVED,
        basis="预算〔2027〕1号",
        actor=cast.finance,
        at=NOW,
    )


def lines_of(*amounts: str) -> list[LineAmount]:
    return [LineAmount(f"item-{i}", f"费用{i}", Decimal(amount)) for i, amount in enumerate(amounts, start=1)]


def give(
    cast: Cast, fund: Fund, *amounts: str, number: str | None = None, department: str = "xuanchuan"
) -> Project:
    return appropriate(
        fund=fund,
        number=number or f"P2027-C{next(_numbers):04d}",
        name="工会信息员培训班",
        department=cast.departments[department],
        lines=lines_of(*amounts),
        actor=cast.secretary,
        post=cast.posts["bangongshi"],
        at=NOW,
        reason="主席办公会审定通过",
        reference="会议纪要〔2027〕3号",
    )


def adjust(cast: Cast, project: Project, deltas: dict[str, Decimal]) -> list[Entry]:
    """``deltas`` by item of :func:`lines_of`."""
    return rebudget(
        project=project,
        deltas=deltas,
        titles={f"item-{i}": f"费用{i}" for i in range(1, 9)},
        actor=cast.people["jiceng"],
        post=cast.posts["jiceng"],
        at=NOW,
        reason="变更申请批准",
        reference="P2027-0001-1",
    )
