"""What is written of a nominee beside who he is: phone, lodging, explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms

from org.excel.phones import read_phone
from workflow.forms.fields import Text

if TYPE_CHECKING:
    from workflow.models import Seat

_LODGING: Final = {"yes": True, "no": False, "": None}
_CHOSEN: Final = {value: key for key, value in _LODGING.items()}


class SeatForm(forms.Form):
    """更正报名信息; a class without lodging asks nobody whether he sleeps there."""

    phone = Text(most=60, label="手机")
    lodging = forms.ChoiceField(
        label="住宿", required=False, choices=[("", "未定"), ("yes", "住宿"), ("no", "不住宿")]
    )
    needs = Text(most=100, label="食宿需求", help_text="如清真、低糖；没有不填")
    arrival = Text(most=60, label="到达时间", help_text="如 6月7日 15:30，高铁")
    explanation = Text(most=300, rows=2, label="说明")

    def __init__(self, data: Any = None, *, seat: Seat) -> None:
        names = ("phone", "needs", "arrival", "explanation")
        initial = {name: getattr(seat, name) for name in names} | {"lodging": _CHOSEN[seat.lodging]}
        super().__init__(data, initial=initial)
        self.seat = seat
        if not seat.run.residential and seat.lodging is None:
            del self.fields["lodging"]

    def clean_phone(self) -> str:
        """In its usual form; what was there before may stay as it is."""
        typed: str = self.cleaned_data["phone"].strip()
        if typed == self.seat.phone:
            return typed
        read = read_phone(typed)
        if typed and (not read.value or read.problems):
            problem = read.problems[0]
            raise forms.ValidationError(f"{problem.message}{problem.mend}")
        return str(read.value or "")

    def details(self) -> dict[str, Any]:
        """The fields of ``services.correcting.Details``."""
        given = {
            name: self.cleaned_data[name].strip() for name in ("phone", "needs", "arrival", "explanation")
        }
        lodging = _LODGING[self.cleaned_data["lodging"]] if "lodging" in self.fields else self.seat.lodging
        return given | {"lodging": lodging}
