"""The one trail to read: who did what, as which post, on what evidence."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from workflow.models import guards
from workflow.states import DecisionAction


class Decision(models.Model):
    """A line of the 审批记录. Names and titles are kept as they were; rows are never changed.

    It is about a plan by one of its versions, perhaps about what is asked of one of its 期 (``request``), or
    about ``money``, and then about no plan.
    """

    plan = models.ForeignKey("workflow.ClassPlan", models.PROTECT, null=True, related_name="decisions")
    version = models.ForeignKey("workflow.PlanVersion", models.PROTECT, null=True, related_name="decisions")
    request = models.ForeignKey(
        "workflow.RunRequest",
        models.PROTECT,
        null=True,
        related_name="decisions",
        help_text="为空：计划本身的审批",
    )
    money = models.ForeignKey("workflow.MoneyRequest", models.PROTECT, null=True, related_name="decisions")
    task = models.ForeignKey("workflow.WorkTask", models.PROTECT, null=True, related_name="decisions")
    meeting = models.ForeignKey("workflow.Meeting", models.PROTECT, null=True, related_name="decisions")
    step = models.CharField("环节", max_length=30)
    step_title = models.CharField("环节名称", max_length=30)
    action = models.CharField("结果", max_length=20, choices=DecisionAction.choices)
    return_to = models.CharField("退回至", max_length=30, blank=True)
    opinion = models.CharField("意见", max_length=500, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions")
    actor_name = models.CharField("姓名", max_length=50)
    post = models.ForeignKey("org.Post", models.PROTECT, null=True, related_name="decisions")
    post_title = models.CharField("职务", max_length=80)
    received_at = models.DateTimeField("收到时间", null=True)
    at = models.DateTimeField("办理时间")
    findings = models.JSONField("合规核查", default=list)

    class Meta:
        verbose_name = "审批记录"
        verbose_name_plural = verbose_name
        ordering = (
            "at",
            "id",
        )
        constraints = (
            models.UniqueConstraint(
                fields=["task"], condition=Q(task__isnull=False), name="one_decision_a_task"
            ),
            models.CheckConstraint(
                condition=Q(plan__isnull=False, version__isnull=False, money=None)
                | Q(plan=None, version=None, request=None, money__isnull=False),
                name="decision_of_plan_or_money",
            ),
        )
        indexes = (
            models.Index(fields=["actor", "-at"], name="decision_by_actor"),
            models.Index(fields=["plan", "at"], name="decision_by_plan"),
            models.Index(
                fields=["request", "at"], condition=Q(request__isnull=False), name="decision_by_request"
            ),
            models.Index(fields=["money", "at"], condition=Q(money__isnull=False), name="decision_by_money"),
        )
        triggers = (guards.append_only(),)

    def __str__(self) -> str:
        return f"{self.step_title} {self.get_action_display()}"

    @property
    def spent(self) -> timedelta | None:
        """办理用时; None where nothing had waited."""
        return self.at - self.received_at if self.received_at else None
