"""The same work without javascript, with the keyboard alone, on a phone, and by two people at once."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.day import PHONE, Day, give_back, last, plan, says, sign_in
from workflow.states import DecisionAction, PlanState


def test_signing_in_handing_in_and_deciding_without_javascript(day: Day) -> None:
    name = "民主管理干部培训班"
    clerk = day.open_page(javascript=False)
    sign_in(clerk, "binhai-jiceng-staff")
    clerk.get_by_role("link", name="年度申报").click()
    clerk.get_by_role("row", name=name).get_by_role("link", name="报送", exact=True).click()
    clerk.get_by_role("button", name="报送", exact=True).click()
    says(clerk, "已报送")
    assert plan(name).state == PlanState.REVIEWING

    head = day.open_page(javascript=False)
    sign_in(head, "binhai-jiceng-head")
    head.get_by_role("link", name=name).click()
    # Returned without a reason: the server says so, and keeps what was chosen.
    give_back(head)
    expect(head.locator("#decide-error")).to_contain_text("须填写意见")
    head.get_by_label("意见", exact=True).fill("同意报送。")
    head.get_by_role("button", name="同意", exact=True).click()
    says(head, f"《{name}》已办理：同意")
    assert (last(plan(name)).action, last(plan(name)).opinion) == (DecisionAction.AGREE, "同意报送。")

    # Several at once, asked about on a page of its own.
    head.goto("/")
    head.get_by_role("checkbox", name="选择 劳动争议调解员培训班").check()
    head.get_by_role("button", name="批量同意…").click()
    head.get_by_role("button", name="同意 1 项").click()
    expect(head.get_by_role("heading", name="批量同意结果")).to_be_visible()
    assert plan("劳动争议调解员培训班").tasks.get(is_open=True).step_title == "财务会审"


def press_to(page: Page, label: str) -> None:
    """Tabs on until the focus is on what is called ``label``, and can be seen there."""
    for _ in range(120):
        page.keyboard.press("Tab")
        name, ring = page.evaluate(
            """() => {
              const it = document.activeElement, style = getComputedStyle(it);
              const label = it.ariaLabel || it.innerText || "";
              return [label.trim(), style.outlineStyle !== "none" || style.boxShadow !== "none"];
            }"""
        )
        if name == label:
            assert ring, f"nobody sees the focus on {label}"
            return
    raise AssertionError(f"Tab never came to {label}")


def test_deciding_with_the_keyboard_alone(day: Day) -> None:
    page = day.sits("binhai-quanyi-head")
    press_to(page, "法律干部培训班")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="法律干部培训班")).to_be_visible()
    press_to(page, "意见")
    page.keyboard.type("同意报送，请归口审核。")
    page.keyboard.press("Enter")  # Enter in the opinion decides nothing
    assert last(plan("法律干部培训班")).action == DecisionAction.SUBMIT
    press_to(page, "同意")
    page.keyboard.press("Enter")
    says(page, "《法律干部培训班》已办理：同意")
    assert last(plan("法律干部培训班")).opinion == "同意报送，请归口审核。"


def test_a_day_on_a_phone(day: Day) -> None:
    page = day.open_page(viewport=PHONE)
    sign_in(page, "binhai-quanyi-head")
    day.picture(page, "手机待办")
    page.get_by_role("link", name="法律干部培训班").click()
    expect(page.get_by_role("button", name="同意", exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="同意", exact=True).click()
    says(page, "已办理：同意")
    assert last(plan("法律干部培训班")).opinion == "同意"
    for address in ("/done/", "/mine/", "/plans/", "/plans/new/", "/imports/new/", "/year-plan/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    boss = day.sits("binhai-jiceng-head", viewport=PHONE)
    for address in ("/desk/", "/meetings/", "/funds/", "/search/?q=干部"):
        boss.goto(address)
        assert boss.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


def test_the_second_of_two_reads_who_was_faster(day: Day) -> None:
    """The clerk takes a class back while the head has it open; then two windows decide on another one."""
    name = "法律干部培训班"
    head, clerk = day.sits("binhai-quanyi-head"), day.sits("binhai-quanyi-staff", "/plans/")
    head.get_by_role("link", name=name).click()
    clerk.get_by_role("row", name=name).get_by_role("link", name="撤回").click()
    clerk.get_by_role("main").get_by_role("button", name="撤回").click()
    says(clerk, "已撤回")
    head.get_by_label("意见", exact=True).fill("同意报送。")
    head.get_by_role("button", name="同意", exact=True).click()
    conflict = head.get_by_role("alert").first
    expect(conflict).to_contain_text("本次操作没有生效")
    expect(conflict).to_contain_text("冯雪莹")
    expect(conflict).to_contain_text("同意报送。")
    day.picture(head, "已被办理")
    assert plan(name).state == PlanState.WITHDRAWN

    one, other = day.sits("binhai-jiceng-head"), day.sits("binhai-jiceng-head")
    for page in (one, other):
        page.get_by_role("link", name="劳动争议调解员培训班").click()
    one.get_by_role("button", name="同意", exact=True).click()
    says(one, "已办理：同意")
    other.get_by_label("意见", exact=True).fill("请补充方案。")
    give_back(other)
    expect(other.get_by_role("alert").first).to_contain_text("周慕白")
    assert plan("劳动争议调解员培训班").decisions.count() == 3
