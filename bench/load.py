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
            cursor.execute(_PLACES)

    def load(self, upto: int) -> None:
        """Plans number ``loaded`` … ``upto``; whole unions, so the first one is the same at every size."""
        if self.loaded == 0:
            with connection.cursor() as cursor:
                cursor.execute(_SAMPLES, {"waiting": self.waiting, "settled": self.settled})
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute(_NO_EXCEPTIONS, [str(uuid4())])
            for statement in _CLONE:
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


# The triggers' functions ask for settings that are usually not there and catch the exception. With a
# hundred thousand rows in one transaction each such rollback walks through all postponed checks and the
# load does not end. '{}' switches no trigger off, and the history keeps a context for what was loaded.
_NO_EXCEPTIONS: Final = """
SELECT set_config('pgtrigger.ignore', '{}', true), set_config('pghistory.context_id', %s, true),
       set_config('pghistory.context_metadata', '{"load": "bench"}', true)
"""

_PLACES: Final = """
CREATE TABLE bench_place AS
SELECT (replace(u.code, 'u', ''))::int AS n, d.ordinal AS d, u.id AS union_id, d.id AS department_id,
       head.id AS head, (SELECT user_id FROM org_tenure WHERE post_id = head.id) AS head_user,
       (SELECT user_id FROM org_tenure t JOIN org_post s ON s.id = t.post_id
         WHERE s.department_id = d.id AND s.kind = 'staff') AS author,
       review.id AS review, finance.id AS finance, keeper.id AS keeper,
       (SELECT user_id FROM org_tenure WHERE post_id = review.id) AS review_user,
       (SELECT user_id FROM org_tenure WHERE post_id = keeper.id) AS keeper_user, b.id AS book_id
FROM org_union u
JOIN org_department d ON d.union_id = u.id
JOIN org_post head ON head.department_id = d.id AND head.kind = 'head'
JOIN org_post review ON review.union_id = u.id AND review.code = 'jiceng-head'
JOIN org_post finance ON finance.union_id = u.id AND finance.code = 'caiwu-head'
JOIN org_post keeper ON keeper.union_id = u.id AND keeper.code = 'secretary'
JOIN rulebook_rulebook b ON b.union_id = u.id
"""

_SAMPLES: Final = """
CREATE TABLE bench_plan AS SELECT * FROM workflow_classplan WHERE id = %(waiting)s;
CREATE TABLE bench_cost AS SELECT * FROM workflow_plancost WHERE plan_id = %(waiting)s;
CREATE TABLE bench_version AS SELECT * FROM workflow_planversion WHERE plan_id = %(waiting)s;
CREATE TABLE bench_process AS SELECT p.*, w.plan_id FROM viewflow_process p
    JOIN workflow_workprocess w ON w.process_ptr_id = p.id WHERE w.plan_id = %(waiting)s;
CREATE TABLE bench_start AS SELECT t.* FROM viewflow_task t
    JOIN workflow_workprocess w ON w.process_ptr_id = t.process_id
    WHERE w.plan_id = %(waiting)s AND t.flow_task LIKE '%%.start';
CREATE TABLE bench_task AS SELECT t.* FROM viewflow_task t
    JOIN workflow_worktask w ON w.task_ptr_id = t.id WHERE w.plan_id = %(waiting)s AND w.is_open;
CREATE TABLE bench_work AS SELECT w.* FROM workflow_worktask w WHERE w.plan_id = %(waiting)s AND w.is_open;
CREATE TABLE bench_done AS SELECT t.* FROM viewflow_task t
    JOIN workflow_worktask w ON w.task_ptr_id = t.id WHERE w.plan_id = %(settled)s AND w.step = 'decide';
CREATE TABLE bench_start_work AS SELECT w.* FROM workflow_worktask w
    JOIN bench_start s ON s.id = w.task_ptr_id;
CREATE TABLE bench_submit AS SELECT * FROM workflow_decision
    WHERE plan_id = %(waiting)s AND action = 'submit';
CREATE TABLE bench_approve AS SELECT * FROM workflow_decision
    WHERE plan_id = %(settled)s AND action = 'approve';
"""


def _clone(target: str, sample: str, changes: dict[str, str], where: str = "true", more: str = "") -> str:
    """INSERT one copy of ``sample``'s row for each row of ``bench_seed``, with some columns changed."""
    changed = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    return (
        f"INSERT INTO {target} SELECT r.* FROM bench_seed s CROSS JOIN {sample} k {more} "
        f"CROSS JOIN LATERAL jsonb_populate_record(k::{sample}, jsonb_build_object({changed})) c "
        f"CROSS JOIN LATERAL jsonb_populate_record(NULL::{target}, to_jsonb(c)) r WHERE {where}"
    )


_ID: Final = "s.id"
_CLONE: Final = (
    "DROP TABLE IF EXISTS bench_seed",
    # id: plan, version and process alike; tasks are 2·id and 2·id+1. Samples keep ids below 1,000.
    """
    CREATE TEMP TABLE bench_seed AS
    SELECT 1000 + g AS id, p.*, y.year, y.year = %(open_year)s AS open, y.serial, i.subject,
           CASE WHEN y.year < %(open_year)s THEN 'decide' WHEN y.serial <= %(review)s THEN 'review'
                WHEN y.serial <= %(finance)s THEN 'finance' WHEN y.serial <= %(decide)s THEN 'decide'
                ELSE 'sign' END AS step,
           %(now)s::timestamptz - g * interval '20 seconds' AS arrived
    FROM generate_series(%(first)s::int, %(last)s::int) g
    CROSS JOIN LATERAL (SELECT g %% %(a_union)s AS inner_number) u
    CROSS JOIN LATERAL (SELECT %(year)s + inner_number / %(a_year)s AS year,
                               10 + inner_number %% %(a_year)s AS serial) y
    CROSS JOIN LATERAL (SELECT 'YW-' || lpad((1 + y.serial %% 11)::text, 2, '0') AS subject) i
    JOIN bench_place p ON p.n = g / %(a_union)s AND p.d = (g / 3) %% %(departments)s
    """,
    "ANALYZE bench_seed",
    _clone(
        "workflow_classplan",
        "bench_plan",
        {
            "id": _ID,
            "union_id": "s.union_id",
            "department_id": "s.department_id",
            "year": "s.year",
            "state": "'draft'",
            "serial": "NULL",
            "version_id": "NULL",
            "subject": "s.subject",
            "name": "'培训班 ' || s.id",
            "created_by_id": "s.author",
            "created_at": "s.arrived",
            "updated_at": "s.arrived",
        },
    ),
    _clone(
        "workflow_plancost",
        "bench_cost",
        {"id": "nextval(pg_get_serial_sequence('workflow_plancost', 'id'))", "plan_id": _ID},
    ),
    _clone(
        "workflow_planversion",
        "bench_version",
        {
            "id": _ID,
            "plan_id": _ID,
            "book_id": "s.book_id",
            "submitted_by_id": "s.author",
            "submitted_at": "s.arrived",
        },
    ),
    # Without new statistics the planner takes the table for empty and joins row by row.
    "ANALYZE workflow_classplan",
    """UPDATE workflow_classplan p SET state = 'reviewing', serial = s.serial, version_id = s.id, revision = 1
       FROM bench_seed s WHERE p.id = s.id""",
    """UPDATE workflow_classplan p SET state = 'awaiting_meeting' FROM bench_seed s
       WHERE p.id = s.id AND s.step = 'decide'""",
    _clone(
        "viewflow_process",
        "bench_process",
        {
            "id": _ID,
            "status": "CASE WHEN s.open THEN 'NEW' ELSE 'DONE' END",
            "created": "s.arrived",
            "finished": "CASE WHEN s.open THEN NULL ELSE s.arrived END",
        },
    ),
    "INSERT INTO workflow_workprocess (process_ptr_id, plan_id, is_open) SELECT id, id, open FROM bench_seed",
    _clone("viewflow_task", "bench_start", {"id": "2 * s.id", "process_id": _ID, "created": "s.arrived"}),
    _clone("workflow_worktask", "bench_start_work", {"task_ptr_id": "2 * s.id"}),
    _clone(
        "viewflow_task",
        "bench_task",
        {
            "id": "2 * s.id + 1",
            "process_id": _ID,
            "created": "s.arrived",
            "flow_task": "replace(k.flow_task, '.review', CASE s.step WHEN 'decide' THEN '.decide'"
            " ELSE '.review' END)",
        },
        "s.open",
    ),
    _clone(
        "viewflow_task",
        "bench_done",
        {
            "id": "2 * s.id + 1",
            "process_id": _ID,
            "created": "s.arrived",
            "finished": "s.arrived",
            "owner_id": "s.keeper_user",
        },
        "NOT s.open",
    ),
    _clone(
        "workflow_worktask",
        "bench_work",
        {
            "task_ptr_id": "2 * s.id + 1",
            "plan_id": _ID,
            "kind": "CASE s.step WHEN 'decide' THEN 'decide' ELSE 'review' END",
            "step": "s.step",
            "step_title": "s.step",
            "post_id": "CASE s.step WHEN 'review' THEN s.review WHEN 'finance' THEN s.finance"
            " WHEN 'decide' THEN s.keeper ELSE s.head END",
            "is_open": "s.open",
            "arrived_at": "s.arrived",
            "due_at": "s.arrived + interval '7 days'",
        },
    ),
    """INSERT INTO viewflow_task_previous (from_task_id, to_task_id)
       SELECT 2 * id + 1, 2 * id FROM bench_seed""",
    _clone(
        "workflow_decision",
        "bench_submit",
        {
            "id": "nextval(pg_get_serial_sequence('workflow_decision', 'id'))",
            "plan_id": _ID,
            "version_id": _ID,
            "actor_id": "s.author",
            "at": "s.arrived",
        },
    ),
    # The money of what was approved: project, line, three accounts, an entry; balances move by trigger.
    """INSERT INTO budgets_project (id, union_id, fund_id, number, name, department_id)
       SELECT s.id, s.union_id, f.id, 'P' || s.year || '-' || lpad(s.serial::text, 4, '0'),
              '培训班 ' || s.id, s.department_id
       FROM bench_seed s JOIN budgets_fund f ON f.union_id = s.union_id AND f.year = s.year
       WHERE NOT s.open""",
    "ANALYZE budgets_project",
    """INSERT INTO budgets_budgetline (id, project_id, item, title, ordinal)
       SELECT id, id, 'meals', '伙食费', 1 FROM bench_seed WHERE NOT open""",
    """INSERT INTO budgets_account (id, kind, fund_id, line_id, balance)
       SELECT 100000 + 3 * s.id + k.o, k.kind, p.fund_id, s.id, 0 FROM bench_seed s
       JOIN budgets_project p ON p.id = s.id
       CROSS JOIN (VALUES (0, 'line'), (1, 'committed'), (2, 'paid')) AS k (o, kind) WHERE NOT s.open""",
    "ANALYZE budgets_budgetline, budgets_account",
    """INSERT INTO budgets_entry (kind, debit_id, credit_id, amount, batch, project_id, actor_id, post_id, at,
                                  reason, reference)
       SELECT 'appropriate', a.id, 100000 + 3 * s.id, 10000, gen_random_uuid(), s.id, s.keeper_user, s.keeper,
              s.arrived, '主席办公会审定', '样本'
       FROM bench_seed s JOIN budgets_project p ON p.id = s.id
       JOIN budgets_account a ON a.fund_id = p.fund_id AND a.kind = 'fund' WHERE NOT s.open""",
    """UPDATE workflow_classplan p SET state = 'approved', project_id = s.id,
              plan_number = 'P' || s.year || '-' || lpad(s.serial::text, 4, '0')
       FROM bench_seed s WHERE p.id = s.id AND NOT s.open""",
    _clone(
        "workflow_decision",
        "bench_approve",
        {
            "id": "nextval(pg_get_serial_sequence('workflow_decision', 'id'))",
            "plan_id": _ID,
            "version_id": _ID,
            "task_id": "2 * s.id + 1",
            # Every fourth by the training authority's head: the reviewer whose lists are measured has a past.
            "actor_id": "CASE WHEN s.serial % 4 = 0 THEN s.review_user ELSE s.keeper_user END".replace(
                "%", "%%"
            ),
            "at": "s.arrived",
            "meeting_id": "NULL",
        },
        "NOT s.open",
    ),
    """INSERT INTO office_counter (key, value)
       SELECT kind || ':' || union_id || ':' || year, max(serial) FROM bench_seed
       CROSS JOIN (VALUES ('plan'), ('declaration')) AS k (kind) GROUP BY kind, union_id, year
       ON CONFLICT (key) DO UPDATE SET value = greatest(office_counter.value, excluded.value)""",
    *(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        for table in (
            "workflow_classplan",
            "workflow_planversion",
            "viewflow_process",
            "viewflow_task",
            "budgets_project",
            "budgets_budgetline",
            "budgets_account",
        )
    ),
)
