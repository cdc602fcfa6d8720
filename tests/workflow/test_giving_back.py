"""A cancelled 期 gives its own share back, never more than is free, and says what stays and why (S20)."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Account, Project
from budgets.selectors import fund_totals, line_totals, recalled
from tests.workflow import acts, runs
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.rules.giving_back import back_text, giving_back
from workflow.rules.terms import holds_now
from workflow.states import RequestKind

D = Decimal


def spend(project: Project, item: str, *, paid: str = "0.00", committed: str = "0.00") -> None:
    """Something paid or committed of a line, as the ledger's own trigger would have moved it."""
    with pgtrigger.ignore("budgets.Account:account_moved_by_entries"):
        for kind, amount in (
            ("paid", D(paid)),
            ("committed", D(committed)),
            ("line", -D(paid) - D(committed)),
        ):
            account = Account.objects.get(line__project=project, line__item=item, kind=kind)
            Account.objects.filter(pk=account.pk).update(balance=account.balance + amount)


def page(world: World, name: str, *args: object, who: str = "xuanchuan-staff") -> str:
    client = Client()
    client.force_login(world.people[who])
    return client.get(reverse(f"workflow:{name}", args=args)).content.decode()


@pytest.fixture
def two(world: World) -> list[ClassRun]:
    """Two 期 on one project: 交通费 4,000.00 for both, 2,000.00 each (the world's sound plan)."""
    plan = acts.approve(world, world.draft(sessions=2))
    return [runs.fresh_run(run) for run in plan.runs.order_by("session_no")]


def test_the_share_of_one_session_and_no_more_than_is_free(world: World, two: list[ClassRun]) -> None:
    first = two[0]
    project = first.plan.project
    assert project is not None
    costs, book = holds_now(first).costs, world.book.book
    whole = sum(costs.values(), D(0))
    lines = giving_back(first.plan, costs, book)
    assert sum(line.back for line in lines) == whole
    assert back_text(lines, first.plan) == (
        f"本期经费 {whole:,.2f} 元全部收回年度专项预算。项目经费由 2 期共用，只收回本期的份额。"
    )
    item, share = next(iter(costs.items()))
    spend(project, item, paid=str(share), committed="300.00")
    line = next(one for one in giving_back(first.plan, costs, book) if one.item == item)
    assert (line.share, line.free, line.back, line.stays) == (share, share - 300, share - 300, D("300.00"))
    assert line.why == f"项目该项已支出 {share:,.2f} 元，已预占 300.00 元，可用 {share - 300:,.2f} 元"


def test_what_is_paid_stays_and_the_pages_say_so(world: World, two: list[ClassRun]) -> None:
    """30,000 obligated, 5,000 of it paid: the 5,000 stay as cost, the rest is free again."""
    first = two[0]
    project = first.plan.project
    assert project is not None
    costs = holds_now(first).costs
    whole = sum(costs.values(), D(0))
    item, share = next(iter(costs.items()))
    spend(project, item, paid=str(share + 500))
    before = fund_totals([world.fund.pk])[world.fund.pk].available
    said = f"本期经费收回年度专项预算 {whole - 500:,.2f} 元；500.00 元已支出或预占，不能收回，留作本班费用。"
    why = f"项目该项已支出 {share + 500:,.2f} 元，可用 {share - 500:,.2f} 元"
    asking = page(world, "run_change", first.pk, "cancel")
    assert said in asking
    assert why in asking
    request = runs.hand_in(world, first, RequestKind.CANCEL, reason="报名不足")
    deciding = page(world, "run_request", request.pk, who="jiceng-head")
    assert said in deciding
    assert why in deciding
    runs.agree_all(world, request)
    assert fund_totals([world.fund.pk])[world.fund.pk].available == before + whole - 500
    assert line_totals(project.pk)[item].available == 0
    request = runs.fresh_request(request)
    assert request.settled_at is not None
    assert recalled(project.pk, request.settled_at) == whole - 500
    done = (
        f"本期经费 {whole:,.2f} 元，已收回年度专项预算 {whole - 500:,.2f} 元，"
        "其余 500.00 元已支出或预占，留作本班费用。"
    )
    assert done in page(world, "run", first.pk)
    assert done in page(world, "run_request", request.pk)


def test_the_other_session_keeps_its_own(world: World, two: list[ClassRun]) -> None:
    first, second = two
    project = first.plan.project
    assert project is not None
    held = {item: totals.available for item, totals in line_totals(project.pk).items()}
    runs.grant(world, first, RequestKind.CANCEL, reason="合并办班")
    left = {item: totals.available for item, totals in line_totals(project.pk).items()}
    share = holds_now(first).costs
    assert left == {item: held[item] - share.get(item, D(0)) for item in held}
    assert {item: amount for item, amount in left.items() if amount} == dict(holds_now(second).costs)
