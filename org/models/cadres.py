"""Cadres: who may be called up, in which unit from when, and who looked at whose identity number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left

from office import sealing
from org.models.structure import Union, never_moves, tracked
from org.models.terms import Term, TermQuerySet, point
from org.states import CadreKind, CadreStatus, Committee, Gender, IdentityKind, Leadership, Precision

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

#: Characters a level of the tree takes in ``unit_path`` (treebeard's steplen).
STEP: Final = 4
#: Depths of the tree below whose unions a list of cadres has an index of its own.
INDEXED_DEPTHS: Final = (1, 2, 3, 4)


def widest(paths: Iterable[str]) -> list[str]:
    """The paths without those that lie below another of them."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not path.startswith(kept[-1]):
            kept.append(path)
    return kept


class CadreQuerySet(models.QuerySet["Cadre"]):
    """Chainable lists of cadres."""

    def under(self, union: Union) -> CadreQuerySet:
        """Cadres of the union and of all below it; served by an index where the depth has one."""
        return self.within([union.path])

    def within(self, paths: Iterable[str]) -> CadreQuerySet:
        """Cadres of the unions of these paths and of all below them; nobody where there is no path."""
        areas = widest(paths)
        if len(areas) == 1 and len(areas[0]) // STEP in INDEXED_DEPTHS:
            depth = len(areas[0]) // STEP
            return self.alias(**{f"area{depth}": Left("unit_path", depth * STEP)}).filter(
                **{f"area{depth}": areas[0]}
            )
        inside = Q(pk__in=[])
        for path in areas:
            inside |= Q(unit_path__startswith=path)
        return self.filter(inside)

    def active(self) -> CadreQuerySet:
        """Those in office now (在职)."""
        return self.filter(status=CadreStatus.ACTIVE)

    def with_identity(self, kind: str, number: str) -> CadreQuerySet:
        """The person of that document, by whichever key he was digested."""
        return self.filter(identity_digest__in=sealing.digests(number, about=kind))


@pghistory.track(
    # The row itself is its first state; what the database works out isn't news; a number's seal is nobody's.
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=[
        "identity_sealed",
        "identity_digest",
        "unit",
        "unit_path",
        "unit_until",
        "last_trained",
        "revision",
    ],
    meta={"verbose_name": "干部变更记录", "verbose_name_plural": "干部变更记录"},
)
class Cadre(models.Model):
    """A union cadre. He is told from others by his identity document alone, never by his name.

    ``unit``, ``unit_path`` and ``unit_until`` follow from the current membership, ``last_trained`` from the
    training records: the database keeps them in the statement that changes their source.
    """

    identity_kind = models.CharField("证件类型", max_length=20, choices=IdentityKind)
    identity_sealed = models.BinaryField("证件号码（加密）", editable=False)
    identity_digest = models.UUIDField("证件号码摘要", unique=True, editable=False)
    name = models.CharField("姓名", max_length=60)
    former_name = models.CharField("曾用名", max_length=60, blank=True)
    gender = models.CharField("性别", max_length=6, choices=Gender, blank=True)
    born_on = models.DateField("出生日期", null=True, blank=True)
    born_precision = models.CharField("出生日期精度", max_length=5, choices=Precision, default=Precision.DAY)
    kind = models.CharField("专兼职", max_length=12, choices=CadreKind, blank=True)
    post_title = models.CharField("职务", max_length=120, blank=True)
    rank = models.CharField("职级", max_length=60, blank=True)
    leadership = models.CharField("主席职务", max_length=10, choices=Leadership, blank=True)
    appointed_on = models.DateField("任职日期", null=True, blank=True)
    appointed_precision = models.CharField(
        "任职日期精度", max_length=5, choices=Precision, default=Precision.DAY
    )
    committees = ArrayField(
        models.CharField(max_length=10, choices=Committee), default=list, blank=True, verbose_name="三委委员"
    )
    phone = models.CharField("手机", max_length=60, blank=True)
    status = models.CharField("状态", max_length=12, choices=CadreStatus, default=CadreStatus.ACTIVE)
    status_on = models.DateField("状态日期", null=True, blank=True)
    remark = models.CharField("备注", max_length=200, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="cadre",
        verbose_name="登录账号",
    )
    unit = models.ForeignKey(
        Union,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="cadres",
        verbose_name="单位",
        db_index=False,
    )
    unit_path = models.CharField(max_length=255, blank=True, editable=False)
    #: The first day on which he is no longer of it; None while the membership goes on.
    unit_until = models.DateField(null=True, editable=False)
    last_trained = models.DateField("最近参训", null=True, editable=False)
    #: Counts the corrections by people, so that two at once don't overwrite each other.
    revision = models.PositiveIntegerField("修订号", default=0, db_default=0, editable=False)

    objects = CadreQuerySet.as_manager()

    class Meta:
        verbose_name = "干部"
        verbose_name_plural = "干部"
        permissions = (("see_identity", "查看和导出完整证件号码"),)
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="org_cadre_has_name"),
            models.CheckConstraint(condition=Q(status__in=CadreStatus.values), name="org_cadre_status_known"),
            models.CheckConstraint(
                condition=Q(identity_kind__in=IdentityKind.values), name="org_cadre_identity_kind_known"
            ),
        )
        indexes = (
            models.Index(fields=["unit", "name"], name="cadre_by_unit"),
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="cadre_by_name"),
            models.Index(
                fields=["appointed_on", "id"],
                condition=Q(status="active") & ~Q(leadership=""),
                name="cadre_new_chairs",
            ),
            *(
                models.Index(
                    Left("unit_path", depth * STEP),
                    "last_trained",
                    "id",
                    # The path itself too: then counting reads nothing but the index.
                    include=["unit_path"],
                    condition=Q(status="active"),
                    name=f"cadre_untrained_{depth}",
                )
                for depth in INDEXED_DEPTHS
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def identity_number(self) -> str:
        """The whole number; whoever shows it to somebody leaves an IdentityAccess."""
        return sealing.unseal(bytes(self.identity_sealed), about=self.identity_kind)

    @property
    def identity_masked(self) -> str:
        """``110105********002X``."""
        return mask_identity(self.identity_number)

    def is_active(self, on: datetime.date) -> bool:
        """Whether he is in office on ``on``: a status dated later hasn't come yet."""
        return self.status == CadreStatus.ACTIVE or (self.status_on is not None and on < self.status_on)


def mask_identity(number: str) -> str:
    """``11010519491231002X`` → ``110105********002X``; a shorter one shows a quarter at each end at most."""
    if len(number) >= 15:
        return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"
    shown = min(2, len(number) // 4)
    return f"{number[:shown]}{'*' * (len(number) - 2 * shown)}{number[len(number) - shown :]}"


_UNIT_OF = """
    UPDATE org_cadre c SET unit_id = m.union_id, unit_path = u.path, unit_until = m.until
    FROM (
        SELECT DISTINCT ON (x.cadre_id) x.cadre_id, x.union_id, upper(x.period) AS until
        FROM org_membership x
        WHERE x.is_primary AND x.cadre_id IN (SELECT cadre_id FROM {rows})
        ORDER BY x.cadre_id,
                 lower(x.period) <= (now() AT TIME ZONE 'Asia/Shanghai')::date DESC,
                 lower(x.period) DESC
    ) m JOIN org_union u ON u.id = m.union_id
    WHERE c.id = m.cadre_id
      AND (c.unit_id, c.unit_path, c.unit_until) IS DISTINCT FROM (m.union_id, u.path::text, m.until);
"""


def _follows(name: str, operation: Any, referencing: pgtrigger.Referencing) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=referencing,
        func=_UNIT_OF.format(rows="changed") + "RETURN NULL;",
    )


@pghistory.track(
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    meta={"verbose_name": "所在单位变更记录", "verbose_name_plural": "所在单位变更记录"},
)
class Membership(Term):
    """In which unit a cadre is from when until when. One primary unit at a time; others beside it."""

    cadre = models.ForeignKey(Cadre, models.CASCADE, related_name="memberships", verbose_name="干部")
    union = models.ForeignKey(Union, models.PROTECT, related_name="members", verbose_name="单位")
    post_title = models.CharField("职务", max_length=120, blank=True)
    is_primary = models.BooleanField("主要单位", default=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = "所在单位"
        verbose_name_plural = "所在单位"
        ordering = ("cadre", "period")
        constraints = (
            ExclusionConstraint(
                name="org_membership_one_primary",
                expressions=(
                    (point(F("cadre_id")), RangeOperators.OVERLAPS),
                    ("period", RangeOperators.OVERLAPS),
                ),
                condition=Q(is_primary=True),
                violation_error_message="这段时间该干部已有主要单位。",
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False),
                name="org_membership_has_days",
                violation_error_message="须有开始日期，且起止不能为空。",
            ),
        )
        triggers = (
            never_moves("cadre", "union"),
            _follows("unit_after_insert", pgtrigger.Insert, pgtrigger.Referencing(new="changed")),
            _follows("unit_after_update", pgtrigger.Update, pgtrigger.Referencing(new="changed")),
            _follows("unit_after_delete", pgtrigger.Delete, pgtrigger.Referencing(old="changed")),
        )

    def __str__(self) -> str:
        return f"{self.cadre}：{self.union}"


@tracked("单位别名")
class UnitAlias(models.Model):
    """Another name of a unit, for a time: a short form, an old name. Written by people, never by a roster."""

    union = models.ForeignKey(Union, models.CASCADE, related_name="aliases", verbose_name="单位")
    alias = models.CharField("别名", max_length=100)
    #: The alias as rosters are compared with it: org.unit_names.unit_key.
    key = models.CharField(max_length=100, editable=False, db_index=True)
    valid = DateRangeField("使用期间", null=True, blank=True, help_text="不填表示一直有效")

    class Meta:
        verbose_name = "单位别名"
        verbose_name_plural = "单位别名"
        ordering = ("union", "alias")
        constraints = (models.UniqueConstraint(fields=["union", "key"], name="org_unit_alias_once"),)

    def __str__(self) -> str:
        return f"{self.alias} → {self.union}"


class HeaderMapping(models.Model):
    """How one sender's form names its columns, as somebody corrected it once."""

    sender = models.ForeignKey(Union, models.CASCADE, related_name="+", verbose_name="报送单位")
    purpose = models.CharField("用途", max_length=20)
    fingerprint = models.CharField("表头摘要", max_length=64)
    mapping = models.JSONField("对应关系", default=dict)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = "表头对应"
        verbose_name_plural = "表头对应"
        constraints = (
            models.UniqueConstraint(
                fields=["sender", "purpose", "fingerprint"], name="org_header_mapping_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sender} {self.purpose}"


class IdentityAccess(models.Model):
    """Somebody saw or took out whole identity numbers."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="查看人"
    )
    at = models.DateTimeField("时间")
    cadre = models.ForeignKey(
        Cadre, models.DO_NOTHING, null=True, related_name="+", verbose_name="干部", db_constraint=False
    )
    count = models.PositiveIntegerField("条数", default=1)
    purpose = models.CharField("事由", max_length=200)

    class Meta:
        verbose_name = "证件号码查看记录"
        verbose_name_plural = "证件号码查看记录"
        ordering = ("-at", "-id")
        triggers = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"{self.actor} {self.count}"


class LongTask(models.Model):
    """Long work done apart from the page that asked for it: how far it is, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "处理中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已取消"

    kind = models.CharField("事项", max_length=30)
    title = models.CharField("名称", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State, default=State.WAITING)
    params = models.JSONField("参数", default=dict)
    done = models.PositiveIntegerField("已处理", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    message = models.CharField("说明", max_length=500, blank=True)
    result = models.JSONField("结果", default=dict)
    cancel_asked = models.BooleanField("要求取消", default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人"
    )
    created_at = models.DateTimeField("发起时间")
    started_at = models.DateTimeField("开始时间", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = "后台事项"
        verbose_name_plural = "后台事项"
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["created_by", "-created_at"], name="long_task_by_person"),)

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)
