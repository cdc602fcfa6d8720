"""Who may enter and change cadres, and what is checked when it's done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from office.refusals import Conflict, Refused
from org.models import Cadre, Membership, Union, User
from org.selectors import cadres_seen, standing
from org.services import (
    appoint,
    link_user,
    move_cadre,
    register_cadre,
    set_status,
    share,
    update_cadre,
)
from org.states import CadreStatus
from tests.org.cast import START, Cast, M, day, person, term
from tests.org.numbers import resident

pytestmark = pytest.mark.django_db


@pytest.fixture
def street(cast: Cast) -> Union:
    return Union.objects.found(parent=cast.district, code="hedong", name="河东街道总工会", level="town")


def enter(cast: Cast, serial: int = 1, unit: Union | None = None, **fields: object) -> Cadre:
    values: dict[str, object] = {
        "identity_kind": "resident",
        "number": resident(serial),
        "name": "岳明",
        "unit": unit or cast.district,
        "since": day("2019-01-01"),
        "actor": cast.admin,
        "at": M,
    }
    return register_cadre(**(values | fields))  # type: ignore[arg-type]


def holds(cast: Cast, user: User, post: str) -> User:
    appoint(post=getattr(cast, post), user=user, since=START, actor=cast.admin, at=M)
    return user


def test_who_is_entered_is_a_member_from_that_day(cast: Cast) -> None:
    cadre = enter(cast, post_title="工会主席", phone="13800000000", committees=["union"])
    assert (cadre.unit, cadre.unit_path, cadre.leadership) == (cast.district, cast.district.path, "chair")
    assert list(Membership.objects.values_list("cadre", "union", "period", "is_primary")) == [
        (cadre.pk, cast.district.pk, term("2019-01-01"), True)
    ]


@pytest.mark.parametrize(
    ("title", "leadership"),
    [
        ("主席", "chair"),
        ("党委副书记、工会主席", "chair"),
        ("常务副主席", "vice_chair"),
        ("副主席（主持工作）", "vice_chair"),
        ("兼职副主席", "vice_chair"),
        ("办公室主任兼工会副主席", "vice_chair"),
        ("女职工委员会主席", ""),
        ("主席助理", ""),
        ("经审委主任", ""),
        ("", ""),
    ],
)
def test_the_title_says_whether_he_leads_a_union(cast: Cast, title: str, leadership: str) -> None:
    assert enter(cast, post_title=title).leadership == leadership


NUMBER = resident(7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"number": NUMBER[:17]}, "居民身份证的号码应为 18 位，前 17 位是数字，请对照证件核对。"),
        (
            {"number": NUMBER[:17] + ("0" if NUMBER[17] != "0" else "1")},
            "证件号码校验不符，至少有一位写错，请对照证件逐位核对。",
        ),
        ({"number": "110105199002290018"}, "证件号码里的出生日期不存在，请对照证件核对。"),
        ({"number": "110105********002X"}, "居民身份证的号码应为 18 位，前 17 位是数字，请对照证件核对。"),
        ({"number": "  "}, "证件号码应为 4 至 30 个字符，请对照证件核对。"),
        ({"identity_kind": "工作证"}, "请选择证件类型。"),
        ({"name": " "}, "请填写姓名。"),
        ({"name": "岳" * 61}, "“姓名”最多 60 个字。"),
        ({"gender": "未知"}, "“性别”没有“未知”这一项。"),
        ({"committees": ["party"]}, "“三委委员”里有不认识的一项。"),
        ({"since": day("2024-06-11")}, "到单位的日期 2024年6月11日 还没有到。"),
    ],
)
def test_what_cant_be_is_refused(cast: Cast, change: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refusal:
        enter(cast, **change)
    assert refusal.value.message == said
    assert not Cadre.objects.exists()


def test_a_field_there_is_not_is_a_mistake_of_the_program(cast: Cast) -> None:
    with pytest.raises(TypeError, match="last_trained"):
        enter(cast, last_trained=day("2024-01-01"))


def test_one_document_is_one_person(cast: Cast) -> None:
    enter(cast)
    with pytest.raises(Refused) as refusal:
        enter(cast, name="岳铭", number=f" {resident(1).lower()} ")
    assert refusal.value.message == "这个证件号码已经登记：岳明（临海区总工会），不用再登记。"
    enter(cast, identity_kind="passport", number=resident(1)[:9])
    assert Cadre.objects.count() == 2


def test_who_doesnt_see_the_person_isnt_told_his_name(cast: Cast, street: Union) -> None:
    enter(cast, unit=cast.other)
    clerk = holds(cast, cast.bo, "publicity_staff")
    with pytest.raises(Refused) as refusal:
        enter(cast, unit=cast.district, actor=clerk)
    assert refusal.value.message == "这个证件号码已在其他单位登记，请联系上级工会归口管理部门办理调动。"


def test_the_units_people_keep_its_own_cadres_and_the_authority_those_below(
    cast: Cast, street: Union
) -> None:
    authority = holds(cast, cast.an, "training_staff")
    clerk = holds(cast, cast.bo, "publicity_staff")
    enter(cast, 1, actor=clerk)
    enter(cast, 2, actor=authority)
    enter(cast, 3, unit=street, actor=authority)
    said = "“河东街道总工会”的干部信息由该单位或上级工会归口管理部门维护，您不能修改。"
    with pytest.raises(Refused) as refusal:
        enter(cast, 4, unit=street, actor=clerk)
    assert refusal.value.message == said
    for outsider in (cast.cai, authority):
        with pytest.raises(Refused, match="您不能修改"):
            enter(cast, 5, unit=cast.other, actor=outsider)


def test_where_no_department_is_the_authority_every_post_keeps_what_is_below(
    cast: Cast, street: Union
) -> None:
    works = Union.objects.found(parent=street, code="works", name="东方机械厂工会", level="grassroots")
    from org.models import Post

    post = Post.objects.create(union=street, code="ganshi", title="干事", kind="staff")
    appoint(post=post, user=cast.dai, since=START, actor=cast.admin, at=M)
    assert enter(cast, unit=works, actor=cast.dai).unit == works
    with pytest.raises(Refused, match="您不能修改"):
        enter(cast, 2, unit=cast.district, actor=cast.dai)


def test_who_sees_whom(cast: Cast, street: Union) -> None:
    mine, below, elsewhere = enter(cast, 1), enter(cast, 2, unit=street), enter(cast, 3, unit=cast.other)
    above = enter(cast, 4, unit=cast.city)
    holds(cast, cast.bo, "publicity_staff")
    holds(cast, cast.an, "secretary")
    share(target=cast.city, users=[cast.cai], groups=[], actor=cast.admin, at=M)
    deactivated = person("gone", "葛朗")
    holds(cast, deactivated, "money_head")
    deactivated.is_active = False
    seen = {
        name: set(cadres_seen(standing(user, M.date())))
        for name, user in {
            "clerk": cast.bo,
            "secretary": cast.an,
            "looker": cast.cai,
            "outsider": cast.dai,
            "administrator": cast.admin,
            "gone": deactivated,
        }.items()
    }
    assert seen == {
        "clerk": {mine, below},
        "secretary": {mine, below},
        "looker": {mine, below, elsewhere, above},
        "outsider": set(),
        "administrator": set(),
        "gone": set(),
    }


def test_a_looker_changes_nothing(cast: Cast) -> None:
    cadre = enter(cast)
    share(target=cast.district, users=[cast.cai], groups=[], actor=cast.admin, at=M)
    with pytest.raises(Refused, match="您不能修改"):
        update_cadre(cadre=cadre, revision=0, actor=cast.cai, at=M, rank="四级调研员")


def test_a_correction_counts_and_a_second_from_the_same_page_conflicts(cast: Cast) -> None:
    cadre = enter(cast, post_title="干事")
    assert update_cadre(
        cadre=cadre, revision=0, actor=cast.admin, at=M, post_title="副主席", phone="022-66000000"
    ).leadership == ("vice_chair")
    with pytest.raises(Conflict) as conflict:
        update_cadre(cadre=cadre, revision=0, actor=cast.admin, at=M, phone="")
    assert conflict.value.message == "岳明的信息刚刚被别人改过，请核对后再保存。"
    cadre.refresh_from_db()
    assert (cadre.revision, cadre.phone) == (1, "022-66000000")


def test_saving_what_is_there_already_changes_nothing(cast: Cast) -> None:
    cadre = enter(cast, post_title="干事")
    update_cadre(cadre=cadre, revision=0, actor=cast.admin, at=M, post_title="干事", name="岳明")
    assert Cadre.objects.get().revision == 0


def test_he_changes_over_and_his_old_unit_ends_the_day_before(cast: Cast) -> None:
    cadre = enter(cast, post_title="主席")
    move_cadre(
        cadre=cadre, unit=cast.other, since=day("2023-07-01"), post_title="部长", actor=cast.admin, at=M
    )
    assert (cadre.unit, cadre.unit_path, cadre.post_title, cadre.leadership) == (
        cast.other,
        cast.other.path,
        "部长",
        "",
    )
    assert list(Membership.objects.order_by("period").values_list("union", "period")) == [
        (cast.district.pk, term("2019-01-01", "2023-07-01")),
        (cast.other.pk, term("2023-07-01")),
    ]


@pytest.mark.parametrize(
    ("to", "since", "said"),
    [
        ("other", "2024-06-11", "调动日期 2024年6月11日 还没有到，请到日再办。"),
        ("district", "2024-01-01", "岳明现在就在临海区总工会，不用调动。"),
        ("other", "2019-01-01", "岳明自2019年1月1日起在临海区总工会，调动日期应晚于这一天。"),
    ],
)
def test_a_move_that_cant_be(cast: Cast, to: str, since: str, said: str) -> None:
    cadre = enter(cast)
    with pytest.raises(Refused) as refusal:
        move_cadre(cadre=cadre, unit=getattr(cast, to), since=day(since), actor=cast.admin, at=M)
    assert refusal.value.message == said
    assert Membership.objects.count() == 1


def test_a_move_needs_a_word_over_both_units(cast: Cast, street: Union) -> None:
    clerk, authority = holds(cast, cast.bo, "publicity_staff"), holds(cast, cast.an, "training_staff")
    cadre = enter(cast)
    with pytest.raises(Refused, match="河东街道总工会"):
        move_cadre(cadre=cadre, unit=street, since=day("2024-01-01"), actor=clerk, at=M)
    move_cadre(cadre=cadre, unit=street, since=day("2024-01-01"), actor=authority, at=M)
    with pytest.raises(Refused, match="河东街道总工会"):
        move_cadre(cadre=cadre, unit=cast.district, since=day("2024-02-01"), actor=clerk, at=M)
    with pytest.raises(Refused, match="南山区总工会"):
        move_cadre(cadre=cadre, unit=cast.other, since=day("2024-02-01"), actor=authority, at=M)


def test_status_with_its_day(cast: Cast) -> None:
    cadre = enter(cast)
    gone = set_status(cadre=cadre, status=CadreStatus.RETIRED, on=day("2024-06-01"), actor=cast.admin, at=M)
    assert not gone.is_active(day("2024-06-01"))
    assert gone.is_active(day("2024-06-01") - timedelta(1))
    with pytest.raises(Refused, match="岳明现在就是“退休”"):
        set_status(cadre=cadre, status="retired", on=day("2024-06-02"), actor=cast.admin, at=M)
    with pytest.raises(Refused, match="请选择状态"):
        set_status(cadre=cadre, status="away", on=day("2024-06-02"), actor=cast.admin, at=M)
    assert set_status(cadre=cadre, status="active", on=day("2024-06-05"), actor=cast.admin, at=M).is_active(
        day("2024-06-05")
    )


def test_an_account_belongs_to_one_cadre(cast: Cast) -> None:
    first, second = enter(cast, 1), enter(cast, 2, name="乔木")
    link_user(cadre=first, user=cast.dai, actor=cast.admin, at=M)
    with pytest.raises(Refused, match="帐号“dai”已经对应另一名干部"):
        link_user(cadre=second, user=cast.dai, actor=cast.admin, at=M)
    link_user(cadre=first, user=None, actor=cast.admin, at=M)
    link_user(cadre=second, user=cast.dai, actor=cast.admin, at=M)
    assert Cadre.objects.get(user=cast.dai) == second
