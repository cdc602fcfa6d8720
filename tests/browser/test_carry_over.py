"""结转 of a class that isn't paid in full when its year ends: chosen, agreed to, paid from the next year."""

from __future__ import annotations

from playwright.sync_api import expect

from budgets.models import Project
from budgets.selectors import first_fault, project_totals
from tests.browser.day import NOON, Day, says
from tests.browser.test_finance_day import OVER, held
from workflow.models import MoneyRequest, WorkTask
from workflow.states import RequestState


def test_a_class_goes_on_in_the_next_years_fund(day: Day) -> None:
    old = held(OVER).project
    assert old is not None
    before = project_totals([old.pk])[old.pk]
    asks = day.sits("binhai-caiwu-staff", f"/funds/{old.fund_id}/")
    asks.locator("summary", has_text="办理").click()
    asks.get_by_role("link", name="申请结转…").click()
    asks.get_by_label(f"{old.number} {old.name}").check()
    asks.get_by_role("button", name="按预算行填写所选班次").click()
    lines = asks.get_by_role("region", name=f"结转 {old.number}")
    expect(lines).to_contain_text(old.name)
    day.look(asks)

    # More than a line has: told at its field, nothing is sent.
    amount = lines.get_by_role("textbox").first
    all_of_it = amount.input_value()
    amount.fill("9,999,999.00")
    asks.get_by_label("理由").fill("尾款须在下年支付")
    asks.get_by_role("button", name="保存并报送").click()
    expect(asks.get_by_role("main")).to_contain_text("不能结转 9,999,999.00 元")
    lines.get_by_role("textbox").first.fill(all_of_it)
    asks.get_by_role("button", name="保存并报送").click()
    says(asks, "已报送")
    asked = MoneyRequest.objects.get(fund=old.fund_id, kind="carry_over", state=RequestState.REVIEWING)
    day.look(asks)

    while asked.state == RequestState.REVIEWING:
        task = WorkTask.objects.get(money=asked, is_open=True)
        assert task.post is not None
        holder = task.post.tenures.get(period__contains=NOON.date()).user
        reviews = day.sits(holder.username, f"/money-requests/{asked.pk}/")
        expect(reviews.get_by_role("region", name=f"随班结转 {old.number}")).to_contain_text("结转到下年")
        day.look(reviews)
        reviews.locator(".decide").get_by_role("button", name="同意", exact=True).click()
        reviews.wait_for_load_state()
        asked = MoneyRequest.objects.get(pk=asked.pk)
    assert asked.state == RequestState.APPROVED

    new = Project.objects.get(continues=old)
    there = project_totals([new.pk])[new.pk]
    assert (there.available, there.committed) == (before.available, before.committed)
    asks.goto(f"/projects/{old.pk}/")
    main = asks.get_by_role("main")
    expect(main).to_contain_text(f"本班结余已结转到 {new.number}，请在该项目办理。")
    day.look(asks)
    main.get_by_role("link", name=new.number).first.click()
    expect(main).to_contain_text(f"上年结转：本班 {old.fund.year} 年的经费在 {old.number}")
    expect(asks.get_by_role("link", name="登记支付")).to_be_visible()
    day.look(asks)
    asks.goto(f"/funds/{new.fund_id}/")
    expect(main).to_contain_text(f"上年结转 {old.number}")
    day.look(asks)
    assert first_fault() is None
