"""What finance types about a year's money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from budgets.states import FundStatus
from workflow.forms.fields import Number, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rulebook.schema import Entry

#: Below the ledger's own limit, so that the message speaks of units.
MOST_YUAN = 999_999_999_999


def _amount(label: str) -> Number:
    return Number(most=MOST_YUAN, places=2, label=label, example="4200000.00", help_text="单位：元")


def _positive(form: forms.Form) -> Any:
    amount = form.cleaned_data["amount"]
    if amount is not None and not amount:
        raise forms.ValidationError("请填写大于 0 元的金额。")
    return amount


class FundForm(forms.Form):
    """A year's fund from one of the book's sources that has none yet."""

    source = forms.ChoiceField(
        label="列支渠道",
        error_messages={"required": "请选择列支渠道。", "invalid_choice": "请从列表中选择列支渠道。"},
    )
    title = Text(most=120, required=True, label="名称", help_text="如 工会干部教育培训专项")
    amount = _amount("金额")
    status = forms.ChoiceField(
        label="状态",
        choices=[(s.value, s.label) for s in (FundStatus.CONTROL, FundStatus.APPROVED)],
        help_text="尚未批复的先按控制数安排",
    )
    basis = Text(most=200, required=True, label="依据", help_text="批复文号或预算文件")
    reason = Text(most=300, rows=2, label="经费未增加的原因", help_text="本年合计不多于上年时必填")

    def __init__(self, *args: Any, sources: Iterable[Entry], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = list(sources)
        self.fields["source"].choices = [(entry.code, entry.title) for entry in self.sources]  # type: ignore[attr-defined]
        self.fields["amount"].required = True

    clean_amount = _positive


class RestateForm(forms.Form):
    """What a fund was approved with; ``approved``: it was before, and this mends a slip."""

    amount = _amount("批复金额")
    basis = Text(most=200, required=True, label="批复依据", help_text="批复文号或预算文件")
    why = Text(most=200, rows=2, label="更正原因")
    reason = Text(most=300, rows=2, label="经费未增加的原因", help_text="本年合计不多于上年时必填")

    def __init__(self, *args: Any, approved: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].required = True
        if approved:
            self.fields["why"].required = True
        else:
            del self.fields["why"]

    clean_amount = _positive
