"""结账 and 反结账 on their pages (S21); a year's money beside the year's before (B-29)."""

from __future__ import annotations

from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from budgets.models import Fund, FundAct
from budgets.services import open_fund, supplement
from budgets.states import FundStatus
from office.refusals import Refused
from tests.workflow import world as worlds
from tests.workflow.money import asking
from tests.workflow.pages.declaring import signed_in
from tests.workflow.world import World, at
from workflow.models import GrowthReason
from workflow.selectors.growth import growth_of
from workflow.services.funds import explain_growth, set_up_fund
from workflow.states import MoneyKind

D = Decimal
NEW = "/funds/new/"
FUNDS = "/funds/"
GROWTH = "/funds/growth/?year=2028"


@pytest.fixture(autouse=True)
def next_january():
    with time_machine.travel(at(1, 15, 10, year=2028), tick=False):
        yield


def url(name: str, fund: Fund) -> str:
    return reverse(f"workflow:{name}", args=[fund.pk])


def set_up(world: World, year: int, amount: str, source: str = "special", reason: str = "") -> Fund:
    return set_up_fund(
        union=world.union,
        year=year,
        source=source,
        title="专项",
        amount=D(amount),
        status=FundStatus.CONTROL,
        basis="预算批复",
        book=world.book.book,
        actor=world.people["caiwu-head"],
        at=world.now(),
        reason=reason,
    )


# ---- 结账


def test_what_still_waits_is_named_and_nothing_is_closed(world: World) -> None:
    project = asking.project(world)
    commitment = asking.committed(world, project, "venue", "1500.00")
    other = asking.project(world, name="提高班", subject="YW-04")
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), other)
    client = signed_in(world, "caiwu-staff")
    page = url("fund_close", project.fund)
    assert page in client.get(url("fund", project.fund)).text
    text = client.get(page).text
    for said in (commitment.number, "1 笔，共 1,500.00 元", "区委党校", request.code, "申请结转"):
        assert said in text, said
    answer = client.post(page, {"reason": ""})
    assert answer.status_code == 409
    assert "还有 1 笔预占未了，共 1,500.00 元" in answer.text
    assert not FundAct.objects.exists()


def test_closed_and_opened_again_by_the_head_with_a_reason(world: World) -> None:
    fund = world.fund
    staff, head = signed_in(world, "caiwu-staff"), signed_in(world, "caiwu-head")
    asked = staff.post(url("fund_close", fund), {"reason": "年终结账"})
    assert "反结账只能由财务部门负责人办理" in asked.text
    assert "年度还没有结束" not in asked.text  # it is January of the next
    typed = dict(asked.context["ask"]["hidden"])
    back = staff.post(url("fund_close", fund), typed | {"confirmed": "1", "revise": "1"})
    assert "年终结账" in back.text
    assert not FundAct.objects.exists()
    done = staff.post(url("fund_close", fund), typed | {"confirmed": "1"}, follow=True).text
    for said in ("已结账", "年终结账", "陈晨", "反结账由财务部门负责人办理"):
        assert said in done, said
    assert url("fund_reopen", fund) not in done
    assert url("fund_reopen", fund) in head.get(url("fund", fund)).text
    assert url("fund_supplement", fund) not in done
    again = staff.post(url("fund_close", fund), {"reason": ""})
    assert (again.status_code, "已于2028年1月15日结账" in again.text) == (403, True)
    refused = staff.post(url("fund_reopen", fund), {"reason": "补记"})
    assert refused.status_code == 403
    assert "反结账由财务部门负责人办理" in refused.text
    empty = head.post(url("fund_reopen", fund), {"reason": ""})
    assert (empty.status_code, "请填写反结账理由" in empty.text) == (422, True)
    text = head.post(url("fund_reopen", fund), {"reason": "漏记一笔退款"}, follow=True).text
    for said in ("已反结账", "漏记一笔退款", "李想", url("fund_close", fund)):
        assert said in text, said
    assert list(FundAct.objects.order_by("id").values_list("kind", "actor__name")) == [
        ("close", "陈晨"),
        ("reopen", "李想"),
    ]
    assert head.get(url("fund_reopen", fund))["Location"] == url("fund", fund)


@pytest.mark.parametrize("name", ["fund_close", "fund_reopen"])
def test_only_finance_closes_and_opens(world: World, name: str) -> None:
    for who, status in (("jiceng-head", 403), ("secretary", 403), ("quanyi-head", 404)):
        client = signed_in(world, who)
        assert client.get(url(name, world.fund)).status_code == status, who
        assert client.post(url(name, world.fund), {"reason": "x"}).status_code == status, who
    assert not FundAct.objects.exists()
    assert url(name, world.fund) not in signed_in(world, "secretary").get(url("fund", world.fund)).text


# ---- 经费逐年增加


@pytest.mark.parametrize(
    ("amount", "grows"), [("999999.99", False), ("1000000.00", False), ("1000000.01", True)]
)
def test_more_is_strictly_more_or_a_reason(world: World, amount: str, grows: bool) -> None:
    if grows:
        set_up(world, 2028, amount)
        assert not GrowthReason.objects.exists()
        return
    with pytest.raises(Refused) as refused:
        set_up(world, 2028, amount)
    less = "少 0.01 元" if amount == "999999.99" else "没有增加"
    assert str(refused.value) == (
        f"2028 年培训经费合计 {D(amount):,} 元，2027 年 1,000,000.00 元，{less}（不含结转）"
        "（《意见》五(二)）。经费应当逐年增加，请填写未增加的原因。"
    )
    assert not Fund.objects.filter(year=2028).exists()
    set_up(world, 2028, amount, reason="压缩一般性支出")
    kept = GrowthReason.objects.get()
    assert (kept.amount, kept.before, kept.reason, kept.post.code) == (
        D(amount),
        D("1000000.00"),
        "压缩一般性支出",
        "caiwu-head",
    )


def test_all_sources_count_and_what_is_carried_over_doesnt(world: World) -> None:
    fund = set_up(world, 2028, "600000.00", reason="其余渠道随后设立")
    set_up(world, 2028, "400000.01", "business")
    asking.grant(world, MoneyKind.CARRY_OVER, asking.amount("300000.00"))
    growth = growth_of(world.union.pk, 2028)
    assert (growth.now, growth.before, growth.grows) == (D("1000000.01"), D("1000000.00"), True)
    supplement(
        fund=world.fund, amount=D("0.01"), basis="追加", actor=world.people["caiwu-head"], at=world.now()
    )
    growth = growth_of(world.union.pk, 2028)
    assert (growth.before, growth.grows, growth.more) == (D("1000000.01"), False, D("0.00"))
    assert fund.year == 2028


def test_nothing_before_is_nothing_to_compare(world: World) -> None:
    growth = growth_of(world.union.pk, 2027)
    assert (growth.before, growth.grows, growth.percent) == (None, True, "")
    with pytest.raises(Refused, match="不需要说明原因"):
        explain_growth(
            union=world.union,
            year=2027,
            reason="x",
            book=world.book.book,
            actor=world.people["caiwu-head"],
            at=world.now(),
        )


def test_another_unions_money_isnt_counted(world: World) -> None:
    other = worlds.build("mianyang", "mianyang-2018.toml", name="绵阳市总工会", authority="jiceng")
    assert growth_of(world.union.pk, 2028).before == D("1000000.00")
    assert growth_of(other.union.pk, 2028).before == D("1000000.00")


def test_the_form_asks_for_the_reason_before_the_amount_is_booked(world: World) -> None:
    client = signed_in(world, "caiwu-head")
    page = f"{NEW}?year=2028"
    assert "上年合计 1,000,000.00 元" in client.get(page).text
    form = {
        "source": "special",
        "title": "专项",
        "amount": "900000",
        "status": "control",
        "basis": "预算〔2028〕1号",
    }
    missing = client.post(page, form).text
    assert "2028 年培训经费合计 900,000.00 元，2027 年 1,000,000.00 元，少 100,000.00 元" in missing
    asked = client.post(page, form | {"reason": "压缩一般性支出"}).text
    assert "玖拾万元整" in asked
    assert 'value="压缩一般性支出"' in asked
    client.post(page, form | {"reason": "压缩一般性支出", "confirmed": "1"})
    shown = client.get(f"{FUNDS}?year=2028").text
    for said in (
        "经费没有逐年增加",
        "少 100,000.00 元（不含结转），-10.0%",
        "依据 《意见》五(二)",
        "压缩一般性支出",
        "李想",
        "重新说明原因",
    ):
        assert said in shown, said
    looker = signed_in(world, "secretary").get(f"{FUNDS}?year=2028").text
    assert "压缩一般性支出" in looker
    assert "重新说明原因" not in looker


def test_the_reason_is_written_anew_and_the_last_one_holds(world: World) -> None:
    set_up(world, 2028, "900000.00", reason="压缩")
    client = signed_in(world, "caiwu-staff")
    assert client.post(GROWTH, {"reason": ""}).status_code == 422
    client.post(GROWTH, {"reason": "上级核减"})
    assert growth_of(world.union.pk, 2028).reason.reason == "上级核减"
    assert GrowthReason.objects.count() == 2
    assert signed_in(world, "jiceng-head").get(GROWTH).status_code == 403
    assert signed_in(world, "quanyi-head").get(GROWTH).status_code == 404
    open_fund(
        union=world.union,
        year=2028,
        source="business",
        title="业务费",
        amount=D("200000.00"),
        status=FundStatus.CONTROL,
        basis="批复",
        actor=world.people["caiwu-head"],
        at=world.now(),
    )
    assert client.get(GROWTH).status_code == 302
    assert "增加 100,000.00 元（+10.0%）" in client.get(f"{FUNDS}?year=2028").text
