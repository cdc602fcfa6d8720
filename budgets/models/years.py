"""决算 of a 期 and the closing of a year: what was established at an end, by whom, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from budgets.models.ledger import MONEY_DIGITS, BudgetLine, Fund, Project
from budgets.states import YearAct

if TYPE_CHECKING:
    from org.selectors import Standing


class FundAct(models.Model):
    """A year's closing or reopening (S21): who did it, when, and why it was opened again."""

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="acts", verbose_name="年度专项预算")
    kind = models.CharField("事项", max_length=10, choices=YearAct)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人"
    )
    post = models.ForeignKey(
        "org.Post", models.PROTECT, related_name="+", verbose_name="岗位", null=True, blank=True
    )
    at = models.DateTimeField("时间")
    reason = models.CharField("理由", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "结账记录"
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind=YearAct.CLOSE) | Q(kind=YearAct.REOPEN) & ~Q(reason=""),
                name="budgets_fundact_reason",
            ),
        )
        triggers = (pgtrigger.Protect(name="act_stands", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.fund} {self.get_kind_display()}"


class SettlementQuerySet(models.QuerySet["Settlement"]):
    """Chainable lists of settlements."""

    def visible_to(self, standing: Standing) -> SettlementQuerySet:
        """Those of the projects this person sees."""
        return self.filter(project__in=Project.objects.visible_to(standing).order_by().values("pk"))


class Settlement(models.Model):
    """决算 of one 期 by its actual attendance. ``facts``: what it was judged by (people, days, ceiling)."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="settlements", verbose_name="经费项目")
    session_no = models.PositiveSmallIntegerField("期次")
    trainees = models.PositiveIntegerField("实到学员")
    staff = models.PositiveIntegerField("工作人员")
    days = models.DecimalField("天数", max_digits=5, decimal_places=1)
    facts = models.JSONField("核算依据", default=dict)
    note = models.CharField("决算说明", max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人"
    )
    post = models.ForeignKey(
        "org.Post", models.PROTECT, related_name="+", verbose_name="岗位", null=True, blank=True
    )
    at = models.DateTimeField("办结时间")

    objects = SettlementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "决算"
        ordering = ("project", "session_no")
        constraints = (
            models.UniqueConstraint(fields=["project", "session_no"], name="budgets_settlement_once"),
        )
        triggers = (
            pgtrigger.Protect(name="settlement_stands", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.project} 第 {self.session_no} 期决算"


class SettlementLine(models.Model):
    """A line of a 决算: what was budgeted, adjusted to and spent, in yuan, and why they differ."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="lines", verbose_name="决算")
    line = models.ForeignKey(BudgetLine, models.PROTECT, related_name="+", verbose_name="预算行")
    budget = models.DecimalField("预算数", max_digits=MONEY_DIGITS, decimal_places=2)
    adjusted = models.DecimalField("调整后预算", max_digits=MONEY_DIGITS, decimal_places=2)
    actual = models.DecimalField("实际支出", max_digits=MONEY_DIGITS, decimal_places=2)
    explanation = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "决算明细"
        ordering = ("settlement", "line")
        constraints = (
            models.UniqueConstraint(fields=["settlement", "line"], name="budgets_settlementline_once"),
        )
        triggers = (
            pgtrigger.Protect(name="settlement_line_stands", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.settlement} {self.line}"
