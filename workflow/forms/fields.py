"""Inputs as offices fill them: full-width digits, 60人, 34,860.00, 6月上旬.

What can't be read says how to mend it. Numbers are text boxes: a browser's own
number box sends nothing at all for what it can't read.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from office.refusals import Refused
from workflow import timing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_PLAIN = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(\.\d*)?")
_UNIT = re.compile(r"(人次|人|期|个半天|半天|个|天|学时|课时|元/人|元)$")


class Text(forms.CharField):
    """A line of text; its message counts the characters too many."""

    def __init__(self, *, most: int, rows: int = 0, **more: Any) -> None:
        more.setdefault("required", False)
        super().__init__(
            max_length=most,
            widget=forms.Textarea({"rows": rows}) if rows else forms.TextInput({"autocomplete": "off"}),
            error_messages={
                "max_length": "最多 %(limit_value)d 个字，现有 %(show_value)d 个，请精简。",
                "required": f"请填写{more.get('label', '')}。",
                "null_characters_not_allowed": "含有无法保存的字符，请删去后重新输入。",
            },
            **more,
        )

    def to_python(self, value: Any) -> str:
        """Line ends as one sign, so that what was not changed stays the same."""
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class Number(forms.Field):
    """A figure not below zero; empty means zero. ``places`` decimals, ``most`` the largest admitted.
    ``above``: nought is no answer either, and whoever types less is told so at once.

    Cleans to ``int`` without places, to ``Decimal`` with them.
    """

    def __init__(
        self,
        *,
        most: int,
        places: int = 0,
        least: int = 0,
        example: str,
        blank_zero: bool = True,
        above: bool = False,
        **more: Any,
    ) -> None:
        self.most, self.places, self.least, self.above = most, places, least, above
        self.example, self.blank_zero = example, blank_zero
        attrs = {"inputmode": "decimal" if places else "numeric", "class": "num", "autocomplete": "off"}
        super().__init__(required=False, widget=forms.TextInput(attrs | more.pop("attrs", {})), **more)

    def prepare_value(self, value: Any) -> Any:
        """As one would type it: no trailing noughts on hours, two places on money."""
        if isinstance(value, str) or value is None:
            return value
        if not value and self.blank_zero:
            return ""
        return figure(value, self.places)

    def to_python(self, value: Any) -> int | Decimal:
        typed = str(value or "").strip()
        plain = unicodedata.normalize("NFKC", typed).replace(" ", "").lstrip("¥￥")
        plain = _UNIT.sub("", plain)
        if not plain:
            number = Decimal(self.least)
        elif plain.startswith("-"):
            wanted = "大于 0" if self.above else f"不小于 {self.least}"
            raise forms.ValidationError(f"“{typed}”是负数，请填{wanted} 的数字。")
        elif not _PLAIN.fullmatch(plain):
            raise forms.ValidationError(f"“{typed[:20]}”不是数字，请用阿拉伯数字填写，如 {self.example}。")
        else:
            number = Decimal(plain.replace(",", ""))
        if number > self.most:
            raise forms.ValidationError(f"“{typed[:20]}”太大，最多 {self.most:,}，请核对单位。")
        step = Decimal(10) ** -self.places
        if number != number.quantize(step):
            how = f"最多写 {self.places} 位小数" if self.places else "请填整数"
            raise forms.ValidationError(f"“{typed[:20]}”{how}，如 {self.example}。")
        if number < self.least:
            raise forms.ValidationError(f"至少 {self.least}，请填写如 {self.example}。")
        return number.quantize(step) if self.places else int(number)


def figure(value: int | Decimal, places: int) -> str:
    """A number as one would type it: ``16``, ``2.5``, and money with its two places ``8000.00``."""
    if places == 2:
        return f"{value:.2f}"
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Time(Text):
    """时间 as an office writes it; cleans to slots of :mod:`workflow.timing`."""

    def __init__(self, *, year: int, **more: Any) -> None:
        self.year = year
        super().__init__(most=100, **more)

    def prepare_value(self, value: Any) -> Any:
        return timing.time_text(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text: str = super().clean(value)
        try:
            return timing.parse_time(text, year=self.year)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None


class Pick(forms.ChoiceField):
    """One entry of the book, or none. A code the book no longer has stays choosable, and says so."""

    def __init__(self, *, what: str, choices: Sequence[Any], **more: Any) -> None:
        self.known = list(choices)
        error = f"“%(value)s”不是现行制度中的{what}，请重新选择。"
        super().__init__(required=False, choices=choices, error_messages={"invalid_choice": error}, **more)

    def keep(self, code: str) -> None:
        """Adds a stored code the choices lack, so that saving doesn't lose it."""
        if code and not self.valid_value(code):
            self.choices = [*self.known, (code, f"{code}（现行制度已无此项，请重新选择）")]


class Ticks(forms.MultipleChoiceField):
    """Several entries of the book, kept in the book's order."""

    def __init__(self, *, what: str, choices: Sequence[tuple[str, str]], **more: Any) -> None:
        self.known = list(choices)
        super().__init__(
            required=False,
            choices=choices,
            widget=forms.CheckboxSelectMultiple(),
            error_messages={"invalid_choice": f"“%(value)s”不是现行制度中的{what}，请重新选择。"},
            **more,
        )

    def keep(self, codes: Collection[str]) -> None:
        """Adds stored codes the choices lack, so that saving doesn't lose them."""
        lacking = [code for code in codes if not self.valid_value(code)]
        self.known += [(code, f"{code}（现行制度已无此项）") for code in lacking]
        self.choices = self.known

    def clean(self, value: Any) -> list[str]:
        chosen = set(super().clean(value))
        return [code for code, _ in self.known if code in chosen]


class Choice(forms.TypedChoiceField):
    """走读 or 住宿: a yes-or-no drawn as two words."""

    def __init__(self, *, yes: str, no: str, **more: Any) -> None:
        super().__init__(
            choices=[("0", no), ("1", yes)],
            coerce=lambda value: value == "1",
            empty_value="",
            required=False,
            widget=forms.RadioSelect(),
            **more,
        )

    def prepare_value(self, value: Any) -> Any:
        return ("1" if value else "0") if isinstance(value, bool) else value or "0"

    def clean(self, value: Any) -> bool:
        return super().clean(value) is True
