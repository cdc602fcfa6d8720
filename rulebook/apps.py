"""The app."""

from __future__ import annotations

from django.apps import AppConfig


class RulebookConfig(AppConfig):
    """rulebook/"""

    name = "rulebook"
    verbose_name = "制度"
