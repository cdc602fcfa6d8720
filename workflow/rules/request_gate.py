"""What the gates of requests about 期 and about money share: whose turn, who wrote it, who acted on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from org.selectors import holders_of
from workflow.states import DecisionAction, RequestState, StepKind

if TYPE_CHECKING:
    from org.models import User
    from org.selectors import Standing
    from workflow.models import Decision, MoneyRequest, RunRequest, WorkTask

    AnyRequest = RunRequest | MoneyRequest


class RequestCase(ABC):
    """A request as a gate sees it, whatever it is about. What isn't at hand is read once."""

    standing: Standing

    @property
    @abstractmethod
    def request(self) -> AnyRequest | None:
        """The request in question."""

    @cached_property
    def task(self) -> WorkTask | None:
        """The request's open task with its post."""
        if self.request is None or not self.request.is_pending:
            return None
        tasks = self.request.tasks.filter(is_open=True)
        return tasks.select_related("post", "post__department", "post__union").order_by().first()

    @property
    def post_id(self) -> int:
        """The post of the open task; 0 for none."""
        return self.task.post_id or 0 if self.task is not None else 0

    @cached_property
    def holder(self) -> User | None:
        """Who holds the open task's post today."""
        return holders_of([self.post_id], self.standing.on).get(self.post_id) if self.post_id else None

    @cached_property
    def history(self) -> list[Decision]:
        """What was done with the request, oldest first."""
        return list(self.request.decisions.order_by("at", "id")) if self.request is not None else []

    @property
    def handed_in(self) -> Decision | None:
        """Its last submission."""
        rows = [row for row in self.history if row.action == DecisionAction.SUBMIT]
        return rows[-1] if rows else None

    @property
    def submitted_by_id(self) -> int | None:
        """Who handed the request in last."""
        return self.handed_in.actor_id if self.handed_in is not None else None

    @property
    def acted(self) -> Decision | None:
        """The first decision since the request was last handed in."""
        first = None
        for row in self.history:
            if row.action == DecisionAction.SUBMIT:
                first = None
            elif first is None:
                first = row
        return first

    @property
    def holds_amendment(self) -> bool:
        """Whether it was returned to a post of the actor's."""
        returned = self.task is not None and self.task.kind == StepKind.AMEND
        return returned and self.standing.holds_post(self.post_id)


def active(seen: RequestCase) -> str | None:
    """Nobody acts with an account that is switched off."""
    return None if seen.standing.user.is_active else "账号已停用。"


def state_is(request: AnyRequest, *states: RequestState) -> str | None:
    """Whether the request is in one of ``states``."""
    if request.state in states:
        return None
    return f"{request.words}现为“{request.get_state_display()}”，不能办理这一操作。"


def review(seen: RequestCase) -> str | None:
    """Whether the actor holds the desk where the request under review lies, and didn't hand it in."""
    if reason := active(seen):
        return reason
    task = seen.task
    if task is None or task.kind == StepKind.AMEND or task.post is None:
        return "现在没有等待办理的环节。"
    if not seen.standing.holds_post(seen.post_id):
        who = f"{task.post.full_title}（{seen.holder.name if seen.holder else '现无人任职'}）"
        return f"“{task.step_title}”由 {who} 办理。"
    if seen.submitted_by_id == seen.standing.user.pk:
        return "不能审批本人报送的申请，请由本环节的其他负责人办理。"
    return None


def not_acted(seen: RequestCase) -> str | None:
    """It is taken back until somebody has agreed to it, or while it is returned."""
    done = seen.acted
    if done is not None and done.action != DecisionAction.RETURN:
        return f"{done.post_title} {done.actor_name} 已办理（{done.get_action_display()}），不能撤回。"
    return None
