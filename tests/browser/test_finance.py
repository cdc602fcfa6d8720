"""财务: reviews jointly, sets up a fund, looks after each class's money."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from playwright.sync_api import expect

from budgets.models import Fund
from budgets.selectors import fund_totals
from org.models import User
from tests.browser.day import Day, last, pass_on, plan, says
from workflow.models import ClassPlan
from workflow.services.submission import submit
from workflow.states import DecisionAction, PlanState

NAME = "民主管理干部培训班"


def an_exception(name: str) -> None:
    """A class with more staff than the documents allow, explained by its department, lies with finance."""
    made = plan(name)
    ClassPlan.objects.filter(pk=made.pk).update(staff=9)
    submit(
        plan_id=made.pk,
        actor=User.objects.get(username="binhai-jiceng-staff"),
        at=timezone.now(),
        explanation="分两个考场，监考人员较多。",
    )
    pass_on(made, to="财务会审")


def test_finance_lets_an_exception_pass_only_in_its_own_words(day: Day) -> None:
    an_exception(NAME)
    page = day.sits("binhai-caiwu-head")
    # The department's own class lies with the stand-in, not here.
    expect(page.get_by_role("link", name="工会财会人员培训班")).to_have_count(0)
    page.get_by_role("link", name=NAME).click()
    expect(page.get_by_role("region", name="合规核查")).to_contain_text("需审批")
    expect(page.get_by_role("region", name="合规核查")).to_contain_text("分两个考场，监考人员较多。")
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.locator("#decide-error")).to_contain_text("须经批准的例外")
    day.picture(page, "会审")
    assert last(plan(NAME)).step_title == "归口审核"

    page.get_by_label("意见", exact=True).fill("考场分设，同意增加监考人员。")
    page.get_by_role("button", name="同意", exact=True).click()
    says(page, f"《{NAME}》已办理：同意")
    agreed = plan(NAME)
    assert agreed.state == PlanState.AWAITING_MEETING
    assert last(agreed).action == DecisionAction.AGREE
    assert last(agreed).opinion == "考场分设，同意增加监考人员。"
    assert "staff_over" in str(last(agreed).findings)

    page.goto(f"/plans/{plan('工会财会人员培训班', union__code='binhai').pk}/")
    expect(page.locator(".decide")).to_contain_text("钱文博")
    expect(page.get_by_role("button", name="同意", exact=True)).to_have_count(0)


def test_finance_sets_up_a_fund_and_follows_the_money(day: Day) -> None:
    page = day.sits("binhai-caiwu-head", "/funds/")
    page.get_by_role("link", name="设立专项预算").click()
    page.get_by_label("列支渠道").select_option(label="业务支出（培训费）")
    page.get_by_label("名称").fill("业务支出")
    page.locator("#id_basis").fill("2027年度预算（批复）")
    page.get_by_role("button", name="核对并设立").click()
    expect(page.get_by_role("alert").first).to_contain_text("金额")
    page.get_by_label("金额").fill("20万")
    page.get_by_role("button", name="核对并设立").click()
    expect(page.get_by_role("alert").first).to_contain_text("金额")
    assert Fund.objects.filter(title="业务支出").count() == 0
    page.get_by_label("金额").fill("200,000.00")
    page.get_by_label("状态").select_option(label="已批复")
    page.get_by_role("button", name="核对并设立").click()
    expect(page.locator("main")).to_contain_text("贰拾万元整")
    page.get_by_role("main").get_by_role("button").last.click()
    fund = Fund.objects.get(title="业务支出")
    assert fund_totals([fund.pk])[fund.pk].available == Decimal("200000.00")

    page.goto("/funds/?year=2027")
    page.get_by_role("link", name="工会干部教育培训专项经费").click()
    expect(page.get_by_role("row", name="功能区工会干部培训班")).to_contain_text("69,210.00")
    day.picture(page, "专项预算")
    page.get_by_role("link", name="功能区工会干部培训班").click()
    expect(page.get_by_role("region", name="预算")).to_contain_text("住宿费")
    expect(page.get_by_role("region", name="流水")).to_contain_text("下达")
    day.picture(page, "项目")
