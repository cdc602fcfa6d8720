"""Random people do random things to random requests: each is done whole or refused, and all stays sound."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from budgets.selectors import first_fault
from office.refusals import Refused
from org.models import User
from tests.workflow import acts, runs
from tests.workflow.invariants import faults
from tests.workflow.world import World
from workflow.models import ClassRun, RunRequest, WorkTask
from workflow.rules.terms import RunTerms, moved, terms_of
from workflow.services import requests
from workflow.services.asking import WITH_TERMS
from workflow.states import DecisionAction, RequestKind

STEPS = 500
ENOUGH = {"write": 6, "hand_in": 5, "decide": 8, "withdraw": 1, "discard": 1, "refused": 10}
KINDS = [RequestKind.CHANGE, RequestKind.POSTPONE, RequestKind.CANCEL]
DECISIONS = [DecisionAction.AGREE] * 5 + [DecisionAction.RETURN, DecisionAction.REFUSE]


class Office:
    """The acts; each returns what became of it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.people = [*world.people.values()]

    def next(self) -> str:
        """An act, those that can lead somewhere now more often."""
        names = ["write", "write", "hand_in", "decide", "withdraw", "discard"]
        names += ["hand_in"] * 6 * RunRequest.objects.filter(state__in=["draft", "returned"]).count()
        names += ["decide"] * 12 * RunRequest.objects.filter(state="reviewing").count()
        return self.dice.choice(names)

    def anyone(self) -> User:
        """Mostly somebody of the department, so that something happens."""
        if self.dice.random() < 0.8:
            return self.world.people[self.dice.choice(["xuanchuan-staff", "xuanchuan-head"])]
        return self.dice.choice(self.people)

    def terms(self, run: ClassRun) -> RunTerms:
        if not run.is_opened:
            first = date(2027, 6, 1) + timedelta(days=self.dice.randrange(8))
            terms = runs.as_planned(run.plan, run.session_no, first)
        else:
            terms = terms_of(run)
        match self.dice.randrange(8):
            case 0:
                return replace(terms, costs={"meals": Decimal(self.dice.randrange(1, 900_000))})
            case 1:
                return replace(terms, trainees=self.dice.randrange(0, 90))
            case 2:
                return moved(terms, timedelta(days=self.dice.randrange(-20, 60)))
            case 3:
                return replace(terms, venue=self.dice.choice(["", "市工会干部学校"]))
        return terms

    def write(self) -> None:
        run = runs.fresh_run(self.dice.choice(list(ClassRun.objects.all())))
        old = RunRequest.objects.filter(run=run, state__in=["draft", "returned"]).first()
        kind = self.dice.choice(KINDS if run.is_opened else [*[RequestKind.OPEN] * 6, *KINDS])
        kind = RequestKind(old.kind) if old is not None else kind
        with_terms = kind in WITH_TERMS
        requests.save_draft(
            run_id=run.pk,
            kind=kind,
            content=self.terms(run).as_json() if with_terms else {},
            reason=self.dice.choice(["", "工作需要"]),
            actor=self.anyone(),
            at=self.world.now(),
            request_id=old.pk if old is not None else None,
        )

    def hand_in(self) -> None:
        written = RunRequest.objects.filter(state__in=["draft", "returned"]).order_by("pk").first()
        request = written if written is not None and self.dice.random() < 0.8 else self.some()
        requests.submit(request_id=request.pk, actor=self.anyone(), at=self.world.now())

    def decide(self) -> None:
        task = self.dice.choice(list(WorkTask.objects.filter(is_open=True, request__isnull=False)) or [None])
        if task is None:
            raise Refused("没有待办")
        when = self.world.now()
        holder = task.post.tenures.get(period__contains=when.date()).user
        requests.decide(
            request_id=task.request_id,
            task_id=task.pk,
            action=self.dice.choice(
                [DecisionAction.AGREE] * 4 + [DecisionAction.RETURN, DecisionAction.REFUSE]
            ),
            actor=holder if self.dice.random() < 0.8 else self.anyone(),
            at=when,
            opinion=self.dice.choice(["同意", ""]),
        )

    def withdraw(self) -> None:
        requests.withdraw(request_id=self.some().pk, actor=self.anyone(), at=self.world.now())

    def discard(self) -> None:
        requests.discard(request_id=self.some().pk, actor=self.anyone(), at=self.world.now())

    def some(self) -> RunRequest:
        found = list(RunRequest.objects.filter(state__in=["draft", "reviewing", "returned"]).order_by("pk"))
        if not found:
            raise Refused("还没有申请")
        return self.dice.choice(found)


@pytest.mark.parametrize("seed", [17, 23])
def test_random_acts_keep_plans_sessions_and_money_together(world: World, seed: int) -> None:
    acts.approve(world, world.draft(sessions=2))
    acts.approve(world, world.draft(name="第二个班", costs={"meals": "1000.01"}))
    office = Office(world, seed)
    came_of: Counter[str] = Counter()
    for _ in range(STEPS):
        name = office.next()
        try:
            getattr(office, name)()
            came_of[name] += 1
        except Refused:
            came_of["refused"] += 1
        assert faults() == [], name
        if all(came_of[name] >= wanted for name, wanted in ENOUGH.items()):
            break
    assert {name: came_of[name] >= wanted for name, wanted in ENOUGH.items()} == dict.fromkeys(ENOUGH, True)
    assert ClassRun.objects.exclude(state="planned").exists()
    assert first_fault() is None
