"""部门负责人: signs what his department drew up, and sends back what isn't right."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.day import Day, give_back, last, plan, says, sign_in
from workflow.states import DecisionAction, PlanState


def test_the_head_signs(day: Day) -> None:
    page = day.open_page()
    sign_in(page, "binhai-quanyi-head", "guikou2026")
    expect(page.get_by_role("alert")).to_contain_text("用户名或密码不正确")
    sign_in(page, "binhai-quanyi-head")
    expect(page.get_by_role("heading", name="待办", level=1)).to_be_visible()
    page.get_by_role("link", name="法律干部培训班").click()
    expect(page.get_by_role("heading", name="法律干部培训班")).to_be_visible()
    expect(page.get_by_role("region", name="审批记录")).to_contain_text("部门审签 · 郑海宁")
    day.picture(page, "审签")

    page.get_by_role("button", name="同意报送。").click()
    page.get_by_role("button", name="同意", exact=True).click()
    says(page, "《法律干部培训班》已办理：同意")
    signed = plan("法律干部培训班")
    assert (signed.state, last(signed).opinion) == (PlanState.REVIEWING, "同意报送。")
    assert (last(signed).post_title, last(signed).actor_name) == ("权益保障部 部长", "郑海宁")
    assert signed.tasks.get(is_open=True).step_title == "归口审核"

    page.get_by_role("link", name="已办").click()
    expect(page.get_by_role("row", name="法律干部培训班")).to_contain_text("同意报送。")


def test_the_head_forgets_the_reason_before_he_returns_a_class(day: Day) -> None:
    page = day.sits("binhai-jiceng-head")
    page.get_by_role("link", name="新任工会干部培训班").click()
    give_back(page)
    opinion = page.get_by_label("意见", exact=True)
    expect(opinion).to_be_focused()
    assert opinion.evaluate("box => box.validationMessage") == "请写明意见。"
    assert plan("新任工会干部培训班").state == PlanState.REVIEWING
    day.picture(page, "退回")

    opinion.fill("三天改两天，请重新测算经费。")
    give_back(page)
    says(page, "《新任工会干部培训班》已办理：退回")
    returned = plan("新任工会干部培训班")
    assert returned.state == PlanState.RETURNED
    assert last(returned).action == DecisionAction.RETURN
    assert last(returned).opinion == "三天改两天，请重新测算经费。"

    author = day.sits("binhai-jiceng-staff")
    author.get_by_role("link", name="新任工会干部培训班").click()
    expect(author.locator("main")).to_contain_text("三天改两天，请重新测算经费。")
