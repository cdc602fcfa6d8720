"""What 单位负荷 is asked: whose people, from when, and what counts as too much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from django import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from org.models import Union

BARE: Final = {"class": "bare"}

#: How many weeks ahead, how many class a person in a year, what share of a unit's people away.
WEEKS: Final = ((8, "今后 8 周"), (12, "今后 12 周"), (26, "今后半年"))
LEAST: Final = ((2, "一年 2 次及以上"), (3, "一年 3 次及以上"), (4, "一年 4 次及以上"))
SHARE: Final = ((10, "离岗 10% 起标出"), (20, "离岗 20% 起标出"), (30, "离岗 30% 起标出"))


class Asked(NamedTuple):
    """The answers; nonsense in the address counts as not asked. ``share`` is in percent."""

    unit: int | None
    weeks: int
    least: int
    share: int


def _pick(label: str, choices: tuple[tuple[int, str], ...]) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=choices, coerce=int, required=False, widget=forms.Select(attrs=BARE)
    )


class LoadForm(forms.Form):
    """``units``: the unions one may look at, in the order of the tree."""

    unit = forms.ChoiceField(label="单位", required=False, widget=forms.Select(attrs=BARE))
    weeks = _pick("时间", WEEKS)
    least = _pick("调训次数", LEAST)
    share = _pick("离岗比例", SHARE)

    def __init__(self, data: Mapping[str, str], units: list[Union]) -> None:
        top = min((len(unit.path) for unit in units), default=0)
        start = {"unit": str(units[0].pk) if units else "", "weeks": "12", "least": "2", "share": "20"}
        super().__init__({**start, **{key: data[key] for key in start if data.get(key)}})
        pad = {unit.pk: "　" * ((len(unit.path) - top) // 4) for unit in units}
        choice = self.fields["unit"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(str(unit.pk), f"{pad[unit.pk]}{unit.name}") for unit in units]

    def asked(self) -> Asked:
        """What was asked, each part by itself."""
        self.is_valid()
        said = self.cleaned_data
        return Asked(
            unit=int(said["unit"]) if said.get("unit") else None,
            weeks=said.get("weeks") or 12,
            least=said.get("least") or 2,
            share=said.get("share") or 20,
        )
