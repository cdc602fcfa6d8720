"""A new alias of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from org.models import Union

_DATES = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


def _day(label: str, hint: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=hint,
        input_formats=_DATES,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "这不是日期，请写成 2027-06-08。"},
    )


class AliasForm(forms.Form):
    """``cleaned_data``: unit (key), alias, since and until (dates or None)."""

    unit = forms.TypedChoiceField(
        label="单位",
        coerce=int,
        error_messages={"required": "请选择单位。", "invalid_choice": "请重新选择单位。"},
    )
    alias = forms.CharField(
        label="别名",
        max_length=100,
        help_text="名册上的写法：简称、旧名",
        error_messages={"required": "请填写别名。"},
    )
    since = _day("启用日期", "不填表示一直有效")
    until = _day("停用日期", "自这一天起不再使用；不填表示仍在使用")

    def __init__(self, data: Any = None, *, units: Sequence[Union]) -> None:
        super().__init__(data)
        choice = self.fields["unit"]
        if isinstance(choice, forms.TypedChoiceField):
            choice.choices = [("", "请选择"), *((unit.pk, unit.name) for unit in units)]
