"""A meeting of the deciding body, its agenda of plans and the result of each (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from workflow.models import guards
from workflow.states import MeetingOutcome

if TYPE_CHECKING:
    from org.selectors import Standing


class MeetingQuerySet(models.QuerySet["Meeting"]):
    """Chainable lists of meetings."""

    def visible_to(self, standing: Standing) -> MeetingQuerySet:
        """The papers of a meeting are its secretary's, the training authority's and finance's."""
        unions = (
            standing.authority_union_ids
            | standing.finance_union_ids
            | standing.secretary_union_ids
            | standing.looks_union_ids
        )
        return self.filter(union__in=unions) if standing.user.is_active else self.none()


class Meeting(models.Model):
    """One sitting of 主席办公会 or 党组会议."""

    union = models.ForeignKey("org.Union", models.PROTECT, related_name="meetings")
    body = models.ForeignKey("org.Body", models.PROTECT, related_name="meetings", verbose_name="会议")
    year = models.PositiveSmallIntegerField("计划年度")
    number = models.CharField("会议次数", max_length=30, help_text="如 2027年第3次")
    held_on = models.DateField("会议日期")
    chair = models.CharField("主持人", max_length=50, blank=True)
    attendees = models.CharField("参会人员", max_length=300, blank=True)
    minutes_number = models.CharField("纪要编号", max_length=50, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("建立时间")

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = "会议"
        verbose_name_plural = verbose_name
        ordering = (
            "-held_on",
            "-id",
        )
        constraints = (models.UniqueConstraint(fields=["body", "number"], name="meeting_number_once"),)

    def __str__(self) -> str:
        return f"{self.body.name}（{self.number}）"


class AgendaItem(models.Model):
    """A plan on an agenda; ``outcome`` is empty until the meeting's result is recorded."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items")
    plan = models.ForeignKey("workflow.ClassPlan", models.PROTECT, related_name="agenda_items")
    ordinal = models.PositiveSmallIntegerField("序号")
    outcome = models.CharField("审定结果", max_length=20, choices=MeetingOutcome.choices, blank=True)
    opinion = models.CharField("会议意见", max_length=500, blank=True)
    settled_at = models.DateTimeField("记录时间", null=True)

    class Meta:
        verbose_name = "议题"
        verbose_name_plural = verbose_name
        ordering = (
            "meeting",
            "ordinal",
            "id",
        )
        constraints = (
            models.UniqueConstraint(fields=["meeting", "plan"], name="agenda_plan_once"),
            models.UniqueConstraint(fields=["plan"], condition=Q(outcome=""), name="one_open_agenda_a_plan"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at__isnull=True)
                | (~Q(outcome="") & Q(settled_at__isnull=False)),
                name="agenda_settled_with_time",
            ),
        )
        triggers = (guards.settled_once(),)

    def __str__(self) -> str:
        return f"{self.ordinal}. {self.plan}"
