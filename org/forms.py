"""Forms of the administration: what the rules say is told in the form, before anything is written."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, FilteredSelectMultiple
from django.contrib.auth.forms import UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group

from org import rules
from org.models import Department, Duty, Tenure, Union, User
from org.selectors import duties_of, lookers, looking_groups, tenures_of

if TYPE_CHECKING:
    from office.refusals import Refused

    UnionForm = forms.ModelForm[Union]
    DepartmentForm = forms.ModelForm[Department]
    TenureForm = forms.ModelForm[Tenure]
    DutyForm = forms.ModelForm[Duty]
    Choice = forms.ModelChoiceField[Any]
    NewUser = UserCreationForm[User]
    EditUser = UserChangeForm[User]
else:
    UnionForm = DepartmentForm = TenureForm = DutyForm = forms.ModelForm
    Choice = forms.ModelChoiceField
    NewUser, EditUser = UserCreationForm, UserChangeForm

ONE_DAY = datetime.timedelta(days=1)


class UnionChoice(Choice):
    """Unions as a tree."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{'　' * (obj.depth - 1)}{obj.name}"


class WithUnionChoice(Choice):
    """Departments, posts, meetings of several unions: the union stands in front."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.union.short_name or obj.union.name} · {obj}"


class UserChoice(Choice):
    """People of one name are told apart by their sign-in name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.username}）"


class NewUserForm(NewUser):
    class Meta:
        model = User
        fields = ("username", "name", "phone")


class EditUserForm(EditUser):
    class Meta:
        model = User
        fields = "__all__"  # the admin's fieldsets choose


class SharingForm(forms.Form):
    """The two fields of :func:`org.services.share`."""

    looking_users = forms.ModelMultipleChoiceField(
        queryset=User.objects.all(),
        required=False,
        label="可查阅的人员",
        widget=FilteredSelectMultiple("人员", is_stacked=False),
        help_text="除本职之外，另外允许查阅全部计划和经费的人，例如经审人员、分管领导。只能看，不能办。",
    )
    looking_groups = forms.ModelMultipleChoiceField(
        queryset=Group.objects.order_by("name"),
        required=False,
        label="可查阅的用户组",
        widget=FilteredSelectMultiple("用户组", is_stacked=False),
    )


class SharedUnionForm(SharingForm, UnionForm):
    parent = UnionChoice(
        queryset=Union.objects.none(), required=False, label="上级工会", help_text="设定后不再变更"
    )

    class Meta:
        model = Union
        fields = ("code", "name", "short_name", "level", "ordinal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _show_sharing(self)
        parent = cast("forms.ModelChoiceField[Union]", self.fields["parent"])
        parent.queryset = Union.objects.in_order()
        if self.instance.pk:
            parent.disabled = True
            self.initial["parent"] = self.instance.superior


class SharedDepartmentForm(SharingForm, DepartmentForm):
    class Meta:
        model = Department
        fields = ("union", "code", "name", "ordinal", "closed_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _show_sharing(self)

    def clean_closed_on(self) -> datetime.date | None:
        closed_on: datetime.date | None = self.cleaned_data["closed_on"]
        if closed_on is not None and self.instance.pk:
            _tell(rules.closing_refusal(closed_on=closed_on, duties=list(self.instance.duties.all())))
        return closed_on


class AppointForm(TenureForm):
    since = forms.DateField(
        label="任职起始日",
        widget=AdminDateWidget(),
        help_text="可以早于今天。前任的任期到这一天的前一天为止，其余不变。",
    )

    class Meta:
        model = Tenure
        fields = ("post", "user", "acting", "basis")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if {"post", "user", "since"} <= data.keys():
            _tell(
                rules.appointment_refusal(
                    post=data["post"],
                    user=data["user"],
                    since=data["since"],
                    acting=data["acting"],
                    tenures=tenures_of(data["post"]),
                )
            )
        return data


class BasisForm(TenureForm):
    class Meta:
        model = Tenure
        fields = ("basis",)


class EndTenureForm(BasisForm):
    last_day = forms.DateField(
        label="最后任职日",
        required=False,
        widget=AdminDateWidget(),
        help_text="只在离任而无人接任时填写；有人接任的，直接新增接任者的任职。",
    )

    def clean_last_day(self) -> datetime.date | None:
        last_day: datetime.date | None = self.cleaned_data["last_day"]
        if last_day is not None:
            on = last_day + ONE_DAY
            current = self.instance if on in self.instance else None
            _tell(rules.vacancy_refusal(post=self.instance.post, on=on, current=current))
        return last_day


class AssignDutyForm(DutyForm):
    since = forms.DateField(
        label="起始日",
        widget=AdminDateWidget(),
        help_text="原来承担的部门或会议到这一天的前一天为止。",
    )

    class Meta:
        model = Duty
        fields = ("union", "code", "department", "body")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if {"union", "code", "since"} <= data.keys():
            _tell(
                rules.duty_refusal(
                    union=data["union"],
                    code=data["code"],
                    department=data.get("department"),
                    body=data.get("body"),
                    since=data["since"],
                    duties=duties_of(data["union"], data["code"]),
                )
            )
        return data

    def _post_clean(self) -> None:
        # The rule has spoken of the bearer already; the model's constraint would say it a second time.
        if not self.errors:
            super()._post_clean()  # type: ignore[misc]


def _show_sharing(form: SharedUnionForm | SharedDepartmentForm) -> None:
    if form.instance.pk:
        form.initial.setdefault("looking_users", lookers(form.instance))
        form.initial.setdefault("looking_groups", looking_groups(form.instance))


def _tell(refusal: Refused | None) -> None:
    if refusal is not None:
        raise forms.ValidationError(refusal.message)
