"""What is asked about cadres: which to list, who one is, where he goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms

from org.excel.identity import read_identity
from org.excel.problems import Status
from org.states import CadreKind, CadreStatus, Committee, Gender, IdentityKind, Leadership
from workflow.forms.fields import Text

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Mapping, Sequence

    from org.models import Cadre, Union
    from org.unit_names import UnitMatch

BARE: Final = {"class": "bare"}
_DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
#: Years without training one may ask for.
YEARS: Final = range(1, 11)


def day(label: str, *, required: bool = False, hint: str = "") -> forms.DateField:
    """A date as offices write it."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        input_formats=_DATES,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "invalid": "这不是日期，请写成 2027-06-08。",
            "required": f"请填写{label}。",
        },
    )


def _choice(label: str, choices: Sequence[tuple[str, str]], empty: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[("", empty), *choices],
        error_messages={"invalid_choice": f"请重新选择{label}。"},
    )


class _Asked(forms.Form):
    """Filters of a list: nonsense in the address counts as not asked."""

    start: ClassVar[Mapping[str, str]] = {}

    def __init__(self, data: Mapping[str, str], units: Sequence[Union]) -> None:
        super().__init__({**self.start, **{key: data[key] for key in data if data[key]}})
        top = min((len(unit.path) for unit in units), default=0)
        choice = self.fields["unit"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [
                (str(unit.pk), f"{'　' * ((len(unit.path) - top) // 4)}{unit.name}") for unit in units
            ]

    def asked(self, name: str) -> str:
        """The answer, empty where there is none or a wrong one."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class CadreFilter(_Asked):
    """The list of cadres: unit, whether those below count too, status."""

    start: ClassVar[Mapping[str, str]] = {"status": CadreStatus.ACTIVE.value}

    unit = forms.ChoiceField(label="单位", required=False, widget=forms.Select(attrs=BARE))
    scope = forms.ChoiceField(
        label="范围",
        required=False,
        choices=(("", "含下级单位"), ("own", "只看本级")),
        widget=forms.Select(attrs=BARE),
    )
    status = forms.ChoiceField(
        label="状态",
        required=False,
        choices=(*CadreStatus.choices, ("all", "全部状态")),
        widget=forms.Select(attrs=BARE),
    )


class ForgottenFilter(_Asked):
    """The list of those without training: unit, and after how many years."""

    unit = forms.ChoiceField(label="单位", required=False, widget=forms.Select(attrs=BARE))
    years = forms.ChoiceField(
        label="年数",
        required=False,
        choices=[(str(years), f"{years} 年以上未训") for years in YEARS],
        widget=forms.Select(attrs=BARE),
    )


class UnitField(forms.CharField):
    """A unit by its name, as lists write it; cleans to its key. ``names`` tells what a name means."""

    def __init__(self, *, names: Callable[[str], UnitMatch], **more: Any) -> None:
        self.names = names
        super().__init__(
            max_length=100,
            widget=forms.TextInput({"list": "units", "autocomplete": "off"}),
            error_messages={"required": "请填写单位全称。"},
            **more,
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        match = self.names(text)
        if match.sure is not None:
            return match.sure.pk
        if match.choices:
            several = "、".join(choice.name for choice in match.choices[:6])
            raise forms.ValidationError(f"“{text}”有几个：{several}。请在前面写上它的上级。")
        raise forms.ValidationError(f"单位名录里没有“{text}”，请写单位全称或登记过的别名。")


class CadreForm(forms.Form):
    """What is known of a cadre beside document, unit and status; ``cleaned_data`` fits the service."""

    name = Text(label="姓名", most=60, required=True)
    former_name = Text(label="曾用名", most=60)
    gender = _choice("性别", Gender.choices)
    born_on = day("出生日期")
    kind = _choice("专兼职", CadreKind.choices)
    post_title = Text(label="职务", most=120, help_text="兼任几职的用顿号隔开")
    rank = Text(label="职级", most=60)
    leadership = _choice("主席职务", Leadership.choices, empty="不是主席、副主席")
    appointed_on = day("任职日期", hint="选举或批复的日期")
    committees = forms.MultipleChoiceField(
        label="三委委员",
        required=False,
        choices=Committee.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "请重新勾选三委委员。"},
    )
    phone = Text(label="手机", most=60)
    remark = Text(label="备注", most=200)

    def __init__(self, data: Any = None, *, cadre: Cadre | None = None) -> None:
        initial = {name: getattr(cadre, name) for name in self.base_fields} if cadre is not None else {}
        super().__init__(data, initial=initial)


class NewCadreForm(CadreForm):
    """The same with document, unit and first day there. Reads an identity number as lists do (DOMAIN §4)."""

    identity_kind = forms.ChoiceField(label="证件类型", choices=IdentityKind.choices)
    number = forms.CharField(
        label="证件号码",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "请填写证件号码。"},
    )
    since = day("到单位日期", required=True)

    def __init__(self, data: Any = None, *, names: Callable[[str], UnitMatch], today: datetime.date) -> None:
        super().__init__(data)
        self._today = today
        self.fields["unit"] = UnitField(names=names, label="单位")
        self.fields["leadership"].choices = [("", "按职务判断"), *Leadership.choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The number as it is sealed; birth and gender by it where they weren't said."""
        data = self.cleaned_data
        if not (data.get("number") and data.get("identity_kind")):
            return data
        found = read_identity(data["number"], kind=data["identity_kind"], today=self._today)
        stops = [problem for problem in found.problems if problem.status in (Status.HELD, Status.REJECTED)]
        for problem in stops:
            self.add_error("number", f"{problem.message}{problem.mend}")
        if stops or not found.number:
            return data
        data["number"] = found.number
        for name, by_number in (("born_on", found.born_on), ("gender", found.gender)):
            if by_number and data.get(name) and data[name] != by_number:
                self.add_error(name, "和证件号码不一致，请核对。")
            data[name] = data.get(name) or by_number
        return data


class MoveForm(forms.Form):
    """调动: where to, from which day, as what."""

    since = day("到新单位日期", required=True)
    post_title = Text(label="新职务", most=120, help_text="不填则职务不变")

    def __init__(self, data: Any = None, *, names: Callable[[str], UnitMatch]) -> None:
        super().__init__(data)
        self.fields["unit"] = UnitField(names=names, label="调入单位")
        self.order_fields(["unit", "since", "post_title"])


class StatusForm(forms.Form):
    """Whether he is in office, from which day."""

    status = forms.ChoiceField(
        label="状态", choices=CadreStatus.choices, error_messages={"invalid_choice": "请重新选择状态。"}
    )
    on = day("自哪一天起", required=True)


class AccountForm(forms.Form):
    """The name he signs in by; empty: none."""

    username = Text(
        label="登录账号", most=150, help_text="本人登录后可看到自己的调训安排和培训记录；不填表示没有"
    )


class PurposeForm(forms.Form):
    """Why somebody wants to see whole numbers."""

    purpose = Text(
        label="事由", most=200, required=True, help_text="如：办理结业证书、核对报名信息；会留下记录"
    )


class VoidForm(forms.Form):
    """Why a record is voided."""

    reason = Text(label="作废原因", most=200, required=True, help_text="如：与另一条重复")
