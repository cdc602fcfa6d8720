"""What the pages of requests share, be they about a 期 or about money: the record, the way on, the bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from office.refusals import Conflict, Refused
from workflow.rules import route
from workflow.states import DecisionAction, RequestState, StepKind
from workflow.views.common import attachment
from workflow.views.plan_bar import Typed, phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from org.models import User
    from workflow.models import Decision
    from workflow.rules.request_gate import AnyRequest, RequestCase
    from workflow.views.common import DeskRequest

#: What may be done at the desk of a request.
ACTIONS = {
    action.value: action for action in (DecisionAction.AGREE, DecisionAction.RETURN, DecisionAction.REFUSE)
}


def record(request: AnyRequest) -> list[Decision]:
    """What was done with it, oldest first, with what the lines need."""
    return list(
        request.decisions.select_related("version__book", "meeting__body")
        .defer("version__content", "version__book__content", "version__book__source_text")
        .order_by("at", "id")
    )


def ahead(request: AnyRequest, seen: RequestCase, at: datetime) -> list[route.Ahead]:
    """Steps after the one it lies at; none where it has ended or isn't handed in."""
    if not request.is_pending or request.book is None:
        return []
    steps = request.steps
    start = 0
    if request.state == RequestState.REVIEWING and seen.task is not None:
        start = [step.key for step in steps].index(seen.task.step) + 1
    author = seen.submitted_by_id or request.created_by_id
    day = timezone.localdate(at)
    return route.ahead(request.about, steps, start, author_id=author, on=day, meeting=False)


def stages(
    request: AnyRequest,
    seen: RequestCase,
    decisions: Sequence[Decision],
    steps: Sequence[route.Ahead],
    at: datetime,
) -> list[route.Stage]:
    """Its whole way: what was done, whose turn it is, who acts after."""
    found = route.done(decisions, at=at)
    if request.state == RequestState.DRAFT:
        found.append(route.Stage("now", "经办", request.created_by.name, line="草稿，尚未报送"))
    if seen.task is not None and request.book is not None:
        found.append(route.current(seen.task, seen.holder, request.steps, at=at))
    return found + route.to_come(steps)


def outlook(
    request: AnyRequest, seen: RequestCase, steps: Sequence[route.Ahead], last: Sequence[str]
) -> list[str]:
    """What follows a 同意; ``last``: what the last one leads to."""
    if request.state != RequestState.REVIEWING or seen.task is None:
        return []
    if not steps:
        return list(last)
    following = steps[0]
    if following.problem:
        return [f"不能进入下一环节：{following.problem}"]
    return [f"送“{following.title}”，由 {following.who} 办理，时限 {following.days} 个工作日。"]


@dataclass(frozen=True)
class Ways:
    """Why the actor may not agree, edit, take back (None: he may), and the addresses where he does."""

    agree: str | None
    edit: str | None
    withdraw: str | None
    decide_url: str
    edit_url: str
    withdraw_url: str
    #: Where one goes on from a settled request: label and address.
    onward: tuple[str, str]


def bar(
    request: AnyRequest,
    seen: RequestCase,
    ways: Ways,
    typed: Typed,
    actor: User,
    *,
    about: str = "",
) -> dict[str, Any]:
    """The decision bar; ``why`` alone for whoever may look but not act. ``about``: the kind of request whose
    own ready-made opinions are offered."""
    if ways.agree is None and seen.task is not None:
        return {
            "form": {
                "action": ways.decide_url,
                "hidden": [("task", seen.task.pk)],
                "phrases": phrases(actor, request=about),
                "opinion": typed.opinion,
                "error": typed.error,
                "placeholder": "意见（退回、不同意必填）",
                "buttons": [
                    {"value": DecisionAction.AGREE.value, "label": "同意", "primary": True},
                    {"value": DecisionAction.RETURN.value, "label": "退回修改"},
                    {"value": DecisionAction.REFUSE.value, "label": "不同意"},
                ],
            }
        }
    back = [{"label": "撤回", "url": ways.withdraw_url}] if ways.withdraw is None else []
    if ways.edit is None:
        return {"why": "", "links": [*back, {"label": "修改并报送", "url": ways.edit_url, "primary": True}]}
    if back or request.is_pending:
        return {"why": ways.agree or "", "links": back}
    label, url = ways.onward
    why = f"申请{request.get_state_display()}，办理已结束。"
    return {"why": why, "links": [{"label": label, "url": url}]}


def whither(request: AnyRequest) -> str:
    """Where it went, for the message after an act."""
    task = request.tasks.filter(is_open=True).only("kind", "step_title").first()
    if task is None:
        return "已办结"
    return "待经办人修改" if task.kind == StepKind.AMEND else f"送“{task.step_title}”"


def returned(request: AnyRequest | None) -> Decision | None:
    """The decision that sent the request back, while it is returned."""
    if request is None or request.state != RequestState.RETURNED:
        return None
    return request.decisions.filter(action=DecisionAction.RETURN).order_by("at", "id").last()


def number_of(text: str) -> int | None:
    """A key or a revision as a form sends it; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def revision_of(request: DeskRequest) -> int:
    """The revision the form showed; -1, which no request has, where it says none."""
    found = number_of(request.POST.get("revision", ""))
    return -1 if found is None else found


def basis_file(found: AnyRequest) -> HttpResponse:
    """The paper a request rests on, to be kept; never shown in the browser."""
    if found.basis is None:
        raise Http404
    try:
        with found.basis.file.open("rb") as stored:
            body = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    return attachment(body, found.basis.name, found.basis.mime)


def decided(
    request: DeskRequest,
    pk: int,
    *,
    decide: Callable[..., Decision],
    page: Callable[[Typed, int], HttpResponse],
    of: AnyRequest,
) -> HttpResponse:
    """同意, 退回 or 不同意 by the task the page showed; what was typed stays where it is refused.

    ``decide``: the service for that kind of request; ``page``: the request's page again, with what was typed
    and a status; ``of``: the request as it was when it was seen.
    """
    opinion = request.POST.get("opinion", "").strip()[:500]
    action = ACTIONS.get(request.POST.get("action", ""))
    task = number_of(request.POST.get("task", ""))
    if action is None or task is None:
        return page(Typed(opinion, error="请选择同意、退回或不同意。"), 422)
    try:
        decision = decide(
            request_id=pk,
            task_id=task,
            action=action,
            actor=request.user,
            at=timezone.now(),
            opinion=opinion,
        )
    except Conflict as conflict:
        return page(Typed(opinion, conflict=str(conflict)), 409)
    except Refused as refused:
        return page(Typed(opinion, error=str(refused)), 422)
    messages.success(request, f"{of.words}已办理：{decision.get_action_display()}，{whither(of)}。")
    return redirect("workflow:inbox")
