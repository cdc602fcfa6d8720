"""The plan form in a real browser: figures as one types, nothing typed lost, whole without javascript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.workflow import world as worlds
from tests.workflow.world import World
from workflow.models import ClassPlan
from workflow.selectors.years import current_year

Browse = Callable[..., Page]


@pytest.fixture
def world(transactional_db: None) -> World:
    return worlds.build()


def sign_in(page: Page, who: str) -> Page:
    page.goto("/login/")
    page.get_by_label("用户名").fill(f"binhai-{who}")
    page.get_by_label("密码").fill("guikou-test")
    page.get_by_role("button", name="登录").click()
    return page


def begin(page: Page) -> None:
    page.goto("/plans/new/")
    page.locator("#id_name").fill("工会信息员培训班")
    page.locator("#id_category").select_option("professional")
    page.locator("#id_subject").select_option("YW-03")
    page.locator("[name=audience_units][value=town]").check()
    page.locator("#id_trainees").fill("80")
    page.locator("#id_staff").fill("3")
    page.locator("#id_module_ability").fill("16")
    page.locator("#id_time_slots").fill("每两月")
    page.locator("#id_sessions").fill("6")
    page.locator("#id_half_days").fill("4")


def test_figures_follow_what_is_typed_and_no_keystroke_is_lost(world: World, page: Page) -> None:
    sign_in(page, "xuanchuan-staff")
    begin(page)
    expect(page.locator("#b-meals-qty")).to_have_text("83 人 × 2 天 × 6 期")
    expect(page.locator("#b-meals-most")).to_have_text("129,480.00")
    expect(page.locator("#b-time")).to_have_text("已识别：每两月")
    expect(page.locator("#b-days")).to_have_text("合 2 天，含报到撤离")
    # 走读 lists no lodging; 住宿 brings the line without asking the server.
    expect(page.locator("#id_cost_lodging")).to_be_hidden()
    page.locator("[name=residential][value='1']").check()
    expect(page.locator("#id_cost_lodging")).to_be_visible()
    expect(page.locator("#b-lodging-most")).to_have_text("338,640.00")
    # Slower than the pause the form waits for: answers arrive between the keys.
    page.locator("#id_cost_meals").press_sequentially("12345.67", delay=450)
    expect(page.locator("#b-meals-gap")).to_have_text("余 117,134.33")
    expect(page.locator("#id_cost_meals")).to_have_value("12345.67")
    expect(page.locator("#id_cost_meals")).to_be_focused()
    page.get_by_role("button", name="按标准填入").click()
    expect(page.locator("#id_cost_meals")).to_have_value("129480.00")
    expect(page.locator("#b-total")).to_have_text("547,800.00")
    expect(page.locator("#b-words")).to_have_text("伍拾肆万柒仟捌佰元整")
    page.locator("#id_trainees").fill("八十")
    expect(page.locator("#live")).to_contain_text("“八十”不是数字，请用阿拉伯数字填写，如 60。")
    page.locator("#id_trainees").fill("80")
    expect(page.locator("#live")).to_contain_text("没有需求调研依据。")
    page.locator("#id_survey_reference").fill("需求汇总")
    expect(page.locator("#live")).not_to_contain_text("没有需求调研依据。")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("#messages")).to_contain_text("《工会信息员培训班》已保存。")
    plan = ClassPlan.objects.get()
    assert (plan.trainees, plan.residential, plan.sessions, len(plan.time_slots)) == (80, True, 6, 6)


def test_enter_in_a_field_neither_saves_nor_leaves(world: World, page: Page) -> None:
    sign_in(page, "xuanchuan-staff")
    begin(page)
    page.locator("#id_trainees").press("Enter")
    expect(page.locator("#b-meals-qty")).to_have_text("83 人 × 2 天 × 6 期")
    assert page.url.endswith("/plans/new/")
    assert not ClassPlan.objects.exists()


def test_writing_checking_and_handing_in_without_javascript(world: World, browse: Browse) -> None:
    page = sign_in(browse(javascript=False), "xuanchuan-staff")
    begin(page)
    page.get_by_role("button", name="重新计算").click()
    expect(page.locator("#b-meals-most")).to_have_text("129,480.00")
    page.get_by_role("button", name="按标准填入").click()
    expect(page.locator("#id_cost_meals")).to_have_value("129480.00")
    page.locator("#id_place").fill("区委党校")
    page.locator("#id_owner_phone").fill("13800001206")
    page.locator("#id_hours").fill("十六")
    page.get_by_role("button", name="保存并报送").click()
    expect(page.get_by_role("alert")).to_contain_text("“十六”不是数字，请用阿拉伯数字填写，如 16。")
    expect(page.locator("#id_place")).to_have_value("区委党校")
    page.locator("#id_hours").fill("16")
    page.get_by_role("button", name="保存并报送").click()
    expect(page.locator(".decide")).to_contain_text("有 1 项不符合，改正后才能报送。")
    page.get_by_role("link", name="去改").click()
    page.locator("#id_survey_reference").fill("需求汇总")
    page.get_by_role("button", name="保存并报送").click()
    page.get_by_role("button", name="报送", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("《工会信息员培训班》已报送，申报号")
    assert ClassPlan.objects.get().state == "reviewing"
    page.get_by_role("link", name="撤回").click()
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("#messages")).to_contain_text("已撤回")
    assert ClassPlan.objects.get().state == "withdrawn"


def test_two_editors_on_a_phone(world: World, browse: Browse) -> None:
    now = timezone.now()
    plan = world.draft(year=current_year(now), when=now)
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
    one = sign_in(browse(**phone), "xuanchuan-staff")
    other = sign_in(browse(**phone), "xuanchuan-head")
    for page in (one, other):
        page.goto(f"/plans/{plan.pk}/edit/")
    other.locator("#id_trainees").fill("45")
    other.get_by_role("button", name="保存草稿").click()
    expect(other.locator("#messages")).to_contain_text("已保存。")
    one.locator("#id_remark").fill("我的备注")
    one.get_by_role("button", name="保存草稿").click()
    expect(one.locator("#conflict")).to_contain_text("他人已先保存")
    expect(one.locator("#id_remark")).to_have_value("我的备注")
    one.locator("#id_trainees").fill("45")
    one.get_by_role("button", name="按我填写的保存").click()
    expect(one.locator("#messages")).to_contain_text("已保存。")
    stands = ClassPlan.objects.get()
    assert (stands.trainees, stands.remark) == (45, "我的备注")
