from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    """What every desk has: files, numbers, cells, working days, wording, refusals."""

    name = "office"
    verbose_name = "文件与编号"
