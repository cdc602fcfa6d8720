"""One line of a department's 年度培训计划申报表 (DOMAIN §3.1), its versions, costs and files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pghistory
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Lookup, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django_fsm import FSMField, transition

from budgets.models import Project
from office.models import StoredFile
from workflow import timing
from workflow.models import guards
from workflow.models.decision import Decision
from workflow.models.work import WorkTask
from workflow.states import (
    AUTHOR,
    EDITABLE,
    SETTLED,
    AttachmentKind,
    PlanState,
    RequestKind,
    T,
    TrainingMode,
)

if TYPE_CHECKING:
    from org.selectors import Standing

#: What a department writes and its reviewers judge: snapshot, difference and freeze all read this list.
CONTENT_FIELDS: Final = (
    "name",
    "category",
    "subject",
    "purpose",
    "audience_units",
    "audience_levels",
    "audience_posts",
    "audience_note",
    "modules",
    "sessions",
    "time_slots",
    "half_days",
    "hours",
    "mode",
    "residential",
    "place",
    "place_tentative",
    "implementer",
    "trainees",
    "staff",
    "survey_reference",
    "owner_name",
    "owner_phone",
    "source",
    "fee",
    "fee_basis",
    "off_plan_reason",
    "principal_approval",
    "rate_class",
    "lecturer_title",
    "lecture_hours",
    "explanation",
    "remark",
)


class _AnyOf(Lookup):
    """``= ANY(ARRAY(…))``: among conditions joined by OR the keys can then be looked up by index, where
    ``IN (SELECT …)`` makes PostgreSQL read the whole table (docs/decisions/0016-speed.md)."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = compiler.compile(self.rhs)
        return f"{left} = ANY({right})", (*left_values, *right_values)


#: Asking that people be excused of a rule, and having that paper back to mend, opens nothing of the class: it
#: is mostly a unit that asks, which sees its own people only.
_ASKING_FOR_PEOPLE = Q(step=AUTHOR, request__kind=RequestKind.EXEMPT)


def _is_among(keys: models.QuerySet[Any, Any]) -> Q:
    return Q(_AnyOf(F("pk"), ArraySubquery(keys.order_by())))


class PlanQuerySet(models.QuerySet["ClassPlan"]):
    """Chainable lists of plans."""

    def visible_to(self, standing: Standing) -> PlanQuerySet:
        """Own departments' plans; the whole union's for those who oversee it; what was granted to look at.

        A draft is its department's own business: overseers see a plan from its first submission.
        """
        overseen = standing.authority_union_ids | standing.finance_union_ids | standing.secretary_union_ids
        if not standing.user.is_active:
            return self.none()
        own = Q(department__in=standing.department_ids)
        office = (
            Q(union__in=overseen | standing.looks_union_ids)
            | Q(department__in=standing.looks_department_ids)
            | _is_among(
                Decision.objects.filter(actor=standing.user.pk).exclude(_ASKING_FOR_PEOPLE).values("plan")
            )
        )
        if standing.post_ids:
            tasks = WorkTask.objects.filter(post__in=standing.post_ids).exclude(_ASKING_FOR_PEOPLE)
            office |= _is_among(tasks.values("plan"))
        return self.filter(own | (office & Q(version__isnull=False)))

    def with_total(self) -> PlanQuerySet:
        """Annotates ``total``: the plan's cost lines summed, yuan for all its 期."""
        sums = (
            PlanCost.objects.filter(plan=OuterRef("pk")).order_by().values("plan").annotate(s=Sum("amount"))
        )
        return self.annotate(
            total=Coalesce(
                Subquery(sums.values("s")),
                Value(Decimal(0)),
                output_field=models.DecimalField(max_digits=12, decimal_places=2),
            )
        )

    def in_plan_order(self) -> PlanQuerySet:
        """As the 汇总表 prints: by department's own order, then by number, drafts last."""
        return self.order_by("department__ordinal", F("serial").asc(nulls_last=True), "id")


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ClassPlan(models.Model):
    """A class a department proposes for a year. ``state`` says what it is (HOUSE §3, Truth)."""

    union = models.ForeignKey("org.Union", models.PROTECT, verbose_name="工会", related_name="plans")
    department = models.ForeignKey(
        "org.Department", models.PROTECT, verbose_name="主办部门", related_name="plans"
    )
    year = models.PositiveSmallIntegerField("计划年度")
    state = FSMField(
        "状态", choices=PlanState.choices, default=PlanState.DRAFT, protected=True, max_length=20
    )
    serial = models.PositiveIntegerField("申报序号", null=True, editable=False)
    # Null, not "": unique where it is given, and a number comes with the approval only.
    plan_number = models.CharField("计划号", max_length=20, null=True, editable=False)  # noqa: DJ001
    version = models.ForeignKey(
        "workflow.PlanVersion",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="当前报送",
    )
    project = models.OneToOneField(
        "budgets.Project",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="plan",
        verbose_name="经费项目",
    )

    name = models.CharField("班次名称", max_length=80)
    category = models.CharField("班次类别", max_length=30, blank=True)
    subject = models.CharField("业务编码", max_length=30, blank=True)
    purpose = models.CharField("培训目的", max_length=500, blank=True)
    audience_units = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name="对象单位"
    )
    audience_levels = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name="对象层级"
    )
    audience_posts = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, verbose_name="对象岗位"
    )
    audience_note = models.CharField("对象说明", max_length=200, blank=True)
    modules = models.JSONField("内容模块学时", default=dict, blank=True)
    sessions = models.PositiveSmallIntegerField("期数", default=1)
    time_slots = ArrayField(models.CharField(max_length=4), default=list, blank=True, verbose_name="时间")
    half_days = models.PositiveSmallIntegerField("每期半天数", default=0)
    hours = models.DecimalField("每期学时", max_digits=5, decimal_places=1, default=Decimal(0))
    mode = models.CharField(
        "培训方式", max_length=20, choices=TrainingMode.choices, default=TrainingMode.OFF_THE_JOB
    )
    residential = models.BooleanField("安排住宿", default=False)
    place = models.CharField("地点", max_length=100, blank=True)
    place_tentative = models.BooleanField("地点待定（拟）", default=False)
    implementer = models.CharField("承办机构", max_length=100, blank=True)
    trainees = models.PositiveIntegerField("每期学员人数", default=0)
    staff = models.PositiveIntegerField("每期工作人员数", default=0)
    survey_reference = models.CharField("需求调研依据", max_length=200, blank=True)
    owner_name = models.CharField("项目负责人", max_length=50, blank=True)
    owner_phone = models.CharField("联系电话", max_length=30, blank=True)
    source = models.CharField("列支渠道", max_length=30, blank=True)
    fee = models.DecimalField("向学员收费（元/人）", max_digits=12, decimal_places=2, default=Decimal(0))
    fee_basis = models.CharField("收费依据", max_length=200, blank=True)
    off_plan_reason = models.CharField("计划外增加理由", max_length=300, blank=True)
    principal_approval = models.CharField("主要负责同志审批意见", max_length=200, blank=True)
    rate_class = models.CharField("培训费类别", max_length=30, blank=True)
    lecturer_title = models.CharField("授课人职称", max_length=30, blank=True)
    lecture_hours = models.DecimalField("每期付酬学时", max_digits=5, decimal_places=1, default=Decimal(0))
    explanation = models.CharField("对核查提示的说明", max_length=500, blank=True)
    remark = models.CharField("备注", max_length=200, blank=True)

    revision = models.PositiveIntegerField("修订号", default=0, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="plans", verbose_name="经办人"
    )
    created_at = models.DateTimeField("建立时间", editable=False)
    updated_at = models.DateTimeField("修改时间", editable=False)

    objects = PlanQuerySet.as_manager()

    class Meta:
        verbose_name = "班次计划"
        verbose_name_plural = verbose_name
        constraints = (
            models.UniqueConstraint(fields=["union", "year", "serial"], name="plan_serial_once"),
            models.UniqueConstraint(fields=["union", "plan_number"], name="plan_number_once"),
            models.CheckConstraint(condition=Q(sessions__gte=1), name="plan_has_a_session"),
            models.CheckConstraint(condition=Q(fee__gte=0), name="plan_fee_not_negative"),
            models.CheckConstraint(condition=Q(state__in=PlanState.values), name="plan_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(serial__isnull=False, version__isnull=False),
                name="plan_submitted_has_serial",
            ),
        )
        indexes = (
            models.Index(fields=["union", "year", "state"], name="plan_by_year"),
            models.Index(fields=["department", "year"], name="plan_by_department"),
            models.Index(fields=["union", "year", "subject"], name="plan_by_subject"),
            models.Index(fields=["created_by", "-updated_at"], name="plan_by_author"),
            GinIndex(fields=["audience_units"], name="plan_by_unit"),
        )
        triggers = (
            guards.state_moves(),
            guards.starts_as_draft(),
            guards.content_frozen((*CONTENT_FIELDS, "serial", "version_id")),
            guards.identity_fixed("union", "department", "year", "created_by", "created_at"),
            guards.approval_figures(),
            guards.drafts_only_deleted(),
        )

    def __str__(self) -> str:
        return self.name

    @cached_property
    def projects(self) -> list[Project]:
        """Its money by year, each with its fund: the project it was approved with, and those it was carried
        over to (S21); one query."""
        if self.project_id is None:
            return []
        return list(Project.objects.of_class(self.project_id).select_related("fund__union"))

    @property
    def project_now(self) -> Project | None:
        """The last of :attr:`projects`: where its money is used."""
        return self.projects[-1] if self.projects else None

    # One method an action: the keys of states.TRANSITIONS. They change the state, nothing else;
    # django-fsm collects them when the class is built, so they are written out.

    @transition(field=state, **T["submit"])
    def submit(self) -> None:
        """草稿、退回修改或已撤回 → 审核中."""

    @transition(field=state, **T["resubmit_to_meeting"])
    def resubmit_to_meeting(self) -> None:
        """退回修改 → 待上会: the meeting had returned it and nothing weighty changed."""

    @transition(field=state, **T["pass_on"])
    def pass_on(self) -> None:
        """A step agrees and another follows."""

    @transition(field=state, **T["send_to_meeting"])
    def send_to_meeting(self) -> None:
        """The last step of review agrees."""

    @transition(field=state, **T["send_back"])
    def send_back(self) -> None:
        """To the person who drew it up."""

    @transition(field=state, **T["send_back_to_step"])
    def send_back_to_step(self) -> None:
        """To an earlier step of review."""

    @transition(field=state, **T["withdraw"])
    def withdraw(self) -> None:
        """By its department, until somebody has acted."""

    @transition(field=state, **T["approve"])
    def approve(self) -> None:
        """By the meeting; number and project are set in the same statement."""

    @transition(field=state, **T["defer"])
    def defer(self) -> None:
        """缓议 by the meeting."""

    @transition(field=state, **T["resume"])
    def resume(self) -> None:
        """Back onto an agenda."""

    @transition(field=state, **T["exclude"])
    def exclude(self) -> None:
        """Struck, by the meeting only."""

    @transition(field=state, **T["merge"])
    def merge(self) -> None:
        """Taken into another plan."""

    @transition(field=state, **T["cancel"])
    def cancel(self) -> None:
        """An approved class that won't be held."""

    @property
    def interested_id(self) -> int:
        """The department that doesn't judge this."""
        return self.department_id

    @property
    def declaration_number(self) -> str:
        """申报号, "2027-0018"; the empty string before the first submission."""
        return f"{self.year}-{self.serial:04}" if self.serial else ""

    @property
    def is_editable(self) -> bool:
        """Whether its department may change what it says."""
        return self.state in EDITABLE

    @property
    def is_settled(self) -> bool:
        """Whether the year's planning has nothing more to do with it."""
        return self.state in SETTLED

    @property
    def people(self) -> int:
        """Trainees and staff of one 期."""
        return self.trainees + self.staff

    @property
    def days(self) -> Decimal:
        """Days of one 期; a half-day counts 0.5."""
        return Decimal(self.half_days) / 2

    @property
    def time_text(self) -> str:
        """6月上旬."""
        return timing.time_text(self.time_slots)

    @property
    def place_text(self) -> str:
        """区委党校（拟）."""
        return f"{self.place}（拟）" if self.place and self.place_tentative else self.place

    def ordinal_day(self) -> date | None:
        """A date to sort by; None when no time is given."""
        month = timing.first_month(self.time_slots)
        return date(self.year, month, 1) if month else None


class PlanCost(models.Model):
    """One line of a plan's budget: yuan for all its 期 together."""

    plan = models.ForeignKey(ClassPlan, models.CASCADE, related_name="costs")
    item = models.CharField("项目", max_length=30)
    amount = models.DecimalField("金额（元）", max_digits=12, decimal_places=2)
    note = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = "经费明细"
        verbose_name_plural = verbose_name
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["plan", "item"], name="cost_item_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="cost_not_negative"),
        )
        triggers = (guards.costs_frozen(),)

    def __str__(self) -> str:
        return f"{self.item} {self.amount}"


class PlanVersion(models.Model):
    """The plan exactly as it was submitted (or changed by the meeting), and the book it is judged by."""

    plan = models.ForeignKey(ClassPlan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("第几次报送")
    book = models.ForeignKey("rulebook.RuleBook", models.PROTECT, related_name="+", verbose_name="办班规则")
    content = models.JSONField("内容")
    by_meeting = models.BooleanField("会议修改", default=False)
    restarted = models.BooleanField("重新走流程", default=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField("报送时间")

    class Meta:
        verbose_name = "历次报送"
        verbose_name_plural = verbose_name
        ordering = (
            "plan",
            "number",
        )
        constraints = (models.UniqueConstraint(fields=["plan", "number"], name="version_number_once"),)
        triggers = (guards.append_only(),)

    def __str__(self) -> str:
        return f"第 {self.number} 次报送"


class PlanAttachment(models.Model):
    """A file of a plan; whoever sees the plan may read it."""

    plan = models.ForeignKey(ClassPlan, models.CASCADE, related_name="attachments")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    kind = models.CharField("类型", max_length=20, choices=AttachmentKind.choices)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "附件"
        verbose_name_plural = verbose_name
        ordering = ("id",)
        triggers = (guards.files_frozen(),)

    def __str__(self) -> str:
        return self.file.name


class PlanImport(models.Model):
    """A department's uploaded plan workbook: previewed as often as one likes, committed once."""

    department = models.ForeignKey("org.Department", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("计划年度")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")
    committed_at = models.DateTimeField("导入时间", null=True)
    created_count = models.PositiveIntegerField("导入班次数", default=0)

    class Meta:
        verbose_name = "计划表上传"
        verbose_name_plural = verbose_name

    def __str__(self) -> str:
        return self.file.name
