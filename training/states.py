"""Where a training record comes from and how the training ended."""

from __future__ import annotations

from django.db import models


class RecordResult(models.TextChoices):
    """结果."""

    COMPLETED = "completed", "结业"
    ATTENDED = "attended", "参训"
    FAILED = "failed", "未结业"


class RecordSource(models.TextChoices):
    """Who vouches for it."""

    CLASS_RUN = "class_run", "本系统班次"
    IMPORTED = "imported", "导入"
    DECLARED = "declared", "个人申报"
