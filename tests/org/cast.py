"""A union of four departments and its people, all made up. `M` is the moment of acting."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange

from org.models import Body, Department, DutyCode, Post, PostKind, Tenure, Union, User
from org.services import assign_duty

M = datetime.datetime(2024, 6, 10, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
START = datetime.date(2018, 1, 1)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def term(first: str, until: str | None = None) -> DateRange:
    """Half-open: ``until`` is the first day after."""
    return DateRange(day(first), day(until) if until else None)


@dataclass
class Cast:
    admin: User
    city: Union
    district: Union
    other: Union
    training: Department
    publicity: Department
    money: Department
    bureau: Department
    training_head: Post
    training_staff: Post
    publicity_head: Post
    publicity_staff: Post
    money_head: Post
    secretary: Post
    leader: Post
    meeting: Body
    an: User
    bo: User
    cai: User
    dai: User


def person(username: str, name: str) -> User:
    return User.objects.create_user(username, password="not-needed-1", name=name)


def sits(user: User, post: Post, first: str = "2018-01-01", until: str | None = None) -> Tenure:
    """Put somebody on a post without asking any rule."""
    tenure: Tenure = Tenure.objects.create(post=post, user=user, period=term(first, until))
    return tenure


def assemble() -> Cast:
    admin = User.objects.create_superuser("root", password="not-needed-1", name="系统管理员")
    city = Union.objects.found(code="dongjiang", name="东江市总工会", level="city", ordinal=1)
    district = Union.objects.found(
        parent=city, code="linhai", name="临海区总工会", level="district", ordinal=2
    )
    other = Union.objects.found(parent=city, code="nanshan", name="南山区总工会", level="district", ordinal=1)

    def department(code: str, name: str, ordinal: int) -> Department:
        return Department.objects.create(union=district, code=code, name=name, ordinal=ordinal)

    def post(dep: Department | None, code: str, title: str, kind: PostKind, ordinal: int = 0) -> Post:
        return Post.objects.create(
            union=district, department=dep, code=code, title=title, kind=kind, ordinal=ordinal
        )

    training = department("jiceng", "基层工作部", 1)
    bureau = department("bangongshi", "办公室", 2)
    publicity = department("xuanchuan", "宣传网络部", 3)
    money = department("caiwu", "财务资产部", 4)
    secretary = post(bureau, "secretary", "会议秘书", PostKind.SECRETARY)
    meeting = Body.objects.create(union=district, code="zhuxi", name="主席办公会", secretary=secretary)
    cast = Cast(
        admin=admin,
        city=city,
        district=district,
        other=other,
        training=training,
        publicity=publicity,
        money=money,
        bureau=bureau,
        training_head=post(training, "jiceng-head", "部长", PostKind.HEAD),
        training_staff=post(training, "jiceng-staff", "干事", PostKind.STAFF, 1),
        publicity_head=post(publicity, "xuanchuan-head", "部长", PostKind.HEAD),
        publicity_staff=post(publicity, "xuanchuan-staff", "干事", PostKind.STAFF, 1),
        money_head=post(money, "caiwu-head", "部长", PostKind.HEAD),
        secretary=secretary,
        leader=post(None, "leader", "副主席（分管）", PostKind.LEADER),
        meeting=meeting,
        an=person("an", "安和"),
        bo=person("bo", "柏林"),
        cai=person("cai", "蔡新"),
        dai=person("dai", "戴宁"),
    )
    for code, dep, body in (
        (DutyCode.TRAINING_AUTHORITY, training, None),
        (DutyCode.FINANCE, money, None),
        (DutyCode.DECISION_BODY, None, meeting),
    ):
        assign_duty(union=district, code=code, department=dep, body=body, since=START, actor=admin, at=M)
    return cast
