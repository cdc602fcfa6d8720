"""What was asked about a 期 is done: with the last agreement, in its transaction, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from budgets import services as ledger
from budgets.services import constraint_name, rebudget
from office.refusals import Conflict, Refused
from workflow.costs import cost_titles
from workflow.models import ClassRun, Lesson, RunCost
from workflow.rules.giving_back import giving_back
from workflow.rules.run_checks import clashes, seats_given
from workflow.rules.terms import PLAIN, RunTerms
from workflow.services.releasing import release_all
from workflow.states import RequestKind, RunState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from org.models import Post, User
    from workflow.models import RunRequest

ZERO = Decimal("0.00")


def carry_out(request: RunRequest, *, actor: User, post: Post, at: datetime) -> None:
    """Does what ``request`` asked; the caller holds the locks of plan, 期 and request.

    OPEN sets what was approved and opens the 期; CHANGE and POSTPONE replace it, and people's half-days move
    with it; CANCEL frees everybody, releases what was committed, gives the money back, and cancels the plan
    with its last 期; EXEMPT changes nothing here: the seats name the request that excuses them.

    Raises :class:`Refused` where the money is short, :class:`Conflict` where a confirmed person sits in
    another class on the new days.
    """
    run = request.run
    match request.kind:
        case RequestKind.EXEMPT:
            return
        case RequestKind.CANCEL:
            _cancel(request, actor=actor, post=post, at=at)
            return
        case RequestKind.OPEN:
            run.open()
            run.opened_at = at
    before, terms = RunTerms.from_json(request.before), RunTerms.from_json(request.content)
    _hold(run, terms)
    items = dict.fromkeys((*before.costs, *terms.costs))
    deltas = {item: terms.costs.get(item, ZERO) - before.costs.get(item, ZERO) for item in items}
    _move_money(request, deltas, actor=actor, post=post, at=at)


def _hold(run: ClassRun, terms: RunTerms) -> None:
    """The terms become the run's own."""
    if run.state in (RunState.ENROLLING, RunState.RUNNING) and terms.trainees < run.trainees:
        given = seats_given(run)
        if terms.trainees < given:
            raise Refused(f"学员人数改为 {terms.trainees} 人，名额已分配 {given} 人，请先调减各单位名额。")
    for name in PLAIN:
        setattr(run, name, getattr(terms, name))
    run.hours = terms.hours
    spans = [NumericRange(span.numbers.start, span.numbers.stop) for span in terms.stretches]
    run.stretches = spans
    run.revision += 1
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        if constraint_name(error) != "seat_one_class_at_a_time":
            raise
        who = clashes(run, spans) or "有学员"
        raise Conflict(
            f"不能改到{terms.period}：已确认的学员与其他班冲突（{who}）。请另选日期，或先为其办理退出。"
        ) from error
    # The database works these out.
    run.refresh_from_db(fields=["starts_on", "ends_on"])
    Lesson.objects.filter(run=run).delete()
    Lesson.objects.bulk_create(
        Lesson(
            run=run,
            day=lesson.day,
            half=lesson.half,
            topic=lesson.topic,
            module=lesson.module,
            lecturer=lesson.lecturer,
            lecturer_unit=lesson.lecturer_unit,
            lecturer_title=lesson.lecturer_title,
            hours=lesson.hours,
        )
        for lesson in terms.lessons
    )
    RunCost.objects.filter(run=run).delete()
    RunCost.objects.bulk_create(
        RunCost(run=run, item=item, amount=amount) for item, amount in terms.costs.items() if amount
    )


def _cancel(request: RunRequest, *, actor: User, post: Post, at: datetime) -> None:
    run, plan = request.run, request.run.plan
    run.cancel()
    run.revision += 1
    run.save(update_fields=["state", "revision"])
    release_all(run, actor=actor, post=post, at=at, reason=f"{run.title}取消办班：{request.reason}")
    others = ClassRun.objects.filter(plan=plan).exclude(state=RunState.CANCELLED).exists()
    # What was promised is free again, what was paid stays as cost, and what is free goes back (S20).
    if plan.project_now is not None:
        ledger.release_all(
            project=plan.project_now,
            session_no=run.session_no if others else None,
            reason=f"{run.title}取消办班",
            actor=actor,
            post=post,
            at=at,
        )
    if request.book is not None:
        costs = RunTerms.from_json(request.before).costs
        back = {line.item: -line.back for line in giving_back(run, costs, request.book.book)}
        _move_money(request, back, actor=actor, post=post, at=at)
    if not others:
        plan.cancel()
        plan.updated_at = at
        plan.save(update_fields=["state", "updated_at"])


def _move_money(
    request: RunRequest, deltas: Mapping[str, Decimal], *, actor: User, post: Post, at: datetime
) -> None:
    project, book = request.run.plan.project_now, request.book
    if project is None or book is None or not any(deltas.values()):
        return
    rebudget(
        project=project,
        deltas=deltas,
        titles=cost_titles(book.book),
        actor=actor,
        post=post,
        at=at,
        reason=f"{request.get_kind_display()}批准：{request.run.title}",
        reference=request.run.code,
    )
