"""调训: quotas, the notice, people's seats, their half-days, and who was there."""

from __future__ import annotations

from typing import Any, Final

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django_fsm import FSMField, transition

from office.json_text import PlainText
from office.models import StoredFile
from org.models.terms import point
from workflow.models import guards
from workflow.models.run import ClassRun, RunRequest
from workflow.states import (
    FIRST_SEAT_STATE,
    LIVE_SEATS,
    SEAT,
    SEAT_TRANSITIONS,
    Half,
    Presence,
    SeatRank,
    SeatSource,
    SeatState,
)

_LIVE: Final = sorted(str(state.value) for state in LIVE_SEATS)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Quota(models.Model):
    """名额分配: how many people a unit sends to a 期."""

    run = models.ForeignKey(ClassRun, models.PROTECT, related_name="quotas", verbose_name="期次")
    unit = models.ForeignKey("org.Union", models.PROTECT, related_name="quotas", verbose_name="单位")
    seats = models.PositiveIntegerField("名额")
    reserve = models.PositiveIntegerField("备选名额", default=0)
    note = models.CharField("其中", max_length=200, blank=True, help_text="如：主席 2 人、女职工 3 人")

    class Meta:
        verbose_name = "名额"
        verbose_name_plural = "名额分配"
        ordering = ("run", "unit__ordinal", "id")
        constraints = (models.UniqueConstraint(fields=["run", "unit"], name="quota_unit_once"),)

    def __str__(self) -> str:
        return f"{self.unit} {self.seats}"


class CallUp(models.Model):
    """调训通知 of a 期: units nominate from ``issued_at`` until ``deadline``; null while it is written."""

    run = models.OneToOneField(ClassRun, models.PROTECT, related_name="call_up", verbose_name="期次")
    document_number = models.CharField("文号", max_length=60, blank=True)
    issued_on = models.DateField("成文日期", null=True)
    deadline = models.DateTimeField("报名截止", null=True)
    contact_name = models.CharField("联系人", max_length=50, blank=True)
    contact_phone = models.CharField("联系电话", max_length=30, blank=True)
    contact_email = models.EmailField("邮箱", blank=True)
    addressees = models.CharField("主送单位", max_length=300, blank=True)
    reserve_seats = models.PositiveIntegerField("机动名额", default=0)
    requirements = models.TextField("其他要求", max_length=2000, blank=True)
    issued_at = models.DateTimeField("发出时间", null=True, editable=False)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = "调训通知"
        verbose_name_plural = "调训通知"
        constraints = (
            models.CheckConstraint(
                condition=Q(issued_at__isnull=True)
                | Q(deadline__isnull=False, issued_on__isnull=False, issued_by__isnull=False),
                name="call_up_issued_has_deadline",
            ),
        )

    def __str__(self) -> str:
        return f"{self.run} {self.document_number}"


class RosterUpload(models.Model):
    """A roster somebody sent for a 期: read and checked as often as one likes, taken over once."""

    run = models.ForeignKey(ClassRun, models.PROTECT, related_name="uploads", verbose_name="期次")
    unit = models.ForeignKey(
        "org.Union", models.PROTECT, null=True, related_name="+", verbose_name="报送单位"
    )
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    receipt = models.OneToOneField(
        StoredFile, models.PROTECT, null=True, related_name="+", verbose_name="盖章回执"
    )
    entered = models.BooleanField("代为录入", default=False)
    source_note = models.CharField("来源", max_length=200, blank=True)
    mapping = models.JSONField("表头对应", default=dict)
    sheet = models.CharField("工作表", max_length=60, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")
    result = models.JSONField("核查结果", null=True, encoder=PlainText)
    task = models.ForeignKey("org.LongTask", models.PROTECT, null=True, related_name="+")
    committed_at = models.DateTimeField("报名时间", null=True)

    class Meta:
        verbose_name = "名册"
        verbose_name_plural = "名册"
        ordering = ("-uploaded_at", "-id")

    def __str__(self) -> str:
        return self.file.name


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Seat(models.Model):
    """A person's place in a 期, from the nomination to the end of the class.

    Name, unit and post stand as they were when he was nominated. ``findings`` are what the check said then
    (workflow.rules.findings.Finding as JSON), ``explanation`` the unit's answer to them.
    """

    run = models.ForeignKey(ClassRun, models.PROTECT, related_name="seats", verbose_name="期次")
    cadre = models.ForeignKey("org.Cadre", models.PROTECT, related_name="seats", verbose_name="干部")
    unit = models.ForeignKey("org.Union", models.PROTECT, related_name="seats", verbose_name="选送单位")
    state = FSMField(
        "状态", choices=SeatState.choices, default=SeatState.NOMINATED, protected=True, max_length=20
    )
    rank = models.CharField("正式或候补", max_length=8, choices=SeatRank)
    position = models.PositiveIntegerField("次序", default=0)
    source = models.CharField("报名方式", max_length=10, choices=SeatSource)
    name = models.CharField("姓名", max_length=60)
    unit_name = models.CharField("单位", max_length=100)
    post_title = models.CharField("职务", max_length=120, blank=True)
    phone = models.CharField("手机", max_length=60, blank=True)
    lodging = models.BooleanField("住宿", null=True)
    needs = models.CharField("食宿需求", max_length=100, blank=True)
    arrival = models.CharField("到达时间", max_length=60, blank=True)
    findings = models.JSONField("核查结果", default=list)
    explanation = models.CharField("说明", max_length=300, blank=True)
    exemption = models.ForeignKey(
        RunRequest, models.PROTECT, null=True, related_name="seats", verbose_name="例外审批"
    )
    upload = models.ForeignKey(RosterUpload, models.PROTECT, null=True, related_name="seats")
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="替换"
    )
    late = models.BooleanField("逾期报名", default=False)
    result_note = models.CharField("结业说明", max_length=200, blank=True)
    nominated_at = models.DateTimeField("报名时间")
    changed_at = models.DateTimeField("变动时间")

    class Meta:
        verbose_name = "学员"
        verbose_name_plural = "学员"
        ordering = ("run", "unit__ordinal", "rank", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["run", "cadre"],
                condition=Q(state__in=[*_LIVE, "completed", "unfinished"]),
                name="seat_person_once",
            ),
            models.CheckConstraint(condition=Q(state__in=SeatState.values), name="seat_state_known"),
            models.CheckConstraint(condition=Q(rank__in=SeatRank.values), name="seat_rank_known"),
            models.CheckConstraint(condition=Q(source__in=SeatSource.values), name="seat_source_known"),
        )
        indexes = (
            models.Index(fields=["run", "unit", "state"], name="seat_by_run"),
            models.Index(fields=["cadre", "-nominated_at"], name="seat_by_cadre"),
            models.Index(fields=["unit", "state"], name="seat_by_unit"),
        )
        triggers = (
            guards.state_moves(SEAT_TRANSITIONS),
            guards.starts_as("starts_as_nominated", FIRST_SEAT_STATE, "a seat"),
            guards.identity_fixed("run", "cadre", "unit", "source", "nominated_at"),
            guards.called_up_after_gate(),
            guards.seat_spans("spans_after_insert", pgtrigger.Insert, new=True),
            guards.seat_spans("spans_after_update", pgtrigger.Update, new=True),
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return self.name

    # One method an action: the keys of states.SEAT_TRANSITIONS.

    @transition(field=state, **SEAT["offer"])
    def offer(self) -> None:
        """The first 候补 is offered the seat that fell free."""

    @transition(field=state, **SEAT["accept"])
    def accept(self) -> None:
        """He takes it; ``rank`` becomes 正式 in the same statement."""

    @transition(field=state, **SEAT["confirm"])
    def confirm(self) -> None:
        """By the organiser; from now on his half-days are taken."""

    @transition(field=state, **SEAT["reject"])
    def reject(self) -> None:
        """Not taken, with a reason."""

    @transition(field=state, **SEAT["withdraw"])
    def withdraw(self) -> None:
        """He won't come, with a reason."""

    @transition(field=state, **SEAT["replace"])
    def replace(self) -> None:
        """Another person of the unit comes instead."""

    @transition(field=state, **SEAT["release"])
    def release(self) -> None:
        """The class was cancelled."""

    @transition(field=state, **SEAT["complete"])
    def complete(self) -> None:
        """He finished; his training record is written in the same transaction."""

    @transition(field=state, **SEAT["leave_unfinished"])
    def leave_unfinished(self) -> None:
        """Absent, or on leave for longer than the limit."""

    @property
    def is_live(self) -> bool:
        """Whether he is still counted."""
        return self.state in LIVE_SEATS


class SeatSpan(models.Model):
    """The half-days a live seat takes of a person's time; written by triggers of seats and runs alone.

    Two ``firm`` ones of a person never overlap: the database's last word on 多头调训, whichever server asks.
    """

    seat = models.ForeignKey(Seat, models.CASCADE, related_name="spans")
    cadre = models.ForeignKey("org.Cadre", models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(ClassRun, models.CASCADE, related_name="+")
    department = models.ForeignKey("org.Department", models.CASCADE, related_name="+", db_index=False)
    subject = models.CharField(max_length=30, blank=True)
    span = IntegerRangeField()
    firm = models.BooleanField()

    class Meta:
        verbose_name = "占用时段"
        verbose_name_plural = "占用时段"
        constraints = (
            ExclusionConstraint(
                name="seat_one_class_at_a_time",
                expressions=(
                    (point(F("cadre_id")), RangeOperators.OVERLAPS),
                    ("span", RangeOperators.OVERLAPS),
                ),
                condition=Q(firm=True),
            ),
        )
        indexes = (
            models.Index(
                fields=["cadre"],
                include=["span", "firm", "run", "department", "subject"],
                name="span_by_cadre",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cadre_id} {self.span}"


class SeatAct(models.Model):
    """One thing that happened to a seat: the line people read."""

    seat = models.ForeignKey(Seat, models.PROTECT, related_name="acts")
    action = models.CharField("事项", max_length=20)
    title = models.CharField("办理", max_length=40)
    reason = models.CharField("说明", max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    actor_name = models.CharField("姓名", max_length=50)
    post_title = models.CharField("职务", max_length=80, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "学员变动"
        verbose_name_plural = "学员变动"
        ordering = ("at", "id")
        triggers = (guards.append_only(),)

    def __str__(self) -> str:
        return self.title


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Attendance(models.Model):
    """A half-day of one trainee on the sign-in sheet. No row: not entered yet."""

    seat = models.ForeignKey(Seat, models.PROTECT, related_name="attendance")
    day = models.DateField("日期")
    half = models.PositiveSmallIntegerField("时段", choices=Half)
    presence = models.CharField("到课", max_length=8, choices=Presence)
    note = models.CharField("备注", max_length=100, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = "签到"
        verbose_name_plural = "签到"
        ordering = ("day", "half", "seat")
        constraints = (
            models.UniqueConstraint(fields=["seat", "day", "half"], name="attendance_once"),
            models.CheckConstraint(
                condition=Q(presence__in=Presence.values), name="attendance_presence_known"
            ),
        )
        triggers = (guards.attendance_while_running(),)

    def __str__(self) -> str:
        return f"{self.seat} {self.day} {self.get_half_display()} {self.get_presence_display()}"


def seat_key(seat: Any) -> str:
    """What makes a training record of this seat unique (training.services.record)."""
    return f"seat:{seat.pk}"
