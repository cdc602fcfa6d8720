"""Our own tables at size, by the product's own SQL triggers.

Two plans are taken through the services, one to its first desk and one to its money. Every other row is
cloned from theirs in SQL, set by set, so a new column needs no change here. Nothing is switched off: the
transition table, the freeze, the ledger and the history of each plan see every row. What is left out are
only steps between: a settled plan's approvals are one task and one decision, its money one budget line.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from bench import load_sql
from budgets.services import open_fund
from budgets.states import FundStatus
from org.models import Body, Department, Duty, Post, PostKind, Tenure, Union, User
from rulebook import loader
from rulebook.models import RuleBook
from workflow.models import AgendaItem, ClassPlan, WorkTask
from workflow.services import decisions, drafts, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

if TYPE_CHECKING:
    from collections.abc import Sequence

BOOK: Final = Path(__file__).resolve().parent.parent / "rulebook" / "books" / "binhai-2018.toml"
SINCE: Final = DateRange(date(2020, 1, 1), None)
#: Plans of a union and year, years of a union: five, the last one under review.
A_YEAR: Final = 200
YEARS: Final = (2023, 2024, 2025, 2026, 2027)
YEAR: Final = YEARS[-1]
DEPARTMENTS: Final = ("jiceng", "caiwu", "bangongshi", "xuanchuan", "tongchou", "quanyi", "nvgong", "falv")
#: Pending plans of a union's last year, by the step they wait at; the rest of the 200 wait for departments.
AT_STEP: Final = {"review": 110, "finance": 40, "decide": 30}

CONTENT: Final[dict[str, Any]] = {
    "name": "工会信息员培训班",
    "category": "professional",
    "subject": "YW-03",
    "purpose": "提高基层信息报送质量",
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
COSTS: Final = {
    "meals": (Decimal("8000.00"), ""),
    "venue": (Decimal("2000.00"), ""),
    "lecture": (Decimal(0), ""),
}


def at(month: int, day: int, hour: int = 9, year: int = YEAR) -> datetime:
    """A moment of the plan year, office time."""
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


def unions_for(plans: int) -> int:
    """How many unions hold ``plans`` plans; a multiple of 1,000 plans."""
    return max(plans // (A_YEAR * len(YEARS)), 1)


class World:
    """The unions and their people; what the measurements ask for by code."""

    def __init__(self, unions: int) -> None:
        self.unions = unions
        self.loaded = 0

    def prepare(self) -> None:
        """Tables, unions, departments, posts, people, duties, books and funds; then the two samples."""
        call_command("migrate", verbosity=0)
        self._organise()
        self._books()
        self._funds()
        self._samples()
        self._places()

    def person(self, union: int, code: str) -> User:
        """Who holds a post of the union: ``jiceng-head`` (归口管理), ``caiwu-head``, ``secretary`` …"""
        return User.objects.get(username=f"u{union}-{code}")

    def post(self, union: int, code: str) -> Post:
        return Post.objects.get(union__code=f"u{union}", code=code)

    def _found(self) -> list[Union]:
        """The unions that hold classes, coded ``u0`` …"""
        return [
            Union.objects.found(
                code=f"u{n}", name=f"第{n}区总工会", short_name=f"{n}区", level="district", ordinal=n + 1
            )
            for n in range(self.unions)
        ]

    def _organise(self) -> None:
        unions = self._found()
        departments = Department.objects.bulk_create(
            Department(union=union, code=code, name=f"{code}部", ordinal=n)
            for union in unions
            for n, code in enumerate(DEPARTMENTS)
        )
        posts = []
        for department in departments:
            posts += [
                Post(
                    union=department.union,
                    department=department,
                    code=f"{department.code}-{kind}",
                    title=title,
                    kind=kind,
                    ordinal=department.ordinal * 10 + n,
                )
                for n, (kind, title) in enumerate(((PostKind.HEAD, "部长"), (PostKind.STAFF, "干事")))
            ]
            if department.code == "bangongshi":
                secretary = Post(union=department.union, department=department, code="secretary")
                secretary.title, secretary.kind, secretary.ordinal = "会议秘书", PostKind.SECRETARY, 29
                posts.append(secretary)
        for union in unions:
            posts.append(Post(union=union, code="leader", title="副主席", kind=PostKind.LEADER, ordinal=100))
        posts = Post.objects.bulk_create(posts)
        people = User.objects.bulk_create(
            User(
                username=f"{post.union.code}-{post.code}", name=f"{post.union.code}{post.code}", password="!"
            )
            for post in posts
        )
        Tenure.objects.bulk_create(
            Tenure(post=post, user=user, period=SINCE) for post, user in zip(posts, people, strict=True)
        )
        by_code = {(d.union_id, d.code): d for d in departments}
        keeper = {post.union_id: post for post in posts if post.code == "secretary"}
        bodies = Body.objects.bulk_create(
            Body(union=union, code="zhuxi", name="主席办公会", secretary=keeper[union.pk]) for union in unions
        )
        duties = []
        for union, body in zip(unions, bodies, strict=True):
            for code, department in (("training_authority", "jiceng"), ("finance", "caiwu")):
                duties.append(
                    Duty(union=union, code=code, department=by_code[union.pk, department], period=SINCE)
                )
            duties.append(Duty(union=union, code="decision_body", body=body, period=SINCE))
        Duty.objects.bulk_create(duties)

    def _books(self) -> None:
        book = loader.read(BOOK)
        content = book.model_dump(mode="json")
        for union in Union.objects.filter(departments__isnull=False).distinct().order_by("pk"):
            RuleBook.objects.create(
                union=union,
                code=book.code,
                edition=1,
                title=book.title,
                number=book.number,
                valid=DateRange(book.valid_from, None),
                content=content,
                digest="bench",
                source_text="",
                loaded_at=at(1, 1, year=2020),
            )
        first = book.sources[0].code
        CONTENT.update(source=first, audience_units=[book.audience_units[0].code])

    def _funds(self, years: Sequence[int] = YEARS) -> None:
        for n in range(self.unions):
            union, actor = Union.objects.get(code=f"u{n}"), self.person(n, "caiwu-head")
            for year in years:
                open_fund(
                    union=union,
                    year=year,
                    source=CONTENT["source"],
                    title="工会干部教育培训专项",
                    amount=Decimal("100000000.00"),
                    status=FundStatus.APPROVED,
                    basis="年度预算批复",
                    actor=actor,
                    at=at(1, 1, year=year),
                )

    def draft(self, union: int, department: str = "xuanchuan", **content: Any) -> ClassPlan:
        """A sound draft through the service."""
        return drafts.create_draft(
            department=Department.objects.select_related("union").get(
                union__code=f"u{union}", code=department
            ),
            year=YEAR,
            fields=CONTENT | content,
            costs={item: cost for item, cost in COSTS.items() if cost[0]},
            actor=self.person(union, f"{department}-staff"),
            at=at(1, 10),
        )

    def agree(self, plan_id: int, actor: User, moment: datetime) -> None:
        """One 同意 on the plan's open task."""
        task = WorkTask.objects.get(plan=plan_id, is_open=True)
        decisions.decide(
            plan_id=plan_id, task_id=task.pk, action=DecisionAction.AGREE, actor=actor, at=moment
        )

    def agenda(self, union: int, number: str, plan_ids: list[int]) -> list[int]:
        """A meeting with these plans; the ids of its items."""
        meeting = meetings.call_meeting(
            union=Union.objects.get(code=f"u{union}"),
            year=YEAR,
            number=number,
            held_on=at(1, 20).date(),
            actor=self.person(union, "secretary"),
            at=at(1, 19),
            plan_ids=plan_ids,
        )
        return list(
            AgendaItem.objects.filter(meeting=meeting).order_by("ordinal").values_list("pk", flat=True)
        )

    def _samples(self) -> None:
        waiting, settled = self.draft(0), self.draft(0)
        for plan in (waiting, settled):
            submission.submit(plan_id=plan.pk, actor=self.person(0, "xuanchuan-staff"), at=at(1, 11))
        for day, code in enumerate(("xuanchuan-head", "jiceng-head", "caiwu-head"), 12):
            self.agree(settled.pk, self.person(0, code), at(1, day))
        (item,) = self.agenda(0, "样本", [settled.pk])
        meetings.settle(
            item_id=item, outcome=MeetingOutcome.PASSED, actor=self.person(0, "secretary"), at=at(1, 20, 16)
        )
        self.waiting, self.settled = waiting.pk, settled.pk

    def _places(self) -> None:
        """Who holds what, by number of union and department: what the cloning joins."""
        with connection.cursor() as cursor:
            cursor.execute(load_sql.PLACES)

    def load(self, upto: int) -> None:
        """Plans number ``loaded`` … ``upto``; whole unions, so the first one is the same at every size."""
        if self.loaded == 0:
            with connection.cursor() as cursor:
                cursor.execute(load_sql.SAMPLES, {"waiting": self.waiting, "settled": self.settled})
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute(load_sql.NO_EXCEPTIONS, [str(uuid4())])
            for statement in load_sql.CLONE:
                cursor.execute(
                    statement,
                    {
                        "first": self.loaded,
                        "last": upto - 1,
                        "a_union": A_YEAR * len(YEARS),
                        "a_year": A_YEAR,
                        "year": YEARS[0],
                        "open_year": YEAR,
                        "departments": len(DEPARTMENTS),
                        "review": AT_STEP["review"],
                        "finance": AT_STEP["review"] + AT_STEP["finance"],
                        "decide": sum(AT_STEP.values()),
                        "now": datetime.now(tz=ZoneInfo("Asia/Shanghai")) - timedelta(days=5),
                    },
                )
        self.loaded = upto
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
