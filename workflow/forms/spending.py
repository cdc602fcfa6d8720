"""What finance types to commit and pay: amounts beside what is free, invoices, lecturers, papers.

An amount stands at the budget line or the commitment it is taken from, so that every refusal is said at its
box. Rows of invoices and lecturers are counted by Django's own management forms; an empty row says nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms import formset_factory

from budgets.services import PaidRow
from budgets.states import PayMethod, Subject
from office.wording import yuan
from workflow.costs import LECTURE
from workflow.forms.fields import Number, Text
from workflow.forms.spending_rows import FeeForm, InvoiceForm, amount_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from budgets.services import GivenFee, GivenInvoice
    from rulebook.money import PaymentKind
    from rulebook.schema import Book

ZERO: Final = Decimal("0.00")
MOST_ROWS: Final = 40
#: Empty rows a form shows at first, and how many one press adds.
SPARE: Final = 2

_DATES: Final = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]


@dataclass(frozen=True)
class Source:
    """Where an amount may be taken from: a budget line, or a commitment on one. ``free`` is yuan.

    ``session_no``: a commitment of a 期 is paid for that 期 only.
    """

    line: int
    title: str
    free: Decimal
    commitment: int | None = None
    item: str = ""
    note: str = ""
    session_no: int | None = None

    @property
    def name(self) -> str:
        """The name of its box."""
        return f"line_{self.line}" if self.commitment is None else f"commitment_{self.commitment}"


def day_field(label: str, *, required: bool) -> forms.DateField:
    """A box for a day."""
    return forms.DateField(
        label=label,
        required=required,
        input_formats=_DATES,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "这不是日期，请写成 2027-06-08。", "required": f"请填写{label}。"},
    )


class KeyField(forms.UUIDField):
    """Drawn once a form: the same form sent twice is one document."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(
            error_messages={
                "required": "页面不完整，请刷新后重新填写。",
                "invalid": "页面不完整，请刷新后重新填写。",
            }
        )


def session_field(choices: Sequence[tuple[str, str]]) -> forms.TypedChoiceField:
    """期次; None for the class as a whole."""
    return forms.TypedChoiceField(
        label="期次",
        choices=choices,
        required=False,
        coerce=lambda value: int(value) if value else None,
        empty_value=None,
        error_messages={"invalid_choice": "请从列表中选择期次。"},
    )


def short_text(source: Source, amount: Decimal) -> str:
    """Why that amount can't be taken from there."""
    word = "可用" if source.commitment is None else "未支付余额"
    return f"{word} {yuan(source.free)} 元，差 {yuan(amount - source.free)} 元。"


class CommitForm(forms.Form):
    """预占 of one budget line."""

    key = KeyField()
    title = Text(most=120, required=True, label="事由")
    payee = Text(most=120, required=True, label="收款单位（人）")
    amount = amount_field("预占金额")
    contract_number = Text(most=60, label="合同编号")
    contract_on = day_field("签订日期", required=False)

    def __init__(
        self, *args: Any, sources: Sequence[Source], sessions: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _hint(self, title="如 场地租用合同")
        self.initial.setdefault("key", uuid.uuid4())
        self.sources = {str(source.line): source for source in sources}
        self.beyond: dict[str, Decimal] = {}
        self.fields["line"] = forms.ChoiceField(
            label="预算行",
            choices=[(str(s.line), f"{s.title}（可用 {yuan(s.free)}）") for s in sources],
            error_messages={"required": "请选择预算行。", "invalid_choice": "请从本项目的预算行中选。"},
        )
        self.fields["session"] = session_field(sessions)
        self.fields["amount"].required = True

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("请填写大于 0 元的金额。")
        return amount

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        source, amount = self.sources.get(data.get("line", "")), data.get("amount")
        if source is not None and amount and amount > source.free:
            # As typed: the page says what is lacking and where it is mended.
            self.beyond = {source.name: amount}
            self.add_error("amount", f"“{source.title}”{short_text(source, amount)}")
        return data


def _hint(form: forms.Form, **examples: str) -> None:
    for name, example in examples.items():
        form.fields[name].widget.attrs["placeholder"] = example


class PaymentForm(forms.Form):
    """支出 of a project: one payee, from one or several budget lines and commitments."""

    key = KeyField()
    title = Text(most=120, required=True, label="事由")
    payee = Text(most=120, required=True, label="收款单位（人）")
    method = forms.ChoiceField(label="支付方式", choices=PayMethod.choices)
    paid_on = day_field("支付日期", required=True)
    voucher = Text(most=40, label="凭证号")
    subject = forms.ChoiceField(label="预算科目", choices=Subject.choices)
    handler = Text(most=50, required=True, label="经办人")
    attachments = Number(most=999, label="附件张数", example="5")
    note = Text(most=200, label="备注", help_text="有提示的，在这里说明")
    unnumbered = Text(most=100, label="无发票号")

    def __init__(
        self,
        data: Any = None,
        *,
        kind: PaymentKind,
        book: Book,
        sources: Sequence[Source],
        sessions: Sequence[tuple[str, str]],
        initial: dict[str, Any] | None = None,
        fees: Sequence[dict[str, Any]] = (),
    ) -> None:
        super().__init__(data, initial={"key": uuid.uuid4(), **(initial or {})})
        _hint(self, title="如 场地费尾款" if not kind.lecture else "如 讲课费", voucher="可记账后补录")
        _hint(self, unnumbered="没有号码的写明，如 定额发票 12 张、财政票据")
        self.kind, self.sources = kind, list(sources)
        self.amounts: dict[str, Decimal] = {}
        self.fields["session"] = session_field(sessions)
        for source in self.sources:
            box = amount_field(source.title)
            box.widget.attrs |= {"class": "num bare", "aria-label": f"{source.title} 本次支付（元）"}
            self.fields[source.name] = box
        invoices: Any = formset_factory(InvoiceForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
        self.invoices = invoices(data, initial=[{}] * SPARE, prefix="invoice")
        rows: Any = formset_factory(FeeForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
        self.fees = rows(data, initial=list(fees) or [{}] * SPARE, prefix="fee", form_kwargs={"book": book})

    def boxes(self) -> list[tuple[Source, forms.BoundField]]:
        """Every source with its box."""
        return [(source, self[source.name]) for source in self.sources]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        # As typed, also where there isn't enough: the total on the page is what somebody wants to pay.
        self.amounts = {source.name: data[source.name] for source in self.sources if data.get(source.name)}
        for source in self.sources:
            amount = data.get(source.name)
            if amount and amount > source.free:
                self.add_error(source.name, short_text(source, amount))
            elif amount and source.session_no not in (None, data.get("session")):
                self.add_error(
                    source.name,
                    f"这是第 {source.session_no} 期的预占，请把期次改为第 {source.session_no} 期。",
                )
        return data

    def is_valid(self) -> bool:
        """The form and the rows its kind takes."""
        rows = [self.invoices, self.fees] if self.kind.lecture else [self.invoices]
        valid = all([super().is_valid(), *(each.is_valid() for each in rows)])
        if any(each.non_form_errors() for each in rows):
            self.add_error(None, "页面不完整，请刷新后重新填写。")
        if valid and not self.rows():
            self.add_error(None, "请在“金额”里至少填写一行本次支付。")
            return False
        return valid

    def rows(self) -> list[PaidRow]:
        """What is taken from where. 讲课费 without an amount anywhere comes from its own line, before tax."""
        rows = [
            PaidRow(source.line, self.amounts[source.name], source.commitment)
            for source in self.sources
            if source.name in self.amounts
        ]
        if rows or not self.kind.lecture:
            return rows
        line = next((s for s in self.sources if s.item == LECTURE and s.commitment is None), None)
        total = sum((fee.before_tax for fee in self.given_fees()), ZERO)
        return [PaidRow(line.line, total)] if line is not None and total else []

    def total(self) -> Decimal:
        """Yuan of all that could be read."""
        return sum((row.amount for row in self.rows()), ZERO)

    def given_fees(self) -> list[GivenFee]:
        """The lecturers who are paid."""
        if not self.kind.lecture:
            return []
        self.fees.is_valid()
        return [fee for row in self.fees if (fee := row.fee()) is not None]

    def given_invoices(self) -> list[GivenInvoice]:
        """The invoices that were typed."""
        self.invoices.is_valid()
        return [invoice for row in self.invoices if (invoice := row.invoice()) is not None]

    def faults(self) -> list[tuple[str, str, str]]:
        """(id of the box, its label, what is wrong) of the rows; the form's own stand in ``errors``."""
        found = []
        kinds = [("发票", self.invoices)] + ([("授课人", self.fees)] if self.kind.lecture else [])
        for what, rows in kinds:
            for number, row in enumerate(rows, 1):
                found += [
                    (row[name].id_for_label, f"{what}第 {number} 行 {row.fields[name].label}", str(error))
                    for name, errors in row.errors.items()
                    if name in row.fields
                    for error in errors
                ]
        return found


class RefundForm(forms.Form):
    """退款: what comes back to each line of a payment."""

    key = KeyField()
    title = Text(most=120, required=True, label="事由")
    paid_on = day_field("到账日期", required=True)
    handler = Text(most=50, required=True, label="经办人")
    voucher = Text(most=40, label="凭证号")
    attachments = Number(most=999, label="附件张数", example="5")
    note = Text(most=200, label="备注")

    def __init__(self, *args: Any, sources: Iterable[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _hint(self, title="如 退回住宿押金", voucher="可记账后补录")
        self.initial.setdefault("key", uuid.uuid4())
        self.sources = list(sources)
        for source in self.sources:
            box = amount_field(source.title)
            box.widget.attrs |= {"class": "num bare", "aria-label": f"{source.title} 本次退款（元）"}
            self.fields[source.name] = box

    def boxes(self) -> list[tuple[Source, forms.BoundField]]:
        """Every line with its box."""
        return [(source, self[source.name]) for source in self.sources]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for source in self.sources:
            amount = data.get(source.name)
            if amount and amount > source.free:
                over = yuan(amount - source.free)
                self.add_error(source.name, f"可退 {yuan(source.free)} 元，多 {over} 元。")
        if not self.errors and not self.rows():
            raise forms.ValidationError("请至少填写一行本次退款。")
        return data

    def rows(self) -> list[PaidRow]:
        """What comes back to which line."""
        data = self.cleaned_data
        return [PaidRow(s.line, data[s.name]) for s in self.sources if data.get(s.name)]


class ReleaseForm(forms.Form):
    """释放 of a commitment."""

    amount = amount_field("释放金额")
    reason = Text(most=200, required=True, label="事由")

    def __init__(self, *args: Any, outstanding: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outstanding = outstanding

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("请填写大于 0 元的金额。")
        if amount > self.outstanding:
            raise forms.ValidationError(
                f"未支付余额 {yuan(self.outstanding)} 元，多 {yuan(amount - self.outstanding)} 元。"
            )
        return amount


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = Text(most=200, required=True, rows=3, label="理由")


class VoucherForm(forms.Form):
    """凭证号, given by the finance software."""

    voucher = Text(most=40, label="凭证号")


class IncomeForm(forms.Form):
    """收费 of a class, where its approved plan has one."""

    amount = amount_field("金额")
    basis = Text(most=150, required=True, label="收费依据", help_text="文号或文件名称")

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("请填写大于 0 元的金额。")
        return amount
