"""系统管理员: names a successor; what waited is his, and old records stay as they were."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.day import Day, last, pass_on, plan, says


def test_a_successor_takes_over_with_nothing_moved(day: Day) -> None:
    name = "法律干部培训班"
    admin = day.sits("admin", "/admin/org/tenure/add/")
    admin.get_by_label("岗位").select_option(label="新区总工会 · 权益保障部 部长")
    admin.get_by_label("任职人").select_option(label="蒋知微（binhai-bangongshi-staff）")
    admin.get_by_label("任职起始日").fill("2026-12-08")
    day.picture(admin, "任职")
    admin.get_by_role("button", name="保存", exact=True).click()
    expect(admin.locator(".success")).to_contain_text("蒋知微：权益保障部 部长")

    before = day.sits("binhai-quanyi-head")
    expect(before.get_by_role("link", name=name)).to_have_count(0)
    page = day.sits("binhai-bangongshi-staff")
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="同意", exact=True).click()
    says(page, f"《{name}》已办理：同意")
    signed = plan(name, union__code="binhai")
    assert (last(signed).actor_name, last(signed).post_title) == ("蒋知微", "权益保障部 部长")

    other = plan("劳动争议调解员培训班")
    pass_on(other, to="财务会审")
    page.goto(f"/plans/{other.pk}/")
    expect(page.get_by_role("region", name="审批记录")).to_contain_text("部门审签 · 郑海宁")
