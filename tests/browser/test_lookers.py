"""Who may look but not act reads why; who has nothing to do with a union finds nothing."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.day import Day, plan
from workflow.models import Decision


def test_the_auditor_looks_at_everything_and_has_no_buttons(day: Day) -> None:
    page = day.sits("binhai-auditor")
    before = Decision.objects.count()
    expect(page.locator("main")).to_contain_text("没有待办事项")
    page.get_by_role("link", name="计划汇总").click()
    expect(page.get_by_role("button", name="提交上会")).to_have_count(0)
    expect(page.get_by_role("checkbox", name="选择")).to_have_count(0)
    page.get_by_role("link", name="法律干部培训班").click()
    expect(page.locator(".decide")).to_contain_text("“部门审签”由 权益保障部 部长（郑海宁） 办理")
    expect(page.locator(".decide button")).to_have_count(0)
    day.picture(page, "只看")
    page.get_by_role("link", name="培训经费").click()
    expect(page.get_by_role("link", name="设立专项预算")).to_have_count(0)
    page.get_by_role("link", name="上会议题").click()
    page.get_by_role("link", name="主席办公会").first.click()
    expect(page.get_by_role("button", name="核对审定结果")).to_have_count(0)
    assert Decision.objects.count() == before


def test_an_outsider_finds_nothing(day: Day) -> None:
    page = day.sits("outsider")
    expect(page.get_by_role("link", name="计划汇总")).to_have_count(0)
    made = plan("法律干部培训班")
    for address in (f"/plans/{made.pk}/", f"/plans/{made.pk}/edit/", f"/plans/{made.pk}/print/"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404
        assert made.name not in page.content()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/search/?q=法律干部")
    expect(page.locator("main")).to_contain_text("没有找到")
