"""The gate of 期, of what is asked about them, and of the seats in them: may this person do this now?

:mod:`workflow.rules.gate` for runs. Buttons and services ask :func:`refusal` or, for a page's buttons,
:func:`allowed`. The organiser is whoever has a post in the plan's department, or in the training
authority; people of a unit are those with a post in it. An outsider never gets here: ``visible_to``
gives him 404.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from org.selectors import standing
from workflow.models import CallUp, RunRequest
from workflow.rules.request_gate import RequestCase, active, not_acted, review, state_is
from workflow.states import CALLING, PlanState, RequestKind, RequestState, RunState, SeatState

if TYPE_CHECKING:
    from datetime import datetime

    from org.models import Union, User
    from org.selectors import Standing
    from workflow.models import ClassRun, Seat


class RunAct(StrEnum):
    """What the gate is asked about."""

    OPEN = "open"
    CHANGE = "change"
    POSTPONE = "postpone"
    CANCEL = "cancel"
    EXEMPT = "exempt"
    EDIT_REQUEST = "edit_request"
    AGREE = "agree"
    RETURN = "return"
    REFUSE = "refuse"
    WITHDRAW_REQUEST = "withdraw_request"
    QUOTA = "quota"
    NOTICE = "notice"
    NOMINATE = "nominate"
    ENTER = "enter"
    NAME = "name"
    CONFIRM = "confirm"
    CORRECT = "correct"
    REPLACE = "replace"
    WITHDRAW_SEAT = "withdraw_seat"
    ON_SITE = "on_site"
    BEGIN = "begin"
    ATTEND = "attend"
    CLOSE = "close"


#: What asks for each kind of request.
ACT_OF_KIND: dict[str, RunAct] = {
    RequestKind.OPEN: RunAct.OPEN,
    RequestKind.CHANGE: RunAct.CHANGE,
    RequestKind.POSTPONE: RunAct.POSTPONE,
    RequestKind.CANCEL: RunAct.CANCEL,
    RequestKind.EXEMPT: RunAct.EXEMPT,
}

_UNSETTLED = (RequestState.DRAFT, RequestState.REVIEWING, RequestState.RETURNED)


@dataclass(frozen=True)
class RunCase(RequestCase):
    """A 期 as the gate sees it. What isn't at hand is read once, when an answer turns on it.

    ``asked`` is the request the act is about where the caller has one; ``unit`` whose people are meant.
    """

    run: ClassRun
    standing: Standing
    unit: Union | None = None
    asked: RunRequest | None = None

    @cached_property
    def request(self) -> RunRequest | None:
        """The request in question: the one given, else the run's open one (exemptions apart)."""
        if self.asked is not None:
            return self.asked
        found = RunRequest.objects.filter(run=self.run, state__in=_UNSETTLED).exclude(kind=RequestKind.EXEMPT)
        return found.order_by().first()

    @cached_property
    def is_issued(self) -> bool:
        """Whether the 调训通知 has gone out."""
        return CallUp.objects.filter(run=self.run, issued_at__isnull=False).exists()

    @property
    def is_ours(self) -> bool:
        """Whether the actor is of the plan's department."""
        return self.run.plan.department_id in self.standing.department_ids

    @property
    def is_organiser(self) -> bool:
        """Whether he is of the plan's department or of the training authority."""
        return self.is_ours or self.run.plan.union_id in self.standing.authority_union_ids

    @property
    def is_of_unit(self) -> bool:
        """Whether he has a post in the unit in question."""
        return self.unit is not None and self.unit.pk in self.standing.union_ids


def refusal(
    act: RunAct,
    run: ClassRun,
    *,
    actor: User,
    at: datetime,
    unit: Union | None = None,
    request: RunRequest | None = None,
) -> str | None:
    """Why ``actor`` may not do ``act`` at ``at``, in Chinese fit to show; None if he may.

    ``run`` comes with its plan and the plan's department. ``unit``: for whom somebody is nominated or
    withdrawn. ``request``: which request an act on one is about; without it the run's open one.
    """
    return judge(act, case(run, actor=actor, at=at, unit=unit, request=request))


def allowed(
    run: ClassRun,
    *,
    actor: User,
    at: datetime,
    unit: Union | None = None,
    request: RunRequest | None = None,
) -> dict[RunAct, str | None]:
    """Every act with its refusal or None, in seven queries at most: what a page's buttons are made from."""
    seen = case(run, actor=actor, at=at, unit=unit, request=request)
    return {act: rule(seen) for act, rule in _RULES.items()}


def case(
    run: ClassRun,
    *,
    actor: User,
    at: datetime,
    unit: Union | None = None,
    request: RunRequest | None = None,
) -> RunCase:
    """What the rules look at."""
    return RunCase(run, standing(actor, timezone.localdate(at), to_act=True), unit, request)


def judge(act: RunAct, seen: RunCase) -> str | None:
    """:func:`refusal` where the case is at hand already."""
    return _RULES[act](seen)


def _state_is(seen: RunCase, *states: RunState) -> str | None:
    if seen.run.state in states:
        return None
    return f"《{seen.run.title}》现为“{seen.run.get_state_display()}”，不能办理这一操作。"


def _is_ours(seen: RunCase) -> str | None:
    if seen.is_ours:
        return active(seen)
    return active(seen) or f"只有{seen.run.plan.department.name}的人员可以办理。"


def _is_organiser(seen: RunCase) -> str | None:
    if seen.is_organiser:
        return active(seen)
    return active(seen) or f"只有{seen.run.plan.department.name}和归口管理部门的人员可以办理。"


def _ask(seen: RunCase, kind: RequestKind, *states: RunState) -> str | None:
    """One thing at a time is asked about a 期."""
    if reason := _state_is(seen, *states) or _is_ours(seen):
        return reason
    plan = seen.run.plan
    if plan.state != PlanState.APPROVED:
        return f"《{plan.name}》现为“{plan.get_state_display()}”，不能办理这一操作。"
    waiting = seen.request
    if waiting is None or (waiting.kind == kind and waiting.state != RequestState.REVIEWING):
        return None
    return f"《{seen.run.title}》的{waiting.get_kind_display()}（{waiting.get_state_display()}）还没有办结。"


def _open(seen: RunCase) -> str | None:
    return _ask(seen, RequestKind.OPEN, RunState.PLANNED)


def _change(seen: RunCase) -> str | None:
    return _ask(seen, RequestKind.CHANGE, RunState.ENROLLING, RunState.RUNNING)


def _postpone(seen: RunCase) -> str | None:
    return _ask(seen, RequestKind.POSTPONE, RunState.ENROLLING)


def _cancel(seen: RunCase) -> str | None:
    return _ask(seen, RequestKind.CANCEL, RunState.PLANNED, RunState.ENROLLING, RunState.RUNNING)


def _exempt(seen: RunCase) -> str | None:
    if reason := _state_is(seen, *CALLING):
        return reason
    return active(seen) if seen.is_of_unit else _is_organiser(seen)


def _request_is(seen: RunCase, *states: RequestState) -> str | None:
    if seen.request is None:
        return f"《{seen.run.title}》没有正在办理的申请。"
    return state_is(seen.request, *states)


def _is_requesters(seen: RunCase) -> str | None:
    """The department's own; for an exemption, which a unit may ask, also whoever asked, as that post."""
    if seen.holds_amendment:
        return active(seen)
    request = seen.request
    if request is not None and request.kind == RequestKind.EXEMPT:
        handed_in = seen.handed_in
        if handed_in is not None and handed_in.post_id in seen.standing.post_ids:
            return active(seen)
        if handed_in is None and request.created_by_id == seen.standing.user.pk:
            return active(seen)
    return _is_ours(seen)


def _edit_request(seen: RunCase) -> str | None:
    return _request_is(seen, RequestState.DRAFT, RequestState.RETURNED) or _is_requesters(seen)


def _review(seen: RunCase) -> str | None:
    return _request_is(seen, RequestState.REVIEWING) or review(seen)


def _withdraw_request(seen: RunCase) -> str | None:
    wrong = _request_is(seen, RequestState.REVIEWING, RequestState.RETURNED)
    return wrong or _is_requesters(seen) or not_acted(seen)


def _prepare(seen: RunCase) -> str | None:
    """Quotas and the notice are made once the second gate is passed (D2-28)."""
    return _state_is(seen, RunState.ENROLLING) or _is_organiser(seen)


def _called(seen: RunCase) -> str | None:
    """Nobody is called up before the notice has gone out."""
    if reason := _state_is(seen, *CALLING):
        return reason
    return None if seen.is_issued else f"《{seen.run.title}》还没有发出调训通知。"


def _by_unit(seen: RunCase) -> str | None:
    if reason := _called(seen) or active(seen):
        return reason
    if seen.is_of_unit or seen.is_organiser:
        return None
    if seen.unit is None:
        return _is_organiser(seen)
    return f"只有{seen.unit.name}的人员和主办部门可以办理。"


def why_not_correct(seat: Seat, seen: RunCase) -> str | None:
    """Why what is written of this nominee stands as it is now; None where it may be put right.

    Until he is confirmed it is his unit's, afterwards the organiser's, who has printed his card.
    """
    if not seat.is_live:
        return f"{seat.name}现为“{seat.get_state_display()}”，报名信息不能再改。"
    if seat.state == SeatState.CONFIRMED and not seen.is_organiser:
        return f"{seat.name}已确认，更正报名信息请与{seen.run.plan.department.name}联系。"
    return None


def _by_organiser(seen: RunCase) -> str | None:
    return _called(seen) or _is_organiser(seen)


def _begin(seen: RunCase) -> str | None:
    return _state_is(seen, RunState.ENROLLING) or _by_organiser(seen)


def _running(seen: RunCase) -> str | None:
    return _state_is(seen, RunState.RUNNING) or _is_organiser(seen)


_RULES: dict[RunAct, Callable[[RunCase], str | None]] = {
    RunAct.OPEN: _open,
    RunAct.CHANGE: _change,
    RunAct.POSTPONE: _postpone,
    RunAct.CANCEL: _cancel,
    RunAct.EXEMPT: _exempt,
    RunAct.EDIT_REQUEST: _edit_request,
    RunAct.AGREE: _review,
    RunAct.RETURN: _review,
    RunAct.REFUSE: _review,
    RunAct.WITHDRAW_REQUEST: _withdraw_request,
    RunAct.QUOTA: _prepare,
    RunAct.NOTICE: _prepare,
    RunAct.NOMINATE: _by_unit,
    RunAct.ENTER: _by_organiser,
    RunAct.NAME: _by_organiser,
    RunAct.CONFIRM: _by_organiser,
    RunAct.CORRECT: _by_unit,
    RunAct.REPLACE: _by_unit,
    RunAct.WITHDRAW_SEAT: _by_unit,
    RunAct.ON_SITE: _by_organiser,
    RunAct.BEGIN: _begin,
    RunAct.ATTEND: _running,
    RunAct.CLOSE: _running,
}
