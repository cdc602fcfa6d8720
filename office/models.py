"""Counters and stored files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pgtrigger
from django.core.validators import RegexValidator
from django.db import models

if TYPE_CHECKING:
    import datetime


class Counter(models.Model):
    """The last number drawn of a series; written by :func:`office.numbering.next_number` alone."""

    key = models.CharField("序列", max_length=80, unique=True)
    value = models.PositiveBigIntegerField("已用到")

    class Meta:
        verbose_name = "编号序列"
        verbose_name_plural = "编号序列"
        ordering = ("key",)
        triggers = (
            # A number drawn once is never drawn again.
            pgtrigger.Protect(
                name="counts_up",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__value__lte=pgtrigger.F("old__value")),
            ),
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"


def upload_path(file: StoredFile, filename: str) -> str:
    """Folder by month, name by digest: nothing a person typed reaches the file system."""
    stored_at: datetime.datetime = file.stored_at
    suffix = filename.rsplit(".", 1)[-1].lower() if "." in filename else "bin"
    return f"{stored_at:%Y/%m}/{file.sha256}.{suffix}"


class StoredFile(models.Model):
    """One uploaded file, checked by :func:`office.uploads.store`.

    It knows nobody: whoever links to it decides who may read it. Never served by its address.
    """

    file = models.FileField("文件", upload_to=upload_path, max_length=200)
    name = models.CharField("文件名", max_length=120)
    size = models.PositiveBigIntegerField("字节数")
    mime = models.CharField("类型", max_length=100)
    sha256 = models.CharField("校验值", max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    stored_at = models.DateTimeField("存入时间")

    class Meta:
        verbose_name = "文件"
        verbose_name_plural = "文件"
        ordering = ("-stored_at", "-id")
        triggers = (pgtrigger.ReadOnly(name="as_stored"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(size__gt=0), name="office_storedfile_not_empty"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="office_storedfile_sha256"
            ),
        )

    def __str__(self) -> str:
        return self.name
