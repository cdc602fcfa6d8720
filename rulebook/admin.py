"""Rule books to look at; they are changed by loading a file, never by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.html import format_html

from rulebook.models import RuleBook

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from rulebook.models import RuleBookQuerySet

    Admin = admin.ModelAdmin[RuleBook]
else:
    Admin = admin.ModelAdmin


@admin.register(RuleBook)
class RuleBookAdmin(Admin):
    list_display = ("title", "union", "number", "edition", "period", "loaded_at")
    list_filter = ("union",)
    list_select_related = ("union",)
    search_fields = ("title", "number", "code")
    fields = ("union", "title", "number", "edition", "period", "chain", "loaded_at", "digest", "source")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> RuleBookQuerySet:
        return RuleBook.objects.without_text().order_by("union", "code", "-edition")

    @admin.display(description="施行期间", ordering="valid")
    def period(self, row: RuleBook) -> str:
        last = row.valid.upper and row.valid.upper - timedelta(days=1)
        return f"{row.valid.lower} 至 {last}" if last else f"{row.valid.lower} 起"

    @admin.display(description="审批环节")
    def chain(self, row: RuleBook) -> str:
        return " → ".join(step.title for step in row.book.steps)

    @admin.display(description="原文件")
    def source(self, row: RuleBook) -> SafeString:
        return format_html("<pre>{}</pre>", row.source_text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RuleBook | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RuleBook | None = None) -> bool:
        return False
