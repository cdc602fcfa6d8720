"""What a person is on a day; data that could leak is always there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm

from org.models import Body, Department, Duty, DutyCode, Post, PostKind, User
from org.selectors import (
    Standing,
    duty_on,
    head_post,
    held,
    holder_of,
    holders_of,
    lookers,
    looking_groups,
    post_by_code,
    standing,
)
from org.services import appoint, share
from tests.org.cast import Cast, M, day, person, sits, term

TODAY = M.date()


def test_nobody_without_a_tenure(cast: Cast) -> None:
    assert standing(cast.an, TODAY) == Standing(user=cast.an, on=TODAY)


def test_the_administrator_is_nobody_in_business(cast: Cast) -> None:
    assert standing(cast.admin, TODAY) == Standing(user=cast.admin, on=TODAY)


def test_an_unsaved_person_is_nobody(cast: Cast, django_assert_num_queries: object) -> None:
    stranger = User(username="x", name="x")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert standing(stranger, TODAY) == Standing(user=stranger, on=TODAY)


def test_staff_of_a_department(cast: Cast) -> None:
    sits(cast.an, cast.publicity_staff)
    found = standing(cast.an, TODAY)
    assert found == Standing(
        user=cast.an,
        on=TODAY,
        posts=(cast.publicity_staff,),
        post_ids=frozenset({cast.publicity_staff.pk}),
        department_ids=frozenset({cast.publicity.pk}),
        union_ids=frozenset({cast.district.pk}),
    )
    assert not found.sees_union(cast.district.pk)
    assert found.seen_department_ids == {cast.publicity.pk}
    assert found.holds_post(cast.publicity_staff.pk)
    assert not found.holds_post(cast.publicity_head.pk)


@pytest.mark.parametrize(
    ("post", "field"),
    [
        ("training_staff", "authority_union_ids"),
        ("training_head", "authority_union_ids"),
        ("money_head", "finance_union_ids"),
        ("secretary", "secretary_union_ids"),
    ],
)
def test_duties_open_the_union(cast: Cast, post: str, field: str) -> None:
    sits(cast.an, getattr(cast, post))
    found = standing(cast.an, TODAY)
    ours = frozenset({cast.district.pk})
    expected: dict[str, frozenset[int]] = dict.fromkeys(
        ("authority_union_ids", "finance_union_ids", "secretary_union_ids", "looks_union_ids"), frozenset()
    )
    assert {name: getattr(found, name) for name in expected} == {**expected, field: ours}
    assert found.sees_union(cast.district.pk)
    assert not found.sees_union(cast.other.pk)
    assert not found.sees_union(cast.city.pk)


def test_the_leader_sees_by_grant_alone(cast: Cast) -> None:
    sits(cast.an, cast.leader)
    found = standing(cast.an, TODAY)
    assert (found.department_ids, found.union_ids) == (frozenset(), frozenset({cast.district.pk}))
    assert found.whole_union_ids == frozenset()


def test_a_colleague_of_the_secretary_does_not_keep_the_meeting(cast: Cast) -> None:
    clerk = Post.objects.create(
        union=cast.district, department=cast.bureau, code="b-staff", title="干事", kind=PostKind.STAFF
    )
    sits(cast.an, clerk)
    assert standing(cast.an, TODAY).whole_union_ids == frozenset()


def test_who_acts_for_the_holder_is_the_holder(cast: Cast) -> None:
    sits(cast.an, cast.training_head, "2018-01-01", "2024-06-01")
    appoint(
        post=cast.training_head, user=cast.bo, since=day("2024-06-01"), acting=True, actor=cast.admin, at=M
    )
    assert holder_of(cast.training_head, TODAY) == cast.bo
    assert standing(cast.bo, TODAY).sees_union(cast.district.pk)


def test_days_bound_tenures_and_duties(cast: Cast) -> None:
    sits(cast.an, cast.training_head, "2020-01-01", "2024-06-01")
    assert standing(cast.an, day("2019-12-31")).posts == ()
    assert standing(cast.an, day("2020-01-01")).sees_union(cast.district.pk)
    assert standing(cast.an, day("2024-05-31")).sees_union(cast.district.pk)
    assert standing(cast.an, day("2024-06-01")) == Standing(user=cast.an, on=day("2024-06-01"))
    Duty.objects.filter(code=DutyCode.TRAINING_AUTHORITY).update(period=term("2018-01-01", "2022-01-01"))
    assert standing(cast.an, day("2022-01-01")).authority_union_ids == frozenset()
    assert standing(cast.an, day("2021-12-31")).authority_union_ids == {cast.district.pk}


def test_a_former_meeting_is_no_longer_kept(cast: Cast) -> None:
    Duty.objects.filter(code=DutyCode.DECISION_BODY).update(period=term("2018-01-01", "2024-01-01"))
    sits(cast.an, cast.secretary)
    assert standing(cast.an, TODAY).secretary_union_ids == frozenset()


def test_grants_to_look(cast: Cast) -> None:
    auditors = Group.objects.create(name="经审")
    strangers = Group.objects.create(name="其他")
    cast.an.groups.add(auditors)
    assign_perm("look_department", cast.an, cast.money)
    assign_perm("look_department", auditors, cast.publicity)
    assign_perm("look_union", auditors, cast.other)
    assign_perm("look_union", strangers, cast.city)
    assign_perm("look_department", cast.bo, cast.training)
    assign_perm("change_department", cast.an, cast.training)
    found = standing(cast.an, TODAY)
    assert found.looks_department_ids == {cast.money.pk, cast.publicity.pk}
    assert found.looks_union_ids == {cast.other.pk}
    assert found.seen_department_ids == {cast.money.pk, cast.publicity.pk}
    assert found.sees_union(cast.other.pk)
    assert not found.sees_union(cast.city.pk)
    # A grant lets look; it never makes anybody a member, reviewer or secretary.
    assert (found.posts, found.department_ids, found.union_ids) == ((), frozenset(), frozenset())
    assert found.authority_union_ids == found.finance_union_ids == found.secretary_union_ids == frozenset()


def test_a_deactivated_user_is_nobody(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    assign_perm("look_union", cast.an, cast.district)
    cast.an.is_active = False
    cast.an.save()
    assert standing(cast.an, TODAY) == Standing(user=cast.an, on=TODAY)
    assert holder_of(cast.training_head, TODAY) is None
    assert held(post_id=cast.training_head.pk, user_id=cast.an.pk, on=TODAY)


@pytest.mark.parametrize("many", [1, 30])
def test_two_queries_whatever_he_holds(cast: Cast, many: int, django_assert_num_queries: object) -> None:
    for index in range(many):
        dep = Department.objects.create(union=cast.district, code=f"d{index}", name=f"第{index}部")
        post = Post.objects.create(
            union=cast.district, department=dep, code=f"p{index}", title="部长", kind=PostKind.HEAD
        )
        sits(cast.an, post)
        group = Group.objects.create(name=f"g{index}")
        cast.an.groups.add(group)
        assign_perm("look_department", cast.an, dep)
        assign_perm("look_department", group, dep)
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = standing(cast.an, TODAY)
        assert len(found.posts) == len(found.looks_department_ids) == many
        assert {post.full_title for post in found.posts} == {f"第{index}部 部长" for index in range(many)}
        assert {post.union.name for post in found.posts} == {"临海区总工会"}


def test_acting_asks_for_no_grants(cast: Cast, django_assert_num_queries: object) -> None:
    sits(cast.an, cast.training_head)
    assign_perm("look_department", cast.an, cast.money)
    whole = standing(cast.an, TODAY)
    with django_assert_num_queries(1):  # type: ignore[operator]
        acting = standing(cast.an, TODAY, to_act=True)
    assert whole.looks_department_ids == {cast.money.pk}
    assert acting == replace(whole, looks_department_ids=frozenset())


def test_posts_come_in_the_order_of_the_house(cast: Cast) -> None:
    for post in (cast.leader, cast.money_head, cast.training_staff, cast.training_head):
        sits(cast.an, post)
    assert [post.code for post in standing(cast.an, TODAY).posts] == [
        "jiceng-head",
        "jiceng-staff",
        "caiwu-head",
        "leader",
    ]


def test_holders_in_one_query(cast: Cast, django_assert_num_queries: object) -> None:
    sits(cast.an, cast.training_head, "2018-01-01", "2024-06-01")
    sits(cast.bo, cast.training_head, "2024-06-01")
    sits(cast.cai, cast.money_head)
    sits(cast.dai, cast.publicity_head)
    ids = [cast.training_head.pk, cast.money_head.pk, cast.leader.pk]
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert holders_of(ids, TODAY) == {cast.training_head.pk: cast.bo, cast.money_head.pk: cast.cai}
    assert holders_of([], TODAY) == {}


def test_the_head_is_the_first_of_the_heads(cast: Cast) -> None:
    assert head_post(cast.bureau) is None
    second = Post.objects.create(
        union=cast.district,
        department=cast.publicity,
        code="xuanchuan-head-0",
        title="主任",
        kind=PostKind.HEAD,
        ordinal=9,
    )
    assert head_post(cast.publicity) == cast.publicity_head
    cast.publicity_head.ordinal = 10
    cast.publicity_head.save()
    assert head_post(cast.publicity) == second


def test_post_by_code_is_of_that_union(cast: Cast) -> None:
    Post.objects.create(union=cast.other, code="leader", title="副主席", kind=PostKind.LEADER)
    assert post_by_code(cast.district, "leader") == cast.leader
    assert post_by_code(cast.city, "leader") is None


def test_duty_on_brings_what_is_needed(cast: Cast, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        duty = duty_on(cast.district, "decision_body", TODAY)
        assert duty is not None
        assert duty.body is not None
        assert (str(duty), str(duty.body), duty.body.secretary) == (
            "审定会议：主席办公会",
            "主席办公会",
            cast.secretary,
        )
    assert duty_on(cast.other, "decision_body", TODAY) is None
    assert duty_on(cast.district, "decision_body", day("2017-12-31")) is None


def test_share_sets_exactly_these(cast: Cast) -> None:
    auditors = Group.objects.create(name="经审")
    share(target=cast.district, users=[cast.an, cast.bo], groups=[auditors], actor=cast.admin, at=M)
    share(target=cast.money, users=[cast.dai], groups=[], actor=cast.admin, at=M)
    share(target=cast.district, users=[cast.bo, cast.cai], groups=[], actor=cast.admin, at=M)
    assert (lookers(cast.district), looking_groups(cast.district)) == ([cast.bo, cast.cai], [])
    assert lookers(cast.money) == [cast.dai]
    assert standing(cast.bo, TODAY).looks_union_ids == {cast.district.pk}
    assert standing(cast.an, TODAY).looks_union_ids == frozenset()


def test_secretary_of_another_union(cast: Cast) -> None:
    """The same person keeps the meetings of two unions."""
    desk = Post.objects.create(union=cast.other, code="secretary", title="秘书", kind=PostKind.SECRETARY)
    body = Body.objects.create(union=cast.other, code="zhuxi", name="主席办公会", secretary=desk)
    Duty.objects.create(union=cast.other, code="decision_body", body=body, period=term("2020-01-01"))
    eve = person("eve", "易文")
    sits(eve, desk)
    assert standing(eve, TODAY).secretary_union_ids == {cast.other.pk}
    sits(eve, cast.secretary)
    assert standing(eve, TODAY).secretary_union_ids == {cast.other.pk, cast.district.pk}
