"""The ledger in the admin: to look at, never to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from budgets.models import (
    Account,
    BudgetLine,
    Commitment,
    Entry,
    Fund,
    FundAct,
    Invoice,
    LectureFee,
    Payment,
    Project,
    Settlement,
    SettlementLine,
    SupportingPaper,
)

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


class SupportingPaperInline(ReadOnlyMixin, TabularInline):
    model = SupportingPaper
    fields = ("code", "title", "file", "evidence")


class InvoiceInline(ReadOnlyMixin, TabularInline):
    model = Invoice
    fields = ("number", "amount", "shared", "active")


class LectureFeeInline(ReadOnlyMixin, TabularInline):
    model = LectureFee
    fields = ("lecturer", "title", "hours", "after_tax", "before_tax", "topics")


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("id", "project", "line", "session_no", "title", "payee", "outstanding", "at")
    list_select_related = ("project", "line")
    search_fields = ("project__number", "title", "payee", "contract_number")
    date_hierarchy = "at"
    inlines = (SupportingPaperInline,)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = (
        "id",
        "project",
        "session_no",
        "title",
        "payee",
        "amount",
        "paid_on",
        "voucher",
        "refunds",
    )
    list_filter = ("kind", "method", "subject")
    list_select_related = ("project", "refunds")
    search_fields = ("project__number", "title", "payee", "voucher", "invoices__number")
    date_hierarchy = "paid_on"
    inlines = (InvoiceInline, LectureFeeInline, SupportingPaperInline)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("number", "union", "payment", "amount", "active", "shared")
    list_filter = ("active",)
    list_select_related = ("union", "payment")
    search_fields = ("number",)


@admin.register(LectureFee)
class LectureFeeAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("lecturer", "title", "hours", "after_tax", "before_tax", "payment")
    list_select_related = ("payment",)
    search_fields = ("lecturer",)


@admin.register(SupportingPaper)
class SupportingPaperAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("id", "code", "title", "payment", "commitment", "entry", "file")
    list_filter = ("code",)
    list_select_related = ("payment", "commitment", "entry", "file")
    search_fields = ("title",)


@admin.register(FundAct)
class FundActAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("id", "fund", "kind", "actor", "at", "reason")
    list_filter = ("kind",)
    list_select_related = ("fund", "actor")
    date_hierarchy = "at"


class SettlementLineInline(ReadOnlyMixin, TabularInline):
    model = SettlementLine
    fields = ("line", "budget", "adjusted", "actual", "explanation")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("project", "session_no", "trainees", "staff", "days", "actor", "at")
    list_select_related = ("project", "actor")
    search_fields = ("project__number",)
    date_hierarchy = "at"
    inlines = (SettlementLineInline,)


@admin.register(SettlementLine)
class SettlementLineAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("settlement", "line", "budget", "adjusted", "actual", "explanation")
    list_select_related = ("settlement__project", "line")
