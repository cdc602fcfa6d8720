"""经费申请: 调剂, 预算调整, 结转 and 追加; and why a year's money isn't more than the last one's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from budgets.models import MONEY_DIGITS, Fund, Project
from workflow.models import guards
from workflow.models.decision import Decision
from workflow.models.request import Request, request_guards
from workflow.models.work import WorkTask
from workflow.states import OF_PROJECT, MoneyKind, RequestState

if TYPE_CHECKING:
    from org.selectors import Standing
    from rulebook.steps import Step

_PENDING = ("reviewing", "returned")
_OF_PROJECT = sorted(kind.value for kind in OF_PROJECT)


class MoneyRequestQuerySet(models.QuerySet["MoneyRequest"]):
    """Chainable lists of requests about money."""

    def visible_to(self, standing: Standing) -> MoneyRequestQuerySet:
        """Those of one's departments and about their projects, of whole unions one oversees, those one has
        to decide or decided. A draft is its department's own business."""
        if not standing.user.is_active:
            return self.none()
        own = Q(department__in=standing.department_ids) | Q(created_by=standing.user.pk)
        office = (
            Q(union__in=standing.whole_union_ids)
            | Q(department__in=standing.seen_department_ids)
            | Q(project__department__in=standing.seen_department_ids)
            | Q(pk__in=Decision.objects.filter(actor=standing.user.pk, money__isnull=False).values("money"))
        )
        if standing.post_ids:
            tasks = WorkTask.objects.filter(post__in=standing.post_ids, money__isnull=False)
            office |= Q(pk__in=tasks.order_by().values("money"))
        return self.filter(own | (office & ~Q(state=RequestState.DRAFT)))


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class MoneyRequest(Request):
    """What is asked about money: between budget lines, of a project's budget, or of a year's fund.

    ``fund`` is the project's, or the one money leaves (结转) or comes to (追加). ``department`` asks.
    ``content`` by kind, amounts as text of yuan (workflow.rules.money_terms): what is to be; ``before``: the
    figures it was worked out from, as they stood when it was handed in.
    """

    union = models.ForeignKey("org.Union", models.PROTECT, related_name="+", verbose_name="工会")
    department = models.ForeignKey(
        "org.Department", models.PROTECT, related_name="money_requests", verbose_name="申请部门"
    )
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="money_requests", verbose_name="年度专项预算")
    project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="money_requests",
        verbose_name="经费项目",
    )
    kind = models.CharField("事项", max_length=10, choices=MoneyKind)
    #: Drawn when it is first handed in: a draft may be thrown away, a number may not be missing.
    code = models.CharField("申请单号", max_length=20, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="money_requests", verbose_name="经办人"
    )

    objects = MoneyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "经费申请"
        verbose_name_plural = "经费申请"
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=MoneyKind.values), name="money_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RequestState.values), name="money_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(book__isnull=False, submitted_at__isnull=False),
                name="money_submitted_has_book",
            ),
            models.CheckConstraint(condition=Q(state="draft") | ~Q(code=""), name="money_submitted_has_code"),
            models.UniqueConstraint(fields=["union", "code"], condition=~Q(code=""), name="money_code_once"),
            models.CheckConstraint(
                condition=Q(kind__in=_OF_PROJECT, project__isnull=False)
                | (~Q(kind__in=_OF_PROJECT) & Q(project__isnull=True)),
                name="money_of_project_or_fund",
            ),
            # The figures of one would be stale the moment the other is agreed to.
            models.UniqueConstraint(
                fields=["project"], condition=Q(state__in=_PENDING), name="one_open_money_request_a_project"
            ),
            models.UniqueConstraint(
                fields=["fund"],
                condition=Q(state__in=_PENDING, kind="carry_over"),
                name="one_open_carry_over_a_fund",
            ),
        )
        indexes = (models.Index(fields=["created_by", "-created_at"], name="money_by_author"),)
        triggers = (
            *request_guards("union", "department", "fund", "project", "kind", "created_by", "created_at"),
            pgtrigger.Protect(
                name="code_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.code <> '' AND OLD.code IS DISTINCT FROM NEW.code"),
            ),
            pgtrigger.Trigger(
                name="of_one_union",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.union_id <> (SELECT union_id FROM budgets_fund WHERE id = NEW.fund_id)
                       OR NEW.union_id <> (SELECT union_id FROM org_department WHERE id = NEW.department_id)
                       OR NEW.fund_id <> (SELECT fund_id FROM budgets_project WHERE id = NEW.project_id) THEN
                        RAISE EXCEPTION 'a request about money is of one union, and of its project''s fund'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'money_of_one_union';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.words}".lstrip()

    @property
    def title(self) -> str:
        """What it is about: the project's name, or the fund's."""
        return self.project.name if self.project is not None else str(self.fund)

    @property
    def about(self) -> MoneyRequest:
        """Whose union, department and interest decide who acts on it."""
        return self

    @property
    def interested_id(self) -> int | None:
        """The department that doesn't judge this: the project's own. Of a fund finance asks in its duty."""
        return self.project.department_id if self.project is not None else None

    @property
    def words(self) -> str:
        """《工会信息员培训班》的调剂申请."""
        return f"《{self.title}》的{self.get_kind_display()}"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The chain it goes through; it has one from its submission on."""
        return self.judged_by.money.chain(self.chain)


class GrowthReason(models.Model):
    """Why a union's training money of a year isn't more than the year before (B-29); the last one holds.

    ``amount`` and ``before``: yuan of both years when it was written.
    """

    union = models.ForeignKey("org.Union", models.PROTECT, related_name="+", verbose_name="工会")
    year = models.PositiveSmallIntegerField("年度")
    amount = models.DecimalField("本年（元）", max_digits=MONEY_DIGITS, decimal_places=2)
    before = models.DecimalField("上年（元）", max_digits=MONEY_DIGITS, decimal_places=2)
    reason = models.CharField("原因", max_length=300)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="经手人"
    )
    post = models.ForeignKey(
        "org.Post", models.PROTECT, related_name="+", verbose_name="岗位", null=True, blank=True
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "经费未增加的原因"
        verbose_name_plural = "经费未增加的原因"
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="growth_reason_given"),
            models.CheckConstraint(
                condition=Q(amount__gte=Decimal(0), before__gte=models.F("amount")),
                name="growth_reason_needed",
            ),
        )
        indexes = (models.Index(fields=["union", "year"], name="growth_by_year"),)
        triggers = (guards.append_only(),)

    def __str__(self) -> str:
        return f"{self.year} {self.reason}"
