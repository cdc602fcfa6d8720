"""Who is in the demo's unions: departments, posts, the people who hold them, duties and the rule book."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.contrib.auth.hashers import make_password

from org.models import Body, Department, Post, PostKind, Union, User
from org.services import appoint, assign_duty, share
from rulebook import loader
from workflow.demo.clock import Clock
from workflow.demo.people import OUTSIDER, PASSWORD, House
from workflow.selectors.years import current_year

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rulebook.schema import Book
    from workflow.demo.lists import Topic
    from workflow.models import ClassPlan

BOOKS: Final = Path(__file__).resolve().parents[2] / "rulebook" / "books"
SINCE: Final = date(2020, 1, 1)
ADMIN: Final = "admin"
FIRST_PHONE: Final = 13_800_001_200

#: The steps of a year's planning, in order: what a :class:`Clock` is asked about.
FUND, DRAFT, SUBMIT, SIGN, REVIEW, FINANCE, CALL, SETTLE, MINUTES, NEXT = range(10)
STEPS: Final = NEXT + 1


@dataclass
class Built:
    """A union of the demo with its people by post code, and the year of plans in hand."""

    house: House
    union: Union
    book: Book
    year: int
    clock: Clock
    topics: Mapping[str, tuple[Topic, ...]]
    departments: dict[str, Department] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    plans: list[tuple[Topic, ClassPlan]] = field(default_factory=list)
    units: dict[str, Union] = field(default_factory=dict)


class Builder:
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

    def post(
        self,
        built: Built,
        code: str,
        title: str,
        kind: PostKind,
        name: str,
        *,
        department: Department | None = None,
        unit: Union | None = None,
    ) -> Post:
        """A post and who holds it: of the union, of a department of it, or of a ``unit`` below it."""
        post = Post.objects.create(
            union=unit or built.union,
            department=department,
            code=code,
            title=title,
            kind=kind,
            ordinal=len(built.people) + 1,
        )
        login = f"{(unit or built.union).code}-{code}"
        user = self.person(login, name)
        appoint(post=post, user=user, since=SINCE, actor=self.admin, at=self.now)
        built.people[login if unit else code] = user
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
        clock = Clock(book.window, year, self.now, steps=STEPS)
        built = Built(house, union, book, year, clock, house.topics)
        for ordinal, office in enumerate(house.offices, 1):
            department = Department.objects.create(
                union=union, code=office.code, name=office.name, ordinal=ordinal
            )
            built.departments[office.code] = department
            make = partial(self.post, built, department=department)
            make(f"{office.code}-head", office.head_title, PostKind.HEAD, office.head)
            make(f"{office.code}-staff", "干事", PostKind.STAFF, office.clerk)
        for code, (title, name) in house.leaders.items():
            self.post(built, code, title, PostKind.LEADER, name)
        secretary = self.post(
            built,
            "secretary",
            "会议秘书",
            PostKind.SECRETARY,
            house.secretary,
            department=built.departments["bangongshi"],
        )
        code, name = house.body
        body = Body.objects.create(union=union, code=code, name=name, secretary=secretary)
        duty = partial(assign_duty, union=union, since=SINCE, actor=self.admin, at=self.now)
        duty(code="training_authority", department=built.departments[house.authority])
        duty(code="leading_group_office", department=built.departments[house.authority])
        duty(code="finance", department=built.departments[house.finance])
        duty(code="decision_body", body=body)
        loader.load(BOOKS / house.book, at=self.now)  # its steps name posts, which now exist
        looking = {house.auditor[0], *house.leaders}
        share(
            target=union,
            users=[built.people[code] for code in sorted(looking)],
            groups=[],
            actor=self.admin,
            at=self.now,
        )
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
def acting(user: User) -> Iterator[User]:
    """History names who acted, as the pages' middleware does."""
    with pghistory.context(user=user.pk, demo=True):
        yield user
