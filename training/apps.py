from __future__ import annotations

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    """The ledger of training: who was trained in what, when, for how many hours."""

    name = "training"
    verbose_name = "培训档案"
