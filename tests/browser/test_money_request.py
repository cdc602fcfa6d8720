"""调剂 of a class: its department asks for too much, is sent back once, and gets it; the lines follow."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import Page, expect

from budgets.models import Account, Project
from budgets.selectors import first_fault
from budgets.states import AccountKind
from tests.browser.day import Day, plan, says
from workflow.models import MoneyRequest
from workflow.states import RequestState

NAME = "职工创新工作指导员班"
OPINION = "请写明加订的设备和报价。"


def free() -> dict[str, Decimal]:
    """What may still be used of each line of the class."""
    lines = Account.objects.filter(line__project=plan(NAME).project_id, kind=AccountKind.LINE)
    return dict(lines.values_list("line__item", "balance"))


def asked_of(project: Project) -> str:
    """How its one request stands now."""
    return str(MoneyRequest.objects.get(project=project).state)


def move(page: Page, amount: str) -> None:
    """The first row: from 伙食费 to 场地费."""
    for label, start in (("第 1 行调出", "伙食费"), ("第 1 行调入", "场地")):
        options = page.get_by_label(label).locator("option").all_inner_texts()
        index = next(number for number, text in enumerate(options) if text.startswith(start))
        page.get_by_label(label).select_option(index=index)
    page.get_by_label("第 1 行金额").fill(amount)


def submit(page: Page) -> None:
    page.locator(".decide").get_by_role("button", name=re.compile("保存并(重新)?报送")).click()


def from_inbox(page: Page) -> None:
    """Opens the request from what waits."""
    page.get_by_role("main").get_by_role("link", name=NAME).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)


def test_a_transfer_is_asked_for_sent_back_corrected_and_agreed_to(day: Day) -> None:
    project = plan(NAME).project
    assert project is not None
    start = free()
    asks = day.sits("binhai-tongchou-staff", f"/projects/{project.pk}/")
    asks.locator("summary", has_text="调整").click()
    asks.get_by_role("link", name="调剂…").click()

    # More than is free: the line, its figures, what is lacking and the rule are named; nothing is sent.
    move(asks, "99,999.00")
    asks.get_by_label("理由").fill("结业汇报须加订场地设备")
    submit(asks)
    for text in ("还没有报送", "伙食费", f"可用 {start['meals']:,} 元", "不能调出 99,999.00 元", "专款专用"):
        says(asks, text)
    assert asked_of(project) == RequestState.DRAFT
    assert free() == start

    move(asks, "100.00")
    submit(asks)
    says(asks, "已报送")
    assert asked_of(project) == RequestState.REVIEWING
    expect(asks.get_by_role("region", name="对照").first).to_contain_text("+100.00")
    day.look(asks)
    assert free() == start

    reviews = day.sits("binhai-jiceng-head", "/")
    from_inbox(reviews)
    back = reviews.get_by_role("button", name="退回修改")
    back.click()  # without a reason nothing goes back
    expect(reviews.locator("#decide-error")).to_contain_text("意见")
    reviews.get_by_label("意见", exact=True).fill(OPINION)
    back.click()
    says(reviews, "退回")
    assert asked_of(project) == RequestState.RETURNED

    asks.goto("/")
    asks.get_by_role("main").get_by_role("link", name=NAME).first.click()
    expect(asks.get_by_role("main")).to_contain_text(OPINION)
    if asks.get_by_role("link", name="修改").count():
        asks.get_by_role("link", name="修改").first.click()
    expect(asks.get_by_label("第 1 行金额")).to_have_value(re.compile("100"))
    asks.get_by_label("第 1 行金额").fill("60.00")
    asks.get_by_label("理由").fill("结业汇报加订投影和音响，报价 60 元")
    submit(asks)
    says(asks, "已报送")

    reviews.goto("/")
    from_inbox(reviews)
    expect(reviews.get_by_role("main")).to_contain_text("报价 60 元")
    reviews.get_by_role("button", name="同意", exact=True).click()
    says(reviews, "同意")
    assert free() == start
    pays = day.sits("binhai-caiwu-head", "/")
    from_inbox(pays)
    day.look(pays)
    pays.get_by_role("button", name="同意", exact=True).click()
    says(pays, "同意")
    assert asked_of(project) == RequestState.APPROVED
    assert free() == start | {"meals": start["meals"] - 60, "venue": start["venue"] + 60}

    asks.goto(f"/projects/{project.pk}/")
    lines = asks.get_by_role("region", name="预算").first
    for item, title in (("meals", "伙食费"), ("venue", "场地")):
        expect(lines.get_by_role("row", name=title)).to_contain_text(f"{free()[item]:,}")
    expect(asks.get_by_role("region", name="流水")).to_contain_text("调剂")
    assert first_fault() is None
