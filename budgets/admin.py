"""The ledger in the admin: to look at, never to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from budgets.models import Account, BudgetLine, Entry, Fund, Project

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

    ModelAdmin = admin.ModelAdmin[Model]
    TabularInline = admin.TabularInline[Model, Model]
else:
    # Django's classes know no type parameters when the program runs.
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline


class ReadOnlyMixin:
    """Rows come and go by services only."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Fund)
class FundAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("title", "union", "year", "source", "status", "basis", "closed_on")
    list_filter = ("union", "year", "status")
    list_select_related = ("union",)


class BudgetLineInline(ReadOnlyMixin, TabularInline):
    model = BudgetLine
    fields = ("ordinal", "item", "title")


@admin.register(Project)
class ProjectAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("number", "name", "department", "fund")
    list_filter = ("fund",)
    list_select_related = ("department", "fund")
    search_fields = ("number", "name")
    inlines = (BudgetLineInline,)


@admin.register(Account)
class AccountAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("id", "kind", "fund", "line", "balance")
    list_filter = ("kind", "fund")
    list_select_related = ("fund", "line")


@admin.register(Entry)
class EntryAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("id", "at", "kind", "amount", "project", "actor", "reference")
    list_filter = ("kind",)
    list_select_related = ("project", "actor")
    search_fields = ("project__number", "reference")
    date_hierarchy = "at"
