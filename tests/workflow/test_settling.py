"""办结决算: by who really came, once, with what is left going back (S23, S24; X1 art. 9, 17)."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from budgets import services as ledger
from budgets.models import Payment, Settlement
from budgets.selectors import first_fault, fund_totals, project_totals
from budgets.services import GivenFee, GivenInvoice, GivenPaper, PaidRow
from budgets.states import PayMethod, Subject
from office.refusals import Conflict, Refused
from tests.workflow import called, runs
from tests.workflow.test_attendance import close, held, mark
from tests.workflow.world import World, at
from workflow.models import ClassRun
from workflow.rules.settling import figures_of, findings_of
from workflow.services.settling import archive_run, settle_run

pytestmark = pytest.mark.django_db

SETTLED_AT = at(6, 20)
_serial = iter(range(1, 10_000))


def ended(world: World, people: int = 40, absent: int = 0, **fields: Any) -> ClassRun:
    """A class whose attendance is closed; the first ``absent`` of its people never came."""
    run, unit = held(world, people, **{"staff": 3} | fields)
    for ordinal, who in enumerate(unit.cadres):
        mark(world, run, who, other=dict.fromkeys(range(4), "absent") if ordinal < absent else {})
    close(world, run)
    return runs.fresh_run(run)


def book_of(run: ClassRun):
    return run.plan.version.book.book


def line(run: ClassRun, item: str):
    return run.plan.project.lines.get(item=item)


def pay(world: World, run: ClassRun, amount: str, item: str = "meals", **more: Any) -> Payment:
    book = book_of(run)
    kind = book.money.kind(more.pop("kind", "balance"))
    papers = [
        GivenPaper(paper.code, paper.title, evidence="原件在案") for paper in book.money.papers_of(kind)
    ]
    return ledger.pay(
        project=run.plan.project,
        kind=kind.code,
        title="餐费",
        payee="滨海培训中心",
        rows=[PaidRow(line(run, item).pk, Decimal(amount))],
        method=PayMethod.TRANSFER,
        paid_on=date(2027, 6, 15),
        subject=Subject.CADRES,
        handler="陈晨",
        key=uuid.uuid4(),
        book=book,
        actor=world.people["caiwu-staff"],
        at=at(6, 15),
        session_no=more.pop("session_no", run.session_no),
        invoices=[GivenInvoice(f"2700000{next(_serial):05}")],
        papers=more.pop("papers", papers),
        **more,
    )


def settle(world: World, run: ClassRun, who: str = "caiwu-staff", **more: Any) -> Settlement | None:
    lines = run.plan.project.lines.all()
    return settle_run(
        run_id=run.pk,
        explanations=more.pop("explanations", {one.pk: "实到人数减少" for one in lines}),
        note=more.pop("note", "按实到人数核算"),
        actor=world.people[who],
        at=more.pop("when", SETTLED_AT),
        **more,
    )


def test_s24_people_who_came_are_counted_not_those_nominated(world: World) -> None:
    run = ended(world, people=50, absent=4)
    pay(world, run, "7000.00")
    figures = figures_of(run)
    assert (figures.sheet.confirmed, figures.sheet.trainees, figures.person_half_days) == (50, 46, 184)
    meals = next(row for row in figures.sheet.rows if row.item == "meals")
    card = book_of(run).rate_card
    standard = card.rate_class(card.default_class).items["meals"]
    assert meals.ceiling == standard * (46 + 3) * 2
    assert meals.working == f"{standard} × 49 人 × 2 天"
    assert (meals.budget, meals.adjusted, meals.actual, meals.left) == (
        Decimal("8000.00"),
        Decimal("8000.00"),
        Decimal("7000.00"),
        Decimal("1000.00"),
    )


def test_it_is_settled_once_and_the_rest_goes_back_to_the_fund(world: World) -> None:
    run = ended(world)
    pay(world, run, "6500.00")
    project = run.plan.project
    before = fund_totals([project.fund_id])[project.fund_id]
    settlement = settle(world, run)
    assert settlement is not None
    assert [
        (row.line.item, row.budget, row.adjusted, row.actual, row.explanation)
        for row in settlement.lines.all()
    ] == [
        ("meals", Decimal("8000.00"), Decimal("8000.00"), Decimal("6500.00"), "实到人数减少"),
        ("venue", Decimal("2000.00"), Decimal("2000.00"), Decimal("0.00"), "实到人数减少"),
    ]
    assert (settlement.trainees, settlement.staff, settlement.days) == (40, 3, Decimal(2))
    totals = project_totals([project.pk])[project.pk]
    assert (totals.available, totals.paid) == (Decimal("0.00"), Decimal("6500.00"))
    after = fund_totals([project.fund_id])[project.fund_id]
    assert after.available - before.available == Decimal("3500.00")
    assert runs.fresh_run(run).state == "settled"
    assert first_fault() is None
    with pytest.raises(Refused, match="已结算，不需要再办决算"):
        settle(world, run)


def test_differences_are_explained_line_by_line(world: World) -> None:
    run = ended(world)
    pay(world, run, "8000.00")
    with pytest.raises(Refused, match="请说明决算与预算不一致的原因：场地、资料、交通费。"):
        settle(world, run, explanations={})
    assert Settlement.objects.count() == 0
    assert runs.fresh_run(run).state == "settling"
    assert settle(world, run, explanations={line(run, "venue").pk: "单位会议室，未付场地费"}) is not None


def test_a_figure_that_changed_meanwhile_is_a_conflict(world: World) -> None:
    run = ended(world)
    pay(world, run, "6000.00")
    pay(world, run, "500.00")
    with pytest.raises(Conflict, match=r"原为 6,000.00 元，现为 6,500.00 元"):
        settle(world, run, seen=Decimal("6000.00"))


def test_reversed_and_refunded_money_is_not_spent(world: World) -> None:
    run = ended(world)
    wrong = pay(world, run, "900.00")
    right = pay(world, run, "700.00")
    actor = world.people["caiwu-staff"]
    ledger.reverse_payment(payment=wrong, reason="金额录错", actor=actor, at=at(6, 16))
    ledger.refund(
        payment=right,
        rows=[PaidRow(line(run, "meals").pk, Decimal("50.00"))],
        title="多收餐费退回",
        paid_on=date(2027, 6, 16),
        handler="陈晨",
        key=uuid.uuid4(),
        book=book_of(run),
        papers=[GivenPaper("refund_slip", "退款凭证", evidence="银行回单")],
        actor=actor,
        at=at(6, 16),
    )
    figures = figures_of(run)
    assert figures.sheet.actual == Decimal("650.00")


def test_an_open_commitment_stops_it_by_name(world: World) -> None:
    run = ended(world)
    actor = world.people["caiwu-staff"]
    commitment = ledger.commit(
        line=line(run, "venue"),
        amount=Decimal("1500.00"),
        title="场地租用",
        payee="区委党校",
        key=uuid.uuid4(),
        actor=actor,
        at=at(6, 10),
        session_no=1,
    )
    with pytest.raises(Refused, match=f"预占 {commitment.number}“场地租用”还有 1,500.00 元未支付"):
        settle(world, run)
    ledger.release(commitment=commitment, amount=None, reason="改用会议室", actor=actor, at=at(6, 18))
    assert settle(world, run) is not None


def test_s23_over_the_ceiling_on_those_who_came(world: World) -> None:
    """8,000 yuan of meals were in order for 63 people, and aren't for the 13 who came."""
    run = ended(world, people=10)
    pay(world, run, "8000.00")
    found = {finding.code: finding for finding in findings_of(figures_of(run))}
    card = book_of(run).rate_card
    most = card.rate_class(card.default_class).items["meals"] * 13 * 2
    over = found["over_ceiling_line"]
    assert f"按实到人数核定 {most:,.2f} 元" in over.message
    assert f"超 {Decimal('8000.00') - most:,.2f} 元" in over.message
    assert "工作人员 3 人，按实到学员 10 人最多 1 人" in found["staff_over"].message


def test_the_limit_is_all_of_the_quota_even_what_was_not_budgeted(world: World) -> None:
    """No yuan was budgeted for 其他, which the card allows: it makes up for the other items all the same."""
    run = ended(world)
    figures = figures_of(run)
    card = book_of(run).rate_card
    whole = sum(
        (card.rate_class(card.default_class).items[item.code] for item in card.items if not item.lodging),
        Decimal(0),
    )
    assert figures.sheet.ceiling == whole * (40 + 3) * 2
    shown = [row.ceiling for row in figures.sheet.rows if row.ceiling is not None]
    assert sum(shown) < figures.sheet.ceiling


def test_what_a_lecturer_gets_is_held_to_the_card(world: World) -> None:
    run = ended(
        world, costs={"meals": "8000.00", "lecture": "4000.00"}, lecturer_title="senior", lecture_hours=4
    )
    book = book_of(run)
    rate = book.rate_card.lecture_rate("senior")
    fee = GivenFee("何老师", "senior", Decimal(4), rate.after_tax * 4 + 1, rate.before_tax * 4)
    with pytest.raises(Refused, match=r"何老师（.*，4 学时）税后 4,001.00 元，上限 4,000.00 元，超 1.00 元"):
        pay(world, run, str(rate.before_tax * 4), item="lecture", kind="lecture", fees=[fee])


def test_it_is_settled_after_its_attendance_only(world: World) -> None:
    run, _ = held(world)
    with pytest.raises(Refused, match="现为“办班中”，结束考勤后才能办理决算"):
        settle(world, run)


def test_a_department_is_told_who_settles(world: World) -> None:
    run = ended(world)
    with pytest.raises(Refused, match="办理决算由承担财务职责的部门办理，林晓峰不在该部门任职"):
        settle(world, run, who="xuanchuan-staff")


def test_a_closed_year_is_not_settled(world: World) -> None:
    run = ended(world)
    ledger.close_year(fund=run.plan.project.fund, actor=world.people["caiwu-head"], at=at(6, 18))
    with pytest.raises(Refused, match="已于2027年6月18日结账"):
        settle(world, run)


def test_of_two_sessions_the_last_gives_back(world: World) -> None:
    run = ended(world, sessions=2, time_slots=["06U", "07U"])
    other = run.plan.runs.get(session_no=2)
    pay(world, run, "3000.00")
    pay(world, run, "400.00", session_no=None)
    figures = figures_of(run)
    assert (figures.last, figures.sheet.actual) == (False, Decimal("3000.00"))
    settle(world, run)
    project = run.plan.project
    assert project_totals([project.pk])[project.pk].available == Decimal("6600.00")
    other.cancel()
    other.save()
    assert figures_of(runs.fresh_run(run)).last


def test_the_training_authority_files_what_is_settled(world: World) -> None:
    run = ended(world)
    chief = world.people["jiceng-head"]
    with pytest.raises(Refused, match="办结决算后才能归档"):
        archive_run(run_id=run.pk, actor=chief, at=SETTLED_AT)
    settle(world, run)
    with pytest.raises(Refused, match="归档由归口管理部门办理，陈晨不在该部门任职"):
        archive_run(run_id=run.pk, actor=world.people["caiwu-staff"], at=SETTLED_AT)
    archive_run(run_id=run.pk, actor=chief, at=SETTLED_AT)
    filed = runs.fresh_run(run)
    assert (filed.state, filed.archived_by, filed.archived_at) == ("archived", chief, SETTLED_AT)
    with pytest.raises(Conflict, match="已归档"):
        archive_run(run_id=run.pk, actor=chief, at=SETTLED_AT)


def test_everybody_sees_the_same_people(world: World) -> None:
    """Whoever was late was there; leave and absence aren't."""
    run, unit = held(world, 3)
    for who, presence in zip(unit.cadres, ("late", "leave", "absent"), strict=True):
        mark(world, run, who, other=dict.fromkeys(range(4), presence))
    close(world, run)
    figures = figures_of(runs.fresh_run(run))
    assert (figures.sheet.trainees, figures.person_half_days) == (1, 4)
    assert called.organiser(world, run).name == "林晓峰"


def test_s23_what_the_book_holds_is_settled_by_the_head_of_finance(world: World, client: Client) -> None:
    run = ended(world, people=10)
    pay(world, run, "8000.00")
    with pytest.raises(Refused, match="须经批准：请财务部门负责人核准并办结决算"):
        settle(world, run, note="会务人员多一天")
    address = reverse("workflow:run_settlement", args=[run.pk])
    with time_machine.travel(SETTLED_AT, tick=False):
        client.force_login(world.people["caiwu-staff"])
        seen = client.get(address)
        assert (seen.context["may_settle"], "须经批准" in seen.text) == (False, True)
        client.force_login(world.people["caiwu-head"])
        assert client.get(address).context["may_settle"]
    with pytest.raises(Refused, match="请填写决算说明"):
        settle(world, run, "caiwu-head", note=" ")
    done = settle(world, run, "caiwu-head", note="会务人员多一天")
    assert done is not None
    assert "staff_over" in {row["code"] for row in done.facts["findings"]}
