"""One process and one task for every kind of work item, over viewflow's tables (ENGINE.md).

With a child table a flow, the one-query inbox would die at the second kind.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import models
from django.db.models import Q
from viewflow.workflow.models import Process, Task

from workflow.models.joined import SavedInOneStatement
from workflow.states import StepKind


class WorkProcess(SavedInOneStatement, Process):
    """A run of a plan, of a request about one of its 期, or of one about money, through its chain: from a
    submission to the end or to a withdrawal. ``request`` None: the plan itself; ``money`` has no plan."""

    plan = models.ForeignKey("workflow.ClassPlan", models.PROTECT, null=True, related_name="processes")
    request = models.ForeignKey("workflow.RunRequest", models.PROTECT, null=True, related_name="processes")
    money = models.ForeignKey("workflow.MoneyRequest", models.PROTECT, null=True, related_name="processes")
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = "办理过程"
        verbose_name_plural = verbose_name
        constraints = (
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(is_open=True, request__isnull=True),
                name="one_open_process_a_plan",
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(is_open=True), name="one_open_process_a_request"
            ),
            models.UniqueConstraint(
                fields=["money"], condition=Q(is_open=True), name="one_open_process_a_money_request"
            ),
            models.CheckConstraint(
                condition=Q(money=None) | Q(plan=None, request=None), name="process_of_plan_or_money"
            ),
        )


class TaskQuerySet(models.QuerySet["WorkTask"]):
    """Chainable lists of tasks. Not viewflow's own queues: they read permissions, we read posts."""

    def open_for(self, post_ids: Collection[int]) -> TaskQuerySet:
        """The open tasks of these posts, newest first; served by one partial index."""
        return self.filter(is_open=True, post__in=post_ids).order_by("-arrived_at")


class WorkTask(SavedInOneStatement, Task):
    """Somebody's turn. ``post`` is whose; the holder is found when he acts, ``owner`` is who acted.

    It is about a ``plan``, perhaps about what is asked of one of its 期 (``request``), or about ``money``.
    """

    plan = models.ForeignKey("workflow.ClassPlan", models.PROTECT, null=True, related_name="tasks")
    request = models.ForeignKey("workflow.RunRequest", models.PROTECT, null=True, related_name="tasks")
    money = models.ForeignKey("workflow.MoneyRequest", models.PROTECT, null=True, related_name="tasks")
    kind = models.CharField("事项", max_length=20, choices=StepKind.choices, blank=True)
    step = models.CharField("环节", max_length=30, blank=True)
    step_title = models.CharField("环节名称", max_length=30, blank=True)
    post = models.ForeignKey("org.Post", models.PROTECT, null=True, related_name="tasks", verbose_name="岗位")
    is_open = models.BooleanField(default=False)
    arrived_at = models.DateTimeField("收到时间", null=True)
    due_at = models.DateTimeField("办理时限", null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "待办事项"
        verbose_name_plural = verbose_name
        constraints = (
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(is_open=True, request__isnull=True),
                name="one_open_task_a_plan",
            ),
            models.UniqueConstraint(
                fields=["request"], condition=Q(is_open=True), name="one_open_task_a_request"
            ),
            models.UniqueConstraint(
                fields=["money"], condition=Q(is_open=True), name="one_open_task_a_money_request"
            ),
            models.CheckConstraint(
                condition=Q(money=None) | Q(plan=None, request=None), name="task_of_plan_or_money"
            ),
            models.CheckConstraint(
                condition=Q(is_open=False) | Q(post__isnull=False, arrived_at__isnull=False),
                name="open_task_has_a_post",
            ),
        )
        indexes = (
            models.Index(fields=["post", "-arrived_at"], condition=Q(is_open=True), name="open_by_post"),
        )

    def save_after(self, task: Task) -> None:
        """Inserts the new task with the link to the one it follows."""
        self.flow_task_type = self.flow_task.task_type
        self.insert(follows=(Task.previous.through, "from_task_id", "to_task_id", task.pk))

    def is_overdue(self, at: datetime) -> bool:
        """Whether its time limit has passed."""
        return self.due_at is not None and at > self.due_at
