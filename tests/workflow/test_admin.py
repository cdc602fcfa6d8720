"""The administration doesn't reach past the services."""

from __future__ import annotations

from django.contrib import admin


def test_no_model_of_the_process_can_be_edited_in_the_administration() -> None:
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels == {"auth", "org", "rulebook", "budgets"}
