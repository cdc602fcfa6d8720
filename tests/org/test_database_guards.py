"""What the database itself refuses, whoever writes: raw rows, bulk_create, update."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from org.models import Body, Department, Duty, Post, Tenure, Union, User
from tests.org.cast import Cast, day, person, sits, term


def refused(*, naming: str) -> Any:
    return pytest.raises(DatabaseError, match=naming)


def test_two_holders_of_a_post(cast: Cast) -> None:
    sits(cast.an, cast.training_head, "2020-01-01", "2024-01-01")
    sits(cast.bo, cast.training_head, "2024-01-01")
    sits(cast.cai, cast.training_head, "2019-12-31", "2020-01-01")
    sits(cast.an, cast.publicity_head, "2020-01-01")
    for user, first, until in (
        (cast.cai, "2020-01-01", "2020-01-02"),
        (cast.cai, "2023-12-31", "2024-01-01"),
        (cast.bo, "2030-01-01", None),
        (cast.cai, "1990-01-01", None),
    ):
        with refused(naming="org_tenure_one_holder"), transaction.atomic():
            Tenure.objects.bulk_create(
                [Tenure(post=cast.training_head, user=user, period=term(first, until))]
            )
    with refused(naming="org_tenure_one_holder"), transaction.atomic():
        Tenure.objects.filter(user=cast.cai).update(period=term("2019-12-31", "2020-01-02"))


def test_two_holders_are_told_in_the_form(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    with pytest.raises(ValidationError) as told:
        Tenure(post=cast.training_head, user=cast.bo, period=term("2024-01-01")).full_clean()
    assert told.value.messages == ["这段时间该岗位已有人任职。"]


@pytest.mark.parametrize("period", ["empty", "(,)", "(,2024-01-01)", "[2024-01-01,2024-01-01)"])
def test_a_tenure_has_a_first_day(cast: Cast, period: str) -> None:
    with refused(naming="org_tenure_has_days"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO org_tenure (post_id, user_id, period, acting, basis) VALUES (%s, %s, %s, false, '')",
            [cast.training_head.pk, cast.an.pk, period],
        )


def test_two_bearers_of_a_duty(cast: Cast) -> None:
    with refused(naming="org_duty_one_holder"), transaction.atomic():
        Duty.objects.bulk_create(
            [Duty(union=cast.district, code="finance", department=cast.bureau, period=term("2024-01-01"))]
        )
    Duty.objects.create(
        union=cast.district, code="leading_group_office", department=cast.bureau, period=term("2018-01-01")
    )
    Duty.objects.create(
        union=cast.district, code="finance", department=cast.bureau, period=term("2017-01-01", "2018-01-01")
    )
    with pytest.raises(ValidationError) as told:
        Duty(
            union=cast.district, code="finance", department=cast.bureau, period=term("2024-01-01")
        ).full_clean()
    assert told.value.messages == ["这段时间该职责已有部门或会议承担。"]


@pytest.mark.parametrize(
    ("code", "department", "body"),
    [
        ("leading_group_office", False, False),
        ("leading_group_office", True, True),
        ("decision_body", True, False),
        ("decision_body", True, True),
        ("decision_body", False, False),
    ],
)
def test_one_bearer_of_the_right_kind(cast: Cast, code: str, department: bool, body: bool) -> None:
    Duty.objects.all().delete()
    with refused(naming="org_duty_one_bearer"):
        Duty.objects.create(
            union=cast.district,
            code=code,
            department=cast.bureau if department else None,
            body=cast.meeting if body else None,
            period=term("2018-01-01"),
        )


def test_unknown_kinds(cast: Cast) -> None:
    for name, write in (
        ("org_duty_code_known", lambda: Duty.objects.filter(code="finance").update(code="x")),
        ("org_union_level_known", lambda: Union.objects.filter(pk=cast.city.pk).update(level="x")),
        ("org_post_kind_known", lambda: Post.objects.filter(pk=cast.leader.pk).update(kind="x")),
    ):
        with refused(naming=f"{name}|Cannot update"), transaction.atomic():
            write()


def test_a_head_has_a_department(cast: Cast) -> None:
    with refused(naming="org_post_head_has_department"):
        Post.objects.create(union=cast.district, code="h", title="部长", kind="head")


def test_codes_are_unique_in_a_union(cast: Cast) -> None:
    desk = Post.objects.create(union=cast.other, code="leader", title="副主席", kind="leader")
    Department.objects.create(union=cast.other, code="jiceng", name="基层部")
    Body.objects.create(union=cast.other, code="zhuxi", name="主席办公会", secretary=desk)
    for name, write in (
        (
            "org_department_code",
            lambda: Department.objects.create(union=cast.district, code="jiceng", name="x"),
        ),
        (
            "org_post_code",
            lambda: Post.objects.create(union=cast.district, code="leader", title="x", kind="leader"),
        ),
        (
            "org_body_code",
            lambda: Body.objects.create(
                union=cast.district, code="zhuxi", name="x", secretary=cast.secretary
            ),
        ),
        ("org_union_code", lambda: Union.objects.found(code="linhai", name="x", level="city")),
    ):
        with refused(naming=name), transaction.atomic():
            write()


def test_nothing_reaches_into_another_union(cast: Cast) -> None:
    theirs = Department.objects.create(union=cast.other, code="x", name="外部门")
    desk = Post.objects.create(union=cast.other, code="x", title="秘书", kind="secretary")
    body = Body.objects.create(union=cast.other, code="x", name="外会议", secretary=desk)
    Duty.objects.all().delete()
    for told, write in (
        (
            "岗位与部门须属于同一工会",
            lambda: Post.objects.create(
                union=cast.district, department=theirs, code="y", title="x", kind="head"
            ),
        ),
        (
            "岗位与部门须属于同一工会",
            lambda: Post.objects.filter(pk=cast.training_head.pk).update(department=theirs),
        ),
        (
            "会议秘书岗位须属于同一工会",
            lambda: Body.objects.filter(pk=cast.meeting.pk).update(secretary=desk),
        ),
        (
            "承担职责的部门须属于同一工会",
            lambda: Duty.objects.create(
                union=cast.district, code="finance", department=theirs, period=term("2018-01-01")
            ),
        ),
        (
            "承担职责的会议须属于同一工会",
            lambda: Duty.objects.create(
                union=cast.district, code="decision_body", body=body, period=term("2018-01-01")
            ),
        ),
    ):
        with pytest.raises(IntegrityError, match=told), transaction.atomic():
            write()


def test_what_never_changes(cast: Cast) -> None:
    tenure = sits(cast.an, cast.training_head)
    duty = Duty.objects.get(code="finance")
    theirs = Department.objects.create(union=cast.other, code="x", name="外部门")
    for row, change in (
        (cast.money, {"union": cast.other}),
        (cast.leader, {"union": cast.other}),
        (cast.meeting, {"union": cast.other}),
        (tenure, {"user": cast.bo}),
        (tenure, {"post": cast.leader}),
        (duty, {"union": cast.other, "department": theirs}),
        (duty, {"code": "leading_group_office"}),
        (duty, {"department": cast.bureau}),
    ):
        with refused(naming="Cannot update rows"), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**change)
    Tenure.objects.filter(pk=tenure.pk).update(acting=True, basis="文")
    Post.objects.filter(pk=cast.leader.pk).update(title="常务副主席")


def test_nothing_that_is_used_can_be_deleted(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    for row in (cast.an, cast.training_head, cast.training, cast.secretary, cast.meeting, cast.district):
        with pytest.raises(ProtectedError):
            row.delete()


def test_a_person_has_a_name(cast: Cast) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        User.objects.create_user("x", name=" ")
    with pytest.raises(ValueError, match="needs a name"):
        User.objects.create_superuser("x", password="x")
    with refused(naming="org_user_has_name"):
        User.objects.create(username="x", name="")


def test_a_person_is_called_by_name(cast: Cast) -> None:
    eve = person("eve", "易文")
    assert (str(eve), eve.get_full_name(), eve.get_short_name()) == ("易文", "易文", "易文")
    assert not eve.has_usable_password() or eve.check_password("not-needed-1")


def test_titles(cast: Cast) -> None:
    assert (cast.training_head.full_title, str(cast.leader)) == ("基层工作部 部长", "副主席（分管）")
    tenure = sits(cast.an, cast.leader, "2020-01-01", "2024-01-01")
    tenure.acting = True
    assert (str(tenure), tenure.first_day, tenure.last_day) == (
        "安和：副主席（分管）（代理）",
        day("2020-01-01"),
        day("2023-12-31"),
    )
    assert sits(cast.bo, cast.leader, "2024-01-01").last_day is None


def test_unions_in_order_of_the_house(cast: Cast) -> None:
    """Depth first, siblings by ordinal; insertion and name don't matter."""
    zero = Union.objects.found(code="beihe", name="北河市总工会", level="city", ordinal=0)
    town = Union.objects.found(parent=cast.other, code="town", name="西镇工会", level="town", ordinal=0)
    assert [union.code for union in Union.objects.in_order()] == [
        zero.code,
        "dongjiang",
        "nanshan",
        town.code,
        "linhai",
    ]
    assert town.superior == cast.other
    assert Union.objects.get(code="linhai").superior == cast.city
    assert cast.city.superior is None


def test_the_superior_is_read_once(cast: Cast, django_assert_num_queries: Any) -> None:
    union = Union.objects.get(code="linhai")
    with django_assert_num_queries(1):
        assert (union.superior, union.superior) == (cast.city, cast.city)
