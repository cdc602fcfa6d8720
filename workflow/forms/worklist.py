"""The filters of the lists of one's own work; nonsense in the address counts as not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from workflow.selectors.worklist import Facets, Narrow
from workflow.states import DecisionAction, PlanState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict  # noqa: TID251 - what a form reads

BARE = {"class": "bare"}


def _select(label: str, every: str, choices: Iterable[tuple[object, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", every), *choices], widget=forms.Select(attrs=BARE)
    )


class WorkFilter(forms.Form):
    """``show``: which of kind, action, state, department, category, found a list has; search always."""

    def __init__(self, data: QueryDict, facets: Facets, show: tuple[str, ...]) -> None:
        super().__init__(data)
        possible: dict[str, forms.Field] = {
            "kind": _select("事项", "全部事项", facets.kinds),
            "action": _select("结果", "全部结果", DecisionAction.choices),
            "state": _select("状态", "全部状态", PlanState.choices),
            "department": _select("部门", "全部部门", facets.departments),
            "category": _select("类别", "全部类别", facets.categories),
            "found": forms.BooleanField(label="只看有提示的", required=False),
        }
        for name in show:
            self.fields[name] = possible[name]
        self.fields["q"] = forms.CharField(
            label="在本列表中查找",
            required=False,
            max_length=100,
            widget=forms.TextInput(attrs=BARE | {"placeholder": "班次、申报号、人员"}),
        )

    def narrow(self) -> Narrow:
        """What was asked; fields that don't validate don't narrow."""
        self.is_valid()
        asked = self.cleaned_data
        department = asked.get("department") or ""
        return Narrow(
            kind=asked.get("kind", ""),
            department=int(department) if department else None,
            category=asked.get("category", ""),
            state=asked.get("state", ""),
            action=asked.get("action", ""),
            found=asked.get("found", False),
            q=asked.get("q", "").strip(),
        )
