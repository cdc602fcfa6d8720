"""期 and requests for tests: classes taken through both gates by the people who would do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from org.models import User
from tests.workflow import acts, asked
from tests.workflow.world import World
from workflow.models import ClassPlan, ClassRun, RunRequest
from workflow.rules.terms import LessonTerms, RunTerms, Span, planned_terms
from workflow.services import requests
from workflow.states import RequestKind

# What is done with either kind of request.
agree_all, decide, submit, task_of = asked.agree_all, asked.decide, asked.submit, asked.task_of
fresh_request = asked.fresh

#: The planned class of the world is in 6月上旬 and lasts two days.
FIRST_DAY = date(2027, 6, 8)


def fresh_run(run: ClassRun) -> ClassRun:
    """The 期 as it stands in the database now."""
    return ClassRun.objects.select_related("plan__union", "plan__department", "plan__version__book").get(
        pk=run.pk
    )


def lessons(first: date, half_days: int, hours: str = "4.0") -> tuple[LessonTerms, ...]:
    """A lesson each half-day from the morning of ``first`` on."""
    return tuple(
        LessonTerms(
            day=first + timedelta(days=number // 2),
            half=number % 2,
            topic=f"第 {number + 1} 讲",
            hours=Decimal(hours),
            lecturer="何老师",
            lecturer_unit="市工会干部学校",
            lecturer_title="senior",
        )
        for number in range(half_days)
    )


def dated(terms: RunTerms, first: date, half_days: int = 4) -> RunTerms:
    """The terms with these days, from the morning of ``first``, and a timetable for them."""
    last = half_days - 1
    span = Span(first, 0, first + timedelta(days=last // 2), last % 2)
    hours = str((terms.hours / half_days).quantize(Decimal("0.1")))
    return replace(terms, stretches=(span,), lessons=lessons(first, half_days, hours))


def as_planned(plan: ClassPlan, session_no: int = 1, first: date = FIRST_DAY, **changes: Any) -> RunTerms:
    """What the plan says, with real days and a timetable; ``changes`` are fields of RunTerms."""
    terms = planned_terms(acts.fresh(plan), session_no)
    half_days = changes.pop("half_days", plan.half_days)
    return replace(dated(terms, first, half_days), **changes)


def planned_run(world: World, **fields: Any) -> ClassRun:
    """The first 期 of an approved class that hasn't asked to open yet (未启动). ``fields`` of the plan."""
    plan = acts.approve(world, world.draft(**fields))
    return fresh_run(plan.runs.get(session_no=1))


def draft(
    world: World,
    run: ClassRun,
    kind: RequestKind = RequestKind.OPEN,
    terms: RunTerms | None = None,
    who: str | User | None = None,
    **more: Any,
) -> RunRequest:
    """A request drawn up by the staff of the plan's department."""
    return requests.save_draft(
        run_id=run.pk,
        kind=kind,
        content=terms.as_json() if terms is not None else more.pop("content", {}),
        reason=more.pop("reason", ""),
        actor=acts.person(world, who) or acts.author_of(world, run.plan),
        at=more.pop("when", None) or world.now(),
        **more,
    )


def hand_in(
    world: World,
    run: ClassRun,
    kind: RequestKind = RequestKind.OPEN,
    terms: RunTerms | None = None,
    **more: Any,
) -> RunRequest:
    """Drawn up and handed in."""
    request = draft(world, run, kind, terms, **more)
    submit(world, request)
    return fresh_request(request)


def grant(
    world: World, run: ClassRun, kind: RequestKind, terms: RunTerms | None = None, **more: Any
) -> ClassRun:
    """Asked for and agreed to: the 期 as it is then."""
    more.setdefault("reason", "工作需要")
    agree_all(world, hand_in(world, run, kind, terms, **more))
    return fresh_run(run)


def opened_run(
    world: World, *, first: date = FIRST_DAY, terms: dict[str, Any] | None = None, **fields: Any
) -> ClassRun:
    """A 期 behind the second gate (报名中), by the real services: approved plan, request, every agreement.

    ``first``: its first day, from the morning. ``fields``: of the plan (``trainees``, ``half_days``,
    ``subject``, ``name`` …; ``department`` who holds it). ``terms``: of RunTerms where they differ from it.
    """
    run = planned_run(world, **fields)
    return open_run(world, run, first=first, **(terms or {}))


def open_run(world: World, run: ClassRun, *, first: date = FIRST_DAY, **terms: Any) -> ClassRun:
    """Takes one 期 of an approved plan through the second gate."""
    return grant(
        world, run, RequestKind.OPEN, as_planned(run.plan, run.session_no, first, **terms), reason="按需开班"
    )
