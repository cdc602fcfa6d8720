"""调剂, 预算调整, 结转 and 追加 through the one inbox: asked, decided, done with the last agreement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from budgets.models import Entry, SupportingPaper
from budgets.selectors import first_fault, fund_totals
from office.refusals import Conflict, Refused
from tests.workflow import runs
from tests.workflow.invariants import faults
from tests.workflow.money import asking
from tests.workflow.world import World
from workflow.models import Decision, MoneyRequest, WorkTask
from workflow.rules.money_terms import MoneyTerms
from workflow.services import money_requests
from workflow.services.asking import StaleRequest
from workflow.states import DecisionAction, MoneyKind, RequestKind

D = Decimal


@pytest.fixture(autouse=True)
def sound(world: World):
    """Whatever a test did, the ledger is whole and every request lies where its state says."""
    yield
    assert first_fault() is None
    assert faults() == []


def steps_of(request: MoneyRequest) -> list[tuple[str, str, str]]:
    rows = Decision.objects.filter(money=request).order_by("id")
    return [(row.step_title, row.action, row.actor_name) for row in rows]


def test_a_transfer_moves_between_lines_with_the_last_agreement(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(
        world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "500.00"), project
    )
    assert (request.state, request.chain, request.number) == ("reviewing", "transfer", 1)
    assert (request.fund, request.department) == (project.fund, project.department)
    task = asking.task_of(request)
    assert (task.step_title, task.post.code, task.plan_id, task.kind) == (
        "归口审核",
        "jiceng-head",
        None,
        "money",
    )
    asking.decide(world, request)
    assert asking.task_of(request).step_title == "财务会审"
    assert asking.budgets(project) == {"meals": D("8000.00"), "venue": D("2000.00")}
    asking.decide(world, request)
    assert asking.budgets(project) == {"meals": D("8500.00"), "venue": D("1500.00")}
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.amount, entry.reference, entry.reason, entry.post.code) == (
        "transfer",
        D("500.00"),
        request.code,
        "调剂申请批准：工作需要",
        "caiwu-head",
    )
    request = asking.fresh(request)
    assert (request.state, request.settled_at is None) == ("approved", False)
    assert not WorkTask.objects.filter(money=request, is_open=True).exists()
    assert steps_of(request) == [
        ("经办", "submit", "林晓峰"),
        ("归口审核", "agree", "周敏"),
        ("财务会审", "agree", "李想"),
    ]


def test_between_projects_of_one_fund(world: World) -> None:
    giving, getting = asking.project(world), asking.project(world, name="信息员提高班", subject="YW-04")
    asking.grant(
        world, MoneyKind.TRANSFER, asking.shift(giving, "meals", "meals", "1000.00", getting), giving
    )
    assert asking.budgets(giving)["meals"] == D("7000.00")
    assert asking.budgets(getting)["meals"] == D("9000.00")


def test_a_budget_grows_from_the_fund_and_gives_back(world: World) -> None:
    project = asking.project(world)
    before = fund_totals([world.fund.pk])[world.fund.pk].available
    asking.grant(
        world, MoneyKind.BUDGET, asking.budget(meals="8100.00", venue="2000.00", other="300.00"), project
    )
    assert asking.budgets(project) == {"meals": D("8100.00"), "venue": D("2000.00"), "other": D("300.00")}
    assert fund_totals([world.fund.pk])[world.fund.pk].available == before - 400
    asking.grant(
        world, MoneyKind.BUDGET, asking.budget(meals="8000.00", venue="1500.00", other="0.00"), project
    )
    assert asking.budgets(project) == {"meals": D("8000.00"), "venue": D("1500.00"), "other": D("0.00")}
    assert fund_totals([world.fund.pk])[world.fund.pk].available == before + 500


def test_money_goes_over_to_the_next_year(world: World) -> None:
    to = asking.next_fund(world)
    request = asking.hand_in(world, MoneyKind.CARRY_OVER, asking.amount("30000.00"))
    assert asking.task_of(request).post.code == "caiwu-head"
    asking.decide(world, request)
    assert asking.task_of(request).post.code == "leader"
    asking.decide(world, request)
    totals = fund_totals([world.fund.pk, to.pk])
    assert totals[world.fund.pk].available == D("970000.00")
    assert totals[to.pk].available == D("530000.00")
    assert {entry.post.code for entry in Entry.objects.filter(reference=request.code)} == {"leader"}


def test_a_supplement_keeps_its_paper(world: World) -> None:
    terms = asking.amount("50000.00", "追加〔2027〕3号")
    request = asking.grant(world, MoneyKind.SUPPLEMENT, terms, basis=asking.paper())
    world.fund.refresh_from_db()
    assert world.fund.status == "adjusted"
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.amount, entry.post.code) == ("supplement", D("50000.00"), "leader")
    assert entry.reference == f"追加〔2027〕3号（{request.code}）"
    kept = SupportingPaper.objects.get(entry=entry)
    assert (kept.file, kept.evidence) == (request.basis, "追加〔2027〕3号")


def test_finance_asks_for_a_department_and_its_head_does_not_judge_himself(world: World) -> None:
    project = asking.project(world)
    terms = asking.shift(project, "venue", "meals", "500.00")
    request = asking.hand_in(world, MoneyKind.TRANSFER, terms, project, "caiwu-head")
    assert request.department.code == "caiwu"
    asking.decide(world, request)
    assert asking.task_of(request).post.code == "leader"


def test_a_department_does_not_judge_its_own_project(world: World) -> None:
    own = asking.project(world, department="jiceng", category="core", subject="ZT-01")
    request = asking.hand_in(world, MoneyKind.TRANSFER, asking.shift(own, "venue", "meals", "1.00"), own)
    assert asking.task_of(request).post.code == "leader"


@pytest.mark.parametrize("kind", [MoneyKind.TRANSFER, MoneyKind.BUDGET])
def test_another_department_doesnt_ask(world: World, kind: MoneyKind) -> None:
    project = asking.project(world)
    with pytest.raises(Refused, match="只有宣传网络部和承担财务职责的部门可以申请"):
        asking.draft(world, kind, asking.budget(), project, "quanyi-staff")


@pytest.mark.parametrize("kind", [MoneyKind.CARRY_OVER, MoneyKind.SUPPLEMENT])
def test_a_years_money_is_finances_to_ask_about(world: World, kind: MoneyKind) -> None:
    for who in ("jiceng-head", "leader", "secretary", "xuanchuan-staff"):
        with pytest.raises(Refused, match="由承担财务职责的部门申请"):
            asking.draft(world, kind, asking.amount("1.00"), who=who)


def test_returned_it_comes_back_changed_or_not_at_all(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    asking.decide(world, request, action=DecisionAction.RETURN, opinion="请说明用途")
    request = asking.fresh(request)
    task = asking.task_of(request)
    assert (request.state, task.kind, task.post.code) == ("returned", "amend", "xuanchuan-staff")
    with pytest.raises(Refused, match="退回后没有任何改动"):
        asking.submit(world, request)
    asking.draft(
        world,
        MoneyKind.BUDGET,
        asking.budget(meals="8100.00"),
        project,
        reason="增加一餐",
        request_id=request.pk,
        revision=request.revision,
    )
    asking.submit(world, request)
    assert asking.fresh(request).number == 2
    asking.agree_all(world, request)
    assert asking.budgets(project)["meals"] == D("8100.00")


def test_refused_nothing_moves(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    with pytest.raises(Refused, match="不同意须填写意见"):
        asking.decide(world, request, action=DecisionAction.REFUSE)
    asking.decide(world, request, action=DecisionAction.REFUSE, opinion="从本班其他项目调剂")
    assert asking.fresh(request).state == "refused"
    assert asking.budgets(project)["meals"] == D("8000.00")


def test_taken_back_until_somebody_agreed(world: World) -> None:
    project = asking.project(world)
    staff = world.people["xuanchuan-staff"]
    first = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    money_requests.withdraw(request_id=first.pk, actor=staff, at=world.now())
    assert asking.fresh(first).state == "withdrawn"
    second = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    asking.decide(world, second)
    with pytest.raises(Refused, match="周敏 已办理（同意），不能撤回"):
        money_requests.withdraw(request_id=second.pk, actor=staff, at=world.now())


def test_a_draft_is_thrown_away_and_nothing_else_is(world: World) -> None:
    project = asking.project(world)
    staff = world.people["xuanchuan-staff"]
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(), project)
    money_requests.discard(request_id=draft.pk, actor=staff, at=world.now())
    assert not MoneyRequest.objects.exists()
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    asking.decide(world, request, action=DecisionAction.RETURN, opinion="请说明用途")
    with pytest.raises(Refused, match="已报送过的申请不能删除"):
        money_requests.discard(request_id=request.pk, actor=staff, at=world.now())


def test_numbers_run_by_year_and_a_draft_has_none(world: World) -> None:
    project = asking.project(world)
    staff = world.people["xuanchuan-staff"]
    first = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    thrown = asking.draft(world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "1.00"), project)
    assert (first.code, thrown.code, str(thrown)) == ("JF2027-0001", "", thrown.words)
    money_requests.discard(request_id=thrown.pk, actor=staff, at=world.now())
    asking.decide(world, first, action=DecisionAction.RETURN, opinion="请说明用途")
    money_requests.save_draft(
        request_id=first.pk,
        kind=MoneyKind.BUDGET,
        fund=world.fund,
        project=project,
        terms=asking.budget(meals="8050.00"),
        reason="餐费上涨",
        actor=staff,
        at=world.now(),
    )
    assert asking.submit(world, first).money.code == "JF2027-0001"
    asking.agree_all(world, asking.fresh(first))
    second = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8200.00"), project)
    assert second.code == "JF2027-0002"
    with pytest.raises(Conflict):
        asking.submit(world, asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="8300.00"), project))
    asking.agree_all(world, second)
    third = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8300.00"), project)
    assert third.code == "JF2027-0003"


def test_one_request_about_a_projects_budget_at_a_time(world: World) -> None:
    project = asking.project(world)
    first = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    second = asking.draft(world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "1.00"), project)
    with pytest.raises(Conflict, match=f"已有一份申请在办（{first.code}，审核中）"):
        asking.submit(world, second)
    assert asking.fresh(second).state == "draft"
    asking.agree_all(world, first)
    asking.submit(world, second)


def test_two_editors_and_the_second_reads_it(world: World) -> None:
    project = asking.project(world)
    draft = asking.draft(world, MoneyKind.BUDGET, asking.budget(), project)
    again: dict[str, Any] = {"request_id": draft.pk, "revision": 0}
    asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="1.00"), project, **again)
    with pytest.raises(StaleRequest):
        asking.draft(world, MoneyKind.BUDGET, asking.budget(meals="2.00"), project, **again)


def test_a_reason_is_asked_for(world: World) -> None:
    project = asking.project(world)
    with pytest.raises(Refused, match="须填写理由"):
        asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project, reason=" ")


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        (asking.budget(), "没有需要调整的内容"),
        (asking.budget(meals="8000.00", venue="2000.00"), "没有需要调整的内容"),
        (
            asking.budget(meals="2000000.00"),
            "可安排 990,000.00 元，本次须增加 1,992,000.00 元，差 1,002,000.00 元",
        ),
    ],
)
def test_what_speaks_against_a_budget(world: World, terms: MoneyTerms, reason: str) -> None:
    project = asking.project(world)
    with pytest.raises(Refused, match=reason):
        asking.hand_in(world, MoneyKind.BUDGET, terms, project)


def test_a_supplement_wants_amount_document_and_paper(world: World) -> None:
    with pytest.raises(Refused) as refused:
        asking.hand_in(world, MoneyKind.SUPPLEMENT, asking.amount("0.00"))
    for said in ("请填写追加金额", "请填写追加的依据文号", "请附上批复或会议纪要"):
        assert said in str(refused.value)


def test_a_carry_over_wants_the_next_years_fund_and_what_is_free(world: World) -> None:
    with pytest.raises(Refused, match="2028 年还没有设立同一渠道的专项预算"):
        asking.hand_in(world, MoneyKind.CARRY_OVER, asking.amount("1.00"))
    asking.next_fund(world)
    with pytest.raises(Refused, match=r"可安排 1,000,000.00 元，不能结转 1,000,000.01 元，差 0.01 元"):
        asking.hand_in(world, MoneyKind.CARRY_OVER, asking.amount("1000000.01"))


def test_a_transfer_takes_no_more_than_is_free_and_only_of_its_own_project(world: World) -> None:
    project, other = asking.project(world), asking.project(world, name="提高班", subject="YW-04")
    asking.committed(world, project, "venue", "1500.00")
    with pytest.raises(
        Refused, match=r"预占 1,500.00 元，合计 1,500.00 元，可用 500.00 元，不能调出 600.00 元，差 100.00 元"
    ):
        asking.hand_in(world, MoneyKind.TRANSFER, asking.shift(project, "venue", "meals", "600.00"), project)
    with pytest.raises(Refused, match="调出的预算行不属于本项目"):
        asking.hand_in(
            world, MoneyKind.TRANSFER, asking.shift(other, "venue", "meals", "1.00", project), project
        )
    with pytest.raises(Refused, match="既调出又调入"):
        asking.hand_in(world, MoneyKind.TRANSFER, asking.shift(project, "venue", "venue", "1.00"), project)


def test_a_class_that_is_over_gets_no_more(world: World) -> None:
    run = runs.opened_run(world, name="取消的班", subject="YW-04")
    runs.grant(world, run, RequestKind.CANCEL, reason="报名不足")
    over, project = run.plan.project, asking.project(world)
    with pytest.raises(Refused, match="P2027-0001：本班已取消办班，不再用款。预算不能再增加或调入"):
        asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), over)
    terms = asking.shift(project, "venue", "meals", "1.00", over)
    with pytest.raises(Refused, match="本班已取消办班"):
        asking.hand_in(world, MoneyKind.TRANSFER, terms, project)


def test_what_was_spoken_for_meanwhile_isnt_moved(world: World) -> None:
    project = asking.project(world)
    terms = asking.shift(project, "venue", "meals", "600.00")
    request = asking.hand_in(world, MoneyKind.TRANSFER, terms, project)
    asking.decide(world, request)
    asking.committed(world, project, "venue", "1500.00")
    with pytest.raises(Refused, match=r"现在不能同意：.*可用 500.00 元，不能调出 600.00 元"):
        asking.decide(world, request)
    assert asking.fresh(request).state == "reviewing"
    assert asking.budgets(project) == {"meals": D("8000.00"), "venue": D("2000.00")}


def test_a_budget_that_changed_while_it_lay_isnt_agreed_to(world: World) -> None:
    project = asking.project(world)
    request = asking.hand_in(world, MoneyKind.BUDGET, asking.budget(meals="8100.00"), project)
    other = asking.project(world, name="提高班", subject="YW-04")
    asking.grant(world, MoneyKind.TRANSFER, asking.shift(other, "meals", "meals", "500.00", project), other)
    with pytest.raises(Refused, match=r"已由 10,000.00 元变为 10,500.00 元.*退回修改"):
        asking.decide(world, request)


def test_what_came_to_nothing_is_asked_again_with_its_paper(world: World) -> None:
    project = asking.project(world)
    terms = asking.shift(project, "venue", "meals", "500.00")
    request = asking.hand_in(world, MoneyKind.TRANSFER, terms, project)
    author = request.created_by
    with pytest.raises(Refused, match="撤回或不同意的申请才能沿用"):
        money_requests.ask_again(request_id=request.pk, actor=author, at=world.now())
    money_requests.withdraw(request_id=request.pk, actor=author, at=world.now())
    again = money_requests.ask_again(request_id=request.pk, actor=author, at=world.now())
    assert (again.pk != request.pk, again.state, again.content) == (True, "draft", request.content)
    assert (again.reason, again.basis_id) == (request.reason, request.basis_id)
    with pytest.raises(Refused):
        money_requests.ask_again(request_id=request.pk, actor=world.people["quanyi-head"], at=world.now())
    asking.submit(world, again)
    asking.agree_all(world, asking.fresh(again))
    assert asking.budgets(project)["meals"] == D("8500.00")


def test_the_paper_of_a_withdrawn_supplement_is_kept(world: World) -> None:
    asked = asking.hand_in(
        world, MoneyKind.SUPPLEMENT, asking.amount("100.00", "批复〔2027〕9号"), basis=asking.paper()
    )
    money_requests.withdraw(request_id=asked.pk, actor=asked.created_by, at=world.now())
    client = Client()
    client.force_login(asked.created_by)
    address = reverse("workflow:money_request", args=[asked.pk])
    assert "沿用此申请" in client.get(address).text
    answer = client.post(f"{address}again/", follow=True)
    draft = MoneyRequest.objects.get(state="draft")
    assert draft.basis_id == asked.basis_id
    assert answer.redirect_chain[-1][0] == reverse("workflow:money_request_edit", args=[draft.pk])
    assert "批复〔2027〕9号" in answer.text
