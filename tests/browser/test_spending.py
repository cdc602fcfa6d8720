"""财务's day with one class: a contract is committed, paid in part, a mistake corrected, papers printed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from budgets.models import Account, Commitment, Payment
from budgets.states import AccountKind
from tests.browser.day import PHONE, Day, plan, says

NAME = "街镇工会主席履职专题班"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """A paper to hand in."""
    path = tmp_path / "场地合同.pdf"
    path.write_bytes(b"%PDF-1.4\n%made up\n")
    return path


def venue(name: str) -> dict[str, Decimal]:
    """What stands on 场地费 of that class."""
    accounts = Account.objects.filter(line__project=plan(name).project_id, line__item="venue")
    return dict(accounts.values_list("kind", "balance"))


def box(page: Page, label: str) -> None:
    """The total at the foot of the page follows what one types."""
    expect(page.locator("#pay-total")).to_contain_text(label)


def test_finance_commits_pays_and_corrects(day: Day, contract: Path) -> None:
    start = venue(NAME)
    page = day.sits("binhai-caiwu-staff", f"/projects/{plan(NAME).project_id}/")
    page.get_by_role("link", name="登记预占").click()
    page.get_by_label("预算行").select_option(index=_venue_option(page))
    page.get_by_label("预占金额").fill("99999999")
    page.get_by_label("事由").fill("场地租用合同")
    page.get_by_label("收款单位").fill("区委党校")
    page.locator("#file_contract").set_input_files(contract)
    page.get_by_role("button", name="登记预占", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("可用")
    expect(page.get_by_text("场地合同.pdf")).to_be_visible()
    page.get_by_label("预占金额").fill("500")
    page.get_by_role("button", name="登记预占", exact=True).click()
    says(page, "500.00 元")
    promised = Commitment.objects.latest("pk")
    assert promised.papers.get().file.name == "场地合同.pdf"

    row = page.get_by_role("region", name="预占").get_by_role("row", name=promised.number)
    row.get_by_role("link", name="支付").click()
    box(page, "500.00")
    page.get_by_label(f"{promised.number} 场地租用合同 本次支付（元）").fill("300")
    box(page, "叁佰元整")
    page.get_by_label("凭证号").fill("记-21")
    day.picture(page, "登记支付")
    page.get_by_role("button", name="核对并登记").click()
    expect(page.get_by_role("region", name="列支")).to_contain_text("300.00")
    assert not promised.entries.filter(payment__isnull=False).exists()
    day.look(page)
    page.get_by_role("button", name="返回修改").click()
    expect(page.get_by_label("凭证号")).to_have_value("记-21")
    page.get_by_role("button", name="核对并登记").click()
    page.get_by_role("button", name="确定登记").click()
    says(page, "300.00 元")
    paid = Payment.objects.latest("pk")
    assert paid.papers.get(code="contract").file.name == "场地合同.pdf"
    day.look(page)
    assert venue(NAME)[AccountKind.COMMITTED] == start[AccountKind.COMMITTED] + 200

    page.get_by_role("link", name="报销附件清单").click()
    expect(page.get_by_role("heading", name="报销附件清单")).to_be_visible()
    expect(page.locator(".paper")).to_contain_text("叁佰元整")
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="红字冲销").click()
    page.get_by_label("理由").fill("金额登记有误")
    expect(page.get_by_role("heading", level=1)).to_contain_text(paid.number)
    page.get_by_role("button", name="确定冲销").click()
    says(page, "已红字冲销")
    assert venue(NAME)[AccountKind.COMMITTED] == start[AccountKind.COMMITTED] + 500
    page.get_by_role("link", name="返回项目").click()
    expect(page.get_by_role("region", name="支付").locator("del").first).to_have_text("场地租用合同")
    day.look(page)


def _venue_option(page: Page) -> int:
    options = page.get_by_label("预算行").locator("option").all_inner_texts()
    return next(number for number, text in enumerate(options) if text.startswith("场地"))


def test_a_payment_without_javascript_on_a_phone(day: Day, contract: Path) -> None:
    page = day.sits(
        "binhai-caiwu-head", f"/projects/{plan(NAME).project_id}/pay/", javascript=False, viewport=PHONE
    )
    page.get_by_label("事由").fill("场地定金")
    page.get_by_label("收款单位").fill("区委党校")
    page.get_by_label("场地、资料、交通费 本次支付（元）").fill("120")
    page.get_by_role("button", name="尾款").click()
    expect(page.get_by_text("考勤还没有结束").first).to_be_visible()
    page.get_by_role("button", name="预付款").click()
    expect(page.get_by_label("事由")).to_have_value("场地定金")
    box(page, "壹佰贰拾元整")
    page.locator("#file_contract").set_input_files(contract)
    page.get_by_role("button", name="核对并登记").click()
    expect(page.get_by_text("场地合同.pdf")).to_be_visible()
    day.look(page)
    page.get_by_role("button", name="确定登记").click()
    says(page, "120.00 元")
    assert Payment.objects.latest("pk").amount == Decimal("120.00")


def test_the_department_reads_everything_and_changes_nothing(day: Day) -> None:
    page = day.sits("binhai-jiceng-staff", f"/projects/{plan(NAME).project_id}/")
    expect(page.get_by_role("region", name="预算")).to_contain_text("场地")
    for name in ("登记预占", "登记支付"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
    day.look(page)
