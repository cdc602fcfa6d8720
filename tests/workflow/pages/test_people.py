"""干部名册: who finds whom, by name and by document, and what a list gives away of a number."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from org.models import Cadre, IdentityAccess, User
from org.services import share
from tests.workflow import called
from tests.workflow.world import World
from workflow.selectors import people as select

pytestmark = pytest.mark.django_db

LIST = "workflow:cadres"


@pytest.fixture
def staff(world: World, client: Client) -> Client:
    client.force_login(world.people["xuanchuan-staff"])
    return client


def page(client: Client, **asked: str) -> str:
    return client.get(reverse(LIST), asked).content.decode()


def names(client: Client, **asked: str) -> list[str]:
    return [row["cadre"].name for row in client.get(reverse(LIST), asked).context["rows"]]


def trust(user: User) -> None:
    user.user_permissions.add(Permission.objects.get(codename="see_identity"))


def test_ones_own_union_and_those_below_in_the_order_of_the_tree(world: World, staff: Client) -> None:
    street = called.unit(world, "海棠街道总工会", people=2)
    own = called.cadre(world.union, "岳明")
    assert names(staff) == [own.name, *(cadre.name for cadre in street.cadres)]
    assert names(staff, scope="own") == ["岳明"]
    assert names(staff, unit=str(street.union.pk)) == [cadre.name for cadre in street.cadres]


def test_a_units_contact_sees_his_unit_alone(world: World, client: Client) -> None:
    street, other = called.unit(world, people=1), called.unit(world, people=1)
    client.force_login(street.contact)
    assert names(client) == [street.cadres[0].name]
    assert names(client, unit=str(other.union.pk)) == [street.cadres[0].name]
    for name in ("cadre", "cadre_edit", "cadre_change", "cadre_identity"):
        address = reverse(f"workflow:{name}", args=[other.cadres[0].pk])
        assert client.get(address).status_code == 404, name


def test_an_outsider_finds_nothing(world: World, client: Client) -> None:
    street = called.unit(world, people=1)
    client.force_login(User.objects.create_user("stranger", name="路人"))
    for name in ("cadres", "cadres_export", "cadre_new", "forgotten", "forgotten_export"):
        assert client.get(reverse(f"workflow:{name}")).status_code == 404, name
    for name in ("cadre", "cadre_edit", "cadre_change", "cadre_identity"):
        address = reverse(f"workflow:{name}", args=[street.cadres[0].pk])
        assert client.get(address).status_code == 404, name
    found = client.post(reverse("workflow:cadre_find"), {"q": street.cadres[0].identity_number}, follow=True)
    assert found.status_code == 404


def test_a_looker_reads_but_has_no_way_to_change(world: World, client: Client) -> None:
    street = called.unit(world, people=1)
    looker = User.objects.create_user("looker", name="过客")
    share(target=world.union, users=[looker], groups=[], actor=world.admin, at=world.now())
    client.force_login(looker)
    assert names(client) == [street.cadres[0].name]
    answer = client.get(reverse("workflow:cadre", args=[street.cadres[0].pk])).content.decode()
    assert "编辑" not in answer
    for name in ("cadre_edit", "cadre_change"):
        assert client.get(reverse(f"workflow:{name}", args=[street.cadres[0].pk])).status_code == 404
    assert "登记干部" not in page(client)
    assert client.get(reverse("workflow:cadre_new")).status_code == 404


def test_status_and_name_narrow_the_list(world: World, staff: Client) -> None:
    called.cadre(world.union, "岳明")
    called.cadre(world.union, "石岳", former_name="石小舟")
    called.cadre(world.union, "谷雨", status="retired")
    assert names(staff) == ["岳明", "石岳"]
    assert names(staff, status="retired") == ["谷雨"]
    assert names(staff, status="all") == ["岳明", "石岳", "谷雨"]
    assert names(staff, q="岳") == ["岳明", "石岳"]
    assert names(staff, q="小舟") == ["石岳"]
    assert names(staff, status="nonsense", unit="x", scope="?") == ["岳明", "石岳", "谷雨"]


def test_a_large_area_shows_its_own_people_and_finds_by_the_beginning_of_a_name(
    world: World, staff: Client, monkeypatch
) -> None:
    monkeypatch.setattr(select, "MOST", 3)
    called.unit(world, people=3)
    called.cadre(world.union, "岳明")
    called.cadre(world.union, "石岳")
    assert names(staff) == ["岳明", "石岳"]
    assert "超过 3 人，这里只列本级" in page(staff)
    assert names(staff, q="岳") == ["岳明"]


def test_a_name_is_looked_for_in_the_list_and_a_number_leads_to_the_person(
    world: World, staff: Client
) -> None:
    street = called.unit(world, people=2)
    someone = street.cadres[1]
    found = staff.post(reverse("workflow:cadre_find"), {"q": " 岳 ", "status": "all", "unit": "7"})
    assert found["Location"] == f"{reverse(LIST)}?unit=7&scope=&status=all&q=%E5%B2%B3"
    for typed in (someone.identity_number, f" {someone.identity_number.lower()} "):
        found = staff.post(reverse("workflow:cadre_find"), {"q": typed})
        assert found["Location"] == reverse("workflow:cadre", args=[someone.pk])


@pytest.mark.parametrize("typed", ["110105********002X", "11010519900307", "110105199002290018"])
def test_what_is_no_number_finds_nobody_and_stands_in_no_address(
    world: World, staff: Client, typed: str
) -> None:
    called.unit(world, people=1)
    found = staff.post(reverse("workflow:cadre_find"), {"q": typed})
    assert found["Location"] == reverse(LIST)


def test_a_number_in_the_address_isnt_looked_for(world: World, staff: Client) -> None:
    someone = called.unit(world, people=1).cadres[0]
    answer = page(staff, q=someone.identity_number)
    assert "从未参训" in answer
    assert someone.identity_number not in answer


def test_somebody_elses_number_says_no_more_than_that_it_isnt_here(world: World, client: Client) -> None:
    street, other = called.unit(world, people=1), called.unit(world, people=1)
    client.force_login(street.contact)
    number = other.cadres[0].identity_number
    answer = client.post(reverse("workflow:cadre_find"), {"q": number}, follow=True).content.decode()
    assert "您能查看的范围内没有登记这个证件号码。" in answer
    assert other.cadres[0].name not in answer


def test_no_list_shows_a_whole_number(world: World, staff: Client) -> None:
    people = called.unit(world, people=3).cadres
    shown = page(staff)
    for cadre in people:
        assert cadre.identity_masked in shown
        assert cadre.identity_number not in shown


def rows(content: bytes) -> list[tuple[object, ...]]:
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return [row for row in sheet.iter_rows(min_row=4, values_only=True) if row[1]]


def test_the_workbook_has_masked_numbers(world: World, staff: Client) -> None:
    people = called.unit(world, people=2).cadres
    content = staff.get(reverse("workflow:cadres_export")).content
    assert [row[3] for row in rows(content)] == [cadre.identity_masked for cadre in people]
    assert not IdentityAccess.objects.exists()


def test_whole_numbers_leave_with_permission_reason_and_a_line(world: World, staff: Client) -> None:
    people = called.unit(world, people=2).cadres
    address = reverse("workflow:cadres_take_out")
    assert "导出证件号码" not in page(staff)
    refused = staff.post(address, {"purpose": "上报上级工会"})
    assert refused.status_code == 422
    assert "需要授权" in refused.content.decode()
    trust(world.people["xuanchuan-staff"])
    assert "导出证件号码" in page(staff)
    assert "会记入证件查看记录" in staff.post(address).content.decode()
    assert staff.post(address, {"purpose": "看"}).status_code == 422
    assert not IdentityAccess.objects.exists()
    content = staff.post(address, {"purpose": "上报上级工会", "status": "active"}).content
    assert [row[3] for row in rows(content)] == [cadre.identity_number for cadre in people]
    assert list(IdentityAccess.objects.values_list("actor__username", "cadre", "count", "purpose")) == [
        ("binhai-xuanchuan-staff", None, 2, f"导出{world.union.name}干部名册：上报上级工会")
    ]


@pytest.mark.parametrize("count", [3, 24])
def test_the_list_costs_the_same_however_long(
    world: World, staff: Client, django_assert_num_queries, count: int
) -> None:
    unit = called.unit(world, people=count)
    Cadre.objects.update(last_trained="2026-01-01")
    staff.get(reverse(LIST))
    # Session and user, the frame's five, reach's two, units, is it large, count, rows; permissions.
    with django_assert_num_queries(13):
        assert len(staff.get(reverse(LIST)).context["rows"]) == len(unit.cadres)


def test_search_finds_the_people_one_looks_at(world: World, client: Client) -> None:
    street, other = called.unit(world, "海棠街道总工会"), called.unit(world, "望潮街道总工会")
    here = called.cadre(street.union, "岳明", post_title="财会人员")
    there = called.cadre(other.union, "岳明远")
    client.force_login(street.contact)
    answer = client.get(reverse("workflow:search"), {"q": "岳明"})
    assert answer.context["cadres"] == [here]
    text = answer.content.decode()
    assert f'href="{reverse("workflow:cadre", args=[here.pk])}">岳明</a>' in text
    assert "没有找到" not in text
    client.force_login(world.people["jiceng-staff"])
    assert client.get(reverse("workflow:search"), {"q": "岳明"}).context["cadres"] == [here, there]


def test_a_cadre_without_a_post_comes_to_his_training(world: World, client: Client) -> None:
    user = User.objects.create_user("yue-ming", name="岳明")
    client.force_login(user)
    assert client.get(reverse("workflow:inbox")).status_code == 200
    Cadre.objects.filter(pk=called.cadre(world.union, "岳明").pk).update(user=user)
    answer = client.get(reverse("workflow:inbox"))
    assert (answer.status_code, answer["Location"]) == (302, reverse("workflow:my_training"))
    # Whoever has a post finds his work, be he a cadre or not.
    staff = world.people["jiceng-staff"]
    Cadre.objects.filter(user=user).update(user=staff)
    client.force_login(staff)
    assert client.get(reverse("workflow:inbox")).status_code == 200


def test_the_units_offered_are_those_one_may_enter_people_of(world: World, client: Client) -> None:
    street = called.unit(world, "海棠街道总工会")
    client.force_login(world.people["xuanchuan-staff"])
    offered = client.get(reverse("workflow:cadre_new")).content.decode()
    assert world.union.name in offered
    assert street.union.name not in offered
    client.force_login(world.people["jiceng-staff"])
    assert street.union.name in client.get(reverse("workflow:cadre_new")).content.decode()
