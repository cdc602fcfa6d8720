"""Builds the demo through the services the pages call; a union that exists is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from budgets.services import open_fund
from budgets.states import FundStatus
from org.models import Body, Department, Post, PostKind, Union, User
from org.selectors import holder_of
from org.services import appoint, assign_duty, share
from rulebook import loader
from workflow.demo.clock import Clock
from workflow.demo.lists import Stage, Topic, cells, costs
from workflow.demo.people import OUTSIDER, PASSWORD, House, Office
from workflow.excel import preview as previews
from workflow.excel.template import Heading, filled
from workflow.models import AgendaItem, ClassPlan, PlanImport, WorkTask
from workflow.selectors.years import current_year
from workflow.services import decisions, imports, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

if TYPE_CHECKING:
    from rulebook.schema import Book

BOOKS: Final = Path(__file__).resolve().parents[2] / "rulebook" / "books"
SINCE: Final = date(2020, 1, 1)
ADMIN: Final = "admin"
FIRST_PHONE: Final = 13_800_001_200

FUND, DRAFT, SUBMIT, SIGN, REVIEW, FINANCE, CALL, SETTLE, MINUTES, NEXT = range(10)
#: What was done last before a plan came to lie where its stage says.
_LAST_ACT: Final = {Stage.HEAD: SUBMIT, Stage.AUTHORITY: SIGN, Stage.FINANCE: REVIEW}

_OPINIONS: Final = {
    SIGN: "同意报送。",
    REVIEW: "班次设置合理，同意，请按程序报审。",
    FINANCE: "经费测算符合标准，同意。",
}


@dataclass
class Built:
    """A union of the demo with its people by post code."""

    house: House
    union: Union
    book: Book
    year: int
    clock: Clock
    departments: dict[str, Department] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    plans: list[tuple[Topic, ClassPlan]] = field(default_factory=list)


def load(houses: tuple[House, ...], *, now: datetime) -> list[str]:
    """Loads what isn't there yet, each union in a transaction of its own; names of the unions made."""
    made = []
    for house in houses:
        with transaction.atomic():
            loaded = _Loaded(now)
            if Union.objects.filter(code=house.code).exists():
                continue
            built = loaded.organisation(house)
            _plan_year(built)
            made.append(house.name)
    return made


def found(house: House, *, now: datetime) -> Built:
    """The union with its people, duties and book, before anything was planned."""
    with transaction.atomic():
        return _Loaded(now).organisation(house)


class _Loaded:
    """Makes unions, posts and people; passwords are hashed once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._hash = make_password(PASSWORD)
        self._phone = FIRST_PHONE + 10 * User.objects.count()
        self.admin = self._admin()

    def _admin(self) -> User:
        found = User.objects.filter(username=ADMIN).first()
        return found or self.person(ADMIN, "系统管理员", is_staff=True, is_superuser=True)

    def person(self, username: str, name: str, **more: Any) -> User:
        self._phone += 1
        user = User(username=username, name=name, phone=str(self._phone), password=self._hash, **more)
        user.save()
        return user

    def _post(
        self, built: Built, code: str, title: str, kind: PostKind, department: Department | None, name: str
    ) -> Post:
        post = Post.objects.create(
            union=built.union,
            department=department,
            code=code,
            title=title,
            kind=kind,
            ordinal=len(built.people) + 1,
        )
        user = self.person(f"{built.house.code}-{code}", name)
        appoint(post=post, user=user, since=SINCE, actor=self.admin, at=self.now)
        built.people[code] = user
        return post

    def organisation(self, house: House) -> Built:
        union = Union.objects.found(
            parent=self._superior(house),
            code=house.code,
            name=house.name,
            short_name=house.short_name,
            level=house.level,
            ordinal=1,
        )
        book, year = loader.read(BOOKS / house.book), current_year(self.now)
        built = Built(house, union, book, year, Clock(book.window, year, self.now, steps=10))
        for ordinal, office in enumerate(house.offices, 1):
            department = Department.objects.create(
                union=union, code=office.code, name=office.name, ordinal=ordinal
            )
            built.departments[office.code] = department
            self._post(
                built, f"{office.code}-head", office.head_title, PostKind.HEAD, department, office.head
            )
            self._post(built, f"{office.code}-staff", "干事", PostKind.STAFF, department, office.clerk)
        for code, (title, name) in house.leaders.items():
            self._post(built, code, title, PostKind.LEADER, None, name)
        secretary = self._post(
            built,
            "secretary",
            "会议秘书",
            PostKind.SECRETARY,
            built.departments["bangongshi"],
            house.secretary,
        )
        code, name = house.body
        body = Body.objects.create(union=union, code=code, name=name, secretary=secretary)
        duty = partial(assign_duty, union=union, since=SINCE, actor=self.admin, at=self.now)
        duty(code="training_authority", department=built.departments[house.authority])
        duty(code="leading_group_office", department=built.departments[house.authority])
        duty(code="finance", department=built.departments[house.finance])
        duty(code="decision_body", body=body)
        loader.load(BOOKS / house.book, at=self.now)  # its steps name posts, which now exist
        auditor = built.people[house.auditor[0]]
        share(target=union, users=[auditor], groups=[], actor=self.admin, at=self.now)
        return built

    def _superior(self, house: House) -> Union:
        code, name, level = house.superior
        found: Union | None = Union.objects.filter(code=code).first()
        if found is not None:
            return found
        superior: Union = Union.objects.found(code=code, name=name, short_name=name, level=level, ordinal=1)
        post_code, department_name, title, person = OUTSIDER
        if not User.objects.filter(username="outsider").exists():
            department = Department.objects.create(
                union=superior, code="zuzhi", name=department_name, ordinal=1
            )
            post = Post.objects.create(
                union=superior,
                department=department,
                code=post_code,
                title=title,
                kind=PostKind.STAFF,
                ordinal=1,
            )
            user = self.person("outsider", person)
            appoint(post=post, user=user, since=SINCE, actor=self.admin, at=self.now)
        return superior


@contextmanager
def _acting(user: User) -> Iterator[User]:
    """History names who acted, as the pages' middleware does."""
    with pghistory.context(user=user.pk, demo=True):
        yield user


def rows(house: House, office: Office, book: Book, phone: str) -> list[dict[str, Any]]:
    """The cells of a department's workbook."""
    modules = tuple(module.code for module in book.modules)
    source = book.sources[0].title
    return [
        cells(topic, modules=modules, source=source, owner=office.clerk, phone=phone)
        | {"subject": f"{topic.subject} {book.subject(topic.subject).title}"}
        for topic in house.topics[office.code]
    ]


def workbook(house: House, office: Office, book: Book, year: int, phone: str = "13800001200") -> bytes:
    """A department's filled form, made by the code that makes the empty one."""
    return filled(book, Heading(house.name, office.name, year), rows(house, office, book, phone))


def _plan_year(built: Built) -> None:
    house, clock = built.house, built.clock
    with _acting(built.people[f"{house.finance}-head"]) as finance:
        open_fund(
            union=built.union,
            year=built.year,
            source=built.book.sources[0].code,
            title=built.book.sources[0].title,
            amount=Decimal(house.fund),
            status=FundStatus.APPROVED,
            basis=f"{built.year}年度工会经费预算（批复）",
            actor=finance,
            at=clock(FUND),
        )
    _hand_in(built)
    _review(built)
    _meet(built)


def _hand_in(built: Built) -> None:
    """Each department uploads its workbook; what isn't left a draft is submitted."""
    for index, office in enumerate(built.house.offices):
        with _acting(built.people[f"{office.code}-staff"]) as clerk:
            at = built.clock(DRAFT, index)
            content = workbook(built.house, office, built.book, built.year, clerk.phone)
            received = imports.receive(
                department=built.departments[office.code],
                year=built.year,
                upload=SimpleUploadedFile(f"{office.name}{built.year}年度培训计划申报表.xlsx", content),
                check=partial(previews.check, at=at),
                actor=clerk,
                at=at,
            )
            found = previews.preview(received, at=at, judged=False)
            imports.commit(
                import_id=received.pk,
                read=partial(_batch, at=at),
                digest=found.batch.digest,
                actor=clerk,
                at=at,
            )
        plans = {plan.name: plan for plan in ClassPlan.objects.filter(department=received.department)}
        built.plans += [(topic, plans[topic.name]) for topic in built.house.topics[office.code]]
    for index, (topic, plan) in enumerate(built.plans):
        if topic.stage != Stage.DRAFT:
            with _acting(plan.created_by) as clerk:
                submission.submit(plan_id=plan.pk, actor=clerk, at=_when(built, topic, SUBMIT, index))


def _when(built: Built, topic: Topic, step: int, index: int) -> datetime:
    """The moment of a step; every other plan came to the desk it waits at lately: not all are late."""
    lately = _LAST_ACT.get(topic.stage) == step and index % 2 == 1
    return built.clock(NEXT if lately else step, index)


def _batch(received: PlanImport, *, at: datetime) -> imports.Batch:
    return previews.preview(received, at=at, judged=False).batch


def _review(built: Built) -> None:
    """Every step as far as the plan's stage; whoever holds the task's post decides."""
    waiting = [(topic, plan) for topic, plan in built.plans if topic.stage != Stage.DRAFT]
    for step, stops in ((SIGN, Stage.HEAD), (REVIEW, Stage.AUTHORITY), (FINANCE, Stage.FINANCE)):
        waiting = [(topic, plan) for topic, plan in waiting if topic.stage != stops]
        for index, (topic, plan) in enumerate(waiting):
            action, opinion = DecisionAction.AGREE, _OPINIONS[step]
            if step == REVIEW and topic.stage == Stage.RETURNED:
                action, opinion = (
                    DecisionAction.RETURN,
                    "请说明参训人数的依据，并与同类班次错开时间后再报。",
                )
            elif step == REVIEW and topic.stage == Stage.ADVISED:
                action, opinion = (
                    DecisionAction.ADVISE_EXCLUSION,
                    "该职业资格已不再由国家统一鉴定，建议不列入，改报业务班。",
                )
            _decide(plan, action, opinion, _when(built, topic, step, index))
        if step == REVIEW:
            waiting = [(topic, plan) for topic, plan in waiting if topic.stage != Stage.RETURNED]


def _decide(plan: ClassPlan, action: DecisionAction, opinion: str, at: datetime) -> None:
    task = WorkTask.objects.select_related("post").get(plan=plan, request=None, is_open=True)
    holder = holder_of(task.post, timezone.localdate(at)) if task.post else None
    if holder is None:
        raise RuntimeError(f"nobody holds the post of {task}")
    with _acting(holder):
        decisions.decide(
            plan_id=plan.pk, task_id=task.pk, action=action, actor=holder, at=at, opinion=opinion
        )


def _meet(built: Built) -> None:
    """A meeting that was held, and one whose results wait for the secretary."""
    chair = built.house.leaders["principal"][1]
    with _acting(built.people["secretary"]) as secretary:
        held = timezone.localdate(built.clock(SETTLE))
        first = held.month * 2 - 1
        call = partial(
            meetings.call_meeting, union=built.union, year=built.year, actor=secretary, chair=chair
        )
        meeting = call(
            number=f"{held.year}年第{first}次",
            held_on=held,
            attendees="领导班子成员；"
            + "、".join(office.name for office in built.house.offices)
            + "负责人列席",
            at=built.clock(CALL),
            plan_ids=_keys(built, Stage.APPROVED, Stage.CUT, Stage.DEFERRED),
        )
        results: dict[Stage, Callable[[Topic], dict[str, Any]]] = {
            Stage.APPROVED: lambda topic: {"outcome": MeetingOutcome.PASSED},
            Stage.CUT: _cut,
            Stage.DEFERRED: lambda topic: {
                "outcome": MeetingOutcome.DEFERRED,
                "opinion": "待与相关单位商定参训名额后再议。",
            },
        }
        items = {item.plan_id: item for item in AgendaItem.objects.filter(meeting=meeting)}
        for index, (topic, plan) in enumerate(built.plans):
            if plan.pk in items:
                meetings.settle(
                    item_id=items[plan.pk].pk,
                    actor=secretary,
                    at=built.clock(SETTLE, index),
                    **results[topic.stage](topic),
                )
        meetings.record_minutes(
            meeting_id=meeting.pk,
            minutes_number=f"〔{held.year}〕{first}号",
            chair=chair,
            attendees=meeting.attendees,
            actor=secretary,
            at=built.clock(MINUTES),
        )
        coming = built.clock(NEXT)
        call(
            number=f"{timezone.localdate(coming).year}年第{first + 1}次",
            held_on=timezone.localdate(coming),
            at=coming,
            plan_ids=_keys(built, Stage.AGENDA),
        )


def _keys(built: Built, *stages: Stage) -> list[int]:
    return [plan.pk for topic, plan in built.plans if topic.stage in stages]


def _cut(topic: Topic) -> dict[str, Any]:
    fewer = replace(topic, trainees=topic.trainees - 5)
    return {
        "outcome": MeetingOutcome.PASSED_CHANGED,
        "opinion": f"参训人数核减为每期 {fewer.trainees} 人，经费相应核减。",
        "figures": {"trainees": fewer.trainees},
        "costs": costs(fewer),
    }
