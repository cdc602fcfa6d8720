"""The frame of the site in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page


def test_a_stranger_is_led_to_sign_in_and_nothing_breaks_the_policy(page: Page) -> None:
    answer = page.goto("/admin/")
    assert answer is not None
    assert answer.status == 200
    page.goto("/login/")
    assert page.get_by_role("button", name="登录").is_visible()


def test_signing_in_is_possible_without_javascript(browse) -> None:
    page = browse(javascript=False)
    page.goto("/login/")
    page.get_by_label("用户名").fill("nobody")
    page.get_by_label("密码").fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    assert page.get_by_role("alert").is_visible()
