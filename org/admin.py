"""The system administrator's pages: who there is, who holds what. Holders change through the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import BigIntegerField, OuterRef, Prefetch, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html

from office.refusals import Refused
from office.wording import chinese_date
from org import services
from org.forms import (
    ONE_DAY,
    AppointForm,
    AssignDutyForm,
    BasisForm,
    EditUserForm,
    EndTenureForm,
    NewUserForm,
    SharedDepartmentForm,
    SharedUnionForm,
    UnionChoice,
    UserChoice,
    WithUnionChoice,
)
from org.models import Body, Department, Duty, Post, Tenure, Union, User

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

admin.site.site_header = "系统管理"
admin.site.site_title = "系统管理"
admin.site.index_title = "组织、人员与规则"


def _period(row: Tenure | Duty) -> str:
    last = f"至 {chinese_date(row.last_day)}" if row.last_day else "起"
    return f"{chinese_date(row.first_day)} {last}"


class FixedOnceMade(admin.ModelAdmin):
    """Fields that others refer to stay as they were created."""

    fixed: tuple[str, ...] = ("union", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        given = tuple(super().get_readonly_fields(request, obj))
        return (*given, *self.fixed) if obj else given

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        model = db_field.remote_field.model
        if model is Union:
            kwargs |= {"queryset": Union.objects.in_order(), "form_class": UnionChoice}
        elif model is User:
            kwargs |= {"queryset": User.objects.filter(is_active=True), "form_class": UserChoice}
        else:
            found = model.objects.select_related("union")
            if model is Post:
                found = found.select_related("department")
            kwargs |= {"queryset": found.order_by("union__path", "id"), "form_class": WithUnionChoice}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ByService(FixedOnceMade):
    """Writes go through a service; should it refuse after all (somebody was faster), the page says so."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changelist_view, *args, **kwargs)

    def _told(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except Refused as refusal:
            self.message_user(request, refusal.message, level="ERROR")
            return HttpResponseRedirect(request.get_full_path())
        return response


class HeldPosts(admin.TabularInline):
    model = Tenure
    verbose_name_plural = "任职"
    fields = ("post", "term", "acting", "basis")
    readonly_fields = fields
    extra = 0
    can_delete = False

    @admin.display(description="任期")
    def term(self, row: Tenure) -> str:
        return _period(row)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenure]:
        return super().get_queryset(request).select_related("post__department", "user").order_by("-period")


class Holders(HeldPosts):
    verbose_name_plural = "历任"
    fields = ("user", "term", "acting", "basis")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = EditUserForm
    add_form = NewUserForm
    add_form_template = None  # Django's says in English that more can be set afterwards
    filter_horizontal = ("groups",)
    list_display = ("username", "name", "phone", "posts_now", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("username", "name", "phone")
    ordering = ("username",)
    inlines = (HeldPosts,)
    fieldsets = (
        (None, {"fields": ("username", "password", "name", "phone", "email")}),
        (
            "账号",
            {
                "fields": ("is_active", "is_staff", "is_superuser", "groups"),
                "description": "能办什么由任职决定，不在这里设置。离开单位的人请取消“有效”，不要删除。",
            },
        ),
        ("登录", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "name", "phone", "password1", "password2"),
            },
        ),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        today = Tenure.objects.on(timezone.localdate()).select_related("post__department")
        return super().get_queryset(request).prefetch_related(Prefetch("tenures", today, to_attr="now"))

    @admin.display(description="现任")
    def posts_now(self, row: Any) -> str:
        return "、".join(tenure.post.full_title for tenure in row.now)

    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active and obj.now:
            self.message_user(
                request,
                f"{obj}已停用，以下岗位即成空缺，请另行任命：{self.posts_now(obj)}。",
                level="WARNING",
            )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


class GroupAdmin(admin.ModelAdmin):
    """Groups only gather people who may look; nobody gets a right to act from a group."""

    fields = ("name",)
    search_fields = ("name",)


admin.site.unregister(Group)
admin.site.register(Group, GroupAdmin)


class Sharing(ByService):
    """A form with the two fields of who may look."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if {"looking_users", "looking_groups"} & set(form.changed_data):
            services.share(
                target=form.instance,
                users=form.cleaned_data["looking_users"],
                groups=form.cleaned_data["looking_groups"],
                actor=_actor(request),
                at=timezone.now(),
            )


@admin.register(Union)
class UnionAdmin(Sharing):
    form = SharedUnionForm
    fixed = ("code",)
    list_display = ("in_tree", "short_name", "code", "level", "ordinal")
    list_display_links = ("in_tree",)
    list_filter = ("level",)
    search_fields = ("name", "short_name", "code")
    fields = (
        "parent",
        "code",
        "name",
        "short_name",
        "level",
        "ordinal",
        "looking_users",
        "looking_groups",
    )
    list_per_page = 500

    def get_ordering(self, request: HttpRequest) -> Any:
        return (Union.objects.rank(),)

    @admin.display(description="工会")
    def in_tree(self, row: Union) -> SafeString:
        return format_html("{}{}", "　　" * (row.depth - 1), row.name)

    def save_model(self, request: HttpRequest, obj: Union, form: Any, change: bool) -> None:
        if change:
            obj.save()
        elif parent := form.cleaned_data["parent"]:
            Union.objects.add_child(parent, instance=obj)
        else:
            Union.objects.add_root(instance=obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Union | None = None) -> bool:
        # treebeard deletes what is below as well: only a leaf may go, and only if nothing hangs on it.
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_leaf())


@admin.register(Department)
class DepartmentAdmin(Sharing):
    form = SharedDepartmentForm
    list_display = ("name", "union", "code", "ordinal", "closed_on")
    list_filter = ("union",)
    list_select_related = ("union",)
    search_fields = ("name", "code", "union__name")
    ordering = ("union__path", "ordinal", "id")
    fields = ("union", "code", "name", "ordinal", "closed_on", "looking_users", "looking_groups")


@admin.register(Post)
class PostAdmin(FixedOnceMade):
    list_display = ("full_title", "union", "code", "kind", "holder", "ordinal")
    list_filter = ("union", "kind")
    list_select_related = ("union", "department")
    search_fields = ("title", "code", "department__name", "union__name")
    ordering = ("union__path", "department__ordinal", "ordinal", "id")
    fields = ("union", "department", "code", "title", "kind", "ordinal")
    inlines = (Holders,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        today = Tenure.objects.on(timezone.localdate()).select_related("user")
        return super().get_queryset(request).prefetch_related(Prefetch("tenures", today, to_attr="now"))

    @admin.display(description="岗位")
    def full_title(self, row: Post) -> str:
        return row.full_title

    @admin.display(description="现任", empty_value="空缺")
    def holder(self, row: Any) -> str | None:
        return "、".join(f"{each.user}{'（代理）' if each.acting else ''}" for each in row.now) or None

    def get_inlines(self, request: HttpRequest, obj: Post | None = None) -> Any:
        return self.inlines if obj else ()


@admin.register(Body)
class BodyAdmin(FixedOnceMade):
    list_display = ("name", "union", "code", "secretary")
    list_filter = ("union",)
    list_select_related = ("union", "secretary__department")
    ordering = ("union__path", "id")
    fields = ("union", "code", "name", "secretary")


@admin.register(Tenure)
class TenureAdmin(ByService):
    fixed = ("post", "user", "term", "acting")
    list_display = ("post", "union", "user", "term", "acting", "basis")
    list_filter = ("post__union", "acting")
    list_select_related = ("post__union", "post__department", "user")
    search_fields = ("user__name", "user__username", "post__title", "post__department__name")
    ordering = ("post__union__path", "post__department__ordinal", "post__ordinal", "post", "-period")

    def get_form(
        self, request: HttpRequest, obj: Tenure | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = AppointForm
        if obj:
            kwargs["form"] = BasisForm if obj.last_day else EndTenureForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Tenure | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("post", "user", "since", "acting", "basis")
        return (*self.fixed, "basis") if obj.last_day else (*self.fixed, "basis", "last_day")

    @admin.display(description="工会", ordering="post__union__path")
    def union(self, row: Tenure) -> Union:
        return row.post.union

    @admin.display(description="任期", ordering="period")
    def term(self, row: Tenure) -> str:
        return _period(row)

    def save_model(self, request: HttpRequest, obj: Tenure, form: Any, change: bool) -> None:
        actor, at, data = _actor(request), timezone.now(), form.cleaned_data
        if not change:
            chosen = {key: data[key] for key in ("post", "user", "since", "acting", "basis")}
            made = services.appoint(**chosen, actor=actor, at=at)
            obj.pk, obj.period = made.pk, made.period
            return
        obj.save(update_fields=["basis"])
        if data.get("last_day"):
            services.vacate(post=obj.post, on=data["last_day"] + ONE_DAY, actor=actor, at=at)

    def delete_model(self, request: HttpRequest, obj: Tenure) -> None:
        services.revoke(tenure=obj, actor=_actor(request), at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tenure]) -> None:
        for tenure in queryset:
            self.delete_model(request, tenure)


@admin.register(Duty)
class DutyAdmin(ByService):
    form = AssignDutyForm
    list_display = ("code", "union", "bearer", "term")
    list_filter = ("union", "code")
    list_select_related = ("union", "department", "body")
    ordering = ("union__path", "code", "-period")
    fields = ("union", "code", "department", "body", "since")

    def get_fields(self, request: HttpRequest, obj: Duty | None = None) -> tuple[str, ...]:
        return ("union", "code", "bearer", "term") if obj else self.fields

    @admin.display(description="承担者")
    def bearer(self, row: Duty) -> str:
        return str(row.bearer)

    @admin.display(description="起止", ordering="period")
    def term(self, row: Duty) -> str:
        return _period(row)

    def has_change_permission(self, request: HttpRequest, obj: Duty | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Duty, form: Any, change: bool) -> None:
        chosen = {key: form.cleaned_data[key] for key in self.fields}
        made = services.assign_duty(**chosen, actor=_actor(request), at=timezone.now())
        obj.pk, obj.period = made.pk, made.period

    def delete_model(self, request: HttpRequest, obj: Duty) -> None:
        services.withdraw_duty(duty=obj, actor=_actor(request), at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Duty]) -> None:
        for duty in queryset:
            self.delete_model(request, duty)


class HistoryAdmin(admin.ModelAdmin):
    """The auditor's net: every insert, update and delete with its actor, read only."""

    list_display = ("pgh_created_at", "happened", "__str__", "actor")
    list_filter = ("pgh_label", "pgh_created_at")
    ordering = ("-pgh_id",)
    LABELS = {"insert": "新增", "update": "修改", "delete": "删除"}  # noqa: RUF012 - never changed

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        actor = Cast(KeyTextTransform("user", "pgh_context__metadata"), BigIntegerField())
        found: QuerySet[Any] = super().get_queryset(request).annotate(actor_id=actor)
        named: QuerySet[Any] = found.annotate(
            actor_name=Subquery(User.objects.filter(pk=OuterRef("actor_id")).values("name"))
        )
        return named

    @admin.display(description="操作")
    def happened(self, row: Any) -> str:
        return self.LABELS[row.pgh_label]

    @admin.display(description="操作人", empty_value="（系统）")
    def actor(self, row: Any) -> str | None:
        name: str | None = row.actor_name
        return name

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


TRACKED: tuple[Any, ...] = (Department, Post, Tenure, Duty)
admin.site.register([model.pgh_event_model for model in TRACKED], HistoryAdmin)


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)  # the admin lets nobody else in
