"""变更, 延期 and 取消办班: plan, project and call-up change together or not at all (D2-28, S20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from budgets.selectors import fund_totals, project_totals
from office import sealing
from office.refusals import Conflict, Refused
from org.models import Cadre, Union
from tests.workflow import acts, runs
from tests.workflow.invariants import faults
from tests.workflow.world import World, at
from workflow.models import ClassRun, Quota, Seat, SeatSpan
from workflow.rules import run_checks
from workflow.rules.terms import RunTerms, moved, terms_of
from workflow.services import requests
from workflow.states import DecisionAction, RequestKind, SeatSource

D = Decimal


@pytest.fixture(autouse=True)
def sound(world: World):
    """Whatever a test did, the whole database still says what it must."""
    yield
    assert faults() == []


MONTH = timedelta(days=30)


def cadre(name: str, number: int) -> Cadre:
    """A made-up person; identity is nothing these tests turn on."""
    identity = f"11010519900101{number:04}"
    return Cadre.objects.create(
        identity_kind="resident",
        identity_sealed=sealing.seal(identity, about="resident"),
        identity_digest=sealing.digest(identity, about="resident"),
        name=name,
    )


def seat(world: World, run: ClassRun, person: Cadre, unit: Union, *, confirmed: bool = True) -> Seat:
    found = Seat.objects.create(
        run=run,
        cadre=person,
        unit=unit,
        rank="formal",
        source=SeatSource.PAGE,
        name=person.name,
        unit_name=unit.name,
        nominated_at=world.now(),
        changed_at=world.now(),
    )
    if confirmed:
        found.confirm()
        found.save()
    return found


def earlier_class(world: World) -> ClassRun:
    """Another department's class, of 2 and 3 June."""
    first = date(2027, 6, 2)
    return runs.opened_run(world, department="quanyi", name="维权干部班", subject="YW-05", first=first)


def fresh(found: Seat) -> str:
    return Seat.objects.get(pk=found.pk).state


def test_a_change_replaces_the_terms_and_moves_the_money(world: World) -> None:
    run = runs.opened_run(world)
    old = terms_of(run)
    new = replace(
        old, venue="市工会干部学校", trainees=70, costs={"meals": D("9000.00"), "lecture": D("500.00")}
    )
    request = runs.hand_in(world, run, RequestKind.CHANGE, new, reason="扩大培训面")
    assert request.chain == "change"
    runs.agree_all(world, request)
    run = runs.fresh_run(run)
    assert (run.state, terms_of(run)) == ("enrolling", new)
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("990500.00")
    lines = run.plan.project.lines.order_by("ordinal").values_list("item", "title")
    assert list(lines)[-1] == ("lecture", "师资费（税前）")
    assert project_totals([run.plan.project_id])[run.plan.project_id].appropriated == D("9500.00")


def test_nothing_changed_is_no_change(world: World) -> None:
    run = runs.opened_run(world)
    request = runs.draft(world, run, RequestKind.CHANGE, terms_of(run), reason="核对")
    with pytest.raises(Refused, match="没有任何改动"):
        runs.submit(world, request)


def test_every_request_but_an_opening_as_planned_wants_its_reason(world: World) -> None:
    run = runs.opened_run(world)
    for kind, terms in (
        (RequestKind.CHANGE, replace(terms_of(run), venue="别处")),
        (RequestKind.CANCEL, None),
    ):
        request = runs.draft(world, run, kind, terms)
        with pytest.raises(Refused, match="须填写理由"):
            runs.submit(world, request)
        requests.discard(request_id=request.pk, actor=world.people["xuanchuan-staff"], at=world.now())


def test_a_postponement_moves_days_people_and_nothing_else(world: World) -> None:
    run = runs.opened_run(world)
    booked = seat(world, run, cadre("钟毓", 1), world.union)
    new = moved(terms_of(run), MONTH)
    request = runs.hand_in(world, run, RequestKind.POSTPONE, new, reason="汛期避让")
    assert request.chain == "postpone"
    runs.agree_all(world, request)
    run = runs.fresh_run(run)
    assert (run.starts_on, run.ends_on) == (date(2027, 7, 8), date(2027, 7, 9))
    spans = SeatSpan.objects.filter(seat=booked).values_list("span", flat=True)
    assert [(span.lower, span.upper) for span in spans] == [(run.stretches[0].lower, run.stretches[0].upper)]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (lambda old: moved(old, -timedelta(days=1)), "不晚于原定"),
        (lambda old: replace(moved(old, MONTH), venue="别处"), "还改动了地点"),
        (lambda old: replace(moved(old, MONTH), costs={}), "还改动了伙食费、场地、资料、交通费、经费合计"),
        (lambda old: runs.dated(old, date(2027, 7, 8), 3), "还改动了天数"),
        (lambda old: moved(old, -timedelta(days=200)), "已经过去"),
    ],
)
def test_a_postponement_is_later_and_only_that(world: World, terms: Any, said: str) -> None:
    run = runs.opened_run(world)
    request = runs.draft(world, run, RequestKind.POSTPONE, terms(terms_of(run)), reason="另行安排")
    with pytest.raises(Refused, match=said):
        runs.submit(world, request)


def test_days_on_which_somebody_sits_elsewhere_are_refused_by_name(world: World) -> None:
    run = runs.opened_run(world, name="信息员培训班")
    other = runs.opened_run(
        world, department="quanyi", name="维权干部班", subject="YW-05", first=date(2027, 6, 2)
    )
    person = cadre("钟毓", 1)
    seat(world, run, person, world.union)
    seat(world, other, person, world.union)
    new = moved(terms_of(run), date(2027, 6, 3) - date(2027, 6, 8))
    request = runs.draft(world, run, RequestKind.CHANGE, new, reason="提前")
    with pytest.raises(Refused, match=r"钟毓（维权干部班，2027年6月2日起）"):
        runs.submit(world, request)


def test_a_clash_that_came_up_meanwhile_stops_the_last_agreement_whole(world: World) -> None:
    """The database has the last word: the exclusion constraint refuses, and the reader is told who."""
    run = runs.opened_run(world, name="信息员培训班")
    other = runs.opened_run(
        world, department="quanyi", name="维权干部班", subject="YW-05", first=date(2027, 6, 2)
    )
    person = cadre("钟毓", 1)
    seat(world, run, person, world.union)
    new = moved(terms_of(run), date(2027, 6, 2) - date(2027, 6, 8))
    request = runs.hand_in(world, run, RequestKind.CHANGE, new, reason="提前")
    runs.decide(world, request)
    runs.decide(world, request)
    seat(world, other, person, world.union)
    with pytest.raises(Refused, match="钟毓"):
        runs.decide(world, request)
    run = runs.fresh_run(run)
    assert run.starts_on == date(2027, 6, 8)
    assert runs.fresh_request(request).state == "reviewing"


def test_the_constraint_itself_is_told_as_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check and the update another server confirms: what the constraint says is a Conflict."""
    run = runs.opened_run(world, name="信息员培训班")
    other = runs.opened_run(
        world, department="quanyi", name="维权干部班", subject="YW-05", first=date(2027, 6, 2)
    )
    person = cadre("钟毓", 1)
    seat(world, run, person, world.union)
    new = moved(terms_of(run), date(2027, 6, 2) - date(2027, 6, 8))
    request = runs.hand_in(world, run, RequestKind.CHANGE, new, reason="提前")
    runs.decide(world, request)
    runs.decide(world, request)
    seat(world, other, person, world.union)
    monkeypatch.setattr(run_checks, "clashes", lambda *_: "")
    with pytest.raises(Conflict, match=r"冲突（钟毓（维权干部班，2027年6月2日起））"):
        runs.decide(world, request)
    assert terms_of(runs.fresh_run(run)).stretches == terms_of(run).stretches


def test_fewer_trainees_than_seats_given_out_are_refused(world: World) -> None:
    run = runs.opened_run(world)
    Quota.objects.create(run=run, unit=world.union, seats=55)
    new = replace(terms_of(run), trainees=50)
    request = runs.draft(world, run, RequestKind.CHANGE, new, reason="减员")
    with pytest.raises(Refused, match="名额已分配 55 人"):
        runs.submit(world, request)


def test_a_cancelled_class_frees_everybody_and_gives_the_money_back(world: World) -> None:
    """S20: nobody is held, nothing is recorded against the one-year rule, the plan row counts as 取消."""
    run = runs.opened_run(world)
    confirmed = seat(world, run, cadre("钟毓", 1), world.union)
    waiting = seat(world, run, cadre("钟会", 2), world.union, confirmed=False)
    request = runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    runs.agree_all(world, request)
    run, plan = runs.fresh_run(run), acts.fresh(run.plan)
    assert (run.state, plan.state) == ("cancelled", "cancelled")
    assert (fresh(confirmed), fresh(waiting)) == ("released", "released")
    assert not SeatSpan.objects.filter(run=run).exists()
    assert [act.title for act in confirmed.acts.all()] == ["班次取消"]
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("1000000.00")
    assert not confirmed.cadre.training_records.exists()


def test_the_plan_lives_while_one_of_its_sessions_does(world: World) -> None:
    plan = acts.approve(world, world.draft(sessions=2))
    first, second = plan.runs.order_by("session_no")
    runs.grant(world, runs.fresh_run(first), RequestKind.CANCEL, reason="合并办班")
    assert acts.fresh(plan).state == "approved"
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("995000.00")
    runs.grant(world, runs.fresh_run(second), RequestKind.CANCEL, reason="不再办班")
    assert acts.fresh(plan).state == "cancelled"
    assert fund_totals([world.fund.pk])[world.fund.pk].available == D("1000000.00")


def test_refused_nothing_changes(world: World) -> None:
    run = runs.opened_run(world)
    request = runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    runs.decide(world, request, action=DecisionAction.REFUSE, opinion="请按计划办班")
    assert runs.fresh_run(run).state == "enrolling"
    assert runs.fresh_request(request).state == "refused"


def test_one_thing_at_a_time_is_asked_about_a_session(world: World) -> None:
    run = runs.opened_run(world)
    runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    with pytest.raises(Refused, match="取消办班申请（审核中）还没有办结"):
        runs.draft(world, run, RequestKind.CHANGE, terms_of(run))


def test_a_withdrawn_request_ends_and_what_was_agreed_to_isnt_withdrawn(world: World) -> None:
    run = runs.opened_run(world)
    staff = world.people["xuanchuan-staff"]
    first = runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    requests.withdraw(request_id=first.pk, actor=staff, at=world.now())
    assert runs.fresh_request(first).state == "withdrawn"
    assert not first.tasks.filter(is_open=True).exists()
    second = runs.hand_in(world, run, RequestKind.CANCEL, reason="报名不足")
    runs.decide(world, second)
    with pytest.raises(Refused, match=r"周敏 已办理（同意），不能撤回"):
        requests.withdraw(request_id=second.pk, actor=staff, at=world.now())


def test_what_is_past_by_the_day_of_the_agreement_is_not_opened(world: World) -> None:
    run = runs.planned_run(world)
    request = runs.hand_in(world, run, terms=runs.as_planned(run.plan))
    with pytest.raises(Refused, match=r"1\. 2027年6月8日已经过去。请改为 .*）请退回修改。$"):
        runs.decide(world, request, when=at(6, 20))
    assert runs.fresh_run(run).state == "opening"


def test_terms_survive_json(world: World) -> None:
    terms = runs.as_planned(runs.planned_run(world).plan, class_teacher="吴桐", note="自带电脑")
    assert RunTerms.from_json(terms.as_json()) == terms
    with pytest.raises(ValueError, match="colour"):
        RunTerms.from_json(terms.as_json() | {"colour": "red"})
