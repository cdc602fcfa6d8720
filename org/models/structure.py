from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pghistory
import pgtrigger
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, OuterRef, Value
from django.db.models.functions import Cast, Length, Substr
from treebeard.mp_tree import MP_Node, MP_NodeManager

from org.states import PostKind, UnionLevel

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable


def tracked(label: str) -> Callable[[type[models.Model]], type[models.Model]]:
    """Class decorator: keep every insert, update and delete; ``label`` names the kind of row (岗位).

    New trackers for each model: pghistory writes the model's fields into them.
    """
    title = f"{label}变更记录"
    track: Callable[[type[models.Model]], type[models.Model]] = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        meta={"verbose_name": title, "verbose_name_plural": title},
    )
    return track


def same_union(name: str, *, column: str, table: str, message: str) -> pgtrigger.Trigger:
    """A trigger: the row that ``column`` points to belongs to the same union as this row."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        # Names and text are constants of this package; nothing typed by anyone gets in.
        func=f"""
            IF NEW.{column} IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM {table} WHERE id = NEW.{column} AND union_id = NEW.union_id
            ) THEN
                RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608
    )


def never_moves(*fields: str) -> pgtrigger.ReadOnly:
    """A trigger: these columns keep what they were created with."""
    return pgtrigger.ReadOnly(name="fixed", fields=list(fields))


class UnionManager(MP_NodeManager):
    """Unions as a tree; treebeard itself sorts by insertion, people sort by ordinal."""

    def found(self, *, parent: Union | None = None, **fields: Any) -> Union:
        """Create a union below ``parent`` (None: at the top)."""
        with transaction.atomic():
            created = self.add_child(parent, fields) if parent else self.add_root(fields)
        return cast("Union", created)

    def in_order(self) -> models.QuerySet[Union]:
        """The whole tree depth first, parents before children, siblings by ordinal."""
        return cast("models.QuerySet[Union]", self.get_queryset().order_by(self.rank()))

    def rank(self) -> ArraySubquery:
        """What :meth:`in_order` sorts by: the ordinals from the top down, each made unique by its key."""
        rank = Cast(F("ordinal"), models.BigIntegerField()) * Value(2**32) + F("pk")
        above = Union.objects.filter(path=Substr(OuterRef("path"), 1, Length("path")))
        return ArraySubquery(above.order_by("depth").annotate(rank=rank).values("rank"))


class Union(MP_Node):
    """A trade union of any level. Tree calls: ``Union.objects.found(…)``, ``.in_order()``."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=100)
    short_name = models.CharField("简称", max_length=40, blank=True)
    level = models.CharField("层级", max_length=12, choices=UnionLevel)
    ordinal = models.PositiveIntegerField("排序", default=0)

    objects: UnionManager = UnionManager()

    class Meta:
        verbose_name = "工会"
        verbose_name_plural = "工会"
        permissions = (("look_union", "查阅本工会的全部计划"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(level__in=UnionLevel.values), name="org_union_level_known"
            ),
        )
        triggers = (
            # A union that moves in the tree takes its cadres along: their lists are found by the path.
            pgtrigger.Trigger(
                name="cadres_follow_path",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(new="changed"),
                func="""
                    UPDATE org_cadre c SET unit_path = u.path FROM changed u
                    WHERE c.unit_id = u.id AND c.unit_path <> u.path;
                    RETURN NULL;
                """,
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def superior(self) -> Union | None:
        """The union above (上级工会); None at the top. Read once, then kept on the object."""
        return cast("Union | None", Union.objects.get_parent(self))


@tracked("部门")
class Department(models.Model):
    union = models.ForeignKey(
        Union, verbose_name="工会", on_delete=models.PROTECT, related_name="departments"
    )
    code = models.SlugField("代码", max_length=40)
    name = models.CharField("名称", max_length=100)
    ordinal = models.PositiveIntegerField("排序", default=0)
    closed_on = models.DateField("撤销日期", null=True, blank=True, help_text="自这一天起不再存在")

    class Meta:
        verbose_name = "部门"
        verbose_name_plural = "部门"
        ordering = ("union", "ordinal", "id")
        permissions = (("look_department", "查阅本部门的全部计划"),)
        constraints = (
            models.UniqueConstraint(
                fields=("union", "code"),
                name="org_department_code",
                violation_error_message="本工会已有这个代码的部门。",
            ),
        )
        triggers = (never_moves("union"),)

    def __str__(self) -> str:
        return self.name

    def is_closed(self, on: datetime.date) -> bool:
        """Whether the department no longer exists on ``on``."""
        return self.closed_on is not None and self.closed_on <= on


@tracked("岗位")
class Post(models.Model):
    """A seat people hold one after another; tasks belong to it, not to the person (S4)."""

    union = models.ForeignKey(Union, verbose_name="工会", on_delete=models.PROTECT, related_name="posts")
    department = models.ForeignKey(
        Department,
        verbose_name="部门",
        on_delete=models.PROTECT,
        related_name="posts",
        null=True,
        blank=True,
        help_text="工会领导岗位不填部门",
    )
    code = models.SlugField("代码", max_length=60)
    title = models.CharField("职务", max_length=60)
    kind = models.CharField("类别", max_length=12, choices=PostKind)
    ordinal = models.PositiveIntegerField("排序", default=0)

    class Meta:
        verbose_name = "岗位"
        verbose_name_plural = "岗位"
        ordering = ("union", "department__ordinal", "ordinal", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("union", "code"),
                name="org_post_code",
                violation_error_message="本工会已有这个代码的岗位。",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=PostKind.values), name="org_post_kind_known"),
            models.CheckConstraint(
                condition=~models.Q(kind=PostKind.HEAD) | models.Q(department__isnull=False),
                name="org_post_head_has_department",
                violation_error_message="部门负责人岗位须填写所在部门。",
            ),
        )
        triggers = (
            never_moves("union"),
            same_union(
                "department_of_same_union",
                column="department_id",
                table="org_department",
                message="岗位与部门须属于同一工会",
            ),
        )

    def __str__(self) -> str:
        return self.full_title

    def clean(self) -> None:
        if self.department and self.department.union_id != self.union_id:
            raise ValidationError({"department": "岗位与部门须属于同一工会。"})

    @property
    def full_title(self) -> str:
        """The post as people call it: 宣传网络部 部长; a union-level post has no department before it."""
        return f"{self.department.name} {self.title}" if self.department else self.title


class Body(models.Model):
    """A meeting that decides, with the post that keeps its agenda (会议秘书)."""

    union = models.ForeignKey(Union, verbose_name="工会", on_delete=models.PROTECT, related_name="bodies")
    code = models.SlugField("代码", max_length=40)
    name = models.CharField("名称", max_length=60)
    secretary = models.ForeignKey(
        Post, verbose_name="会议秘书岗位", on_delete=models.PROTECT, related_name="bodies"
    )

    class Meta:
        verbose_name = "会议"
        verbose_name_plural = "会议"
        ordering = ("union", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("union", "code"),
                name="org_body_code",
                violation_error_message="本工会已有这个代码的会议。",
            ),
        )
        triggers = (
            never_moves("union"),
            same_union(
                "secretary_of_same_union",
                column="secretary_id",
                table="org_post",
                message="会议秘书岗位须属于同一工会",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # Before the secretary is chosen there is nothing to compare.
        if self.secretary_id and self.secretary.union_id != self.union_id:
            raise ValidationError({"secretary": "会议秘书岗位须属于同一工会。"})
