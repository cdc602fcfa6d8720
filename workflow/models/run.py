"""期: one holding of an approved class, with its real dates; and what is asked about it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField, IntegerRangeField
from django.db import models
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Q
from django_fsm import FSMField, transition

from workflow.models import guards
from workflow.models.plan import ClassPlan
from workflow.models.request import Request, request_guards
from workflow.states import (
    FIRST_RUN_STATE,
    OPENED,
    RUN,
    RUN_TRANSITIONS,
    Half,
    RequestKind,
    RequestState,
    RunState,
)

if TYPE_CHECKING:
    from org.selectors import Standing
    from rulebook.steps import Step

#: Day 0 of the count of half-days, here and in SQL.
EPOCH: Final = date(2000, 1, 1)


def half_day(day: date, half: int) -> int:
    """The number of a half-day: 2 × the day since 2000-01-01, plus 0 for 上午, 1 for 下午."""
    return 2 * (day - EPOCH).days + half


def day_of(number: int) -> tuple[date, Half]:
    """The day and the half that :func:`half_day` numbered."""
    days, half = divmod(number, 2)
    return EPOCH + timedelta(days), Half(half)


def stretch(first: date, first_half: int, last: date, last_half: int) -> NumericRange:
    """A contiguous stretch of half-days, both ends included, as the half-open range the database keeps."""
    return NumericRange(half_day(first, first_half), half_day(last, last_half) + 1)


#: What the second gate approved; a change, a postponement or a cancellation alone may touch them.
RUN_FIELDS: Final = (
    "stretches",
    "venue",
    "address",
    "implementer",
    "residential",
    "trainees",
    "staff",
    "hours",
    "owner_name",
    "owner_phone",
    "class_teacher",
    "check_in",
    "note",
)


class RunQuerySet(models.QuerySet["ClassRun"]):
    """Chainable lists of runs."""

    def visible_to(self, standing: Standing) -> RunQuerySet:
        """The runs of the plans one sees, and those one's own unit is called up for by a notice."""
        plans = ClassPlan.objects.visible_to(standing).order_by().values("pk")
        seen = Q(plan__in=plans)
        if standing.user.is_active and standing.union_ids:
            called = Q(quotas__unit__in=standing.union_ids) | Q(seats__unit__in=standing.union_ids)
            reached = ClassRun.objects.filter(called, state__in=OPENED, call_up__issued_at__isnull=False)
            seen |= Q(pk__in=reached.order_by().values("pk"))
        return self.filter(seen)


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ClassRun(models.Model):
    """One 期 of an approved class. Its figures are what the second gate approved; empty before it."""

    plan = models.ForeignKey(ClassPlan, models.PROTECT, related_name="runs", verbose_name="班次计划")
    session_no = models.PositiveSmallIntegerField("期次")
    code = models.CharField("班次编号", max_length=30, editable=False, db_index=True)
    state = FSMField(
        "状态", choices=RunState.choices, default=RunState.PLANNED, protected=True, max_length=20
    )

    stretches = ArrayField(IntegerRangeField(), default=list, blank=True, verbose_name="起止半天")
    #: Worked out by the database from ``stretches``; null before the second gate.
    starts_on = models.DateField("开班日期", null=True, editable=False)
    ends_on = models.DateField("结束日期", null=True, editable=False)
    venue = models.CharField("地点", max_length=100, blank=True)
    address = models.CharField("详细地址", max_length=200, blank=True)
    implementer = models.CharField("承办机构", max_length=100, blank=True)
    residential = models.BooleanField("安排住宿", default=False)
    trainees = models.PositiveIntegerField("学员人数", default=0)
    staff = models.PositiveIntegerField("工作人员数", default=0)
    hours = models.DecimalField("学时", max_digits=5, decimal_places=1, default=Decimal(0))
    owner_name = models.CharField("项目负责人", max_length=50, blank=True)
    owner_phone = models.CharField("联系电话", max_length=30, blank=True)
    class_teacher = models.CharField("班主任", max_length=50, blank=True)
    check_in = models.CharField("报到时间和地点", max_length=200, blank=True)
    note = models.CharField("备注", max_length=300, blank=True)
    revision = models.PositiveIntegerField("修订号", default=0, editable=False)
    opened_at = models.DateTimeField("批准开班时间", null=True, editable=False)
    closed_at = models.DateTimeField("结束考勤时间", null=True, editable=False)
    archived_at = models.DateTimeField("归档时间", null=True, editable=False)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="归档人",
        null=True,
        editable=False,
        db_index=False,
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = "期次"
        verbose_name_plural = "期次"
        ordering = ("plan", "session_no")
        constraints = (
            models.UniqueConstraint(fields=["plan", "session_no"], name="run_session_once"),
            models.CheckConstraint(condition=Q(session_no__gte=1), name="run_session_from_one"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "opening", "cancelled"])
                | Q(starts_on__isnull=False, opened_at__isnull=False),
                name="run_opened_has_dates",
            ),
        )
        indexes = (models.Index(fields=["state", "starts_on"], name="run_by_state"),)
        triggers = (
            guards.state_moves(RUN_TRANSITIONS),
            guards.starts_as("starts_as_planned", FIRST_RUN_STATE, "a class run"),
            guards.identity_fixed("plan", "session_no", "code"),
            guards.run_of_approved_plan(),
            guards.run_days_from_stretches(),
            guards.seats_follow_run(),
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return self.title

    # One method an action: the keys of states.RUN_TRANSITIONS.

    @transition(field=state, **RUN["apply"])
    def apply(self) -> None:
        """开班申请 handed in."""

    @transition(field=state, **RUN["hand_back"])
    def hand_back(self) -> None:
        """The application was returned, refused or withdrawn."""

    @transition(field=state, **RUN["open"])
    def open(self) -> None:
        """The second gate is passed; the request's figures are set in the same statement."""

    @transition(field=state, **RUN["begin"])
    def begin(self) -> None:
        """The class begins: people check in."""

    @transition(field=state, **RUN["close_attendance"])
    def close_attendance(self) -> None:
        """Attendance is complete; training records are written in the same transaction."""

    @transition(field=state, **RUN["settle"])
    def settle(self) -> None:
        """Its money is settled."""

    @transition(field=state, **RUN["archive"])
    def archive(self) -> None:
        """Nothing more happens to it."""

    @transition(field=state, **RUN["cancel"])
    def cancel(self) -> None:
        """It won't be held: everybody is free again."""

    @property
    def title(self) -> str:
        """工会信息员培训班（第 2 期）; a class of one 期 has its plain name."""
        return f"{self.plan.name}（第 {self.session_no} 期）" if self.plan.sessions > 1 else self.plan.name

    @property
    def reference(self) -> str:
        """``P2027-0001-1#57``: what training records know it by; two unions may well have the same code."""
        return f"{self.code}#{self.pk}"

    @property
    def is_opened(self) -> bool:
        """Whether the second gate is behind it."""
        return self.state in OPENED

    @property
    def half_days(self) -> list[tuple[date, Half]]:
        """Every half-day of the class in order; empty before the second gate."""
        return [day_of(number) for part in self.stretches for number in range(part.lower, part.upper)]

    def start(self) -> tuple[date, Half]:
        """The first half-day. Raises IndexError before the second gate."""
        return day_of(self.stretches[0].lower)

    def end(self) -> tuple[date, Half]:
        """The last half-day. Raises IndexError before the second gate."""
        return day_of(self.stretches[-1].upper - 1)


class Lesson(models.Model):
    """A line of a run's timetable as the second gate approved it."""

    run = models.ForeignKey(ClassRun, models.CASCADE, related_name="lessons")
    day = models.DateField("日期")
    half = models.PositiveSmallIntegerField("时段", choices=Half)
    topic = models.CharField("授课内容", max_length=120)
    module = models.CharField("内容模块", max_length=30, blank=True)
    lecturer = models.CharField("授课人", max_length=50, blank=True)
    lecturer_unit = models.CharField("授课人单位及职务", max_length=120, blank=True)
    lecturer_title = models.CharField("职称", max_length=30, blank=True)
    hours = models.DecimalField("学时", max_digits=4, decimal_places=1)

    class Meta:
        verbose_name = "课程"
        verbose_name_plural = "课程表"
        ordering = ("run", "day", "half", "id")
        constraints = (models.CheckConstraint(condition=Q(hours__gt=0), name="lesson_has_hours"),)

    def __str__(self) -> str:
        return self.topic


class RunCost(models.Model):
    """A line of a run's final budget: yuan for this 期."""

    run = models.ForeignKey(ClassRun, models.CASCADE, related_name="costs")
    item = models.CharField("项目", max_length=30)
    amount = models.DecimalField("金额（元）", max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = "期次经费"
        verbose_name_plural = "期次经费"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["run", "item"], name="run_cost_item_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="run_cost_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.item} {self.amount}"


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class RunRequest(Request):
    """What is asked about a 期: to open it, change, postpone or cancel it, or to exempt people of a rule.

    ``content`` is what is proposed and ``before`` what holds when it is handed in
    (workflow.rules.terms.RunTerms as JSON). ``chain`` names the book's chain it goes through (Launch.chain).
    """

    run = models.ForeignKey(ClassRun, models.PROTECT, related_name="requests", verbose_name="期次")
    kind = models.CharField("事项", max_length=10, choices=RequestKind)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="run_requests", verbose_name="经办人"
    )

    class Meta:
        verbose_name = "班次申请"
        verbose_name_plural = "班次申请"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=RequestKind.values), name="request_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="request_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(book__isnull=False, submitted_at__isnull=False),
                name="request_submitted_has_book",
            ),
            # One thing at a time is asked about a 期, exemptions of persons apart.
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(state__in=["draft", "reviewing", "returned"]) & ~Q(kind="exempt"),
                name="one_open_request_a_run",
            ),
        )
        indexes = (models.Index(fields=["created_by", "-created_at"], name="request_by_author"),)
        triggers = request_guards("run", "kind", "created_by", "created_at")

    def __str__(self) -> str:
        return f"{self.run} {self.get_kind_display()}"

    @property
    def about(self) -> ClassPlan:
        """Whose union, department and interest decide who acts on it."""
        return self.run.plan

    @property
    def words(self) -> str:
        """《工会信息员培训班》的开班申请."""
        return f"《{self.run.title}》的{self.get_kind_display()}"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The chain it goes through; it has one from its submission on."""
        return self.judged_by.launch.chain(self.chain)
