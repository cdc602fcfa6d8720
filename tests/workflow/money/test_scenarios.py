"""DOMAIN §7: S19 a budget adjusted below what is spent, S21 money of a year that was closed."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from budgets.models import Entry, FundAct, Project
from budgets.selectors import first_fault, fund_totals
from budgets.services import GivenPaper, PaidRow, close_year, pay, reopen_year
from budgets.states import PayMethod, Subject
from office.refusals import Refused
from tests.workflow.money import asking, carried
from tests.workflow.money import spending as spend
from tests.workflow.test_settling import ended
from tests.workflow.test_settling import pay as paid_in_time
from tests.workflow.world import World, at
from workflow.models import Decision
from workflow.services.settling import settle_run
from workflow.states import MoneyKind

D = Decimal


def paid(world: World, project: Project, item: str, amount: str) -> None:
    """An other expense with every paper it takes."""
    book = world.book.book
    kind = book.money.kind("other")
    pay(
        project=project,
        kind="other",
        title="资料印刷",
        payee="印刷厂",
        rows=[PaidRow(asking.line(project, item).pk, D(amount))],
        method=PayMethod.TRANSFER,
        paid_on=date(2027, 1, 11),
        subject=Subject.CADRES,
        handler="林晓峰",
        key=uuid4(),
        book=book,
        papers=[GivenPaper(one.code, one.title, evidence="已核") for one in book.money.papers_of(kind)],
        actor=world.people["caiwu-head"],
        at=world.now(),
    )


@pytest.fixture
def hundred_thousand(world: World) -> Project:
    """S19, given: a class budget of 100,000, 62,000 of it paid and 20,000 committed."""
    project = asking.project(
        world,
        trainees=100,
        staff=5,
        half_days=12,
        costs={"meals": "70000.00", "venue": "20000.00", "other": "10000.00"},
        hours=D(48),
    )
    paid(world, project, "meals", "60000.00")
    paid(world, project, "other", "2000.00")
    asking.committed(world, project, "venue", "20000.00")
    return project


class TestS19:
    def test_to_60_000_it_is_refused_and_the_floor_of_82_000_is_named(
        self, world: World, hundred_thousand: Project
    ) -> None:
        terms = asking.budget(meals="40000.00", venue="10000.00", other="10000.00")
        with pytest.raises(Refused) as refused:
            asking.hand_in(world, MoneyKind.BUDGET, terms, hundred_thousand)
        said = str(refused.value)
        assert (
            "本项目预算不能调整为 60,000.00 元：已支出 62,000.00 元、预占 20,000.00 元，"
            "合计 82,000.00 元，不得低于此数。"
        ) in said
        assert "“伙食费”不能调整为 40,000.00 元：已支出 60,000.00 元、预占 0.00 元" in said
        assert "《意见》五(二)" in said
        assert asking.budgets(hundred_thousand)["meals"] == D("70000.00")

    def test_one_line_below_its_own_floor_is_refused_though_the_total_is_not(
        self, world: World, hundred_thousand: Project
    ) -> None:
        terms = asking.budget(meals="60000.00", venue="19999.99", other="10000.00")
        with pytest.raises(Refused) as refused:
            asking.hand_in(world, MoneyKind.BUDGET, terms, hundred_thousand)
        assert "本项目预算不能调整为" not in str(refused.value)
        assert "“场地、资料、交通费”不能调整为 19,999.99 元：已支出 0.00 元、预占 20,000.00 元" in str(
            refused.value
        )

    def test_to_85_000_with_a_reason_it_is_accepted_and_the_history_shows_old_and_new(
        self, world: World, hundred_thousand: Project
    ) -> None:
        free = fund_totals([world.fund.pk])[world.fund.pk].available
        terms = asking.budget(meals="61000.00", venue="20000.00", other="4000.00")
        with pytest.raises(Refused, match="须填写理由"):
            asking.hand_in(world, MoneyKind.BUDGET, terms, hundred_thousand, reason="")
        request = asking.grant(world, MoneyKind.BUDGET, terms, hundred_thousand, reason="实际用餐人数减少")
        assert sum(asking.budgets(hundred_thousand).values()) == D("85000.00")
        assert fund_totals([world.fund.pk])[world.fund.pk].available == free + D("15000.00")
        old = {row["item"]: row["budget"] for row in request.before["lines"]}
        assert (old["meals"], request.content["lines"]["meals"]) == ("70000.00", "61000.00")
        moved = Entry.objects.filter(reference=request.code)
        assert {(entry.kind, entry.amount) for entry in moved} == {
            ("recall", D("9000.00")),
            ("recall", D("6000.00")),
        }

    def test_what_was_paid_while_it_lay_counts(self, world: World, hundred_thousand: Project) -> None:
        terms = asking.budget(meals="61000.00", venue="20000.00", other="4000.00")
        request = asking.hand_in(world, MoneyKind.BUDGET, terms, hundred_thousand)
        asking.decide(world, request)
        paid(world, hundred_thousand, "other", "2000.01")
        with pytest.raises(Refused, match=r"已支出 4,000.01 元、预占 0.00 元，合计 4,000.01 元"):
            asking.decide(world, request)
        assert sum(asking.budgets(hundred_thousand).values()) == D("100000.00")

    def test_the_ceilings_of_the_rate_card_are_checked_again(self, world: World) -> None:
        project = asking.project(world)
        request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="100000.00"), project)
        found = Decision.objects.get(money=request).findings
        assert [(row["code"], row["severity"]) for row in found] == [
            ("over_ceiling_total", "hold"),
            ("over_ceiling_line", "warn"),
            ("ledger", "pass"),
        ]
        assert "综合定额内 102,000.00 元，上限" in found[0]["message"]
        with pytest.raises(Refused, match=r"有须经批准的例外（.*），同意时请填写意见"):
            asking.decide(world, request)
        asking.agree_all(world, request)
        # Less than before is never held against it.
        less = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="99000.00"), project)
        assert [row["code"] for row in Decision.objects.get(money=less).findings] == ["ledger"]


class TestS21:
    @pytest.fixture
    def closed(self, world: World) -> Project:
        """Given: the year was closed on 10 January of the next."""
        project = asking.project(world)
        asking.next_fund(world)
        close_year(fund=world.fund, actor=world.people["caiwu-staff"], at=at(1, 10, year=2028))
        world.fund.refresh_from_db()
        project.fund.refresh_from_db()
        return project

    LATE = at(1, 15, year=2028)

    @pytest.mark.parametrize("kind", list(MoneyKind))
    def test_nothing_is_asked_of_it_and_the_day_is_named(
        self, world: World, closed: Project, kind: MoneyKind
    ) -> None:
        terms = asking.amount("1.00", "文号")
        with pytest.raises(Refused, match="已于2028年1月10日结账"):
            asking.draft(world, kind, terms, closed, "caiwu-head", when=self.LATE)

    @pytest.mark.parametrize("kind", list(MoneyKind))
    def test_what_was_asked_before_isnt_agreed_to_after(self, world: World, kind: MoneyKind) -> None:
        project = asking.project(world)
        asking.next_fund(world)
        terms: dict[str, Any] = {
            MoneyKind.TRANSFER: asking.shift(project, "venue", "meals", "1.00"),
            MoneyKind.BUDGET: asking.budget(meals="8100.00"),
        }
        more = {"basis": asking.paper()} if kind == MoneyKind.SUPPLEMENT else {}
        asked = terms.get(kind, asking.amount("1.00", "文号"))
        request = asking.hand_in(world, kind, asked, project, "caiwu-staff", **more)
        close_year(fund=world.fund, actor=world.people["caiwu-head"], at=at(1, 10, year=2028))
        before = Entry.objects.count()
        with pytest.raises(Refused, match=r"现在不能同意：.*已于2028年1月10日结账"):
            asking.decide(world, request, when=self.LATE)
        assert Entry.objects.count() == before
        assert asking.fresh(request).state == "reviewing"

    def test_it_is_opened_again_by_the_head_with_a_reason_logged_and_closes_again(
        self, world: World, closed: Project
    ) -> None:
        staff, head = world.people["caiwu-staff"], world.people["caiwu-head"]
        with pytest.raises(Refused, match="反结账由财务部门负责人办理"):
            reopen_year(fund=world.fund, reason="补记", actor=staff, at=self.LATE)
        with pytest.raises(Refused, match="请填写反结账的理由"):
            reopen_year(fund=world.fund, reason=" ", actor=head, at=self.LATE)
        reopen_year(fund=world.fund, reason="漏记一笔退款", actor=head, at=self.LATE)
        close_year(fund=world.fund, actor=head, at=at(1, 16, year=2028))
        assert list(FundAct.objects.order_by("id").values_list("kind", "reason", "actor__name")) == [
            ("close", "", "陈晨"),
            ("reopen", "漏记一笔退款", "李想"),
            ("close", "", "李想"),
        ]

    def test_what_is_left_goes_over_by_an_approval(self, world: World) -> None:
        project = asking.project(world)
        to = asking.next_fund(world)
        asking.grant(world, MoneyKind.BUDGET, asking.budget(meals="8000.00", venue="500.00"), project)
        request = asking.grant(world, MoneyKind.CARRY_OVER, asking.amount("1500.00"), reason="下年继续办")
        assert re.fullmatch(r"JF20\d\d-\d{4}", request.code)
        assert {(entry.kind, entry.amount) for entry in Entry.objects.filter(reference=request.code)} == {
            ("carry_out", D("1500.00")),
            ("carry_in", D("1500.00")),
        }
        assert fund_totals([to.pk])[to.pk].available == D("501500.00")

    def test_a_class_of_it_is_paid_in_the_next_year_by_a_carry_over_approved(self, world: World) -> None:
        """Held in 2027, 场地费 promised and not paid when the year closes; paid and settled in 2028."""
        run = ended(world)
        spend.minutes(world, run)
        old = spend.project_of(run)
        promised = asking.committed(world, old, "venue", "1800.00")
        paid_in_time(world, run, "6000.00")
        to = asking.next_fund(world)
        head = world.people["caiwu-head"]
        with pytest.raises(Refused, match=r"还有 1 笔预占未了，共 1,800\.00 元"):
            close_year(fund=world.fund, actor=head, at=carried.NEW_YEAR)
        request = carried.carry(world, old)
        new = carried.later_of(old)
        assert (new.number, new.fund, new.name, new.department) == (
            "P2028-0001",
            to,
            old.name,
            old.department,
        )
        assert set(Entry.objects.filter(reference=request.code).values_list("kind", "amount")) == {
            ("release", D("1800.00")),
            ("recall", D("2000.00")),
            ("carry_out", D("4000.00")),
            ("carry_in", D("4000.00")),
            ("appropriate", D("2000.00")),
            ("commit", D("1800.00")),
        }
        close_year(fund=world.fund, actor=head, at=carried.NEW_YEAR)
        with pytest.raises(Refused) as said:
            carried.settle_up(world, run, old, "1.00", item="meals")
        assert str(said.value) == "2027 年度已结账；本班结余已结转到 P2028-0001，请在该项目办理。"
        carried.settle_up(world, run, new, "1800.00", commitment=promised.continued_by)
        free = fund_totals([to.pk])[to.pk].available
        settlement = settle_run(
            run_id=run.pk,
            explanations=dict.fromkeys(new.lines.values_list("pk", flat=True), "按实到人数核算"),
            note="跨年支付",
            actor=world.people["caiwu-staff"],
            at=carried.LATER,
        )
        assert settlement is not None
        assert [
            (row.line.project, row.line.item, row.budget, row.adjusted, row.actual)
            for row in settlement.lines.order_by("line__ordinal")
        ] == [
            (new, "meals", D("8000.00"), D("8000.00"), D("6000.00")),
            (new, "venue", D("2000.00"), D("2000.00"), D("1800.00")),
        ]
        assert settlement.project == new
        assert fund_totals([to.pk])[to.pk].available == free + D("2200.00")
        assert first_fault() is None
