from __future__ import annotations

from django.apps import AppConfig


class OrgConfig(AppConfig):
    """Who: unions, departments, duties, posts and their holders."""

    name = "org"
    verbose_name = "组织与人员"
