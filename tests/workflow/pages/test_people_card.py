"""A cadre's page and what is done from it: entering, correcting, moving, taking off, seeing his number."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from org.models import Cadre, IdentityAccess, Membership, User
from org.services import update_cadre
from tests.org.numbers import resident
from tests.workflow import called
from tests.workflow.called import Unit
from tests.workflow.world import World, at
from training.models import TrainingRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(time_machine) -> None:
    time_machine.move_to(at(6, 1), tick=False)


@pytest.fixture
def street(world: World) -> Unit:
    return called.unit(world, "海棠街道总工会", people=1)


@pytest.fixture
def contact(street: Unit, client: Client) -> Client:
    client.force_login(street.contact)
    return client


@pytest.fixture
def someone(street: Unit) -> Cadre:
    return street.cadres[0]


def url(name: str, *args: int) -> str:
    return reverse(f"workflow:{name}", args=args)


def read(client: Client, name: str, *args: int) -> str:
    answer = client.get(url(name, *args))
    assert answer.status_code == 200
    return answer.content.decode()


def trusted(user: User) -> None:
    user.user_permissions.add(Permission.objects.get(codename="see_identity"))


def test_the_training_file_by_year(world: World, contact: Client, someone: Cadre) -> None:
    called.trained(someone, date(2027, 3, 2), class_name="财务班")
    called.trained(someone, date(2025, 1, 3), class_name="跨年班", starts_on=date(2024, 12, 30))
    called.trained(someone, date(2025, 5, 3), class_name="没学完", result="failed")
    shown = read(contact, "cadre", someone.pk)
    for text in ("2027 年　参训 1 次，16 学时", "2025 年　参训 1 次，16 学时", "累计 32 学时", "没学完"):
        assert text in shown
    assert someone.identity_masked in shown
    assert someone.identity_number not in shown


def test_classes_he_was_nominated_for_are_linked_for_whoever_may_see_them(
    world: World, contact: Client, street: Unit, someone: Cadre
) -> None:
    run = called.call_up(world, called.opened(world), [(street, 2)])
    called.nominate(world, run, street)
    shown = read(contact, "cadre", someone.pk)
    assert run.title in shown
    assert reverse("workflow:run", args=[run.pk]) in shown


def test_the_phone_is_whole_for_whoever_keeps_it_alone(
    world: World, client: Client, contact: Client, someone: Cadre
) -> None:
    Cadre.objects.update(phone="13800001234")
    assert "13800001234" in read(contact, "cadre", someone.pk)
    client.force_login(world.people["xuanchuan-staff"])
    shown = read(client, "cadre", someone.pk)
    assert "13800001234" not in shown
    assert "····1234" in shown


@pytest.mark.parametrize("records", [1, 12])
def test_the_page_costs_the_same_however_much_there_is(
    world: World, contact: Client, someone: Cadre, django_assert_num_queries, records: int
) -> None:
    for number in range(records):
        called.trained(someone, date(2015 + number, 3, 2))
    contact.get(url("cadre", someone.pk))
    with django_assert_num_queries(13):
        contact.get(url("cadre", someone.pk))


# ---- the whole number


def test_a_whole_number_is_asked_for_with_a_reason_and_shown_once(
    contact: Client, street: Unit, someone: Cadre
) -> None:
    trusted(street.contact)
    address = url("cadre_identity", someone.pk)
    assert someone.identity_number not in read(contact, "cadre_identity", someone.pk)
    assert not IdentityAccess.objects.exists()
    answer = contact.post(address, {"purpose": "办理结业证书"})
    assert someone.identity_number in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    assert list(IdentityAccess.objects.values_list("actor", "cadre", "purpose")) == [
        (street.contact.pk, someone.pk, "办理结业证书")
    ]
    assert someone.identity_number not in read(contact, "cadre", someone.pk)


@pytest.mark.parametrize(
    ("permitted", "purpose", "said"),
    [
        (False, "办理结业证书", "需要授权"),
        (True, "", "请填写事由"),
        (True, "看", "请写明查看完整证件号码的事由"),
    ],
)
def test_without_permission_or_reason_it_isnt_shown(
    contact: Client, street: Unit, someone: Cadre, permitted: bool, purpose: str, said: str
) -> None:
    if permitted:
        trusted(street.contact)
    answer = contact.post(url("cadre_identity", someone.pk), {"purpose": purpose})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert someone.identity_number not in answer.content.decode()
    assert not IdentityAccess.objects.exists()


# ---- entering


def entering(**said: object) -> dict[str, object]:
    return {
        "identity_kind": "resident",
        "number": resident(5),
        "unit": "海棠街道总工会",
        "since": "2026-03-01",
        "name": "岳明",
        "kind": "full_time",
        "post_title": "工会主席",
        **said,
    }


def test_somebody_is_entered_with_birth_and_gender_by_his_number(contact: Client, street: Unit) -> None:
    answer = contact.post(url("cadre_new"), entering(number=f" {resident(5).lower()}", unit="海棠街道"))
    cadre = Cadre.objects.get(name="岳明")
    assert answer["Location"] == url("cadre", cadre.pk)
    assert (cadre.identity_number, cadre.gender, cadre.born_on) == (resident(5), "male", date(1980, 6, 12))
    assert (cadre.unit, cadre.leadership) == (street.union, "chair")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"number": resident(5)[:17]}, "应为 18 位"),
        ({"number": "110105********002X"}, "中间被遮住"),
        ({"number": "H1234"}, "身份证"),
        ({"number": ""}, "请填写证件号码。"),
        ({"gender": "female"}, "和证件号码不一致，请核对。"),
        ({"born_on": "1980-06-13"}, "和证件号码不一致，请核对。"),
        ({"unit": "没有的工会"}, "单位名录里没有“没有的工会”"),
        ({"unit": "滨海新区总工会"}, "您不能修改"),
        ({"unit": ""}, "请填写单位全称。"),
        ({"since": "2027-06-02"}, "还没有到"),
        ({"since": "昨天"}, "这不是日期"),
        ({"name": ""}, "请填写姓名。"),
        ({"phone": "1" * 61}, "最多 60 个字"),
        ({"kind": "x"}, "请重新选择专兼职。"),
    ],
)
def test_what_cant_be_entered_says_why_and_keeps_what_was_typed(
    contact: Client, street: Unit, said: dict[str, object], told: str
) -> None:
    answer = contact.post(url("cadre_new"), entering(rank="四级调研员", **said))
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert told in shown
    assert 'value="四级调研员"' in shown
    assert Cadre.objects.count() == 1


def test_a_homonym_asks_for_its_superior(world: World, client: Client) -> None:
    first, second = (called.unit(world, name) for name in ("青山街道总工会", "白水街道总工会"))
    for parent in (first, second):
        called.unit(world, "大桥社区工会", parent=parent.union)
    client.force_login(world.people["jiceng-staff"])
    answer = client.post(url("cadre_new"), entering(unit="大桥社区工会"))
    assert "有几个：大桥社区工会（青山街道总工会）、大桥社区工会（白水街道总工会）" in answer.content.decode()
    client.post(url("cadre_new"), entering(unit="白水街道大桥社区工会"))
    assert Cadre.objects.get().unit.superior == second.union


# ---- correcting


def correcting(cadre: Cadre, **said: object) -> dict[str, object]:
    return {
        "revision": cadre.revision,
        "name": cadre.name,
        "kind": "full_time",
        "post_title": "干事",
        **said,
    }


def test_a_correction_is_kept(contact: Client, someone: Cadre) -> None:
    said = correcting(someone, rank="四级调研员", committees=["union", "women"], post_title="副主席")
    assert contact.post(url("cadre_edit", someone.pk), said)["Location"] == url("cadre", someone.pk)
    someone.refresh_from_db()
    assert (someone.rank, someone.committees, someone.leadership, someone.revision) == (
        "四级调研员",
        ["union", "women"],
        "vice_chair",
        1,
    )


def test_what_the_person_chose_goes_before_what_the_title_says(contact: Client, someone: Cadre) -> None:
    contact.post(
        url("cadre_edit", someone.pk), correcting(someone, post_title="主席", leadership="vice_chair")
    )
    assert Cadre.objects.get().leadership == "vice_chair"


def test_two_at_once_the_second_sees_both_texts_and_may_insist(
    world: World, contact: Client, street: Unit, someone: Cadre
) -> None:
    update_cadre(
        cadre=someone, revision=0, actor=street.contact, at=at(6, 1), rank="三级调研员", phone="13900000000"
    )
    mine = correcting(someone, rank="四级调研员", revision=0)
    answer = contact.post(url("cadre_edit", someone.pk), mine)
    assert answer.status_code == 409
    assert answer.context["differing"] == [("职级", "四级调研员", "三级调研员"), ("手机", "", "13900000000")]
    assert Cadre.objects.get().rank == "三级调研员"
    assert 'name="revision" value="1"' in answer.content.decode()
    contact.post(url("cadre_edit", someone.pk), mine | {"revision": 1})
    assert Cadre.objects.get().rank == "四级调研员"


@pytest.mark.parametrize("revision", ["", "x", "9"])
def test_without_the_right_revision_nothing_is_overwritten(
    contact: Client, someone: Cadre, revision: str
) -> None:
    answer = contact.post(url("cadre_edit", someone.pk), correcting(someone, revision=revision, rank="x"))
    assert answer.status_code == 409
    assert Cadre.objects.get().rank == ""


# ---- moving, status, account


def change(client: Client, cadre: Cadre, action: str, **said: str):
    return client.post(url("cadre_change", cadre.pk), {"action": action, **said})


def test_he_moves_to_another_unit(world: World, client: Client, someone: Cadre) -> None:
    to = called.unit(world, "白水街道总工会")
    client.force_login(world.people["jiceng-head"])
    answer = change(client, someone, "move", unit="白水街道总工会", since="2021-05-01", post_title="主席")
    assert answer["Location"] == url("cadre", someone.pk)
    someone.refresh_from_db()
    assert (someone.unit, someone.post_title) == (to.union, "主席")
    shown = read(client, "cadre", someone.pk)
    assert "2020年1月1日 至 2021年4月30日" in shown


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"unit": "", "since": "2027-05-01"}, "请填写单位全称。"),
        ({"unit": "滨海新区总工会", "since": "2027-05-01"}, "您不能修改"),
        ({"unit": "海棠街道总工会", "since": "2027-05-01"}, "不用调动"),
        ({"unit": "海棠街道总工会", "since": ""}, "请填写到新单位日期。"),
    ],
)
def test_a_move_that_cant_be_says_why(
    contact: Client, someone: Cadre, said: dict[str, str], told: str
) -> None:
    answer = change(contact, someone, "move", **said)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert Membership.objects.count() == 1


def test_he_retires(contact: Client, someone: Cadre) -> None:
    change(contact, someone, "status", status="retired", on="2027-05-31")
    someone.refresh_from_db()
    assert (someone.status, someone.status_on) == ("retired", date(2027, 5, 31))
    assert change(contact, someone, "status", status="retired", on="2027-05-31").status_code == 422


def test_an_account_shows_him_his_own_training(world: World, contact: Client, someone: Cadre) -> None:
    user = User.objects.create_user("yueming", name="岳明")
    change(contact, someone, "account", username="yueming")
    assert Cadre.objects.get(user=user) == someone
    assert "没有登录账号“nobody”" in change(contact, someone, "account", username="nobody").content.decode()
    change(contact, someone, "account", username="")
    assert Cadre.objects.get().user is None


# ---- voiding


def test_the_authority_voids_a_record_for_a_reason(world: World, client: Client, someone: Cadre) -> None:
    called.trained(someone, date(2026, 3, 2), class_name="财务班")
    record = TrainingRecord.objects.get()
    client.force_login(world.people["jiceng-head"])
    address = url("record_void", record.pk)
    assert "作废后不再计算" in client.post(address).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "与另一条重复"})["Location"] == url("cadre", someone.pk)
    shown = read(client, "cadre", someone.pk)
    assert "<del>财务班</del>" in shown
    assert "累计 0 学时" in shown
    again = client.post(address, {"reason": "与另一条重复"})
    assert "这条培训记录已经作废。" in again.content.decode()


def test_nobody_else_voids(world: World, contact: Client, someone: Cadre) -> None:
    called.trained(someone, date(2026, 3, 2))
    record = TrainingRecord.objects.get()
    assert "作废" not in read(contact, "cadre", someone.pk)
    assert contact.post(url("record_void", record.pk), {"reason": "与另一条重复"}).status_code == 404
    assert TrainingRecord.objects.get().voided_at is None
