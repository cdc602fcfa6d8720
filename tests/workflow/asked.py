"""What the tests do with a request of either kind once it is handed in: its desks agree, or one doesn't."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from org.models import User
from tests.workflow import acts
from tests.workflow.world import World
from workflow.models import Decision, MoneyRequest, RunRequest, WorkTask
from workflow.services import money_requests, requests
from workflow.states import DecisionAction

Asked = TypeVar("Asked", RunRequest, MoneyRequest)


def fresh(request: Asked) -> Asked:
    """The request as it stands in the database now."""
    of = "run__plan__department" if isinstance(request, RunRequest) else "project__department"
    rows: Any = type(request)._default_manager.select_related(of, "book")
    found: Asked = rows.get(pk=request.pk)
    return found


def task_of(request: RunRequest | MoneyRequest) -> WorkTask:
    """The request's one open task."""
    return request.tasks.select_related("post").get(is_open=True)


def submit(
    world: World,
    request: RunRequest | MoneyRequest,
    who: str | User | None = None,
    when: datetime | None = None,
    **more: Any,
) -> Decision:
    """Handed in by whoever drew it up, or ``who``."""
    services: Any = requests if isinstance(request, RunRequest) else money_requests
    handed_in: Decision = services.submit(
        request_id=request.pk,
        actor=acts.person(world, who) or request.created_by,
        at=when or world.now(),
        **more,
    )
    return handed_in


def decide(
    world: World,
    request: RunRequest | MoneyRequest,
    who: str | User | None = None,
    action: DecisionAction = DecisionAction.AGREE,
    when: datetime | None = None,
    **more: Any,
) -> Decision:
    """The holder of the open task's post decides, or ``who``."""
    when = when or world.now()
    task_id = more.pop("task_id", None) or task_of(request).pk
    post = WorkTask.objects.select_related("post").get(pk=task_id).post
    holder = post.tenures.filter(period__contains=when.date()).get().user
    services: Any = requests if isinstance(request, RunRequest) else money_requests
    decided: Decision = services.decide(
        request_id=request.pk,
        task_id=task_id,
        action=action,
        actor=acts.person(world, who) or holder,
        at=when,
        **more,
    )
    return decided


def agree_all(world: World, request: Asked) -> Asked:
    """Every step of the chain agrees."""
    for _ in range(9):
        if not request.tasks.filter(is_open=True).exists():
            return fresh(request)
        decide(world, request, opinion="同意办理")
    raise AssertionError("the chain has no end")
