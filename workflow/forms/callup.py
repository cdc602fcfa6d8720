"""What the organiser and a unit's contact type about people called up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from org.excel.layouts import ROSTER
from org.excel.phones import read_phone
from org.excel.problems import OURS
from org.states import CadreKind
from workflow.forms.fields import Number, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.forms import BoundField

    from org.models import Union
    from workflow.models import CallUp, Quota

_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")
_MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M")
MOST_SEATS = 100_000


class QuotaRow:
    """A unit's line of the quota table: three inputs, named by the unit."""

    def __init__(self, form: QuotaForm, unit: Union) -> None:
        self.unit = unit
        self.seats: BoundField = form[f"seats_{unit.pk}"]
        self.reserve: BoundField = form[f"reserve_{unit.pk}"]
        self.note: BoundField = form[f"note_{unit.pk}"]


class QuotaForm(forms.Form):
    """名额分配: seats, 备选 and a note for each unit, and the organiser's own 机动 seats."""

    def __init__(
        self, data: Any = None, *, units: Sequence[Union], quotas: Iterable[Quota], reserve_seats: int
    ) -> None:
        super().__init__(data)
        known = {quota.unit_id: quota for quota in quotas}
        self.units = list(units)
        self.fields["reserve_seats"] = Number(
            most=MOST_SEATS,
            label="机动名额",
            example="2",
            initial=reserve_seats,
            attrs={"class": "bare num", "aria-label": "机动名额"},
        )
        for unit in self.units:
            quota = known.get(unit.pk)
            for name, label, value in (
                ("seats", "名额", quota.seats if quota else 0),
                ("reserve", "备选名额", quota.reserve if quota else 0),
            ):
                self.fields[f"{name}_{unit.pk}"] = Number(
                    most=MOST_SEATS,
                    label=f"{unit.name}{label}",
                    example="10",
                    initial=value,
                    attrs={"class": "bare num", "aria-label": f"{unit.name}{label}"},
                )
            note = Text(most=200, label=f"{unit.name}其中", initial=quota.note if quota else "")
            note.widget.attrs |= {"class": "bare", "aria-label": f"{unit.name}其中"}
            self.fields[f"note_{unit.pk}"] = note

    @property
    def rows(self) -> list[QuotaRow]:
        return [QuotaRow(self, unit) for unit in self.units]

    def lines(self) -> list[tuple[int, int, int, str]]:
        """(unit, seats, reserve, note) of the units that get any seat."""
        given = self.cleaned_data
        lines = [
            (unit.pk, given[f"seats_{unit.pk}"], given[f"reserve_{unit.pk}"], given[f"note_{unit.pk}"])
            for unit in self.units
        ]
        return [line for line in lines if line[1] or line[2]]

    @property
    def total(self) -> int:
        """The seats given to units as typed; what can't be read counts nothing."""
        if not self.is_bound:
            return sum(int(self.fields[f"seats_{unit.pk}"].initial or 0) for unit in self.units)
        return sum(self.cleaned_data.get(f"seats_{unit.pk}") or 0 for unit in self.units)


class Moment(forms.DateTimeField):
    """A day and a minute with the browser's own picker, in the office's time."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            input_formats=_MOMENTS,
            error_messages={"invalid": "时间无法识别，请写成 2027-06-11 17:00。"},
            **more,
        )

    def prepare_value(self, value: Any) -> Any:
        """The picker takes no zone."""
        return timezone.make_naive(value) if hasattr(value, "tzinfo") and value.tzinfo else value


class NoticeForm(forms.Form):
    """What a 调训通知 says beyond the class and the rule book."""

    document_number = Text(most=60, label="文号")
    issued_on = forms.DateField(
        required=False,
        label="成文日期",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        input_formats=_DATES,
        error_messages={"invalid": "日期无法识别，请写成 2027-05-31。"},
    )
    deadline = Moment(label="报名截止")
    addressees = Text(most=300, rows=2, label="主送单位", help_text="空着时写为：各有关单位工会")
    contact_name = Text(most=50, label="联系人")
    contact_phone = Text(most=30, label="联系电话")
    contact_email = forms.EmailField(
        required=False, label="邮箱", error_messages={"invalid": "邮箱格式不对，如 xlb@example.org。"}
    )
    requirements = Text(most=2000, rows=3, label="其他要求", help_text="一行一条")

    def __init__(self, data: Any = None, *, call_up: CallUp) -> None:
        super().__init__(data, initial={name: getattr(call_up, name) for name in self.base_fields})

    def clean_contact_phone(self) -> str:
        """Whoever reads the paper has to reach somebody."""
        typed: str = self.cleaned_data["contact_phone"].strip()
        read = read_phone(typed, title="联系电话")
        if typed and not read.value:
            raise forms.ValidationError(
                f"联系电话“{typed}”不是电话号码，请填写 11 位手机号或带区号的座机号。"
            )
        return typed


class ProlongForm(forms.Form):
    """A later deadline of a notice that has gone out."""

    deadline = Moment(label="报名截止")

    def __init__(self, data: Any = None, *, call_up: CallUp) -> None:
        super().__init__(data, initial={"deadline": call_up.deadline})
        self.fields["deadline"].required = True
        self.fields["deadline"].error_messages["required"] = "请填写新的截止时间。"


class SeatFilter(forms.Form):
    """What narrows a list of people; nonsense in the address counts as not asked."""

    def __init__(self, data: Any, *, units: Sequence[tuple[int, str]]) -> None:
        super().__init__(data)
        if len(units) > 1:
            self.fields["unit"] = forms.ChoiceField(
                label="单位",
                required=False,
                choices=[("", "全部单位"), *units],
                widget=forms.Select({"class": "bare"}),
            )
        self.fields["q"] = Text(most=60, label="查找姓名、单位、职务")
        self.fields["q"].widget.attrs |= {"class": "bare", "placeholder": "姓名、单位、职务"}

    def asked(self, name: str) -> str:
        """What was asked by that name; the empty string for nothing, or for nonsense."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")


class OverrideFilter(forms.Form):
    """What narrows the report of exceptions."""

    year = forms.ChoiceField(label="年度", required=False, widget=forms.Select({"class": "bare"}))
    q = Text(most=60, label="查找姓名、单位、班次")

    def __init__(self, data: Any, *, years: Sequence[int]) -> None:
        super().__init__(data)
        choices = [("", "全部年度"), *((str(year), f"{year} 年度") for year in years)]
        self.fields["year"].choices = choices  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs |= {"class": "bare", "placeholder": "姓名、单位、班次"}
        self.is_valid()

    def asked(self, name: str) -> str:
        """What was asked by that name; the empty string for nothing, or for nonsense."""
        return str(self.cleaned_data.get(name) or "")


class CandidateFilter(forms.Form):
    """What narrows the list one nominates from."""

    kind = forms.ChoiceField(
        label="专兼职",
        required=False,
        choices=[("", "专兼职不限"), *CadreKind.choices],
        widget=forms.Select({"class": "bare"}),
    )
    forgotten = forms.BooleanField(label="只看长期未训", required=False)
    q = Text(most=60, label="查找姓名、单位、职务")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["q"].widget.attrs |= {"class": "bare", "placeholder": "姓名、单位、职务"}
        self.is_valid()

    def asked(self, name: str) -> Any:
        """What was asked by that name; nothing for nonsense."""
        return self.cleaned_data.get(name) or ""


class OnSiteForm(forms.Form):
    """计划外学员: who stands before the door, and, when he is taken in, who of his unit agreed."""

    who = Text(
        most=60,
        required=True,
        label="证件号码或姓名",
        help_text="填姓名的，列出本会及下级单位的同名人员供选择",
    )
    confirmation = Text(
        most=300,
        rows=2,
        required=True,
        label="单位确认情况",
        help_text="单位何人、以何种方式同意，如“甲街道总工会王主席 6月8日电话确认”",
    )

    def __init__(self, data: Any = None, *, adding: bool) -> None:
        super().__init__(data)
        if not adding:
            self.fields["confirmation"].required = False


class RosterForm(forms.Form):
    """A roster handed in: whose, the file; 代为录入 also where it came from and the stamped receipt."""

    unit = forms.TypedChoiceField(label="报送单位", coerce=int, empty_value=None, required=False)
    file = forms.FileField(
        label="名册",
        allow_empty_file=True,
        error_messages={"required": "请选择名册文件。"},
        widget=forms.FileInput({"accept": ".xlsx,.xls,.ods,.csv"}),
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        units: Sequence[tuple[int, str]],
        unit: str,
        entered: bool,
        whole: bool,
    ) -> None:
        super().__init__(data, files, initial={"unit": unit})
        field: Any = self.fields["unit"]
        field.required = entered or not whole
        field.error_messages["required"] = "请选择报送单位。"
        first = "请选择" if field.required else "一份名册里有多个单位"
        # Whoever hands in for one unit only needn't choose it.
        field.choices = units if len(units) == 1 and field.required else [("", first), *units]
        if entered:
            self.fields["source_note"] = Text(
                most=200, required=True, label="来源", help_text="如 6月1日传真收到的报名表"
            )
            self.fields["receipt"] = forms.FileField(
                label="盖章回执",
                help_text="扫描件或照片（PDF、JPG、PNG）",
                error_messages={"required": "请附上单位盖章的回执。"},
                widget=forms.FileInput({"accept": ".pdf,.jpg,.jpeg,.png"}),
            )


class ColumnRow:
    """A column of a file: its title, what stands in its first cells, and a choice of what it is."""

    def __init__(self, index: int, title: str, field: str, sample: str) -> None:
        self.name, self.title, self.field, self.sample = f"column_{index}", title, field, sample


def columns_asked(result: Mapping[str, Any], typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """For the page that names columns: ``rows`` and the ``choices`` (field, title) of each.

    ``typed``: title → field as somebody chose, where that couldn't be taken.
    """
    header = result.get("header", {"titles": [], "columns": {}})
    fields = {index: field for field, index in header["columns"].items()}
    samples = header.get("samples", [])
    return {
        "rows": [
            ColumnRow(
                index,
                title,
                fields.get(index, "") if typed is None else typed.get(title, ""),
                "，".join(samples[index]) if index < len(samples) else "",
            )
            for index, title in enumerate(header["titles"])
            if title and title not in OURS
        ],
        "choices": [(field.name, field.title) for field in ROSTER.fields],
    }
