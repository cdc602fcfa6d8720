"""What is typed of a request about money: rows of a 调剂, a new budget, an amount; a reason and its paper."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms

from budgets.rules import carry_fault
from budgets.services import Shift
from office.wording import yuan
from workflow.forms.fields import Number, Text
from workflow.forms.money import MOST_YUAN
from workflow.rules.money_terms import ZERO, CarriedClass, MoneyTerms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.forms.boundfield import BoundField

    from workflow.rules.carrying import OpenClass
    from workflow.rules.money_terms import Line

#: Rows of a 调剂 there are without asking for more, and at most.
ROWS = 3
MOST_ROWS = 20


#: Boxes that stand in a table.
BARE = {"class": "bare"}


def _amount(label: str, **more: Any) -> Number:
    return Number(most=MOST_YUAN, places=2, label=label, example="2000.00", **more)


def _amount_in_row(label: str, **more: Any) -> Number:
    return _amount(label, attrs={"class": "bare num"}, **more)


class MoneyForm(forms.Form):
    """What every request about money has; a kind adds its own figures before it."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        reason: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> None:
        """``typed``: what stands in the fields and isn't judged yet."""
        super().__init__(data, files, initial=dict(typed or {}))
        self.fields["reason"] = Text(
            label="理由", most=500, rows=3, help_text="保存草稿可不填，报送时必填", initial=reason
        )
        self.fields["basis"] = forms.FileField(
            label="依据文件",
            required=False,
            widget=forms.FileInput({"accept": ".pdf,.docx,.doc,.xlsx,.jpg,.jpeg,.png"}),
            error_messages={"empty": "所选文件是空的，请重新选择。"},
        )


class TransferForm(MoneyForm):
    """调剂: from a line of the project to a line of ``targets``, row by row."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        sources: Sequence[Line],
        targets: Sequence[Line],
        shifts: Sequence[Shift] = (),
        rows: int = ROWS,
        reason: str = "",
        typed: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(data, files, reason=reason, typed=typed)
        self.count = min(max(rows, len(shifts), ROWS), MOST_ROWS)
        giving = [("", "请选择")] + [
            (str(row.pk), f"{row.title}（可用 {yuan(row.free)}）") for row in sources
        ]
        getting = [("", "请选择")]
        getting += [(str(row.pk), f"{row.title}（预算 {yuan(row.budget)}）") for row in targets]
        for number in range(self.count):
            shift = shifts[number] if number < len(shifts) else None
            for name, label, choices in (("source", "调出", giving), ("target", "调入", getting)):
                self.fields[f"{name}-{number}"] = forms.ChoiceField(
                    label=f"第 {number + 1} 行{label}",
                    choices=choices,
                    required=False,
                    widget=forms.Select(BARE),
                    initial=str(getattr(shift, name)) if shift else "",
                    error_messages={"invalid_choice": "请从列表中选择预算行。"},
                )
            self.fields[f"amount-{number}"] = _amount_in_row(
                f"第 {number + 1} 行金额", initial=shift.amount if shift else None
            )

    @property
    def rows(self) -> list[tuple[BoundField, BoundField, BoundField]]:
        """The rows as bound fields: 调出, 调入, 金额."""
        return [
            (self[f"source-{number}"], self[f"target-{number}"], self[f"amount-{number}"])
            for number in range(self.count)
        ]

    def clean(self) -> dict[str, Any]:
        """A row is filled in whole or left empty."""
        given: dict[str, Any] = super().clean() or {}
        for number in range(self.count):
            names = {
                f"source-{number}": "请选择调出的预算行。",
                f"target-{number}": "请选择调入的预算行。",
                f"amount-{number}": "请填写金额。",
            }
            missing = [name for name in names if not given.get(name) and name not in self.errors]
            if len(missing) < len(names):
                for name in missing:
                    self.add_error(name, names[name])
        return given

    def terms(self) -> MoneyTerms:
        shifts = []
        for number in range(self.count):
            source, target, amount = (
                self.cleaned_data.get(f"{name}-{number}") for name in ("source", "target", "amount")
            )
            if source and target and amount:
                shifts.append(Shift(int(source), int(target), amount))
        return MoneyTerms(shifts=tuple(shifts))


class BudgetForm(MoneyForm):
    """预算调整: what each line is to have. ``lines`` as they stand; ``others``: cost items without a line."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        lines: Sequence[Line],
        others: Mapping[str, str],
        asked: Mapping[str, Decimal],
        reason: str = "",
    ) -> None:
        super().__init__(data, files, reason=reason)
        self.lines, self.others = list(lines), dict(others)
        for line in lines:
            initial = asked.get(line.item, line.budget)
            self.fields[f"line_{line.item}"] = _amount_in_row(line.title, initial=initial, blank_zero=False)
        for item, title in others.items():
            self.fields[f"line_{item}"] = _amount_in_row(title, initial=asked.get(item) or None)

    @property
    def rows(self) -> list[tuple[Line | None, BoundField]]:
        """Each cost item with its line, None where it has none yet."""
        there: list[tuple[Line | None, BoundField]] = [
            (line, self[f"line_{line.item}"]) for line in self.lines
        ]
        return there + [(None, self[f"line_{item}"]) for item in self.others]

    def clean(self) -> dict[str, Any]:
        """No line below what is paid and committed of it (S19)."""
        given: dict[str, Any] = super().clean() or {}
        for line in self.lines:
            amount = given.get(f"line_{line.item}")
            if amount is not None and amount < line.floor:
                self.add_error(
                    f"line_{line.item}",
                    f"已支出 {yuan(line.paid)} 元、预占 {yuan(line.committed)} 元，"
                    f"不得低于 {yuan(line.floor)} 元。",
                )
        return given

    def terms(self) -> MoneyTerms:
        items = [*(line.item for line in self.lines), *self.others]
        amounts = {item: self.cleaned_data.get(f"line_{item}", ZERO) for item in items}
        kept = {line.item for line in self.lines}
        return MoneyTerms(lines={item: amount for item, amount in amounts.items() if amount or item in kept})


class AmountForm(MoneyForm):
    """结转 and 追加: an amount; of a 追加 also the number of the paper it rests on (``document``)."""

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        terms: MoneyTerms,
        by_document: bool,
        reason: str = "",
    ) -> None:
        super().__init__(data, files, reason=reason)
        label = "追加金额" if by_document else "结转金额"
        self.fields["amount"] = _amount(label, initial=terms.amount or None, help_text="单位：元")
        if by_document:
            self.fields["document"] = Text(
                label="依据文号", most=150, help_text="批复文号或会议纪要", initial=terms.document
            )

    def terms(self) -> MoneyTerms:
        given = self.cleaned_data
        return MoneyTerms(amount=given.get("amount") or ZERO, document=given.get("document", "").strip())


class CarryOverForm(AmountForm):
    """结转: the fund's own money, and classes with how much of each line goes along.

    ``open_classes``: those there are to choose from. A class that is ticked and whose lines weren't shown yet
    goes along with all it has.
    """

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        open_classes: Sequence[OpenClass],
        terms: MoneyTerms,
        reason: str = "",
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, terms=terms, by_document=False, reason=reason)
        self.fields["amount"].label = "专项预算可安排余额中结转"
        self.fields["amount"].help_text = "单位：元；只结转班次的可不填"
        self.open_classes = list(open_classes)
        asked = {each.project: each.lines for each in terms.classes}
        given = typed if typed is not None else data
        self.chosen = _chosen(given) if given is not None else {str(project) for project in asked}
        self.fields["classes"] = forms.MultipleChoiceField(
            label="班次",
            required=False,
            choices=[(str(each.project.pk), each.project.number) for each in open_classes],
            error_messages={"invalid_choice": "所选班次已办结、已结转或没有余额，不在可选之列，请重新选择。"},
        )
        for each in open_classes:
            lines = asked.get(each.project.pk)
            for line in each.lines:
                has = line.free + line.committed
                self.fields[f"line-{line.pk}"] = _amount_in_row(
                    f"{each.project.number}{line.title}",
                    initial=has if lines is None else lines.get(line.item, ZERO),
                    blank_zero=False,
                )
        if typed is not None:
            of_fields = {name: typed[name] for name in typed if name in self.fields and name != "classes"}
            self.initial = {**self.initial, **of_fields}

    @property
    def groups(self) -> list[tuple[OpenClass, bool, list[tuple[Line, BoundField]]]]:
        """Each class, whether it is ticked, and its lines with their fields."""
        return [
            (
                each,
                str(each.project.pk) in self.chosen,
                [(line, self[f"line-{line.pk}"]) for line in each.lines],
            )
            for each in self.open_classes
        ]

    def clean(self) -> dict[str, Any]:
        """No line above what it has, and none below what is promised of it."""
        given: dict[str, Any] = super().clean() or {}
        for each, ticked, lines in self.groups:
            for line, field in lines:
                amount = given.get(field.name)
                if not ticked or amount is None or not self._shown(line):
                    continue
                if fault := carry_fault(
                    f"{each.project.number}“{line.title}”",
                    free=line.free,
                    promised=line.committed,
                    amount=amount,
                ):
                    self.add_error(field.name, fault)
        return given

    def terms(self) -> MoneyTerms:
        given = self.cleaned_data
        classes = []
        for each, ticked, lines in self.groups:
            if ticked:
                amounts = {
                    line.item: (given.get(field.name) or ZERO)
                    if self._shown(line)
                    else line.free + line.committed
                    for line, field in lines
                }
                classes.append(CarriedClass(each.project.pk, amounts))
        return MoneyTerms(amount=given.get("amount") or ZERO, classes=tuple(classes))

    def _shown(self, line: Line) -> bool:
        """Whether the line's amount was on the page that was sent."""
        return f"line-{line.pk}" in self.data


def _chosen(data: Any) -> set[str]:
    return set(data.getlist("classes") if hasattr(data, "getlist") else data.get("classes", ()))


#: The form of each kind; ``terms()`` is what was typed, noughts where it can't be read.
KindForm = TransferForm | BudgetForm | AmountForm | CarryOverForm
