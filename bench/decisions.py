"""3 and 4: decisions a second, one at a time and in bulk, through the services the pages call."""

from __future__ import annotations

import statistics
import time
from itertools import count
from typing import TYPE_CHECKING

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import clock
from bench.load import DEPARTMENTS, at
from workflow.models import WorkTask
from workflow.services import decisions, meetings, submission
from workflow.states import DecisionAction, MeetingOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.load import World
    from bench.peer import Peer

#: Who signs after the department's own head; neither of their departments drew the plan up.
REVIEWERS = ("jiceng-head", "caiwu-head")
AUTHORS = tuple(code for code in DEPARTMENTS if code not in {"jiceng", "caiwu"})


class Lives:
    """Whole lives of plans: draft (not measured), submission, three 同意, the meeting with the money."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.numbers = count()
        self.statements: dict[str, int] = {}

    def round(self, plans: int) -> dict[str, float]:
        """Median seconds of each act over ``plans`` lives, and ``approval``: what b5 counts of viewflow's.

        There a run of a start and two approvals counts as two; here submission and three 同意 as three.
        """
        taken: dict[str, list[float]] = {"submit": [], "agree": [], "settle": []}
        lives = []
        for _ in range(plans):
            lives.append(self._life(taken))
        medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
        return medians | {"approval": statistics.median(lives)}

    def _timed(self, name: str, act: Callable[[], object], taken: dict[str, list[float]]) -> float:
        if name not in self.statements and taken[name]:
            with CaptureQueriesContext(connection) as queries:
                act()
            self.statements[name] = len(queries)
            return taken[name][-1]
        start = time.perf_counter()
        act()
        taken[name].append(time.perf_counter() - start)
        return taken[name][-1]

    def _life(self, taken: dict[str, list[float]]) -> float:
        number, world = next(self.numbers), self.world
        union = number % world.unions
        department = AUTHORS[number // world.unions % len(AUTHORS)]
        plan = world.draft(union, department, name=f"测速 {number}", subject=f"YW-{1 + number % 11:02}")
        author = world.person(union, f"{department}-staff")
        heads = [world.person(union, code) for code in (f"{department}-head", *REVIEWERS)]
        secretary = world.person(union, "secretary")
        spent = self._timed(
            "submit", lambda: submission.submit(plan_id=plan.pk, actor=author, at=at(1, 11)), taken
        )
        for day, head in enumerate(heads, 12):
            task = WorkTask.objects.only("pk").get(plan=plan, is_open=True).pk
            spent += self._timed(
                "agree",
                lambda task=task, head=head, day=day: decisions.decide(  # type: ignore[misc]
                    plan_id=plan.pk, task_id=task, action=DecisionAction.AGREE, actor=head, at=at(1, day)
                ),
                taken,
            )
        (item,) = world.agenda(union, f"测速 {number}", [plan.pk])
        self._timed(
            "settle",
            lambda: meetings.settle(
                item_id=item, outcome=MeetingOutcome.PASSED, actor=secretary, at=at(1, 20, 16)
            ),
            taken,
        )
        return spent / 3


def rates(
    world: World, peer: Peer, *, rounds: int, plans: int, times: int
) -> tuple[dict[str, clock.Series], dict[str, int], dict[str, float]]:
    """Series by name, our statements by act, the peers' statements an approval."""
    lives = Lives(world)
    ways = ("stock", "plain", "update")
    acts: dict[str, Callable[[], float | dict[str, float]]] = {"product": lambda: lives.round(plans)}
    for way in ways:
        acts[way] = lambda way=way: peer.seconds("approvals", way=way, times=times)  # type: ignore[misc]
        acts[f"{way} run"] = lambda way=way: peer.seconds("runs", way=way, times=times)  # type: ignore[misc]
    series = clock.in_turns(acts, rounds)
    return series, lives.statements, {way: peer.ask("statements", way=way)["statements"] for way in ways}


def bulk(world: World, *, rounds: int, items: int) -> clock.Series:
    """Seconds for one item of a bulk 同意 of ``items``; a union of its own a round."""
    series = clock.Series()
    for number in range(rounds):
        union = (number + 1) % world.unions
        actor, post = world.person(union, "jiceng-head"), world.post(union, "jiceng-head")
        tasks = [
            (plan, task, name)
            for plan, task, name in WorkTask.objects.filter(post=post, is_open=True, step="review")
            .order_by("pk")
            .values_list("plan", "pk", "plan__name")[:items]
        ]
        start = time.perf_counter()
        results = decisions.decide_many(tasks=tasks, action=DecisionAction.AGREE, actor=actor, at=at(1, 25))
        seconds = time.perf_counter() - start
        if len(results) != items or any(result.decision is None for result in results):
            raise RuntimeError(f"bulk: {[result.reason for result in results if result.reason][:3]}")
        series.append(seconds / items)
    return series
