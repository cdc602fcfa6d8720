"""What one may narrow the year's lines to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django import forms

from workflow.states import PlanState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from org.models import Union
    from workflow.selectors.consolidation import Line


NARROWING: Final = ("department", "category", "state", "q")


class LineFilter(forms.Form):
    """Year and union of the page, department, category and state among those the lines have.

    ``of()`` keeps the lines that fit, ``words`` says which those are.
    """

    year = forms.ChoiceField(required=False, label="年度")
    union = forms.ChoiceField(required=False, label="工会")
    department = forms.ChoiceField(required=False, label="部门")
    category = forms.ChoiceField(required=False, label="类别")
    state = forms.ChoiceField(required=False, label="状态")
    q = forms.CharField(
        required=False,
        label="班次或编号",
        max_length=50,
        widget=forms.TextInput({"type": "search", "placeholder": "班次、申报号"}),
    )

    def __init__(
        self,
        data: Mapping[str, str],
        *,
        lines: Sequence[Line],
        year: int,
        unions: Sequence[Union],
        union: Union,
        states: bool = True,
    ) -> None:
        here = {"year": str(year), "union": union.code}
        super().__init__({name: data.get(name, "") for name in NARROWING} | here, initial=here)
        self.fields["year"].choices = [(n, f"{n} 年度") for n in range(year - 2, year + 3)]  # type: ignore[attr-defined]
        self.fields["union"].choices = [(entry.code, entry.name) for entry in unions]  # type: ignore[attr-defined]
        if len(unions) == 1:
            self.fields["union"].widget = forms.HiddenInput()
        departments = {str(line.plan.department_id): line.plan.department.name for line in lines}
        categories = {line.category: line.category_title or "未填类别" for line in lines}
        present = {line.plan.state for line in lines}
        self._choose("department", "全部部门", departments)
        self._choose("category", "全部类别", categories)
        self._choose(
            "state",
            "全部状态",
            {state.value: str(state.label) for state in PlanState if state.value in present},
        )
        if not states:
            del self.fields["state"]
        for field in self.fields.values():
            field.widget.attrs["class"] = "bare"

    def _choose(self, name: str, everything: str, choices: Mapping[str, str]) -> None:
        self.fields[name].choices = [("", everything), *choices.items()]  # type: ignore[attr-defined]

    def of(self, lines: Sequence[Line]) -> list[Line]:
        """The lines that fit; nonsense in the address counts as not asked."""
        self.is_valid()
        asked = self.cleaned_data
        department, category, state, words = (asked.get(name) or "" for name in NARROWING)
        return [
            line
            for line in lines
            if (not department or str(line.plan.department_id) == department)
            and (not category or line.category == category)
            and (not state or line.plan.state == state)
            and (not words or words in line.name or words in _numbers(line))
        ]

    @property
    def words(self) -> str:
        """What is asked for, for the heading of an export; empty for everything."""
        self.is_valid()
        chosen = []
        for name in NARROWING:
            value = self.cleaned_data.get(name)
            if value:
                choices = dict(getattr(self.fields[name], "choices", ()))
                chosen.append(str(choices.get(value, f"“{value}”")))
        return "、".join(chosen)


def _numbers(line: Line) -> str:
    return f"{line.plan.declaration_number} {line.plan.plan_number or ''}"
