"""单位别名 and 证件查看记录: written and read by the training authority alone."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from org.models import IdentityAccess, UnitAlias
from org.services import add_alias
from tests.workflow import called
from tests.workflow.world import World

pytestmark = pytest.mark.django_db

ALIASES, LOG = "workflow:unit_aliases", "workflow:identity_log"


@pytest.fixture
def authority(world: World, client: Client) -> Client:
    client.force_login(world.people["jiceng-head"])
    return client


def write(client: Client, **fields: object):
    return client.post(reverse(ALIASES), {"since": "", "until": "", **fields})


def test_an_alias_is_written_with_its_days_and_read_again(world: World, authority: Client) -> None:
    unit = called.unit(world, "海棠街道总工会").union
    answer = write(authority, unit=unit.pk, alias="老海棠", since="2024-01-01", until="2026-01-01")
    assert answer.status_code == 302
    row = UnitAlias.objects.get()
    assert (row.union, row.alias) == (unit, "老海棠")
    assert (row.valid.lower, row.valid.upper) == (date(2024, 1, 1), date(2026, 1, 1))
    page = authority.get(reverse(ALIASES)).content.decode()
    assert "2024年1月1日起，2026年1月1日停用" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"alias": ""}, "请填写别名。"),
        ({"alias": "老海棠", "since": "昨天"}, "这不是日期"),
        ({"alias": "海棠街道总工会"}, "就是海棠街道总工会的全称或简称"),
        ({"alias": "老海棠", "since": "2026-01-01", "until": "2025-01-01"}, "停用日期应晚于启用日期"),
        ({"alias": "老海棠", "unit": 999999}, "请重新选择单位。"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(world: World, authority: Client, fields, said) -> None:
    unit = called.unit(world, "海棠街道总工会").union
    answer = write(authority, **{"unit": unit.pk, **fields})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not UnitAlias.objects.exists()


def test_an_alias_is_taken_back_after_a_question(world: World, authority: Client) -> None:
    unit = called.unit(world, "海棠街道总工会").union
    row = add_alias(unit=unit, alias="老海棠", actor=world.people["jiceng-head"], at=world.now())
    address = reverse("workflow:unit_alias_delete", args=[row.pk])
    assert "不再认作海棠街道总工会" in authority.post(address).content.decode()
    assert UnitAlias.objects.count() == 1
    assert authority.post(address, {"confirmed": "1"}).status_code == 302
    assert not UnitAlias.objects.exists()


def test_the_log_says_who_saw_whose_number_and_why(world: World, authority: Client) -> None:
    unit = called.unit(world, "海棠街道总工会", people=1)
    actor = world.people["jiceng-head"]
    IdentityAccess.objects.create(actor=actor, at=world.now(), cadre=unit.cadres[0], purpose="核对报名信息")
    IdentityAccess.objects.create(actor=actor, at=world.now(), count=37, purpose="上报上级工会")
    page = authority.get(reverse(LOG)).content.decode()
    for text in (unit.cadres[0].name, "核对报名信息", "名单导出", "37", "上报上级工会"):
        assert text in page
    assert unit.cadres[0].identity_number not in page


@pytest.mark.parametrize("who", ["xuanchuan-head", "leader", "secretary"])
def test_nobody_but_the_authority_finds_these_pages(world: World, client: Client, who: str) -> None:
    unit = called.unit(world, "海棠街道总工会").union
    row = add_alias(unit=unit, alias="老海棠", actor=world.people["jiceng-head"], at=world.now())
    client.force_login(world.people[who])
    for name in (ALIASES, LOG):
        assert client.get(reverse(name)).status_code == 404
    address = reverse("workflow:unit_alias_delete", args=[row.pk])
    assert client.post(address, {"confirmed": "1"}).status_code == 404
    assert UnitAlias.objects.count() == 1
