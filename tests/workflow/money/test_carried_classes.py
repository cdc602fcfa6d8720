"""Classes carried over to the next year (S21): asked for wrongly, and used afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from budgets.models import Commitment, Entry, Project
from budgets.selectors import conservation, first_fault, fund_totals
from budgets.services import PaidRow, close_year, open_fund
from budgets.states import FundStatus
from office.refusals import Refused
from org.selectors import standing
from tests.workflow import runs
from tests.workflow.money import asking, carried
from tests.workflow.money import spending as spend
from tests.workflow.test_settling import ended, settle
from tests.workflow.world import World, at
from workflow.models import ClassRun, Decision, MoneyRequest
from workflow.rules.reconciling import BookedRow, Fit
from workflow.rules.risks import risks
from workflow.rules.spending import case_of, cases_of
from workflow.rules.taking_over import stands
from workflow.selectors.fund_lists import funded, projects_of
from workflow.selectors.money_reports import budget_report, execution_report, settlement_report
from workflow.selectors.worklist import search
from workflow.services import reconciling, spending
from workflow.states import MoneyKind, RequestKind

D = Decimal


@pytest.fixture
def run(world: World) -> ClassRun:
    """A class that may use its money: 伙食费 8,000, 场地费 2,000, of which 1,500 are promised."""
    run = spend.ready(world)
    spend.commit(world, run)
    return run


@pytest.fixture
def old(run: ClassRun) -> Project:
    return spend.project_of(run)


def hand_in(world: World, *classes: Project, **more: str) -> MoneyRequest:
    return asking.hand_in(world, MoneyKind.CARRY_OVER, carried.taking(*classes, **more))


class TestWrongTurns:
    def test_the_next_years_fund_is_missing(self, world: World, old: Project) -> None:
        with pytest.raises(Refused, match="2028 年还没有设立同一渠道的专项预算，请先设立"):
            hand_in(world, old)

    def test_nothing_is_chosen(self, world: World) -> None:
        asking.next_fund(world)
        with pytest.raises(Refused, match="请填写结转金额，或选择要结转的班次"):
            asking.hand_in(world, MoneyKind.CARRY_OVER, asking.amount("0.00"))

    def test_more_than_a_line_has(self, world: World, old: Project) -> None:
        asking.next_fund(world)
        with pytest.raises(Refused) as said:
            hand_in(world, old, meals="8000.01", venue="1499.99")
        assert (
            "P2027-0001“伙食费”可用 8,000.00 元、预占 0.00 元，合计 8,000.00 元，不能结转 8,000.01 元，"
            "差 0.01 元。"
        ) in str(said.value)
        assert (
            "P2027-0001“场地、资料、交通费”可用 500.00 元、预占 1,500.00 元，结转 1,499.99 元"
            "不够随班转入的预占，差 0.01 元；不再需要的预占请先释放。"
        ) in str(said.value)

    def test_nothing_is_left(self, world: World) -> None:
        run = ended(world)
        spend.minutes(world, run)
        project = spend.project_of(run)
        asking.grant(world, MoneyKind.BUDGET, asking.budget(meals="0.00", venue="0.00"), project)
        asking.next_fund(world)
        with pytest.raises(Refused, match="P2027-0001：没有可结转的余额，请取消选择"):
            hand_in(world, project)

    def test_a_class_that_is_settled_or_cancelled(self, world: World) -> None:
        done, off = ended(world), runs.opened_run(world, name="取消的班", subject="YW-04")
        settle(world, done)
        runs.grant(world, off, RequestKind.CANCEL, reason="报名不足")
        asking.next_fund(world)
        for run in (done, off):
            with pytest.raises(Refused, match="本班已办结决算或取消办班，没有需要跨年支付的款项，不能结转"):
                hand_in(world, spend.project_of(run))

    def test_a_class_of_another_year(self, world: World, old: Project) -> None:
        asking.next_fund(world)
        carried.carry(world, old)
        with pytest.raises(Refused, match="所选班次不属于本年度专项预算"):
            hand_in(world, carried.later_of(old))

    def test_twice(self, world: World, old: Project) -> None:
        asking.next_fund(world)
        terms = carried.taking(old)
        carried.carry(world, old)
        with pytest.raises(Refused, match=r"P2027-0001：本班结余已结转到 P2028-0001，不能再次结转"):
            asking.hand_in(world, MoneyKind.CARRY_OVER, terms)

    def test_while_its_budget_is_asked_about(self, world: World, old: Project) -> None:
        asking.next_fund(world)
        other = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="7000.00"), old)
        with pytest.raises(Refused, match=f"P2027-0001：预算调整申请 {other.code} 还没有办结"):
            hand_in(world, old)

    def test_what_was_paid_while_it_lay_stops_it(self, world: World, run: ClassRun, old: Project) -> None:
        asking.next_fund(world)
        request = hand_in(world, old)
        spend.pay(world, run, "100.00")
        with pytest.raises(
            Refused, match=r"现在不能同意：.*可用 400.00 元、预占 1,500.00 元，合计 1,900.00 元"
        ):
            asking.agree_all(world, request)
        assert not Project.objects.exclude(continues=None).exists()
        assert not Entry.objects.filter(reference=request.code).exists()

    def test_a_year_closed_meanwhile(self, world: World, old: Project) -> None:
        to = asking.next_fund(world)
        request = hand_in(world, old)
        close_year(fund=to, actor=world.people["caiwu-head"], at=at(1, 9, year=2029))
        with pytest.raises(Refused, match=r"2028年度 .*已于2029年1月9日结账，不能结转"):
            asking.agree_all(world, request)


def test_classes_and_the_funds_own_money_go_in_one_request(world: World, old: Project) -> None:
    other = asking.project(world, name="提高班", subject="YW-04")
    to = asking.next_fund(world)
    before = fund_totals([world.fund.pk])[world.fund.pk].available
    request = carried.carry(world, old, other, amount="30000.00", meals="8000.00", venue="1600.00")
    assert (request.content["amount"], len(request.content["classes"])) == ("30000.00", 2)
    # 400.00 of each stay with the year they are of.
    assert fund_totals([world.fund.pk])[world.fund.pk].available == before - D("30000.00") + D("800.00")
    assert fund_totals([to.pk])[to.pk].available == D("530000.00")
    assert [carried.later_of(each).number for each in (old, other)] == ["P2028-0001", "P2028-0002"]
    assert asking.budgets(carried.later_of(other)) == {"meals": D("8000.00"), "venue": D("1600.00")}
    assert len(set(Entry.objects.filter(reference=request.code).values_list("batch", flat=True))) == 3
    assert first_fault() is None
    assert all(sums.holds for sums in conservation().values())


class TestAfterwards:
    @pytest.fixture
    def new(self, world: World, old: Project) -> Project:
        asking.next_fund(world)
        carried.carry(world, old)
        return carried.later_of(old)

    def test_the_old_project_says_where_to_go(
        self, world: World, run: ClassRun, old: Project, new: Project
    ) -> None:
        for act in (lambda: spend.pay(world, run, "1.00"), lambda: spend.commit(world, run, "1.00")):
            with pytest.raises(Refused) as said:
                act()
            assert str(said.value) == "本班结余已结转到 P2028-0001，请在该项目办理。"

    def test_its_class_is_found_from_both(self, run: ClassRun, old: Project, new: Project) -> None:
        assert {case_of(each.pk).plan for each in (old, new)} == {run.plan}
        assert {pk: case.plan for pk, case in cases_of([old.pk, new.pk]).items()} == {
            old.pk: run.plan,
            new.pk: run.plan,
        }
        assert run.plan.projects == [old, new]
        assert run.plan.project_now == new

    def test_the_promise_is_paid_with_the_paper_it_had(
        self, world: World, run: ClassRun, new: Project
    ) -> None:
        promised = Commitment.objects.get(project=new)
        payment = carried.settle_up(world, run, new, "1500.00", commitment=promised)
        promised.refresh_from_db()
        assert (promised.outstanding, payment.project) == (D("0.00"), new)

    def test_what_comes_back_to_the_old_project_goes_on_to_its_fund(self, world: World) -> None:
        run = spend.ready(world)
        spend.commit(world, run)
        old = spend.project_of(run)
        paid = spend.pay(world, run, "300.00")
        asking.next_fund(world)
        carried.carry(world, old)
        free = fund_totals([old.fund_id])[old.fund_id].available
        spending.refund(
            payment_id=paid.pk,
            rows=[PaidRow(asking.line(old, "venue").pk, D("100.00"))],
            title="退回定金",
            paid_on=date(2027, 6, 20),
            handler="林晓峰",
            key=uuid4(),
            actor=world.people["caiwu-staff"],
            at=spend.NOW,
            files={paper.code: [spend.file()] for paper in run.plan.version.book.book.money.papers},
        )
        assert fund_totals([old.fund_id])[old.fund_id].available == free + D("100.00")
        assert asking.lines(old)["venue"].free == 0
        assert first_fault() is None

    def test_it_gets_more_from_the_new_fund_and_the_old_project_none(
        self, world: World, old: Project, new: Project
    ) -> None:
        asking.grant(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), new)
        assert asking.budgets(new)["meals"] == D("8100.00")
        with pytest.raises(Refused, match="P2027-0001：本班结余已结转到 P2028-0001，预算请在该项目办理"):
            asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="1.00"), old)

    def test_the_rate_card_is_for_the_class_in_all_its_years(self, world: World, run: ClassRun) -> None:
        """Half of it was paid before: what the new project gets more counts with that."""
        project = spend.project_of(run)
        spend.pay(world, run, "6000.00", item="meals", kind="advance")
        asking.next_fund(world)
        carried.carry(world, project)
        new = carried.later_of(project)
        request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="94000.00"), new)
        said = "".join(row["message"] for row in Decision.objects.get(money=request).findings)
        assert "综合定额内 102,000.00 元" in said

    def test_when_it_is_cancelled_all_goes_back_to_the_new_year(
        self, world: World, run: ClassRun, new: Project
    ) -> None:
        free = fund_totals([new.fund_id])[new.fund_id].available
        runs.grant(world, runs.fresh_run(run), RequestKind.CANCEL, reason="报名不足")
        assert fund_totals([new.fund_id])[new.fund_id].available == free + D("10000.00")
        assert Commitment.objects.get(project=new).outstanding == 0
        assert first_fault() is None

    def test_its_department_sees_both_and_another_neither(
        self, world: World, old: Project, new: Project
    ) -> None:
        department = old.department
        own = world.people[f"{department.code}-staff"]
        other = next(
            user
            for name, user in world.people.items()
            if name.endswith("-staff") and not name.startswith((department.code, "caiwu", "jiceng"))
        )
        for user, seen in ((own, {old.pk, new.pk}), (other, set())):
            of = standing(user, at(6, 1).date())
            found = Project.objects.filter(pk__in=(old.pk, new.pk)).visible_to(of)
            assert set(found.values_list("pk", flat=True)) == seen

    def test_lists_and_tables_name_the_other_year(
        self, world: World, run: ClassRun, old: Project, new: Project
    ) -> None:
        seen = standing(world.people["caiwu-head"], at(6, 1).date())
        rows = {each.fund.year: projects_of(each.fund, seen) for each in (old, new)}
        assert [row.plan for row in funded(list(rows[2028]))] == [run.plan]
        assert [one.carried_text for one in rows[2027]] == ["已结转到 P2028-0001"]
        assert [one.carried_text for one in rows[2028]] == ["上年结转 P2027-0001"]
        report = execution_report(rows[2028])
        assert report.rows[0][1:3] == ("P2028-0001", f"{run.plan.name}（上年结转 P2027-0001）")
        assert report.rows[0][4] == "已办 0／1 期"
        assert budget_report(rows[2028]).rows[0][-1] == D("10000.00")
        # The old year waits for no settlement any more.
        assert "未办结" not in settlement_report(rows[2027]).note
        assert settlement_report(rows[2028]).note.endswith("另有 1 个项目未办结")

    def test_risks_stand_with_the_new_project(self, world: World, old: Project, new: Project) -> None:
        seen = standing(world.people["caiwu-head"], at(6, 1).date())
        when = at(3, 1, year=2028)
        found = {year: risks(projects_of(each.fund, seen), at=when) for year, each in ((7, old), (8, new))}
        assert found[7] == []
        assert [risk.row.project for risk in found[8]] == [new]
        assert "在办班结束后仍未支付" in "".join(found[8][0].reasons)

    def test_the_finance_softwares_old_code_means_the_new_project(
        self, world: World, run: ClassRun, old: Project, new: Project
    ) -> None:
        payment = carried.settle_up(world, run, new, "500.00")
        first = BookedRow(2, "记-1", date(2028, 1, 15), old.number, amount=D("500.00"))
        rows = (first, replace(first, number=3, voucher="记-2", amount=D("77.00")))
        found, _ = reconciling.compared(new.fund, 1, rows)
        assert [(pair.project, [one.payment for one in pair.ours], pair.carried) for pair in found.pairs] == [
            (new.pk, [payment.pk], "财务账写的是原项目编号 P2027-0001，本班已结转到 P2028-0001。"),
            (new.pk, [], "财务账写的是原项目编号 P2027-0001，本班已结转到 P2028-0001。"),
        ]


def test_a_row_of_the_old_year_is_not_taken_over_after_the_carry_over(world: World, old: Project) -> None:
    asking.next_fund(world)
    carried.carry(world, old)
    row = BookedRow(2, "记-1", date(2027, 6, 15), old.number, "场地费", amount=D("5.00"), item="场地费")
    found, _ = reconciling.compared(old.fund, 6, (row,))
    standing_of = stands(
        old.fund, found.of(Fit.THEIRS), wishes={}, picked=None, kind="other", today=date(2027, 6, 20)
    )
    assert [one.message for one in standing_of[2].against if one.code == "carried"] == [
        "本班结余已结转到 P2028-0001，请在该项目办理。"
    ]
    assert not standing_of[2].may


def test_its_new_number_finds_the_class(world: World, run: ClassRun, old: Project) -> None:
    asking.next_fund(world)
    carried.carry(world, old)
    seen = standing(world.people["caiwu-head"], at(6, 1).date())
    for number in ("P2028-0001", " p2028-0001", "P2027-0001"):
        assert [plan.pk for plan in search(seen, number)] == [run.plan_id], number
    assert not search(seen, "P2028-0002")


def test_it_goes_on_for_a_third_year(world: World, run: ClassRun, old: Project) -> None:
    to = asking.next_fund(world)
    carried.carry(world, old)
    second = carried.later_of(old)
    open_fund(
        union=world.union,
        year=2029,
        source=to.source,
        title=to.title,
        amount=D("1.00"),
        status=FundStatus.CONTROL,
        basis="2029年控制数",
        actor=world.people["caiwu-head"],
        at=world.now(),
    )
    request = asking.grant(world, MoneyKind.CARRY_OVER, carried.taking(second), fund=to)
    third = carried.later_of(second)
    assert (third.number, request.fund, third.first_id) == ("P2029-0001", to, old.pk)
    assert case_of(third.pk).plan == run.plan
    carried.settle_up(world, run, third, "1500.00", commitment=Commitment.objects.get(project=third))
    with pytest.raises(Refused, match="本班结余已结转到 P2029-0001"):
        carried.settle_up(world, run, second, "1.00")
