"""What a meeting's secretary types: the sitting itself, and the result of each item."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from workflow.costs import cost_titles
from workflow.forms.fields import Number, Text
from workflow.selectors.meetings import PASSING
from workflow.states import AUTHOR, MeetingOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.forms import BoundField

    from workflow.models import Meeting
    from workflow.selectors.consolidation import Figures
    from workflow.selectors.meetings import AgendaLine

#: The control on the row: the result first, nothing for what the meeting hasn't come to.
LEFT_OPEN = ""
_RESULTS = [(outcome.value, outcome.label) for outcome in MeetingOutcome]
_FIGURES = (
    ("trainees", "每期学员", 100_000, "人"),
    ("staff", "每期工作人员", 10_000, "人"),
    ("half_days", "每期半天数", 400, "个半天"),
    ("sessions", "期数", 100, "期"),
)


class Day(forms.DateField):
    """A date with the browser's own picker; 2027-02-05, 2027.2.5 and 2027年2月5日 are read too."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            input_formats=("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"),
            error_messages={"invalid": "日期无法识别，请写成 2027-02-05。", "required": "请填写日期。"},
            **more,
        )


class MeetingForm(forms.Form):
    """A sitting: number, day, who was there."""

    number = Text(most=30, required=True, label="会议次数", help_text="如 2027年第3次")
    held_on = Day(label="会议日期")
    chair = Text(most=50, label="主持人")
    attendees = Text(most=300, rows=2, label="参会人员")


class MinutesForm(MeetingForm):
    """The same with the minutes' number; number and day can't be changed once a result is recorded."""

    minutes_number = Text(most=50, label="纪要编号", help_text="纪要印发后补填；未填显示“纪要待补”")

    def __init__(self, *args: Any, meeting: Meeting, fixed: bool, **kwargs: Any) -> None:
        kwargs["initial"] = {
            name: getattr(meeting, name)
            for name in ("number", "held_on", "chair", "attendees", "minutes_number")
        }
        super().__init__(*args, **kwargs)
        for name in ("number", "held_on"):
            self.fields[name].disabled = fixed
        if fixed:
            self.fields["number"].help_text = "已记录审定结果，不能再改"


class ItemForm(forms.Form):
    """The result of one item, its fields prefixed by the item's id.

    ``figures()`` and ``costs()`` are what differs from the declared figures.
    """

    outcome = forms.ChoiceField(
        choices=[*_RESULTS, (LEFT_OPEN, "暂不记录")],
        initial=MeetingOutcome.PASSED.value,
        required=False,
        label="审定结果",
    )
    opinion = Text(most=500, label="会议意见")
    return_to = forms.ChoiceField(required=False, label="退回至")

    def __init__(self, data: Any = None, *, agenda_line: AgendaLine, outcome: str | None = None) -> None:
        self.agenda_line = agenda_line
        line = agenda_line.line
        super().__init__(data, prefix=f"i{agenda_line.item.pk}")
        if outcome is not None:
            self.initial["outcome"] = outcome
        self.declared: Figures = line.declared
        self.cost_titles = cost_titles(line.book)
        for item in line.declared.costs:
            self.cost_titles.setdefault(item, item)
        for name, label, most, unit in _FIGURES:
            self.fields[name] = Number(
                most=most,
                label=label,
                example="60",
                blank_zero=False,
                help_text=unit,
                initial=getattr(line.declared, name),
            )
        for item, title in self.cost_titles.items():
            self.fields[f"cost_{item}"] = Number(
                most=999_999_999,
                places=2,
                label=title,
                example="8000.00",
                blank_zero=False,
                help_text="元",
                initial=line.declared.costs.get(item, Decimal("0.00")),
            )
        steps = [(step.key, step.title) for step in line.book.review_steps]
        self.fields["return_to"].choices = [(AUTHOR, "经办人"), *steps]  # type: ignore[attr-defined]
        for name in ("outcome", "opinion", "return_to"):
            label = f"{self.fields[name].label}：{line.name}"
            self.fields[name].widget.attrs["aria-label"] = label
        for field in self.fields.values():
            attrs = field.widget.attrs
            attrs["class"] = f"bare {attrs.get('class', '')}".strip()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        outcome = cleaned.get("outcome", LEFT_OPEN)
        figures = set(self.fields) - {"outcome", "opinion", "return_to"}
        for field in figures:
            # What the page didn't send, or what doesn't count with this result, is as declared.
            if self.add_prefix(field) not in self.data or outcome not in PASSING:
                self._errors.pop(field, None)  # type: ignore[attr-defined]
                cleaned[field] = self.fields[field].initial
        if self.errors:
            return cleaned
        name = self.agenda_line.line.name
        if outcome == MeetingOutcome.PASSED and (self.figures() or self.costs()):
            raise forms.ValidationError(
                f"《{name}》改动了核定数，结果却选“通过”。请选择“修改后通过”，或把核定数改回申报数。"
            )
        return cleaned

    def figures(self) -> dict[str, int]:
        """People, days and 期 that differ from what was declared."""
        return {
            name: self.cleaned_data[name]
            for name, *_ in _FIGURES
            if self.cleaned_data[name] != getattr(self.declared, name)
        }

    def costs(self) -> dict[str, Decimal]:
        """Cost lines that differ from what was declared, yuan."""
        return {
            item: self.cleaned_data[f"cost_{item}"]
            for item in self.cost_titles
            if self.cleaned_data[f"cost_{item}"] != self.declared.costs.get(item, Decimal("0.00"))
        }

    @property
    def outcome_now(self) -> str:
        """The result as chosen so far; the default before anything was sent."""
        return str(self["outcome"].value() or "")

    @property
    def outcome_label(self) -> str:
        """The chosen result in words; 退回 with whom to."""
        label = dict(self.fields["outcome"].choices).get(self.outcome_now, "")  # type: ignore[attr-defined]
        if self.outcome_now == MeetingOutcome.RETURNED:
            target = self.cleaned_data.get("return_to") or AUTHOR
            label = f"{label}{dict(self.fields['return_to'].choices).get(target, '')}"  # type: ignore[attr-defined]
        return str(label)

    @property
    def amount(self) -> Decimal:
        """Yuan that passing it as typed would take: nothing unless it passes."""
        outcome = self.cleaned_data.get("outcome")
        if outcome == MeetingOutcome.PASSED_CHANGED:
            return sum((self.cleaned_data[f"cost_{item}"] for item in self.cost_titles), Decimal("0.00"))
        return self.declared.amount if outcome == MeetingOutcome.PASSED else Decimal("0.00")

    @property
    def people(self) -> int:
        """Trainees of all 期 that passing it as typed would approve."""
        if self.cleaned_data.get("outcome") != MeetingOutcome.PASSED_CHANGED:
            return self.declared.people
        trainees, sessions = self.cleaned_data["trainees"], self.cleaned_data["sessions"]
        return int(trainees * sessions)

    def result(self) -> dict[str, Any]:
        """The keyword arguments of ``services.meetings.settle``, actor and moment apart."""
        outcome = MeetingOutcome(self.cleaned_data["outcome"])
        row: dict[str, Any] = {
            "item_id": self.agenda_line.item.pk,
            "outcome": outcome,
            "opinion": self.cleaned_data["opinion"],
        }
        if outcome == MeetingOutcome.PASSED_CHANGED:
            row |= {"figures": self.figures(), "costs": self.costs()}
        if outcome == MeetingOutcome.RETURNED:
            row["return_to"] = self.cleaned_data["return_to"] or AUTHOR
        return row

    def figure_rows(self) -> list[tuple[BoundField, str]]:
        """Fields of people, days and 期, each with what was declared."""
        return [(self[name], str(getattr(self.declared, name))) for name, *_ in _FIGURES]

    def cost_rows(self) -> list[tuple[BoundField, Decimal]]:
        """Cost fields, each with the yuan declared."""
        zero = Decimal("0.00")
        return [(self[f"cost_{item}"], self.declared.costs.get(item, zero)) for item in self.cost_titles]


def item_forms(lines: Iterable[AgendaLine], data: Any = None) -> list[ItemForm]:
    """A form for each open item."""
    return [ItemForm(data, agenda_line=line) for line in lines if not line.settled]
