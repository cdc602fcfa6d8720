"""Succession to a post (S4): the successor takes over, nothing else moves."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from office.refusals import Conflict, Refused
from org.models import Post, Tenure, User
from org.selectors import held, holder_of
from org.services import appoint, revoke, vacate
from tests.org.cast import Cast, M, day, sits, term


def call(cast: Cast, user: User, since: str, **more: Any) -> Tenure:
    arguments: dict[str, Any] = {"post": cast.training_head, "actor": cast.admin, "at": M, **more}
    return appoint(user=user, since=day(since), **arguments)


def terms(post: Post) -> list[tuple[str, object]]:
    return [(tenure.user.name, tenure.period) for tenure in post.tenures.order_by("period")]


def test_successor_takes_over_from_the_day(cast: Cast) -> None:
    call(cast, cast.an, "2018-01-01", basis="临工干〔2018〕1号")
    call(cast, cast.bo, "2024-06-01", acting=True)
    assert terms(cast.training_head) == [
        ("安和", term("2018-01-01", "2024-06-01")),
        ("柏林", term("2024-06-01")),
    ]
    assert holder_of(cast.training_head, day("2024-05-31")) == cast.an
    assert holder_of(cast.training_head, day("2024-06-01")) == cast.bo
    first, second = cast.training_head.tenures.order_by("period")
    assert (first.acting, first.basis, second.acting, second.basis) == (False, "临工干〔2018〕1号", True, "")


def test_back_dating_the_successor_cuts_the_predecessor(cast: Cast) -> None:
    """S4: P2 from 06-01 is back-dated to 05-20; his own tenure begins earlier, P1's ends earlier."""
    sits(cast.an, cast.training_head, "2018-01-01", "2024-06-01")
    later = sits(cast.bo, cast.training_head, "2024-06-01")
    brought = call(cast, cast.bo, "2024-05-20", basis="补")
    assert brought.pk == later.pk
    assert terms(cast.training_head) == [
        ("安和", term("2018-01-01", "2024-05-20")),
        ("柏林", term("2024-05-20")),
    ]
    assert not held(post_id=cast.training_head.pk, user_id=cast.an.pk, on=day("2024-05-25"))


def test_back_dating_keeps_the_basis_when_none_is_given(cast: Cast) -> None:
    Tenure.objects.create(post=cast.training_head, user=cast.bo, period=term("2024-06-01"), basis="原文")
    assert call(cast, cast.bo, "2024-05-20").basis == "原文"


def test_back_dating_keeps_an_end_already_set(cast: Cast) -> None:
    sits(cast.bo, cast.training_head, "2024-06-01", "2025-01-01")
    assert call(cast, cast.bo, "2024-05-20").period == term("2024-05-20", "2025-01-01")


def test_appointment_ahead_of_time(cast: Cast) -> None:
    call(cast, cast.an, "2018-01-01")
    call(cast, cast.bo, "2030-01-01")
    assert holder_of(cast.training_head, M.date()) == cast.an
    assert holder_of(cast.training_head, day("2030-01-01")) == cast.bo


def test_acting_becomes_regular_with_the_same_person(cast: Cast) -> None:
    call(cast, cast.an, "2024-01-01", acting=True)
    call(cast, cast.an, "2024-04-01")
    assert [(t.acting, t.period) for t in cast.training_head.tenures.order_by("period")] == [
        (True, term("2024-01-01", "2024-04-01")),
        (False, term("2024-04-01")),
    ]


def test_a_finished_tenure_may_be_followed_after_a_gap(cast: Cast) -> None:
    sits(cast.an, cast.training_head, "2018-01-01", "2020-01-01")
    call(cast, cast.an, "2024-01-01")
    assert terms(cast.training_head) == [
        ("安和", term("2018-01-01", "2020-01-01")),
        ("安和", term("2024-01-01")),
    ]


def test_nobody_else_is_moved(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    sits(cast.an, cast.publicity_head)
    sits(cast.cai, cast.money_head)
    call(cast, cast.bo, "2024-06-01")
    assert holder_of(cast.publicity_head, M.date()) == cast.an
    assert holder_of(cast.money_head, M.date()) == cast.cai


@pytest.mark.parametrize(
    ("user", "since", "more", "kind", "message"),
    [
        ("bo", "2021-01-01", {}, Refused, "柏林自2020年1月1日起一直任基层工作部 部长，不用再任命。"),
        ("bo", "2020-01-01", {}, Refused, "柏林自2020年1月1日起一直任基层工作部 部长，不用再任命。"),
        (
            "cai",
            "2020-01-01",
            {},
            Conflict,
            "基层工作部 部长自2020年1月1日起已由柏林担任。如系误任，请先撤销该任职。",
        ),
        (
            "cai",
            "2019-12-31",
            {},
            Refused,
            "基层工作部 部长自2020年1月1日起已由柏林担任，从2019年12月31日起任命会冲掉该任职。"
            "请先撤销后面的任职，或改任命日期。",
        ),
        (
            "bo",
            "2019-12-31",
            {"acting": True},
            Refused,
            "基层工作部 部长自2020年1月1日起已由柏林担任，从2019年12月31日起任命会冲掉该任职。"
            "请先撤销后面的任职，或改任命日期。",
        ),
        (
            "bo",
            "2017-01-01",
            {},
            Refused,
            "基层工作部 部长自2018年1月1日起已由安和担任，从2017年1月1日起任命会冲掉该任职。"
            "请先撤销后面的任职，或改任命日期。",
        ),
    ],
)
def test_refused_and_nothing_changed(
    cast: Cast, user: str, since: str, more: dict[str, bool], kind: type[Refused], message: str
) -> None:
    sits(cast.an, cast.training_head, "2018-01-01", "2020-01-01")
    sits(cast.bo, cast.training_head, "2020-01-01")
    before = terms(cast.training_head)
    with pytest.raises(Refused) as refusal:
        call(cast, getattr(cast, user), since, **more)
    assert (type(refusal.value), str(refusal.value)) == (kind, message)
    assert terms(cast.training_head) == before


def test_a_deactivated_user_takes_no_post(cast: Cast) -> None:
    cast.an.is_active = False
    cast.an.save()
    with pytest.raises(Refused, match=r"^安和的账号已停用，不能任职。$"):
        call(cast, cast.an, "2024-01-01")


def test_no_post_of_a_closed_department(cast: Cast) -> None:
    cast.training.closed_on = day("2024-01-01")
    cast.training.save()
    call(cast, cast.an, "2023-12-31")
    with pytest.raises(Refused, match=r"^基层工作部到2024年1月1日时已经撤销，不能再任命。$"):
        call(cast, cast.bo, "2024-01-01")


def test_a_post_without_department_knows_no_closing(cast: Cast) -> None:
    assert call(cast, cast.an, "2024-01-01", post=cast.leader).user == cast.an


@pytest.mark.parametrize("deactivated", [False, True])
def test_only_the_administrator_appoints(cast: Cast, deactivated: bool) -> None:
    actor = cast.admin if deactivated else cast.bo
    actor.is_active = not deactivated
    actor.save()
    with pytest.raises(Refused, match=r"^只有系统管理员可以变更任职、职责和查阅授权。$"):
        call(cast, cast.an, "2024-01-01", actor=actor)
    assert not Tenure.objects.exists()


def test_a_naive_moment_is_a_programming_error(cast: Cast) -> None:
    with pytest.raises(ValueError, match="aware"):
        call(cast, cast.an, "2024-01-01", at=datetime.datetime(2024, 1, 1))  # noqa: DTZ001


def test_vacate_ends_before_the_day(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    vacate(post=cast.training_head, on=day("2024-06-01"), actor=cast.admin, at=M)
    assert terms(cast.training_head) == [("安和", term("2018-01-01", "2024-06-01"))]
    assert holder_of(cast.training_head, day("2024-06-01")) is None


@pytest.mark.parametrize(
    ("on", "message"),
    [
        ("2017-12-31", "2017年12月31日没有人任基层工作部 部长。"),
        ("2018-01-01", "安和自2018年1月1日起才任基层工作部 部长。如系误任，请撤销该任职。"),
    ],
)
def test_vacate_refused(cast: Cast, on: str, message: str) -> None:
    sits(cast.an, cast.training_head)
    with pytest.raises(Refused, match=rf"^{message}$"):
        vacate(post=cast.training_head, on=day(on), actor=cast.admin, at=M)
    assert terms(cast.training_head) == [("安和", term("2018-01-01"))]


def test_vacate_and_revoke_ask_who_acts(cast: Cast) -> None:
    tenure = sits(cast.an, cast.training_head)
    with pytest.raises(Refused, match="只有系统管理员"):
        vacate(post=cast.training_head, on=day("2024-06-01"), actor=cast.an, at=M)
    with pytest.raises(Refused, match="只有系统管理员"):
        revoke(tenure=tenure, actor=cast.an, at=M)
    assert terms(cast.training_head) == [("安和", term("2018-01-01"))]


def test_a_wrong_appointment_is_revoked_and_made_anew(cast: Cast) -> None:
    sits(cast.an, cast.training_head)
    wrong = call(cast, cast.bo, "2024-06-01")
    revoke(tenure=wrong, actor=cast.admin, at=M)
    assert terms(cast.training_head) == [("安和", term("2018-01-01", "2024-06-01"))]
    call(cast, cast.cai, "2024-06-01")
    assert holder_of(cast.training_head, day("2024-06-01")) == cast.cai
    with pytest.raises(Conflict, match=r"^这条任职已被别人撤销。$"):
        revoke(tenure=wrong, actor=cast.admin, at=M)
