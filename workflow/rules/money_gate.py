"""The gate of requests about money: may this person ask, change, decide or take back this now?

A class's lines and budget are its department's and finance's to ask about; a year's money finance's alone.
An outsider never gets here: ``visible_to`` gives him 404.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils import timezone

from budgets.rules import closed
from org.selectors import standing
from workflow.rules.request_gate import RequestCase, active, not_acted, review, state_is
from workflow.states import OF_PROJECT, MoneyKind, RequestState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from budgets.models import Fund, Project
    from org.models import User
    from org.selectors import Standing
    from workflow.models import MoneyRequest


class MoneyAct(StrEnum):
    """What the gate is asked about; the first four are the kinds of request (``MoneyKind``)."""

    TRANSFER = "transfer"
    BUDGET = "budget"
    CARRY_OVER = "carry_over"
    SUPPLEMENT = "supplement"
    EDIT = "edit"
    AGREE = "agree"
    RETURN = "return"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


@dataclass(frozen=True)
class MoneyCase(RequestCase):
    """What is asked, or would be, as the gate sees it: ``project`` with its department, ``fund``."""

    fund: Fund
    project: Project | None
    standing: Standing
    asked: MoneyRequest | None = None

    @property
    def request(self) -> MoneyRequest | None:
        return self.asked

    @property
    def is_finance(self) -> bool:
        """Whether he acts for the union's finance."""
        return self.fund.union_id in self.standing.finance_union_ids

    @property
    def is_department(self) -> bool:
        """Whether he is of the project's department."""
        return self.project is not None and self.project.department_id in self.standing.department_ids


def case(
    fund: Fund,
    project: Project | None,
    *,
    actor: User,
    at: datetime,
    request: MoneyRequest | None = None,
) -> MoneyCase:
    """What the rules look at."""
    return MoneyCase(fund, project, standing(actor, timezone.localdate(at), to_act=True), request)


def case_of(request: MoneyRequest, *, actor: User, at: datetime) -> MoneyCase:
    """:func:`case` of a request that is there."""
    return case(request.fund, request.project, actor=actor, at=at, request=request)


def refusal(act: MoneyAct, request: MoneyRequest, *, actor: User, at: datetime) -> str | None:
    """Why ``actor`` may not do ``act`` with the request at ``at``, in Chinese fit to show; None if he may."""
    return judge(act, case_of(request, actor=actor, at=at))


def may_ask(kind: MoneyKind, fund: Fund, project: Project | None, *, actor: User, at: datetime) -> str | None:
    """Why ``actor`` may not draw up a request of ``kind``; None if he may."""
    return judge(MoneyAct(kind.value), case(fund, project, actor=actor, at=at))


def may_ask_about(kind: MoneyKind, fund: Fund, project: Project | None, standing: Standing) -> bool:
    """Whether somebody of this standing may ask, without a query: what a page's buttons are made from."""
    return judge(MoneyAct(kind.value), MoneyCase(fund, project, standing)) is None


def judge(act: MoneyAct, seen: MoneyCase) -> str | None:
    """:func:`refusal` where the case is at hand already."""
    return _RULES[act](seen)


def _of_project(seen: MoneyCase) -> str | None:
    if reason := active(seen) or closed(seen.fund):
        return reason
    if seen.is_department or seen.is_finance:
        return None
    name = seen.project.department.name if seen.project is not None else ""
    return f"只有{name}和承担财务职责的部门可以申请。"


def _of_fund(seen: MoneyCase) -> str | None:
    if reason := active(seen) or closed(seen.fund):
        return reason
    return None if seen.is_finance else "由承担财务职责的部门申请。"


def _is_requesters(seen: MoneyCase) -> str | None:
    request = seen.request
    if request is None:
        return "没有正在办理的申请。"
    if seen.holds_amendment or request.department_id in seen.standing.department_ids:
        return active(seen)
    return active(seen) or f"只有{request.department.name}的人员可以办理。"


def _state(seen: MoneyCase, *states: RequestState) -> str | None:
    return "没有正在办理的申请。" if seen.request is None else state_is(seen.request, *states)


def _edit(seen: MoneyCase) -> str | None:
    return _state(seen, RequestState.DRAFT, RequestState.RETURNED) or _is_requesters(seen)


def _review(seen: MoneyCase) -> str | None:
    return _state(seen, RequestState.REVIEWING) or review(seen)


def _withdraw(seen: MoneyCase) -> str | None:
    wrong = _state(seen, RequestState.REVIEWING, RequestState.RETURNED)
    return wrong or _is_requesters(seen) or not_acted(seen)


_RULES: dict[MoneyAct, Callable[[MoneyCase], str | None]] = {
    **{MoneyAct(kind.value): _of_project if kind in OF_PROJECT else _of_fund for kind in MoneyKind},
    MoneyAct.EDIT: _edit,
    MoneyAct.AGREE: _review,
    MoneyAct.RETURN: _review,
    MoneyAct.REFUSE: _review,
    MoneyAct.WITHDRAW: _withdraw,
}
