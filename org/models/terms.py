from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Func, Q, Value

from org.models.structure import Body, Department, Post, Union, never_moves, same_union, tracked
from org.states import DutyCode

ONE_DAY = datetime.timedelta(days=1)


def point(*expressions: Any) -> Func:
    """A range holding one number: equality for an exclusion constraint, without btree_gist."""
    return Func(*expressions, *expressions, Value("[]"), function="int8range")


class Term(models.Model):
    """What somebody holds for a time; ``period`` is half-open, its upper bound None while it goes on."""

    period = DateRangeField("任期")

    class Meta:
        abstract = True

    def __contains__(self, day: datetime.date) -> bool:
        return self.first_day <= day and (self.period.upper is None or day < self.period.upper)

    @property
    def first_day(self) -> datetime.date:
        day: datetime.date = self.period.lower
        return day

    @property
    def last_day(self) -> datetime.date | None:
        """The last day in the period, as people write it; None while it goes on."""
        upper: datetime.date | None = self.period.upper
        return upper - ONE_DAY if upper else None

    def end(self, day: datetime.date) -> None:
        """Let it end before ``day``, which belongs to the successor."""
        self.period = DateRange(self.period.lower, day)
        self.save(update_fields=["period"])


class TermQuerySet(models.QuerySet[Any]):
    def on(self, day: datetime.date) -> Any:
        """Those in force on ``day``."""
        return self.filter(period__contains=day)


@tracked("任职")
class Tenure(Term):
    """Who holds a post from when until when; the end of ``period`` is the successor's first day."""

    post = models.ForeignKey(Post, verbose_name="岗位", on_delete=models.PROTECT, related_name="tenures")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="任职人", on_delete=models.PROTECT, related_name="tenures"
    )
    acting = models.BooleanField("代理", default=False, help_text="主持工作或代理，职权与正式任职相同")
    basis = models.CharField("依据", max_length=200, blank=True, help_text="任职文件的名称和文号")

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = "任职"
        verbose_name_plural = "任职"
        ordering = ("post", "period")
        constraints = (
            ExclusionConstraint(
                name="org_tenure_one_holder",
                expressions=(
                    (point(F("post_id")), RangeOperators.OVERLAPS),
                    ("period", RangeOperators.OVERLAPS),
                ),
                violation_error_message="这段时间该岗位已有人任职。",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False),
                name="org_tenure_has_days",
                violation_error_message="任期须有开始日期，且不能为空。",
            ),
        )
        triggers = (never_moves("post", "user"),)

    def __str__(self) -> str:
        return f"{self.user}：{self.post.full_title}{'（代理）' if self.acting else ''}"


@tracked("职责")
class Duty(Term):
    """Which department or meeting of a union holds a duty from when until when (half-open)."""

    union = models.ForeignKey(Union, verbose_name="工会", on_delete=models.PROTECT, related_name="duties")
    code = models.CharField("职责", max_length=30, choices=DutyCode)
    department = models.ForeignKey(
        Department,
        verbose_name="部门",
        on_delete=models.PROTECT,
        related_name="duties",
        null=True,
        blank=True,
    )
    body = models.ForeignKey(
        Body, verbose_name="会议", on_delete=models.PROTECT, related_name="duties", null=True, blank=True
    )

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = "职责"
        verbose_name_plural = "职责"
        ordering = ("union", "code", "period")
        constraints = (
            ExclusionConstraint(
                name="org_duty_one_holder",
                expressions=(
                    (point(F("union_id")), RangeOperators.OVERLAPS),
                    (point(Func(F("code"), function="hashtext")), RangeOperators.OVERLAPS),
                    ("period", RangeOperators.OVERLAPS),
                ),
                violation_error_message="这段时间该职责已有部门或会议承担。",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False),
                name="org_duty_has_days",
                violation_error_message="须有开始日期，且起止不能为空。",
            ),
            models.CheckConstraint(condition=Q(code__in=DutyCode.values), name="org_duty_code_known"),
            models.CheckConstraint(
                condition=Q(code=DutyCode.DECISION_BODY, body__isnull=False, department__isnull=True)
                | (~Q(code=DutyCode.DECISION_BODY) & Q(body__isnull=True, department__isnull=False))
                | (~Q(code=DutyCode.DECISION_BODY) & Q(body__isnull=False, department__isnull=True)),
                name="org_duty_one_bearer",
                violation_error_message="部门和会议只能填一个；审定会议须填会议。",
            ),
        )
        triggers = (
            never_moves("union", "code", "department", "body"),
            same_union(
                "department_of_same_union",
                column="department_id",
                table="org_department",
                message="承担职责的部门须属于同一工会",
            ),
            same_union(
                "body_of_same_union",
                column="body_id",
                table="org_body",
                message="承担职责的会议须属于同一工会",
            ),
        )

    def __str__(self) -> str:
        return f"{DutyCode(self.code).label}：{self.bearer}"

    @property
    def bearer(self) -> Department | Body:
        """The department or the meeting that holds it."""
        bearer = self.department or self.body
        if bearer is None:  # the database's check constraint forbids it
            raise AssertionError("a duty without a bearer")
        return bearer
