"""The money ledger: funds, projects, accounts and the entries that move amounts between them."""

from __future__ import annotations

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "budgets"
    verbose_name = "经费"
