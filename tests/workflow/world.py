"""A named cast: one union with its departments, posts and people, a rule book and a fund."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange

from budgets.models import Fund
from budgets.services import open_fund
from budgets.states import FundStatus
from org import services as organisation
from org.models import Body, Department, Duty, Post, PostKind, Tenure, Union, User
from org.selectors import holder_of
from rulebook import loader
from rulebook.models import RuleBook
from workflow.models import ClassPlan, PlanCost, WorkTask
from workflow.services import drafts

BOOKS = Path(__file__).parents[2] / "rulebook" / "books"
SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = 2027


def at(month: int, day: int, hour: int = 9, minute: int = 0, year: int = YEAR) -> datetime:
    """A moment of the plan year, office time."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


SINCE = DateRange(date(2020, 1, 1), None)

#: Department codes whose head and staff exist in the test union; the first holds training_authority.
DEPARTMENTS = {
    "jiceng": "基层工作部",
    "xuanchuan": "宣传网络部",
    "quanyi": "权益保障部",
    "caiwu": "财务资产部",
    "bangongshi": "办公室",
}


@dataclass
class World:
    """``people`` by post code: ``xuanchuan-head``, ``xuanchuan-staff``, ``leader``, ``secretary`` …"""

    union: Union
    departments: dict[str, Department] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    body: Body | None = None
    book: RuleBook | None = None
    fund: Fund | None = None
    admin: User | None = None
    #: What a draft says unless told otherwise: nothing that a rule of the book stops.
    sound: dict[str, Any] = field(default_factory=dict)
    minutes: int = 0

    def now(self) -> datetime:
        """The office's clock: eleven minutes later each time it is asked, from 11 January on."""
        self.minutes += 11
        return at(1, 11) + timedelta(minutes=self.minutes)

    def draft(self, department: str = "xuanchuan", when: datetime | None = None, **fields: Any) -> ClassPlan:
        """A draft that no rule stops: 工会信息员培训班, 60 people, 2 days, 走读."""
        costs = fields.pop("costs", {"meals": "8000.00", "venue": "2000.00"})
        return drafts.create_draft(
            department=self.departments[department],
            year=fields.pop("year", YEAR),
            actor=fields.pop("author", None) or self.people[f"{department}-staff"],
            fields=self.sound | fields,
            costs={item: (Decimal(amount), "") for item, amount in costs.items()},
            at=when or at(1, 10),
        )

    def task(self, plan: ClassPlan) -> WorkTask:
        """The plan's one open task."""
        return WorkTask.objects.get(plan=plan, is_open=True)

    def holder(self, plan: ClassPlan, when: datetime | None = None) -> User | None:
        """Who holds the post of the plan's open task, today or at ``when``."""
        return holder_of(self.task(plan).post, (when or at(1, 12)).date())

    def appoint(self, post: str, user: User, since: date) -> Tenure:
        """``user`` takes the post over (S4)."""
        return organisation.appoint(
            post=self.posts[post], user=user, since=since, actor=self.admin, at=at(1, 10)
        )

    def costs(self, plan: ClassPlan) -> dict[str, Decimal]:
        return {cost.item: cost.amount for cost in PlanCost.objects.filter(plan=plan)}


SOUND: dict[str, Any] = {
    "name": "工会信息员培训班",
    "category": "professional",
    "subject": "YW-03",
    "purpose": "提高基层信息报送质量",
    "audience_units": [],
    "modules": {},
    "sessions": 1,
    "time_slots": ["06U"],
    "half_days": 4,
    "hours": Decimal(16),
    "place": "区委党校",
    "place_tentative": True,
    "trainees": 60,
    "staff": 3,
    "survey_reference": "2026年信息员需求汇总",
    "owner_name": "林晓峰",
    "owner_phone": "13800001206",
}

NAMES = {
    "principal": "赵启明",
    "leader": "钱文博",
    "secretary": "何静",
    "jiceng-head": "周敏",
    "jiceng-staff": "吴桐",
    "xuanchuan-head": "孙莉",
    "xuanchuan-staff": "林晓峰",
    "quanyi-head": "郑海",
    "quanyi-staff": "冯雪",
    "caiwu-head": "李想",
    "caiwu-staff": "陈晨",
    "bangongshi-head": "卫东来",
    "bangongshi-staff": "蒋薇",
}


#: Codes and names of a union's departments; heads and staff come with them.
Names = dict[str, str]


def build(
    code: str = "binhai",
    book: str | Path = "binhai-2018.toml",
    granted: str = "1000000.00",
    *,
    name: str = "滨海新区总工会",
    departments: Names | None = None,
    authority: str = "jiceng",
    meeting: str = "主席办公会",
    parent: Union | None = None,
    when: datetime | None = None,
) -> World:
    """Everything a plan needs to go from a draft to its money.

    ``authority``: the department that holds training_authority; ``caiwu`` holds finance and
    ``bangongshi`` keeps the meeting.
    """
    world = found(code, name, departments or DEPARTMENTS, parent=parent)
    union = world.union
    world.body = Body.objects.create(
        union=union, code="zhuxi", name=meeting, secretary=world.posts["secretary"]
    )
    Duty.objects.create(
        union=union, code="training_authority", department=world.departments[authority], period=SINCE
    )
    Duty.objects.create(union=union, code="finance", department=world.departments["caiwu"], period=SINCE)
    Duty.objects.create(union=union, code="decision_body", body=world.body, period=SINCE)
    world.book, _ = loader.load(BOOKS / book, at=when or at(1, 1))
    content = world.book.book
    source = content.sources[0].code
    world.sound = SOUND | {"source": source, "audience_units": [content.audience_units[0].code]}
    world.fund = open_fund(
        union=union,
        year=YEAR,
        source=source,
        title="工会干部教育培训专项",
        amount=Decimal(granted),
        status=FundStatus.APPROVED,
        basis="2027年预算批复",
        actor=world.people["caiwu-head"],
        at=at(1, 4),
    )
    return world


def found(code: str, name: str, departments: Names, *, parent: Union | None = None) -> World:
    """A union with its departments, posts and people: no duties, no book and no money yet."""
    union = Union.objects.found(
        parent=parent, code=code, name=name, short_name=name[:2], level="district", ordinal=1
    )
    world = World(union)
    for ordinal, (dept, title) in enumerate(departments.items(), 1):
        department = Department.objects.create(union=union, code=dept, name=title, ordinal=ordinal)
        world.departments[dept] = department
        post(world, f"{dept}-head", "部长" if dept != "bangongshi" else "主任", PostKind.HEAD, department)
        post(world, f"{dept}-staff", "干事", PostKind.STAFF, department)
    post(world, "principal", "主席", PostKind.LEADER, None)
    post(world, "leader", "副主席", PostKind.LEADER, None)
    if "bangongshi" in departments:
        post(world, "secretary", "会议秘书", PostKind.SECRETARY, world.departments["bangongshi"])
    world.admin = User.objects.create_user(f"{code}-admin", name="管理员", is_superuser=True, is_staff=True)
    return world


def post(
    world: World, code: str, title: str, kind: str, department: Department | None, user: User | None = None
) -> None:
    """A post with its holder, a new person unless one is named."""
    seat = Post.objects.create(
        union=world.union,
        department=department,
        code=code,
        title=title,
        kind=kind,
        ordinal=len(world.posts) + 1,
    )
    user = user or User.objects.create_user(
        f"{world.union.code}-{code}", password="guikou-test", name=NAMES.get(code, code)
    )
    Tenure.objects.create(post=seat, user=user, period=SINCE)
    world.posts[code], world.people[code] = seat, user
