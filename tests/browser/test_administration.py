"""The administrator appoints a successor with mouse and keyboard, under the site's own security policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from org.models import Tenure
from tests.org.cast import Cast, assemble, sits, term

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return assemble()


@pytest.fixture
def desk(browse: Callable[..., Page], people: Cast) -> Page:
    page = browse()
    page.goto("/admin/")
    page.get_by_label("用户名").fill("root")
    page.get_by_label("密码").fill("not-needed-1")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/admin/")
    return page


def test_a_successor_is_appointed(desk: Page, people: Cast) -> None:
    sits(people.an, people.training_head)
    desk.goto("/admin/org/tenure/add/")
    desk.get_by_label("岗位").select_option(label="临海区总工会 · 基层工作部 部长")
    desk.get_by_label("任职人").select_option(label="柏林（bo）")
    desk.get_by_label("任职起始日").fill("2024-06-01")
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(desk.locator(".success")).to_contain_text("柏林：基层工作部 部长")
    assert [(tenure.user.name, tenure.period) for tenure in Tenure.objects.order_by("period")] == [
        ("安和", term("2018-01-01", "2024-06-01")),
        ("柏林", term("2024-06-01")),
    ]


def test_a_refusal_is_read_on_the_page(desk: Page, people: Cast) -> None:
    sits(people.bo, people.training_head)
    desk.goto("/admin/org/tenure/add/")
    desk.get_by_label("岗位").select_option(label="临海区总工会 · 基层工作部 部长")
    desk.get_by_label("任职人").select_option(label="柏林（bo）")
    desk.get_by_label("任职起始日").fill("2024-06-01")
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(desk.locator(".errorlist")).to_have_text("柏林自2018年1月1日起一直任基层工作部 部长，不用再任命。")


def test_somebody_is_allowed_to_look(desk: Page, people: Cast) -> None:
    """Django's two-column picker works without any script of the page's own."""
    desk.goto(f"/admin/org/department/{people.money.pk}/change/")
    desk.locator("#id_looking_users_from").select_option(label="安和")
    desk.locator("#id_looking_users_add").click()
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(desk.locator(".success")).to_be_visible()
    desk.goto(f"/admin/org/department/{people.money.pk}/change/")
    expect(desk.locator("#id_looking_users_to option")).to_have_text(["安和"])
