"""Training records: append-only, voided rather than deleted; they keep when a cadre was last trained."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import Q

from training.states import RecordResult, RecordSource

if TYPE_CHECKING:
    from typing import Self

#: A class one didn't finish is no training had.
COUNTS = (RecordResult.COMPLETED, RecordResult.ATTENDED)

_COUNTS_SQL = ", ".join(f"'{result.value}'" for result in sorted(COUNTS))


class RecordQuerySet(models.QuerySet["TrainingRecord"]):
    """Chainable lists of records."""

    def standing(self) -> Self:
        """Those that haven't been voided."""
        return self.filter(voided_at__isnull=True)


class TrainingRecord(models.Model):
    """One cadre's part in one class. ``key`` makes it unique: the same class is never recorded twice."""

    cadre = models.ForeignKey(
        "org.Cadre", models.PROTECT, related_name="training_records", verbose_name="干部", db_index=False
    )
    unit = models.ForeignKey(
        "org.Union",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="当时单位",
        help_text="参训时所在单位，以后调动不改",
        db_index=False,
    )
    class_name = models.CharField("班次名称", max_length=120)
    subject = models.CharField("业务编码", max_length=30, blank=True)
    organizer = models.ForeignKey(
        "org.Union", models.PROTECT, null=True, related_name="+", verbose_name="主办工会", db_index=False
    )
    organizer_name = models.CharField("主办单位", max_length=120, blank=True)
    by_superior = models.BooleanField("上级调训", default=False)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    hours = models.DecimalField("学时", max_digits=6, decimal_places=1, default=Decimal(0))
    result = models.CharField("结果", max_length=12, choices=RecordResult, default=RecordResult.COMPLETED)
    source = models.CharField("来源", max_length=12, choices=RecordSource)
    reference = models.CharField("班次编号", max_length=40, blank=True)
    key = models.UUIDField("唯一标识", unique=True, editable=False)
    recorded_at = models.DateTimeField("登记时间")
    voided_at = models.DateTimeField("作废时间", null=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = "培训记录"
        verbose_name_plural = "培训记录"
        ordering = ("-ends_on", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")), name="record_days_in_order"
            ),
            models.CheckConstraint(condition=Q(hours__gte=0), name="record_hours_not_negative"),
            models.CheckConstraint(condition=Q(result__in=RecordResult.values), name="record_result_known"),
            models.CheckConstraint(condition=Q(source__in=RecordSource.values), name="record_source_known"),
        )
        indexes = (
            models.Index(
                fields=["cadre", "ends_on"],
                include=["subject", "starts_on", "by_superior"],
                condition=Q(voided_at__isnull=True),
                name="record_by_cadre",
            ),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="record_by_reference"),
        )
        triggers = (
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="as_recorded", exclude=["voided_at", "void_reason"]),
            pgtrigger.Trigger(
                name="last_trained_after_insert",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                # Whoever changes a cadre's records waits for the other who does, and so counts all there are.
                func=f"""
                    PERFORM 1 FROM org_cadre WHERE id IN (SELECT cadre_id FROM added)
                    ORDER BY id FOR NO KEY UPDATE;
                    UPDATE org_cadre c SET last_trained = r.day
                    FROM (SELECT cadre_id, max(ends_on) AS day FROM added
                          WHERE voided_at IS NULL AND result IN ({_COUNTS_SQL}) GROUP BY cadre_id) r
                    WHERE c.id = r.cadre_id AND (c.last_trained IS NULL OR c.last_trained < r.day);
                    RETURN NULL;
                """,  # noqa: S608 - made of the enum's own values
            ),
            pgtrigger.Trigger(
                name="last_trained_after_void",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(new="changed"),
                # Whoever changes a cadre's records waits for the other who does, and so counts all there are.
                func=f"""
                    PERFORM 1 FROM org_cadre WHERE id IN (SELECT cadre_id FROM changed)
                    ORDER BY id FOR NO KEY UPDATE;
                    UPDATE org_cadre c SET last_trained = r.day
                    FROM (SELECT x.cadre_id, (
                              SELECT max(t.ends_on) FROM training_trainingrecord t
                              WHERE t.cadre_id = x.cadre_id AND t.voided_at IS NULL
                                AND t.result IN ({_COUNTS_SQL})) AS day
                          FROM (SELECT DISTINCT cadre_id FROM changed) x) r
                    WHERE c.id = r.cadre_id AND c.last_trained IS DISTINCT FROM r.day;
                    RETURN NULL;
                """,  # noqa: S608 - made of the enum's own values
            ),
        )

    def __str__(self) -> str:
        return f"{self.cadre}：{self.class_name}"
