"""A cancelled 期 gives its own share back, never more than is free, and says what stays and why (S20)."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from budgets import services as ledger
from budgets.models import Commitment, Payment
from budgets.selectors import first_fault, fund_totals, line_totals, project_totals, recalled
from budgets.states import PayMethod, Subject
from tests.workflow import acts, runs
from tests.workflow.money import asking
from tests.workflow.money import spending as money
from tests.workflow.world import World
from workflow.models import ClassRun
from workflow.rules.giving_back import Back, back_text, giving_back
from workflow.rules.terms import holds_now
from workflow.services import spending
from workflow.states import MoneyKind, RequestKind

D = Decimal


def commit(world: World, run: ClassRun, item: str, amount: str, session_no: int | None) -> Commitment:
    """预占 of a line for that 期, or for the class as a whole."""
    project = run.plan.project
    assert project is not None
    return ledger.commit(
        line=project.lines.get(item=item),
        amount=D(amount),
        title="场地租用",
        payee="区委党校",
        key=uuid.uuid4(),
        actor=world.people["caiwu-staff"],
        at=world.now(),
        session_no=session_no,
    )


def pay(world: World, run: ClassRun, item: str, amount: str, session_no: int | None) -> Payment:
    """支出 of a line for that 期, its papers on file."""
    project, version = run.plan.project, run.plan.version
    assert project is not None
    assert version is not None
    book = version.book.book
    kind = book.money.kind("other")
    assert kind is not None
    when = world.now()
    return ledger.pay(
        project=project,
        kind="other",
        title="资料印刷",
        payee="滨海印务",
        rows=[ledger.PaidRow(project.lines.get(item=item).pk, D(amount))],
        method=PayMethod.TRANSFER,
        paid_on=when.date(),
        subject=Subject.CADRES,
        handler="陈晨",
        key=uuid.uuid4(),
        book=book,
        actor=world.people["caiwu-staff"],
        at=when,
        session_no=session_no,
        papers=[
            ledger.GivenPaper(paper.code, paper.title, evidence="原件在案")
            for paper in book.money.papers_of(kind)
        ],
    )


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
    lines = giving_back(first, costs, book)
    assert sum(line.back for line in lines) == whole
    assert back_text(lines, first.plan) == (
        f"本期经费 {whole:,.2f} 元全部收回年度专项预算。项目经费由 2 期共用，只收回本期的份额。"
    )
    item, share = next(iter(costs.items()))

    def now() -> Back:
        return next(one for one in giving_back(first, costs, book) if one.item == item)

    # The other 期 has promised more than its own share: what is left of the line is all there is to give.
    commit(world, two[1], item, str(share + 300), 2)
    assert (now().back, now().stays) == (share - 300, D("300.00"))
    assert now().why == f"项目该项可用 {share - 300:,.2f} 元"
    # What was promised for this 期 comes free with it; what was paid for it stays.
    commit(world, first, item, "200.00", 1)
    pay(world, first, item, "50.00", 1)
    assert (now().free, now().released, now().paid) == (share - 350, D("200.00"), D("50.00"))
    assert (now().back, now().stays) == (share - 350, D("350.00"))
    assert now().why == f"本期已支出 50.00 元，项目该项可用 {share - 350:,.2f} 元"


def test_s20_what_was_promised_comes_free_what_was_paid_stays(world: World) -> None:
    """30,000 obligated, 5,000 of it paid: the 25,000 are released, the 5,000 stay as cost."""
    run = runs.planned_run(world, costs={"meals": "32000.00", "venue": "4000.00"}, trainees=200)
    project = run.plan.project
    assert project is not None
    pay(world, run, "meals", "5000.00", 1)
    promised = commit(world, run, "meals", "25000.00", 1)
    before = fund_totals([project.fund_id])[project.fund_id].available
    said = (
        "本期经费收回年度专项预算 31,000.00 元；5,000.00 元已支出，不能收回，留作本班费用。"
        "预占 25,000.00 元释放。"
    )
    why = "本期已支出 5,000.00 元"
    asking = page(world, "run_change", run.pk, "cancel")
    assert said in asking
    assert why in asking
    request = runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    deciding = page(world, "run_request", request.pk, who="jiceng-head")
    assert said in deciding
    assert why in deciding
    runs.agree_all(world, request)
    promised.refresh_from_db()
    assert promised.outstanding == 0
    totals = project_totals([project.pk])[project.pk]
    assert (totals.paid, totals.committed, totals.available) == (D("5000.00"), D(0), D(0))
    assert fund_totals([project.fund_id])[project.fund_id].available == before + 31000
    request = runs.fresh_request(request)
    assert request.settled_at is not None
    assert recalled(project.pk, request.settled_at) == D("31000.00")
    done = "本期经费 36,000.00 元，已收回年度专项预算 31,000.00 元，其余 5,000.00 元已支出，留作本班费用。"
    assert done in page(world, "run", run.pk)
    assert done in page(world, "run_request", request.pk)
    assert first_fault() is None


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


def test_what_was_moved_to_another_class_is_not_called_spent(world: World) -> None:
    """500 moved away by 调剂, 300 paid: 300 stay, and the class had 500 less to begin with."""
    run = runs.planned_run(world, costs={"meals": "8000.00", "venue": "2000.00"})
    project = run.plan.project
    assert project is not None
    other = acts.approve(world, world.draft("quanyi", name="女工班", subject="YW-07")).project
    asking.grant(world, MoneyKind.TRANSFER, asking.shift(project, "meals", "meals", "500.00", other), project)
    pay(world, run, "meals", "300.00", 1)
    book = world.book.book
    lines = {line.item: line for line in giving_back(run, holds_now(run).costs, book)}
    meals = lines["meals"]
    assert (meals.share, meals.back, meals.stays) == (D("7500.00"), D("7200.00"), D("300.00"))
    runs.grant(world, run, RequestKind.CANCEL, reason="报名不足")
    done = "本期经费 9,500.00 元，已收回年度专项预算 9,200.00 元，其余 300.00 元已支出，留作本班费用。"
    assert done in page(world, "run", run.pk)
    assert first_fault() is None


def test_what_comes_back_to_a_cancelled_class_goes_on_to_the_fund(world: World) -> None:
    run = runs.planned_run(world, costs={"meals": "8000.00", "venue": "2000.00"})
    project = run.plan.project
    assert project is not None
    paid = pay(world, run, "meals", "300.00", 1)
    wrong = pay(world, run, "meals", "40.00", 1)
    runs.grant(world, run, RequestKind.CANCEL, reason="报名不足")
    before = fund_totals([project.fund_id])[project.fund_id].available
    finance, when = world.people["caiwu-staff"], world.now()
    spending.refund(
        payment_id=paid.pk,
        rows=[ledger.PaidRow(project.lines.get(item="meals").pk, D("100.00"))],
        title="退餐费",
        paid_on=when.date(),
        handler="陈晨",
        key=uuid.uuid4(),
        files={"refund_slip": [money.file()]},
        actor=finance,
        at=when,
    )
    spending.reverse_payment(payment_id=wrong.pk, reason="重复登记", actor=finance, at=when)
    totals = project_totals([project.pk])[project.pk]
    assert (totals.paid, totals.available) == (D("200.00"), D(0))
    assert fund_totals([project.fund_id])[project.fund_id].available == before + 140
    assert first_fault() is None
