"""How hard a rule bites; one scale for the whole project."""

from __future__ import annotations

from django.db.models import TextChoices


class Severity(TextChoices):
    """What a finding against a rule means for the act it is about."""

    BLOCK = "block", "不得办理"
    HOLD = "hold", "须经批准例外"
    WARN = "warn", "提示并说明"
    OFF = "off", "不检查"
